"""Surveys of Qualtrics: what is taken, and what contradicts itself."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.instruments.draft import draft_of
from understream.instruments.qualtrics import count_qualtrics, read_qualtrics
from understream.instruments.questionnaire import QuestionnaireError


def asked(code, type_="MC", selector="SAVR", **more):
    return {
        "DataExportTag": code,
        "QuestionText": f"About {code}<br>?",
        "QuestionType": type_,
        "QuestionDescription": code,
        "Selector": selector,
    } | more


def survey(*questions, blocks=None):
    rows = [{"Type": "Question", "QuestionID": f"QID{n}"} for n in range(len(questions))]
    held = blocks or [{"Type": "Default", "Description": "Block", "BlockElements": rows}]
    elements = [{"Element": "BL", "Payload": held}]
    for number, question in enumerate(questions):
        primary = {"Element": "SQ", "PrimaryAttribute": f"QID{number}"}
        elements.append(primary | {"Payload": question})
    entry = {"SurveyName": "S", "SurveyLanguage": "NL"}
    return json.dumps({"SurveyEntry": entry, "SurveyElements": elements}).encode()


CHOICES = {"1": {"Display": "ja"}, "2": {"Display": "nee"}}


def test_choices_matrices_ticks_and_words_are_taken():
    content = survey(
        asked("Q1", Choices=CHOICES),
        asked(
            "Q2", "Matrix", "Likert", SubSelector="SingleAnswer", Choices=CHOICES, Answers=CHOICES
        ),
        asked("Q3", selector="MAVR", Choices=CHOICES),
        asked("Q4", "TE", "SL"),
        asked("Q5", "Slider", "HBAR"),
    )

    draft = draft_of(read_qualtrics(content, "x.qsf"))

    codes = [item["code"] for item in draft.document["items"]]
    assert codes == ["Q1", "Q2-1", "Q2-2", "Q3-1", "Q3-2"]
    assert draft.document["items"][0]["nl"] == "About Q1 ?"
    assert draft.document["open"] == [{"code": "Q4", "nl": "About Q4 ?"}]
    assert [one.what for one in draft.remarks][2:].count(
        'element 6 (question "QID4") (Qualtrics type Slider, not known here)'
    ) == 1
    assert [str(one.value) for one in count_qualtrics(content, "x.qsf")] == [
        "S", "6", "BL=1;SQ=5", "MC=2;Matrix=1;Slider=1;TE=1",
    ]  # fmt: skip


def test_a_tag_twice_and_a_question_that_is_not_there_are_refused():
    with pytest.raises(QuestionnaireError, match='its tag "q1" stands twice'):
        read_qualtrics(survey(asked("Q1"), asked("q1")), "x.qsf")
    blocks = [{"Description": "B", "BlockElements": [{"Type": "Question", "QuestionID": "no"}]}]
    with pytest.raises(QuestionnaireError, match='block "B": it asks "no", which is not there'):
        read_qualtrics(survey(asked("Q1"), blocks=blocks), "x.qsf")
    for content in (b"[]", b'{"SurveyEntry": {}, "SurveyElements": [1]}', b"[" * 100_000, b"\xff"):
        with pytest.raises(QuestionnaireError, match=r"^x\.qsf"):
            read_qualtrics(content, "x.qsf")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_key_it_is_read_or_refused(data):
    whole = json.loads(survey(asked("Q1", Choices=CHOICES)))
    tables = [
        whole, whole["SurveyEntry"], *whole["SurveyElements"],
        whole["SurveyElements"][0]["Payload"][0], whole["SurveyElements"][1]["Payload"],
        whole["SurveyElements"][0]["Payload"][0]["BlockElements"][0],
    ]  # fmt: skip
    table = data.draw(st.sampled_from(tables))
    table[data.draw(st.sampled_from(sorted(table)))] = data.draw(ANYTHING)
    content = json.dumps(whole).encode()
    for read in (read_qualtrics, count_qualtrics):
        with suppress(QuestionnaireError):
            read(content, "x.qsf")
