"""Which world this is: a real one, or a demo whose clock may be moved and whose doors are open."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access.refusal import Missing, Refused
from understream.records.person import Person
from understream.records.world import World

_KNOWN: dict[str, tuple[bool, timedelta]] = {}


class NotEmpty(Refused):
    """A real world never becomes a demo."""

    reason = _(
        "There are people in this database already, so that no demo world can be made in it. "
        "Take another one."
    )


def _world() -> tuple[bool, timedelta]:
    if "world" not in _KNOWN:
        row = World.objects.first()
        _KNOWN["world"] = (row.is_demo, row.clock_ahead) if row else (False, timedelta())
    return _KNOWN["world"]


def forget() -> None:
    """Read the world anew at the next question."""
    _KNOWN.clear()


def is_demo() -> bool:
    """Tell whether this database was made as a demo world."""
    return _world()[0]


def moment(real: datetime) -> datetime:
    """Return the moment in this world: the real one, except in a demo whose clock was moved."""
    return real + _world()[1]


@transaction.atomic
def make_demo(*, seed: int) -> None:
    """Mark a new and empty database as a demo world, once and for all.

    :raises NotEmpty: if somebody is there, or a world was made before.
    """
    if World.objects.exists() or Person.objects.exists():
        raise NotEmpty
    World.objects.create(is_demo=True, seed=seed, clock_ahead=timedelta())
    forget()


@transaction.atomic
def move_clock(to: datetime, *, real: datetime) -> None:
    """Move the clock of a demo world forward.

    :raises Missing: in a real world, or if the moment lies behind.
    """
    row = World.objects.select_for_update().filter(is_demo=True).first()
    if row is None or to < real + row.clock_ahead:
        raise Missing
    row.clock_ahead = to - real
    row.save(update_fields=["clock_ahead"])
    forget()
