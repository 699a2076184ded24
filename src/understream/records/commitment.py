"""What one party promises another, whether it stands, and what each side says became of it."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.answer import Answer
from understream.records.evaluation import Evaluation
from understream.records.seat import SeatRow


class Commitment(models.Model):
    """A promise from one party to another, with an owner and a date.

    `topic` is the topic of the evaluation it came from, "" without one; `answer` the takeout of
    the workshop in which it was first said.
    """

    class State(models.TextChoices):
        """Whether it holds."""

        PROPOSED = "proposed"
        STANDING = "standing"
        WITHDRAWN = "withdrawn"

    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="commitments")
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="commitments", null=True
    )
    topic = models.CharField(max_length=12, blank=True)
    answer = models.ForeignKey(
        Answer, on_delete=models.SET_NULL, related_name="commitments", null=True
    )
    giver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    action = models.TextField()
    owner = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    written_by = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    stood_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("receiver")), name="promised_to_another"
            ),
            models.CheckConstraint(
                condition=models.Q(state="standing", stood_at__isnull=False)
                | ~models.Q(state="standing"),
                name="standing_has_moment",
            ),
        ]

    def __str__(self) -> str:
        """Return what was promised."""
        return self.action


class CommitmentAcceptance(models.Model):
    """A party's yes to a commitment."""

    commitment = models.ForeignKey(
        Commitment, on_delete=models.CASCADE, related_name="acceptances"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "party"], name="one_commitment_yes_a_party"
            )
        ]

    def __str__(self) -> str:
        """Return whose yes it is."""
        return f"party {self.party_id} accepted commitment {self.commitment_id}"


class Judgement(models.Model):
    """What one party says became of a commitment."""

    class Outcome(models.TextChoices):
        """What became of it."""

        KEPT = "kept"
        RENEGOTIATED = "renegotiated"
        BROKEN = "broken"

    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="judgements")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome)
    note = models.TextField(blank=True)
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["commitment", "party"], name="one_judgement_a_party")
        ]

    def __str__(self) -> str:
        """Return the outcome."""
        return self.outcome
