"""Found an alliance, find one's alliances, and what its home shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Count, Prefetch, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain.journal import record
from understream.records.alliance import Alliance, Party
from understream.records.organisation import Membership, Organisation
from understream.records.round import State
from understream.records.seat import SeatRow, Tier

MOST_PARTIES = 60
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class PartyCard:
    """One party of an alliance; its letter (a to f) gives colour and shape."""

    key: int
    name: str
    position: int

    @property
    def letter(self) -> str:
        """Return ``a`` to ``f``; beyond six parties the letters come round again."""
        return "abcdef"[self.position % 6]


@dataclass(frozen=True, slots=True)
class AllianceLine:
    """One alliance in a list."""

    key: int
    name: str
    role: str
    parties: tuple[PartyCard, ...]
    open_rounds: int
    mirrors: int


@dataclass(frozen=True, slots=True)
class AllianceCard:
    """An alliance as its pages show it: who it is, and who looks."""

    key: int
    name: str
    time_zone: str
    working_calendar: str
    parties: tuple[PartyCard, ...]
    own: PartyCard | None
    seat: Seat
    may_read_journal: bool
    may_keep: bool


def my_alliances(person: int) -> tuple[AllianceLine, ...]:
    """Return the alliances in which this person holds a seat, by name."""
    seats = dict(
        SeatRow.objects.filter(person=person, left_at=None).values_list("alliance", "role")
    )
    rows = (
        reach.alliances_within(person)
        .annotate(
            open_rounds=Count("rounds", filter=Q(rounds__state=State.OPEN), distinct=True),
            mirrors=Count("rounds", filter=Q(rounds__state=State.CLOSED), distinct=True),
        )
        .prefetch_related("parties__organisation")
        .order_by("name", "pk")
    )
    return tuple(
        AllianceLine(
            row.pk,
            row.name,
            seats[row.pk],
            _party_cards(row.parties.all()),
            row.open_rounds,
            row.mirrors,
        )
        for row in rows
    )


def alliance_before(seat: Seat) -> AllianceCard:
    """Return the alliance of this seat.

    :raises Forbidden: for a seat outside alliances.
    """
    require(seat, Act.ALLIANCE_READ, Where(alliance=seat.alliance))
    parties_at_once = Prefetch("parties", Party.objects.select_related("organisation"))
    row = Alliance.objects.filter(pk=seat.alliance).prefetch_related(parties_at_once).first()
    if row is None:
        raise Missing
    parties = _party_cards(row.parties.all())
    own = next((party for party in parties if party.key == seat.party), None)
    here = Where(alliance=seat.alliance)
    return AllianceCard(
        key=row.pk,
        name=row.name,
        time_zone=row.time_zone,
        working_calendar=row.working_calendar,
        parties=parties,
        own=own,
        seat=seat,
        may_read_journal=may(seat, Act.JOURNAL_READ, here),
        may_keep=may(seat, Act.ALLIANCE_KEEP, here),
    )


def my_organisations(person: int) -> tuple[str, ...]:
    """Return the names of the organisations this person belongs to."""
    return tuple(
        Membership.objects.filter(person=person)
        .order_by("organisation__name")
        .values_list("organisation__name", flat=True)
    )


@transaction.atomic
def found_alliance(
    seat: Seat, *, name: str, organisations: Sequence[str], time_zone: str, now: datetime
) -> int:
    """Found an alliance of two or more organisations; the founder becomes manager of the first.

    :param organisations: names; the first is the founder's own. An organisation that is known by
        that name is taken, another is added.
    :param time_zone: a name of the time zone database, such as ``Europe/Amsterdam``.
    :returns: the key of the alliance.
    :raises Unfit: for fewer than two different organisations, a missing or too long name, or an
        unknown time zone.
    """
    require(seat, Act.ALLIANCE_FOUND)
    name = name.strip()
    names = [one.strip() for one in organisations if one.strip()]
    faults = _faults_of(name, time_zone)
    if any(len(one) > LONGEST_NAME for one in names):
        faults["organisations"] = _("A name has at most 200 characters.")
    if len({one.casefold() for one in names}) != len(names):
        faults["organisations"] = _("One organisation is named twice. Name each party once.")
    elif len(names) < 2:  # noqa: PLR2004 - two parties make an alliance
        faults["organisations"] = _("An alliance has two or more organisations. Name them all.")
    elif len(names) > MOST_PARTIES:
        faults["organisations"] = _("Sixty parties are the most an alliance can hold here.")
    if faults:
        raise Unfit(faults)

    alliance = Alliance.objects.create(name=name, time_zone=time_zone, founded_at=now)
    parties = []
    for position, one in enumerate(names):
        organisation = Organisation.objects.filter(name__iexact=one).first()
        if organisation is None:
            organisation = Organisation.objects.create(name=one)
        parties.append(
            Party.objects.create(alliance=alliance, organisation=organisation, position=position)
        )
    row = SeatRow.objects.create(
        alliance=alliance,
        party=parties[0],
        person_id=seat.person,
        role=Role.MANAGER,
        tier=Tier.MANAGER,
    )
    Membership.objects.get_or_create(
        person_id=seat.person, organisation_id=parties[0].organisation_id
    )
    record(reach.seat_from(row), "alliance.found", now=now)
    return alliance.pk


@transaction.atomic
def keep_alliance(
    seat: Seat, *, name: str, time_zone: str, working_calendar: str, now: datetime
) -> None:
    """Change what the seat's alliance is called, and by which clock and calendar it works.

    Moments that were agreed stay the same moments; they are told in the new time zone.

    :param working_calendar: ``weekdays``, or ``netherlands`` for no Dutch public holidays.
    :raises Unfit: for a missing or too long name, an unknown time zone or calendar.
    """
    require(seat, Act.ALLIANCE_KEEP, Where(alliance=seat.alliance))
    name = name.strip()
    faults = _faults_of(name, time_zone)
    if working_calendar not in Alliance.WorkingCalendar.values:
        faults["working_calendar"] = _("Choose one of the calendars in the list.")
    if faults:
        raise Unfit(faults)
    Alliance.objects.filter(pk=seat.alliance).update(
        name=name, time_zone=time_zone, working_calendar=working_calendar
    )
    words = {"name": name, "zone": time_zone, "days": working_calendar}
    record(seat, "alliance.keep", now=now, words=words)


def _faults_of(name: str, time_zone: str) -> dict[str, str | Promise]:
    faults: dict[str, str | Promise] = {}
    if not name:
        faults["name"] = _("Give the alliance a name.")
    if len(name) > LONGEST_NAME:
        faults["name"] = _("A name has at most 200 characters.")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults["time_zone"] = _("This time zone is not known. Choose one from the list.")
    return faults


def _party_cards(rows: Iterable[Party]) -> tuple[PartyCard, ...]:
    return tuple(PartyCard(row.pk, row.organisation.name, row.position) for row in rows)
