"""Print the figures of speed and memory: `make bench`; `COLD=1` also installs from nothing.

Builds the demo world, and one ten times as large, on SQLite in a folder of its own; visits their
pages as everybody who can be tried, in the server and over HTTP; measures a file, releases a
round, seals and reveals an evaluation, verifies a bundle and starts the house. Every figure stands
beside its target, and the last line is all of them as JSON. Nothing is asserted: a busy machine is
slow, and what to make of that is for a person (what the processor spent on the slowest pages
stands behind them).
"""

import argparse
import html
import http.client
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(ROOT))

from tests.site.house import environment_of, free_port, serving  # noqa: E402 - found just now

BUNDLE, RECEIPT = "bundle.json", "receipt.txt"
LQ2002 = ("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--items", "TSIG=TSIG01..TSIG03")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done; a test does little.

    :ivar times: how many times as large the larger world is; 1 for none.
    :ivar samples: how often each thing is timed.
    :ivar pages: how many addresses of one route each person visits at most.
    :ivar visitors: how many persons visit.
    :ivar people: who answer a round that is released, of so many ``items``, so many ``rounds``.
    """

    times: int = 10
    samples: int = 5
    pages: int = 5
    visitors: int = 10
    people: int = 400
    items: int = 40
    rounds: int = 3


SMALL = Size(times=1, samples=1, pages=1, visitors=2, people=12, items=6, rounds=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside its target; without a target it is only told."""

    name: str
    value: float
    unit: str
    most: float | None = None
    note: str = ""

    def __str__(self) -> str:
        """Return a line to read."""
        value = f"{self.value:,.{0 if self.value >= 100 or not self.unit else 1}f}"
        target = "" if self.most is None else f"at most {self.most:g}"
        missed = "MISSED" if self.most is not None and self.value > self.most else ""
        note = f"({self.note})" if self.note else ""
        line = f"  {self.name:<56} {value:>7} {self.unit:<3} {target:<12} {missed} {note}"
        return line.rstrip()


