"""Seals: the envelopes of reflections, and the log of an alliance, append-only by trigger."""

from django.db import models

from understream.records.alliance import Alliance
from understream.records.evaluation import Evaluation
from understream.records.reflection import Reflection


class Envelope(models.Model):
    """One sealed part of a reflection, with the salt that opens its commitment."""

    reflection = models.ForeignKey(Reflection, on_delete=models.PROTECT, related_name="envelopes")
    part = models.PositiveSmallIntegerField()
    document = models.BinaryField()
    salt = models.BinaryField(max_length=32)
    commitment = models.CharField(max_length=64)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reflection", "part"], name="one_envelope_a_part"),
            models.CheckConstraint(condition=models.Q(part__gte=1, part__lte=2), name="two_parts"),
        ]

    def __str__(self) -> str:
        """Return which part it is, and nothing of what is in it."""
        return f"part {self.part} of reflection {self.reflection_id}"


class SealLog(models.Model):
    """The log of one alliance, known outside by its name."""

    alliance = models.OneToOneField(Alliance, on_delete=models.PROTECT, related_name="seal_log")
    name = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class SealEntry(models.Model):
    """One entry of a log, with the signed head; and the receipt that was sent of it, if any."""

    log = models.ForeignKey(SealLog, on_delete=models.PROTECT, related_name="entries")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="entries")
    index = models.PositiveIntegerField()
    previous = models.CharField(max_length=64)
    body = models.TextField()
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    receipt = models.TextField(blank=True)

    class Meta:
        ordering = ("index",)
        constraints = [models.UniqueConstraint(fields=["log", "index"], name="one_entry_a_place")]

    def __str__(self) -> str:
        """Return its place."""
        return f"entry {self.index}"
