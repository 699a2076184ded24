"""Student's t distribution, so that no numerical library is needed."""

from math import exp, inf, isfinite, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

from understream.measurement.beta import incomplete_beta

_TINY = 1e-300
_HALF = 0.5
#: From here the series for the gamma function is exact to the last digit.
_SERIES_FROM = 50
#: A step of Newton's after which the next would change nothing.
_SMALL_STEP = 1e-9
#: From here the distribution is so near the normal one that this, bent a little, is exact.
_NORMAL_FROM = 1e6


def t_cdf(t: float, df: float) -> float:
    """Return the probability of a value of at most *t*.

    :param t: a value of the t statistic, without unit; any number.
    :param df: degrees of freedom, above 0, not necessarily whole.
    :returns: a probability in 0 .. 1.
    :raises ValueError: if *df* is not above 0, or *t* is not a number.

    Source: Abramowitz & Stegun (1964), *Handbook of Mathematical Functions*, 26.7.1,
    26.5.8 and 26.7.8.

    >>> t_cdf(0.0, 7)
    0.5
    """
    if not df > 0 or not isfinite(df) or t != t:  # noqa: PLR0124 - only "not a number" differs from itself
        raise ValueError("the t distribution needs a number and degrees of freedom above 0")
    if abs(t) == inf:
        return 1.0 if t > 0 else 0.0
    square = t * t
    if square == inf:
        return 1.0 if t > 0 else 0.0
    if df > _NORMAL_FROM:
        return NormalDist().cdf(t * (1 - 1 / (4 * df)) / sqrt(1 + square / (2 * df)))
    near, far = square / (df + square), df / (df + square)
    if square < 1:
        # Near the middle the distance from one half keeps its digits, further out the tail does.
        half = incomplete_beta(near, far, _HALF, df / 2) / 2
        return _HALF + half if t > 0 else _HALF - half
    tail = incomplete_beta(far, near, df / 2, _HALF) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(p: float, df: float) -> float:
    """Return the value below which a share *p* of the t distribution lies.

    :param p: a probability, strictly between 0 and 1.
    :param df: degrees of freedom, above 0, not necessarily whole.
    :returns: the value of the t statistic, without unit.
    :raises ValueError: if *p* is not between 0 and 1, or *df* is not above 0.

    Source: the inverse of :func:`t_cdf`, found by Newton's steps kept within a bracket, from the
    first terms of a series in 1 / df: Abramowitz & Stegun (1964), 26.7.5.

    >>> round(t_quantile(0.975, 10), 6)
    2.228139
    """
    if not 0 < p < 1:
        raise ValueError("a probability lies between 0 and 1")
    if p > 0.5:  # noqa: PLR2004 - one half: the distribution is symmetric
        # Symmetry keeps the accuracy of small tails.
        return -t_quantile(1 - p, df) if p < 1 else inf
    if p == 0.5:  # noqa: PLR2004 - the middle
        t_cdf(0.0, df)  # refuses impossible degrees of freedom
        return 0.0
    low, high = -inf, 0.0
    t = _near(p, df)
    for _ in range(200):
        excess = t_cdf(t, df) - p
        if excess > 0:
            high = t
        else:
            low = t
        following = t - excess / _density(t, df)
        # Each step doubles the digits that are right: after a small one, its end is exact.
        if abs(following - t) <= _SMALL_STEP * abs(t):
            return following
        if not low < following < high:
            following = t * 2 if low == -inf else (low + high) / 2
        t = following
    return t


def _near(p: float, df: float) -> float:
    """Return about where a share of less than one half ends; always below 0."""
    x = NormalDist().inv_cdf(p)
    square = x * x
    first = (square + 1) / 4
    second = ((5 * square + 16) * square + 3) / 96
    third = (((3 * square + 19) * square + 17) * square - 15) / 384
    fourth = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160
    return x * max(1 + (first + (second + (third + fourth / df) / df) / df) / df, _HALF)


def _density(t: float, df: float) -> float:
    df = min(df, _NORMAL_FROM)
    constant = _half_further(df / 2) - log(df * pi) / 2
    return exp(constant - (df + 1) / 2 * log1p(t * t / df)) or _TINY


def _half_further(h: float) -> float:
    """Return the logarithm of gamma(h + 1/2) / gamma(h), which two large numbers would blur.

    Source: the series 6.1.41 of Abramowitz & Stegun (1964), subtracted term by term.
    """
    if h < _SERIES_FROM:
        return lgamma(h + _HALF) - lgamma(h)
    return log(h) / 2 - 1 / (8 * h) + 1 / (192 * h**3) - 1 / (640 * h**5)
