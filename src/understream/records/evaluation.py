"""An evaluation: its agreement, who has accepted it, and what was proposed when a party waited."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.seat import SeatRow


class State(models.TextChoices):
    """Where an evaluation stands."""

    PREPARING = "preparing"
    RUNNING = "running"
    REVEALED = "revealed"
    AGREED = "agreed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Depth(models.TextChoices):
    """How much is asked."""

    CYCLE = "cycle"
    DEEP = "deep"


class IfNever(models.TextChoices):
    """What was agreed for the case that a party has not sealed at the deadline."""

    EXTEND = "extend once"
    TALK = "talk"


class Evaluation(models.Model):
    """One evaluation of one alliance, and the agreement under which it is done.

    `version` counts what was agreed: an acceptance is for one version. `soft_opened_at` is when
    part 2, the soft side, opened.
    """

    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="evaluations")
    code = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=120)
    scope = models.TextField(blank=True)
    depth = models.CharField(max_length=5, choices=Depth, default=Depth.CYCLE)
    state = models.CharField(max_length=9, choices=State, default=State.PREPARING)
    k = models.PositiveSmallIntegerField(default=5)
    asks_comment = models.BooleanField(default=True)
    shares_figures = models.BooleanField(default=True)
    facilitator = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+", null=True)
    answer_until = models.DateTimeField()
    seal_until = models.DateTimeField()
    if_never = models.CharField(max_length=11, choices=IfNever, default=IfNever.EXTEND)
    extra_days = models.PositiveSmallIntegerField(default=7)
    extended = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    soft_opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(k__gte=5), name="evaluation_k_at_least_5"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=(State.REVEALED, State.AGREED), revealed_at__isnull=False
                )
                | (
                    ~models.Q(state__in=(State.REVEALED, State.AGREED))
                    & models.Q(revealed_at__isnull=True)
                ),
                name="evaluation_revealed_has_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(soft_opened_at__isnull=True)
                | models.Q(revealed_at__isnull=False),
                name="evaluation_soft_after_hard",
            ),
            models.UniqueConstraint(
                fields=["alliance"],
                condition=models.Q(state__in=(State.PREPARING, State.RUNNING)),
                name="one_evaluation_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Acceptance(models.Model):
    """A party's yes to one version of the agreement, and its mode."""

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.CASCADE, related_name="acceptances"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    mode = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "party"], name="one_acceptance_a_party")
        ]

    def __str__(self) -> str:
        """Return who accepted what."""
        return f"party {self.party_id} accepted version {self.version}"


class Proposal(models.Model):
    """To move the deadline, or to call the evaluation off; needs all who have sealed."""

    class Kind(models.TextChoices):
        """What is proposed."""

        EXTEND = "extend"
        CANCEL = "cancel"

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="proposals")
    kind = models.CharField(max_length=6, choices=Kind)
    until = models.DateTimeField(null=True)
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation"],
                condition=models.Q(settled_at__isnull=True),
                name="one_proposal_at_a_time",
            )
        ]

    def __str__(self) -> str:
        """Return what is proposed."""
        return f"{self.kind} evaluation {self.evaluation_id}"


class Consent(models.Model):
    """A party's yes to a proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="consents")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "party"], name="one_consent_a_party")
        ]

    def __str__(self) -> str:
        """Return whose yes it is."""
        return f"consent of party {self.party_id}"
