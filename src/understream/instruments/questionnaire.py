"""A questionnaire that other software wrote, in one plain form whatever the software.

Readers (:mod:`limesurvey`, :mod:`xlsform`, :mod:`qualtrics`) make it; :mod:`draft` makes of it
what this house can ask. What a reader had to leave behind it says in remarks, never silently.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, Literal

from understream.instruments.faults import quoted

#: Largest file, in bytes.
LARGEST_FILE: Final = 5_000_000
#: Most questions with their parts, answers included.
MOST_PARTS: Final = 20_000
#: How many faults are told before "and more".
MOST_TOLD: Final = 20

_MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:[A-Za-z]+|#[0-9A-Fa-fx]+);")
_SPACES: Final = re.compile(r"\s+")
_UNSEEN: Final = frozenset({"script", "style", "template", "iframe", "object"})
_LANGUAGES: Final = {
    "english": "en", "engels": "en", "eng": "en", "dutch": "nl", "nederlands": "nl", "nld": "nl",
}  # fmt: skip

#: Words by language code; a language that is not there has no words.
Words = Mapping[str, str]
Verdict = Literal["kept", "mapped", "dropped"]
#: choice: one of its answers; many: any of its parts; matrix: one answer for each part;
#: text: words; other: what this house does not ask.
Kind = Literal["choice", "many", "matrix", "text", "other"]


class QuestionnaireError(Exception):
    """A file cannot be taken in; every sentence says where, what is wrong, and what to do."""

    def __init__(self, file: str, faults: Sequence[tuple[str, str, str]]) -> None:
        """Keep the sentences.

        :param file: the file's name.
        :param faults: for each fault its place (a sheet and row, an element), what is wrong, and
            the remedy, both without a full stop.
        """
        told = [
            f"{file}{f', {place}' if place else ''}: {what}. {remedy}."
            for place, what, remedy in faults[:MOST_TOLD]
        ]
        more = len(faults) - MOST_TOLD
        self.sentences = tuple(told + ([f"{file}: and {more} more faults."] if more > 0 else []))
        super().__init__("\n".join(self.sentences))


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of one thing in the file, and why."""

    verdict: Verdict
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One answer that can be chosen, or one line of a question: its code and its words."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it stood in the file.

    ``type`` is the software's own name of its type, in words. ``scale`` is what the file calls its
    list of answers, or nothing. ``place`` is where it stands, for people.
    """

    code: str
    kind: Kind
    type: str
    words: Words
    place: str
    help: Words = field(default_factory=dict)
    answers: tuple[Part, ...] = ()
    parts: tuple[Part, ...] = ()
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that stand together; ``code`` is nothing where the file gives none."""

    words: Words
    questions: tuple[Question, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What was understood of a file.

    ``form`` names the software and kind; ``languages`` are codes, the first one the main one.
    ``extras`` is what only our own files carry: values by their path in an instrument's file.
    """

    name: str
    form: str
    title: Words
    languages: tuple[str, ...]
    groups: tuple[Group, ...]
    remarks: tuple[Remark, ...] = ()
    code: str = ""
    extras: Mapping[str, object] = field(default_factory=dict)

    def questions(self) -> tuple[Question, ...]:
        """Return all questions, in their order."""
        return tuple(question for group in self.groups for question in group.questions)


@dataclass(frozen=True, slots=True)
class Count:
    """One figure about a file, such as how many questions it holds."""

    statistic: str
    value: int | str


def counted(names: Sequence[str]) -> str:
    """Return how often each name comes, by name.

    >>> counted(["T", "F", "T"])
    'F=1;T=2'
    """
    return ";".join(f"{name}={names.count(name)}" for name in sorted(set(names)))


def language_of(name: str) -> str:
    """Return the code of a language as software names it.

    :param name: such as ``English (en)``, ``nederlands`` or ``nl-BE``.
    :returns: ``en`` or ``nl`` for those two; else the name in small letters.

    >>> language_of("English (en)"), language_of("nl-BE"), language_of("French")
    ('en', 'nl', 'french')
    """
    found = re.search(r"\(([A-Za-z-]+)\)\s*$", name)
    word = (found[1] if found else name).strip().lower()
    short = re.split(r"[-_]", word)[0]
    return _LANGUAGES.get(word, short if short in {"en", "nl"} else word)


def plain(text: str) -> str:
    r"""Return a text as people see it: on one line, without markup or invisible characters.

    >>> plain("<p>How <b>open</b>\n are&nbsp;we?</p><script>alert(1)</script>")
    'How open are we?'
    """
    if _MARKUP.search(text):
        reader = _Seen()
        reader.feed(text)
        reader.close()
        text = "".join(reader.seen)
    shown = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    return "".join(
        one for one in shown if unicodedata.category(one) not in {"Cc", "Cf", "Cn", "Co", "Cs"}
    ).strip()


class _Seen(HTMLParser):
    """Collects what a browser would show as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.unseen += tag in _UNSEEN
        if tag in {"br", "p", "div", "li", "td", "tr"}:
            self.seen.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))
        if tag in {"p", "div", "li", "td", "tr"}:
            self.seen.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.seen.append(data)


def shown(text: str) -> str:
    """Return what a file holds, short, plain and between quotes, for a sentence."""
    return quoted(plain(text))
