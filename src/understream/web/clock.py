"""The only clock and the only chance of the pages; everything below receives them."""

from datetime import datetime
from random import Random, SystemRandom

from django.utils import timezone

from understream.domain import world

rng: Random = SystemRandom()
"""The system's own randomness."""


def now() -> datetime:
    """Return the moment in this world: real, except in a demo whose clock was moved."""
    return world.moment(timezone.now())


def real() -> datetime:
    """Return the machine's own moment; only moving a demo's clock needs it."""
    return timezone.now()
