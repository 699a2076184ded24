"""Lay a result out as pictures: functions of displayed figures alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from understream.domain.result import Result
from understream.web.result.capability import draw_capability
from understream.web.result.conflict import draw_conflict
from understream.web.result.drivers import draw_drivers
from understream.web.result.paradigm import draw_paradigm
from understream.web.result.responsibility import draw_responsibility
from understream.web.result.risk import draw_risk
from understream.web.result.trust import draw_trust

DRAWERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "capability": draw_capability,
    "conflict": draw_conflict,
    "drivers": draw_drivers,
    "paradigm": draw_paradigm,
    "responsibility": draw_responsibility,
    "risk": draw_risk,
    "trust": draw_trust,
}
"""By kind of result: what its template needs beside the card."""


@dataclass(frozen=True, slots=True)
class Told:
    """A result as a page shows it.

    :ivar template: the part that shows it; it gets `card` and `drawn`.
    """

    template: str
    card: Result
    drawn: object


def tell(result: Result | None) -> Told | None:
    """Return a result as it is drawn, or ``None`` if the scan has none."""
    if result is None:
        return None
    drawn = DRAWERS[result.kind](result)
    return Told(f"result/_{result.kind}.html", result, drawn)
