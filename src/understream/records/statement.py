"""Signed answers: by a person in named mode, by a party that speaks with one voice."""

from django.db import models

from understream.records.round import Cohort
from understream.records.seat import SeatRow


class Statement(models.Model):
    """A signed answer; not a voice. Without a seat it is the party's one voice.

    ``words`` are the answers to open questions, by the question's code.
    """

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="statements")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+", null=True)
    answers = models.BinaryField()
    comment = models.TextField(blank=True)
    words = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cohort", "seat"], name="one_statement_per_seat"),
            models.UniqueConstraint(
                fields=["cohort"],
                condition=models.Q(seat__isnull=True),
                name="one_voice_per_cohort",
            ),
        ]

    def __str__(self) -> str:
        """Return who signed."""
        return f"statement of seat {self.seat_id}" if self.seat_id else "a party's one voice"
