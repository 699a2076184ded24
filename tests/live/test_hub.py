"""Everybody in a room gets what is for them, the slow the newest, and nothing of others."""

import asyncio
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace

import pytest

from understream.access.refusal import Missing
from understream.live import hub as hubs
from understream.live.hub import CONSOLE, PHONE, WALL, Frames, Hub, Stream, chunk_of

NOW = datetime(2026, 11, 2, tzinfo=UTC)


class Server:
    """What uvicorn shows of one answer: a transport that may be slow."""

    def __init__(self):
        self.got, self.ended = [], False
        self.transport = SimpleNamespace(write=self.got.append)
        self.flow = SimpleNamespace(write_paused=False)
        self.disconnected, self.chunked_encoding = False, True

    async def send(self, told):
        """Send through ASGI, as the last message is."""
        self.got.append(told["body"])
        self.ended = not told.get("more_body", False)

    @property
    def text(self):
        """Return all that was sent."""
        return b"".join(self.got).decode()


@pytest.fixture
def made(monkeypatch):
    """Return a hub whose rooms are read from here, and the room."""
    room = SimpleNamespace(version=1, personal={}, left=frozenset(), fails=None)

    def read(_self, _key, since, streams):
        if room.fails:
            raise room.fails
        version = room.version
        frames = Frames(
            version,
            room=b"room %d;" % version,
            whole=b"whole %d;" % version,
            changes=b"since %d to %d;" % (since, version),
            beat=b"v%d;" % version,
        )
        fresh = {one.who for one in streams if one.behind} | room.left
        frames.personal = {
            who: text for who, text in room.personal.items() if room.now or who in fresh
        }
        frames.left = room.left
        return frames

    room.now = False
    monkeypatch.setattr(Hub, "_read", read)
    monkeypatch.setattr(hubs, "TICK", 0.01)
    monkeypatch.setattr(hubs, "LATE", 0.01)
    monkeypatch.setattr(hubs.scene, "workshop_on_console", lambda _ticket, **_keys: 1)
    monkeypatch.setattr(hubs.attendee, "mark_seen", lambda *_args, **_keys: None)
    return Hub(clock=lambda: NOW, rng=Random(1)), room


def run(work):
    """Run for at most five seconds."""
    return asyncio.run(asyncio.wait_for(work(), 5))


def joined(hub, kind, who=0, server=None):
    """Return a server's side of one more stream."""
    server = server or Server()
    stream = Stream(server.send, kind, who)
    hub.join(1, stream)
    return server, stream


async def moment():
    """Wait for a pump or two."""
    await asyncio.sleep(0.08)


def test_the_first_event_is_whole_and_the_next_are_changes(made):
    hub, room = made

    async def work():
        hub.start()
        wall, _stream = joined(hub, WALL)
        await moment()
        room.version = 2
        hub.hear(1)
        await moment()
        room.version = 3
        hub.hear(1)
        await moment()
        await hub.end()
        return wall

    wall = run(work)
    assert "whole 1;" in wall.text
    assert "since 1 to 2;" in wall.text
    assert "since 2 to 3;" in wall.text
    assert wall.text.count("whole") == 1
    assert wall.ended
    assert "event: bye" in wall.text


def test_a_slow_reader_gets_the_newest_whole_and_not_the_backlog(made):
    hub, room = made

    async def work():
        hub.start()
        slow, _one = joined(hub, WALL)
        quick, _two = joined(hub, WALL)
        await moment()
        slow.flow.write_paused = True
        for version in range(2, 7):
            room.version = version
            hub.hear(1)
            await moment()
        slow.flow.write_paused = False
        await moment()
        texts = slow.text, quick.text
        await hub.end()
        return texts

    slow, quick = run(work)
    assert "whole 6;" in slow
    assert "since" not in slow
    assert quick.count("since") == 5


def test_without_a_transport_events_go_through_the_servers_own_send(made):
    hub, room = made
    got = []

    async def send(told):
        got.append(told["body"])

    async def work():
        hub.start()
        hub.join(1, Stream(send, WALL))
        await moment()
        room.version = 2
        hub.hear(1)
        await moment()
        await hub.end()

    run(work)
    assert got[:2] == [b"whole 1;", b"since 1 to 2;"]


def test_what_concerns_one_is_told_to_that_one_alone(made):
    hub, room = made
    room.personal = {7: b"for seven;", 8: b"for eight;"}

    async def work():
        hub.start()
        seven, _one = joined(hub, PHONE, 7)
        eight, _two = joined(hub, PHONE, 8)
        wall, _three = joined(hub, WALL)
        desk, _four = joined(hub, CONSOLE)
        await moment()
        room.version, room.now = 2, True
        hub.hear(1)
        await moment()
        texts = [one.text for one in (seven, eight, wall, desk)]
        await hub.end()
        return texts

    seven, eight, wall, desk = run(work)
    assert "for seven" in seven
    assert "for eight" not in seven
    assert "for eight" in eight
    assert "for seven" not in eight
    assert "for" not in wall + desk
    assert "room 2;" in seven
    assert "since" not in seven + desk
    assert "v2;" in desk


def test_who_was_asked_to_leave_hears_so_and_the_stream_ends(made):
    hub, room = made
    room.personal, room.left = {7: b"you left;"}, frozenset({7})

    async def work():
        hub.start()
        seven, _one = joined(hub, PHONE, 7)
        await moment()
        count = hub.count(1)
        await hub.end()
        return seven, count

    seven, count = run(work)
    assert "you left;" in seven.text
    assert (seven.ended, count) == (True, 0)


def test_a_workshop_that_is_gone_sends_everybody_away_and_a_fault_does_not(made):
    hub, room = made

    async def work():
        hub.start()
        room.fails = ValueError("once")
        wall, _one = joined(hub, WALL)
        await moment()
        assert not wall.ended
        room.fails = None
        hub.hear(1)
        await moment()
        assert "whole 1;" in wall.text
        room.fails = Missing()
        hub.hear(1)
        await moment()
        ended = wall.ended
        await hub.end()
        return ended

    assert run(work)


def test_many_changes_are_few_events(made):
    hub, room = made

    async def work():
        hub.start()
        walls = [joined(hub, WALL)[0] for _one in range(1200)]
        await asyncio.sleep(0.2)
        for version in range(2, 200):
            room.version = version
            hub.hear(1)
            await asyncio.sleep(0)
        await asyncio.sleep(0.5)
        await hub.end()
        return walls

    walls = run(work)
    assert all("to 199;" in one.text for one in walls)
    assert all(one.text.count("since") < 20 for one in walls)


def test_rooms_without_readers_are_forgotten(made):
    hub, _room = made

    async def work():
        hub.start()
        _server, stream = joined(hub, WALL)
        await moment()
        hub.leave(1, stream)
        hub.leave(1, stream)
        assert hub.count(1) == 0
        assert not hub._rooms
        await hub.end()
        assert hub.full

    run(work)


def test_a_chunk_says_how_long_it_is():
    assert chunk_of(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
