"""Other views on a topic: what can be done with each, and what was typed about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.functional import Promise

from understream.access.refusal import Missing
from understream.access.seat import Seat
from understream.domain.reflection import (
    LONGEST_DISSENT,
    MOST_DISSENTS,
    ConclusionCard,
    DissentCard,
    ReflectionCard,
    join_dissent,
    let_go_dissent,
    reword_dissent,
)


@dataclass(frozen=True, slots=True)
class View:
    """What somebody typed about another view; `key` 0 for a new one."""

    key: int
    text: str
    shares: bool


@dataclass(frozen=True, slots=True)
class Other:
    """Another view as it stands on a page, with what was typed and what was wrong in it.

    :ivar text: what stands in the field for other words.
    """

    card: DissentCard
    text: str
    fault: str | Promise


def typed_view(posted: QueryDict, key: int = 0) -> View:
    """Return what a posted form says of a view."""
    return View(key, posted.get("text", ""), posted.get("shares", "") == "1")


def change_view(
    seat: Seat, evaluation: int, dissent: int, posted: QueryDict, *, now: datetime
) -> None:
    """Do what a posted form asks to be done with another view.

    :raises Missing: for something that nobody can ask.
    """
    match posted.get("do", ""):
        case "join" | "share" | "keep" as wish:
            shares = wish == "share" or (wish == "join" and posted.get("shares", "") == "1")
            join_dissent(seat, evaluation, dissent, shares=shares, now=now)
        case "reword":
            text = posted.get("text", "")
            reword_dissent(seat, evaluation, dissent, text=text, now=now)
        case "let go":
            let_go_dissent(seat, evaluation, dissent, now=now)
        case _:
            raise Missing


def views_of(
    card: ReflectionCard,
    one: ConclusionCard,
    typed: View | None = None,
    faults: Mapping[str, str | Promise] | None = None,
) -> dict[str, object]:
    """Return what `reflection/_views.html` needs beside its cards."""
    fault = (faults or {}).get("text", "")
    key = typed.key if typed else -1
    return {
        "others": tuple(
            Other(each, typed.text if typed else "", fault)
            if each.key == key
            else Other(each, each.text, "")
            for each in one.dissents
        ),
        "view": typed if key == 0 else View(0, "", shares=False),
        "view_fault": fault if key == 0 else "",
        "may_add": card.may_hold and len(one.dissents) < MOST_DISSENTS,
        "longest_view": LONGEST_DISSENT,
    }
