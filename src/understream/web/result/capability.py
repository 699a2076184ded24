"""Draw a capability scan: four lines, one mark a party."""

from understream.domain.result.capability import CapabilityResult
from understream.web.result.row import Rows, draw_rows


def draw_capability(result: CapabilityResult) -> Rows:
    """Return the competences in their own order, drawn on one scale."""
    return draw_rows(result.competences)
