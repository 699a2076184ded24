"""How far two groups lie apart on one question, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from understream.measurement.description import size, variance
from understream.measurement.student import t_quantile

#: On seven points, a difference of one counts as a gap: about 0.8 standard deviation.
GAP = 1.0
#: On seven points, two pictures are the same if they surely differ by less than this.
SAME = 1.5
#: On seven points, displayed figures this close are alike, and this far apart worth asking about.
ALIKE_AT, ASK_AT = 0.5, 1.5
#: On seven points, no group is taken for less spread than this: unanimity of few is luck.
SD_FLOOR = 0.5
_SEVEN_POINT_STEPS = 6
_TWO = 2


class Gap(StrEnum):
    """The words for what lies between two groups."""

    CLEAR = "clear"
    POSSIBLE = "possible"
    SAME = "same picture"
    UNKNOWN = "not enough answers"
    WORTH_ASKING = "worth asking"
    ALIKE = "alike"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Welch:
    """The difference of two means with its confidence interval, in scale points."""

    difference: float
    standard_error: float
    df: float
    low: float
    high: float


def welch(
    counts_a: Sequence[int],
    counts_b: Sequence[int],
    *,
    confidence: float = 0.95,
    sd_floor: float = 0.0,
) -> Welch:
    """Return the difference of two means with its interval, without assuming equal spread.

    :param counts_a: numbers of people of the first group by point, shape ``(points,)``; n >= 2.
    :param counts_b: those of the second group, on the same scale; n >= 2.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :param sd_floor: least standard deviation to reckon with, in points; 0 for none.
    :returns: first mean minus second, standard error, degrees of freedom, ends of the interval.
    :raises ValueError: below two people on a side, for scales of different length, or if both
        groups are unanimous and no floor is set, so that there is no spread to judge by.

    Source: Welch (1938), *Biometrika* 29, 350-362; degrees of freedom by Satterthwaite (1946),
    *Biometrics Bulletin* 2(6), 110-114.

    >>> welch([0, 0, 0, 0, 2, 2, 1], [0, 1, 1, 2, 1, 1, 0]).difference
    1.8
    """
    if len(counts_a) != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
    if sd_floor < 0:
        raise ValueError("a standard deviation is never below 0")
    n_a, n_b = size(counts_a), size(counts_b)
    spread_a, spread_b = variance(counts_a), variance(counts_b)
    if spread_a is None or spread_b is None:
        raise ValueError("an interval needs two people or more on either side")
    part_a = max(spread_a, sd_floor**2) / n_a
    part_b = max(spread_b, sd_floor**2) / n_b
    if part_a + part_b == 0:
        raise ValueError("both groups are unanimous: there is no spread to judge by")
    error = sqrt(part_a + part_b)
    df = (part_a + part_b) ** 2 / (part_a**2 / (n_a - 1) + part_b**2 / (n_b - 1))
    difference = _apart(counts_a, counts_b) / (n_a * n_b)
    half = t_quantile((1 + confidence) / 2, df) * error
    return Welch(difference, error, df, difference - half, difference + half)


def welch_label(counts_a: Sequence[int], counts_b: Sequence[int]) -> Gap:
    """Return the word for the gap between two groups of at least eight people each.

    *Clear*: the means differ by 1.0 or more and the interval of 95 % excludes 0. *Possible*: they
    differ so, but the interval holds 0. *Same picture*: they differ by less, and the whole
    interval lies within 1.5 of 0. Else *not enough answers*. Standard deviations count as at
    least 0.5. These figures are for seven points; on others they are in proportion to the length
    of the scale. Turning both scales round changes nothing. This function does not ask whether
    the groups are large enough for the figure to be shown; disclosure does.

    :param counts_a: numbers of people of the first group by point, shape ``(points,)``.
    :param counts_b: those of the second group, on the same scale.
    :returns: the word; *not enough answers* also below two people on a side.
    :raises ValueError: for scales of different length, or shorter than two points.

    Source: our convention (``docs/concepts/gap.md``).

    >>> welch_label([9, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 9]).value
    'clear'
    """
    points = len(counts_a)
    scale = _proportion(points)
    if points != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    n_a, n_b = size(counts_a), size(counts_b)
    if min(n_a, n_b) < _TWO:
        return Gap.UNKNOWN
    found = welch(counts_a, counts_b, sd_floor=SD_FLOOR * scale)
    # In whole numbers, so that a difference of exactly 1.0 counts on every way of reckoning.
    apart = abs(_apart(counts_a, counts_b))
    half = found.high - found.difference
    distance = apart / (n_a * n_b)
    if apart * _SEVEN_POINT_STEPS >= (points - 1) * n_a * n_b * GAP:
        return Gap.CLEAR if distance > half else Gap.POSSIBLE
    return Gap.SAME if distance + half <= SAME * scale else Gap.UNKNOWN


def displayed_label(a: float, b: float, points: int = 7) -> Gap:
    """Return the word for the gap between two displayed figures, which is all it may use.

    *Worth asking*: 1.5 or more apart. *Alike*: 0.5 or less. Else *cannot tell*. For seven
    points; on other scales in proportion to their length.

    :param a: the first displayed figure, in scale points.
    :param b: the second, on the same scale.
    :param points: length of the scale, in points; at least 2.
    :returns: the word.
    :raises ValueError: if the scale is shorter than two points, or a figure is not finite.

    Source: our convention (``docs/concepts/gap.md``).

    >>> displayed_label(5.5, 4.0).value
    'worth asking'
    """
    scale = _proportion(points)
    # Displayed figures have a decimal or two, or are means of such; the rest is rounding.
    apart = round(abs(a - b) / scale, 9)
    if not apart < float("inf"):
        raise ValueError("displayed figures are numbers")
    if apart >= ASK_AT:
        return Gap.WORTH_ASKING
    return Gap.ALIKE if apart <= ALIKE_AT else Gap.CANNOT_TELL


def _apart(counts_a: Sequence[int], counts_b: Sequence[int]) -> int:
    """Return the difference of the means times both numbers of people, as a whole number."""
    total_a = sum(point * count for point, count in enumerate(counts_a))
    total_b = sum(point * count for point, count in enumerate(counts_b))
    return total_a * sum(counts_b) - total_b * sum(counts_a)


def _proportion(points: int) -> float:
    """Return the length of a scale over that of seven points."""
    if points < _TWO:
        raise ValueError("a scale has two points or more")
    return (points - 1) / _SEVEN_POINT_STEPS
