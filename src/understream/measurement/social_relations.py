"""Who trusts much, who is trusted much, and what is between two: a round robin taken apart.

In a round robin everybody rates everybody else, parties or people. A matrix of shape ``(n, n)``
holds one group: row *i* says how *i* rates the others, None where an answer is missing; what
stands on the diagonal does not count. A rating is then the group's mean, what this perceiver
gives all (actor), what this target gets from all (partner), and what is between these two
(relationship). Sums are taken in whole numbers, so that the order of people never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import sqrt
from typing import TypeAlias

from understream.measurement.raters import rectangle, whole
from understream.measurement.student import t_cdf

Matrix: TypeAlias = Sequence[Sequence[float | None]]

#: Fewest members of a group that can be taken apart.
FEWEST = 4
_TWO = 2


@dataclass(frozen=True, slots=True)
class Component:
    """A variance or covariance, in squared points; None where undefined.

    ``standardized`` is the share of all variance, or for a covariance the correlation, -1 .. 1.
    ``t`` is the estimate over its standard error; ``p`` asks whether a variance is above 0, or
    whether a covariance differs from 0.
    """

    estimate: float | None = None
    standardized: float | None = None
    se: float | None = None
    t: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class SocialRelations:
    """The components of one rating over one or more groups, and how many were used."""

    groups: int
    people: int
    actor: Component
    partner: Component
    relationship: Component
    actor_partner: Component
    reciprocity: Component


@dataclass(frozen=True, slots=True)
class Effects:
    """One group taken apart, in scale points: ``rating = mean + actor + partner + between``."""

    mean: float
    actor: tuple[float, ...]
    partner: tuple[float, ...]
    between: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of whom each rated the other; the figures are None where undefined.

    ``mean_gap`` is in points; the shares are 0 .. 1: of pairs with equal ratings, and of pairs two
    points or more apart. ``double_entry_r`` is the correlation over pairs entered both ways round.
    """

    n: int
    mean_gap: float | None
    share_equal: float | None
    share_far: float | None
    double_entry_r: float | None


def social_relations(groups: Sequence[Matrix]) -> SocialRelations:
    """Estimate actor, partner and relationship variance and their covariances.

    Each group is estimated for itself; groups count by their number of members less one. Members
    who rated nobody, or whom nobody rated, are left out (:func:`members`); then a group counts
    only if it is complete and has four members or more. A negative variance, which chance can
    make, is returned as it is, without figures that rest on it, and counts as none among shares.

    :param groups: ratings, shape ``(groups, n, n)``; *n* may differ.
    :returns: the components, estimates in squared points; all None without a group that counts.
    :raises ValueError: for a matrix that is not square, or a number that is not finite.

    Source: Warner, Kenny & Stoto (1979), *Journal of Personality and Social Psychology* 37(10),
    1742-1757, appendix; standard errors as the unbiased estimates of Bond & Lashley (1996),
    *Psychometrika* 61(3), 351-372, worked out through independent mean squares of sums and of
    differences of a pair; t with the members less one of all groups as degrees of freedom.
    """
    parts = [
        part for group in groups for part in [_mean_squares(_reduced(group))] if part is not None
    ]
    if not parts:
        nothing = Component()
        return SocialRelations(0, 0, nothing, nothing, nothing, nothing, nothing)
    df = sum(part.n - 1 for part in parts)
    found = [_pooled([part.estimates()[place] for part in parts], parts, df) for place in range(5)]
    errors = [
        _pooled_error([part.sampling_variances()[place] for part in parts], parts, df)
        for place in range(5)
    ]
    actor, partner, relationship, both, between = found
    variances = (actor, partner, relationship)
    total = sum(max(one, Fraction()) for one in variances)
    shares = [float(one / total) if total and one >= 0 else None for one in variances]
    correlations = [
        _clamped(float(both) / sqrt(actor * partner)) if min(actor, partner) > 0 else None,
        _clamped(float(between / relationship)) if relationship > 0 else None,
    ]
    defined = [one >= 0 for one in variances]
    defined += [actor >= 0 and partner >= 0, relationship >= 0]
    made = [
        _component(estimate, share, error if fit else None, df, one_sided=place < len(variances))
        for place, (estimate, share, error, fit) in enumerate(
            zip(found, [*shares, *correlations], errors, defined, strict=True)
        )
    ]
    return SocialRelations(len(parts), sum(part.n for part in parts), *made)


