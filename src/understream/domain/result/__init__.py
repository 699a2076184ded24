"""What a scan says in its own terms: cards drawn from displayed figures, and from nothing else.

A mirror shows every scan alike. A result knows what this scan is about: which drivers to begin
with, what trust hangs on, where responsibility lies nowhere. It is a function of mirrors that the
seat may open, so that it can tell nobody anything that those do not.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, may
from understream.access.seat import Seat
from understream.domain.commitment import commitments_of
from understream.domain.mirror import MirrorCard, mirror_before
from understream.domain.result.capability import CapabilityResult, read_capability
from understream.domain.result.card import Beside, Pattern, band_of
from understream.domain.result.conflict import ConflictResult, read_conflict, read_harmony
from understream.domain.result.drivers import DriversResult, read_drivers
from understream.domain.result.paradigm import ParadigmResult, read_paradigm
from understream.domain.result.responsibility import ResponsibilityResult, read_responsibility
from understream.domain.result.risk import RiskResult, read_risk
from understream.domain.result.trust import TrustResult, read_trust
from understream.records.round import State

Result = (
    CapabilityResult
    | ConflictResult
    | DriversResult
    | ParadigmResult
    | ResponsibilityResult
    | RiskResult
    | TrustResult
)

READERS: Final[Mapping[str, Callable[[MirrorCard, Beside], Result]]] = {
    "capability": read_capability,
    "capability_short": read_capability,
    "conflict": read_conflict,
    "drivers": read_drivers,
    "harmony": read_harmony,
    "paradigm": read_paradigm,
    "responsibility": read_responsibility,
    "risk": read_risk,
    "trust": read_trust,
}
"""By instrument: how its mirror is read. What is not here has its mirror alone."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "conflict": ("harmony",),
    "harmony": ("conflict",),
}
"""By instrument: which other scans its result looks at, if the alliance has them."""

TELLS_OF_PROMISES: Final = frozenset({"trust"})
"""The instruments whose result stands beside what was promised."""

__all__ = ["READERS", "Beside", "Pattern", "Result", "band_of"]
__all__ += ["result_before", "result_by_link"]


def result_before(
    seat: Seat, key: int, *, language: str, now: datetime
) -> tuple[MirrorCard, Result | None]:
    """Return the mirror of a closed round, and what it says in the terms of its scan.

    :param language: ``en`` or ``nl``, for the questions; sentences use the language in force.
    :param now: the moment by which promises are overdue.
    :returns: the mirror; and its result, ``None`` for an instrument that has none.
    :raises Missing: as `mirror_before`.
    """
    mirror = mirror_before(seat, key, language=language)
    read = READERS.get(mirror.instrument)
    if read is None:
        return mirror, None
    return mirror, read(mirror, _beside(seat, mirror, language, now))


def result_by_link(
    link: str, *, browser: str, language: str, now: datetime
) -> tuple[MirrorCard, Result | None]:
    """Return the same for the holder of a personal link, in the browser it belongs to.

    :raises Missing: before the round has closed, for another browser, or if the person has left.
    """
    right = reach.reading_by(link, browser)
    seat = reach.seat_from(right.seat)
    return result_before(seat, right.cohort.round_id, language=language, now=now)


def _beside(seat: Seat, mirror: MirrorCard, language: str, now: datetime) -> Beside:
    """Return what stands beside a mirror, as far as the seat may open it."""
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
    tells = mirror.instrument in TELLS_OF_PROMISES
    if not tells or not may(seat, Act.COMMITMENT_READ, Where(seat.alliance)):
        return Beside(others)
    return Beside(others, commitments_of(seat, language=language, now=now))
