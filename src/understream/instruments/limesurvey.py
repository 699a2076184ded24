"""Read what LimeSurvey exports: `.lss`, `.lsg`, `.lsq` (XML), and its tab-separated structure.

Two dialects of the XML: up to database version 400 or so every question, answer and group has its
words and language in its own row, and a row for each language; later ones keep the words apart, in
tables whose names end in ``_l10ns``. Nothing of the file is run, fetched or expanded: a document
type, and so every entity, is refused. Known from files of versions 346 to 641.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Final
from xml.parsers import expat

from understream.instruments.questionnaire import (
    MOST_PARTS,
    Count,
    Group,
    Kind,
    Part,
    Question,
    Questionnaire,
    QuestionnaireError,
    Remark,
    counted,
    language_of,
    plain,
    shown,
)

_KINDS: Final = {"Survey": "survey", "Group": "group of questions", "Question": "question"}
#: Longest text in one field, in characters.
LONGEST_FIELD: Final = 100_000
_DEEPEST: Final = 30
_MOST_ROWS: Final = 10 * MOST_PARTS
#: Where a field of a row stands: document, table, rows, row, field.
_FIELD_DEPTH: Final = 5
_COUNTED: Final = (
    "groups", "questions", "subquestions", "answers",
    "question_l10ns", "answer_l10ns", "group_l10ns",
)  # fmt: skip

Row = dict[str, str]

_YES_NO: Final = (Part("yes", {"en": "yes", "nl": "ja"}), Part("no", {"en": "no", "nl": "nee"}))
_UNSURE: Final = (
    Part("yes", {"en": "yes", "nl": "ja"}),
    Part("uncertain", {"en": "uncertain", "nl": "onzeker"}),
    Part("no", {"en": "no", "nl": "nee"}),
)
_CHANGE: Final = (
    Part("increase", {"en": "increase", "nl": "toename"}),
    Part("same", {"en": "same", "nl": "hetzelfde"}),
    Part("decrease", {"en": "decrease", "nl": "afname"}),
)


def _points(most: int) -> tuple[Part, ...]:
    return tuple(Part(str(n), {"en": str(n), "nl": str(n)}) for n in range(1, most + 1))


#: LimeSurvey's letter: what it is in words, our kind, and answers that are not in the file.
#: Source: the manual of LimeSurvey, "Question object", property type.
_TYPES: Final[Mapping[str, tuple[str, Kind, tuple[Part, ...]]]] = {
    "5": ("five points", "choice", _points(5)),
    "A": ("array of five points", "matrix", _points(5)),
    "B": ("array of ten points", "matrix", _points(10)),
    "C": ("array of yes, no, uncertain", "matrix", _UNSURE),
    "E": ("array of increase, same, decrease", "matrix", _CHANGE),
    "F": ("array", "matrix", ()),
    "H": ("array by column", "matrix", ()),
    "L": ("list", "choice", ()),
    "!": ("drop-down list", "choice", ()),
    "O": ("list with comment", "choice", ()),
    "Y": ("yes or no", "choice", _YES_NO),
    "M": ("multiple choice", "many", _YES_NO),
    "P": ("multiple choice with comments", "many", _YES_NO),
    "S": ("short text", "text", ()),
    "T": ("long text", "text", ()),
    "U": ("huge text", "text", ()),
    "Q": ("several short texts", "other", ()),
    "G": ("gender", "other", ()),
    "D": ("date", "other", ()),
    "N": ("number", "other", ()),
    "K": ("several numbers", "other", ()),
    "R": ("ranking", "other", ()),
    "I": ("choice of language", "other", ()),
    "X": ("text without a question", "other", ()),
    "*": ("equation", "other", ()),
    "|": ("upload of files", "other", ()),
    "1": ("array with two scales", "other", ()),
    ":": ("array of numbers", "other", ()),
    ";": ("array of texts", "other", ()),
}
_ASIDE: Final = {
    "question_attributes": ("settings of questions", "they are about LimeSurvey's pages"),
    "defaultvalues": ("answers filled in beforehand", "nobody is led to an answer"),
    "defaultvalue_l10ns": ("words of answers filled in beforehand", "nobody is led to an answer"),
    "conditions": ("conditions", "everybody gets every question"),
    "quota": ("quotas", "everybody who is asked may answer"),
    "quota_members": ("members of quotas", "everybody who is asked may answer"),
    "quota_languagesettings": ("words of quotas", "everybody who is asked may answer"),
    "assessments": ("assessments", "nobody is told a score of their own"),
    "surveys_languagesettings": ("mails and welcome texts", "rounds have letters of their own"),
    "surveys": ("settings of the survey, with its administrator", "a round has its own"),
    "themes": ("themes", "pages have one look"),
    "themes_inherited": ("themes that were inherited", "pages have one look"),
    "survey_url_parameters": ("parameters of addresses", "they could say who answers"),
}
_NEVER: Final = Remark(
    "dropped",
    "IP addresses, referring pages, date stamps, timings and access codes",
    "what could say who answered, or when, is never taken in",
)


@dataclass(slots=True)
class _Document:
    """The rows of all tables of one file."""

    doctype: str = ""
    version: str = ""
    languages: list[str] = field(default_factory=list)
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        return self.tables.get(table, [])


# ----------------------------------------------------------------------- XML


def read_limesurvey(content: bytes, name: str) -> Questionnaire:
    """Read a LimeSurvey XML file.

    :param content: the bytes of a `.lss`, `.lsg` or `.lsq` file.
    :param name: how messages call it.
    :raises QuestionnaireError: if it is no such file, declares a document type, or contradicts
        itself: a code twice, a part of a question that is not there.
    """
    found = _document(content, name)
    main = _main_language(found)
    words = _Wording(found)
    faults: list[tuple[str, str, str]] = []
    questions = _questions(found, words, faults)
    groups = _groups(found, words, questions)
    if not faults and not questions:
        faults.append(("", "it holds no question", "Export the whole survey, group or question"))
    if faults:
        raise QuestionnaireError(name, faults)
    title = {
        language_of(row.get("surveyls_language", "")): plain(row.get("surveyls_title", ""))
        for row in found.rows("surveys_languagesettings")
    }
    languages = _in_order(main, map(language_of, found.languages))
    form = f"LimeSurvey {_KINDS[found.doctype]}, database version {found.version}"
    return Questionnaire(
        name,
        form,
        {key: said for key, said in title.items() if said} or dict(groups[0].words),
        languages,
        tuple(groups),
        (_NEVER, *_set_aside(found)),
    )


def count_limesurvey(content: bytes, name: str) -> tuple[Count, ...]:
    """Count the rows of a LimeSurvey XML file, as they stand in it.

    :raises QuestionnaireError: as :func:`read_limesurvey`, but for faults of its questions.
    """
    found = _document(content, name)
    rows = [
        Count(f"rows_{table}", len(found.tables[table])) for table in _COUNTED if found.rows(table)
    ]
    types = counted([row.get("type", "") for row in found.rows("questions")])
    return (
        Count("doctype", found.doctype),
        Count("db_version", found.version),
        Count("languages", ";".join(found.languages)),
        *rows,
        Count("question_types", types),
    )


def _document(content: bytes, name: str) -> _Document:
    """Walk through the XML once; keep fields of rows, and nothing else."""
    found = _Walk(name).through(content)
    if found.doctype not in _KINDS:
        what = (
            f"it is a LimeSurvey file of the type {shown(found.doctype)}"
            if found.doctype
            else "it is not an export of LimeSurvey"
        )
        raise _fault(name, what, "Export a survey (.lss), a group (.lsg) or a question (.lsq)")
    return found


class _Walk:
    """One walk through XML; a document type, and so every entity, ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = _Document()
        self.stack: list[str] = []
        self.text: list[str] = []
        self.rows = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.EntityDeclHandler = self.refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append

    def through(self, content: bytes) -> _Document:
        try:
            self.parser.Parse(content, True)
        except (expat.ExpatError, LookupError, ValueError):
            remedy = "Export it from LimeSurvey anew, and do not edit it by hand"
            raise self.here("this is not XML", remedy) from None
        return self.found

    def here(self, what: str, remedy: str) -> QuestionnaireError:
        place = f"line {self.parser.CurrentLineNumber}"
        return QuestionnaireError(self.name, [(place, what, remedy)])

    def refuse(self, *_: object) -> None:
        raise self.here(
            "it declares a document type, which LimeSurvey never does and which can harm",
            "It was not read; export it anew",
        )

    def start(self, tag: str, _attributes: object) -> None:
        self.stack.append(tag)
        self.text.clear()
        if len(self.stack) > _DEEPEST:
            raise self.here("elements stand too deep in each other", "Export it anew")
        if len(self.stack) == _FIELD_DEPTH - 1 and self.stack[2:] == ["rows", "row"]:
            self.rows += 1
            if self.rows > _MOST_ROWS:
                raise self.here("it has too many rows", "Export it in parts, group by group")
            self.found.tables.setdefault(self.stack[1], []).append({})

    def end(self, tag: str) -> None:
        whole = "".join(self.text)
        self.text.clear()
        if len(whole) > LONGEST_FIELD:
            what = f"{shown(tag)} holds {len(whole)} characters"
            raise self.here(what, f"Shorten it to {LONGEST_FIELD}")
        if len(self.stack) == _FIELD_DEPTH and self.stack[2:4] == ["rows", "row"]:
            self.found.tables[self.stack[1]][-1][tag] = whole
        elif self.stack[1:] == ["LimeSurveyDocType"]:
            self.found.doctype = whole.strip()
        elif self.stack[1:] == ["DBVersion"]:
            self.found.version = whole.strip()
        elif self.stack[1:] == ["languages", "language"]:
            self.found.languages.append(whole.strip())
        self.stack.pop()


