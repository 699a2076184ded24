"""The agreement of an evaluation: prepare it, change it, read it and accept it."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Unfit
from understream.access.rules import Act
from understream.domain.alliance import AllianceCard, alliance_before
from understream.domain.cycle import cycle_of
from understream.domain.evaluation import (
    DEPTHS,
    MOST_EXTRA_DAYS,
    SCANS,
    Ended,
    EvaluationCard,
    Newer,
    Settled,
    Terms,
    accept_agreement,
    change_agreement,
    evaluation_before,
    evaluations_of,
    people_to_ask,
    prepare_evaluation,
    terms_before,
)
from understream.domain.instrument import InstrumentChoice, choices
from understream.domain.round import HIGHEST_K, facilitators_of
from understream.domain.word import name_of_host, together
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.door.shown import Rules
from understream.web.evaluation.forms import AcceptForm, TermsForm, filled_in
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.reflection.passage import stages

ANSWERING, SEALING = timedelta(days=14), timedelta(days=28)
END_OF_DAY = time(17)
"""What is proposed: two weeks to answer, two more to conclude and seal, until five o'clock."""
AGREED = (
    "title",
    "scope",
    "depth",
    "scans",
    "answer_until",
    "seal_until",
    "k",
    "shares_figures",
    "asks_comment",
    "facilitator",
    "if_never",
    "extra_days",
)
"""What an agreement consists of, by its names on the card."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A questionnaire that can be asked beside the topics, and for which depths it is proposed."""

    choice: InstrumentChoice
    depths: tuple[str, ...]
    chosen: bool


