"""What a person can change about themselves."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class CardForm(forms.Form):
    """Name and language."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
