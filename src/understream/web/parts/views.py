"""Show every component in every state, on made-up values."""

from dataclasses import dataclass

from django import forms
from django.contrib.messages import constants
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from understream.access.rules import Act
from understream.domain.word import WORDS as FIELD
from understream.report.picture import (
    Band,
    Mark,
    Picture,
    axis,
    choice_picture,
    distribution,
    dumbbell,
    slope,
    strip,
    topic_picture,
    word_axis,
)
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
DIGEST = "9f2c41d70b8ea6e35c1970f4d8b23e61c4a098d517fb62e90a3db57ce8124f96"
WORDS = ("harbour", "seven", "copper", "willow", "ladder", "north")


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
class Stage:
    """A stage of an evaluation, as the passage takes it."""

    name: str
    state: str
    below: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What one party says of a promise, or of a text that waits for all."""

    name: str
    letter: str
    words: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise, with what the two sides say of it."""

    kind: str
    title: str
    giver: Sample
    taker: Sample
    note: str
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class Reflected:
    """One topic of a reflection."""

    topic: str
    rating: str
    since: str
    text: str
    sure: str
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


def slopes() -> tuple[tuple[Sample, Picture, str], ...]:
    """Return slopes: one beyond the band, one within it, one that lacks an end, one hidden."""
    kept: tuple[tuple[float | None, float | None, float, str], ...] = (
        (3.4, 4.8, 1.0, str(FIELD["clearly higher"])),
        (5.2, 4.9, 1.0, str(FIELD["about the same"])),
        (None, 4.5, 0.0, _("not shown then")),
        (None, None, 0.0, _("not shown")),
    )
    return tuple(
        (
            party,
            slope(
                party.name,
                before,
                now,
                letter=party.letter,
                words=word,
                hidden=_("not shown"),
                noise=noise,
            ),
            word,
        )
        for party, (before, now, noise, word) in zip(samples(4), kept, strict=True)
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


def passages() -> tuple[tuple[Stage, ...], ...]:
    """Return the passage at its start, at the seal, and at its last stage."""
    names = (
        (_("Prepare"), False),
        (_("Alone"), True),
        (_("Within"), True),
        (_("Seal"), True),
        (_("Reveal"), False),
        (_("Joint"), False),
    )
    return tuple(
        tuple(
            Stage(name, "done" if at < now else "now" if at == now else "later", below)
            for at, (name, below) in enumerate(names)
        )
        for now in (0, 3, 5)
    )


def promises() -> tuple[Promised, ...]:
    """Return a promise of every kind."""
    harbour, mill = samples(2)
    judged = (
        Judged(harbour.name, harbour.letter, _("says: late")),
        Judged(mill.name, mill.letter, _("says: broken")),
    )
    return (
        Promised(
            "kept", _("Share the forecast every Monday"), harbour, mill, _("Kept, both say so")
        ),
        Promised(
            "renegotiated",
            _("Move the cut-off to 16:00"),
            mill,
            harbour,
            _("Renegotiated in time, 8 September"),
        ),
        Promised(
            "broken", _("Tell of a strike within a day"), mill, harbour, _("Broken, both say so")
        ),
        Promised(
            "split", _("One contact for claims"), harbour, mill, _("Judged differently"), judged
        ),
        Promised(
            "open",
            _("Invite a driver to the steering group"),
            mill,
            harbour,
            _("Open, due 12 December"),
        ),
        Promised(
            "proposed",
            _("Show Harbour the new lane priorities"),
            mill,
            harbour,
            _("Proposed, not yet accepted"),
        ),
    )


def reflection() -> tuple[Reflected, ...]:
    """Return topics of a reflection: rated, changed, with dissent, not answered."""
    return (
        Reflected(
            _("Own goals still the same"),
            _("a lot, hurts"),
            _("worse"),
            _("After the takeover the lane is one of eleven."),
            _("medium"),
            _("Somebody here sees it otherwise."),
        ),
        Reflected(
            _("Decision speed"), "3", _("worse"), _("Slot changes take three meetings."), _("high")
        ),
        Reflected(
            _("Saying and doing"),
            "5",
            _("better"),
            _("The Monday forecast came every week."),
            _("high"),
        ),
        Reflected(_("Handling differences"), "", "", "", "", _("Not answered")),
    )


def topics() -> tuple[Row, ...]:
    """Return joint topics with every word: apart, alike, in doubt, half and wholly silent."""
    rated = (
        (
            _("Priority of this alliance with us"),
            _topic((6, 5.5), (3, 3.5), (None, None), (None, 4.0)),
            _("worth asking"),
            "clear",
            _("Harbour higher"),
        ),
        (
            _("Decision speed"),
            _topic((4, 4.5), (4, 6.5), (4, 4.0), (4, 1.5)),
            _("alike"),
            "plainly",
            "",
        ),
        (_("Value and its split"), _topic((5, None), (4, None)), _("cannot tell"), "plainly", ""),
        (
            _("Risks"),
            _topic((5, None), (None, None)),
            "",
            "plainly",
            _("Mill Foods has not answered."),
        ),
        (
            _("Processes and resources"),
            _topic((None, None), (None, None)),
            "",
            "plainly",
            _("Nobody has answered."),
        ),
    )
    return tuple(
        Row(name, topic_picture(marks, title=name, hidden=_("not answered")), word, kind, note)
        for name, marks, word, kind, note in rated
    )


def changes() -> tuple[Row, ...]:
    """Return topics that are answered in words: how much changed."""
    changed = _changed()
    table = (
        (_("Own goals still the same"), (0, 2, 1, 0), _("worth asking"), "clear"),
        (_("Priority here"), (1, 1, None, 1), _("alike"), "plainly"),
    )
    return tuple(
        Row(
            name,
            choice_picture(
                [
                    Mark(
                        party.name,
                        party.letter,
                        value,
                        _("not answered") if value is None else changed[value],
                    )
                    for party, value in zip(samples(len(values)), values, strict=True)
                ],
                title=name,
                hidden=_("not answered"),
                words=changed,
            ),
            word,
            kind,
        )
        for name, values, word, kind in table
    )


def accepted(count: int) -> tuple[Judged, ...]:
    """Return who has accepted a text: the first so many of four."""
    return tuple(
        Judged(
            party.name,
            party.letter,
            _("accepted on 17 November") if at < count else _("has not accepted yet"),
            at < count,
        )
        for at, party in enumerate(samples(4))
    )


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


def _changed() -> tuple[str, ...]:
    return (_("not"), _("a little"), _("a lot"))


def _topic(*said: tuple[int | None, float | None]) -> list[Mark]:
    marks = []
    for party, (value, people) in zip(samples(len(said)), said, strict=True):
        mark = _mark(party, people)
        words = _("not answered") if value is None else str(value)
        told = _("its people %(mean)s") % {"mean": mark.words} if people is not None else ""
        marks.append(
            Mark(party.name, party.letter, value, words, mark.end, mark.step, people, told)
        )
    return marks


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
        "slopes": slopes(),
        "strip": many(),
        "passages": passages(),
        "words": WORDS,
        "digest": DIGEST,
        "reflection": reflection(),
        "promises": promises(),
        "four": samples(4),
        "topics": topics(),
        "changes": changes(),
        "changed_axis": word_axis(_changed()),
        "accepted": accepted(4),
        "half_accepted": accepted(1),
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
