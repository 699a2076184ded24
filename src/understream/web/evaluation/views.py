"""The course of an evaluation: its page by stage, beginning, proposals; and the rhythm."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, Where, may
from understream.domain.commitment import promises_of
from understream.domain.cycle import (
    MOST_EVALUATION_MONTHS,
    MOST_PULSE_MONTHS,
    cycle_of,
    keep_cycle,
)
from understream.domain.evaluation import (
    DESTROYED_AFTER,
    EvaluationCard,
    RoundOfEvaluation,
    call_off_evaluation,
    consent_to_proposal,
    evaluation_before,
    evaluations_of,
    open_evaluation,
    propose_end,
    withdraw_proposal,
)
from understream.domain.instrument import EVALUATION
from understream.domain.joint import texts_waiting
from understream.domain.reflection import unfinished_in
from understream.domain.seal import ReceiptCard, receipts_before
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.door.demo import is_open as is_demo_here
from understream.web.evaluation.agreement import agreed
from understream.web.evaluation.forms import CycleForm, ProposeForm
from understream.web.evaluation.proof import spoken
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.reflection.passage import stages


@policy(Act.EVALUATION_READ, Of.ALLIANCE)
def index(request: SeatedRequest, alliance: int) -> HttpResponse:
    """List the evaluations of an alliance, and its rhythm."""
    seat, lines = request.seat, evaluations_of(request.seat)
    page = {
        "lines": lines,
        "busy": any(one.state in ("preparing", "running") for one in lines),
        "cycle": cycle_of(seat, now=clock.now()),
        "may_prepare": may(seat, Act.EVALUATION_PREPARE, Where(alliance)),
        **desk(seat, "evaluations"),
    }
    return render(request, "evaluation/index.html", page)


@policy(Act.CYCLE_KEEP, Of.ALLIANCE, "GET", "POST")
def cycle(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Set the rhythm of an alliance."""
    now = clock.now()
    card = cycle_of(request.seat, now=now)
    form = CycleForm(
        request.POST or None,
        initial={name: getattr(card, name) for name in CycleForm.base_fields},
    )
    if request.method == "POST" and form.is_valid():
        try:
            keep_cycle(request.seat, **form.cleaned_data, now=now)
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Kept. Managers get a letter when something is due."))
            return redirect("evaluation:index", alliance)
    page = {
        "form": form,
        "cycle": card,
        "most_pulse": MOST_PULSE_MONTHS,
        "most_evaluation": MOST_EVALUATION_MONTHS,
        **desk(request.seat, "evaluations"),
    }
    return render(request, "evaluation/cycle.html", page, status=400 if form.errors else 200)


