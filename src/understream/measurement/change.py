"""What changed between two rounds, and whether minds changed or people did.

Two kinds of functions stand here. :func:`change_of` is for all rounds: it compares two displayed
figures, and knows nothing else of them. Each function that follows persons from one round to the
next is for named rounds and for files whose holder may see them: a confidential voice has no
yesterday. Whether a figure may be shown is for disclosure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, fsum, sqrt
from operator import mul
from statistics import NormalDist
from typing import Final

from understream.measurement.description import Moments, moments
from understream.measurement.disclosure import FINE_FROM, SEVEN, WORD_FROM, steps_of
from understream.measurement.gap import GAP, SAME, Welch, welch_between
from understream.measurement.student import t_cdf, t_quantile
from understream.measurement.within_group import Agreement

#: On seven points, the spread that is reckoned with behind an agreement word. A convention of
#: ours, near what groups of 8 to 20 drawn people differ by (``docs/concepts/change.md``).
SPREAD_OF: Final = {Agreement.CLOSE: 1.0, Agreement.SPREAD: 1.75, Agreement.TWO_CAMPS: 2.25}
#: Of those who spoke, so many at least answered a question of which shares are shown, unless it
#: says otherwise: more than three in ten who could not judge are told of.
ANSWERED: Final = Fraction(7, 10)
_TWO = 2
#: What cancels to this share of itself was nothing but rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the mean with its confidence interval, in scale points: later less earlier."""

    change: float
    standard_error: float
    df: float
    low: float
    high: float

    @property
    def t(self) -> float:
        """The change over its standard error."""
        return self.change / self.standard_error

    @property
    def p(self) -> float:
        """How often chance alone would bring as large a change, to either side."""
        return 2 * t_cdf(-abs(self.t), self.df)

    @property
    def dz(self) -> float:
        """The change in standard deviations of change: of the same people only (:func:`paired`).

        Source: Cohen (1988), *Statistical power analysis for the behavioral sciences*, 2.3.
        """
        return self.t / sqrt(self.df + 1)


@dataclass(frozen=True, slots=True)
class Split:
    """A change of the mean, taken apart without remainder, in scale points.

    ``minds`` is what those who answered twice changed; ``joined`` what those who came later make
    of the later mean, ``left`` what those who went make of the earlier one. The numbers of people
    say of how many each speaks.
    """

    total: float
    minds: float
    joined: float
    left: float
    n_stayed: int
    n_joined: int
    n_left: int

    @property
    def people(self) -> float:
        """What changed because people did."""
        return self.joined + self.left


