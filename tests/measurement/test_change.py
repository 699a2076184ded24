"""What changed: the same people, some of them, and whether minds or people did."""

import json
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from understream.measurement.change import (
    Moved,
    Seen,
    change_of,
    fewest,
    overlapping,
    paired,
    reliable_change_limit,
    split_change,
)
from understream.measurement.description import moments
from understream.measurement.gap import welch_between
from understream.measurement.within_group import Agreement

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


# ------------------------------------------------------------- of two displayed figures

CLOSE, SPREAD, CAMPS = Agreement.CLOSE, Agreement.SPREAD, Agreement.TWO_CAMPS


@pytest.mark.parametrize(
    ("points", "earlier", "later", "word"),
    [
        (7, 3.5, 4.5, "higher"),
        (7, 4.5, 3.5, "lower"),
        (7, 3.5, 4.4, ""),
        (7, 4.1, 5.1, "higher"),  # 0.9999999999999996 apart, as floats go
        (5, 3.0, 3.6, ""),
        (5, 3.0, 3.7, "higher"),  # four sixths of a point
        (11, 5.0, 6.6, ""),
        (11, 5.0, 6.8, "higher"),  # ten sixths
    ],
)
def test_without_a_word_only_the_displayed_means_are_compared(points, earlier, later, word):
    assert change_of(Seen(earlier), Seen(later), points=points).word.value == word


def test_a_word_on_one_side_is_not_enough_for_an_interval():
    found = change_of(Seen(3.5, CLOSE, 12), Seen(4.5), points=7)

    assert (found.word, found.noise) == (Moved.HIGHER, 1.0)


@pytest.mark.parametrize(
    ("word", "people", "later", "wanted"),
    [
        # t(22) = 2.0739 times the root of 2 / 12, and .1 that rounding may hide: 0.9467
        (CLOSE, 12, 5.0, Moved.CLEARLY_HIGHER),
        (CLOSE, 12, 3.0, Moved.CLEARLY_LOWER),
        (CLOSE, 12, 4.9, Moved.UNKNOWN),
        (CLOSE, 12, 4.5, Moved.ABOUT_THE_SAME),  # 1.4467
        (CLOSE, 12, 4.6, Moved.UNKNOWN),
        # t(18) = 2.1009 times the root of 2 / 10, and .1: 1.0396
        (CLOSE, 10, 5.0, Moved.PERHAPS_HIGHER),
        (CLOSE, 10, 5.1, Moved.CLEARLY_HIGHER),
        # t(14) = 2.1448 times the root of 2 / 8, and .5: 1.5724
        (CLOSE, 8, 5.5, Moved.PERHAPS_HIGHER),
        (CLOSE, 8, 6.0, Moved.CLEARLY_HIGHER),
        (CLOSE, 8, 4.0, Moved.UNKNOWN),
        # t(18) times 1.75, and times 2.25, times the root of 2 / 10, and .1: 1.7442, 2.2140
        (SPREAD, 10, 5.7, Moved.PERHAPS_HIGHER),
        (SPREAD, 10, 5.8, Moved.CLEARLY_HIGHER),
        (CAMPS, 10, 6.2, Moved.PERHAPS_HIGHER),
        (CAMPS, 10, 6.3, Moved.CLEARLY_HIGHER),
    ],
)
def test_with_a_word_on_both_sides_an_interval_decides(word, people, later, wanted):
    found = change_of(Seen(4.0, word, people), Seen(later, word, people), points=7)

    assert found.word == wanted


STANDS = st.sampled_from([CLOSE, SPREAD, CAMPS])
PEOPLE, TENTHS = st.integers(8, 40), st.integers(15, 65)


@given(STANDS, PEOPLE, TENTHS, STANDS, PEOPLE, TENTHS)
def test_turning_the_scale_round_turns_the_word_round(word1, n1, mean1, word2, n2, mean2):
    turned = {"higher": "lower", "lower": "higher"}

    one = change_of(Seen(mean1 / 10, word1, n1), Seen(mean2 / 10, word2, n2), points=7)
    two = change_of(Seen(8 - mean1 / 10, word1, n1), Seen(8 - mean2 / 10, word2, n2), points=7)

    head, _space, tail = one.word.value.rpartition(" ")
    assert two.word.value == f"{head}{_space}{turned.get(tail, tail)}"
    assert two.noise == pytest.approx(one.noise)


@pytest.mark.parametrize(
    ("people", "word", "shares", "blind", "everybody", "least"),
    [
        ("5-9", None, False, False, True, 0),
        ("30", None, False, False, True, 0),
        ("5-9", CLOSE, False, False, True, 8),
        ("12", CLOSE, True, False, True, 10),
        ("30", CLOSE, True, False, True, 21),
        ("31", CLOSE, True, False, True, 22),
        ("30", CLOSE, True, True, True, 10),
        ("30", CLOSE, True, False, False, 10),
        ("30", CLOSE, False, False, True, 8),
    ],
)
def test_the_fewest_people_a_figure_can_be_of(people, word, shares, blind, everybody, least):
    assert fewest(people, word, shares=shares, blind=blind, everybody=everybody) == least
