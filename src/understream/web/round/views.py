"""One round, by its state: planned, open, closed, cancelled."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act
from understream.domain.latecomer import ask_latecomers
from understream.domain.release import cancel_round
from understream.domain.round import (
    OfEvaluation,
    Over,
    RoundCard,
    TooLate,
    candidates,
    confirm_cohort,
    extend_round,
    open_round,
    round_before,
)
from understream.domain.word import name_of_host, together
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.door.demo import is_open as is_demo_here
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.round.forms import CohortForm, ExtendForm


@policy(Act.ROUND_READ, Of.ROUND)
def show(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Show a round."""
    return _page(request, round_before(request.seat, round))


@policy(Act.COHORT_CONFIRM, Of.ROUND, "GET", "POST")
def cohort(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Say yes for the own party: who is asked, and in which mode."""
    card = round_before(request.seat, round)
    if card.mine is None or not card.mine.may_confirm:
        if request.method == "POST" and card.evaluation:
            raise OfEvaluation
        if request.method == "POST":
            raise TooLate if card.state == "open" else Over
        return redirect("round:show", round)
    people = candidates(request.seat, round)
    form = CohortForm(
        request.POST or None,
        people=people,
        initial={
            "mode": card.mine.mode,
            "seats": [one.key for one in people if one.chosen],
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            confirm_cohort(
                request.seat, round, **form.cleaned_data, now=clock.now(), rng=clock.rng
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(
                request,
                _("%(party)s has said yes. Until the round opens you can still change this.")
                % {"party": card.mine.party.name},
            )
            return redirect("round:show", round)
    chosen = {str(key) for key in form["seats"].value() or ()}
    return render(
        request,
        "round/cohort.html",
        {
            "round": card,
            "form": form,
            "people": [(one, str(one.key) in chosen) for one in people],
            "managers": _("The managers (%(names)s)")
            % {"names": together([one.name for one in people if one.role == "manager"])},
            "enough": len(people) >= card.k,
            "host": name_of_host(),
            **desk(request.seat, "rounds"),
        },
        status=400 if form.errors else 200,
    )


@policy(Act.ROUND_OPEN, Of.ROUND, "POST")
def open_it(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Open the round."""
    open_round(request.seat, round, now=clock.now(), rng=clock.rng)
    messages.success(request, _("The round is open. Everybody who is asked has been written to."))
    return redirect("round:show", round)


@policy(Act.COHORT_CONFIRM, Of.ROUND, "POST")
def late(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Ask those of the own party who came after the round had opened."""
    key = ask_latecomers(request.seat, round, now=clock.now(), rng=clock.rng)
    messages.success(
        request, _("Everybody who came later has been written to. They have a round of their own.")
    )
    return redirect("round:show", key)


@policy(Act.ROUND_EXTEND, Of.ROUND, "GET", "POST")
def extend(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Move the end of the round."""
    card = round_before(request.seat, round)
    if request.method != "POST":
        return redirect("round:show", round)
    with timezone.override(card.time_zone):
        form = ExtendForm(request.POST)
        if form.is_valid():
            try:
                extend_round(request.seat, round, **form.cleaned_data, now=clock.now())
            except Unfit as unfit:
                add_faults(form, unfit)
            else:
                messages.success(request, _("The end was moved. It stands in the journal."))
                return redirect("round:show", round)
        return _page(request, card, extend=form)


@policy(Act.ROUND_CANCEL, Of.ROUND, "GET", "POST")
def cancel(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Ask whether the round should be cancelled, and cancel it."""
    if request.method == "POST":
        cancel_round(request.seat, round, now=clock.now())
        messages.success(request, _("The round was cancelled. Every answer was destroyed."))
        return redirect("round:show", round)
    card = round_before(request.seat, round)
    if not card.may_cancel:
        raise Missing
    return render(request, "round/cancel.html", {"round": card, **desk(request.seat, "rounds")})


def _page(
    request: SeatedRequest, card: RoundCard, *, extend: ExtendForm | None = None
) -> HttpResponse:
    titles = card.instrument_titles
    with timezone.override(card.time_zone):
        page = {
            "round": card,
            "instrument": titles.get(get_language() or "en") or next(iter(titles.values()), ""),
            "extend": extend or ExtendForm(initial={"closes_at": card.closes_at}),
            "extend_failed": extend is not None,
            "passed": card.closes_at <= clock.now(),
            "demo": is_demo_here(request),
            "waiting_parties": [one.party for one in card.cohorts if not one.confirmed],
            **desk(request.seat, "rounds"),
        }
        return render(request, "round/show.html", page, status=400 if extend else 200)
