"""What a scan says in its own terms: cards drawn from displayed figures, and from nothing else.

A mirror shows every scan alike. A result knows what this scan is about: which drivers to begin
with, what trust hangs on, where responsibility lies nowhere. It is a function of mirrors that the
seat may open, so that it can tell nobody anything that those do not.
"""

from collections.abc import Callable, Mapping
from typing import Final

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.seat import Seat
from understream.domain.mirror import MirrorCard, mirror_before
from understream.domain.result.capability import CapabilityResult, read_capability
from understream.domain.result.card import Pattern, band_of
from understream.records.round import State

Result = CapabilityResult
Others = Mapping[str, MirrorCard]
"""The newest other mirrors of the alliance that the seat may open, by instrument."""

READERS: Final[Mapping[str, Callable[[MirrorCard, Others], Result]]] = {
    "capability": read_capability,
    "capability_short": read_capability,
}
"""By instrument: how its mirror is read. What is not here has its mirror alone."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {}
"""By instrument: which other scans its result looks at, if the alliance has them."""

__all__ = ["READERS", "CapabilityResult", "Others", "Pattern", "Result", "band_of"]
__all__ += ["result_before", "result_by_link"]


def result_before(seat: Seat, key: int, *, language: str) -> tuple[MirrorCard, Result | None]:
    """Return the mirror of a closed round, and what it says in the terms of its scan.

    :param language: ``en`` or ``nl``, for the questions; sentences use the language in force.
    :returns: the mirror; and its result, ``None`` for an instrument that has none.
    :raises Missing: as `mirror_before`.
    """
    mirror = mirror_before(seat, key, language=language)
    read = READERS.get(mirror.instrument)
    if read is None:
        return mirror, None
    return mirror, read(mirror, _beside(seat, mirror, language))


def result_by_link(link: str, *, browser: str, language: str) -> tuple[MirrorCard, Result | None]:
    """Return the same for the holder of a personal link, in the browser it belongs to.

    :raises Missing: before the round has closed, for another browser, or if the person has left.
    """
    right = reach.reading_by(link, browser)
    return result_before(reach.seat_from(right.seat), right.cohort.round_id, language=language)


def _beside(seat: Seat, mirror: MirrorCard, language: str) -> Others:
    """Return the newest mirror of each scan that stands beside this one, as far as it opens."""
    others: dict[str, MirrorCard] = {}
    for instrument in BESIDE.get(mirror.instrument, ()):
        newest = (
            reach.rounds_within(seat)
            .filter(state=State.CLOSED, instrument__code=instrument, alliance=mirror.alliance)
            .order_by("-closed_at", "-pk")
            .values_list("pk", flat=True)
            .first()
        )
        if newest is not None:
            try:
                others[instrument] = mirror_before(seat, newest, language=language)
            except Missing:
                continue
    return others
