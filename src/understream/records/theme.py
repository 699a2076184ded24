"""What a room gathers its answers into: themes, which people name."""

from django.db import models

from understream.records.answer import Answer
from understream.records.workshop import Step


class Theme(models.Model):
    """A theme of a themes step; an answer lies in none, one or several."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="themes")
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()
    paraphrase = models.TextField(blank=True)
    changed = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Gathered(models.Model):
    """That an answer lies in a theme."""

    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="gathered")
    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="gathered")

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["theme", "answer"], name="gathered_once")]

    def __str__(self) -> str:
        """Return what lies where."""
        return f"answer {self.answer_id} in theme {self.theme_id}"
