"""Every act of a facilitator in a workshop, with what it changed: the log that undo reads."""

from django.db import models

from understream.records.seat import SeatRow
from understream.records.workshop import Workshop


class Move(models.Model):
    """One act. `changes` holds rows made, changed or removed, before and after."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="moves")
    version = models.BigIntegerField()
    seat = models.ForeignKey(SeatRow, on_delete=models.SET_NULL, related_name="+", null=True)
    who = models.CharField(max_length=120)
    act = models.CharField(max_length=40)
    words = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["workshop", "-id"], name="moves_of_workshop")]

    def __str__(self) -> str:
        """Return the act."""
        return self.act
