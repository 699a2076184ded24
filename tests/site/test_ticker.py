import threading
import time

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import NOON, make_alliance, open_round
from understream.domain import due
from understream.records.round import Round
from understream.site.ticker import Ticker


def until(reached, seconds=10):
    """Wait until something is so; tell whether it became so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if reached():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def ticker():
    """Return a ticker that is stopped behind the test."""
    one = Ticker(every=0.05)
    yield one
    one.stop()


@pytest.mark.django_db(transaction=True)
def test_what_has_fallen_due_is_done_without_anybody_asking(ticker):
    world = make_alliance()
    key = open_round(world, closes_at=max(NOON, timezone.now()) + timezone.timedelta(seconds=1))
    due.Due.objects.filter(key=key, kind="round.close").update(at=NOON)
    Round.objects.filter(pk=key).update(closes_at=NOON)

    ticker.start()

    assert until(lambda: Round.objects.get(pk=key).state == "closed")


@pytest.mark.django_db(transaction=True)
def test_a_failing_look_is_told_and_the_next_one_is_taken(ticker, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_due RENAME TO records_gone")
    try:
        ticker.start()
        assert until(lambda: len(caplog.records) >= 2)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE records_gone RENAME TO records_due")

    assert {one.msg for one in caplog.records} == {"ticker.failed"}


@pytest.mark.django_db(transaction=True)
def test_stopping_ends_the_thread_at_once():
    ticker = Ticker(every=60)
    ticker.start()
    assert until(lambda: due.last_tick() is not None)

    began = time.monotonic()
    ticker.stop()

    assert time.monotonic() - began < 1.5
    assert "ticker" not in {one.name for one in threading.enumerate()}
