"""Sealing: whole, in time, once; taken back until the last seal opens all at one instant."""

import json
import logging
from random import Random

import pytest
from django.core import mail
from django.db import transaction

from tests.factories import (
    NOON,
    SEALING,
    SOFT_PART,
    TOPICS,
    WEEK,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    pass_gate,
    reflect,
    seal_evaluation,
    seat_person,
    words_on,
)
from understream.access.refusal import Broken, Missing, Unfit
from understream.access.seat import Role
from understream.domain import reflection, reveal
from understream.domain.evaluation import Ended, evaluation_before
from understream.domain.joint import joint_before
from understream.domain.reflection import NotYet
from understream.domain.reveal import AlreadySealed, NotSealed, TooLate
from understream.domain.seat import end_seat
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.reflection import Reflection
from understream.records.round import Round
from understream.records.seal import Envelope, SealEntry

pytestmark = pytest.mark.django_db
LOT = {"EV4": {"change": "lot", "effect": "hurts"}}


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", people=(5, 2)))


@pytest.fixture(scope="module")
def key(lasting, world):
    """Return an evaluation in which both have concluded and nobody has sealed."""

    def make():
        found = begin_evaluation(world)
        let_answers_end(world, found)
        for name in world.managers:
            reflect(world, found, name)
        return found

    return lasting(make)


def seal(world, key, name="Harbour", *, seat=None, now=SEALING, rng=None):
    return reveal.seal_reflection(seat or world.managers[name], key, now=now, rng=rng or world.rng)


def rewrite(world, key, name, topic, **said):
    seat = world.managers[name]
    version = Reflection.objects.get(evaluation=key, party=seat.party).conclusions.get(topic=topic)
    words = words_on(topic, version=version.version, **said)
    reflection.write_conclusion(seat, key, topic, words=words, now=SEALING)


def log():
    return [json.loads(one.body)["kind"] for one in SealEntry.objects.order_by("index")]


# ------------------------------------------------------------------ what cannot be sealed


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("EV1", {"change": ""}),
        ("EV1", {"change": "little", "effect": ""}),
        ("EV7", {"rating": 0}),
        ("EV12", {"direction": ""}),
        ("EV16", {"sentence": ""}),
        ("EV16", {"sure": ""}),
    ],
)
def test_a_half_filled_reflection_is_not_sealed_and_what_is_missing_is_told(
    world, key, topic, said
):
    rewrite(world, key, "Harbour", topic, **said)

    with pytest.raises(Unfit, match="1 of 16") as refused:
        seal(world, key)

    assert set(refused.value.faults) == {"", topic}
    assert (Envelope.objects.count(), "sealed" in log()) == (0, False)


def test_an_empty_one_is_not_sealed_nor_one_out_of_time_nor_anybody_elses():
    world = make_alliance("Quay", "Dike", people=(5, 2), seed=8)
    key = begin_evaluation(world)
    with pytest.raises(NotYet):
        seal(world, key, "Quay", now=NOON)
    let_answers_end(world, key)
    with pytest.raises(Unfit, match="16 of 16"):
        seal(world, key, "Quay")
    reflect(world, key, "Quay")
    with pytest.raises(TooLate):
        seal(world, key, "Quay", now=NOON + 2 * WEEK)
    sponsor = seat_person(world.alliance, world.parties["Quay"], "Sponsor", Role.SPONSOR)
    for seat in (world.people["Quay"][1], sponsor, world.facilitator):
        with pytest.raises(Missing):
            seal(world, key, seat=seat)
        with pytest.raises(Missing):
            reveal.take_back_seal(seat, key, now=SEALING)
    with pytest.raises(Missing):
        seal(world, key + 1, "Quay")
    assert seal(world, key, "Quay").waiting_for == ("Dike",)


def test_what_cannot_be_judged_or_did_not_change_asks_no_more(world, key):
    rewrite(world, key, "Harbour", "EV1", change="not", effect="")
    rewrite(world, key, "Harbour", "EV2", change="cannot judge", effect="")
    rewrite(world, key, "Harbour", "EV7", rating=255, direction="")

    seal(world, key)
    seal(world, key, "Mill")

    said = reveal.openings_of(Evaluation.objects.get(pk=key))[world.parties["Harbour"]]
    assert (said["EV1"]["effect"], said["EV2"]["change"]) == ("", "cannot judge")
    assert (said["EV7"]["rating"], said["EV7"]["direction"]) == (None, "")


# ------------------------------------------------------------------ sealed, taken back, sealed


