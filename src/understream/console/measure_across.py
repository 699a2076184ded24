"""`understream measure`: what lies across units and scales.

ICC of items and scores over all units; reliability of scales over all people; comparisons of two
units; changes from one column to another. A person's score on a scale is the mean of its items,
turned ones turned, for who answered two thirds of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from statistics import fmean
from typing import Final

from understream.console.figures import Figure, Line
from understream.instruments.ratings import EVERYBODY, JOINT, ItemGroup, Person, Ratings
from understream.measurement.change import overlapping, paired, split_change
from understream.measurement.description import moments
from understream.measurement.gap import (
    Gap,
    cliffs_delta,
    floored,
    interval_label,
    moderated,
    welch_between,
)
from understream.measurement.icc import one_way
from understream.measurement.reliability import complete, crossed, reliability_of
from understream.measurement.score import score

_TWO = 2
#: Each person's value on an item or scale, in scale points; None where there is none.
Values = list[float | None]

ICC: Final = {
    "people": "n_obs",
    "units": "n_groups",
    "F": "",
    "ICC(1)": "ICC1_anova",
    "by k0": "ICC1_anova_k0",
    "ICC(2)": "ICC2_anova",
}
RELIABILITY: Final = {
    "people": "n_listwise",
    "items": "k_items",
    "alpha": "alpha_raw_listwise",
    "from": "alpha_feldt95_lo",
    "to": "alpha_feldt95_hi",
    "omega": "omega_total_1factor_minres_cor",
}
COMPARISON: Final = {
    "n 1": "n1",
    "n 2": "n2",
    "difference": "diff",
    "from": "welch_ci95_lo",
    "to": "welch_ci95_hi",
    "delta": "cliffs_delta",
    "gap": "",
    "moderated": "moderated_gap",
}
CHANGE: Final = {
    "both": "paired_n",
    "only first": "n_only_first",
    "only second": "n_only_second",
    "change": "change_total",
    "from": "overlap_ci95_lo",
    "to": "overlap_ci95_hi",
    "minds": "change_minds",
    "people": "change_people",
}


class Across:
    """Everybody's values, item by item and scale by scale, and the figures made of them."""

    def __init__(self, ratings: Ratings, reverse: Sequence[str], column: str) -> None:
        """Work out each person's values.

        :param ratings: who stands where.
        :param reverse: items whose scale is turned round within their scales.
        :param column: what a unit's name is a value of, for units that are called by numbers.
        """
        self._ratings = ratings
        self._reverse = frozenset(reverse)
        self._column = column
        low = ratings.scale.low
        self._values: dict[str, Values] = {
            item: [
                None if (one := person.answers[place]) is None else float(low + one)
                for person in ratings.people
            ]
            for place, item in enumerate(ratings.items)
        }
        for group in ratings.groups:
            scores = [score(answers) for answers in self._answers(group)]
            self._values[self._name(group)] = [
                None if one is None else low + one for one in scores
            ]

    def icc(self) -> Iterator[Line]:
        """Analyse each item and score by units."""
        units = self._places()
        for name, values in self._values.items():
            for statistic, value in _of_units([_given(values, unit) for unit in units.values()]):
                yield Line(statistic, EVERYBODY, name, value)

    def reliability(self) -> Iterator[Line]:
        """Say how well the items of each scale of two or more hang together."""
        for group in self._ratings.groups:
            if len(group.items) >= _TWO:
                for statistic, value in _of_scale(self._answers(group)):
                    yield Line(statistic, group.title, "", value)

    def comparison(self, pair: tuple[str, str]) -> Iterator[Line]:
        """Compare two units on each item and score."""
        units, points = self._places(), self._ratings.scale.points
        first, second = pair
        told = f"{first} vs {second}"
        if not any(letter.isalpha() for letter in first + second):
            told = f"{self._column} {told}"
        for name, values in self._values.items():
            a, b = _given(values, units[first]), _given(values, units[second])
            for statistic, value in _of_two(a, b, points):
                yield Line(statistic, f"{name}{JOINT}{told}", "", value)

    def change(self, pair: tuple[str, str]) -> Iterator[Line]:
        """Follow everybody from one item or score to another."""
        first, second = pair
        for statistic, value in _of_change(self._values[first], self._values[second]):
            yield Line(statistic, f"{first}->{second}", "", value)

    def names(self) -> list[str]:
        """Return the items and scores that can be followed."""
        return list(self._values)

    def _name(self, group: ItemGroup) -> str:
        """Return what a score is called: as its scale, unless something else is called so."""
        names = [one.name for one in self._ratings.groups]
        taken = group.name in self._ratings.items or names.count(group.name) > 1
        return group.title if taken else group.name

    def _answers(self, group: ItemGroup) -> list[list[int | None]]:
        """Return everybody's answers to the items of a scale, from 0, turned ones turned."""
        top = self._ratings.scale.points - 1
        places = [(self._ratings.items.index(item), item in self._reverse) for item in group.items]

        def answers(person: Person) -> list[int | None]:
            found = [(person.answers[place], turned) for place, turned in places]
            return [top - one if turned and one is not None else one for one, turned in found]

        return [answers(person) for person in self._ratings.people]

    def _places(self) -> Mapping[str, list[int]]:
        units: dict[str, list[int]] = {}
        for place, person in enumerate(self._ratings.people):
            units.setdefault(person.unit, []).append(place)
        return units


