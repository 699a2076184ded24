"""Files of SPSS, written by SPSS itself and by other programs."""

import csv
import sys

import pytest

from understream.instruments import table
from understream.instruments.spss import as_text
from understream.instruments.table import TableError, read_table

FILES = (
    "haven_iris.sav", "hebrews.sav", "ordered_category.sav", "sample.sav", "sample.zsav",
    "sample.por", "sample_missing.sav", "tegulu.sav",
)  # fmt: skip


@pytest.fixture
def expected(shared):
    with shared("expected/importers.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return lambda name: {row[1]: row[4] for row in rows if row[0] == f"spss/{name}"}


@pytest.mark.parametrize("name", FILES)
def test_columns_labels_and_missing_values_are_those_that_others_find(name, shared, expected):
    told = expected(name)
    found = read_table(shared(f"importers/spss/{name}"))
    assert ";".join(found.headers) == told["column_names"]
    assert len(found.labels) == int(told["columns_with_value_labels"])
    assert len(found.missing) == int(told["columns_with_user_missing"])
    # A case in which everything is missing is a row in which nothing is written.
    assert len(found.rows) in (int(told["rows"]), int(told["rows"]) - 1)
    assert name == "sample_missing.sav" or len(found.rows) == int(told["rows"])


def test_codes_are_read_and_what_they_are_called_is_told_apart(shared):
    found = read_table(shared("importers/spss/sample.sav"))
    assert found.rows[0].cells == (
        "a", "1.1", "2018-05-06", "2018-05-06T10:10:10", "1", "1", "10:10:10",
    )  # fmt: skip
    assert found.labels["mylabl"] == {"1": "Male", "2": "Female"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (-0.5, "-0.5"), (float("nan"), ""), (None, ""), (" a ", "a"), (1e20, "1e+20")],
)
def test_a_value_stands_in_a_table_as_people_would_write_it(value, text):
    assert as_text(value) == text


def test_what_the_file_calls_missing_is_empty(shared):
    found = read_table(shared("importers/spss/sample_missing.sav"))
    place = found.column("mylabl")
    assert "" in {row.cells[place] for row in found.rows}
    assert "-1" not in {row.cells[place] for row in found.rows}


@pytest.mark.parametrize("length", [4, 100, 400])
def test_a_file_that_was_cut_off_is_refused_whole(shared, length):
    content = shared("importers/spss/sample.sav").read_bytes()[:length]
    with pytest.raises(TableError, match="no whole file of SPSS"):
        read_table(content, name="cut.sav")


def test_a_file_that_is_only_called_so_is_refused():
    with pytest.raises(TableError, match="no whole file of SPSS"):
        read_table(b"unit,a\nx,1\n", name="answers.sav")


def test_without_the_extra_it_says_what_to_install(shared, monkeypatch):
    monkeypatch.setattr(table.sys, "executable", sys._base_executable)
    with pytest.raises(TableError, match=r"install understream\[spss\], or save the file as CSV"):
        read_table(shared("importers/spss/sample.sav"))
