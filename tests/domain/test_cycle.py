"""The rhythm: proposed, kept, told on the morning, and never twice or out of this century."""

from datetime import date, timedelta

import pytest
from django.core import mail

from tests.factories import NOON, begin_evaluation, make_alliance, seal_evaluation
from understream.access.refusal import Missing, Unfit
from understream.domain.cycle import cycle_of, keep_cycle, months_after, months_before
from understream.domain.due import tick
from understream.records.cycle import Cycle
from understream.records.due import Due

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture
def world():
    return make_alliance(people=2)


def keep(world, seat=None, **said):
    keep_cycle(
        seat or world.managers["Mill"],
        **{
            "pulse_months": 3,
            "evaluation_months": 12,
            "next_pulse_on": TODAY + 10 * DAY,
            "next_evaluation_on": TODAY + 20 * DAY,
            "now": NOON,
            **said,
        },
    )


def told(world, now, capture):
    """Return what managers are told by then, by the words of the letter."""
    mail.outbox.clear()
    with capture(execute=True):
        while tick(now=now, rng=world.rng):
            pass
    kinds = {"pulse:": "pulse", "evaluate:": "evaluation", "renewal:": "deep"}
    return [kinds[word] for one in mail.outbox for word in one.body.split() if word in kinds]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 1, 31), -2, date(2025, 11, 30)),
    ],
)
def test_months_end_where_months_end(day, months, then):
    assert months_after(day, months) == then
    assert months_before(day, -months) == then


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"pulse_months": 0}, "pulse_months"),
        ({"pulse_months": 25}, "pulse_months"),
        ({"evaluation_months": 37}, "evaluation_months"),
        ({"next_pulse_on": TODAY}, "next_pulse_on"),
        ({"next_evaluation_on": TODAY - DAY}, "next_evaluation_on"),
        ({"next_evaluation_on": date(9999, 12, 31)}, "next_evaluation_on"),
        ({"renewal_on": TODAY}, "renewal_on"),
        ({"renewal_on": date(9999, 12, 31)}, "renewal_on"),
    ],
)
def test_a_rhythm_that_does_not_fit_is_told_at_its_place(world, said, field):
    with pytest.raises(Unfit) as refused:
        keep(world, **said)

    assert list(refused.value.faults) == [field]
    assert not Due.objects.filter(kind__startswith="cycle").exists()


def test_a_rhythm_is_proposed_and_kept_by_a_manager(world):
    proposed = cycle_of(world.managers["Harbour"], now=NOON)
    assert (proposed.kept, proposed.pulse_months, proposed.proposed_depth) == (False, 3, "deep")
    for seat in (world.people["Mill"][1], world.facilitator):
        with pytest.raises(Missing):
            keep(world, seat)
        assert not cycle_of(seat, now=NOON).may_keep

    keep(world)
    keep(world, pulse_months=4)

    assert Cycle.objects.count() == 1
    assert cycle_of(world.facilitator, now=NOON).pulse_months == 4
    seal_evaluation(world, begin_evaluation(world))
    assert cycle_of(world.facilitator, now=NOON).proposed_depth == "cycle"
    keep(world, renewal_on=TODAY + 80 * DAY)
    assert cycle_of(world.facilitator, now=NOON).proposed_depth == "deep"


def test_what_is_due_is_told_once_in_the_morning_and_planned_anew(
    world, django_capture_on_commit_callbacks
):
    capture = django_capture_on_commit_callbacks
    keep(world, renewal_on=months_after(TODAY, 4))
    morning = NOON.replace(hour=8) + 10 * DAY  # nine o'clock in Amsterdam

    assert told(world, morning - timedelta(minutes=1), capture) == []
    assert told(world, morning, capture) == ["pulse"] * 2
    assert told(world, morning, capture) == []
    row = Cycle.objects.get()
    assert row.next_pulse_on == months_after(TODAY + 10 * DAY, 3)
    # After a long night everything that was missed is told once, and the next is to come.
    assert sorted(told(world, NOON + 40 * DAY, capture)) == ["deep"] * 2 + ["evaluation"] * 2
    assert told(world, NOON + 400 * DAY, capture).count("pulse") == 2
    assert Cycle.objects.get().next_pulse_on > (NOON + 400 * DAY).date()


def test_what_was_moved_on_is_not_told_at_its_former_day(
    world, django_capture_on_commit_callbacks
):
    keep(world)
    keep(world, next_pulse_on=TODAY + 60 * DAY, next_evaluation_on=TODAY + 70 * DAY)

    assert told(world, NOON + 30 * DAY, django_capture_on_commit_callbacks) == []
    assert told(world, NOON + 61 * DAY, django_capture_on_commit_callbacks) == ["pulse"] * 2
