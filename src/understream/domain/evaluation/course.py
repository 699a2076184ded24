"""What can be known of an evaluation: its cards, and who may see what when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain import round as rounds
from understream.domain.alliance import PartyCard
from understream.domain.evaluation.agreement import _names_of
from understream.domain.instrument import EVALUATION
from understream.records.alliance import Party
from understream.records.evaluation import (
    Acceptance,
    Evaluation,
    State,
)
from understream.records.reflection import Guest, Reflection
from understream.records.round import Cohort, Mode
from understream.records.round import State as RoundState


class Sight(StrEnum):
    """What of the partners' figures can be seen."""

    NONE = "none"
    HARD = "hard"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PartyInEvaluation:
    """One party in an evaluation, as every party may know it: never how far it is.

    :ivar mode: how its people speak; "" before it has accepted.
    :ivar size: how many are asked: exact for the own party, in steps for others.
    :ivar state: ``waiting`` or ``accepted`` before the beginning; then ``writing`` or ``sealed``.
    """

    party: PartyCard
    mode: str
    size: str
    state: str
    at: datetime | None
    own: bool


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """What somebody proposes while a party is waited for.

    :ivar waiting_for: the parties that have sealed and have not said yes yet.
    """

    key: int
    kind: str
    until: datetime | None
    by: str
    at: datetime
    consented: tuple[str, ...]
    waiting_for: tuple[str, ...]
    may_consent: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class RoundOfEvaluation:
    """A round that belongs to an evaluation."""

    key: int
    title: str
    instrument: str
    titles: Mapping[str, str]
    state: str


@dataclass(frozen=True, slots=True)
class EvaluationCard:
    """An evaluation as its pages show it.

    :ivar stage: for this seat: ``prepare``, ``alone``, ``within``, ``reveal`` (sealed, waiting),
        ``joint`` or ``over``.
    :ivar one_voice: whether the own party fills in its reflection as its one form.
    :ivar gate: whether part 2 waits for the joint notes on blocks 1 to 4.
    :ivar lapsed: whether the deadline has passed with a party still to seal.
    :ivar reads_along: the parties that let this seat, a facilitator's, read what they write.
    :ivar visits: the parties that let this facilitator read their reflection.
    """

    key: int
    code: str
    alliance: int
    alliance_name: str
    time_zone: str
    title: str
    scope: str
    depth: str
    scans: tuple[str, ...]
    state: str
    stage: str
    k: int
    shares_figures: bool
    asks_comment: bool
    facilitator: int
    facilitator_name: str
    answer_until: datetime
    seal_until: datetime
    if_never: str
    extra_days: int
    extended: bool
    version: int
    opened_at: datetime | None
    revealed_at: datetime | None
    soft_opened_at: datetime | None
    ended_at: datetime | None
    rounds: tuple[RoundOfEvaluation, ...]
    parties: tuple[PartyInEvaluation, ...]
    waiting_for: tuple[str, ...]
    proposal: ProposalCard | None
    one_voice: bool
    own_sealed: bool
    gate: bool
    lapsed: bool
    reads_along: tuple[PartyCard, ...]
    may_change: bool
    may_accept: bool
    may_open: bool
    may_call_off: bool
    may_propose: bool
    may_read_reflection: bool
    may_write_reflection: bool
    may_seal: bool
    may_take_back: bool
    may_read_joint: bool
    may_export: bool
    visits: tuple[PartyCard, ...]

    @property
    def mine(self) -> PartyInEvaluation | None:
        """Return the own party, if the seat is for one."""
        return next((one for one in self.parties if one.own), None)


@dataclass(frozen=True, slots=True)
class EvaluationLine:
    """One evaluation in a list."""

    key: int
    title: str
    state: str
    answer_until: datetime
    seal_until: datetime
    revealed_at: datetime | None
    ended_at: datetime | None


def evaluations_of(seat: Seat) -> tuple[EvaluationLine, ...]:
    """Return the evaluations of the seat's alliance, the newest first."""
    require(seat, Act.EVALUATION_READ, Where(seat.alliance))
    return tuple(
        EvaluationLine(
            row.pk,
            row.title,
            row.state,
            row.answer_until,
            row.seal_until,
            row.revealed_at,
            row.ended_at,
        )
        for row in reach.evaluations_within(seat).order_by("-seal_until", "-pk")
    )


