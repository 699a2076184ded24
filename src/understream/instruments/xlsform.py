"""Read and write XLSForm: sheets *survey*, *choices* and *settings* of a workbook, or a CSV file.

Source: xlsform.org (the XLSForm standard) as pyxform reads it. Headings and names of sheets are
read in capitals or not, with spaces or underscores; ``label::English (en)`` is a translation. What
we write carries a sheet of its own, *understream*, for what the form has no place for, so that
reading it back gives the same instrument; other programs pass it over.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any, Final

import xlsxwriter

from understream.instruments.draft import CANNOT_JUDGE, COMMENT
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
    language_of,
    plain,
    shown,
)
from understream.instruments.reader import Instrument, to_plain

#: The sheet for what a form has no place for.
OWN_SHEET: Final = "understream"

_SHEETS: Final = ("survey", "choices", "settings")
_SELECT: Final = re.compile(
    r"(?:add )?select(?: |_)?(one|multiple|all(?: that apply)?)(?: (?:from|using))?"
    r"(?: (\S+))?( or(?: |_)(?:specify )?other)?"
)
_BEGIN: Final = re.compile(r"(begin|end)[ _]+(group|repeat|loop|lgroup)\b.*")
_WORDS: Final = frozenset({"text", "string"})
_WHO: Final = frozenset(
    {"start", "end", "today", "deviceid", "device id", "phonenumber", "phone number", "username",
     "email", "subscriberid", "subscriber id", "simserial", "sim id", "uri:deviceid", "audit",
     "start-geopoint", "background-geopoint", "get device id", "get today", "get start time",
     "get end time", "get phone number", "get sim id", "get subscriber id", "imei", "caseid",
     "background-audio", "enumerator"}
)  # fmt: skip
_COLUMNS: Final = {
    "list name": "list_name", "caption": "label", "bind:relevant": "relevant",
    "bind:required": "required",
}  # fmt: skip
_TRANSLATED: Final = frozenset({"label", "hint", "guidance_hint"})
_READ: Final = frozenset({"type", "name", "label", "hint", "list_name"})

Faults = list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one sheet, as text, with the number of each in the file.

    ``rows`` and ``columns`` say how far its cells reach, empty ones with a look of their own
    included, as a spreadsheet counts. ``formulas`` names the cells that hold one.
    """

    name: str
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    rows: int = 0
    columns: int = 0
    formulas: tuple[str, ...] = ()


def count_sheets(sheets: Sequence[Sheet]) -> tuple[Count, ...]:
    """Count the rows and columns of each sheet."""
    said = ";".join(f"{one.name}:{one.rows}x{one.columns}" for one in sheets)
    return (Count("sheets", said),)


def count_csv(content: bytes, text: str, name: str) -> tuple[Count, ...]:
    """Count the bytes, records and first fields of a CSV file.

    :param content: the bytes of the file.
    :param text: the same as text.
    :param name: how messages call it.
    :raises QuestionnaireError: if it is not CSV.
    """
    records = [record for _, record in _records(text, name)]
    return (
        Count("bytes", len(content)),
        Count("has_bom", int(content.startswith(b"\xef\xbb\xbf"))),
        Count("records", len(records)),
        Count("fields_first_record", len(records[0]) if records else 0),
    )


def sheets_of_csv(text: str, name: str) -> tuple[Sheet, ...]:
    """Return the sheets that a CSV file holds below each other.

    :param text: a sheet's name in the first column opens it; its rows leave that column empty.
    :param name: how messages call the file.
    :raises QuestionnaireError: if it is not CSV.
    """
    found: list[tuple[str, list[tuple[int, tuple[str, ...]]]]] = []
    for line, row in _records(text, name, skipinitialspace=True):
        cells = [cell.strip() for cell in row]
        if cells and cells[0]:
            found.append((cells[0], []))
        elif any(cells) and found:
            found[-1][1].append((line, tuple(cells[1:])))
    return tuple(Sheet(title, tuple(lines)) for title, lines in found)


