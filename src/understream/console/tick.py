"""`understream tick`: do once what has fallen due, for hosts that prefer a timer of their own."""

import argparse
import sys
from random import SystemRandom

from django.utils import timezone

from understream.domain import world
from understream.domain.due import tick


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing.

    :param parser: the parser of this command alone.
    """
    parser.epilog = "A serving process does this by itself; doing it twice does no harm."


def run(_options: argparse.Namespace) -> int:
    """Do what has fallen due, and say how much it was.

    :returns: 0.
    """
    done = tick(now=world.moment(timezone.now()), rng=SystemRandom())
    sys.stdout.write(f"done: {done}\n")
    return 0