def evaluation_before(seat: Seat, key: int, *, now: datetime) -> EvaluationCard:
    """Return an evaluation of the seat's alliance.

    :raises Missing: for an evaluation that is not there, of another alliance, or that began before
        the seat's party came.
    """
    row = (
        reach.evaluations_within(seat)
        .filter(pk=key)
        .select_related("alliance", "facilitator__person")
        .first()
    )
    if row is None:
        raise Missing
    require(seat, Act.EVALUATION_READ, Where(row.alliance_id))
    asked = list(row.rounds.select_related("instrument").order_by("pk"))
    cohorts = list(Cohort.objects.filter(round__in=asked))
    acceptances = {one.party_id: one for one in row.acceptances.all()}
    reflections = {one.party_id: one for one in row.reflections.all()}
    topics = next((one for one in asked if one.instrument.code == EVALUATION), None)
    modes = {one.party_id: one for one in cohorts if topics and one.round_id == topics.pk}
    parties = tuple(
        _party_card(seat, row, party, acceptances.get(party.pk), modes.get(party.pk), reflections)
        for party in _parties_of(row, reflections)
    )
    own = reflections.get(seat.party)
    mine = modes.get(seat.party)
    one_voice = mine is not None and mine.mode == Mode.ONE_VOICE
    closed = topics is not None and topics.state == RoundState.CLOSED
    return EvaluationCard(
        key=row.pk,
        code=row.code,
        alliance=row.alliance_id,
        alliance_name=row.alliance.name,
        time_zone=row.alliance.time_zone,
        title=row.title,
        scope=row.scope,
        depth=row.depth,
        scans=tuple(one.instrument.code for one in asked if one.instrument.code != EVALUATION),
        state=row.state,
        stage=_stage(row, own, begins=closed or one_voice),
        k=row.k,
        shares_figures=row.shares_figures,
        asks_comment=row.asks_comment,
        facilitator=row.facilitator_id or 0,
        facilitator_name=row.facilitator.person.name if row.facilitator else "",
        answer_until=row.answer_until,
        seal_until=row.seal_until,
        if_never=row.if_never,
        extra_days=row.extra_days,
        extended=row.extended,
        version=row.version,
        opened_at=row.opened_at,
        revealed_at=row.revealed_at,
        soft_opened_at=row.soft_opened_at,
        ended_at=row.ended_at,
        rounds=tuple(
            RoundOfEvaluation(
                one.pk,
                one.title,
                one.instrument.code,
                dict(one.instrument.content["title"]),
                one.state,
            )
            for one in asked
        ),
        parties=parties,
        waiting_for=tuple(one.party.name for one in parties if one.state in ("waiting", "writing"))
        if row.state in (State.PREPARING, State.RUNNING)
        else (),
        proposal=_proposal_card(seat, row, reflections),
        one_voice=one_voice,
        own_sealed=own is not None and own.sealed_at is not None,
        gate=row.revealed_at is not None and row.soft_opened_at is None,
        lapsed=row.state == State.RUNNING and row.seal_until <= now,
        reads_along=_reads_along(seat, row),
        **_rights(seat, row, parties, own, begins=closed or one_voice, now=now),
        visits=_visits(seat, row, parties),
    )


def _visits(
    seat: Seat, row: Evaluation, parties: Sequence[PartyInEvaluation]
) -> tuple[PartyCard, ...]:
    if seat.role != Role.FACILITATOR:
        return ()
    admitted = Guest.objects.filter(reflection__evaluation=row, seat=seat.key)
    keys = set(admitted.values_list("reflection__party", flat=True))
    return tuple(one.party for one in parties if one.party.key in keys)


def _reads_along(seat: Seat, row: Evaluation) -> tuple[PartyCard, ...]:
    """Return who let a facilitator read what it writes, as long as nothing is open."""
    if seat.role != Role.FACILITATOR or row.state != State.RUNNING:
        return ()
    lets = Guest.objects.filter(seat=seat.key, reflection__evaluation=row)
    parties = [
        one.reflection.party for one in lets.select_related("reflection__party__organisation")
    ]
    return tuple(
        PartyCard(one.pk, one.organisation.name, one.position)
        for one in sorted(parties, key=lambda one: one.position)
    )


def _stage(row: Evaluation, own: Reflection | None, *, begins: bool) -> str:
    match row.state:
        case State.PREPARING:
            return "prepare"
        case State.REVEALED | State.AGREED:
            return "joint"
        case State.RUNNING:
            if own is not None and own.sealed_at is not None:
                return "reveal"
            return "within" if begins else "alone"
        case _:
            return "over"