def _fault(name: str, what: str, remedy: str) -> QuestionnaireError:
    return QuestionnaireError(name, [("", what, remedy)])


def _in_order(main: str, languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([main, *languages]))


def _main_language(found: _Document) -> str:
    for row in found.rows("surveys"):
        if row.get("language"):
            return language_of(row["language"])
    return language_of(found.languages[0]) if found.languages else "en"


class _Wording:
    """Where the words of a thing stand: in its own rows, or in a table beside."""

    def __init__(self, found: _Document) -> None:
        self.beside: dict[tuple[str, str], list[Row]] = {}
        for table, key in (("question", "qid"), ("answer", "aid"), ("group", "gid")):
            for row in found.rows(f"{table}_l10ns"):
                self.beside.setdefault((table, row.get(key, "")), []).append(row)

    def of(self, table: str, key: str, column: str, own: Sequence[Row]) -> dict[str, str]:
        said: dict[str, str] = {}
        for row in (*own, *self.beside.get((table, key), ())):
            text = plain(row.get(column, ""))
            if text and row.get("language"):
                said.setdefault(language_of(row["language"]), text)
        return said


def _by_key(rows: Iterable[Row], *keys: str) -> dict[tuple[str, ...], list[Row]]:
    """Gather the rows of one thing, one a language in the old dialect."""
    gathered: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        gathered.setdefault(tuple(row.get(key, "") for key in keys), []).append(row)
    return gathered


