"""Who works together in a step: pairs with one joint answer, or groups that rehearse."""

from django.db import models

from understream.records.attendee import Attendee
from understream.records.workshop import Step


class Group(models.Model):
    """Two or three people with one text, or three or four with a role each.

    `draft` is what they write together; it is an answer when all who are there have said yes to
    this very `revision`.
    """

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="groups")
    number = models.PositiveSmallIntegerField()
    draft = models.TextField(blank=True)
    context = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=0)
    call_link = models.CharField(max_length=500, blank=True)
    confirmed = models.BooleanField(default=False)
    turns = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["step", "number"], name="group_number")]

    def __str__(self) -> str:
        """Return its number."""
        return f"group {self.number}"


class Place(models.Model):
    """One person in one group of a step; `agreed` is the revision this person said yes to."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="places")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+")
    attendee = models.ForeignKey(Attendee, on_delete=models.CASCADE, related_name="places")
    role = models.PositiveSmallIntegerField(default=0)
    agreed = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("role", "pk")
        constraints = [
            models.UniqueConstraint(fields=["step", "attendee"], name="one_group_a_step")
        ]

    def __str__(self) -> str:
        """Return who sits where."""
        return f"attendee {self.attendee_id} in group {self.group_id}"
