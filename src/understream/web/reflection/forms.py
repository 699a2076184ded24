"""What is written about one topic: read with suspicion, and told again in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from understream.domain.reflection import (
    CANNOT_JUDGE,
    CHANGES,
    LONGEST_SENTENCE,
    POINTS,
    ConclusionCard,
    VersionLine,
    Words,
    rating_text,
)
from understream.domain.word import WORDS

CANNOT = "cannot judge"
EFFECTS = ("helps", "hurts", "neither")
DIRECTIONS = ("worse", "same", "better")
SURE = ("high", "medium", "low")
LONGEST_KEY = 12
NO_POINT = -1
"""Stands for a rating that is none, so that the act refuses it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen."""

    value: str
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What is written about a topic, in words; "" for what is still open."""

    change: str
    effect: str
    rating: str
    direction: str
    sentence: str
    sure: str


@dataclass(frozen=True, slots=True)
class Version:
    """A topic as somebody left it, and what has to be sent to write it once more."""

    line: VersionLine
    told: Told


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one topic as they stand on its page.

    :ivar unknown: that the party cannot judge how much changed; `cannot` the same of a rating.
    """

    change: tuple[Option, ...]
    unknown: Option
    effect: tuple[Option, ...]
    points: tuple[int, ...]
    rating: int
    cannot: int
    direction: tuple[Option, ...]
    sure: tuple[Option, ...]
    sentence: str
    longest: int
    version: int


def words_in(posted: QueryDict) -> Words:
    """Return what a posted form says; whether it fits is for the act to say."""
    return Words(
        change=posted.get("change", "")[:LONGEST_KEY],
        effect=posted.get("effect", "")[:LONGEST_KEY],
        rating=_number(posted.get("rating", "0") or "0"),
        direction=posted.get("direction", "")[:LONGEST_KEY],
        sentence=posted.get("sentence", ""),
        sure=posted.get("sure", "")[:LONGEST_KEY],
        version=_number(posted.get("version", "0")),
    )


def _number(given: str) -> int:
    fits = given.isascii() and given.isdigit() and len(given) < LONGEST_KEY
    return int(given) if fits else NO_POINT


def fields_of(words: Words) -> Fields:
    """Return the fields with what is written in them."""
    return Fields(
        change=_options(CHANGES, words.change),
        unknown=_options((CANNOT,), words.change)[0],
        effect=_options(EFFECTS, words.effect),
        points=tuple(POINTS),
        rating=words.rating,
        cannot=CANNOT_JUDGE,
        direction=_options(DIRECTIONS, words.direction),
        sure=_options(SURE, words.sure),
        sentence=words.sentence,
        longest=LONGEST_SENTENCE,
        version=words.version,
    )


def _options(values: Sequence[str], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(value, str(WORDS[value]), value == chosen) for value in values)


def told(words: Words) -> Told:
    """Return what is written in words; a value that nobody can choose is left out."""
    known = (*POINTS, CANNOT_JUDGE)
    return Told(
        change=_word(words.change),
        effect=_word(words.effect),
        rating=rating_text(words.rating) if words.rating in known else "",
        direction=_word(words.direction),
        sentence=words.sentence,
        sure=_word(words.sure),
    )


def _word(value: str) -> str:
    return str(WORDS[value]) if value in WORDS else ""


def versions(lines: Sequence[VersionLine]) -> tuple[Version, ...]:
    """Return the history of a topic in words."""
    return tuple(Version(one, told(one.words)) for one in lines)


def still_open(one: ConclusionCard) -> str | Promise:
    """Say in one line how far a topic is."""
    words = one.words
    if not one.missing:
        return _("complete")
    if words.version == 0:
        return _("not begun")
    return _("half finished")
