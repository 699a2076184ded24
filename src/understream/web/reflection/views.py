"""Within a party: the guided talk, one topic, its history, other views, and who may read along."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.domain.evaluation import evaluation_before
from understream.domain.reflection import (
    Changed,
    ConclusionCard,
    NotYet,
    ReflectionCard,
    Words,
    admit_facilitator,
    dismiss_facilitator,
    history_of,
    hold_dissent,
    reflection_before,
    write_conclusion,
)
from understream.domain.word import name_of_host
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.reflection import forms
from understream.web.reflection.dissents import View, change_view, typed_view, views_of
from understream.web.reflection.drawing import draw, heard
from understream.web.reflection.passage import stages

ROOM = "evaluations"
LONGEST_NUMBER = 19
"""Digits of a key at most."""


@policy(Act.EVALUATION_READ, Of.EVALUATION)
def show(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Show the guided talk: group by group what to talk about, and what is written so far."""
    now = clock.now()
    party = _number(request.GET.get("party", ""))
    card = evaluation_before(request.seat, evaluation, now=now)
    page = {
        "evaluation": card,
        "stages": stages(card),
        "host": name_of_host(),
        **desk(request.seat, ROOM),
    }
    try:
        reflection = reflection_before(
            request.seat, evaluation, language=language_here(), now=now, party=party
        )
    except NotYet:
        return render(request, "reflection/not_yet.html", page)
    own = reflection.party.key == request.seat.party
    return render(
        request,
        "reflection/show.html",
        page
        | {
            "reflection": reflection,
            "blocks": draw(reflection),
            "next": reflection.missing[0] if reflection.missing else None,
            "own": own,
            "may_open": own and card.may_read_reflection and request.seat.role != "sponsor",
        },
    )


@policy(Act.REFLECTION_READ, Of.EVALUATION, "GET", "POST")
def topic(request: SeatedRequest, evaluation: int, topic: str) -> HttpResponse:
    """Show one topic, and write what the party concludes on it."""
    if request.method != "POST":
        return _topic_page(request, evaluation, topic)
    words = forms.words_in(request.POST)
    try:
        write_conclusion(request.seat, evaluation, topic, words=words, now=clock.now())
    except Missing:
        raise
    except Refused as refusal:
        return _topic_page(request, evaluation, topic, typed=words, refusal=refusal)
    messages.success(request, _("Saved. Those of you who take part read it now."))
    then = request.POST.get("then", "")
    card = _reflection(request, evaluation)
    known = {one.topic.code for one in card.conclusions}
    return redirect("reflection:topic", evaluation, then if then in known else topic)


@policy(Act.REFLECTION_READ, Of.EVALUATION)
def history(request: SeatedRequest, evaluation: int, topic: str) -> HttpResponse:
    """Show who wrote what on a topic, and when; an earlier version can be taken up again."""
    card = _reflection(request, evaluation)
    one = _found(card, topic)
    return render(
        request,
        "reflection/history.html",
        {
            "reflection": card,
            "one": one,
            "versions": forms.versions(history_of(request.seat, evaluation, topic)),
            **desk(request.seat, ROOM),
        },
    )


@policy(Act.DISSENT_HOLD, Of.EVALUATION, "POST")
def dissent(request: SeatedRequest, evaluation: int, topic: str) -> HttpResponse:
    """Write another view on a topic."""
    view = typed_view(request.POST)
    try:
        hold_dissent(
            request.seat, evaluation, topic, text=view.text, shares=view.shares, now=clock.now()
        )
    except Missing:
        raise
    except Refused as refusal:
        return _topic_page(request, evaluation, topic, view=view, refusal=refusal)
    messages.success(request, _("The other view stands beside the topic, without a name."))
    return _to_views(evaluation, topic)


@policy(Act.DISSENT_HOLD, Of.EVALUATION, "POST")
def hold(request: SeatedRequest, evaluation: int, dissent: int) -> HttpResponse:
    """Hold another view too, let it travel or not, say it in other words, or let it go."""
    topic = _reflection(request, evaluation).topic_of(dissent)
    try:
        change_view(request.seat, evaluation, dissent, request.POST, now=clock.now())
    except Missing:
        raise
    except Refused as refusal:
        view = typed_view(request.POST, dissent)
        return _topic_page(request, evaluation, topic, view=view, refusal=refusal)
    return _to_views(evaluation, topic)


@policy(Act.FACILITATOR_ADMIT, Of.EVALUATION, "POST")
def admit(request: SeatedRequest, evaluation: int, facilitator: int) -> HttpResponse:
    """Let a facilitator read the own reflection before the reveal, or no longer."""
    inside = request.POST.get("do", "") != "out"
    act = admit_facilitator if inside else dismiss_facilitator
    act(request.seat, evaluation, facilitator, now=clock.now())
    messages.success(
        request,
        _("The facilitator can read along now. It stands in the journal.")
        if inside
        else _("The facilitator reads along no longer. It stands in the journal."),
    )
    return redirect("reflection:show", evaluation)


def _topic_page(
    request: SeatedRequest,
    evaluation: int,
    topic: str,
    *,
    typed: Words | None = None,
    view: View | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    """Show a topic, with everything that was typed when an act refused it."""
    card = _reflection(request, evaluation)
    one = _found(card, topic)
    faults = refusal.faults if isinstance(refusal, Unfit) else {}
    theirs = refusal.theirs if isinstance(refusal, Changed) else None
    words = typed or one.words
    if typed is not None and theirs is not None:
        words = replace(typed, version=theirs.version)
    topics = [each.topic for each in card.conclusions]
    place = one.topic.number - 1
    return render(
        request,
        "reflection/topic.html",
        {
            "reflection": card,
            "group": next(each for each in card.groups if each.code == one.topic.group),
            "one": one,
            "heard": heard(card, one),
            "fields": forms.fields_of(words),
            "typed": forms.told(typed) if typed else None,
            "theirs": forms.told(theirs) if theirs else None,
            "faults": {} if view else faults,
            "refused": "" if faults or theirs else str(refusal or ""),
            "lost": view.text if view and not faults else "",
            "previous": topics[place - 1] if place else None,
            "next": topics[place + 1] if place + 1 < len(topics) else None,
            "host": name_of_host(),
            **views_of(card, one, view, faults if view else {}),
            **desk(request.seat, ROOM),
        },
        status=200 if refusal is None else 400 if faults else 409,
    )


def _reflection(request: SeatedRequest, evaluation: int) -> ReflectionCard:
    return reflection_before(request.seat, evaluation, language=language_here(), now=clock.now())


def _found(card: ReflectionCard, topic: str) -> ConclusionCard:
    found = next((one for one in card.conclusions if one.topic.code == topic), None)
    if found is None:
        raise Missing
    return found


def _to_views(evaluation: int, topic: str) -> HttpResponse:
    return redirect(reverse("reflection:topic", args=[evaluation, topic]) + f"#views-{topic}")


def _number(given: str) -> int:
    fits = given.isascii() and given.isdigit() and len(given) < LONGEST_NUMBER
    return int(given) if fits else 0


def language_here() -> str:
    """Return ``en`` or ``nl``: the language in force."""
    return "nl" if (get_language() or "").startswith("nl") else "en"
