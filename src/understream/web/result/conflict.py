"""Draw scans of conflict and of harmony: a line a facet, and the plane in which both cross."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.domain.result.conflict import ConflictResult
from understream.report.picture import Picture, plane
from understream.web.result.row import Rows, draw_rows, spots_of

LIMITS = (3.5, 4.5)
"""Little below the first, much from the second, on both axes."""


@dataclass(frozen=True, slots=True)
class ConflictDrawing:
    """The facets, what people can say, and where each party stands between the two scans."""

    rows: Rows
    safety: Rows | None
    plane: Picture | None


def draw_conflict(result: ConflictResult) -> ConflictDrawing:
    """Return the lines, and a plane of voice and avoidance once both scans are there."""
    spots = spots_of(
        ((one.party, one.voice, one.avoided) for one in result.crossed),
        _("differences said %(across)s, things left alone %(up)s"),
    )
    return ConflictDrawing(
        draw_rows(result.rows),
        draw_rows((result.safety,)) if result.safety else None,
        None
        if result.missing
        else plane(
            _("Peace or silence"),
            spots,
            across=_("differences are said"),
            up=_("things are left alone"),
            hidden=_("not shown"),
            limits=LIMITS,
        ),
    )
