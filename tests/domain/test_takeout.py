"""A takeout becomes a commitment that says where it comes from, once."""

import pytest

from tests.factories import NOON, WEEK, make_alliance
from tests.workshops import come_in, draft, make_meeting
from understream.access.refusal import Missing, Unfit
from understream.domain.commitment import (
    commitment_before,
    propose_commitment,
    withdraw_commitment,
)
from understream.domain.takeout import AlreadyKept, keep_takeout, takeouts_of
from understream.records.commitment import Commitment

pytestmark = pytest.mark.django_db
COLUMNS = [{"en": "home"}, {"en": "do"}]


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


@pytest.fixture
def meeting(world):
    meeting = make_meeting(
        world, draft("takeouts", identity="named", columns=COLUMNS, most=2), people=1
    )
    meeting.open()
    seat = world.people["Mill"][1]
    come_in(meeting, "", person=seat.person)
    meeting.say("a0", "I see it differently now", slot=0)
    meeting.say(
        "", "Call every Monday", slot=2,
        value={"for": meeting.parties["Harbour"], "before": "2026-11-20"},
    )  # fmt: skip
    return meeting


def keep(world, meeting, one, **keys):
    seat = keys.pop("seat", world.managers["Mill"])
    return keep_takeout(
        seat, meeting.key, one.key, receiver=one.receiver, owner=one.owner, due_on=one.before,
        now=NOON, **keys,
    )  # fmt: skip


def test_what_somebody_will_do_is_told_with_for_whom_and_before_when(world, meeting):
    doing, seeing = takeouts_of(world.managers["Mill"], meeting.key)

    assert (doing.text, doing.receiver_name, str(doing.before)) == (
        "Call every Monday", "Harbour", "2026-11-20",
    )  # fmt: skip
    assert doing.owner == world.people["Mill"][1].key
    assert (doing.will_do, seeing.will_do) == (True, False)
    assert (doing.may_keep, seeing.may_keep) == (True, False)


def test_it_becomes_a_commitment_with_its_origin_both_ways_and_only_once(world, meeting):
    manager = world.managers["Mill"]
    one = takeouts_of(manager, meeting.key)[0]
    key = keep(world, meeting, one)

    card = commitment_before(manager, key, language="en", now=NOON)
    assert (card.action, card.workshop, card.workshop_title) == (
        "Call every Monday", meeting.key, "A meeting",
    )  # fmt: skip
    assert takeouts_of(manager, meeting.key)[0].commitment == key
    with pytest.raises(AlreadyKept):
        keep(world, meeting, one)
    assert Commitment.objects.count() == 1


def test_after_a_withdrawal_it_can_become_one_again(world, meeting):
    participant = world.people["Mill"][1]
    one = takeouts_of(participant, meeting.key)[0]
    key = keep(world, meeting, one, seat=participant)
    withdraw_commitment(participant, key, now=NOON)

    assert takeouts_of(participant, meeting.key)[0].may_keep
    keep(world, meeting, one, seat=participant)


def test_sponsors_other_alliances_and_wrong_days_are_refused_and_nothing_is_kept(world, meeting):
    one = takeouts_of(world.managers["Mill"], meeting.key)[0]
    other = make_alliance("Quay", "Delta", people=2)
    with pytest.raises(Missing):
        keep(world, meeting, one, seat=other.managers["Quay"])
    with pytest.raises(Missing):
        propose_commitment(
            other.managers["Quay"], receiver=other.parties["Delta"], action="x",
            owner=other.people["Quay"][0].key, due_on=(NOON + WEEK).date(), takeout=one.key,
            now=NOON,
        )  # fmt: skip
    with pytest.raises(Unfit):
        keep_takeout(
            world.managers["Mill"], meeting.key, one.key, receiver=0, owner=0,
            due_on=(NOON - WEEK).date(), now=NOON,
        )  # fmt: skip
    with pytest.raises(Missing):
        keep_takeout(
            world.managers["Mill"], meeting.key, 10**9, receiver=0, owner=0,
            due_on=(NOON + WEEK).date(), now=NOON,
        )  # fmt: skip
    assert not Commitment.objects.exists()
