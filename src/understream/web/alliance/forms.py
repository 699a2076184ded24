"""What is asked when an alliance is founded, people are invited, or a round is planned.

Forms check shape; what the words mean is the acts' to judge.
"""

import csv
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from understream.domain.instrument import InstrumentChoice
from understream.domain.seat import Newcomer
from understream.domain.word import WORDS

MOST_LINES = 500
SELECTED = SafeString(" selected")
HEADINGS = {"mail", "e-mail", "email", "mail address", "e-mailadres", "mailadres"}


@cache
def zones() -> tuple[tuple[str, str], ...]:
    """Return the time zones with a place in their name, and UTC; read from many files, once."""
    names = (name for name in available_timezones() if "/" in name and name[0].isupper())
    places = sorted(name for name in names if not name.startswith(("Etc/", "SystemV/")))
    return (("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places))


class LongSelect(forms.Select):
    """A choice among hundreds, written at once: ten times as fast as a template for each."""

    def render(
        self,
        name: str,
        value: object,
        attrs: dict[str, Any] | None = None,
        renderer: object = None,  # noqa: ARG002 - handed in by the form
    ) -> SafeString:
        """Return what its parent would."""
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SELECTED if key == value else "", label) for key, label in self.choices),
        )
        marks = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", marks, options)


class AllianceForm(forms.Form):
    """What an alliance is called, and by which clock it works."""

    name = forms.CharField(
        label=_("Name of the alliance"),
        help_text=_("As all parties will read it, for example: Cold chain to the inland ports."),
        max_length=200,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Every moment in this alliance is told in this time zone."),
        choices=zones,
        widget=LongSelect,
        initial="Europe/Amsterdam",
    )


class KeepForm(AllianceForm):
    """What can be changed of an alliance."""

    working_calendar = forms.ChoiceField(
        label=_("Working days"),
        help_text=_("Days that count when something has to be done within a number of days."),
        choices=[(key, WORDS[key]) for key in ("weekdays", "netherlands")],
        widget=forms.RadioSelect,
        initial="weekdays",
    )


class FoundForm(AllianceForm):
    """A new alliance, and its parties."""

    own = forms.CharField(label=_("Your own organisation"), max_length=200)
    organisations = forms.CharField(
        label=_("The other organisations"),
        help_text=_("One on each line. They cannot be changed afterwards."),
        widget=forms.Textarea({"rows": 4}),
    )

    def names(self) -> list[str]:
        """Return the organisations, the founder's own first."""
        others = self.cleaned_data["organisations"].splitlines()
        return [self.cleaned_data["own"], *others]


class InviteForm(forms.Form):
    """Somebody who is asked by mail to take a seat."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Mail address"), max_length=254)
    role = forms.ChoiceField(label=_("As"))
    tier = forms.ChoiceField(
        label=_("Place in the organisation"),
        choices=[(key, WORDS[key]) for key in ("team", "manager", "steering", "sponsor")],
        initial="team",
    )
    language = forms.ChoiceField(label=_("Language of the letter"), choices=settings.LANGUAGES)
    party = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: object, roles: Iterable[str], **keys: object) -> None:
        """Offer the roles that can be given here."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role, WORDS[role]) for role in roles]


class PeopleForm(forms.Form):
    """People who are only asked to answer."""

    people = forms.CharField(
        label=_("People who answer"),
        help_text=_(
            "One on each line: a name and a mail address, as in Anna de Wit "
            "<anna@mill.example> or Anna de Wit, anna@mill.example. Add “, nl” for letters in "
            "Dutch."
        ),
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
    )
    party = forms.IntegerField(widget=forms.HiddenInput)

    def clean_people(self) -> str:
        """Refuse a list that is too long to be read with care."""
        text: str = self.cleaned_data["people"]
        if len(text.splitlines()) > MOST_LINES:
            raise forms.ValidationError(
                _("At most %(most)s lines at a time."), params={"most": MOST_LINES}
            )
        return text

    def newcomers(self) -> list[Newcomer]:
        """Return one person a line; what cannot be read stays as it is, for the act to name."""
        return list(read_people(self.cleaned_data["people"], self.data.get("letters", "en")))


def read_people(text: str, language: str) -> Iterable[Newcomer]:
    """Read lines such as ``Anna <anna@mill.example>`` or ``Anna, anna@mill.example, nl``.

    :param language: the language of the letters where a line names none.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        cells = _cells(line) or [""]
        if len(cells) > 1 and cells[1].casefold() in HEADINGS:
            continue
        spoken = cells[2].casefold() if len(cells) > 2 else language  # noqa: PLR2004 - name, mail
        yield Newcomer(cells[0], cells[1] if len(cells) > 1 else "", spoken, line=number)


def _cells(line: str) -> list[str]:
    """Return name, mail address and what follows them."""
    if "<" in line:
        head, _open, rest = line.partition("<")
        mail, _close, after = rest.partition(">")
        name, _mail = parseaddr(f"{head.strip()} <x@x.example>")
        name = name or head.strip().strip('"')
        return [name, mail.strip(), *(cell.strip() for cell in after.split(",") if cell.strip())]
    mark = next((mark for mark in ("\t", ";", ",") if mark in line), ",")
    cells = next(csv.reader([line], delimiter=mark), [])
    return [cell.strip() for cell in cells if cell.strip()]


class PlanForm(forms.Form):
    """A round of listening."""

    instrument = forms.ChoiceField(label=_("What is asked"), widget=forms.RadioSelect)
    title = forms.CharField(
        label=_("Name of the round"),
        help_text=_("As the people who answer will read it, for example: Pulse, autumn."),
        max_length=120,
    )
    closes_at = forms.DateTimeField(
        label=_("Until"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Give a day and a time, for example 2026-11-17 10:00.")},
    )
    k = forms.IntegerField(label=_("Smallest group that is shown"))
    asks_comment = forms.BooleanField(
        label=_("Ask for a comment at the end"), required=False, initial=True
    )
    moderator = forms.TypedChoiceField(
        label=_("Who reads the comments first"), coerce=int, required=False
    )

    def clean_moderator(self) -> int:
        """Return the key of the facilitator's seat; 0 for nobody."""
        return int(self.cleaned_data["moderator"] or 0)

    def __init__(
        self,
        *args: object,
        instruments: Sequence[InstrumentChoice],
        facilitators: Sequence[tuple[int, str]],
        **keys: object,
    ) -> None:
        """Offer the instruments there are, and the facilitators of the alliance."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        asked, reads = self.fields["instrument"], self.fields["moderator"]
        assert isinstance(asked, forms.ChoiceField)
        assert isinstance(reads, forms.TypedChoiceField)
        asked.choices = [(one.code, one.title) for one in instruments]
        reads.choices = [(0, _("Nobody: they are read as they were written")), *facilitators]


class GiveForm(forms.Form):
    """The file of an own questionnaire."""

    file = forms.FileField(
        label=_("The file of the questionnaire"),
        help_text=_("A TOML file of at most 1 MB, with every text in English and in Dutch."),
        error_messages={
            "required": _("Choose the file of a questionnaire."),
            "empty": _("This file is empty. Choose another one."),
        },
        widget=forms.FileInput({"accept": ".toml"}),
    )
