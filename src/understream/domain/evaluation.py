"""An evaluation: the agreement every party accepts first, its course, what ends it unopened."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import SYSTEM, Role, Seat
from understream.domain import letter, seal
from understream.domain import round as rounds
from understream.domain.alliance import PartyCard
from understream.domain.instrument import EVALUATION
from understream.domain.journal import record
from understream.domain.release import cancel_round
from understream.instruments import reader
from understream.measurement.disclosure import K
from understream.measurement.seal import canonical, framed
from understream.records.alliance import Alliance, Party
from understream.records.due import Due
from understream.records.evaluation import (
    Acceptance,
    Consent,
    Depth,
    Evaluation,
    IfNever,
    Proposal,
    State,
)
from understream.records.participation import Participation
from understream.records.reflection import Guest, Reflection
from understream.records.round import Cohort, Mode, Round
from understream.records.round import State as RoundState
from understream.records.seal import Envelope
from understream.records.seat import SeatRow

LONGEST_TITLE = 120
LONGEST_SCOPE = 600
MOST_EXTRA_DAYS = 60
REMIND_BEFORE = timedelta(days=2)
DESTROYED_AFTER = timedelta(days=30)
FURTHEST = timedelta(days=731)
"""How far ahead a deadline may lie."""
SCANS = ("trust", "pulse")
"""What can be asked beside the topics, in the order of depth."""
DEPTHS: dict[str, tuple[str, ...]] = {Depth.CYCLE: SCANS[:1], Depth.DEEP: SCANS}
"""What is proposed for each depth."""


class NotAgreed(Refused):
    """Nobody is written to before every party has accepted the agreement."""

    reason = _(
        "The evaluation can begin when a manager of every party has accepted the agreement."
    )


class Settled(Refused):
    """Once the evaluation has begun, its agreement stands."""

    reason = _("The evaluation has begun. What was agreed can no longer change.")


class Newer(Refused):
    """What somebody accepts is what is agreed now."""

    reason = _("The agreement was changed meanwhile. Read what is new, then accept it.")


class Ended(Refused):
    """An evaluation that was opened, called off or has expired stays as it is."""

    reason = _("This evaluation is over.")


class Another(Refused):
    """One evaluation at a time."""

    reason = _("An evaluation is being prepared or running. Finish it or call it off first.")


class Sight(StrEnum):
    """What of the partners' figures can be seen."""

    NONE = "none"
    HARD = "hard"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the parties agree on before anybody is asked.

    :ivar scans: codes of the questionnaires asked beside the topics.
    :ivar facilitator: key of the seat of a facilitator who reads comments first, 0 for nobody.
    """

    title: str
    scope: str
    depth: str
    scans: tuple[str, ...]
    answer_until: datetime
    seal_until: datetime
    k: int = K
    shares_figures: bool = True
    asks_comment: bool = True
    facilitator: int = 0
    if_never: str = IfNever.EXTEND
    extra_days: int = 7


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


# -------------------------------------------------------------------- questions


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


def _names_of(alliance: int) -> dict[int, str]:
    rows = Party.objects.filter(alliance=alliance).order_by("position")
    return dict(rows.values_list("pk", "organisation__name"))


def terms_before(seat: Seat, key: int) -> tuple[Terms, int]:
    """Return the terms of an evaluation that is being prepared, and their version.

    :raises Missing: for an evaluation out of reach.
    """
    row = reach.evaluations_within(seat).filter(pk=key).first()
    if row is None:
        raise Missing
    require(seat, Act.EVALUATION_PREPARE, Where(row.alliance_id))
    return _terms(row), row.version


def _terms(row: Evaluation) -> Terms:
    codes = row.rounds.order_by("pk").values_list("instrument__code", flat=True)
    return Terms(
        row.title,
        row.scope,
        row.depth,
        tuple(code for code in codes if code != EVALUATION),
        row.answer_until,
        row.seal_until,
        row.k,
        row.shares_figures,
        row.asks_comment,
        row.facilitator_id or 0,
        row.if_never,
        row.extra_days,
    )


def people_to_ask(seat: Seat, key: int) -> tuple[rounds.Candidate, ...]:
    """Return the people of the own party who can be asked in an evaluation.

    :raises Missing: for an evaluation out of reach, and unless the seat is a manager's.
    """
    topics = _topics_round(key)
    require(seat, Act.EVALUATION_ACCEPT, Where(topics.alliance_id, seat.party))
    _join(seat.party, key)
    return rounds.candidates(seat, topics.pk)


def _topics_round(key: int) -> Round:
    row = Round.objects.filter(evaluation=key, instrument__code=EVALUATION).first()
    if row is None:
        raise Missing
    return row


def _join(party: int, key: int) -> None:
    """Give a party that came while the agreement was being made its place in every round."""
    for asked in Round.objects.filter(evaluation=key, state=RoundState.PLANNED):
        Cohort.objects.get_or_create(
            round=asked, party_id=party, defaults={"mode": Mode.ONE_VOICE}
        )


def sight_of(evaluation: Evaluation) -> Sight:
    """Return what of a partner's figures can be seen now."""
    if evaluation.revealed_at is None or not evaluation.shares_figures:
        return Sight.NONE
    return Sight.HARD if evaluation.soft_opened_at is None else Sight.ALL


