"""The joint page: read side by side, write together, accept, and say what it did."""

from collections.abc import Mapping

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act
from understream.domain.joint import (
    Rewritten,
    accept_joint_text,
    assign_critic,
    history_of,
    joint_before,
    say_closing,
    write_joint_text,
)
from understream.domain.topic import BLOCKS, RELEVANCE, title_of
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.joint.drawing import ACCEPTING, Attempt, draw
from understream.web.joint.forms import AcceptForm, ClosingForm, CriticForm, TextForm
from understream.web.policy import Of, SeatedRequest, policy

LONGEST_ANCHOR = 20
CLOSING = "closing"
CHANGED = gettext_noop(
    "This text was changed while you read it. Read it again as it stands now, then accept it."
)


@policy(Act.JOINT_READ, Of.EVALUATION)
def show(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Show what all parties concluded, side by side."""
    return _page(request, evaluation)


def _page(
    request: SeatedRequest, evaluation: int, *, attempt: Attempt | None = None, status: int = 200
) -> HttpResponse:
    card = joint_before(request.seat, evaluation, language=get_language() or "en", now=clock.now())
    at = request.GET.get("at", "")[:LONGEST_ANCHOR]
    page = {
        "joint": card,
        "drawn": draw(card, writing=True, at=at, attempt=attempt),
        "writing": True,
        **desk(request.seat, "evaluations"),
    }
    return render(request, "joint/show.html", page, status=status)


def _landed(evaluation: int, anchor: str) -> HttpResponse:
    address = reverse("joint:show", args=[evaluation])
    return HttpResponseRedirect(f"{address}?at={anchor}#{anchor}")


def _fits(kind: str, code: str) -> None:
    """Refuse what is no anchor of this page before anything is done with it."""
    known = {"block": code in BLOCKS, "relevance": code == RELEVANCE}
    topic = kind == "topic" and not any(known.values()) and title_of(code, language="en")
    if not (known.get(kind) or topic):
        raise Missing


@policy(Act.JOINT_WRITE, Of.EVALUATION, "POST")
def write(request: SeatedRequest, evaluation: int, kind: str, code: str) -> HttpResponse:
    """Write what the parties read in something, or decide; or show both texts where two wrote."""
    _fits(kind, code)
    form = TextForm(request.POST)
    faults, theirs = _faults(form), None
    if not faults:
        try:
            write_joint_text(
                request.seat, evaluation, kind, code, **form.cleaned_data, now=clock.now()
            )
        except Unfit as unfit:
            faults = {name: str(sentence) for name, sentence in unfit.faults.items()}
        except Rewritten as rewritten:
            faults, theirs = {"": str(rewritten)}, rewritten.theirs
        else:
            return _landed(evaluation, code)
    attempt = Attempt(kind, code, _typed(request), faults, theirs)
    return _page(request, evaluation, attempt=attempt, status=409 if theirs else 400)


@policy(Act.JOINT_ACCEPT, Of.EVALUATION, "POST")
def accept(request: SeatedRequest, evaluation: int, kind: str, code: str) -> HttpResponse:
    """Accept what is written, for the own party."""
    _fits(kind, code)
    form = AcceptForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    try:
        accept_joint_text(request.seat, evaluation, kind, code, version=version, now=clock.now())
    except Rewritten:
        attempt = Attempt(kind, code, {}, {ACCEPTING: _(CHANGED)})
        return _page(request, evaluation, attempt=attempt, status=409)
    return _landed(evaluation, code)


@policy(Act.CRITIC_ASSIGN, Of.EVALUATION, "POST")
def critic(request: SeatedRequest, evaluation: int, topic: str) -> HttpResponse:
    """Ask somebody to be the critic on a topic."""
    _fits("topic", topic)
    form = CriticForm(request.POST)
    faults = _faults(form)
    if not faults:
        try:
            assign_critic(
                request.seat,
                evaluation,
                topic,
                critic=form.cleaned_data["critic"] or 0,
                now=clock.now(),
            )
        except Unfit as unfit:
            faults = {name: str(sentence) for name, sentence in unfit.faults.items()}
        else:
            return _landed(evaluation, topic)
    attempt = Attempt("critic", topic, _typed(request), faults)
    return _page(request, evaluation, attempt=attempt, status=400)


@policy(Act.JOINT_ACCEPT, Of.EVALUATION, "POST")
def closing(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Say for the own party what the evaluation did."""
    form = ClosingForm(request.POST)
    form.is_valid()
    try:
        say_closing(
            request.seat,
            evaluation,
            rating=form.cleaned_data.get("rating") or 0,
            sentence=form.cleaned_data.get("sentence", ""),
            now=clock.now(),
        )
    except Unfit as unfit:
        faults = {name: str(sentence) for name, sentence in unfit.faults.items()}
        attempt = Attempt(CLOSING, CLOSING, _typed(request), faults)
        return _page(request, evaluation, attempt=attempt, status=400)
    return _landed(evaluation, CLOSING)


@policy(Act.JOINT_READ, Of.EVALUATION)
def history(request: SeatedRequest, evaluation: int, kind: str, code: str) -> HttpResponse:
    """Show what was written about one thing, version by version."""
    _fits(kind, code)
    told = history_of(request.seat, evaluation, kind, code, language=get_language() or "en")
    page = {
        "history": told,
        "evaluation": evaluation,
        "code": code,
        **desk(request.seat, "evaluations"),
    }
    return render(request, "joint/history.html", page)


def _faults(form: forms.Form) -> dict[str, str]:
    faults = {name: str(said[0]) for name, said in form.errors.items()}
    return {"" if name == "version" else name: sentence for name, sentence in faults.items()}


def _typed(request: SeatedRequest) -> Mapping[str, str]:
    """Return the words as they came, so that a fault loses nothing."""
    names = ("reading", "decision", "choice", "decide_on", "rating", "sentence", "version")
    return {name: request.POST[name] for name in names if name in request.POST}
