"""Releases: what was displayed, stored once. Triggers refuse every change (see guard.py)."""

from django.db import models

from understream.records.round import Cohort, Round


class Release(models.Model):
    """The displayed figures of a round: immutable, hashed, computed once.

    In a round of an evaluation each party's figures have a salt of their own, so that the digest
    tells nothing of what is not open yet: hexadecimal by party, and for what lies between parties.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="release")
    content = models.JSONField()
    salts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        """Return the round it belongs to."""
        return f"release of round {self.round_id}"


class CommentRelease(models.Model):
    """The comments of one cohort as they may be read by the own party."""

    cohort = models.OneToOneField(Cohort, on_delete=models.PROTECT, related_name="comments")
    content = models.JSONField()
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        """Return the cohort it belongs to."""
        return f"comments of cohort {self.cohort_id}"
