"""Who works together, and the one answer that a pair gives: both say yes to the same words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from random import Random
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.answer import LONGEST, LONGEST_CONTEXT, StepClosed
from understream.domain.attendee import NotAdmitted, is_here
from understream.domain.move import Changing, changing
from understream.domain.version import grow
from understream.domain.word import legible
from understream.domain.workshop import where_of
from understream.records.answer import Answer
from understream.records.attendee import Attendee, Ready
from understream.records.pair import Group, Place
from understream.records.workshop import Step, Workshop, WorkshopParty

LONGEST_LINK = 500
MOST_IN_PAIR = 3


class PartnerWrote(Refused):
    """The text has changed since this writer last saw it.

    :ivar standing: what stands now.
    """

    reason = _("Your partner wrote meanwhile. This is the text now; yours is still below it.")

    def __init__(self, standing: dict[str, object]) -> None:
        """Keep what stands."""
        super().__init__()
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Mate:
    """Somebody else in one's own pair or group.

    :ivar agrees: whether this person said yes to the text as it stands.
    """

    name: str
    party: PartyCard | None
    here: bool
    agrees: bool
    role: int


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A pair or group, as one of its people sees it.

    :ivar agrees: whether this person said yes to the text as it stands.
    :ivar confirmed: whether what they agreed on has been put in.
    :ivar role: 0 initiator, 1 follower, 2 critic, 3 bystander; of a rehearsal.
    """

    step: int
    number: int
    mates: tuple[Mate, ...]
    draft: str
    context: str
    revision: int
    agrees: bool
    confirmed: bool
    call_link: str
    role: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A pair or group, as who runs the workshop sees it: who is in it, never what they write."""

    key: int
    number: int
    people: tuple[tuple[int, str, PartyCard | None, bool, int], ...]
    writes: bool
    confirmed: bool
    call_link: str


def pairs_of(people: Sequence[tuple[int, int]], *, rng: Random) -> list[list[int]]:
    """Put people into pairs, as many mixed ones as there can be; an odd one makes a trio.

    Each time somebody of the two parties with most people left is paired, which leaves fewest
    people of one party over; these are paired among themselves.

    :param people: keys of people with that of their party, 0 for none: that goes with everybody.
    :returns: the keys of each pair; one group of one for a single person.
    """
    waiting: dict[int, list[int]] = {}
    for at, (who, party) in enumerate(people):
        waiting.setdefault(party or -1 - at, []).append(who)
    for one in waiting.values():
        rng.shuffle(one)
    heap = [(-len(one), rng.random(), party) for party, one in waiting.items()]
    heapify(heap)
    pairs: list[list[int]] = []
    while len(heap) > 1:
        first, second = heappop(heap), heappop(heap)
        pairs.append([waiting[first[2]].pop(), waiting[second[2]].pop()])
        for size, luck, party in (first, second):
            if size + 1:
                heappush(heap, (size + 1, luck, party))
    rest = waiting[heap[0][2]] if heap else []
    while len(rest) > 1:
        pairs.append([rest.pop(), rest.pop()])
    if rest and pairs:
        parties = dict(people)
        mixed = [one for one in pairs if parties[rest[0]] not in {parties[who] for who in one}]
        rng.choice(mixed or pairs).append(rest[0])
    elif rest:
        pairs.append(rest)
    return pairs


def form_pairs(step: Step, log: Changing, *, now: datetime, rng: Random) -> None:
    """Put everybody who is here and in no pair of this step into one; called when it opens."""
    taken = set(Place.objects.filter(step=step).values_list("attendee", flat=True))
    rows = Attendee.objects.filter(workshop=step.workshop_id, left_at=None).order_by("pk")
    here = [one for one in rows if is_here(one, now) and one.pk not in taken]
    here = [one for one in here if step.workshop.walk_in or one.admitted_at is not None]
    seat_groups(step, pairs_of([(one.pk, one.party_id or 0) for one in here], rng=rng), log)


def seat_groups(step: Step, groups: Iterable[Sequence[int]], log: Changing) -> None:
    """Store groups of people; their phones hear of it."""
    number = _last(step)
    seated: list[int] = []
    for people in groups:
        number += 1
        group = Group.objects.create(step=step, number=number)
        Place.objects.bulk_create(
            Place(group=group, step=step, attendee_id=who, role=at)
            for at, who in enumerate(people)
        )
        seated += people
    Attendee.objects.filter(pk__in=seated).update(changed=log.version)


def _last(step: Step) -> int:
    return Group.objects.filter(step=step).aggregate(last=Max("number"))["last"] or 0


@transaction.atomic
def find_partner(token: str, workshop: int, step: int, *, now: datetime) -> None:
    """Join a pair as somebody who came late: one that waits alone, else the one that fits best.

    :raises StepClosed: if the step is not open.
    :raises Missing: for a secret nobody there holds, or a step without pairs.
    """
    row, found, place = _at_work(token, workshop, step)
    if Place.objects.filter(step=found, attendee=place).exists():
        return
    groups = list(Group.objects.filter(step=found).prefetch_related("places__attendee"))
    room = [one for one in groups if len(one.places.all()) < MOST_IN_PAIR and not one.confirmed]

    def rank(group: Group) -> tuple[bool, int, bool, int]:
        people = [one.attendee for one in group.places.all()]
        alone = sum(is_here(one, now) for one in people) == 1
        same = any(one.party_id == place.party_id for one in people)
        return (not alone, len(people), same, group.number)

    version = grow(row)
    if room:
        group = min(room, key=rank)
    else:
        group = Group.objects.create(step=found, number=_last(found) + 1)
    mates = [one.attendee_id for one in group.places.all()]
    Place.objects.create(group=group, step=found, attendee=place, role=len(mates))
    Attendee.objects.filter(pk__in=[*mates, place.pk]).update(changed=version)


@transaction.atomic
def write_together(
    token: str,
    workshop: int,
    step: int,
    *,
    text: str,
    context: str = "",
    revision: int,
    now: datetime,
) -> int:
    """Write the text of one's pair; every yes to the text before falls away.

    :param revision: the revision on which this builds.
    :returns: the revision that stands now.
    :raises PartnerWrote: if another revision stands.
    :raises StepClosed: if the step is not open.
    :raises Unfit: if the text is too long.
    :raises Missing: for somebody who is in no pair of this step.
    """
    row, found, place = _at_work(token, workshop, step)
    group = _group_of(found, place)
    words, around = legible(text), " ".join(legible(context).split())
    if len(words) > LONGEST or len(around) > LONGEST_CONTEXT:
        most = {"most": LONGEST if len(words) > LONGEST else LONGEST_CONTEXT}
        raise Unfit({"text": _("Write at most %(most)s characters.") % most})
    if (words, around) == (group.draft, group.context):
        return group.revision
    if revision != group.revision:
        raise PartnerWrote(
            {"text": group.draft, "context": group.context, "revision": group.revision}
        )
    group.draft, group.context = words, around if found.asks_context else ""
    group.revision += 1
    group.save()
    _tell_mates(row, group)
    Attendee.objects.filter(pk=place.pk).update(seen_at=now)
    return group.revision


@transaction.atomic
def agree_together(
    token: str, workshop: int, step: int, *, revision: int, agrees: bool, now: datetime
) -> bool:
    """Say yes, or no longer yes, to the text as it stands.

    It is put in when all of the pair who are here have said yes to the same revision: somebody
    whose phone died does not hold up the others. A yes taken back takes the answer back.

    :returns: whether it has been put in.
    :raises PartnerWrote: if another revision stands.
    :raises StepClosed: if the step is not open.
    :raises Missing: for somebody who is in no pair of this step.
    """
    row, found, place = _at_work(token, workshop, step)
    group = _group_of(found, place)
    if revision != group.revision:
        raise PartnerWrote(
            {"text": group.draft, "context": group.context, "revision": group.revision}
        )
    if agrees and not group.draft:
        raise Unfit({"text": _("Write something first.")})
    Place.objects.filter(group=group, attendee=place).update(agreed=revision if agrees else None)
    places = list(Place.objects.filter(group=group).select_related("attendee__party"))
    group.confirmed = agrees and all(
        one.agreed == revision
        for one in places
        if one.attendee_id == place.pk or (is_here(one.attendee, now) and not one.attendee.proxy)
    )
    group.save()
    version = _tell_mates(row, group)
    _put_in(found, group, places, version)
    return group.confirmed


def _at_work(token: str, workshop: int, step: int) -> tuple[Workshop, Step, Attendee]:
    row = Workshop.objects.select_for_update(of=("self",), no_key=True).filter(pk=workshop).first()
    if row is None:
        raise Missing
    place = reach.attendee_by(token, workshop)
    found = reach.step_within(row, step)
    if found.kind != Step.Kind.PAIRS:
        raise Missing
    if row.state != Workshop.State.RUNNING or found.state != Step.State.OPEN:
        raise StepClosed
    if not row.walk_in and place.admitted_at is None:
        raise NotAdmitted
    return row, found, place


def _group_of(step: Step, place: Attendee) -> Group:
    found = Group.objects.filter(step=step, places__attendee=place).first()
    if found is None:
        raise Missing
    return found


def _tell_mates(row: Workshop, group: Group) -> int:
    version = grow(row)
    people = Place.objects.filter(group=group).values("attendee")
    Attendee.objects.filter(pk__in=people).update(changed=version)
    return version


def _put_in(step: Step, group: Group, places: Sequence[Place], version: int) -> None:
    """Let the answer of a pair say what they agreed on, or nothing any more."""
    answer = Answer.objects.filter(group=group).first()
    ready = [Ready(step=step, attendee_id=one.attendee_id) for one in places]
    if not group.confirmed:
        if answer is not None and answer.state != Answer.State.WITHDRAWN:
            answer.state, answer.text, answer.changed = Answer.State.WITHDRAWN, "", version
            answer.save(update_fields=["state", "text", "changed"])
        Ready.objects.filter(step=step, attendee__in=[one.attendee_id for one in places]).delete()
        return
    Ready.objects.bulk_create(ready, ignore_conflicts=True)
    parties = {one.attendee.party for one in places if one.attendee.party is not None}
    answer = answer or Answer(step=step, group=group, number=version)
    held = answer.state == Answer.State.HELD
    shown = Answer.State.WAITING if step.moderated else Answer.State.SHOWN
    answer.mark = f"pair {group.pk} {group.revision}".encode()
    answer.text, answer.context = group.draft, group.context
    answer.parties = sorted(one.position for one in parties)
    answer.value = {"names": [one.attendee.name for one in places if one.attendee.name]}
    answer.party = next(iter(parties)) if len(parties) == 1 else None
    answer.state, answer.changed = Answer.State.HELD if held else shown, version
    answer.save()


@transaction.atomic
def move_to_pair(
    seat: Seat, workshop: int, step: int, attendee: int, *, number: int, now: datetime
) -> None:
    """Put somebody into another pair or group of a step by hand.

    :param number: of the group; 0 for a new one.
    :raises Missing: for a step, person or group that is not there.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    who = Attendee.objects.filter(workshop=row, pk=attendee, left_at=None).first()
    target = Group.objects.filter(step=found, number=number).first() if number else None
    if who is None or (number and target is None) or found.kind not in _TOGETHER:
        raise Missing
    with changing(seat, row, "pair.move", now=now) as log:
        if target is None:
            target = Group(step=found, number=_last(found) + 1)
            log.make(target)
        place = Place.objects.filter(step=found, attendee=who).first()
        left = place.group if place is not None else None
        role = Place.objects.filter(group=target).count()
        if place is None:
            log.make(Place(group=target, step=found, attendee=who, role=role))
        else:
            log.change(place, group=target, role=role, agreed=None)
        groups = [one.pk for one in (left, target) if one is not None]
        people = Place.objects.filter(group__in=groups).values("attendee")
        Attendee.objects.filter(pk__in=people).update(changed=log.version)


