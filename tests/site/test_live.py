"""The live path in real houses: nothing acknowledged is lost, everybody sees the same."""

import shutil
import socket
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from random import Random

import pytest

from tests import run_all
from tests.site.house import free_port, get, run, serving, stop
from tests.site.rooms import Reader, hall, post
from tests.site.test_flaky_network import network_before


def until(true, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def answers_in(folder):
    with closing(sqlite3.connect(folder / "understream.sqlite3")) as database:
        assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        return sorted(text for (text,) in database.execute("SELECT text FROM records_answer"))


def bodies(room, each, rng):
    """Return who says what: so many answers of each person, all different."""
    told = [
        (token, {"step": room.step, "slot": slot, "key": rng.randbytes(12).hex(),
                 "text": f"{at}-{slot}"})
        for at, token in enumerate(room.tokens)
        for slot in range(each)
    ]  # fmt: skip
    rng.shuffle(told)
    return told


def send(room, port, one, tries=60):
    """Send until there is an answer; return it, and how often it was tried."""
    token, body = one
    for _tried in range(tries):
        status, reply = post(port, f"/live/{room.key}/answers", body, token, timeout=5)
        if status not in (0, 503):
            return status, reply
        time.sleep(0.02)
    return 0, None


def test_the_wire_is_as_the_protocol_says(folder):
    with serving(folder) as (_, port):
        room = hall(folder, 2)
        base, token = f"/live/{room.key}", room.tokens[0]
        wall = Reader(port, f"/live/wall/{room.wall}/events").start()
        phone = Reader(port, f"{base}/events", token).start()
        desk = Reader(port, f"/live/console/{room.ticket}/events").start()
        assert until(lambda: wall.of("wall") and phone.of("room") and desk.of("version"))
        assert phone.events[0][0] == "you"

        said = {"step": room.step, "slot": 0, "key": "k" * 16, "text": "first words"}
        at = f"{base}/answers"
        assert post(port, at, said, token) == (200, {"again": False, "key": "k" * 16,
                                                     "state": "shown"})  # fmt: skip
        assert post(port, at, said, token)[1]["again"]
        status, reply = post(port, at, {**said, "key": "z" * 16, "text": "other"}, token)
        assert (status, reply["standing"]["text"]) == (409, "first words")
        assert until(lambda: wall.order()[1] and "first words" in wall.order()[1].values())
        assert "first words" not in str(phone.events)
        refusals = {
            404: [(at, said, "nobody"), (at, {**said, "step": 10**9}, token),
                  ("/live/999/answers", said, token), ("/live/x/answers", said, token),
                  (f"{base}/other", said, token)],
            422: [(at, {**said, "text": "", "key": "y" * 16, "after": "k" * 16}, token),
                  (at, {**said, "slot": "0"}, token), (at, {**said, "value": [1]}, token)],
            415: [(at, [1], token)],
        }  # fmt: skip
        for status, all_ in refusals.items():
            for path, body, who in all_:
                told, reply = post(port, path, body, who)
                assert told == status, (path, body, reply)
                assert reply["reason"]
        dutch = post(port, at, {**said, "text": "", "key": "y" * 16, "after": "k" * 16}, token,
                     {"accept-language": "nl"})  # fmt: skip
        assert dutch[1]["faults"]["text"] == "Schrijf eerst iets."
        cookie = {"cookie": f"place-{room.key}={token}"}
        assert post(port, f"{base}/done", {"step": room.step}, headers=cookie)[0] == 200
        foreign = {**cookie, "sec-fetch-site": "cross-site"}
        assert post(port, f"{base}/done", {"step": room.step}, headers=foreign)[0] == 404
        foreign = {**cookie, "origin": "https://evil.example"}
        assert post(port, f"{base}/done", {"step": room.step}, headers=foreign)[0] == 404
        status, _head, body = get(
            port, f"{base}/own", headers={"authorization": f"Bearer {token}"}
        )
        assert status == 200
        assert b"first words" in body
        assert get(port, f"{base}/own")[0] == 404
        large = {**said, "text": "x" * 70_000}
        assert post(port, at, large, token)[0] in (0, 413)
        plain = get(port, at, "POST", "text", {"content-type": "text/plain",
                                              "authorization": f"Bearer {token}"})  # fmt: skip
        assert plain[0] == 415

        lobby = post(port, "/live/lobby", {"link": room.join})[1]
        assert [one["name"] for one in lobby["parties"]] == ["A", "B"]
        joined = post(port, "/live/join", {"link": room.join, "name": "late"})[1]
        assert post(port, at, {**said, "key": "q" * 16}, joined["token"])[0] == 200
        assert post(port, "/live/lobby", {"code": "AAAA AAAA"})[0] == 404
        for path in ("/live/wall/nobody/events", "/live/console/x/events", f"{base}/events"):
            assert get(port, path)[0] == 404
        assert get(port, "/live/ready", "HEAD")[2] == b""


def test_a_signal_ends_streams_within_three_seconds_and_says_goodbye(folder):
    with serving(folder) as (process, port):
        room = hall(folder, 1)
        readers = [Reader(port, f"/live/wall/{room.wall}/events").start() for _one in range(30)]
        assert until(lambda: all(one.of("wall") for one in readers))
        code, seconds = stop(process)
        for one in readers:
            one.thread.join(3)

    assert (code, seconds < 3) == (0, True), seconds
    assert all(one.events[-1][0] == "bye" for one in readers)


@pytest.mark.parametrize(
    ("people", "each"), [(20, 5), pytest.param(500, 20, marks=pytest.mark.soak)]
)
def test_through_a_bad_network_every_answer_counts_exactly_once(folder, people, each):
    """R-3."""
    rng = Random(people)
    with serving(folder) as (_, port):
        room = hall(folder, people)
        told = bodies(room, each, rng)
        with network_before(port, seed=people) as network, ThreadPoolExecutor(24) as at_once:
            replies = list(at_once.map(lambda one: send(room, network.address, one), told))

    assert {status for status, _reply in replies} == {200}
    assert answers_in(folder) == sorted(body["text"] for _token, body in told)
    assert all(network.happened.values())


@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.soak)])
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(folder, kills):
    """R-4."""
    rng, port = Random(kills), free_port()
    with serving(folder, port=port):
        room = hall(folder, 10 + kills)
    waiting, acknowledged = bodies(room, 10, rng), []
    for _kill in range(kills):
        with serving(folder, port=port) as (process, _), ThreadPoolExecutor(8) as at_once:
            some = [waiting.pop() for _one in range(min(40, len(waiting)))]
            sent = [(one, at_once.submit(send, room, port, one, 1)) for one in some]
            time.sleep(rng.uniform(0.01, 0.08))
            process.kill()
            for one, reply in sent:
                kept = reply.result()[0] == 200
                (acknowledged if kept else waiting).append(one)
        there = answers_in(folder)
        assert {body["text"] for _token, body in acknowledged} <= set(there)
        assert len(set(there)) == len(there)
    with serving(folder, port=port):
        for one in waiting:
            assert send(room, port, one)[0] == 200
    assert len(answers_in(folder)) == 10 * len(room.tokens)


