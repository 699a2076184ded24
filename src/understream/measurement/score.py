"""One person's score on several items: turned items, missing answers.

Person scores exist inside this floor and in commands; nothing is released of them.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import fsum
from typing import Final

#: Somebody who answered fewer of a scale's items than this has no score on it.
ANSWERED: Final = Fraction(2, 3)


def turned(score: float, *, low: float, high: float) -> float:
    """Return where an answer stands when the scale is read from its other end.

    :param score: an answer, in ``low .. high``.
    :param low: the lowest point of the scale.
    :param high: the highest point.
    :returns: an answer in ``low .. high``; turning twice changes nothing.
    :raises ValueError: if the answer lies off the scale.

    >>> turned(2, low=1, high=7)
    6
    """
    if not low <= score <= high:
        raise ValueError(f"answers lie from {low} to {high}, not at {score}")
    return low + high - score


def score(answers: Sequence[float | None], *, least: Fraction = ANSWERED) -> float | None:
    """Return the mean of a person's answers, if there are enough of them.

    At least two thirds of the items are answered; what is missing is not filled in. Of 3 items
    one may be missing, of 4 one, of 5 one, of 6 two.

    :param answers: one answer for each item, shape ``(J,)``, turned items turned; None where it
        is missing or could not be judged.
    :param least: the share of items that must be answered, in 0 .. 1.
    :returns: the mean in scale points; None with too few answers.
    :raises ValueError: without items.

    Source: our rule, stricter than the usual half (``docs/concepts/reliability.md``).

    >>> score([4, None, 6]), score([4, None, None])
    (5.0, None)
    """
    if not answers:
        raise ValueError("a score needs an item")
    given = [answer for answer in answers if answer is not None]
    return fsum(given) / len(given) if given and len(given) >= least * len(answers) else None
