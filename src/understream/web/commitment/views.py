"""List what was promised; propose, accept, withdraw and judge it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, Where, may
from understream.domain.alliance import alliance_before
from understream.domain.commitment import (
    CommitmentCard,
    NotStanding,
    accept_commitment,
    commitment_before,
    commitments_of,
    judge_commitment,
    owners_of,
    propose_commitment,
    withdraw_commitment,
)
from understream.domain.evaluation import evaluations_of
from understream.domain.topic import title_of
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.commitment.forms import CommitmentForm, JudgeForm
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy

DIGITS = 18
FEW = 4
"""Up to so many commitments nobody needs to filter."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Commitments of one state, under one heading."""

    code: str
    title: str
    cards: tuple[CommitmentCard, ...]


@policy(Act.COMMITMENT_READ, Of.ALLIANCE)
def index(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Show what the parties promised each other, what is due first in front."""
    card = alliance_before(request.seat)
    everything = commitments_of(request.seat, language=_language(), now=clock.now())
    giver, receiver = _number(request, "from"), _number(request, "to")
    state = request.GET.get("state", "")
    chosen = [
        one
        for one in everything
        if giver in (0, one.giver.key) and receiver in (0, one.receiver.key)
    ]
    shelves = _shelves(chosen)
    page = {
        "shelves": [one for one in shelves if one.cards and state in ("", one.code)],
        "states": [(one.code, one.title) for one in shelves],
        "giver": giver,
        "receiver": receiver,
        "state": state,
        "any": bool(everything),
        "filters": len(everything) > FEW,
        "may_write": may(request.seat, Act.COMMITMENT_WRITE, Where(alliance)),
        **desk(request.seat, "commitments", card),
    }
    return render(request, "commitment/index.html", page)


def _shelves(cards: Sequence[CommitmentCard]) -> tuple[Shelf, ...]:
    def of(kind: str) -> tuple[CommitmentCard, ...]:
        return tuple(one for one in cards if one.kind == kind)

    opened = of("open")
    return (
        Shelf("overdue", _("Overdue"), tuple(one for one in opened if one.overdue)),
        Shelf("open", _("Open"), tuple(one for one in opened if not one.overdue)),
        Shelf("proposed", _("Proposed, not accepted by all"), of("proposed")),
        Shelf("kept", _("Kept"), of("kept")),
        Shelf("renegotiated", _("Renegotiated in time"), of("renegotiated")),
        Shelf("broken", _("Broken"), of("broken")),
        Shelf("split", _("Judged differently"), of("split")),
        Shelf("withdrawn", _("Withdrawn"), of("withdrawn")),
    )


@policy(Act.COMMITMENT_WRITE, Of.ALLIANCE, "GET", "POST")
def new(request: SeatedRequest, alliance: int) -> HttpResponse:  # noqa: ARG001 - the seat knows
    """Ask what is promised, and propose it."""
    card = alliance_before(request.seat)
    given = request.POST if request.method == "POST" else request.GET
    source, topic = _source(request, given.get("evaluation", ""), given.get("topic", ""))
    form = CommitmentForm(
        request.POST or None,
        parties=card.parties,
        owners=owners_of(request.seat),
        initial={"evaluation": source[0] if source else "", "topic": topic},
    )
    if request.method == "POST" and form.is_valid():
        said = {**form.cleaned_data, "evaluation": source[0] if source else 0, "topic": topic}
        try:
            key = propose_commitment(request.seat, **said, now=clock.now())
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Proposed. It stands once all it concerns have accepted."))
            if source and topic:
                address = reverse("joint:show", args=[source[0]])
                return HttpResponseRedirect(f"{address}?at={topic}#{topic}")
            return redirect("commitment:show", key)
    page = {
        "form": form,
        "source": source,
        "topic": topic,
        "topic_title": title_of(topic, language=_language()),
        **desk(request.seat, "commitments", card),
    }
    return render(request, "commitment/new.html", page, status=400 if form.errors else 200)


def _source(
    request: SeatedRequest, evaluation: str, topic: str
) -> tuple[tuple[int, str] | None, str]:
    """Return the evaluation a commitment comes from, with its title, and the topic in it.

    :raises Missing: for an evaluation that is out of reach or not open.
    """
    if not evaluation:
        return None, ""
    key = int(evaluation) if _is_number(evaluation) else 0
    line = next((one for one in evaluations_of(request.seat) if one.key == key), None)
    if line is None or line.revealed_at is None:
        raise Missing
    return (line.key, line.title), topic if title_of(topic, language="en") else ""


@policy(Act.COMMITMENT_READ, Of.COMMITMENT)
def show(request: SeatedRequest, commitment: int) -> HttpResponse:
    """Show one commitment."""
    page = {"one": _card(request, commitment), **desk(request.seat, "commitments")}
    return render(request, "commitment/show.html", page)


@policy(Act.COMMITMENT_ACCEPT, Of.COMMITMENT, "POST")
def accept(request: SeatedRequest, commitment: int) -> HttpResponse:
    """Accept for the own party what is proposed."""
    if accept_commitment(request.seat, commitment, now=clock.now()):
        messages.success(request, _("It stands now: everybody it concerns has accepted it."))
    else:
        messages.success(request, _("Accepted for your organisation. It waits for the others."))
    return redirect("commitment:show", commitment)


@policy(Act.COMMITMENT_WRITE, Of.COMMITMENT, "POST")
def withdraw(request: SeatedRequest, commitment: int) -> HttpResponse:
    """Withdraw what does not stand yet."""
    withdraw_commitment(request.seat, commitment, now=clock.now())
    messages.success(request, _("Withdrawn. It stays to be read, and nobody waits for it."))
    return redirect("commitment:show", commitment)


@policy(Act.COMMITMENT_JUDGE, Of.COMMITMENT, "GET", "POST")
def judge(request: SeatedRequest, commitment: int) -> HttpResponse:
    """Ask what became of a commitment, and say it for the own party."""
    card = _card(request, commitment)
    if not card.may_judge:
        if card.state != "standing":
            raise NotStanding
        raise Missing
    own = next((one for one in card.judgements if one.own), None)
    initial = {"outcome": own.outcome, "note": own.note} if own else {}
    form = JudgeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            judge_commitment(request.seat, commitment, **form.cleaned_data, now=clock.now())
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Said. Each side sees the other’s word once both have."))
            return redirect("commitment:show", commitment)
    page = {"one": card, "form": form, **desk(request.seat, "commitments")}
    return render(request, "commitment/judge.html", page, status=400 if form.errors else 200)


def _card(request: SeatedRequest, commitment: int) -> CommitmentCard:
    return commitment_before(request.seat, commitment, language=_language(), now=clock.now())


def _language() -> str:
    return get_language() or "en"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS


def _number(request: SeatedRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if _is_number(text) else 0
