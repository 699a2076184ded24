from datetime import timedelta

import pytest

from tests.factories import NOON, WEEK, make_person
from understream.access.refusal import Missing
from understream.domain import world
from understream.domain.world import NotEmpty, is_demo, make_demo, moment, move_clock

pytestmark = pytest.mark.django_db


def test_a_new_database_is_a_real_world_with_the_real_clock():
    assert not is_demo()
    assert moment(NOON) == NOON


def test_a_demo_is_marked_for_ever():
    make_demo(seed=7)
    world.forget()

    assert is_demo()
    with pytest.raises(NotEmpty):
        make_demo(seed=8)


def test_a_world_with_people_never_becomes_a_demo():
    make_person("Somebody")

    with pytest.raises(NotEmpty):
        make_demo(seed=7)

    world.forget()
    assert not is_demo()


def test_the_clock_of_a_demo_moves_forward_only():
    make_demo(seed=7)
    move_clock(NOON + WEEK, real=NOON)

    assert moment(NOON + timedelta(hours=1)) == NOON + WEEK + timedelta(hours=1)
    with pytest.raises(Missing):
        move_clock(NOON + timedelta(days=1), real=NOON)
    assert moment(NOON) == NOON + WEEK


def test_a_moved_clock_is_remembered_by_the_database():
    make_demo(seed=7)
    move_clock(NOON + WEEK, real=NOON)
    world.forget()

    assert moment(NOON) == NOON + WEEK


def test_the_clock_of_a_real_world_never_moves():
    with pytest.raises(Missing):
        move_clock(NOON + WEEK, real=NOON)

    assert moment(NOON) == NOON
