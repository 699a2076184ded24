"""Agreement, concordance and intraclass correlation of raters."""

import csv
import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement.concordance import kendall_w, mean_pearson, mean_spearman
from understream.measurement.intraclass import Design, Intraclass, intraclass, mean_squares
from understream.measurement.raters import (
    Level,
    complete,
    exact_agreement,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    light_kappa,
)

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
SUBJECT = {"krippendorff2011": "unit", "shrout_fleiss1979": "target"}
NUMBERS = st.integers(1, 5) | st.none()
MATRICES = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(NUMBERS, min_size=raters, max_size=raters), min_size=1, max_size=7
    )
)
ALL = [
    *(lambda x, level=level: krippendorff_alpha(x, level) for level in Level),
    *(exact_agreement, fleiss_kappa, light_kappa, gwet_ac1, gwet_ac2, kendall_w, mean_pearson),
    mean_spearman,
    *(lambda x, design=design: intraclass(x, design) for design in Design),
    lambda x: intraclass(x, Design.AGREEMENT, average=True),
]


def shared(path):
    """A file of the shared data; without that folder only CI insists."""
    if not (SHARED / path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data are missing: {SHARED / path}")
        pytest.skip(f"no shared data at {SHARED}")
    return list(csv.DictReader((SHARED / path).open()))


def value(cell):
    if cell in ("", "NA"):
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


@cache
def ratings(dataset):
    """Subjects by raters, as the reference has them."""
    if dataset == "wine_bottle_by_judge":
        bottles = {}
        for row in shared("ratings/wine.csv"):
            bottles.setdefault(row["bottle"], []).append((row["judge"], float(row["rating"])))
        return [[rating for _, rating in sorted(judged)] for judged in bottles.values()]
    return [
        [value(cell) for head, cell in row.items() if head != SUBJECT.get(dataset)]
        for row in shared(f"ratings/{dataset}.csv")
    ]


def measured(statistic, x):
    """What measurement says under a name of the reference."""
    named = {
        "percent_agreement_exact": exact_agreement,
        "fleiss_kappa": fleiss_kappa,
        "light_kappa": light_kappa,
        "kendall_W_uncorrected": lambda x: kendall_w(x, corrected=False),
        "kendall_W_tie_corrected": kendall_w,
        "mean_pearson": mean_pearson,
        "mean_spearman": mean_spearman,
        "gwet_AC1": gwet_ac1,
        "gwet_AC2_ordinal": gwet_ac2,
    }
    if statistic in named:
        return named[statistic](x)
    kind, *words = statistic.split("_")
    if kind == "krippendorff":
        return krippendorff_alpha(x, Level(words[-1]))
    design, average, end = Design("_".join(words[:2])), words[2] == "average", words[-1]
    found = intraclass(x, design, average=average, as_irr=True)
    return {"lo95": found.low, "hi95": found.high}.get(end, found.value)


# ------------------------------------------------------------ reference figures


@pytest.mark.parametrize(("file", "rows"), [("raters", 120), ("raters_py", 3)])
def test_every_reference_figure_is_met(file, rows):
    wanted = [
        row for row in shared(f"expected/{file}.csv") if not row["statistic"].startswith("TRAP")
    ]

    wrong = {}
    for row in wanted:
        mine, theirs = measured(row["statistic"], ratings(row["dataset"])), float(row["value"])
        if abs(mine - theirs) > 1e-10 * max(1, abs(theirs)):
            wrong[row["dataset"], row["statistic"]] = (mine, theirs)
    assert wrong == {}
    assert len(wanted) == rows


def test_alpha_is_not_what_a_package_with_a_fault_makes_of_complete_data():
    traps = [row for row in shared("expected/raters.csv") if row["statistic"].startswith("TRAP")]

    assert len(traps) == 13
    for row in traps:
        mine = measured(row["statistic"].partition("0.84.1_")[2], ratings(row["dataset"]))
        assert abs(mine - float(row["value"])) > 1e-3


FOUR_JUDGES = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


@pytest.mark.parametrize(
    ("design", "average", "printed"),
    [
        (Design.ONE_WAY, False, 0.17),
        (Design.AGREEMENT, False, 0.29),
        (Design.CONSISTENCY, False, 0.71),
        (Design.ONE_WAY, True, 0.44),
        (Design.AGREEMENT, True, 0.62),
        (Design.CONSISTENCY, True, 0.91),
    ],
)
def test_the_six_correlations_of_the_first_paper_are_reproduced(design, average, printed):
    assert round(intraclass(FOUR_JUDGES, design, average=average).value, 2) == printed


def test_the_mean_squares_of_the_first_paper_are_reproduced():
    found = mean_squares(FOUR_JUDGES)

    squares = (found.between, found.within, found.across_raters, found.error)
    assert [round(float(one), 2) for one in squares] == [11.24, 6.26, 32.49, 1.02]


@pytest.mark.parametrize("design", Design)
def test_the_interval_of_a_mean_follows_from_that_of_one_rater(design):
    """Spearman and Brown's formula carries both ends over; the package's interval fails this."""
    one, mean = (intraclass(FOUR_JUDGES, design, average=average) for average in (False, True))

    for end, other in ((one.low, mean.low), (one.high, mean.high), (one.value, mean.value)):
        assert 4 * end / (1 + 3 * end) == pytest.approx(other, abs=1e-12)


def test_a_narrower_interval_lies_within_a_wider_one():
    wide, narrow = (
        intraclass(FOUR_JUDGES, Design.AGREEMENT, confidence=confidence)
        for confidence in (0.95, 0.5)
    )

    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


# -------------------------------------------------------------------- edges


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("nothing", [[], [[]], [[3]], [[3], [4]], [[None, None]], [[3, None]]])
def test_without_two_raters_of_one_subject_nothing_is_defined(measure, nothing):
    assert measure(nothing) in (None, Intraclass(None, None, None))


@pytest.mark.parametrize("level", Level)
def test_alpha_of_one_and_the_same_rating_is_not_defined(level):
    assert krippendorff_alpha([[2, 2], [2, 2]], level) is None


@pytest.mark.parametrize("level", Level)
def test_alpha_of_raters_who_agree_is_one(level):
    assert krippendorff_alpha([[0, 0], [2, 2], [5, None]], level) == 1


def test_below_nought_there_is_no_ratio():
    assert krippendorff_alpha([[-1, -1], [2, 2]], Level.RATIO) is None
    assert krippendorff_alpha([[0, 0], [0, 2]], Level.RATIO) == 0


def test_a_subject_with_one_rating_says_nothing_of_agreement_but_how_common_a_category_is():
    few = [["a", "a"], ["b", "b"], ["a", "b"]]

    assert krippendorff_alpha([*few, ["a", None]], Level.NOMINAL) == krippendorff_alpha(
        few, Level.NOMINAL
    )
    assert gwet_ac1([*few, ["a", None]]) != gwet_ac1(few)
    assert complete([*few, ["a", None]]) == few


def test_raters_who_agree_wholly_have_no_ends():
    assert intraclass([[1, 1], [3, 3]], Design.AGREEMENT) == Intraclass(1.0, None, None)
    assert intraclass([[1, 2], [3, 4]], Design.CONSISTENCY) == Intraclass(1.0, None, None)
    assert intraclass([[2, 2], [2, 2]], Design.ONE_WAY) == Intraclass(None, None, None)


def test_words_have_no_order_and_rows_are_of_one_length():
    for level in (Level.ORDINAL, Level.INTERVAL, Level.RATIO):
        with pytest.raises(ValueError, match="'a' is a word"):
            krippendorff_alpha([["a", "b"]], level)
    with pytest.raises(ValueError, match="is a word"):
        intraclass([["a", "b"], ["b", "a"]], Design.ONE_WAY)
    with pytest.raises(ValueError, match="one cell for each rater"):
        fleiss_kappa([[1, 2], [1]])
    with pytest.raises(ValueError, match="finite"):
        gwet_ac2([[1, float("nan")]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        intraclass(FOUR_JUDGES, Design.ONE_WAY, confidence=1)


def test_perfect_pairs_have_no_z():
    assert mean_pearson([[1, 2], [2, 3], [3, 4]]) is None
    assert mean_pearson([[1, 2, 1], [2, 3, 3], [3, 4, 2]]) == pytest.approx(0.5)
    assert mean_spearman([[1, 1], [2, 1]]) is None


def test_ties_throughout_leave_no_order():
    assert kendall_w([[1, 1], [1, 1]]) is None
    assert kendall_w([[1, 1], [1, 1]], corrected=False) == 0


# --------------------------------------------------------------- properties


@given(MATRICES, st.randoms(use_true_random=False))
def test_neither_the_order_of_subjects_nor_of_raters_matters(matrix, chance):
    order = chance.sample(range(len(matrix[0])), len(matrix[0]))
    turned = [[row[place] for place in order] for row in chance.sample(matrix, len(matrix))]

    for measure in ALL:
        first, other = measure(matrix), measure(turned)
        assert measure(matrix) == first
        if measure in (mean_pearson, mean_spearman) and first is not None:
            assert other == pytest.approx(first, abs=1e-12)
        else:
            assert other == first


@given(MATRICES)
def test_turning_the_scale_round_changes_only_ratios(matrix):
    turned = [[None if one is None else 6 - one for one in row] for row in matrix]

    ratio = ALL[list(Level).index(Level.RATIO)]
    for measure in ALL:
        if measure is not ratio:
            assert measure(turned) == pytest.approx(measure(matrix), abs=1e-12) or isinstance(
                measure(matrix), Intraclass
            )
    for design in Design:
        assert intraclass(turned, design) == intraclass(matrix, design)


@given(MATRICES)
def test_stretching_the_scale_by_a_decimal_changes_no_interval_figure(matrix):
    longer = [[None if one is None else one * 0.5 + 10 for one in row] for row in matrix]

    for level in (Level.NOMINAL, Level.ORDINAL, Level.INTERVAL):
        assert krippendorff_alpha(longer, level) == krippendorff_alpha(matrix, level)
    for design in Design:
        assert intraclass(longer, design) == intraclass(matrix, design)


@given(MATRICES)
def test_nothing_is_changed_and_nothing_lies_beyond_one(matrix):
    before = [list(row) for row in matrix]

    for measure in ALL:
        found = measure(matrix)
        single = found.value if isinstance(found, Intraclass) else found
        assert single is None or measure is exact_agreement or single <= 1
    assert matrix == before
