"""`understream prepare`: bring the database and the style sheets to this version."""

import argparse
import sys

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing.

    :param parser: the parser of this command alone.
    """
    parser.epilog = "Run it after each change of version; what is up to date stays as it is."


def run(_options: argparse.Namespace) -> int:
    """Prepare, and say what was done.

    :returns: 0.
    """
    done = prepare()
    sys.stdout.write(f"prepared: {done} migrations applied, style sheets in place\n")
    return 0


def prepare() -> int:
    """Bring the database and the style sheets to this version.

    :returns: how many migrations were applied.
    """
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return len(missing)
