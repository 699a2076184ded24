"""The rights table of decisions.md section 5, row by row; everything else is refused."""

import pytest

from understream.access.refusal import Forbidden
from understream.access.rules import RULES, Act, Reach, Where, may, require
from understream.access.seat import SYSTEM, Role, Seat

ALLIANCE, PARTY, OTHER_PARTY, OTHER_ALLIANCE = 1, 10, 11, 2
HERE = Where(ALLIANCE, PARTY, named=7, organisation=5)


def seat(role: Role, *, alliance=ALLIANCE, party=PARTY, key=7) -> Seat:
    inside = role in (Role.PARTICIPANT, Role.MANAGER, Role.SPONSOR, Role.FACILITATOR)
    return Seat(
        key=key if inside else 0,
        person=3,
        name="Somebody",
        role=role,
        alliance=alliance if inside else 0,
        party=party if inside and role is not Role.FACILITATOR else 0,
        organisation=5 if role is Role.RESEARCHER else 0,
    )


#                             participant manager sponsor facilitator researcher host
TABLE = {
    Act.ALLIANCE_READ:        (True,  True,  True,  True,  False, False),
    Act.ALLIANCE_KEEP:        (False, True,  False, False, False, False),
    Act.PEOPLE_READ:          (True,  True,  True,  True,  False, False),
    Act.PERSON_INVITE:        (False, True,  False, False, False, False),
    Act.PARTNER_INVITE:       (False, True,  False, False, False, False),
    Act.SEAT_END:             (False, True,  False, False, False, False),
    Act.FACILITATOR_END:      (False, True,  False, False, False, False),
    Act.JOURNAL_READ:         (True,  True,  True,  False, False, False),
    Act.ROUND_READ:           (True,  True,  True,  True,  False, False),
    Act.ROUND_PLAN:           (False, True,  False, True,  False, False),
    Act.INSTRUMENT_GIVE:      (False, True,  False, False, False, False),
    Act.COHORT_CONFIRM:       (False, True,  False, False, False, False),
    Act.ROUND_OPEN:           (False, True,  False, True,  False, False),
    Act.ROUND_EXTEND:         (False, True,  False, True,  False, False),
    Act.ROUND_CANCEL:         (False, True,  False, False, False, False),
    Act.PARTICIPATION_READ:   (False, True,  False, False, False, False),
    Act.FORM_FILL:            (False, True,  False, False, False, False),
    Act.MIRROR_READ:          (True,  True,  True,  False, False, False),
    Act.STATEMENT_READ:       (False, True,  False, False, False, False),
    Act.COMMENT_READ:         (True,  True,  True,  False, False, False),
    Act.COMMENT_MODERATE:     (False, False, False, True,  False, False),
    Act.RELEASE_EXPORT:       (False, True,  True,  False, False, False),
    Act.RESEARCH_EXPORT:      (False, False, False, False, True,  False),
    Act.EVALUATION_READ:      (True,  True,  True,  True,  False, False),
    Act.EVALUATION_PREPARE:   (False, True,  False, True,  False, False),
    Act.EVALUATION_ACCEPT:    (False, True,  False, False, False, False),
    Act.EVALUATION_OPEN:      (False, True,  False, True,  False, False),
    Act.EVALUATION_PROPOSE:   (False, True,  False, False, False, False),
    Act.EVALUATION_CONSENT:   (False, True,  False, False, False, False),
    Act.CYCLE_KEEP:           (False, True,  False, False, False, False),
    Act.REFLECTION_READ:      (True,  True,  False, False, False, False),
    Act.REFLECTION_VISIT:     (False, False, False, True,  False, False),
    Act.REFLECTION_WRITE:     (False, True,  False, False, False, False),
    Act.REFLECTION_SEAL:      (False, True,  False, False, False, False),
    Act.DISSENT_HOLD:         (True,  True,  False, False, False, False),
    Act.FACILITATOR_ADMIT:    (False, True,  False, False, False, False),
    Act.JOINT_READ:           (True,  True,  True,  True,  False, False),
    Act.JOINT_WRITE:          (True,  True,  False, True,  False, False),
    Act.JOINT_ACCEPT:         (False, True,  False, False, False, False),
    Act.CRITIC_ASSIGN:        (False, True,  False, True,  False, False),
    Act.SEAL_READ:            (True,  True,  True,  True,  False, False),
    Act.BUNDLE_EXPORT:        (False, True,  True,  False, False, False),
    Act.COMMITMENT_READ:      (True,  True,  True,  True,  False, False),
    Act.COMMITMENT_WRITE:     (True,  True,  False, True,  False, False),
    Act.COMMITMENT_ACCEPT:    (False, True,  False, False, False, False),
    Act.COMMITMENT_JUDGE:     (False, True,  False, False, False, False),
    Act.WORKSHOPS_LIST:       (True,  True,  True,  True,  False, False),
    Act.WORKSHOP_PREPARE:     (False, True,  False, True,  False, False),
    Act.WORKSHOP_READ:        (True,  True,  True,  True,  False, False),
    Act.WORKSHOP_RUN:         (False, True,  False, True,  False, False),
    Act.WORKSHOP_EXPORT:      (False, True,  False, True,  False, False),
    Act.HOST_OPERATE:         (False, False, False, False, False, True),
}  # fmt: skip
ROLES = (
    Role.PARTICIPANT,
    Role.MANAGER,
    Role.SPONSOR,
    Role.FACILITATOR,
    Role.RESEARCHER,
    Role.HOST,
)
AT_THE_DOOR = {
    Act.DOOR, Act.SIGN_IN, Act.LANGUAGE_CHOOSE, Act.DEMO_ENTER, Act.WORKSHOP_JOIN,
}  # fmt: skip
BY_LINK = {
    Act.INVITATION_ACCEPT, Act.VOICE_SPEAK, Act.WORKSHOP_ATTEND, Act.WORKSHOP_WATCH,
}  # fmt: skip
SIGNED_IN = {
    Act.ALLIANCES_LIST, Act.ALLIANCE_FOUND, Act.ACCOUNT_KEEP, Act.WORKSHOP_FOUND, Act.PLACE_CLAIM,
}  # fmt: skip
OF_A_PARTY = (
    Act.PERSON_INVITE, Act.SEAT_END, Act.COHORT_CONFIRM, Act.PARTICIPATION_READ, Act.FORM_FILL,
    Act.STATEMENT_READ, Act.COMMENT_READ, Act.RELEASE_EXPORT,
    Act.EVALUATION_ACCEPT, Act.EVALUATION_CONSENT, Act.REFLECTION_READ, Act.REFLECTION_WRITE,
    Act.REFLECTION_SEAL, Act.DISSENT_HOLD, Act.FACILITATOR_ADMIT, Act.JOINT_ACCEPT,
    Act.BUNDLE_EXPORT, Act.COMMITMENT_ACCEPT, Act.COMMITMENT_JUDGE,
)  # fmt: skip
NAMED = (Act.COMMENT_MODERATE, Act.REFLECTION_VISIT)
"""Written out: a rule that was widened to the alliance must not take its test along."""


