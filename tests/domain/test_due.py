"""What falls due is done once, by whoever comes first; one fault keeps nothing else waiting."""

from datetime import timedelta

import pytest
from django.core import mail

from tests.factories import (
    LATER,
    NOON,
    WEEK,
    begin_evaluation,
    decide,
    links_of,
    make_alliance,
    open_round,
    seal_evaluation,
    speak,
)
from tests.together import at_once
from tests.workshops import make_meeting
from understream.domain import due
from understream.domain import seat as seats
from understream.domain.attendee import WrongCode, lobby_by_code
from understream.domain.cycle import keep_cycle
from understream.domain.due import ACTS, last_tick, tick
from understream.domain.release import KEPT, cancel_round
from understream.domain.round import REMIND_BEFORE, extend_round, round_before
from understream.domain.voice import Heard
from understream.instruments import reader
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.journal import Entry
from understream.records.release import Release
from understream.records.round import Round
from understream.records.voice import Voice

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def waiting(kind=""):
    """Return the moments at which things are still to be done."""
    rows = Due.objects.filter(done_at=None).order_by("at")
    return list((rows.filter(kind=kind) if kind else rows).values_list("at", flat=True))


def speaking(world, key, name, people, first=0):
    for link in links_of(key, world.parties[name])[first:people]:
        speak(world, link, SIX)


# ------------------------------------------------------------------ once, and by anybody


def test_nothing_is_done_before_its_moment_and_nothing_twice():
    world = make_alliance()
    key = open_round(world)
    Due.objects.exclude(kind="round.close").delete()

    done = [tick(now=now, rng=world.rng) for now in (NOON + WEEK - DAY, NOON + WEEK, LATER)]

    # At the end the round closes; what closing plans for the same moment waits for the next look.
    assert done == [0, 1, 1]
    assert Round.objects.get(pk=key).closed_at == NOON + WEEK
    assert Entry.objects.filter(act="round.close").count() == 1


def test_after_a_long_night_everything_is_done_the_oldest_first():
    world = make_alliance()
    keys = [open_round(world, closes_at=NOON + WEEK + number * DAY) for number in (2, 0, 1)]
    Due.objects.exclude(kind="round.close").delete()

    assert tick(now=LATER + WEEK, rng=world.rng) == 3

    assert list(Release.objects.order_by("pk").values_list("round", flat=True)) == [
        keys[1],
        keys[2],
        keys[0],
    ]


def test_an_act_that_fails_is_undone_stays_due_and_keeps_nothing_waiting(monkeypatch, caplog):
    world = make_alliance()
    key = open_round(world)
    healthy = []

    def half_done(_key, _now, _rng):
        Round.objects.filter(pk=key).update(title="Half done")
        if not healthy:
            raise RuntimeError("the power went")

    monkeypatch.setitem(ACTS, "planted", half_done)
    Due.objects.all().delete()
    Due.objects.create(kind="planted", key=1, at=NOON)
    Due.objects.create(kind="round.close", key=key, at=NOON + WEEK)

    first = tick(now=LATER, rng=world.rng)
    seen = Round.objects.get(pk=key)
    healthy.append(True)
    Due.objects.filter(kind__in=("tidy", "forget", "voices.erase")).delete()
    second = tick(now=LATER, rng=world.rng)

    assert (first, seen.state, seen.title) == (1, "closed", "Autumn")
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == ["due.failed"]
    assert (second, Round.objects.get(pk=key).title) == (1, "Half done")
    assert waiting("planted") == []


def test_a_round_whose_answers_cannot_be_read_stays_open_and_the_others_close():
    world = make_alliance(people=5)
    broken, sound = open_round(world), open_round(world)
    speaking(world, broken, "Harbour", 5)
    Voice.objects.filter(cohort__round=broken).update(answers=b"\x09")
    Due.objects.exclude(kind="round.close").delete()

    tick(now=LATER, rng=world.rng)

    states = dict(Round.objects.values_list("pk", "state"))
    assert states == {broken: "open", sound: "closed"}
    assert Release.objects.count() == 1
    Voice.objects.filter(cohort__round=broken).update(answers=bytes(SIX))
    tick(now=LATER + DAY, rng=world.rng)
    assert Round.objects.get(pk=broken).state == "closed"


def test_however_many_fail_what_stands_behind_them_is_done(monkeypatch):
    monkeypatch.setattr(due, "AT_ONCE", 2)
    for number in range(3):
        Due.objects.create(kind="from a newer version", key=number, at=NOON)
    for number in range(3):
        Due.objects.create(kind="tidy", key=number, at=NOON + DAY)

    done = [tick(now=LATER, rng=None) for _ in range(3)]

    assert done == [2, 1, 0]
    assert waiting("tidy") == []


