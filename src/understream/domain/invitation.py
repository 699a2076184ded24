"""Invite somebody to take a seat, and take it."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import Role, Seat
from understream.domain import letter
from understream.domain.journal import record
from understream.domain.seat import hold_seats
from understream.records.alliance import Alliance, Party
from understream.records.invitation import Invitation
from understream.records.organisation import Membership
from understream.records.person import Person
from understream.records.seat import SeatRow, Tier

LASTS = timedelta(days=14)
LONGEST_NAME = 120


class Expired(Refused):
    """An invitation lasts two weeks."""

    reason = _("This invitation has expired. Ask for a new one.")


class Taken(Refused):
    """An invitation is good for one seat."""

    reason = _("This invitation was used before. Sign in with your mail address.")


class Elsewhere(Refused):
    """One person has at most one party in an alliance."""

    reason = _(
        "This person already has a seat in this alliance. One person can speak for one party only."
    )


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """What somebody who follows an invitation reads."""

    alliance: str
    party: str
    name: str
    email: str
    role: str
    has_account: bool
    inviter: str = ""


@transaction.atomic
def invite_person(
    seat: Seat,
    *,
    party: int,
    name: str,
    email: str,
    role: str,
    tier: str = Tier.TEAM,
    language: str = "en",
    now: datetime,
    rng: Random,
) -> int:
    """Invite somebody by mail to a seat of the own party; a facilitator takes no party's seat.

    A manager may also invite the first manager of a party that has none yet: somebody has to.

    :param party: key of the own party; it also vouches for a facilitator it invites.
    :param role: participant, manager, sponsor or facilitator.
    :param rng: where the link's randomness comes from; in service the system's own.
    :returns: the key of the invitation.
    :raises Unfit: for a missing name, a mail address that cannot be one, an unknown role.
    :raises Elsewhere: if that person already has a seat here.
    """
    if role == Role.MANAGER and party in parties_without_manager(seat.alliance):
        require(seat, Act.PARTNER_INVITE, Where(seat.alliance))
    else:
        require(seat, Act.PERSON_INVITE, Where(seat.alliance, party))
    hold_seats(seat.alliance)
    name, email = name.strip(), email.strip().lower()
    _check(name, email, role, tier, language)
    if SeatRow.objects.filter(alliance=seat.alliance, person__email=email, left_at=None).exists():
        raise Elsewhere
    link = base64.urlsafe_b64encode(rng.randbytes(16)).rstrip(b"=").decode()
    Invitation.objects.filter(
        alliance=seat.alliance, email=email, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    row = Invitation.objects.create(
        alliance_id=seat.alliance,
        party_id=None if role == Role.FACILITATOR else party,
        email=email,
        name=name,
        role=role,
        tier=tier,
        language=language,
        token_hash=reach.hash_of(link),
        expires_at=now + LASTS,
        invited_by_id=seat.key,
    )
    alliance = Alliance.objects.get(pk=seat.alliance)
    letter.post(
        [
            letter.invitation_letter(
                to=email,
                name=name,
                language=language,
                alliance=alliance.name,
                inviter=seat.name,
                link=link,
                until=row.expires_at,
                zone=alliance.time_zone,
            )
        ]
    )
    record(seat, "person.invite", now=now, words={"name": name, "role": role})
    return row.pk


def parties_without_manager(alliance: int) -> frozenset[int]:
    """Return the keys of the parties of an alliance in which nobody is manager."""
    parties = Party.objects.filter(alliance=alliance)
    led = parties.filter(seats__role=Role.MANAGER, seats__left_at=None)
    return frozenset(parties.exclude(pk__in=led.values("pk")).values_list("pk", flat=True))


def _check(name: str, email: str, role: str, tier: str, language: str) -> None:
    faults = {}
    if not name or len(name) > LONGEST_NAME:
        faults["name"] = _("Give a name of at most 120 characters.")
    try:
        validate_email(email)
    except ValidationError:
        faults["email"] = _("This cannot be a mail address. Check the part around the @.")
    if role not in (Role.PARTICIPANT, Role.MANAGER, Role.SPONSOR, Role.FACILITATOR):
        faults["role"] = _("Choose one of the roles in the list.")
    if tier not in Tier.values:
        faults["tier"] = _("Choose one of the places in the list.")
    if language not in Person.Language.values:
        faults["language"] = _("Choose English or Dutch.")
    if faults:
        raise Unfit(faults)


@transaction.atomic
def withdraw_invitation(seat: Seat, key: int, *, now: datetime) -> None:
    """Withdraw an invitation of the own party that nobody has used.

    :raises Missing: if there is no such invitation within reach.
    """
    require(seat, Act.ALLIANCE_READ, Where(alliance=seat.alliance))
    hold_seats(seat.alliance)
    row = Invitation.objects.filter(
        pk=key, alliance=seat.alliance, accepted_at=None, withdrawn_at=None
    ).first()
    if row is None:
        raise Missing
    if row.invited_by_id == seat.key:
        require(seat, Act.PARTNER_INVITE, Where(seat.alliance))
    else:
        require(seat, Act.PERSON_INVITE, Where(seat.alliance, row.party_id or 0))
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    record(seat, "invitation.withdraw", now=now, words={"name": row.name})


def invitation_before(link: str, *, now: datetime) -> InvitationCard:
    """Return what an invitation says.

    :raises Missing: for a link nobody was given, or that was withdrawn.
    :raises Expired: after its last day.
    :raises Taken: if it was used.
    """
    row = _open_invitation(link, now)
    return InvitationCard(
        row.alliance.name,
        row.party.organisation.name if row.party else "",
        row.name,
        row.email,
        row.role,
        Person.objects.filter(email=row.email)
        .exclude(password__startswith="!")  # noqa: S106 - Django marks "no password" so
        .exists(),
        row.invited_by.person.name if row.invited_by else "",
    )


def _open_invitation(link: str, now: datetime) -> Invitation:
    row = reach.invitation_by(link)
    if row.withdrawn_at:
        raise Missing
    if row.accepted_at:
        raise Taken
    if row.expires_at <= now:
        raise Expired
    return row


@transaction.atomic
def accept_invitation(
    link: str, *, name: str, password: str, signed_in: int = 0, now: datetime
) -> Seat:
    """Take the seat; a person new here gets an account with this password.

    :param password: the password for a new account; not used if the invited person has one.
    :param signed_in: key of the person who is signed in; a person with an account must be.
    :raises Unfit: for a missing name or a weak password, or if the account is not signed in.
    :raises Elsewhere: if the person already has a seat in this alliance.
    """
    hold_seats(_open_invitation(link, now).alliance_id)
    row = _open_invitation(link, now)
    person = Person.objects.filter(email=row.email).first()
    if person is not None and person.has_usable_password():
        if person.pk != signed_in:
            raise Unfit({"": _("You have an account. Sign in first, then open this link again.")})
    else:
        person = _new_account(row, person, name.strip(), password)
    if SeatRow.objects.filter(alliance=row.alliance_id, person=person, left_at=None).exists():
        raise Elsewhere
    kept, _created = SeatRow.objects.update_or_create(
        alliance_id=row.alliance_id,
        person=person,
        defaults={
            "party_id": row.party_id,
            "role": row.role,
            "tier": row.tier,
            "left_at": None,
        },
    )
    if row.party_id:
        organisation = Party.objects.values_list("organisation", flat=True).get(pk=row.party_id)
        Membership.objects.get_or_create(person=person, organisation_id=organisation)
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    seat = reach.seat_from(kept)
    record(seat, "invitation.accept", now=now)
    return seat


def _new_account(row: Invitation, person: Person | None, name: str, password: str) -> Person:
    faults: dict[str, str | Promise] = {}
    if not name or len(name) > LONGEST_NAME:
        faults["name"] = _("Give a name of at most 120 characters.")
    person = person or Person(email=row.email, language=row.language)
    person.name = name
    try:
        validate_password(password, person)
    except ValidationError as weak:
        faults["password"] = " ".join(weak.messages)
    if faults:
        raise Unfit(faults)
    person.set_password(password)
    person.save()
    return person
