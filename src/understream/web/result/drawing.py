"""Lay a reading out as pictures: functions of displayed figures alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from understream.domain.reading import Reading
from understream.web.reading.capability import draw_capability

DRAWERS: Final[Mapping[str, Callable[[Any], object]]] = {"capability": draw_capability}
"""By kind of reading: what its template needs beside the card."""


@dataclass(frozen=True, slots=True)
class Told:
    """A reading as a page shows it.

    :ivar template: the part that shows it; it gets `card` and `drawn`.
    """

    template: str
    card: Reading
    drawn: object


def tell(reading: Reading | None) -> Told | None:
    """Return a reading as it is drawn, or ``None`` if the scan has none."""
    if reading is None:
        return None
    drawn = DRAWERS[reading.kind](reading)
    return Told(f"reading/_{reading.kind}.html", reading, drawn)