@policy(Act.EVALUATION_PREPARE, Of.ALLIANCE, "GET", "POST")
def new(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Write down what the parties would agree on."""
    card, now = alliance_before(request.seat), clock.now()
    under_way = ("preparing", "running")
    if request.method != "POST" and any(
        one.state in under_way for one in evaluations_of(request.seat)
    ):
        return redirect("evaluation:index", alliance)
    with timezone.override(card.time_zone):
        form = _form(request, _proposed(request, card, now))
        if request.method == "POST" and form.is_valid():
            try:
                key = prepare_evaluation(request.seat, terms=form.terms(), now=now, rng=clock.rng)
            except Unfit as unfit:
                add_faults(form, unfit)
            else:
                messages.success(
                    request,
                    _("Prepared. The managers of all parties have been asked to read it."),
                )
                return redirect("evaluation:show", key)
        return _terms_page(request, form, card)


@policy(Act.EVALUATION_PREPARE, Of.EVALUATION, "GET", "POST")
def change(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Change what is to be agreed; every party has to accept it anew."""
    before = evaluation_before(request.seat, evaluation, now=clock.now())
    if before.state != "preparing":
        raise Settled if before.state == "running" else Ended
    terms, version = terms_before(request.seat, evaluation)
    card = alliance_before(request.seat)
    with timezone.override(card.time_zone):
        form = _form(request, terms, version)
        if request.method == "POST" and form.is_valid():
            try:
                change_agreement(
                    request.seat,
                    evaluation,
                    terms=form.terms(),
                    version=form.cleaned_data["version"],
                    now=clock.now(),
                )
            except Unfit as unfit:
                add_faults(form, unfit)
            except Newer:
                form = _beside(request, form, *terms_before(request.seat, evaluation))
                return _terms_page(request, form, card, before, status=409)
            else:
                messages.success(request, _("Kept. What changed has to be accepted by everybody."))
                return redirect("evaluation:show", evaluation)
        return _terms_page(request, form, card, before)


def _form(request: SeatedRequest, terms: Terms, version: int | None = None) -> TermsForm:
    return TermsForm(
        request.POST or None,
        facilitators=facilitators_of(request.seat),
        initial=filled_in(terms) | {"version": version},
    )


def _beside(request: SeatedRequest, form: TermsForm, terms: Terms, version: int) -> TermsForm:
    """Keep what was written, name what stands otherwise now, and let it be kept knowingly."""
    typed, stands = filled_in(form.terms()), filled_in(terms)
    names = [str(form[name].label) for name in typed if typed[name] != stands[name]]
    data = request.POST.copy()
    data["version"] = str(version)
    form.data = data
    form.add_error(
        None,
        _(
            "Somebody changed the agreement while you wrote. What you wrote is still here. "
            "It differs from what stands now in: %(names)s. Look at what stands in another "
            "window, then keep these terms if they should take its place."
        )
        % {"names": together(names)},
    )
    return form


def _proposed(request: SeatedRequest, card: AllianceCard, now: datetime) -> Terms:
    """Return terms that would do, from the rhythm of the alliance."""
    zone = ZoneInfo(card.time_zone)
    today = now.astimezone(zone).date()
    depth = cycle_of(request.seat, now=now).proposed_depth
    facilitators = facilitators_of(request.seat)
    return Terms(
        title=_("Evaluation, %(month)s") % {"month": date_format(today, "F Y")},
        scope="",
        depth=depth,
        scans=DEPTHS[depth],
        answer_until=datetime.combine(today + ANSWERING, END_OF_DAY, zone),
        seal_until=datetime.combine(today + SEALING, END_OF_DAY, zone),
        k=Rules.now().least,
        facilitator=facilitators[0][0] if facilitators else 0,
    )


def _terms_page(
    request: SeatedRequest,
    form: TermsForm,
    card: AllianceCard,
    before: EvaluationCard | None = None,
    status: int = 400,
) -> HttpResponse:
    offered = {one.code: one for one in choices(language=get_language() or "en")}
    chosen = form["scans"].value() or []
    page = {
        "form": form,
        "evaluation": before,
        "scans": [
            Scan(
                offered[code],
                tuple(depth for depth, codes in DEPTHS.items() if code in codes),
                code in chosen,
            )
            for code in SCANS
        ],
        "rules": Rules.now(),
        "highest_k": HIGHEST_K,
        "most_days": MOST_EXTRA_DAYS,
        **desk(request.seat, "evaluations", card),
    }
    return render(request, "evaluation/terms.html", page, status=status if form.errors else 200)


@policy(Act.EVALUATION_ACCEPT, Of.EVALUATION, "GET", "POST")
def accept(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Read the agreement, and accept it for the own party, with its mode and its people."""
    card = evaluation_before(request.seat, evaluation, now=clock.now())
    if not card.may_accept:
        if request.method == "POST":
            raise Settled if card.state == "running" else Ended
        return redirect("evaluation:show", evaluation)
    people = people_to_ask(request.seat, evaluation)
    form = AcceptForm(
        request.POST or None,
        people=people,
        initial={
            "mode": (card.mine.mode if card.mine else "")
            or ("confidential" if len(people) >= card.k else "one voice"),
            "seats": [one.key for one in people if one.chosen],
        },
    )
    news: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            accept_agreement(
                request.seat,
                evaluation,
                version=said["version"],
                mode=said["mode"],
                seats=said["seats"],
                now=clock.now(),
                rng=clock.rng,
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        except Newer as newer:
            card = evaluation_before(request.seat, evaluation, now=clock.now())
            news = _changed(said["read"], card)
            form.add_error(None, str(newer))
        else:
            messages.success(
                request,
                _("%(party)s has accepted. Until the evaluation begins you can still change it.")
                % {"party": card.mine.party.name if card.mine else ""},
            )
            return redirect("evaluation:show", evaluation)
    chosen = {str(key) for key in form["seats"].value() or ()}
    page = {
        "evaluation": card,
        "form": form,
        "read": json.dumps(_read(card)),
        "news": news,
        "people": [(one, str(one.key) in chosen) for one in people],
        "managers": _("The managers (%(names)s)")
        % {"names": together([one.name for one in people if one.role == "manager"])},
        "enough": len(people) >= card.k,
        "passage": stages(card),
        **agreed(card),
        **desk(request.seat, "evaluations"),
    }
    return render(request, "evaluation/accept.html", page, status=400 if form.errors else 200)


def agreed(card: EvaluationCard) -> dict[str, object]:
    """Return what `evaluation/_agreement.html` needs beside the card."""
    language = get_language() or "en"
    titles = {one.code: one.title for one in choices(language=language)}
    return {
        "asked": together([titles[code] for code in card.scans]),
        "host": name_of_host(),
    }


def _read(card: EvaluationCard) -> dict[str, str]:
    """Return what an agreement says, by name, as somebody has it before them."""
    held = {name: getattr(card, name) for name in AGREED}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in held.items()
    }


def _changed(read: str, card: EvaluationCard) -> tuple[str, ...]:
    """Return the names of what reads otherwise now than it did on the page that was sent."""
    try:
        before = json.loads(read)
    except ValueError:
        before = None
    if not isinstance(before, dict):
        return AGREED
    return tuple(name for name, said in _read(card).items() if before.get(name) != said)
