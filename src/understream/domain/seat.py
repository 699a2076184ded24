"""Who has a seat in an alliance, and ending a seat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain.journal import record, record_each
from understream.records.alliance import Alliance, Party
from understream.records.evaluation import Acceptance, Evaluation
from understream.records.evaluation import State as Preparing
from understream.records.invitation import Invitation
from understream.records.participation import Participation
from understream.records.person import Person
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import SeatRow, Tier

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One person in an alliance; the mail address is shown to the own party's managers only."""

    key: int
    name: str
    role: str
    tier: str
    email: str
    may_end: bool


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """One invitation that waits."""

    key: int
    name: str
    email: str
    role: str
    expires_at: datetime
    expired: bool


@dataclass(frozen=True, slots=True)
class PartyPeople:
    """The people of one party, or the facilitators (party 0).

    :ivar may_invite_manager: for another party, as long as it has no manager of its own.
    """

    party: int
    people: tuple[SeatLine, ...]
    invitations: tuple[InvitationLine, ...]
    may_invite: bool
    may_invite_manager: bool


class LastManager(Refused):
    """A party keeps at least one manager."""

    reason = _("A party keeps at least one manager. Invite another one first.")


def people_of(seat: Seat, *, now: datetime) -> tuple[PartyPeople, ...]:
    """Return who has a seat in the seat's alliance: facilitators first, then by party.

    Mail addresses and waiting invitations are told only to managers of the same party.
    """
    require(seat, Act.PEOPLE_READ, Where(alliance=seat.alliance))
    rows = (
        SeatRow.objects.filter(alliance=seat.alliance, left_at=None)
        .select_related("person")
        .order_by("person__name", "pk")
    )
    waiting = Invitation.objects.filter(
        alliance=seat.alliance, accepted_at=None, withdrawn_at=None
    ).order_by("name", "pk")
    people: dict[int, list[SeatLine]] = {}
    for row in rows:
        mine = may(seat, Act.SEAT_END, Where(seat.alliance, row.party_id or 0))
        may_end = may(seat, *_ending(row)) and row.pk != seat.key
        people.setdefault(row.party_id or 0, []).append(
            SeatLine(
                row.pk,
                row.person.name,
                row.role,
                row.tier,
                row.person.email if mine else "",
                may_end,
            )
        )
    invited: dict[int, list[InvitationLine]] = {}
    for one in waiting:
        party = one.party_id or 0
        theirs = one.invited_by_id == seat.key
        if theirs or may(seat, Act.PERSON_INVITE, Where(seat.alliance, party)):
            invited.setdefault(party, []).append(
                InvitationLine(
                    one.pk, one.name, one.email, one.role, one.expires_at, one.expires_at <= now
                )
            )
    keys = Party.objects.filter(alliance=seat.alliance).order_by("position")
    steers = may(seat, Act.PARTNER_INVITE, Where(seat.alliance))
    return tuple(
        PartyPeople(
            party,
            tuple(people.get(party, ())),
            tuple(invited.get(party, ())),
            may(seat, Act.PERSON_INVITE, Where(seat.alliance, party)),
            bool(party)
            and steers
            and all(one.role != Role.MANAGER for one in people.get(party, ())),
        )
        for party in (0, *keys.values_list("pk", flat=True))
    )


def hold_seats(alliance: int) -> None:
    """Let nobody else change who has a seat in this alliance until the transaction has ended."""
    Alliance.objects.select_for_update(no_key=True).get(pk=alliance)


def _ending(row: SeatRow) -> tuple[Act, Where]:
    """Return what ending this seat asks: a party ends its own, any party a facilitator's."""
    act = Act.SEAT_END if row.party_id else Act.FACILITATOR_END
    return act, Where(row.alliance_id, row.party_id or 0)


@transaction.atomic
def end_seat(seat: Seat, key: int, *, now: datetime) -> None:
    """End a seat of the own party, or a facilitator's; its answers in releases stay.

    A facilitator needs the trust of every party, so a manager of any of them can end that seat.

    :raises Missing: for a seat that is not there, or of another party.
    :raises LastManager: if it is the party's only manager.
    """
    require(seat, Act.ALLIANCE_READ, Where(alliance=seat.alliance))
    hold_seats(seat.alliance)
    row = (
        SeatRow.objects.select_for_update(of=("self",))
        .filter(pk=key, alliance=seat.alliance, left_at=None)
        .select_related("person")
        .first()
    )
    if row is None:
        raise Missing
    require(seat, *_ending(row))
    managers = SeatRow.objects.filter(party=row.party_id, role=Role.MANAGER, left_at=None)
    if row.role == Role.MANAGER and managers.count() == 1:
        raise LastManager
    row.left_at = now
    row.save(update_fields=["left_at"])
    _leave_planned_rounds(row)
    record(seat, "seat.end", now=now, words={"name": row.person.name})


