"""What a drivers scan says: seven drivers, each with what to do about it, party by party.

The seven drivers are the workshop's. The order, and what stands beside each driver, are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FacetRow, FigureCard, MirrorCard
from understream.domain.result.card import (
    WORKABLE,
    Beside,
    Pattern,
    Row,
    band_of,
    facets_of,
    sure_of,
    value_of,
)

Third = Literal["low", "middle", "high", ""]
MATTERS, INFLUENCE = "-matters", "-influence"
RANKED: Final = ("begin", "next", "sponsors", "strength", "order", "leave", "")
"""What to do about a driver, the most urgent in front."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What one party's figures say about a driver.

    :ivar code: ``begin``, ``next``, ``sponsors``, ``strength``, ``order`` or ``leave``; "" where
        a figure that it needs is not shown.
    :ivar weight: in which third of its scale the party's importance lies; "" if not shown.
    :ivar matters: how important the party finds the driver, in a word; "" if that is not shown.
    :ivar influence: whether it sees influence this year, in a word.
    """

    party: PartyCard
    code: str
    word: str
    weight: Third
    matters: str
    influence: str


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver: the row of its figures, and the advice for each party."""

    row: Row
    advice: tuple[Advice, ...]
    matters: tuple[FigureCard, ...]
    influence: tuple[FigureCard, ...]


@dataclass(frozen=True, slots=True)
class DriversResult:
    """A drivers scan as it is read: the drivers in the order in which to look at them."""

    drivers: tuple[Driver, ...]
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "drivers"


def read_drivers(mirror: MirrorCard, _beside: Beside) -> DriversResult:
    """Return what a mirror of a drivers scan says.

    Drivers stand by what to do about them, most urgent first (:data:`RANKED`, of the party whose
    advice is most urgent), and within one word by importance times room times influence: of each
    party, how important it finds the driver (1 to 3), how far its displayed mean lies below 7, and
    how much influence it sees (1 to 3). The party for which that is most counts. Equal ones keep
    their order.
    """
    facets = facets_of(mirror)
    drivers = [
        _driver(facet, facets.get(code + MATTERS), facets.get(code + INFLUENCE))
        for code, facet in facets.items()
        if not facet.of and facet.figures
    ]
    ordered = sorted(drivers, key=lambda one: (_rank(one), -_urgency(one)))
    return DriversResult(tuple(ordered), tuple(_patterns(ordered)), sure_of(mirror))


def third_of(figure: FigureCard | None, facet: FacetRow) -> Third:
    """Return in which third of its scale of three steps a displayed figure lies; "" for none."""
    if figure is None or figure.value is None:
        return ""
    share = (figure.value - facet.low) / (facet.high - facet.low)
    return "low" if share <= 1 / 4 else "high" if share >= 3 / 4 else "middle"


def _driver(facet: FacetRow, matters: FacetRow | None, influence: FacetRow | None) -> Driver:
    words = tuple(band_of(one.value) for one in facet.figures)
    row = Row(facet.code, facet.title, facet.low, facet.high, facet.figures, words)
    advice = tuple(
        _advice(one, _third(matters, one.party.key), _third(influence, one.party.key))
        for one in facet.figures
    )
    return Driver(
        row,
        advice,
        matters.figures if matters else (),
        influence.figures if influence else (),
    )


def _third(facet: FacetRow | None, party: int) -> Third:
    if facet is None:
        return ""
    return third_of(next((one for one in facet.figures if one.party.key == party), None), facet)


def _advice(figure: FigureCard, matters: Third, influence: Third) -> Advice:
    code = _code(figure.value, matters, influence)
    words = {
        "begin": _("Begin here."),
        "next": _("Next in line."),
        "sponsors": _("Take it to the sponsors, or plan around it."),
        "strength": _("A strength: keep it, and tell others how."),
        "leave": _("Leave it for now."),
        "order": _("In order. Look again next year."),
        "": _("Not enough is shown to say."),
    }
    importance = {
        "low": _("matters little"),
        "middle": _("matters"),
        "high": _("matters much"),
        "": "",
    }
    grip = {
        "low": _("no influence this year"),
        "middle": _("some influence this year"),
        "high": _("influence this year"),
        "": "",
    }
    return Advice(figure.party, code, words[code], matters, importance[matters], grip[influence])


def _code(value: float | None, matters: Third, influence: Third) -> str:
    if matters == "low":
        return "leave"
    if value is None or not matters:
        return ""
    if value >= WORKABLE:
        return "strength" if matters == "high" else "order"
    if not influence:
        return ""
    if influence == "low":
        return "sponsors"
    return "begin" if matters == "high" else "next"


def _rank(driver: Driver) -> int:
    """Return where the most urgent advice on a driver stands; last if nothing is known."""
    return min((RANKED.index(one.code) for one in driver.advice), default=len(RANKED))


def _urgency(driver: Driver) -> float:
    """Return the most that importance, room and influence come to for one party; 0 if unknown."""
    return max(
        (
            importance * round(driver.row.high - figure.value, 9) * grip
            for figure, importance, grip in zip(
                driver.row.figures,
                _weights(driver.matters, driver.row.figures),
                _weights(driver.influence, driver.row.figures),
                strict=True,
            )
            if figure.value is not None
        ),
        default=0.0,
    )


def _weights(figures: Sequence[FigureCard], parties: Sequence[FigureCard]) -> list[float]:
    """Return a displayed figure on three steps for each party; 0 where it is not shown."""
    return [value_of(figures, one.party.key) or 0.0 for one in parties]


def _patterns(drivers: Sequence[Driver]) -> list[Pattern]:
    found = []
    first = next(
        (one for one in drivers if any(each.code == "begin" for each in one.advice)), None
    )
    if first is not None:
        begin = [
            (each.party, figure)
            for each, figure in zip(first.advice, first.row.figures, strict=True)
            if each.code == "begin"
        ]
        told = ", ".join(f"{party.name} {figure.text}" for party, figure in begin)
        found.append(
            Pattern(
                "begin-here",
                _("Begin here: %(driver)s") % {"driver": first.row.title},
                _("It matters much, something can be done about it, and it stands low (%(told)s).")
                % {"told": told},
                _("What would we see if this stood one point higher? Which one step takes us "
                  "there, and who takes it?"),
                tuple(party for party, _figure in begin),
            )
        )  # fmt: skip
    for driver in drivers:
        low = [one.party for one in driver.advice if one.weight == "low"]
        high = [one.party for one in driver.advice if one.weight == "high"]
        if low and high:
            words = {
                "driver": driver.row.title,
                "low": ", ".join(one.name for one in low),
                "high": ", ".join(one.name for one in high),
            }
            found.append(
                Pattern(
                    "weighed-differently",
                    _("You weigh this differently: %(driver)s") % words,
                    _("It matters much to %(high)s, and little to %(low)s.") % words,
                    _("Ask each other why, before you rate it."),
                    (*high, *low),
                )
            )
    return found
