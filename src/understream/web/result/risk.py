"""Draw a risk scan: a line a risk, one mark a party."""

from understream.domain.result.risk import RiskResult
from understream.web.result.row import Rows, draw_rows


def draw_risk(result: RiskResult) -> Rows:
    """Return the risks, the one that a party feels most in front."""
    return draw_rows(result.rows)
