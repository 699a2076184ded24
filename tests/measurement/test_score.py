"""One person's score: turned items, missing answers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement.score import score, turned

ANSWERS = st.lists(st.none() | st.integers(1, 7), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("items", "most_missing"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (9, 3)]
)
def test_two_thirds_of_the_items_make_a_score(items, most_missing):
    assert score([4] * (items - most_missing) + [None] * most_missing) == 4.0
    assert score([4] * (items - most_missing - 1) + [None] * (most_missing + 1)) is None


def test_missing_answers_are_not_filled_in():
    assert score([7, 6, None]) == 6.5


def test_a_scale_may_ask_for_more_or_less():
    assert score([4, None], least=Fraction(1, 2)) == 4.0
    assert score([4, 4, None], least=Fraction(1)) is None
    assert score([None, None], least=Fraction(0)) is None


@given(ANSWERS)
def test_turning_all_items_turns_the_score(answers):
    there = [None if one is None else turned(one, low=1, high=7) for one in answers]
    back = [None if one is None else turned(one, low=1, high=7) for one in there]

    assert back == answers
    if score(answers) is None:
        assert score(there) is None
    else:
        assert score(there) == pytest.approx(8 - score(answers), abs=1e-12)


@pytest.mark.parametrize("one", [0, 8, float("nan")])
def test_an_answer_off_the_scale_has_no_other_side(one):
    with pytest.raises(ValueError, match="lie from 1 to 7"):
        turned(one, low=1, high=7)


def test_a_score_needs_an_item():
    with pytest.raises(ValueError, match="needs an item"):
        score([])
