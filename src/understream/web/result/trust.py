"""Draw a trust scan: three panels side by side, and a network from four parties up."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from understream.domain.mirror import FigureCard
from understream.domain.result.card import STRONG, WORKABLE
from understream.domain.result.trust import Cell, TrustResult
from understream.report.picture import Node, Picture, Span, Tie, axis, network_picture
from understream.web.result.row import RowLine, Rows, draw_figures, draw_rows

THIN, MIDDLE, WIDE = 1, 2, 3
LIMITS: Final = ((STRONG, WIDE), (WORKABLE, MIDDLE))


@dataclass(frozen=True, slots=True)
class RiskLine:
    """One risk as it is drawn; beside it what was done, where that may be shown."""

    line: RowLine
    done: tuple[FigureCard, ...]


@dataclass(frozen=True, slots=True)
class TrustDrawing:
    """The three panels, what stands beside them, and the network."""

    axis: Picture
    reliable: Rows
    lenses: Rows
    risks: tuple[RiskLine, ...]
    beside: Rows
    network: Picture | None


def draw_trust(result: TrustResult) -> TrustDrawing:
    """Return the panels, each on its own; nothing adds them up."""
    risks = tuple(
        RiskLine(
            RowLine(
                one.title,
                draw_figures(one.title, one.figures, Span(one.low, one.high)),
                tuple((figure, "") for figure in one.figures),
            ),
            tuple(figure for figure in one.done if figure.bands),
        )
        for one in result.risks
    )
    return TrustDrawing(
        axis(Span()),
        draw_rows(result.reliable),
        draw_rows(result.lenses),
        risks,
        draw_rows(result.beside),
        _network(result) if result.network else None,
    )


def _network(result: TrustResult) -> Picture:
    nodes = [Node(one.name, one.letter) for one in result.parties]
    place = {one.key: at for at, one in enumerate(result.parties)}
    ties = [
        Tie(place[cell.judge.key], place[cell.judged.key], width_of(cell), _words(cell))
        for row in result.matrix
        for cell in row
        if cell.value is not None
    ]
    return network_picture(_("Who trusts whom"), nodes, ties)


def width_of(cell: Cell) -> int:
    """Return in which of three widths a displayed figure is drawn."""
    value = cell.value or 0.0
    return next((width for limit, width in LIMITS if value >= limit), THIN)


def _words(cell: Cell) -> str:
    words = {"judge": cell.judge.name, "judged": cell.judged.name, "figure": cell.joint}
    return _("%(judge)s trusts %(judged)s: %(figure)s") % words
