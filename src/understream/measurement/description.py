"""Describe the answers to one question: how many, where, how wide.

Answers travel as a histogram: ``counts[i]`` people stand at point ``i + 1`` of the scale. A
histogram holds whole numbers only, so that order of people and rounding never matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


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
    total = sum(point * count for point, count in enumerate(counts, low))
    spread = variance(counts)
    return Description(
        n=n,
        mean=total / n if n else None,
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
    if any(count < 0 for count in counts):
        raise ValueError("a histogram counts people, so that no count is negative")
    return sum(counts)


def squares(counts: Sequence[int]) -> int:
    """Return *n* times the sum of squared deviations, as an exact whole number.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: ``n * sum(x^2) - sum(x)^2``, in squared points; 0 exactly when all agree.
    """
    total = sum(point * count for point, count in enumerate(counts))
    return sum(counts) * sum(p * p * count for p, count in enumerate(counts)) - total * total


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


def _at_rank(counts: Sequence[int], rank: int) -> int:
    """Return the point, from 0, at which the person of this rank (from 0) stands."""
    for point, count in enumerate(counts):
        if rank < count:
            return point
        rank -= count
    raise ValueError("the rank lies beyond the number of people")
