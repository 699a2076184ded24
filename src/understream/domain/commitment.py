"""What parties promise each other: proposed, accepted, and judged by both sides separately."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.journal import record
from understream.domain.topic import title_of
from understream.domain.word import WORDS, legible
from understream.records.alliance import Alliance, Party
from understream.records.answer import Answer
from understream.records.commitment import Commitment, CommitmentAcceptance, Judgement
from understream.records.evaluation import Evaluation, State
from understream.records.reflection import Reflection
from understream.records.seat import SeatRow

LONGEST_ACTION = 300
LONGEST_NOTE = 500
FURTHEST = 10
"""How many years ahead a commitment may be due."""
READ = (
    "alliance__time_zone",
    "evaluation__title",
    "topic",
    "answer__step__workshop__title",
    "giver",
    "receiver",
    "action",
    "owner__person__name",
    "due_on",
    "state",
    "written_by",
)
"""What a card tells of a commitment; nothing else is read, as a page may have dozens."""


class Stands(Refused):
    """What all have accepted is changed by a new commitment, not by taking words back."""

    reason = _(
        "This commitment stands. If it changed, judge it as renegotiated and propose a new one."
    )


class NotStanding(Refused):
    """Only what stands can be judged."""

    reason = _("This commitment does not stand, so there is nothing to judge.")


@dataclass(frozen=True, slots=True)
class JudgementCard:
    """What one side says became of a commitment."""

    party: PartyCard
    outcome: str
    word: str
    note: str
    at: datetime
    own: bool


@dataclass(frozen=True, slots=True)
class CommitmentCard:
    """A commitment as its pages show it.

    :ivar kind: ``proposed``, ``withdrawn``, ``open``, ``kept``, ``renegotiated``, ``broken``, or
        ``split`` where the two sides judge differently.
    :ivar judgements: the own one at once, both when both sides have judged.
    :ivar workshop: key of the workshop in which it was first said, 0 for none.
    :ivar waiting_for: whose yes is missing, while it is proposed.
    :ivar judged_by: the sides that have judged, without what they say.
    """

    key: int
    giver: PartyCard
    receiver: PartyCard
    action: str
    owner: str
    due_on: date
    state: str
    kind: str
    overdue: bool
    evaluation: int
    evaluation_title: str
    topic: str
    topic_title: str
    workshop: int
    workshop_title: str
    accepted_by: tuple[PartyCard, ...]
    waiting_for: tuple[PartyCard, ...]
    judgements: tuple[JudgementCard, ...]
    judged_by: tuple[PartyCard, ...]
    may_accept: bool
    may_judge: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who can own a commitment."""

    key: int
    name: str
    party: int


def commitments_of(seat: Seat, *, language: str, now: datetime) -> tuple[CommitmentCard, ...]:
    """Return the commitments of the seat's alliance, the one that is due first in front."""
    require(seat, Act.COMMITMENT_READ, Where(seat.alliance))
    rows = reach.commitments_within(seat)
    return _cards(seat, rows.order_by("due_on", "pk"), language, now)


def commitments_around(
    seat: Seat,
    evaluation: Evaluation,
    *,
    language: str,
    now: datetime,
    parties: Mapping[int, PartyCard] | None = None,
) -> tuple[tuple[CommitmentCard, ...], tuple[CommitmentCard, ...]]:
    """Return what stood before this evaluation began, and what came from it.

    The first is what the parties promised last time.

    :param parties: of the alliance, where they are known already.
    """
    require(seat, Act.COMMITMENT_READ, Where(seat.alliance))
    since = evaluation.opened_at or now
    stood = Q(state=Commitment.State.STANDING, stood_at__lt=since)
    rows = reach.commitments_within(seat).filter(stood | Q(evaluation=evaluation))
    cards = _cards(seat, rows.order_by("due_on", "pk"), language, now, parties)
    own = [one.evaluation == evaluation.pk for one in cards]
    return (
        tuple(one for one, from_it in zip(cards, own, strict=True) if not from_it),
        tuple(one for one, from_it in zip(cards, own, strict=True) if from_it),
    )


