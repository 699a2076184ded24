"""Alpha, its interval, omega, and the sums that are kept of people."""

import copy
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize

from understream.measurement.reliability import (
    alpha,
    complete,
    correlations,
    covariances,
    covariances_of,
    crossed,
    feldt,
    minres,
    omega,
    pooled,
    reliability,
    reliability_of,
)

RATINGS = st.integers(2, 5).flatmap(
    lambda items: st.lists(
        st.lists(st.integers(1, 7), min_size=items, max_size=items), min_size=2, max_size=15
    )
)


def figures(found):
    values = (found.n, found.items, found.alpha, found.low, found.high, found.omega)
    return [-9.0 if one is None else one for one in values]


def flat(matrix):
    return [value for row in matrix for value in row]


def test_the_reference_values_are_reproduced(shared):
    reference = json.loads(shared("reference/domain_refvalues.json").read_text())
    feldts, factor = reference["feldt_ci_alpha"], reference["omega_one_factor_3items"]
    r12, r13, r23 = factor["corr"].values()

    loadings = minres(((1, r12, r13), (r12, 1, r23), (r13, r23, 1)))

    assert loadings == pytest.approx(factor["loadings"], abs=1e-12)
    assert omega(loadings) == pytest.approx(factor["omega"], abs=1e-10)
    assert alpha(((1, r12, r13), (r12, 1, r23), (r13, r23, 1))) == pytest.approx(
        factor["alpha"], abs=1e-10
    )
    assert len(feldts) == 4
    for name, ends in feldts.items():
        n = int(name.rpartition("n")[2])
        assert feldt(0.85, n=n, items=4) == pytest.approx(ends, abs=1e-9)


def test_ten_people_say_next_to_nothing():
    low, high = feldt(0.85, n=10, items=4)

    assert (round(low, 2), round(high, 2)) == (0.61, 0.96)


@given(RATINGS)
def test_sums_and_answers_give_the_same(ratings):
    by_sums = reliability_of(crossed(ratings))
    by_answers = reliability(ratings)

    assert flat(covariances(ratings)) == pytest.approx(
        flat(covariances_of(crossed(ratings))), abs=1e-12
    )
    assert figures(by_answers)[:5] == pytest.approx(figures(by_sums)[:5], rel=1e-9, abs=1e-9)


@given(RATINGS, st.randoms())
def test_nothing_depends_on_the_order_of_people_and_inputs_stay_as_they_are(ratings, rng):
    before = copy.deepcopy(ratings)
    mixed = rng.sample(ratings, len(ratings))

    found = reliability_of(crossed(ratings))

    assert reliability_of(crossed(mixed)) == found
    assert reliability_of(crossed(ratings)) == found
    assert reliability(ratings) == reliability(ratings)
    assert ratings == before


@given(RATINGS)
def test_turning_every_item_round_changes_nothing(ratings):
    turned = [[8 - one for one in row] for row in ratings]

    assert figures(reliability_of(crossed(turned))) == figures(reliability_of(crossed(ratings)))


@given(RATINGS, st.integers(1, 14))
def test_sums_of_two_rounds_are_those_of_all_people(ratings, place):
    assume(0 < place < len(ratings))

    both = pooled([crossed(ratings[:place]), crossed(ratings[place:])])

    assert both == crossed(ratings)


@given(st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=8, max_size=20))
def test_no_other_loadings_leave_smaller_residuals(ratings):
    try:
        r = correlations(covariances(ratings))
    except ValueError:
        return
    pairs = [(i, j) for i in range(4) for j in range(i)]

    def left(loadings):
        return sum((r[i][j] - loadings[i] * loadings[j]) ** 2 for i, j in pairs)

    mine = minres(r)
    near = optimize.minimize(left, mine, bounds=[(-1, 1)] * 4, tol=1e-14)

    assert left(mine) <= near.fun + 1e-9
    assert sum(mine) >= -1e-12


def test_one_factor_is_found_again():
    loadings = [0.9, 0.75, 0.6, 0.5, 0.3]
    r = tuple(
        tuple(1.0 if i == j else a * b for j, b in enumerate(loadings))
        for i, a in enumerate(loadings)
    )

    assert minres(r) == pytest.approx(loadings, abs=1e-12)


def test_an_item_against_the_others_has_a_loading_below_nought():
    r = ((1, 0.56, -0.48), (0.56, 1, -0.42), (-0.48, -0.42, 1))

    assert minres(r) == pytest.approx([0.8, 0.7, -0.6], abs=1e-12)


def test_no_loading_goes_beyond_one():
    """r12 r13 / r23 is 1.62: no single factor can do that."""
    loadings = minres(((1, 0.9, 0.9), (0.9, 1, 0.5), (0.9, 0.5, 1)))

    assert loadings[0] == 1.0
    assert omega(loadings) <= 1


def test_items_that_have_nothing_in_common_have_no_reliability():
    nothing = tuple(tuple(float(i == j) for j in range(3)) for i in range(3))

    assert minres(nothing) == (0.0, 0.0, 0.0)
    assert omega(minres(nothing)) == 0.0
    assert alpha(nothing) == 0.0


def test_who_left_one_out_does_not_count():
    assert complete([(1, 2, 3), (4, None, 5), (None, None, None)]) == [(1, 2, 3)]


def test_what_is_not_defined_is_none():
    unanimous = reliability([[3, 3, 3]] * 4)
    assert (unanimous.alpha, unanimous.low, unanimous.high, unanimous.omega) == (None,) * 4
    assert reliability([[1, 2], [2, 4], [5, 5]]).omega is None
    opposite = reliability([[1, 5], [2, 4], [5, 1]])  # everybody has the same sum
    assert (opposite.alpha, opposite.low) == (None, None)
    assert reliability_of(crossed([[1, 2]])) is None
    assert reliability_of(crossed([[1], [2]])) is None


def test_full_agreement_of_items_is_certain():
    found = reliability([[1, 1, 1], [4, 4, 4], [5, 5, 5]])

    assert (found.alpha, found.low, found.high) == pytest.approx((1, 1, 1), abs=1e-12)
    assert found.omega == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: covariances([[1, 2]]), "two people"),
        (lambda: covariances_of(crossed([[1, 2]])), "two people"),
        (lambda: covariances([[1, 2], [1]]), "every item"),
        (lambda: crossed([]), "every item"),
        (lambda: reliability([[1], [2]]), "two items"),
        (lambda: alpha(((1.0,),)), "two items"),
        (lambda: alpha(((1.0, -1.0), (-1.0, 1.0))), "same sum"),
        (lambda: correlations(((0.0, 0.0), (0.0, 1.0))), "no correlation"),
        (lambda: minres(((1, 0.5), (0.5, 1))), "three items"),
        (lambda: omega([]), "needs loadings"),
        (lambda: omega([1.2]), "from -1 to 1"),
        (lambda: omega([1.0, -1.0]), "cancel"),
        (lambda: feldt(0.8, n=1, items=4), "two people"),
        (lambda: feldt(0.8, n=9, items=1), "two people"),
        (lambda: feldt(1.1, n=9, items=4), "at most 1"),
        (lambda: feldt(0.8, n=9, items=4, confidence=1), "between 0 and 1"),
        (lambda: pooled([]), "one group or more"),
        (lambda: pooled([crossed([[1]]), crossed([[1, 2]])]), "same items"),
    ],
)
def test_what_is_not_defined_is_refused_in_a_sentence(ask, sentence):
    with pytest.raises(ValueError, match=sentence):
        ask()
