"""What people take home and will do; what they will do becomes a commitment of the alliance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.commitment import LONGEST_ACTION, propose_commitment
from understream.domain.journal import record
from understream.domain.pair import party_card
from understream.domain.workshop import where_of
from understream.records.answer import Answer
from understream.records.commitment import Commitment
from understream.records.workshop import Step, WorkshopParty

WILL_DO = 1
"""The column of a takeouts step that says what somebody will do."""


class AlreadyKept(Refused):
    """One takeout becomes one commitment."""

    reason = _("This takeout is a commitment already. Open it from here.")


@dataclass(frozen=True, slots=True)
class Takeout:
    """One takeout, and what has become of it.

    :ivar receiver: key of the party of the alliance it is for, as its writer said, 0 for none.
    :ivar owner: key of the writer's seat in the alliance, 0 if they came without one.
    :ivar commitment: key of the commitment it has become, 0 while it is none.
    """

    key: int
    text: str
    name: str
    party: PartyCard | None
    will_do: bool
    receiver: int
    receiver_name: str
    before: date | None
    owner: int
    commitment: int
    may_keep: bool


def takeouts_of(seat: Seat, workshop: int) -> tuple[Takeout, ...]:
    """Return the takeouts of a workshop, those that say what somebody will do first.

    :raises Missing: for a workshop out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_READ, where_of(row))
    keeps = row.alliance_id is not None and may(
        seat, Act.COMMITMENT_WRITE, Where(alliance=row.alliance_id)
    )
    parties = {one.pk: one for one in WorkshopParty.objects.filter(workshop=row)}
    answers = Answer.objects.filter(
        step__workshop=row, step__kind=Step.Kind.TAKEOUTS, state=Answer.State.SHOWN
    ).select_related("party", "attendee__seat", "step")
    kept = _commitments(answers.values_list("pk", flat=True))
    cards = [_card(one, parties, kept, keeps=keeps) for one in answers]
    return tuple(sorted(cards, key=lambda one: not one.will_do))


def _commitments(answers: Iterable[int]) -> dict[int, int]:
    rows = Commitment.objects.filter(answer__in=answers).exclude(state=Commitment.State.WITHDRAWN)
    return dict(rows.values_list("answer", "pk"))


def _card(
    row: Answer, parties: Mapping[int, WorkshopParty], kept: Mapping[int, int], *, keeps: bool
) -> Takeout:
    value = row.value or {}
    receiver = parties.get(value.get("for", 0))
    named = row.step.identity == Step.Identity.NAMED
    seat = row.attendee.seat if row.attendee is not None else None
    will_do = row.column == WILL_DO
    return Takeout(
        key=row.pk,
        text=row.paraphrase or row.text,
        name=row.attendee.name if named and row.attendee is not None else "",
        party=party_card(row.party),
        will_do=will_do,
        receiver=(receiver.party_id or 0) if receiver else 0,
        receiver_name=receiver.name if receiver else "",
        before=date.fromisoformat(value["before"]) if "before" in value else None,
        owner=seat.pk if named and seat is not None and seat.left_at is None else 0,
        commitment=kept.get(row.pk, 0),
        may_keep=keeps and will_do and row.pk not in kept,
    )


@transaction.atomic
def keep_takeout(
    seat: Seat,
    workshop: int,
    key: int,
    *,
    receiver: int,
    owner: int,
    due_on: date,
    action: str = "",
    now: datetime,
) -> int:
    """Make a commitment of a takeout: it is proposed, says where it comes from, and is said there.

    :param receiver: key of the party of the alliance that it is for.
    :param owner: key of the seat that sees to it.
    :param action: what will be done, "" for the words of the takeout.
    :returns: the key of the commitment.
    :raises AlreadyKept: if it is one already.
    :raises Unfit: by field.
    :raises Missing: for a takeout out of reach.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_READ, where_of(row))
    found = Answer.objects.filter(
        pk=key, step__workshop=row, step__kind=Step.Kind.TAKEOUTS, state=Answer.State.SHOWN
    ).first()
    if found is None or row.alliance_id is None:
        raise Missing
    if _commitments([found.pk]):
        raise AlreadyKept
    made = propose_commitment(
        seat,
        receiver=receiver,
        action=action or (found.paraphrase or found.text)[:LONGEST_ACTION],
        owner=owner,
        due_on=due_on,
        takeout=found.pk,
        now=now,
    )
    record(seat, "takeout.keep", now=now, words={"workshop": row.title})
    return made