# ---------------------------------------------------------------------- prepare


@transaction.atomic
def prepare_evaluation(seat: Seat, *, terms: Terms, now: datetime, rng: Random) -> int:
    """Write down what the parties would agree on; nobody is asked anything yet.

    The managers of the other parties are written to.

    :param rng: where the evaluation's code comes from, by which receipts know it.
    :returns: the key of the evaluation.
    :raises Another: while one is being prepared or running.
    :raises Unfit: for terms that do not fit, by field.
    """
    require(seat, Act.EVALUATION_PREPARE, Where(seat.alliance))
    alliance = Alliance.objects.select_for_update(no_key=True).get(pk=seat.alliance)
    running = Evaluation.objects.filter(
        alliance=alliance, state__in=(State.PREPARING, State.RUNNING)
    )
    if running.exists():
        raise Another
    terms = _fit(seat, terms, now)
    row = Evaluation.objects.create(
        alliance=alliance, code=rng.randbytes(16).hex(), **_columns(terms)
    )
    _plan_rounds(seat, row, terms, now)
    record(seat, "evaluation.prepare", now=now, words={"evaluation": row.title})
    _ask_for_yes(seat, row)
    return row.pk


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "title": terms.title,
        "scope": terms.scope,
        "depth": terms.depth,
        "answer_until": terms.answer_until,
        "seal_until": terms.seal_until,
        "k": terms.k,
        "shares_figures": terms.shares_figures,
        "asks_comment": terms.asks_comment,
        "facilitator_id": terms.facilitator or None,
        "if_never": terms.if_never,
        "extra_days": terms.extra_days,
    }


def _fit(seat: Seat, terms: Terms, now: datetime) -> Terms:
    """Return the terms trimmed, or say by field what does not fit."""
    least = max(K, settings.UNDERSTREAM_K)
    title, scope = terms.title.strip(), terms.scope.strip()
    people = dict(rounds.facilitators_of(seat))
    checks: tuple[tuple[str, bool, str | Promise], ...] = (
        (
            "title",
            0 < len(title) <= LONGEST_TITLE,
            _("Give the evaluation a title of at most 120 characters."),
        ),
        ("scope", len(scope) <= LONGEST_SCOPE, _("Say in at most 600 characters what it covers.")),
        ("depth", terms.depth in Depth.values, _("Choose one of the depths shown.")),
        ("scans", set(terms.scans) <= set(SCANS), _("Choose from the scans shown.")),
        (
            "answer_until",
            terms.answer_until > now,
            _("This moment has passed. Choose a later one."),
        ),
        (
            "seal_until",
            terms.seal_until > terms.answer_until,
            _("Sealing comes after answering: choose a moment after the answers are in."),
        ),
        ("seal_until", terms.seal_until - now <= FURTHEST, _("Choose a moment within two years.")),
        (
            "k",
            least <= terms.k <= rounds.HIGHEST_K,
            _("The smallest group shown is %(least)s to %(most)s people.")
            % {"least": least, "most": rounds.HIGHEST_K},
        ),
        (
            "facilitator",
            not terms.facilitator or terms.facilitator in people,
            _("Choose a facilitator of this alliance, or nobody."),
        ),
        ("if_never", terms.if_never in IfNever.values, _("Choose one of the two.")),
        (
            "extra_days",
            1 <= terms.extra_days <= MOST_EXTRA_DAYS,
            _("Choose 1 to %(most)s days.") % {"most": MOST_EXTRA_DAYS},
        ),
    )
    faults = {name: sentence for name, fits, sentence in checks if not fits}
    if faults:
        raise Unfit(faults)
    scans = tuple(code for code in SCANS if code in terms.scans)
    return replace(terms, title=title, scope=scope, scans=scans)


