"""Whole sums over many rounds of one scale, from which its reliability is worked out.

What people said is added up, and only sums are kept: how many answered every item of the scale,
the sums of their answers, and the sums of products of two of them (`reliability.Crossed`). For ICC
three more numbers: of how many groups they are, the sum of the groups' sizes squared, and the sum
of each group's total squared over its size. They add up over rounds, and hold no person's answers.

Sums are shown in batches alone (:func:`may_join`), so that what is shown now less what was shown
before is never the sum of one round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from understream.measurement.disclosure import FINE_FROM
from understream.measurement.icc import OneWay, one_way_of_sums
from understream.measurement.release import CANNOT_JUDGE, NOT_ANSWERED, Question
from understream.measurement.reliability import Crossed, crossed, pooled

#: Fewest people of one round of whom sums are kept: of so many an exact number is shown.
FEWEST_OF_ROUND: Final = FINE_FROM
#: A batch is of so many alliances and people, and of so many without its largest alliance.
BATCH_ALLIANCES: Final = 3
BATCH_PEOPLE: Final = 50
BATCH_BESIDE: Final = 20
#: Fewest people of whom reliability is shown, and fewest organisations for ICC.
SHOWN_FROM: Final = 100
ICC_FROM: Final = 10
#: The squares of groups' totals over their sizes are kept in so many parts of a whole: a fraction
#: would tell the sizes.
PARTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the people who answered all items of a scale; turned items turned.

    ``groups`` counts organisations in rounds, ``squares`` adds up their numbers of people squared,
    and ``between`` each group's total of all answers squared over its number of people, in
    thousandths.
    """

    crossed: Crossed
    groups: int
    squares: int
    between: int


def answered_whole(
    questions: Sequence[Question], voices: Sequence[bytes]
) -> dict[str, list[tuple[int, ...]]]:
    """Return of each facet the answers of those who answered all of it, turned ones turned.

    Who was asked about several partners counts once: with the first of them of whom all was
    answered. Choices have no sum, and are left out.

    :param questions: what was asked, in the order of the packed answers.
    :param voices: packed answers, one byte a question.
    :returns: by facet rows of points from 1, shape ``(n, J)``; no facet without a rating.
    """
    places: dict[str, dict[str, list[int]]] = {}
    for at, one in enumerate(questions):
        if one.kind == "rating" and one.facet:
            places.setdefault(one.facet, {}).setdefault(one.about, []).append(at)
    return {
        facet: [
            row
            for voice in voices
            if (row := _first_whole(questions, voice, list(about.values())))
        ]
        for facet, about in places.items()
    }


def _first_whole(
    questions: Sequence[Question], voice: bytes, places: Sequence[Sequence[int]]
) -> tuple[int, ...]:
    for some in places:
        if all(voice[at] not in (NOT_ANSWERED, CANNOT_JUDGE) for at in some):
            return tuple(
                questions[at].points + 1 - voice[at] if questions[at].reverse else voice[at]
                for at in some
            )
    return ()


def sums_of(groups: Sequence[Sequence[Sequence[int]]], *, k: int) -> Sums | None:
    """Return the sums of one round's groups over one scale.

    :param groups: of each party's people the answers, shape ``(n, J)``, as :func:`answered_whole`.
    :param k: fewest people of a party; fewer are left out.
    :returns: their sums; None if fewer than ten people remain.

    >>> found = sums_of([[(1, 2)] * 6, [(3, 4)] * 6, [(7, 7)] * 4], k=5)
    >>> found.crossed.sums, found.groups, found.squares, found.between
    ((24, 36), 2, 72, 348000)
    """
    full = [group for group in groups if len(group) >= k]
    if sum(map(len, full)) < FEWEST_OF_ROUND:
        return None
    between = sum(
        (Fraction(sum(map(sum, group)) ** 2, len(group)) for group in full), start=Fraction(0)
    )
    return Sums(
        pooled([crossed(group) for group in full]),
        len(full),
        sum(len(group) ** 2 for group in full),
        round(between * PARTS),
    )


def together(parts: Sequence[Sums]) -> Sums:
    """Add sums up.

    :param parts: over the same items; at least one.
    :returns: the sums over all people.
    :raises ValueError: without parts, or for different numbers of items.
    """
    return Sums(
        pooled([part.crossed for part in parts]),
        sum(part.groups for part in parts),
        sum(part.squares for part in parts),
        sum(part.between for part in parts),
    )


def may_join(people: Sequence[int]) -> bool:
    """Tell whether what waits may be shown with the rest: it is a batch of its own.

    No alliance, taking away what it knows of itself, may come near another one's sums.

    :param people: numbers of people by alliance, of what waits.
    :returns: whether they are 50 of three alliances, and 20 without the largest.

    >>> may_join([30, 12, 8]), may_join([40, 12, 7]), may_join([30, 30])
    (True, False, False)
    """
    return (
        len(people) >= BATCH_ALLIANCES
        and sum(people) >= BATCH_PEOPLE
        and sum(people) - max(people) >= BATCH_BESIDE
    )


def icc_of(sums: Sums) -> OneWay | None:
    """Return how much of a person's score on the scale goes with the organisation.

    :param sums: over at least two groups.
    :returns: the analysis of variance of people's sums over all items; None below two groups, or
        if no group has two people.

    Source: as :func:`understream.measurement.icc.one_way`.
    """
    return one_way_of_sums(
        groups=sums.groups,
        people=sums.crossed.n,
        squares=sums.squares,
        total=sum(sums.crossed.sums),
        total_squares=sum(map(sum, sums.crossed.products)),
        between=Fraction(sums.between, PARTS),
    )


def to_plain(sums: Sums) -> dict[str, object]:
    """Return sums as plain values, to be stored.

    :param sums: any.
    :returns: whole numbers, and lists of them, by name.
    """
    return {
        "n": sums.crossed.n,
        "sums": list(sums.crossed.sums),
        "products": [list(row) for row in sums.crossed.products],
        "groups": sums.groups,
        "squares": sums.squares,
        "between": sums.between,
    }


def from_plain(plain: Mapping[str, Any]) -> Sums:
    """Return the sums that :func:`to_plain` made plain, also after a journey through JSON.

    :param plain: what it returned.
    :returns: the sums, exactly.
    """
    found = Crossed(
        plain["n"], tuple(plain["sums"]), tuple(tuple(row) for row in plain["products"])
    )
    return Sums(found, plain["groups"], plain["squares"], plain["between"])
