"""A meeting, live or over days: who may come in, and where its agenda stands."""

from django.db import models

from understream.records.alliance import Alliance, Party
from understream.records.person import Person


class Workshop(models.Model):
    """A meeting of the people of an alliance, or of whoever a facilitator invites.

    `version` grows by one with every change that somebody in the room can see, in the transaction
    of that change: whoever has read version 7 needs only what changed after 7. The row is the one
    lock of its workshop: every act takes it first.
    """

    class State(models.TextChoices):
        """Where the meeting stands."""

        PREPARING = "preparing"
        RUNNING = "running"
        ENDED = "ended"

    class Names(models.TextChoices):
        """Whether people say who they are."""

        NONE = "none"
        OPTIONAL = "optional"
        REQUIRED = "required"

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="workshops", null=True
    )
    facilitator = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="workshops")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=State, default=State.PREPARING)
    asynchronous = models.BooleanField(default=False)
    language = models.CharField(max_length=2, default="en")
    names = models.CharField(max_length=8, choices=Names, default=Names.OPTIONAL)
    walk_in = models.BooleanField(default=True)
    shows_count = models.BooleanField(default=True)
    code = models.CharField(max_length=8, blank=True)
    code_until = models.DateTimeField(null=True)
    nonce = models.BinaryField()
    join_hash = models.BinaryField(unique=True)
    wall_hash = models.BinaryField(unique=True)
    current = models.ForeignKey("Step", on_delete=models.SET_NULL, related_name="+", null=True)
    version = models.BigIntegerField(default=0)
    people_changed = models.BigIntegerField(default=0)
    themes_changed = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=~models.Q(code=""), name="one_workshop_a_code"
            )
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class WorkshopParty(models.Model):
    """An organisation whose people can come: a party of the alliance, or only a name."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="parties")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", null=True)
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["workshop", "position"], name="workshop_position")
        ]

    def __str__(self) -> str:
        """Return the organisation's name."""
        return self.name


class Step(models.Model):
    """One item of the agenda. Its texts come in both languages: ``{"en": ..., "nl": ...}``.

    `identity` and what else decides who sees an answer are frozen when the step first opens.
    `clock_until` is when the clock shows zero; `clock_left`, in seconds, when it stands still.
    """

    class Kind(models.TextChoices):
        """What people do."""

        PROMPT = "prompt"
        PAIRS = "pairs"
        THEMES = "themes"
        VOTE = "vote"
        SCALE = "scale"
        SPOTLIGHT = "spotlight"
        REHEARSAL = "rehearsal"
        TAKEOUTS = "takeouts"

    class Identity(models.TextChoices):
        """How an answer is signed where others see it."""

        NAMED = "named"
        PARTY = "party-labelled"
        CONFIDENTIAL = "confidential"

    class State(models.TextChoices):
        """Whether answers are taken."""

        WAITING = "waiting"
        OPEN = "open"
        CLOSED = "closed"
        SKIPPED = "skipped"

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    identity = models.CharField(max_length=14, choices=Identity, default=Identity.PARTY)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    minutes = models.PositiveSmallIntegerField(default=0)
    title = models.JSONField()
    prompt = models.JSONField()
    hint = models.JSONField(default=dict)
    note = models.JSONField(default=dict)
    card = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    choices = models.JSONField(default=list)
    most = models.PositiveSmallIntegerField(default=1)
    points = models.PositiveSmallIntegerField(default=7)
    ranking = models.BooleanField(default=False)
    asks_context = models.BooleanField(default=False)
    promises = models.BooleanField(default=False)
    moderated = models.BooleanField(default=False)
    reveals = models.BooleanField(default=False)
    source = models.ForeignKey("self", on_delete=models.SET_NULL, related_name="+", null=True)
    revealed = models.BooleanField(default=False)
    card_shown = models.BooleanField(default=False)
    released = models.BooleanField(default=False)
    results = models.JSONField(null=True)
    clock_until = models.DateTimeField(null=True)
    clock_left = models.PositiveIntegerField(null=True)
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    changed = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("position",)
        indexes = [models.Index(fields=["workshop", "position"], name="agenda_of_workshop")]

    def __str__(self) -> str:
        """Return what the step is called."""
        return str(self.title.get("en", self.kind))