def _rights(
    seat: Seat,
    row: Evaluation,
    parties: Sequence[PartyInEvaluation],
    own: Reflection | None,
    *,
    begins: bool,
    now: datetime,
) -> dict[str, bool]:
    """Return what this seat may do now, by the name of the field."""
    here, mine = Where(row.alliance_id), Where(row.alliance_id, seat.party)
    preparing, running = row.state == State.PREPARING, row.state == State.RUNNING
    takes_part = own is not None
    free = takes_part and own is not None and own.sealed_at is None
    in_time = running and now < row.seal_until
    accepted = all(one.state == "accepted" for one in parties)
    return {
        "may_change": preparing and may(seat, Act.EVALUATION_PREPARE, here),
        "may_accept": preparing and may(seat, Act.EVALUATION_ACCEPT, mine),
        "may_open": preparing and accepted and may(seat, Act.EVALUATION_OPEN, here),
        "may_call_off": preparing and may(seat, Act.EVALUATION_PROPOSE, here),
        "may_propose": running and takes_part and may(seat, Act.EVALUATION_PROPOSE, here),
        "may_read_reflection": takes_part
        and (begins or not running)
        and may_read_reflection(seat, row),
        "may_write_reflection": free
        and begins
        and running
        and may(seat, Act.REFLECTION_WRITE, mine),
        "may_seal": free and begins and in_time and may(seat, Act.REFLECTION_SEAL, mine),
        "may_take_back": takes_part
        and not free
        and running
        and may(seat, Act.REFLECTION_SEAL, mine),
        "may_read_joint": row.revealed_at is not None and may(seat, Act.JOINT_READ, here),
        "may_export": takes_part and may(seat, Act.BUNDLE_EXPORT, mine),
    }


def may_read_reflection(seat: Seat, row: Evaluation) -> bool:
    """Tell whether a seat may read its own party's reflection: sponsors after the reveal only."""
    mine = Where(row.alliance_id, seat.party)
    if may(seat, Act.REFLECTION_READ, mine):
        return True
    after = row.revealed_at is not None
    return after and seat.party != 0 and may(seat, Act.JOINT_READ, Where(row.alliance_id))


def _parties_of(row: Evaluation, reflections: Mapping[int, Reflection]) -> list[Party]:
    """Return who takes part: once it has begun those who were there then."""
    rows = Party.objects.filter(alliance=row.alliance_id).select_related("organisation")
    if row.opened_at is not None:
        rows = rows.filter(pk__in=reflections)
    return list(rows.order_by("position"))


def _party_card(
    seat: Seat,
    row: Evaluation,
    party: Party,
    acceptance: Acceptance | None,
    cohort: Cohort | None,
    reflections: Mapping[int, Reflection],
) -> PartyInEvaluation:
    own = bool(seat.party) and party.pk == seat.party
    accepted = acceptance is not None and acceptance.version == row.version
    mode = cohort.mode if cohort is not None and accepted else ""
    size = cohort.size if cohort is not None and accepted else 0
    reflection = reflections.get(party.pk)
    at = acceptance.at if acceptance is not None and accepted else None
    if reflection is None:
        state = "accepted" if accepted else "waiting"
    else:
        at, state = reflection.sealed_at, "sealed" if reflection.sealed_at else "writing"
    return PartyInEvaluation(
        PartyCard(party.pk, party.organisation.name, party.position),
        mode,
        str(size or "") if own else rounds.steps_of(size),
        state,
        at,
        own,
    )


def _proposal_card(
    seat: Seat, row: Evaluation, reflections: Mapping[int, Reflection]
) -> ProposalCard | None:
    kept = row.proposals.filter(settled_at=None).select_related("seat__person").first()
    if kept is None or row.state != State.RUNNING:
        return None
    consents = dict(kept.consents.values_list("party", "seat"))
    names = _names_of(row.alliance_id)
    waiting = [
        one.party_id
        for one in reflections.values()
        if one.sealed_at is not None and one.party_id not in consents
    ]
    mine = Where(row.alliance_id, seat.party)
    return ProposalCard(
        kept.pk,
        kept.kind,
        kept.until,
        kept.seat.person.name,
        kept.at,
        tuple(names[party] for party in names if party in consents),
        tuple(names[party] for party in names if party in waiting),
        # A seal may have been taken back: then the yes of any party carries it.
        seat.party in (waiting or reflections) and may(seat, Act.EVALUATION_CONSENT, mine),
        consents.get(seat.party) == kept.seat_id
        and may(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id)),
    )


def sight_of(evaluation: Evaluation) -> Sight:
    """Return what of a partner's figures can be seen now."""
    if evaluation.revealed_at is None or not evaluation.shares_figures:
        return Sight.NONE
    return Sight.HARD if evaluation.soft_opened_at is None else Sight.ALL
