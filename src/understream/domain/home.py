"""The home of an alliance: who is there, which rounds there are, and what waits for the reader."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain.alliance import AllianceCard, PartyCard, alliance_before
from understream.domain.commitment import commitments_of
from understream.domain.evaluation import (
    EvaluationCard,
    EvaluationLine,
    evaluation_before,
    evaluations_of,
)
from understream.domain.joint import texts_waiting
from understream.domain.letter import moment
from understream.domain.reflection import unfinished_in
from understream.domain.round import RoundLine, rounds_of, speaks_in_reflection
from understream.records.invitation import Invitation
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import SeatRow
from understream.records.statement import Statement

MOST_STEPS = 3


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A party with the number of its people and the names of its managers."""

    party: PartyCard
    people: int
    managers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A sensible next thing to do, with its reason.

    :ivar page: the name of the page where it is done.
    :ivar key: key of the alliance, the evaluation or the round that the page is about.
    """

    title: str
    reason: str
    verb: str
    page: str
    key: int


@dataclass(frozen=True, slots=True)
class Home:
    """What the first room of an alliance shows."""

    alliance: AllianceCard
    parties: tuple[PartyLine, ...]
    facilitators: tuple[str, ...]
    evaluations: tuple[EvaluationLine, ...]
    rounds: tuple[RoundLine, ...]
    steps: tuple[Step, ...]
    may_plan: bool


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The cohorts of rounds that run, and the forms that have been filled in."""

    cohorts: dict[int, list[Cohort]]
    filled: frozenset[int]


def home_of(seat: Seat, *, now: datetime) -> Home:
    """Return the home of the seat's alliance, with at most three steps that wait for this seat.

    :raises Forbidden: for a seat outside alliances.
    """
    require(seat, Act.ALLIANCE_READ, Where(alliance=seat.alliance))
    alliance = alliance_before(seat)
    rounds = rounds_of(seat)
    evaluations = evaluations_of(seat)
    seats = SeatRow.objects.filter(alliance=seat.alliance, left_at=None)
    people: defaultdict[int, int] = defaultdict(int)
    managers: defaultdict[int, list[str]] = defaultdict(list)
    facilitators = []
    for party, role, name in seats.order_by("person__name").values_list(
        "party", "role", "person__name"
    ):
        people[party or 0] += 1
        if role == Role.MANAGER:
            managers[party].append(name)
        elif role == Role.FACILITATOR:
            facilitators.append(name)
    parties = tuple(
        PartyLine(party, people[party.key], tuple(managers[party.key]))
        for party in alliance.parties
    )
    steps = [
        *_comment_steps(seat),
        *_evaluation_steps(alliance, evaluations, now),
        *_commitment_steps(alliance, now),
        *_round_steps(alliance, rounds, _waiting(seat), now),
        *_people_steps(alliance, parties, rounds, now),
        *_mirror_steps(alliance, rounds),
    ]
    may_plan = may(seat, Act.ROUND_PLAN, Where(seat.alliance))
    return Home(
        alliance,
        parties,
        tuple(facilitators),
        evaluations,
        rounds,
        tuple(steps[:MOST_STEPS]),
        may_plan,
    )


def _comment_steps(seat: Seat) -> list[Step]:
    """Return the closed rounds whose comments wait for this facilitator, the oldest in front."""
    if seat.role != Role.FACILITATOR:
        return []
    waiting = Round.objects.filter(
        moderator=seat.key,
        state=State.CLOSED,
        asks_comment=True,
        cohorts__mode=Mode.CONFIDENTIAL,
        cohorts__comments=None,
    )
    return [
        Step(
            _("Read the comments of “%(round)s” first") % {"round": row.title},
            _("They open to their party when you have. 30 days after the close they are erased."),
            _("Read the comments first"),
            "comments",
            row.pk,
        )
        for row in waiting.distinct().order_by("closed_at", "pk")
    ]