def effects(group: Matrix) -> Effects:
    """Take one complete group apart into what each gives, gets, and has with each other.

    :param group: ratings, shape ``(n, n)``, n >= 4, complete beside the diagonal.
    :returns: mean and effects in points; actor effects sum to 0, so do partner effects.
    :raises ValueError: for a matrix that is not square, incomplete, smaller than four, or holds a
        number that is not finite.

    Source: Warner, Kenny & Stoto (1979), *Journal of Personality and Social Psychology* 37(10),
    1742-1757, equations 5 to 7.

    >>> effects([[None, 5, 5, 5], [1, None, 1, 1], [1, 1, None, 1], [1, 1, 1, None]]).actor
    (3.0, -1.0, -1.0, -1.0)
    """
    rows = _square(group)
    n = len(rows)
    if n < FEWEST or not _is_complete(rows):
        raise ValueError("a round robin has four members or more, who all rated all others")
    place = whole({one for row in rows for one in row if one is not None})
    unit = next((Fraction(repr(one)) / at for one, at in place.items() if at), Fraction(1))
    given = [[0 if one is None else place[one] for one in row] for row in rows]
    out, into, total = _sums(given)
    mean = Fraction(total, n * (n - 1))
    both = [
        (a + b - 2 * total / Fraction(n)) / (2 * (n - 2)) for a, b in zip(out, into, strict=True)
    ]
    lean = [Fraction(a - b, 2 * n) for a, b in zip(out, into, strict=True)]
    actor = [a + b for a, b in zip(both, lean, strict=True)]
    partner = [a - b for a, b in zip(both, lean, strict=True)]
    return Effects(
        mean=float(mean * unit),
        actor=tuple(float(one * unit) for one in actor),
        partner=tuple(float(one * unit) for one in partner),
        between=tuple(
            tuple(
                None if i == j else float((given[i][j] - mean - actor[i] - partner[j]) * unit)
                for j in range(n)
            )
            for i in range(n)
        ),
    )


def members(group: Matrix) -> tuple[int, ...]:
    """Return who takes part in both ways: rated somebody of them, and was rated by one.

    :param group: ratings, shape ``(n, n)``.
    :returns: their places in the matrix; leaving one out can leave out another.
    :raises ValueError: for a matrix that is not square, or a number that is not finite.

    >>> members([[None, 3, None], [4, None, None], [2, 2, None]])
    (0, 1)
    """
    rows = _square(group)
    inside = list(range(len(rows)))
    while True:
        staying = [
            i
            for i in inside
            if any(rows[i][j] is not None for j in inside)
            and any(rows[j][i] is not None for j in inside)
        ]
        if staying == inside:
            return tuple(inside)
        inside = staying


def counts(group: Matrix) -> bool:
    """Tell whether a group can be taken apart: four members or more, and complete.

    :param group: ratings, shape ``(n, n)``.
    :returns: whether it can, members in one way only left out.
    :raises ValueError: for a matrix that is not square, or a number that is not finite.
    """
    rows = _reduced(group)
    return len(rows) >= FEWEST and _is_complete(rows)


def pairs(groups: Sequence[Matrix]) -> Pairs:
    """Compare what two say of each other, over all pairs of whom both answered.

    :param groups: ratings, shape ``(groups, n, n)``; *n* may differ.
    :returns: how many pairs, how far apart, and how alike; the correlation is None without a
        pair, or if all ratings are the same.
    :raises ValueError: for a matrix that is not square, or a number that is not finite.

    Source: for the double-entry correlation Fisher (1925), *Statistical Methods for Research
    Workers*, section 38; Griffin & Gonzalez (1995), *Psychological Bulletin* 118(3), 430-439.

    >>> pairs([[[None, 5], [3, None]]]).mean_gap
    2.0
    """
    found: list[tuple[float, float]] = []
    for group in groups:
        rows = _square(group)
        for i, j in combinations(range(len(rows)), _TWO):
            one, other = rows[i][j], rows[j][i]
            if one is not None and other is not None:
                found.append((one, other))
    if not found:
        return Pairs(0, None, None, None, None)
    n = len(found)
    place = whole([one for pair in found for one in pair] + [2.0])
    known = [(place[one], place[other]) for one, other in found]
    gaps = [abs(one - other) for one, other in known]
    total = sum(one + other for one, other in known)
    spread = 2 * n * sum(one * one + other * other for one, other in known) - total * total
    together = 4 * n * sum(one * other for one, other in known) - total * total
    return Pairs(
        n=n,
        mean_gap=float(Fraction(2 * sum(gaps), n * place[2.0])),
        share_equal=gaps.count(0) / n,
        share_far=sum(gap >= place[2.0] for gap in gaps) / n,
        double_entry_r=together / spread if spread else None,
    )


