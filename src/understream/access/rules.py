"""Who may do what: every act, and the one rule that answers for it. Everything else is refused."""

from dataclasses import dataclass
from enum import StrEnum

from understream.access.refusal import Forbidden
from understream.access.seat import Role, Seat


class Act(StrEnum):
    """Everything that can be asked of the house."""

    # anyone at the door
    DOOR = "door"
    SIGN_IN = "sign.in"
    INVITATION_ACCEPT = "invitation.accept"
    LANGUAGE_CHOOSE = "language.choose"
    DEMO_ENTER = "demo.enter"
    # a person who has signed in
    ALLIANCES_LIST = "alliances.list"
    ALLIANCE_FOUND = "alliance.found"
    ACCOUNT_KEEP = "account.keep"
    # an alliance
    ALLIANCE_READ = "alliance.read"
    ALLIANCE_KEEP = "alliance.keep"
    PEOPLE_READ = "people.read"
    PERSON_INVITE = "person.invite"
    PARTNER_INVITE = "partner.invite"
    SEAT_END = "seat.end"
    FACILITATOR_END = "facilitator.end"
    JOURNAL_READ = "journal.read"
    # a round of listening
    ROUND_READ = "round.read"
    ROUND_PLAN = "round.plan"
    INSTRUMENT_GIVE = "instrument.give"
    COHORT_CONFIRM = "cohort.confirm"
    ROUND_OPEN = "round.open"
    ROUND_EXTEND = "round.extend"
    ROUND_CANCEL = "round.cancel"
    PARTICIPATION_READ = "participation.read"
    VOICE_SPEAK = "voice.speak"
    FORM_FILL = "form.fill"
    # what was said
    MIRROR_READ = "mirror.read"
    STATEMENT_READ = "statement.read"
    COMMENT_READ = "comment.read"
    COMMENT_MODERATE = "comment.moderate"
    RELEASE_EXPORT = "release.export"
    RESEARCH_EXPORT = "research.export"
    # an evaluation: its agreement
    EVALUATION_READ = "evaluation.read"
    EVALUATION_PREPARE = "evaluation.prepare"
    EVALUATION_ACCEPT = "evaluation.accept"
    EVALUATION_OPEN = "evaluation.open"
    EVALUATION_PROPOSE = "evaluation.propose"
    EVALUATION_CONSENT = "evaluation.consent"
    CYCLE_KEEP = "cycle.keep"
    # within a party
    REFLECTION_READ = "reflection.read"
    REFLECTION_VISIT = "reflection.visit"
    REFLECTION_WRITE = "reflection.write"
    REFLECTION_SEAL = "reflection.seal"
    DISSENT_HOLD = "dissent.hold"
    FACILITATOR_ADMIT = "facilitator.admit"
    # after the reveal
    JOINT_READ = "joint.read"
    JOINT_WRITE = "joint.write"
    JOINT_ACCEPT = "joint.accept"
    CRITIC_ASSIGN = "critic.assign"
    SEAL_READ = "seal.read"
    BUNDLE_EXPORT = "bundle.export"
    # what was promised
    COMMITMENT_READ = "commitment.read"
    COMMITMENT_WRITE = "commitment.write"
    COMMITMENT_ACCEPT = "commitment.accept"
    COMMITMENT_JUDGE = "commitment.judge"
    # a workshop
    WORKSHOPS_LIST = "workshops.list"
    WORKSHOP_FOUND = "workshop.found"
    WORKSHOP_PREPARE = "workshop.prepare"
    WORKSHOP_READ = "workshop.read"
    WORKSHOP_RUN = "workshop.run"
    WORKSHOP_EXPORT = "workshop.export"
    WORKSHOP_JOIN = "workshop.join"
    WORKSHOP_ATTEND = "workshop.attend"
    WORKSHOP_WATCH = "workshop.watch"
    PLACE_CLAIM = "place.claim"
    # the host
    HOST_OPERATE = "host.operate"


class Reach(StrEnum):
    """How far a rule goes."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    LINK = "holder of a personal link"
    ALLIANCE = "own alliance"
    PARTY = "own party"
    NAMED = "named for it"
    WORKSHOP = "own alliance, or the own workshop outside one"
    ORGANISATION = "own organisation"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that may, and how far."""

    reach: Reach
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Where:
    """What a rule must know of the thing acted on; keys, 0 for none.

    :ivar named: key of the only seat that may, for acts that name one.
    """

    alliance: int = 0
    party: int = 0
    named: int = 0
    organisation: int = 0
    workshop: int = 0


NOWHERE = Where()

_PARTICIPANT, _MANAGER, _SPONSOR = Role.PARTICIPANT, Role.MANAGER, Role.SPONSOR
_FACILITATOR = Role.FACILITATOR
_PARTY_SEATS = frozenset({_PARTICIPANT, _MANAGER, _SPONSOR})
_SEATS = _PARTY_SEATS | {_FACILITATOR}
_STEERING = frozenset({_MANAGER, _FACILITATOR})
_WORKING = frozenset({_PARTICIPANT, _MANAGER})

