"""Student's t, held against an independent library."""

from math import pi

import pytest
from scipy import stats

from understream.measurement import student
from understream.measurement.student import t_cdf, t_quantile

FREEDOMS = [0.5, 1, 1.3, 2, 3.7, 8.2605489553, 14, 30, 100, 997.3, 5000, 81_234.5, 9e5, 2e6, 1e12]
SHARES = [1e-6, 1e-4, 0.005, 0.025, 0.2, 0.4999, 0.5, 0.6, 0.9, 0.975, 0.995, 0.99999]


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("p", SHARES)
def test_quantiles_agree_with_an_independent_library(p, df):
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("t", [-40.0, -2.5, -0.3, 0.0, 1e-3, 0.7, 1.96, 12.0])
def test_probabilities_agree_with_an_independent_library(t, df):
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("df", [1.5, 7, 60, 2_000, 40_000])
@pytest.mark.parametrize("t", [-1e9, -1e3, -60.0, -25.0, -8.0])
def test_far_tails_keep_their_digits(t, df):
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-9, abs=1e-300)


def test_endless_freedom_is_the_normal_distribution():
    assert t_quantile(0.975, 1e300) == pytest.approx(stats.norm.ppf(0.975), rel=1e-15)
    assert t_cdf(-1e200, 3) == 0.0


def test_near_the_middle_nothing_is_lost():
    """With one degree of freedom the distribution is Cauchy's: 1/2 + arctan(t) / pi."""
    assert t_cdf(1e-9, 1) - 0.5 == pytest.approx(1e-9 / pi, rel=1e-6)


def test_the_ends_are_certain():
    assert (t_cdf(float("-inf"), 3), t_cdf(float("inf"), 3)) == (0.0, 1.0)


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.1])
def test_a_probability_lies_between_nought_and_one(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_quantile(p, 5)


@pytest.mark.parametrize("df", [0, -1, float("nan"), float("inf")])
def test_degrees_of_freedom_lie_above_nought(df):
    with pytest.raises(ValueError, match="above 0"):
        t_cdf(1.0, df)
    with pytest.raises(ValueError, match="above 0"):
        t_quantile(0.5, df)


def test_a_quantile_takes_few_looks_at_the_distribution(monkeypatch):
    """The first guess is so near that from 60 degrees of freedom on one look is the usual number.

    All in all so many as the series of 26.7.5 to its fourth term takes: with a wrong digit in it
    results stay right, and cost more.
    """
    looks = []

    def counted(t, df):
        looks.append(df)
        return t_cdf(t, df)

    monkeypatch.setattr(student, "t_cdf", counted)
    for df in (1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 100, 1000, 1e5):
        for p in (1e-4, 0.005, 0.025, 0.05, 0.2, 0.4, 0.49):
            t_quantile(p, df)

    assert len(looks) <= 213
    assert sum(df >= 60 for df in looks) <= 31
