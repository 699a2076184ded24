"""Who has a seat, inviting and adding people, ending a seat."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.access.seat import Role
from understream.domain.alliance import PartyCard, alliance_before
from understream.domain.invitation import invite_person, withdraw_invitation
from understream.domain.seat import PartyPeople, add_participants, end_seat, people_of
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.alliance.forms import InviteForm, PeopleForm
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy

ROLES = (Role.PARTICIPANT, Role.MANAGER, Role.SPONSOR, Role.FACILITATOR)


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one party as the page shows them, with the form to invite more."""

    party: PartyCard | None
    people: PartyPeople
    invite: InviteForm | None


@policy(Act.PEOPLE_READ, Of.ALLIANCE)
def show(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Show who has a seat, by party."""
    del alliance
    return _page(request)


@policy(Act.PERSON_INVITE, Of.ALLIANCE, "GET", "POST")
def invite(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Invite somebody to a seat."""
    if request.method != "POST":
        return redirect("alliance:people", alliance)
    form = InviteForm(request.POST, roles=ROLES)
    if form.is_valid():
        try:
            invite_person(request.seat, **form.cleaned_data, now=clock.now(), rng=clock.rng)
        except Unfit as unfit:
            add_faults(form, unfit)
        except Missing:
            raise
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            messages.success(
                request,
                _("%(name)s has been written to. The link lasts two weeks.")
                % {"name": form.cleaned_data["name"]},
            )
            return redirect("alliance:people", alliance)
    return _page(request, invited=form)


@policy(Act.PERSON_INVITE, Of.ALLIANCE, "GET", "POST")
def add(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Add people of the own party who are only asked to answer."""
    if request.method != "POST":
        return redirect("alliance:people", alliance)
    form = PeopleForm(request.POST)
    if form.is_valid():
        try:
            new = add_participants(
                request.seat,
                party=form.cleaned_data["party"],
                people=form.newcomers(),
                now=clock.now(),
            )
        except Unfit as unfit:
            for sentence in unfit.faults.values():
                form.add_error("people", str(sentence))
        else:
            messages.success(
                request,
                ngettext(
                    "One person was added. They are written to when a round opens.",
                    "%(new)s people were added. They are written to when a round opens.",
                    new,
                )
                % {"new": new},
            )
            return redirect("alliance:people", alliance)
    return _page(request, added=form)


@policy(Act.SEAT_END, Of.ALLIANCE, "GET", "POST")
def end(request: SeatedRequest, alliance: int, seat: int) -> HttpResponse:
    """Ask whether a seat should end, and end it."""
    if request.method == "POST":
        end_seat(request.seat, seat, now=clock.now())
        messages.success(request, _("The seat has ended. Its links no longer work."))
        return redirect("alliance:people", alliance)
    people = people_of(request.seat, now=clock.now())
    lines = (line for group in people for line in group.people)
    found = next((line for line in lines if line.key == seat and line.may_end), None)
    if found is None:
        raise Missing
    return render(request, "alliance/end.html", {"line": found, **desk(request.seat, "people")})


@policy(Act.PERSON_INVITE, Of.ALLIANCE, "POST")
def withdraw(request: SeatedRequest, alliance: int, invitation: int) -> HttpResponse:
    """Withdraw an invitation that nobody has used."""
    withdraw_invitation(request.seat, invitation, now=clock.now())
    messages.success(request, _("The invitation was withdrawn. Its link no longer works."))
    return redirect("alliance:people", alliance)


def _page(
    request: SeatedRequest,
    *,
    invited: InviteForm | None = None,
    added: PeopleForm | None = None,
) -> HttpResponse:
    card = alliance_before(request.seat)
    parties = {party.key: party for party in card.parties}
    groups = [
        Group(parties.get(one.party), one, _invite_form(one, invited))
        for one in people_of(request.seat, now=clock.now())
    ]
    own = next((one for one in groups if one.party and one.party == card.own), None)
    return render(
        request,
        "alliance/people.html",
        {
            "own": own,
            "others": [one for one in groups if one is not own],
            "add": added or PeopleForm(initial={"party": card.own.key if card.own else 0}),
            "add_failed": added is not None,
            **desk(request.seat, "people", card),
        },
        status=400 if invited or added else 200,
    )


def _invite_form(people: PartyPeople, tried: InviteForm | None) -> InviteForm | None:
    """Return the form for this party: empty, or as it was tried; ``None`` where none may be."""
    if not (people.may_invite or people.may_invite_manager):
        return None
    roles = ROLES if people.may_invite else (Role.MANAGER,)
    if tried is not None and tried.data.get("party") == str(people.party):
        return tried
    return InviteForm(
        roles=roles,
        initial={"party": people.party, "tier": "team" if people.may_invite else "manager"},
        prefix=None,
        auto_id=f"id_{people.party}_%s",
    )