_TOGETHER = frozenset({Step.Kind.PAIRS, Step.Kind.REHEARSAL})


@transaction.atomic
def give_call_links(
    seat: Seat, workshop: int, step: int, *, links: Sequence[str], now: datetime
) -> int:
    """Give each pair the link to a call of its own, in the order of their numbers.

    :param links: one a pair, each beginning with ``https://``; those too many are left over.
    :returns: how many pairs have one now.
    :raises Unfit: if something is no link.
    :raises Missing: for a step that is not there.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    given = [one.strip() for one in links if one.strip()]
    for number, one in enumerate(given, start=1):
        if not _is_link(one):
            fault = _("Line %(number)s is no link that begins with https://.")
            raise Unfit({"links": fault % {"number": number}})
    groups = list(Group.objects.filter(step=found).order_by("number"))
    with changing(seat, row, "pair.link", now=now) as log:
        for group, one in zip(groups, given, strict=False):
            log.change(group, call_link=one)
        people = Place.objects.filter(step=found).values("attendee")
        Attendee.objects.filter(pk__in=people).update(changed=log.version)
    return min(len(groups), len(given))


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = text.isprintable() and not any(one in text for one in " \"'<>\\")
    return parts.scheme == "https" and bool(parts.hostname) and plain and len(text) <= LONGEST_LINK


def groups_of(seat: Seat, workshop: int, step: int, *, now: datetime) -> tuple[GroupLine, ...]:
    """Return the pairs or groups of a step, for who runs the workshop.

    :raises Missing: for a workshop or step out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    groups = Group.objects.filter(step=found).prefetch_related("places__attendee__party")
    return tuple(
        GroupLine(
            key=group.pk,
            number=group.number,
            people=tuple(
                (
                    one.attendee_id,
                    one.attendee.name,
                    party_card(one.attendee.party),
                    is_here(one.attendee, now),
                    role_of(one.role, group.turns, len(group.places.all())),
                )
                for one in group.places.all()
            ),
            writes=bool(group.draft),
            confirmed=group.confirmed,
            call_link=group.call_link,
        )
        for group in groups
        if group.places.all()
    )


