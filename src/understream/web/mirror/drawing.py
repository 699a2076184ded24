"""Lay a mirror's cards out as pictures and tables: functions of displayed figures alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.mirror import FacetRow, FigureCard, ItemRow, MirrorCard, Section
from understream.domain.word import WORDS
from understream.report.picture import (
    Band,
    Mark,
    Picture,
    Span,
    axis,
    distribution,
    dumbbell,
    lowest,
    strip,
)

MOST_MARKS = 6
RANK = {"clear": 0, "possible": 1, "worth asking": 1, "cannot tell": 2}


@dataclass(frozen=True, slots=True)
class Division:
    """How one party's answers to one question divide, where that may be shown."""

    party: str
    letter: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Line:
    """One question or facet as it is drawn.

    :ivar word: the loudest label between parties, in words; "" for none.
    :ivar kind: the component's class for that label.
    :ivar notes: further things to know, each a short sentence.
    :ivar second: the line of its second question, which stands right below it.
    """

    text: str
    detail: str
    picture: Picture | None
    word: str
    kind: str
    figures: tuple[FigureCard, ...]
    notes: tuple[str, ...]
    divisions: tuple[Division, ...]
    choice: bool
    second: "Line | None" = None


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under one title and on one scale, largest difference first.

    One facet with its questions; or, where every facet is a single question, all facets of a side.

    :ivar side: ``upper``, ``under`` or ``context``: the hue.
    :ivar ends: what the ends of the scale are called; "" for a choice.
    :ivar head: the line of the facet itself, if it has several questions.
    """

    title: str
    side: str
    ends: str
    head: Line | None
    lines: tuple[Line, ...]
    axis: Picture
    table: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A section of the mirror, drawn."""

    section: Section
    blocks: tuple[Block, ...]


def draw(card: MirrorCard) -> tuple[Drawn, ...]:
    """Return the sections of a mirror as they are drawn."""
    return tuple(Drawn(section, _blocks(section)) for section in card.sections)


def _blocks(section: Section) -> tuple[Block, ...]:
    if any(len(facet.items) > 1 for facet in section.facets):
        seconds = {
            item.after: item for facet in section.facets for item in facet.items if item.after
        }
        return tuple(
            _block(facet.title, [facet], seconds)
            for facet in section.facets
            if not all(item.after for item in facet.items)
        )
    sides: dict[tuple[str, str], list[FacetRow]] = {}
    for facet in section.facets:
        sides.setdefault((facet.side, _ends(facet)), []).append(facet)
    return tuple(
        _block(str(WORDS[side]) if len(facets) > 1 else facets[0].title, facets, {})
        for (side, _scale), facets in sides.items()
    )


def _block(title: str, facets: Sequence[FacetRow], seconds: Mapping[str, ItemRow]) -> Block:
    first = facets[0]
    span = Span(first.low, first.high)
    lines = [
        (
            _rank(item),
            _item_line(item, facet.title if len(facets) > 1 else "", seconds.get(item.code)),
        )
        for facet in facets
        for item in facet.items
        if seconds.get(item.after) != item
    ]
    ordered = tuple(line for _place, line in sorted(lines, key=lambda one: one[0]))
    head = _facet_line(first, span) if len(first.items) > 1 and first.figures else None
    table = tuple(
        each for _place, line in lines for each in (line, line.second) if each is not None
    )
    return Block(title, first.side, _ends(first), head, ordered, axis(span), table)


def _ends(facet: FacetRow) -> str:
    if not facet.low_end:
        return ""
    return f"{facet.low} {facet.low_end} … {facet.high} {facet.high_end}"


def _rank(item: ItemRow) -> tuple[int, float]:
    labels = [RANK.get(gap.label, 3) for gap in item.gaps]
    shown = [one.value for one in item.figures if one.value is not None]
    apart = max(shown) - min(shown) if shown else 0.0
    return (min(labels, default=3), -apart)


def _facet_line(facet: FacetRow, span: Span) -> Line:
    return Line(
        facet.title,
        _("mean of the questions below"),
        _picture(facet.title, facet.figures, span),
        "",
        "",
        facet.figures,
        (),
        (),
        choice=False,
    )


def _item_line(item: ItemRow, detail: str, second: ItemRow | None = None) -> Line:
    gap = min(item.gaps, key=lambda one: RANK.get(one.label, 3), default=None)
    return Line(
        item.title or item.text,
        detail or (item.text if item.title else ""),
        None
        if item.choice
        else _picture(item.title or item.text, item.figures, Span(item.low, item.high)),
        gap.word if gap else "",
        gap.label.split()[0] if gap and gap.label in ("clear", "possible") else "",
        item.figures,
        tuple(_notes(item)),
        tuple(_divisions(item)),
        item.choice,
        _item_line(second, "") if second else None,
    )


def _notes(item: ItemRow) -> list[str]:
    notes = [
        _("%(party)s: %(word)s") % {"party": one.party.name, "word": one.word}
        for one in item.figures
        if one.word and len(item.figures) <= MOST_MARKS
    ]
    notes += [
        _("%(party)s: many could not judge this") % {"party": one.party.name}
        for one in item.figures
        if one.not_visible
    ]
    return notes


def _divisions(item: ItemRow) -> list[Division]:
    if item.choice or len(item.figures) > MOST_MARKS:
        return []
    return [
        Division(
            one.party.name,
            one.party.letter,
            distribution(
                one.party.name,
                [
                    Band(band.name, band.share, band.text, band.end, band.short)
                    for band in one.bands
                ],
            ),
        )
        for one in item.figures
        if len(one.bands) == 3  # noqa: PLR2004 - the three bands of seven points
    ]


def _picture(title: str, figures: tuple[FigureCard, ...], span: Span) -> Picture:
    marks = [
        Mark(one.party.name, one.party.letter, one.value, one.text, one.end, one.step)
        for one in figures
    ]
    if len(marks) <= MOST_MARKS:
        return dumbbell(title, marks, hidden=_("not shown"), span=span)
    low = lowest(marks)
    note = f"{low[0].name}: {low[0].words}" if len(low) == 1 else ""
    return strip(title, marks, note=note, span=span)
