"""Alliances, and the rooms of one."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Unfit
from understream.access.rules import Act, Where, may
from understream.domain.alliance import (
    alliance_before,
    found_alliance,
    keep_alliance,
    my_alliances,
    my_organisations,
)
from understream.domain.home import home_of
from understream.domain.instrument import choices_before
from understream.domain.journal import journal_of
from understream.domain.person import person_before
from understream.domain.round import (
    HIGHEST_K,
    again_from,
    facilitators_of,
    plan_round,
    rounds_of,
)
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.alliance.forms import FoundForm, KeepForm, PlanForm
from understream.web.alliance.instrument import number
from understream.web.door.shown import Rules
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.ALLIANCES_LIST, Of.PERSON)
def index(request: SeatedRequest) -> HttpResponse:
    """List the alliances in which the person has a seat."""
    card = {
        "lines": my_alliances(request.seat.person),
        "person": person_before(request.seat),
        "here": "alliances",
    }
    return render(request, "alliance/index.html", card)


@policy(Act.ALLIANCE_FOUND, Of.PERSON, "GET", "POST")
def new(request: SeatedRequest) -> HttpResponse:
    """Found an alliance."""
    own = my_organisations(request.seat.person)
    form = FoundForm(request.POST or None, initial={"own": own[0] if len(own) == 1 else ""})
    if request.method == "POST" and form.is_valid():
        try:
            key = found_alliance(
                request.seat,
                name=form.cleaned_data["name"],
                organisations=form.names(),
                time_zone=form.cleaned_data["time_zone"],
                now=clock.now(),
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("The alliance is there. You are manager of your party."))
            return redirect("alliance:home", key)
    card = {"form": form, "person": person_before(request.seat), "here": "alliances"}
    return render(request, "alliance/new.html", card, status=400 if form.errors else 200)


@policy(Act.ALLIANCE_KEEP, Of.ALLIANCE, "GET", "POST")
def keep(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Change what the alliance is called, and by which clock and calendar it works."""
    card = alliance_before(request.seat)
    form = KeepForm(
        request.POST or None,
        initial={
            "name": card.name,
            "time_zone": card.time_zone,
            "working_calendar": card.working_calendar,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            keep_alliance(request.seat, **form.cleaned_data, now=clock.now())
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Kept. It stands in the journal."))
            return redirect("alliance:home", alliance)
    page = {"form": form, **desk(request.seat, "home", card)}
    return render(request, "alliance/keep.html", page, status=400 if form.errors else 200)


@policy(Act.ALLIANCE_READ, Of.ALLIANCE)
def home(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Show the first room of an alliance."""
    del alliance
    card = home_of(request.seat, now=clock.now())
    return render(
        request,
        "alliance/home.html",
        {"home": card, **desk(request.seat, "home", card.alliance)},
    )


@policy(Act.ROUND_READ, Of.ALLIANCE)
def rounds(request: SeatedRequest, alliance: int) -> HttpResponse:
    """List the rounds of an alliance."""
    card = {
        "rounds": rounds_of(request.seat),
        "may_plan": may(request.seat, Act.ROUND_PLAN, Where(alliance)),
        **desk(request.seat, "rounds"),
    }
    return render(request, "alliance/rounds.html", card)


@policy(Act.ROUND_PLAN, Of.ALLIANCE, "GET", "POST")
def plan(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Plan a round of listening: from nothing, or as one that has closed."""
    del alliance
    again = request.GET.get("again")
    card, rules = alliance_before(request.seat), Rules.now()
    instruments = choices_before(request.seat, language=get_language() or "en")
    facilitators = facilitators_of(request.seat)
    with timezone.override(card.time_zone):
        form = PlanForm(
            request.POST or None,
            instruments=instruments,
            facilitators=facilitators,
            initial={
                "instrument": instruments[0].code if instruments else "",
                "k": rules.least,
                "moderator": facilitators[0][0] if facilitators else 0,
            }
            if again is None
            else asdict(again_from(request.seat, number(again), now=clock.now())),
        )
        if request.method == "POST" and form.is_valid():
            try:
                key = plan_round(request.seat, **form.cleaned_data, now=clock.now())
            except Unfit as unfit:
                add_faults(form, unfit)
            else:
                messages.success(request, _("The round is planned. Nobody has been written to."))
                return redirect("round:show", key)
        return render(
            request,
            "alliance/plan.html",
            {
                "form": form,
                "instruments": instruments,
                "rules": rules,
                "highest_k": HIGHEST_K,
                "again": again is not None,
                **desk(request.seat, "rounds", card),
            },
            status=400 if form.errors else 200,
        )


@policy(Act.JOURNAL_READ, Of.ALLIANCE)
def journal(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Show what happened, one page at a time."""
    asked = request.GET.get("page", "1")
    page = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1  # noqa: PLR2004 - pages
    card = {
        "journal": journal_of(request.seat, alliance, page=page),
        **desk(request.seat, "journal"),
    }
    return render(request, "alliance/journal.html", card)
