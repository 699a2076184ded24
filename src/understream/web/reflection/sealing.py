"""Seal the own reflection, read its receipt, take the seal back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.domain.evaluation import Ended, EvaluationCard, evaluation_before
from understream.domain.reflection import NotYet, ReflectionCard, reflection_before
from understream.domain.reveal import AlreadySealed, seal_reflection, take_back_seal
from understream.domain.seal import ReceiptCard, receipts_before
from understream.domain.word import name_of_host, together
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.reflection.drawing import shift_rows
from understream.web.reflection.passage import stages
from understream.web.reflection.views import ROOM, language_here


@policy(Act.REFLECTION_SEAL, Of.EVALUATION, "GET", "POST")
def seal(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Say what sealing does, show all that would be sealed, and seal it."""
    if request.method != "POST":
        return _seal_page(request, evaluation)
    try:
        done = seal_reflection(
            request.seat,
            evaluation,
            edition=request.POST.get("edition", ""),
            now=clock.now(),
            rng=clock.rng,
        )
    except (AlreadySealed, Ended) as refusal:
        if not evaluation_before(request.seat, evaluation, now=clock.now()).own_sealed:
            raise
        messages.info(request, str(AlreadySealed() if isinstance(refusal, Ended) else refusal))
        return redirect("reflection:sealed", evaluation)
    except Missing:
        raise
    except Refused as refusal:
        return _seal_page(request, evaluation, refusal)
    messages.success(
        request,
        _("All have sealed: every reflection is open now.")
        if done.revealed
        else _("Sealed. Every party has the receipt by mail."),
    )
    return redirect("reflection:sealed", evaluation)


def _seal_page(
    request: SeatedRequest, evaluation: int, refusal: Refused | None = None
) -> HttpResponse:
    card = _begun(request, evaluation)
    if card.own_sealed:
        return redirect("reflection:sealed", evaluation)
    if card.state != "running":
        return redirect("reflection:show", evaluation)
    try:
        reflection = _reflection(request, evaluation)
    except NotYet:
        return redirect("reflection:show", evaluation)
    others = [one.party.name for one in card.parties if not one.own and one.state == "writing"]
    return render(
        request,
        "reflection/seal.html",
        {
            "stages": stages(card, sealing=True),
            "last": not others,
            "refused": "" if refusal is None or isinstance(refusal, Unfit) else str(refusal),
            **_told(request, card, reflection),
        },
        status=200 if refusal is None else 400 if isinstance(refusal, Unfit) else 409,
    )


@policy(Act.REFLECTION_READ, Of.EVALUATION)
def sealed(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Show the receipt of the own seal, whom all wait for, and what was sealed."""
    card = _begun(request, evaluation)
    if not card.own_sealed:
        return redirect("reflection:show", evaluation)
    receipt = _own_receipt(request, evaluation)
    return render(
        request,
        "reflection/sealed.html",
        {
            "stages": stages(card),
            "receipt": receipt,
            "waiting_names": together(card.waiting_for),
            **_told(request, card, _reflection(request, evaluation)),
        },
    )


def _own_receipt(request: SeatedRequest, evaluation: int) -> ReceiptCard:
    """Return the receipt of the seal that stands: the newest of the own party."""
    kept = [
        one
        for one in receipts_before(request.seat, evaluation, language=language_here())
        if one.kind == "sealed" and one.party and one.party.key == request.seat.party
    ]
    if not kept:
        raise Missing
    return kept[-1]


@policy(Act.REFLECTION_SEAL, Of.EVALUATION, "GET", "POST")
def take_back(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Ask whether the seal should be taken back, and take it back."""
    if request.method == "POST":
        take_back_seal(request.seat, evaluation, now=clock.now())
        messages.success(
            request,
            _("The seal is taken back. You can change your reflection, then seal it anew."),
        )
        return redirect("reflection:show", evaluation)
    card = _begun(request, evaluation)
    if not card.may_take_back:
        return redirect("reflection:sealed", evaluation)
    return render(
        request,
        "reflection/take_back.html",
        {"evaluation": card, **desk(request.seat, ROOM)},
    )


def _begun(request: SeatedRequest, evaluation: int) -> EvaluationCard:
    """Return an evaluation; before it has begun there is nothing to seal."""
    card = evaluation_before(request.seat, evaluation, now=clock.now())
    if card.opened_at is None:
        raise Missing
    return card


def _reflection(request: SeatedRequest, evaluation: int) -> ReflectionCard:
    return reflection_before(request.seat, evaluation, language=language_here(), now=clock.now())


def _told(
    request: SeatedRequest, card: EvaluationCard, reflection: ReflectionCard
) -> dict[str, object]:
    """Return what the pages before and behind the seal both show."""
    shifts, others = shift_rows(reflection)
    return {
        "evaluation": card,
        "reflection": reflection,
        "shifts": shifts,
        "others": others,
        "host": name_of_host(),
        **desk(request.seat, ROOM),
    }
