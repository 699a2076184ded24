"""How far raters agree who judge the same things: coefficients corrected for chance.

Ratings come as one row a subject and one cell a rater, shape ``(subjects, raters)``: numbers, or
words for categories without order; None where a rater passed. Krippendorff's alpha and Gwet's
coefficients use every subject; the others, as their sources do, only the subjects that all rated.
Sums are taken in whole numbers, so that neither order nor rounding matters.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from math import comb, fsum, isfinite, lcm
from typing import TypeAlias

Rating: TypeAlias = float | str | None

_TWO = 2


class Level(StrEnum):
    """What may be said of two ratings: differ, come before, lie apart, are a multiple."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


def krippendorff_alpha(ratings: Sequence[Sequence[Rating]], level: Level) -> float | None:
    """Return Krippendorff's alpha: one minus observed over expected disagreement.

    :param ratings: shape ``(subjects, raters)``; a subject with fewer than two ratings is left
        out. Words are allowed at the nominal level only.
    :param level: which distance two ratings have.
    :returns: agreement without unit: 1 is perfect, 0 what chance gives, below 0 is systematic
        disagreement; None if no two ratings can be compared or all are the same, and at the
        ratio level if one is below 0.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words where
        numbers are needed.

    Source: Krippendorff (2011), *Computing Krippendorff's Alpha-Reliability*, section E;
    Krippendorff (2019), *Content Analysis*, 4th ed., equations 12.2 to 12.10.

    >>> krippendorff_alpha([[1, 1], [2, 2], [1, 2]], Level.NOMINAL)  # doctest: +ELLIPSIS
    0.444...
    """
    pairable = [row for row in map(present, rectangle(ratings)) if len(row) >= _TWO]
    totals = Counter(value for row in pairable for value in row)
    if level is Level.RATIO and any(value < 0 for value in numbers(totals)):
        return None
    everything = sum(totals.values())
    if level is Level.NOMINAL:
        observed = sum((_differing(Counter(row)) / (len(row) - 1) for row in pairable), Fraction())
        expected = _differing(totals)
    elif level is Level.RATIO:
        observed = Fraction(fsum(_parts(Counter(row)) / (len(row) - 1) for row in pairable))
        expected = Fraction(_parts(totals))
    else:
        place = _middle_ranks(totals) if level is Level.ORDINAL else whole(totals)
        observed = sum(
            (_squares(place[value] for value in row) / (len(row) - 1) for row in pairable),
            Fraction(),
        )
        expected = _squares(place[value] for row in pairable for value in row)
    return float(1 - (everything - 1) * observed / expected) if expected else None


