"""That a seat may speak in a round, and whether it has. Never what it said, never when."""

from django.db import models

from understream.records.round import Cohort
from understream.records.seat import SeatRow


class Participation(models.Model):
    """The right of one seat in one round; apart from voices, without any moment.

    `nonce` makes the personal link together with the server's secret; the link is never stored.
    `submission` is a hash of a secret that only the answering browser keeps. The voice's key comes
    from another hash of the same secret, so that nothing stored joins the two. `partners` are the
    keys of the parties this seat is asked about, where not all of them are; closing forgets them.
    """

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="+")
    seat = models.ForeignKey(SeatRow, on_delete=models.PROTECT, related_name="+")
    nonce = models.BinaryField(max_length=16)
    link_hash = models.BinaryField(max_length=32, unique=True)
    browser_hash = models.BinaryField(max_length=32, null=True)
    hint = models.PositiveSmallIntegerField(default=0)
    used = models.BooleanField(default=False)
    submission = models.BinaryField(max_length=32, null=True)
    partners = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cohort", "seat"], name="one_right_per_round"),
            models.CheckConstraint(
                condition=models.Q(used=True, submission__isnull=False)
                | models.Q(used=False, submission__isnull=True),
                name="used_has_submission",
            ),
        ]

    def __str__(self) -> str:
        """Return whose right it is."""
        return f"right of seat {self.seat_id}"
