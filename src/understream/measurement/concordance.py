"""How far raters put the same things into the same order."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import atanh, fsum, sqrt, tanh

from understream.measurement.raters import Rating, complete, whole

_TWO = 2


def kendall_w(ratings: Sequence[Sequence[Rating]], *, corrected: bool = True) -> float | None:
    """Return Kendall's coefficient of concordance of the raters' rankings.

    :param ratings: numbers, shape ``(subjects, raters)``; subjects that somebody passed are left
        out. Equal ratings of one rater share their middle rank.
    :param corrected: whether ties are allowed for.
    :returns: 0 for no common order up to 1 for one and the same; None below two subjects or two
        raters, or, corrected, if every rater ties all subjects.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: Kendall & Babington Smith (1939), *Annals of Mathematical Statistics* 10(3), 275-287;
    with ties Kendall (1948), *Rank Correlation Methods*, section 6.6.

    >>> kendall_w([[1, 1], [2, 3], [3, 2]])
    0.75
    """
    ranks = _ranks(_columns(ratings))
    if len(ranks) < _TWO or len(ranks[0]) < _TWO:
        return None
    raters, subjects = len(ranks), len(ranks[0])
    sums = [sum(column[place] for column in ranks) for place in range(subjects)]
    spread = Fraction(subjects * sum(one * one for one in sums) - sum(sums) ** 2, 4 * subjects)
    most = raters * raters * (subjects**3 - subjects)
    if corrected:
        tied = sum(n**3 - n for column in ranks for n in Counter(column).values())
        most -= raters * tied
    return float(12 * spread / most) if most else None


def mean_pearson(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return the mean correlation of all pairs of raters, averaged by Fisher's z.

    :param ratings: numbers, shape ``(subjects, raters)``; subjects that somebody passed are left
        out. Pairs that correlate perfectly have no z, and are left out too.
    :returns: a correlation, -1 .. 1; None without such a pair, or if a rater always says the
        same.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: Fisher (1921), *Metron* 1, 3-32; Pearson (1895), *Proceedings of the Royal Society of
    London* 58, 240-242.
    """
    return _mean_correlation(_columns(ratings))


def mean_spearman(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return the mean rank correlation of all pairs of raters, averaged by Fisher's z.

    :param ratings: numbers, shape ``(subjects, raters)``; as for :func:`mean_pearson`.
    :returns: a correlation, -1 .. 1; None where :func:`mean_pearson` of the ranks is.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: Spearman (1904), *American Journal of Psychology* 15(1), 72-101.
    """
    return _mean_correlation(_ranks(_columns(ratings)))


def _columns(ratings: Sequence[Sequence[Rating]]) -> list[list[int]]:
    rows = complete(ratings)
    place = whole({value for row in rows for value in row})
    return [[place[value] for value in column] for column in zip(*rows, strict=True)]


def _ranks(columns: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return twice the middle rank of each rating among those of its rater."""
    ranked = []
    for column in columns:
        ranks, below = {}, 0
        for value, count in sorted(Counter(column).items()):
            ranks[value] = 2 * below + count + 1
            below += count
        ranked.append([ranks[value] for value in column])
    return ranked


def _mean_correlation(columns: Sequence[Sequence[int]]) -> float | None:
    n = len(columns[0]) if columns else 0
    totals = [sum(column) for column in columns]
    spreads = [
        n * sum(one * one for one in column) - total * total
        for column, total in zip(columns, totals, strict=True)
    ]
    if not all(spreads):
        return None
    found = []
    for a, b in combinations(range(len(columns)), _TWO):
        both = sum(one * other for one, other in zip(columns[a], columns[b], strict=True))
        together, most = n * both - totals[a] * totals[b], spreads[a] * spreads[b]
        if together * together < most:
            found.append(atanh(together / sqrt(most)))
    return tanh(fsum(found) / len(found)) if found else None
