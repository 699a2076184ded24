"""Practise the four players: groups of four, each with a role that goes round."""

from datetime import datetime
from random import Random

from django.db import transaction

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain.attendee import is_here
from understream.domain.move import Changing, changing
from understream.domain.pair import seat_groups
from understream.domain.workshop import where_of
from understream.records.attendee import Attendee
from understream.records.pair import Group, Place
from understream.records.workshop import Step

ROLES = ("initiator", "follower", "critic", "bystander")
"""In the order in which places take them; a group of three has no bystander."""
FOUR, THREE = 4, 3


def sizes_of(people: int) -> list[int]:
    """Return the sizes of groups of four, with threes where it does not come out.

    Five stay together, with two bystanders; fewer than three practise as they are.

    >>> sizes_of(8), sizes_of(9), sizes_of(10), sizes_of(5)
    ([4, 4], [3, 3, 3], [4, 3, 3], [5])
    """
    if people < FOUR + THREE - 1:
        return [people] if people else []
    threes = -people % FOUR
    return [FOUR] * ((people - THREE * threes) // FOUR) + [THREE] * threes


def form_groups(step: Step, log: Changing, *, now: datetime, rng: Random) -> None:
    """Put everybody who is here and in no group yet into one, parties spread over the groups."""
    taken = set(Place.objects.filter(step=step).values_list("attendee", flat=True))
    rows = Attendee.objects.filter(workshop=step.workshop_id, left_at=None).order_by("pk")
    here = [one for one in rows if is_here(one, now) and one.pk not in taken]
    rng.shuffle(here)
    here.sort(key=lambda one: one.party_id or 0)
    sizes = sizes_of(len(here))
    groups: list[list[int]] = [[] for _size in sizes]
    # People of one party follow each other, so that dealing them out spreads the party.
    open_ = [at for at, _size in enumerate(sizes)]
    turn = 0
    for one in here:
        at = open_[turn % len(open_)]
        groups[at].append(one.pk)
        if len(groups[at]) == sizes[at]:
            open_.remove(at)
        else:
            turn += 1
    for group in groups:
        rng.shuffle(group)
    seat_groups(step, groups, log)


@transaction.atomic
def turn_roles(seat: Seat, workshop: int, step: int, *, now: datetime) -> None:
    """Let everybody in a rehearsal take the next role.

    :raises Missing: for a step that is not there or no rehearsal.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    if found.kind != Step.Kind.REHEARSAL:
        raise Missing
    with changing(seat, row, "rehearsal.turn", now=now) as log:
        for group in Group.objects.filter(step=found):
            log.change(group, turns=group.turns + 1)
        people = Place.objects.filter(step=found).values("attendee")
        Attendee.objects.filter(pk__in=people).update(changed=log.version)
        log.people()


def count_turns(step: int) -> int:
    """Return how often the roles have gone round."""
    return Group.objects.filter(step=step).values_list("turns", flat=True).first() or 0
