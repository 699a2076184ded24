"""What is asked when an evaluation is prepared, accepted, moved or called off.

Forms check shape; what the words mean is the acts' to judge.
"""

from collections.abc import Sequence
from datetime import datetime

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.domain.cycle import MOST_EVALUATION_MONTHS, MOST_PULSE_MONTHS
from understream.domain.evaluation import MOST_EXTRA_DAYS, SCANS, Terms
from understream.domain.round import HIGHEST_K, Candidate
from understream.web.door.shown import Rules

MOMENT = "%Y-%m-%dT%H:%M"
DAY = "%Y-%m-%d"
LONGEST_READ = 4000
UNREADABLE_MOMENT = _("Give a day and a time, for example 2026-11-17 10:00.")
UNREADABLE_DAY = _("Give a day, for example 2026-11-17.")
TITLE = _("Give the evaluation a title of at most 120 characters.")
ONE_OF_TWO = _("Choose one of the two.")
UNUSED_DAYS = 7
"""What stands for days that nobody gave because nothing moves by itself."""


def _moment(label: str | Promise) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,  # type: ignore[arg-type] # a sentence that is translated later
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
        error_messages={"invalid": UNREADABLE_MOMENT, "required": UNREADABLE_MOMENT},
    )


def _day(label: str | Promise, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,  # type: ignore[arg-type] # a sentence that is translated later
        required=required,
        widget=forms.DateInput({"type": "date"}, format=DAY),
        error_messages={"invalid": UNREADABLE_DAY, "required": UNREADABLE_DAY},
    )


def _ask_for_number(field: forms.Field, sentence: str) -> None:
    field.error_messages |= {"required": sentence, "invalid": sentence}


class TermsForm(forms.Form):
    """What the parties would agree on."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("Name of the evaluation"),
        help_text=_("As everybody who is asked will read it, for example: Evaluation, autumn."),
        max_length=120,
        error_messages={"required": TITLE, "max_length": TITLE},
    )
    scope = forms.CharField(
        label=_("What it covers"),
        help_text=_("The whole alliance, or a part of it. May stay empty."),
        widget=forms.Textarea({"rows": 3}),
        required=False,
    )
    depth = forms.ChoiceField(
        choices=[("cycle", "cycle"), ("deep", "deep")],
        error_messages={
            "required": _("Choose one of the depths shown."),
            "invalid_choice": _("Choose one of the depths shown."),
        },
    )
    scans = forms.MultipleChoiceField(
        choices=[(code, code) for code in SCANS],
        required=False,
        error_messages={"invalid_choice": _("Choose from the scans shown.")},
    )
    answer_until = _moment(_("People answer until"))
    seal_until = _moment(_("Parties seal until"))
    k = forms.IntegerField(label=_("Smallest group that is shown"))
    shares_figures = forms.TypedChoiceField(
        label=_("What people said, after the reveal"),
        choices=[
            ("yes", _("All parties see each other’s figures, as far as they may be shown.")),
            (
                "no",
                _("Each party keeps its figures to itself. The reflections open all the same."),
            ),
        ],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": ONE_OF_TWO, "invalid_choice": ONE_OF_TWO},
    )
    asks_comment = forms.BooleanField(label=_("Ask for a comment at the end"), required=False)
    facilitator = forms.TypedChoiceField(
        label=_("Who reads the comments first"),
        coerce=int,
        required=False,
        error_messages={"invalid_choice": _("Choose a facilitator of this alliance, or nobody.")},
    )
    if_never = forms.ChoiceField(
        label=_("If a party has not sealed in time"),
        choices=[
            ("extend once", _("The deadline moves once, by the days below.")),
            ("talk", _("The managers are told, and talk. Nothing happens by itself.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": ONE_OF_TWO, "invalid_choice": ONE_OF_TWO},
    )
    extra_days = forms.IntegerField(label=_("Days by which it then moves"), required=False)

    def __init__(
        self, *args: object, facilitators: Sequence[tuple[int, str]], **keys: object
    ) -> None:
        """Offer the facilitators of the alliance."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        span = {"least": Rules.now().least, "most": HIGHEST_K}
        _ask_for_number(
            self.fields["k"], _("The smallest group shown is %(least)s to %(most)s people.") % span
        )
        _ask_for_number(
            self.fields["extra_days"], _("Choose 1 to %(most)s days.") % {"most": MOST_EXTRA_DAYS}
        )
        reads = self.fields["facilitator"]
        assert isinstance(reads, forms.TypedChoiceField)
        reads.choices = [(0, _("Nobody: they are read as they were written")), *facilitators]

    def clean_extra_days(self) -> int:
        """Return the days; whoever lets managers talk need not give any."""
        given = self.cleaned_data["extra_days"]
        if given is None and self.cleaned_data.get("if_never") != "talk":
            raise forms.ValidationError(self.fields["extra_days"].error_messages["required"])
        return UNUSED_DAYS if given is None else int(given)

    def clean_facilitator(self) -> int:
        """Return the key of the facilitator's seat; 0 for nobody."""
        return int(self.cleaned_data["facilitator"] or 0)

    def terms(self) -> Terms:
        """Return what was filled in."""
        said = {name: self.cleaned_data[name] for name in self.cleaned_data if name != "version"}
        return Terms(**{**said, "scans": tuple(said["scans"])})