def main(typed: Sequence[str] | None = None) -> int:
    """Print every figure; return 0, whatever they are."""
    parser = argparse.ArgumentParser(description="Print the figures of speed and memory.")
    parser.add_argument("--cold", action="store_true", help="also install from nothing")
    parser.add_argument("--small", action="store_true", help="do little, to see that it works")
    parser.add_argument("part", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(typed)
    size = SMALL if options.small else Size()
    if options.part:
        name, times = options.part
        sys.stdout.write(json.dumps(within_house(name, int(times), size)) + "\n")
        return 0
    figures = []
    with tempfile.TemporaryDirectory(prefix="understream-bench-") as folder:
        for figure in measured(Path(folder), size, small=options.small, cold=options.cold):
            figures.append(figure)
            print(figure, flush=True)  # noqa: T201 - said to whoever asked
    told = {
        one.name: {"value": round(one.value, 3), "unit": one.unit, "most": one.most}
        for one in figures
    }
    print(json.dumps(told))  # noqa: T201 - as above
    return 0


def measured(folder: Path, size: Size, *, small: bool, cold: bool) -> Iterator[Figure]:
    """Measure one thing after another."""
    worlds = (
        {"demo world": 1, f"x{size.times}": size.times} if size.times > 1 else {"demo world": 1}
    )
    queries = {}
    for name, times in worlds.items():
        place = folder / name.partition(" ")[0]
        heading(f"pages, {name}")
        began = time.perf_counter()
        part("world", place, times, small=small)
        yield Figure(f"{name}: built", time.perf_counter() - began, "s")
        visits = part("pages", place, times, small=small)
        queries[name] = most_by_route(visits)
        yield from of_pages(name, visits)
        yield from over_http(name, place, visits)
    first, second = (*queries.values(), {})[:2]
    growing = sorted(route for route in first if second.get(route, 0) > first[route])
    told = ", ".join(f"{route}: {first[route]} and {second[route]}" for route in growing)
    if second:
        yield Figure("routes that ask more queries in the larger world", len(growing), "", 0, told)

    heading("release")
    yield from released(part("release", folder / "release", 1, small=small), size)
    heading("evaluation")
    yield from evaluated(part("evaluation", folder / "evaluation", 1, small=small))
    part("bundle", folder / "demo", 1, small=small)
    heading("commands")
    yield from commands(folder, size, cold=cold)


def heading(words: str) -> None:
    """Say what comes."""
    print(f"{words}", flush=True)  # noqa: T201 - said to whoever asked


def part(name: str, folder: Path, times: int, *, small: bool) -> list[dict]:
    """Run one part in a process that has this folder for its world."""
    done = subprocess.run(
        [sys.executable, __file__, *(["--small"] if small else []), name, str(times)],
        env=environment_of(folder, UNDERSTREAM_MAIL="demo"),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def within_house(name: str, times: int, size: Size) -> list[dict]:
    """Do one part: settings are read from this process's environment."""
    import django  # noqa: PLC0415 - the other process does without

    os.environ["DJANGO_SETTINGS_MODULE"] = "understream.site.settings"
    django.setup()
    from understream.console.prepare import prepare  # noqa: PLC0415 - there are settings now

    logging.disable(logging.INFO)
    if name == "pages":
        return visit(size)
    if name == "bundle":
        return keep_bundle()
    prepare()
    with redirect_stdout(StringIO()):  # letters
        if name == "world":
            return build(times)
        return release(size) if name == "release" else evaluate(size)


# ------------------------------------------------------------------ worlds


def build(times: int) -> list[dict]:
    """Build the demo world, and so many times as much around it."""
    from django.db import transaction  # noqa: PLC0415 - there are settings now
    from django.utils import timezone  # noqa: PLC0415 - as above

    from understream.console import world  # noqa: PLC0415 - as above

    now = timezone.now()
    world.build(seed=7, now=now)
    with transaction.atomic():
        for seed in range(101, 100 + times):  # far from the first
            world.fill(now, Random(seed))
        if times > 1:
            crowd(now, times)
    return []


def crowd(now, times: int) -> None:
    """Found an alliance of so many times as many people, with as many closed rounds."""
    from understream.console.world import people  # noqa: PLC0415 - there are settings now
    from understream.console.world import round as rounds  # noqa: PLC0415 - as above

    rng = Random(0)
    sizes = {people.HARBOUR: 12 * times, people.MILL: 9 * times}
    for party, size in sizes.items():
        more = (
            people.One(f"{party} {number}", f"{party[:4].lower()}.{number}")
            for number in range(size)
        )
        people.PEOPLE[party] = (*people.PEOPLE[party], *more)
    day = people.DAY
    alliance = people.found("Everybody", sizes, now - 84 * day, rng, moderated=True)
    for number in range(times):
        since, until = now - (60 - number) * day, now - (50 - number) * day
        key = rounds.open_round(alliance, "trust", f"Trust {number}", since, until, rng)
        rounds.say(alliance, key, "trust", rounds.TRUST, sizes, rounds.TRUST_REMARKS, rng)
        rounds.close(alliance, key, until, rng)
    key = rounds.open_round(alliance, "pulse", "Still open", now - 3 * day, now + 9 * day, rng)
    rounds.say(alliance, key, "pulse", rounds.PULSE, dict.fromkeys(sizes, 5), {}, rng)


# ------------------------------------------------------------------ pages


def visit(size: Size) -> list[dict]:
    """Follow the links of every page as everybody; return what each page took."""
    from django.conf import settings  # noqa: PLC0415 - there are settings now

    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    return [
        told
        for name, client, start in islice(visitors(), size.visitors)
        for told in walk(name, client, start, size)
    ]


def visitors() -> Iterator[tuple]:
    """Give everybody who can be tried: nobody, each door of the demo, three phones."""
    from django.test import Client  # noqa: PLC0415 - there are settings now
    from django.urls import reverse  # noqa: PLC0415 - as above

    from understream.access import reach  # noqa: PLC0415 - as above
    from understream.records.participation import Participation  # noqa: PLC0415 - as above
    from understream.records.person import Person  # noqa: PLC0415 - as above
    from understream.web.door.demo import DOORS  # noqa: PLC0415 - as above

    rights = Participation.objects.filter(cohort__mode="confidential", seat__role="participant")
    of_closed = rights.filter(cohort__round__state="closed").last()
    unused = rights.filter(cohort__round__state="open", browser_hash=None)
    newcomer, answering = (reach.link_of(bytes(one.nonce)) for one in unused[:2])
    phone = Client()
    phone.post(reverse("answer:begin", args=[answering]), HTTP_HOST="127.0.0.1")
    yield "phone, answering", phone, f"/r/{answering}/"
    for door, *_ in DOORS:
        client = Client()
        client.force_login(Person.objects.get(email=f"{door}@demo.example"))
        yield door, client, "/alliances/"
    yield "phone, first look", Client(), f"/r/{newcomer}/"
    yield "phone, afterwards", Client(), f"/r/{reach.link_of(bytes(of_closed.nonce))}/"
    yield "nobody", Client(), "/"


def walk(name: str, client, start: str, size: Size) -> Iterator[dict]:
    """Visit what can be reached from a page, at most so many addresses of one route."""
    from django.db import connection  # noqa: PLC0415 - there are settings now
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    def get(path: str):
        return client.get(path, HTTP_HOST="127.0.0.1")

    ahead, seen, routes = [start], {start}, Counter()
    while ahead:
        path = ahead.pop(0)
        route = route_of(path)
        if routes[route] >= size.pages:
            continue
        first = get(path)
        if first.status_code in (302, 303):
            continue
        assert first.status_code == 200, (name, path, first.status_code)
        routes[route] += 1
        # What a letter of the demo leads to is for whom it was written to.
        if "html" in first["Content-Type"] and not path.startswith("/demo/mail/"):
            new = [one for one in links(first.content.decode()) if one not in seen]
            seen.update(new)
            ahead += new
        with CaptureQueriesContext(connection) as asked:
            get(path)
        queries = len(asked)
        began = time.thread_time()
        seconds = [timed(get, path) for _ in range(size.samples)]
        yield {
            "who": name,
            "route": route,
            "path": path,
            "seconds": seconds,
            "processor": (time.thread_time() - began) / size.samples,
            "queries": queries,
            "bytes": len(first.content),
            "cookies": {key: one.value for key, one in client.cookies.items()},
        }


def route_of(path: str) -> str:
    """Return the name of a route, with what is asked behind the question mark."""
    from django.urls import resolve  # noqa: PLC0415 - there are settings now

    place, _, query = path.partition("?")
    return resolve(place).view_name + "".join(f" {one}" for one in re.findall(r"(\w+)=", query))


def links(page: str) -> Iterator[str]:
    """Give the addresses of this house that a page points to."""
    for found in re.findall(r'<a\b[^>]*\bhref="([^"#]+)', page):
        path = re.sub(r"^http://127\.0\.0\.1(:\d+)?", "", html.unescape(found))
        if path.startswith("/") and not path.startswith("/static/"):
            yield path


def timed(act: Callable, *given, **keys) -> float:
    """Return the seconds that something took."""
    began = time.perf_counter()
    act(*given, **keys)
    return time.perf_counter() - began


def of_pages(name: str, visits: list[dict]) -> Iterator[Figure]:
    """Give what pages took in the server."""
    times = [seconds for one in visits for seconds in one["seconds"]]
    by_route: dict[str, dict] = {}
    for one in sorted(visits, key=lambda one: -median(one["seconds"])):
        by_route.setdefault(one["route"], one)
    slowest = list(by_route.values())[:3]
    yield Figure(f"{name}: pages visited, times person", len(visits), "")
    yield Figure(f"{name}: median of all pages, in the server", ms(median(times)), "ms", 50)
    yield Figure(f"{name}: 95th percentile, in the server", ms(worst_but_5(times)), "ms", 100)
    told = (f"{one['route']} as {one['who']} {ms(one['processor']):.0f}" for one in slowest)
    worst = ms(median(slowest[0]["seconds"]))
    note = f"processor: {', '.join(told)}"
    yield Figure(f"{name}: median of the slowest page, in the server", worst, "ms", 50, note)
    most = max(visits, key=lambda one: one["queries"])
    yield Figure(f"{name}: most queries of a page", most["queries"], "", note=most["route"])


def most_by_route(visits: list[dict]) -> dict[str, int]:
    """Return the most queries that a page of each route asked of any person."""
    most: dict[str, int] = {}
    for one in visits:
        most[one["route"]] = max(most.get(one["route"], 0), one["queries"])
    return most


def over_http(name: str, folder: Path, visits: list[dict]) -> Iterator[Figure]:
    """Visit the same pages through the server, and look at its memory before and after."""
    began = time.perf_counter()
    with serving(folder, UNDERSTREAM_MAIL="demo") as (process, port):
        ready = time.perf_counter() - began
        rest = resident(process.pid)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        times = []
        for one in visits:
            took = [timed(fetch, connection, one) for _ in range(2)]
            times.append(took[-1])
        connection.close()
        after = resident(process.pid)
        if name == "demo world":
            form = next(one for one in visits if one["who"] == "phone, answering")
            heavy = weight(port, form)
            yield Figure(f"{name}: a participant's page, all it loads but fonts", heavy, "kB", 60)
    yield Figure(f"{name}: from start to ready", ready, "s")
    yield Figure(f"{name}: median over HTTP", ms(median(times)), "ms", 50)
    yield Figure(f"{name}: 95th percentile over HTTP", ms(worst_but_5(times)), "ms", 100)
    yield Figure(f"{name}: memory at rest", rest, "MB", 150)
    yield Figure(f"{name}: memory when all pages were visited", after, "MB", 150)


def fetch(connection: http.client.HTTPConnection, one: dict, *, squeeze: bool = False) -> bytes:
    """Get a page over HTTP as whoever visited it before."""
    cookie = "; ".join(f"{name}={value}" for name, value in one["cookies"].items())
    headers = {"Cookie": cookie, **({"Accept-Encoding": "br, gzip"} if squeeze else {})}
    connection.request("GET", one["path"], headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (one["path"], answer.status)
    return body


def weight(port: int, page: dict) -> float:
    """Return the kilobytes of a page with its styles and scripts, as a browser gets them."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = fetch(connection, page)
    loads = set(re.findall(rb'(?:src|href)="(/static/[^"]+\.(?:css|js))"', body))
    parts = [{"path": one.decode(), "cookies": {}} for one in loads]
    total = len(body) + sum(len(fetch(connection, one, squeeze=True)) for one in parts)
    connection.close()
    return total / 1000


def resident(process: int) -> float:
    """Return the megabytes that a process holds in memory."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


# ------------------------------------------------------------------ release


def release(size: Size) -> list[dict]:
    """Let people answer a few rounds of as many items as asked; time what closing them takes."""
    from django.conf import settings  # noqa: PLC0415 - there are settings now

    from tests.factories import LATER, answer_all, make_alliance  # noqa: PLC0415 - as above
    from understream.domain import instrument  # noqa: PLC0415 - there are settings now
    from understream.domain.release import close_round  # noqa: PLC0415 - as above
    from understream.measurement.disclosure import Policy  # noqa: PLC0415 - as above
    from understream.measurement.release import PartyVoices, release_round  # noqa: PLC0415 - a.a.

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    rng = Random(7)
    half = size.people // 2
    world = make_alliance(people=half)
    told = []
    for _ in range(size.rounds):
        key, asked = open_long_round(world, size.items)
        questions = instrument.questions_about(asked, [1])
        said = {
            name: [[rng.randint(1, one.points) for one in questions] for _ in range(half)]
            for name in world.parties
        }
        answer_all(world, key, said)
        voices = [
            PartyVoices(name, "confidential", questions, [bytes(one) for one in some], [0] * half)
            for name, some in said.items()
        ]
        pure = min(timed(release_round, voices, policy=Policy(5)) for _ in range(3))
        whole = timed(close_round, key, now=LATER, rng=rng)
        told.append({"release": pure, "close": whole})
    return told


def open_long_round(world, items: int):
    """Open a round of the trust instrument, cut or repeated until it has so many items."""
    from dataclasses import replace  # noqa: PLC0415 - as above

    from tests.factories import open_round  # noqa: PLC0415 - as above
    from understream.domain import instrument  # noqa: PLC0415 - as above
    from understream.instruments import reader  # noqa: PLC0415 - as above
    from understream.records.round import Round  # noqa: PLC0415 - as above

    trust = reader.load("trust")
    many = [
        replace(trust.items[number % len(trust.items)], code=f"{number}")
        for number in range(items)
    ]
    long = replace(trust, code="long", items=tuple(many))
    key = open_round(world, instrument="trust")
    Round.objects.filter(pk=key).update(instrument=instrument.keep(long))
    return key, long


def released(told: list[dict], size: Size) -> Iterator[Figure]:
    """Give what releasing took."""
    what = f"{size.people} people x {size.items} items"
    yield Figure(f"figures of {what}", ms(median(one["release"] for one in told)), "ms", 300)
    close = ms(median(one["close"] for one in told))
    yield Figure(f"closing a round of {what}", close, "ms", 300, "all but sending its letters")


# ------------------------------------------------------------------ evaluation


def evaluate(size: Size) -> list[dict]:
    """Let four parties evaluate; time what sealing, revealing and the joint page take."""
    from django.conf import settings  # noqa: PLC0415 - there are settings now
    from django.test import Client  # noqa: PLC0415 - as above
    from django.urls import reverse  # noqa: PLC0415 - as above

    from tests import factories  # noqa: PLC0415 - as above
    from understream.domain.joint import write_joint_text  # noqa: PLC0415 - as above
    from understream.domain.reveal import seal_reflection  # noqa: PLC0415 - as above
    from understream.records.person import Person  # noqa: PLC0415 - as above
    from understream.records.round import Round  # noqa: PLC0415 - as above

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    told = []
    for number in range(size.rounds):
        names = [f"{one} {number}" for one in ("Harbour", "Mill", "Quay", "Ridge")]
        world = factories.make_alliance(*names, people=8, seed=number)
        key = factories.begin_evaluation(world)
        answers = [(1 + number % 3, 2) * 6 + (3, 4, 5, 6, 7) * 2 for number in range(8)]
        asked = Round.objects.get(evaluation=key).pk
        factories.answer_all(world, asked, dict.fromkeys(names, answers))
        factories.let_answers_end(world, key)
        seconds = []
        for name, manager in world.managers.items():
            factories.reflect(world, key, name)
            seconds.append(
                timed(seal_reflection, manager, key, now=factories.SEALING, rng=world.rng)
            )
        for topic in factories.TOPICS:
            write_joint_text(
                world.managers[names[0]],
                key,
                "topic",
                topic,
                version=0,
                reading="What we read in it. " * 10,
                now=factories.SEALING,
            )
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(Person.objects.get(pk=world.managers[names[1]].person))
        page = reverse("joint:show", args=[key])
        assert client.get(page).status_code == 200
        began = time.thread_time()
        joint = [timed(client.get, page) for _ in range(size.samples)]
        told.append(
            {
                "seal": median(seconds[:-1]),
                "reveal": seconds[-1],
                "joint": median(joint),
                "processor": (time.thread_time() - began) / size.samples,
            }
        )
    return told


def evaluated(told: list[dict]) -> Iterator[Figure]:
    """Give what sealing, revealing and reading side by side took."""
    processor = ms(median(one["processor"] for one in told))
    for name, words, most, note in (
        ("seal", "sealing a reflection of 16 topics", 200, "all but sending its letters"),
        ("reveal", "the last of four seals, which reveals", 200, "all but sending its letters"),
        (
            "joint",
            "joint page of 16 topics x 4 parties, in the server",
            80,
            f"processor: {processor:.0f}",
        ),
    ):
        yield Figure(words, ms(median(one[name] for one in told)), "ms", most, note)


def keep_bundle() -> list[dict]:
    """Put one party's bundle of the demo world, and a receipt, beside the world."""
    from django.conf import settings  # noqa: PLC0415 - there are settings now
    from django.utils import timezone  # noqa: PLC0415 - as above

    from understream.access.reach import seat_in_evaluation  # noqa: PLC0415 - as above
    from understream.domain.bundle import take_bundle  # noqa: PLC0415 - as above
    from understream.domain.seal import receipts_before  # noqa: PLC0415 - as above
    from understream.records.evaluation import Evaluation  # noqa: PLC0415 - as above
    from understream.records.person import Person  # noqa: PLC0415 - as above

    key = Evaluation.objects.filter(state="agreed").earliest("pk").pk
    seat = seat_in_evaluation(Person.objects.get(email="manager.a@demo.example").pk, key)
    bundle = take_bundle(seat, key, now=timezone.now())
    Path(settings.DATA, BUNDLE).write_bytes(bundle.content)
    receipt = receipts_before(seat, key, language="en")[0]
    Path(settings.DATA, RECEIPT).write_text(receipt.file, encoding="utf-8")
    return []


# ------------------------------------------------------------------ commands


def commands(folder: Path, size: Size, *, cold: bool) -> Iterator[Figure]:
    """Time what is typed: `understream verify`, `understream measure`, `make demo`."""
    typed = [Path(sys.executable).parent / "understream", "verify", folder / "demo" / BUNDLE]
    typed += ["--receipt", folder / "demo" / RECEIPT]
    times = [
        timed(subprocess.run, typed, stdout=subprocess.DEVNULL, check=True)
        for _ in range(size.samples)
    ]
    yield Figure("understream verify, of a bundle of the demo world", median(times), "s", 1)
    file = SHARED / "ratings" / "lq2002.csv"
    if file.exists():
        command = [Path(sys.executable).parent / "understream", "measure", file, *LQ2002]
        command += ["--scale", "1-5", "--format", "long"]
        times = [
            timed(subprocess.run, command, stdout=subprocess.DEVNULL, check=True)
            for _ in range(size.samples)
        ]
        yield Figure("understream measure lq2002.csv", median(times), "s", 1.5)
    else:
        print(f"      left out: understream measure; there is no {file}")  # noqa: T201 - as above
    if size is not SMALL:
        yield Figure("make demo, with .venv there", demo(ROOT, folder / "new"), "s", 60)
    yield Figure("make demo, the second time", demo(ROOT, folder / "demo"), "s", 60)
    if cold:
        with checkout(folder / "fresh") as fresh:
            yield Figure("make demo, from nothing", demo(fresh, folder / "cold"), "s", 60)


@contextmanager
def checkout(place: Path) -> Iterator[Path]:
    """Give a copy of what git knows, without a .venv."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    for name in filter(None, told.stdout.decode().split("\0")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name)
    yield place
    shutil.rmtree(place)


def demo(checkout: Path, data: Path) -> float:
    """Return the seconds from `make demo` to its ready line."""
    environment = {**os.environ, "UNDERSTREAM_DATA": str(data), "PORT": str(free_port())}
    environment["PIP_NO_CACHE_DIR"] = "1"
    began = time.perf_counter()
    with subprocess.Popen(
        ["make", "--silent", "demo"],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as made:
        ready = any(line.startswith("ready: ") for line in made.stdout)
        took = time.perf_counter() - began
        made.send_signal(signal.SIGTERM)
        made.wait()
    assert ready, "make demo never became ready"
    return took


# ------------------------------------------------------------------ figures


def ms(seconds: float) -> float:
    """Return milliseconds."""
    return seconds * 1000


def worst_but_5(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


if __name__ == "__main__":
    sys.exit(main())
