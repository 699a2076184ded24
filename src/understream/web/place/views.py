"""Come in by code or link, and take part on a phone."""

import base64
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.access.seat import Seat
from understream.domain import attendee, scene, voice
from understream.domain.answer import Contribution
from understream.domain.attendee import Guessed, Puzzling, WrongCode
from understream.domain.workshop import NotRunning
from understream.web import clock
from understream.web.fault import add_faults
from understream.web.place.forms import CodeForm, PlaceForm
from understream.web.policy import Of, SeatedRequest, policy

TOKEN_BYTES = 16
KEY_BYTES = 12
LIVE, DAYS = timedelta(hours=12), timedelta(days=90)


def cookie_of(workshop: int) -> str:
    """Return the name of the cookie that holds somebody's place in a workshop."""
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}place-{workshop}"


@policy(Act.WORKSHOP_JOIN, Of.DOOR, "GET", "POST")
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code on the wall."""
    form = CodeForm(request.POST or None)
    puzzle = None
    if request.method == "POST" and form.is_valid():
        address = request.META.get("REMOTE_ADDR", "")
        said = form.cleaned_data
        try:
            found = attendee.lobby_by_code(
                said["code"],
                address=address,
                challenge=said["challenge"],
                solution=said["solution"],
                now=clock.now(),
            )
        except Puzzling as refusal:
            puzzle = attendee.puzzle_for(address, now=clock.now())
            form.add_error(None, str(refusal))
        except (WrongCode, Guessed) as refusal:
            form.add_error("code", str(refusal))
        else:
            return redirect("place:lobby", found.link)
    page = {"form": form, "puzzle": puzzle, "lost": "lost" in request.GET}
    return render(request, "place/code.html", page, status=400 if form.errors else 200)


@policy(Act.WORKSHOP_JOIN, Of.DOOR, "GET", "POST")
def lobby(request: HttpRequest, link: str) -> HttpResponse:
    """Show what this is and who sees what, and give a place."""
    found = attendee.lobby_by_link(link)
    if _holds(request, found.workshop):
        return redirect("place:show", found.workshop)
    person: Seat | None = request.seat  # type: ignore[attr-defined] # attached by the policy
    form = PlaceForm(request.POST if request.method == "POST" else None, lobby=found)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        token = base64.urlsafe_b64encode(clock.rng.randbytes(TOKEN_BYTES)).rstrip(b"=").decode()
        try:
            attendee.take_place(
                link,
                name=said.get("name", ""),
                party=int(said.get("party") or 0),
                person=person.person if person else 0,
                token=token,
                now=clock.now(),
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        except (NotRunning, attendee.Full) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _with_place(found.workshop, token, days=found.asynchronous)
    page = {"lobby": found, "form": form, "person": person}
    return render(request, "place/lobby.html", page, status=400 if form.errors else 200)


def _with_place(workshop: int, token: str, *, days: bool) -> HttpResponse:
    response = redirect("place:show", workshop)
    response.set_cookie(
        cookie_of(workshop),
        token,
        max_age=int((DAYS if days else LIVE).total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _holds(request: HttpRequest, workshop: int) -> bool:
    try:
        scene.attendee_of(_token(request, workshop), workshop)
    except Missing:
        return False
    return True


def _hold_place(request: HttpRequest, workshop: int) -> None:
    """Refuse somebody without a place.

    :raises Missing: always then.
    """
    scene.attendee_of(_token(request, workshop), workshop)


def _token(request: HttpRequest, workshop: int) -> str:
    return request.COOKIES.get(cookie_of(workshop), "")


@policy(Act.WORKSHOP_ATTEND, Of.LINK)
def show(request: HttpRequest, workshop: int) -> HttpResponse:
    """Show the phone: one thing at a time, filled by a script as the room goes on.

    Without a script there is a plain form for what is asked now.
    """
    token = _token(request, workshop)
    try:
        own = scene.own_of(token, workshop, now=clock.now())
    except Missing:
        return redirect(f"{reverse('place:code')}?lost")
    room = scene.room_before(workshop, now=clock.now())
    parties = attendee.parties_of(workshop)
    page = {
        "own": own,
        "room": room,
        "step": room.step,
        "workshop": workshop,
        "parties": parties,
        "plain": bool(room.step and room.step.state == "open" and room.step.kind == "prompt"),
        "language": get_language() or "en",
        "signed_in": request.user.is_authenticated,
    }
    return render(request, "place/show.html", page)


@policy(Act.WORKSHOP_ATTEND, Of.LINK, "POST")
def say(request: HttpRequest, workshop: int) -> HttpResponse:
    """Take one answer from a browser without a script."""
    _hold_place(request, workshop)
    step = request.POST.get("step", "")
    one = Contribution(
        token=_token(request, workshop),
        workshop=workshop,
        step=int(step) if step.isascii() and step.isdigit() and len(step) < 19 else 0,  # noqa: PLR2004 - digits of a key
        key=clock.rng.randbytes(KEY_BYTES).hex(),
        after=request.POST.get("after", ""),
        text=request.POST.get("text", ""),
        context=request.POST.get("context", ""),
    )
    (told,) = voice.speak([one], now=clock.now())
    if isinstance(told, Missing):
        raise told
    if isinstance(told, Refused):
        messages.error(request, str(told))
    else:
        messages.success(request, _("Saved."))
    return redirect("place:show", workshop)


@policy(Act.PLACE_CLAIM, Of.PERSON, "POST")
def claim(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Keep a place with the account of who has signed in."""
    try:
        attendee.claim_place(
            request.seat, workshop, token=_token(request, workshop), now=clock.now()
        )
    except Missing:
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Kept with your account. What you wrote stays yours."))
    return redirect("place:show", workshop)