def test_what_nobody_knows_how_to_do_stays_due_and_is_told(caplog):
    Due.objects.create(kind="from a newer version", key=1, at=NOON)

    assert tick(now=NOON, rng=None) == 0

    assert waiting() == [NOON]
    assert "due.failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_everything_once():
    world = make_alliance(people=6)
    key = open_round(world)
    speaking(world, key, "Harbour", 6)
    mail.outbox.clear()
    Due.objects.filter(kind="round.steps").delete()

    done = at_once(*[lambda: tick(now=LATER, rng=world.rng)] * 4)

    assert sum(done) == Due.objects.exclude(done_at=None).count()
    assert Release.objects.count() == 1
    assert Entry.objects.filter(act="round.close").count() == 1
    # Eleven people were asked besides the manager of each party: twelve mirrors, once each.
    assert sorted(one.to[0] for one in mail.outbox) == sorted({one.to[0] for one in mail.outbox})
    assert len(mail.outbox) == 12


def test_the_host_can_see_when_somebody_looked_last():
    tick(now=NOON, rng=None)

    assert last_tick() == NOON


def test_every_kind_that_is_planned_is_known():
    world = make_alliance()
    key = open_round(world)
    tick(now=LATER, rng=world.rng)
    cancel_round(world.managers["Mill"], open_round(world), now=NOON)
    tick(now=LATER + KEPT, rng=world.rng)
    # An evaluation with a day for its decision, and a rhythm with a renewal.
    evaluated = begin_evaluation(world)
    seal_evaluation(world, evaluated)
    decide(world, evaluated, choice="ED0", decide_on=(NOON + 3 * WEEK).date())
    days = ("next_pulse_on", "next_evaluation_on", "renewal_on")
    keep_cycle(
        world.managers["Mill"],
        pulse_months=3,
        evaluation_months=12,
        **dict.fromkeys(days, LATER.date() + 200 * DAY),
        now=NOON,
    )

    # A step that stays open for days, and a wrong code.
    meeting = make_meeting(world, asynchronous=True)
    meeting.open(until=NOON + WEEK)
    with pytest.raises(WrongCode):
        lobby_by_code("no code", address="10.0.0.1", now=NOON)

    assert set(Due.objects.values_list("kind", flat=True)) == set(ACTS)
    assert Due.objects.filter(kind="voices.erase", key=key).count() == 1


# ------------------------------------------------------------------ reminding


def reminded(world, at, capture):
    mail.outbox.clear()
    with capture(execute=True):
        tick(now=at, rng=world.rng)
    return sorted(one.to[0] for one in mail.outbox if one.subject.startswith("A reminder"))


def test_everybody_who_has_not_answered_is_reminded_two_days_before_the_end(
    django_capture_on_commit_callbacks,
):
    world = make_alliance(people=(6, 3))
    key = open_round(world)
    speaking(world, key, "Harbour", 2)
    seats.end_seat(world.managers["Harbour"], world.people["Harbour"][5].key, now=NOON)

    early = reminded(world, NOON + 5 * DAY - DAY / 2, django_capture_on_commit_callbacks)
    told = reminded(world, NOON + 5 * DAY, django_capture_on_commit_callbacks)
    again = reminded(world, NOON + 6 * DAY, django_capture_on_commit_callbacks)

    # Not the two who answered, not who has left, nobody of the party that fills in one form.
    assert told == [f"harbour.{number}@example.org" for number in (2, 3, 4)]
    assert (early, again) == ([], [])
    assert timedelta(days=2) == REMIND_BEFORE


def test_a_reminder_reads_like_the_first_letter_with_the_same_link(
    django_capture_on_commit_callbacks,
):
    world = make_alliance(people=5)
    key = open_round(world)

    reminded(world, NOON + 5 * DAY, django_capture_on_commit_callbacks)

    links = {link for party in world.parties.values() for link in links_of(key, party)}
    found = {link for link in links for one in mail.outbox if f"/r/{link}/" in one.body}
    assert found == links
    assert len(mail.outbox) == 10


def test_when_the_end_has_moved_on_the_reminder_moves_with_it(django_capture_on_commit_callbacks):
    world = make_alliance(people=5)
    key = open_round(world)
    extend_round(world.managers["Mill"], key, closes_at=NOON + 2 * WEEK, now=NOON + DAY)

    former = reminded(world, NOON + 5 * DAY, django_capture_on_commit_callbacks)
    present = reminded(world, NOON + 12 * DAY, django_capture_on_commit_callbacks)

    assert (len(former), len(present)) == (0, 10)


def test_after_the_end_nobody_is_reminded(django_capture_on_commit_callbacks):
    world = make_alliance(people=5)
    open_round(world)
    Due.objects.exclude(kind="round.remind").delete()

    assert reminded(world, LATER, django_capture_on_commit_callbacks) == []
    assert waiting("round.remind") == []


