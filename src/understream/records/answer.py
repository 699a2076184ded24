"""What people contribute to a step, signed with their name or their organisation; not a voice.

The answers of a confidential step are voices (`records.voice`) until the step closes. What is
released of them then becomes answers that belong to no attendee.
"""

from collections.abc import Iterable

from django.db import connection, models

from understream.records.attendee import Attendee
from understream.records.pair import Group
from understream.records.workshop import Step, WorkshopParty


class Answer(models.Model):
    """One contribution. An attendee has as many slots in a step as the step takes answers.

    `mark` tells the last write again, so that a retry is harmless. `number` is the version of the
    workshop at which it first came, which orders answers alike for everybody; `changed` the last.
    `value` holds what is not text: dots or places by choice, a point, a receiver and a day.
    """

    class State(models.TextChoices):
        """Whether others see it."""

        WAITING = "waiting"
        SHOWN = "shown"
        HELD = "held"
        WITHDRAWN = "withdrawn"

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="answers")
    attendee = models.ForeignKey(
        Attendee, on_delete=models.SET_NULL, null=True, related_name="answers"
    )
    group = models.OneToOneField(Group, on_delete=models.SET_NULL, null=True)
    party = models.ForeignKey(WorkshopParty, on_delete=models.SET_NULL, null=True)
    parties = models.JSONField(default=list)
    slot = models.PositiveSmallIntegerField(default=0)
    column = models.PositiveSmallIntegerField(default=0)
    mark = models.BinaryField()
    text = models.TextField(blank=True)
    context = models.CharField(max_length=300, blank=True)
    value = models.JSONField(null=True)
    paraphrase = models.TextField(blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.SHOWN)
    proxy_by = models.CharField(max_length=120, blank=True)
    number = models.BigIntegerField()
    changed = models.BigIntegerField()

    class Meta:
        ordering = ("number", "pk")
        constraints = [
            models.UniqueConstraint(fields=["step", "attendee", "slot"], name="one_answer_a_slot")
        ]
        indexes = [models.Index(fields=["step", "changed"], name="answers_changed")]

    def __str__(self) -> str:
        """Return nothing of what was said."""
        return f"an answer in step {self.step_id}"


def write_new(rows: Iterable[Answer]) -> None:
    """Insert answers that nobody has stored yet, in one prepared statement.

    A room of hundreds answers at once, and `bulk_create` spends three times as long on the words
    of its statement as the database on the rows. The rows get no primary key here.
    """
    about = Answer._meta  # noqa: SLF001 - Django documents it
    columns = [one for one in about.concrete_fields if not one.primary_key]
    dressed = {one.attname for one in columns if isinstance(one, models.JSONField)}
    quoted = connection.ops.quote_name
    names = ", ".join(quoted(str(one.column)) for one in columns)
    places = ", ".join(["%s"] * len(columns))
    insert = f"INSERT INTO {quoted(about.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names are ours
    told = [
        [
            one.get_db_prep_save(getattr(row, one.attname), connection)
            if one.attname in dressed
            else getattr(row, one.attname)
            for one in columns
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(insert, told)