def _order(row: Row, key: str) -> int:
    try:
        return int(row.get(key, "0") or 0)
    except ValueError:
        return 0


def _twice(rows: Sequence[Row]) -> bool:
    """Say whether rows of one key are more than translations of each other."""
    languages = [row.get("language", "") for row in rows]
    return len(set(languages)) < len(languages)


def _questions(
    found: _Document, words: _Wording, faults: list[tuple[str, str, str]]
) -> dict[str, list[Question]]:
    """Return the questions of each group's key, in their order."""
    known = _by_key(found.rows("questions"), "qid")
    parts = _parts(found, words, known, faults)
    answers = _answers(found, words, known, faults)
    codes: dict[str, str] = {}
    ordered = sorted(known.items(), key=lambda pair: _order(pair[1][0], "question_order"))
    gathered: dict[str, list[Question]] = {}
    for (key,), rows in ordered:
        row = rows[0]
        code, letter = row.get("title", ""), row.get("type", "")
        place = f"question {shown(code)}" if code else f"question with the number {shown(key)}"
        if _twice(rows):
            faults.append((place, f"the number {shown(key)} stands twice", "Export it anew"))
        if not code:
            faults.append((place, "it has no code", "Give it one in LimeSurvey"))
        elif codes.setdefault(code.casefold(), key) != key:
            faults.append((place, "its code stands twice", "Give one of the two another code"))
        if letter not in _TYPES:
            faults.append(
                (
                    place,
                    f"its type {shown(letter)} is not known",
                    "Give it another type, or leave it out",
                )
            )
            continue
        type_, kind, given = _TYPES[letter]
        gathered.setdefault(row.get("gid", ""), []).append(
            Question(
                code,
                kind,
                f"LimeSurvey type {letter}, {type_}",
                words.of("question", key, "question", rows),
                place,
                words.of("question", key, "help", rows),
                given or answers.get(key, ()),
                parts.get(key, ()),
            )
        )
    return gathered


