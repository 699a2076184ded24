"""Whether the items of a scale measure one thing, over many people together.

Never for one alliance: with ten people the interval of alpha runs from .6 to .96. What is kept of
rounds is whole sums (:class:`Crossed`), which add up over all rounds of one version of an
instrument, and no person's answers.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import copysign, fsum, sqrt
from operator import add, mul
from typing import TypeVar

from understream.measurement.fisher import f_quantile

_TWO, _THREE = 2, 3
_SWEEPS = 5_000
_STILL = 1e-15

_Number = TypeVar("_Number", int, float)
#: Covariances or correlations, shape ``(J, J)``.
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Crossed:
    """Sums over the people who answered all items, in whole numbers, so that adding is exact.

    ``sums`` has shape ``(J,)``; ``products`` has shape ``(J, J)``, and holds the sum of the
    products of any two items' answers.
    """

    n: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well a scale's items hang together, without unit; None where undefined.

    ``alpha`` with its interval of 95 %, from ``low`` to ``high``; ``omega`` from three items.
    """

    n: int
    items: int
    alpha: float | None
    low: float | None
    high: float | None
    omega: float | None


def reliability(ratings: Sequence[Sequence[float]]) -> Reliability:
    """Return alpha, its interval and omega of a scale.

    :param ratings: answers, shape ``(n, J)``, one row for each person who answered all items
        (:func:`complete`), turned items turned; n >= 2, J >= 2.
    :returns: the figures; None for alpha if nobody differs, for omega below three items or if an
        item has no spread.
    :raises ValueError: below two people or two items, or for rows of unequal length.

    Source: :func:`alpha`, :func:`feldt`, :func:`minres`, :func:`omega`.

    >>> round(reliability([[1, 2, 1], [3, 3, 4], [5, 4, 5], [4, 5, 5]]).alpha, 3)
    0.951
    """
    return _reliability(len(ratings), covariances(ratings))


def reliability_of(found: Crossed) -> Reliability | None:
    """Return :func:`reliability` of sums over people.

    :param found: what :func:`crossed` or :func:`pooled` returned.
    :returns: the figures; None below two people or two items.
    """
    if found.n < _TWO or len(found.sums) < _TWO:
        return None
    return _reliability(found.n, covariances_of(found))


def complete(ratings: Iterable[Sequence[float | None]]) -> list[tuple[float, ...]]:
    """Return the answers of those who answered all items.

    :param ratings: answers, shape ``(n, J)``; None where one is missing.
    :returns: the rows without a missing answer, in their order.

    >>> complete([(1, 2), (3, None)])
    [(1, 2)]
    """
    rows = []
    for row in ratings:
        given = tuple(answer for answer in row if answer is not None)
        if len(given) == len(row):
            rows.append(given)
    return rows


# --------------------------------------------------------------------- sums


def crossed(ratings: Sequence[Sequence[int]]) -> Crossed:
    """Return the sums that reliability needs, and no person's answers.

    :param ratings: whole answers, shape ``(n, J)``, one row for each person who answered all
        items, turned items turned; n >= 1, J >= 1.
    :returns: their number, sums and sums of products.
    :raises ValueError: without people or items, or for rows of unequal length.

    >>> crossed([(1, 2), (3, 4)])
    Crossed(n=2, sums=(4, 6), products=((10, 14), (14, 20)))
    """
    columns = _columns(ratings)
    products = [[sum(map(mul, one, two)) for two in columns] for one in columns]
    return Crossed(len(ratings), tuple(map(sum, columns)), tuple(map(tuple, products)))


def pooled(parts: Sequence[Crossed]) -> Crossed:
    """Add up the sums of several groups of people.

    :param parts: sums over the same items in the same order; at least one.
    :returns: the sums over all people together.
    :raises ValueError: without parts, or for different numbers of items.
    """
    if not parts or len({len(part.sums) for part in parts}) > 1:
        raise ValueError("sums are pooled over the same items, and over one group or more")
    sums = tuple(map(sum, zip(*(part.sums for part in parts), strict=True)))
    products = [[0] * len(sums) for _ in sums]
    for part in parts:
        products = [
            list(map(add, one, two)) for one, two in zip(products, part.products, strict=True)
        ]
    return Crossed(sum(part.n for part in parts), sums, tuple(map(tuple, products)))