def promises_of(
    seat: Seat, key: int, *, language: str, now: datetime
) -> tuple[CommitmentCard, ...]:
    """Return what the parties had promised each other before an evaluation, by its key.

    :raises Missing: for an evaluation out of reach.
    """
    row = reach.evaluations_within(seat).filter(pk=key).first()
    if row is None:
        raise Missing
    promises, _own = commitments_around(seat, row, language=language, now=now)
    return promises


def commitment_before(seat: Seat, key: int, *, language: str, now: datetime) -> CommitmentCard:
    """Return one commitment of the seat's alliance.

    :raises Missing: for one that is not there, or of another alliance.
    """
    require(seat, Act.COMMITMENT_READ, Where(seat.alliance))
    cards = _cards(seat, reach.commitments_within(seat).filter(pk=key), language, now)
    if not cards:
        raise Missing
    return cards[0]


def _cards(
    seat: Seat,
    rows: Iterable[Commitment],
    language: str,
    now: datetime,
    parties: Mapping[int, PartyCard] | None = None,
) -> tuple[CommitmentCard, ...]:
    kept = list(
        rows.select_related("alliance", "owner__person", "evaluation", "answer__step__workshop")  # type: ignore[attr-defined] # a query
        .only(*READ)
        .prefetch_related(
            Prefetch("acceptances", CommitmentAcceptance.objects.only("commitment", "party")),
            "judgements",
            Prefetch("evaluation__reflections", Reflection.objects.only("evaluation", "party")),
        )
    )
    if not kept:
        return ()
    known = parties or parties_in(seat.alliance)
    today = now.astimezone(ZoneInfo(kept[0].alliance.time_zone)).date()
    return tuple(_card(seat, one, known, language, today) for one in kept)


def parties_in(alliance: int) -> dict[int, PartyCard]:
    """Return the parties of an alliance by key, in their order."""
    rows = Party.objects.filter(alliance=alliance).select_related("organisation")
    return {
        row.pk: PartyCard(row.pk, row.organisation.name, row.position)
        for row in rows.order_by("position")
    }


def _card(
    seat: Seat, row: Commitment, parties: Mapping[int, PartyCard], language: str, today: date
) -> CommitmentCard:
    concerned = _concerned(row)
    accepted = {one.party_id for one in row.acceptances.all()}
    judged = {one.party_id: one for one in row.judgements.all()}
    sides = (row.giver_id, row.receiver_id)
    both = all(side in judged for side in sides)
    proposed = row.state == Commitment.State.PROPOSED
    standing = row.state == Commitment.State.STANDING
    own = Where(row.alliance_id, seat.party)
    return CommitmentCard(
        key=row.pk,
        giver=parties[row.giver_id],
        receiver=parties[row.receiver_id],
        action=row.action,
        owner=row.owner.person.name,
        due_on=row.due_on,
        state=row.state,
        kind=_kind(row, [judged[side].outcome for side in sides] if both else []),
        overdue=standing and not both and row.due_on < today,
        evaluation=row.evaluation_id or 0,
        evaluation_title=row.evaluation.title if row.evaluation else "",
        topic=row.topic,
        topic_title=title_of(row.topic, language=language),
        workshop=row.answer.step.workshop_id if row.answer else 0,
        workshop_title=row.answer.step.workshop.title if row.answer else "",
        accepted_by=tuple(card for key, card in parties.items() if key in accepted),
        waiting_for=tuple(
            card for key, card in parties.items() if key in concerned and key not in accepted
        )
        if proposed
        else (),
        judgements=tuple(
            JudgementCard(
                parties[side],
                judged[side].outcome,
                str(WORDS[judged[side].outcome]),
                judged[side].note,
                judged[side].at,
                side == seat.party,
            )
            for side in sides
            if side in judged and (both or side == seat.party)
        ),
        judged_by=tuple(parties[side] for side in sides if side in judged),
        may_accept=proposed
        and seat.party in concerned
        and seat.party not in accepted
        and may(seat, Act.COMMITMENT_ACCEPT, own),
        may_judge=standing and seat.party in sides and may(seat, Act.COMMITMENT_JUDGE, own),
        may_withdraw=proposed and _may_withdraw(seat, row),
    )


def _concerned(row: Commitment) -> set[int]:
    """Return whose yes is needed: of an evaluation every party of it, else the two."""
    if row.evaluation is not None:
        return {one.party_id for one in row.evaluation.reflections.all()}
    return {row.giver_id, row.receiver_id}


