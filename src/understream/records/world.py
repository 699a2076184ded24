"""Whether this database is a demo world, and how far its clock has been moved."""

from django.db import models


class World(models.Model):
    """One row, written when the database is made. A demo world never becomes a real one."""

    is_demo = models.BooleanField(default=False)
    seed = models.BigIntegerField(default=0)
    clock_ahead = models.DurationField()

    def __str__(self) -> str:
        """Return what kind of world it is."""
        return "demo world" if self.is_demo else "world"