def _plan_rounds(seat: Seat, row: Evaluation, terms: Terms, now: datetime) -> None:
    for code in (EVALUATION, *terms.scans):
        rounds.plan_round(
            seat,
            instrument=code,
            title=terms.title,
            closes_at=terms.answer_until,
            k=terms.k,
            # One field is enough: what people want to say goes with the topics.
            asks_comment=terms.asks_comment and code == EVALUATION,
            moderator=terms.facilitator,
            evaluation=row.pk,
            now=now,
        )


def _ask_for_yes(seat: Seat, row: Evaluation) -> None:
    """Write to the managers whose yes is needed."""
    letter.post(
        letter.agreement_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            by=seat.name,
            key=row.pk,
        )
        for one in _managers(row.alliance_id)
        if one.pk != seat.key
    )


def _managers(alliance: int, parties: Iterable[int] | None = None) -> list[SeatRow]:
    rows = SeatRow.objects.filter(alliance=alliance, role=Role.MANAGER, left_at=None)
    if parties is not None:
        rows = rows.filter(party__in=parties)
    return list(rows.select_related("person").order_by("pk"))


@transaction.atomic
def change_agreement(seat: Seat, key: int, *, terms: Terms, now: datetime) -> None:
    """Change what is to be agreed; every party has to accept it anew.

    :raises Settled: once the evaluation has begun.
    :raises Unfit: for terms that do not fit, by field.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PREPARE, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise Settled if row.state == State.RUNNING else Ended
    terms = _fit(seat, terms, now)
    if terms == _terms(row):
        return
    for name, value in _columns(terms).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    # People are chosen again with each acceptance, so that nothing is lost with the old rounds.
    _forget_rounds(row)
    _plan_rounds(seat, row, terms, now)
    record(seat, "evaluation.change", now=now, words={"evaluation": row.title})
    _ask_for_yes(seat, row)


def _forget_rounds(row: Evaluation) -> None:
    Participation.objects.filter(cohort__round__evaluation=row).delete()
    Cohort.objects.filter(round__evaluation=row).delete()
    row.rounds.all().delete()


@transaction.atomic
def accept_agreement(
    seat: Seat,
    key: int,
    *,
    version: int,
    mode: str,
    seats: Collection[int],
    now: datetime,
    rng: Random,
) -> None:
    """Accept the agreement for the own party, with its mode and its people; can be said again.

    :param version: the version that was read.
    :param mode: how the party's people speak.
    :param seats: keys of seats of the own party.
    :param rng: where the links' randomness comes from.
    :raises Newer: if the agreement was changed meanwhile.
    :raises Settled: once the evaluation has begun.
    :raises Unfit: for nobody, somebody of another party, or fewer people than the mode needs.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_ACCEPT, Where(row.alliance_id, seat.party))
    if row.state != State.PREPARING:
        raise Settled if row.state == State.RUNNING else Ended
    if version != row.version:
        raise Newer
    _join(seat.party, key)
    for asked in row.rounds.order_by("pk"):
        rounds.confirm_cohort(
            seat, asked.pk, mode=mode, seats=seats, evaluation=row.pk, now=now, rng=rng
        )
    Acceptance.objects.update_or_create(
        evaluation=row,
        party_id=seat.party,
        defaults={"seat_id": seat.key, "version": row.version, "mode": mode, "at": now},
    )
    record(
        seat,
        "evaluation.accept",
        now=now,
        words={
            "evaluation": row.title,
            "party": _names_of(row.alliance_id)[seat.party],
            "mode": mode,
        },
    )


