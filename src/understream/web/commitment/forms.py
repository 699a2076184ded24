"""What is asked when something is promised or judged; the acts judge what it means."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from understream.domain.alliance import PartyCard
from understream.domain.commitment import Owner
from understream.domain.word import WORDS

LARGEST = 2**63 - 1
LONGEST_TOPIC = 12


class CommitmentForm(forms.Form):
    """Who does what for whom, and by when."""

    action = forms.CharField(
        label=_("What will be done"),
        help_text=_("So that both can later say whether it was done."),
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Say what will be done.")},
    )
    owner = forms.TypedChoiceField(
        label=_("Who sees to it"),
        help_text=_("The promise is made by this person’s organisation."),
        coerce=int,
        error_messages={
            "required": _("Choose who sees to it."),
            "invalid_choice": _("Choose who sees to it."),
        },
    )
    receiver = forms.TypedChoiceField(
        label=_("For which party"),
        coerce=int,
        error_messages={
            "required": _("A commitment is to another party. Choose which."),
            "invalid_choice": _("A commitment is to another party. Choose which."),
        },
    )
    due_on = forms.DateField(
        label=_("By when"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Choose a day from today on."),
            "invalid": _("Give a day, for example 2026-11-17."),
        },
    )
    evaluation = forms.IntegerField(
        required=False, min_value=0, max_value=LARGEST, widget=forms.HiddenInput
    )
    topic = forms.CharField(required=False, max_length=LONGEST_TOPIC, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: object,
        parties: Sequence[PartyCard],
        owners: Sequence[Owner],
        **keys: object,
    ) -> None:
        """Offer the people of every party, and the parties."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        owner, receiver = self.fields["owner"], self.fields["receiver"]
        assert isinstance(owner, forms.ChoiceField)
        assert isinstance(receiver, forms.ChoiceField)
        owner.choices = [
            ("", _("Choose a person")),
            *(
                (party.name, [(one.key, one.name) for one in owners if one.party == party.key])
                for party in parties
            ),
        ]
        receiver.choices = [
            ("", _("Choose a party")),
            *((party.key, party.name) for party in parties),
        ]


class JudgeForm(forms.Form):
    """What became of a commitment, as one side sees it."""

    outcome = forms.ChoiceField(
        label=_("What became of it?"),
        widget=forms.RadioSelect,
        choices=[(code, WORDS[code]) for code in ("kept", "renegotiated", "broken")],
        error_messages={
            "required": _("Choose one of the three."),
            "invalid_choice": _("Choose one of the three."),
        },
    )
    note = forms.CharField(
        label=_("A note with it, if you like"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 3}),
    )
