"""Questionnaires that other software wrote, kind and hostile."""

import csv
import os
import tomllib
from io import BytesIO
from pathlib import Path
from time import perf_counter

import pytest
import xlsxwriter

from understream.instruments.draft import draft_of, toml_of
from understream.instruments.foreign import count_foreign, read_foreign
from understream.instruments.questionnaire import LARGEST_FILE, QuestionnaireError, plain
from understream.instruments.reader import InstrumentError, builtin, load, read
from understream.instruments.xlsform import write_xlsform

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
IMPORTERS, BAD = SHARED / "importers", SHARED / "badinput"

real = pytest.mark.skipif(
    not SHARED.is_dir() and "CI" not in os.environ, reason="no shared data here"
)

#: Broken and hostile files, and what their refusal says.
REFUSED = {
    "qsf/bad_json.qsf": "line 3: this is not JSON",
    "qsf/bad_element_type.qsf": 'block "Default Question Block": it holds something of the type',
    "qsf/bad_qualtrics_question.qsf": '(question "QID17671700"): it has no QuestionDescription',
    "xlsform/duplicate_columns.xlsx": 'row 1: the heading "label" stands above columns 4 and 5',
    "generated/billion_laughs.lss": "line 1: it declares a document type",
    "generated/xxe.lss": "line 1: it declares a document type",
    "generated/wrong_doctype.lss": 'a LimeSurvey file of the type "Label set"',
    "generated/zip_slip.lsa": "also holds answers and access codes",
    "generated/bomb_sheet_60MB.xlsx": "unpacks to more than 20 MB",
    "generated/not_a_zip.xlsx": "is not an Excel workbook",
    "generated/nested_zip_2_levels.zip": "is not an Excel workbook",
    "generated/deep_json.json": "no questionnaire that is known here",
    "generated/one_cell_2MB.csv": "line 2: this is not CSV",
    "generated/empty.csv": "no questionnaire that is known here",
    "generated/utf16le_bom.csv": "line 1: this is not UTF-8 text",
}
#: ... and those that only look broken: how many questions they hold.
READ = {
    "xlsform/bad_calc.xlsx": 1,
    "xlsform/badly_named_choices_sheet.xls": 3,
    "xlsform/blank_second_row.xls": 1,
    "xlsform/spaces_in_choices_header.xls": 2,
    "xlsform/xl_date_ambiguous.xlsx": 4,
    "generated/xss_titles.lss": 1,
}
#: Files beside the questionnaires that hold none, but are counted: answers, and a list.
NO_QUESTIONNAIRE = {"limesurvey/survey_998192_R_data_file.csv", "xlsform/fruits.csv"}


def expected():
    path = SHARED / "expected" / "importers.csv"
    counts = {}
    for row in csv.DictReader(path.open(encoding="utf-8")) if path.is_file() else ():
        if row["dataset"].startswith(("limesurvey", "xlsform", "qualtrics")):
            counts.setdefault(row["dataset"], {})[row["statistic"]] = row["value"]
    return counts


