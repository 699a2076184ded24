"""What came of a workshop: what the wall may show, to whom may read, at any moment."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.access.refusal import Forbidden, Missing
from understream.domain import answer, attendee, theme
from understream.domain.outcome import export_outcome, outcome_of
from understream.records.journal import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


def texts(card):
    return [one.text for step in card.steps for one in step.answers]


def test_it_holds_what_may_be_shown_and_nothing_before_that(world):
    meeting = make_meeting(world, draft("prompt"), draft("prompt", reveals=True))
    meeting.open(0)
    meeting.say("a0", "shown")
    meeting.say("b0", "held")
    held = next(one for one in meeting.scene().answers if one.text == "held")
    answer.hold_answer(meeting.lead, meeting.key, held.key, now=NOON)
    meeting.open(1)
    meeting.say("a0", "in private", 1)

    assert texts(outcome_of(world.people["Mill"][1], meeting.key)) == ["shown"]
    meeting.close(1)
    assert texts(outcome_of(world.people["Mill"][1], meeting.key)) == ["shown", "in private"]


def test_of_a_confidential_step_nothing_before_its_release(world):
    meeting = make_meeting(world, draft("prompt", identity="confidential"), people=8)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    for name in meeting.tokens:
        meeting.say(name, f"canary {name}")
    told = outcome_of(meeting.lead, meeting.key)
    assert "canary" not in str(told)
    assert told.steps[0].sealed
    meeting.close()
    assert len(texts(outcome_of(meeting.lead, meeting.key))) == 16


def test_themes_come_with_their_answers(world):
    meeting = make_meeting(world, draft("prompt"), draft("themes", source=1))
    meeting.open(0)
    meeting.say("a0", "alike")
    meeting.open(1)
    keys = [one.key for one in meeting.scene().answers]
    theme.make_theme(meeting.lead, meeting.key, meeting.steps[1], name="T", answers=keys, now=NOON)
    ((card, lying),) = outcome_of(meeting.lead, meeting.key).steps[1].themes
    assert (card.name, [one.text for one in lying]) == ("T", ["alike"])


def test_seats_read_managers_and_facilitators_take_out_and_the_journal_tells(world):
    meeting = make_meeting(world)
    participant = world.people["Mill"][1]
    outcome_of(participant, meeting.key)
    with pytest.raises(Forbidden):
        export_outcome(participant, meeting.key, now=NOON)
    with pytest.raises(Missing):
        outcome_of(make_alliance("Quay", "Delta", people=2).managers["Quay"], meeting.key)
    export_outcome(world.managers["Mill"], meeting.key, now=NOON)
    assert Entry.objects.filter(act="workshop.export").count() == 1


def test_it_asks_as_often_for_many_answers_as_for_one(world):
    meeting = make_meeting(world, draft("prompt", most=9))
    meeting.open()
    counts = []
    for slots in (range(1), range(1, 9)):
        for slot in slots:
            for name in meeting.tokens:
                meeting.say(name, "x", slot=slot)
        with CaptureQueriesContext(connection) as asked:
            outcome_of(meeting.lead, meeting.key)
        counts.append(len(asked))
    assert counts[0] == counts[1]
