"""How much of what raters say lies in what they rate: intraclass correlations of raters.

Rows are subjects, columns raters; only subjects that all raters rated count. Whether groups of
people differ is another question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from understream.measurement.fisher import f_quantile
from understream.measurement.raters import Rating, complete, whole

_TWO = 2


class Design(StrEnum):
    """Who rates, and what counts as agreement.

    ``ONE_WAY``: each subject has raters of its own. ``CONSISTENCY``: the same raters throughout;
    a rater who is milder by a constant still agrees. ``AGREEMENT``: the same raters; it does not.
    """

    ONE_WAY = "oneway_consistency"
    CONSISTENCY = "twoway_consistency"
    AGREEMENT = "twoway_agreement"


@dataclass(frozen=True, slots=True)
class Intraclass:
    """A correlation with its interval, without unit; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """The analysis of variance of subjects by raters, all in squared points times one unit.

    ``within`` is between the ratings of one subject, ``error`` what is left of it beside raters.
    """

    subjects: int
    raters: int
    between: Fraction
    within: Fraction
    across_raters: Fraction
    error: Fraction


def intraclass(
    ratings: Sequence[Sequence[Rating]],
    design: Design,
    *,
    average: bool = False,
    confidence: float = 0.95,
    as_irr: bool = False,
) -> Intraclass:
    """Return an intraclass correlation of raters, with its interval.

    In the terms of Shrout & Fleiss: ``ONE_WAY`` is ICC(1,1), ``AGREEMENT`` ICC(2,1) and
    ``CONSISTENCY`` ICC(3,1); with *average* ICC(1,k), ICC(2,k) and ICC(3,k).

    :param ratings: numbers, shape ``(subjects, raters)``; subjects that somebody passed are left
        out.
    :param design: who rates, and what counts as agreement.
    :param average: of the mean of all raters instead of one rater.
    :param confidence: coverage of the interval, strictly between 0 and 1.
    :param as_irr: give the ends of ``AGREEMENT`` with *average* as R's irr 0.84.1 does, with
        other degrees of freedom (``docs/concepts/rater.md``).
    :returns: value and ends without unit, at most 1; all None below two complete subjects or two
        raters, or where the formula divides by 0 or less, as it does if all ratings are the
        same; the ends None where raters agree wholly or, for
        agreement, where the interval divides by 0.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: Shrout & Fleiss (1979), *Psychological Bulletin* 86(2), 420-428; McGraw & Wong (1996),
    *Psychological Methods* 1(1), 30-46, tables 4 and 7.

    >>> intraclass([[1, 2], [3, 3], [5, 4]], Design.CONSISTENCY).value  # doctest: +ELLIPSIS
    0.8
    """
    if not 0 < confidence < 1:
        raise ValueError("the confidence lies between 0 and 1")
    found = mean_squares(ratings)
    if found is None:
        return Intraclass(None, None, None)
    error = found.within if design is Design.ONE_WAY else found.error
    times = 1 if average else found.raters
    below = found.between + (times - 1) * error
    if design is Design.AGREEMENT:
        below += Fraction(times, found.subjects) * (found.across_raters - error)
    if below <= 0:
        return Intraclass(None, None, None)
    value = (found.between - error) / below
    if design is Design.AGREEMENT:
        weight = (found.raters if as_irr else times) * value
        low, high = _ends_of_agreement(found, value, weight, times, (1 + confidence) / 2)
    else:
        low, high = _ends(found, error, times, (1 + confidence) / 2, design)
    return Intraclass(float(value), low, high)


def mean_squares(ratings: Sequence[Sequence[Rating]]) -> MeanSquares | None:
    """Return the mean squares of an analysis of variance of subjects by raters.

    :param ratings: numbers, shape ``(subjects, raters)``; subjects that somebody passed are left
        out.
    :returns: the mean squares, exact; None below two complete subjects or two raters.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: McGraw & Wong (1996), *Psychological Methods* 1(1), 30-46, table 3.
    """
    given = complete(ratings)
    n, k = len(given), len(given[0]) if given else 0
    if n < _TWO or k < _TWO:
        return None
    place = whole({value for row in given for value in row})
    rows = [[place[value] for value in row] for row in given]
    total = sum(map(sum, rows))
    all_squares = sum(one * one for row in rows for one in row)
    by_subject = Fraction(sum(sum(row) ** 2 for row in rows), k)
    by_rater = Fraction(sum(sum(column) ** 2 for column in zip(*rows, strict=True)), n)
    middle = Fraction(total * total, n * k)
    return MeanSquares(
        subjects=n,
        raters=k,
        between=(by_subject - middle) / (n - 1),
        within=(all_squares - by_subject) / (n * (k - 1)),
        across_raters=(by_rater - middle) / (k - 1),
        error=(all_squares - by_subject - by_rater + middle) / ((n - 1) * (k - 1)),
    )


def _ends(
    found: MeanSquares, error: Fraction, times: int, upper: float, design: Design
) -> tuple[float | None, float | None]:
    n, k = found.subjects, found.raters
    if error == 0:
        return None, None
    rest = n * (k - 1) if design is Design.ONE_WAY else (n - 1) * (k - 1)
    ratio = float(found.between / error)
    low = ratio / f_quantile(upper, n - 1, rest)
    high = ratio * f_quantile(upper, rest, n - 1)
    # One rater: (F - 1) / (F + k - 1); the mean of all: 1 - 1 / F.
    return _share(low, times), _share(high, times)


def _share(ratio: float, times: int) -> float | None:
    below = ratio + times - 1
    return (ratio - 1) / below if below else None


def _ends_of_agreement(
    found: MeanSquares, value: Fraction, weight: Fraction, times: int, upper: float
) -> tuple[float | None, float | None]:
    n, k = found.subjects, found.raters
    if value == 1:
        return None, None
    weight /= n * (1 - value)
    raters, error = weight * found.across_raters, (1 + weight * (n - 1)) * found.error
    below = raters**2 / (k - 1) + error**2 / ((n - 1) * (k - 1))
    df = float((raters + error) ** 2 / below) if below else 0.0
    if df == 0:
        return None, None
    low, high = f_quantile(upper, n - 1, df), f_quantile(upper, df, n - 1)
    between, left = float(found.between), float(found.error)
    noise = float(times * found.across_raters + (times * n - times - n) * found.error)
    under_low, under_high = low * noise + n * between, noise + n * high * between
    return (
        n * (between - low * left) / under_low if under_low else None,
        n * (high * between - left) / under_high if under_high else None,
    )
