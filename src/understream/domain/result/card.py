"""What results have in common: patterns, and words for displayed figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import pgettext

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FacetRow, FigureCard, MirrorCard

STRONG: Final = 5.5
WORKABLE: Final = 4.5
MIXED: Final = 3.5
"""Where the bands of seven points begin. They are ours and no norm (`design` domain 8)."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A known shape in displayed figures, and a sensible next conversation about it.

    :ivar code: a stable name, such as ``well-oiled-thin``.
    :ivar see: what is seen, with the displayed figures in it.
    :ivar talk: the next conversation or first move.
    :ivar parties: whom it is about, in the order of the alliance.
    """

    code: str
    title: str
    see: str
    talk: str
    parties: tuple[PartyCard, ...] = ()


def band_of(value: float | None) -> str:
    """Return the word for a displayed mean on seven points, in the language in force.

    :param value: in scale points, 1 to 7; ``None`` for what is not shown.
    :returns: *strong* from 5.5, *workable* from 4.5, *mixed* from 3.5, *weak* below; "" for
        ``None``.
    """
    if value is None:
        return ""
    if value >= STRONG:
        return pgettext("band", "strong")
    if value >= WORKABLE:
        return pgettext("band", "workable")
    return pgettext("band", "mixed") if value >= MIXED else pgettext("band", "weak")


def facets_of(mirror: MirrorCard) -> Mapping[str, FacetRow]:
    """Return the facets by code, of a mirror that is about the alliance or between two parties."""
    return {facet.code: facet for section in mirror.sections for facet in section.facets}


def value_of(figures: Iterable[FigureCard], party: int, about: int | None = None) -> float | None:
    """Return what a party's displayed mean is, of the figures of one question or facet.

    :param about: the party judged, ``None`` if the figure is about the alliance.
    :returns: in scale points; ``None`` if nothing is shown.
    """
    for one in figures:
        judged = one.about.key if one.about else None
        if one.party.key == party and judged == about:
            return one.value
    return None