def _records(
    text: str, name: str, *, skipinitialspace: bool = False
) -> list[tuple[int, list[str]]]:
    """Return the records of a CSV text, each with the line on which it ends."""
    reader = csv.reader(StringIO(text, newline=""), skipinitialspace=skipinitialspace)
    try:
        return [(reader.line_num, record) for record in reader]
    except csv.Error:
        place = f"line {reader.line_num}"
        remedy = "Look for a quote that is never closed"
        raise QuestionnaireError(name, [(place, "this is not CSV", remedy)]) from None


def is_form(sheets: Sequence[Sheet]) -> bool:
    """Say whether one of the sheets is called *survey*."""
    return any(sheet.name.strip().lower() == "survey" for sheet in sheets)


# -------------------------------------------------------------------- reading


def read_xlsform(sheets: Sequence[Sheet], name: str, language: str = "en") -> Questionnaire:
    """Read the sheets of an XLSForm.

    :param sheets: all sheets of the workbook, in their order.
    :param name: how messages call the file.
    :param language: the language of texts for which the form names none.
    :raises QuestionnaireError: with every fault found: no survey, a heading twice, a name missing
        or twice, a list that is not there, groups that do not close.
    """
    return _Reader(name, language).read(sheets)


@dataclass(slots=True)
class _Open:
    """A group, repeat or loop that was begun."""

    what: str
    row: int
    code: str
    words: dict[str, str]


