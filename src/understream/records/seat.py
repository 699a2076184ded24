"""A person's seat in an alliance, as it is stored."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.person import Person


class Role(models.TextChoices):
    """What a seat is there for."""

    PARTICIPANT = "participant"
    MANAGER = "manager"
    SPONSOR = "sponsor"
    FACILITATOR = "facilitator"


class Tier(models.TextChoices):
    """Where in the own organisation a person stands."""

    SPONSOR = "sponsor"
    STEERING = "steering"
    MANAGER = "manager"
    TEAM = "team"


class SeatRow(models.Model):
    """One person in one alliance: for one party, or as facilitator for none."""

    alliance = models.ForeignKey(Alliance, on_delete=models.CASCADE, related_name="seats")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="seats", null=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="seats")
    role = models.CharField(max_length=12, choices=Role)
    tier = models.CharField(max_length=8, choices=Tier, default=Tier.TEAM)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alliance", "person"], name="one_party_per_alliance"),
            models.CheckConstraint(
                condition=models.Q(role=Role.FACILITATOR, party__isnull=True)
                | (~models.Q(role=Role.FACILITATOR) & models.Q(party__isnull=False)),
                name="facilitator_for_no_party",
            ),
        ]

    def __str__(self) -> str:
        """Return the person's name and role."""
        return f"{self.person} ({self.role})"
