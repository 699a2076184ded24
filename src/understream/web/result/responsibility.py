"""Draw a responsibility scan: five levels over and under the waterline."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.mirror import FigureCard
from understream.domain.result.responsibility import Level, ResponsibilityResult, Seen
from understream.report.picture import Mark, Picture, Span, axis, topic_picture


@dataclass(frozen=True, slots=True)
class LevelLine:
    """One level as it is drawn: each party's own figure, and what the other says of it.

    :ivar first: whether it is the first of its side, so that a line stands above it.
    """

    level: Level
    picture: Picture
    first: bool


@dataclass(frozen=True, slots=True)
class ResponsibilityDrawing:
    """The five levels, and the scale above them."""

    axis: Picture
    lines: tuple[LevelLine, ...]


def draw_responsibility(result: ResponsibilityResult) -> ResponsibilityDrawing:
    """Return the levels: upper stream, undercurrent, context."""
    side = ""
    lines = []
    for level in result.levels:
        lines.append(LevelLine(level, _picture(level), level.side != side))
        side = level.side
    first = result.levels[0] if result.levels else None
    span = Span(first.low, first.high) if first else Span()
    return ResponsibilityDrawing(axis(span), tuple(lines))


def _picture(level: Level) -> Picture:
    return topic_picture(
        [_mark(one) for one in level.seen],
        title=level.title,
        hidden=_("not shown"),
        low=level.low,
        high=level.high,
    )


def _mark(seen: Seen) -> Mark:
    """Return a party's own figure as its mark; what one other says of it as the small one."""
    view: FigureCard | None = seen.others[0] if len(seen.others) == 1 else None
    return Mark(
        seen.party.name,
        seen.party.letter,
        seen.own.value if seen.own else None,
        _("of itself %(figure)s") % {"figure": seen.own.text if seen.own else _("not shown")},
        view.end if view else "",
        view.step if view else 0.0,
        view.value if view else None,
        _("the other says %(figure)s") % {"figure": view.text} if view else "",
    )
