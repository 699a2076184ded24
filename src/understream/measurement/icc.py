"""How much of where people stand goes with the group they belong to.

With two to four groups the answer is worth little; from ten on it says something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum

from understream.measurement.description import size, squares

_TWO = 2


@dataclass(frozen=True, slots=True)
class OneWay:
    """A one-way analysis of variance of people in groups.

    ``ms_between`` and ``ms_within`` are mean squares, in squared points; ``k`` is the mean size of
    a group, ``k0`` that size corrected for groups of unequal size.
    """

    n_obs: int
    n_groups: int
    ms_between: float
    ms_within: float
    k: float
    k0: float

    @property
    def f(self) -> float | None:
        """MSB / MSW; None if nobody differs from the own group."""
        return self.ms_between / self.ms_within if self.ms_within else None

    @property
    def icc1(self) -> float | None:
        """ICC(1) with the mean size of a group: the share of variance that goes with the group.

        ``(MSB - MSW) / (MSB + (k - 1) MSW)``; below 0 if groups differ less than chance would
        make them; None if nobody differs at all.

        Source: Bartko (1976), *Psychological Bulletin* 83(5), 762-765; Bliese (2000), in Klein &
        Kozlowski (eds.), *Multilevel theory, research, and methods in organizations*, 349-381.
        """
        return self._icc1(self.k)

    @property
    def icc1_k0(self) -> float | None:
        """ICC(1) with k0 = (N - sum(n_i^2) / N) / (g - 1) instead of the mean size.

        Source: Haggard (1958), *Intraclass correlation and the analysis of variance*; else as
        :attr:`icc1`.
        """
        return self._icc1(self.k0)

    @property
    def icc2(self) -> float | None:
        """ICC(2), the reliability of the groups' means: ``(MSB - MSW) / MSB``.

        None if all means are the same.

        Source: as :attr:`icc1`.
        """
        return (self.ms_between - self.ms_within) / self.ms_between if self.ms_between else None

    def _icc1(self, k: float) -> float | None:
        whole = self.ms_between + (k - 1) * self.ms_within
        return (self.ms_between - self.ms_within) / whole if whole else None


def one_way(groups: Sequence[Sequence[float]]) -> OneWay:
    """Return the analysis of variance of scores that need not be whole.

    :param groups: the scores of each group's people; groups of any size, empty ones left out.
    :returns: mean squares, group sizes, and what follows from them.
    :raises ValueError: below two groups with people, or if no group has two.

    Source: Bliese (2000), as :attr:`OneWay.icc1`.

    >>> one_way([[1, 2, 3], [4, 5, 6]]).icc1  # doctest: +ELLIPSIS
    0.80645...
    """
    full = [group for group in groups if group]
    sizes = [len(group) for group in full]
    if len(full) < _TWO or sum(sizes) == len(full):
        raise ValueError("an ICC needs two groups or more, and one with two people or more")
    means = [fsum(group) / len(group) for group in full]
    whole = fsum(score for group in full for score in group) / sum(sizes)
    between = fsum(
        len(group) * (mean - whole) ** 2 for group, mean in zip(full, means, strict=True)
    )
    within = fsum(
        (score - mean) ** 2 for group, mean in zip(full, means, strict=True) for score in group
    )
    return _one_way(sizes, between, within)


def one_way_of(counts: Sequence[Sequence[int]]) -> OneWay | None:
    """Return :func:`one_way` of histograms, in whole numbers as far as they go.

    :param counts: numbers of people by group and point, shape ``(g, points)``.
    :returns: the analysis; None below two groups with people, or if no group has two.
    :raises ValueError: if a count is negative.
    """
    full = [group for group in counts if size(group)]
    sizes = [sum(group) for group in full]
    n = sum(sizes)
    if len(full) < _TWO or n == len(full):
        return None
    totals = [sum(point * count for point, count in enumerate(group)) for group in full]
    whole = sum(totals)
    between = fsum(
        (total * n - whole * people) ** 2 / (people * n * n)
        for total, people in zip(totals, sizes, strict=True)
    )
    within = fsum(squares(group) / people for group, people in zip(full, sizes, strict=True))
    return _one_way(sizes, between, within)


def one_way_of_sums(
    *,
    groups: int,
    people: int,
    squares: int,
    total: int,
    total_squares: int,
    between: Fraction,
) -> OneWay | None:
    """Return :func:`one_way` of sums, which add up over rounds.

    :param groups: number of groups with people.
    :param people: number of people in all of them.
    :param squares: sum of the groups' numbers of people, each squared.
    :param total: sum of all scores.
    :param total_squares: sum of all scores, each squared.
    :param between: sum of each group's total, squared, over its number of people.
    :returns: the analysis; None below two groups, or if no group has two people.

    >>> found = one_way_of_sums(
    ...     groups=2, people=6, squares=18, total=21, total_squares=91, between=Fraction(87)
    ... )
    >>> found.icc1 == one_way([[1, 2, 3], [4, 5, 6]]).icc1
    True
    """
    if groups < _TWO or people == groups:
        return None
    return OneWay(
        n_obs=people,
        n_groups=groups,
        ms_between=float(between - Fraction(total * total, people)) / (groups - 1),
        ms_within=float(total_squares - between) / (people - groups),
        k=people / groups,
        k0=(people * people - squares) / (people * (groups - 1)),
    )


def reliability_of_mean(icc1: float, n: float) -> float:
    """Return how reliable the mean of n people of a group is: Spearman & Brown's formula.

    :param icc1: ICC(1), the reliability of one person's answer; at most 1.
    :param n: number of people; 1 or more.
    :returns: ``n ICC1 / (1 + (n - 1) ICC1)``, without unit.
    :raises ValueError: for another n or ICC, or if the formula divides by 0.

    Source: Spearman (1910), *British Journal of Psychology* 3(3), 271-295; Brown (1910), ibid.,
    296-322.

    >>> round(reliability_of_mean(0.20, 5), 2)
    0.56
    """
    below = 1 + (n - 1) * icc1
    if not (n >= 1 and icc1 <= 1 and below > 0):
        raise ValueError("the formula needs one person or more, and an ICC that n people can have")
    return n * icc1 / below


def _one_way(sizes: Sequence[int], between: float, within: float) -> OneWay:
    n, groups = sum(sizes), len(sizes)
    return OneWay(
        n_obs=n,
        n_groups=groups,
        ms_between=between / (groups - 1),
        ms_within=within / (n - groups),
        k=n / groups,
        k0=(n * n - sum(people * people for people in sizes)) / (n * (groups - 1)),
    )
