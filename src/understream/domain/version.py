"""Tell whoever listens in this process that a workshop has changed, after the commit.

The domain knows no streams. What stands above it listens; what hears nothing can always compare
versions, because the version grows in the transaction of the change.
"""

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection, transaction
from psycopg.conninfo import make_conninfo

from understream.records.workshop import Workshop

P = ParamSpec("P")
T = TypeVar("T")
_LISTENERS: list[Callable[[int], None]] = []


def listen(heard: Callable[[int], None]) -> Callable[[], None]:
    """Call `heard` with the key of each workshop that changes, in whatever thread changed it.

    :returns: what ends the listening.
    """
    _LISTENERS.append(heard)

    def stop() -> None:
        _LISTENERS.remove(heard)

    return stop


def grow(row: Workshop) -> int:
    """Give a workshop its next version; it must be locked in this transaction.

    :returns: the version that this change has.
    """
    row.version += 1
    row.save(update_fields=["version"])
    _tell_after_commit((row.pk,))
    return row.version


def grow_all(rows: Iterable[Workshop]) -> None:
    """Give each of these locked workshops its next version, all at once."""
    grown = list(rows)
    for row in grown:
        row.version += 1
    Workshop.objects.bulk_update(grown, ["version"])
    _tell_after_commit([row.pk for row in grown])


def apart(work: Callable[P, T], *args: P.args, **keys: P.kwargs) -> T:
    """Do something in a thread that no request has, and leave no spent connection behind."""
    close_old_connections()
    try:
        return work(*args, **keys)
    finally:
        close_old_connections()


def versions_of(keys: Iterable[int]) -> dict[int, int]:
    """Return the version of each of these workshops that is there."""
    return dict(Workshop.objects.filter(pk__in=list(keys)).values_list("pk", "version"))


def database_of() -> tuple[str, str]:
    """Return what the database is, and where: a path of SQLite, or how PostgreSQL is reached."""
    if connection.vendor == "sqlite":
        return "sqlite", str(connection.settings_dict["NAME"])
    told = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host",
             "PORT": "port"}  # fmt: skip
    return "postgresql", make_conninfo(
        **{short: str(told[name]) for name, short in names.items() if told.get(name)}
    )


def _tell_after_commit(keys: Iterable[int]) -> None:
    if _LISTENERS:
        changed = tuple(keys)
        transaction.on_commit(lambda: _tell(changed), robust=True)


def _tell(keys: Iterable[int]) -> None:
    for heard in tuple(_LISTENERS):
        for key in keys:
            heard(key)
