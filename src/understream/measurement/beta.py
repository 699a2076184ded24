"""The incomplete beta function, on which the distributions of t and F rest."""

from math import exp, lgamma, log, pi

_TINY = 1e-300
_CLOSE = 1e-16
_STEPS = 100_000
#: From here Stirling's series is exact to the last digit.
_SERIES_FROM = 16
#: Below this the logarithm's own series loses nothing, where subtraction would.
_NEAR = 0.1


def incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function: a share of the beta distribution.

    :param x: a number in 0 .. 1.
    :param rest: 1 - x, given apart so that neither loses its digits near an end.
    :param a: the first parameter, above 0.
    :param b: the second parameter, above 0.
    :returns: a probability in 0 .. 1.

    Source: continued fraction 26.5.8 of Abramowitz & Stegun (1964), *Handbook of Mathematical
    Functions*, evaluated after Lentz (1976), *Applied Optics* 15(3), 668-671.

    >>> round(incomplete_beta(0.25, 0.75, 2, 3), 12)
    0.26171875
    """
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(rest, x, b, a)
    fraction, c, d = 1.0, 1.0, 0.0
    for step in range(_STEPS):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        fraction *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return beta_kernel(x, rest, a, b) / a * (fraction - 1)


def beta_kernel(x: float, rest: float, a: float, b: float) -> float:
    """Return ``x^a (1 - x)^b / B(a, b)`` without subtracting large logarithms.

    Around its peak, at x = a / (a + b), each logarithm is taken of a number near 1, and what
    cancels between both is left out beforehand.

    :param x: a number strictly between 0 and 1.
    :param rest: 1 - x.
    :param a: the first parameter, above 0.
    :param b: the second parameter, above 0.
    :returns: x (1 - x) times the density of the beta distribution.

    Source: the saddle-point form of Loader (2000), *Fast and accurate computation of binomial
    probabilities*; Stirling's series 6.1.41 of Abramowitz & Stegun (1964).

    >>> round(beta_kernel(0.5, 0.5, 2, 3), 12)
    0.375
    """
    n = a + b
    away = b * x - a * rest
    height = a * _bend(away / a, x * n / a) + b * _bend(-away / b, rest * n / b)
    height += _stirling(n) - _stirling(a) - _stirling(b)
    return exp(height + log(a / n * b / (2 * pi)) / 2)


def _bend(excess: float, ratio: float) -> float:
    """Return log(ratio) - excess, where *ratio* is 1 + *excess*."""
    if abs(excess) > _NEAR:
        return (log(ratio) if ratio > 0 else log(_TINY)) - excess
    # With s = e / (2 + e), log(1 + e) is 2 (s + s^3 / 3 + ...), and 2 s - e is -s e.
    s = excess / (2 + excess)
    square, power, total = s * s, s, 0.0
    for place in range(3, 27, 2):
        power *= square
        total += power / place
    return 2 * total - s * excess


def _stirling(z: float) -> float:
    """Return what Stirling's formula leaves of the logarithm of the gamma function."""
    if z < _SERIES_FROM:
        return lgamma(z) - (z - 0.5) * log(z) + z - log(2 * pi) / 2
    w = 1 / (z * z)
    return (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z
