"""`understream measure`: across units and scales, and every reference figure in the long form."""

import csv
import json
from collections import Counter
from io import StringIO

import pytest

from understream.console import measure

DESCRIPTIVES = {
    *("n", "n_missing", "mean", "median", "sd_n_minus_1", *(f"count_{x}" for x in range(7))),
    *("top2_count", "top2_share", "top2_wilson95_lo", "top2_wilson95_hi"),
    "agreement_A_van_der_Eijk",
}
ICC = {
    *("n_obs", "n_groups", "MSB", "MSW", "F", "ICC1_anova", "ICC2_anova", "ICC1_anova_k0"),
}
RELIABILITY = {
    *("n_listwise", "n_rows", "k_items", "alpha_raw_listwise"),
    *("alpha_feldt95_lo", "alpha_feldt95_hi", "omega_total_1factor_minres_cor"),
}
COMPARISON = {
    *("n1", "n2", "mean1", "mean2", "diff", "welch_t", "welch_df", "welch_p"),
    *("welch_ci95_lo", "welch_ci95_hi", "cliffs_delta"),
    *("paired_n", "paired_mean_change", "paired_t", "paired_p", "paired_ci95_lo"),
    *("paired_ci95_hi", "paired_dz", "n_only_first", "n_only_second"),
}
LQ2002 = ("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--items", "TSIG=TSIG01..TSIG03")
HOSTILE = ("--unit", "COMPID", "--items", "HOSTILE=HOSTIL01..HOSTIL05", "--scale", "0-4")
COHESION = ("--items", "COH=COH01..COH05", "--scale", "1-5")
TRAITS = ("Agreeableness", "Conscientiousness", "Extraversion", "Neuroticism", "Openness")
BFI = (
    *(part for name in TRAITS for part in ("--items", f"{name}={name[0]}1..{name[0]}5")),
    *("--scale", "1-6", "--reverse", "A1,C4..C5,E1,E2,O2,O5"),
)
SMALL = "unit,Q1,Q2,Q3\nA,1,2,NA\nA,5,2,1\nB,3,NA,2\nB,4,4,4\n"


@pytest.fixture
def printed(capsys):
    """Return what the command prints in the long form, by statistic, scope and item."""

    def run(*arguments):
        assert measure.main([*map(str, arguments), "--format", "long"]) == 0
        rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
        found = {(row["statistic"], row["scope"], row["item"]): row["value"] for row in rows}
        assert len(found) == len(rows)
        return found

    return run


@pytest.fixture
def wanted(shared):
    """Return the reference figures of a data set, by statistic, scope and item."""

    def read(name, dataset, statistics):
        with shared(f"expected/{name}.csv").open() as file:
            return {
                (row["statistic"], row["scope"], row["item"]): row["value"]
                for row in csv.DictReader(file)
                if row["dataset"] == dataset and row["statistic"] in statistics
            }

    return read


def met(found, asked):
    """Count the reference figures by statistic; each must be there, and the same."""
    wrong = {}
    for key, value in asked.items():
        mine = found.get(key, "is not printed")
        tolerance = 1e-6 if key[0].startswith("omega") else 1e-9
        try:
            same = abs(float(mine) - float(value)) <= tolerance * max(1, abs(float(value)))
        except ValueError:
            same = mine == value
        if not same:
            wrong[key] = (mine, value)
    assert wrong == {}
    return Counter(statistic for statistic, _, _ in asked)


def test_every_figure_of_the_soldiers_is_printed_as_the_reference_names_it(
    shared, printed, wanted
):
    found = printed(shared("ratings/lq2002.csv"), *LQ2002, "--scale", "1-5",
                    "--compare", "2,3", "--compare", "4,5")  # fmt: skip
    found |= printed(shared("ratings/lq2002.csv"), *HOSTILE)

    described = met(found, wanted("descriptives", "lq2002", DESCRIPTIVES))
    assert set(described) == DESCRIPTIVES - {"count_6"}
    assert described["n_missing"] == described["agreement_A_van_der_Eijk"] == 19
    assert met(found, wanted("icc", "lq2002", ICC)) == dict.fromkeys(ICC, 22)
    assert met(found, wanted("reliability", "lq2002", RELIABILITY)) == (
        dict.fromkeys(RELIABILITY, 3)
    )
    compared = met(found, wanted("comparison", "lq2002", COMPARISON))
    assert len(compared) == 11
    assert set(compared.values()) == {2}


