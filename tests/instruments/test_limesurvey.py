"""LimeSurvey's files: both dialects, and what contradicts itself."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.instruments.draft import draft_of
from understream.instruments.limesurvey import read_limesurvey, read_structure
from understream.instruments.questionnaire import QuestionnaireError


def lime(tables, doctype="Survey", languages=("en",), version="641"):
    """The bytes of a LimeSurvey file with these tables of rows."""
    spoken = "".join(f"<language>{one}</language>" for one in languages)
    held = "".join(
        f"<{table}><rows>"
        + "".join(
            "<row>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in row.items()) + "</row>"
            for row in rows
        )
        + f"</rows></{table}>"
        for table, rows in tables.items()
    )
    return (
        f"<document><LimeSurveyDocType>{doctype}</LimeSurveyDocType><DBVersion>{version}"
        f"</DBVersion><languages>{spoken}</languages>{held}</document>"
    ).encode()


def refused(content, name="x.lss"):
    read = read_structure if isinstance(content, str) else read_limesurvey
    with pytest.raises(QuestionnaireError) as refusal:
        read(content, name)
    return str(refusal.value)


def test_both_dialects_say_the_same():
    row = {"qid": "1", "gid": "1", "type": "L", "title": "Q1", "parent_qid": "0"}
    words = {"en": "Asked?", "nl": "Gevraagd?"}
    answers = [("a", "yes", "ja"), ("b", "no", "nee")]
    inline = {
        "groups": [{"gid": "1", "group_name": "G", "language": one} for one in words],
        "questions": [row | {"question": said, "language": one} for one, said in words.items()],
        "answers": [
            {"qid": "1", "code": code, "answer": said, "language": one}
            for code, *both in answers
            for one, said in zip(words, both, strict=True)
        ],
    }
    beside = {
        "groups": [{"gid": "1"}],
        "group_l10ns": inline["groups"],
        "questions": [row],
        "question_l10ns": [
            {"qid": "1", "question": said, "language": one} for one, said in words.items()
        ],
        "answers": [{"aid": code, "qid": "1", "code": code} for code, *_ in answers],
        "answer_l10ns": [
            {"aid": code, "answer": said, "language": one}
            for code, *both in answers
            for one, said in zip(words, both, strict=True)
        ],
    }
    old, new = (
        draft_of(read_limesurvey(lime(tables, languages=words, version=number), "x.lss"))
        for tables, number in ((inline, "346"), (beside, "641"))
    )

    assert old.document == new.document
    assert old.document["items"] == [
        {"code": "Q1", "facet": "G", "scale": "Q1", "en": "Asked?", "nl": "Gevraagd?"}
    ]
    assert old.document["scales"]["Q1"]["options"][1] == {"code": "b", "en": "no", "nl": "nee"}


def test_codes_twice_lost_parts_and_circles_are_refused_together():
    asked = {"type": "F", "gid": "1"}
    tables = {
        "questions": [
            asked | {"qid": "1", "title": "Q1"},
            asked | {"qid": "2", "title": "q1"},
            asked | {"qid": "3", "title": "Q3", "type": "?"},
        ],
        "subquestions": [
            {"qid": "7", "parent_qid": "7", "title": "S1"},
            {"qid": "8", "parent_qid": "1", "title": "S2"},
            {"qid": "9", "parent_qid": "1", "title": "S2"},
        ],
        "answers": [
            {"qid": "1", "code": "a"},
            {"qid": "1", "code": "a"},
            {"qid": "5", "code": "b"},
        ],
    }

    told = [line.removeprefix("x.lss, ") for line in refused(lime(tables), "x.lss").splitlines()]

    assert [line.partition(". ")[0] for line in told] == [
        'subquestion "S1": it belongs to question number "7", which is not there',
        'subquestion "S2": it stands twice in its question',
        'answer "a" of question "Q1": its code stands twice',
        'answer "b": it belongs to question number "5", which is not there',
        'question "q1": its code stands twice',
        'question "Q3": its type "?" is not known',
    ]
    assert told[4].endswith("Give one of the two another code.")


def test_a_document_type_is_refused_even_if_it_declares_nothing():
    for declared in ("<!DOCTYPE document>", '<!DOCTYPE document SYSTEM "http://x.example/d">'):
        assert "declares a document type" in refused(declared.encode() + lime({}))


def test_everything_stands_in_the_order_that_the_file_gives():
    def row(number, order, **more):
        return {"question_order": order, "language": "en", "question": f"{number}?"} | more

    tables = {
        "groups": [
            {"gid": "1", "group_order": "2", "group_name": "last", "language": "en"},
            {"gid": "2", "group_order": "1", "group_name": "first", "language": "en"},
        ],
        "questions": [
            row(1, 10, qid="1", gid="2", title="B", type="F"),
            row(2, 9, qid="2", gid="2", title="A", type="Y"),
            row(3, 1, qid="3", gid="1", title="C", type="Y"),
        ],
        "subquestions": [
            row(4, 2, qid="4", parent_qid="1", title="y"),
            row(5, 1, qid="5", parent_qid="1", title="x"),
        ],
        "answers": [
            {"qid": "1", "code": "n", "sortorder": "2", "answer": "no", "language": "en"},
            {"qid": "1", "code": "y", "sortorder": "1", "answer": "yes", "language": "en"},
        ],
    }

    draft = draft_of(read_limesurvey(lime(tables), "x.lss"))

    assert [one["code"] for one in draft.document["items"]] == ["A", "B-x", "B-y", "C"]
    assert [one["code"] for one in draft.document["scales"]["B"]["options"]] == ["y", "n"]
    assert [one["code"] for one in draft.document["facets"]] == ["first", "first-2", "last"]


def test_what_is_not_xml_too_deep_or_too_large_is_refused_with_its_line():
    assert "line 2: this is not XML" in refused(b"<document>\n</documen>", "x.lss")
    assert "stand too deep" in refused(b"<a>" * 40, "x.lss")
    assert "this is not XML" in refused(b'<?xml version="1.0" encoding="nix"?><a/>', "x.lss")
    long = lime({"questions": [{"qid": "1", "title": "Q", "question": "x" * 200_000}]})
    assert '"question" holds 200000 characters' in refused(long, "x.lss")


def test_a_structure_whose_answers_belong_to_nothing_is_refused_with_its_row():
    head = "id\trelated_id\tclass\ttype/scale\tname\trelevance\ttext\thelp\tlanguage\n"
    text = head + "1\t\tA\t0\ta\t\tyes\t\ten\n1\t\tG\t0\tg\t\t\t\ten\n1\t\tQ\tL\tq\t\tX\t\ten\n"

    told = refused(text, "x.txt")

    assert (
        told == 'x.txt, row 2: "a" belongs to no question. Put it below the row of its question.'
    )
    twice = text.replace("1\t\tA\t0\ta\t\tyes\t\ten\n", "") + "2\t\tQ\tL\tQ\t\tY\t\ten\n"
    assert '"Q" stands twice' in refused(twice, "x.txt")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_becomes_of_the_bytes_it_is_read_or_refused(data):
    row = {"qid": "1", "gid": "1", "type": "F", "title": "Q1", "question": "?", "language": "en"}
    part = {"qid": "2", "parent_qid": "1", "title": "S", "question": "?", "language": "en"}
    whole = bytearray(lime({"questions": [row], "subquestions": [part]}))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    with suppress(QuestionnaireError):
        draft_of(read_limesurvey(bytes(whole), "x.lss")).text()
