"""Show every component in every state, on made-up values."""

from dataclasses import dataclass

from django import forms
from django.contrib.messages import constants
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from understream.access.rules import Act
from understream.report.picture import Band, Mark, Picture, axis, distribution, dumbbell, strip
from understream.web.policy import Of, policy

NAMES = (
    "Harbour Logistics",
    "Mill Foods",
    "Quay University",
    "Noorderkade Coöperatie van Zelfstandige Binnenschippers en Overslagbedrijven U.A.",
    "Delta Cold Stores",
    "Fresh Alliance",
)
SCALE = range(1, 8)


@dataclass(frozen=True, slots=True)
class Sample:
    """A party, as the components take it."""

    name: str
    letter: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a picture of gaps."""

    name: str
    picture: Picture
    word: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A message, as Django's own have it."""

    text: str
    level_tag: str

    def __str__(self) -> str:
        """Return what is told."""
        return self.text


class Specimen(forms.Form):
    """Every kind of field."""

    name = forms.CharField(
        label=gettext_lazy("Name of the round"),
        help_text=gettext_lazy("As the people who answer will read it."),
        max_length=80,
    )
    closes = forms.DateField(
        label=gettext_lazy("Closes on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    instrument = forms.ChoiceField(
        label=gettext_lazy("Questions"),
        choices=[("pulse", gettext_lazy("Pulse")), ("trust", gettext_lazy("Trust"))],
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("How people answer"),
        widget=forms.RadioSelect,
        choices=[
            ("confidential", gettext_lazy("Confidential, five people or more")),
            ("named", gettext_lazy("Named")),
        ],
    )
    told = forms.BooleanField(label=gettext_lazy("Everyone invited has been told"))
    why = forms.CharField(
        label=gettext_lazy("Why we ask now"), widget=forms.Textarea(attrs={"rows": 3})
    )


@policy(Act.DOOR, Of.DOOR)
def index(request: HttpRequest) -> HttpResponse:
    """Show all parts on the desk."""
    return render(request, "parts/index.html", _card())


@policy(Act.DOOR, Of.DOOR, "GET", "POST")
def swapped(request: HttpRequest) -> HttpResponse:
    """Answer with one part, as htmx swaps it; without htmx with the whole page."""
    given = {"given": request.POST.get("given", "")}
    if "HX-Request" in request.headers:
        return render(request, "parts/_swapped.html", given)
    return render(request, "parts/index.html", _card() | given)


@policy(Act.DOOR, Of.DOOR)
def phone(request: HttpRequest) -> HttpResponse:
    """Show the phone's screen."""
    return render(request, "parts/phone.html", {"scale": SCALE})


@policy(Act.DOOR, Of.DOOR)
def door(request: HttpRequest) -> HttpResponse:
    """Show the door's screen."""
    return render(request, "parts/door.html")


VALUES = (5.5, 3.5, 6.5, 4.0, 4.5, 5.0)


def samples(count: int) -> tuple[Sample, ...]:
    """Return the first parties of the made-up alliance."""
    return tuple(Sample(name, "abcdef"[at]) for at, name in enumerate(NAMES[:count]))


def marks(*values: float | None) -> list[Mark]:
    """Return a mark for each value, with the words a small group gets."""
    return [_mark(party, value) for party, value in zip(samples(len(values)), values, strict=True)]


def rows() -> tuple[Row, ...]:
    """Return lines with every kind of word, with ends, and with parties not shown."""
    hidden = _("not shown")
    table = (
        (_("Decision speed"), (5.5, 3.5), _("worth asking"), "clear", _("Harbour higher")),
        (_("Value and its split"), (5.0, 4.0), _("cannot tell"), "plainly", ""),
        (_("Goals and results"), (5.5, 5.5), _("alike"), "plainly", ""),
        (_("We hear bad news first"), (6.5, 1.5), _("worth asking"), "clear", _("Harbour higher")),
        (_("Processes"), (4.5, None), "", "plainly", _("Mill Foods is not shown.")),
        (_("Energy and people"), (None, None), "", "plainly", _("Not shown to protect people.")),
    )
    return tuple(
        Row(name, dumbbell(name, marks(*values), hidden=hidden), word, kind, note)
        for name, values, word, kind, note in table
    )


def distributions() -> tuple[tuple[Sample, Picture, str], ...]:
    """Return three distributions: one-sided, in two camps, with an open end."""
    shares = ((10, 20, 70), (50, 0, 50), (10, 0, 90))
    return tuple(
        (party, distribution(party.name, _bands(*share)), "n = 12")
        for party, share in zip(samples(3), shares, strict=True)
    )


def many() -> Picture:
    """Return forty-nine parties on one line."""
    values = [round(3.1 + (at * 37 % 49) / 49 * 2.9, 1) for at in range(49)]
    dots = [
        Mark(_("Group %(number)d") % {"number": at + 1}, "a", value, f"{value:.1f}")
        for at, value in enumerate(values)
    ]
    last = min(dots, key=lambda dot: dot.value or 0)
    return strip(_("Leadership climate"), dots, note=f"{last.name}: {last.words}")


def constants_tag(level: str) -> str:
    """Return the tag Django gives a message of this level."""
    return constants.DEFAULT_TAGS[constants.DEFAULT_LEVELS[level.upper()]]


def _mark(party: Sample, value: float | None) -> Mark:
    if value is None:
        return Mark(party.name, party.letter, None, _("not shown"))
    if value >= 6.5:  # noqa: PLR2004 - the upper coded end
        return Mark(party.name, party.letter, value, _("6.5 or higher"), "higher")
    if value <= 1.5:  # noqa: PLR2004 - the lower coded end
        return Mark(party.name, party.letter, value, _("1.5 or lower"), "lower")
    return Mark(party.name, party.letter, value, f"{value:.1f}", step=0.5)


def _bands(low: int, middle: int, high: int) -> tuple[Band, Band, Band]:
    names = (_("1 to 3"), _("4"), _("5 to 7"))
    low_band, middle_band, high_band = (
        Band(name, share, f"{share} %")
        for name, share in zip(names, (low, middle, high), strict=True)
    )
    return low_band, middle_band, high_band


def _card() -> dict[str, object]:
    return {
        "parties": samples(6),
        "two": samples(2),
        "axis": axis(),
        "rows": rows(),
        "six": dumbbell(
            _("Six parties"), marks(4.5, 4.5, 4.5, 4.5, 5.0, 2.5), hidden=_("not shown")
        ),
        "one": dumbbell(_("One party"), marks(5.5), hidden=_("not shown")),
        "distributions": distributions(),
        "strip": many(),
        "specimen": Specimen({"name": "", "closes": "", "mode": "named"}),
        "fresh": Specimen(),
        "told": (
            Told(
                _("The round is open. Sixteen letters are on their way."), constants_tag("success")
            ),
            Told(_("The file was not read. Nothing was imported."), constants_tag("error")),
        ),
        "scale": SCALE,
        "five": range(1, 6),
        "hundred": range(1, 201),
        "table": tuple((name, f"{value:.1f}") for name, value in zip(NAMES, VALUES, strict=True)),
    }
