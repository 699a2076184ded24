"""Describing the answers to one question."""

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from understream.measurement.description import (
    Description,
    describe,
    histogram,
    moments,
    moments_of,
    top,
    wilson,
)

SCORES = st.lists(st.integers(1, 7), min_size=2, max_size=40)


def test_a_histogram_counts_people_at_each_point():
    assert histogram([1, 3, 3, 5], points=5) == (1, 0, 2, 0, 1)


@pytest.mark.parametrize("scores", [[0], [6], [2.5], ["3"]])
def test_a_score_off_the_scale_is_refused(scores):
    with pytest.raises(ValueError, match="whole numbers from 1 to 5"):
        histogram(scores, points=5)


def test_one_point_is_no_scale():
    with pytest.raises(ValueError, match="two points or more"):
        histogram([1], points=1)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="no count is negative"):
        describe([3, -1])


def test_nobody_has_no_mean():
    assert describe([0, 0, 0]) == Description(0, None, None, None, (0, 0, 0))


def test_one_person_has_no_spread():
    assert describe([0, 1, 0]) == Description(1, 2.0, None, 2.0, (0, 1, 0))


def test_a_scale_may_start_at_nought():
    assert describe([2, 0, 1], low=0).mean == pytest.approx(2 / 3)
    assert describe([2, 0, 1], low=0).median == 0.0


@given(SCORES)
def test_figures_agree_with_the_standard_library(scores):
    found = describe(histogram(scores, points=7))

    assert found.n == len(scores)
    assert found.mean == pytest.approx(statistics.fmean(scores), rel=1e-12)
    assert found.sd_n_minus_1 == pytest.approx(statistics.stdev(scores), rel=1e-12, abs=1e-12)
    assert found.median == statistics.median(scores)


@given(SCORES)
def test_moments_of_scores_and_of_a_histogram_are_those_of_the_description(scores):
    counts = histogram(scores, points=7)
    found = describe(counts)

    for one in (moments(scores), moments_of(counts)):
        assert (one.n, one.mean) == (found.n, pytest.approx(found.mean, rel=1e-14))
        assert one.variance == pytest.approx(found.sd_n_minus_1**2, rel=1e-12, abs=1e-14)
    assert moments_of(counts, low=0).mean == pytest.approx(found.mean - 1)


def test_a_large_offset_costs_no_digit():
    assert moments([1e9 + 1, 1e9 + 2, 1e9 + 4]).variance == pytest.approx(7 / 3, rel=1e-12)


def test_one_person_has_no_moments():
    with pytest.raises(ValueError, match="two people or more"):
        moments([3.0])
    with pytest.raises(ValueError, match="two people or more"):
        moments_of([0, 1])


def test_the_top_of_seven_points_is_six_and_seven():
    assert top(histogram([1, 5, 6, 6, 7], points=7)) == 3
    assert top([1, 2, 3], points=1) == 3
    for points in (0, 4):
        with pytest.raises(ValueError, match="at most all"):
            top([1, 2, 3], points=points)


def test_the_reference_intervals_of_shares_are_reproduced(shared):
    reference = json.loads(shared("reference/domain_refvalues.json").read_text())["wilson95"]

    assert len(reference) == 4
    for share, ends in reference.items():
        assert wilson(*map(int, share.split("/"))) == pytest.approx(ends, abs=1e-8)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_share_agrees_with_an_independent_library(share):
    oracle = stats.binomtest(*share).proportion_ci(method="wilson")

    found = wilson(*share)

    assert found == pytest.approx(tuple(oracle), abs=1e-12)
    low, high = wilson(share[1] - share[0], share[1])
    assert found == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("count", "n", "options", "sentence"),
    [
        (0, 0, {}, "one person or more"),
        (3, 2, {}, "at most all"),
        (-1, 2, {}, "at most all"),
        (1, 2, {"confidence": 1.0}, "between 0 and 1"),
    ],
)
def test_a_share_of_nobody_has_no_interval(count, n, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        wilson(count, n, **options)
