"""Workshops are prepared, kept, begun and duplicated; their agendas stay in order."""

from datetime import timedelta
from random import Random

import pytest

from tests.factories import NOON, make_alliance, make_person
from tests.workshops import BOTH, draft, make_meeting
from understream.access import reach
from understream.access.refusal import Forbidden, Missing, Unfit
from understream.domain import workshop
from understream.domain.step import end_workshop
from understream.domain.workshop import (
    ALPHABET,
    CODE_LASTS,
    Ended,
    Frozen,
    NoSteps,
    NotRunning,
    StepDraft,
    workshop_before,
)
from understream.instruments import agenda
from understream.records.workshop import Step, Workshop

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


def prepared(world, **keys):
    return workshop.prepare_workshop(
        world.facilitator, **{"title": "T", "now": NOON, "rng": Random(1), **keys}
    )


def test_the_deck_s_agenda_is_there_in_both_languages_and_in_two_lengths(world):
    long, short = (
        workshop_before(world.facilitator, prepared(world, agenda="building_trust", short=one,
                        rng=Random(one)), now=NOON)
        for one in (False, True)
    )  # fmt: skip

    assert sum(one.minutes for one in long.steps) == 135
    assert [one.kind for one in long.steps][:6] == [
        "prompt", "prompt", "themes", "vote", "prompt", "pairs",
    ]  # fmt: skip
    assert len(long.steps) - len(short.steps) == 3
    for one in long.steps:
        assert set(one.title) == set(one.prompt) == {"en", "nl"}
        assert one.source == 0 or one.source in {other.key for other in long.steps[: one.number]}


def test_what_we_promised_last_time_comes_first_in_an_alliance_and_nowhere_else(world):
    inside = workshop_before(world.facilitator, prepared(world, agenda="one_question"), now=NOON)
    empty = workshop_before(world.facilitator, prepared(world, rng=Random(2)), now=NOON)
    alone = reach.seat_of_person(make_person("Alone").pk)
    key = workshop.prepare_workshop(
        alone, title="T", agenda="building_trust", organisations=["A", "B", "A", " "], now=NOON,
        rng=Random(3),
    )  # fmt: skip
    outside = workshop_before(reach.seat_in_workshop(alone.person, key), key, now=NOON)

    assert [one.promises for one in inside.steps] == [True, False, False, False, False]
    assert [one.promises for one in empty.steps] == [True]
    assert not any(one.promises for one in outside.steps)
    assert [one.name for one in outside.parties] == ["A", "B"]


def test_nobody_else_reaches_a_workshop_outside_alliances(world):
    alone = reach.seat_of_person(make_person("Alone").pk)
    key = workshop.prepare_workshop(alone, title="T", now=NOON, rng=Random(3))

    for person in (world.facilitator.person, world.managers["Mill"].person):
        with pytest.raises(Missing):
            reach.seat_in_workshop(person, key)
    with pytest.raises(Missing):
        workshop_before(world.facilitator, key, now=NOON)
    with pytest.raises(Missing):
        workshop_before(alone, key, now=NOON)  # a seat of its own is asked for
    assert [one.key for one in workshop.workshops_of(alone)] == [key]


def test_participants_and_sponsors_prepare_nothing(world):
    with pytest.raises(Forbidden):
        workshop.prepare_workshop(world.people["Mill"][1], title="T", now=NOON, rng=Random(1))


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"title": " \u200b"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"agenda": "../evaluation"}, "agenda"),
        ({"language": "fr"}, "language"),
        ({"names": "sometimes"}, "names"),
        ({"organisations": [str(number) for number in range(13)]}, "organisations"),
        ({"organisations": ["x" * 121]}, "organisations"),
    ],
)
def test_what_does_not_fit_is_told_by_field_and_nothing_is_made(world, keys, field):
    with pytest.raises(Unfit) as told:
        prepared(world, **keys)

    assert set(told.value.faults) == {field}
    assert not Workshop.objects.exists()


def test_a_code_is_eight_signs_that_nobody_mistakes_and_is_over_after_twelve_hours(world):
    key = prepared(world, agenda="one_question")
    assert workshop_before(world.facilitator, key, now=NOON).code == ""
    workshop.begin_workshop(world.facilitator, key, now=NOON, rng=Random(4))

    card = workshop_before(world.facilitator, key, now=NOON)
    assert len(card.code) == 8
    assert set(card.code) <= set(ALPHABET)
    assert len(set(ALPHABET)) == 30
    assert not set("01OILS") & set(ALPHABET)
    assert workshop_before(world.facilitator, key, now=NOON + CODE_LASTS).code == ""
    # Who does not run it is told no way in but the button.
    plain = workshop_before(world.people["Mill"][1], key, now=NOON)
    assert (plain.code, plain.join, plain.wall, plain.may_run) == ("", "", "", False)
    assert workshop.way_in(world.people["Mill"][1], key) == card.join


def test_two_workshops_never_share_a_code_and_one_that_is_over_is_free_again(world):
    first, second = (prepared(world, agenda="one_question", rng=Random(n)) for n in (1, 2))
    workshop.begin_workshop(world.facilitator, first, now=NOON, rng=Random(4))
    workshop.begin_workshop(world.facilitator, second, now=NOON, rng=Random(4))
    codes = {workshop_before(world.facilitator, one, now=NOON).code for one in (first, second)}
    assert len(codes) == 2

    later = NOON + CODE_LASTS
    fresh = workshop.renew_code(world.facilitator, second, now=later, rng=Random(4))
    assert fresh in codes
    assert Workshop.objects.get(pk=first).code == ""


