"""Student's t, held against an independent library."""

from math import pi

import pytest
from scipy import stats

from understream.measurement.student import t_cdf, t_quantile

FREEDOMS = [0.5, 1, 1.3, 2, 3.7, 8.2605489553, 14, 30, 100, 997.3, 5000]
SHARES = [1e-6, 1e-4, 0.005, 0.025, 0.2, 0.4999, 0.5, 0.6, 0.9, 0.975, 0.995, 0.99999]


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("p", SHARES)
def test_quantiles_agree_with_an_independent_library(p, df):
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("t", [-40.0, -2.5, -0.3, 0.0, 1e-3, 0.7, 1.96, 12.0])
def test_probabilities_agree_with_an_independent_library(t, df):
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-10, abs=1e-12)


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