def test_every_figure_of_tiny_teams_is_printed_as_the_reference_names_it(shared, printed, wanted):
    path = shared("ratings/cohesion.csv")
    found = printed(path, "--unit", "UNIT,PLATOON", *COHESION)
    two = printed(path, "--unit", "UNIT", *COHESION, "--compare", "1044B,1044C")

    described = met(found, wanted("descriptives", "cohesion", DESCRIPTIVES))
    assert described == dict.fromkeys(DESCRIPTIVES - {"count_0", "count_6"}, 5)
    assert met(found, wanted("icc", "cohesion", ICC)) == dict.fromkeys(ICC, 5)
    assert met(found, wanted("reliability", "cohesion", RELIABILITY)) == (
        dict.fromkeys(RELIABILITY, 1)
    )
    assert len(met(two, wanted("comparison", "cohesion", COMPARISON))) == 11


def test_without_units_a_scale_is_known_by_its_name_and_reversed_items_are_turned(
    shared, printed, wanted
):
    found = printed(shared("ratings/bfi.csv"), *BFI)

    described = met(found, wanted("descriptives", "bfi", DESCRIPTIVES))
    assert described == dict.fromkeys(DESCRIPTIVES - {"count_0"}, 25)
    assert met(found, wanted("reliability", "bfi", RELIABILITY)) == dict.fromkeys(RELIABILITY, 5)
    assert {scope for _, scope, _ in found} == {"all", *TRAITS}
    assert not {statistic for statistic, _, _ in found} & ICC


def test_units_that_are_numbers_are_told_with_their_column(shared, printed, wanted):
    found = printed(shared("ratings/bfi.csv"), *BFI, "--unit", "gender", "--compare", "1,2")

    assert len(met(found, wanted("comparison", "bfi", COMPARISON))) == 11
    # An item's own figures stay as asked; only within its scale is it turned.
    assert float(found["diff", "A1|gender 1 vs 2", ""]) > 0
    assert float(found["diff", "Agreeableness|gender 1 vs 2", ""]) < 0


def test_two_raters_are_two_times_of_the_same_people(shared, printed, wanted):
    found = printed(
        *(shared("ratings/irr_anxiety.csv"), "--items", "R=rater1..rater3", "--scale", "1-6"),
        *("--pair", "rater1,rater2"),
    )

    assert len(met(found, wanted("comparison", "irr_anxiety", COMPARISON))) == 9


# ------------------------------------------------------------------ small files


@pytest.fixture
def small(tmp_path):
    """A file of four people in two units, with answers missing."""
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    return path


def test_who_answered_once_counts_beside_who_answered_twice(small, printed):
    found = printed(small, "--items", "Q=Q1..Q3", "--scale", "1-5", "--pair", "Q1,Q2")

    values = {statistic: value for (statistic, scope, _), value in found.items()
              if scope == "Q1->Q2"}  # fmt: skip
    assert (values["paired_n"], values["n_only_first"], values["n_only_second"]) == (
        *("3", "1", "0"),
    )
    minds, people, total = (float(values[f"change_{x}"]) for x in ("minds", "people", "total"))
    assert minds + people == pytest.approx(total)
    assert float(values["overlap_change"]) == pytest.approx(total) == pytest.approx(8 / 3 - 3.25)


def test_a_score_needs_two_thirds_of_its_items(small, printed):
    options = ("--unit", "unit", "--scale", "1-5", "--compare", "A,B")

    three = printed(small, "--items", "Q=Q1..Q3", *options)
    two = printed(small, "--items", "P=Q1,Q2", "--items", "S=Q2,Q3", *options, "--pair", "P,S")

    assert (three["n1", "Q|A vs B", ""], three["n2", "Q|A vs B", ""]) == ("2", "2")
    assert float(three["mean1", "Q|A vs B", ""]) == pytest.approx((1.5 + 8 / 3) / 2)
    assert (two["n1", "P|A vs B", ""], two["n2", "P|A vs B", ""]) == ("2", "1")
    assert (
        two["gap", "P|A vs B", ""]
        == two["moderated_gap", "P|A vs B", ""]
        == ("not enough answers")
    )
    assert two["welch_t", "P|A vs B", ""] == "NA"
    assert two["paired_n", "P->S", ""] == "2"


