"""Draw rows of a result: one line each, one mark a party, with its table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FigureCard
from understream.domain.result.card import Row
from understream.report.picture import Mark, Picture, Span, Spot, axis, dumbbell, lowest, strip

MOST_MARKS = 6


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row as it is drawn, with each figure and its word beside it."""

    title: str
    picture: Picture
    figures: tuple[tuple[FigureCard, str], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows on one scale, and the scale above them."""

    axis: Picture
    lines: tuple[RowLine, ...]


def draw_rows(rows: Sequence[Row]) -> Rows:
    """Return rows in their own order, drawn on the scale of the first."""
    span = Span(rows[0].low, rows[0].high) if rows else Span()
    return Rows(axis(span), tuple(draw_row(one, span) for one in rows))


def draw_row(row: Row, span: Span) -> RowLine:
    """Return one row, drawn on a scale."""
    words = row.words or ("",) * len(row.figures)
    return RowLine(
        row.title,
        draw_figures(row.title, row.figures, span),
        tuple(zip(row.figures, words, strict=True)),
    )


def draw_figures(title: str, figures: Sequence[FigureCard], span: Span) -> Picture:
    """Return displayed figures as marks on one line; of very many parties a strip of dots."""
    marks = marks_of(figures)
    if len(marks) <= MOST_MARKS:
        return dumbbell(title, marks, hidden=_("not shown"), span=span)
    low = lowest(marks)
    note = f"{low[0].name}: {low[0].words}" if len(low) == 1 else ""
    return strip(title, marks, note=note, span=span)


def marks_of(figures: Sequence[FigureCard]) -> list[Mark]:
    """Return figures as marks, one a party."""
    return [
        Mark(one.party.name, one.party.letter, one.value, one.text, one.end, one.step)
        for one in figures
    ]


def spots_of(
    places: Iterable[tuple[PartyCard, FigureCard | None, FigureCard | None]], words: str
) -> list[Spot]:
    """Return parties as places in a plane.

    :param places: each party with its figure across and its figure up; ``None`` if not shown.
    :param words: what is said of a place, with ``%(across)s`` and ``%(up)s`` for its figures.
    """
    hidden = _("not shown")
    return [
        Spot(
            party.name,
            party.letter,
            across.value if across else None,
            up.value if up else None,
            words % {"across": across.text if across else hidden, "up": up.text if up else hidden},
        )
        for party, across, up in places
    ]
