from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    LATER,
    NOON,
    WEEK,
    begin_evaluation,
    close,
    let_answers_end,
    make_alliance,
    open_round,
    plan_round,
    seat_person,
)
from understream.access.refusal import Broken, Forbidden, Missing, Unfit
from understream.access.seat import Role
from understream.domain import round as rounds
from understream.domain.release import cancel_round, close_round
from understream.domain.round import NotYet, Over, TooLate, again_from, round_before
from understream.records.participation import Participation
from understream.records.round import Cohort, Round
from understream.records.seat import SeatRow

pytestmark = pytest.mark.django_db


def test_a_party_of_fewer_than_k_is_proposed_one_voice():
    world = make_alliance("Harbour", "Mill", people=(5, 4))

    key = plan_round(world)

    modes = dict(Cohort.objects.filter(round=key).values_list("party", "mode"))
    assert modes[world.parties["Harbour"]] == "confidential"
    assert modes[world.parties["Mill"]] == "one voice"


def test_nobody_can_choose_confidential_for_fewer_than_k_people():
    world = make_alliance("Harbour", "Mill", people=6)
    key = plan_round(world)

    with pytest.raises(Unfit) as refusal:
        rounds.confirm_cohort(
            world.managers["Mill"],
            key,
            mode="confidential",
            seats=[seat.key for seat in world.people["Mill"][:4]],
            now=NOON,
            rng=world.rng,
        )

    assert list(refusal.value.faults) == ["mode"]


def test_k_can_be_raised_and_never_lowered(settings):
    world = make_alliance()
    plan = {"instrument": "pulse", "title": "Autumn", "closes_at": NOON + WEEK, "now": NOON}

    with pytest.raises(Unfit):
        rounds.plan_round(world.managers["Harbour"], k=4, **plan)
    settings.UNDERSTREAM_K = 8
    with pytest.raises(Unfit):
        rounds.plan_round(world.managers["Harbour"], k=7, **plan)

    assert rounds.plan_round(world.managers["Harbour"], k=8, **plan)


def test_a_round_opens_only_when_every_party_has_said_yes():
    world = make_alliance()
    key = rounds.plan_round(
        world.managers["Harbour"],
        instrument="pulse",
        title="Autumn",
        closes_at=NOON + WEEK,
        now=NOON,
    )

    assert round_before(world.managers["Harbour"], key).waiting_for == ("Harbour", "Mill")
    with pytest.raises(NotYet):
        rounds.open_round(world.managers["Harbour"], key, now=NOON)


def test_nobody_says_yes_for_another_partys_people():
    world = make_alliance()
    key = plan_round(world)

    with pytest.raises(Unfit) as refusal:
        rounds.confirm_cohort(
            world.managers["Harbour"],
            key,
            mode="confidential",
            seats=[seat.key for seat in world.people["Mill"]],
            now=NOON,
            rng=world.rng,
        )

    assert list(refusal.value.faults) == ["seats"]


@pytest.mark.parametrize("who", ["participant", "facilitator"])
def test_only_a_manager_says_yes_for_a_party(who):
    world = make_alliance()
    key = plan_round(world)
    seat = world.facilitator if who == "facilitator" else world.people["Harbour"][1]

    with pytest.raises((Forbidden, Missing)):
        rounds.confirm_cohort(seat, key, mode="named", seats=[seat.key], now=NOON, rng=world.rng)


@pytest.mark.parametrize("who", ["participant", "sponsor", "stranger"])
def test_only_managers_and_facilitators_plan_open_and_extend(who):
    world = make_alliance()
    key = plan_round(world)
    seat = {
        "participant": world.people["Harbour"][1],
        "sponsor": seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR),
        "stranger": make_alliance("Quay", "Barge").people["Quay"][1],
    }[who]

    for act in (
        lambda: rounds.plan_round(
            seat, instrument="pulse", title="Winter", closes_at=NOON + WEEK, now=NOON
        ),
        lambda: rounds.open_round(seat, key, now=NOON),
        lambda: rounds.extend_round(seat, key, closes_at=NOON + 2 * WEEK, now=NOON),
    ):
        with pytest.raises(Missing):
            act()


