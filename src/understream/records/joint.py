"""What the parties write together after the reveal; it stands when each party has accepted it."""

from django.db import models

from understream.records.alliance import Party
from understream.records.evaluation import Evaluation
from understream.records.seat import SeatRow


class JointText(models.Model):
    """A reading and a decision on one topic, a note on one block, or the closing decision.

    `choice` and `decide_on` are for the closing decision alone. `version` counts what was written:
    an acceptance is for one version.
    """

    class Kind(models.TextChoices):
        """What is written about."""

        TOPIC = "topic"
        BLOCK = "block"
        RELEVANCE = "relevance"

    class Choice(models.TextChoices):
        """What the parties do with their alliance."""

        CONTINUE = "ED1"
        DEEPEN = "ED2"
        NARROW = "ED3"
        REDESIGN = "ED4"
        END = "ED5"
        NOT_YET = "ED0"

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="texts")
    kind = models.CharField(max_length=9, choices=Kind)
    code = models.CharField(max_length=12, blank=True)
    reading = models.TextField(blank=True)
    decision = models.TextField(blank=True)
    choice = models.CharField(max_length=3, choices=Choice, blank=True)
    decide_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "kind", "code"], name="one_joint_text_a_topic"
            )
        ]

    def __str__(self) -> str:
        """Return what it is about."""
        return f"{self.kind} {self.code}"


class JointVersion(models.Model):
    """A joint text as somebody left it."""

    text = models.ForeignKey(JointText, on_delete=models.CASCADE, related_name="history")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(fields=["text", "version"], name="one_version_of_a_joint_text")
        ]

    def __str__(self) -> str:
        """Return the version."""
        return f"version {self.version} of joint text {self.text_id}"


class JointAcceptance(models.Model):
    """A party's yes to one version of a joint text."""

    text = models.ForeignKey(JointText, on_delete=models.CASCADE, related_name="acceptances")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "party"], name="one_joint_yes_a_party")
        ]

    def __str__(self) -> str:
        """Return whose yes it is."""
        return f"party {self.party_id} accepted version {self.version}"


class Critic(models.Model):
    """Who is expected to say what nobody says, on one topic."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="critics")
    topic = models.CharField(max_length=8)
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "topic"], name="one_critic_a_topic")
        ]

    def __str__(self) -> str:
        """Return the topic."""
        return f"critic of {self.topic}"


class Closing(models.Model):
    """What doing the evaluation did to how the parties work together, said once by each."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="closings")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    rating = models.PositiveSmallIntegerField()
    sentence = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "party"], name="one_closing_a_party"),
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=7), name="closing_on_scale"
            ),
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return f"closing of party {self.party_id}"
