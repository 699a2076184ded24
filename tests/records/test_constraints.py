"""What the database itself promises, so that no way around the domain exists."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from tests.factories import (
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    decide,
    links_of,
    make_alliance,
    make_person,
    open_round,
    seal_evaluation,
    speak,
)
from understream.domain import commitment, cycle, joint
from understream.domain import evaluation as evaluations
from understream.domain import reflection as reflections
from understream.records.alliance import Alliance, Party
from understream.records.commitment import Commitment
from understream.records.cycle import Cycle
from understream.records.due import Due
from understream.records.evaluation import Evaluation, Proposal
from understream.records.instrument import InstrumentVersion
from understream.records.invitation import Invitation
from understream.records.joint import Closing
from understream.records.organisation import Membership, Organisation
from understream.records.participation import Participation
from understream.records.person import Person
from understream.records.reflection import Conclusion, Reflection
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Round
from understream.records.seal import Envelope
from understream.records.seat import SeatRow
from understream.records.statement import Statement
from understream.records.voice import Comment, Voice
from understream.records.world import World

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)


@pytest.fixture
def world():
    return make_alliance(people=(6, 3))


@pytest.fixture
def key(world):
    return open_round(world)


def refused(act, *, by=IntegrityError):
    """Refuse within a transaction of its own, so that the test can go on."""
    with pytest.raises(by), transaction.atomic():  # noqa: PT012 - whichever comes first
        act()
        # A foreign key of PostgreSQL may be looked at when the transaction ends.
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            else:
                connection.check_constraints()


def copied(row, **changes):
    """Return a call that stores a copy of a row with other values."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return lambda: type(row).objects.create(**{**values, **changes})


# ------------------------------------------------------------------ people and places


def test_a_mail_address_is_one_persons_and_in_small_letters():
    make_person("Anna")

    refused(lambda: make_person("Anna"))
    refused(lambda: Person.objects.create(email="ANNA@example.org", name="Anna"))


def test_an_organisation_has_its_name_alone_and_a_person_belongs_to_it_once():
    harbour, anna = Organisation.objects.create(name="Harbour"), make_person("Anna")
    Membership.objects.create(person=anna, organisation=harbour)

    refused(lambda: Organisation.objects.create(name="Harbour"))
    refused(lambda: Membership.objects.create(person=anna, organisation=harbour))


def test_an_organisation_is_one_party_of_an_alliance_and_each_place_is_taken_once(world):
    party = Party.objects.get(pk=world.parties["Harbour"])

    refused(copied(party, position=7))
    refused(copied(party, organisation_id=Organisation.objects.create(name="Quay").pk))


def test_a_person_has_one_seat_in_an_alliance_and_so_one_party(world):
    row = SeatRow.objects.get(pk=world.managers["Harbour"].key)

    refused(copied(row))
    refused(copied(row, party_id=world.parties["Mill"]))
    refused(copied(row, party_id=None, role="facilitator"))


def test_a_facilitator_is_for_no_party_and_everybody_else_for_one(world):
    seat = SeatRow.objects.filter(pk=world.facilitator.key)

    refused(lambda: seat.update(party=world.parties["Harbour"]))
    refused(lambda: seat.update(role="manager"))
    refused(lambda: SeatRow.objects.filter(role="manager").update(party=None))


def test_one_invitation_has_one_link(world):
    row = Invitation(
        alliance_id=world.alliance, email="a@example.org", name="A", role="participant",
        token_hash=b"x" * 32, expires_at=NOON,
    )  # fmt: skip
    row.save()

    refused(copied(row, email="b@example.org"))


# ------------------------------------------------------------------ rounds


@pytest.mark.usefixtures("key")
def test_nobody_lowers_k_below_five():
    refused(lambda: Round.objects.update(k=4))
    refused(copied(Round.objects.get(), k=0))


@pytest.mark.usefixtures("key")
def test_a_closed_round_has_its_moment_and_no_other_has():
    refused(lambda: Round.objects.update(state="closed"))
    refused(lambda: Round.objects.update(closed_at=NOON))
    Round.objects.update(state="closed", closed_at=NOON)
    refused(lambda: Round.objects.update(state="cancelled"))


