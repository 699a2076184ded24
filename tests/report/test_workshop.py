"""What came of a workshop as files: every cell a text or a number, and nothing runs."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from python_calamine import CalamineWorkbook

from understream.domain.outcome import OutcomeCard
from understream.report.workshop import HEAD, as_csv, as_xlsx, rows_of

WHEN = datetime(2026, 11, 2, tzinfo=UTC)


def rows(words):
    return [{"step": 1, "kind": "prompt", "text": word, "name": word} for word in words]


@pytest.fixture
def naughty(shared):
    words = json.loads(shared("badinput/blns/blns.json").read_text())
    return ["=1+1", "+1", "-1", "@x", "\tx", "http://x.example", "007", *words]


def test_a_workbook_holds_each_word_as_it_was_said(naughty):
    readable = [word for word in naughty if word.isprintable()]
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(rows(readable), title="T")))
    sheet = book.get_sheet_by_index(0).to_python()

    assert sheet[0] == list(HEAD)
    at = HEAD.index("text")
    assert [row[at] for row in sheet[1:]] == readable
    assert all(row[HEAD.index("step")] == 1 for row in sheet[1:])


def test_no_cell_of_a_table_begins_a_formula(naughty):
    read = list(csv.reader(io.StringIO(as_csv(rows(naughty)))))

    assert len(read) == len(naughty) + 1
    for row, word in zip(read[1:], naughty, strict=True):
        told = row[HEAD.index("text")]
        assert not told.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert told.removeprefix("'").splitlines() == word.removeprefix("'").splitlines()


def test_a_cell_holds_no_more_than_a_workbook_can():
    book = as_xlsx(rows(["x" * 40_000]), title="T")

    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).sheet_names == ["workshop"]


def test_nothing_said_is_a_head_alone():
    card = OutcomeCard(1, 0, "T", "running", "UTC", 0, {}, WHEN, None, (), (), True)

    assert rows_of(card, language="en") == []
    assert as_csv([]).splitlines() == [",".join(HEAD)]
