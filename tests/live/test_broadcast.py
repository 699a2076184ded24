"""One contract for all ways between processes: what one tells, another hears; nothing is said."""

import shutil
import socket
import sqlite3
import subprocess
import time
from contextlib import contextmanager

import psycopg
import pytest
import redis

from tests import run_all
from understream.live.broadcast import CHANNEL, Notified, Published, Watched, between

SOON = 3.0


def wait_for(heard, wanted, seconds=SOON):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted(heard):
            return True
        time.sleep(0.01)
    return False


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def on_sqlite(folder):
    path = folder / "x.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n)")

    class Commits(Watched):
        """A commit is what tells."""

        def tell(self, workshop):
            with sqlite3.connect(path) as connection:
                connection.execute("INSERT INTO t VALUES (?)", (workshop,))

    yield lambda: Commits(path), None


@contextmanager
def on_postgresql(_folder):
    folder = run_all.server_programs()
    if folder is None:
        pytest.skip("PostgreSQL's server programs are missing; CI installs them")
    with run_all.postgresql(folder) as url:

        def cut():
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )

        yield lambda: Notified(url), cut


@contextmanager
def on_redis(folder):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is missing; CI installs it")
    port = free_port()
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        client = redis.Redis(port=port)
        assert wait_for(client, _answers, 10)

        def cut():
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        try:
            yield lambda: Published(f"redis://127.0.0.1:{port}/0"), cut
        finally:
            server.terminate()


def _answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


WAYS = {"sqlite": on_sqlite, "postgresql": on_postgresql, "redis": on_redis}


@pytest.fixture(scope="module", params=WAYS)
def way(request, tmp_path_factory):
    with WAYS[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture
def two(way):
    """Return two processes' ends, and what each has heard."""
    make, cut = way
    ends, heard = [make(), make()], [[], []]
    for end, ears in zip(ends, heard, strict=True):
        end.start(ears.append)
    if cut is not None:
        assert wait_for(heard, all, 10)  # each says that it listens
    else:
        time.sleep(0.2)
    yield ends, heard, cut
    for end in ends:
        end.stop()


def test_what_one_tells_the_other_hears(two):
    (one, other), heard, _cut = two
    heard[1].clear()
    one.tell(7)
    assert wait_for(heard, lambda both: 7 in both[1] or None in both[1])
    heard[0].clear()
    other.tell(8)
    assert wait_for(heard, lambda both: 8 in both[0] or None in both[0])


def test_of_very_many_the_last_is_heard(two):
    (one, _other), heard, _cut = two
    heard[1].clear()
    for number in range(300):
        one.tell(number % 9)
    time.sleep(0.3)
    heard[1].clear()
    one.tell(99)
    assert wait_for(heard, lambda both: 99 in both[1] or None in both[1])


def test_after_a_lost_connection_anything_may_have_changed_and_it_goes_on(two):
    (one, _other), heard, cut = two
    if cut is None:
        return  # a file has no connection that could be cut
    heard[1].clear()
    cut()
    assert wait_for(heard, lambda both: None in both[1], 8)
    time.sleep(0.3)
    heard[1].clear()
    for _try in range(20):
        one.tell(5)
        if wait_for(heard, lambda both: 5 in both[1], 0.4):
            break
    assert 5 in heard[1]


def test_it_ends_within_a_moment(way):
    make, _cut = way
    end = make()
    end.start(lambda _workshop: None)
    time.sleep(0.2)
    began = time.monotonic()
    end.stop()
    assert time.monotonic() - began < 2.5


def test_a_server_that_is_gone_is_looked_for_and_harms_nobody():
    for end in (
        Published(f"redis://127.0.0.1:{free_port()}/0"),
        Notified(f"host=127.0.0.1 port={free_port()} dbname=x"),
    ):
        end.start(lambda _workshop: None)
        end.tell(1)
        time.sleep(0.2)
        end.stop()


def test_the_way_fits_what_there_is(tmp_path):
    assert isinstance(between(("sqlite", str(tmp_path / "x"))), Watched)
    assert isinstance(between(("postgresql", "dbname=x")), Notified)
    assert isinstance(between(("postgresql", "dbname=x"), "redis://x"), Published)
    assert CHANNEL.isidentifier()