def _evaluation_steps(
    alliance: AllianceCard, lines: tuple[EvaluationLine, ...], now: datetime
) -> list[Step]:
    """Return what the evaluation under way asks of this seat, and the newest one that opened."""
    seat = alliance.seat
    under_way = next((one for one in lines if one.state in ("preparing", "running")), None)
    opened = next((one for one in lines if one.state == "revealed"), None)
    steps: list[Step] = []
    if under_way is not None:
        card = evaluation_before(seat, under_way.key, now=now)
        steps += (
            _agreement_steps(card, now)
            if card.state == "preparing"
            else _sealing_steps(seat, card, now)
        )
    if opened is not None:
        steps += _joint_steps(seat, evaluation_before(seat, opened.key, now=now))
    return steps


def _agreement_steps(card: EvaluationCard, now: datetime) -> list[Step]:
    named = {"evaluation": card.title}
    if card.may_accept and card.mine is not None and card.mine.state == "waiting":
        return [
            Step(
                _("Read and accept the agreement of “%(evaluation)s”") % named,
                _("Nobody is asked anything before every party has accepted it."),
                _("Read the agreement"),
                "agreement",
                card.key,
            )
        ]
    if not card.may_open:
        return []
    if card.answer_until <= now:
        return [
            Step(
                _("Choose later dates for “%(evaluation)s”") % named,
                _("The end of answering passed before the evaluation began."),
                _("Choose later dates"),
                "evaluation",
                card.key,
            )
        ]
    return [
        Step(
            _("Begin “%(evaluation)s”") % named,
            _("Every party has accepted. Beginning writes to everybody who is asked."),
            _("Look and begin"),
            "evaluation",
            card.key,
        )
    ]


def _sealing_steps(seat: Seat, card: EvaluationCard, now: datetime) -> list[Step]:
    named = {
        "evaluation": card.title,
        "until": moment(card.seal_until, card.time_zone),
    }
    steps = []
    if card.proposal is not None and card.proposal.may_consent:
        steps.append(
            Step(
                _("Answer a proposal about “%(evaluation)s”") % named,
                _("%(who)s made it. It needs every party that has sealed.")
                % {"who": card.proposal.by},
                _("Look at the proposal"),
                "evaluation",
                card.key,
            )
        )
    if card.lapsed and card.may_propose and card.proposal is None:
        steps.append(
            Step(
                _("The deadline of “%(evaluation)s” has passed") % named,
                _("Not every party has sealed. Propose another deadline, or to call it off."),
                _("See what can be done"),
                "evaluation",
                card.key,
            )
        )
    if card.may_write_reflection and now < card.seal_until:
        steps.append(_reflection_step(seat, card, named))
    return steps


def _reflection_step(seat: Seat, card: EvaluationCard, named: dict[str, str]) -> Step:
    if card.may_seal and not unfinished_in(seat, card.key):
        return Step(
            _("Seal your reflection in “%(evaluation)s”") % named,
            _("Every topic is concluded. It can be sealed until %(until)s.") % named,
            _("Look and seal"),
            "reflection",
            card.key,
        )
    return Step(
        _("Write your reflection in “%(evaluation)s” together") % named,
        _("Your organisation speaks with one voice: this is your one form, until %(until)s.")
        % named
        if card.one_voice
        else _("Your people have answered. Conclude topic by topic, and seal until %(until)s.")
        % named,
        _("Write together"),
        "reflection",
        card.key,
    )


def _joint_steps(seat: Seat, card: EvaluationCard) -> list[Step]:
    if card.revealed_at is None or not card.may_read_joint:
        return []
    named = {
        "evaluation": card.title,
        "opened": moment(card.revealed_at, card.time_zone),
    }
    waiting = texts_waiting(seat, card.key)
    if waiting:
        return [
            Step(
                ngettext(
                    "Accept one text that was written together, or change it",
                    "Accept %(n)s texts that were written together, or change them",
                    waiting,
                )
                % {"n": waiting},
                _("What is written in “%(evaluation)s” stands when every party has accepted it.")
                % named,
                _("Read and accept"),
                "joint",
                card.key,
            )
        ]
    return [
        Step(
            _("Read “%(evaluation)s” side by side") % named,
            _("All reflections opened on %(opened)s. Begin where you differ most.") % named,
            _("Read side by side"),
            "joint",
            card.key,
        )
    ]


