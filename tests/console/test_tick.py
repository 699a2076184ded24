"""`understream tick`, `prepare` and `check`: what hosts do by hand or by a timer of their own."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import close, make_alliance, open_round
from understream.console import check
from understream.console.main import main
from understream.console.prepare import prepare
from understream.domain import world
from understream.records.due import Due
from understream.records.round import Round


@pytest.mark.django_db
def test_a_tick_does_what_has_fallen_due_and_twice_does_no_harm(capsys):
    made = make_alliance()
    soon = timezone.now() + timedelta(hours=1)
    key = open_round(made, closes_at=soon)
    Due.objects.exclude(kind="round.close").delete()

    codes = [main(["tick"])]
    Due.objects.update(at=timezone.now())
    Round.objects.filter(pk=key).update(closes_at=timezone.now())
    codes += [main(["tick"])]
    Due.objects.filter(done_at=None).delete()
    codes += [main(["tick"])]

    assert codes == [0, 0, 0]
    assert capsys.readouterr().out == "done: 0\ndone: 1\ndone: 0\n"
    assert Round.objects.get(pk=key).state == "closed"


@pytest.mark.django_db
def test_a_tick_goes_by_the_clock_of_the_world():
    world.make_demo(seed=1)
    made = make_alliance()
    real = timezone.now()
    key = open_round(made, closes_at=real + timedelta(days=2))
    world.move_clock(real + timedelta(days=3), real=real)

    main(["tick"])

    assert Round.objects.get(pk=key).state == "closed"


@pytest.mark.django_db
def test_a_tick_that_meets_a_fault_says_so_in_the_log_and_ends_well(capsys):
    Due.objects.create(kind="unheard of", key=1, at=datetime(2020, 1, 1, tzinfo=UTC))

    assert main(["tick"]) == 0

    told = capsys.readouterr()
    assert told.out == "done: 0\n"
    assert "due.failed" in told.err


@pytest.mark.django_db
def test_what_is_up_to_date_is_prepared_by_doing_nothing(capsys):
    made = make_alliance()
    close(made, open_round(made))

    assert prepare() == 0
    assert main(["prepare"]) == 0

    assert capsys.readouterr().out == "prepared: 0 migrations applied, style sheets in place\n"


@pytest.mark.django_db
def test_a_house_in_order_is_ready_to_be_served(capsys, monkeypatch, settings):
    settings.UNDERSTREAM_PREFLIGHT = f"{__name__}.in_order"
    monkeypatch.setattr(check, "run_checks", list)

    assert main(["check"]) == 0
    assert capsys.readouterr().out == "ready to be served\n"


@pytest.mark.django_db
def test_every_fault_is_one_sentence_and_the_exit_code_says_so(capsys, settings):
    settings.UNDERSTREAM_PREFLIGHT = f"{__name__}.out_of_order"

    assert main(["check"]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-2:] == [
        "understream check: The roof leaks.",
        "understream check: The door is open.",
    ]


def in_order():
    """Find nothing."""
    return ()


def out_of_order():
    """Find two faults."""
    return ("The roof leaks.", "The door is open.")
