"""Plan a round of listening, let each party say yes for its own people, open, extend, cancel."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Broken, Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain import letter
from understream.domain.alliance import PartyCard
from understream.domain.instrument import EVALUATION, can_ask, instrument_of, keep_asked
from understream.domain.journal import record
from understream.measurement.disclosure import K
from understream.records.alliance import Party
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.participation import Participation
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import SeatRow

LONGEST_TITLE = 120
HIGHEST_K = 50
COMMENT_COHORT = 8
REMIND_BEFORE = timedelta(days=2)
USUAL_LENGTH = timedelta(days=14)
"""How long a round is taken to last that was never open: an imported one."""
MOST_PARTNERS = 2
"""About how many partners a directed round asks one person; of more, the lot gives these."""


class NotYet(Refused):
    """A round opens when a manager of every party has said yes."""

    reason = _("The round can open when a manager of every party has said yes for its people.")


class TooLate(Refused):
    """A round that has opened is frozen."""

    reason = _("The round has opened. Who is asked, and how, can no longer change.")


class Over(Refused):
    """A closed or cancelled round stays as it is."""

    reason = _("This round is over.")


class OfEvaluation(Refused):
    """A round of an evaluation follows the agreement of that evaluation."""

    reason = _(
        "This round belongs to an evaluation. Its people and its dates are settled in the "
        "agreement of that evaluation."
    )


class NotOpen(Refused):
    """Who came later is asked while the round is open."""

    reason = _("This round is not open.")


class Beside(Refused):
    """A round that asks latecomers goes with the round that they came too late for."""

    reason = _(
        "This round asks those who came later, and ends with the one they came too late for. Move "
        "or cancel that one."
    )


@dataclass(frozen=True, slots=True)
class CohortCard:
    """One party in a round, as far as the looking seat may know it.

    :ivar size: exact for the own party; for others "" , "fewer than 5", "5 to 9", "10 or more".
    :ivar names: the people who are asked; own party only.
    :ivar participation: in steps; own party's managers only.
    """

    key: int
    party: PartyCard
    mode: str
    confirmed: bool
    size: str
    names: tuple[str, ...]
    chosen: tuple[int, ...]
    participation: str
    own: bool
    may_confirm: bool
    may_fill: bool


@dataclass(frozen=True, slots=True)
class RoundCard:
    """A round as its page shows it.

    :ivar came_late: whether the seat's party is asked, and the seat is not, as it came later.
    :ivar may_ask_late: how many of the own party came later and can be asked, if the seat may.
    :ivar beside: key of the round whose latecomers this one asks, 0 for none.
    """

    key: int
    alliance: int
    alliance_name: str
    time_zone: str
    title: str
    instrument: str
    instrument_titles: dict[str, str]
    state: str
    k: int
    asks_comment: bool
    moderator: str
    closes_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    imported: bool
    evaluation: int
    cohorts: tuple[CohortCard, ...]
    waiting_for: tuple[str, ...]
    may_open: bool
    may_extend: bool
    may_cancel: bool
    may_moderate: bool
    may_read_mirror: bool
    may_read_statements: bool
    may_export: bool
    may_repeat: bool
    came_late: bool
    may_ask_late: int
    beside: int

    @property
    def mine(self) -> CohortCard | None:
        """Return the own party's cohort, if the seat is for a party."""
        return next((one for one in self.cohorts if one.own), None)


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round in a list; `evaluation` is the key of the one it belongs to, 0 for none.

    :ivar instrument: the code of what it asks.
    """

    key: int
    title: str
    state: str
    closes_at: datetime
    closed_at: datetime | None
    imported: bool
    evaluation: int
    instrument: str


@dataclass(frozen=True, slots=True)
class AgainCard:
    """What a closed round asked, as the form that plans a round takes it.

    :ivar moderator: key of the facilitator's seat, if that can still be named; else 0.
    :ivar closes_at: as long from now as the round was open, to the same clock.
    """

    instrument: str
    title: str
    k: int
    asks_comment: bool
    moderator: int
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the own party who can be asked."""

    key: int
    name: str
    role: str
    chosen: bool


def rounds_of(seat: Seat) -> tuple[RoundLine, ...]:
    """Return the rounds of the seat's alliance, the newest first."""
    require(seat, Act.ROUND_READ, Where(alliance=seat.alliance))
    rows = reach.rounds_within(seat).annotate(asks=F("instrument__code"))
    return tuple(
        RoundLine(
            row.pk,
            row.title,
            row.state,
            row.closes_at,
            row.closed_at,
            row.imported,
            row.evaluation_id or 0,
            row.asks,
        )
        for row in rows.order_by("-closes_at", "-pk")
    )


