"""Voices: raw answers and raw comments. Protected: two modules may import this one.

Every foreign key has ``related_name="+"``: the object-relational map is a back door that imports
cannot see.
"""

from django.db import models

from understream.records.round import Cohort
from understream.records.workshop import Step, WorkshopParty


class Voice(models.Model):
    """One person's answers: packed one byte an item, a random key, a block hint, nothing else."""

    key = models.BigIntegerField(primary_key=True)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+")
    hint = models.PositiveSmallIntegerField(default=0)
    answers = models.BinaryField()

    def __str__(self) -> str:
        """Return nothing that tells voices apart."""
        return "a voice"


class Comment(models.Model):
    """One text, a row of its own: linked to nothing but its cohort and block.

    Each answer to an open question is one too: ``prompt`` is the question's code, "" for the field
    at the end. What one person wrote to several stands in rows that nothing joins.
    """

    class Wish(models.TextChoices):
        """What the author wants to happen with the text."""

        AS_WRITTEN = "as written"
        PARAPHRASED = "paraphrased"
        MODERATOR_ONLY = "moderator only"

    key = models.BigIntegerField(primary_key=True)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+")
    hint = models.PositiveSmallIntegerField(default=0)
    text = models.TextField()
    prompt = models.CharField(max_length=40, blank=True, default="")
    wish = models.CharField(max_length=16, choices=Wish, default=Wish.AS_WRITTEN)

    def __str__(self) -> str:
        """Return nothing that tells comments apart."""
        return "a comment"


class StepVoice(models.Model):
    """One person's answer in a confidential step: its party, a random key, no person, no moment.

    The key can be named only by who holds the attendee's secret. It is gone when the step closes.
    """

    key = models.BigIntegerField(primary_key=True)
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+")
    party = models.ForeignKey(WorkshopParty, on_delete=models.CASCADE, related_name="+")
    mark = models.BinaryField()
    text = models.TextField(blank=True)
    value = models.JSONField(null=True)

    def __str__(self) -> str:
        """Return nothing that tells voices apart."""
        return "a voice in a step"
