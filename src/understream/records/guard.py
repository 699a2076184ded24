"""Database triggers that keep releases unchanged and the journal append-only."""

from django.db import connection

GUARDED = ("records_release", "records_commentrelease", "records_entry", "records_sealentry")

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION records_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is written once and never changed', TG_TABLE_NAME;
END $$
"""


def set_up(*_: object) -> None:
    """Make the database refuse updates and deletions of what is written once.

    Takes and ignores the arguments that a migration passes; of the tables those that are there.
    """
    with connection.cursor() as cursor:
        tables = _there()
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRES_FUNCTION)
            for table in tables:
                cursor.execute(
                    f"CREATE TRIGGER {table}_once BEFORE UPDATE OR DELETE ON {table} "
                    "FOR EACH ROW EXECUTE FUNCTION records_refuse()"
                )
                cursor.execute(
                    f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION records_refuse()"
                )
            return
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is written once and never changed'); END"
                )


def lift(*_: object) -> None:
    """Take the triggers away: for migrations, and for emptying a test database."""
    with connection.cursor() as cursor:
        tables = _there()
        for table in tables:
            if connection.vendor == "postgresql":
                for name in ("once", "whole"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
            else:
                for verb in ("update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def _there() -> list[str]:
    there = set(connection.introspection.table_names())
    return [table for table in GUARDED if table in there]
