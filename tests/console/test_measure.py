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
import xlsxwriter

from understream.console import measure
from understream.console.figures import width

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
LQ2002 = ("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--items", "TSIG=TSIG01..TSIG03")
NAMED = {
    "groups.csv": ("n", "mean", "sd_n_minus_1", "rwg_uniform", "awg", "ADM_mean", "ADM_median"),
    "groups_scale.csv": ("n_listwise", "rwg_j", "rwg_j_lindell"),
}
SCALE = ("--scale", "1-5")
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
    assert {key[1] for key in found} == {"A", "B", "all", "Q(2)"}
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
        "n_missing": "0",
        "top2_count": "1",
        "top2_share": "0.5",
        "top2_wilson95_lo": "0.094531205734230739",
        "top2_wilson95_hi": "0.90546879426576921",
        "agreement_A_van_der_Eijk": "-1",
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


# ------------------------------------------------------------- names of any kind

ODD_NAMES = [
    *("a,b", 'say "so"', "it's", "a;b", "A|B", "R+D", "line\nend", "tab\tin", "<b>", "%d", "{x}"),
    *("1", "01", "1.0", "1e3", "0", "-0", "-5", "=1+1", "@x", "TRUE", "null", "None", "nan"),
    *("é", "e\u0301", "日本", "١", "🙂", "x" * 300, "ALL", "a\u00a0b"),
]


def odd(kind, path):
    """A file of two people in each of many oddly named units."""
    rows = [("unit", "Q1"), *((name, point) for name in ODD_NAMES for point in (2, 5))]
    if kind == "xlsx":
        book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
        sheet = book.add_worksheet()
        for line, (name, point) in enumerate(rows):
            sheet.write_string(line, 0, name)
            (sheet.write_number if line else sheet.write_string)(line, 1, point)
        book.close()
        return
    with path.open("w", newline="", encoding="utf-16" if kind == "utf-16" else "utf-8") as file:
        writer = csv.writer(file, delimiter=";" if kind == "semicolon" else ",")
        writer.writerows(rows)


@pytest.mark.parametrize("kind", ["comma", "semicolon", "utf-16", "xlsx"])
def test_units_keep_their_names_whatever_these_hold(kind, tmp_path, capsys):
    path = tmp_path / ("odd.xlsx" if kind == "xlsx" else "odd.csv")
    odd(kind, path)

    run(path, "--unit", "unit", "--items", "Q=Q1", "--scale", "1-5", "--format", "long")

    found = figures(capsys.readouterr().out)
    assert {scope for _, scope, _ in found} == {*ODD_NAMES, "all"}
    assert {found["n", name, "Q1"] for name in ODD_NAMES} == {"2"}


def test_the_table_stays_aligned_and_steers_no_terminal(tmp_path, capsys):
    path = tmp_path / "odd.csv"
    odd("comma", path)
    with path.open("a") as file:
        file.write("\x1b[31mred,1\n\u202eleft,1\n")

    run(path, "--unit", "unit", "--items", "Q=Q1", "--scale", "1-5")

    first, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert first == "Q1"
    assert len(rows) == len(ODD_NAMES) + 4
    assert {width(row) for row in rows} == {width(rows[0])}
    assert all(one.isprintable() or one == "\u00a0" for row in rows for one in row)


@pytest.mark.parametrize("option", [("--unit", "x"), ("--items", "Q=x")])
def test_a_refusal_names_the_file_and_its_columns_and_steers_no_terminal(option, tmp_path, capsys):
    path = tmp_path / "a\x1b[31mb.csv"
    path.write_text("unit,Q1,\x1b[31mQ2\nA,1,2\n")
    options = {"--unit": "unit", "--items": "Q=Q1", "--scale": "1-5"} | dict([option])

    code = run(path, *(word for pair in options.items() for word in pair))

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith(r"understream measure: a\x1b[31mb.csv")
    assert r"Its columns are: unit, Q1, \x1b[31mQ2." in said.err


BAD = {
    "ragged_rows.csv": ("org", "Q=Q1", "row 1 (line 2) has 3, row 2 (line 3) has 7"),
    "duplicate_and_empty_headers.csv": ("id", "Q=Q1", "the header 'Q1' stands above columns 2, 3"),
    "dutch_excel_semicolon_decimal_comma.csv": (
        "organisatie",
        "Q=score",
        "row 1 (line 2), column score: '3,5'",
    ),
    "out_of_range_scores.csv": ("org", "Q=Q1,Q2", "row 5 (line 6), column Q2: '٤'"),
    "missing_value_words.csv": ("id", "Q=edu", "row 5 (line 6), column edu: '-'"),
    "unterminated_quote.csv": ("org", "Q=Q1", "row 1 (line 2): a quote is opened"),
    "empty.csv": ("org", "Q=Q1", "empty.csv has no header"),
    "only_bom.csv": ("org", "Q=Q1", "only_bom.csv has no header"),
    "one_cell_2MB.csv": ("org", "Q=Q1", "row 1 (line 2): a cell holds more than 10000"),
    "bomb_sheet_60MB.xlsx": ("org", "Q=Q1", "unpacks to more than 20 MB"),
    "not_a_zip.xlsx": ("org", "Q=Q1", "is not an Excel workbook"),
    "nested_zip_2_levels.zip": ("org", "Q=Q1", "is not an Excel workbook"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_is_told_by_its_name_and_place(name, capsys):
    unit, items, sentence = BAD[name]

    code = run(shared(f"badinput/generated/{name}"), "--unit", unit, "--items", items, *SCALE)

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.startswith(f"understream measure: {name}")
    assert sentence in said.err
