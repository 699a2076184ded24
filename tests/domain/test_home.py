"""The first room of an alliance: who is there, and what waits for the reader."""

from datetime import timedelta

import pytest

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    close,
    decide,
    invite,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    prepare_evaluation,
    reflect,
    seal_evaluation,
    seat_person,
    speak,
)
from understream.access import reach
from understream.access.refusal import Forbidden
from understream.access.seat import Role
from understream.domain import commitment, evaluation, joint, reveal, voice
from understream.domain import round as rounds
from understream.domain.home import home_of
from understream.domain.release import KEPT, cancel_round, erase_voices
from understream.domain.seat import end_seat
from understream.records.round import Round
from understream.records.seat import SeatRow

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)


def steps(seat, now=NOON):
    """Return what waits for a seat: the title of each step, its page, and the key it is about."""
    return [(one.title, one.page, one.key) for one in home_of(seat, now=now).steps]


def planned(world, *, title="Autumn", until=NOON + WEEK):
    return rounds.plan_round(
        world.managers["Harbour"], instrument="pulse", title=title, closes_at=until, now=NOON
    )


def test_the_home_tells_who_is_there():
    world = make_alliance(people=(3, 1))
    seat_person(world.alliance, world.parties["Mill"], "Second Manager", Role.MANAGER)
    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    home = home_of(world.managers["Mill"], now=NOON)

    assert [(one.party.name, one.people, one.managers) for one in home.parties] == [
        ("Harbour", 2, ("Manager Harbour",)),
        ("Mill", 2, ("Manager Mill", "Second Manager")),
    ]
    assert home.facilitators == ("Facilitator of Harbour",)


def test_a_new_alliance_invites_adds_and_plans():
    world = make_alliance(people=1)
    SeatRow.objects.filter(pk=world.managers["Mill"].key).delete()

    assert steps(world.managers["Harbour"]) == [
        ("Invite a manager of Mill", "people", world.alliance),
        ("Add the people of Harbour", "people", world.alliance),
        ("Plan the first round", "plan", world.alliance),
    ]


def test_an_invited_manager_is_waited_for_until_the_invitation_expires():
    world = make_alliance(people=2)
    SeatRow.objects.filter(pk=world.managers["Mill"].key).delete()
    SeatRow.objects.filter(party=world.parties["Mill"]).delete()
    invite(world, "Mill", seat=world.managers["Harbour"], role="manager")
    seat = world.managers["Harbour"]

    titles = [[one[0] for one in steps(seat, now=now)] for now in (NOON, NOON + 2 * WEEK)]

    assert titles == [
        ["Plan the first round"],
        ["Invite a manager of Mill", "Plan the first round"],
    ]


def test_a_party_that_has_not_said_yes_is_asked_to():
    world = make_alliance()
    key = planned(world)

    assert steps(world.managers["Mill"]) == [
        ("Choose who of you is asked in “Autumn”", "cohort", key)
    ]
    assert steps(world.people["Mill"][1]) == []
    assert steps(world.facilitator) == []


def test_when_all_have_said_yes_whoever_may_opens():
    world = make_alliance()
    key = plan_round(world)

    step = ("Open “Autumn”", "round", key)
    assert steps(world.managers["Harbour"]) == steps(world.facilitator) == [step]
    assert steps(world.people["Harbour"][1]) == []


def test_a_round_whose_end_passed_before_it_opened_asks_for_a_later_one():
    world = make_alliance()
    key = plan_round(world)

    assert steps(world.facilitator, now=LATER) == [
        ("Choose a later end for “Autumn”", "round", key)
    ]


def test_a_party_of_one_voice_is_led_to_its_form_until_it_is_filled_in():
    world = make_alliance(people=(5, 3))
    key = open_round(world)
    manager = world.managers["Mill"]

    before = steps(manager)
    voice.fill_form(manager, key, answers=SIX, now=NOON)

    assert before == [("Fill in one form together for “Autumn”", "form", key)]
    assert steps(manager) == []
    assert steps(world.people["Mill"][1]) == steps(world.managers["Harbour"]) == []


def test_what_ends_first_stands_first_and_there_are_three_at_most():
    world = make_alliance(people=1)
    keys = [
        planned(world, title=f"Round {days}", until=NOON + timedelta(days=days))
        for days in (9, 3, 6, 12)
    ]

    assert [key for _title, _page, key in steps(world.managers["Mill"])] == [
        keys[1],
        keys[2],
        keys[0],
    ]


def test_after_closing_the_newest_mirror_is_read_together():
    world = make_alliance()
    open_round(world)
    second = open_round(world)
    for key in Round.objects.values_list("pk", flat=True):
        close(world, key)

    for seat in (world.managers["Mill"], world.people["Mill"][1]):
        assert steps(seat, now=LATER) == [
            ("Read the mirror of “Autumn” together", "mirror", second)
        ]
    assert steps(world.facilitator, now=LATER) == []


