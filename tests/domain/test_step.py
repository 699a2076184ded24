"""The agenda runs as whoever runs it says, live and over days, and two never skip a step."""

from datetime import timedelta
from random import Random

import pytest
from django.core import mail

from tests.factories import NOON, make_alliance
from tests.workshops import come_in, draft, make_meeting
from understream.access.refusal import Forbidden, Missing, Unfit
from understream.domain import step, workshop
from understream.domain.due import tick
from understream.domain.workshop import NotRunning, seconds_left
from understream.records.workshop import Step, Workshop

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


@pytest.fixture
def meeting(world):
    return make_meeting(world, draft("prompt"), draft("prompt"), draft("prompt", reveals=True))


def states(meeting):
    return [Step.objects.get(pk=key).state for key in meeting.steps]


def test_one_step_is_open_at_a_time_in_a_room(meeting):
    meeting.open(0)
    meeting.open(1)
    assert states(meeting) == ["closed", "open", "waiting"]
    meeting.open(0)  # once more
    assert states(meeting) == ["open", "closed", "waiting"]
    meeting.close(0)
    meeting.close(0)
    assert states(meeting) == ["closed", "closed", "waiting"]


def test_several_are_open_over_days(world):
    meeting = make_meeting(world, draft("prompt"), draft("prompt"), asynchronous=True)
    meeting.open(0, until=NOON + 3 * DAY)
    meeting.open(1, until=NOON + 4 * DAY)
    assert states(meeting) == ["open", "open"]
    assert [one.key for one in meeting.scene().room.open] == meeting.steps


def test_two_who_press_the_same_key_do_not_skip_a_step(meeting):
    meeting.open(0)
    seen = meeting.at
    step.open_step(meeting.lead, meeting.key, meeting.steps[1], at=seen, now=NOON, rng=meeting.rng)
    with pytest.raises(step.ElsewhereNow):
        step.open_step(
            meeting.lead, meeting.key, meeting.steps[2], at=seen, now=NOON, rng=meeting.rng
        )
    assert states(meeting) == ["closed", "open", "waiting"]


def test_a_step_is_skipped_and_opened_all_the_same(meeting):
    step.skip_step(meeting.lead, meeting.key, meeting.steps[0], now=NOON)
    assert states(meeting)[0] == "skipped"
    meeting.open(0)
    assert states(meeting)[0] == "open"
    step.skip_step(meeting.lead, meeting.key, meeting.steps[0], now=NOON)
    assert states(meeting)[0] == "open"


def test_the_clock_informs_stops_runs_and_is_given_more(meeting):
    meeting.open(0)

    def left(now):
        return seconds_left(Step.objects.get(pk=meeting.steps[0]), now)

    at = (meeting.lead, meeting.key, meeting.steps[0])
    assert left(NOON + MINUTE) == 240
    step.pause_clock(*at, runs=False, now=NOON + MINUTE)
    assert left(NOON + 9 * MINUTE) == 240
    step.extend_step(*at, minutes=1, now=NOON + 9 * MINUTE)
    step.pause_clock(*at, runs=True, now=NOON + 10 * MINUTE)
    assert left(NOON + 11 * MINUTE) == 240
    assert left(NOON + 20 * MINUTE) == -300
    assert states(meeting)[0] == "open"  # nothing happens at zero
    step.extend_step(*at, minutes=2, now=NOON + 20 * MINUTE)
    assert left(NOON + 20 * MINUTE) == 120
    with pytest.raises(Unfit):
        step.extend_step(*at, minutes=0, now=NOON)


def test_a_clock_is_right_across_the_night_in_which_clocks_change(meeting):
    night = NOON.replace(month=10, day=25, hour=0, minute=55)
    meeting.open(0, now=night)
    row = Step.objects.get(pk=meeting.steps[0])

    assert seconds_left(row, night + 10 * MINUTE) == -300


def test_what_is_written_in_private_is_shown_together(meeting):
    meeting.open(2)
    meeting.say("a0", "first", 2)
    assert meeting.scene().answers == ()
    step.reveal_step(meeting.lead, meeting.key, meeting.steps[2], now=NOON)
    meeting.say("b0", "second", 2)
    assert [one.text for one in meeting.scene().answers] == ["first", "second"]


def test_a_card_is_shown_when_it_is_shown(world):
    meeting = make_meeting(world, draft("prompt", card={"en": "Research says"}), draft("prompt"))
    meeting.open(0)
    assert meeting.scene().room.step.card == {}
    step.show_card(meeting.lead, meeting.key, meeting.steps[0], shown=True, now=NOON)
    assert meeting.scene().room.step.card["nl"] == "Research says"
    with pytest.raises(Missing):
        step.show_card(meeting.lead, meeting.key, meeting.steps[1], shown=True, now=NOON)


