"""How often an alliance listens and evaluates."""

from django.db import models

from understream.records.alliance import Alliance


class Cycle(models.Model):
    """The rhythm of one alliance: pulses and evaluations, and when each is next."""

    alliance = models.OneToOneField(Alliance, on_delete=models.CASCADE, related_name="cycle")
    pulse_months = models.PositiveSmallIntegerField(default=3)
    evaluation_months = models.PositiveSmallIntegerField(default=12)
    next_pulse_on = models.DateField()
    next_evaluation_on = models.DateField()
    renewal_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pulse_months__gte=1, pulse_months__lte=24)
                & models.Q(evaluation_months__gte=1, evaluation_months__lte=36),
                name="cycle_of_months",
            )
        ]

    def __str__(self) -> str:
        """Return the rhythm."""
        return f"every {self.pulse_months} and {self.evaluation_months} months"
