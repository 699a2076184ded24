"""An independent organisation and who belongs to it."""

from django.db import models

from understream.records.person import Person


class Organisation(models.Model):
    """One of the organisations that are parties somewhere."""

    name = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        """Return the name people know."""
        return self.name


class Membership(models.Model):
    """That a person belongs to an organisation."""

    class Role(models.TextChoices):
        """What a member may see beyond their own seats."""

        MEMBER = "member"
        RESEARCHER = "researcher"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="one_membership")
        ]

    def __str__(self) -> str:
        """Return who belongs where."""
        return f"{self.person_id} in {self.organisation_id}"