def facilitators_of(seat: Seat) -> tuple[tuple[int, str], ...]:
    """Return key and name of the facilitators who can be named to read comments first."""
    require(seat, Act.ROUND_PLAN, Where(alliance=seat.alliance))
    rows = SeatRow.objects.filter(alliance=seat.alliance, role=Role.FACILITATOR, left_at=None)
    return tuple(rows.order_by("person__name").values_list("pk", "person__name"))


def again_from(seat: Seat, key: int, *, now: datetime) -> AgainCard:
    """Return the settings of a closed round, so that the same can be asked again.

    Nothing of its people or of what they said comes along. A smallest group that the host has
    raised since then is raised here too.

    :raises Missing: for a round that has not closed, is out of reach, or whose instrument cannot
        be chosen.
    """
    row = reach.rounds_within(seat).filter(pk=key).select_related("instrument", "alliance").first()
    if row is None or not _may_repeat(seat, row):
        raise Missing
    zone = ZoneInfo(row.alliance.time_zone)
    end = row.closes_at.astimezone(zone)
    lasts = row.closes_at - row.opened_at if row.opened_at else USUAL_LENGTH
    day = (now.astimezone(zone) + max(lasts, timedelta(days=1))).date()
    facilitators = dict(facilitators_of(seat))
    return AgainCard(
        instrument=row.instrument.code,
        title=row.title,
        k=max(row.k, K, settings.UNDERSTREAM_K),
        asks_comment=row.asks_comment,
        moderator=next((one for one in facilitators if one == row.moderator_id), 0),
        closes_at=datetime.combine(day, end.time().replace(second=0, microsecond=0), zone),
    )


def _may_repeat(seat: Seat, row: Round) -> bool:
    may_plan = may(seat, Act.ROUND_PLAN, Where(alliance=row.alliance_id))
    is_whole = row.state == State.CLOSED and row.beside_id is None
    return is_whole and may_plan and can_ask(seat, row.instrument.code)


@transaction.atomic
def plan_round(
    seat: Seat,
    *,
    instrument: str,
    title: str,
    closes_at: datetime,
    k: int = K,
    asks_comment: bool = True,
    moderator: int = 0,
    evaluation: int = 0,
    now: datetime,
) -> int:
    """Plan a round for all parties of the alliance; nobody is written to yet.

    :param closes_at: when every party's window closes; it can later move on, never back.
    :param k: the smallest group ever shown, 5 to 50.
    :param moderator: key of a facilitator's seat who reads comments first; 0 for nobody.
    :param evaluation: key of the evaluation whose round this is; its acts alone name it.
    :returns: the key of the round.
    :raises Unfit: for a missing title, a moment that has passed, a k outside its range.
    """
    require(seat, Act.ROUND_PLAN, Where(alliance=seat.alliance))
    least = max(K, settings.UNDERSTREAM_K)
    faults: dict[str, str | Promise] = {}
    title = title.strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        faults["title"] = _("Give the round a title of at most 120 characters.")
    if closes_at <= now:
        faults["closes_at"] = _("This moment has passed. Choose a later one.")
    if not least <= k <= HIGHEST_K:
        faults["k"] = _("The smallest group shown is %(least)s to %(most)s people.") % {
            "least": least,
            "most": HIGHEST_K,
        }
    if moderator and moderator not in dict(facilitators_of(seat)):
        faults["moderator"] = _("Choose a facilitator of this alliance, or nobody.")
    if faults:
        raise Unfit(faults)
    row = Round.objects.create(
        alliance_id=seat.alliance,
        instrument_id=keep_asked(seat, instrument),
        title=title,
        k=k,
        asks_comment=asks_comment,
        moderator_id=moderator or None,
        evaluation_id=evaluation or None,
        closes_at=closes_at,
    )
    sizes = _people_of_parties(seat.alliance)
    Cohort.objects.bulk_create(
        Cohort(
            round=row,
            party=party,
            mode=Mode.CONFIDENTIAL if sizes.get(party.pk, 0) >= k else Mode.ONE_VOICE,
        )
        for party in Party.objects.filter(alliance=seat.alliance)
    )
    if not evaluation:
        record(
            seat,
            "round.plan",
            now=now,
            words={"round": title, "until": closes_at.isoformat(timespec="minutes"), "k": k},
        )
    return row.pk