def test_a_seal_is_taken_back_and_made_anew_with_another_commitment(
    world, key, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = seal(world, key)
        with pytest.raises(AlreadySealed):
            seal(world, key)
        with pytest.raises(NotSealed):
            reveal.take_back_seal(world.managers["Mill"], key, now=SEALING)
        reveal.take_back_seal(world.managers["Harbour"], key, now=SEALING)
        assert Envelope.objects.count() == 0
        second = seal(world, key)

    assert first.digest != second.digest
    assert log()[-3:] == ["sealed", "taken back", "sealed"]
    # What was sealed and its salt leave the disk too.
    assert Due.objects.filter(kind="forget", key=key, at=SEALING).exists()
    letters = [one for one in mail.outbox if "RECEIPT" in one.body]
    assert len(letters) == 6
    assert {one.to[0] for one in letters} == {
        "manager.harbour@example.org", "manager.mill@example.org"
    }  # fmt: skip
    assert len({len(one.subject) for one in letters}) == 1
    assert evaluation_before(world.managers["Harbour"], key, now=SEALING).stage == "reveal"


def test_a_salt_is_chance_alone_and_a_length_tells_nothing(world, key):
    """The same words seal to other commitments; longer ones to a document of 4 KiB steps."""
    made = []
    for number in range(2):
        with transaction.atomic():
            seal(world, key, rng=Random(number))
            made.append(list(Envelope.objects.order_by("part").values_list("commitment", "salt")))
            transaction.set_rollback(True)
    assert not {c for c, _ in made[0]} & {c for c, _ in made[1]}
    assert {len(salt) for _, salt in made[0] + made[1]} == {32}
    rewrite(world, key, "Harbour", "EV7", sentence="Ω" * 1000)
    seal(world, key)
    assert {len(bytes(one.document)) % 4096 for one in Envelope.objects.all()} == {0}


# ------------------------------------------------------------------ the reveal


def test_the_last_seal_opens_everything_at_one_instant(
    world, key, django_capture_on_commit_callbacks
):
    mill = world.managers["Mill"]
    late = seat_person(world.alliance, world.parties["Mill"], "Late", Role.PARTICIPANT)
    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=SEALING)
    seal(world, key)
    for seat in (mill, world.facilitator):
        with pytest.raises(Missing):
            joint_before(seat, key, language="en", now=SEALING)
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        assert seal(world, key, "Mill").revealed

    row = Evaluation.objects.get(pk=key)
    assert (row.state, row.revealed_at, row.soft_opened_at) == ("revealed", SEALING, SEALING)
    assert set(Envelope.objects.values_list("opened_at", flat=True)) == {SEALING}
    assert log()[-2:] == ["revealed", "revealed"]
    told = {one.to[0]: one.body for one in mail.outbox if "side by side" in one.body}
    # Everybody who was asked, by link without an account; not who has left, not who came late.
    assert set(told) == {
        "manager.harbour@example.org", "harbour.2@example.org", "harbour.3@example.org",
        "harbour.4@example.org", "manager.mill@example.org", "mill.1@example.org",
    }  # fmt: skip
    assert all("/r/" in body for who, body in told.items())
    topics = Round.objects.get(evaluation=key)
    assert links_of(topics.pk, world.parties["Mill"])[1] in told["mill.1@example.org"]
    assert joint_before(late, key, language="en", now=SEALING).groups
    for call in (
        lambda: seal(world, key),
        lambda: reveal.take_back_seal(mill, key, now=SEALING),
        lambda: rewrite(world, key, "Mill", "EV7", rating=1),
    ):
        with pytest.raises(Ended):
            call()


def test_something_large_that_shifted_keeps_the_soft_side_sealed(
    world, key, django_capture_on_commit_callbacks
):
    rewrite(world, key, "Mill", "EV4", **LOT["EV4"])
    with django_capture_on_commit_callbacks(execute=True):
        seal(world, key, "Mill")
        seal(world, key)
    row = Evaluation.objects.get(pk=key)
    opened = reveal.openings_of(row)

    assert {topic for said in opened.values() for topic in said} == set(TOPICS) - set(SOFT_PART)
    assert evaluation_before(world.managers["Mill"], key, now=SEALING).gate
    assert any("Behaviour and values open when blocks 1 to 4" in one.body for one in mail.outbox)
    with pytest.raises(Ended), transaction.atomic():
        reveal.open_soft_side(Evaluation(revealed_at=None), now=SEALING)
    pass_gate(world, key)
    assert set(reveal.openings_of(row)[world.parties["Mill"]]) == set(TOPICS)
    assert log()[-2:] == ["revealed", "revealed"]


@pytest.mark.parametrize("harm", ["document", "salt", "gone"])
def test_nothing_opens_if_one_envelope_does_not_fit(world, key, harm, caplog):
    seal(world, key)
    rows = Envelope.objects.filter(part=2)
    rows.delete() if harm == "gone" else rows.update(**{harm: b"7" * 32})
    rewrite(world, key, "Mill", "EV7", sentence="A zebra.")

    with caplog.at_level(logging.DEBUG), pytest.raises(Broken) as broken, transaction.atomic():
        seal(world, key, "Mill")

    assert Evaluation.objects.get(pk=key).state == "running"
    assert not Envelope.objects.exclude(opened_at=None).exists()
    assert log()[-1] == "sealed"
    # What goes wrong says nothing of what was sealed.
    assert "zebra" not in f"{broken.value!r}{caplog.text}"


def test_sealing_and_opening_ask_no_more_questions_for_longer_words(
    world, key, django_assert_max_num_queries
):
    seal(world, key)
    counted = []
    for length in (1, 900):
        with transaction.atomic():
            for topic in TOPICS[6:9]:
                rewrite(world, key, "Mill", topic, sentence="x" * length)
            with django_assert_max_num_queries(70) as count:
                seal(world, key, "Mill")
            counted.append(len(count))
            transaction.set_rollback(True)
    assert counted[0] == counted[1]


def test_the_last_seal_of_two_and_of_four_parties_opens_all_in_as_many_questions(
    django_assert_max_num_queries,
):
    counted = []
    for names in (("Dike", "Ebb"), ("Flow", "Gate", "Hull", "Isle")):
        world = make_alliance(*names, people=2, seed=len(names))
        key = begin_evaluation(world)
        seal_evaluation(world, key, *names[1:])
        reflect(world, key, names[0])
        with django_assert_max_num_queries(70) as count:
            seal(world, key, names[0])
        counted.append(len(count))
    assert counted[0] == counted[1]
