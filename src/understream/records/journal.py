"""What happened, when, by which seat; append-only by trigger, without contents of voices."""

from django.db import models

from understream.records.alliance import Alliance, Party


class Entry(models.Model):
    """One act, as a sentence can be made of it."""

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="journal", null=True
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", null=True)
    seat = models.BigIntegerField(null=True)
    who = models.CharField(max_length=120)
    act = models.CharField(max_length=40)
    words = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["alliance", "-at"], name="journal_of_alliance")]

    def __str__(self) -> str:
        """Return the act."""
        return self.act
