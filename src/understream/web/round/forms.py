"""What is asked when a party says yes to a round, or its end is moved."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from understream.domain.round import Candidate


class CohortForm(forms.Form):
    """Who of the own party is asked, and in which mode."""

    mode = forms.CharField(
        required=False, error_messages={"required": _("Choose one of the three modes.")}
    )
    seats = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: object, people: Sequence[Candidate], **keys: object) -> None:
        """Offer the people of the own party."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        field = self.fields["seats"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(one.key, one.name) for one in people]


class ExtendForm(forms.Form):
    """A later end."""

    closes_at = forms.DateTimeField(
        label=_("New end"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Give a day and a time, for example 2026-11-17 10:00.")},
    )