def _leave_planned_rounds(row: SeatRow) -> None:
    """Ask nobody who has left in a round to come; a group that is too small now says yes anew."""
    # Evaluations before rounds, as everywhere.
    preparing = Evaluation.objects.select_for_update(no_key=True).filter(
        alliance=row.alliance_id, state=Preparing.PREPARING
    )
    prepared = [one.pk for one in preparing]
    planned = Round.objects.select_for_update().filter(
        alliance=row.alliance_id, state=State.PLANNED
    )
    rights = Participation.objects.filter(seat=row, cohort__round__in=list(planned))
    cohorts = list(Cohort.objects.filter(pk__in=rights.values("cohort")).select_related("round"))
    rights.delete()
    for cohort in cohorts:
        cohort.size -= 1
        if cohort.size < (cohort.round.k if cohort.mode == Mode.CONFIDENTIAL else 1):
            cohort.confirmed_by = None
    Cohort.objects.bulk_update(cohorts, ["size", "confirmed_by"])
    lapsed = [one.party_id for one in cohorts if one.confirmed_by_id is None]
    Acceptance.objects.filter(evaluation__in=prepared, party__in=lapsed).delete()
    # Every party said yes to comments that this person reads first.
    promised = planned.filter(moderator=row)
    Cohort.objects.filter(round__in=list(promised)).update(confirmed_by=None)
    promised.update(moderator=None)
    Evaluation.objects.filter(pk__in=prepared, facilitator=row).update(
        facilitator=None, version=F("version") + 1
    )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be asked, who needs no account.

    :ivar line: where this person stands in the list that was given; 0 where that is the order.
    """

    name: str
    email: str
    language: str = "en"
    tier: str = Tier.TEAM
    line: int = 0


@transaction.atomic
def add_participants(seat: Seat, *, party: int, people: Sequence[Newcomer], now: datetime) -> int:
    """Give people of the own party a participant's seat; they are written to when a round opens.

    A person who is known by that mail address keeps the name they chose.

    :param people: one line each; all are added, or none.
    :returns: how many seats are new.
    :raises Unfit: naming every line that cannot be read, or that belongs to another party.
    """
    require(seat, Act.PERSON_INVITE, Where(seat.alliance, party))
    hold_seats(seat.alliance)
    faults: dict[str, str | Promise] = {}
    emails = [one.email.strip().lower() for one in people]
    elsewhere = set(
        SeatRow.objects.filter(alliance=seat.alliance, person__email__in=emails, left_at=None)
        .exclude(party=party)
        .values_list("person__email", flat=True)
    )
    for number, (one, email) in enumerate(zip(people, emails, strict=True), start=1):
        fault = _fault_of(one, email, twice=emails.count(email) > 1, taken=email in elsewhere)
        if fault:
            faults[str(one.line or number)] = _("Line %(number)s: %(fault)s") % {
                "number": one.line or number,
                "fault": fault,
            }
    if not people:
        faults[""] = _("Write one person on each line: a name and a mail address.")
    if faults:
        raise Unfit(faults)
    asked = dict(zip(emails, people, strict=True))
    there = set(Person.objects.filter(email__in=emails).values_list("email", flat=True))
    strangers = [_stranger(one, email) for email, one in asked.items() if email not in there]
    # Another alliance may add the same person at this moment.
    Person.objects.bulk_create(strangers, ignore_conflicts=True)
    known = {row.email: row for row in Person.objects.filter(email__in=emails)}
    seated = {
        row.person_id: row
        for row in SeatRow.objects.filter(alliance=seat.alliance, person__email__in=emails)
    }
    new, back = [], []
    for email, one in asked.items():
        person = known[email]
        row = seated.get(person.pk)
        if row is None:
            row = SeatRow(alliance_id=seat.alliance, person=person)
            new.append(row)
        elif row.left_at is None:
            continue
        else:
            back.append(row)
        row.party_id, row.role, row.tier, row.left_at = party, Role.PARTICIPANT, one.tier, None
    SeatRow.objects.bulk_create(new)
    SeatRow.objects.bulk_update(back, ["party", "role", "tier", "left_at"])
    taken = {row.person_id for row in (*new, *back)}
    names = [known[email].name for email in emails if known[email].pk in taken]
    record_each(seat, "person.add", now=now, words=[{"name": name} for name in names])
    return len(taken)


def _stranger(one: Newcomer, email: str) -> Person:
    """Return somebody nobody knew by this address, who cannot sign in."""
    person = Person(email=email, name=one.name.strip(), language=one.language)
    person.set_unusable_password()
    return person


def _fault_of(one: Newcomer, email: str, *, twice: bool, taken: bool) -> str | Promise:
    if not 0 < len(one.name.strip()) <= LONGEST_NAME:
        return _("give a name of at most 120 characters.")
    try:
        validate_email(email)
    except ValidationError:
        return _("this cannot be a mail address. Check the part around the @.")
    if twice:
        return _("this mail address stands in the list twice.")
    if taken:
        return _("this person already has a seat for another party, or as facilitator.")
    if one.language not in Person.Language.values or one.tier not in Tier.values:
        return _("this language or place is not known.")
    return ""