def _people_of_parties(alliance: int) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for party in SeatRow.objects.filter(
        alliance=alliance, left_at=None, party__isnull=False
    ).values_list("party", flat=True):
        sizes[party] = sizes.get(party, 0) + 1
    return sizes


def candidates(seat: Seat, key: int) -> tuple[Candidate, ...]:
    """Return the people of the own party who can be asked in a planned round.

    Those chosen before are marked; before the first choice everybody is.
    """
    cohort = _own_cohort(seat, key)
    chosen = set(Participation.objects.filter(cohort=cohort).values_list("seat", flat=True))
    rows = SeatRow.objects.filter(party=seat.party, left_at=None).select_related("person")
    return tuple(
        Candidate(row.pk, row.person.name, row.role, row.pk in chosen or not chosen)
        for row in rows.order_by("person__name", "pk")
    )


def _own_cohort(seat: Seat, key: int) -> Cohort:
    cohort = reach.cohorts_within(seat).filter(round=key).select_related("round", "party").first()
    if cohort is None:
        raise Missing
    require(seat, Act.COHORT_CONFIRM, Where(seat.alliance, cohort.party_id))
    return cohort


@transaction.atomic
def confirm_cohort(
    seat: Seat,
    key: int,
    *,
    mode: str,
    seats: Collection[int],
    evaluation: int = 0,
    now: datetime,
    rng: Random,
) -> None:
    """Say yes for the own party: who is asked, and in which mode. Can be said again until opening.

    :param seats: keys of seats of the own party.
    :param rng: where the links' randomness comes from; in service the system's own.
    :param evaluation: key of the evaluation whose agreement is accepted with it.
    :raises TooLate: once the round has opened.
    :raises OfEvaluation: for a round that belongs to another evaluation than the one named.
    :raises Unfit: for nobody, somebody of another party, or fewer people than the mode needs.
    """
    row = _locked(seat, key)
    cohort = _own_cohort(seat, key)
    _refuse_of_evaluation(row, evaluation)
    if row.state != State.PLANNED:
        raise TooLate if row.state == State.OPEN else Over
    chosen = list(
        SeatRow.objects.filter(pk__in=seats, party=seat.party, left_at=None).order_by("pk")
    )
    faults: dict[str, str | Promise] = {}
    if mode not in Mode.values:
        faults["mode"] = _("Choose one of the three modes.")
    if len(chosen) != len(set(seats)):
        faults["seats"] = _("Somebody in this list has no seat for your party. Look again.")
    elif not chosen:
        faults["seats"] = _("Choose at least one person.")
    elif mode == Mode.CONFIDENTIAL and len(chosen) < row.k:
        faults["mode"] = _(
            "With fewer than %(k)s people nobody can be hidden. Speak with one voice, or by name."
        ) % {"k": row.k}
    if faults:
        raise Unfit(faults)
    Participation.objects.filter(cohort=cohort).delete()
    rng.shuffle(chosen)
    rights = []
    for one in chosen:
        nonce = rng.randbytes(16)
        rights.append(
            Participation(
                cohort=cohort,
                seat=one,
                nonce=nonce,
                link_hash=reach.hash_of(reach.link_of(nonce)),
            )
        )
    Participation.objects.bulk_create(rights)
    cohort.mode, cohort.size, cohort.confirmed_by_id = mode, len(chosen), seat.key
    cohort.save(update_fields=["mode", "size", "confirmed_by"])
    if not evaluation:
        record(
            seat,
            "cohort.confirm",
            now=now,
            words={
                "round": row.title,
                "party": cohort.party.organisation.name,
                "mode": mode,
            },
        )


def _refuse_of_evaluation(row: Round, evaluation: int) -> None:
    if (row.evaluation_id or 0) != evaluation:
        raise OfEvaluation


def _locked(seat: Seat, key: int) -> Round:
    row = reach.rounds_within(seat).select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise Missing
    return row


