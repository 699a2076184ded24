"""Fisher's F distribution, so that no numerical library is needed."""

from math import inf, isfinite

from understream.measurement.beta import beta_kernel, incomplete_beta

_HALF = 0.5
_STEPS = 200


def f_cdf(f: float, df1: float, df2: float) -> float:
    """Return the probability of a value of at most *f*.

    The probability of at least *f* is ``f_cdf(1 / f, df2, df1)``, with all its digits.

    :param f: a value of the F statistic, without unit; 0 or more.
    :param df1: degrees of freedom of the numerator, above 0, not necessarily whole.
    :param df2: those of the denominator, likewise.
    :returns: a probability in 0 .. 1.
    :raises ValueError: if degrees of freedom are not above 0, or *f* is below 0 or no number.

    Source: Abramowitz & Stegun (1964), *Handbook of Mathematical Functions*, 26.6.2.

    >>> round(f_cdf(1.0, 5, 5), 12)
    0.5
    """
    _check(df1, df2)
    if not f >= 0:
        raise ValueError("the F distribution has values from 0 up")
    if f == inf:
        return 1.0
    x, rest = _place(f, df1, df2)
    return incomplete_beta(x, rest, df1 / 2, df2 / 2)


def f_quantile(p: float, df1: float, df2: float) -> float:
    """Return the value below which a share *p* of the F distribution lies.

    :param p: a probability, strictly between 0 and 1.
    :param df1: degrees of freedom of the numerator, above 0, not necessarily whole.
    :param df2: those of the denominator, likewise.
    :returns: the value of the F statistic, without unit.
    :raises ValueError: if *p* is not between 0 and 1, or degrees of freedom are not above 0.

    Source: the inverse of :func:`f_cdf`, found by Newton's steps kept within a bracket.

    >>> round(f_quantile(0.95, 3, 10), 6)
    3.708265
    """
    if not 0 < p < 1:
        raise ValueError("a probability lies between 0 and 1")
    _check(df1, df2)
    if p > _HALF:
        # 1 / F is an F too: small tails keep their digits.
        return 1 / f_quantile(1 - p, df2, df1)
    low, high = 1.0, 1.0
    while f_cdf(high, df1, df2) < p:
        high *= 2
    while f_cdf(low, df1, df2) > p:
        low /= 2
    f = (low + high) / 2
    for _ in range(_STEPS):
        excess = f_cdf(f, df1, df2) - p
        if excess > 0:
            high = f
        else:
            low = f
        x, rest = _place(f, df1, df2)
        slope = beta_kernel(x, rest, df1 / 2, df2 / 2) / f
        step = f - excess / slope if slope else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - f) <= 4e-16 * f:
            break
        f = following
    return f


def _place(f: float, df1: float, df2: float) -> tuple[float, float]:
    """Return where *f* lies on the scale of the beta distribution, and what is left of it."""
    whole = df1 * f + df2
    return df1 * f / whole, df2 / whole


def _check(df1: float, df2: float) -> None:
    if not (df1 > 0 and df2 > 0 and isfinite(df1) and isfinite(df2)):
        raise ValueError("the F distribution needs degrees of freedom above 0")