def filled_in(terms: Terms) -> dict[str, object]:
    """Return terms as the form's initial values."""
    return {
        "title": terms.title,
        "scope": terms.scope,
        "depth": terms.depth,
        "scans": list(terms.scans),
        "answer_until": terms.answer_until,
        "seal_until": terms.seal_until,
        "k": terms.k,
        "shares_figures": "yes" if terms.shares_figures else "no",
        "asks_comment": terms.asks_comment,
        "facilitator": terms.facilitator,
        "if_never": terms.if_never,
        "extra_days": terms.extra_days,
    }


class AcceptForm(forms.Form):
    """The own party's yes: to which version, who is asked, and in which mode."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    read = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_READ, required=False)
    mode = forms.CharField(
        required=False, error_messages={"required": _("Choose one of the three modes.")}
    )
    seats = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        error_messages={"invalid_choice": _("Somebody has left meanwhile. Choose again.")},
    )
    yes = forms.BooleanField(
        label=_("We have read the agreement above, and accept it for our organisation."),
        error_messages={"required": _("Read the agreement above, then tick this.")},
    )

    def __init__(self, *args: object, people: Sequence[Candidate], **keys: object) -> None:
        """Offer the people of the own party."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        field = self.fields["seats"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(one.key, one.name) for one in people]


class ProposeForm(forms.Form):
    """Another deadline, or the end of an evaluation."""

    kind = forms.ChoiceField(
        choices=[("extend", "extend"), ("cancel", "cancel")],
        error_messages={"required": ONE_OF_TWO, "invalid_choice": ONE_OF_TWO},
    )
    until = forms.DateTimeField(
        label=_("New deadline"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
        error_messages={"invalid": UNREADABLE_MOMENT},
    )

    def clean_until(self) -> datetime | None:
        """Return the moment; whoever proposes another deadline gives one."""
        until: datetime | None = self.cleaned_data["until"]
        if until is None and self.cleaned_data.get("kind") == "extend":
            raise forms.ValidationError(UNREADABLE_MOMENT)
        return until


class CycleForm(forms.Form):
    """The rhythm of an alliance."""

    pulse_months = forms.IntegerField(label=_("Months between two pulses"))
    next_pulse_on = _day(_("Next pulse"))
    evaluation_months = forms.IntegerField(label=_("Months between two evaluations"))
    next_evaluation_on = _day(_("Next evaluation"))
    renewal_on = _day(_("When the alliance is renewed"), required=False)

    def __init__(self, *args: object, **keys: object) -> None:
        """Say for each number which ones will do."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        for name, most in (
            ("pulse_months", MOST_PULSE_MONTHS),
            ("evaluation_months", MOST_EVALUATION_MONTHS),
        ):
            sentence = _("Choose 1 to %(most)s months.") % {"most": most}
            _ask_for_number(self.fields[name], sentence)