def _parts(
    found: _Document,
    words: _Wording,
    known: Mapping[tuple[str, ...], Sequence[Row]],
    faults: list[tuple[str, str, str]],
) -> dict[str, tuple[Part, ...]]:
    gathered: dict[str, list[Part]] = {}
    seen: set[tuple[str, str]] = set()
    subquestions = _by_key(found.rows("subquestions"), "qid")
    ordered = sorted(
        subquestions.items(),
        key=lambda pair: (_order(pair[1][0], "scale_id"), _order(pair[1][0], "question_order")),
    )
    for (key,), rows in ordered:
        owner, code = rows[0].get("parent_qid", ""), rows[0].get("title", "")
        place = f"subquestion {shown(code or key)}"
        if (owner,) not in known:
            remedy = "Export it anew; a subquestion belongs to a question, and not to itself"
            what = f"it belongs to question number {shown(owner)}, which is not there"
            faults.append((place, what, remedy))
        elif _twice(rows) or ((owner, code) in seen and rows[0].get("scale_id", "0") == "0"):
            faults.append((place, "it stands twice in its question", "Give one another code"))
        seen.add((owner, code))
        said = words.of("question", key, "question", rows)
        gathered.setdefault(owner, []).append(Part(code, said))
    return {owner: tuple(held) for owner, held in gathered.items()}


def _answers(
    found: _Document,
    words: _Wording,
    known: Mapping[tuple[str, ...], Sequence[Row]],
    faults: list[tuple[str, str, str]],
) -> dict[str, tuple[Part, ...]]:
    gathered: dict[str, list[Part]] = {}
    rows_of = _by_key(found.rows("answers"), "qid", "scale_id", "code")
    for (owner, _, code), rows in sorted(
        rows_of.items(), key=lambda pair: _order(pair[1][0], "sortorder")
    ):
        place = f"answer {shown(code)}"
        if (owner,) not in known:
            what = f"it belongs to question number {shown(owner)}, which is not there"
            faults.append((place, what, "Export it anew"))
            continue
        place += f" of question {shown(known[owner,][0].get('title', ''))}"
        if _twice(rows):
            faults.append((place, "its code stands twice", "Give one of the two another code"))
        said = words.of("answer", rows[0].get("aid", ""), "answer", rows)
        gathered.setdefault(owner, []).append(Part(code, said))
    return {owner: tuple(held) for owner, held in gathered.items()}


