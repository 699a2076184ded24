"""Read a questionnaire that other software wrote, whichever it was."""

from pathlib import Path
from typing import Final

from understream.instruments.limesurvey import (
    count_limesurvey,
    count_structure,
    is_structure,
    read_limesurvey,
    read_structure,
)
from understream.instruments.qualtrics import count_qualtrics, read_qualtrics
from understream.instruments.questionnaire import (
    LARGEST_FILE,
    Count,
    Questionnaire,
    QuestionnaireError,
)
from understream.instruments.table import TableError, read_sheets
from understream.instruments.xlsform import (
    Sheet,
    count_csv,
    count_sheets,
    is_form,
    read_xlsform,
    sheets_of_csv,
)

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_XML: Final = (".lss", ".lsg", ".lsq", ".xml")
_KNOWN: Final = (
    "Give a LimeSurvey file (.lss, .lsg, .lsq, or its structure as .txt), an XLSForm (.xlsx, "
    ".xls, .csv) or a Qualtrics survey (.qsf)"
)


def read_foreign(content: bytes, name: str, language: str = "en") -> Questionnaire:
    """Read a questionnaire that other software wrote.

    :param content: the bytes of the file, 5 MB at most.
    :param name: its name; the ending matters where the content does not tell.
    :param language: ``en`` or ``nl``, for texts of which the file does not say it.
    :raises QuestionnaireError: if it cannot be taken in; nothing is half read.
    """
    _check(content, name)
    low = name.lower()
    if low.endswith(_XML):
        return read_limesurvey(content, name)
    if low.endswith(".qsf"):
        return read_qualtrics(content, name)
    if content.startswith(_WORKBOOKS) or low.endswith((".xlsx", ".xls", ".xlsm")):
        return read_xlsform(_sheets(content, name), name, language)
    text = _text(content, name)
    if is_structure(text):
        return read_structure(text, name)
    sheets = sheets_of_csv(text, name) if low.endswith(".csv") else ()
    if not is_form(sheets):
        raise QuestionnaireError(name, [("", "it is no questionnaire that is known here", _KNOWN)])
    return read_xlsform(sheets, name, language)


def count_foreign(content: bytes, name: str) -> tuple[Count, ...]:
    """Count what is in such a file, or in a CSV file of any kind, as it stands there.

    :raises QuestionnaireError: if it cannot be read at all.
    """
    _check(content, name)
    low = name.lower()
    if low.endswith(_XML):
        return count_limesurvey(content, name)
    if low.endswith(".qsf"):
        return count_qualtrics(content, name)
    if content.startswith(_WORKBOOKS) or low.endswith((".xlsx", ".xls", ".xlsm")):
        return count_sheets(_sheets(content, name))
    text = _text(content, name)
    whole = (Count("bytes", len(content)), Count("has_bom", int(content[:3] == b"\xef\xbb\xbf")))
    return whole + count_structure(text) if is_structure(text) else count_csv(content, text, name)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, and no more of it than is ever read.

    :raises QuestionnaireError: if it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as refusal:
        why = refusal.strerror or "it cannot be opened"
        what = f"the file cannot be read ({why})"
        raise QuestionnaireError(path.name, [("", what, "Check its name")]) from None


def _check(content: bytes, name: str) -> None:
    if name.lower().endswith(".lsa"):
        what = "an archive of LimeSurvey also holds answers and access codes"
        raise QuestionnaireError(name, [("", what, "Export the survey's structure (.lss)")])
    if len(content) > LARGEST_FILE:
        remedy = "Export it in parts"
        raise QuestionnaireError(name, [("", "it is larger than 5 MB", remedy)])


def _text(content: bytes, name: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        place = f"line {line}"
        raise QuestionnaireError(
            name, [(place, "this is not UTF-8 text", f"Save it as UTF-8. {_KNOWN}")]
        ) from None
    if "\0" in text:
        raise QuestionnaireError(name, [("", "this is not text", _KNOWN)])
    return text


def _sheets(content: bytes, name: str) -> list[Sheet]:
    try:
        found = read_sheets(content, name)
    except TableError as refusal:
        raise _Unreadable(name, str(refusal)) from None
    return [
        Sheet(
            one["name"],
            tuple((line, tuple(cells)) for line, cells in enumerate(one["rows"], 1)),
            one["height"],
            one["width"],
            tuple(one["formulas"]),
        )
        for one in found
    ]


class _Unreadable(QuestionnaireError):
    """A workbook that cannot be opened; the reader of tables has said why."""

    def __init__(self, file: str, sentence: str) -> None:
        super().__init__(file, [])
        self.sentences = (sentence,)
        self.args = (sentence,)