def test_a_score_that_shares_its_name_with_an_item_goes_by_its_title(small, printed):
    found = printed(small, "--unit", "unit", "--items", "Q1=Q1,Q2", "--scale", "1-5")

    assert {item for statistic, _, item in found if statistic == "MSB"} == {"Q1", "Q2", "Q1(2)"}


def test_people_get_tables_too(small, capsys):
    options = ("--compare", "A,B", "--pair", "Q1,Q2")
    assert measure.main([str(small), "--unit", "unit", "--items", "Q=Q1..Q3", "--scale", "1-5",
                         *options]) == 0  # fmt: skip

    blocks = capsys.readouterr().out.split("\n\n")
    titles = [block.splitlines()[0] for block in blocks]
    assert titles == ["Q1", "Q2", "Q3", "Q(3)", "Reliability", "Between units", "Two units",
                      "Two times"]  # fmt: skip
    assert [row.split()[0] for row in blocks[5].splitlines()[2:]] == ["Q1", "Q2", "Q3", "Q"]


def test_json_holds_them_all(small, capsys):
    assert measure.main([str(small), "--items", "Q=Q1..Q3", "--scale", "1-5", "--format", "json",
                         "--pair", "Q1,Q3"]) == 0  # fmt: skip

    found = json.loads(capsys.readouterr().out)
    assert found["groups"] == {"Q": ["Q1", "Q2", "Q3"]}
    assert list(found["scopes"]) == ["all", "Q", "Q1->Q3"]
    assert found["scopes"]["Q"][""]["k_items"] == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--release",), "--release is about units; name their column with --unit"),
        (("--party", "unit"), "--party is about units"),
        (("--reverse", "Q9"), "no column 'Q9'"),
        (("--reverse", "Q3"), "--reverse Q3: no scale has this item"),
        (("--compare", "A,B"), "--compare A,B: name two of these, with a comma between: none"),
        (("--unit", "unit", "--compare", "A,C"), "name two of these, with a comma between: A, B"),
        (("--unit", "unit", "--compare", "A,A"), "name two of these"),
        (("--unit", "unit", "--compare", "A"), "name two of these"),
        (("--pair", "Q1,unit"), "name two of these, with a comma between: Q1, Q2, Q"),
        (("--unit", "unit", "--release", "--pair", "Q1,Q2"), "--pair is not shown of a release"),
        (("--unit", "unit", "--release", "--compare", "A,B"), "--compare is not shown"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_printed(small, options, sentence, capsys):
    code = measure.main([str(small), "--items", "Q=Q1,Q2", "--scale", "1-5", *options])

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert sentence in said.err


def test_a_name_with_a_comma_can_be_compared(tmp_path, printed):
    path = tmp_path / "comma.csv"
    path.write_text('unit,Q1\n"a,b",1\n"a,b",2\nc,4\nc,5\n')

    found = printed(
        path, "--unit", "unit", "--items", "Q=Q1", "--scale", "1-5", "--compare", "a,b,c"
    )

    assert found["diff", "Q1|a,b vs c", ""] == "-3"
    assert found["gap", "Q1|a,b vs c", ""] == "possible"


def test_a_released_scale_turns_its_reversed_items(tmp_path, printed):
    path = tmp_path / "many.csv"
    path.write_text("unit,Q1,Q2\n" + "A,6,2\n" * 12)
    options = ("--unit", "unit", "--items", "Q=Q1,Q2", "--scale", "1-7", "--release")

    plain, turned = printed(path, *options), printed(path, *options, "--reverse", "Q2")

    assert (plain["mean", "A", "Q(2)"], turned["mean", "A", "Q(2)"]) == ("4", "6")
    assert plain["mean", "A", "Q2"] == turned["mean", "A", "Q2"] == "2"
