"""What the host sees: how the house runs, and nothing of what is said in it."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection

from tests.factories import NOON, make_alliance, make_person, open_round
from understream import __version__
from understream.access import reach
from understream.access.refusal import Forbidden
from understream.domain.due import tick
from understream.domain.host import LATE, host_before, is_ready
from understream.records.due import Due

pytestmark = pytest.mark.django_db


@pytest.fixture
def host():
    return reach.seat_of_person(make_person("Host", host=True).pk)


def test_the_house_tells_its_version_its_database_and_its_room(host):
    card = host_before(host, now=NOON)

    name = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    assert card.version == __version__
    assert card.database.startswith(name)
    assert card.database_bytes > 0
    assert 0 < card.disk_free <= card.disk_total
    assert not card.demo


def test_what_waits_is_told_apart_from_what_is_late(host):
    for minutes in (-10, -3, -1, 5, 60):
        Due.objects.create(kind="tidy", key=1, at=NOON + timedelta(minutes=minutes))

    card = host_before(host, now=NOON)

    assert (card.waiting, card.overdue) == (3, 2)
    assert card.next_due == NOON + timedelta(minutes=5)
    assert timedelta(minutes=2) == LATE


def test_what_was_done_last_is_told(host):
    Due.objects.create(kind="tidy", key=1, at=NOON)

    tick(now=NOON + timedelta(minutes=1), rng=None)

    card = host_before(host, now=NOON)
    assert (card.last_done, card.last_tick) == (NOON + timedelta(minutes=1),) * 2
    assert (card.waiting, card.overdue, card.next_due) == (0, 0, None)


def test_the_host_learns_nothing_of_alliances(host):
    world = make_alliance("Harbour", "Mill")
    open_round(world)

    told = str(asdict(host_before(host, now=NOON)))

    for word in ("Harbour", "Mill", "Autumn", "example.org"):
        assert word not in told


@pytest.mark.parametrize("who", ["manager", "facilitator", "person"])
def test_nobody_but_the_host_looks(who):
    world = make_alliance()
    seat = {
        "manager": world.managers["Harbour"],
        "facilitator": world.facilitator,
        "person": reach.seat_of_person(make_person("Somebody").pk),
    }[who]

    with pytest.raises(Forbidden):
        host_before(seat, now=NOON)


def test_a_house_is_ready_when_its_database_has_every_table():
    assert is_ready()
    with connection.cursor() as cursor:
        # The newest; one in the middle is not missed once others stand on it.
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'records' AND id = "
            "(SELECT max(id) FROM django_migrations WHERE app = 'records')"
        )

    assert not is_ready()