RULES: dict[Act, Rule] = {
    Act.DOOR: Rule(Reach.ANYONE),
    Act.SIGN_IN: Rule(Reach.ANYONE),
    Act.INVITATION_ACCEPT: Rule(Reach.LINK),
    Act.LANGUAGE_CHOOSE: Rule(Reach.ANYONE),
    Act.DEMO_ENTER: Rule(Reach.ANYONE),
    Act.ALLIANCES_LIST: Rule(Reach.SIGNED_IN),
    Act.ALLIANCE_FOUND: Rule(Reach.SIGNED_IN),
    Act.ACCOUNT_KEEP: Rule(Reach.SIGNED_IN),
    Act.ALLIANCE_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.ALLIANCE_KEEP: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.PEOPLE_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.PERSON_INVITE: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.PARTNER_INVITE: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.SEAT_END: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.FACILITATOR_END: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.JOURNAL_READ: Rule(Reach.ALLIANCE, _PARTY_SEATS),
    Act.ROUND_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.ROUND_PLAN: Rule(Reach.ALLIANCE, _STEERING),
    Act.INSTRUMENT_GIVE: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.COHORT_CONFIRM: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.ROUND_OPEN: Rule(Reach.ALLIANCE, _STEERING),
    Act.ROUND_EXTEND: Rule(Reach.ALLIANCE, _STEERING),
    Act.ROUND_CANCEL: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.PARTICIPATION_READ: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.VOICE_SPEAK: Rule(Reach.LINK),
    Act.FORM_FILL: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.MIRROR_READ: Rule(Reach.ALLIANCE, _PARTY_SEATS),
    Act.STATEMENT_READ: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.COMMENT_READ: Rule(Reach.PARTY, _PARTY_SEATS),
    Act.COMMENT_MODERATE: Rule(Reach.NAMED, frozenset({_FACILITATOR})),
    Act.RELEASE_EXPORT: Rule(Reach.PARTY, frozenset({_MANAGER, _SPONSOR})),
    Act.RESEARCH_EXPORT: Rule(Reach.ORGANISATION, frozenset({Role.RESEARCHER})),
    Act.EVALUATION_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.EVALUATION_PREPARE: Rule(Reach.ALLIANCE, _STEERING),
    Act.EVALUATION_ACCEPT: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.EVALUATION_OPEN: Rule(Reach.ALLIANCE, _STEERING),
    Act.EVALUATION_PROPOSE: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.EVALUATION_CONSENT: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.CYCLE_KEEP: Rule(Reach.ALLIANCE, frozenset({_MANAGER})),
    Act.REFLECTION_READ: Rule(Reach.PARTY, _WORKING),
    Act.REFLECTION_VISIT: Rule(Reach.NAMED, frozenset({_FACILITATOR})),
    Act.REFLECTION_WRITE: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.REFLECTION_SEAL: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.DISSENT_HOLD: Rule(Reach.PARTY, _WORKING),
    Act.FACILITATOR_ADMIT: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.JOINT_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.JOINT_WRITE: Rule(Reach.ALLIANCE, _WORKING | {_FACILITATOR}),
    Act.JOINT_ACCEPT: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.CRITIC_ASSIGN: Rule(Reach.ALLIANCE, _STEERING),
    Act.SEAL_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.BUNDLE_EXPORT: Rule(Reach.PARTY, frozenset({_MANAGER, _SPONSOR})),
    Act.COMMITMENT_READ: Rule(Reach.ALLIANCE, _SEATS),
    Act.COMMITMENT_WRITE: Rule(Reach.ALLIANCE, _WORKING | {_FACILITATOR}),
    Act.COMMITMENT_ACCEPT: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.COMMITMENT_JUDGE: Rule(Reach.PARTY, frozenset({_MANAGER})),
    Act.WORKSHOPS_LIST: Rule(Reach.ALLIANCE, _SEATS),
    Act.WORKSHOP_FOUND: Rule(Reach.SIGNED_IN),
    Act.WORKSHOP_PREPARE: Rule(Reach.ALLIANCE, _STEERING),
    Act.WORKSHOP_READ: Rule(Reach.WORKSHOP, _SEATS),
    Act.WORKSHOP_RUN: Rule(Reach.WORKSHOP, _STEERING),
    Act.WORKSHOP_EXPORT: Rule(Reach.WORKSHOP, _STEERING),
    Act.WORKSHOP_JOIN: Rule(Reach.ANYONE),
    Act.WORKSHOP_ATTEND: Rule(Reach.LINK),
    Act.WORKSHOP_WATCH: Rule(Reach.LINK),
    Act.PLACE_CLAIM: Rule(Reach.SIGNED_IN),
    Act.HOST_OPERATE: Rule(Reach.HOST, frozenset({Role.HOST})),
}


def may(seat: Seat | None, act: Act, where: Where = NOWHERE) -> bool:  # noqa: C901, PLR0911 - one line a reach
    """Tell whether a seat may do this here.

    :param seat: who acts; ``None`` for somebody nobody knows.
    :param where: what is acted on. A rule that needs a fact and is not given it refuses.
    :returns: the answer of the table above; an act without a rule is refused.
    """
    rule = RULES.get(act)
    if rule is None:
        return False
    if rule.reach is Reach.ANYONE:
        return True
    if seat is None or seat.role is Role.SYSTEM:
        return False
    if rule.roles and seat.role not in rule.roles:
        return False
    if rule.reach in (Reach.SIGNED_IN, Reach.HOST):
        return seat.person != 0
    if rule.reach is Reach.LINK:
        return seat.key != 0
    if rule.reach is Reach.ORGANISATION:
        return seat.organisation != 0 and seat.organisation == where.organisation
    own_alliance = seat.alliance != 0 and seat.alliance == where.alliance
    if rule.reach is Reach.WORKSHOP:
        return own_alliance or (seat.workshop != 0 and seat.workshop == where.workshop)
    if rule.reach is Reach.ALLIANCE:
        return own_alliance
    if rule.reach is Reach.PARTY:
        return own_alliance and seat.party != 0 and seat.party == where.party
    return own_alliance and seat.key != 0 and seat.key == where.named


def require(seat: Seat | None, act: Act, where: Where = NOWHERE) -> None:
    """Refuse unless the seat may do this here.

    :raises Forbidden: a page shows it exactly as something that is not there.
    """
    if not may(seat, act, where):
        raise Forbidden
