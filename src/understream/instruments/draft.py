"""Make of somebody else's questionnaire the draft of an instrument, as far as that goes.

A draft holds what the file says and nothing that it does not say: no text is translated, no side
or level is guessed, no source is made up. What is missing the check names
(:func:`understream.instruments.reader.read`), as for every instrument.

Decided once: a list of answers whose codes are whole numbers one after another from 0 or 1, three
or more, and whose answers between the ends have no words of their own, is a rating; every other
list is a choice. An answer such as "don't know" is left out, since *can't judge* stands beside
every question. The lines of an array, and what can be ticked, become items of their own. Questions
that are answered in words become open questions.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from understream.instruments.faults import (
    FEWEST_OPTIONS,
    LONGEST_ITEM,
    MOST_OPEN,
    PARTNER,
)
from understream.instruments.questionnaire import (
    Group,
    Part,
    Question,
    Questionnaire,
    Remark,
    Words,
    shown,
)
from understream.instruments.reader import LONGEST_LINE
from understream.measurement.disclosure import FEWEST_POINTS

#: The code of the answer that stands beside every question, in forms that we write.
CANNOT_JUDGE: Final = "cannot_judge"
#: The code of the comment field, in forms that we write; more lines behind it if it is taken.
COMMENT: Final = "comment"
#: The languages of an instrument.
LANGUAGES: Final = ("en", "nl")

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_LONGEST_CODE: Final = 40
#: What stands above the parts of an instrument's file, and comes back as it was written.
_WHOLE: Final = frozenset(
    {"version", "about", "validated", "licence", "title", "purpose", "time_frame", "referent",
     "not_validated", "note", "scoring", "sources", "parts"}
)  # fmt: skip
_WORDLESS: Final = re.compile(r"[\W\d_]*")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_CANNOT_JUDGE: Final = re.compile(
    r"(can'?t|cannot|can not|unable to) (judge|say)|(i )?(don'?t|do not) know( .*)?|no opinion"
    r"|not applicable|n\.?/?a\.?|n\.?v\.?t\.?|niet van toepassing|(ik )?weet (ik |het )*niet"
    r"|geen (mening|oordeel)|(dat )?kan ik niet (beoordelen|zeggen)",
    re.IGNORECASE,
)
#: Longest text that a line of the file can hold.
_LONGEST_TEXT: Final = LONGEST_LINE - 100


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft as :mod:`tomllib` would read it, and what became of everything in the file."""

    document: Mapping[str, Any]
    remarks: tuple[Remark, ...]

    def text(self) -> str:
        """Return the draft as the text of an instrument's file."""
        return toml_of(self.document)


def draft_of(held: Questionnaire) -> Draft:
    """Make a draft.

    :param held: what a reader understood of a file.
    :returns: the draft; the remarks of the reader stand before its own.
    """
    maker = _Maker(held)
    document = maker.document()
    return Draft(document, (*held.remarks, *maker.remarks))


@dataclass(slots=True)
class _Facet:
    code: str
    words: Words
    scale: str


