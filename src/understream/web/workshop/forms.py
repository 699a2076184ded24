"""What is asked when a workshop is prepared or a step is written; the acts judge what it means."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from understream.domain.word import WORDS
from understream.domain.workshop import IDENTITIES, SOURCES, StepCard, StepDraft, WorkshopCard
from understream.instruments import agenda as agendas

_AREA = {"rows": 3}
LANGUAGES = (("en", "English"), ("nl", "Nederlands"))
NAMES = (
    ("optional", _("If people want")),
    ("required", _("Always")),
    ("none", _("Never: nobody is asked for a name")),
)


class WorkshopForm(forms.Form):
    """What a workshop is called, and how people come in."""

    title = forms.CharField(
        label=_("Title"), error_messages={"required": _("Give the workshop a title.")}
    )
    asynchronous = forms.TypedChoiceField(
        label=_("When"),
        coerce=lambda told: told == "days",
        choices=(
            ("live", _("Live: everybody at the same time, one step after the other")),
            ("days", _("Over days: steps stay open until a moment you choose")),
        ),
        widget=forms.RadioSelect,
        initial="live",
    )
    names = forms.ChoiceField(
        label=_("Do people say who they are?"),
        choices=NAMES,
        widget=forms.RadioSelect,
        initial="optional",
    )
    walk_in = forms.TypedChoiceField(
        label=_("Who comes in"),
        coerce=lambda told: told == "yes",
        choices=(
            ("yes", _("Whoever has the code walks in")),
            ("no", _("You let people in, one by one or all at once")),
        ),
        widget=forms.RadioSelect,
        initial="yes",
    )
    language = forms.ChoiceField(
        label=_("Language of the wall"), choices=LANGUAGES, widget=forms.RadioSelect
    )

    def __init__(self, *args: object, card: WorkshopCard | None = None, **keys: object) -> None:
        """Begin with what stands, if there is a workshop."""
        if card is not None:
            keys["initial"] = {
                "title": card.title,
                "asynchronous": "days" if card.asynchronous else "live",
                "names": card.names,
                "walk_in": "yes" if card.walk_in else "no",
                "language": card.language,
            }
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        self.fields["language"].initial = get_language() or "en"


class PrepareForm(WorkshopForm):
    """The same, and the agenda to begin with."""

    agenda = forms.ChoiceField(
        label=_("Begin with this agenda"), widget=forms.RadioSelect, initial="building_trust"
    )
    organisations = forms.CharField(
        label=_("Which organisations come"),
        help_text=_("One a line. People choose theirs; leave it empty if it does not matter."),
        widget=forms.Textarea(_AREA),
        required=False,
    )
    field_order = ("title", "agenda", "organisations", "asynchronous", "names", "walk_in")

    def __init__(self, *args: object, alone: bool = False, **keys: object) -> None:
        """Offer the agendas that come with the product; outside alliances ask who comes."""
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        agenda = self.fields["agenda"]
        assert isinstance(agenda, forms.ChoiceField)
        agenda.choices = _agendas()
        if not alone:
            del self.fields["organisations"]

    def said(self) -> dict[str, Any]:
        """Return what was said, as the act takes it."""
        told = dict(self.cleaned_data)
        code, _dot, form = told["agenda"].partition(".")
        told["agenda"], told["short"] = code if code != "empty" else "", form == "short"
        if "organisations" in told:
            told["organisations"] = told["organisations"].splitlines()
        return told


def _agendas() -> list[tuple[str, str]]:
    language = get_language() or "en"
    told: list[tuple[str, str]] = []
    for code in agendas.builtin():
        agenda = agendas.load(code)
        title = agenda.title.into(language)
        told.append((code, _with_minutes(title, agenda.minutes)))
        if len(agenda.short().steps) < len(agenda.steps):
            short = _("%(title)s, the short form") % {"title": title}
            told.append((f"{code}.short", _with_minutes(short, agenda.short().minutes)))
    return [*told, ("empty", str(_("An empty agenda")))]


def _with_minutes(title: str, minutes: int) -> str:
    return str(_("%(title)s (%(minutes)s minutes)") % {"title": title, "minutes": minutes})


def _text(label: object, *, area: bool = False, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,  # type: ignore[arg-type] # a lazy sentence
        required=required,
        widget=forms.Textarea({"rows": 2}) if area else forms.TextInput(),
    )


class StepForm(forms.Form):
    """One step of the agenda, in both languages."""

    kind = forms.ChoiceField(
        label=_("What people do"), choices=[(kind, WORDS[kind]) for kind in IDENTITIES]
    )
    title_en = _text(_("Title, in English"))
    title_nl = _text(_("Title, in Dutch"))
    prompt_en = _text(_("What people are asked, in English"), area=True)
    prompt_nl = _text(_("What people are asked, in Dutch"), area=True)
    hint_en = _text(_("A hint below it, in English"), area=True)
    hint_nl = _text(_("A hint below it, in Dutch"), area=True)
    note_en = _text(_("A note for yourself, in English"), area=True)
    note_nl = _text(_("A note for yourself, in Dutch"), area=True)
    card_en = _text(_("A card to show afterwards, in English"), area=True)
    card_nl = _text(_("A card to show afterwards, in Dutch"), area=True)
    minutes = forms.IntegerField(label=_("Minutes on the clock"), initial=10)
    identity = forms.ChoiceField(
        label=_("How answers are signed"),
        choices=[
            ("", _("As proposed for this kind")),
            ("party-labelled", WORDS["party-labelled"]),
            ("named", _("with the name")),
            ("confidential", _("confidential: released once, by organisation")),
        ],
        required=False,
    )
    source = forms.TypedChoiceField(
        label=_("Works with this earlier step"), coerce=int, required=False, empty_value="0"
    )
    most = forms.IntegerField(label=_("Answers from each person, or dots to give"), initial=1)
    points = forms.IntegerField(label=_("Points of the scale"), initial=7)
    columns_en = forms.CharField(
        label=_("Fields, in English"),
        help_text=_("One a line, if an answer has several parts."),
        required=False,
        widget=forms.Textarea(_AREA),
    )
    columns_nl = forms.CharField(
        label=_("Fields, in Dutch"), required=False, widget=forms.Textarea(_AREA)
    )
    choices_en = forms.CharField(
        label=_("Choices of a vote, in English"),
        help_text=_("One a line. A vote on themes takes the themes of the earlier step."),
        required=False,
        widget=forms.Textarea(_AREA),
    )
    choices_nl = forms.CharField(
        label=_("Choices of a vote, in Dutch"), required=False, widget=forms.Textarea(_AREA)
    )
    asks_context = forms.BooleanField(label=_("Ask for a little context"), required=False)
    reveals = forms.BooleanField(
        label=_("People write in private first; you show all at once"), required=False
    )
    moderated = forms.BooleanField(
        label=_("You read each answer before it goes on the wall"), required=False
    )
    ranking = forms.BooleanField(label=_("A vote puts things in order"), required=False)
    promises = forms.BooleanField(label=_("Show what was promised last time"), required=False)

    def __init__(
        self,
        *args: object,
        steps: Sequence[StepCard],
        step: StepCard | None = None,
        **keys: object,
    ) -> None:
        """Offer earlier steps, and begin with what stands."""
        if step is not None:
            keys["initial"] = _initial(step)
        super().__init__(*args, **keys)  # type: ignore[arg-type] # passed on as they are
        language = get_language() or "en"
        source = self.fields["source"]
        assert isinstance(source, forms.ChoiceField)
        usable = {kind for kinds in SOURCES.values() for kind in kinds}
        source.choices = [
            ("", _("None")),
            *(
                (one.key, f"{one.number}. {one.title.get(language, '')}")
                for one in steps
                if one.kind in usable and (step is None or one.number < step.number)
            ),
        ]

    def draft(self) -> StepDraft:
        """Return the step as the act takes it."""
        told = self.cleaned_data
        return StepDraft(
            kind=told["kind"],
            identity=told["identity"],
            minutes=told["minutes"],
            most=told["most"],
            points=told["points"],
            source=int(told["source"] or 0),
            title=_both(told, "title"),
            prompt=_both(told, "prompt"),
            hint=_both(told, "hint"),
            note=_both(told, "note"),
            card=_both(told, "card"),
            columns=_lines(told, "columns"),
            choices=_lines(told, "choices"),
            asks_context=told["asks_context"],
            reveals=told["reveals"],
            moderated=told["moderated"],
            ranking=told["ranking"],
            promises=told["promises"],
        )

    def add(self, faults: dict[str, Any]) -> None:
        """Show the faults of a draft beside its fields."""
        for name, sentence in faults.items():
            field = name if name in self.fields else f"{name}_en"
            self.add_error(field if field in self.fields else None, lazystr(sentence))


def _both(told: dict[str, Any], name: str) -> dict[str, str]:
    return {"en": told[f"{name}_en"], "nl": told[f"{name}_nl"]}


def _lines(told: dict[str, Any], name: str) -> list[dict[str, str]]:
    en, nl = told[f"{name}_en"].splitlines(), told[f"{name}_nl"].splitlines()
    longest = max(len(en), len(nl))
    en += [""] * (longest - len(en))
    nl += [""] * (longest - len(nl))
    return [{"en": a, "nl": b} for a, b in zip(en, nl, strict=True)]


def _initial(step: StepCard) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: getattr(step, name)
        for name in (
            "kind", "identity", "minutes", "source", "most", "points", "asks_context", "reveals",
            "moderated", "ranking", "promises",
        )
    }  # fmt: skip
    for name in ("title", "prompt", "hint", "note", "card"):
        for language in ("en", "nl"):
            told[f"{name}_{language}"] = getattr(step, name).get(language, "")
    for name in ("columns", "choices"):
        for language in ("en", "nl"):
            lines = [one.get(language, "") for one in getattr(step, name)]
            told[f"{name}_{language}"] = "\n".join(lines)
    return told
