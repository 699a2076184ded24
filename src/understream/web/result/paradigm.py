"""Draw a paradigm scan: the plane of both axes, and a line an axis."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.result.paradigm import ParadigmResult
from understream.report.picture import Picture, Span, Spot, axis, plane
from understream.web.result.row import Rows, draw_figures, draw_rows

LIMITS = (3.5, 4.5)
"""Pleasing ends at the first, partnering begins at the second, on both axes."""


@dataclass(frozen=True, slots=True)
class PairLine:
    """One pair of opposites as it is drawn, with its ends."""

    left: str
    right: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class ParadigmDrawing:
    """Where each party stands, the two axes, and the six pairs."""

    plane: Picture
    rows: Rows
    axis: Picture
    pairs: tuple[PairLine, ...]


def draw_paradigm(result: ParadigmResult) -> ParadigmDrawing:
    """Return the places on two axes, and what they are made of."""
    spots = [
        Spot(
            one.party.name,
            one.party.letter,
            one.partnership.value if one.partnership else None,
            one.differences.value if one.differences else None,
            _("partnership %(partnership)s, working differences %(differences)s")
            % {
                "partnership": one.partnership.text if one.partnership else _("not shown"),
                "differences": one.differences.text if one.differences else _("not shown"),
            },
        )
        for one in result.places
    ]
    return ParadigmDrawing(
        plane(
            _("Pleasing, mixed, partnering"),
            spots,
            across=_("from service to partnership"),
            up=_("from avoiding to working differences"),
            hidden=_("not shown"),
            limits=LIMITS,
        ),
        draw_rows(result.rows),
        axis(Span()),
        tuple(
            PairLine(
                one.low_end,
                one.high_end,
                draw_figures(
                    f"{one.low_end} … {one.high_end}", one.figures, Span(one.low, one.high)
                ),
            )
            for one in result.pairs
        ),
    )
