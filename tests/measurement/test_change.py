"""What changed: the same people, some of them, and whether minds or people did."""

import json
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from understream.measurement.change import (
    overlapping,
    paired,
    reliable_change_limit,
    split_change,
)
from understream.measurement.description import moments
from understream.measurement.gap import welch_between

SCORE = st.integers(1, 7)
TWICE = st.lists(st.tuples(SCORE, SCORE), min_size=2, max_size=12)
ROUNDS = st.lists(
    st.tuples(st.none() | SCORE, st.none() | SCORE).filter(any), min_size=2, max_size=15
)


def test_the_worked_example_is_reproduced(shared):
    example = json.loads(shared("reference/domain_refvalues.json").read_text())[
        "partially_overlapping_t_(Derrick_2017)"
    ]
    a_only, b_only = example["a_only"], example["b_only"]
    first = [*a_only, *[None] * len(b_only), *example["a_pair"]]
    second = [*[None] * len(a_only), *b_only, *example["b_pair"]]

    found = overlapping(first, second)

    wanted = example["Tnew2"]  # which takes the later from the earlier
    assert (-found.t, found.df, found.p, found.standard_error) == pytest.approx(
        (wanted["t"], wanted["df"], wanted["p"], wanted["se"]), abs=1e-9
    )


@given(TWICE)
def test_the_same_people_agree_with_an_independent_library(pairs):
    first, second = zip(*pairs, strict=True)
    assume(len({later - earlier for earlier, later in pairs}) > 1)
    oracle = stats.ttest_rel(second, first)

    found = paired(first, second)

    assert (found.t, found.p) == pytest.approx((oracle.statistic, oracle.pvalue), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval()), abs=1e-9)


@given(TWICE)
def test_everybody_twice_is_the_same_people(pairs):
    first, second = zip(*pairs, strict=True)
    assume(len({later - earlier for earlier, later in pairs}) > 1)
    assume(len(set(first)) > 1 or len(set(second)) > 1)

    found, plain = overlapping(first, second), paired(first, second)

    assert (found.df, found.change) == pytest.approx((plain.df, plain.change), abs=1e-12)
    assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-6)


@given(st.lists(SCORE, min_size=2, max_size=9), st.lists(SCORE, min_size=2, max_size=9))
def test_nobody_twice_is_welch(earlier, later):
    assume(len(set(earlier)) > 1 or len(set(later)) > 1)
    first, second = [*earlier, *[None] * len(later)], [*[None] * len(earlier), *later]

    found, plain = overlapping(first, second), welch_between(moments(later), moments(earlier))

    assert (found.change, found.df, found.low, found.high) == pytest.approx(
        (plain.difference, plain.df, plain.low, plain.high), rel=1e-9, abs=1e-9
    )


@given(ROUNDS)
def test_minds_and_people_make_the_whole_change(rounds):
    first, second = zip(*rounds, strict=True)
    assume(any(earlier is not None and later is not None for earlier, later in rounds))

    found = split_change(first, second)

    earlier, later = ([one for one in both if one is not None] for both in (first, second))
    whole = Fraction(sum(later), len(later)) - Fraction(sum(earlier), len(earlier))
    assert found.total == float(whole)
    assert found.minds + found.people == pytest.approx(float(whole), abs=1e-12)
    assert (found.n_stayed + found.n_left, found.n_stayed + found.n_joined) == (
        *(len(earlier), len(later)),
    )


@given(ROUNDS, st.randoms())
def test_order_of_people_and_side_of_the_scale(rounds, rng):
    assume(any(earlier is not None and later is not None for earlier, later in rounds))
    before = list(rounds)
    mixed = rng.sample(rounds, len(rounds))
    turned = [tuple(None if one is None else 8 - one for one in both) for both in rounds]

    found = split_change(*zip(*rounds, strict=True))

    assert split_change(*zip(*mixed, strict=True)) == found
    other = split_change(*zip(*turned, strict=True))
    assert (other.total, other.minds, other.joined, other.left) == (
        *(-found.total, -found.minds, -found.joined, -found.left),
    )
    assert rounds == before


def test_up_because_people_changed():
    """Those who stayed moved by 0.1; one who was content came, one who was not went."""
    found = split_change([4.0, 5.0, 2.0, None], [4.1, 5.1, None, 6.0])

    assert found.minds == pytest.approx(0.1)
    assert found.total == pytest.approx(5.0666666667 - 3.6666666667)
    assert found.people == pytest.approx(1.3)
    assert (found.n_stayed, found.n_joined, found.n_left) == (2, 1, 1)


def test_the_yardstick_of_one_person(shared):
    example = json.loads(shared("reference/domain_refvalues.json").read_text())["rci_example"]

    assert reliable_change_limit(example["sd"], example["rxx"]) == pytest.approx(
        example["threshold_1.96"], abs=1e-4
    )
    assert reliable_change_limit(1.0, 1.0) == 0.0


def test_pairs_that_all_agree_say_nothing_of_correlation():
    found = overlapping([3, 3, 5, None], [4, 4, None, 6])

    square = moments([3, 3, 5]).variance / 3 + moments([4, 4, 6]).variance / 3
    assert found.standard_error**2 == pytest.approx(square, rel=1e-12)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: paired([1, 2], [1]), "an earlier and a later"),
        (lambda: paired([1], [2]), "two people"),
        (lambda: paired([1, 2], [2, 3]), "no spread"),
        (lambda: paired([1, 2], [2, 5], confidence=0), "between 0 and 1"),
        (lambda: overlapping([1, 2], [2, 3, None]), "same people"),
        (lambda: overlapping([1, None], [2, 3]), "two people"),
        (lambda: overlapping([1, 2, 4], [2, 3, 5]), "no spread"),
        (lambda: overlapping([3, 3, None], [4, 4, 4]), "no spread"),
        (lambda: split_change([1, None], [None, 2]), "nobody answered twice"),
        (lambda: reliable_change_limit(-1, 0.5), "spread is 0 or more"),
        (lambda: reliable_change_limit(1, 1.5), "from 0 to 1"),
        (lambda: reliable_change_limit(1, 0.5, confidence=1), "between 0 and 1"),
    ],
)
def test_what_is_not_defined_is_refused_in_a_sentence(ask, sentence):
    with pytest.raises(ValueError, match=sentence):
        ask()
