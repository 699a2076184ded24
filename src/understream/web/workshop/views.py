"""List, prepare and keep workshops and their agendas; let people in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, Where, may
from understream.access.seat import Seat
from understream.domain import step as steps
from understream.domain import workshop as workshops
from understream.domain.alliance import alliance_before
from understream.domain.workshop import StepCard, WorkshopCard, workshop_before
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.workshop.drawing import host_name, in_halves, join_address, qr_of
from understream.web.workshop.forms import PrepareForm, StepForm, WorkshopForm

FARTHEST = 60
"""Places a step can be moved at once; beyond an end it stays at the end."""


def around(seat: Seat) -> dict[str, object]:
    """Return what stands around a page: the alliance, or nothing outside one."""
    return desk(seat, "workshops") if seat.alliance else {"here": "workshops", "seat": seat}


@policy(Act.WORKSHOPS_LIST, Of.ALLIANCE)
def index(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Show the workshops of an alliance, the newest first."""
    card = alliance_before(request.seat)
    page = {
        "lines": workshops.workshops_of(request.seat),
        "may_prepare": may(request.seat, Act.WORKSHOP_PREPARE, Where(alliance)),
        "new": reverse("workshop:new", args=[alliance]),
        **desk(request.seat, "workshops", card),
    }
    return render(request, "workshop/index.html", page)


@policy(Act.WORKSHOP_FOUND, Of.PERSON)
def own(request: SeatedRequest) -> HttpResponse:
    """Show the workshops a person runs outside alliances."""
    page = {
        "lines": workshops.workshops_of(request.seat),
        "may_prepare": True,
        "new": reverse("workshop:found"),
        **around(request.seat),
    }
    return render(request, "workshop/index.html", page)


@policy(Act.WORKSHOP_PREPARE, Of.ALLIANCE, "GET", "POST")
def new(request: SeatedRequest, alliance: int) -> HttpResponse:  # noqa: ARG001 - the seat knows
    """Ask what a workshop of the alliance is to be, and prepare it."""
    return _prepare(request, PrepareForm(request.POST or None))


@policy(Act.WORKSHOP_FOUND, Of.PERSON, "GET", "POST")
def found(request: SeatedRequest) -> HttpResponse:
    """Ask what a workshop outside alliances is to be, and prepare it."""
    return _prepare(request, PrepareForm(request.POST or None, alone=True))


def _prepare(request: SeatedRequest, form: PrepareForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            key = workshops.prepare_workshop(
                request.seat, **form.said(), now=clock.now(), rng=clock.rng
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Prepared. Change the agenda as you like, then begin."))
            return redirect("workshop:show", key)
    page = {"form": form, **around(request.seat)}
    return render(request, "workshop/new.html", page, status=400 if form.errors else 200)


@policy(Act.WORKSHOP_READ, Of.WORKSHOP)
def show(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Show a workshop: its agenda, and the ways in."""
    card = _card(request, workshop)
    page = {
        "card": card,
        "code": in_halves(card.code),
        "address": join_address(card.join) if card.join else "",
        "host": host_name(),
        "minutes": sum(one.minutes for one in card.steps),
        **around(request.seat),
    }
    return render(request, "workshop/show.html", page)


@policy(Act.WORKSHOP_READ, Of.WORKSHOP, "POST")
def join(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Lead somebody with a seat into the workshop, without a code."""
    link = workshops.way_in(request.seat, workshop)
    return redirect("place:lobby", link)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "GET", "POST")
def keep(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Ask how people come in, and keep it."""
    card = _card(request, workshop)
    form = WorkshopForm(request.POST or None, card=card)
    if request.method == "POST" and form.is_valid():
        try:
            workshops.keep_workshop(request.seat, workshop, **form.cleaned_data, now=clock.now())
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Kept."))
            return redirect("workshop:show", workshop)
    page = {"form": form, "card": card, **around(request.seat)}
    return render(request, "workshop/keep.html", page, status=400 if form.errors else 200)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def duplicate(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Prepare another workshop with the same agenda."""
    key = workshops.duplicate_workshop(request.seat, workshop, now=clock.now(), rng=clock.rng)
    messages.success(request, _("Duplicated: the agenda, without people and answers."))
    return redirect("workshop:show", key)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def begin(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Let people in."""
    workshops.begin_workshop(request.seat, workshop, now=clock.now(), rng=clock.rng)
    return redirect("workshop:console", workshop)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def invite(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Write to the people of the alliance where the workshop is."""
    number = steps.invite_to_workshop(request.seat, workshop, now=clock.now())
    messages.success(request, _("Written to %(number)s people.") % {"number": number})
    return redirect("workshop:show", workshop)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP)
def qr(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Draw the QR into the workshop."""
    card = _card(request, workshop)
    return HttpResponse(qr_of(card.join), content_type="image/svg+xml")


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "GET", "POST")
def new_step(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Ask what a new step is, and add it."""
    return _write(request, workshop, None)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "GET", "POST")
def write(request: SeatedRequest, workshop: int, step: int) -> HttpResponse:
    """Ask what a step is to be, and write it anew."""
    return _write(request, workshop, _step(_card(request, workshop), step))


def _write(request: SeatedRequest, workshop: int, one: StepCard | None) -> HttpResponse:
    card = _card(request, workshop)
    form = StepForm(request.POST or None, steps=card.steps, step=one)
    if request.method == "POST" and form.is_valid():
        try:
            key = workshops.write_step(
                request.seat, workshop, form.draft(), key=one.key if one else 0
            )
        except Unfit as unfit:
            form.add(unfit.faults)
        else:
            messages.success(request, _("The step stands on the agenda."))
            address = reverse("workshop:show", args=[workshop])
            return redirect(f"{address}#step-{key}")
    page = {
        "form": form,
        "card": card,
        "one": one,
        "pairs": [
            (form[f"{name}_en"], form[f"{name}_nl"]) for name in ("title", "prompt", "hint")
        ],
        "more": [
            (form[f"{name}_en"], form[f"{name}_nl"])
            for name in ("columns", "choices", "note", "card")
        ],
        **around(request.seat),
    }
    return render(request, "workshop/step.html", page, status=400 if form.errors else 200)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def remove(request: SeatedRequest, workshop: int, step: int) -> HttpResponse:
    """Take a step off the agenda."""
    workshops.remove_step(request.seat, workshop, step)
    messages.success(request, _("Taken off the agenda."))
    return redirect("workshop:show", workshop)


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def move(request: HttpRequest, workshop: int, step: int) -> HttpResponse:
    """Move a step up or down the agenda."""
    by = {"up": -1, "down": 1, "first": -FARTHEST, "last": FARTHEST}
    try:
        workshops.move_step(
            request.seat,  # type: ignore[attr-defined] # attached by the policy
            workshop,
            step,
            by=by.get(request.POST.get("to", ""), 0),
        )
    except Unfit as unfit:
        messages.error(request, str(unfit))
    address = reverse("workshop:show", args=[workshop])
    return redirect(f"{address}#step-{step}")


def _card(request: SeatedRequest, workshop: int) -> WorkshopCard:
    return workshop_before(request.seat, workshop, now=clock.now())


def _step(card: WorkshopCard, key: int) -> StepCard:
    found = next((one for one in card.steps if one.key == key), None)
    if found is None:
        raise Missing
    return found
