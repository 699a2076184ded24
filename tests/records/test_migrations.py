"""The tables are what the models say, and the way there can be gone back."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tests.factories import make_alliance
from understream.records.journal import Entry


@pytest.mark.django_db
def test_no_change_of_a_table_waits_for_a_migration(capsys):
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=1)

    assert capsys.readouterr().out == "No changes detected\n"


@pytest.mark.django_db
def test_every_key_of_another_row_and_every_search_of_what_waits_has_an_index():
    found = {}
    with connection.cursor() as cursor:
        for table in apps.get_app_config("records").get_models():
            kept = connection.introspection.get_constraints(cursor, table._meta.db_table)
            found[table] = [one["columns"][:1] for one in kept.values() if one["index"]]
            found[table] += [one["columns"][:1] for one in kept.values() if one["unique"]]

    bare = [
        f"{table.__name__}.{field.attname}"
        for table, columns in found.items()
        for field in table._meta.concrete_fields
        if field.many_to_one and [field.column] not in columns
    ]
    assert bare == []


@pytest.mark.django_db(transaction=True)
def test_the_guard_goes_with_its_migration_and_comes_back_with_it():
    MigrationExecutor(connection).migrate([("records", "0001_first")])
    try:
        make_alliance()
        Entry.objects.update(act="seat.end")

        MigrationExecutor(connection).migrate([("records", "0002_guard")])

        with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
            Entry.objects.update(act="changed")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("records"))
