"""What is written on the joint page; forms read shape, the acts judge what it means."""

from django import forms
from django.utils.translation import gettext_lazy as _

LARGEST = 2**31 - 1
NO_DAY = _("Give a day, for example 2026-11-17.")


class TextForm(forms.Form):
    """A reading and a decision, or the closing decision, and the version that was read."""

    version = forms.IntegerField(min_value=0, max_value=LARGEST)
    reading = forms.CharField(required=False, strip=False)
    decision = forms.CharField(required=False, strip=False)
    choice = forms.CharField(required=False)
    decide_on = forms.DateField(required=False, error_messages={"invalid": NO_DAY})


class AcceptForm(forms.Form):
    """The version that is accepted: the one that was read."""

    version = forms.IntegerField(min_value=0, max_value=LARGEST)


class CriticForm(forms.Form):
    """Who is asked to be the critic; nobody without a choice."""

    critic = forms.IntegerField(required=False, min_value=0, max_value=LARGEST)


class ClosingForm(forms.Form):
    """What the evaluation did, as one party says it."""

    rating = forms.IntegerField(required=False)
    sentence = forms.CharField(required=False, strip=False)