@transaction.atomic
def open_evaluation(seat: Seat, key: int, *, now: datetime, rng: Random) -> None:
    """Begin: write to everybody who is asked, and fix the agreement.

    :raises NotAgreed: until every party has accepted what is agreed now.
    :raises Ended: if it has begun already, was called off, or the end of answering has passed.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_OPEN, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise Ended(_("This evaluation has begun already.")) if row.opened_at else Ended
    if row.answer_until <= now:
        raise Ended(_("The end of answering has passed. Choose later dates first."))
    rows = Party.objects.filter(alliance=row.alliance_id).select_related("organisation")
    parties = list(rows.order_by("position"))
    accepted = row.acceptances.filter(version=row.version).values_list("party", flat=True)
    if len(parties) < 2 or {one.pk for one in parties} != set(accepted):  # noqa: PLR2004 - alone it is none
        raise NotAgreed
    for asked in row.rounds.order_by("pk"):
        rounds.open_round(seat, asked.pk, evaluation=row.pk, now=now, rng=rng)
    row.state, row.opened_at = State.RUNNING, now
    row.save(update_fields=["state", "opened_at"])
    Reflection.objects.bulk_create(Reflection(evaluation=row, party=one) for one in parties)
    seal.begin_log(row.alliance_id, rng=rng)
    seal.write_entry(
        row,
        "begun",
        now=now,
        alliance=row.alliance.name,
        title=row.title,
        parties=[str(one.pk) for one in parties],
        names=[one.organisation.name for one in parties],
        agreement=_agreement_hash(row),
    )
    _plan_dues(row, now)
    record(seat, "evaluation.open", now=now, words={"evaluation": row.title})
    letter.post([*_answer_letters(row), *_form_letters(row)])


def _agreement_hash(row: Evaluation) -> str:
    """Return the fingerprint of what was agreed."""
    terms = _terms(row)
    modes = {str(one.party_id): one.mode for one in row.acceptances.all()}
    held = {
        "title": terms.title,
        "scope": terms.scope,
        "depth": terms.depth,
        "scans": list(terms.scans),
        "answer_until": terms.answer_until.isoformat(),
        "seal_until": terms.seal_until.isoformat(),
        "k": terms.k,
        "shares_figures": terms.shares_figures,
        "asks_comment": terms.asks_comment,
        "if_never": terms.if_never,
        "extra_days": terms.extra_days,
        "modes": modes,
    }
    return sha256(framed("agreement.v1", canonical(held))).hexdigest()


def _plan_dues(row: Evaluation, now: datetime) -> None:
    moments = [
        ("evaluation.deadline", row.seal_until),
        ("evaluation.expire", row.seal_until + DESTROYED_AFTER),
    ]
    if row.answer_until - REMIND_BEFORE > now:
        moments.append(("evaluation.answer", row.answer_until - REMIND_BEFORE))
    if row.seal_until - REMIND_BEFORE > now:
        moments.append(("evaluation.seal", row.seal_until - REMIND_BEFORE))
    for kind, at in moments:
        Due.objects.get_or_create(kind=kind, key=row.pk, at=at)


def _answer_letters(row: Evaluation, *, reminder: bool = False) -> list[letter.Letter]:
    """Return a letter for everybody who is asked, with a personal link for each questionnaire."""
    rights = (
        Participation.objects.filter(
            reach.STANDING, cohort__round__evaluation=row, cohort__round__state=RoundState.OPEN
        )
        .exclude(cohort__mode=Mode.ONE_VOICE)
        .select_related("seat__person", "cohort__round__instrument")
        .order_by("seat", "cohort__round")
    )
    if reminder:
        rights = rights.filter(used=False)
    links: dict[int, list[Participation]] = {}
    for right in rights:
        links.setdefault(right.seat_id, []).append(right)
    return [
        letter.evaluation_letter(
            to=mine[0].seat.person.email,
            name=mine[0].seat.person.name,
            language=mine[0].seat.person.language,
            alliance=row.alliance.name,
            title=row.title,
            until=row.answer_until,
            zone=row.alliance.time_zone,
            links=[
                (
                    reader.load(right.cohort.round.instrument.code).title.into(
                        right.seat.person.language
                    ),
                    reach.link_of(right.nonce),
                )
                for right in mine
            ],
            reminder=reminder,
        )
        for mine in links.values()
    ]


def _form_letters(row: Evaluation) -> list[letter.Letter]:
    """Return the letters to managers of parties that speak with one voice."""
    parties = Cohort.objects.filter(
        round__evaluation=row, round__instrument__code=EVALUATION, mode=Mode.ONE_VOICE
    ).values_list("party", flat=True)
    return rounds.reflection_letters(row, list(parties))


@transaction.atomic
def call_off_evaluation(seat: Seat, key: int, *, now: datetime) -> None:
    """Call off an evaluation that has not begun: nobody was asked anything.

    :raises Settled: once it has begun; then all who have sealed have to agree.
    :raises Ended: if it is over.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    if row.state != State.PREPARING:
        raise (
            Settled(_("The evaluation has begun. Propose to call it off instead."))
            if row.state == State.RUNNING
            else Ended
        )
    _call_off(seat, row, now)


