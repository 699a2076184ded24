"""Who comes in: by code, link or account; who is admitted, seen, claimed, or asked to leave."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.move import changing
from understream.domain.version import grow
from understream.domain.word import legible
from understream.domain.workshop import ALPHABET, CODE_LENGTH, NotRunning, where_of
from understream.records.attendee import Attendee, Miss, Ready
from understream.records.due import Due
from understream.records.pair import Place
from understream.records.seat import SeatRow
from understream.records.workshop import Step, Workshop, WorkshopParty

LONGEST_NAME = 60
MOST_PEOPLE = 5000
"""Places in one workshop; beyond that somebody fills it by machine."""
AWAY = timedelta(seconds=45)
"""Who was not seen for so long counts as away."""
MISSES = 20
MISSES_WITHIN = timedelta(minutes=10)
MISSES_OF_ALL = 300
MISSES_KEPT = timedelta(hours=1)
HARD = 16
"""Zero bits that the answer to a puzzle begins with: about a second of a phone's time."""
_READ_AS = str.maketrans({"S": "5", "-": None, " ": None, "–": None, "—": None, ".": None})


class WrongCode(Refused):
    """A code nobody has, or that is over."""

    reason = _("No workshop has this code now. Look again at the wall, or ask the facilitator.")


class Puzzling(Refused):
    """Too many wrong codes came from here, so a code takes a little work now."""

    reason = _(
        "Many wrong codes were tried from this network. Your device now has to solve a small "
        "puzzle first; with the QR code you come in at once."
    )


class Guessed(Refused):
    """So many wrong codes came from everywhere that codes rest for a while."""

    reason = _("Too many wrong codes were tried. For now, come in with the QR code or the link.")


class Full(Refused):
    """Nobody fills a room without end."""

    reason = _("This workshop is full. Ask the facilitator.")


class NotAdmitted(Refused):
    """The facilitator lets people in one by one, or for this step."""

    reason = _("The facilitator has not let you in yet. Your words stay here.")


