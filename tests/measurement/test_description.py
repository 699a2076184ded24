"""Describing the answers to one question."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement.description import Description, describe, histogram

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
