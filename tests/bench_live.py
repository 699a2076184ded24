"""Print the figures of the live path beside its peers: `make bench-live`.

Starts, each on one core, in turn and in the same run: our own house (SQLite, synchronous=FULL),
oTree from PyPI and a socket.io broadcast server from npm, installed into a folder outside the
project, and a server that does nothing, which shows what this client can do. The client has the
other core. Any refused answer or missing delivery is said; rows are counted afterwards. Ratios are
of medians of legs that took turns. What cannot be started is named. The server that does nothing
is measured before the first leg and after each: if its speed has drifted by more than 30 %, the
figures are printed but not judged, and the outcome is 3. The last line is JSON.

    make bench-live                     all of it, about ten minutes
    make bench-live ONLY=answers        answers, fanout, storm, memory or join
    make bench-live QUICK=1             small numbers: whether every part runs
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles

import uvloop

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.site.house import free_port, run, serving  # noqa: E402 - found just now
from tests.site.rooms import Hall, hall  # noqa: E402 - found just now

PEERS = Path(
    os.environ.get("UNDERSTREAM_PEERS", Path(tempfile.gettempdir()) / "understream-peers")
)
SOCKETIO = """
const http = require("http").createServer((request, response) => {
  if (request.method !== "POST") { response.writeHead(200); response.end("ready"); return; }
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => { io.emit("said", body); response.writeHead(200, {"content-length": 2}); response.end("ok"); });
});
const io = require("socket.io")(http, { transports: ["websocket"], pingInterval: 600000, perMessageDeflate: false });
http.listen(Number(process.argv[2]), "127.0.0.1", 8192);
"""
NULL = """
import asyncio, sys, uvloop
listeners = []
class One(asyncio.Protocol):
    def connection_made(self, transport): self.transport, self.rest = transport, b""
    def data_received(self, data):
        self.rest += data
        head, _, body = self.rest.partition(b"\\r\\n\\r\\n")
        if not _: return
        if head.startswith(b"GET"):
            self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\n\\r\\nretry: 1\\n\\n")
            listeners.append(self.transport); self.rest = b""; return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\\r\\n")[0])
        if len(body) < length: return
        self.rest = b""
        if b"mark-" in body:
            event = b"data: " + body + b"\\n\\n"
            for one in listeners: one.write(event)
        self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok")
async def main():
    server = await asyncio.get_running_loop().create_server(One, "127.0.0.1", int(sys.argv[1]), backlog=8192)
    await server.serve_forever()
uvloop.run(main())
"""
OTREE_SETTINGS = """
SESSION_CONFIGS = [dict(name="one", app_sequence=["one"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1, participation_fee=0)
PARTICIPANT_FIELDS = []; SESSION_FIELDS = []
LANGUAGE_CODE = "en"; REAL_WORLD_CURRENCY_CODE = "EUR"; USE_POINTS = True
ADMIN_USERNAME = "admin"; ADMIN_PASSWORD = "x"; SECRET_KEY = "x" * 40; DEMO_PAGE_INTRO_HTML = ""
"""
OTREE_APP = """
from otree.api import *
class C(BaseConstants):
    NAME_IN_URL = "one"; PLAYERS_PER_GROUP = None; NUM_ROUNDS = 30
class Subsession(BaseSubsession): pass
class Group(BaseGroup): pass
class Player(BasePlayer):
    text = models.StringField()
class Say(Page):
    form_model = "player"; form_fields = ["text"]
page_sequence = [Say]
"""
FIGURES: dict[str, float | None] = {}
STEADY = 0.3
"""By how much the control may drift before nothing is judged."""


def say(words: object) -> None:
    """Print to whoever measures."""
    print(words, flush=True)  # noqa: T201 - said to whoever measures


def spread(values: list[float]) -> str:
    """Return the least, the middle and the most."""
    return f"{min(values):.1f} / {median(values):.1f} / {max(values):.1f}"


def p99(values: list[float]) -> float:
    """Return the value that one in a hundred exceeds."""
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


# --------------------------------------------------------------------- servers, each on one core


def pinned(command: list[str]) -> list[str]:
    """Return a command that has the first core for itself."""
    return ["taskset", "-c", "0", *command] if shutil.which("taskset") else command


@contextmanager
def started(command: list[str], port: int, **keys: object) -> Iterator[int]:
    """Start a peer and wait until it listens; give its process number."""
    with subprocess.Popen(
        pinned(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **keys,  # type: ignore[call-overload] # folder and environment
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not is_open(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} did not start")
                time.sleep(0.05)
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # a peer may have started others


def is_open(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def our_house(people: int) -> Iterator[tuple[int, Hall, Path, int]]:
    """Serve a new house with a workshop under way; give port, workshop, folder and process."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        assert run(folder, "prepare").returncode == 0
        room = hall(folder, people)
        with serving(folder) as (process, port):
            with contextlib.suppress(AttributeError, OSError):
                for thread in Path(f"/proc/{process.pid}/task").iterdir():
                    os.sched_setaffinity(int(thread.name), {0})
            yield port, room, folder, process.pid


def install_socketio() -> Path:
    """Install the broadcast server from npm."""
    folder = PEERS / "socketio"
    if not (folder / "node_modules" / "socket.io").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "init", "-y"], cwd=folder, check=True, capture_output=True)
        subprocess.run(
            ["npm", "install", "--silent", "socket.io@4"], cwd=folder, check=True,
            capture_output=True, timeout=180,
        )  # fmt: skip
    (folder / "server.js").write_text(SOCKETIO)
    return folder


