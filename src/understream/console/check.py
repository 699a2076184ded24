"""`understream check`: say whether this house may be served as it is set up."""

import argparse
import sys

from django.conf import settings
from django.core.checks import run_checks
from django.utils.module_loading import import_string


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing.

    :param parser: the parser of this command alone.
    """
    parser.epilog = "Serving asks the same first, and refuses if anything is found."


def run(_options: argparse.Namespace) -> int:
    """Print one sentence a fault.

    :returns: 0 if there is none, else 2.
    """
    faults = (
        *(str(message.msg) for message in run_checks() if message.is_serious()),
        *import_string(settings.UNDERSTREAM_PREFLIGHT)(),
    )
    for sentence in faults:
        sys.stderr.write(f"understream check: {sentence}\n")
    if not faults:
        sys.stdout.write("ready to be served\n")
    return 2 if faults else 0
