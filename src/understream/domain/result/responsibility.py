"""What a responsibility scan says: who takes what, in the own eyes and in the other's.

Rests on the five levels of a group of Remmerswaal (our reading) and on upper stream and
undercurrent in Dutch practice. The cells and their limits are ours.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from understream.domain.alliance import PartyCard
from understream.domain.mirror import FigureCard, MirrorCard
from understream.domain.result.card import (
    APART,
    MIXED,
    WORKABLE,
    Beside,
    Pattern,
    facets_of,
    figure_of,
    figures_of,
    sure_of,
)
from understream.domain.word import WORDS

LEVELS: Final = ("content", "procedure", "interaction", "person", "context")
HIGH, LOW = WORKABLE, MIXED
"""Taken from here; not taken below that."""
CENT: Final = 9


@dataclass(frozen=True, slots=True)
class Seen:
    """One party at one level: what it says it takes, and what each other says of it.

    :ivar own: its own figure, or ``None`` if that does not open here.
    """

    party: PartyCard
    own: FigureCard | None
    others: tuple[FigureCard, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """What two parties' figures at one level come to.

    :ivar code: ``nobody``, ``crowded``, ``differently``, ``both``, ``one``, ``partly``; "" where
        a figure that it needs is not shown or does not open here.
    """

    first: PartyCard
    second: PartyCard
    code: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Level:
    """One level, over or under the waterline."""

    code: str
    title: str
    caption: str
    side: str
    low: int
    high: int
    seen: tuple[Seen, ...]
    between: tuple[Between, ...]


@dataclass(frozen=True, slots=True)
class ResponsibilityResult:
    """A responsibility scan as it is read: five levels, then what to talk about."""

    levels: tuple[Level, ...]
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "responsibility"


def read_responsibility(mirror: MirrorCard, _beside: Beside) -> ResponsibilityResult:
    """Return what a mirror of a responsibility scan says."""
    parties = tuple(line.party for line in mirror.parties)
    levels = tuple(_level(mirror, code, parties) for code in LEVELS if _is_asked(mirror, code))
    return ResponsibilityResult(levels, tuple(_patterns(levels)), sure_of(mirror))


def _is_asked(mirror: MirrorCard, level: str) -> bool:
    return f"we-{level}" in facets_of(mirror)


def _level(mirror: MirrorCard, code: str, parties: tuple[PartyCard, ...]) -> Level:
    facet = facets_of(mirror)[f"we-{code}"]
    we, they = figures_of(mirror, f"we-{code}"), figures_of(mirror, f"they-{code}")
    seen = tuple(
        Seen(
            party,
            figure_of(we, party.key),
            tuple(one for one in they if one.about and one.about.key == party.key),
        )
        for party in parties
    )
    captions = {
        "content": _("What do we make?"),
        "procedure": _("How do we organise it?"),
        "interaction": _("What happens between us?"),
        "person": _("What does it do to me?"),
        "context": _("What plays around us?"),
    }
    return Level(
        code,
        str(WORDS[code]),
        captions[code],
        facet.side,
        facet.low,
        facet.high,
        seen,
        tuple(_between(one, other) for one, other in combinations(seen, 2)),
    )


def _between(one: Seen, other: Seen) -> Between:
    code = _code(one, other)
    words = {
        "nobody": (
            pgettext("responsibility", "no-man’s-land"),
            _("Both parties say they leave this to someone else. It lies where nobody stands."),
        ),
        "crowded": (
            pgettext("responsibility", "crowded"),
            _("Each says “we do this”, and sees little of the other doing it. Two at the wheel, "
              "or two different wheels?"),
        ),
        "differently": (
            pgettext("responsibility", "seen differently"),
            _("What one says it does, the other sees otherwise. Ask for an example before you "
              "explain."),
        ),
        "both": (
            pgettext("responsibility", "taken by both"),
            _("Both take it, and both see it. Tell each other what helps."),
        ),
        "one": (
            pgettext("responsibility", "carried by one"),
            _("One party carries this, and both know. Is that what you want?"),
        ),
        "partly": (
            pgettext("responsibility", "partly"),
            _("It is taken now and then. What would make it a habit?"),
        ),
        "": (_("not shown"), _("Not enough is shown to say.")),
    }  # fmt: skip
    word, sentence = words[code]
    return Between(one.party, other.party, code, word, sentence)


def _code(one: Seen, other: Seen) -> str:  # noqa: PLR0911 - one line a cell
    """Return the first cell that applies; figures that are not shown apply to none."""
    we, you = _value(one.own), _value(other.own)
    of_one, of_other = _said_by(one, other), _said_by(other, one)
    if we is None or you is None:
        return ""
    if we < LOW and you < LOW:
        return "nobody"
    if of_one is None or of_other is None:
        return ""
    if we >= HIGH and you >= HIGH and of_one < LOW and of_other < LOW:
        return "crowded"
    if round(max(abs(we - of_one), abs(you - of_other)), CENT) >= APART:
        return "differently"
    if min(we, you, of_one, of_other) >= HIGH:
        return "both"
    if (we >= HIGH and you < LOW) or (you >= HIGH and we < LOW):
        return "one"
    return "partly"


def _value(figure: FigureCard | None) -> float | None:
    return figure.value if figure else None


def _said_by(judged: Seen, judge: Seen) -> float | None:
    """Return what the displayed mean is of one party's people about the other."""
    return next((one.value for one in judged.others if one.party.key == judge.party.key), None)


def _patterns(levels: tuple[Level, ...]) -> list[Pattern]:
    """Return what lies nowhere, what is crowded, and what is seen differently, level by level."""
    found = []
    for level in levels:
        for one in level.between:
            if one.code not in ("nobody", "crowded", "differently"):
                continue
            of = {seen.party.key: seen for seen in level.seen}
            found.append(
                Pattern(
                    {"nobody": "no-mans-land"}.get(one.code, one.code),
                    capfirst(f"{level.title}: {one.word}"),
                    f"{_figures(of[one.first.key], of[one.second.key])} {one.sentence}",
                    _question(level.code),
                    (one.first, one.second),
                )
            )
    return found


def _figures(one: Seen, other: Seen) -> str:
    """Return the displayed figures of two parties in one sentence."""
    told = []
    for seen, judge in ((one, other), (other, one)):
        view = next((each for each in seen.others if each.party.key == judge.party.key), None)
        told.append(
            _("%(party)s says %(own)s of itself, %(other)s says %(seen)s of it.")
            % {
                "party": seen.party.name,
                "own": seen.own.text if seen.own else _("not shown"),
                "other": judge.party.name,
                "seen": view.text if view else _("not shown"),
            }
        )
    return " ".join(told)


def _question(level: str) -> str:
    """Return the question that opens a guided conversation about a level."""
    return {
        "content": _("Which part of the result is yours, in your own words?"),
        "procedure": _("Where does something get stuck between two meetings?"),
        "interaction": _("What do we speak about in the corridor that belongs at this table?"),
        "person": _("What would you ask for if asking were easy?"),
        "context": _("Which pressure do you carry that we cannot see?"),
    }[level]
