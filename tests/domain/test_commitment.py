"""Commitments: from one party to another, standing when all concerned say so, judged apart."""

from datetime import date, timedelta

import pytest

from tests.factories import NOON, begin_evaluation, make_alliance, seal_evaluation, seat_person
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.seat import Role
from understream.domain import commitment as promises
from understream.domain.commitment import NotStanding, Stands
from understream.records.evaluation import Evaluation

pytestmark = pytest.mark.django_db
SOON = NOON.date() + timedelta(days=30)


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", "Quay", people=2))


@pytest.fixture(scope="module")
def key(lasting, world):
    def make():
        found = begin_evaluation(world)
        seal_evaluation(world, found)
        return found

    return lasting(make)


def propose(world, name="Harbour", *, seat=None, **said):
    owner = world.managers["Harbour"].key
    told = {"receiver": world.parties["Mill"], "action": "Call first.", "owner": owner}
    return promises.propose_commitment(
        seat or world.managers[name], **{**told, "due_on": SOON, "now": NOON, **said}
    )


def read(world, key, name="Harbour", *, seat=None, now=NOON):
    return promises.commitment_before(seat or world.managers[name], key, language="en", now=now)


def accept(world, key, name):
    return promises.accept_commitment(world.managers[name], key, now=NOON)


def judge(world, key, name, outcome="kept", **said):
    promises.judge_commitment(world.managers[name], key, outcome=outcome, now=NOON, **said)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"action": " \x00 "}, "action"),
        ({"action": "x" * 301}, "action"),
        ({"owner": 0}, "owner"),
        ({"due_on": NOON.date() - timedelta(days=1)}, "due_on"),
        ({"due_on": date(9999, 12, 31)}, "due_on"),
        ({"receiver": 0}, "receiver"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(world, said, field):
    with pytest.raises(Unfit) as refused:
        propose(world, **said)

    assert list(refused.value.faults) == [field]


def test_a_commitment_is_to_another_party_by_somebody_of_one(world):
    for said in (
        {"receiver": world.parties["Harbour"]},
        {"owner": world.facilitator.key},
        {"receiver": make_alliance("Dike", "Ebb", people=2, seed=9).parties["Dike"]},
    ):
        with pytest.raises(Unfit):
            propose(world, **said)


def test_anybody_who_works_there_proposes_and_a_manager_of_each_side_accepts(world):
    for seat in (world.people["Quay"][1], world.facilitator):
        assert read(world, propose(world, seat=seat)).accepted_by == ()
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    with pytest.raises(Missing):
        propose(world, seat=sponsor)
    key = propose(world)
    assert [one.name for one in read(world, key).accepted_by] == ["Harbour"]
    for seat in (world.people["Mill"][1], world.facilitator, sponsor, world.managers["Quay"]):
        with pytest.raises(Missing):
            promises.accept_commitment(seat, key, now=NOON)

    assert accept(world, key, "Mill")

    assert accept(world, key, "Harbour")  # again is no more than once
    assert (read(world, key).state, read(world, key).kind) == ("standing", "open")
    with pytest.raises(Stands):
        promises.withdraw_commitment(world.managers["Harbour"], key, now=NOON)


def test_one_from_an_evaluation_needs_every_party_of_it(world, key):
    made = propose(world, evaluation=key, topic="EV7")
    assert not accept(world, made, "Mill")
    assert [one.name for one in read(world, made).waiting_for] == ["Quay"]
    assert accept(world, made, "Quay")
    assert read(world, made).topic_title
    # The closing decision and blocks have long codes; what is no topic is none.
    for topic, told in (("relevance", "relevance"), ("B1", "B1"), ("EV99", "")):
        assert read(world, propose(world, evaluation=key, topic=topic)).topic == told
    with pytest.raises(Missing):
        judge(world, made, "Quay")
    with pytest.raises(Missing):
        propose(world, evaluation=key + 1)
    Evaluation.objects.filter(pk=key).update(state="running", revealed_at=None,
                                             soft_opened_at=None)  # fmt: skip
    with pytest.raises(Missing):
        propose(world, evaluation=key)


def test_what_was_withdrawn_is_neither_accepted_nor_judged(world):
    participant = world.people["Quay"][1]
    key = propose(world, seat=participant)
    for seat in (world.people["Harbour"][1], world.managers["Quay"], world.facilitator):
        with pytest.raises(Missing):
            promises.withdraw_commitment(seat, key, now=NOON)
    with pytest.raises(NotStanding):
        judge(world, key, "Mill")
    promises.withdraw_commitment(world.managers["Mill"], key, now=NOON)
    for call in (lambda: accept(world, key, "Mill"), lambda: judge(world, key, "Mill")):
        with pytest.raises(Refused):
            call()
    assert read(world, key).kind == "withdrawn"


def test_judgements_are_shown_when_both_sides_have_judged(world):
    key = propose(world)
    accept(world, key, "Mill")
    later = NOON + timedelta(days=31)
    assert read(world, key, now=later).overdue
    for said in ({"outcome": "forgotten"}, {"note": "x" * 501}):
        with pytest.raises(Unfit):
            judge(world, key, "Mill", **said)
    judge(world, key, "Mill", "broken", note="A zebra.")

    for name in ("Harbour", "Quay"):
        seen = read(world, key, name, now=later)
        assert (seen.judgements, seen.kind) == ((), "open")
        assert [one.name for one in seen.judged_by] == ["Mill"]
        assert "zebra" not in repr(seen)
    assert "broken" not in repr(read(world, key, seat=world.facilitator))
    (own,) = read(world, key, "Mill").judgements
    assert (own.outcome, own.note, own.own) == ("broken", "A zebra.", True)
    judge(world, key, "Harbour", "kept")
    for name in world.managers:
        assert [one.outcome for one in read(world, key, name).judgements] == ["kept", "broken"]
        assert read(world, key, name).kind == "split"
    assert not read(world, key, now=later).overdue
    judge(world, key, "Mill", "kept")
    assert read(world, key).kind == "kept"


def test_the_list_asks_the_same_number_of_questions_and_is_of_the_alliance(
    world, key, django_assert_max_num_queries
):
    made = propose(world, evaluation=key)
    with django_assert_max_num_queries(9) as few:
        promises.commitments_of(world.facilitator, language="en", now=NOON)
    for name in ("Mill", "Quay"):
        accept(world, made, name)
    judge(world, made, "Mill")
    for days in range(9):
        propose(world, evaluation=key, topic="EV1", due_on=SOON - timedelta(days=days))
    with django_assert_max_num_queries(9) as many:
        cards = promises.commitments_of(world.facilitator, language="en", now=NOON)

    assert len(many) == len(few)
    assert [one.due_on for one in cards] == sorted(one.due_on for one in cards)
    stranger = make_alliance("Dike", "Ebb", people=2, seed=9).managers["Dike"]
    assert promises.commitments_of(stranger, language="en", now=NOON) == ()
    with pytest.raises(Missing):
        read(world, made, seat=stranger)
