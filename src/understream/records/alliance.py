"""An alliance and its parties."""

from django.db import models

from understream.records.organisation import Organisation


class Alliance(models.Model):
    """A lasting collaboration of two or more independent organisations."""

    class WorkingCalendar(models.TextChoices):
        """Which days count as working days for deadlines."""

        WEEKDAYS = "weekdays"
        NETHERLANDS = "netherlands"

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="Europe/Amsterdam")
    working_calendar = models.CharField(
        max_length=16, choices=WorkingCalendar, default=WorkingCalendar.WEEKDAYS
    )
    founded_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the name people know."""
        return self.name


class Party(models.Model):
    """One organisation in one alliance; its position gives it its colour and shape."""

    alliance = models.ForeignKey(Alliance, on_delete=models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="parties"
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["alliance", "organisation"], name="party_once"),
            models.UniqueConstraint(fields=["alliance", "position"], name="party_position"),
        ]

    def __str__(self) -> str:
        """Return the organisation's name."""
        return self.organisation.name