@dataclass(slots=True)
class _Reader:
    """One reading of a form; collects faults and goes on."""

    name: str
    language: str
    faults: Faults = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    languages: dict[str, None] = field(default_factory=dict)
    lists: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    groups: list[tuple[_Open, list[Question]]] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def fault(self, place: str, what: str, remedy: str) -> None:
        self.faults.append((place, what, remedy))

    def say(self, what: str, why: str) -> None:
        """Tell once that something is dropped."""
        if what not in self.said:
            self.said.add(what)
            self.remarks.append(Remark("dropped", what, why))

    def read(self, sheets: Sequence[Sheet]) -> Questionnaire:
        by_name = self._sheets(sheets)
        survey = by_name.get("survey")
        if survey is None:
            names = ", ".join(shown(sheet.name) for sheet in sheets) or "none"
            self.fault(
                "", "it has no sheet survey", f"Call the sheet of questions so; it has {names}"
            )
            raise QuestionnaireError(self.name, self.faults)
        if sum(len(sheet.lines) for sheet in sheets) > MOST_PARTS:
            self.fault("", f"it has more than {MOST_PARTS} rows", "Leave some out")
            raise QuestionnaireError(self.name, self.faults)
        settings = self._settings(by_name.get("settings"))
        if settings.get("default_language"):
            self.language = language_of(settings["default_language"])
        self._choices(by_name.get("choices"), settings)
        self._survey(survey)
        extras = self._own(by_name.get(OWN_SHEET))
        if not (self.faults or self.groups or self.remarks):
            self.fault("sheet survey", "it holds no question", "Add one below the headings")
        if self.faults:
            raise QuestionnaireError(self.name, self.faults)
        title = settings.get("form_title") or settings.get("title", "")
        code = settings.get("form_id") or settings.get("id_string", "")
        return Questionnaire(
            self.name,
            "XLSForm",
            {self.language: plain(title)} if title else {},
            tuple(dict.fromkeys([self.language, *self.languages])),
            tuple(Group(one.words, tuple(asked), one.code) for one, asked in self.groups if asked),
            tuple(self.remarks),
            code,
            extras,
        )

    def _sheets(self, sheets: Sequence[Sheet]) -> dict[str, Sheet]:
        by_name: dict[str, Sheet] = {}
        for sheet in sheets:
            key = sheet.name.strip().lower()
            if key in by_name:
                self.fault(f"sheet {shown(sheet.name)}", "it stands twice", "Keep one of the two")
            by_name.setdefault(key, sheet)
            if sheet.formulas:
                what = f"sheet {sheet.name}: formulas in {', '.join(sheet.formulas[:10])}"
                why = "the values that were stored with them are read; look whether they are right"
                self.remarks.append(Remark("mapped", what, why))
            if key not in {*_SHEETS, OWN_SHEET} and len(sheets) > 1:
                why = "only survey, choices and settings are read"
                self.say(f"sheet {shown(sheet.name)}", why)
        if len(sheets) == 1 and "survey" not in by_name:
            heads = (
                {_heading(cell)[0] for cell in sheets[0].lines[0][1]} if sheets[0].lines else ()
            )
            if {"type", "name"} <= set(heads):
                what = f"sheet {shown(sheets[0].name)}"
                why = "it is the only one, so it is read as the survey"
                self.remarks.append(Remark("mapped", what, why))
                return {"survey": sheets[0]}
        return by_name

    def _rows(
        self, sheet: Sheet, key: str
    ) -> list[tuple[int, dict[str, str], dict[str, dict[str, str]]]]:
        """Return each row below the headings: its number, its values, its words by language."""
        lines = [(line, cells) for line, cells in sheet.lines if any(cells)]
        if not lines:
            return []
        heads = [_heading(cell) for cell in lines[0][1]]
        self._headings(sheet, lines[0][0], lines[0][1], heads, key)
        rows = []
        for line, cells in lines[1:]:
            values: dict[str, str] = {}
            words: dict[str, dict[str, str]] = {}
            for (column, language), cell in zip(heads, cells, strict=False):
                if not cell:
                    continue
                if column in _TRANSLATED:
                    spoken = self._spoken(language)
                    words.setdefault(column, {}).setdefault(spoken, plain(cell))
                elif column:
                    values.setdefault(column, cell)
                else:
                    why = "the column has no heading"
                    self.say(f"sheet {sheet.name}, row {line}: {shown(cell)}", why)
            if any(cells):
                rows.append((line, values, words))
        return rows

    def _headings(
        self,
        sheet: Sheet,
        line: int,
        cells: Sequence[str],
        heads: Sequence[tuple[str, str]],
        key: str,
    ) -> None:
        place = f"sheet {sheet.name}, row {line}"
        first: dict[tuple[str, str], int] = {}
        for number, head in enumerate(heads, 1):
            column, _ = head
            if not column or column not in {*_READ, "relevant", "required"}:
                continue
            before = first.setdefault(head, number)
            if before != number:
                written = shown(cells[number - 1])
                what = f"the heading {written} stands above columns {before} and {number}"
                self.fault(place, what, "Give each column its own heading")
        if not any(column == key for column, _ in heads):
            self.fault(place, f"there is no column {key}", f"Add one with the heading {key}")
        left = [
            plain(cell)[:40]
            for cell, (column, _) in zip(cells, heads, strict=True)
            if column and column not in {*_READ, "relevant", "required"}
        ]
        if left and sheet.name.strip().lower() in _SHEETS[:2]:
            what = f"sheet {sheet.name}: the columns {', '.join(left)}"
            self.say(what, "a round knows no such thing")

    def _spoken(self, language: str) -> str:
        code = language_of(language) if language else self.language
        self.languages.setdefault(code)
        return code

    # ------------------------------------------------------ settings and choices

    def _settings(self, sheet: Sheet | None) -> dict[str, str]:
        lines = [cells for _, cells in sheet.lines if any(cells)] if sheet else []
        if len(lines) < 2:  # noqa: PLR2004 - headings and one row
            return {}
        heads = [_heading(cell)[0] for cell in lines[0]]
        return {head: cell for head, cell in zip(heads, lines[1], strict=False) if head and cell}

    def _choices(self, sheet: Sheet | None, settings: Mapping[str, str]) -> None:
        if sheet is None:
            return
        twice = settings.get("allow_choice_duplicates", "").lower() in {"yes", "true", "true()"}
        lists: dict[str, dict[str, Part]] = {}
        for line, values, words in self._rows(sheet, "list_name"):
            place = f"sheet {sheet.name}, row {line}"
            owner, code = values.get("list_name", ""), values.get("name", "")
            if not owner and not code and not words:
                continue
            if not owner or not code:
                missing = "list_name" if not owner else "name"
                self.fault(place, f"the answer has no {missing}", "Fill it in, or empty the row")
                continue
            held = lists.setdefault(owner, {})
            if code in held and not twice:
                what = f"list {shown(owner)} has the answer {shown(code)} twice"
                self.fault(place, what, "Give one of the two another name")
            elif code in held:
                why = "an answer's code stands once in its list"
                self.say(f"list {shown(owner)}: {shown(code)} once more, in row {line}", why)
            held.setdefault(code, Part(code, words.get("label", {})))
        self.lists = {owner: tuple(held.values()) for owner, held in lists.items()}

    # ----------------------------------------------------------------- survey

    def _survey(self, sheet: Sheet) -> None:
        around: list[_Open] = []
        codes: dict[tuple[int, str], int] = {}
        top = _Open("form", 0, "", {})
        for line, values, words in self._rows(sheet, "type"):
            place = f"sheet {sheet.name}, row {line}"
            type_ = " ".join(values.get("type", "").split()).lower()
            if (
                not type_
                or type_.startswith("#")
                or values.get("disabled", "").lower() in {"yes", "true"}
            ):
                if values.get("name") or type_:
                    self.say(f"{place}: {shown(values.get('name') or type_)}", "it is no question")
                continue
            block = _BEGIN.fullmatch(type_)
            if block:
                self._block(block[1], block[2], around, place, line, values, words)
                continue
            inside = around[-1] if around else top
            question = self._question(type_, values, words, place)
            if question is None:
                continue
            first = codes.setdefault((inside.row, question.code), line)
            if first != line:
                what = f"the name {shown(question.code)} stands twice in its group"
                self.fault(place, what, f"Give it another name than row {first}")
            if any(one.what in {"repeat", "loop"} for one in around):
                why = "a round asks each question once"
                self.say(f"{place}: {shown(question.code)}, in a repeat", why)
                continue
            if not self.groups or self.groups[-1][0] is not inside:
                self.groups.append((inside, []))
            self.groups[-1][1].append(question)
        for one in around:
            place = f"sheet {sheet.name}, row {one.row}"
            what = f"the {one.what} {shown(one.code)} is begun and never ended"
            self.fault(place, what, f"Add a row end {one.what}")

    def _block(
        self,
        step: str,
        what: str,
        around: list[_Open],
        place: str,
        line: int,
        values: Mapping[str, str],
        words: Mapping[str, dict[str, str]],
    ) -> None:
        if step == "begin":
            code = values.get("name", "")
            if any(one.code == code and code for one in around):
                remedy = "Give it another name, or end the one around it first"
                self.fault(place, f"the {what} {shown(code)} stands inside itself", remedy)
            around.append(_Open(what, line, code, words.get("label", {})))
        elif not around:
            self.fault(place, f"a {what} is ended that was not begun", "Take the row away")
        else:
            begun = around.pop()
            if begun.what != what:
                begins = f"the {begun.what} begun in row {begun.row}"
                self.fault(place, f"a {what} is ended inside {begins}", f"End {begins} first")

    def _question(
        self,
        type_: str,
        values: Mapping[str, str],
        words: Mapping[str, dict[str, str]],
        place: str,
    ) -> Question | None:
        code = values.get("name", "")
        selects = _SELECT.fullmatch(type_)
        if type_ in _WHO:
            self.say(f"{place}: {type_}", "what could say who answers, or when, is never taken in")
            return None
        if not code:
            if selects or type_ in _WORDS:
                self.fault(place, "the question has no name", "Give it one in the column name")
            else:
                self.say(f"{place}: {type_}", "it is no question that a round can ask")
            return None
        kind: Kind = "text" if type_ in _WORDS else "other"
        answers: tuple[Part, ...] = ()
        named = ""
        if selects:
            kind, named, answers = self._answers(selects, values, place)
        if values.get("relevant"):
            self.say("conditions for showing a question", "everybody gets every question")
        if values.get("required", "").lower() in {"yes", "true", "true()"}:
            self.say("that a question must be answered", "nobody has to")
        many = kind == "many"
        return Question(
            code,
            kind,
            f"XLSForm type {plain(values['type'])[:40]}",
            words.get("label", {}),
            f"{place}, question {shown(code)}",
            words.get("hint", {}),
            _YES_NO if many else answers,
            answers if many else (),
            "" if many else named,
        )

    def _answers(
        self, selects: re.Match[str], values: Mapping[str, str], place: str
    ) -> tuple[Kind, str, tuple[Part, ...]]:
        # The list's name in the size of letters in which it was written.
        typed = " ".join(values["type"].split())
        named = typed[selects.start(2) : selects.end(2)] if selects[2] else ""
        if selects[3]:
            self.say("the answer 'other' with a field", "words go into the comment")
        if named not in self.lists:
            known = ", ".join(map(shown, list(self.lists)[:10])) or "none"
            what = f"it asks for the list {shown(named)}, which is not on the sheet choices"
            self.fault(place, what, f"Add the list, or name one that is there: {known}")
        return ("choice" if selects[1] == "one" else "many"), named, self.lists.get(named, ())

    def _own(self, sheet: Sheet | None) -> dict[str, Any]:
        if sheet is None:
            return {}
        extras: dict[str, Any] = {}
        for line, cells in sheet.lines[1:]:
            try:
                extras[cells[0]] = json.loads(cells[1])
            except (ValueError, IndexError, RecursionError):
                place = f"sheet {sheet.name}, row {line}"
                self.fault(
                    place, "the value is damaged", "Write the form anew, or delete the sheet"
                )
        return extras