def _kind(row: Commitment, outcomes: Sequence[str]) -> str:
    if row.state != Commitment.State.STANDING:
        return row.state
    if not outcomes:
        return "open"
    return outcomes[0] if len(set(outcomes)) == 1 else "split"


def _may_withdraw(seat: Seat, row: Commitment) -> bool:
    if row.written_by_id == seat.key:
        return may(seat, Act.COMMITMENT_WRITE, Where(row.alliance_id))
    own = seat.party in (row.giver_id, row.receiver_id)
    return own and may(seat, Act.COMMITMENT_ACCEPT, Where(row.alliance_id, seat.party))


def owners_of(seat: Seat) -> tuple[Owner, ...]:
    """Return who can own a commitment: the people of the parties, by name."""
    require(seat, Act.COMMITMENT_WRITE, Where(seat.alliance))
    rows = SeatRow.objects.filter(alliance=seat.alliance, left_at=None, party__isnull=False)
    return tuple(
        Owner(key, name, party)
        for key, name, party in rows.order_by("person__name", "pk").values_list(
            "pk", "person__name", "party"
        )
    )


@transaction.atomic
def propose_commitment(
    seat: Seat,
    *,
    receiver: int,
    action: str,
    owner: int,
    due_on: date,
    evaluation: int = 0,
    topic: str = "",
    takeout: int = 0,
    now: datetime,
) -> int:
    """Propose that one party does something for another, by a day; the owner's party gives it.

    A manager who proposes accepts it for the own party with that.

    :param receiver: key of the party it is for.
    :param owner: key of the seat that sees to it.
    :param evaluation: key of the evaluation it comes from, 0 for none.
    :param takeout: key of the answer in a workshop in which it was first said, 0 for none.
    :returns: the key of the commitment.
    :raises Unfit: by field.
    :raises Missing: for an evaluation out of reach or not open, or an answer of another alliance.
    """
    require(seat, Act.COMMITMENT_WRITE, Where(seat.alliance))
    alliance = Alliance.objects.get(pk=seat.alliance)
    today = now.astimezone(ZoneInfo(alliance.time_zone)).date()
    text = " ".join(legible(action).split())
    held = SeatRow.objects.filter(pk=owner, alliance=alliance, left_at=None).first()
    faults: dict[str, str | Promise] = {}
    if not 0 < len(text) <= LONGEST_ACTION:
        faults["action"] = _("Say in at most %(most)s characters what will be done.") % {
            "most": LONGEST_ACTION
        }
    if held is None or held.party_id is None:
        faults["owner"] = _("Choose who sees to it.")
    elif receiver not in parties_in(alliance.pk) or receiver == held.party_id:
        faults["receiver"] = _("A commitment is to another party. Choose which.")
    if due_on < today:
        faults["due_on"] = _("Choose a day from today on.")
    elif due_on > date(today.year + FURTHEST, 12, 31):
        faults["due_on"] = _("Choose a day within ten years.")
    if faults or held is None or held.party_id is None:
        raise Unfit(faults)
    origin = _origin(seat, evaluation, {held.party_id, receiver}) if evaluation else None
    if (
        takeout
        and not Answer.objects.filter(pk=takeout, step__workshop__alliance=alliance).exists()
    ):
        raise Missing
    row = Commitment.objects.create(
        alliance=alliance,
        evaluation=origin,
        topic=topic if title_of(topic, language="en") else "",
        answer_id=takeout or None,
        giver_id=held.party_id,
        receiver_id=receiver,
        action=text,
        owner=held,
        due_on=due_on,
        written_by_id=seat.key,
        written_at=now,
    )
    names = parties_in(alliance.pk)
    record(
        seat,
        "commitment.propose",
        now=now,
        words={"giver": names[row.giver_id].name, "receiver": names[row.receiver_id].name},
    )
    if may(seat, Act.COMMITMENT_ACCEPT, Where(alliance.pk, seat.party)):
        _accept(seat, row, now)
    return row.pk


def _origin(seat: Seat, key: int, sides: set[int]) -> Evaluation:
    row = (
        reach.evaluations_within(seat)
        .filter(pk=key, state__in=(State.REVEALED, State.AGREED))
        .prefetch_related("reflections")
        .first()
    )
    if row is None or not sides <= {one.party_id for one in row.reflections.all()}:
        raise Missing
    return row