def install_otree() -> Path:
    """Install oTree from PyPI, with an app of one field."""
    folder = PEERS / "otree"
    python = folder / "venv" / "bin" / "python"
    if not (folder / "venv" / "bin" / "otree").exists():
        folder.mkdir(parents=True, exist_ok=True)
        base = [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")]
        subprocess.run(base, check=True, capture_output=True)
        pip = [shutil.which("python3") or "python3", "-m", "pip", "--python", str(python)]
        subprocess.run([*pip, "install", "--quiet", "otree"], check=True, capture_output=True,
                       timeout=300)  # fmt: skip
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    (project / "one").mkdir(parents=True)
    (project / "_static").mkdir()
    (project / "settings.py").write_text(OTREE_SETTINGS)
    (project / "one" / "__init__.py").write_text(OTREE_APP)
    (project / "one" / "Say.html").write_text(
        "{{ block title }}x{{ endblock }}{{ block content }}{{ formfields }}{{ next_button }}"
        "{{ endblock }}"
    )
    return project


# ------------------------------------------------------------------------------ the client


class Sender(asyncio.Protocol):
    """One connection that sends one request after another and notes how long each took."""

    def __init__(self, bodies: Iterator[bytes], ends: float, took: list[float]) -> None:
        """Send these until then."""
        self.bodies, self.ends, self.took = bodies, ends, took
        self.rest = b""
        self.failed = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self.next()

    def next(self) -> None:
        """Send the next, or end."""
        body = next(self.bodies, None) if time.monotonic() < self.ends else None
        if body is None:
            self.transport.close()
            return
        self.began = time.monotonic()
        self.transport.write(body)  # type: ignore[attr-defined] # a transport that writes

    def data_received(self, data: bytes) -> None:
        """Note an answer when it is whole."""
        self.rest += data
        head, found, body = self.rest.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length is not None and len(body) < int(length[1]):
            return
        if b"chunked" in head.lower() and not body.endswith(b"0\r\n\r\n"):
            return
        self.rest = b""
        self.took.append((time.monotonic() - self.began) * 1000)
        status = head[9:12]
        self.failed += status not in (b"200", b"302", b"303")
        self.next()

    def connection_lost(self, _fault: Exception | None) -> None:
        """Say that this one is over."""
        if not self.over.done():
            self.over.set_result(None)


def request(path: str, body: bytes, token: str = "", kind: str = "application/json") -> bytes:
    """Return the bytes of a POST."""
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\n{bearer}"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


async def load(
    port: int, connections: int, of: Callable[[int], Iterator[bytes]], seconds: float
) -> tuple[float, list[float], int]:
    """Return answers a second, how long each took in ms, and how many failed."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    ends = time.monotonic() + seconds
    began = time.monotonic()
    senders = []
    for number in range(connections):
        _transport, sender = await loop.create_connection(
            lambda number=number: Sender(of(number), ends, took), "127.0.0.1", port
        )
        senders.append(sender)
    await asyncio.wait_for(asyncio.gather(*(one.over for one in senders)), seconds + 120)
    wall = time.monotonic() - began
    return len(took) / wall, took, sum(one.failed for one in senders)


class Listener(asyncio.Protocol):
    """One stream, or one WebSocket, that notes when it has seen something."""

    def __init__(self, hello: bytes, wanted: bytes, *, websocket: bool) -> None:
        """Ask for the stream so."""
        self.hello, self.wanted, self.websocket = hello, wanted, websocket
        self.ready = False
        self.seen, self.at, self.tail = 0, 0.0, b""
        self.sampled: list[tuple[float, bytes]] | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = transport
        transport.write(self.hello)  # type: ignore[attr-defined] # a transport that writes

    def data_received(self, data: bytes) -> None:
        """Count what is wanted."""
        if self.websocket and not self.ready:
            if b"40{" in data:
                self.ready = True
            elif b"0{" in data:  # the server opens; we join the default room
                mask = b"\x00\x00\x00\x00"
                self.transport.write(b"\x81\x82" + mask + b"40")  # type: ignore[attr-defined] # as above
            return
        if not self.ready:
            self.ready = b"event: " in data or b"retry" in data
        whole = self.tail + data
        found = whole.count(self.wanted)
        if found:
            self.seen += found
            self.at = time.monotonic()
            if self.sampled is not None:
                self.sampled.append((self.at, whole))
        self.tail = whole[-(len(self.wanted) - 1) :] if not found else b""

    def connection_lost(self, _fault: Exception | None) -> None:
        """Note that it is gone."""
        self.lost = True


def stream(path: str) -> bytes:
    """Return the bytes that ask for a stream."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


WEBSOCKET = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\n"
    b"connection: Upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-version: 13\r\n\r\n"
)