def groups_for(step: Step, attendees: Sequence[int], *, now: datetime) -> dict[int, GroupCard]:
    """Return the pair or group of each of these people in a step, by their key."""
    wanted = set(attendees)
    groups = Group.objects.filter(step=step, places__attendee__in=wanted).distinct()
    cards: dict[int, GroupCard] = {}
    for group in groups.prefetch_related("places__attendee__party"):
        places = list(group.places.all())
        for own in places:
            if own.attendee_id in wanted:
                cards[own.attendee_id] = _group_card(step, group, places, own, now)
    return cards


def _group_card(
    step: Step, group: Group, places: Sequence[Place], own: Place, now: datetime
) -> GroupCard:
    writes = step.kind == Step.Kind.PAIRS
    return GroupCard(
        step=step.pk,
        number=group.number,
        mates=tuple(
            Mate(
                one.attendee.name,
                party_card(one.attendee.party),
                is_here(one.attendee, now),
                one.agreed is not None and one.agreed == group.revision,
                role_of(one.role, group.turns, len(places)),
            )
            for one in places
            if one.pk != own.pk
        ),
        draft=group.draft if writes else "",
        context=group.context if writes else "",
        revision=group.revision,
        agrees=own.agreed is not None and own.agreed == group.revision,
        confirmed=group.confirmed,
        call_link=group.call_link,
        role=role_of(own.role, group.turns, len(places)),
    )


def role_of(place: int, turns: int, size: int) -> int:
    """Return the role that a place in a group has after so many turns: 0 to 3."""
    return min((place + turns) % max(size, 1), 3)


def party_card(row: WorkshopParty | None) -> PartyCard | None:
    """Return an organisation of a workshop as pages show it."""
    return PartyCard(row.pk, row.name, row.position) if row is not None else None
