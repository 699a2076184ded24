"""Things that fall due: deadlines, reminders, erasures."""

from django.db import models


class Due(models.Model):
    """One thing to do at or after a moment, exactly once."""

    kind = models.CharField(max_length=40)
    key = models.BigIntegerField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key", "at"], name="due_once")]
        indexes = [
            models.Index(
                fields=["at"], condition=models.Q(done_at__isnull=True), name="due_waiting"
            )
        ]

    def __str__(self) -> str:
        """Return what falls due."""
        return f"{self.kind} {self.key}"
