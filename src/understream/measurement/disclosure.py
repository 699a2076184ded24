"""Decide what may be shown of a group of people, so that nobody is given away.

Three steps stand between what people said and what anyone sees; each is one function here.

1. :func:`form_blocks` divides the people of a party into blocks of at least *k*, by what was known
   when the round opened, never by what they said. Whatever is shown, to anyone, at any time, is a
   figure of *whole blocks*: no sum or difference of figures then leaves fewer than k people.
2. :func:`joined` adds blocks up, question by question. A block of which fewer than k answered does
   not count; a block that is of one mind, or would be without one person, goes behind a veil
   (:func:`veiled`), so that no figure, nor all figures together, can prove that it is: not even
   to somebody of the block, who knows one answer.
3. :func:`show` rounds what is left by the display table: the more people, the finer.

What comes out, `Shown`, `Shares` or `Withheld`, holds what is displayed and nothing finer.
Everything that is drawn, ordered, compared, said or exported is a function of these.

Why blocks suffice: a figure additive over people is a sum of block sums, so that any linear
combination of figures has equal weights within a block (``docs/concepts/block.md``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from math import floor
from typing import Final, Literal

from understream.measurement.description import total_of
from understream.measurement.within_group import Agreement, agreement

#: Fewest people of whom anything is shown. May be raised by agreement, never lowered.
K: Final = 5

# ------------------------------------------------------------- the display table
#: From this many answers the agreement word is shown too, on seven points.
WORD_FROM: Final = 8
#: From this many: the mean to a fine step, bands (on seven points), shares, and an exact n.
FINE_FROM: Final = 10
#: The label of a number of people that is shown but stays below ``FINE_FROM``.
FEW: Final = "5-9"
#: The scale on which words and bands are defined; all other scales show means only.
SEVEN: Final = 7
#: Bands of a seven-point scale: 1 to 3, 4, 5 to 7.
BANDS: Final = (slice(0, 3), slice(3, 4), slice(4, 7))
#: Steps of a mean below ``FINE_FROM`` and from it: on seven points 0.5 and 0.1, on other scales
#: the smallest of these that is not finer in proportion to the length of the scale.
COARSE: Final = tuple(Fraction(step, 2) for step in (1, 2, 4, 10, 20, 40, 100))
FINE: Final = tuple(Fraction(step, 10) for step in (1, 2, 5, 10, 20, 50))
#: Bands and shares go in steps of so many per cent, and say no more than "so much or less",
#: "so much or more" at the ends (``docs/decisions/0006``).
SHARE_STEP: Final = 10
SHARE_ENDS: Final = (20, 80)
#: "Not visible to us": more than this share of those who spoke could not judge.
NOT_VISIBLE: Final = Fraction(3, 10)
#: A pool of parties needs so many, or each could subtract itself and look at one other.
POOLED_PARTIES: Final = 3

FEWEST_POINTS: Final = 3
MOST_POINTS: Final = 254
_HALF: Final = Fraction(1, 2)

#: How a displayed number reads: as it is, "... or lower", "... or higher".
End = Literal["", "lower", "higher"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How many people a figure needs: *k*, the same for a whole round."""

    k: int = K

    def __post_init__(self) -> None:
        """Refuse to protect fewer people than the floor."""
        if self.k < K:
            raise ValueError(
                f"nothing is shown of fewer than {K} people, so that k is {K} or more"
            )


