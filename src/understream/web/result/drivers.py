"""Draw a drivers scan: a line a driver, with what to do about it for each party."""

from dataclasses import dataclass

from understream.domain.result.drivers import Advice, DriversResult
from understream.report.picture import Picture, Span, axis
from understream.web.result.row import RowLine, draw_row


@dataclass(frozen=True, slots=True)
class DriverLine:
    """One driver as it is drawn."""

    line: RowLine
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class DriversDrawing:
    """The drivers in their order, and the scale above them."""

    axis: Picture
    drivers: tuple[DriverLine, ...]


def draw_drivers(result: DriversResult) -> DriversDrawing:
    """Return the drivers in the order in which to look at them."""
    first = result.drivers[0].row if result.drivers else None
    span = Span(first.low, first.high) if first else Span()
    lines = tuple(DriverLine(draw_row(one.row, span), one.advice) for one in result.drivers)
    return DriversDrawing(axis(span), lines)