def _given(values: Values, places: Sequence[int]) -> list[float]:
    return [one for place in places if (one := values[place]) is not None]


def _of_units(groups: Sequence[Sequence[float]]) -> Iterator[tuple[str, Figure]]:
    found = None
    with suppress(ValueError):  # one unit, or nobody beside another
        found = one_way(groups)
    yield "n_obs", sum(map(len, groups))
    yield "n_groups", sum(map(bool, groups))
    yield from _parts(
        found,
        MSB="ms_between",
        MSW="ms_within",
        F="f",
        ICC1_anova="icc1",
        ICC2_anova="icc2",
        ICC1_anova_k0="icc1_k0",
    )


def _of_scale(answers: Sequence[Sequence[int | None]]) -> Iterator[tuple[str, Figure]]:
    rows = [[int(one) for one in row] for row in complete(answers)]
    found = reliability_of(crossed(rows)) if rows else None
    yield "n_listwise", len(rows)
    yield "n_rows", len(answers)
    yield "k_items", len(answers[0])
    yield from _parts(
        found,
        alpha_raw_listwise="alpha",
        alpha_feldt95_lo="low",
        alpha_feldt95_hi="high",
        omega_total_1factor_minres_cor="omega",
    )


def _of_two(a: Sequence[float], b: Sequence[float], points: int) -> Iterator[tuple[str, Figure]]:
    found = usual = None
    gap = moderated_gap = Gap.UNKNOWN
    if min(len(a), len(b)) >= _TWO:
        first, second = moments(a), moments(b)
        usual = moderated(first, second, points=points)
        gap = interval_label(floored(first, second, points=points), points=points)
        moderated_gap = interval_label(usual, points=points)
        with suppress(ValueError):  # both unanimous
            found = welch_between(first, second)
    yield "n1", len(a)
    yield "n2", len(b)
    yield "mean1", fmean(a) if a else None
    yield "mean2", fmean(b) if b else None
    yield "diff", fmean(a) - fmean(b) if a and b else None
    yield from _parts(
        found,
        welch_t="t",
        welch_df="df",
        welch_p="p",
        welch_ci95_lo="low",
        welch_ci95_hi="high",
    )
    yield "cliffs_delta", cliffs_delta(a, b) if a and b else None
    yield "gap", gap.value
    yield from _parts(usual, moderated_ci95_lo="low", moderated_ci95_hi="high")
    yield "moderated_gap", moderated_gap.value


def _of_change(first: Values, second: Values) -> Iterator[tuple[str, Figure]]:
    both = [
        (earlier, later)
        for earlier, later in zip(first, second, strict=True)
        if earlier is not None and later is not None
    ]
    plain = found = parts = None
    with suppress(ValueError):  # fewer than two people, or all changed alike
        plain = paired([one for one, _ in both], [one for _, one in both])
    with suppress(ValueError):
        found = overlapping(first, second)
    with suppress(ValueError):  # nobody answered twice
        parts = split_change(first, second)
    yield "paired_n", len(both)
    yield from _parts(parts, paired_mean_change="minds")
    yield from _parts(
        plain,
        paired_t="t",
        paired_p="p",
        paired_ci95_lo="low",
        paired_ci95_hi="high",
        paired_dz="dz",
    )
    yield "n_only_first", len(first) - first.count(None) - len(both)
    yield "n_only_second", len(second) - second.count(None) - len(both)
    yield from _parts(
        found,
        overlap_change="change",
        overlap_t="t",
        overlap_df="df",
        overlap_p="p",
        overlap_ci95_lo="low",
        overlap_ci95_hi="high",
    )
    yield from _parts(parts, change_total="total", change_minds="minds", change_people="people")


def _parts(found: object | None, **names: str) -> Iterator[tuple[str, Figure]]:
    """Give parts of what was found their statistics' names; undefined if nothing was."""
    for statistic, part in names.items():
        yield statistic, None if found is None else getattr(found, part)