@dataclass(frozen=True, slots=True)
class Lobby:
    """What somebody with a code or link sees before taking a place.

    :ivar link: secret part of the link into the workshop.
    """

    workshop: int
    link: str
    title: str
    state: str
    language: str
    parties: tuple[PartyCard, ...]
    names: str
    walk_in: bool
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class AttendeeCard:
    """Somebody who is here, as those who run the workshop see them."""

    key: int
    name: str
    party: PartyCard | None
    here: bool
    admitted: bool
    proxy: bool
    claimed: bool
    heard: int


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A small piece of work: find a text so that the hash of both begins with `bits` zeros."""

    challenge: str
    bits: int = HARD


def as_code(typed: str) -> str:
    """Return a code as it is kept: capitals, without what stands between, an S read as 5."""
    return typed.upper().translate(_READ_AS).strip()


def lobby_by_code(
    typed: str, *, address: str, challenge: str = "", solution: str = "", now: datetime
) -> Lobby:
    """Return the lobby that a code opens. Only wrong codes count, as a room shares one address.

    After twenty wrong codes in ten minutes an address has to solve a puzzle for each try, after
    three hundred an hour from everywhere codes open nothing.

    :param address: where the request comes from; stored as a hash, for an hour at most.
    :param challenge: of :func:`puzzle_for`, with its `solution`.
    :raises WrongCode: for a code nobody has.
    :raises Puzzling: if a puzzle has to be solved first.
    :raises Guessed: if codes rest for now.
    """
    require(None, Act.WORKSHOP_JOIN)
    mark = reach.hash_of(f"address {address}")
    if Miss.objects.filter(at__gt=now - MISSES_KEPT).count() >= MISSES_OF_ALL:
        raise Guessed
    here = Miss.objects.filter(address_hash=mark, at__gt=now - MISSES_WITHIN).count()
    if here >= MISSES and not _solved(address, challenge, solution, now):
        raise Puzzling
    code = as_code(typed)
    row = None
    if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET):
        row = Workshop.objects.filter(code=code, code_until__gt=now).first()
    if row is None:
        Miss.objects.create(address_hash=mark, at=now)
        # Of several in one hour the last sweeps all: a wrong code is forgotten after two at most.
        swept = (now + 2 * MISSES_KEPT).replace(minute=0, second=0, microsecond=0)
        Due.objects.get_or_create(kind="misses.sweep", key=0, at=swept)
        raise WrongCode
    return _lobby(row)


def puzzle_for(address: str, *, now: datetime) -> Puzzle:
    """Return the puzzle that this address has to solve in these ten minutes."""
    window = int(now.timestamp()) // int(MISSES_WITHIN.total_seconds())
    return Puzzle(reach.hash_of(f"puzzle {reach.link_of(address.encode())} {window}").hex()[:32])


def is_solution(puzzle: Puzzle, solution: str) -> bool:
    """Tell whether a text solves a puzzle: SHA-256 of both begins with enough zero bits."""
    told = sha256(f"{puzzle.challenge}.{solution}".encode()).digest()
    return int.from_bytes(told[:8]) >> (64 - puzzle.bits) == 0


def _solved(address: str, challenge: str, solution: str, now: datetime) -> bool:
    for moment in (now, now - MISSES_WITHIN):
        puzzle = puzzle_for(address, now=moment)
        if challenge == puzzle.challenge and is_solution(puzzle, solution):
            return True
    return False


def sweep_misses(*, now: datetime) -> None:
    """Forget wrong codes after an hour."""
    Miss.objects.filter(at__lte=now - MISSES_KEPT).delete()


def lobby_by_link(link: str) -> Lobby:
    """Return the lobby of the workshop that a link leads into.

    :raises Missing: for a link nobody was given.
    """
    require(None, Act.WORKSHOP_JOIN)
    return _lobby(reach.workshop_by_join(link))


def _lobby(row: Workshop) -> Lobby:
    return Lobby(
        workshop=row.pk,
        link=reach.join_link_of(row.nonce),
        title=row.title,
        state=row.state,
        language=row.language,
        parties=parties_of(row.pk),
        names=row.names,
        walk_in=row.walk_in,
        asynchronous=row.asynchronous,
    )


def parties_of(workshop: int) -> tuple[PartyCard, ...]:
    """Return the organisations whose people can come into a workshop."""
    return tuple(
        PartyCard(one.pk, one.name, one.position)
        for one in WorkshopParty.objects.filter(workshop=workshop)
    )


@transaction.atomic
def take_place(
    link: str, *, name: str = "", party: int = 0, person: int = 0, token: str, now: datetime
) -> int:
    """Take a place in a workshop; the same secret twice is the same place.

    A person who has signed in and holds a seat in the alliance comes in as that seat, for its
    party, admitted. Anybody else waits to be admitted where the facilitator wants that.

    :param token: the secret this browser keeps from now on: 128 random bits or more as text.
    :param party: key of one of the organisations in the lobby, 0 for none of them.
    :param person: key of who has signed in, 0 for nobody.
    :returns: the key of the workshop.
    :raises Unfit: by field.
    :raises NotRunning: before the workshop has begun and after it has ended.
    :raises Full: if there is no place left.
    :raises Missing: for a link nobody was given.
    """
    require(None, Act.WORKSHOP_JOIN)
    found = reach.workshop_by_join(link)
    row = Workshop.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
    if row.state != Workshop.State.RUNNING:
        raise NotRunning(_("This workshop is not under way. Come back when it has begun."))
    mark = reach.hash_of(token)
    if Attendee.objects.filter(token_hash=mark, workshop=row).exists():
        return row.pk
    seat = _seat_of(row, person)
    said, here = _introduced(row, seat, name, party)
    if person and _came_back(row, person, mark, now):
        return row.pk
    if Attendee.objects.filter(workshop=row).count() >= MOST_PEOPLE:
        raise Full
    place = Attendee(
        workshop=row, party=here, name=said, token_hash=mark, person_id=person or None, seat=seat,
        joined_at=now, seen_at=now, admitted_at=now if seat is not None else None,
    )  # fmt: skip
    place.changed = grow(row)
    place.save()
    return row.pk


def _introduced(
    row: Workshop, seat: SeatRow | None, name: str, party: int
) -> tuple[str, WorkshopParty | None]:
    """Return under which name and for which organisation somebody comes in.

    :raises Unfit: by field.
    """
    said = _name(name)
    if seat is not None:
        said = said or seat.person.name[:LONGEST_NAME]
    here = WorkshopParty.objects.filter(workshop=row, pk=party).first() if party else None
    if seat is not None and seat.party_id:
        here = WorkshopParty.objects.filter(workshop=row, party=seat.party_id).first()
    faults: dict[str, str | Promise] = {}
    if row.names == Workshop.Names.REQUIRED and not said:
        faults["name"] = _("Say who you are.")
    if party and here is None:
        faults["party"] = _("Choose one of the organisations, or none.")
    if faults:
        raise Unfit(faults)
    return "" if row.names == Workshop.Names.NONE else said, here


def _name(name: str) -> str:
    text = " ".join(legible(name).split())
    if len(text) > LONGEST_NAME:
        raise Unfit(
            {"name": _("A name has at most %(most)s characters.") % {"most": LONGEST_NAME}}
        )
    return text


def _seat_of(row: Workshop, person: int) -> SeatRow | None:
    if not person or row.alliance_id is None:
        return None
    return (
        SeatRow.objects.filter(person=person, alliance=row.alliance_id, left_at=None)
        .select_related("person")
        .first()
    )


def _came_back(row: Workshop, person: int, mark: bytes, now: datetime) -> bool:
    """Give somebody with an account the place they had, in the browser they use now."""
    old = Attendee.objects.filter(workshop=row, person=person).first()
    if old is None:
        return False
    old.token_hash, old.seen_at, old.left_at = mark, now, None
    old.changed = grow(row)
    old.save()
    return True


@transaction.atomic
def claim_place(seat: Seat, workshop: int, *, token: str, now: datetime) -> None:
    """Keep a place taken without an account with the account of who has signed in now.

    What was contributed stays theirs. A seat in the alliance comes with it, for its own party.

    :raises Missing: for a secret nobody there holds.
    :raises Refused: if somebody else's account holds it, or the account has a place there already.
    """
    require(seat, Act.PLACE_CLAIM)
    found = reach.attendee_by(token, workshop)
    row = Workshop.objects.select_for_update(of=("self",), no_key=True).get(pk=found.workshop_id)
    place = reach.attendee_by(token, workshop)
    if place.person_id == seat.person:
        return
    if place.person_id is not None:
        raise Refused(_("This place belongs to another account."))
    if Attendee.objects.filter(workshop=row, person=seat.person).exists():
        raise Refused(_("You already have a place in this workshop with your account."))
    held = _seat_of(row, seat.person)
    place.person_id, place.seat = seat.person, held
    place.name = place.name or seat.name[:LONGEST_NAME]
    if held is not None and held.party_id:
        place.party = WorkshopParty.objects.filter(workshop=row, party=held.party_id).first()
        place.admitted_at = place.admitted_at or now
    place.changed = grow(row)
    place.save()


def attendees_of(seat: Seat, workshop: int, *, now: datetime) -> tuple[AttendeeCard, ...]:
    """Return who is in a workshop, by organisation and name.

    :raises Missing: for a workshop out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    rows = Attendee.objects.filter(workshop=row, left_at=None).select_related("party")
    cards = [
        AttendeeCard(
            key=one.pk,
            name=one.name,
            party=PartyCard(one.party.pk, one.party.name, one.party.position)
            if one.party
            else None,
            here=is_here(one, now),
            admitted=one.admitted_at is not None,
            proxy=one.proxy,
            claimed=one.person_id is not None,
            heard=one.heard,
        )
        for one in rows
    ]
    return tuple(
        sorted(cards, key=lambda one: (one.party.position if one.party else 99, one.name, one.key))
    )