def test_opening_writes_to_everybody_once_and_freezes(django_capture_on_commit_callbacks):
    world = make_alliance(people=(6, 5))
    key = plan_round(world)

    with django_capture_on_commit_callbacks(execute=True):
        rounds.open_round(world.facilitator, key, now=NOON)

    assert len(mail.outbox) == 11
    assert len({message.to[0] for message in mail.outbox}) == 11
    with pytest.raises(TooLate):
        rounds.confirm_cohort(
            world.managers["Harbour"], key, mode="named", seats=[1], now=NOON, rng=world.rng
        )
    with pytest.raises(Over):
        rounds.open_round(world.facilitator, key, now=NOON)


def test_a_letter_says_nothing_but_that_something_waits(django_capture_on_commit_callbacks):
    world = make_alliance()
    key = plan_round(world)

    with django_capture_on_commit_callbacks(execute=True):
        rounds.open_round(world.managers["Harbour"], key, now=NOON)

    letter = mail.outbox[0]
    assert letter.subject == "Your voice in Harbour and Mill"
    assert letter.body.count("/r/") == 1


def test_an_open_round_moves_on_and_never_back():
    world = make_alliance()
    key = open_round(world)
    seat = world.managers["Mill"]

    with pytest.raises(Unfit):
        rounds.extend_round(seat, key, closes_at=NOON + WEEK - timedelta(minutes=1), now=NOON)
    rounds.extend_round(seat, key, closes_at=NOON + 2 * WEEK, now=NOON)

    assert round_before(seat, key).closes_at == NOON + 2 * WEEK


def test_a_round_whose_end_has_passed_cannot_be_extended():
    world = make_alliance()
    key = open_round(world)

    with pytest.raises(Over):
        rounds.extend_round(world.managers["Mill"], key, closes_at=LATER + WEEK, now=NOON + WEEK)


def test_other_parties_read_the_length_of_a_list_in_steps_only():
    world = make_alliance(people=(12, 7))
    key = open_round(world)

    seen = {
        card.party.name: (card.size, len(card.names), card.participation)
        for card in round_before(world.managers["Mill"], key).cohorts
    }

    assert seen == {"Harbour": ("10 or more", 0, ""), "Mill": ("7", 7, "fewer than 5")}


def test_a_cancelled_round_keeps_nothing_and_stays_cancelled():
    world = make_alliance()
    key = open_round(world)

    cancel_round(world.managers["Mill"], key, now=NOON)

    assert round_before(world.managers["Mill"], key).state == "cancelled"
    with pytest.raises(Over):
        cancel_round(world.managers["Mill"], key, now=NOON)


def test_a_round_of_another_alliance_is_missing():
    world = make_alliance("Harbour", "Mill")
    other = make_alliance("Quay", "Barge")
    key = open_round(other)

    with pytest.raises(Missing):
        round_before(world.managers["Harbour"], key)


@pytest.mark.parametrize("parties", [2, 4])
def test_the_round_page_asks_the_same_number_of_questions(parties, django_assert_num_queries):
    world = make_alliance(*[f"Party {number}" for number in range(parties)])
    key = open_round(world)

    with django_assert_num_queries(6):
        round_before(world.managers["Party 0"], key)


# ------------------------------------------------------------------ about whom everybody is asked


