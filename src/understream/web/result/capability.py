"""Draw a capability scan: four lines, one mark a party."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.mirror import FigureCard
from understream.domain.result.capability import CapabilityResult
from understream.report.picture import Mark, Picture, Span, axis, dumbbell


@dataclass(frozen=True, slots=True)
class CompetenceLine:
    """One competence as it is drawn, with each party's figure and band beside it."""

    title: str
    picture: Picture
    figures: tuple[tuple[FigureCard, str], ...]


@dataclass(frozen=True, slots=True)
class CapabilityDrawing:
    """The four lines and the scale above them."""

    axis: Picture
    lines: tuple[CompetenceLine, ...]


def draw_capability(result: CapabilityResult) -> CapabilityDrawing:
    """Return the competences in their own order, drawn on one scale."""
    first = result.competences[0] if result.competences else None
    span = Span(first.low, first.high) if first else Span()
    lines = tuple(
        CompetenceLine(
            one.title,
            dumbbell(one.title, marks_of(one.figures), hidden=_("not shown"), span=span),
            tuple(zip(one.figures, one.words, strict=True)),
        )
        for one in result.competences
    )
    return CapabilityDrawing(axis(span), lines)


def marks_of(figures: tuple[FigureCard, ...]) -> list[Mark]:
    """Return figures as marks, one a party."""
    return [
        Mark(one.party.name, one.party.letter, one.value, one.text, one.end, one.step)
        for one in figures
    ]
