"""How processes tell each other that a workshop has changed: its number, and never what was said.

Three ways with one contract: SQLite is watched, PostgreSQL notifies, Redis or Valkey publishes.
What one process tells, every process hears within a moment, itself included or not; several tells
may be heard as one, the last is never lost. After a connection was lost, "anything may have
changed" is heard, and whoever listens compares versions.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Protocol

import psycopg
import redis

log = logging.getLogger(__name__)

EVERY: Final = 0.05
"""Seconds between two looks at SQLite's counter; one look costs five millionths of a second."""
CHANNEL: Final = "understream_workshop"
PATIENCE: Final = 2.0
"""Seconds that a connection may take, and between two tries to get it back at most."""

Heard = Callable[[int | None], None]


class Broadcast(Protocol):
    """One way between processes."""

    def start(self, heard: Heard) -> None:
        """Begin: call `heard` from now on, in another thread, with a workshop or ``None`` for any.

        :param heard: returns at once.
        """

    def tell(self, workshop: int) -> None:
        """Say that a workshop has changed; returns at once, and never fails."""

    def stop(self) -> None:
        """End, within a moment."""


def between(database: tuple[str, str], redis_url: str = "") -> Broadcast:
    """Return the way that fits: Redis where one is named, else what the database offers.

    :param database: ``sqlite`` and its path, or ``postgresql`` and how it is reached.
    """
    if redis_url:
        return Published(redis_url)
    kind, place = database
    return Watched(Path(place)) if kind == "sqlite" else Notified(place)


class Watched:
    """SQLite: one process watches the counter that grows with every commit of another connection.

    Nothing has to be told: who commits is seen. This is for one process and what else writes into
    its file, such as a command.
    """

    def __init__(self, path: Path, *, every: float = EVERY) -> None:
        """Watch this file."""
        self._path, self._every = path, every
        self._over = Event()
        self._thread = Thread(target=self._run, name="broadcast", daemon=True)
        self._heard: Heard = _nobody

    def start(self, heard: Heard) -> None:
        """Begin."""
        self._heard = heard
        self._thread.start()

    def tell(self, workshop: int) -> None:
        """Do nothing: a commit is seen."""

    def stop(self) -> None:
        """End."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._watch()
            except sqlite3.Error as fault:
                log.warning("broadcast.lost", extra={"fault": type(fault).__name__})
                self._over.wait(PATIENCE)
                self._heard(None)

    def _watch(self) -> None:
        connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
        try:
            before = _counter(connection)
            while not self._over.wait(self._every):
                now = _counter(connection)
                if now != before:
                    before = now
                    self._heard(None)
        finally:
            connection.close()


def _counter(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


class _Talking:
    """What the two that talk have in common: a thread that hears, and one that tells.

    What is to be told is a set, so that a thousand tells of one workshop are one word.
    """

    def __init__(self) -> None:
        self._heard: Heard = _nobody
        self._over = Event()
        self._wanted = Event()
        self._lock = Lock()
        self._untold: set[int] = set()
        self._threads = (
            Thread(target=self._keep, args=(self._hear,), name="broadcast", daemon=True),
            Thread(target=self._keep, args=(self._say,), name="broadcast-out", daemon=True),
        )

    def start(self, heard: Heard) -> None:
        """Begin both threads."""
        self._heard = heard
        for thread in self._threads:
            thread.start()

    def tell(self, workshop: int) -> None:
        """Note what the telling thread will tell."""
        with self._lock:
            self._untold.add(workshop)
        self._wanted.set()

    def stop(self) -> None:
        """End both."""
        self._over.set()
        self._wanted.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(PATIENCE)

    def _take(self) -> list[int]:
        self._wanted.clear()
        with self._lock:
            taken = sorted(self._untold)
            self._untold.clear()
        return taken

    def _give_back(self, untold: list[int]) -> None:
        with self._lock:
            self._untold.update(untold)
        self._wanted.set()

    def _keep(self, work: Callable[[], None]) -> None:
        """Do the work until the end, with a new connection whenever one is lost."""
        wait = EVERY
        while not self._over.is_set():
            try:
                work()
                wait = EVERY
            except (psycopg.Error, redis.RedisError, OSError) as fault:
                log.warning("broadcast.lost", extra={"fault": type(fault).__name__})
                self._over.wait(wait)
                wait = min(2 * wait, PATIENCE)

    def _hear(self) -> None:
        raise NotImplementedError

    def _say(self) -> None:
        raise NotImplementedError


class Notified(_Talking):
    """PostgreSQL: one NOTIFY for each batch that was committed, never within its transaction.

    A NOTIFY within it would make commits wait for each other.
    """

    def __init__(self, conninfo: str) -> None:
        """Reach the database so."""
        super().__init__()
        self._conninfo = conninfo

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._conninfo, autocommit=True, connect_timeout=int(PATIENCE))

    def _hear(self) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._heard(None)
            while not self._over.is_set():
                for one in connection.notifies(timeout=0.5):
                    with suppress(ValueError):
                        self._heard(int(one.payload))
                    if self._over.is_set():
                        return

    def _say(self) -> None:
        with self._connect() as connection:
            while not self._over.is_set():
                self._wanted.wait(0.5)
                told = self._take()
                try:
                    for one in told:
                        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(one)))
                except psycopg.Error:
                    self._give_back(told)
                    raise


class Published(_Talking):
    """Redis or Valkey: the number of a workshop is published; nothing is ever stored there."""

    def __init__(self, url: str) -> None:
        """Reach the server so."""
        super().__init__()
        self._url = url

    def _client(self) -> "redis.Redis":
        return redis.Redis.from_url(
            self._url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
        )

    def _hear(self) -> None:
        with self._client() as client, client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(CHANNEL)
            client.ping()
            self._heard(None)
            while not self._over.is_set():
                message = channel.get_message(timeout=0.5)
                if message is not None:
                    with suppress(ValueError):
                        self._heard(int(message["data"]))

    def _say(self) -> None:
        with self._client() as client:
            while not self._over.is_set():
                self._wanted.wait(0.5)
                told = self._take()
                try:
                    for one in told:
                        client.publish(CHANNEL, str(one))
                except redis.RedisError:
                    self._give_back(told)
                    raise


def _nobody(_workshop: int | None) -> None:
    """Hear nothing yet."""