def _locked(seat: Seat, key: int) -> Commitment:
    found = reach.commitments_within(seat).filter(pk=key).values_list("pk", flat=True).first()
    if found is None:
        raise Missing
    return (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("evaluation")
        .get(pk=found)
    )


@transaction.atomic
def accept_commitment(seat: Seat, key: int, *, now: datetime) -> bool:
    """Accept a commitment for the own party; it stands when every party concerned has.

    :returns: whether it stands now.
    :raises Missing: for a party that is not concerned.
    :raises Refused: for one that was withdrawn.
    """
    row = _locked(seat, key)
    require(seat, Act.COMMITMENT_ACCEPT, Where(row.alliance_id, seat.party))
    if seat.party not in _concerned(row):
        raise Missing
    if row.state == Commitment.State.WITHDRAWN:
        raise Refused(_("This commitment was withdrawn. Propose it anew if it is still wanted."))
    if row.state == Commitment.State.STANDING:
        return True
    return _accept(seat, row, now)


def _accept(seat: Seat, row: Commitment, now: datetime) -> bool:
    if seat.party not in _concerned(row):
        return False
    names = parties_in(row.alliance_id)
    _yes, fresh = CommitmentAcceptance.objects.get_or_create(
        commitment=row, party_id=seat.party, defaults={"seat_id": seat.key, "at": now}
    )
    if fresh:
        record(
            seat,
            "commitment.accept",
            now=now,
            words={"party": names[seat.party].name, "action": row.action},
        )
    said = set(CommitmentAcceptance.objects.filter(commitment=row).values_list("party", flat=True))
    if not _concerned(row) <= said:
        return False
    row.state, row.stood_at = Commitment.State.STANDING, now
    row.save(update_fields=["state", "stood_at"])
    record(
        seat,
        "commitment.stand",
        now=now,
        words={
            "giver": names[row.giver_id].name,
            "receiver": names[row.receiver_id].name,
            "action": row.action,
            "on": row.due_on.isoformat(),
        },
    )
    return True


@transaction.atomic
def withdraw_commitment(seat: Seat, key: int, *, now: datetime) -> None:
    """Withdraw a commitment that does not stand yet: who wrote it, or a manager of either side.

    :raises Stands: once all have accepted it.
    :raises Missing: for anybody else.
    """
    row = _locked(seat, key)
    require(seat, Act.COMMITMENT_READ, Where(row.alliance_id))
    if not _may_withdraw(seat, row):
        raise Missing
    if row.state == Commitment.State.STANDING:
        raise Stands
    row.state = Commitment.State.WITHDRAWN
    row.save(update_fields=["state"])
    record(seat, "commitment.withdraw", now=now, words={"action": row.action})


@transaction.atomic
def judge_commitment(seat: Seat, key: int, *, outcome: str, note: str = "", now: datetime) -> None:
    """Say for the own party what became of a commitment; it can be said again.

    Each side judges by itself: what it says is shown to the other when both have.

    :param outcome: ``kept``, ``renegotiated`` or ``broken``.
    :raises NotStanding: for one that does not stand.
    :raises Missing: for a party on neither side.
    :raises Unfit: by field.
    """
    row = _locked(seat, key)
    require(seat, Act.COMMITMENT_JUDGE, Where(row.alliance_id, seat.party))
    if seat.party not in (row.giver_id, row.receiver_id):
        raise Missing
    if row.state != Commitment.State.STANDING:
        raise NotStanding
    text = legible(note)
    faults: dict[str, str | Promise] = {}
    if outcome not in Judgement.Outcome.values:
        faults["outcome"] = _("Choose one of the three.")
    if len(text) > LONGEST_NOTE:
        faults["note"] = _("Write at most %(most)s characters.") % {"most": LONGEST_NOTE}
    if faults:
        raise Unfit(faults)
    Judgement.objects.update_or_create(
        commitment=row,
        party_id=seat.party,
        defaults={"outcome": outcome, "note": text, "seat_id": seat.key, "at": now},
    )
    record(
        seat,
        "commitment.judge",
        now=now,
        words={"party": parties_in(row.alliance_id)[seat.party].name, "action": row.action},
    )
