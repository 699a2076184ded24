"""Everybody who listens, room by room: what changed is read once, written once, and sent to all.

A room is pumped when it has changed: its changes since the last pump are read in a thread, made
into one event for each kind of reader, and written to every stream. The next pump waits at least
as long as the last took nearly three times, so that acknowledging answers always has room, and so
that a storm of answers becomes a few events and not one for each answer and reader.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from understream.access.refusal import Missing
from understream.domain import attendee, scene
from understream.domain.version import apart, versions_of
from understream.live import wire

log = logging.getLogger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TICK: Final = 0.05
"""Seconds between two pumps of a room at least."""
LATE: Final = 0.25
"""Seconds until a reader that was too slow is tried again, if nothing else happens."""
SHARE: Final = 0.35
"""Of the time, what pumping may take."""
TURN: Final = 500
"""Streams written before others get their turn."""
BEAT: Final = 15.0
SEEN: Final = 20.0
"""Seconds between two notes of who is here."""
SYNC: Final = 5.0
"""Seconds after which versions are compared even if nothing was heard."""
MOST_STREAMS: Final = 20_000
PHONE, WALL, CONSOLE = "phone", "wall", "console"


class Stream:
    """One reader. Bytes go straight to the transport where the server shows it, as uvicorn does.

    An ASGI server's `send` costs a coroutine for each reader and event; at thousands of readers
    that is most of the time. Where there is no such transport, `send` is used.
    """

    __slots__ = ("behind", "cycle", "kind", "pending", "send", "ticket", "who")

    def __init__(self, send: Send, kind: str, who: int = 0, ticket: str = "") -> None:
        """Begin as a reader that has seen nothing."""
        self.send, self.kind, self.who, self.ticket = send, kind, who, ticket
        self.behind = True
        cycle = getattr(send, "__self__", None)
        fits = all(
            hasattr(cycle, name)
            for name in ("transport", "flow", "disconnected", "chunked_encoding")
        )
        self.cycle = cycle if fits and cycle.chunked_encoding else None  # type: ignore[union-attr] # looked at above
        self.pending: asyncio.Task[None] | None = None

    def write(self, event: bytes, chunk: bytes) -> bool:
        """Send an event, unless the reader is too slow to have taken what came before.

        :param chunk: the same event as a chunk of HTTP/1.1.
        :returns: whether it was sent.
        """
        if self.cycle is not None:
            if self.cycle.disconnected or self.cycle.flow.write_paused:
                return False
            self.cycle.transport.write(chunk)
            return True
        if self.pending is not None and not self.pending.done():
            return False
        told = {"type": "http.response.body", "body": event, "more_body": True}
        self.pending = asyncio.ensure_future(_sent(self.send, told))
        return True

    async def end(self, last: bytes) -> None:
        """Send a last event and end the answer; whoever waits for its reader to go goes on."""
        await _sent(self.send, {"type": "http.response.body", "body": last, "more_body": False})


async def _sent(send: Send, told: MutableMapping[str, Any]) -> None:
    try:
        await send(told)
    except Exception:  # noqa: BLE001 - a reader that went away is nothing to tell of
        log.debug("stream.gone")


def chunk_of(event: bytes) -> bytes:
    """Return bytes as one chunk of HTTP/1.1 (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(event), event)


@dataclass(slots=True)
class Frames:
    """What one pump sends: by kind of reader, for those who are up to date and for the others."""

    version: int
    room: bytes = b""
    changes: bytes = b""
    whole: bytes = b""
    beat: bytes = b""
    personal: dict[int, bytes] = field(default_factory=dict)
    left: frozenset[int] = frozenset()


class Room:
    """The streams of one workshop in this process."""

    __slots__ = ("changed", "key", "pumping", "streams", "version")

    def __init__(self, key: int) -> None:
        """Begin without readers."""
        self.key = key
        self.streams: set[Stream] = set()
        self.version = 0
        self.changed = False
        self.pumping: asyncio.Task[None] | None = None