@pytest.mark.usefixtures("key")
def test_a_party_has_one_cohort_in_a_round():
    refused(copied(Cohort.objects.first()))


@pytest.mark.usefixtures("key")
def test_a_version_of_an_instrument_is_stored_once():
    refused(copied(InstrumentVersion.objects.get(), digest="0" * 64))


# ------------------------------------------------------------------ what people say


@pytest.mark.usefixtures("key")
def test_a_seat_has_one_right_in_a_round_and_a_link_belongs_to_one():
    first, second = Participation.objects.order_by("pk")[:2]

    refused(copied(first, link_hash=b"x" * 32))
    refused(lambda: Participation.objects.filter(pk=second.pk).update(link_hash=first.link_hash))


@pytest.mark.usefixtures("key")
def test_a_right_is_used_if_and_only_if_it_keeps_the_mark_of_a_submission():
    refused(lambda: Participation.objects.update(used=True))
    refused(lambda: Participation.objects.update(submission=b"x" * 32))
    Participation.objects.update(used=True, submission=b"x" * 32)


@pytest.mark.usefixtures("key")
def test_a_party_has_one_voice_and_a_seat_one_statement(world):
    cohort = Cohort.objects.get(party=world.parties["Mill"])
    voice = Statement.objects.create(cohort=cohort, seat=None, answers=bytes(SIX))
    signed = Statement.objects.create(
        cohort=cohort, seat_id=world.people["Mill"][1].key, answers=bytes(SIX)
    )

    refused(copied(voice))
    refused(copied(signed))


def test_a_voice_has_its_key_alone(world, key):
    speak(world, links_of(key, world.parties["Harbour"])[0], SIX)
    row = Voice.objects.get()

    refused(lambda: Voice.objects.create(key=row.key, cohort=row.cohort, answers=b""))
    comment = Comment.objects.create(key=1, cohort=row.cohort, text="a")
    refused(lambda: Comment.objects.create(key=comment.key, cohort=row.cohort, text="b"))


def test_a_round_is_released_once_and_a_partys_comments_once(key):
    cohort = Cohort.objects.first()
    Release.objects.create(round_id=key, content={}, digest="0")
    CommentRelease.objects.create(cohort=cohort, content={}, digest="0")

    refused(lambda: Release.objects.create(round_id=key, content={}, digest="1"))
    refused(lambda: CommentRelease.objects.create(cohort=cohort, content={}, digest="1"))


def test_a_thing_falls_due_once_at_a_moment():
    row = Due.objects.create(kind="tidy", key=1, at=NOON)

    refused(copied(row))
    copied(row, at=NOON + timedelta(seconds=1))()


# ------------------------------------------------------------------ what holds what


@pytest.mark.usefixtures("key")
def test_nothing_points_to_what_is_not_there():
    cohort = Cohort.objects.first()

    refused(lambda: Voice.objects.create(key=1, cohort_id=cohort.pk + 1000, answers=b""))
    refused(lambda: Cohort.objects.filter(pk=cohort.pk).update(party=999_999))


def test_whoever_took_part_and_what_was_asked_cannot_be_deleted(world, key):
    speak(world, links_of(key, world.parties["Harbour"])[0], SIX)

    for table in (Person, Organisation, InstrumentVersion, Cohort, SeatRow, Alliance):
        refused(lambda table=table: table.objects.all().delete(), by=(ProtectedError, Exception))
    assert Voice.objects.count() == 1


# ------------------------------------------------------------------ what is deliberately not kept


def test_nothing_that_a_voice_could_be_told_by_is_stored():
    fields = {
        table.__name__: {field.attname for field in table._meta.concrete_fields}
        for table in (Voice, Comment, Participation, Person)
    }

    assert fields == {
        "Voice": {"key", "cohort_id", "hint", "answers"},
        # Which question a text answers; nothing joins the texts of one person.
        "Comment": {"key", "cohort_id", "hint", "text", "wish", "prompt"},
        "Participation": {
            "id", "cohort_id", "seat_id", "nonce", "link_hash", "browser_hash", "hint", "used",
            "submission", "partners",
        },
        # No moment of last sign-in: presence has given voters away elsewhere.
        "Person": {"id", "password", "email", "name", "language", "is_active", "is_host"},
    }  # fmt: skip


