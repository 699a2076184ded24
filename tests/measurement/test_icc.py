"""How much goes with the group: the analysis of variance and its shares."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from understream.measurement.description import histogram
from understream.measurement.icc import one_way, one_way_of, reliability_of_mean

GROUPS = st.lists(st.lists(st.integers(1, 7), max_size=8), min_size=2, max_size=6)


def counted(groups):
    return [histogram(group, points=7) for group in groups]


def figures(found):
    values = (found.ms_between, found.ms_within, found.icc1, found.icc1_k0, found.icc2)
    return [-9.0 if one is None else one for one in values]


@given(GROUPS)
def test_histograms_and_scores_give_the_same(groups):
    found = one_way_of(counted(groups))

    if found is None:
        with pytest.raises(ValueError, match="two groups or more"):
            one_way(groups)
        return
    other = one_way(groups)
    assert (found.n_obs, found.n_groups, found.k, found.k0) == (
        *(other.n_obs, other.n_groups, other.k, other.k0),
    )
    assert (other.ms_between, other.ms_within) == pytest.approx(
        (found.ms_between, found.ms_within), rel=1e-11, abs=1e-11
    )


@given(GROUPS)
def test_f_agrees_with_an_independent_library(groups):
    found = one_way_of(counted(groups))
    assume(found is not None and found.f)

    assert found.f == pytest.approx(stats.f_oneway(*filter(None, groups)).statistic, rel=1e-9)


@given(GROUPS, st.randoms())
def test_nothing_depends_on_the_side_of_the_scale_the_order_of_groups_or_of_people(groups, rng):
    found = one_way_of(counted(groups))
    assume(found is not None)
    mixed = [[8 - one for one in rng.sample(group, len(group))] for group in groups]
    rng.shuffle(mixed)

    assert figures(one_way_of(counted(mixed))) == pytest.approx(figures(found), rel=1e-12)


def test_equal_groups_have_one_size():
    found = one_way([[1, 2], [4, 6], [5, 7]])

    assert (found.k, found.k0) == (2.0, 2.0)
    assert found.icc1 == found.icc1_k0


def test_what_is_not_defined_is_none():
    nobody_differs = one_way([[3, 3], [3, 3]])
    assert (nobody_differs.f, nobody_differs.icc1, nobody_differs.icc2) == (None, None, None)
    only_groups_differ = one_way([[3, 3], [4, 4]])
    assert (only_groups_differ.f, only_groups_differ.icc1, only_groups_differ.icc2) == (
        *(None, 1.0, 1.0),
    )
    assert one_way_of([[1, 1], [0, 0]]) is None
    assert one_way_of([[1, 0], [0, 1]]) is None


@pytest.mark.parametrize(("n", "value"), [(3, 0.43), (5, 0.56), (8, 0.67), (12, 0.75)])
def test_three_people_make_no_reliable_view_of_an_organisation(n, value):
    assert reliability_of_mean(0.20, n) == pytest.approx(value, abs=0.005)


def test_the_reliability_of_a_mean_of_k_is_icc_2():
    found = one_way([[1, 2, 3], [4, 5, 6], [3, 3, 7]])

    assert reliability_of_mean(found.icc1, found.k) == pytest.approx(found.icc2, rel=1e-12)


def test_of_one_person_the_mean_is_what_that_person_said():
    assert reliability_of_mean(0.20, 1) == pytest.approx(0.20, rel=1e-12)
    assert reliability_of_mean(1.0, 3) == 1.0


@pytest.mark.parametrize(("icc", "n"), [(0.2, 0), (1.2, 3), (-0.5, 3), (-0.9, 4)])
def test_what_no_group_can_have_is_refused(icc, n):
    with pytest.raises(ValueError, match="one person or more"):
        reliability_of_mean(icc, n)