_YES_NO: Final = (Part("yes", {"en": "yes", "nl": "ja"}), Part("no", {"en": "no", "nl": "nee"}))


def _heading(cell: str) -> tuple[str, str]:
    """Return a heading's column, in one spelling, and its language."""
    low = " ".join(cell.split()).lower()
    if low in _COLUMNS:
        return _COLUMNS[low], ""
    column, mark, language = re.match(r"([^:]*)(::?|$)(.*)", low, re.DOTALL).groups()  # type: ignore[union-attr]
    column = _COLUMNS.get(column.strip(), column.strip()).replace(" ", "_")
    if mark and column not in _TRANSLATED:
        return low, ""
    return column, language.strip()


# -------------------------------------------------------------------- writing

_TONGUES: Final = {"en": "English (en)", "nl": "Nederlands (nl)"}
#: The moment that stands in every file, so that equal instruments make equal files.
_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BESIDE: Final = {"en": "can't judge", "nl": "kan ik niet beoordelen"}


def write_xlsform(instrument: Instrument) -> bytes:
    """Write an instrument as an XLSForm workbook.

    :returns: the bytes of an `.xlsx` file; the same for the same instrument. Reading it with
        :func:`read_xlsform` and :func:`understream.instruments.draft.draft_of` gives a document
        from which the same instrument is built.
    """
    whole = to_plain(instrument)
    extras: dict[str, Any] = {}
    sheets = {
        "survey": _survey_rows(instrument, whole, extras),
        "choices": _choice_rows(whole, extras),
        "settings": [
            ["form_title", "form_id", "version", "default_language"],
            [whole["title"]["en"], whole["code"], str(whole["version"]), _TONGUES["en"]],
        ],
    }
    for key in sorted(set(whole) - {"items", "facets", "scales", "comment", "code", "open"}):
        extras[key] = whole[key]
    extras["facets"] = [one["code"] for one in whole["facets"]]
    own = [[key, json.dumps(value, ensure_ascii=False)] for key, value in extras.items()]
    sheets[OWN_SHEET] = [["key", "value"], *own]
    return _workbook(sheets)