def test_an_agenda_is_written_moved_and_taken_off_until_a_step_opens(world):
    meeting = make_meeting(
        world, draft("prompt"), draft("themes", source=1), draft("vote", source=2), people=1
    )
    lead, key = world.facilitator, meeting.key
    first, second, third = meeting.steps

    with pytest.raises(Unfit):
        workshop.move_step(lead, key, second, by=-1)
    with pytest.raises(Unfit):
        workshop.move_step(lead, key, first, by=5)
    workshop.move_step(lead, key, third, by=9)
    meeting.open(0)
    for act in (
        lambda: workshop.write_step(lead, key, draft("prompt"), key=first),
        lambda: workshop.remove_step(lead, key, first),
    ):
        with pytest.raises(Frozen):
            act()
    workshop.remove_step(lead, key, third)
    assert [one.number for one in workshop_before(lead, key, now=NOON).steps] == [1, 2]
    assert Step.objects.filter(pk=third).count() == 0


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"kind": "dance"}, "kind"),
        ({"kind": "prompt", "identity": "secret"}, "identity"),
        ({"kind": "vote", "identity": "named", "choices": [{"en": "a"}, {"en": "b"}]}, "identity"),
        ({"kind": "scale", "identity": "party-labelled"}, "identity"),
        ({"kind": "prompt", "title": {}}, "title"),
        ({"kind": "prompt", "prompt": {"en": "", "nl": " "}}, "prompt"),
        ({"kind": "prompt", "prompt": {"en": "x" * 1001}}, "prompt"),
        ({"kind": "prompt", "most": 0}, "most"),
        ({"kind": "prompt", "identity": "confidential", "most": 2}, "most"),
        ({"kind": "scale", "points": 2}, "points"),
        ({"kind": "prompt", "minutes": 481}, "minutes"),
        ({"kind": "prompt", "columns": [{"en": "x"}] * 5}, "columns"),
        ({"kind": "vote", "choices": [{"en": "only one"}]}, "choices"),
        ({"kind": "themes"}, "source"),
        ({"kind": "themes", "source": 10**9}, "source"),
    ],
)
def test_a_step_that_does_not_fit_is_told_by_field(world, fields, fault):
    key = prepared(world)
    with pytest.raises(Unfit) as told:
        workshop.write_step(world.facilitator, key, StepDraft(**{**BOTH, **fields}))

    assert fault in told.value.faults
    assert Step.objects.filter(workshop=key).count() == 1


def test_a_text_in_one_language_stands_for_both(world):
    key = prepared(world)
    only = {"title": {"nl": "Alleen"}, "prompt": {"en": "Only", "nl": ""}}
    step = workshop.write_step(world.facilitator, key, StepDraft(kind="prompt", **only))

    found = Step.objects.get(pk=step)
    assert found.title == {"en": "Alleen", "nl": "Alleen"}
    assert found.prompt == {"en": "Only", "nl": "Only"}


def test_a_copy_has_the_agenda_and_nothing_of_anybody(world):
    meeting = make_meeting(
        world, draft("prompt", most=2), draft("themes", source=1), draft("vote", source=2)
    )
    meeting.open(0)
    meeting.say("a0", "words")
    key = workshop.duplicate_workshop(world.facilitator, meeting.key, now=NOON, rng=Random(9))

    card = workshop_before(world.facilitator, key, now=NOON)
    keys = [one.key for one in card.steps]
    assert (card.state, card.people, card.code) == ("preparing", 0, "")
    assert [one.kind for one in card.steps] == ["prompt", "themes", "vote"]
    assert [one.source for one in card.steps] == [0, keys[0], keys[1]]
    assert all(one.opened_at is None and one.state == "waiting" for one in card.steps)
    assert card.join != meeting.link


def test_without_an_agenda_nothing_begins_and_what_has_ended_stays(world):
    alone = reach.seat_of_person(make_person("Alone").pk)
    empty = workshop.prepare_workshop(alone, title="T", now=NOON, rng=Random(3))
    with pytest.raises(NoSteps):
        workshop.begin_workshop(
            reach.seat_in_workshop(alone.person, empty), empty, now=NOON, rng=Random(1)
        )

    meeting = make_meeting(world)
    end_workshop(world.facilitator, meeting.key, now=NOON, rng=Random(1))
    for act in (
        lambda: workshop.write_step(world.facilitator, meeting.key, draft("prompt")),
        lambda: workshop.begin_workshop(world.facilitator, meeting.key, now=NOON, rng=Random(1)),
        lambda: workshop.renew_code(world.facilitator, meeting.key, now=NOON, rng=Random(1)),
    ):
        with pytest.raises(Ended):
            act()
    with pytest.raises(NotRunning):
        workshop.way_in(world.facilitator, meeting.key)


def test_a_console_s_ticket_is_good_for_twelve_hours_and_for_its_workshop(world):
    meeting = make_meeting(world)
    ticket = workshop.console_ticket(world.facilitator, meeting.key, now=NOON)

    assert reach.seat_by_ticket(ticket, now=NOON)[1] == meeting.key
    changed = ticket.replace(f".{meeting.key}.", f".{meeting.key + 1}.")
    for false, at in ((changed, NOON), (ticket, NOON + timedelta(hours=13)), (ticket[:-1], NOON)):
        with pytest.raises(Missing):
            reach.seat_by_ticket(false, now=at)
    with pytest.raises(Forbidden):
        workshop.console_ticket(world.people["Mill"][1], meeting.key, now=NOON)


def test_agendas_that_come_with_the_product_can_be_used_as_they_are():
    for code in agenda.builtin():
        for one in agenda.load(code).steps:
            assert one.identity in workshop.IDENTITIES[one.kind], (code, one.code)
            assert one.kind != "themes" or one.source