def _call_off(seat: Seat, row: Evaluation, now: datetime) -> None:
    """End an evaluation unopened: running rounds and sealed envelopes are destroyed."""
    still = (RoundState.PLANNED, RoundState.OPEN)
    for asked in row.rounds.filter(state__in=still).order_by("pk"):
        cancel_round(seat, asked.pk, evaluation=row.pk, now=now)
    if row.opened_at is not None:
        seal.write_entry(row, "cancelled", now=now)
    _destroy_envelopes(row, now)
    row.proposals.filter(settled_at=None).update(settled_at=now)
    row.state, row.ended_at = State.CANCELLED, now
    row.save(update_fields=["state", "ended_at"])
    record(seat, "evaluation.cancel", now=now, words={"evaluation": row.title})


def _destroy_envelopes(row: Evaluation, now: datetime) -> None:
    """Destroy what was sealed; what a party wrote within itself stays with its own people."""
    Envelope.objects.filter(reflection__evaluation=row).delete()
    row.reflections.update(sealed_at=None, sealed_by=None, digest="", entry=None)
    if row.opened_at is not None:
        Due.objects.get_or_create(kind="forget", key=row.pk, at=now)


# ------------------------------------------------------- while a party is waited for


@transaction.atomic
def propose_end(
    seat: Seat, key: int, *, kind: str, until: datetime | None = None, now: datetime
) -> bool:
    """Propose to move the deadline or to call the evaluation off; needs all who have sealed.

    :param kind: ``extend`` or ``cancel``.
    :param until: the new deadline, for ``extend``.
    :returns: whether it was carried out at once, because nobody else has to agree.
    :raises Refused: while another proposal waits that can still be carried out.
    :raises Ended: unless the evaluation is running.
    :raises Unfit: for a deadline that has passed or is earlier than the one agreed.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    if row.state != State.RUNNING or not row.reflections.filter(party=seat.party).exists():
        raise Ended
    if kind not in Proposal.Kind.values:
        raise Unfit({"kind": _("Choose one of the two.")})
    if kind == Proposal.Kind.EXTEND:
        _fit_deadline(row, until, now)
    row.proposals.filter(settled_at=None, until__lte=now).update(settled_at=now)
    if row.proposals.filter(settled_at=None).exists():
        raise Refused(_("A proposal waits already. Answer it, or let it be withdrawn, first."))
    proposal = Proposal.objects.create(
        evaluation=row,
        kind=kind,
        until=until if kind == Proposal.Kind.EXTEND else None,
        seat_id=seat.key,
        at=now,
    )
    Consent.objects.create(proposal=proposal, party_id=seat.party, seat_id=seat.key, at=now)
    record(seat, f"evaluation.propose.{kind}", now=now, words=_proposed(row, proposal))
    if _carry(seat, row, proposal, now):
        return True
    letter.post(
        letter.proposal_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            by=seat.name,
            key=row.pk,
        )
        for one in _managers(row.alliance_id, row.reflections.values_list("party", flat=True))
        if one.pk != seat.key
    )
    return False


def _fit_deadline(row: Evaluation, until: datetime | None, now: datetime) -> None:
    if until is None or until <= now:
        raise Unfit({"until": _("This moment has passed. Choose a later one.")})
    if until <= row.seal_until:
        raise Unfit({"until": _("The deadline can move on, not back.")})
    if until - now > FURTHEST:
        raise Unfit({"until": _("Choose a moment within two years.")})


def _proposed(row: Evaluation, proposal: Proposal) -> dict[str, str | int]:
    words: dict[str, str | int] = {"evaluation": row.title}
    if proposal.until:
        words["until"] = proposal.until.isoformat(timespec="minutes")
    return words


@transaction.atomic
def consent_to_proposal(seat: Seat, key: int, proposal: int, *, now: datetime) -> bool:
    """Agree, for the own party, to what was proposed.

    :returns: whether that was the last yes that was needed.
    :raises Missing: for a proposal that is not there or settled.
    :raises Unfit: if the proposed deadline has passed meanwhile.
    """
    row = reach.locked_evaluation(seat, key)
    kept = row.proposals.filter(pk=proposal, settled_at=None).first()
    if kept is None or not row.reflections.filter(party=seat.party).exists():
        raise Missing
    require(seat, Act.EVALUATION_CONSENT, Where(row.alliance_id, seat.party))
    if kept.kind == Proposal.Kind.EXTEND:
        _fit_deadline(row, kept.until, now)
    Consent.objects.get_or_create(
        proposal=kept, party_id=seat.party, defaults={"seat_id": seat.key, "at": now}
    )
    record(seat, "evaluation.consent", now=now, words={"evaluation": row.title})
    return _carry(seat, row, kept, now)


@transaction.atomic
def withdraw_proposal(seat: Seat, key: int, proposal: int, *, now: datetime) -> None:
    """Take back what oneself or another manager of the own party has proposed.

    :raises Missing: for a proposal of another party, or one that is settled.
    """
    row = reach.locked_evaluation(seat, key)
    require(seat, Act.EVALUATION_PROPOSE, Where(row.alliance_id))
    kept = row.proposals.filter(pk=proposal, settled_at=None).first()
    if kept is None or _proposer(kept) != seat.party:
        raise Missing
    kept.settled_at = now
    kept.save(update_fields=["settled_at"])
    record(seat, "evaluation.withdraw", now=now, words={"evaluation": row.title})


def _proposer(proposal: Proposal) -> int:
    """Return the party for which something was proposed: its yes came with the proposal."""
    return proposal.consents.values_list("party", flat=True).get(seat=proposal.seat_id)


def _carry(seat: Seat, row: Evaluation, proposal: Proposal, now: datetime) -> bool:
    """Carry out a proposal once every party that has sealed agrees."""
    sealed = set(row.reflections.exclude(sealed_at=None).values_list("party", flat=True))
    if not sealed <= set(proposal.consents.values_list("party", flat=True)):
        return False
    proposal.settled_at = now
    proposal.save(update_fields=["settled_at"])
    if proposal.kind == Proposal.Kind.CANCEL:
        _call_off(seat, row, now)
        parties = row.reflections.values_list("party", flat=True)
        letter.post(_news(row, "cancelled", parties))
    elif proposal.until:
        _move_deadline(row, proposal.until, now)
        record(seat, "evaluation.extend", now=now, words=_proposed(row, proposal))
    return True


def _move_deadline(row: Evaluation, until: datetime, now: datetime) -> None:
    row.seal_until = until
    row.save(update_fields=["seal_until", "extended"])
    row.proposals.filter(settled_at=None, until__lte=until).update(settled_at=now)
    seal.write_entry(row, "extended", now=now, until=until.isoformat(timespec="minutes"))
    _plan_dues(row, now)
    letter.post(_news(row, "extended", row.reflections.values_list("party", flat=True)))


def _news(row: Evaluation, news: str, parties: Iterable[int]) -> list[letter.Letter]:
    """Return the letters that tell the managers of some parties what happened."""
    return [
        letter.evaluation_news(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            title=row.title,
            news=news,
            until=row.seal_until,
            zone=row.alliance.time_zone,
            key=row.pk,
        )
        for one in _managers(row.alliance_id, parties)
    ]


# ----------------------------------------------------------------- what falls due


def _running(key: int) -> Evaluation | None:
    return (
        Evaluation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("alliance")
        .filter(pk=key, state=State.RUNNING)
        .first()
    )


@transaction.atomic
def remind_answering(key: int, *, now: datetime) -> None:
    """Write to everybody who has a questionnaire left; never to a chosen person."""
    row = _running(key)
    if row is not None and now < row.answer_until:
        letter.post(_answer_letters(row, reminder=True))


@transaction.atomic
def remind_sealing(key: int, *, now: datetime) -> None:
    """Write to the managers of the parties that have not sealed; all know who they are."""
    row = _running(key)
    if row is not None and row.seal_until - REMIND_BEFORE <= now < row.seal_until:
        letter.post(_news(row, "remind", _unsealed(row)))


def _unsealed(row: Evaluation) -> list[int]:
    return list(row.reflections.filter(sealed_at=None).values_list("party", flat=True))


@transaction.atomic
def pass_deadline(key: int, *, now: datetime) -> None:
    """Do what was agreed for a party that has not sealed: extend once, or tell the managers.

    Nothing opens. Harmless if repeated, and if the deadline has moved on meanwhile.
    """
    row = _running(key)
    if row is None or now < row.seal_until:
        return
    if row.if_never == IfNever.EXTEND and not row.extended:
        row.extended = True
        until = max(row.seal_until, now) + timedelta(days=row.extra_days)
        _move_deadline(row, until, now)
        record(
            SYSTEM,
            "evaluation.extend.agreed",
            now=now,
            alliance=row.alliance_id,
            words={"evaluation": row.title, "until": until.isoformat(timespec="minutes")},
        )
        return
    letter.post(_news(row, "lapsed", row.reflections.values_list("party", flat=True)))


@transaction.atomic
def expire_evaluation(key: int, *, now: datetime) -> None:
    """Destroy what was sealed, thirty days after a deadline that nobody moved; nothing opens."""
    row = _running(key)
    if row is None or now < row.seal_until + DESTROYED_AFTER:
        return
    seal.write_entry(row, "expired", now=now)
    _destroy_envelopes(row, now)
    row.proposals.filter(settled_at=None).update(settled_at=now)
    row.state, row.ended_at = State.EXPIRED, now
    row.save(update_fields=["state", "ended_at"])
    record(
        SYSTEM,
        "evaluation.expire",
        now=now,
        alliance=row.alliance_id,
        words={"evaluation": row.title},
    )


@transaction.atomic
def remind_deciding(key: int, *, now: datetime) -> None:
    """Write to the managers on the day on which they wanted to decide, unless they have."""
    row = (
        Evaluation.objects.filter(pk=key, state=State.REVEALED).select_related("alliance").first()
    )
    day = row.texts.filter(kind="relevance", decide_on__isnull=False).first() if row else None
    if row is None or day is None or day.decide_on is None:
        return
    if now.astimezone(ZoneInfo(row.alliance.time_zone)).date() >= day.decide_on:
        letter.post(_news(row, "decide", row.reflections.values_list("party", flat=True)))