def _survey_rows(
    instrument: Instrument, whole: Mapping[str, Any], extras: dict[str, Any]
) -> list[list[str]]:
    rows = [["type", "name", *_heads("label"), *_heads("hint")]]
    titles = {one["code"]: one["title"] for one in whole["facets"]}
    _beside("facets", whole["facets"], {"code", "title"}, extras)
    _beside("items", whole["items"], {"code", "scale", "en", "nl", "help"}, extras)
    _beside("open", whole.get("open", ()), {"code", "en", "nl", "help"}, extras)
    begun: dict[str, int] = {}
    before = ""
    for held, item in zip(instrument.items, whole["items"], strict=True):
        facet = item["facet"]
        if facet != before:
            rows += [["end_group"]] if before else []
            begun[facet] = begun.get(facet, 0) + 1
            again = f".{begun[facet]}" if begun[facet] > 1 else ""
            rows.append(["begin_group", facet + again, *_said(titles[facet])])
            before = facet
        if "en" not in item:  # it asks which of two statements is nearer, and has no other words
            extras |= {f"items.{held.code}.en": None, f"items.{held.code}.nl": None}
        words = {"en": held.text.en, "nl": held.text.nl}
        asked = [f"select_one {held.scale}", held.code, *_said(words)]
        rows.append(asked + _said(item.get("help", {})))
    rows.append(["end_group"])
    for line in whole.get("open", ()):
        rows.append(["text", line["code"], *_said(line), *_said(line.get("help", {}))])
    if "comment" in whole:
        rows.append(["text", _unused(COMMENT, whole), *_said(whole["comment"])])
        extras["comment.internal"] = whole["comment"]["internal"]
    return rows


