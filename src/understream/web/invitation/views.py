"""The page of an invitation: who invites to what, and the way in."""

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from understream.access.refusal import Unfit
from understream.access.rules import Act
from understream.domain import invitation
from understream.domain.invitation import InvitationCard
from understream.web import clock
from understream.web.policy import Of, policy


@policy(Act.INVITATION_ACCEPT, Of.LINK, "GET", "POST")
def show(request: HttpRequest, link: str) -> HttpResponse:
    """Show an invitation, and let the invited person take the seat."""
    try:
        card = invitation.invitation_before(link, now=clock.now())
        if request.method != "POST":
            return _page(request, card, name=card.name)
        seat = invitation.accept_invitation(
            link,
            name=request.POST.get("name", "").replace("\x00", ""),
            password=request.POST.get("password", ""),
            signed_in=request.user.pk if request.user.is_authenticated else 0,
            now=clock.now(),
        )
    except (invitation.Expired, invitation.Taken, invitation.Elsewhere) as over:
        return render(request, "invitation/over.html", {"reason": str(over)}, status=410)
    except Unfit as unfit:
        return _page(request, card, name=request.POST.get("name", ""), unfit=unfit)
    if not card.has_account:
        _sign_in(request, card.email)
    return HttpResponseRedirect(reverse("alliance:home", args=[seat.alliance]))


def _page(
    request: HttpRequest, card: InvitationCard, *, name: str, unfit: Unfit | None = None
) -> HttpResponse:
    told = {
        "card": card,
        "name": name[:200],
        "faults": unfit.faults if unfit else {},
        "sign_in": reverse("account_login"),
        "mine": request.user.is_authenticated and request.user.get_username() == card.email,
    }
    return render(request, "invitation/show.html", told, status=400 if unfit else 200)


def _sign_in(request: HttpRequest, email: str) -> None:
    person = authenticate(request, email=email, password=request.POST.get("password", ""))
    if person is not None:
        login(request, person)