@transaction.atomic
def open_round(
    seat: Seat, key: int, *, evaluation: int = 0, now: datetime, rng: Random | None = None
) -> None:
    """Open the round: freeze who is asked and how, write to everybody, set the closing.

    :param evaluation: key of the evaluation that opens it, and writes to everybody itself.

    :param rng: where the lot comes from that gives everybody two of three or more partners in a
        directed round; in service the system's own.
    :raises NotYet: until a manager of every party has said yes.
    :raises Over: for a round that is open already, closed or cancelled, or whose end has passed.
    """
    row = _locked(seat, key)
    require(seat, Act.ROUND_OPEN, Where(alliance=row.alliance_id))
    _refuse_of_evaluation(row, evaluation)
    if row.state == State.OPEN:
        raise Over(_("This round is open already."))
    if row.state != State.PLANNED:
        raise Over
    if row.closes_at <= now:
        raise Over(_("The end of this round has passed. Choose a later end, then open it."))
    cohorts = list(row.cohorts.select_related("party__organisation").order_by("party__position"))
    if any(cohort.confirmed_by_id is None for cohort in cohorts):
        raise NotYet
    rights = list(
        Participation.objects.filter(reach.STANDING, cohort__in=cohorts).select_related(
            "seat__person"
        )
    )
    row.state, row.opened_at = State.OPEN, now
    row.save(update_fields=["state", "opened_at"])
    if instrument_of(row.instrument).directed:
        _draw_partners(cohorts, rights, rng)
    alliance = row.alliance
    letters = []
    for cohort in cohorts:
        mine = [right for right in rights if right.cohort_id == cohort.pk]
        cohort.list_hash = _list_hash(mine)
        record(
            seat,
            "cohort.freeze",
            now=now,
            party=cohort.party_id,
            words={
                "round": row.title,
                "party": cohort.party.organisation.name,
                "hash": cohort.list_hash[:16],
            },
        )
        if cohort.mode == Mode.ONE_VOICE:
            letters += _form_letters(row, cohort)
        else:
            letters += [
                letter.answer_letter(
                    to=right.seat.person.email,
                    name=right.seat.person.name,
                    language=right.seat.person.language,
                    alliance=alliance.name,
                    until=row.closes_at,
                    zone=alliance.time_zone,
                    link=reach.link_of(right.nonce),
                )
                for right in mine
            ]
    Cohort.objects.bulk_update(cohorts, ["list_hash"])
    _plan_dues(row, now)
    if not evaluation:
        record(seat, "round.open", now=now, words={"round": row.title})
        letter.post(letters)


def _draw_partners(
    cohorts: Sequence[Cohort], rights: Sequence[Participation], rng: Random | None
) -> None:
    """Give everybody who answers alone two of three or more partners."""
    if len(cohorts) <= MOST_PARTNERS + 1:
        return
    if rng is None:
        raise Broken("no lot was passed in for a directed round of more than three parties")
    drawn = []
    for cohort in cohorts:
        if cohort.mode == Mode.ONE_VOICE:
            continue
        partners = [one.party_id for one in cohorts if one.pk != cohort.pk]
        mine = [right for right in rights if right.cohort_id == cohort.pk]
        for right, dealt in zip(mine, deal(partners, len(mine), rng), strict=True):
            right.partners = dealt
        drawn += mine
    Participation.objects.bulk_update(drawn, ["partners"])


def deal(partners: Sequence[int], people: int, rng: Random) -> list[list[int]]:
    """Return two partners for each of so many people, in a random order.

    Each partner comes as often as any other, or once more. They are dealt round and round, so that
    few different pairs arise: until the close, a pair that one person alone has would tell whose a
    voice is.

    :param partners: three or more.
    """
    deck = rng.sample(partners, len(partners))
    hands = [
        sorted(deck[card % len(deck)] for card in range(at, at + MOST_PARTNERS))
        for at in range(0, people * MOST_PARTNERS, MOST_PARTNERS)
    ]
    return rng.sample(hands, people)


def _list_hash(rights: Sequence[Participation]) -> str:
    people = sorted(f"{right.seat.person.name}\n{right.seat.person.email}" for right in rights)
    return sha256("\n\n".join(["understream.list.v1", *people]).encode()).hexdigest()


def _form_letters(row: Round, cohort: Cohort) -> list[letter.Letter]:
    managers = SeatRow.objects.filter(party=cohort.party_id, role=Role.MANAGER, left_at=None)
    return [
        letter.form_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=row.alliance.name,
            until=row.closes_at,
            zone=row.alliance.time_zone,
            key=row.pk,
        )
        for one in managers.select_related("person")
    ]