@pytest.mark.parametrize("table", [Voice, Comment, Participation])
def test_no_other_table_leads_to_voices_or_rights(table):
    back = [
        field.get_accessor_name()
        for other in apps.get_app_config("records").get_models()
        for field in other._meta.related_objects
        if field.related_model is table
    ]

    assert back == [None] * len(back)
    assert [field for field in table._meta.get_fields() if field.one_to_many] == []


def test_keys_of_voices_come_from_chance_and_not_from_a_counter():
    for table in (Voice, Comment):
        assert isinstance(table._meta.pk, models.BigIntegerField)
        assert not isinstance(table._meta.pk, models.AutoField)


def test_a_new_database_is_no_demo():
    assert World.objects.count() == 0


# ------------------------------------------------------------------ evaluations


@pytest.fixture
def evaluated():
    """Return a revealed evaluation with something in every table."""
    world = make_alliance("Gate", "Hull", people=2, seed=5)
    key = begin_evaluation(world)
    manager = world.managers["Gate"]
    evaluations.propose_end(manager, key, kind="extend", until=NOON + 9 * WEEK, now=NOON)
    dissent = {"text": "Not I.", "now": SEALING}
    reflections.hold_dissent(manager, key, "EV1", **dissent)
    reflections.admit_facilitator(manager, key, world.facilitator.key, now=SEALING)
    seal_evaluation(world, key)
    decide(world, key, choice="ED0", decide_on=(NOON + 9 * WEEK).date())
    joint.assign_critic(manager, key, "EV1", critic=manager.key, now=SEALING)
    joint.say_closing(manager, key, rating=4, now=SEALING)
    made = commitment.propose_commitment(
        manager, receiver=world.parties["Hull"], action="Call.", owner=manager.key,
        due_on=SEALING.date(), evaluation=key, now=SEALING,
    )  # fmt: skip
    commitment.accept_commitment(world.managers["Hull"], made, now=SEALING)
    commitment.judge_commitment(manager, made, outcome="kept", now=SEALING)
    cycle.keep_cycle(
        manager, pulse_months=3, evaluation_months=12, now=NOON,
        next_pulse_on=SEALING.date(), next_evaluation_on=SEALING.date(),
    )  # fmt: skip
    return key


ONCE = (
    "Acceptance", "Consent", "Reflection", "Conclusion", "ConclusionVersion", "Holder", "Guest",
    "Envelope", "SealLog", "SealEntry", "JointText", "JointVersion", "JointAcceptance", "Critic",
    "Closing", "CommitmentAcceptance", "Judgement", "Cycle",
)  # fmt: skip


@pytest.mark.usefixtures("evaluated")
def test_what_there_is_once_in_an_evaluation_is_there_once():
    for name in ONCE:
        row = apps.get_model("records", name).objects.first()
        assert row is not None, name
        refused(copied(row))


def test_the_states_of_an_evaluation_and_its_moments_go_together(evaluated):
    row = Evaluation.objects.filter(pk=evaluated)
    reflection = Reflection.objects.filter(evaluation=evaluated)

    for table, change in (
        (row, {"k": 4}),
        (row, {"revealed_at": None}),
        (row, {"revealed_at": None, "soft_opened_at": None}),
        (row, {"state": "running"}),
        (reflection, {"sealed_at": None}),
        (reflection, {"digest": ""}),
        (reflection, {"entry": None}),
        (Conclusion.objects.all(), {"rating": 8}),
        (Envelope.objects.all(), {"part": 3}),
        (Closing.objects.all(), {"rating": 0}),
        (Commitment.objects.all(), {"stood_at": None}),
        (Commitment.objects.all(), {"receiver": models.F("giver")}),
        (Cycle.objects.all(), {"pulse_months": 0}),
    ):
        refused(lambda table=table, change=change: table.update(**change))
    fresh = copied(
        row.get(), code="1" * 32, state="preparing", revealed_at=None, soft_opened_at=None
    )
    fresh()
    refused(copied(row.get(), code="2" * 32, state="running", revealed_at=None,
                   soft_opened_at=None))  # fmt: skip
    open_one = copied(Proposal.objects.first(), settled_at=None)
    open_one()
    refused(open_one)
