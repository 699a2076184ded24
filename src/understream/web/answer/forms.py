"""What a page or a script says when it sends answers, read with suspicion."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access.refusal import Unfit
from understream.domain.voice import NOT_ANSWERED, FormCard, ItemCard

LARGEST = 64 * 1024
"""The longest body that is read: all questions and a remark fit in it several times."""

OPEN = "open-"
"""How the field of an open question begins; its code follows."""

_SUBMISSION = re.compile(r"[0-9a-f]{32}")
_OUT_OF_DATE = _("The page is out of date. Reload it; your answers are still on it.")


class TooLong(Unfit):
    """More was sent than a form holds."""

    def __init__(self) -> None:
        """Say so, of the whole."""
        super().__init__({"": _("That was too long to read. Shorten the remark and send again.")})


@dataclass(frozen=True, slots=True)
class Said:
    """Answers as they came in.

    :ivar answers: whole numbers in the order of the questions, 0 where none was given.
    :ivar change: whether they replace what this browser sent before.
    :ivar words: answers to open questions, by the question's code.
    """

    submission: str
    answers: tuple[int, ...]
    comment: str
    wish: str
    change: bool
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what was wrong in its answer, "" for nothing."""

    item: ItemCard
    fault: str | Promise


Screen = tuple[Asked, ...]
"""A question and, if it has one, its second question."""


def screens(card: FormCard, faults: Mapping[str, str | Promise]) -> tuple[Screen, ...]:
    """Return the questions of a form as they stand together on screens."""
    found: list[list[Asked]] = []
    for item in card.items:
        one = Asked(item, faults.get(item.name, ""))
        if item.follows:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple(map(tuple, found))


def names_of(card: FormCard) -> tuple[str, ...]:
    """Return the fields of all answers that a voice holds, those that are not asked for included.

    What is sent in a field that is not on the page is so seen, and refused.
    """
    return tuple(f"q{place}" for place in range(card.places))


def from_page(posted: QueryDict, names: Sequence[str]) -> Said:
    """Return what the plain form holds.

    :param names: the fields of the questions, in order.
    :raises Unfit: for an answer that is no number, or a page without its submission.
    """
    return Said(
        _submission(posted.get("submission", "")),
        answers_in(posted, names),
        posted.get("comment", ""),
        posted.get("wish", ""),
        posted.get("change", "") == "1",
        words_in(posted),
    )


def words_in(posted: QueryDict) -> dict[str, str]:
    """Return the answers to open questions that a posted form holds, by the question's code."""
    return {
        name.removeprefix(OPEN): held
        for name, held in posted.items()
        if name.startswith(OPEN) and isinstance(held, str)
    }


def answers_in(posted: QueryDict, names: Sequence[str]) -> tuple[int, ...]:
    """Return the answers a posted form holds, 0 where none was given.

    :raises Unfit: for an answer that is no whole number, with its field.
    """
    faults: dict[str, str | Promise] = {}
    answers = []
    for number, name in enumerate(names, start=1):
        given = posted.get(name, "0")
        if given.isascii() and given.isdigit() and len(given) <= 3:  # noqa: PLR2004 - up to 255
            answers.append(int(given))
        else:
            faults[name] = _("Question %(number)s: choose one of the answers shown.") % {
                "number": number
            }
    if faults:
        raise Unfit(faults)
    return tuple(answers)


def from_script(body: bytes) -> Said:
    """Return what the page's script sends, as JSON.

    :raises Unfit: for anything that is not exactly that.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Unfit({"": _OUT_OF_DATE}) from None
    if not isinstance(told, dict):
        raise Unfit({"": _OUT_OF_DATE})
    answers, comment, wish = told.get("answers"), told.get("comment", ""), told.get("wish", "")
    if not isinstance(answers, list) or any(type(one) is not int for one in answers):
        raise Unfit({"": _OUT_OF_DATE})
    words = told.get("words", {})
    if not (isinstance(comment, str) and isinstance(wish, str) and isinstance(words, dict)):
        raise Unfit({"": _OUT_OF_DATE})
    if not all(isinstance(one, str) for one in words.values()):
        raise Unfit({"": _OUT_OF_DATE})
    return Said(
        _submission(told.get("submission", "")),
        tuple(answers),
        comment,
        wish,
        told.get("change") is True,
        {name.removeprefix(OPEN): held for name, held in words.items()},
    )


def _submission(given: object) -> str:
    if not isinstance(given, str) or not _SUBMISSION.fullmatch(given):
        raise Unfit({"": _OUT_OF_DATE})
    return given


def with_what_was_typed(card: FormCard, posted: QueryDict) -> FormCard:
    """Return the card with what somebody filled in, so that nothing has to be typed twice."""
    items = tuple(replace(item, answer=_point(posted.get(item.name, ""))) for item in card.items)
    lines = tuple(
        replace(line, words=posted.get(line.name, line.words)[:LARGEST])
        for line in card.open_lines
    )
    comment, wish = posted.get("comment", card.comment)[:LARGEST], posted.get("wish", card.wish)
    return replace(card, items=items, comment=comment, wish=wish, open_lines=lines)


def _point(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 3 else NOT_ANSWERED  # noqa: PLR2004 - up to 255