def reflection_letters(evaluation: Evaluation, parties: Collection[int]) -> list[letter.Letter]:
    """Return the letters to managers of parties whose one form in an evaluation is a reflection.

    They name the forms of the scans beside it, too.
    """
    scans = list(
        Round.objects.filter(evaluation=evaluation, state=State.OPEN)
        .exclude(instrument__code=EVALUATION)
        .select_related("instrument")
        .order_by("pk")
    )
    managers = SeatRow.objects.filter(party__in=parties, role=Role.MANAGER, left_at=None)
    return [
        letter.one_voice_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=evaluation.alliance.name,
            title=evaluation.title,
            until=evaluation.seal_until,
            zone=evaluation.alliance.time_zone,
            key=evaluation.pk,
            forms=[
                (instrument_of(scan.instrument).title.into(one.person.language), scan.pk)
                for scan in scans
            ],
            forms_until=evaluation.answer_until,
        )
        for one in managers.select_related("person").order_by("pk")
    ]


def _plan_dues(row: Round, now: datetime) -> None:
    moments = [("round.close", row.closes_at)]
    if row.closes_at - REMIND_BEFORE > now and row.evaluation_id is None:
        moments.append(("round.remind", row.closes_at - REMIND_BEFORE))
    looked = Due.objects.filter(kind="round.steps", key=row.pk, done_at=None).exists()
    if not looked and row.closes_at - timedelta(days=1) > now:
        moments.append(("round.steps", now + timedelta(days=1)))
    for kind, at in moments:
        Due.objects.get_or_create(kind=kind, key=row.pk, at=at)


@transaction.atomic
def extend_round(seat: Seat, key: int, *, closes_at: datetime, now: datetime) -> None:
    """Move the end of a planned or open round; an open round's end never moves earlier.

    :raises Over: for a round that is closed or cancelled, or whose end has passed while open.
    :raises Unfit: for a moment that has passed, or earlier than promised.
    """
    row = _locked(seat, key)
    require(seat, Act.ROUND_EXTEND, Where(alliance=row.alliance_id))
    _refuse_of_evaluation(row, 0)
    if row.beside_id is not None:
        raise Beside
    if row.state not in (State.PLANNED, State.OPEN):
        raise Over
    if row.state == State.OPEN and row.closes_at <= now:
        raise Over
    if closes_at <= now:
        raise Unfit({"closes_at": _("This moment has passed. Choose a later one.")})
    if row.state == State.OPEN and closes_at < row.closes_at:
        raise Unfit(
            {"closes_at": _("People were promised the present end. It can move on, not back.")}
        )
    beside = list(row.besides.filter(state=State.OPEN))
    for one in (row, *beside):
        one.closes_at = closes_at
    Round.objects.bulk_update([row, *beside], ["closes_at"])
    if row.state == State.OPEN:
        for one in (row, *beside):
            _plan_dues(one, now)
    record(
        seat,
        "round.extend",
        now=now,
        words={"round": row.title, "until": closes_at.isoformat(timespec="minutes")},
    )


def not_asked(row: Round, party: int) -> set[int]:
    """Return the seats of a party that were asked neither in a round nor in one beside it."""
    asked = Participation.objects.filter(
        Q(cohort__round=row) | Q(cohort__round__beside=row), cohort__party=party
    )
    rows = SeatRow.objects.filter(party=party, left_at=None)
    return set(rows.exclude(pk__in=asked.values("seat")).values_list("pk", flat=True))


