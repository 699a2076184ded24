"""What a risk scan says: which risks people feel, and where parties feel them differently.

The first six risks are the workshop's; the others are ours. There is no sum: one risk is enough to
talk about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from understream.domain.mirror import FacetRow, MirrorCard
from understream.domain.result.card import (
    APART,
    MIXED,
    STRONG,
    WORKABLE,
    Beside,
    Pattern,
    Row,
    facets_of,
    sure_of,
)

MOST_TOLD: Final = 3
CENT: Final = 9


@dataclass(frozen=True, slots=True)
class RiskResult:
    """A risk scan as it is read: the risk that one party feels most in front."""

    rows: tuple[Row, ...]
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "risk"


def read_risk(mirror: MirrorCard, _beside: Beside) -> RiskResult:
    """Return what a mirror of a risk scan says."""
    rows = [_row(facet) for facet in facets_of(mirror).values() if facet.figures]
    ordered = sorted(rows, key=lambda one: -_most(one))
    return RiskResult(tuple(ordered), tuple(_patterns(ordered)), sure_of(mirror))


def felt(value: float | None) -> str:
    """Return how much a risk is felt, for a displayed mean on seven points; "" for ``None``."""
    if value is None:
        return ""
    if value >= STRONG:
        return pgettext("risk", "felt strongly")
    if value >= WORKABLE:
        return pgettext("risk", "felt")
    return (
        pgettext("risk", "felt now and then")
        if value >= MIXED
        else pgettext("risk", "hardly felt")
    )


def _row(facet: FacetRow) -> Row:
    words = tuple(felt(one.value) for one in facet.figures)
    return Row(facet.code, facet.title, facet.low, facet.high, facet.figures, words)


def _most(row: Row) -> float:
    return max((one.value for one in row.figures if one.value is not None), default=0.0)


def _patterns(rows: Sequence[Row]) -> list[Pattern]:
    """Return where parties feel a risk differently, then what is felt most; three of each."""
    differing, shared = [], []
    for row in rows:
        shown = [one for one in row.figures if one.value is not None]
        told = ", ".join(f"{one.party.name} {one.text}" for one in shown)
        high = [one for one in shown if one.value is not None and one.value >= WORKABLE]
        values = [one.value for one in shown if one.value is not None]
        words = {"risk": row.title, "told": told}
        if values and round(max(values) - min(values), CENT) >= APART:
            differing.append(
                Pattern(
                    "felt-differently",
                    _("Felt differently: %(risk)s") % words,
                    _("One of you feels this far more than another (%(told)s).") % words,
                    _("Let who feels it tell what it looks like, and the others repeat it, before "
                      "anybody explains."),
                    tuple(one.party for one in shown),
                )
            )  # fmt: skip
        elif high:
            shared.append(
                Pattern(
                    "felt",
                    _("Felt: %(risk)s") % words,
                    _("People here feel this (%(told)s).") % words,
                    _("By which early sign would you notice it, and what do you do then?"),
                    tuple(one.party for one in high),
                )
            )
    return [*differing[:MOST_TOLD], *shared[:MOST_TOLD]]
