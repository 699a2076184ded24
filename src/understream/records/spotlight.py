"""Who is asked to tell the room more; an invitation that was passed on is not kept."""

from django.db import models

from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.workshop import Step


class Turn(models.Model):
    """One person asked in a spotlight step: privately first, seen by all once accepted."""

    class State(models.TextChoices):
        """How far it is."""

        ASKED = "asked"
        SPEAKING = "speaking"
        HEARD = "heard"

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="turns")
    attendee = models.ForeignKey(Attendee, on_delete=models.CASCADE, related_name="+")
    answer = models.ForeignKey(Answer, on_delete=models.SET_NULL, related_name="+", null=True)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["step", "attendee"], name="one_turn_a_step")
        ]

    def __str__(self) -> str:
        """Return how far it is."""
        return self.state
