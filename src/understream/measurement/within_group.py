"""How far the people of one group agree, and whether that is more than chance.

Every index comes twice: for a plain sequence of scores, raising ``ValueError`` where it is not
defined, and, with ``_of`` behind its name, for a histogram, returning None there. The second form
is what pages and commands use.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import accumulate
from math import comb, factorial, fsum, sqrt
from operator import sub
from statistics import NormalDist

from understream.measurement.description import histogram, median, size, squares, variance

#: At most one blind group in twenty may pass for close.
ONE_IN = 20
#: Fewest people for *two camps*, and fewest for *close*.
CAMPS_FROM, CLOSE_FROM = 4, 5
#: Largest group for which the chance limit of AD is worked out; larger ones use this one's.
LARGEST = 100
#: Largest group for which all histograms are enumerated for the chance limit of rwg.
ENUMERATED = 12
_TWO = 2


class Agreement(StrEnum):
    """The word for how a group stands on one question."""

    CLOSE = "close"
    SPREAD = "spread"
    TWO_CAMPS = "two camps"
    UNKNOWN = "not enough answers"


# ------------------------------------------------------------------ the word


def agreement(counts: Sequence[int]) -> Agreement:
    """Return the word for how a group stands on one question.

    *Two camps*, from four people: at least two on either side of the middle, at most one on it,
    and a mean distance from the mean of at least a quarter of the scale's length (1.5 of the six
    steps between 1 and 7). On a scale with an even number of points nobody can stand on the
    middle and each half is a side. Else *close*, from five people: the mean distance is so small
    that blind answering would reach it at most once in twenty. Else *spread*. Below four people
    there is no word. Turning the scale round changes nothing.

    :param counts: numbers of people by point, shape ``(points,)``; at least two points.
    :returns: the word.
    :raises ValueError: if there are fewer than two points, or a count is negative.

    Source: our rule (``docs/concepts/agreement.md``), with the limit of :func:`chance_limit_ad`.

    >>> agreement([2, 1, 0, 0, 0, 1, 2]).value
    'two camps'
    """
    points, n = len(counts), size(counts)
    _check_scale(points)
    if n < CAMPS_FROM:
        return Agreement.UNKNOWN
    side = points // _TWO
    lower, upper = sum(counts[:side]), sum(counts[points - side :])
    distance = _distances(counts)
    wide = 8 * distance >= (points - 1) * n * n
    if lower >= _TWO and upper >= _TWO and n - lower - upper <= 1 and wide:
        return Agreement.TWO_CAMPS
    if n >= CLOSE_FROM:
        limit_n = min(n, LARGEST)
        limit = _limit_of_distances(limit_n, points)
        # Whole numbers on both sides: a group exactly on the limit is close, whatever its size.
        if limit is not None and distance * limit_n * limit_n <= limit * n * n:
            return Agreement.CLOSE
    return Agreement.SPREAD


# ----------------------------------------------------------------- one item


def rwg(scores: Sequence[int], *, points: int) -> float:
    r"""Return the within-group agreement of one item.

    :math:`r_{wg} = 1 - s^2 / \sigma_E^2`, where :math:`\sigma_E^2 = (A^2 - 1) / 12` is the
    variance of blind, uniform answering on *A* points.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``; n >= 2.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement without unit: 1 is unanimity, 0 what blind answering gives; values below
        0 are returned as they are, because a split is news.
    :raises ValueError: below two people or two points, or for a score off the scale.

    Source: James, Demaree & Wolf (1984), *Journal of Applied Psychology* 69(1), 85-98.

    >>> rwg([4, 4, 5, 4], points=5)
    0.875
    """
    value = rwg_of(histogram(scores, points=points))
    return _defined(value, "rwg needs two people or more")


def rwg_of(counts: Sequence[int]) -> float | None:
    """Return :func:`rwg` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: agreement without unit; None below two people.
    :raises ValueError: if there are fewer than two points, or a count is negative.
    """
    _check_scale(len(counts))
    spread = variance(counts)
    return None if spread is None else 1 - spread / _blind_variance(len(counts))


def awg(scores: Sequence[int], *, points: int) -> float:
    """Return the agreement relative to the widest spread that this mean allows.

    ``1 - 2 s^2 / ([(H + L) M - M^2 - H L] n / (n - 1))`` for a scale from L to H and mean M.
    Unanimity is 1, also at an end of the scale, where the formula divides 0 by 0.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``; n >= 2.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement in -1 .. 1, without unit.
    :raises ValueError: below two people, for a score off the scale, or if people differ and the
        mean lies outside ``[(L (n - 1) + H) / n, (H (n - 1) + L) / n]``, where the index is not
        defined.

    Source: Brown & Hauenstein (2005), *Organizational Research Methods* 8(2), 165-184.

    >>> awg([6, 5, 6, 7, 5], points=7)  # doctest: +ELLIPSIS
    0.80555...
    """
    value = awg_of(histogram(scores, points=points))
    return _defined(
        value,
        "awg needs two people or more, and a mean that does not lie against an end of the scale",
    )


def awg_of(counts: Sequence[int]) -> float | None:
    """Return :func:`awg` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: agreement in -1 .. 1; None where :func:`awg` refuses.
    :raises ValueError: if there are fewer than two points, or a count is negative.
    """
    points, n = len(counts), size(counts)
    _check_scale(points)
    if n < _TWO:
        return None
    spread = squares(counts)
    if spread == 0:
        return 1.0
    # Measured from the lowest point, in whole numbers, so that the limits are exact.
    top, total = points - 1, sum(point * count for point, count in enumerate(counts))
    if not top <= total <= top * (n - 1):
        return None
    room = total * (top * n - total)  # n^2 (H - M)(M - L)
    return 1 - 2 * spread / room


def ad_mean(scores: Sequence[int], *, points: int) -> float:
    """Return the mean distance of the answers from their mean.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``; n >= 1.
    :param points: length of the scale, in points; at least 2.
    :returns: distance in points; 0 is unanimity.
    :raises ValueError: without anyone, or for a score off the scale.

    Source: Burke, Finkelstein & Dusig (1999), *Organizational Research Methods* 2(1), 49-68.

    >>> round(ad_mean([6, 5, 6, 7, 5], points=7), 9)
    0.64
    """
    return _defined(ad_mean_of(histogram(scores, points=points)), "AD needs at least one person")


def ad_mean_of(counts: Sequence[int]) -> float | None:
    """Return :func:`ad_mean` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: distance in points; None without anyone.
    :raises ValueError: if a count is negative.
    """
    n = size(counts)
    return 2 * _distances(counts) / (n * n) if n else None


def ad_median(scores: Sequence[int], *, points: int) -> float:
    """Return the mean distance of the answers from their median.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``; n >= 1.
    :param points: length of the scale, in points; at least 2.
    :returns: distance in points; 0 is unanimity.
    :raises ValueError: without anyone, or for a score off the scale.

    Source: Burke & Dunlap (2002), *Organizational Research Methods* 5(2), 159-172.

    >>> ad_median([1, 1, 1, 5], points=5)
    1.0
    """
    return _defined(ad_median_of(histogram(scores, points=points)), "AD needs at least one person")


def ad_median_of(counts: Sequence[int]) -> float | None:
    """Return :func:`ad_median` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: distance in points; None without anyone.
    :raises ValueError: if a count is negative.
    """
    centre = median(counts)
    if centre is None:
        return None
    return sum(abs(p - centre) * count for p, count in enumerate(counts, 1)) / size(counts)


def van_der_eijk(scores: Sequence[int], *, points: int) -> float:
    r"""Return van der Eijk's *A*: whether the answers have one peak.

    The histogram is cut into layers, each as high as its lowest bar that is not empty. A layer
    over S of K points has agreement :math:`U (1 - (S - 1) / (K - 1))`, where
    :math:`U = ((K - 2) T_U - (K - 1) T_D) / ((K - 2)(T_U + T_D))`; :math:`T_U` counts the triples
    of points of which the first two or the last two are filled and the third is empty,
    :math:`T_D` those of which only the middle is empty. *A* is the mean of the layers, each
    weighed by its people. The rule of *two camps* does not use it: with few people it seldom
    sees them.

    :param scores: one whole score for each person, shape ``(n,)``, in ``1 .. points``; n >= 1.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement without unit: 1 is unanimity, 0 uniform answers, -1 two opposite halves.
    :raises ValueError: without anyone, below two points, or for a score off the scale.

    Source: van der Eijk (2001), *Quality & Quantity* 35(3), 325-341.

    >>> van_der_eijk([1, 1, 7, 7], points=7)
    -1.0
    """
    value = van_der_eijk_of(histogram(scores, points=points))
    return _defined(value, "agreement A needs at least one person")


def van_der_eijk_of(counts: Sequence[int]) -> float | None:
    """Return :func:`van_der_eijk` of a histogram.

    :param counts: numbers of people by point, shape ``(points,)``.
    :returns: agreement in -1 .. 1; None without anyone.
    :raises ValueError: if there are fewer than two points, or a count is negative.

    >>> round(van_der_eijk_of([30, 40, 210, 130, 530, 50, 10]), 10)
    0.6113333333
    """
    _check_scale(len(counts))
    n = size(counts)
    if n == 0:
        return None
    parts, ground = [], 0
    for height in sorted({count for count in counts if count}):
        filled = [count >= height for count in counts]
        parts.append((height - ground) * sum(filled) * _layer(filled))
        ground = height
    return fsum(parts) / n


# ------------------------------------------------------------- several items


def rwg_j(ratings: Sequence[Sequence[int]], *, points: int) -> float:
    r"""Return the within-group agreement over *J* items that ask the same.

    :math:`J(1 - m) / (J(1 - m) + m)`, where *m* is the mean item variance over the variance of
    blind, uniform answering. It rises with *J* by itself, and is meaningless for m > 1: the
    value is returned as the formula gives it; commands print 0 there, as the source does.

    :param ratings: whole scores, shape ``(n, J)``, one row for each person who answered all
        items, in ``1 .. points``; n >= 2, J >= 1.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement without unit.
    :raises ValueError: below two people, for rows of unequal length, for a score off the scale,
        or at the one ratio, m = J / (J - 1), at which the formula divides by 0.

    Source: James, Demaree & Wolf (1984), *Journal of Applied Psychology* 69(1), 85-98.

    >>> rwg_j([[4, 5], [4, 4], [5, 5]], points=5)  # doctest: +ELLIPSIS
    0.90909...
    """
    counts = _by_item(ratings, points)
    items, ratio = len(counts), _variance_ratio(counts)
    below = items * (1 - ratio) + ratio
    if abs(below) < 1e-12:  # noqa: PLR2004 - rounding of a sum that is 0
        raise ValueError("rwg(J) is not defined where its formula divides by 0")
    return items * (1 - ratio) / below


def rwg_j_of(counts: Sequence[Sequence[int]]) -> float | None:
    """Return :func:`rwg_j` of histograms, held between 0 and 1 as its source does.

    :param counts: numbers of people by item and point, shape ``(J, points)``, over the same
        people for every item.
    :returns: agreement in 0 .. 1: 0 where the variance exceeds that of blind answering; None
        below two people.
    :raises ValueError: without items, or if the items are not over equally many people.
    """
    if not _same_people(counts) or size(counts[0]) < _TWO:
        return None
    items, ratio = len(counts), _variance_ratio(counts)
    if ratio > 1:
        return 0.0
    return items * (1 - ratio) / (items * (1 - ratio) + ratio)


def rwg_j_lindell(ratings: Sequence[Sequence[int]], *, points: int) -> float:
    """Return the linear within-group agreement over several items.

    ``1 - m``, with *m* as in :func:`rwg_j`: it does not rise with the number of items.

    :param ratings: whole scores, shape ``(n, J)``, one row for each person who answered all
        items, in ``1 .. points``; n >= 2, J >= 1.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement without unit; below 0 for a spread wider than blind answering.
    :raises ValueError: below two people, for rows of unequal length, or a score off the scale.

    Source: Lindell, Brandt & Whitney (1999), *Applied Psychological Measurement* 23(2), 127-135.

    >>> rwg_j_lindell([[4, 5], [4, 4], [5, 5]], points=5)  # doctest: +ELLIPSIS
    0.83333...
    """
    return 1 - _variance_ratio(_by_item(ratings, points))


def rwg_j_lindell_of(counts: Sequence[Sequence[int]]) -> float | None:
    """Return :func:`rwg_j_lindell` of histograms.

    :param counts: numbers of people by item and point, shape ``(J, points)``, over the same
        people for every item.
    :returns: agreement without unit; None below two people.
    :raises ValueError: without items, or if the items are not over equally many people.
    """
    if not _same_people(counts) or size(counts[0]) < _TWO:
        return None
    return 1 - _variance_ratio(counts)


# -------------------------------------------------------------------- chance


def chance_limit_ad(n: int, points: int) -> float | None:
    """Return the mean distance from the mean that blind answering rarely undercuts.

    The largest value that can occur and that a group answering uniformly at random reaches or
    undercuts with a probability of at most 5 %. Exact, in whole numbers, for any n up to 100.
    Above, the limit of 100 people is used: it rises with n, so that this is strict, never lax.

    :param n: number of people; at least 1.
    :param points: length of the scale, in points; at least 2.
    :returns: distance in points; None where even unanimity is not rare enough.
    :raises ValueError: if there is nobody, or the scale is shorter than two points.

    Source: the question is that of Dunlap, Burke & Smith-Crowe (2003), *Journal of Applied
    Psychology* 88(2), 356-362, who simulated; the count is ours.

    >>> round(chance_limit_ad(5, 7), 2)
    0.64
    """
    _check_chance(n, points)
    n = min(n, LARGEST)
    limit = _limit_of_distances(n, points)
    return None if limit is None else 2 * limit / (n * n)


@cache
def chance_limit_rwg(n: int, points: int) -> float | None:
    """Return the rwg that blind answering rarely reaches.

    The smallest value that can occur and that a group answering uniformly at random reaches or
    exceeds with a probability of at most 5 %. Exact, by enumeration of all histograms, up to 12
    people. Above, the quantile of the sample variance is that of an expansion in its first three
    cumulants: within 0.03 of the exact value. No word rests on it; *close* uses AD.

    :param n: number of people; at least 2.
    :param points: length of the scale, in points; at least 2.
    :returns: agreement without unit; None where even unanimity is not rare enough.
    :raises ValueError: if there are fewer than two people, or two points.

    Source: as :func:`chance_limit_ad`; the expansion of Cornish & Fisher (1938), *Revue de
    l'Institut International de Statistique* 5(4), 307-320.

    >>> round(chance_limit_rwg(10, 5), 2)
    0.53
    """
    _check_chance(n, points)
    if n < _TWO:
        raise ValueError("rwg needs two people or more")
    if n > ENUMERATED:
        return 1 - _low_variance(n, points) / _blind_variance(points)
    ways: dict[int, int] = {}
    _enumerate(n, points, ways)
    limit, seen = None, 0
    for spread in sorted(ways):
        seen += ways[spread]
        if ONE_IN * seen > points**n:
            break
        limit = spread
    return None if limit is None else 1 - limit / (n * (n - 1)) / _blind_variance(points)


def _enumerate(n: int, points: int, ways: dict[int, int]) -> None:
    """Add up, by ``n * sum of squared deviations``, in how many ways n people can answer."""
    share = [factorial(count) for count in range(n + 1)]

    def place(point: int, left: int, total: int, square: int, orders: int) -> None:
        if point == points - 1:
            total, square = total + point * left, square + point * point * left
            spread = n * square - total * total
            ways[spread] = ways.get(spread, 0) + orders // share[left]
            return
        for count in range(left + 1):
            place(
                point + 1,
                left - count,
                total + point * count,
                square + point * point * count,
                orders // share[count],
            )

    place(0, n, 0, 0, share[n])


def _low_variance(n: int, points: int) -> float:
    """Return, nearly, the sample variance that blind answering undercuts once in twenty.

    Source: Cornish & Fisher (1938), with the cumulants of the sample variance of Fisher (1930),
    *Proceedings of the London Mathematical Society* s2-30, 199-238.
    """
    m2, m4, m6 = (
        fsum((point - (points - 1) / 2) ** power for point in range(points)) / points
        for power in (2, 4, 6)
    )
    k4, k6 = m4 - 3 * m2**2, m6 - 15 * m4 * m2 + 30 * m2**3
    second = k4 / n + 2 * m2**2 / (n - 1)
    third = k6 / n**2 + 12 * k4 * m2 / (n * (n - 1)) + 8 * m2**3 / (n - 1) ** 2
    skew, z = third / (second * sqrt(second)), NormalDist().inv_cdf(1 / ONE_IN)
    bend = (z * z - 1) * skew / 6 - (2 * z**3 - 5 * z) * skew**2 / 36
    return m2 + sqrt(second) * (z + bend)


@cache
def _limit_of_distances(n: int, points: int) -> int | None:
    """Return the chance limit as a whole number: that of AD, times n^2 / 2.

    The limit is closed in from both sides. On the scale of normal deviates the distribution is
    nearly straight, so that the straight line through the last two trials tells where to look
    next; halving steps in when that does not narrow the bracket.
    """
    everything, normal = points**n, NormalDist()
    target = normal.inv_cdf(1 / ONE_IN)
    ways, best = _ways_within(n, points, 0)
    if ONE_IN * ways > everything:
        return None
    low, high = 0, n * n * points // 4
    trial = int(n * n * points / 8 * (1 - 1.25 / sqrt(n)))
    slope = n * sqrt(n) * points / 14  # a first idea of the distance of one normal deviate
    earlier: tuple[int, float] | None = None
    turn = 0
    while high - low > 1:
        turn += 1
        trial = min(max(trial, low + 1), high - 1)
        ways, attained = _ways_within(n, points, trial)
        if ONE_IN * ways <= everything:
            low, best = trial, attained
        else:
            # Everything from the largest attained distance up to the trial is as frequent.
            high = attained
        share = ways / everything
        if turn % 6 == 0 or not 0 < share < 1:
            trial, earlier = (low + high) // 2, None
            continue
        deviate = normal.inv_cdf(share)
        if earlier is not None and deviate != earlier[1]:
            slope = (trial - earlier[0]) / (deviate - earlier[1])
        earlier = trial, deviate
        trial = round(trial + slope * (target - deviate))
    return best


def _ways_within(n: int, points: int, distance: int) -> tuple[int, int]:
    """Count the answer sheets of n people whose distances add up to at most this.

    Distance is that of :func:`_distances`. Sort the sheets by the point *c* below or at the mean.
    With k people at c or below, a steps below c in all, and the others b steps above c + 1 in
    all, it is ``k (n - k) + (n - k) a + k b``. The two sides are independent given k, so that
    their ways multiply. Means above the middle mirror those below.

    :returns: the number of sheets, of ``points ** n``; and the largest distance among them.
    """
    found, widest = 0, 0
    for c in range(1, points // 2 + 1):
        below, above = _ways_by_steps(c, n), _ways_up_to(points - c, n)
        last = c == points // 2
        for k in range(n + 1):
            up = above[n - k]
            pairs = comb(n, k)
            for a, ways in enumerate(below[k]):
                room = distance - (n - k) * (k + a)
                if room < 0:
                    break
                # The mean is c plus e / n, where e = n - k - a + b.
                least = max(0, k + a - n)
                # Largest b of a mean strictly below both the next point and the middle.
                edge = k + a - 1 if not last or points % 2 else (n - 1) // 2 - n + k + a
                most = min(edge, len(up) - 1)
                if k:
                    most = min(most, room // k)
                mirrored = 0
                if most >= least:
                    mirrored = up[most] - (up[least - 1] if least else 0)
                    widest = max(widest, (n - k) * (k + a) + k * most)
                # Means exactly on the middle have no mirror image.
                alone = 0
                if last and (points % 2 or n % 2 == 0):
                    b = k + a if points % 2 else n // 2 - n + k + a
                    if 0 <= b < len(up) and k * b <= room:
                        alone = up[b] - (up[b - 1] if b else 0)
                        widest = max(widest, (n - k) * (k + a) + k * b)
                found += pairs * ways * (2 * mirrored + alone)
    return found, widest


@cache
def _ways_by_steps(values: int, people: int) -> tuple[tuple[int, ...], ...]:
    """Count for 0 .. *people* people, each 0 .. *values* - 1 steps away, the ways to each sum."""
    rows: list[tuple[int, ...]] = [(1,)]
    for _ in range(people):
        before = rows[-1]
        gap = (0,) * values
        steps = map(sub, before + gap, gap + before)
        rows.append(tuple(accumulate(steps))[:-1])
    return tuple(rows)


@cache
def _ways_up_to(values: int, people: int) -> tuple[tuple[int, ...], ...]:
    """Count as :func:`_ways_by_steps`, but the ways to at most each sum."""
    return tuple(tuple(accumulate(row)) for row in _ways_by_steps(values, people))


# ------------------------------------------------------------------- pieces


def _layer(filled: Sequence[bool]) -> float:
    """Return van der Eijk's agreement of a layer: which points it fills."""
    points, bars = len(filled), sum(filled)
    if bars in {1, points}:
        return 1.0 if bars == 1 else 0.0
    # A triple with one gap holds two filled points; the gap lies beside or between them.
    places = [place for place, here in enumerate(filled) if here]
    beside = between = 0
    for first in range(bars):
        for second in range(first + 1, bars):
            gaps = places[second] - places[first] - (second - first)
            between += gaps
            beside += points - bars - gaps
    united = (points - 2) * beside - (points - 1) * between
    return united / ((points - 2) * (beside + between)) * (1 - (bars - 1) / (points - 1))


