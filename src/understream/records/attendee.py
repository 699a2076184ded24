"""Who is in a workshop: a place that a browser holds, with or without a name or an account."""

from django.db import models

from understream.records.person import Person
from understream.records.seat import SeatRow
from understream.records.workshop import Step, Workshop, WorkshopParty


class Attendee(models.Model):
    """One place in a workshop. Its holder keeps a secret; only a hash of it is stored.

    `proxy` is a place without a holder: the facilitator types for somebody without a phone.
    `passes` is the step in which the person would rather not speak; emptied when it closes.
    """

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="attendees")
    party = models.ForeignKey(WorkshopParty, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=60, blank=True)
    token_hash = models.BinaryField(unique=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, related_name="+", null=True)
    seat = models.ForeignKey(SeatRow, on_delete=models.SET_NULL, related_name="+", null=True)
    proxy = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    heard = models.PositiveSmallIntegerField(default=0)
    passes = models.ForeignKey(Step, on_delete=models.SET_NULL, related_name="+", null=True)
    changed = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["workshop", "changed"], name="attendees_changed")]
        constraints = [
            models.UniqueConstraint(
                fields=["workshop", "person"],
                condition=models.Q(person__isnull=False),
                name="one_place_a_person",
            )
        ]

    def __str__(self) -> str:
        """Return the name the person gave, if any."""
        return self.name or "an attendee"


class Ready(models.Model):
    """That somebody says to be done with a step, and nothing of what they answered."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+")
    attendee = models.ForeignKey(Attendee, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "attendee"], name="ready_once")]

    def __str__(self) -> str:
        """Return who is ready."""
        return f"attendee {self.attendee_id} is done with step {self.step_id}"


class Miss(models.Model):
    """A wrong code, so that codes cannot be guessed by the thousand. Swept after an hour."""

    address_hash = models.BinaryField(db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Return nothing that names an address."""
        return "a wrong code"