@given(parties=st.integers(3, 12), people=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_every_partner_is_dealt_to_as_many_people_or_one_more(parties, people, seed):
    partners = list(range(100, 100 + parties))

    hands = rounds.deal(partners, people, Random(seed))

    counts = [sum(partner in hand for hand in hands) for partner in partners]
    assert len(hands) == people
    assert all(len(set(hand)) == 2 and set(hand) <= set(partners) for hand in hands)
    assert max(counts) - min(counts) <= 1
    # As few different pairs as can be: nobody's is their own without need.
    assert len(set(map(tuple, hands))) <= (parties if parties % 2 else parties // 2)


def test_chance_deals_the_partners():
    partners = [1, 2, 3, 4, 5]

    assert len({str(rounds.deal(partners, 9, Random(seed))) for seed in range(20)}) == 20
    firsts = {tuple(rounds.deal(partners, 9, Random(seed))[0]) for seed in range(200)}
    assert len(firsts) == 10  # every pair there is


def test_of_three_partners_everybody_is_asked_about_two_unless_they_speak_with_one_voice():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft", people=(7, 4, 5, 5))

    key = open_round(world, instrument="trust")

    rights = {
        name: list(
            Participation.objects.filter(cohort__round=key, cohort__party=party).values_list(
                "partners", flat=True
            )
        )
        for name, party in world.parties.items()
    }
    others = {world.parties[name] for name in ("Mill", "Quay", "Loft")}
    asked = [partner for one in rights["Harbour"] for partner in one]
    assert sorted(asked.count(partner) for partner in others) == [4, 5, 5]
    assert [len(one) for one in rights["Quay"]] == [2] * 5
    assert rights["Mill"] == [None] * 4
    quay = set(world.parties.values()) - {world.parties["Quay"]}
    assert {partner for one in rights["Quay"] for partner in one} == quay


@pytest.mark.parametrize(("instrument", "names"), [("trust", "ABC"), ("pulse", "ABCD")])
def test_of_two_partners_or_of_none_in_particular_nobody_is_spared_one(instrument, names):
    world = make_alliance(*(f"Party {name}" for name in names), people=5)

    open_round(world, instrument=instrument)

    assert set(Participation.objects.values_list("partners", flat=True)) == {None}


def test_without_a_lot_a_round_that_needs_one_does_not_open():
    world = make_alliance("Harbour", "Mill", "Quay", "Loft")
    key = plan_round(world, instrument="trust")

    with pytest.raises(Broken):
        rounds.open_round(world.managers["Harbour"], key, now=NOON)

    assert round_before(world.managers["Harbour"], key).state == "planned"


# ------------------------------------------------------------------------------ asked again


def test_the_settings_of_a_closed_round_come_back_to_the_same_clock():
    world = make_alliance(people=6)
    key = open_round(
        world, k=6, asks_comment=False, moderator=world.facilitator.key, closes_at=NOON + 2 * WEEK
    )
    close_round(key, now=NOON + 2 * WEEK, rng=world.rng)
    march = datetime(2027, 3, 20, 23, 30, tzinfo=UTC)  # in Amsterdam the next day, and in winter

    again = again_from(world.managers["Mill"], key, now=march)

    assert (again.instrument, again.title, again.k) == ("pulse", "Autumn", 6)
    assert (again.asks_comment, again.moderator) == (False, world.facilitator.key)
    assert again.closes_at == datetime(2027, 4, 4, 11, 0, tzinfo=UTC)  # 13:00 there, as before


def test_a_facilitator_who_left_is_not_named_again_and_a_raised_k_stays(settings):
    world = make_alliance(people=8)
    key = open_round(world, moderator=world.facilitator.key)
    close(world, key)
    SeatRow.objects.filter(pk=world.facilitator.key).update(left_at=NOON)
    settings.UNDERSTREAM_K = 7

    again = again_from(world.managers["Harbour"], key, now=LATER)

    assert (again.moderator, again.k) == (0, 7)


def test_only_a_closed_round_of_an_instrument_that_can_be_chosen_is_asked_again():
    world, far = make_alliance(people=6), make_alliance("Quay", "Delta", people=6, seed=8)
    closed, running, planned = open_round(world), open_round(world), plan_round(world)
    elsewhere = open_round(far)
    close(world, closed)
    close(far, elsewhere)
    evaluation = begin_evaluation(world)
    let_answers_end(world, evaluation)
    topics = Round.objects.get(evaluation=evaluation).pk
    manager = world.managers["Harbour"]

    for key in (running, planned, elsewhere, topics):
        with pytest.raises(Missing):
            again_from(manager, key, now=LATER)
    with pytest.raises(Missing):
        again_from(world.people["Harbour"][1], closed, now=LATER)
    assert again_from(world.facilitator, closed, now=LATER).title == "Autumn"
    assert rounds.round_before(manager, closed).may_repeat
    assert not rounds.round_before(world.people["Harbour"][1], closed).may_repeat
    assert not rounds.round_before(manager, topics).may_repeat
