"""How far two groups lie apart on one question, and how sure that is."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import inf, sqrt

from understream.measurement.description import Moments, moments_of, size, total_of
from understream.measurement.student import t_cdf, t_quantile

#: On seven points, a difference of one counts as a gap: about 0.8 standard deviation.
GAP = 1.0
#: On seven points, two pictures are the same if they surely differ by less than this.
SAME = 1.5
#: On seven points, displayed figures this close are alike, and this far apart worth asking about.
ALIKE_AT, ASK_AT = 0.5, 1.5
#: On seven points, no group is taken for less spread than this: unanimity of few is luck.
SD_FLOOR = 0.5
#: On seven points, the spread that is expected beforehand, and how many people's word it has.
USUAL_SD, USUAL_WEIGHT = 1.0, 4
_SEVEN_POINT_STEPS = 6
_TWO = 2
#: Where an interval of 95 % ends above.
_TWO_SIDED = 0.975


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

    @property
    def t(self) -> float:
        """The difference over its standard error."""
        return self.difference / self.standard_error

    @property
    def p(self) -> float:
        """How often chance alone would bring as large a difference, to either side."""
        return 2 * t_cdf(-abs(self.t), self.df)


@dataclass(frozen=True, slots=True)
class Judged:
    """The difference of two means, in scale points, with the word for it."""

    difference: float
    standard_error: float
    df: float
    label: Gap


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
    if min(size(counts_a), size(counts_b)) < _TWO:
        raise ValueError("an interval needs two people or more on either side")
    a, b = moments_of(counts_a), moments_of(counts_b)
    difference = _apart(counts_a, counts_b) / (a.n * b.n)
    return _interval(
        difference,
        _parts(a, b, sd_floor),
        (a.n - 1, b.n - 1),
        confidence,
    )


def welch_between(
    a: Moments, b: Moments, *, confidence: float = 0.95, sd_floor: float = 0.0
) -> Welch:
    """Return :func:`welch` for scores that need not be whole, such as means of several items.

    :param a: number, mean and variance of the first group; n >= 2.
    :param b: those of the second group, in the same unit; n >= 2.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :param sd_floor: least standard deviation to reckon with, in the scores' unit; 0 for none.
    :returns: first mean minus second, standard error, degrees of freedom, ends of the interval.
    :raises ValueError: as :func:`welch`.

    Source: as :func:`welch`.

    >>> welch_between(Moments(5, 5.8, 0.7), Moments(6, 4.0, 2.0)).df  # doctest: +ELLIPSIS
    8.26054...
    """
    return _interval(a.mean - b.mean, _parts(a, b, sd_floor), (a.n - 1, b.n - 1), confidence)


def moderated(a: Moments, b: Moments, *, points: int, confidence: float = 0.95) -> Welch:
    """Return the interval of a difference, with each variance drawn towards a usual one.

    Variances of three people are mostly luck. Each is therefore taken together with what is
    usual: ``((n - 1) s^2 + 4 * 1.0) / (n + 3)`` on seven points, with n - 1 + 4 degrees of
    freedom; on other scales the usual standard deviation is in proportion to their length. The
    interval keeps its promise where the true standard deviation is usual, from about 0.8 to 1.4.
    Pages do not use it; the command prints it.

    :param a: number, mean and variance of the first group, in scale points; n >= 2.
    :param b: those of the second group, on the same scale; n >= 2.
    :param points: length of the scale, in points; at least 2.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :returns: first mean minus second, standard error, degrees of freedom, ends of the interval.
    :raises ValueError: below two people on a side or two points, or an impossible confidence.

    Source: the moderated variance of Smyth (2004), *Statistical Applications in Genetics and
    Molecular Biology* 3(1), 3, with a prior of our own (``docs/concepts/gap.md``); then as
    :func:`welch`.

    >>> found = moderated(Moments(3, 5.0, 1.0), Moments(3, 4.0, 1.0), points=7)
    >>> round(found.high - found.low, 2)
    3.56
    """
    usual = USUAL_WEIGHT * (USUAL_SD * _proportion(points)) ** 2
    df_a, df_b = a.n - 1 + USUAL_WEIGHT, b.n - 1 + USUAL_WEIGHT
    parts = (
        ((a.n - 1) * a.variance + usual) / df_a / a.n,
        ((b.n - 1) * b.variance + usual) / df_b / b.n,
    )
    return _interval(a.mean - b.mean, parts, (df_a, df_b), confidence)


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
    _proportion(len(counts_a))
    if len(counts_a) != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    if min(size(counts_a), size(counts_b)) < _TWO:
        return Gap.UNKNOWN
    return judge(counts_a, counts_b).label


def judge(counts_a: Sequence[int], counts_b: Sequence[int]) -> Judged:
    """Return what :func:`welch_label` judges by, and the word, without working the interval out.

    :param counts_a: numbers of people of the first group by point, shape ``(points,)``; n >= 2.
    :param counts_b: those of the second group, on the same scale; n >= 2.
    :returns: first mean minus second, standard error and degrees of freedom with standard
        deviations of at least 0.5 on seven points, and the word.
    :raises ValueError: below two people on a side, or for scales of different length.

    Source: as :func:`welch`, and our convention (``docs/concepts/gap.md``).

    >>> found = judge([0, 0, 0, 0, 2, 2, 1], [0, 1, 1, 2, 1, 1, 0])
    >>> (found.difference, found.label.value)
    (1.8, 'clear')
    """
    if len(counts_a) != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    a, b = moments_of(counts_a), moments_of(counts_b)
    parts = _parts(a, b, SD_FLOOR * _proportion(len(counts_a)))
    error, df = _error(parts, (a.n - 1, b.n - 1))
    difference = _apart(counts_a, counts_b) / (a.n * b.n)
    return Judged(difference, error, df, _label(counts_a, counts_b, error, df))


def moderated_label(counts_a: Sequence[int], counts_b: Sequence[int]) -> Gap:
    """Return the word of :func:`welch_label`, by the interval of :func:`moderated`.

    :param counts_a: numbers of people of the first group by point, shape ``(points,)``.
    :param counts_b: those of the second group, on the same scale.
    :returns: the word; *not enough answers* also below two people on a side.
    :raises ValueError: for scales of different length, or shorter than two points.

    Source: our convention (``docs/concepts/gap.md``).

    >>> moderated_label([1, 2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 2, 1]).value
    'clear'
    """
    points = len(counts_a)
    if points != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    _proportion(points)
    if min(size(counts_a), size(counts_b)) < _TWO:
        return Gap.UNKNOWN
    found = moderated(moments_of(counts_a), moments_of(counts_b), points=points)
    return _label(counts_a, counts_b, found.standard_error, found.df)


def floored(a: Moments, b: Moments, *, points: int) -> Welch:
    """Return the interval by which :func:`welch_label` judges, for scores that need not be whole.

    :param a: number, mean and variance of the first group, in scale points; n >= 2.
    :param b: those of the second group, on the same scale; n >= 2.
    :param points: length of the scale, in points; at least 2.
    :returns: :func:`welch_between` with standard deviations of at least 0.5 on seven points, and
        in proportion on others.
    :raises ValueError: below two people on a side or two points.
    """
    return welch_between(a, b, sd_floor=SD_FLOOR * _proportion(points))


def interval_label(found: Welch, *, points: int) -> Gap:
    """Return the word of :func:`welch_label` for an interval that is there already.

    :param found: what :func:`floored` or :func:`moderated` returned, in scale points.
    :param points: length of the scale, in points; at least 2.
    :returns: the word.
    :raises ValueError: if the scale is shorter than two points.

    Source: our convention (``docs/concepts/gap.md``).

    >>> interval_label(Welch(1.2, 0.4, 14.0, 0.3, 2.1), points=7).value
    'clear'
    """
    scale = _proportion(points)
    # Means of several items are rounded: a difference of exactly 1.0 shall count as one.
    distance, half = round(abs(found.difference) / scale, 9), (found.high - found.low) / 2 / scale
    if distance >= GAP:
        return Gap.CLEAR if distance > half else Gap.POSSIBLE
    return Gap.SAME if distance + half <= SAME else Gap.UNKNOWN


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


# ------------------------------------------------------------------ in ranks


def cliffs_delta(a: Sequence[float], b: Sequence[float]) -> float:
    """Return how much oftener one of the first group stands higher than the other way round.

    Over all pairs of one of each: the share in which the first is higher, less the share in
    which the second is. It rests on order alone.

    :param a: one score for each person of the first group, shape ``(n,)``; n >= 1.
    :param b: those of the second group, shape ``(m,)``; m >= 1.
    :returns: a number in -1 .. 1, without unit; 1 if every one of the first stands higher.
    :raises ValueError: if a group is empty.

    Source: Cliff (1993), *Psychological Bulletin* 114(3), 494-509.

    >>> round(cliffs_delta([6, 5, 6, 7, 5], [3, 5, 4, 2, 4, 6]), 10)
    0.7333333333
    """
    if not a or not b:
        raise ValueError("pairs need somebody on either side")
    ranked = sorted(b)
    above = sum(bisect_left(ranked, score) for score in a)
    below = sum(len(ranked) - bisect_right(ranked, score) for score in a)
    return (above - below) / (len(a) * len(b))


def cliffs_delta_of(counts_a: Sequence[int], counts_b: Sequence[int]) -> float | None:
    """Return :func:`cliffs_delta` of histograms.

    :param counts_a: numbers of people of the first group by point, shape ``(points,)``.
    :param counts_b: those of the second group, on the same scale.
    :returns: a number in -1 .. 1, without unit; None if a group is empty.
    :raises ValueError: for scales of different length, or if a count is negative.
    """
    if len(counts_a) != len(counts_b):
        raise ValueError("both groups answer on the same scale")
    pairs = size(counts_a) * size(counts_b)
    if not pairs:
        return None
    apart, lower = 0, 0
    for here_a, here_b in zip(counts_a, counts_b, strict=True):
        apart += here_a * (2 * lower + here_b)
        lower += here_b
    return (apart - pairs) / pairs


# ------------------------------------------------------------------ pieces


def _parts(a: Moments, b: Moments, sd_floor: float) -> tuple[float, float]:
    """Return what each group adds to the squared standard error."""
    if sd_floor < 0:
        raise ValueError("a standard deviation is never below 0")
    least: float = sd_floor**2
    return max(a.variance, least) / a.n, max(b.variance, least) / b.n


def _interval(
    difference: float, parts: tuple[float, float], dfs: tuple[int, int], confidence: float
) -> Welch:
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
    error, df = _error(parts, dfs)
    half = t_quantile((1 + confidence) / 2, df) * error
    return Welch(difference, error, df, difference - half, difference + half)


def _error(parts: tuple[float, float], dfs: tuple[int, int]) -> tuple[float, float]:
    """Return the standard error of a difference, and its degrees of freedom."""
    whole = parts[0] + parts[1]
    if whole == 0:
        raise ValueError("both groups are unanimous: there is no spread to judge by")
    # In shares of the whole, so that tiny spreads do not vanish when squared.
    df = 1 / ((parts[0] / whole) ** 2 / dfs[0] + (parts[1] / whole) ** 2 / dfs[1])
    return sqrt(whole), df


def _label(counts_a: Sequence[int], counts_b: Sequence[int], error: float, df: float) -> Gap:
    # In whole numbers, so that a difference of exactly 1.0 counts on every way of reckoning.
    points, pairs = len(counts_a), sum(counts_a) * sum(counts_b)
    apart = abs(_apart(counts_a, counts_b))
    distance = apart / pairs
    if apart * _SEVEN_POINT_STEPS >= (points - 1) * pairs * GAP:
        return Gap.CLEAR if _beyond_half(distance, error, df) > 0 else Gap.POSSIBLE
    room = SAME * _proportion(points) - distance
    return Gap.SAME if _beyond_half(room, error, df) >= 0 else Gap.UNKNOWN


def _beyond_half(distance: float, error: float, df: float) -> int:
    """Return whether a distance is more (1), as much (0) or less (-1) than half an interval.

    Half an interval shrinks as the degrees of freedom grow: those of the whole numbers around
    them, which are remembered, tell nearly always.
    """
    if distance > _critical(int(df)) * error:
        return 1
    if distance < _critical(int(df) + 1) * error:
        return -1
    half = t_quantile(_TWO_SIDED, df) * error
    return (distance > half) - (distance < half)


@lru_cache(maxsize=1024)
def _critical(df: int) -> float:
    return t_quantile(_TWO_SIDED, df) if df else inf


def _apart(counts_a: Sequence[int], counts_b: Sequence[int]) -> int:
    """Return the difference of the means times both numbers of people, as a whole number."""
    return total_of(counts_a) * sum(counts_b) - total_of(counts_b) * sum(counts_a)


def _proportion(points: int) -> float:
    """Return the length of a scale over that of seven points."""
    if points < _TWO:
        raise ValueError("a scale has two points or more")
    return (points - 1) / _SEVEN_POINT_STEPS
