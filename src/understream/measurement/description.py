"""Describe the answers to one question: how many, where, how wide.

Answers travel as a histogram: ``counts[i]`` people stand at point ``i + 1`` of the scale. A
histogram holds whole numbers only, so that order of people and rounding never matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from operator import mul
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Description:
    """What the answers to one question look like.

    ``mean``, ``sd_n_minus_1`` and ``median`` are in scale points; None where undefined: without
    any answer, and for the standard deviation with a single one.
    """

    n: int
    mean: float | None
    sd_n_minus_1: float | None
    median: float | None
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """All that a comparison of means asks of a group.

    ``mean`` in scale points; ``variance`` in squared points, divided by n - 1.
    """

    n: int
    mean: float
    variance: float


def histogram(scores: Sequence[int], *, points: int) -> tuple[int, ...]:
    """Count how many people stand at each point of the scale.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``.
    :param points: length of the scale, in points; at least 2.
    :returns: numbers of people, shape ``(points,)``; index 0 is point 1.
    :raises ValueError: if the scale has fewer than two points, or a score lies off it.

    >>> histogram([1, 3, 3], points=3)
    (1, 0, 2)
    """
    if points < 2:  # noqa: PLR2004 - a scale of one point is no scale
        raise ValueError("a scale has two points or more")
    counts = [0] * points
    for score in scores:
        if not (isinstance(score, int) and 1 <= score <= points):
            raise ValueError(f"scores are whole numbers from 1 to {points}, not {score!r}")
        counts[score - 1] += 1
    return tuple(counts)


def describe(counts: Sequence[int], *, low: int = 1) -> Description:
    """Describe a histogram of answers.

    :param counts: numbers of people by point, shape ``(points,)``; index 0 is the lowest point.
    :param low: the lowest point of the scale, for scales that do not start at 1.
    :returns: number, mean, standard deviation (divided by n - 1), median, counts.
    :raises ValueError: if a count is negative.

    >>> describe([0, 1, 0, 1, 0]).mean
    3.0
    """
    n = size(counts)
    spread = variance(counts)
    return Description(
        n=n,
        mean=total_of(counts, low=low) / n if n else None,
        sd_n_minus_1=None if spread is None else sqrt(spread),
        median=median(counts, low=low),
        counts=tuple(counts),
    )


def size(counts: Sequence[int]) -> int:
    """Return how many people a histogram holds.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: their sum.
    :raises ValueError: if a count is negative.
    """
    if min(counts, default=0) < 0:
        raise ValueError("a histogram counts people, so that no count is negative")
    return sum(counts)


def total_of(counts: Sequence[int], *, low: int = 1) -> int:
    """Return the sum of all answers in a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :param low: the lowest point of the scale.
    :returns: a whole number of points.
    """
    total: int = sum(map(mul, counts, range(low, low + len(counts))))
    return total


def squares(counts: Sequence[int]) -> int:
    """Return *n* times the sum of squared deviations, as an exact whole number.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: ``n * sum(x^2) - sum(x)^2``, in squared points; 0 exactly when all agree.
    """
    points = range(len(counts))
    steps = list(map(mul, points, counts))
    total: int = sum(steps)
    whole: int = sum(counts) * sum(map(mul, points, steps)) - total * total
    return whole


def variance(counts: Sequence[int]) -> float | None:
    """Return the sample variance of a histogram, divided by n - 1.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: variance in squared points; None below two people.
    :raises ValueError: if a count is negative.
    """
    n = size(counts)
    return squares(counts) / (n * (n - 1)) if n > 1 else None


def median(counts: Sequence[int], *, low: int = 1) -> float | None:
    """Return the median of a histogram; halfway between the middle two if they differ.

    :param counts: numbers of people by point, shape ``(points,)``.
    :param low: the lowest point of the scale.
    :returns: the median in points; None without anyone.
    :raises ValueError: if a count is negative.
    """
    n = size(counts)
    if n == 0:
        return None
    return (_at_rank(counts, (n - 1) // 2) + _at_rank(counts, n // 2)) / 2 + low


def moments(scores: Sequence[float]) -> Moments:
    """Return number, mean and variance of scores that need not be whole.

    :param scores: one score for each person, shape ``(n,)``; n >= 2.
    :returns: number, mean, and variance divided by n - 1.
    :raises ValueError: below two people.

    >>> moments([1.5, 2.5, 5.0])
    Moments(n=3, mean=3.0, variance=3.25)
    """
    n = len(scores)
    if n < 2:  # noqa: PLR2004 - one person has no spread
        raise ValueError("spread needs two people or more")
    mean = fsum(scores) / n
    return Moments(n, mean, fsum((score - mean) ** 2 for score in scores) / (n - 1))


def moments_of(counts: Sequence[int], *, low: int = 1) -> Moments:
    """Return :func:`moments` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``; n >= 2.
    :param low: the lowest point of the scale.
    :returns: number, mean, and variance divided by n - 1.
    :raises ValueError: below two people, or if a count is negative.
    """
    spread = variance(counts)
    if spread is None:
        raise ValueError("spread needs two people or more")
    n = sum(counts)
    return Moments(n, total_of(counts, low=low) / n, spread)


# ------------------------------------------------------------------ shares


def top(counts: Sequence[int], *, points: int = 2) -> int:
    """Return how many people stand at the highest points of the scale.

    :param counts: numbers of people by point, shape ``(points,)``.
    :param points: how many points count as the top: on seven, two are 6 and 7.
    :returns: a number of people.
    :raises ValueError: if a count is negative, or the scale has not so many points.

    >>> top([0, 1, 2, 3, 4])
    7
    """
    if not 0 < points <= len(counts):
        raise ValueError("the top is one point or more of the scale, and at most all")
    size(counts)
    return sum(counts[-points:])


def wilson(count: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share: of 4 of 5 people, .38 to .96.

    :param count: how many people it is true of, in ``0 .. n``.
    :param n: how many people there are; at least 1.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :returns: both ends, in 0 .. 1; exactly 0 for nobody, exactly 1 for all.
    :raises ValueError: without anyone, for a count beyond n, or an impossible confidence.

    Source: Wilson (1927), *Journal of the American Statistical Association* 22(158), 209-212.

    >>> [round(end, 4) for end in wilson(4, 5)]
    [0.3755, 0.9638]
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError("a share is of one person or more, and at most all")
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    whole = 2 * (n + z * z)
    middle, half = 2 * count + z * z, z * sqrt(z * z + 4 * count * (n - count) / n)
    low = 0.0 if count == 0 else (middle - half) / whole
    return low, 1.0 if count == n else (middle + half) / whole


def _at_rank(counts: Sequence[int], rank: int) -> int:
    """Return the point, from 0, at which the person of this rank (from 0) stands."""
    for point, count in enumerate(counts):
        if rank < count:
            return point
        rank -= count
    raise ValueError("the rank lies beyond the number of people")
