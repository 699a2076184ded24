"""Sums over rounds: the same figures as all answers together, and no batch of few."""

import json
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement.icc import one_way
from understream.measurement.pool import (
    answered_whole,
    from_plain,
    icc_of,
    may_join,
    sums_of,
    to_plain,
    together,
)
from understream.measurement.release import Question
from understream.measurement.reliability import reliability, reliability_of


def question(code, facet="F", about="", kind="rating", *, reverse=False):
    return Question(code, about, facet, kind, 7 if kind == "rating" else 3, reverse=reverse)


def test_only_who_answered_all_of_a_scale_counts_and_turned_items_are_turned():
    asked = [question("A"), question("B", reverse=True), question("C", "G"), question("D", "G", "",
             "choice")]  # fmt: skip

    found = answered_whole(
        asked, [bytes([1, 2, 3, 1]), bytes([4, 0, 255, 1]), bytes([5, 7, 6, 0])]
    )

    assert found == {"F": [(1, 6), (5, 1)], "G": [(3,), (6,)]}


def test_who_was_asked_about_several_partners_counts_once_with_the_first_that_is_whole():
    asked = [question(code, about=about) for about in ("8", "9") for code in ("A", "B")]

    found = answered_whole(
        asked, [bytes([1, 2, 3, 4]), bytes([1, 255, 3, 4]), bytes([0, 1, 2, 0])]
    )

    assert found == {"F": [(1, 2), (3, 4)]}


def test_fewer_than_ten_of_a_round_leave_no_sums_and_parties_below_k_none_of_theirs():
    four, five = [[(1, 1)] * n for n in (4, 5)]

    assert sums_of([five, four], k=5) is None
    assert sums_of([five, [(2, 2)] * 6, four], k=6) is None
    found = sums_of([five, [(2, 3)] * 5, four], k=5)
    assert (found.crossed.n, found.crossed.sums) == (10, (15, 20))
    assert found.crossed.products == ((25, 35), (35, 50))
    assert (found.groups, found.squares) == (2, 50)
    assert found.between == 1000 * (10 * 10 // 5 + 25 * 25 // 5)


ROUNDS = st.lists(
    st.lists(
        st.lists(st.tuples(*[st.integers(1, 7)] * 3), min_size=5, max_size=9),
        min_size=2,
        max_size=3,
    ),
    min_size=1,
    max_size=4,
)


@given(ROUNDS)
def test_sums_of_rounds_give_the_figures_of_all_their_answers(rounds):
    parts = [sums_of(groups, k=5) for groups in rounds]
    sums = from_plain(json.loads(json.dumps(to_plain(together(parts)))))

    people = [row for groups in rounds for group in groups for row in group]
    assert reliability_of(sums.crossed) == pytest.approx(reliability(people), abs=1e-9) or (
        reliability_of(sums.crossed).alpha == pytest.approx(reliability(people).alpha, abs=1e-9)
    )
    whole = one_way([[sum(row) for row in group] for groups in rounds for group in groups])
    found = icc_of(sums)
    assert (found.n_obs, found.n_groups, found.k) == (whole.n_obs, whole.n_groups, whole.k)
    assert found.k0 == pytest.approx(whole.k0)
    # A thousandth for each group is all that is lost.
    assert found.ms_between == pytest.approx(whole.ms_between, abs=0.02)
    assert found.ms_within == pytest.approx(whole.ms_within, abs=0.02)


def test_what_is_kept_of_groups_is_no_fraction_that_tells_their_sizes():
    seven = [(1, 2)] * 6 + [(2, 2)]
    found = sums_of([seven, [(3, 3)] * 5], k=5)

    assert found.between == round(1000 * (Fraction(22 * 22, 7) + Fraction(30 * 30, 5))) == 249143


@pytest.mark.parametrize(
    ("people", "is_batch"),
    [
        ([30, 10, 10], True),
        ([30, 20], False),
        ([100, 100], False),
        ([29, 10, 10], False),
        ([31, 10, 9], False),
        ([900, 10, 10], True),
        ([900, 10, 9], False),
        ([10] * 5, True),
        ([], False),
    ],
)
def test_a_batch_is_of_three_alliances_fifty_people_and_twenty_beside_the_largest(
    people, is_batch
):
    assert may_join(people) == is_batch


def test_no_alliance_that_takes_itself_away_is_left_with_fewer_than_twenty_of_two_others():
    chance = Random(3)
    for _ in range(2000):
        people = [chance.randint(10, 40) for _ in range(chance.randint(1, 6))]
        if may_join(people):
            for own in people:
                assert sum(people) - own >= 20
                assert len(people) - 1 >= 2