@pytest.mark.parametrize("act", TABLE)
def test_the_rights_table_holds_for_every_role(act):
    said = tuple(may(seat(role), act, HERE) for role in ROLES)

    assert said == TABLE[act]


def test_every_act_has_a_rule_and_stands_in_this_table():
    assert set(RULES) == set(Act)
    assert set(Act) == set(TABLE) | AT_THE_DOOR | BY_LINK | SIGNED_IN


@pytest.mark.parametrize("act", TABLE)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_reaches_into_another_alliance(act, role):
    elsewhere = Where(OTHER_ALLIANCE, PARTY, named=7, organisation=6)

    said = may(seat(role), act, elsewhere)

    assert said == (RULES[act].reach is Reach.HOST and role is Role.HOST)


@pytest.mark.parametrize("act", OF_A_PARTY)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_acts_for_another_party(act, role):
    assert not may(seat(role), act, Where(ALLIANCE, OTHER_PARTY, named=7))


@pytest.mark.parametrize("act", NAMED)
def test_only_the_facilitator_who_is_named_reads_comments_first_and_reflections(act):
    assert not may(seat(Role.FACILITATOR, key=8), act, HERE)
    assert not may(seat(Role.FACILITATOR), act, Where(ALLIANCE))


@pytest.mark.parametrize("act", Act)
def test_somebody_nobody_knows_may_only_stand_at_the_door(act):
    assert may(None, act, HERE) == (act in AT_THE_DOOR)


@pytest.mark.parametrize("act", set(Act) - AT_THE_DOOR)
def test_the_system_itself_has_no_rights_to_borrow(act):
    assert not may(SYSTEM, act, HERE)
    assert not may(Seat(7, 3, "Somebody", Role.SYSTEM, ALLIANCE, PARTY), act, HERE)


def test_an_act_without_a_rule_is_refused_to_everybody(monkeypatch):
    monkeypatch.delitem(RULES, Act.DOOR)

    assert not any(may(one, Act.DOOR, HERE) for one in (None, *map(seat, ROLES)))


@pytest.mark.parametrize("act", TABLE)
@pytest.mark.parametrize("role", [role for role in ROLES if role is not Role.HOST])
def test_none_is_not_the_same_as_none(act, role):
    """A key of 0 stands for none: who has no alliance, party or seat meets no such thing."""
    assert not may(Seat(0, 3, "Somebody", role), act)
    if act in (*OF_A_PARTY, *NAMED):
        assert not may(Seat(0, 3, "Somebody", role, ALLIANCE), act, Where(ALLIANCE))


@pytest.mark.parametrize("act", TABLE)
def test_a_rule_that_is_told_nothing_refuses(act):
    said = [may(seat(role), act) for role in ROLES]

    assert any(said) == (RULES[act].reach is Reach.HOST)


def test_a_refusal_has_a_reason():
    with pytest.raises(Forbidden, match="There is nothing here for you"):
        require(seat(Role.SPONSOR), Act.FORM_FILL, HERE)


def test_who_runs_a_workshop_outside_alliances_runs_that_one_and_no_other():
    alone = Seat(0, 3, "Somebody", Role.FACILITATOR, workshop=4)

    for act in (Act.WORKSHOP_READ, Act.WORKSHOP_RUN, Act.WORKSHOP_EXPORT):
        assert may(alone, act, Where(workshop=4))
        assert not may(alone, act, Where(workshop=5))
        assert not may(alone, act, Where(alliance=ALLIANCE, workshop=5))
        assert not may(alone, act, Where())
        assert not may(seat(Role.FACILITATOR), act, Where(workshop=4))