async def listeners(
    port: int, number: int, hello: bytes, wanted: bytes, *, websocket: bool = False
) -> list[Listener]:
    """Open so many streams and wait until each has begun."""
    loop = asyncio.get_running_loop()
    made: list[Listener] = []
    for at in range(number):
        _transport, one = await loop.create_connection(
            lambda: Listener(hello, wanted, websocket=websocket), "127.0.0.1", port
        )
        made.append(one)
        if at % 200 == 199:
            await asyncio.sleep(0.02)
    deadline = time.monotonic() + 60
    while not all(one.ready for one in made) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    return made


async def once(port: int, body: bytes) -> None:
    """Send one request on a connection of its own, and wait for its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(body)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        say(f"   !! refused: {head.partition(bytes([13]))[0].decode()}")
    writer.close()


async def fan_out(
    port: int, heard: list[Listener], send: Callable[[int], bytes], times: int
) -> list[list[float]]:
    """Return, for each of some POSTs, after how many ms each listener had it."""
    legs = []
    for number in range(times):
        for one in heard:
            one.wanted, one.seen, one.tail = f"mark-{number}-".encode(), 0, b""
        began = time.monotonic()
        await once(port, send(number))
        deadline = time.monotonic() + 20
        while not all(one.seen for one in heard) and time.monotonic() < deadline:
            await asyncio.sleep(0.002)
        missing = sum(not one.seen for one in heard)
        if missing:
            say(f"   !! {missing} of {len(heard)} never had it")
        legs.append([(one.at - began) * 1000 for one in heard if one.seen] or [float("inf")])
        await asyncio.sleep(0.2)
    return legs


# --------------------------------------------------------------------------------- the legs


def control(quick: bool) -> float:
    """Return how many requests a second a server that does nothing takes from this client."""
    port = free_port()
    with started([sys.executable, "-c", NULL, str(port)], port):
        rates = [
            asyncio.run(load(port, 200, lambda _: iter(lambda: request("/", b"x"), None), 1))[0]
            for _ in range(1 if quick else 3)
        ]
    say(f"   control, a server that does nothing: {median(rates):,.0f}/s")
    return median(rates)


def drift(controls: list[float]) -> float:
    """Return by which share the fastest control exceeds the slowest."""
    return max(controls) / min(controls) - 1


def ours_says(room: Hall, number: int, step: int) -> Iterator[bytes]:
    """Return the answers of one connection: other people and slots each time, all new."""
    rng = Random(number)
    people = room.tokens[number::step]
    for slot in range(20):
        for token in people:
            body = json.dumps(
                {"step": room.step, "slot": slot, "key": f"{rng.getrandbits(96):024x}",
                 "text": "We agree in the meeting, and then the emails begin."}
            )  # fmt: skip
            yield request(f"/live/{room.key}/answers", body.encode(), token)


def answers(quick: bool) -> None:
    """Measure durable answers a second at 50, 200 and 1,000 connections."""
    say("== (a) durable answers a second, one core")
    seconds, sizes = (1.0, (50,)) if quick else (6.0, (50, 200, 1000))
    for size in sizes:
        with our_house(100 if quick else 2000) as (port, room, folder, _pid):
            rate, took, failed = asyncio.run(
                load(port, size, lambda number, size=size: ours_says(room, number, size), seconds)
            )
            with closing(sqlite3.connect(folder / "understream.sqlite3")) as database:
                ((rows,),) = database.execute("SELECT count(*) FROM records_answer")
        say(f"   ours, {size} connections: {rate:,.0f}/s; p50 {median(took):.1f} ms, "
            f"p99 {p99(took):.1f} ms; refused {failed}; acknowledged {len(took)}, stored {rows}")  # fmt: skip
        if size == 200 or quick:
            FIGURES["answers_per_s_200"] = round(rate)
            FIGURES["p99_ms_200"] = round(p99(took), 1)
            FIGURES["lost"] = len(took) - failed - rows
    try:
        bare = otree(50 if quick else 200, 2.0 if quick else 6.0, follow=False)
        peer = otree(50 if quick else 200, 2.0 if quick else 8.0, follow=True)
    except (OSError, RuntimeError, subprocess.SubprocessError, KeyError, ValueError) as fault:
        say(f"   !! oTree could not be started here: {type(fault).__name__}: {fault}")
        FIGURES["ratio_otree"] = None
        return
    ours = FIGURES["answers_per_s_200"] or 0
    FIGURES["ratio_otree"] = round(ours / peer, 1)
    FIGURES["ratio_otree_without_pages"] = round(ours / bare, 1)
    say(f"   oTree, 200 connections, as a browser goes through its form (an answer, then the next "
        f"page): {peer:,.1f}/s; answers alone, no page read: {bare:,.1f}/s")  # fmt: skip
    say(f"   ratio: {FIGURES['ratio_otree']} x (target 60); against answers alone "
        f"{FIGURES['ratio_otree_without_pages']} x")  # fmt: skip


def otree(connections: int, seconds: float, *, follow: bool) -> float:
    """Return how many form answers oTree stores a second.

    :param follow: whether each is followed by reading the page that oTree sends the person to.
    """
    project = install_otree()
    port = free_port()
    env = {**os.environ, "OTREE_REST_KEY": "k", "OTREE_PRODUCTION": "1"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env["PATH"] = f"{project.parent / 'venv' / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    program = str(project.parent / "venv" / "bin" / "otree")
    with started([program, "prodserver", f"127.0.0.1:{port}"], port, cwd=project, env=env):
        house = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        said = json.dumps({"session_config_name": "one", "num_participants": connections})
        head = {"otree-rest-key": "k", "content-type": "application/json"}
        house.request("POST", "/api/sessions", said, head)
        code = json.loads(house.getresponse().read())["code"]
        with closing(sqlite3.connect(project / "db.sqlite3")) as database:
            codes = [one for (one,) in database.execute(
                "SELECT p.code FROM otree_participant p JOIN otree_session s ON "
                "p.session_id = s.id WHERE s.code = ?", (code,))]  # fmt: skip
        for one in codes:
            house.request("GET", f"/InitializeParticipant/{one}")
            house.getresponse().read()

        def pages(number: int) -> Iterator[bytes]:
            for page in range(1, 31):
                path = f"/p/{codes[number]}/one/Say/{page}"
                yield request(path, b"text=We+agree", kind="application/x-www-form-urlencoded")
                if follow and page < 30:
                    yield stream(f"/p/{codes[number]}/one/Say/{page + 1}")

        rate, took, failed = asyncio.run(load(port, connections, pages, seconds))
        say(f"   oTree: p50 {median(took):.0f} ms, p99 {p99(took):.0f} ms a request; "
            f"refused {failed}")  # fmt: skip
        with closing(sqlite3.connect(project / "db.sqlite3")) as database:
            ((stored,),) = database.execute("SELECT count(*) FROM one_player WHERE text != ''")
        return float(stored) * rate / max(len(took), 1)


def fanout(quick: bool) -> None:
    """Measure one POST until the first, the middle and the last of many have it."""
    say("== (b) one POST until the first, the middle and the last has it (ms), one core each")
    folder = _peer(install_socketio, "socket.io")
    for size in (50,) if quick else (200, 1000, 5000):
        mine, theirs = [], []
        for turn in range(1 if quick else 3):
            with our_house(30) as (port, room, _folder, _pid):
                mine += asyncio.run(_our_fan_out(port, room, size, turn))
            if folder is not None:
                theirs += asyncio.run(_their_fan_out(folder, size))
        say(f"   ours, {size}: first {spread([min(one) for one in mine])}, middle "
            f"{spread([median(one) for one in mine])}, last {spread([max(one) for one in mine])}")  # fmt: skip
        if theirs:
            say(f"   socket.io, {size}: first {spread([min(one) for one in theirs])}, middle "
                f"{spread([median(one) for one in theirs])}, last {spread([max(one) for one in theirs])}")  # fmt: skip
            ratio = median(max(one) for one in mine) / median(max(one) for one in theirs)
            say(f"   ratio of the last: {ratio:.2f}")
            if size in (1000, 5000):
                FIGURES[f"fanout_last_{size}_ratio_socketio"] = round(ratio, 2)


def _peer(install: Callable[[], Path], name: str) -> Path | None:
    try:
        return install()
    except (OSError, subprocess.SubprocessError) as fault:
        say(f"   !! {name} could not be installed here: {type(fault).__name__}")
        return None


async def _our_fan_out(port: int, room: Hall, size: int, turn: int) -> list[list[float]]:
    heard = await listeners(port, size, stream(f"/live/wall/{room.wall}/events"), b"mark-")

    def body(number: int) -> bytes:
        said = {"step": room.step, "slot": number % 20, "key": f"{turn}-{number:020}",
                "text": f"mark-{number}-{turn}"}  # fmt: skip
        return request(f"/live/{room.key}/answers", json.dumps(said).encode(), room.tokens[turn])

    return await fan_out(port, heard, body, 5)


async def _their_fan_out(folder: Path, size: int) -> list[list[float]]:
    port = free_port()
    with started(["node", str(folder / "server.js"), str(port)], port):
        heard = await listeners(port, size, WEBSOCKET, b"mark-", websocket=True)
        return await fan_out(
            port, heard, lambda number: request("/", f"mark-{number}-x".encode()), 5
        )


def storm(quick: bool) -> None:
    """Measure N people who each send one answer within five seconds, which everybody must see."""
    say("== (c) the storm: N people, one answer each within five seconds, everybody sees all")
    folder = _peer(install_socketio, "socket.io")
    for size in (50,) if quick else (200, 1000, 3000):
        with our_house(max(size, 30)) as (port, room, _folder, pid):
            spent = cpu(pid)
            told = asyncio.run(_storm(port, size, room=room))
            spent = cpu(pid) - spent
        _tell_storm("ours", size, told, spent)
        if size in (1000, 50):
            FIGURES["storm_1000_visible_p99_ms"] = round(p99(told["visible"]), 1)
        if folder is not None and size <= 1000:
            port = free_port()
            with started(["node", str(folder / "server.js"), str(port)], port) as pid:
                spent = cpu(pid)
                told = asyncio.run(_storm(port, size))
                spent = cpu(pid) - spent
            _tell_storm("socket.io, naive emit, not durable", size, told, spent)


def _tell_storm(name: str, size: int, told: dict[str, list[float]], spent: float) -> None:
    acknowledged, visible = told["acknowledged"], told["visible"]
    say(f"   {name}, {size}: acknowledged p50 {median(acknowledged):.1f} p99 "
        f"{p99(acknowledged):.1f} ms; visible p50 {median(visible):.1f} p99 {p99(visible):.1f} ms; "
        f"missing {int(told['missing'][0])}, dropped {int(told['dropped'][0])}; "
        f"{spent:.1f} processor s")  # fmt: skip


async def _storm(port: int, size: int, *, room: Hall | None = None) -> dict[str, list[float]]:
    if room is not None:
        heard = await listeners(port, size, stream(f"/live/wall/{room.wall}/events"), b'"s-')
    else:
        heard = await listeners(port, size, WEBSOCKET, b"s-", websocket=True)
    sampled = heard[:: max(1, size // 20)]
    for one in sampled:
        one.sampled = []
    rng, sent, acknowledged = Random(size), {}, []

    async def one_answer(number: int) -> None:
        await asyncio.sleep(rng.random() * 5)
        if room is not None:
            said = {"step": room.step, "key": f"storm-{number:020}", "text": f"s-{number}-"}
            body = request(
                f"/live/{room.key}/answers", json.dumps(said).encode(), room.tokens[number]
            )
        else:
            body = request("/", f"s-{number}-".encode())
        sent[number] = time.monotonic()
        await once(port, body)
        acknowledged.append((time.monotonic() - sent[number]) * 1000)

    await asyncio.gather(*(one_answer(number) for number in range(size)))
    deadline = time.monotonic() + 60
    while any(one.seen < size for one in heard) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    visible = []
    for one in sampled:
        known: set[int] = set()
        for at, data in one.sampled or ():
            for found in re.findall(rb"s-(\d+)-", data):
                number = int(found)
                if number not in known:
                    known.add(number)
                    visible.append((at - sent[number]) * 1000)
    return {
        "acknowledged": acknowledged,
        "visible": visible,
        "missing": [float(sum(max(0, size - one.seen) for one in heard))],
        "dropped": [float(sum(one.lost for one in heard))],
    }


def cpu(pid: int) -> float:
    """Return the processor seconds that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss(pid: int) -> int:
    """Return the kB that a process holds."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index] # each process has it


def memory(quick: bool) -> None:
    """Measure what one connected client costs."""
    say("== (d) memory of one connected client")
    size = 100 if quick else 5000
    with our_house(30) as (port, room, _folder, pid):

        async def work() -> float:
            await listeners(port, 20, stream(f"/live/wall/{room.wall}/events"), b"mark-")
            before = rss(pid)
            heard = await listeners(port, size, stream(f"/live/wall/{room.wall}/events"), b"mark-")
            await asyncio.sleep(1)
            assert not any(one.lost for one in heard)
            return (rss(pid) - before) / size

        each = asyncio.run(work())
    FIGURES["kb_per_client"] = round(each, 1)
    say(f"   {each:.1f} kB (target 15)")


def join(quick: bool) -> None:
    """R-1: people join from one address, then all submit; none refused, none lost."""
    size, seconds = (30, 2.0) if quick else (200, 60.0)
    say(f"== R-1: {size} people join from one address in {seconds:.0f} s, then submit within 30 s")
    with our_house(1) as (port, room, folder, _pid):

        async def work() -> list[float]:
            rng = Random(1)
            tokens: list[str] = []
            took: list[float] = []

            async def one(number: int) -> None:
                await asyncio.sleep(rng.random() * seconds)
                body = json.dumps({"link": room.join, "name": f"P{number}"}).encode()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request("/live/join", body))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index] # our server says it
                tokens.append(json.loads(await reader.readexactly(length))["token"])
                writer.close()

            await asyncio.gather(*(one(number) for number in range(size)))

            async def submit(token: str) -> None:
                await asyncio.sleep(rng.random() * min(30, seconds))
                said = {"step": room.step, "key": "k" * 20, "text": "x"}
                began = time.monotonic()
                body = json.dumps(said).encode()
                await once(port, request(f"/live/{room.key}/answers", body, token))
                took.append((time.monotonic() - began) * 1000)

            await asyncio.gather(*(submit(token) for token in tokens))
            return took

        took = asyncio.run(work())
        with closing(sqlite3.connect(folder / "understream.sqlite3")) as database:
            ((rows,),) = database.execute("SELECT count(*) FROM records_answer")
    p95 = quantiles(took, n=20)[18]
    say(f"   joined {size}, stored {rows}; p95 {p95:.1f} ms, p99 {p99(took):.1f} ms (500, 1,000)")
    FIGURES["r1_p95_ms"], FIGURES["r1_lost"] = round(p95, 1), size - rows


LEGS = {"answers": answers, "fanout": fanout, "storm": storm, "memory": memory, "join": join}


def main(given: list[str] | None = None) -> int:
    """Run the legs; return 0, or 3 if the machine was too unsteady to judge by."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=LEGS, help="one leg")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    options = parser.parse_args(given)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(0, {os.cpu_count() - 1 if (os.cpu_count() or 1) > 1 else 0})  # type: ignore[operator] # looked at
    uvloop.install()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 30_000)), hard))
    say(f"load of this machine before: {os.getloadavg()[0]:.1f}")
    controls = [control(options.quick)]
    for name, leg in LEGS.items():
        if options.only in (None, name):
            leg(options.quick)
            controls.append(control(options.quick))
    FIGURES["control_drift"] = round(drift(controls), 2)
    steady = drift(controls) <= STEADY
    if not steady:
        say(f"!! not judged: the control drifted by {drift(controls):.0%}; something else was at "
            "work on this machine")  # fmt: skip
    say(json.dumps(FIGURES))
    return 0 if steady else 3


if __name__ == "__main__":
    sys.exit(main())