def _commitment_steps(alliance: AllianceCard, now: datetime) -> list[Step]:
    """Return what the commitments ask of this seat; how many, not what they say."""
    seat = alliance.seat
    if not may(seat, Act.COMMITMENT_ACCEPT, Where(alliance.key, seat.party)):
        return []
    cards = commitments_of(seat, language="en", now=now)
    proposed = sum(one.may_accept for one in cards)
    late = sum(
        one.overdue and one.may_judge and seat.party not in {by.key for by in one.judged_by}
        for one in cards
    )
    if late:
        return [
            Step(
                ngettext(
                    "Say what became of a commitment",
                    "Say what became of %(n)s commitments",
                    late,
                )
                % {"n": late},
                _("Their day has passed. Each side judges by itself; both see it once both have."),
                _("Look at them"),
                "commitments",
                alliance.key,
            )
        ]
    if proposed:
        return [
            Step(
                ngettext(
                    "Answer a proposed commitment",
                    "Answer %(n)s proposed commitments",
                    proposed,
                )
                % {"n": proposed},
                _("A commitment stands when every party it concerns has accepted it."),
                _("Look at them"),
                "commitments",
                alliance.key,
            )
        ]
    return []


def _waiting(seat: Seat) -> _Waiting:
    rows = Cohort.objects.filter(
        round__alliance=seat.alliance, round__state__in=(State.PLANNED, State.OPEN)
    ).select_related("round__instrument")
    cohorts: defaultdict[int, list[Cohort]] = defaultdict(list)
    for row in rows:
        cohorts[row.round_id].append(row)
    forms = Statement.objects.filter(
        cohort__party=seat.party, cohort__round__state=State.OPEN, seat=None
    )
    return _Waiting(dict(cohorts), frozenset(forms.values_list("cohort", flat=True)))


def _round_steps(
    alliance: AllianceCard, rounds: tuple[RoundLine, ...], waiting: _Waiting, now: datetime
) -> list[Step]:
    """Return what running rounds ask of this seat, the one that ends first in front."""
    running = [one for one in rounds if one.state in (State.PLANNED, State.OPEN)]
    steps = [
        _round_step(alliance, one, waiting, now)
        for one in sorted(running, key=lambda one: one.closes_at)
    ]
    return [step for step in steps if step]


def _round_step(
    alliance: AllianceCard, one: RoundLine, waiting: _Waiting, now: datetime
) -> Step | None:
    seat = alliance.seat
    cohorts = waiting.cohorts.get(one.key, [])
    own = next((cohort for cohort in cohorts if cohort.party_id == seat.party), None)
    if one.state == State.OPEN:
        return _form_step(alliance, one, own, waiting)
    if one.evaluation:
        return None
    return _planned_step(alliance, one, own, cohorts, now)


def _form_step(
    alliance: AllianceCard, one: RoundLine, own: Cohort | None, waiting: _Waiting
) -> Step | None:
    if own is None or own.mode != Mode.ONE_VOICE or own.pk in waiting.filled:
        return None
    if speaks_in_reflection(own.round):
        return None
    if not may(alliance.seat, Act.FORM_FILL, Where(alliance.key, own.party_id)):
        return None
    return Step(
        _("Fill in one form together for “%(round)s”") % {"round": one.title},
        _("Your organisation speaks with one voice. The round closes on %(until)s.")
        % {"until": moment(one.closes_at, alliance.time_zone)},
        _("Fill in the form"),
        "form",
        one.key,
    )