def fleiss_kappa(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return Fleiss' kappa of many raters who put subjects into categories.

    :param ratings: shape ``(subjects, raters)``; subjects that somebody passed are left out.
    :returns: agreement without unit: 1 is perfect, 0 what chance gives; None without a complete
        subject, below two raters, or if only one category was used.
    :raises ValueError: for rows of unequal length or a number that is not finite.

    Source: Fleiss (1971), *Psychological Bulletin* 76(5), 378-382, equations 2 to 7.

    >>> fleiss_kappa([["a", "a"], ["b", "b"], ["a", "b"]])  # doctest: +ELLIPSIS
    0.333...
    """
    rows = complete(ratings)
    if not rows or len(rows[0]) < _TWO:
        return None
    raters = len(rows[0])
    totals = Counter(value for row in rows for value in row)
    # Of ordered pairs: those within a subject that differ, and those of all ratings that do.
    apart = Fraction(sum(_differing(Counter(row)) for row in rows), raters * (raters - 1))
    chance = Fraction(_differing(totals), (len(rows) * raters) ** 2)
    return float(1 - apart / len(rows) / chance) if chance else None


def light_kappa(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return Light's kappa: the mean of Cohen's kappa over all pairs of raters.

    :param ratings: shape ``(subjects, raters)``; subjects that somebody passed are left out.
    :returns: agreement without unit; None without a complete subject, below two raters, or if
        two raters used one and the same category throughout.
    :raises ValueError: for rows of unequal length or a number that is not finite.

    Source: Light (1971), *Psychological Bulletin* 76(5), 365-377; Cohen (1960), *Educational and
    Psychological Measurement* 20(1), 37-46, equation 1.

    >>> light_kappa([[1, 1], [2, 2], [1, 2]])  # doctest: +ELLIPSIS
    0.4
    """
    rows = complete(ratings)
    kappas: list[Fraction] = []
    for one, other in combinations(zip(*rows, strict=True), _TWO):
        first, second = Counter(one), Counter(other)
        same = sum(a == b for a, b in zip(one, other, strict=True))
        chance = Fraction(sum(first[value] * second[value] for value in first), len(rows))
        if chance == len(rows):
            return None
        kappas.append((same - chance) / (len(rows) - chance))
    return float(sum(kappas) / len(kappas)) if kappas else None


def exact_agreement(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return on how many subjects all raters say the same.

    :param ratings: shape ``(subjects, raters)``; subjects that somebody passed are left out.
    :returns: a percentage, 0 .. 100; None without a complete subject or below two raters.
    :raises ValueError: for rows of unequal length or a number that is not finite.
    """
    rows = complete(ratings)
    if not rows or len(rows[0]) < _TWO:
        return None
    return 100 * sum(len(set(row)) == 1 for row in rows) / len(rows)


def gwet_ac1(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return Gwet's AC1, which stays near the share of agreement when one category prevails.

    :param ratings: shape ``(subjects, raters)``; a subject with one rating counts for how often
        categories are used, one with none is left out.
    :returns: agreement without unit; None if no subject has two ratings or only one category was
        used.
    :raises ValueError: for rows of unequal length or a number that is not finite.

    Source: Gwet (2008), *British Journal of Mathematical and Statistical Psychology* 61(1),
    29-48, equations 4 and 5; with missing ratings as in Gwet (2014), *Handbook of Inter-Rater
    Reliability*, 4th ed., chapter 5.

    >>> gwet_ac1([["a", "a"], ["b", "b"], ["a", "b"]])  # doctest: +ELLIPSIS
    0.333...
    """
    return _gwet(rectangle(ratings), weighted=False)


def gwet_ac2(ratings: Sequence[Sequence[Rating]]) -> float | None:
    """Return Gwet's AC2 with ordinal weights: neighbouring categories agree in part.

    The categories are the numbers that were used, in their order.

    :param ratings: shape ``(subjects, raters)``, numbers; missing ratings as in
        :func:`gwet_ac1`.
    :returns: agreement without unit; None if no subject has two ratings or only one category was
        used.
    :raises ValueError: for rows of unequal length, a number that is not finite, or words.

    Source: Gwet (2014), *Handbook of Inter-Rater Reliability*, 4th ed., chapters 3.5 and 5, with
    the ordinal weights of table 3.A.

    >>> gwet_ac2([[1, 1], [2, 2], [1, 3]])  # doctest: +ELLIPSIS
    0.2116...
    """
    return _gwet(rectangle(ratings), weighted=True)


# ------------------------------------------------------------------- shapes


def rectangle(ratings: Sequence[Sequence[Rating]]) -> list[tuple[Rating, ...]]:
    """Return the rows, if they are of equal length and their numbers finite.

    :param ratings: shape ``(subjects, raters)``.
    :returns: the same ratings.
    :raises ValueError: otherwise.
    """
    rows = [tuple(row) for row in ratings]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("every subject has one cell for each rater")
    if any(isinstance(one, int | float) and not isfinite(one) for row in rows for one in row):
        raise ValueError("ratings are finite numbers, or words")
    return rows


def present(row: Sequence[Rating]) -> list[float | str]:
    """Return the ratings that were given.

    :param row: one cell a rater, shape ``(raters,)``.
    :returns: those that are not None, in their order.
    """
    return [value for value in row if value is not None]


def complete(ratings: Sequence[Sequence[Rating]]) -> list[list[float | str]]:
    """Return the subjects that every rater rated.

    :param ratings: shape ``(subjects, raters)``.
    :returns: their rows, without None.
    :raises ValueError: for rows of unequal length or a number that is not finite.
    """
    rows = rectangle(ratings)
    return [given for row in rows for given in [present(row)] if len(given) == len(row)]


def numbers(values: Iterable[float | str]) -> list[float]:
    """Return values that must be numbers.

    :param values: ratings.
    :returns: the same values.
    :raises ValueError: if one is a word.
    """
    found = [value for value in values if not isinstance(value, str)]
    words = [value for value in values if isinstance(value, str)]
    if words:
        raise ValueError(f"this needs numbers, and {words[0]!r} is a word")
    return found


def whole(values: Iterable[float | str]) -> dict[float | str, int]:
    """Return each number as a whole multiple of one small unit, as it is written in decimals.

    :param values: numbers, in any unit.
    :returns: the multiples by number.
    :raises ValueError: if one is a word.

    >>> whole([2.5, 1])
    {2.5: 5, 1: 2}
    """
    exact = {value: Fraction(repr(value)) for value in numbers(list(values))}
    unit = lcm(*(one.denominator for one in exact.values()))
    return {value: int(one * unit) for value, one in exact.items()}


# ---------------------------------------------------------------- distances


def _differing(counts: Counter[float | str]) -> Fraction:
    """Return how many ordered pairs of ratings differ."""
    return Fraction(counts.total() ** 2 - sum(count * count for count in counts.values()))


def _squares(places: Iterable[int]) -> Fraction:
    """Return the sum of squared distances over all ordered pairs."""
    known = list(places)
    return Fraction(2 * (len(known) * sum(one * one for one in known) - sum(known) ** 2))


def _middle_ranks(counts: Counter[float | str]) -> dict[float | str, int]:
    """Return twice the middle rank of each value; their distance is that of the ordinal level."""
    ranks: dict[float | str, int] = {}
    below = 0
    for value in sorted(numbers(counts)):
        ranks[value] = 2 * below + counts[value]
        below += counts[value]
    return ranks


def _parts(counts: Counter[float | str]) -> float:
    """Return the sum of squared distances, each over the sum of both, over ordered pairs."""
    held = [(value, counts[value]) for value in sorted(numbers(counts))]
    return 2 * fsum(
        a * b * ((one - other) / (one + other)) ** 2
        for (one, a), (other, b) in combinations(held, _TWO)
    )


def _gwet(rows: Sequence[Sequence[Rating]], *, weighted: bool) -> float | None:
    given = [row for row in map(present, rows) if row]
    several = [row for row in given if len(row) >= _TWO]
    used = {value for row in given for value in row}
    categories = sorted(numbers(used)) if weighted else list(used)
    q = len(categories)
    if not several or q < _TWO:
        return None
    place = {value: at for at, value in enumerate(categories)}

    def weight(one: float | str, other: float | str) -> Fraction:
        if not weighted:
            return Fraction(one == other)
        return 1 - Fraction(comb(abs(place[one] - place[other]) + 1, 2), comb(q, 2))

    seen, shares = Fraction(), dict.fromkeys(categories, Fraction())
    for row in given:
        counts = Counter(row)
        for value, count in counts.items():
            shares[value] += Fraction(count, len(row) * len(given))
        if len(row) >= _TWO:
            alike = sum(
                (a * b * weight(one, other) for one, a in counts.items()
                 for other, b in counts.items()), Fraction()
            )  # fmt: skip
            seen += (alike - len(row)) / (len(row) * (len(row) - 1) * len(several))
    # All weights together; of ordinal ones the triangular numbers add up to this.
    total = q * q - Fraction((q + 1) * (q + 2), 6) if weighted else Fraction(q)
    chance = total / (q * (q - 1)) * sum(share * (1 - share) for share in shares.values())
    return float((seen - chance) / (1 - chance)) if chance != 1 else None