def round_before(seat: Seat, key: int) -> RoundCard:
    """Return a round of the seat's alliance.

    :raises Missing: for a round that is not there, or of another alliance.
    """
    row = (
        reach.rounds_within(seat)
        .filter(pk=key)
        .select_related("instrument", "alliance", "evaluation", "moderator__person")
        .prefetch_related("cohorts__party__organisation")
        .first()
    )
    if row is None:
        raise Missing
    require(seat, Act.ROUND_READ, Where(alliance=row.alliance_id))
    own = list(
        Participation.objects.filter(cohort__round=row, cohort__party=seat.party)
        .order_by("seat__person__name", "seat")
        .values_list("seat", "seat__person__name")
    )
    cohorts = sorted(row.cohorts.all(), key=lambda cohort: cohort.party.position)
    cards = tuple(_cohort_card(seat, row, cohort, own) for cohort in cohorts)
    here = Where(alliance=row.alliance_id)
    waiting = tuple(card.party.name for card in cards if not card.confirmed)
    alone = row.evaluation_id is None and row.beside_id is None
    running = row.state in (State.PLANNED, State.OPEN) and alone
    late = _late(seat, row, cards) if alone and row.state == State.OPEN else set()
    return RoundCard(
        key=row.pk,
        alliance=row.alliance_id,
        alliance_name=row.alliance.name,
        time_zone=row.alliance.time_zone,
        title=row.title,
        instrument=row.instrument.code,
        instrument_titles=dict(row.instrument.content["title"]),
        state=row.state,
        k=row.k,
        asks_comment=row.asks_comment,
        moderator=row.moderator.person.name if row.moderator else "",
        closes_at=row.closes_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        imported=row.imported,
        evaluation=row.evaluation_id or 0,
        cohorts=cards,
        waiting_for=waiting if row.state == State.PLANNED else (),
        may_open=running
        and row.state == State.PLANNED
        and not waiting
        and may(seat, Act.ROUND_OPEN, here),
        may_extend=running and may(seat, Act.ROUND_EXTEND, here),
        may_cancel=running and may(seat, Act.ROUND_CANCEL, here),
        may_moderate=row.state == State.CLOSED
        and may(seat, Act.COMMENT_MODERATE, Where(row.alliance_id, named=row.moderator_id or 0)),
        may_read_mirror=row.state == State.CLOSED and may_read_figures(seat, row.evaluation),
        may_read_statements=row.state == State.CLOSED
        and any(card.own and card.mode == Mode.NAMED for card in cards)
        and may(seat, Act.STATEMENT_READ, Where(row.alliance_id, seat.party)),
        may_export=row.state == State.CLOSED
        and may_read_figures(seat, row.evaluation)
        and may(seat, Act.RELEASE_EXPORT, Where(row.alliance_id, seat.party)),
        may_repeat=_may_repeat(seat, row),
        came_late=seat.key in late,
        may_ask_late=len(late) if _may_ask_late(seat, row, cards, len(late)) else 0,
        beside=row.beside_id or 0,
    )


def _late(seat: Seat, row: Round, cards: Sequence[CohortCard]) -> set[int]:
    mine = next((one for one in cards if one.own), None)
    return not_asked(row, seat.party) if mine and mine.mode != Mode.ONE_VOICE else set()


def _may_ask_late(seat: Seat, row: Round, cards: Sequence[CohortCard], late: int) -> bool:
    mine = next((one for one in cards if one.own), None)
    return (
        late >= row.k
        and mine is not None
        and mine.mode == Mode.CONFIDENTIAL
        and not instrument_of(row.instrument).directed
        and may(seat, Act.COHORT_CONFIRM, Where(row.alliance_id, seat.party))
    )


def may_read_figures(seat: Seat, evaluation: Evaluation | None) -> bool:
    """Tell whether a seat may read its party's figures; a sponsor waits for the reveal.

    :param evaluation: the one that a closed round belongs to, ``None`` for none.
    """
    return (
        evaluation is None or seat.role != Role.SPONSOR or evaluation.revealed_at is not None
    ) and may(seat, Act.MIRROR_READ, Where(alliance=seat.alliance))


def speaks_in_reflection(row: Round) -> bool:
    """Tell whether a party with one voice says this round's answers in its reflection instead."""
    return row.evaluation_id is not None and row.instrument.code == EVALUATION


def _cohort_card(
    seat: Seat, row: Round, cohort: Cohort, own: Sequence[tuple[int, str]]
) -> CohortCard:
    mine = bool(seat.party) and cohort.party_id == seat.party
    where = Where(row.alliance_id, cohort.party_id)
    party = PartyCard(cohort.party_id, cohort.party.organisation.name, cohort.party.position)
    return CohortCard(
        key=cohort.pk,
        party=party,
        mode=cohort.mode,
        confirmed=cohort.confirmed_by_id is not None or row.imported,
        size=str(cohort.size) if mine else steps_of(cohort.size),
        names=tuple(name for _, name in own) if mine else (),
        chosen=tuple(key for key, _ in own) if mine else (),
        participation=cohort.participation
        if may(seat, Act.PARTICIPATION_READ, where) and row.state in (State.OPEN, State.CLOSED)
        else "",
        own=mine,
        may_confirm=row.state == State.PLANNED
        and row.evaluation_id is None
        and may(seat, Act.COHORT_CONFIRM, where),
        may_fill=row.state == State.OPEN
        and cohort.mode == Mode.ONE_VOICE
        and not speaks_in_reflection(row)
        and may(seat, Act.FORM_FILL, where),
    )


def steps_of(size: int) -> str:
    """Return the size of another party's list in steps; "" for a list that is not made yet."""
    if size == 0:
        return ""
    return "fewer than 5" if size < 5 else "5 to 9" if size < 10 else "10 or more"  # noqa: PLR2004