class Hub:
    """The rooms of this process."""

    def __init__(self, *, clock: Callable[[], datetime], rng: Random) -> None:
        """Begin empty.

        :param clock: tells the moment.
        :param rng: spreads the readers who come back after a stop.
        """
        self._clock, self._rng = clock, rng
        self._rooms: dict[int, Room] = {}
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="hub")
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._came: dict[int, set[int]] = {}
        self._went: dict[int, set[int]] = {}
        self._count = 0
        self._over = False

    def start(self) -> None:
        """Begin to beat, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        for work in (self._beat, self._note_presence, self._sync):
            self._tasks.append(self._loop.create_task(work()))

    @property
    def full(self) -> bool:
        """Whether this process takes no more streams."""
        return self._over or self._count >= MOST_STREAMS

    def count(self, workshop: int) -> int:
        """Return how many streams of a workshop this process holds."""
        room = self._rooms.get(workshop)
        return len(room.streams) if room is not None else 0

    def join(self, workshop: int, stream: Stream) -> None:
        """Let somebody listen; the first event comes at once, and whole."""
        room = self._rooms.get(workshop)
        if room is None:
            room = self._rooms[workshop] = Room(workshop)
        room.streams.add(stream)
        self._count += 1
        if stream.who:
            self._came.setdefault(workshop, set()).add(stream.who)
            self._went.get(workshop, set()).discard(stream.who)
        self._wake(room)

    def leave(self, workshop: int, stream: Stream) -> None:
        """Let somebody go."""
        room = self._rooms.get(workshop)
        if room is None or stream not in room.streams:
            return
        room.streams.discard(stream)
        self._count -= 1
        if stream.who and all(one.who != stream.who for one in room.streams):
            self._went.setdefault(workshop, set()).add(stream.who)
            self._came.get(workshop, set()).discard(stream.who)
        if not room.streams:
            del self._rooms[workshop]

    def hear(self, workshop: int | None) -> None:
        """Hear from any thread that a workshop has changed; ``None``: any may have."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard, workshop)

    def _heard(self, workshop: int | None) -> None:
        if workshop is not None:
            room = self._rooms.get(workshop)
            if room is not None:
                self._wake(room)
        elif self._rooms and self._loop is not None:
            self._tasks = [one for one in self._tasks if not one.done()]
            self._tasks.append(self._loop.create_task(self._compare()))

    async def end(self) -> None:
        """Say goodbye to everybody, each with another moment to come back at, and stop."""
        self._over = True
        for task in self._tasks:
            task.cancel()
        streams = [stream for room in self._rooms.values() for stream in room.streams]
        for at, stream in enumerate(streams):
            wait = 200 + int(1300 * self._rng.random())
            await stream.end(b"retry: %d\n" % wait + wire.event("bye", b"{}"))
            if at % TURN == TURN - 1:
                await asyncio.sleep(0)
        self._readers.shutdown(wait=False)

    # ----------------------------------------------------------------------- pumping

    def _wake(self, room: Room) -> None:
        room.changed = True
        if room.pumping is None and self._loop is not None and not self._over:
            room.pumping = self._loop.create_task(self._pump(room))

    async def _pump(self, room: Room) -> None:
        loop = asyncio.get_running_loop()
        try:
            while room.changed and room.streams and not self._over:
                room.changed = False
                streams = list(room.streams)
                try:
                    frames = await loop.run_in_executor(
                        self._readers, apart, self._read, room.key, room.version, streams
                    )
                except Missing:
                    await self._send_away(room)
                    return
                began = loop.time()
                await self._send(room, frames, streams)
                await asyncio.sleep(max(TICK, (loop.time() - began) / SHARE))
                if not room.changed and any(one.behind for one in room.streams):
                    await asyncio.sleep(LATE)
                    room.changed = True
        except Exception:
            log.exception("hub.pump")
            room.changed = False
        finally:
            # No await lies between the last look at `changed` and this line.
            room.pumping = None

    def _read(self, key: int, since: int, streams: list[Stream]) -> Frames:
        """Read what a room needs; runs in a thread."""
        now = self._clock()
        behind = {one.kind for one in streams if one.behind}
        ready = {one.kind for one in streams if not one.behind}
        whole = scene.wall_of(key, now=now) if WALL in behind else None
        delta = scene.wall_of(key, since=since, now=now) if WALL in ready else None
        room = (delta or whole).room if delta or whole else scene.room_before(key, now=now)  # type: ignore[union-attr] # one is there
        version = (
            min(one.room.version for one in (delta, whole) if one)
            if delta or whole
            else room.version
        )
        frames = Frames(version)
        if whole is not None:
            frames.whole = wire.event("wall", _stamped(whole, now), whole.room.version)
        if delta is not None:
            frames.changes = wire.event("wall", _stamped(delta, now), delta.room.version)
        frames.beat = wire.event("version", b'{"version":%d}' % version, version)
        if PHONE in behind | ready:
            self._read_phones(frames, key, since, streams, room, now)
        return frames

    def _read_phones(
        self, frames: Frames, key: int, since: int, streams: list[Stream], room: scene.Room,
        now: datetime,
    ) -> None:  # fmt: skip
        frames.room = wire.event("room", _stamped(room, now), frames.version)
        fresh = {one.who for one in streams if one.kind == PHONE and one.behind}
        known = {one.who for one in streams if one.kind == PHONE} - fresh
        told = scene.personal_of(key, since=since, attendees=known, now=now) if known else {}
        if fresh:
            told |= scene.personal_of(key, since=-1, attendees=fresh, now=now)
        frames.personal = {
            who: wire.event("you", wire.encode(one), frames.version) for who, one in told.items()
        }
        frames.left = frozenset(who for who, one in told.items() if one.left)

    async def _send(self, room: Room, frames: Frames, streams: Iterable[Stream]) -> None:
        whole = (frames.whole, chunk_of(frames.whole))
        changes = (frames.changes, chunk_of(frames.changes))
        beat = (frames.beat, chunk_of(frames.beat))
        everybody = (frames.room, chunk_of(frames.room))
        moved = frames.version > room.version
        gone: list[Stream] = []
        for at, stream in enumerate(streams):
            sent = True
            if stream.kind == WALL:
                event, chunk = whole if stream.behind else changes
                due = event and (moved or stream.behind)
                sent = stream.write(event, chunk) if due else True
            elif stream.kind == CONSOLE:
                sent = stream.write(*beat) if moved or stream.behind else True
            else:
                own = frames.personal.get(stream.who)
                if moved or stream.behind or own:
                    event = (own or b"") + everybody[0]
                    sent = (
                        stream.write(event, chunk_of(event)) if own else stream.write(*everybody)
                    )
                if stream.who in frames.left:
                    gone.append(stream)
            stream.behind = not sent
            if at % TURN == TURN - 1:
                await asyncio.sleep(0)
        room.version = max(room.version, frames.version)
        for stream in gone:
            self.leave(room.key, stream)
            await stream.end(b"")

    async def _send_away(self, room: Room) -> None:
        for stream in list(room.streams):
            self.leave(room.key, stream)
            await stream.end(wire.event("bye", b"{}"))

    # ------------------------------------------------------------------- keeping up

    async def _compare(self) -> None:
        """Wake the rooms whose version is not the one that was sent."""
        loop = asyncio.get_running_loop()
        keys = list(self._rooms)
        try:
            versions = await loop.run_in_executor(self._readers, apart, versions_of, keys)
        except Exception:
            log.exception("hub.compare")
            return
        for key in keys:
            room = self._rooms.get(key)
            if room is not None and versions.get(key, 0) != room.version:
                self._wake(room)

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(SYNC)
            if self._rooms:
                await self._compare()

    async def _beat(self) -> None:
        event = wire.event("beat", b"{}")
        chunk = chunk_of(event)
        while True:
            await asyncio.sleep(BEAT)
            for room in list(self._rooms.values()):
                for at, stream in enumerate(list(room.streams)):
                    stream.write(event, chunk)
                    if at % TURN == TURN - 1:
                        await asyncio.sleep(0)
            await self._ask_again()

    async def _ask_again(self) -> None:
        """End the streams of consoles whose holder may not run the workshop any more."""
        loop = asyncio.get_running_loop()
        for room in list(self._rooms.values()):
            for stream in [one for one in room.streams if one.kind == CONSOLE]:
                try:
                    await loop.run_in_executor(self._readers, apart, self._allow, stream.ticket)
                except Missing:
                    self.leave(room.key, stream)
                    await stream.end(b"")
                except Exception:
                    log.exception("hub.ask")

    def _allow(self, ticket: str) -> int:
        return scene.workshop_on_console(ticket, now=self._clock())

    async def _note_presence(self) -> None:
        """Note who came and went each second, and everybody who is here every twenty."""
        loop = asyncio.get_running_loop()
        every = 0
        while True:
            await asyncio.sleep(1.0)
            every = (every + 1) % int(SEEN)
            came, self._came = self._came, {}
            went, self._went = self._went, {}
            if not every:
                for key, room in self._rooms.items():
                    came.setdefault(key, set()).update(one.who for one in room.streams if one.who)
            for key in {*came, *went}:
                here = came.get(key, set())
                gone = went.get(key, set()) - here
                try:
                    await loop.run_in_executor(self._readers, apart, self._mark, key, here, gone)
                except Exception:
                    log.exception("hub.presence")

    def _mark(self, workshop: int, here: set[int], gone: set[int]) -> None:
        attendee.mark_seen(workshop, here=here, gone=gone, now=self._clock())


def _stamped(card: object, now: datetime) -> bytes:
    """Return a card as JSON with the server's clock in its room, which every timer goes by."""
    body = wire.encode(card)
    stamp = wire.encode(now)
    if body.startswith(b'{"room":{'):
        return b'{"room":{"now":' + stamp + b"," + body[len(b'{"room":{') :]
    return b'{"now":' + stamp + b"," + body[1:]
