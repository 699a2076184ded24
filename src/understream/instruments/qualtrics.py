"""Read what Qualtrics exports of a survey: `.qsf`, which is JSON.

Known from one file: elements of the types SQ (a question) and BL (blocks of questions). Multiple
choice (MC), matrices of one answer a line, and words are taken; the rest is told and left.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

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

_TYPES: Final = {
    "MC": "multiple choice", "TE": "words", "DB": "text without a question", "Matrix": "matrix",
}  # fmt: skip
_ONE: Final = frozenset({"SAVR", "SAHR", "SACOL", "DL", "SB"})
_SOME: Final = frozenset({"MAVR", "MAHR", "MACOL", "MSB"})
_IN_BLOCKS: Final = frozenset({"Question", "Page Break"})
_YES_NO: Final = (Part("yes", {"en": "yes", "nl": "ja"}), Part("no", {"en": "no", "nl": "nee"}))

Faults = list[tuple[str, str, str]]
_ANEW: Final = "Export it from Qualtrics anew, and do not edit it by hand"


def count_qualtrics(content: bytes, name: str) -> tuple[Count, ...]:
    """Count the elements and questions of a `.qsf` file.

    :raises QuestionnaireError: as :func:`read_qualtrics`, but for faults of its questions.
    """
    entry, elements = _elements(content, name)
    types = [str(one.get("Element")) for one in elements]
    asked = [_payload(one) for one in elements if one.get("Element") == "SQ"]
    return (
        Count("survey_name", plain(str(entry.get("SurveyName", "")))),
        Count("elements", len(elements)),
        Count("element_types", counted(types)),
        Count("question_types", counted([str(one.get("QuestionType")) for one in asked])),
    )


def read_qualtrics(content: bytes, name: str) -> Questionnaire:
    """Read a Qualtrics survey.

    :param content: the bytes of a `.qsf` file.
    :param name: how messages call it.
    :raises QuestionnaireError: if it is not JSON of that form, or contradicts itself: a block
        holds a question that is not there, or something that is none; a question lacks a key.
    """
    entry, elements = _elements(content, name)
    language = language_of(str(entry.get("SurveyLanguage") or "en"))
    faults: Faults = []
    questions: dict[str, Question] = {}
    codes: dict[str, str] = {}
    for number, one in enumerate(elements, 1):
        if one.get("Element") != "SQ":
            continue
        payload = _payload(one)
        key = str(one.get("PrimaryAttribute"))
        place = f"element {number} (question {shown(key)})"
        missing = [name for name in _NEEDED if not isinstance(payload.get(name), str)]
        if missing:
            faults.append((place, f"it has no {' and no '.join(missing)}", _ANEW))
            continue
        code = payload["DataExportTag"]
        if key in questions or codes.setdefault(code.casefold(), key) != key:
            faults.append((place, f"its tag {shown(code)} stands twice", "Give it another tag"))
        questions[key] = _question(payload, code, language, place)
    groups = _blocks(elements, questions, faults) if not faults else []
    if not faults and not any(group.questions for group in groups):
        faults.append(("", "it holds no question", "Export the whole survey"))
    if faults:
        raise QuestionnaireError(name, faults)
    used = {one.place for group in groups for one in group.questions}
    loose = [one for one in questions.values() if one.place not in used]
    remarks = [
        Remark("dropped", f"{one.place}, {shown(one.code)}", "it stands in no block that is asked")
        for one in loose
    ]
    return Questionnaire(
        name,
        "Qualtrics survey",
        {language: plain(str(entry.get("SurveyName", "")))},
        (language,),
        tuple(groups),
        (
            Remark(
                "dropped",
                "IP addresses, places, dates, owner and address of the survey",
                "what could say who answered, or when, is never taken in",
            ),
            Remark("dropped", "flow, options and scoring", "everybody gets every question"),
            *remarks,
        ),
    )


_NEEDED: Final = ("DataExportTag", "QuestionText", "QuestionType", "QuestionDescription")


def _elements(content: bytes, name: str) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise QuestionnaireError(name, [("", "this is not UTF-8", _ANEW)]) from None
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}"
        raise QuestionnaireError(name, [(place, "this is not JSON", _ANEW)]) from None
    except (RecursionError, ValueError):
        what = "it is too deep, or holds a number that is too long"
        raise QuestionnaireError(name, [("", what, _ANEW)]) from None
    whole: Mapping[str, Any] = found if isinstance(found, dict) else {}
    entry, elements = whole.get("SurveyEntry"), whole.get("SurveyElements")
    if (
        not isinstance(entry, dict)
        or not isinstance(elements, list)
        or not all(isinstance(one, dict) for one in elements)
    ):
        what = "it is JSON, but not a survey of Qualtrics"
        raise QuestionnaireError(name, [("", what, "Export the survey as .qsf")])
    if len(elements) > MOST_PARTS:
        remedy = f"Keep {MOST_PARTS} at most"
        raise QuestionnaireError(name, [("", f"it has {len(elements)} elements", remedy)])
    return entry, elements


def _payload(element: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = element.get("Payload")
    return payload if isinstance(payload, dict) else {}


def _blocks(
    elements: Iterable[Mapping[str, Any]], questions: Mapping[str, Question], faults: Faults
) -> list[Group]:
    groups = []
    for number, one in enumerate(elements, 1):
        if one.get("Element") != "BL":
            continue
        held = one.get("Payload")
        blocks = list(held.values()) if isinstance(held, dict) else held
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, dict) and block.get("Type") != "Trash":
                words = {"en": plain(str(block.get("Description", "")))}
                asked = _in_block(
                    block, f"element {number}, block {shown(words['en'])}", questions, faults
                )
                groups.append(Group(words, tuple(asked)))
    return groups


def _in_block(
    block: Mapping[str, Any], place: str, questions: Mapping[str, Question], faults: Faults
) -> list[Question]:
    asked: list[Question] = []
    rows = block.get("BlockElements")
    for row in rows if isinstance(rows, list) else ():
        type_ = str(row.get("Type")) if isinstance(row, dict) else "nothing"
        if type_ not in _IN_BLOCKS:
            faults.append((place, f"it holds something of the type {shown(type_)}", _ANEW))
        elif type_ == "Question":
            key = str(row.get("QuestionID"))
            if key in questions:
                asked.append(questions[key])
            else:
                faults.append((place, f"it asks {shown(key)}, which is not there", _ANEW))
    return asked


def _question(payload: Mapping[str, Any], code: str, language: str, place: str) -> Question:
    type_, selector = payload["QuestionType"], str(payload.get("Selector"))
    choices = _listed(payload.get("Choices"), language)
    answers = _listed(payload.get("Answers"), language)
    kind: Kind = "other"
    parts: tuple[Part, ...] = ()
    if type_ == "TE" and selector in {"SL", "ML", "ESTB"}:
        kind = "text"
    elif type_ == "MC" and selector in _ONE:
        kind, answers = "choice", choices
    elif type_ == "MC" and selector in _SOME:
        kind, answers, parts = "many", _YES_NO, choices
    elif (
        type_ == "Matrix" and selector == "Likert" and payload.get("SubSelector") == "SingleAnswer"
    ):
        kind, parts = "matrix", choices
    words = {language: plain(payload["QuestionText"])}
    said = f"Qualtrics type {plain(type_)[:20]}, {_TYPES.get(type_, 'not known here')}"
    return Question(code, kind, said, words, place, {}, answers, parts)


def _listed(held: object, language: str) -> tuple[Part, ...]:
    """Return choices, which stand in a list or under their numbers."""
    if isinstance(held, list):
        pairs = [(str(number), one) for number, one in enumerate(held, 1)]
    elif isinstance(held, dict):
        pairs = [(str(key), one) for key, one in held.items()]
    else:
        return ()
    return tuple(
        Part(key, {language: plain(str(one.get("Display", "")))})
        for key, one in pairs
        if isinstance(one, dict)
    )