def test_an_end_that_comes_closes_a_step_once_and_a_moved_one_later(world):
    meeting = make_meeting(world, draft("prompt"), asynchronous=True)
    meeting.open(0, until=NOON + 3 * DAY)
    meeting.say("a0", "in time", now=NOON + DAY)
    step.extend_step(
        meeting.lead, meeting.key, meeting.steps[0], until=NOON + 5 * DAY, now=NOON + DAY
    )
    tick(now=NOON + 4 * DAY, rng=Random(1))
    assert states(meeting) == ["open"]
    assert "StepClosed" in type(meeting.say("b0", "late", now=NOON + 5 * DAY)).__name__
    tick(now=NOON + 5 * DAY, rng=Random(1))
    tick(now=NOON + 6 * DAY, rng=Random(1))
    assert states(meeting) == ["closed"]
    for until in (NOON, NOON + 100 * DAY):
        with pytest.raises(Unfit):
            meeting.open(0, until=until)


def test_a_reminder_goes_to_those_who_are_not_done(world, django_capture_on_commit_callbacks):
    meeting = make_meeting(world, draft("prompt"), people=0, asynchronous=True)
    people = world.people["Mill"] + world.people["Harbour"]
    for number, seat in enumerate(people):
        come_in(meeting, f"p{number}", person=seat.person)
    meeting.open(0, until=NOON + 3 * DAY)
    meeting.say("p0", "said")
    mail.outbox = []
    with django_capture_on_commit_callbacks(execute=True):
        tick(now=NOON + 2 * DAY + MINUTE, rng=Random(1))

    assert len(mail.outbox) == len(people) - 1
    assert all("A meeting" in one.subject for one in mail.outbox)


def test_of_a_confidential_step_everybody_is_reminded(django_capture_on_commit_callbacks):
    world = make_alliance("Harbour", "Mill", people=5)
    meeting = make_meeting(
        world, draft("prompt", identity="confidential"), people=0, asynchronous=True
    )
    for number, seat in enumerate(world.people["Harbour"]):
        come_in(meeting, f"p{number}", person=seat.person)
    meeting.open(0, until=NOON + 3 * DAY)
    meeting.say("p0", "said", done=True)
    mail.outbox = []
    with django_capture_on_commit_callbacks(execute=True):
        tick(now=NOON + 2 * DAY + MINUTE, rng=Random(1))

    assert len(mail.outbox) == 10


def test_everybody_of_the_alliance_is_written_to_once_it_is_under_way(
    meeting, django_capture_on_commit_callbacks
):
    mail.outbox = []
    with django_capture_on_commit_callbacks(execute=True):
        number = step.invite_to_workshop(meeting.lead, meeting.key, now=NOON)

    assert number == len(mail.outbox) == 6
    assert f"/j/{meeting.link}/" in mail.outbox[0].body


def test_the_end_closes_what_is_open_and_nothing_opens_after_it(meeting):
    meeting.open(0)
    step.end_workshop(meeting.lead, meeting.key, now=NOON, rng=Random(1))
    row = Workshop.objects.get(pk=meeting.key)

    assert states(meeting)[0] == "closed"
    assert (row.state, row.code) == ("ended", "")
    for act in (
        lambda: meeting.open(1),
        lambda: step.end_workshop(meeting.lead, meeting.key, now=NOON, rng=Random(1)),
        lambda: step.invite_to_workshop(meeting.lead, meeting.key, now=NOON),
    ):
        with pytest.raises(NotRunning):
            act()


def test_only_who_runs_it_runs_it(world, meeting):
    participant = world.people["Mill"][1]
    other = make_alliance("Quay", "Delta", people=2)
    acts = (
        lambda seat: step.open_step(
            seat, meeting.key, meeting.steps[0], at=0, now=NOON, rng=Random(1)
        ),
        lambda seat: step.close_step(seat, meeting.key, meeting.steps[0], now=NOON, rng=Random(1)),
        lambda seat: step.skip_step(seat, meeting.key, meeting.steps[0], now=NOON),
        lambda seat: step.end_workshop(seat, meeting.key, now=NOON, rng=Random(1)),
        lambda seat: workshop.show_count(seat, meeting.key, shown=False),
    )
    for act in acts:
        with pytest.raises(Forbidden):
            act(participant)
        with pytest.raises(Missing):
            act(other.facilitator)
    acts[0](world.managers["Mill"])


def test_how_many_are_done_can_be_hidden(meeting):
    meeting.open(0)
    workshop.show_count(meeting.lead, meeting.key, shown=False)
    assert meeting.scene().room.ready == -1
