"""Together: side by side, differences first, a gate, and texts that stand when all say yes."""

import json
from datetime import timedelta

import pytest

from tests.factories import (
    BLOCKS,
    SEALING,
    TOPICS,
    answer_all,
    begin_evaluation,
    decide,
    make_alliance,
    pass_gate,
    seal_evaluation,
    seat_person,
)
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.seat import Role
from understream.domain import joint
from understream.domain.evaluation import Ended
from understream.domain.joint import Rewritten, StillSealed
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.joint import JointAcceptance, JointVersion
from understream.records.journal import Entry
from understream.records.round import Round
from understream.records.seal import SealEntry

pytestmark = pytest.mark.django_db
LOT = {"EV1": {"change": "lot", "effect": "hurts"}}
SAID = {
    "Harbour": {
        "EV1": {"change": "not"},
        "EV2": {"change": "little", "effect": "helps"},
        "EV7": {"rating": 2, "direction": "worse"},
        "EV8": {"rating": 6},
        "EV9": {"rating": 255},
        "EV12": {"rating": 1},
        "EV13": {"rating": 3},
    },
    "Mill": {
        "EV1": {"change": "little"},
        "EV2": {"change": "little", "effect": "hurts"},
        "EV7": {"rating": 6},
        "EV8": {"rating": 4},
        "EV9": {"rating": 2},
        "EV12": {"rating": 7},
        "EV13": {"rating": 3},
    },
}


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", people=(5, 5)))


def revealed(world, *, lot=False, **keys):
    """Return an evaluation that was revealed; with something large that shifted at Mill."""
    key = begin_evaluation(world, **keys)
    asked = Round.objects.get(evaluation=key)
    voices = {"Harbour": (1,) * 12 + (6,) * 10, "Mill": (2,) * 12 + (2,) * 10}
    answer_all(world, asked.pk, {name: [said] * 5 for name, said in voices.items()})
    said = SAID if not lot else {**SAID, "Mill": {**SAID["Mill"], **LOT}}
    seal_evaluation(world, key, **said)
    return key


@pytest.fixture(scope="module")
def key(lasting, world):
    """Return an evaluation at the gate."""
    return lasting(lambda: revealed(world, lot=True))


def card(world, key, name="Harbour", *, seat=None):
    return joint.joint_before(seat or world.managers[name], key, language="en", now=SEALING)


def write(world, key, kind="topic", code="EV7", *, name="Harbour", seat=None, version=0, **said):
    return joint.write_joint_text(
        seat or world.managers[name], key, kind, code, version=version, now=SEALING,
        **(said or {"reading": "We differ."}),
    )  # fmt: skip


def accept(world, key, name, kind="topic", code="EV7", *, version=1, seat=None):
    return joint.accept_joint_text(
        seat or world.managers[name], key, kind, code, version=version, now=SEALING
    )


# ------------------------------------------------------------------ side by side


def test_differences_come_first_within_the_fixed_order(world, key):
    read = card(world, key)

    assert [(one.number, one.code, one.sealed) for one in read.groups] == [
        (1, "own_goals", False), (2, "environment", False), (3, "hard", False), (4, "soft", True)
    ]  # fmt: skip
    assert read.first
    assert read.groups[3].topics == ()
    assert len(read.groups[3].titles) == 5
    hard = read.groups[2].topics
    assert [(one.topic.code, one.label) for one in hard[:2]] == [
        ("EV7", "worth asking"),
        ("EV8", "worth asking"),
    ]
    ev7 = hard[0]
    assert [(s.party.name, s.rating, s.rating_text, s.direction_text) for s in ev7.sides] == [
        ("Harbour", 2, "2", "worse"), ("Mill", 6, "6", "same")
    ]  # fmt: skip
    # What people said has a word of its own beside it.
    assert [side.people.text for side in ev7.sides] == ["6.0", "2.0"]
    assert ev7.people_label == "worth asking"
    ev9 = next(one for one in hard if one.topic.code == "EV9")
    assert (ev9.sides[0].rating, ev9.sides[0].rating_text) == (None, "can’t judge")
    assert ev9.label == ""
    labels = {one.topic.code: one.label for group in read.groups for one in group.topics}
    assert (labels["EV1"], labels["EV2"]) == ("worth asking", "worth asking")


