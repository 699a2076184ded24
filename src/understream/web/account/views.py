"""allauth's pages behind our policies, and a person's own card."""

from collections.abc import Callable
from typing import cast

from allauth.account import views as allauth
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act
from understream.domain.person import keep_person, person_before
from understream.web.account.forms import CardForm
from understream.web.fault import add_faults
from understream.web.language import remember
from understream.web.policy import Of, SeatedRequest, policy


def _page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponse]:
    """Return an allauth view as one of ours; all it answers with are whole responses."""
    return cast("Callable[..., HttpResponse]", view)


sign_in = policy(Act.SIGN_IN, Of.DOOR, "GET", "POST")(_page(allauth.login))
sign_out = policy(Act.SIGN_IN, Of.DOOR, "POST")(_page(allauth.logout))
reset = policy(Act.SIGN_IN, Of.DOOR, "GET", "POST")(_page(allauth.password_reset))
reset_sent = policy(Act.SIGN_IN, Of.DOOR)(_page(allauth.password_reset_done))
reset_key = policy(Act.SIGN_IN, Of.DOOR, "GET", "POST")(_page(allauth.password_reset_from_key))
reset_done = policy(Act.SIGN_IN, Of.DOOR)(_page(allauth.password_reset_from_key_done))
password = policy(Act.ACCOUNT_KEEP, Of.PERSON, "GET", "POST")(_page(allauth.password_change))


@policy(Act.SIGN_IN, Of.DOOR, "GET", "POST")
def nothing(request: HttpRequest, key: str = "") -> HttpResponse:
    """Answer for pages of allauth that this house does not have."""
    del request, key
    raise Missing


@policy(Act.ACCOUNT_KEEP, Of.PERSON, "GET", "POST")
def card(request: SeatedRequest) -> HttpResponse:
    """Show one's name and language, and keep them."""
    person = person_before(request.seat)
    form = CardForm(
        request.POST or None, initial={"name": person.name, "language": person.language}
    )
    if request.method == "POST" and form.is_valid():
        try:
            keep_person(request.seat, **form.cleaned_data)
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            with override(form.cleaned_data["language"]):
                messages.success(request, _("Kept."))
            response = redirect("account:card")
            remember(response, form.cleaned_data["language"])
            return response
    status = 400 if form.errors else 200
    return render(
        request,
        "account/card.html",
        {"person": person, "form": form, "here": "card"},
        status=status,
    )
