"""What a capability scan says: four competences, one strength to share, one challenge to work on.

Rests on Schreiner, Kale & Corsten (2009) for coordination, communication and bonding; joint action
is the deck's fourth. The patterns and their limits are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FacetRow, FigureCard, MirrorCard
from understream.domain.result.card import (
    STRONG,
    WORKABLE,
    Beside,
    Pattern,
    Row,
    band_of,
    facets_of,
    figure_of,
    sure_of,
)

BONDING: Final = "bonding"
COORDINATION: Final = "coordination"


@dataclass(frozen=True, slots=True)
class CapabilityResult:
    """A capability scan as it is read.

    :ivar strength: the competence to share with others, or ``None`` if nothing tells them apart.
    :ivar challenge: the competence to work on in this cycle, or ``None``.
    """

    competences: tuple[Row, ...]
    strength: Row | None
    challenge: Row | None
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "capability"


def read_capability(mirror: MirrorCard, _beside: Beside) -> CapabilityResult:
    """Return what a mirror of a capability scan says.

    The strength is the competence whose lowest displayed figure is highest: nobody there is left
    behind. The challenge is the one whose lowest figure is lowest. Both are told only if they
    differ and every party is shown in each.
    """
    rows = [facet for facet in facets_of(mirror).values() if facet.figures]
    competences = tuple(_competence(row) for row in rows)
    whole = [(low, one) for one in competences if (low := _lowest(one.figures)) is not None]
    best = max(whole, key=lambda each: each[0], default=None)
    worst = min(whole, key=lambda each: each[0], default=None)
    apart = best is not None and worst is not None and best[0] > worst[0]
    return CapabilityResult(
        competences,
        best[1] if apart and best else None,
        worst[1] if apart and worst else None,
        tuple(_patterns(mirror)),
        sure_of(mirror),
    )


def _competence(row: FacetRow) -> Row:
    words = tuple(band_of(one.value) for one in row.figures)
    return Row(row.code, row.title, row.low, row.high, row.figures, words)


def _lowest(figures: Sequence[FigureCard]) -> float | None:
    """Return the lowest figure, if every party has one."""
    values = [one.value for one in figures]
    shown = [value for value in values if value is not None]
    return min(shown) if shown and len(shown) == len(values) else None


def _patterns(mirror: MirrorCard) -> list[Pattern]:
    facets = facets_of(mirror)
    if BONDING not in facets or COORDINATION not in facets:
        return []
    thin: dict[PartyCard, str] = {}
    loose: dict[PartyCard, str] = {}
    for line in mirror.parties:
        bonding = figure_of(facets[BONDING].figures, line.party.key)
        coordination = figure_of(facets[COORDINATION].figures, line.party.key)
        if not bonding or not coordination or bonding.value is None or coordination.value is None:
            continue
        told = _("%(party)s (coordination %(coordination)s, bonding %(bonding)s)") % {
            "party": line.party.name,
            "coordination": coordination.text,
            "bonding": bonding.text,
        }
        if bonding.value < WORKABLE and coordination.value >= STRONG:
            thin[line.party] = told
        if coordination.value < WORKABLE and bonding.value >= STRONG:
            loose[line.party] = told
    found = []
    if thin:
        found.append(
            Pattern(
                "well-oiled-thin",
                _("Well-oiled, thin"),
                _("%(parties)s: the work seems to run, while people seem to know little of each "
                  "other.")
                % {"parties": ", ".join(thin.values())},
                _("Spend the next meeting on what each of you holds dear, before the agenda."),
                tuple(thin),
            )
        )  # fmt: skip
    if loose:
        found.append(
            Pattern(
                "warm-loose",
                _("Warm, loose"),
                _("%(parties)s: people seem to like working together, while the work itself seems "
                  "to slip.")
                % {"parties": ", ".join(loose.values())},
                _("Repair one procedure in the next meeting: who decides what, and by when."),
                tuple(loose),
            )
        )  # fmt: skip
    return found
