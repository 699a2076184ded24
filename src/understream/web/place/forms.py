"""What is asked of somebody who comes in: a code, a name, an organisation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from understream.domain.attendee import LONGEST_NAME, Lobby


class CodeForm(forms.Form):
    """The code on the wall, with the puzzle of a network from which many wrong ones came."""

    code = forms.CharField(
        label=_("The code on the wall"),
        help_text=_("Eight letters and digits. Capitals and the space between do not matter."),
        max_length=40,
        error_messages={"required": _("Type the code that is on the wall.")},
        widget=forms.TextInput(
            {
                "class": "input code-input",
                "autofocus": True,
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "ABCD EFGH",
            }
        ),
    )
    challenge = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    solution = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class PlaceForm(forms.Form):
    """Who somebody is, as far as the workshop asks."""

    name = forms.CharField(
        label=_("What are you called?"), required=False, max_length=4 * LONGEST_NAME
    )
    party = forms.TypedChoiceField(
        label=_("For which organisation are you here?"),
        coerce=int,
        required=False,
        empty_value="0",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: object, lobby: Lobby, **keys: object) -> None:
        """Ask what this workshop asks."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        party = self.fields["party"]
        assert isinstance(party, forms.ChoiceField)
        party.choices = [
            *((one.key, one.name) for one in lobby.parties),
            (0, _("none of these")),
        ]
        if lobby.names == "none":
            del self.fields["name"]
        elif lobby.names == "optional":
            self.fields["name"].help_text = _("A first name will do; you can leave it empty.")
        if not lobby.parties:
            del self.fields["party"]
