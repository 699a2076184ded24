"""Fisher's F and the incomplete beta function, held against an independent library."""

from math import exp

import pytest
from scipy import special, stats

from understream.measurement.beta import beta_kernel, incomplete_beta
from understream.measurement.fisher import f_cdf, f_quantile

FREEDOMS = [(1, 1), (2, 7), (9, 27), (3.7, 0.5), (48, 1993), (300, 600), (2708, 10832), (1e5, 8)]
SHARES = [1e-9, 1e-4, 0.025, 0.2, 0.4999, 0.5, 0.6, 0.975, 0.99999]


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("p", SHARES)
def test_quantiles_agree_with_an_independent_library(p, df):
    assert f_quantile(p, *df) == pytest.approx(stats.f.ppf(p, *df), rel=1e-9)
    assert f_cdf(f_quantile(p, *df), *df) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("df", FREEDOMS)
@pytest.mark.parametrize("f", [1e-3, 0.3, 0.97, 1.0, 1.4, 5.0, 60.0])
def test_probabilities_agree_with_an_independent_library(f, df):
    assert f_cdf(f, *df) == pytest.approx(stats.f.cdf(f, *df), rel=1e-9, abs=1e-300)
    assert f_cdf(1 / f, *df[::-1]) == pytest.approx(stats.f.sf(f, *df), rel=1e-9, abs=1e-300)


def test_a_far_tail_keeps_its_digits():
    """The published F of 49 companies."""
    assert f_cdf(1 / 4.9792698092392111, 1993, 48) == pytest.approx(
        2.6988475463202856e-25, rel=1e-10
    )


def test_the_ends_are_certain():
    assert (f_cdf(0.0, 3, 4), f_cdf(float("inf"), 3, 4)) == (0.0, 1.0)
    assert (incomplete_beta(0, 1, 2, 3), incomplete_beta(1, 0, 2, 3)) == (0.0, 1.0)


@pytest.mark.parametrize("x", [1e-12, 0.01, 0.4, 0.5, 0.77, 0.999])
@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 30), (24, 996.5), (5e5, 0.5), (2e4, 3e4)])
def test_the_share_and_the_height_of_the_beta_distribution(x, a, b):
    height = special.xlogy(a, x) + special.xlog1py(b, -x) - special.betaln(a, b)

    assert incomplete_beta(x, 1 - x, a, b) == pytest.approx(
        special.betainc(a, b, x), rel=1e-9, abs=1e-300
    )
    if height > -600:
        assert beta_kernel(x, 1 - x, a, b) == pytest.approx(exp(height), rel=1e-8)


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.1])
def test_a_probability_lies_between_nought_and_one(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        f_quantile(p, 5, 5)


@pytest.mark.parametrize("df", [(0, 5), (5, -1), (float("nan"), 5), (5, float("inf"))])
def test_degrees_of_freedom_lie_above_nought(df):
    with pytest.raises(ValueError, match="above 0"):
        f_cdf(1.0, *df)
    with pytest.raises(ValueError, match="above 0"):
        f_quantile(0.5, *df)


@pytest.mark.parametrize("f", [-0.1, float("nan")])
def test_a_value_of_f_is_never_below_nought(f):
    with pytest.raises(ValueError, match="from 0 up"):
        f_cdf(f, 3, 3)