def _planned_step(
    alliance: AllianceCard,
    one: RoundLine,
    own: Cohort | None,
    cohorts: list[Cohort],
    now: datetime,
) -> Step | None:
    named = {"round": one.title, "until": moment(one.closes_at, alliance.time_zone)}
    if (
        own
        and not own.confirmed_by_id
        and may(alliance.seat, Act.COHORT_CONFIRM, Where(alliance.key, own.party_id))
    ):
        return Step(
            _("Choose who of you is asked in “%(round)s”") % named,
            _("The round cannot open before your organisation has said who, and how."),
            _("Choose our people"),
            "cohort",
            one.key,
        )
    if not may(alliance.seat, Act.ROUND_OPEN, Where(alliance.key)):
        return None
    if one.closes_at <= now:
        return Step(
            _("Choose a later end for “%(round)s”") % named,
            _("Its end, %(until)s, passed before the round was opened.") % named,
            _("Choose a later end"),
            "round",
            one.key,
        )
    if any(not cohort.confirmed_by_id for cohort in cohorts):
        return None
    return Step(
        _("Open “%(round)s”") % named,
        _("Every party has said yes. Opening writes to everybody who is asked."),
        _("Look and open"),
        "round",
        one.key,
    )


def _people_steps(
    alliance: AllianceCard,
    parties: tuple[PartyLine, ...],
    rounds: tuple[RoundLine, ...],
    now: datetime,
) -> list[Step]:
    seat = alliance.seat
    steps = []
    leaderless = [line.party for line in parties if not line.managers]
    if leaderless and may(seat, Act.PARTNER_INVITE, Where(seat.alliance)):
        invited = set(
            Invitation.objects.filter(
                Q(expires_at__gt=now),
                alliance=seat.alliance,
                role=Role.MANAGER,
                accepted_at=None,
                withdrawn_at=None,
            ).values_list("party", flat=True)
        )
        party = next((one for one in leaderless if one.key not in invited), None)
        if party and not (rounds and all(one.imported for one in rounds)):
            steps.append(
                Step(
                    _("Invite a manager of %(party)s") % {"party": party.name},
                    _("Until somebody takes that seat, %(party)s cannot say yes to a round.")
                    % {"party": party.name},
                    _("Invite somebody"),
                    "people",
                    alliance.key,
                )
            )
    own = next((line for line in parties if line.party == alliance.own), None)
    if (
        own
        and own.people == 1
        and may(seat, Act.PERSON_INVITE, Where(seat.alliance, own.party.key))
    ):
        steps.append(
            Step(
                _("Add the people of %(party)s") % {"party": own.party.name},
                _("You are the only one so far. Who only answers needs no account."),
                _("Add people"),
                "people",
                alliance.key,
            )
        )
    if not rounds and may(seat, Act.ROUND_PLAN, Where(seat.alliance)):
        steps.append(
            Step(
                _("Plan the first round"),
                _("A round asks everybody alone, and shows what they say together."),
                _("Plan a round"),
                "plan",
                alliance.key,
            )
        )
    return steps


def _mirror_steps(alliance: AllianceCard, rounds: tuple[RoundLine, ...]) -> list[Step]:
    closed = [
        one for one in rounds if one.state == State.CLOSED and one.closed_at and not one.evaluation
    ]
    seat = alliance.seat
    if not closed or not may(seat, Act.MIRROR_READ, Where(seat.alliance)):
        return []
    last = max(closed, key=lambda one: (one.closed_at or one.closes_at, one.key))
    named = {
        "round": last.title,
        "closed": moment(last.closed_at or last.closes_at, alliance.time_zone),
    }
    return [
        Step(
            _("Read the mirror of “%(round)s” together") % named,
            _("It closed on %(closed)s. Differences between you are a good place to begin.")
            % named,
            _("Read the mirror"),
            "mirror",
            last.key,
        )
    ]
