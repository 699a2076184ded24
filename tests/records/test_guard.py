"""What is written once: the database itself refuses to change it, whoever asks."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from tests.factories import (
    LATER,
    begin_evaluation,
    close,
    links_of,
    make_alliance,
    open_round,
    speak,
)
from understream.domain.release import erase_voices
from understream.records import guard
from understream.records.journal import Entry
from understream.records.release import CommentRelease, Release
from understream.records.seal import SealEntry

pytestmark = pytest.mark.django_db
TABLES = (Release, CommentRelease, Entry, SealEntry)


@pytest.fixture
def written():
    """Return a closed round of which everything that is written once has been written."""
    world = make_alliance(people=8)
    key = open_round(world)
    for number, link in enumerate(links_of(key, world.parties["Harbour"])):
        speak(world, link, (5, 4, 6, 3, 255, 7), comment=f"remark {number}")
    close(world, key)
    begin_evaluation(world)
    assert all(table.objects.exists() for table in TABLES)
    return key


def refused(sql):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(DatabaseError, match="written once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_guarded_tables_are_these():
    assert tuple(table._meta.db_table for table in TABLES) == guard.GUARDED


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("table", TABLES)
def test_nothing_changes_a_row_that_is_written_once(table):
    name = table._meta.db_table
    column = {"records_entry": "act", "records_sealentry": "body"}.get(name, "digest")
    before = list(table.objects.order_by("pk").values())

    refused(f"UPDATE {name} SET {column} = 'x'")  # noqa: S608 - a table of ours
    refused(f"DELETE FROM {name}")  # noqa: S608 - see above
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        table.objects.first().save()
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        table.objects.first().delete()

    assert list(table.objects.order_by("pk").values()) == before


@pytest.mark.usefixtures("written")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such statement")
@pytest.mark.parametrize("table", TABLES)
def test_no_guarded_table_is_emptied_in_one_stroke(table):
    refused(f"TRUNCATE {table._meta.db_table} CASCADE")


@pytest.mark.usefixtures("written")
def test_what_belongs_to_a_release_cannot_be_pulled_from_under_it():
    for name in ("Round", "Cohort", "Alliance", "Party"):
        table = apps.get_model("records", name)
        with (
            pytest.raises(Exception, match=r"(?i)protect|written once|foreign"),
            transaction.atomic(),
        ):
            table.objects.all().delete()


def test_erasing_the_answers_behind_a_release_is_no_change_of_it(written):
    before = Release.objects.get().content

    erase_voices(written, now=LATER)

    assert Release.objects.get().content == before


@pytest.mark.usefixtures("written")
def test_the_guard_can_be_lifted_and_set_up_again_by_migrations():
    guard.lift()
    Entry.objects.update(act="changed")
    guard.set_up()

    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Entry.objects.update(act="again")