def covariances(ratings: Sequence[Sequence[float]]) -> Matrix:
    """Return the covariances of the items, divided by n - 1.

    :param ratings: answers, shape ``(n, J)``, that need not be whole; n >= 2, J >= 1.
    :returns: covariances in squared points, shape ``(J, J)``.
    :raises ValueError: below two people, without items, or for rows of unequal length.

    >>> covariances([(1, 2.5), (3, 4.5)])
    ((2.0, 2.0), (2.0, 2.0))
    """
    columns = _columns(ratings)
    n = len(ratings)
    if n < _TWO:
        raise ValueError("covariances need two people or more")
    means = [fsum(column) / n for column in columns]
    away = [
        [answer - mean for answer in column] for column, mean in zip(columns, means, strict=True)
    ]
    return tuple(tuple(fsum(map(mul, one, two)) / (n - 1) for two in away) for one in away)


def covariances_of(found: Crossed) -> Matrix:
    """Return :func:`covariances` of sums over people, rounded once each.

    :param found: what :func:`crossed` or :func:`pooled` returned; n >= 2.
    :returns: covariances in squared points, shape ``(J, J)``.
    :raises ValueError: below two people.
    """
    n = found.n
    if n < _TWO:
        raise ValueError("covariances need two people or more")
    return tuple(
        tuple(
            (n * product - one * two) / (n * (n - 1))
            for two, product in zip(found.sums, row, strict=True)
        )
        for one, row in zip(found.sums, found.products, strict=True)
    )


def correlations(covariance: Matrix) -> Matrix:
    """Return the correlations that belong to covariances.

    :param covariance: shape ``(J, J)``.
    :returns: correlations in -1 .. 1, shape ``(J, J)``; exactly 1 of each item with itself.
    :raises ValueError: if an item has no spread.
    """
    spread = [row[place] for place, row in enumerate(covariance)]
    if min(spread) <= 0:
        raise ValueError("an item on which all answer alike has no correlation")
    return tuple(
        tuple(
            1.0
            if here == there
            else max(-1.0, min(1.0, value / sqrt(spread[here] * spread[there])))
            for there, value in enumerate(row)
        )
        for here, row in enumerate(covariance)
    )


# ------------------------------------------------------------------ figures


def alpha(covariance: Matrix) -> float:
    """Return coefficient alpha: ``J / (J - 1) (1 - sum of variances / variance of the sum)``.

    :param covariance: covariances of the items, shape ``(J, J)``; J >= 2.
    :returns: reliability without unit, at most 1; below 0 if items contradict each other.
    :raises ValueError: below two items, or if all have the same sum.

    Source: Cronbach (1951), *Psychometrika* 16(3), 297-334, equation 2.

    >>> round(alpha(((2.0, 1.0), (1.0, 2.0))), 10)
    0.6666666667
    """
    items = len(covariance)
    whole = fsum(value for row in covariance for value in row)
    if items < _TWO:
        raise ValueError("alpha needs two items or more")
    own = fsum(row[place] for place, row in enumerate(covariance))
    # Sums of covariances that cancel leave rounding behind, and nothing to divide by.
    if whole <= items * items * _STILL * own:
        raise ValueError("alpha is not defined where everybody has the same sum")
    return items / (items - 1) * (1 - own / whole)


