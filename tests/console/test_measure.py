"""`understream measure`: real files, exact figures, clear refusals."""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
from io import StringIO
from pathlib import Path
from time import perf_counter

import pytest

from understream.console import measure

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
LQ2002 = ("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--items", "TSIG=TSIG01..TSIG03")
NAMED = {
    "groups.csv": ("n", "mean", "sd_n_minus_1", "rwg_uniform", "awg", "ADM_mean", "ADM_median"),
    "groups_scale.csv": ("n_listwise", "rwg_j", "rwg_j_lindell"),
}
SMALL = "unit,Q1,Q2\nA,1,2\nA,5,2\nB,3,NA\n"


def shared(path):
    """A file of the shared data; without that folder only CI insists."""
    if not (SHARED / path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data are missing: {SHARED / path}")
        pytest.skip(f"no shared data at {SHARED}")
    return SHARED / path


def run(*arguments):
    """The exit code of the command, with these arguments."""
    parser = argparse.ArgumentParser(prog="understream measure")
    measure.configure(parser)
    return measure.run(parser.parse_args([str(argument) for argument in arguments]))


def figures(text):
    """What `--format long` printed, by statistic, scope and item."""
    rows = list(csv.DictReader(StringIO(text)))
    found = {(row["statistic"], row["scope"], row["item"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


def expected(dataset, prefix):
    """The reference figures of a data set whose statistic the command promises."""
    found = {}
    for name, statistics in NAMED.items():
        with shared(f"expected/{name}").open() as file:
            for row in csv.DictReader(file):
                if row["dataset"] != dataset or row["statistic"] not in statistics:
                    continue
                if row["item"].startswith(prefix):
                    found[row["statistic"], row["scope"], row["item"]] = row["value"]
    return found


def disagreements(found, wanted):
    """The reference figures that were not met to 1e-10."""
    wrong = {}
    for key, value in wanted.items():
        mine = found[key]
        same = mine == value if "NA" in (mine, value) else near(float(mine), float(value))
        if not same:
            wrong[key] = (mine, value)
    return wrong


def near(mine, value):
    return abs(mine - value) <= 1e-10 * max(1, abs(value))


@pytest.fixture
def small(tmp_path):
    """A file of three people in two units."""
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    return path


# ---------------------------------------------------------------- real data


def test_every_reference_figure_of_the_soldiers_is_met(capsys):
    wanted = expected("lq2002", ("LEAD", "TSIG"))

    code = run(shared("ratings/lq2002.csv"), *LQ2002, "--scale", "1-5", "--format", "long")

    assert code == 0
    assert len(wanted) == 4802 + 294
    assert disagreements(figures(capsys.readouterr().out), wanted) == {}


def test_order_of_rows_and_names_of_units_do_not_matter(tmp_path, capsys):
    header, *rows = shared("ratings/lq2002.csv").read_text().splitlines()
    random.Random(7).shuffle(rows)
    renamed = [",".join([f"company {row.split(',')[0]}", *row.split(",")[1:]]) for row in rows]
    path = tmp_path / "shuffled.csv"
    path.write_text("\n".join([header, *renamed]))
    wanted = {
        (statistic, f"company {scope}", item): value
        for (statistic, scope, item), value in expected("lq2002", ("LEAD", "TSIG")).items()
    }

    run(path, *LQ2002, "--scale", "1-5", "--format", "long")

    assert disagreements(figures(capsys.readouterr().out), wanted) == {}


@pytest.mark.parametrize(
    ("dataset", "prefix", "arguments", "rows"),
    [
        (
            "lq2002",
            "HOSTIL",
            ("--unit", "COMPID", "--items", "HOSTILE=HOSTIL01..HOSTIL05", "--scale", "0-4"),
            49 * (5 * 7 + 3),
        ),
        (
            "cohesion",
            "COH",
            ("--unit", "UNIT,PLATOON", "--items", "COH=COH01..COH05", "--scale", "1-5"),
            4 * (5 * 7 + 3),
        ),
        (
            "cohesion_by_UNIT",
            "COH",
            ("--unit", "UNIT", "--items", "COH=COH01..COH05", "--scale", "1-5"),
            2 * (5 * 7 + 3),
        ),
    ],
)
def test_other_scales_tiny_groups_and_missing_answers_are_met(
    dataset, prefix, arguments, rows, capsys
):
    wanted = expected(dataset, prefix)

    run(shared(f"ratings/{dataset.partition('_')[0]}.csv"), *arguments, "--format", "long")

    assert len(wanted) == rows
    assert disagreements(figures(capsys.readouterr().out), wanted) == {}


def test_the_whole_process_is_quick_and_loads_no_framework():
    code = (
        "import sys\nfrom understream.console.measure import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "assert not {'django', 'allauth', 'python_calamine'} & set(sys.modules)\n"
    )
    begin = perf_counter()

    subprocess.run(
        [sys.executable, "-c", code, shared("ratings/lq2002.csv"), *LQ2002, "--scale", "1-5"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    assert perf_counter() - begin < 1.5  # 0.2 s on an idle machine


def test_the_soldiers_companies_are_released_as_pages_would(capsys):
    options = ("--scale", "1-5", "--format", "long", "--release")

    code = run(shared("ratings/lq2002.csv"), *LQ2002, *options)

    found = figures(capsys.readouterr().out)
    assert code == 0
    assert len({scope for _, scope, _ in found}) == 50
    assert (found["n", "2", "LEAD01"], found["n", "all", "LEAD01"]) == ("24", "2042")
    # Exactly 2.9583; from ten people means go in steps of 0.1.
    assert found["mean", "2", "LEAD01"] == "3"
    assert {value for (name, *_), value in found.items() if name == "awg"} == {"withheld"}


# ------------------------------------------------------------------ formats


def test_long_format_holds_every_figure_of_units_and_of_all(small, capsys):
    run(small, "--unit", "unit", "--items", "Q=Q1,Q2", "--scale", "1-5", "--format", "long")

    found = figures(capsys.readouterr().out)
    assert {key[1] for key in found} == {"A", "B", "all"}
    assert {key[0]: value for key, value in found.items() if key[1:] == ("A", "Q1")} == {
        "n": "2",
        "mean": "3",
        "sd_n_minus_1": "2.8284271247461903",
        "median": "3",
        "count_1": "1",
        "count_2": "0",
        "count_3": "0",
        "count_4": "0",
        "count_5": "1",
        "rwg_uniform": "0",
        "awg": "-1",
        "ADM_mean": "2",
        "ADM_median": "2",
    }
    assert found["mean", "all", "Q1"] == "3"
    assert found["n", "B", "Q2"] == "0"
    assert {found[s, "B", "Q2"] for s in ("mean", "median", "awg", "ADM_mean")} == {"NA"}
    assert found["n_listwise", "all", "Q(2)"] == "2"
    assert found["rwg_j_lindell", "A", "Q(2)"] == "-1"
    assert found["rwg_j", "B", "Q(2)"] == "NA"


def test_json_holds_numbers_and_null(small, capsys):
    run(small, "--unit", "unit", "--items", "Q=Q1,Q2", "--scale", "1-5", "--format", "json")

    found = json.loads(capsys.readouterr().out)
    assert found["scale"] == {"low": 1, "high": 5}
    assert found["groups"] == {"Q(2)": ["Q1", "Q2"]}
    assert found["scopes"]["B"]["Q2"]["mean"] is None
    assert found["scopes"]["A"]["Q1"]["mean"] == 3.0


def test_people_get_a_table(small, capsys):
    run(small, "--unit", "unit", "--items", "Q=Q1", "--scale", "1-5")

    title, *rows = capsys.readouterr().out.splitlines()
    assert title == "Q1"
    assert [row.split() for row in rows[1:4]] == [
        ["A", "2", "3.00", "2.83", "3.00", "0.00", "-1.00", "2.00", "2.00", *"10001"],
        ["B", "1", "3.00", "NA", "3.00", "NA", "NA", "0.00", "0.00", *"00100"],
        ["all", "3", "3.00", "2.00", "3.00", "0.00", "-0.33", "1.33", "1.33", *"10101"],
    ]
    assert len({len(row) for row in rows[:4]}) == 1


# ----------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--unit", "team", "--items", "Q=Q1"), "has no column 'team'. Its columns are: unit, Q1"),
        (("--unit", "unit", "--items", "Q=Q9"), "no column 'Q9'"),
        (("--unit", "unit", "--items", "Q1..Q2"), "written as NAME=COLUMN"),
        (("--unit", "unit", "--items", "Q=Q1", "--party", "p"), "has no column 'p'"),
        (("--unit", "unit", "--items", "Q=Q1", "--items", "Q=Q2"), "names two things"),
        (
            ("--unit", "unit", "--items", "Q=Q1", "--release", "--k", "4"),
            "--k 4: nothing is released",
        ),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_printed(small, arguments, sentence, capsys):
    code = run(small, *arguments, "--scale", "1-5")

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith("understream measure: ")
    assert sentence in said.err


def test_a_wrong_scale_is_refused(small, capsys):
    with pytest.raises(SystemExit) as stop:
        run(small, "--unit", "unit", "--items", "Q=Q1", "--scale", "5")

    assert stop.value.code == 2
    assert "a scale is written as 1-5, not '5'" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["table", "json", "long"])
def test_a_rating_off_the_scale_stops_everything(tmp_path, form, capsys):
    path = tmp_path / "wrong.csv"
    path.write_text(SMALL + "B,6,2\nB,3.5,x\n")

    code = run(path, "--unit", "unit", "--items", "Q=Q1,Q2", "--scale", "1-5", "--format", form)

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.splitlines()[1:] == [
        "  row 4 (line 5), column Q1: '6'",
        "  row 5 (line 6), column Q1: '3.5'",
        "  row 5 (line 6), column Q2: 'x'",
    ]


def test_a_hostile_file_shows_no_trace_of_the_program():
    path = shared("badinput/generated/not_a_zip.xlsx")

    done = subprocess.run(
        [sys.executable, "-m", "understream.console.measure", path, *LQ2002, "--scale", "1-5"],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "not_a_zip.xlsx is not an Excel workbook" in done.stderr
