"""Who has been heard least is asked first; who passes leaves no trace."""

import pytest
from django.db import connection

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.access.refusal import Missing
from understream.domain import scene, spotlight
from understream.domain.spotlight import NobodyLeft
from understream.records.attendee import Attendee
from understream.records.spotlight import Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("prompt"), draft("spotlight", source=1), people=3)
    meeting.open(0)
    return meeting


def draw(meeting):
    spotlight.draw_speaker(meeting.lead, meeting.key, meeting.steps[1], now=NOON, rng=meeting.rng)
    return asked(meeting)


def asked(meeting):
    for name in meeting.tokens:
        told = meeting.own(name).personal.invited
        if told is not None and not told.speaking:
            return name
    return ""


def reply(meeting, name, *, accepts):
    spotlight.answer_turn(
        meeting.tokens[name], meeting.key, meeting.steps[1], accepts=accepts, now=NOON,
        rng=meeting.rng,
    )  # fmt: skip


def test_everybody_is_heard_once_and_parties_in_turn(meeting):
    meeting.open(1)
    heard = []
    for _one in range(6):
        name = draw(meeting)
        reply(meeting, name, accepts=True)
        heard.append(name)
    assert sorted(heard) == sorted(meeting.tokens)
    letters = [name[0] for name in heard]
    assert all(letters[at] != letters[at + 1] for at in range(0, 6, 2))
    with pytest.raises(NobodyLeft):
        draw(meeting)
    assert [one.heard for one in meeting.scene().speakers] == [True] * 5 + [False]


def test_who_answered_is_asked_first_and_shown_with_that_answer(meeting):
    meeting.say("b1", "a knot")
    meeting.open(1)
    assert draw(meeting) == "b1"
    assert meeting.own("b1").personal.invited.text == "a knot"
    assert meeting.scene().speakers == ()  # nobody else knows
    reply(meeting, "b1", accepts=True)
    (speaker,) = meeting.scene().speakers
    assert (speaker.name, speaker.text) == ("b1", "a knot")


def test_whether_somebody_passed_is_seen_by_nobody_and_kept_nowhere(meeting):
    meeting.open(1)
    first = draw(meeting)
    before = scene.board_of(meeting.lead, meeting.key, meeting.steps[1])
    reply(meeting, first, accepts=False)
    second = asked(meeting)
    assert second not in ("", first)
    assert scene.board_of(meeting.lead, meeting.key, meeting.steps[1]) == before
    assert meeting.scene().speakers == ()
    with pytest.raises(Missing):
        reply(meeting, first, accepts=True)
    for _one in range(4):
        reply(meeting, asked(meeting), accepts=False)
    reply(meeting, asked(meeting), accepts=False)
    assert asked(meeting) == ""

    meeting.close(1)
    assert not Turn.objects.exists()
    assert not Attendee.objects.exclude(passes=None).exists()
    assert not Attendee.objects.exclude(heard=0).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT words, changes FROM records_move")
        told = str(cursor.fetchall())
    assert "passes" not in told


def test_who_does_not_answer_is_asked_no_more(meeting):
    meeting.open(1)
    first = draw(meeting)
    assert draw(meeting) != first
    with pytest.raises(Missing):
        reply(meeting, first, accepts=True)