@policy(Act.EVALUATION_READ, Of.EVALUATION)
def show(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Show where an evaluation stands, and what waits for this seat."""
    seat, now = request.seat, clock.now()
    card = evaluation_before(seat, evaluation, now=now)
    begun = card.opened_at is not None
    receipts = receipts_before(seat, evaluation, language=spoken()) if begun else ()
    page = {
        "evaluation": card,
        "passage": stages(card),
        "passed": card.answer_until <= now,
        "destroyed_on": card.seal_until + DESTROYED_AFTER,
        "asked_rounds": rounds_of(card),
        "unfinished": unfinished_in(seat, evaluation) if card.may_write_reflection else 0,
        "texts": texts_waiting(seat, evaluation) if card.may_read_joint else 0,
        "promises": promises_of(seat, evaluation, language=spoken(), now=now),
        "receipts": standing(receipts, seat.party),
        "proved": bool(receipts),
        "demo": card.state == "running" and is_demo_here(request),
        **agreed(card),
        **desk(seat, "evaluations"),
    }
    return render(request, "evaluation/show.html", page)


def rounds_of(card: EvaluationCard) -> tuple[tuple[RoundOfEvaluation, str], ...]:
    """Return the rounds of an evaluation, each with what it asks in the language of the page."""
    language = spoken()
    return tuple(
        (
            one,
            _("The sixteen topics")
            if one.instrument == EVALUATION
            else one.titles.get(language, one.title),
        )
        for one in card.rounds
    )


def standing(receipts: Iterable[ReceiptCard], own: int) -> tuple[ReceiptCard, ...]:
    """Return the receipts of the seals that stand, the own party's in front."""
    last = {one.party.key: one for one in receipts if one.party}
    kept = (one for one in last.values() if one.kind == "sealed")
    return tuple(sorted(kept, key=lambda one: one.party.key != own if one.party else True))


@policy(Act.EVALUATION_OPEN, Of.EVALUATION, "POST")
def open_it(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Begin the evaluation."""
    open_evaluation(request.seat, evaluation, now=clock.now(), rng=clock.rng)
    messages.success(
        request, _("The evaluation has begun. Everybody who is asked has been written to.")
    )
    return redirect("evaluation:show", evaluation)


@policy(Act.EVALUATION_PROPOSE, Of.EVALUATION, "GET", "POST")
def call_off(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Ask whether an evaluation that has not begun should be called off, and do so."""
    if request.method == "POST":
        call_off_evaluation(request.seat, evaluation, now=clock.now())
        messages.success(request, _("The evaluation was called off. Nobody was asked anything."))
        return redirect("evaluation:show", evaluation)
    card = evaluation_before(request.seat, evaluation, now=clock.now())
    if not card.may_call_off:
        raise Missing
    page = {"evaluation": card, **desk(request.seat, "evaluations")}
    return render(request, "evaluation/call_off.html", page)


@policy(Act.EVALUATION_PROPOSE, Of.EVALUATION, "GET", "POST")
def propose(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Propose to move the deadline, or to call a running evaluation off."""
    card = evaluation_before(request.seat, evaluation, now=clock.now())
    if request.method != "POST" and (not card.may_propose or card.proposal):
        return redirect("evaluation:show", evaluation)
    with timezone.override(card.time_zone):
        form = ProposeForm(request.POST or None, initial={"kind": "extend"})
        if request.method == "POST" and form.is_valid():
            try:
                done = propose_end(request.seat, evaluation, **form.cleaned_data, now=clock.now())
            except Unfit as unfit:
                add_faults(form, unfit)
            else:
                messages.success(request, _carried(form.cleaned_data["kind"], done=done))
                return redirect("evaluation:show", evaluation)
        page = {
            "evaluation": card,
            "form": form,
            "sealed": _sealed_others(card),
            **desk(request.seat, "evaluations"),
        }
        return render(request, "evaluation/propose.html", page, status=400 if form.errors else 200)


def _sealed_others(card: EvaluationCard) -> list[str]:
    return [one.party.name for one in card.parties if one.state == "sealed" and not one.own]


def _carried(kind: str, *, done: bool) -> str:
    if not done:
        return _("Proposed. The managers of all parties have been written to.")
    if kind == "cancel":
        return _("The evaluation was called off. Nothing was opened.")
    return _("The deadline has moved. All managers have been written to.")


@policy(Act.EVALUATION_CONSENT, Of.EVALUATION, "POST")
def consent(request: SeatedRequest, evaluation: int, proposal: int) -> HttpResponse:
    """Agree to a proposal for the own party."""
    before = evaluation_before(request.seat, evaluation, now=clock.now()).proposal
    done = consent_to_proposal(request.seat, evaluation, proposal, now=clock.now())
    messages.success(
        request,
        _carried(before.kind if before else "", done=True)
        if done
        else _("Kept. It is carried out when every party that has sealed agrees."),
    )
    return redirect("evaluation:show", evaluation)


@policy(Act.EVALUATION_PROPOSE, Of.EVALUATION, "POST")
def withdraw(request: SeatedRequest, evaluation: int, proposal: int) -> HttpResponse:
    """Take back what one has proposed oneself."""
    withdraw_proposal(request.seat, evaluation, proposal, now=clock.now())
    messages.success(request, _("The proposal was withdrawn."))
    return redirect("evaluation:show", evaluation)