def test_before_the_gate_no_word_of_the_soft_side_is_told_to_anybody(world, key):
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    for seat in (*world.managers.values(), sponsor, world.facilitator, world.people["Mill"][1]):
        read = repr(card(world, key, seat=seat))
        assert not [code for code in TOPICS[11:] if f"What we see in {code}." in read]
        assert "What we see in EV11." in read
    for kind, code, said in (
        ("topic", "EV12", {"reading": "Early."}),
        ("relevance", "relevance", {"choice": "ED1"}),
    ):
        with pytest.raises(StillSealed):
            write(world, key, kind, code, **said)
    with pytest.raises(StillSealed):
        joint.say_closing(world.managers["Mill"], key, rating=4, now=SEALING)
    stranger = make_alliance("Quay", "Dike", people=2, seed=9).managers["Quay"]
    with pytest.raises(Missing):
        card(world, key, seat=stranger)


def test_figures_that_were_not_shared_are_never_beside_another_partys():
    world = make_alliance("Gate", "Hull", people=5, seed=3)
    key = begin_evaluation(world, shares_figures=False)
    asked = Round.objects.get(evaluation=key)
    answer_all(world, asked.pk, {name: [(3,) * 22] * 5 for name in world.managers})
    seal_evaluation(world, key)

    for seat, own in ((world.managers["Gate"], "Gate"), (world.facilitator, None)):
        for group in card(world, key, seat=seat).groups:
            for topic in group.topics:
                assert topic.people_label == ""
                assert {s.party.name for s in topic.sides if s.people} <= {own}


def test_the_page_asks_the_same_number_of_questions_for_two_and_four(
    world, key, django_assert_max_num_queries
):
    four = make_alliance("Flow", "Gate", "Hull", "Isle", people=2, seed=4)
    other = begin_evaluation(four)
    seal_evaluation(four, other, Flow=LOT)
    for place, at in ((world, key), (four, other)):
        name = next(iter(place.managers))
        for code in TOPICS[:9] if place is four else ():
            write(place, at, code=code, name=name)
    with django_assert_max_num_queries(30) as two:
        card(world, key)
    with django_assert_max_num_queries(30) as many:
        card(four, other, "Flow")
    # What is there at all may need a question more, how much of it none.
    assert len(many) - len(two) <= 2


# ------------------------------------------------------------------ the gate


def test_four_notes_that_stand_open_the_soft_side_once(world, key):
    read = card(world, key)
    assert [(who.name, marked) for who, marked in read.gate.because] == [
        ("Mill", (read.groups[0].topics[0].topic.title,))
    ]  # fmt: skip
    for block in BLOCKS:
        write(world, key, "block", block, name="Mill")
    for block in BLOCKS[:3]:
        accept(world, key, "Mill", "block", block)
        accept(world, key, "Harbour", "block", block)
    # A note that was changed stands no longer.
    write(world, key, "block", "B1", version=1, reading="Looked again.")
    for name in world.managers:
        accept(world, key, name, "block", "B4")
    assert card(world, key).gate.reviewed == 3
    assert Evaluation.objects.get(pk=key).soft_opened_at is None

    accept(world, key, "Mill", "block", "B1", version=2)
    assert accept(world, key, "Harbour", "block", "B1", version=2)

    assert Evaluation.objects.get(pk=key).soft_opened_at == SEALING
    accept(world, key, "Harbour", "block", "B1", version=2)
    opened = [json.loads(one.body)["kind"] for one in SealEntry.objects.filter(evaluation=key)]
    assert opened.count("revealed") == 2
    read = card(world, key)
    assert not read.gate.closed
    assert read.groups[3].topics[0].topic.code == "EV12"


# ------------------------------------------------------------------ texts


def test_a_text_stands_when_a_manager_of_each_party_has_accepted_what_is_written_now(world, key):
    participant = world.people["Mill"][1]
    assert write(world, key, seat=participant) == 1
    for seat in (participant, world.facilitator, world.people["Harbour"][2]):
        with pytest.raises(Missing):
            accept(world, key, "", seat=seat)
    assert not accept(world, key, "Harbour")
    before = Entry.objects.count()
    assert not accept(world, key, "Harbour")
    assert Entry.objects.count() == before  # the same yes twice is one yes
    assert write(world, key, seat=world.facilitator, version=1, reading="Otherwise.") == 2
    with pytest.raises(Rewritten) as refused:
        accept(world, key, "Mill", version=1)
    assert refused.value.theirs.reading == "Otherwise."
    with pytest.raises(Rewritten):
        write(world, key, version=1, reading="Mine.")
    assert not accept(world, key, "Mill", version=2)
    text = card(world, key).groups[2].topics[0].text
    assert (text.version, text.stands, [one.done for one in text.accepted]) == (
        2, False, [False, True]
    )  # fmt: skip
    assert accept(world, key, "Harbour", version=2)
    assert card(world, key).groups[2].topics[0].text.stands
    assert JointVersion.objects.count() == 2
    assert JointAcceptance.objects.count() == 2


