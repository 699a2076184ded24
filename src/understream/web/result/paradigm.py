"""Draw a paradigm scan: the plane of both axes, and a line an axis."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.result.paradigm import ParadigmResult
from understream.report.picture import Picture, Span, axis, plane
from understream.web.result.row import Rows, draw_figures, draw_rows, spots_of

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
    spots = spots_of(
        ((one.party, one.partnership, one.differences) for one in result.places),
        _("partnership %(across)s, working differences %(up)s"),
    )
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
