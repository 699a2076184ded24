"""What a party concludes within itself, before it is sealed and after; read by its own people."""

from django.db import models

from understream.records.alliance import Party
from understream.records.evaluation import Evaluation
from understream.records.seat import SeatRow


class Reflection(models.Model):
    """One party in one evaluation, from its opening on; `sealed_at` only while it is sealed."""

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="reflections"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(null=True)
    sealed_by = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+", null=True)
    digest = models.CharField(max_length=64, blank=True)
    entry = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "party"], name="one_reflection_a_party"),
            models.CheckConstraint(
                condition=models.Q(sealed_at__isnull=True, digest="", entry__isnull=True)
                | models.Q(sealed_at__isnull=False, entry__isnull=False) & ~models.Q(digest=""),
                name="sealed_means_digest",
            ),
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return f"reflection of party {self.party_id}"


class Conclusion(models.Model):
    """What a party concludes on one topic, as it stands now.

    `change` and `effect` are for topics about a shift, `rating` and `direction` for the others;
    "" and 0 are not filled in yet, 255 is a rating that the party cannot give.
    """

    class Change(models.TextChoices):
        """How much has changed."""

        NOT = "not"
        LITTLE = "little"
        LOT = "lot"
        CANNOT = "cannot judge"

    class Effect(models.TextChoices):
        """What that does to the alliance."""

        HELPS = "helps"
        HURTS = "hurts"
        NEITHER = "neither"

    class Direction(models.TextChoices):
        """How it moved since the last time."""

        WORSE = "worse"
        SAME = "same"
        BETTER = "better"

    class Sure(models.TextChoices):
        """How sure the party is."""

        HIGH = "high"
        MEDIUM = "medium"
        LOW = "low"

    reflection = models.ForeignKey(
        Reflection, on_delete=models.CASCADE, related_name="conclusions"
    )
    topic = models.CharField(max_length=8)
    change = models.CharField(max_length=12, choices=Change, blank=True)
    effect = models.CharField(max_length=7, choices=Effect, blank=True)
    rating = models.PositiveSmallIntegerField(default=0)
    direction = models.CharField(max_length=6, choices=Direction, blank=True)
    sentence = models.TextField(blank=True)
    sure = models.CharField(max_length=6, choices=Sure, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reflection", "topic"], name="one_conclusion_a_topic"),
            models.CheckConstraint(
                condition=models.Q(rating__lte=7) | models.Q(rating=255),
                name="conclusion_rating_on_scale",
            ),
        ]

    def __str__(self) -> str:
        """Return the topic."""
        return f"{self.topic} of reflection {self.reflection_id}"


class ConclusionVersion(models.Model):
    """A conclusion as somebody left it: the history of one topic."""

    reflection = models.ForeignKey(Reflection, on_delete=models.CASCADE, related_name="history")
    topic = models.CharField(max_length=8)
    version = models.PositiveIntegerField()
    content = models.JSONField()
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-version",)
        constraints = [
            models.UniqueConstraint(
                fields=["reflection", "topic", "version"], name="one_version_of_a_conclusion"
            )
        ]

    def __str__(self) -> str:
        """Return the topic and the version."""
        return f"{self.topic}, version {self.version}"


class Dissent(models.Model):
    """Another view on a topic, in words of its own, inside the party."""

    reflection = models.ForeignKey(Reflection, on_delete=models.CASCADE, related_name="dissents")
    topic = models.CharField(max_length=8)
    text = models.TextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        """Return the topic."""
        return f"another view on {self.topic}"


class Holder(models.Model):
    """A seat that holds a dissent, and whether it lets it travel to the partner."""

    dissent = models.ForeignKey(Dissent, on_delete=models.CASCADE, related_name="holders")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    shares = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dissent", "seat"], name="one_hold_a_seat")]

    def __str__(self) -> str:
        """Return nothing that tells holders apart."""
        return "a holder"


class Guest(models.Model):
    """A facilitator whom a party lets read its reflection before the reveal."""

    reflection = models.ForeignKey(Reflection, on_delete=models.CASCADE, related_name="guests")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reflection", "seat"], name="one_guest_a_seat")
        ]

    def __str__(self) -> str:
        """Return who is let in."""
        return f"seat {self.seat_id} reads reflection {self.reflection_id}"