def test_what_does_not_fit_or_is_not_asked_is_not_written(world, key):
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    for seat in (sponsor, make_alliance("Quay", "Dike", people=2, seed=9).managers["Quay"]):
        with pytest.raises(Missing):
            write(world, key, seat=seat)
    for kind, code in (("topic", "EV17"), ("block", "B5"), ("poem", "EV1"), ("topic", "B1")):
        with pytest.raises(Missing):
            write(world, key, kind, code)
    for said in (
        {"reading": " \x00 "},
        {"reading": "x" * 2001},
        {"decision": "x" * 200_000},
    ):
        with pytest.raises(Unfit):
            write(world, key, **said)
    with pytest.raises(Missing):
        accept(world, key, "Mill")
    assert not JointVersion.objects.exists()


def test_the_closing_decision_ends_it_and_a_day_to_decide_does_not(world, key):
    pass_gate(world, key)
    for said in ({}, {"choice": "ED9"}, {"choice": "ED0"}, {"choice": "ED0",
                 "decide_on": SEALING.date()}):  # fmt: skip
        with pytest.raises(Unfit):
            write(world, key, "relevance", "relevance", **{"reading": "So.", **said})
    day = (SEALING + timedelta(days=30)).date()
    decide(world, key, choice="ED0", decide_on=day)
    assert Evaluation.objects.get(pk=key).state == "revealed"
    assert card(world, key).relevance.decide_on == day
    assert Due.objects.get(kind="evaluation.decide").at.date() == day
    decide(world, key, choice="ED3")
    row = Evaluation.objects.get(pk=key)
    assert (row.state, row.ended_at) == ("agreed", SEALING)
    assert card(world, key).relevance.choice_word == "narrow"
    for call in (
        lambda: write(world, key),
        lambda: accept(world, key, "Mill", "relevance", "relevance", version=2),
        lambda: joint.assign_critic(world.managers["Mill"], key, "EV1", critic=0, now=SEALING),
    ):
        with pytest.raises(Ended):
            call()
    # Who may not accept is told nothing of how it stands, afterwards as before.
    about = (key, "relevance", "relevance")
    for seat in (world.facilitator, world.people["Mill"][1]):
        with pytest.raises(Missing):
            joint.accept_joint_text(seat, *about, version=2, now=SEALING)


def test_each_party_says_once_what_it_did_and_reads_the_others_when_all_have(world, key):
    pass_gate(world, key)
    harbour, mill = world.managers.values()
    for seat in (world.people["Mill"][1], world.facilitator):
        with pytest.raises(Missing):
            joint.say_closing(seat, key, rating=4, now=SEALING)
    for said in ({"rating": 0}, {"rating": 8}, {"rating": 4, "sentence": "x" * 501}):
        with pytest.raises(Unfit):
            joint.say_closing(mill, key, now=SEALING, **said)
    joint.say_closing(mill, key, rating=2, sentence="A zebra.", now=SEALING)
    with pytest.raises(Refused, match="said this already"):
        joint.say_closing(mill, key, rating=7, now=SEALING)
    assert "zebra" not in repr(card(world, key))
    assert (card(world, key, "Mill").own_closing, card(world, key).closings_missing) == (
        2, ("Harbour",)
    )  # fmt: skip
    joint.say_closing(harbour, key, rating=6, now=SEALING)
    assert [one.rating for one in card(world, key).closings] == [6, 2]


def test_a_critic_is_somebody_of_the_parties_named_by_who_steers(world, key):
    chosen = world.people["Mill"][1]
    with pytest.raises(Missing):
        joint.assign_critic(chosen, key, "EV7", critic=chosen.key, now=SEALING)
    with pytest.raises(Unfit):
        joint.assign_critic(
            world.facilitator, key, "EV7", critic=world.facilitator.key, now=SEALING
        )
    with pytest.raises(StillSealed):
        joint.assign_critic(world.facilitator, key, "EV12", critic=chosen.key, now=SEALING)
    joint.assign_critic(world.facilitator, key, "EV7", critic=chosen.key, now=SEALING)
    assert card(world, key).groups[2].topics[0].critic == "Mill 1"
    joint.assign_critic(world.managers["Mill"], key, "EV7", critic=0, now=SEALING)
    assert card(world, key).groups[2].topics[0].critic_key == 0