@pytest.mark.parametrize("people", [40, pytest.param(200, marks=pytest.mark.soak)])
def test_a_restart_under_way_loses_nothing_and_everybody_comes_back(folder, people):
    """R-14."""
    rng, port = Random(people), free_port()
    with serving(folder, port=port) as (process, _):
        room = hall(folder, people)
        readers = [
            Reader(port, f"/live/{room.key}/events", token).start() for token in room.tokens
        ]
        assert until(lambda: all(one.of("room") for one in readers))
        with ThreadPoolExecutor(8) as at_once:
            told = bodies(room, 2, rng)
            sent = [at_once.submit(send, room, port, one, 400) for one in told]
            time.sleep(0.2)
            assert stop(process)[1] < 3
            began = time.monotonic()
            with serving(folder, port=port):
                again = [
                    Reader(port, f"/live/{room.key}/events", token).start()
                    for token in room.tokens
                ]
                assert until(lambda: all(one.of("room") for one in again), 10)
                assert time.monotonic() - began < 10
                assert {one.result()[0] for one in sent} == {200}

    assert answers_in(folder) == sorted(body["text"] for _token, body in told)


# ------------------------------------------------------------------- several processes


@contextmanager
def redis_server(folder):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is missing; CI installs it")
    port = free_port()
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            assert until(lambda: _is_open(port))
            yield port
        finally:
            server.terminate()


def _is_open(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("way", ["postgresql", "redis"])
@pytest.mark.usefixtures("_prepared")
def test_two_processes_give_every_client_the_same_sequence(tmp_path, way):
    programs = run_all.server_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are missing; CI installs them")
    with run_all.postgresql(programs) as url, redis_server(tmp_path) as redis_port:
        secret = "a secret that both processes know, long enough"
        settings = {"UNDERSTREAM_DATABASE_URL": url, "UNDERSTREAM_SECRET": secret}
        if way == "redis":
            settings["UNDERSTREAM_REDIS"] = f"redis://127.0.0.1:{redis_port}/0"
        done = run(tmp_path, "prepare", **settings)
        assert done.returncode == 0, done.stderr
        room = hall(tmp_path, 20, **settings)
        watched = _watch(redis_port) if way == "redis" else None
        with serving(tmp_path, **settings) as (_, one), serving(tmp_path, **settings) as (_, two):
            walls = [
                Reader(port, f"/live/wall/{room.wall}/events").start()
                for port in (one, two, one, two)
            ]
            assert until(lambda: all(wall.of("wall") for wall in walls))
            told = bodies(room, 5, Random(5))
            with ThreadPoolExecutor(12) as at_once:
                replies = [
                    at_once.submit(send, room, (one, two)[at % 2], each)
                    for at, each in enumerate(told)
                ]
            assert {reply.result()[0] for reply in replies} == {200}
            assert until(lambda: all(len(wall.order()[1]) == len(told) for wall in walls))
        orders = [wall.order() for wall in walls]
        if watched is not None:
            watched.kill()
            said = watched.stdout.read().decode()
            assert "understream_workshop" in said
            assert not any(f'"{body["text"]}"' in said for _token, body in told)
            assert not any(token in said for token in room.tokens)

    assert all(one == orders[0] for one in orders)
    assert sorted(orders[0][1].values()) == sorted(body["text"] for _token, body in told)


def _watch(port):
    client = subprocess.Popen(["redis-cli", "-p", str(port), "MONITOR"], stdout=subprocess.PIPE)
    assert client.stdout.readline()
    return client
