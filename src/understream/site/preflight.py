"""Refuse to serve with a setting that would weaken what people are promised.

Nothing here reads what was asked for where it can ask what is in force: a database is asked
itself. Every fault is one sentence that begins with its setting.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from understream.domain import world
from understream.measurement.disclosure import K
from understream.site.environment import KNOWN, SHORTEST_SECRET, is_loopback

BESIDE = ("UNDERSTREAM_SHARED", "UNDERSTREAM_TEST_")
"""What only tests read."""


def faults() -> tuple[str, ...]:
    """Return a sentence for everything that must be mended before people can be served."""
    return (*_of_settings(), *_of_database())


def _of_settings() -> Iterator[str]:
    for name in sorted(os.environ):
        if name.startswith("UNDERSTREAM_") and name not in KNOWN and not name.startswith(BESIDE):
            yield f"{name} is no setting; docs/settings.md lists those there are."
    if settings.UNDERSTREAM_K < K:
        yield (
            f"UNDERSTREAM_K is {settings.UNDERSTREAM_K}; blocks of fewer than {K} people protect "
            f"nobody, so set {K} or more, or leave it out."
        )
    if settings.DEBUG and not is_loopback(settings.HOST):
        yield (
            f"UNDERSTREAM_DEBUG is on while HOST is {settings.HOST}; a fault would show its "
            "contents to everybody, so switch it off or serve on 127.0.0.1."
        )
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        yield f"UNDERSTREAM_SECRET must have {SHORTEST_SECRET} characters or more."
    if any("*" in host or host.startswith(".") for host in settings.ALLOWED_HOSTS):
        yield (
            "UNDERSTREAM_HOSTS must name every host name in full: whoever may choose the name "
            "may choose where links in letters lead."
        )
    if settings.UNDERSTREAM_URL.startswith("https:") and not settings.UNDERSTREAM_PROXY:
        yield (
            "UNDERSTREAM_PROXY is not set while UNDERSTREAM_URL begins with https; name the "
            "address of the proxy that ends TLS, such as 127.0.0.1."
        )
    if Path(settings.DATA).stat().st_mode & 0o077:
        yield f"UNDERSTREAM_DATA is {settings.DATA}, which others can read."
    if not settings.DEBUG and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield "UNDERSTREAM_DATA holds no style sheets yet; run `understream prepare` first."


def _of_database() -> Iterator[str]:
    try:
        yield from _of_postgresql() if connection.vendor == "postgresql" else _of_sqlite()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            yield (
                "UNDERSTREAM_DATABASE_URL: the database lacks tables or columns of this version "
                f"({len(missing)} migrations); run `understream prepare` first."
            )
        elif world.is_demo() and not is_loopback(settings.HOST):
            yield (
                f"HOST is {settings.HOST}, but this database is a demo world, whose doors are "
                "open; serve it on 127.0.0.1, or take another UNDERSTREAM_DATA."
            )
    except DatabaseError as fault:
        yield (
            "UNDERSTREAM_DATABASE_URL: the database does not answer "
            f"({type(fault).__name__}); is it running, and are name and password right?"
        )


def _of_sqlite() -> Iterator[str]:
    journal = _ask("PRAGMA journal_mode")
    if journal != "wal":
        yield (
            f"UNDERSTREAM_SQLITE_JOURNAL: SQLite keeps its journal as {journal}, not as WAL; "
            "leave it out, and keep UNDERSTREAM_DATA on a disk of this machine."
        )
    synchronous = _ask("PRAGMA synchronous")
    if synchronous not in (2, 3):
        yield (
            "UNDERSTREAM_SQLITE_SYNCHRONOUS is weaker than FULL; what people were told is "
            "recorded could be lost with the power, so leave it out."
        )
    if _ask("PRAGMA secure_delete") != 1:
        yield (
            "UNDERSTREAM_SQLITE_SECURE_DELETE is not ON; erased voices would stay on the disk, "
            "so leave it out."
        )
    if _ask("PRAGMA foreign_keys") != 1:
        yield "UNDERSTREAM_DATA: this SQLite does not keep references between tables."


def _of_postgresql() -> Iterator[str]:
    for name in ("fsync", "full_page_writes"):
        if _ask(f"SHOW {name}") != "on":
            yield (
                f"UNDERSTREAM_DATABASE_URL: the server's {name} is off; what people were told is "
                "recorded could be lost, so switch it on."
            )
    if _ask("SHOW synchronous_commit") in ("off", "local"):
        yield (
            "UNDERSTREAM_DATABASE_URL: synchronous_commit is weaker than on for this database; "
            "what people were told is recorded could be lost, so switch it on."
        )


def _ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        answer: object = cursor.fetchone()[0]
        return answer