@dataclass(slots=True)
class _Maker:
    """One walk through the questions."""

    held: Questionnaire
    remarks: list[Remark] = field(default_factory=list)
    scales: dict[str, dict[str, Any]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    facets: list[_Facet] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    comment: Question | None = None
    codes: set[str] = field(default_factory=set)

    def document(self) -> dict[str, Any]:
        held = self.held
        for number, group in enumerate(held.groups, 1):
            for question in group.questions:
                self._question(question, group, number)
        said = [text for item in self.items for key, text in item.items() if key in LANGUAGES]
        directed = bool(said) and all(PARTNER in text for text in said)
        document: dict[str, Any] = {
            "code": self._free(held.code or held.title.get("en", "") or held.name, set()),
            "version": 1,
            "about": "directed" if directed else "alliance",
            "validated": False,
            "title": _two(held.title),
            "not_validated": {"en": "Not yet validated.", "nl": "Nog niet gevalideerd."},
        }
        if self.comment:
            document["comment"] = _two(self.comment.words) | {"internal": False}
        document["scoring"] = {"facet": "mean", "min_answered": "2/3"}
        document["scales"] = self.scales
        document["facets"] = [
            {"code": one.code, "title": _two(one.words)} if one.words else {"code": one.code}
            for one in self.facets
        ]
        document["items"] = self.items
        if self.lines:
            document["open"] = self.lines
        self._languages()
        _overlay(document, held.extras)
        return document

    def _say(self, verdict: str, what: str, why: str = "") -> None:
        self.remarks.append(Remark(verdict, what, why))  # type: ignore[arg-type]

    def _languages(self) -> None:
        left = [one for one in self.held.languages if one and one not in LANGUAGES]
        if left:
            why = "an instrument is in English and Dutch"
            self._say("dropped", f"words in {', '.join(map(shown, left))}", why)

    # -------------------------------------------------------------- questions

    def _question(self, question: Question, group: Group, number: int) -> None:
        what = f"{question.place} ({question.type})"
        if question.kind == "text":
            self._line(question, what)
        elif question.kind == "other":
            why = "a round asks for points of a scale or one answer of a list"
            self._say("dropped", what, why)
        elif not question.answers:
            self._say("dropped", what, "it has no answers to choose from")
        elif question.kind != "choice" and not question.parts:
            self._say("dropped", what, "it has no lines to answer")
        else:
            self._asked(question, group, number, what)

    def _line(self, question: Question, what: str) -> None:
        """Take in a question that is answered in words."""
        if "comment.internal" in self.held.extras and question.code.startswith(COMMENT):
            self.comment = question
        elif len(self.lines) == MOST_OPEN:
            why = f"there are {MOST_OPEN} open questions already; words give people away"
            self._say("dropped", what, why)
        else:
            line = {"code": self._code(question.code, question.place)} | _two(question.words)
            self.lines.append(line | self._help(question.help, line, question.place))
            self._say("kept", what, "an open question")

    def _asked(self, question: Question, group: Group, number: int, what: str) -> None:
        scale = self._scale(question, what)
        if scale is None:
            return
        facet = self._facet(group, number, scale)
        if question.kind == "choice":
            self._item(question.code, facet, scale, question.words, question.help, question.place)
            kind = "a choice" if "options" in self.scales[scale] else "a rating"
            self._say("kept", what, f"one item, {kind}")
            return
        for part in question.parts:
            code = f"{question.code}-{part.code}"
            place = f"{question.place}, {shown(part.code)}"
            self._item(code, facet, scale, part.words, question.words, place)
        lines = len(question.parts)
        why = (
            "each line is an item, with the question as its help"
            if question.kind == "matrix"
            else "what can be ticked is an item with yes and no, with the question as its help"
        )
        self._say("mapped", f"{what}, {lines} line{'s' if lines > 1 else ''}", why)

    def _item(
        self, code: str, facet: str, scale: str, words: Words, helps: Words, place: str
    ) -> None:
        said = {key: text for key, text in _two(words).items() if self._fits(text, place)}
        item = {"code": self._code(code, place), "facet": facet, "scale": scale} | said
        self.items.append(item | self._help(helps, said, place))

    def _code(self, wish: str, place: str) -> str:
        code = self._free(wish, self.codes)
        if code != wish:
            self._say("mapped", f"the code {shown(wish)}", f"it is {code} here: {place}")
        return code

    def _help(self, helps: Words, said: Mapping[str, Any], place: str) -> dict[str, Any]:
        below = {key: text for key, text in _two(helps).items() if text != said.get(key)}
        if not any(len(text) > LONGEST_ITEM for text in below.values()):
            return {"help": below} if below else {}
        why = f"it is longer than {LONGEST_ITEM} characters"
        self._say("dropped", f"{place}: the text below the question", why)
        return {}

    def _fits(self, text: str, place: str) -> bool:
        if len(text) <= _LONGEST_TEXT:
            return True
        why = f"it has {len(text)} characters; write it anew, {LONGEST_ITEM} at most"
        self._say("dropped", f"{place}: the text", why)
        return False

    def _free(self, wish: str, taken: set[str]) -> str:
        """Return a code that fits and is free, as near to the wish as can be; take it."""
        code = wish
        if not _CODE.fullmatch(code):
            code = re.sub(r"[^A-Za-z0-9_-]+", "-", code).strip("-")[:_LONGEST_CODE]
            code = code if re.match("[A-Za-z]", code) else f"x{code}"[:_LONGEST_CODE]
        first, again = code, 1
        while code.casefold() in taken:
            again += 1
            code = f"{first[: _LONGEST_CODE - 5]}-{again}"
        taken.add(code.casefold())
        return code

    # ------------------------------------------------------- scales and facets

    def _scale(self, question: Question, what: str) -> str | None:
        own = bool(self.held.extras)
        answers = [one for one in question.answers if not _cannot_judge(one, own=own)]
        for left in question.answers:
            if left not in answers and not own:
                why = "can't judge stands beside every question by itself"
                self._say("dropped", f"{question.place}: {shown(_first(left.words))}", why)
        made = _rating(answers) or self._choice(question, answers, what)
        if made is None:
            return None
        for code, known in self.scales.items():
            if known == made and self.named[code] == question.scale:
                return code
        taken = {code.casefold() for code in self.scales}
        code = self._free(question.scale or _named(made) or question.code, taken)
        self.scales[code], self.named[code] = made, question.scale
        return code

    def _choice(
        self, question: Question, answers: Sequence[Part], what: str
    ) -> dict[str, Any] | None:
        taken: set[str] = set()
        options: list[dict[str, Any]] = []
        others: list[str] = []
        for one in answers:
            code = self._free(one.code, taken)
            others += [f"{shown(one.code)} {code}"] if code != one.code else []
            options.append({"code": code} | _two(one.words))
        if len(options) < FEWEST_OPTIONS:
            self._say("dropped", what, "a list of answers has two or more")
            return None
        if others:
            why = f"a code begins with a letter and stands once: {', '.join(others[:10])}"
            self._say("mapped", f"{question.place}: codes of {len(others)} answers", why)
        return {"options": options}

    def _facet(self, group: Group, number: int, scale: str) -> str:
        wish = group.code or _first(group.words) or f"part{number}"
        code = self._free(wish, set())
        for one in self.facets:
            if one.scale == scale and (one.code == code or one.words is group.words):
                return one.code
        taken = {one.code.casefold() for one in self.facets}
        facet = _Facet(self._free(wish, taken), group.words, scale)
        if facet.code != code:
            why = "questions of one facet are answered on one scale"
            self._say("mapped", f"group {shown(wish)}", f"part of it is facet {facet.code}: {why}")
        self.facets.append(facet)
        return facet.code


def _two(words: Words) -> dict[str, Any]:
    return {key: words[key] for key in LANGUAGES if words.get(key)}


def _first(words: Words) -> str:
    return next((words[key] for key in (*LANGUAGES, *words) if words.get(key)), "")


def _cannot_judge(answer: Part, *, own: bool) -> bool:
    """Say whether an answer says what *can't judge* says; in our own files only that one does."""
    if own:
        return answer.code == CANNOT_JUDGE
    return any(_CANNOT_JUDGE.fullmatch(text.strip(" .()")) for text in answer.words.values())


def _named(scale: Mapping[str, Any]) -> str:
    return f"points{scale['points']}" if "points" in scale else ""


def _rating(answers: Sequence[Part]) -> dict[str, Any] | None:
    """Return the rating that a list of answers is, or None."""
    if len(answers) < FEWEST_POINTS or not all(_NUMBER.fullmatch(one.code) for one in answers):
        return None
    steps = sorted(answers, key=lambda one: int(one.code))
    low = int(steps[0].code)
    if low > 1 or [int(one.code) for one in steps] != list(range(low, low + len(steps))):
        return None
    within = [text for one in steps[1:-1] for text in one.words.values()]
    if not all(_WORDLESS.fullmatch(text) for text in within):
        return None
    ends = {"low_end": _two(steps[0].words), "high_end": _two(steps[-1].words)}
    return {"points": len(steps)} | ({"low": low} if low != 1 else {}) | ends


# ------------------------------------------------------- what only our files carry


def _overlay(document: dict[str, Any], extras: Mapping[str, object]) -> None:
    """Put back what a form has no place for: values by path, such as ``items.TA1.level``.

    Null takes a key away; ``scales.CODE.steps`` says that its answers are steps, not options.
    """
    for path, value in extras.items():
        where, _, rest = path.partition(".")
        code, _, key = rest.partition(".")
        if where in {"items", "facets", "open"} and key and _fitting(key, value):
            for one in document.get(where, ()):
                if one["code"] == code:
                    _put(one, key, value)
        elif where == "scales" and code in document["scales"] and key and _fitting(key, value):
            _put(document["scales"][code], key, value)
        elif path == "comment.internal" and "comment" in document:
            document["comment"]["internal"] = value is True
        elif path in _WHOLE and _fitting(path, value):
            _put(document, path, value)
    _in_order(document, extras.get("facets"))
    if extras and "not_validated" not in extras:
        del document["not_validated"]


def _in_order(document: dict[str, Any], order: object) -> None:
    """Keep the facets that have items, in their old order if there is one."""
    used = list(dict.fromkeys(item["facet"] for item in document["items"]))
    known = {one["code"]: one for one in document["facets"]}
    wanted = [code for code in order if code in used] if isinstance(order, list) else []
    codes = dict.fromkeys([*wanted, *used])
    document["facets"] = [known.get(code, {"code": code}) for code in codes]


def _put(table: dict[str, Any], key: str, value: object) -> None:
    if key == "steps" and "options" in table:
        table["steps"] = table.pop("options")
    elif value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _fitting(key: str, value: object) -> bool:
    """Say whether a value can be written at all; whether it is right the check says."""
    if key in {"code", "facet"}:
        return key == "facet" and isinstance(value, str)
    if key in {"sources", "parts"}:
        return isinstance(value, list) and all(isinstance(one, dict) for one in value)
    if key == "scoring":
        return isinstance(value, dict)
    return value is None or isinstance(value, str | bool | int | dict)


# ------------------------------------------------------------------ as a text


def toml_of(document: Mapping[str, Any]) -> str:
    r"""Write an instrument's document as TOML, with a line a text.

    :param document: the structure of :func:`understream.instruments.reader.to_plain`.

    >>> print(toml_of({"code": "a", "title": {"en": "A"}, "items": [{"code": "B"}]}), end="")
    code = "a"
    title.en = "A"
    <BLANKLINE>
    [[items]]
    code = "B"
    """
    tables = ("comment", "scoring")
    lists = ("sources", "parts", "facets", "items", "open")
    head = {key: one for key, one in document.items() if key not in {*tables, *lists, "scales"}}
    lines = [*_lines(head)]
    for key in tables:
        if key in document:
            lines += ["", f"[{key}]", *_lines(document[key])]
    for code, scale in document.get("scales", {}).items():
        lines += ["", f"[scales.{code}]", *_lines(scale)]
    for key in lists:
        for one in document.get(key, ()):
            lines += ["", f"[[{key}]]", *_lines(one)]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += [f"{key}.{inner}" for inner in _lines(value)]
        elif isinstance(value, list):
            lines += [f"{key} = [", *(f"  {_inline(one)}," for one in value), "]"]
        else:
            lines.append(f"{key} = {_value(value)}")
    return lines


def _inline(one: object) -> str:
    if not isinstance(one, Mapping):
        return _value(one)
    return "{ " + ", ".join(f"{key} = {_inline(value)}" for key, value in one.items()) + " }"


def _value(value: object) -> str:
    # A JSON string is a TOML string, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