def is_here(row: Attendee, now: datetime) -> bool:
    """Tell whether somebody was seen a moment ago; who has no phone always counts as here."""
    return row.proxy or now - row.seen_at < AWAY


@transaction.atomic
def admit_attendees(
    seat: Seat, workshop: int, *, keys: Collection[int] = (), now: datetime
) -> int:
    """Let people in: those named, or all who are here now.

    A confidential step counts only people who were let in by name and party before it opened.

    :param keys: whom to let in; without any all who are here.
    :returns: how many were let in.
    :raises Missing: for a workshop out of reach.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    waiting = Attendee.objects.filter(workshop=row, left_at=None, admitted_at=None)
    if keys:
        waiting = waiting.filter(pk__in=list(keys))
    chosen = [one for one in waiting if keys or is_here(one, now)]
    if not chosen:
        return 0
    with changing(seat, row, "attendee.admit", now=now) as log:
        for one in chosen:
            log.change(one, admitted_at=now)
        log.people()
    return len(chosen)


@transaction.atomic
def place_attendee(seat: Seat, workshop: int, key: int, *, party: int, now: datetime) -> None:
    """Say for which organisation somebody is here; 0 for none.

    :raises Missing: for somebody or an organisation that is not of this workshop.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    one = _one(row, key)
    where = WorkshopParty.objects.filter(workshop=row, pk=party).first() if party else None
    if party and where is None:
        raise Missing
    with changing(seat, row, "attendee.place", now=now) as log:
        log.change(one, party=where)


