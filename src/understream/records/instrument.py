"""The very version of an instrument that a round asked."""

from django.db import models

from understream.records.organisation import Organisation

OWN = "own-"
"""How the names begin under which rounds ask what organisations brought."""


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


class OwnInstrument(models.Model):
    """A questionnaire that an organisation brought along, in one version.

    What a round asks of it is kept as an `InstrumentVersion` of its own, under a name that holds
    the organisation's key, so that no two organisations' questionnaires are taken for one.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="instruments"
    )
    code = models.CharField(max_length=24)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    text = models.TextField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "code", "version"], name="own_instrument_once"
            )
        ]

    def __str__(self) -> str:
        """Return code and version."""
        return f"{self.code} {self.version}"

    @property
    def asked_as(self) -> str:
        """The name under which rounds ask it."""
        return f"{OWN}{self.organisation_id}-{self.code}"
