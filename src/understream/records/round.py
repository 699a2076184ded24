"""A round of listening: one administration of an instrument, and each party's cohort in it."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.evaluation import Evaluation
from understream.records.instrument import InstrumentVersion
from understream.records.seat import SeatRow


class State(models.TextChoices):
    """Where a round stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Mode(models.TextChoices):
    """How a party's people speak in a round."""

    NAMED = "named"
    ONE_VOICE = "one voice"
    CONFIDENTIAL = "confidential"


class Round(models.Model):
    """One administration; mode, k and cohorts are frozen when it opens.

    ``beside`` is the round whose latecomers this one asks; it has one cohort, and ends with it.
    """

    alliance = models.ForeignKey(Alliance, on_delete=models.CASCADE, related_name="rounds")
    instrument = models.ForeignKey(
        InstrumentVersion, on_delete=models.PROTECT, related_name="rounds"
    )
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="rounds", null=True
    )
    beside = models.ForeignKey("self", on_delete=models.CASCADE, related_name="besides", null=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    k = models.PositiveSmallIntegerField(default=5)
    asks_comment = models.BooleanField(default=True)
    moderator = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+", null=True)
    closes_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    imported = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(k__gte=5), name="round_k_at_least_5"),
            models.CheckConstraint(
                condition=models.Q(state=State.CLOSED, closed_at__isnull=False)
                | (~models.Q(state=State.CLOSED) & models.Q(closed_at__isnull=True)),
                name="round_closed_has_moment",
            ),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Cohort(models.Model):
    """The people of one party invited to a round, and the mode in which they speak."""

    class Step(models.TextChoices):
        """Participation, told in steps only."""

        FEW = "fewer than 5"
        SOME = "5 or more"
        CLOSED = "closed"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="cohorts")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=12, choices=Mode)
    size = models.PositiveIntegerField(default=0)
    list_hash = models.CharField(max_length=64, blank=True)
    confirmed_by = models.ForeignKey(
        SeatRow, on_delete=models.PROTECT, related_name="+", null=True
    )
    participation = models.CharField(max_length=12, choices=Step, default=Step.FEW)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "party"], name="cohort_once")]

    def __str__(self) -> str:
        """Return the party and its mode."""
        return f"{self.party_id} {self.mode}"