def feldt(alpha: float, *, n: int, items: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of alpha.

    ``1 - (1 - alpha) F`` with the quantiles of F on n - 1 and (n - 1)(J - 1) degrees of freedom.

    :param alpha: coefficient alpha, at most 1.
    :param n: number of people; at least 2.
    :param items: number of items; at least 2.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :returns: both ends, without unit.
    :raises ValueError: for fewer people or items, alpha above 1, or an impossible confidence.

    Source: Feldt (1965), *Psychometrika* 30(3), 357-370; Feldt, Woodruff & Salih (1987), *Applied
    Psychological Measurement* 11(1), 93-103. Assumes items of equal covariance.

    >>> [round(end, 2) for end in feldt(0.85, n=10, items=4)]
    [0.61, 0.96]
    """
    if n < _TWO or items < _TWO or not alpha <= 1:
        raise ValueError("the interval needs two people, two items, and alpha of at most 1")
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
    df1, df2 = n - 1, (n - 1) * (items - 1)
    tail = (1 - confidence) / 2
    # The far quantile as one over the near quantile of 1 / F, which keeps its digits.
    return 1 - (1 - alpha) / f_quantile(tail, df2, df1), 1 - (1 - alpha) * f_quantile(
        tail, df1, df2
    )


def minres(correlation: Matrix) -> tuple[float, ...]:
    """Return the loadings of one factor that leave the smallest residuals between the items.

    The sum of squares of ``r_ij - l_i l_j`` over all pairs is made as small as can be, one
    loading at a time: each is then the slope of its item's correlations on the other loadings,
    held between -1 and 1. Three items whose correlations allow it are met exactly.

    :param correlation: correlations of the items, shape ``(J, J)``; J >= 3.
    :returns: loadings in -1 .. 1, shape ``(J,)``, most of them above 0.
    :raises ValueError: below three items, where loadings are not determined.

    Source: Harman & Jones (1966), *Psychometrika* 31(3), 351-368; the limit of 1
    after Harman & Fukuda (1966), *Psychometrika* 31(4), 563-571.

    >>> r = ((1, 0.56, 0.48), (0.56, 1, 0.42), (0.48, 0.42, 1))
    >>> [round(loading, 9) for loading in minres(r)]
    [0.8, 0.7, 0.6]
    """
    items = len(correlation)
    if items < _THREE:
        raise ValueError("one factor needs three items or more")
    loadings = _first(correlation)
    for _ in range(_SWEEPS):
        moved = 0.0
        for here, row in enumerate(correlation):
            length = fsum(one * one for one in loadings) - loadings[here] ** 2
            if length <= _STILL:
                continue
            along = fsum(map(mul, row, loadings)) - row[here] * loadings[here]
            loading = max(-1.0, min(1.0, along / length))
            moved = max(moved, abs(loading - loadings[here]))
            loadings[here] = loading
        if moved <= _STILL:
            break
    side = copysign(1.0, fsum(loadings))
    return tuple(side * one for one in loadings)


def omega(loadings: Sequence[float]) -> float:
    """Return omega total of one factor: the share of the sum's variance that it explains.

    ``(sum l)^2 / ((sum l)^2 + sum(1 - l^2))``

    :param loadings: standardised loadings in -1 .. 1, shape ``(J,)``.
    :returns: reliability in 0 .. 1, without unit.
    :raises ValueError: without loadings, for one beyond 1, or if nothing is left to divide by.

    Source: McDonald (1999), *Test theory: a unified treatment*, equation 6.20.

    >>> round(omega([0.8, 0.7, 0.6]), 10)
    0.7449324324
    """
    if not loadings or any(abs(one) > 1 for one in loadings):
        raise ValueError("omega needs loadings from -1 to 1")
    common = fsum(loadings) ** 2
    whole = common + fsum(1 - one * one for one in loadings)
    if not whole:
        raise ValueError("omega is not defined where full loadings cancel")
    return common / whole


# ------------------------------------------------------------------- pieces


def _columns(ratings: Sequence[Sequence[_Number]]) -> list[tuple[_Number, ...]]:
    if not ratings or not ratings[0] or any(len(row) != len(ratings[0]) for row in ratings):
        raise ValueError("every person answers every item, and there is one of each at least")
    return list(zip(*ratings, strict=True))


def _reliability(n: int, covariance: Matrix) -> Reliability:
    items = len(covariance)
    if items < _TWO:
        raise ValueError("reliability needs two items or more")
    found = low = high = whole = None
    with suppress(ValueError):
        found = alpha(covariance)
        low, high = feldt(found, n=n, items=items)
    with suppress(ValueError):
        whole = omega(minres(correlations(covariance)))
    return Reliability(n, items, found, low, high, whole)


def _first(correlation: Matrix) -> list[float]:
    """Return loadings to begin with: the item that goes most with all others leads their signs."""
    others = [
        [abs(one) if here != there else 0.0 for there, one in enumerate(row)]
        for here, row in enumerate(correlation)
    ]
    leader = max(range(len(others)), key=lambda place: fsum(others[place]))
    return [
        copysign(sqrt(max(row)), 1.0 if here == leader else correlation[leader][here])
        for here, row in enumerate(others)
    ]