@dataclass(frozen=True, slots=True)
class Tally:
    """What a group of people said to one question; never shown, never stored.

    ``counts[i]`` people chose point (or option) ``i + 1``; ``could_not`` could not judge.
    """

    counts: tuple[int, ...]
    could_not: int = 0

    @property
    def answered(self) -> int:
        """How many people gave an answer."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Band:
    """A displayed share of people: whole tens of per cent, coded at the ends."""

    share: int
    end: End


@dataclass(frozen=True, slots=True)
class Shown:
    """What is displayed of the answers to a rating question: all of it, nothing finer.

    ``mean`` is rounded, in scale points, and with ``end`` reads "1.5 or lower". ``bands`` are the
    shares of people at 1-3, 4 and 5-7. ``word`` and ``bands`` are None where the table has none.
    """

    mean: float
    end: End
    word: Agreement | None
    bands: tuple[Band, ...] | None
    not_visible: bool


@dataclass(frozen=True, slots=True)
class Shares:
    """What is displayed of the answers to a choice: the share of people by option."""

    shares: tuple[Band, ...]
    not_visible: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """Not shown, to protect people: one and the same for none, one, or almost k of them."""


Figure = Shown | Shares | Withheld
WITHHELD: Final = Withheld()


# ------------------------------------------------------------------------ blocks


def form_blocks(cells: Sequence[int], *, k: int) -> tuple[tuple[int, ...], ...]:
    """Divide a party into blocks of at least k people, by the cells fixed at opening.

    The smallest cell below k joins the smaller of its neighbours, again and again, until every
    block has k people; of equals the earlier is meant. What cannot be divided is one block.

    :param cells: how many people of each cell spoke, shape ``(cells,)``, in the order fixed when
        the round opened; without segments one cell.
    :param k: fewest people in a block.
    :returns: the cells of each block, by index, in order; nothing if all together are below k.
    :raises ValueError: if a cell holds a negative number of people, or k is below 1.

    >>> form_blocks([5, 5, 1], k=5)
    ((0,), (1, 2))
    """
    if k < 1 or any(cell < 0 for cell in cells):
        raise ValueError("blocks are of one person or more, and cells of none or more")
    if sum(cells) < k:
        return ()
    blocks: list[tuple[int, ...]] = [(cell,) for cell in range(len(cells))]
    sizes = list(cells)
    while len(blocks) > 1 and min(sizes) < k:
        small = sizes.index(min(sizes))
        neighbours = [at for at in (small - 1, small + 1) if 0 <= at < len(sizes)]
        at = min(small, min(neighbours, key=sizes.__getitem__))
        blocks[at : at + 2] = [blocks[at] + blocks[at + 1]]
        sizes[at : at + 2] = [sizes[at] + sizes[at + 1]]
    return tuple(blocks)


def joined(blocks: Iterable[Tally], *, policy: Policy, ordered: bool = True) -> Tally:
    """Add up what whole blocks said to one question.

    A block counts only if at least k of its people answered this question. Each goes behind its
    veil first, so that everything computed from the result is blind to unanimity.

    :param blocks: one tally for each block, on the same scale.
    :param policy: the k of the round.
    :param ordered: whether the answers are points of a scale, and not options of a choice.
    :returns: their sum; without any block that counts, a tally of nobody.
    :raises ValueError: if the blocks answer on different scales.
    """
    counting = [block for block in blocks if block.answered >= policy.k]
    if len({len(block.counts) for block in counting}) > 1:
        raise ValueError("blocks are added up on the same scale")
    seen = [veiled(block.counts, ordered=ordered) for block in counting]
    return Tally(
        counts=tuple(map(sum, zip(*seen, strict=True))),
        could_not=sum(block.could_not for block in counting),
    )


def veiled(counts: Sequence[int], *, ordered: bool = True) -> tuple[int, ...]:
    """Return a block's answers; those of a block of one mind as if it had not quite been so.

    It is of one mind if all people chose the same, or all but one: that one knows the own answer,
    and would see that of everybody else. On an inner point one person counts as a point lower and
    one as a point higher, which leaves the mean. At an end, and in a choice, as many count as the
    neighbour's as are missing for two people elsewhere. Each answer somebody gave is still there.
    Thus every block has a twin that gives exactly the same figures everywhere, and holds whatever
    one person of it knows; and without that person the twin is not of one mind.

    :param counts: numbers of people by point, shape ``(points,)``; at least five people.
    :param ordered: whether these are points of a scale, and not options of a choice.
    :returns: the same people, shape ``(points,)``.

    >>> veiled([0, 0, 0, 6, 0, 0, 0]), veiled([1, 0, 0, 0, 0, 0, 5])
    ((0, 0, 1, 4, 1, 0, 0), (1, 0, 0, 0, 0, 1, 4))
    """
    most, rest = max(counts), sum(counts) - max(counts)
    if rest > 1:
        return tuple(counts)
    seen = list(counts)
    at, top = counts.index(most), len(counts) - 1
    nearer = at - 1 if at else 1
    for other in (at - 1, at + 1) if ordered and 0 < at < top else [nearer] * (2 - rest):
        seen[at] -= 1
        seen[other] += 1
    return tuple(seen)


def may_pool(sizes: Sequence[int], *, k: int) -> bool:
    """Tell whether parties may be shown together.

    A party knows its own answers: without three parties, or k people beside the largest, a pool
    would tell it what the others said.

    :param sizes: numbers of people of the parties that are shown, shape ``(parties,)``.
    :param k: fewest people of whom anything is shown.
    :returns: whether the pool may be shown.

    >>> may_pool([20, 4], k=5), may_pool([20, 3, 2], k=5)
    (False, True)
    """
    return len(sizes) >= POOLED_PARTIES and sum(sizes) - max(sizes) >= k


# ----------------------------------------------------------------------- display


def show(tally: Tally, *, policy: Policy, low: int = 1) -> Shown | Withheld:
    """Return what is displayed of the answers to a rating question.

    :param tally: what whole blocks said, from :func:`joined`; 3 to 254 points.
    :param policy: the k of the round.
    :param low: what the lowest point of the scale is called.
    :returns: the displayed figure, by the display table.
    :raises ValueError: if the scale is too short or too long.

    >>> show(Tally((0, 0, 0, 0, 1, 3, 2)), policy=Policy())
    Shown(mean=6.0, end='', word=None, bands=None, not_visible=False)
    """
    n, counts = tally.answered, tally.counts
    if n < policy.k:
        return WITHHELD
    mean, end = _displayed_mean(total_of(counts), n, len(counts), low)
    seven = len(counts) == SEVEN
    return Shown(
        mean=mean,
        end=end,
        word=agreement(counts) if seven and n >= WORD_FROM else None,
        bands=_bands([sum(counts[band]) for band in BANDS]) if seven and n >= FINE_FROM else None,
        not_visible=_not_visible(tally, policy),
    )


def show_choice(tally: Tally, *, policy: Policy) -> Shares | Withheld:
    """Return what is displayed of the answers to a choice: from ten people, shares in tens.

    :param tally: what whole blocks said, from :func:`joined`; at least two options.
    :param policy: the k of the round.
    :returns: the displayed shares, in the order of the options.

    >>> show_choice(Tally((7, 3)), policy=Policy()).shares
    (Band(share=70, end=''), Band(share=30, end=''))
    """
    if tally.answered < max(FINE_FROM, policy.k):
        return WITHHELD
    return Shares(_bands(tally.counts), _not_visible(tally, policy))


def label_of(people: int, *, policy: Policy) -> str:
    """Return how many people stand behind a release, as it is displayed: once, never by question.

    :param people: how many people spoke.
    :param policy: the k of the round.
    :returns: nothing below k, ``5-9`` below ten, else the number.

    >>> [label_of(people, policy=Policy()) for people in (4, 5, 9, 10)]
    ['', '5-9', '5-9', '10']
    """
    if people < policy.k:
        return ""
    return str(people) if people >= FINE_FROM else FEW


def rounded(value: Fraction, *, middle: Fraction, step: Fraction) -> Fraction:
    """Round to whole steps from the middle of the scale; halves go away from it.

    Counted from the middle, so that turning the scale round turns the display round.

    :param value: an exact number.
    :param middle: the middle of its range.
    :param step: the distance of displayed values, above 0.
    :returns: the displayed value.

    >>> float(rounded(Fraction("4.25"), middle=Fraction(4), step=Fraction(1, 2)))
    4.5
    """
    steps = floor(abs(value - middle) / step + _HALF)
    return middle + (steps if value > middle else -steps) * step


@cache
def steps_of(points: int) -> tuple[Fraction, Fraction]:
    """Return the coarse and the fine step in which means of a scale are displayed.

    :param points: length of the scale, 3 to 254. Two points are a choice, not a rating.
    :returns: two distances in scale points.
    :raises ValueError: if the scale is too short or too long.

    >>> tuple(map(float, steps_of(7))), tuple(map(float, steps_of(11)))
    ((0.5, 0.1), (1.0, 0.2))
    """
    if not FEWEST_POINTS <= points <= MOST_POINTS:
        raise ValueError(
            f"a rating scale has {FEWEST_POINTS} to {MOST_POINTS} points, not {points}; "
            "one of two points is a choice"
        )
    stretch = Fraction(points - 1, SEVEN - 1)
    coarse = next(step for step in COARSE if step >= COARSE[0] * stretch)
    return coarse, next(step for step in FINE if step >= FINE[0] * stretch)


@lru_cache(maxsize=65_536)
def _displayed_mean(total: int, n: int, points: int, low: int) -> tuple[float, End]:
    """Return the rounded mean; within a coarse step of either end only that it lies there."""
    coarse, finer = steps_of(points)
    step = finer if n >= FINE_FROM else coarse
    seen = rounded(Fraction(total, n), middle=Fraction(points + 1, 2), step=step)
    lowest, highest = 1 + coarse, points - coarse
    end: End = "lower" if seen <= lowest else "higher" if seen >= highest else ""
    return float(min(max(seen, lowest), highest) + low - 1), end


def _bands(counts: Sequence[int]) -> tuple[Band, ...]:
    people = sum(counts)
    return tuple(_band(count, people) for count in counts)


def _band(count: int, people: int) -> Band:
    # As `rounded` from a middle of 50, in whole numbers.
    away = 100 * count - 50 * people
    steps = (2 * abs(away) + SHARE_STEP * people) // (2 * SHARE_STEP * people)
    seen = 50 + (steps if away > 0 else -steps) * SHARE_STEP
    least, most = SHARE_ENDS
    if seen <= least:
        return Band(least, "lower")
    return Band(most, "higher") if seen >= most else Band(seen, "")


def _not_visible(tally: Tally, policy: Policy) -> bool:
    """Tell whether many could not judge; only if both they and those who could are k or more."""
    judged, could_not = tally.answered, tally.could_not
    return min(judged, could_not) >= policy.k and could_not > NOT_VISIBLE * (judged + could_not)
