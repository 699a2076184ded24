"""Who there is in the demo world, and the alliances they come together in."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from understream.access import reach
from understream.access.seat import Role, Seat
from understream.domain.alliance import alliance_before, found_alliance
from understream.domain.invitation import accept_invitation, invite_person
from understream.domain.person import add_person
from understream.domain.seat import Newcomer, add_participants
from understream.records.person import Person

PASSWORD = "under-the-waterline"  # noqa: S105 - everybody may know it: a demo world's
"""What everybody with an account in a demo world signs in with."""

ZONE = "Europe/Amsterdam"
HARBOUR, MILL, QUAY = "Harbour Logistics", "Mill Foods", "Quay University"
COLD_CHAIN = "Cold chain to the inland ports"
LONGER_FRESH = "Fresh for longer"
TRIPS_BACK = "Full on the way back"
DAY = timedelta(days=1)
JUST_AFTER = timedelta(minutes=1)
NEXT = timedelta(minutes=4)
"""How long a meeting takes from one thing to the next."""
LAST_HOUR = 17


@dataclass(frozen=True, slots=True)
class One:
    """Somebody of the demo world; with a role other than participant there is an account."""

    name: str
    mail: str
    language: str = "nl"
    role: Role = Role.PARTICIPANT
    account: bool = False


FACILITATOR = One("Saskia de Graaf", "facilitator", "nl", Role.FACILITATOR, account=True)

PEOPLE: dict[str, tuple[One, ...]] = {
    HARBOUR: (
        One("Marieke van Dijk", "manager.a", "nl", Role.MANAGER, account=True),
        One("Robert Haverkamp", "sponsor", "nl", Role.SPONSOR, account=True),
        One("Tom Verhoeven", "participant", "nl", Role.PARTICIPANT, account=True),
        One("Ineke Postma", "ineke.postma"),
        One("Daniel Okafor", "daniel.okafor", "en"),
        One("Joost Brandsma", "joost.brandsma"),
        One("Fatima El Amrani", "fatima.el.amrani"),
        One("Hugh Pemberton", "hugh.pemberton", "en"),
        One("Wim Terpstra", "wim.terpstra"),
        One("Lotte Kuipers", "lotte.kuipers"),
        One("Priya Raman", "priya.raman", "en"),
        One("Gerrit Mulder", "gerrit.mulder"),
    ),
    MILL: (
        One("James Whitlock", "manager.b", "en", Role.MANAGER, account=True),
        One("Eleanor Marsh", "eleanor.marsh", "en", Role.SPONSOR, account=True),
        One("Anouk Jansen", "anouk.jansen"),
        One("Peter Grainger", "peter.grainger", "en"),
        One("Sanne Bakker", "sanne.bakker"),
        One("Owen Fairley", "owen.fairley", "en"),
        One("Ruth Castell", "ruth.castell", "en"),
        One("Kees Molenaar", "kees.molenaar"),
        One("Nadia Haddad", "nadia.haddad", "en"),
    ),
    QUAY: (
        One("Annelies Vermeer", "manager.c", "nl", Role.MANAGER, account=True),
        One("Bram Oosterhuis", "bram.oosterhuis"),
        One("Grace Lindqvist", "grace.lindqvist", "en"),
        One("Youssef Benali", "youssef.benali"),
    ),
}
"""Who there is; an alliance takes the first so many of each organisation."""


@dataclass(frozen=True, slots=True)
class Alliance:
    """An alliance being built, with the seats at hand that act in it; by name of the party.

    :ivar moderated: whether the facilitator reads comments before they open.
    """

    key: int
    managers: dict[str, Seat]
    parties: dict[str, int]
    facilitator: Seat
    moderated: bool

    @property
    def planner(self) -> Seat:
        """Return the first party's manager."""
        return next(iter(self.managers.values()))


def moment(day: datetime) -> datetime:
    """Return five in the afternoon, local time, on that day."""
    local = day.astimezone(ZoneInfo(ZONE))
    return local.replace(hour=LAST_HOUR, minute=0, second=0, microsecond=0)


def found(
    name: str, sizes: Mapping[str, int], day: datetime, rng: Random, *, moderated: bool
) -> Alliance:
    """Found an alliance, let managers, sponsors and facilitator take seats, add the others."""
    at = moment(day)
    home, *others = sizes
    founder = PEOPLE[home][0]
    person = known(founder) or add_person(
        email=_address(founder), name=founder.name, password=PASSWORD, language=founder.language
    )
    key = found_alliance(
        reach.seat_of_person(person), name=name, organisations=tuple(sizes), time_zone=ZONE, now=at
    )
    planner = reach.seat_in_alliance(person, key)
    parties = {party.name: party.key for party in alliance_before(planner).parties}
    managers = {home: planner}
    for party in others:
        managers[party] = _seat(planner, parties[party], PEOPLE[party][0], at, rng)
    facilitator = _seat(planner, parties[home], FACILITATOR, at, rng)
    alliance = Alliance(key, managers, parties, facilitator, moderated)
    for party, size in sizes.items():
        people = PEOPLE[party][1:size]
        for one in people:
            if one.account:
                _seat(managers[party], parties[party], one, at, rng)
        add_participants(
            managers[party],
            party=parties[party],
            people=[
                Newcomer(one.name, _address(one), one.language)
                for one in people
                if not one.account
            ],
            now=at,
        )
    return alliance


def _seat(inviter: Seat, party: int, one: One, at: datetime, rng: Random) -> Seat:
    """Invite somebody who has or gets an account, and let them take the seat the next day."""
    secret = rng.getrandbits(64)
    invite_person(
        inviter,
        party=party,
        name=one.name,
        email=_address(one),
        role=one.role,
        language=one.language,
        now=at,
        rng=Random(secret),  # noqa: S311 - so that the link in the letter can be drawn here again
    )
    link = base64.urlsafe_b64encode(Random(secret).randbytes(16)).rstrip(b"=").decode()  # noqa: S311 - see above
    return accept_invitation(
        link, name=one.name, password=PASSWORD, signed_in=known(one), now=at + DAY
    )


def _address(one: One) -> str:
    return f"{one.mail}@demo.example"


def known(one: One) -> int:
    """Return the key of somebody who is there already, else 0."""
    return Person.objects.filter(email=_address(one)).values_list("pk", flat=True).first() or 0
