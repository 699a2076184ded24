"""What the host sees: how the house runs, and nothing of what is said in it."""

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max, Min

from understream import __version__
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain import due, world
from understream.records.due import Due

LATE = timedelta(minutes=2)
"""What fell due longer ago than this, and is not done, should have been."""


@dataclass(frozen=True, slots=True)
class HostCard:
    """The state of this host; sizes in bytes, moments in UTC.

    :ivar waiting: things that will fall due.
    :ivar overdue: things that fell due a while ago and are not done; 0 when all is well.
    """

    version: str
    python: str
    database: str
    database_bytes: int
    disk_free: int
    disk_total: int
    mail: str
    address: str
    last_tick: datetime | None
    last_done: datetime | None
    next_due: datetime | None
    waiting: int
    overdue: int
    demo: bool


def host_before(seat: Seat, *, now: datetime) -> HostCard:
    """Return how the house runs.

    :raises Forbidden: for anybody but the host.
    """
    require(seat, Act.HOST_OPERATE)
    open_dues = Due.objects.filter(done_at=None)
    disk = shutil.disk_usage(settings.DATA)
    return HostCard(
        version=__version__,
        python=platform.python_version(),
        database=_database(),
        database_bytes=_database_bytes(),
        disk_free=disk.free,
        disk_total=disk.total,
        mail=settings.EMAIL_BACKEND.rsplit(".", 2)[-2],
        address=settings.UNDERSTREAM_URL,
        last_tick=due.last_tick(),
        last_done=Due.objects.aggregate(last=Max("done_at"))["last"],
        next_due=open_dues.filter(at__gt=now).aggregate(next=Min("at"))["next"],
        waiting=open_dues.filter(at__gt=now - LATE).count(),
        overdue=open_dues.filter(at__lte=now - LATE).count(),
        demo=world.is_demo(),
    )


def is_ready() -> bool:
    """Tell whether the database answers and has every table this version needs."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _database() -> str:
    if connection.vendor != "postgresql":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def _database_bytes() -> int:
    if connection.vendor != "postgresql":
        path = Path(connection.settings_dict["NAME"])
        return path.stat().st_size if path.exists() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