def _beside(
    where: str, things: Iterable[Mapping[str, Any]], told: set[str], extras: dict[str, Any]
) -> None:
    """Keep what the sheets do not tell of some things."""
    for one in things:
        for key in sorted(one.keys() - told):
            extras[f"{where}.{one['code']}.{key}"] = one[key]


def _unused(name: str, whole: Mapping[str, Any]) -> str:
    taken = {one["code"] for one in (*whole["items"], *whole.get("open", ()))}
    while name in taken:
        name += "_"
    return name


def _choice_rows(whole: Mapping[str, Any], extras: dict[str, Any]) -> list[list[str]]:
    rows = [["list_name", "name", *_heads("label")]]
    for code, scale in whole["scales"].items():
        named = scale.get("options") or scale.get("steps")
        if named:
            rows += [[code, one["code"], *_said(one)] for one in named]
            if "steps" in scale:
                extras[f"scales.{code}.steps"] = True
                extras |= {f"scales.{code}.low": scale["low"]} if "low" in scale else {}
        else:
            low, ends = scale.get("low", 1), {}
            last = low + scale["points"] - 1
            if "low_end" in scale:
                ends = {low: _said(scale["low_end"]), last: _said(scale["high_end"])}
            else:
                extras |= {f"scales.{code}.low_end": None, f"scales.{code}.high_end": None}
            for point in range(low, last + 1):
                rows.append([code, str(point), *ends.get(point, [str(point)] * len(_TONGUES))])
        rows.append([code, CANNOT_JUDGE, *_said(_BESIDE)])
    return rows


def _heads(column: str) -> list[str]:
    return [f"{column}::{tongue}" for tongue in _TONGUES.values()]


def _said(words: Mapping[str, Any]) -> list[str]:
    return [words.get(language, "") for language in _TONGUES]


def _workbook(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    file = BytesIO()
    # Nothing is made a formula or a link, whatever a text begins with.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": _ALWAYS})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for line, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(line, column, cell)
    return file.getvalue()