# ------------------------------------------------------------- mean squares


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    """The independent mean squares of one group, in squared points.

    ``sums`` and ``leans`` are of a member's half sum and half difference of giving and getting,
    ``crossed`` their mean product, each with n - 1 degrees of freedom; ``even`` and ``odd`` are
    of what is left of a pair's half sums, with n (n - 3) / 2, and half differences, with
    (n - 1)(n - 2) / 2.
    """

    n: int
    sums: Fraction
    leans: Fraction
    crossed: Fraction
    even: Fraction
    odd: Fraction

    def estimates(self) -> tuple[Fraction, ...]:
        """Return actor, partner, relationship, actor with partner, relationship both ways."""
        sums = self.sums - self.even / (self.n - 2)
        leans = self.leans - self.odd / self.n
        return (
            sums + leans + 2 * self.crossed,
            sums + leans - 2 * self.crossed,
            self.even + self.odd,
            sums - leans,
            self.even - self.odd,
        )

    def sampling_variances(self) -> tuple[Fraction, ...]:
        """Return the unbiased estimates of how much each estimate would vary."""
        n, m = self.n, self.n - 1
        # A squared mean square, times df / (df + 2), is unbiased for the square of what it means.
        even = 2 * self.even**2 / (Fraction(n * (n - 3), 2) + 2)
        odd = 2 * self.odd**2 / (Fraction((n - 1) * (n - 2), 2) + 2)
        pair = even / (n - 2) ** 2 + odd / n**2
        actor = 2 * (self.sums + self.leans + 2 * self.crossed) ** 2 / (m + 2)
        partner = 2 * (self.sums + self.leans - 2 * self.crossed) ** 2 / (m + 2)
        crossed = m * (m * self.crossed**2 - self.sums * self.leans) / ((m + 2) * (m - 1))
        squares = (self.sums**2 + self.leans**2) / (m + 2)
        both = 2 * squares - 4 * crossed / m
        return actor + pair, partner + pair, even + odd, both + pair, even + odd


def _mean_squares(rows: Sequence[Sequence[float | None]]) -> _MeanSquares | None:
    n = len(rows)
    if n < FEWEST or not _is_complete(rows):
        return None
    place = whole({one for row in rows for one in row if one is not None})
    unit = next((Fraction(repr(one)) / at for one, at in place.items() if at), Fraction(1)) ** 2
    given = [[0 if one is None else place[one] for one in row] for row in rows]
    out, into, total = _sums(given)
    both = [a + b for a, b in zip(out, into, strict=True)]
    lean = [a - b for a, b in zip(out, into, strict=True)]
    sums = (sum(one * one for one in both) - Fraction(4 * total * total, n)) / (4 * (n - 2) ** 2)
    leans = Fraction(sum(one * one for one in lean), 4 * n * n)
    crossed = Fraction(sum(a * b for a, b in zip(both, lean, strict=True)), 4 * n * (n - 2))
    halves = [(given[i][j] + given[j][i], given[i][j] - given[j][i])
              for i, j in combinations(range(n), _TWO)]  # fmt: skip
    even = Fraction(sum(one * one for one, _ in halves), 4) - (n - 2) * sums
    even -= Fraction(total * total, 2 * n * (n - 1))
    odd = Fraction(sum(one * one for _, one in halves), 4) - n * leans
    return _MeanSquares(
        n=n,
        sums=sums * unit / (n - 1),
        leans=leans * unit / (n - 1),
        crossed=crossed * unit / (n - 1),
        even=even * unit / Fraction(n * (n - 3), 2),
        odd=odd * unit / Fraction((n - 1) * (n - 2), 2),
    )


def _sums(given: Sequence[Sequence[int]]) -> tuple[list[int], list[int], int]:
    """Return what each member gave and got, and all of it, the diagonal being 0."""
    out = [sum(row) for row in given]
    return out, [sum(column) for column in zip(*given, strict=True)], sum(out)


def _pooled(estimates: Sequence[Fraction], parts: Sequence[_MeanSquares], df: int) -> Fraction:
    weighted = ((part.n - 1) * one for part, one in zip(parts, estimates, strict=True))
    return sum(weighted, Fraction()) / df


def _pooled_error(variances: Sequence[Fraction], parts: Sequence[_MeanSquares], df: int) -> float:
    weighted = ((part.n - 1) ** 2 * one for part, one in zip(parts, variances, strict=True))
    return sqrt(max(sum(weighted, Fraction()), Fraction())) / df


def _component(
    estimate: Fraction, share: float | None, error: float | None, df: int, *, one_sided: bool
) -> Component:
    if not error:
        return Component(float(estimate), share, error)
    t = float(estimate) / error
    p = t_cdf(-t, df) if one_sided else 2 * t_cdf(-abs(t), df)
    return Component(float(estimate), share, error, t, p)


def _clamped(correlation: float) -> float:
    return max(-1.0, min(1.0, correlation))


# ----------------------------------------------------------------- matrices


def _square(group: Matrix) -> list[list[float | None]]:
    """Return the matrix with an empty diagonal."""
    rows = rectangle(group)
    if rows and len(rows) != len(rows[0]):
        raise ValueError("a round robin has as many columns as rows")
    return [
        [None if i == j or isinstance(one, str) else one for j, one in enumerate(row)]
        for i, row in enumerate(rows)
    ]


def _reduced(group: Matrix) -> list[list[float | None]]:
    rows, inside = _square(group), members(group)
    return [[rows[i][j] for j in inside] for i in inside]


def _is_complete(rows: Sequence[Sequence[float | None]]) -> bool:
    return all(
        one is not None or i == j for i, row in enumerate(rows) for j, one in enumerate(row)
    )
