"""`understream measure-raters`, `measure-roundrobin`, `measure-network`: figures and refusals."""

import csv
import json
import os
import random
from io import StringIO
from pathlib import Path

import pytest

from understream.console import measure_network, measure_raters, measure_roundrobin
from understream.console.main import main

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
ROUND_ROBIN = ("--group", "group.id", "--perceiver", "perceiver.id", "--target", "target.id")
WHO = ("--perceiver", "from", "--target", "to", "--rating", "trust")


def shared(path):
    """A file of the shared data; without that folder only CI insists."""
    if not (SHARED / path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data are missing: {SHARED / path}")
        pytest.skip(f"no shared data at {SHARED}")
    return SHARED / path


def expected(name, dataset, item=None):
    """The reference figures of a data set, by statistic, scope and item, without known faults."""
    with shared(f"expected/{name}.csv").open() as file:
        return {
            (row["statistic"], row["scope"], row["item"]): row["value"]
            for row in csv.DictReader(file)
            if row["dataset"] == dataset
            and item in (None, row["item"])
            and not row["statistic"].startswith("TRAP")
        }


def figures(text):
    """What `--format long` printed, by statistic, scope and item."""
    rows = list(csv.DictReader(StringIO(text)))
    found = {(row["statistic"], row["scope"], row["item"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


def disagreements(found, wanted):
    """The reference figures that were not met to 1e-10."""
    wrong = {}
    for key, value in wanted.items():
        mine = found[key]
        if mine == value:
            continue
        if "NA" in (mine, value) or abs(float(mine) - float(value)) > 1e-10 * max(
            1, abs(float(value))
        ):
            wrong[key] = (mine, value)
    return wrong


@pytest.fixture
def long(capsys):
    """Run a command and return its figures in the long form."""

    def run(*typed):
        code = main([*map(str, typed), "--format", "long"])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return figures(said.out)

    return run


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def file(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return file


@pytest.fixture
def refused(capsys):
    """Run a command that must be refused, and return the sentences."""

    def run(*typed):
        code = main([*map(str, typed)])
        said = capsys.readouterr()
        assert (code, said.out) == (2, "")
        return said.err

    return run


# ------------------------------------------------------------------- raters


@pytest.mark.parametrize(
    ("dataset", "subject", "rows"),
    [
        ("krippendorff2011", "unit", 30),
        ("shrout_fleiss1979", "target", 29),
        ("irr_anxiety", None, 30),
        ("irr_diagnoses", None, 5),
    ],
)
def test_every_reference_figure_of_raters_is_printed(dataset, subject, rows, long):
    wanted = expected("raters", dataset) | expected("raters_py", dataset)

    found = long(
        "measure-raters",
        shared(f"ratings/{dataset}.csv"),
        *(() if subject is None else ("--subject", subject)),
    )

    assert len(wanted) == rows
    assert disagreements(found, wanted) == {}
    others = {name for name, *_ in found.keys() - wanted.keys()}
    assert others <= {
        "gwet_AC2_ordinal",
        "icc_twoway_agreement_average_lo95_mcgraw_wong",
        "icc_twoway_agreement_average_hi95_mcgraw_wong",
    }


def test_order_of_subjects_and_raters_does_not_matter(write, long):
    with shared("ratings/krippendorff2011.csv").open() as file:
        head, *rows = csv.reader(file)
    random.Random(3).shuffle(rows)
    turned = "\n".join(",".join(reversed(row)) for row in [head, *rows])

    found = long("measure-raters", write("turned.csv", turned), "--subject", "unit")

    assert disagreements(found, expected("raters", "krippendorff2011")) == {}


def test_one_rater_agrees_with_nobody_so_that_nothing_is_defined(write, long):
    found = long("measure-raters", write("one.csv", "a\n1\n2\n"))

    assert set(found.values()) == {"NA"}


def test_missing_is_an_empty_cell_or_na(write, long):
    one = long("measure-raters", write("one.csv", "a,b,c\n1,1,\n2,2,2\n1,2,3\n"))
    other = long("measure-raters", write("two.csv", "a;b;c\n1;1,0;NA\n2;2;2\n1;2;3\n"))

    assert one == other


def test_people_get_the_right_interval_and_programs_both(capsys):
    path = str(shared("ratings/shrout_fleiss1979.csv"))

    main(["measure-raters", path, "--subject", "target"])
    told = capsys.readouterr().out.splitlines()
    main(["measure-raters", path, "--subject", "target", "--format", "json"])
    found = json.loads(capsys.readouterr().out)

    assert told[0] == "6 subjects, 6 complete, 4 raters"
    assert told[-1].split() == ["ICC(2,k)", "0.62", "0.07", "0.93"]
    assert (found["subjects"], found["complete"], found["raters"]) == (6, 6, 4)
    figures_of = found["scopes"]["all"][""]
    assert figures_of["icc_twoway_agreement_average_lo95"] == pytest.approx(0.03944, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("a,b\n1,2\n3,x\n", (), "numbers, and also words. Write all as numbers"),
        ("a,b\n1,2\n3,x\n", (), "\n  row 2 (line 3), column b: 'x'\n"),
        ("a,b\nx,y\nx,3\n", (), "\n  row 2 (line 3), column b: '3'\n"),
        ("s,a\n1,2\n1,3\n", ("--subject", "s"), "row 2 (line 3): subject 1, as in row 1"),
        ("s,a\n1,2\n,3\n", ("--subject", "s"), "row 2 (line 3), column s\n"),
        ("s,a\n1,2\n", ("--subject", "t"), "no column 't'. Its columns are: s, a."),
        ("s\n1\n", ("--subject", "s"), "nobody rates"),
        ("a,,b\n1,2,3\n", (), "column 2 has none"),
        ("a,b\n", (), "holds no subject"),
        ("a,b\n1\n", (), "row 1 (line 2) has 1"),
        ("", (), "has no header"),
    ],
)
def test_bad_ratings_are_told_by_file_and_place(text, options, sentence, write, refused):
    said = refused("measure-raters", write("bad.csv", text), *options)

    assert said.startswith("understream measure-raters: bad.csv")
    assert sentence in said


# -------------------------------------------------------------- round robin


@pytest.mark.parametrize(
    ("rating", "rows"), [("liking_a", 35), ("liking_b", 30), ("metaliking_a", 30)]
)
def test_every_reference_figure_of_the_round_robin_is_printed(rating, rows, write, long):
    wanted = expected("roundrobin", "roundrobin_multiLikingLong", rating)
    head, *lines = shared("ratings/roundrobin_multiLikingLong.csv").read_text().splitlines()
    random.Random(5).shuffle(lines)

    found = long(
        "measure-roundrobin", write("r.csv", "\n".join([head, *lines])), *ROUND_ROBIN,
        "--rating", rating,
    )  # fmt: skip

    assert len(wanted) == rows
    assert disagreements(found, wanted) == {}
    assert len(found) == 35


SMALL = "from,to,trust\n" + "".join(
    f"{i},{j},{point}\n"
    for i, row in zip("abcd", ["5555", "1324", "6237", "4417"], strict=True)
    for j, point in zip("abcd", row, strict=True)
    if i != j
)


def test_a_rating_of_oneself_an_empty_one_and_an_absent_row_do_not_matter(write, long):
    plain = long("measure-roundrobin", write("one.csv", SMALL), *WHO)
    more = SMALL + "a,a,1\nb,b,NA\ne,a,\n"

    assert long("measure-roundrobin", write("two.csv", more), *WHO) == plain
    assert plain["n_pairs_both_answered", "all", "trust"] == "6"


def test_groups_that_cannot_be_taken_apart_are_named_and_their_pairs_count(write, capsys):
    rows = SMALL.replace("\n", ",x\n").replace("trust,x", "trust,team") + "a,b,1,y\nb,a,4,y\n"
    path = str(write("r.csv", rows))

    code = main(["measure-roundrobin", path, *WHO, "--group", "team", "--format", "long"])

    said = capsys.readouterr()
    found = figures(said.out)
    assert code == 0
    assert said.err == (
        "Variances leave out 1 of 2 groups, for fewer than 4 members or missing answers: y.\n"
    )
    assert found["n_pairs_both_answered", "all", "trust"] == "7"
    assert found["actor_variance__estimate", "all", "trust"] != "NA"


def test_without_any_group_to_take_apart_variances_are_undefined(write, capsys):
    path = str(write("r.csv", SMALL.replace("a,b,5\n", "")))

    code = main(["measure-roundrobin", path, *WHO, "--format", "long"])

    found = figures(capsys.readouterr().out)
    assert code == 0
    assert {value for (name, *_), value in found.items() if "__" in name} == {"NA"}
    assert found["n_pairs_both_answered", "all", "trust"] == "5"


def test_people_get_two_tables_and_programs_the_sizes_of_groups(write, capsys):
    path = str(write("r.csv", SMALL))

    main(["measure-roundrobin", path, *WHO])
    told = capsys.readouterr().out
    main(["measure-roundrobin", path, *WHO, "--format", "json"])

    assert told.startswith("trust ")
    assert "\npairs who both answered " in told
    assert json.loads(capsys.readouterr().out)["groups"] == {"all": 4}


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (SMALL + "a,b,3\n", WHO, "row 13 (line 14): a rates b, as in row 1"),
        (SMALL + "a,,3\n", WHO, "row 13 (line 14), column to\n"),
        (SMALL + "a,e,high\n", WHO, "row 13 (line 14), column trust: 'high'\n"),
        (SMALL, (*WHO, "--group", "team"), "no column 'team'"),
        (SMALL, (*WHO[:4], "--rating", "to"), "one column is asked for twice"),
        ("from,to,trust\n", WHO, "holds no rating"),
        (
            "from,to,trust\n" + "".join(f"a,p{i},1\n" for i in range(150)), WHO,
            "group all has 151 members, which is more than 150",
        ),
    ],
)  # fmt: skip
def test_a_bad_round_robin_is_told_by_file_and_place(text, options, sentence, write, refused):
    said = refused("measure-roundrobin", write("bad.csv", text), *options)

    assert said.startswith("understream measure-roundrobin: ")
    assert sentence in said


# ------------------------------------------------------------------ network


@pytest.mark.parametrize(
    ("dataset", "options", "rows"),
    [
        ("DHHS_collab", ("--undirected",), 124),
        ("TC_contact", ("--undirected",), 66),
        ("TC_collaboration", ("--undirected",), 65),
        ("TC_dissemination", ("--undirected",), 61),
        ("flo_marriage", ("--undirected",), 43),
        ("ht_advice", (), 79),
        ("ht_friends", (), 79),
        ("ht_reports", (), 79),
        *((f"sampson_{layer}", ("--layer", f"relation={layer}"), 74) for layer in
          ("LK1", "LK2", "LK3", "DLK", "ES", "DES", "IN", "NIN", "PR", "NPR")),
    ],
)  # fmt: skip
def test_exactly_the_reference_figures_of_networks_are_printed(dataset, options, rows, long):
    wanted = expected("networks", dataset)
    name = dataset.partition("_")[0] if dataset.startswith("sampson") else dataset
    edges, nodes = (shared(f"networks/{name}_{part}.csv") for part in ("edges", "nodes"))

    found = long("measure-network", edges, "--nodes", nodes, *options)

    assert len(wanted) == rows
    assert disagreements(found, wanted) == {}
    assert found.keys() == wanted.keys()


NODES = "id\na\nb\nc\n"


def test_nodes_without_ties_and_ties_without_strength_count(write, long):
    edges = write("e.csv", "from,to,hours,note\nb,a,2.5,x\na,b,NA,y\n")

    found = long("measure-network", edges, "--nodes", write("n.csv", NODES))

    assert found["isolates", "all", ""] == "1"
    assert (found["indegree", "c", ""], found["betweenness", "c", ""]) == ("0", "0")
    assert found["edges", "all", ""] == "2"
    assert found["tie_value_mean", "all", ""] == "2.5"
    assert found["tie_value_count", "2.5", ""] == "1"


def test_no_ties_at_all_are_a_network_too(write, long):
    nodes = write("n.csv", "name,size\nb,1\na,2\n")

    found = long("measure-network", write("e.csv", "from,to\n"), "--nodes", nodes)

    assert found["density", "all", ""] == "0"
    assert found["mean_distance", "all", ""] == "NA"
    assert {scope for _, scope, _ in found} == {"a", "b", "all"}


def test_words_in_the_third_column_are_no_strength(write, long):
    edges = write("e.csv", "from,to,kind\na,b,advice\nb,c,work\n")

    found = long("measure-network", edges, "--nodes", write("n.csv", NODES))

    assert not any(name.startswith("tie_value") for name, *_ in found)


def test_people_get_a_table_of_nodes_and_programs_whether_ties_have_ways(write, capsys):
    typed = [str(write("e.csv", "from,to\na,b\n")), "--nodes", str(write("n.csv", NODES))]

    main(["measure-network", *typed])
    told = capsys.readouterr().out.split("\n\n")[1].splitlines()
    main(["measure-network", *typed, "--undirected", "--format", "json"])

    assert [line.split() for line in told[:2]] == [
        ["node", "indegree", "outdegree", "betweenness"],
        ["a", "0", "1", "0.00"],
    ]
    assert json.loads(capsys.readouterr().out)["directed"] is False


TIES = "from,to,kind\na,b,x\nb,a,y\n"


@pytest.mark.parametrize(
    ("edges", "nodes", "options", "sentence"),
    [
        (TIES + "a,d,x\n", NODES, (), "no nodes of n.csv. Add them there"),
        (TIES + "a,d,x\n", NODES, (), "\n  row 3 (line 4), column to: 'd'\n"),
        (TIES + "c,c,x\n", NODES, (), "\n  row 3 (line 4), column to: 'c'\n"),
        (TIES + "a,b,z\n", NODES, (), "row 3 (line 4): a to b, as in row 1"),
        (TIES, NODES, ("--undirected",), "row 2 (line 3): b to a, as in row 1"),
        (TIES + "NA,b,x\n", NODES, (), "\n  row 3 (line 4), column from\n"),
        (TIES, NODES + "a\n", (), "n.csv: some rows say again"),
        (TIES, "id\n", (), "n.csv holds no node"),
        (TIES, NODES, ("--layer", "kind"), "written as COLUMN=VALUE, not 'kind'"),
        (TIES, NODES, ("--layer", "sort=x"), "no column 'sort'"),
        (TIES, NODES, ("--layer", "kind=w"), "no tie has 'w' in column kind. There are: x, y"),
        ("from,to,v\na,b,1\nb,c,much\n", NODES, (), "row 2 (line 3), column v: 'much'"),
        ("source,target\na,b\n", NODES, (), "no column 'from'. Its columns are: source, target"),
    ],
)
def test_a_bad_network_is_told_by_file_and_place(edges, nodes, options, sentence, write, refused):
    typed = (write("e.csv", edges), "--nodes", write("n.csv", nodes))

    said = refused("measure-network", *typed, *options)

    assert said.startswith("understream measure-network: ")
    assert sentence in said


# ------------------------------------------------------------------ all three


@pytest.mark.parametrize("command", [measure_network, measure_raters, measure_roundrobin])
def test_a_missing_file_is_told(command, tmp_path, refused):
    name = command.__name__.rpartition(".")[2].replace("_", "-")
    more = {"measure-network": ["--nodes", tmp_path / "no.csv"], "measure-roundrobin": WHO}

    assert "no.csv cannot be read" in refused(name, tmp_path / "no.csv", *more.get(name, ()))