def form(survey, choices=(), settings=()):
    """The bytes of an XLSForm of these rows."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    return file.getvalue()


def refused(content, name="x.xlsx"):
    with pytest.raises(QuestionnaireError) as refusal:
        read_foreign(content, name)
    return str(refusal.value)


# ---------------------------------------------------------------- real files


@real
def test_every_file_is_counted_as_published():
    assert len(expected()) > 60
    for name, counts in expected().items():
        found = count_foreign((IMPORTERS / name).read_bytes(), name)
        assert {one.statistic: str(one.value) for one in found} == counts, name


@real
def test_every_questionnaire_becomes_a_draft_that_is_toml_and_tells_of_every_question():
    for name in sorted(set(expected()) - NO_QUESTIONNAIRE):
        held = read_foreign((IMPORTERS / name).read_bytes(), name)
        draft = draft_of(held)
        told = " ".join(one.what for one in draft.remarks)
        filled = {key: one for key, one in draft.document.items() if one not in ({}, [])}
        assert tomllib.loads(draft.text()) == filled, name
        for question in held.questions():
            assert question.place in told, (name, question)
        with pytest.raises(InstrumentError) as refusal:
            read(draft.text(), name)
        assert not any("TOML" in fault.what for fault in refusal.value.faults), name


@real
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_broken_or_hostile_file_is_refused_with_place_and_remedy(name):
    path, begun = BAD / name, perf_counter()

    sentence = refused(path.read_bytes(), path.name)

    assert sentence.startswith(path.name)
    assert REFUSED[name] in sentence
    assert "root:" not in sentence
    assert perf_counter() - begun < 5


@real
@pytest.mark.parametrize("name", sorted(READ))
def test_a_file_that_only_looks_broken_is_read(name):
    held = read_foreign((BAD / name).read_bytes(), name)

    assert len(held.questions()) == READ[name]


@real
def test_scripts_in_texts_become_no_text_at_all():
    draft = draft_of(read_foreign((BAD / "generated" / "xss_titles.lss").read_bytes(), "x.lss"))

    assert draft.document["open"] == [{"code": "Q1", "en": "What?"}]
    assert "alert" not in draft.text()


@real
def test_dutch_stands_beside_english_and_an_untranslated_array_is_told():
    name = "export-of-minimal-survey-as-tsv.txt"
    draft = draft_of(read_foreign((IMPORTERS / "limesurvey" / name).read_bytes(), name))

    item = next(one for one in draft.document["items"] if one["code"] == "age")
    assert (item["en"], item["nl"]) == ("How old are you?", "Hoe oud ben je?")
    assert any("the word Array in 29 rows" in one.what for one in draft.remarks)
    lonely = next(one for one in draft.document["items"] if one["code"] == "AttExExLonely")
    scale = draft.document["scales"][lonely["scale"]]
    assert scale["points"] == 7
    assert scale["low_end"] == {"en": "very sociable (-3)"}
    assert any(one.what.endswith('"not applicable"') for one in draft.remarks)


# ------------------------------------------------------------ there and back


@pytest.mark.parametrize("code", builtin())
def test_an_instrument_written_as_xlsform_reads_back_the_same(code):
    instrument = load(code)

    written = write_xlsform(instrument)

    draft = draft_of(read_foreign(written, f"{code}.xlsx"))
    assert read(draft.text(), code) == instrument
    assert written == write_xlsform(instrument)


def test_a_draft_is_written_so_that_toml_reads_the_same():
    document = {
        "code": "a",
        "title": {"en": 'quotes " and \\ and \x7f', "nl": "é"},
        "scales": {"s": {"options": [{"code": "y", "en": "yes", "nl": "ja"}]}},
        "items": [{"code": "A", "help": {"en": "h"}, "reverse": True}],
    }

    assert tomllib.loads(toml_of(document)) == document


def test_our_own_sheet_cannot_break_a_draft():
    survey = [["type", "name", "label"], ["select_one l", "A", "Asked?"]]
    choices = [["list_name", "name", "label"], ["l", "y", "yes"], ["l", "n", "no"]]
    file = BytesIO()
    own = [
        ["key", "value"], ["items.A.facet", "[1]"], ["items.A.code", '"B"'], ["sources", '"x"'],
        ["items", "5"], ["scales.l", "5"], ["comment.internal", "true"], ["facets", "[[1], {}]"],
        ["title", "5"],
    ]  # fmt: skip
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        for name, rows in (("survey", survey), ("choices", choices), ("understream", own)):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)

    draft = draft_of(read_foreign(file.getvalue(), "x.xlsx"))

    assert draft.document["items"][0]["code"] == "A"
    with pytest.raises(InstrumentError):
        read(draft.text(), "x")


# --------------------------------------------------------------------- XLSForm

HEAD = ["type", "name", "label"]
LIST = [["list_name", "name", "label"], ["l", "y", "yes"], ["l", "n", "no"]]


@pytest.mark.parametrize(
    ("survey", "choices", "told"),
    [
        (
            [HEAD, ["select_one nix", "A", "?"]],
            LIST,
            'row 2: it asks for the list "nix", which is',
        ),
        ([HEAD, ["text", "A", "?"], ["text", "A", "!"]], (), 'row 3: the name "A" stands twice'),
        ([HEAD, ["text", "", "?"]], (), "row 2: the question has no name"),
        ([HEAD, ["begin group", "g"]], (), 'row 2: the group "g" is begun and never ended'),
        ([HEAD, ["text", "A"], ["end group"]], (), "row 3: a group is ended that was not begun"),
        (
            [HEAD, ["begin group", "g"], ["begin group", "g"], ["end group"], ["end group"]],
            (),
            'row 3: the group "g" stands inside itself',
        ),
        (
            [HEAD, ["begin group", "g"], ["begin repeat", "r"], ["end group"], ["end repeat"]],
            (),
            "row 4: a group is ended inside the repeat begun in row 3",
        ),
        (
            [HEAD, ["select_one l", "A", "?"]],
            [*LIST, ["l", "y", "yes again"]],
            'sheet choices, row 4: list "l" has the answer "y" twice',
        ),
        ([HEAD, ["text", "A"]], [*LIST, ["", "z", "?"]], "row 4: the answer has no list_name"),
        ([["name", "label"], ["A", "?"]], (), "sheet survey, row 1: there is no column type"),
        ([HEAD], (), "sheet survey: it holds no question"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused_with_sheet_and_row(survey, choices, told):
    assert told in refused(form(survey, choices))


def test_what_a_form_cannot_bring_is_told_and_left_behind():
    survey = [
        ["type", "name", "label::English (en)", "label::Nederlands (nl)", "relevant"],
        ["start", "begun"],
        ["begin_group", "work", "Work", "Werk"],
        ["select_one steps", "A", "How often?", "Hoe vaak?", "${B} = 1"],
        ["select_one l or_other", "B", "Asked?", "Gevraagd?"],
        ["end_group"],
        ["geopoint", "C", "Where?"],
    ]
    steps = [["steps", "0", "never", "nooit"], *(["steps", str(n), str(n)] for n in (1, 2))]
    choices = [
        ["list_name", "name", "label::English (en)", "label::nl"],
        *steps,
        ["steps", "3", "always", "altijd"],
        ["steps", "9", "Don't know", "weet niet"],
        ["l", "y", "yes", "ja"],
        ["l", "n", "no", "nee"],
    ]

    draft = draft_of(read_foreign(form(survey, choices), "x.xlsx"))

    document = draft.document
    assert [item["facet"] for item in document["items"]] == ["work", "work-2"]
    assert document["facets"][0]["title"] == {"en": "Work", "nl": "Werk"}
    assert document["scales"]["steps"] == {
        "points": 4,
        "low": 0,
        "low_end": {"en": "never", "nl": "nooit"},
        "high_end": {"en": "always", "nl": "altijd"},
    }
    dropped = [one.what for one in draft.remarks if one.verdict == "dropped"]
    assert dropped == [
        "sheet survey, row 2: start",
        "conditions for showing a question",
        "the answer 'other' with a field",
        'sheet survey, row 4, question "A": "Don\'t know"',
        'sheet survey, row 7, question "C" (XLSForm type geopoint)',
    ]


@pytest.mark.parametrize(
    ("answers", "rating"),
    [
        ([("0", "low"), ("1", ""), ("2", "high")], True),
        ([("3", "high"), ("2", "(2)"), ("1", "low")], True),
        ([("1", "low"), ("2", "middle"), ("3", "high")], False),
        ([("2", "low"), ("3", "3"), ("4", "high")], False),
        ([("1", "low"), ("2", "2"), ("4", "high")], False),
        ([("1", "low"), ("2", "high")], False),
        ([("a", "low"), ("b", "-"), ("c", "high")], False),
    ],
)
def test_a_list_is_a_rating_if_its_codes_count_up_and_only_its_ends_have_words(answers, rating):
    survey = [HEAD, ["select_one l", "A", "Asked?"]]
    choices = [LIST[0], *(["l", *one] for one in answers)]

    scale = draft_of(read_foreign(form(survey, choices), "x.xlsx")).document["scales"]["l"]

    assert ("points" in scale) is rating
    if rating:
        assert (scale["low_end"], scale["high_end"]) == ({"en": "low"}, {"en": "high"})


def test_texts_become_plain():
    assert plain("a &lt;b&gt; <i>c</i>\u202e\x00") == "a <b> c"
    assert plain("5 < 6 & 7") == "5 < 6 & 7"


def test_a_file_beyond_the_limit_is_not_looked_at():
    assert "larger than 5 MB" in refused(b" " * (LARGEST_FILE + 1), "x.lss")
