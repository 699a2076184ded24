"""What the columns of a file of answers are, and which of them are never taken in.

Survey software writes beside each answer who gave it, from where and when. Whoever takes in such
a file needs the unit and the answers, and nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from understream.instruments.table import Table


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and why it stays behind: nothing if it can be used."""

    name: str
    why: str


_ADDRESS: Final = "an address of a device"
_WHEN: Final = "it says when somebody answered"
_WHO: Final = "it can say who answered"
_WHERE: Final = "it can say where somebody was"

#: Headings of LimeSurvey, Qualtrics, ODK and Kobo, in English and Dutch, without spaces and marks.
_NEVER: Final = {
    _ADDRESS: (r"ip(v4|v6)?(addr?|address|adres)?",),
    _WHEN: (
        r"(submit|start|end|recorded|completed|last|interview)?date",
        r"date(stamp|submitted|started|lastaction|lastupdated|completed)",
        r"(start|end|submit|total|interview|submission|group|question)?time(stamp)?s?[0-9]*",
        r"timings?|duration(in)?(seconds|minutes)?|start|end|today",
        r"datum(verzonden|gestart|laatsteactie|ingevuld)?|tijd(stempel)?|begintijd|eindtijd",
    ),
    _WHO: (
        r"(access|external|user|respondent|response|participant|device)?(token|code|reference|id)",
        r"(subscriber|sim)(id|serial)",
        r"toegangscode|antwoordid|uuid|instanceid|externaldatareference|personeelsnummer",
        r"(recipient)?(email|mail)(address|adres)?|(recipient)?(first|last)?name",
        r"voornaam|achternaam|naam|tussenvoegsel|user|username|submittedby|enumerator",
        r"phone(number)?|telefoon(nummer)?|attribute[0-9]+",
        r"seed|lastpage|startlanguage|userlanguage|browser|useragent|platform",
    ),
    _WHERE: (
        r"location(latitude|longitude)?|latitude|longitude|geolocation|gps",
        r"refurl|referr?erurl",
    ),
}
_RULES: Final = tuple(
    (re.compile(pattern), why) for why, patterns in _NEVER.items() for pattern in patterns
)
_MARKS: Final = re.compile(r"[\W_]+")


def columns_of(table: Table) -> tuple[Column, ...]:
    """Return all columns of a table, in their order.

    >>> columns_of(Table("t", ("IP address", "Q1"), ()))
    (Column(name='IP address', why='an address of a device'), Column(name='Q1', why=''))
    """
    return tuple(Column(name, _why(name)) for name in table.headers)


def never_taken(names: Sequence[str]) -> tuple[Column, ...]:
    """Return those of some columns that may not be taken in, whatever somebody asks for."""
    return tuple(one for one in (Column(name, _why(name)) for name in names) if one.why in _HARD)


#: What is refused even if it is asked for by name; other columns may be a team's own codes.
_HARD: Final = frozenset({_ADDRESS})


def _why(name: str) -> str:
    bare = _MARKS.sub("", name).lower()
    return next((why for rule, why in _RULES if rule.fullmatch(bare)), "")
