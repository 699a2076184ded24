"""What exists in a demo world only, on the machine itself: doors, mail and a clock to move."""

from datetime import timedelta
from ipaddress import ip_address

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from understream.access.refusal import Missing
from understream.access.rules import Act
from understream.domain.due import tick
from understream.domain.evaluation import DESTROYED_AFTER, evaluation_before
from understream.domain.person import demo_person
from understream.domain.round import round_before
from understream.domain.world import is_demo, move_clock
from understream.web import clock as moments
from understream.web.account.entry import let_in
from understream.web.door import mailbox
from understream.web.policy import Of, SeatedRequest, policy

DOORS = (
    ("manager.a", gettext_lazy("Manager of Harbour"), gettext_lazy("plans, opens, reads")),
    ("manager.b", gettext_lazy("Manager of Mill"), gettext_lazy("says yes for the other party")),
    (
        "manager.c",
        gettext_lazy("Manager of Quay"),
        gettext_lazy("speaks for a party of four"),
    ),
    ("facilitator", gettext_lazy("Facilitator"), gettext_lazy("helps both, belongs to neither")),
    ("sponsor", gettext_lazy("Sponsor"), gettext_lazy("reads what the own party may read")),
    ("participant", gettext_lazy("Participant"), gettext_lazy("answers, and reads the mirror")),
)
"""Who can be entered as: the first part of the mail address, the name, and what they do."""

AFTER = timedelta(minutes=1)


@policy(Act.DEMO_ENTER, Of.DOOR, "POST")
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as somebody of the demo world."""
    _only_here(request)
    name = request.POST.get("as", "")
    if name not in {door for door, *_ in DOORS}:
        raise Missing
    let_in(request, demo_person(f"{name}@demo.example"))
    return redirect("alliance:index")


@policy(Act.DEMO_ENTER, Of.DOOR)
def mail(request: HttpRequest) -> HttpResponse:
    """List the letters that would have been sent."""
    _only_here(request)
    to, page = request.GET.get("to", ""), _page(request.GET.get("page", ""))
    found, older = mailbox.letters(to=to, page=page)
    card = {"letters": found, "older": older, "to": to, "page": page}
    return render(request, "door/mail.html", card)


def _page(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1  # noqa: PLR2004 - more pages than letters


@policy(Act.DEMO_ENTER, Of.DOOR)
def letter(request: HttpRequest, letter: str) -> HttpResponse:
    """Show one letter, with its links."""
    _only_here(request)
    found = mailbox.letter(letter)
    if found is None:
        raise Missing
    return render(request, "door/letter.html", {"letter": found})


@policy(Act.ROUND_READ, Of.ROUND, "POST")
def clock(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Move the demo world's clock to just after a round's end, and do what falls due."""
    _only_here(request)
    card = round_before(request.seat, round)
    now = moments.now()
    after = max(card.closes_at + AFTER, now)
    move_clock(after, real=moments.real())
    tick(now=moments.now(), rng=moments.rng)
    messages.success(request, _("The demo clock stands just after the end of this round."))
    return redirect("round:show", round)


@policy(Act.EVALUATION_READ, Of.EVALUATION, "POST")
def evaluation_clock(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Move the demo world's clock past the next moment that matters to a running evaluation.

    That is the end of answering, then the deadline, then the day on which sealed envelopes go.
    """
    _only_here(request)
    now = moments.now()
    card = evaluation_before(request.seat, evaluation, now=now)
    ahead = (
        (card.answer_until, _("The demo clock stands just after the end of answering.")),
        (card.seal_until, _("The demo clock stands just after the deadline for sealing.")),
        (
            card.seal_until + DESTROYED_AFTER,
            _("The demo clock stands just after the day on which what was sealed is destroyed."),
        ),
    )
    until = next(((at, told) for at, told in ahead if now < at), None)
    if card.state != "running" or until is None:
        raise Missing
    at, told = until
    move_clock(at + AFTER, real=moments.real())
    tick(now=moments.now(), rng=moments.rng)
    messages.success(request, told)
    return redirect("evaluation:show", evaluation)


def is_open(request: HttpRequest) -> bool:
    """Tell whether this is a demo world, visited from the machine it runs on."""
    return is_demo() and _from_here(request)


def _only_here(request: HttpRequest) -> None:
    if not is_open(request):
        raise Missing


def _from_here(request: HttpRequest) -> bool:
    """Both ends must be this machine: a visitor's address, and the name it was called by."""
    forwarded = any(f"HTTP_{name}" in request.META for name in ("FORWARDED", "X_FORWARDED_FOR"))
    domain, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
    called = domain.strip("[]")
    return (
        not forwarded
        and (called == "localhost" or _is_loopback(called))
        and _is_loopback(request.META.get("REMOTE_ADDR", ""))
    )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