def _groups(
    found: _Document, words: _Wording, questions: Mapping[str, Sequence[Question]]
) -> list[Group]:
    known = _by_key(found.rows("groups"), "gid")
    ordered = sorted(known.items(), key=lambda pair: _order(pair[1][0], "group_order"))
    groups = [
        Group(words.of("group", key, "group_name", rows), tuple(questions.get(key, ())))
        for (key,), rows in ordered
    ]
    loose = [one for key, held in questions.items() if (key,) not in known for one in held]
    return groups + ([Group({}, tuple(loose))] if loose or not groups else [])


def _set_aside(found: _Document) -> list[Remark]:
    remarks = [
        Remark("dropped", what, why) for table, (what, why) in _ASIDE.items() if found.rows(table)
    ]
    held = [*found.rows("questions"), *found.rows("subquestions"), *found.rows("groups")]
    return remarks + _rules(held, "grelevance")


def _rules(rows: Sequence[Row], group_key: str = "") -> list[Remark]:
    """Tell what rows say about who must answer, and when."""
    remarks = []
    if any(
        (row.get("relevance") or "1") != "1" or (row.get(group_key) or "1") != "1" for row in rows
    ):
        remarks.append(
            Remark("dropped", "conditions for showing a question", "everybody gets every question")
        )
    if any(row.get("mandatory") in {"Y", "S"} for row in rows):
        remarks.append(Remark("dropped", "that a question must be answered", "nobody has to"))
    if any(row.get("other") == "Y" for row in rows):
        remarks.append(
            Remark("dropped", "the answer 'other' with a field", "words go into the comment")
        )
    return remarks


# ------------------------------------------------------------- tab-separated


def count_structure(text: str) -> tuple[Count, ...]:
    """Count the rows of a tab-separated structure by their class.

    :param text: the file, as text without byte-order mark.
    """
    rows = _structure_rows(text)
    classes = [row.get("class", "").strip() for row in rows]
    languages = sorted({row.get("language", "").strip() for row in rows} - {""})
    return (
        Count("rows", len(rows)),
        Count("classes", counted(classes)),
        Count("languages", ";".join(languages)),
    )


def is_structure(text: str) -> bool:
    """Say whether a text begins as LimeSurvey's tab-separated structure does."""
    head = text.partition("\n")[0].replace('"', "").rstrip("\r").split("\t")
    return {"class", "type/scale", "name", "text", "language"} <= set(head)


def read_structure(text: str, name: str) -> Questionnaire:
    """Read LimeSurvey's tab-separated structure.

    :param text: the file, as text without byte-order mark.
    :param name: how messages call it.
    :raises QuestionnaireError: if a row stands where it cannot, or a code stands twice.
    """
    rows = _structure_rows(text)
    if len(rows) > MOST_PARTS:
        raise _fault(name, f"it has {len(rows)} rows", f"Keep {MOST_PARTS} at most")
    settings = {r.get("name", ""): r.get("text", "") for r in rows if r.get("class") == "S"}
    main = language_of(settings.get("language", "") or "en")
    title = {
        language_of(row.get("language", "")): plain(row.get("text", ""))
        for row in rows
        if row.get("class") == "SL" and row.get("name") == "surveyls_title"
    }
    walk = _Structure(main)
    for line, row in enumerate(rows, 2):
        walk.row(row, f"row {line}")
    groups, faults = walk.groups()
    if not faults and not any(group.questions for group in groups):
        faults.append(("", "it holds no question", "Export the survey structure anew"))
    if faults:
        raise QuestionnaireError(name, faults)
    remarks = [
        _NEVER,
        Remark("dropped", "settings, mails and welcome texts", "a round has its own"),
        *walk.remarks(),
        *_rules([row for row in rows if row.get("class") in {"G", "Q", "SQ"}]),
    ]
    return Questionnaire(
        name,
        "LimeSurvey structure, tab-separated",
        {key: said for key, said in title.items() if said},
        _in_order(main, (language_of(r["language"]) for r in rows if r.get("language"))),
        tuple(groups),
        tuple(remarks),
    )


def _structure_rows(text: str) -> list[Row]:
    try:
        reader = csv.DictReader(StringIO(text, newline=""), delimiter="\t")
        return [
            {key: value for key, value in row.items() if key and isinstance(value, str)}
            for row in reader
        ]
    except csv.Error:
        return []


