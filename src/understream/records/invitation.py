"""An invitation to take a seat."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.person import Person
from understream.records.seat import Role, SeatRow, Tier


class Invitation(models.Model):
    """A mailed invitation; the link itself is kept only as its hash."""

    alliance = models.ForeignKey(Alliance, on_delete=models.CASCADE, related_name="invitations")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="+", null=True)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=12, choices=Role)
    tier = models.CharField(max_length=8, choices=Tier, default=Tier.TEAM)
    language = models.CharField(max_length=2, choices=Person.Language, default=Person.Language.EN)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    invited_by = models.ForeignKey(SeatRow, on_delete=models.SET_NULL, related_name="+", null=True)

    def __str__(self) -> str:
        """Return who is invited."""
        return self.email
