"""What a paradigm scan says: where a party stands between pleasing and partnering.

The six pairs rest on the workshop's paradigm, on Das & Kumar (2009) and on Leung, Koch & Lu
(2002). The axes, the zones and their limits are ours.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FigureCard, ItemRow, MirrorCard
from understream.domain.result.card import (
    MIXED,
    WORKABLE,
    Beside,
    Pattern,
    Row,
    figure_of,
    figures_of,
    row_of,
    sure_of,
)

AXES: Final = ("partnership", "differences")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one party stands on the two axes.

    :ivar zone: ``pleasing``, ``mixed`` or ``partnering``; "" if an axis is not shown.
    """

    party: PartyCard
    partnership: FigureCard | None
    differences: FigureCard | None
    zone: str
    word: str


@dataclass(frozen=True, slots=True)
class ParadigmResult:
    """A paradigm scan as it is read: both axes, the places on them, and the six pairs."""

    rows: tuple[Row, ...]
    places: tuple[Place, ...]
    pairs: tuple[ItemRow, ...]
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "paradigm"


def read_paradigm(mirror: MirrorCard, _beside: Beside) -> ParadigmResult:
    """Return what a mirror of a paradigm scan says."""
    places = tuple(_place(mirror, line.party) for line in mirror.parties)
    pairs = tuple(
        item
        for section in mirror.sections
        for facet in section.facets
        if facet.code in AXES
        for item in facet.items
    )
    return ParadigmResult(
        tuple(row for axis in AXES if (row := row_of(mirror, axis)) is not None),
        places,
        pairs,
        tuple(pattern for one in places if (pattern := _pattern(one)) is not None),
        sure_of(mirror),
    )


def _place(mirror: MirrorCard, party: PartyCard) -> Place:
    first, second = (figure_of(figures_of(mirror, axis), party.key) for axis in AXES)
    zone = _zone(first.value if first else None, second.value if second else None)
    words = {
        "pleasing": pgettext("zone", "pleasing"),
        "mixed": pgettext("zone", "mixed"),
        "partnering": pgettext("zone", "partnering"),
        "": "",
    }
    return Place(party, first, second, zone, words[zone])


def _zone(partnership: float | None, differences: float | None) -> str:
    if partnership is None or differences is None:
        return ""
    if max(partnership, differences) < MIXED:
        return "pleasing"
    return "partnering" if min(partnership, differences) >= WORKABLE else "mixed"


def _pattern(one: Place) -> Pattern | None:
    if not one.zone or one.partnership is None or one.differences is None:
        return None
    words = {
        "party": one.party.name,
        "partnership": one.partnership.text,
        "differences": one.differences.text,
    }
    see = _("%(party)s: partnership %(partnership)s, working differences %(differences)s.") % words
    title = _("%(party)s: %(zone)s") % {"party": one.party.name, "zone": one.word}
    return Pattern(one.zone, title, see, _talk(one), (one.party,))


def _talk(one: Place) -> str:
    partnership = one.partnership.value if one.partnership else None
    differences = one.differences.value if one.differences else None
    if one.zone == "pleasing":
        return _("This looks friendly and helpful, with much left unsaid. Choose one right-hand "
                 "sentence below, and try it until the next meeting.")  # fmt: skip
    if one.zone == "partnering":
        return _("You ask, and you say it in time. Keep practising, above all under pressure.")
    if partnership is not None and differences is not None:
        if partnership >= WORKABLE and differences < MIXED:
            return _("Equal, and careful with each other. Is it peace or silence?")
        if partnership < MIXED and differences >= WORKABLE:
            return _("Frank, and still customer and supplier. What is the shared aim?")
    return _("Sometimes partners, sometimes each other’s guests. Find out at which moments it "
             "tips over.")  # fmt: skip