def _distances(counts: Sequence[int]) -> int:
    """Return AD_M times n^2 / 2, a whole number.

    Half of all distance from the mean lies below it: with k people and total t there, of n
    people and total s in all, that half is ``k s / n - t``.
    """
    n = sum(counts)
    total = sum(point * count for point, count in enumerate(counts))
    return sum((total - n * p) * count for p, count in enumerate(counts) if n * p < total)


def _blind_variance(points: int) -> float:
    """Return the variance of uniform answers on a scale of so many points."""
    return (points * points - 1) / 12


def _variance_ratio(counts: Sequence[Sequence[int]]) -> float:
    """Return the mean item variance over that of blind answering."""
    n = size(counts[0])
    spread = sum(squares(item) for item in counts) / (n * (n - 1) * len(counts))
    return spread / _blind_variance(len(counts[0]))


def _by_item(ratings: Sequence[Sequence[int]], points: int) -> list[tuple[int, ...]]:
    if len(ratings) < _TWO:
        raise ValueError("agreement over several items needs two people or more")
    if not ratings[0] or any(len(person) != len(ratings[0]) for person in ratings):
        raise ValueError("every person answers every item, and there is at least one item")
    return [histogram(item, points=points) for item in zip(*ratings, strict=True)]


def _same_people(counts: Sequence[Sequence[int]]) -> bool:
    if not counts:
        raise ValueError("agreement over several items needs an item")
    if len({size(item) for item in counts}) > 1 or len({len(item) for item in counts}) > 1:
        raise ValueError("the items are answered by the same people on the same scale")
    _check_scale(len(counts[0]))
    return True


def _defined(value: float | None, otherwise: str) -> float:
    if value is None:
        raise ValueError(otherwise)
    return value


def _check_scale(points: int) -> None:
    if points < _TWO:
        raise ValueError("a scale has two points or more")


def _check_chance(n: int, points: int) -> None:
    _check_scale(points)
    if n < 1:
        raise ValueError("chance limits need at least one person")