class Moved(StrEnum):
    """The words for what became of a displayed figure; nothing where nothing can be said."""

    HIGHER = "higher"
    LOWER = "lower"
    CLEARLY_HIGHER = "clearly higher"
    CLEARLY_LOWER = "clearly lower"
    PERHAPS_HIGHER = "perhaps higher"
    PERHAPS_LOWER = "perhaps lower"
    ABOUT_THE_SAME = "about the same"
    UNKNOWN = "change unknown"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A displayed figure as change may know it: what the reader sees, and nothing finer.

    ``mean`` is the displayed mean, in scale points. ``word`` is its agreement word, None where
    none is shown. ``people`` is the fewest it can be of, by :func:`fewest`; 0 where no word is
    shown, so that eight or more cannot be told from fewer.
    """

    mean: float
    word: Agreement | None = None
    people: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """What became of a figure. ``noise``: so far, in points, it can move without meaning much."""

    word: Moved
    noise: float


def fewest(
    people: str, word: Agreement | None, *, shares: bool, blind: bool, everybody: bool
) -> int:
    """Return how many people a displayed figure is of, at least, as its reader can know it.

    :param people: how many spoke, as it is displayed: "", "5-9" or a number.
    :param word: the displayed agreement word, if any.
    :param shares: whether shares are displayed too.
    :param blind: whether it says that many could not judge.
    :param everybody: whether the question was asked of all, and not of those whom a lot chose.
    :returns: 0 without a word; 8 without shares; else 10, or seven tenths of those who spoke.

    >>> fewest("24", Agreement.CLOSE, shares=True, blind=False, everybody=True)
    17
    """
    if word not in SPREAD_OF:
        return 0
    if not shares:
        return WORD_FROM
    spoke = int(people) if people.isdigit() and everybody and not blind else 0
    return max(FINE_FROM, ceil(ANSWERED * spoke))


def change_of(earlier: Seen, later: Seen, *, points: int) -> Movement:
    """Return the word for what became of a figure from one release to another.

    Where either figure shows no agreement word, it is of fewer than eight people or on another
    scale than seven points: *higher* or *lower* if the displayed means differ by 1.0 or more, else
    nothing. From eight people on both sides Welch's interval of 95 % is laid about the difference
    of the displayed means, and made wider by what rounding may hide. *Clearly*: the means differ
    by 1.0 or more, and by more than the interval reaches. *Perhaps*: by 1.0 or more, but not so
    far. *About the same*: by less, and the whole interval lies within 1.5 of 0. Else *unknown*.
    No release holds a standard deviation; that of the usual group with the same agreement word
    stands for it (``SPREAD_OF``). All these figures are for seven points, and on other scales in
    proportion to their length.

    :param earlier: the figure of the earlier release.
    :param later: that of the later one, on the same scale.
    :param points: length of the scale, in points; 3 or more.
    :returns: the word, and how far the figure could have moved without it.
    :raises ValueError: if the scale is too short or too long.

    Source: our convention (``docs/concepts/change.md``); the interval as
    :func:`understream.measurement.gap.welch`.

    >>> change_of(Seen(3.5), Seen(4.5), points=7).word.value
    'higher'
    """
    coarse, fine = steps_of(points)
    scale = (points - 1) / (SEVEN - 1)
    change = round(later.mean - earlier.mean, 9)
    least = round(GAP * scale, 9)
    far = abs(change) >= least
    up = change > 0
    if points != SEVEN or not (earlier.people and later.people):
        word = (Moved.HIGHER if up else Moved.LOWER) if far else Moved.NOTHING
        return Movement(word, least)
    found = _welch(earlier, later)
    hidden = sum(
        float(fine if one.people >= FINE_FROM else coarse) / 2 for one in (earlier, later)
    )
    noise = (found.high - found.low) / 2 + hidden
    if far and abs(change) > noise:
        word = Moved.CLEARLY_HIGHER if up else Moved.CLEARLY_LOWER
    elif far:
        word = Moved.PERHAPS_HIGHER if up else Moved.PERHAPS_LOWER
    else:
        word = Moved.ABOUT_THE_SAME if abs(change) + noise <= SAME else Moved.UNKNOWN
    return Movement(word, max(least, noise))


def paired(first: Sequence[float], second: Sequence[float], *, confidence: float = 0.95) -> Change:
    """Return how the mean of the same people changed, with its interval.

    :param first: each person's earlier score, shape ``(n,)``; n >= 2.
    :param second: each person's later score, in the same order.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :returns: later mean minus earlier, standard error, n - 1 degrees of freedom, interval.
    :raises ValueError: below two people, for unequal numbers, or if all changed alike, so that
        there is no spread to judge by.

    Source: Student (1908), *Biometrika* 6(1), 1-25.

    >>> paired([1, 2, 3], [2, 4, 3]).t  # doctest: +ELLIPSIS
    1.73205...
    """
    if len(first) != len(second):
        raise ValueError("every person has an earlier and a later score")
    changes = moments([later - earlier for earlier, later in zip(first, second, strict=True)])
    return _change(changes.mean, changes.variance / changes.n, changes.n - 1, confidence)


def overlapping(
    first: Sequence[float | None],
    second: Sequence[float | None],
    *,
    confidence: float = 0.95,
) -> Change:
    """Return how the mean changed if some people answered twice and others once.

    With s the standard deviations of all who answered, r the correlation of those who did so
    twice, n_c of them, the standard error is the root of ``s1^2 / n1 + s2^2 / n2 - 2 r s1 s2 n_c /
    (n1 n2)``. The degrees of freedom lie between those of :func:`paired` and those of Welch, which
    are what everybody twice and nobody twice give.

    :param first: each person's earlier score, shape ``(n,)``; None for who came later.
    :param second: the later scores of the same people in the same order; None for who left.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :returns: later mean minus earlier, standard error, degrees of freedom, interval.
    :raises ValueError: below two people at either time, for unequal numbers, or without spread
        to judge by.

    Source: Derrick, Russ, Toher & White (2017), *Journal of Modern Applied Statistical Methods*
    16(1), 137-157, T_new2. r counts as 0 below two pairs, or if either time they all agree.

    >>> round(overlapping([1, 2, 4, None], [None, 3, 4, 5]).df, 3)
    1.816
    """
    earlier, later, twice = _rounds(first, second)
    a, b = moments(earlier), moments(later)
    shared = 0.0
    if len(twice) >= _TWO:
        r = _correlation(*map(list, zip(*twice, strict=True)))
        shared = 2 * r * sqrt(a.variance * b.variance) * len(twice) / (a.n * b.n)
    parts = (a.variance / a.n, b.variance / b.n)
    square = fsum((*parts, -shared))
    if square <= _ROUNDING * sum(parts):
        square = 0.0
    once = a.n + b.n - 2 * len(twice)
    df: float = len(twice) - 1
    if once and square:
        df += (_welch_df(a, b) - df) * once / (a.n + b.n)
    return _change(b.mean - a.mean, square, df, confidence)


def split_change(first: Sequence[float | None], second: Sequence[float | None]) -> Split:
    """Return how much of a change is minds changed, and how much people changed.

    With w the share of those who stayed: ``m2 - m1 = (stay2 - stay1) + (1 - w2)(join2 - stay2) -
    (1 - w1)(left1 - stay1)``, an identity. It is reckoned in fractions, so that the parts add up.

    :param first: each person's earlier score, shape ``(n,)``; None for who came later.
    :param second: the later scores of the same people in the same order; None for who left.
    :returns: the change and its parts, and how many people stayed, came and left.
    :raises ValueError: for unequal numbers, or if nobody stayed.

    Source: ours (``docs/concepts/change.md``).

    >>> found = split_change([4, 5, None], [5, None, 6])
    >>> found.total, found.minds, found.joined, found.left
    (1.0, 1.0, 0.5, -0.5)
    """
    earlier, later, twice = _rounds(first, second)
    if not twice:
        raise ValueError("nobody answered twice: whether minds changed cannot be told")
    stay1, stay2 = (_mean(scores) for scores in zip(*twice, strict=True))
    mean1, mean2 = _mean(earlier), _mean(later)
    # (1 - w2)(join2 - stay2) is the later mean less that of those who stayed; likewise before.
    return Split(
        total=float(mean2 - mean1),
        minds=float(stay2 - stay1),
        joined=float(mean2 - stay2),
        left=float(stay1 - mean1),
        n_stayed=len(twice),
        n_joined=len(later) - len(twice),
        n_left=len(earlier) - len(twice),
    )


def reliable_change_limit(sd: float, reliability: float, *, confidence: float = 0.95) -> float:
    """Return the change of one person that error of measurement seldom brings by itself.

    ``z sqrt(2) SD sqrt(1 - r)``. A yardstick in plain language; never shown of a person.

    :param sd: standard deviation between people, in scale points; 0 or more.
    :param reliability: of the scale, in 0 .. 1.
    :param confidence: how often error stays within it, strictly between 0 and 1.
    :returns: a number of scale points.
    :raises ValueError: for values outside these ranges.

    Source: Jacobson & Truax (1991), *Journal of Consulting and Clinical Psychology* 59(1), 12-19.

    >>> round(reliable_change_limit(1.0, 0.85), 2)
    1.07
    """
    if not (sd >= 0 and 0 <= reliability <= 1):
        raise ValueError("a spread is 0 or more, and a reliability lies from 0 to 1")
    _check(confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return z * sd * sqrt(2 * (1 - reliability))


# ------------------------------------------------------------------- pieces


def _welch(earlier: Seen, later: Seen) -> Welch:
    later_m, earlier_m = (
        Moments(one.people, one.mean, SPREAD_OF[one.word or Agreement.SPREAD] ** 2)
        for one in (later, earlier)
    )
    return welch_between(later_m, earlier_m)


def _rounds(
    first: Sequence[float | None], second: Sequence[float | None]
) -> tuple[list[float], list[float], list[tuple[float, float]]]:
    """Return all earlier scores, all later ones, and both of those who have both."""
    if len(first) != len(second):
        raise ValueError("both rounds name the same people; None stands where one did not answer")
    return (
        [score for score in first if score is not None],
        [score for score in second if score is not None],
        [
            (earlier, later)
            for earlier, later in zip(first, second, strict=True)
            if earlier is not None and later is not None
        ],
    )


def _change(change: float, square: float, df: float, confidence: float) -> Change:
    _check(confidence)
    if square == 0:
        raise ValueError("there is no spread to judge a change by")
    error = sqrt(square)
    half = t_quantile((1 + confidence) / 2, df) * error
    return Change(change, error, df, change - half, change + half)


def _welch_df(a: Moments, b: Moments) -> float:
    part_a, part_b = a.variance / a.n, b.variance / b.n
    whole = part_a + part_b
    return 1 / ((part_a / whole) ** 2 / (a.n - 1) + (part_b / whole) ** 2 / (b.n - 1))


def _correlation(one: Sequence[float], two: Sequence[float]) -> float:
    middle1, middle2 = fsum(one) / len(one), fsum(two) / len(two)
    away1, away2 = [x - middle1 for x in one], [y - middle2 for y in two]
    spread = fsum(map(mul, away1, away1)) * fsum(map(mul, away2, away2))
    return fsum(map(mul, away1, away2)) / sqrt(spread) if spread else 0.0


def _mean(scores: Sequence[float]) -> Fraction:
    return sum(map(Fraction, scores), start=Fraction(0)) / len(scores)


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
