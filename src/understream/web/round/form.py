"""The one form of a party that speaks with one voice, filled in round a table."""

from dataclasses import replace

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from understream.access.refusal import Unfit
from understream.access.rules import Act
from understream.domain import voice
from understream.domain.voice import FormCard
from understream.web import clock
from understream.web.answer import forms
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.FORM_FILL, Of.ROUND, "GET", "POST")
def show(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's own word
    """Show the party's one form with what it says so far, and store what it says now."""
    now = clock.now()
    card = voice.form_of_party(request.seat, round, language=_language(), now=now)
    if request.method != "POST":
        return _page(request, card)
    try:
        voice.fill_form(
            request.seat,
            round,
            answers=forms.answers_in(request.POST, forms.names_of(card)),
            comment=request.POST.get("comment", ""),
            words=forms.words_in(request.POST),
            now=now,
        )
    except Unfit as unfit:
        typed = replace(forms.with_what_was_typed(card, request.POST), wish=card.wish)
        return _page(request, typed, unfit)
    return HttpResponseRedirect(reverse("round:form", args=[round]) + "?kept")


def _page(request: SeatedRequest, card: FormCard, unfit: Unfit | None = None) -> HttpResponse:
    if card.stage != "form":
        return render(request, "round/still.html", {"card": card})
    faults = unfit.faults if unfit else {}
    told = {
        "card": card,
        "faults": faults,
        "asked": forms.screens(card, faults),
        "kept": "kept" in request.GET and unfit is None,
    }
    return render(request, "round/form.html", told, status=400 if unfit else 200)


def _language() -> str:
    return "nl" if (translation.get_language() or "").startswith("nl") else "en"
