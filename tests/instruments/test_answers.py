"""Columns of files of answers that say who answered, from where and when."""

import csv
import os
from pathlib import Path

import pytest

from understream.instruments.answers import columns_of, never_taken
from understream.instruments.table import Table, read_table

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)


@pytest.mark.parametrize(
    "name",
    ["ipaddr", "IP address", "IPAddress", "token", "Access code", "submitdate", "Date last action",
     "RecordedDate", "Duration (in seconds)", "groupTime123", "RecipientEmail", "E-mailadres",
     "LocationLatitude", "refurl", "seed", "id", "Response ID", "Datum verzonden", "_uuid",
     "deviceid", "attribute_1", "Voornaam"],
)  # fmt: skip
def test_what_could_say_who_where_or_when_is_left_behind(name):
    assert columns_of(Table("t", (name,), ()))[0].why


@pytest.mark.parametrize("name", ["Q1", "LEAD01", "unit", "team", "G01Q02[SQ001]", "trust", "zip"])
def test_answers_and_units_are_not_mistaken_for_it(name):
    assert not columns_of(Table("t", (name,), ()))[0].why


def test_an_ip_address_is_refused_whoever_asks_for_it():
    assert [one.name for one in never_taken(["ip", "token", "Q1"])] == ["ip"]


@pytest.mark.skipif(not SHARED.is_dir() and "CI" not in os.environ, reason="no shared data here")
def test_a_real_export_of_limesurvey_leaves_its_head_behind():
    path = SHARED / "importers" / "limesurvey" / "survey_998192_R_data_file.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads = next(csv.reader(file))

    left = [one.name for one in columns_of(Table("t", tuple(heads), ())) if one.why]

    assert left[:7] == heads[:7]
    assert read_table(path).headers[0] == "Response ID"
