"""Sums over all confidential rounds of a scale, kept for its reliability and nothing else."""

from django.db import models

from understream.records.instrument import InstrumentVersion


class Pool(models.Model):
    """The sums over one scale of one version of an instrument: no person, round or moment.

    ``shown`` holds whole batches, and keyed hashes of the organisations in them, which count
    organisations that are in several. ``waiting`` holds sums until they are a batch, and their
    numbers of people by a keyed hash of the alliance; when they join, those hashes are gone.
    """

    instrument = models.ForeignKey(InstrumentVersion, on_delete=models.PROTECT, related_name="+")
    facet = models.CharField(max_length=40)
    shown = models.JSONField(default=dict)
    waiting = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "facet"], name="pool_once_per_scale")
        ]

    def __str__(self) -> str:
        """Return which scale it is of."""
        return f"pool of {self.facet}"
