"""The very version of an instrument that a round asked."""

from django.db import models


class InstrumentVersion(models.Model):
    """An instrument as it was when first used; a version never changes afterwards."""

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="instrument_version_once")
        ]

    def __str__(self) -> str:
        """Return code and version."""
        return f"{self.code} {self.version}"