@transaction.atomic
def remove_attendee(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Ask somebody to leave: their phone says so, their answers stay.

    :raises Missing: for somebody who is not in this workshop.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    with changing(seat, row, "attendee.remove", now=now) as log:
        log.change(_one(row, key), left_at=now)


def _one(row: Workshop, key: int) -> Attendee:
    found = Attendee.objects.filter(workshop=row, pk=key, left_at=None).first()
    if found is None:
        raise Missing
    return found


def _proxy_for(row: Workshop, *, name: str, party: int, now: datetime, rng: Random) -> Attendee:
    """Return the place of somebody without a phone, new or as typed in before.

    :raises Unfit: without a name.
    :raises Missing: for an organisation that is not of this workshop.
    """
    said = _name(name)
    if not said:
        raise Unfit({"name": _("Say for whom you type.")})
    where = WorkshopParty.objects.filter(workshop=row, pk=party).first() if party else None
    if party and where is None:
        raise Missing
    found = Attendee.objects.filter(
        workshop=row, proxy=True, name=said, party=where, left_at=None
    ).first()
    if found is not None:
        return found
    return Attendee.objects.create(
        workshop=row, party=where, name=said, proxy=True, joined_at=now, seen_at=now,
        token_hash=rng.randbytes(32), admitted_at=now, changed=row.version,
    )  # fmt: skip


@transaction.atomic
def hold_place_for(
    seat: Seat, workshop: int, *, name: str, party: int, now: datetime, rng: Random
) -> int:
    """Return the key of the place of somebody without a phone, for whom the seat will type.

    :raises Unfit: without a name.
    :raises NotRunning: if the workshop is not under way.
    :raises Missing: for a workshop or organisation out of reach.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    if row.state != Workshop.State.RUNNING:
        raise NotRunning
    place = _proxy_for(row, name=name, party=party, now=now, rng=rng)
    grow(row)
    return place.pk


@transaction.atomic
def mark_seen(
    workshop: int, *, here: Collection[int], gone: Collection[int], now: datetime
) -> None:
    """Note who is connected and whose connection ended; partners in an open pair hear of it.

    :param here: keys of those connected now.
    :param gone: keys of those who just went.
    """
    turned = _turned(workshop, here, gone, now)
    mates: Sequence[int] = ()
    if turned:
        groups = Place.objects.filter(
            attendee__in=turned, step__workshop=workshop, step__state=Step.State.OPEN
        ).values("group")
        mates = list(
            Place.objects.filter(group__in=groups)
            .exclude(attendee__in=turned)
            .values_list("attendee", flat=True)
        )
    if mates:
        row = Workshop.objects.select_for_update(of=("self",), no_key=True).get(pk=workshop)
        version = grow(row)
        Attendee.objects.filter(pk__in=mates).update(changed=version)
    Attendee.objects.filter(workshop=workshop, pk__in=list(here)).update(seen_at=now)
    Attendee.objects.filter(workshop=workshop, pk__in=list(gone), seen_at__gt=now - AWAY).update(
        seen_at=now - AWAY
    )


def _turned(
    workshop: int, here: Collection[int], gone: Collection[int], now: datetime
) -> list[int]:
    """Return who was away and is here, or the other way round."""
    asked = Attendee.objects.filter(workshop=workshop, proxy=False)
    back = asked.filter(pk__in=list(here), seen_at__lte=now - AWAY)
    left = asked.filter(pk__in=list(gone), seen_at__gt=now - AWAY)
    return [*back.values_list("pk", flat=True), *left.values_list("pk", flat=True)]


def ready_in(step: int) -> int:
    """Return how many people say that they are done with a step."""
    return Ready.objects.filter(step=step, attendee__left_at=None).count()