def test_comments_that_wait_are_a_step_of_the_facilitator_named_for_them_alone():
    world = make_alliance(people=(8, 8))
    second = seat_person(world.alliance, None, "Second", Role.FACILITATOR)
    key = open_round(world, moderator=world.facilitator.key)
    for name in ("Harbour", "Mill"):
        for number, link in enumerate(links_of(key, world.parties[name])):
            wordy = name == "Harbour" or number < 2
            speak(world, link, SIX, comment=f"remark {number}" if wordy else "")
    assert steps(world.facilitator) == []
    close(world, key)

    assert steps(world.facilitator, now=LATER) == [
        ("Read the comments of “Autumn” first", "comments", key)
    ]
    assert steps(second, now=LATER) == []
    erase_voices(key, now=LATER + KEPT)
    assert steps(world.facilitator, now=LATER) == []


def test_a_cancelled_round_asks_for_nothing():
    world = make_alliance()
    key = open_round(world)

    cancel_round(world.managers["Mill"], key, now=NOON)

    assert steps(world.managers["Mill"]) == []


def test_steps_tell_moments_in_the_alliances_time():
    world = make_alliance(people=(5, 3))
    open_round(world)

    (step,) = home_of(world.managers["Mill"], now=NOON).steps

    assert "9 November 2026, 13:00 (Europe/Amsterdam)" in step.reason


def test_outside_alliances_there_is_no_home():
    with pytest.raises(Forbidden):
        home_of(reach.seat_of_person(make_person("Stranger").pk), now=NOON)


@pytest.mark.parametrize("many", [1, 3])
def test_the_home_asks_the_same_number_of_questions(many, django_assert_num_queries):
    names = [f"Party {number}" for number in range(many + 1)]
    world = make_alliance(*names, people=many + 4)
    for _ in range(many):
        plan_round(world)
        close(world, open_round(world))
        open_round(world)

    with django_assert_num_queries(8):
        home = home_of(world.managers["Party 0"], now=LATER)

    assert len(home.rounds) == 3 * many


def test_an_evaluation_asks_for_its_yes_its_beginning_its_words_and_its_seal():
    world = make_alliance(people=(5, 2))
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    key = prepare_evaluation(world, scans=("pulse",))
    agree = ("Read and accept the agreement of “Autumn evaluation”", "agreement", key)
    assert steps(harbour) == steps(mill) == [agree]
    assert steps(world.facilitator) == steps(world.people["Mill"][1]) == []

    for name, manager in world.managers.items():
        seats = [one.key for one in world.people[name]]
        evaluation.accept_agreement(
            manager, key, version=1, mode="one voice", seats=seats, now=NOON, rng=world.rng
        )
    assert steps(harbour) == steps(world.facilitator)
    assert steps(harbour) == [("Begin “Autumn evaluation”", "evaluation", key)]
    late = NOON + WEEK
    assert steps(mill, now=late) == [
        ("Choose later dates for “Autumn evaluation”", "evaluation", key)
    ]
    evaluation.call_off_evaluation(mill, key, now=NOON)

    key = begin_evaluation(world, scans=("pulse",))
    write = ("Write your reflection in “Autumn evaluation” together", "reflection", key)
    assert steps(harbour) == []
    assert steps(mill)[0] == write
    assert [page for _title, page, _key in steps(mill)] == ["reflection", "form"]
    let_answers_end(world, key)
    assert steps(harbour, now=SEALING) == steps(mill, now=SEALING) == [write]
    assert steps(world.people["Harbour"][1], now=SEALING) == []
    reflect(world, key, "Harbour")
    assert steps(harbour, now=SEALING) == [
        ("Seal your reflection in “Autumn evaluation”", "reflection", key)
    ]
    reveal.seal_reflection(harbour, key, now=SEALING, rng=world.rng)
    assert steps(harbour, now=SEALING) == []
    evaluation.propose_end(mill, key, kind="cancel", now=SEALING)
    assert steps(harbour, now=SEALING) == [
        ("Answer a proposal about “Autumn evaluation”", "evaluation", key)
    ]


def test_what_is_open_and_what_was_promised_waits_by_number():
    world = make_alliance(people=2)
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    key = begin_evaluation(world, if_never="talk")
    passed = NOON + 2 * WEEK
    assert steps(mill, now=passed) == [
        ("The deadline of “Autumn evaluation” has passed", "evaluation", key)
    ]
    seal_evaluation(world, key)
    side = ("Read “Autumn evaluation” side by side", "joint", key)
    assert steps(world.people["Mill"][1], now=SEALING) == [side]
    for code in ("EV1", "EV7"):
        joint.write_joint_text(
            harbour, key, "topic", code, version=0, reading="We see it.", now=SEALING
        )
    assert steps(mill, now=SEALING) == [
        ("Accept 2 texts that were written together, or change them", "joint", key)
    ]
    assert steps(world.facilitator, now=SEALING) == [side]
    decide(world, key)
    promise = commitment.propose_commitment(
        harbour,
        receiver=mill.party,
        action="Share the forecast",
        owner=harbour.key,
        due_on=SEALING.date(),
        now=SEALING,
    )
    assert steps(mill, now=SEALING) == [
        ("Answer a proposed commitment", "commitments", world.alliance)
    ]
    commitment.accept_commitment(mill, promise, now=SEALING)
    late = [("Say what became of a commitment", "commitments", world.alliance)]
    assert steps(mill, now=SEALING) == []
    assert steps(harbour, now=passed) == steps(mill, now=passed) == late
    commitment.judge_commitment(harbour, promise, outcome="kept", now=passed)
    assert (steps(harbour, now=passed), steps(mill, now=passed)) == ([], late)
