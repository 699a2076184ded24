"""What results have in common: rows, patterns, and words for displayed figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from understream.domain.alliance import PartyCard
from understream.domain.commitment import CommitmentCard
from understream.domain.mirror import FacetRow, FigureCard, MirrorCard

STRONG: Final = 5.5
WORKABLE: Final = 4.5
MIXED: Final = 3.5
"""Where the bands of seven points begin. They are ours and no norm (`design` domain 8)."""
APART: Final = 1.5
"""From here two displayed figures on seven points are far apart (`measurement.gap.ASK_AT`)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a result may look at beside its own mirror, as far as the seat may open it.

    :ivar mirrors: the newest other mirrors of the alliance, by instrument.
    :ivar promises: the commitments of the alliance, where the result tells of them.
    """

    mirrors: Mapping[str, MirrorCard]
    promises: tuple[CommitmentCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a result: a facet, or a question, with each displayed figure.

    :ivar words: what each figure is in a word, in the order of the figures; "" for none.
    """

    code: str
    title: str
    low: int
    high: int
    figures: tuple[FigureCard, ...]
    words: tuple[str, ...] = ()


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


def amount_of(value: float | None) -> str:
    """Return how much a displayed mean on seven points is, where much is neither good nor bad.

    :param value: in scale points, 1 to 7; ``None`` for what is not shown.
    :returns: *much* from 5.5, *rather much* from 4.5, *some* from 3.5, *little* below; "" for
        ``None``.
    """
    if value is None:
        return ""
    if value >= STRONG:
        return pgettext("amount", "much")
    if value >= WORKABLE:
        return pgettext("amount", "rather much")
    return pgettext("amount", "some") if value >= MIXED else pgettext("amount", "little")


def facets_of(mirror: MirrorCard) -> Mapping[str, FacetRow]:
    """Return the facets by code, each from the first section that it stands in."""
    found: dict[str, FacetRow] = {}
    for section in mirror.sections:
        for facet in section.facets:
            found.setdefault(facet.code, facet)
    return found


def figures_of(mirror: MirrorCard, facet: str) -> tuple[FigureCard, ...]:
    """Return the figures of a facet, whoever is judged."""
    return tuple(
        figure
        for section in mirror.sections
        for row in section.facets
        if row.code == facet
        for figure in row.figures
    )


def items_of(mirror: MirrorCard, code: str) -> tuple[FigureCard, ...]:
    """Return the figures of a question, whoever is judged."""
    return tuple(
        figure
        for section in mirror.sections
        for row in section.facets
        for item in row.items
        if item.code == code
        for figure in item.figures
    )


def figure_of(
    figures: Iterable[FigureCard], party: int, about: int | None = None
) -> FigureCard | None:
    """Return a party's figure, of those of one question or facet; ``None`` if there is none.

    :param about: the party judged, ``None`` if the figure is about the alliance.
    """
    for one in figures:
        judged = one.about.key if one.about else None
        if one.party.key == party and judged == about:
            return one
    return None


def value_of(figures: Iterable[FigureCard], party: int, about: int | None = None) -> float | None:
    """Return what a party's displayed mean is, of the figures of one question or facet.

    :param about: the party judged, ``None`` if the figure is about the alliance.
    :returns: in scale points; ``None`` if nothing is shown.
    """
    found = figure_of(figures, party, about)
    return found.value if found else None


def row_of(mirror: MirrorCard, facet: str) -> Row | None:
    """Return a facet as a row without words; ``None`` if nothing of it stands in the mirror."""
    found = facets_of(mirror).get(facet)
    figures = figures_of(mirror, facet)
    if found is None or not figures:
        return None
    return Row(found.code, found.title, found.low, found.high, figures)


def sure_of(mirror: MirrorCard) -> str:
    """Return how sure a reader can be: how many people stand behind it, what is not shown.

    Figures of a party that is not shown at all are not counted: that it is not shown says it.
    """
    told = []
    seen = {line.party.key for line in mirror.parties if line.n or line.mode == "one voice"}
    for line in mirror.parties:
        if line.mode == "one voice":
            told.append(_("%(party)s speaks with one voice.") % {"party": line.party.name})
        elif line.n:
            told.append(_("%(party)s: %(n)s people.") % {"party": line.party.name, "n": line.n})
        else:
            told.append(
                _("%(party)s is not shown, to protect people.") % {"party": line.party.name}
            )
    hidden = sum(
        figure.state == "withheld" and figure.party.key in seen
        for section in mirror.sections
        for facet in section.facets
        for figure in facet.figures
    )
    if hidden:
        told.append(
            ngettext(
                "%(n)s figure of a facet is not shown.",
                "%(n)s figures of facets are not shown.",
                hidden,
            )
            % {"n": hidden}
        )
    return " ".join(told)