# ------------------------------------------------------------------ participation, in steps


def told(world, key, name="Harbour"):
    card = round_before(world.managers[name], key)
    return next(one.participation for one in card.cohorts if one.own)


def test_what_managers_see_of_participation_is_refreshed_once_a_day():
    world = make_alliance(people=6)
    key = open_round(world)
    speaking(world, key, "Harbour", 4)
    tick(now=NOON + DAY, rng=world.rng)
    first = told(world, key)
    speaking(world, key, "Harbour", 6, first=4)

    tick(now=NOON + DAY + DAY / 2, rng=world.rng)
    between = told(world, key)
    tick(now=NOON + 2 * DAY, rng=world.rng)

    assert (first, between, told(world, key)) == ("fewer than 5", "fewer than 5", "5 or more")
    assert told(world, key, "Mill") == "fewer than 5"
    assert waiting("round.steps") == [NOON + 3 * DAY]


def test_moving_the_end_makes_nobody_look_more_often():
    world = make_alliance()
    key = open_round(world)
    for number in range(3):
        later = NOON + WEEK + (number + 1) * DAY
        extend_round(world.managers["Mill"], key, closes_at=later, now=NOON + number * DAY / 4)

    assert waiting("round.steps") == [NOON + DAY]


def test_after_the_last_look_before_a_former_end_moving_the_end_plans_another():
    world = make_alliance()
    key = open_round(world, closes_at=NOON + DAY + DAY / 2)
    tick(now=NOON + DAY, rng=world.rng)
    assert waiting("round.steps") == []

    extend_round(world.managers["Mill"], key, closes_at=NOON + WEEK, now=NOON + DAY)

    assert waiting("round.steps") == [NOON + 2 * DAY]


def test_a_closed_round_is_looked_at_no_more():
    world = make_alliance(people=6)
    key = open_round(world)
    speaking(world, key, "Harbour", 6)
    late = Due.objects.get(kind="round.steps")
    Due.objects.filter(kind="round.close").update(at=NOON)
    Round.objects.filter(pk=key).update(closes_at=NOON)

    tick(now=late.at, rng=world.rng)

    assert told(world, key) == "closed"
    assert waiting("round.steps") == []


@pytest.mark.parametrize("parties", [2, 5])
def test_looking_asks_the_same_number_of_questions(parties, django_assert_num_queries):
    world = make_alliance(*[f"Party {number}" for number in range(parties)])
    key = open_round(world)

    with django_assert_num_queries(8):
        due._steps(key, NOON + DAY, world.rng)


@pytest.mark.parametrize("people", [5, 9])
def test_reminding_asks_the_same_number_of_questions(people, django_assert_num_queries):
    world = make_alliance(people=people)
    key = open_round(world)

    with django_assert_num_queries(2):
        due._remind(key, NOON + 5 * DAY, world.rng)


# ------------------------------------------------------------------ evaluations


def test_an_evaluation_reminds_of_answering_together_and_of_deciding_on_the_day(
    django_capture_on_commit_callbacks,
):
    world = make_alliance(people=(6, 2))
    key = begin_evaluation(world, scans=("trust",))
    asked = Round.objects.filter(evaluation=key).order_by("pk")
    for one, people in zip(asked, (3, 2), strict=True):
        for link in links_of(one.pk, world.parties["Harbour"])[:people]:
            said = speak(world, link, (1,) * len(reader.load(one.instrument.code).items))
            assert said == Heard(again=False)

    told = reminded(world, NOON + 5 * DAY, django_capture_on_commit_callbacks)

    # One letter each, with a link for every questionnaire that is left; none for one voice.
    assert told == [f"harbour.{number}@example.org" for number in (2, 3, 4, 5)]
    links = {one.to[0]: one.body.count("/r/") for one in mail.outbox}
    assert links == {one: 1 if "harbour.2" in one else 2 for one in told}
    seal_evaluation(world, key)
    day = NOON + 3 * WEEK
    decide(world, key, choice="ED0", decide_on=day.date())
    assert Evaluation.objects.get().state == "revealed"
    letters = []
    for now in (day - 5 * HOUR, day, day + DAY):
        mail.outbox.clear()
        Due.objects.filter(kind__in=("tidy", "forget")).delete()
        with django_capture_on_commit_callbacks(execute=True):
            tick(now=now, rng=world.rng)
        letters.append([one.to[0] for one in mail.outbox if "wanted to decide" in one.body])
    assert letters == [[], ["manager.harbour@example.org", "manager.mill@example.org"], []]
    decide(world, key, choice="ED2", now=day + DAY)
    assert Evaluation.objects.get().state == "agreed"