@dataclass(slots=True)
class _Thing:
    """A group, question, part or answer, whose words come language by language."""

    row: Row
    place: str
    words: dict[str, str] = field(default_factory=dict)
    help: dict[str, str] = field(default_factory=dict)
    inner: dict[str, dict[tuple[str, str], "_Thing"]] = field(default_factory=dict)


class _Structure:
    """One walk down the rows: each belongs to the nearest group or question above it."""

    def __init__(self, main: str) -> None:
        self.main = main
        self.top = _Thing({}, "")
        self.group = self.question = self.top
        self.faults: list[tuple[str, str, str]] = []
        self.lost: list[str] = []
        self.asked: dict[str, _Thing] = {}

    def row(self, row: Row, place: str) -> None:
        what = row.get("class", "").strip()
        code = row.get("name", "").strip()
        identity = row.get("id", "").strip() or code
        if what == "G":
            self.question = self.top
            self.group = self._known(self.top, "G", (identity, ""), row, place)
        elif what == "Q":
            # By its code: the numbers of a translation can be others.
            group = self.asked.setdefault(code.casefold(), self.group)
            self.question = self._known(group, "Q", (code.casefold(), ""), row, place)
        elif what in {"SQ", "A"}:
            if self.question is self.top:
                remedy = "Put it below the row of its question"
                self.faults.append((place, f"{shown(code)} belongs to no question", remedy))
                return
            scale = row.get("type/scale", "").strip()
            self._known(self.question, what, (code, scale), row, place)

    def _known(
        self, owner: _Thing, kind: str, key: tuple[str, str], row: Row, place: str
    ) -> _Thing:
        held = owner.inner.setdefault(kind, {})
        thing = held.setdefault(key, _Thing(row, place))
        language = language_of(row.get("language", "") or self.main)
        column = "name" if kind == "G" else "text"
        said = plain(row.get(column, ""))
        if language in thing.words or (language in thing.help and not said):
            code = shown(row.get("name", ""))
            where = f"{place}, and {thing.place}"
            self.faults.append((where, f"{code} stands twice", "Give one of the two another code"))
        if said == "Array" and language != self.main and thing.words.get(self.main) != said:
            # LimeSurvey's export writes this word where there is no translation.
            self.lost.append(place)
        elif said:
            thing.words[language] = said
        helps = plain(row.get("help", ""))
        if helps:
            thing.help[language] = helps
        return thing

    def remarks(self) -> list[Remark]:
        if not self.lost:
            return []
        many = len(self.lost)
        what = f"the word Array in {many} rows, first in {self.lost[0]}"
        return [Remark("dropped", what, "LimeSurvey writes it where a translation is missing")]

    def groups(self) -> tuple[list[Group], list[tuple[str, str, str]]]:
        made: list[Group] = []
        for group in (self.top, *self.top.inner.get("G", {}).values()):
            questions = []
            for thing in group.inner.get("Q", {}).values():
                code, letter = thing.row.get("name", ""), thing.row.get("type/scale", "")
                place = f"{thing.place}, question {shown(code)}"
                if letter not in _TYPES:
                    what = f"its type {shown(letter)} is not known"
                    self.faults.append((place, what, "Give it another type, or leave it out"))
                    continue
                questions.append(_asked(thing, code, letter, place))
            if questions or group is not self.top:
                made.append(Group(group.words, tuple(questions)))
        return made, self.faults


def _asked(thing: _Thing, code: str, letter: str, place: str) -> Question:
    type_, kind, given = _TYPES[letter]
    parts, answers = (
        tuple(Part(key[0], one.words) for key, one in thing.inner.get(what, {}).items())
        for what in ("SQ", "A")
    )
    return Question(
        code,
        kind,
        f"LimeSurvey type {letter}, {type_}",
        thing.words,
        place,
        thing.help,
        given or answers,
        parts,
    )
