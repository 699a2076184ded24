"""The distance between two groups and its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from understream.measurement.description import Moments, histogram, moments
from understream.measurement.gap import (
    Gap,
    cliffs_delta,
    cliffs_delta_of,
    displayed_label,
    floored,
    interval_label,
    moderated,
    moderated_label,
    welch,
    welch_between,
    welch_label,
)

A, B = [6, 5, 6, 7, 5], [3, 5, 4, 2, 4, 6]
HISTOGRAMS = st.lists(st.integers(0, 5), min_size=7, max_size=7)


def test_the_worked_example_is_reproduced():
    found = welch(histogram(A, points=7), histogram(B, points=7))

    assert found.difference == pytest.approx(1.8, abs=1e-12)
    assert found.standard_error == pytest.approx(0.687992248, abs=1e-9)
    assert found.df == pytest.approx(8.2605489553, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((0.2221552402, 3.3778447598), abs=1e-9)


@given(
    st.lists(st.integers(1, 7), min_size=3, max_size=15),
    st.lists(st.integers(1, 7), min_size=3, max_size=15),
)
def test_the_interval_agrees_with_an_independent_library(a, b):
    if len(set(a)) == 1 or len(set(b)) == 1:
        return
    oracle = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)

    found = welch(histogram(a, points=7), histogram(b, points=7))

    assert (found.low, found.high) == pytest.approx(tuple(oracle), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "label"),
    [
        ([6] * 8, [5] * 8, Gap.CLEAR),  # exactly 1.0; the floor keeps the interval at 0.54
        ([6] * 2, [5] * 2, Gap.POSSIBLE),  # unanimity of two is luck
        ([6] * 7 + [5], [5] * 8, Gap.SAME),
        ([7, 7, 7, 6, 2, 2, 7, 6], [4, 7, 1, 2, 6, 4, 4, 5], Gap.POSSIBLE),
        ([4, 5] * 4, [4, 5] * 4, Gap.SAME),
        ([1, 7] * 4, [1, 7] * 4, Gap.UNKNOWN),
        ([4], [1] * 9, Gap.UNKNOWN),
        ([], [], Gap.UNKNOWN),
    ],
)
def test_labels_on_seven_points(a, b, label):
    assert welch_label(histogram(a, points=7), histogram(b, points=7)) is label


def test_thresholds_are_in_proportion_to_the_scale():
    """On four points, half the length of seven, 0.5 counts as 1.0 would."""
    a, b = histogram([3, 4] * 30, points=4), histogram([3] * 60, points=4)

    assert welch_label(a, b) is Gap.CLEAR
    assert welch_label(histogram([3, 4, 3] * 20, points=4), b) is Gap.SAME
    wide = histogram([1, 2, 3, 4] * 2, points=4)  # the interval ends at 1.3 where 0.75 is asked
    assert welch_label(wide, wide) is Gap.UNKNOWN


@given(HISTOGRAMS, HISTOGRAMS)
def test_turning_both_scales_round_changes_no_label(a, b):
    assert welch_label(a[::-1], b[::-1]) is welch_label(a, b)


@given(HISTOGRAMS, HISTOGRAMS)
def test_exchanging_the_groups_changes_no_label(a, b):
    assert welch_label(b, a) is welch_label(a, b)


@pytest.mark.parametrize(
    ("a", "b", "label"),
    [
        (5.5, 4.0, Gap.WORTH_ASKING),
        (4.0, 5.5, Gap.WORTH_ASKING),
        (5.0, 4.0, Gap.CANNOT_TELL),
        (4.5, 4.0, Gap.ALIKE),
        (1.7, 2.2, Gap.ALIKE),  # in floating point a hair more than 0.5 apart
        (1.3, 2.8, Gap.WORTH_ASKING),  # in floating point a hair less than 1.5
        (1.5, 6.5, Gap.WORTH_ASKING),
    ],
)
def test_displayed_figures_have_words_of_their_own(a, b, label):
    assert displayed_label(a, b) is label


@given(st.integers(10, 70), st.integers(10, 70))
def test_turning_both_displayed_figures_round_changes_no_label(a, b):
    assert displayed_label(8 - a / 10, 8 - b / 10) is displayed_label(a / 10, b / 10)


def test_displayed_thresholds_are_in_proportion_to_the_scale():
    assert displayed_label(1.0, 2.0, points=5) is displayed_label(1.0, 2.5, points=7)
    assert displayed_label(1.0, 2.0, points=5) is Gap.WORTH_ASKING
    assert displayed_label(1.0, 1.4, points=5) is Gap.CANNOT_TELL


def test_two_unanimous_groups_need_a_floor():
    with pytest.raises(ValueError, match="no spread to judge by"):
        welch([0, 5], [5, 0])


@pytest.mark.parametrize(
    ("a", "b", "options", "sentence"),
    [
        ([1, 0], [1, 1], {}, "two people or more"),
        ([1, 1], [1, 1, 0], {}, "same scale"),
        ([1, 1], [1, 1], {"confidence": 1.0}, "between 0 and 1"),
        ([1, 1], [1, 1], {"sd_floor": -0.1}, "never below 0"),
    ],
)
def test_what_has_no_interval_is_refused(a, b, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        welch(a, b, **options)
    if not options and len(a) != len(b):
        with pytest.raises(ValueError, match=sentence):
            welch_label(a, b)


def test_a_displayed_figure_is_a_number():
    with pytest.raises(ValueError, match="are numbers"):
        displayed_label(float("nan"), 3.0)


# ------------------------------------------------------- scores that need not be whole


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=15),
    st.lists(st.integers(1, 7), min_size=2, max_size=15),
)
def test_scores_and_histograms_have_one_interval_and_one_order(a, b):
    counts = histogram(a, points=7), histogram(b, points=7)

    assert cliffs_delta(a, b) == cliffs_delta_of(*counts)
    assert cliffs_delta(b, a) == -cliffs_delta(a, b)
    assert cliffs_delta([8 - one for one in a], [8 - one for one in b]) == -cliffs_delta(a, b)
    if len(set(a)) > 1 or len(set(b)) > 1:
        one, other = welch_between(moments(a), moments(b)), welch(*counts)
        assert (one.low, one.high, one.df) == pytest.approx((other.low, other.high, other.df))
        assert other.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, abs=1e-9)


def test_order_is_the_share_of_pairs_either_way():
    pairs = [(x > y) - (x < y) for x in A for y in B]

    assert cliffs_delta(A, B) == sum(pairs) / len(pairs) == pytest.approx(0.7333333333)
    assert cliffs_delta_of([0, 0], [1, 1]) is None
    with pytest.raises(ValueError, match="either side"):
        cliffs_delta([], [1])
    with pytest.raises(ValueError, match="same scale"):
        cliffs_delta_of([1], [1, 0])


# ------------------------------------------------------------------ moderated


@pytest.mark.parametrize(("n", "sd", "width"), [(3, 1.0, 3.56), (5, 1.0, 2.68), (12, 1.0, 1.67)])
def test_moderated_intervals_are_narrower_for_few_people(n, sd, width):
    side = Moments(n, 4.0, sd**2)

    found, plain = moderated(side, side, points=7), welch_between(side, side)

    assert found.high - found.low == pytest.approx(width, abs=0.01)
    assert found.high - found.low < plain.high - plain.low


def test_a_moderated_variance_is_drawn_towards_the_usual_one():
    found = moderated(Moments(3, 5.0, 0.0), Moments(3, 4.0, 0.0), points=7)

    assert found.standard_error**2 == pytest.approx(2 * (4 / 6) / 3)
    assert found.df == pytest.approx(12)


def test_what_is_usual_is_in_proportion_to_the_scale():
    long = moderated(Moments(4, 5.0, 1.0), Moments(6, 4.0, 2.0), points=7)
    short = moderated(Moments(4, 2.5, 0.25), Moments(6, 2.0, 0.5), points=4)

    assert (short.low, short.high, short.df) == pytest.approx(
        (long.low / 2, long.high / 2, long.df)
    )


@pytest.mark.parametrize(
    ("a", "b", "label"),
    [
        ([1, 1, 2], [6, 7, 6], Gap.CLEAR),
        ([5, 5], [4, 4], Gap.POSSIBLE),
        ([4, 4, 5, 4] * 5, [4, 5, 4, 4] * 5, Gap.SAME),
        ([4, 4], [4, 4], Gap.UNKNOWN),
        ([4], [1] * 9, Gap.UNKNOWN),
    ],
)
def test_moderated_labels_on_seven_points(a, b, label):
    assert moderated_label(histogram(a, points=7), histogram(b, points=7)) is label


@given(HISTOGRAMS, HISTOGRAMS)
def test_turning_or_exchanging_changes_no_moderated_label(a, b):
    assert moderated_label(a[::-1], b[::-1]) is moderated_label(a, b)
    assert moderated_label(b, a) is moderated_label(a, b)


def test_moderated_intervals_refuse_what_plain_ones_do():
    side = Moments(3, 4.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        moderated(side, side, points=7, confidence=0)
    with pytest.raises(ValueError, match="two points or more"):
        moderated(side, side, points=1)
    with pytest.raises(ValueError, match="same scale"):
        moderated_label([1, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="no spread to judge by"):
        welch_between(Moments(3, 4.0, 0.0), Moments(3, 5.0, 0.0))


@given(HISTOGRAMS, HISTOGRAMS)
def test_an_interval_has_the_word_of_its_histograms(a, b):
    if min(sum(a), sum(b)) < 2:
        return
    sides = [
        moments([point for point, count in enumerate(counts, 1) for _ in range(count)])
        for counts in (a, b)
    ]

    assert interval_label(floored(*sides, points=7), points=7) is welch_label(a, b)
    assert interval_label(moderated(*sides, points=7), points=7) is moderated_label(a, b)


def test_means_that_are_a_rounded_step_apart_are_a_gap():
    """In floating point 4.1 and 3.1 are a hair less than 1.0 apart."""
    a, b = Moments(40, 4.1, 0.5), Moments(40, 3.1, 0.5)

    assert interval_label(floored(a, b, points=7), points=7) is Gap.CLEAR
    assert interval_label(floored(a, b, points=4), points=4) is Gap.CLEAR
