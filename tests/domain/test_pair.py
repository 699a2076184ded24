"""Pairs are mixed as far as can be, write together, and hold nobody up."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOON, make_alliance
from tests.workshops import come_in, draft, make_meeting
from understream.access.refusal import Missing, Unfit
from understream.domain import attendee, pair
from understream.domain.answer import StepClosed
from understream.domain.attendee import AWAY
from understream.domain.pair import PartnerWrote, pairs_of
from understream.records.answer import Answer
from understream.records.pair import Group, Place

pytestmark = pytest.mark.django_db


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=300), st.integers(0, 99))
def test_everybody_is_in_one_pair_and_as_many_as_can_be_are_mixed(parties, seed):
    people = list(enumerate(parties))
    kept = list(people)
    groups = pairs_of(people, rng=Random(seed))

    assert people == kept
    assert sorted(who for group in groups for who in group) == list(range(len(parties)))
    sizes = sorted(map(len, groups))
    if len(parties) == 1:
        assert sizes == [1]
    else:
        assert set(sizes) <= {2, 3}
        assert sizes.count(3) == len(parties) % 2 if parties else not sizes
    of = dict(people)

    def mixed(group):
        return len({of[who] or -1 - who for who in group}) > 1

    largest = max((parties.count(one) for one in set(parties) - {0}), default=0)
    most = min(len(parties) // 2, len(parties) - largest)
    assert sum(map(mixed, groups)) >= most


@pytest.fixture
def meeting():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("pairs"), draft("prompt"), people=3)
    meeting.open(0)
    return meeting


def mates(meeting, name):
    own = meeting.own(name).personal.group.number
    return [one for one in meeting.tokens if one != name and (
        group := meeting.own(one).personal.group) and group.number == own]  # fmt: skip


def write(meeting, name, text, revision, *, now=NOON):
    return pair.write_together(
        meeting.tokens[name], meeting.key, meeting.steps[0], text=text, revision=revision, now=now
    )


def agree(meeting, name, revision, *, agrees=True, now=NOON):
    return pair.agree_together(
        meeting.tokens[name], meeting.key, meeting.steps[0], revision=revision, agrees=agrees,
        now=now,
    )  # fmt: skip


def test_pairs_are_of_two_organisations(meeting):
    for name in meeting.tokens:
        group = meeting.own(name).personal.group
        assert len(group.mates) == 1
        assert group.mates[0].party.name != meeting.own(name).personal.party.name


def test_an_answer_is_put_in_when_both_say_yes_to_the_same_words(meeting):
    (other,) = mates(meeting, "a0")
    assert write(meeting, "a0", "draft", 0) == 1
    with pytest.raises(PartnerWrote) as told:
        write(meeting, other, "mine", 0)
    assert told.value.standing["text"] == "draft"
    assert not agree(meeting, "a0", 1)
    assert write(meeting, other, "our words", 1) == 2
    with pytest.raises(PartnerWrote):
        agree(meeting, "a0", 1)
    assert not agree(meeting, other, 2)  # the first yes was to other words
    assert agree(meeting, "a0", 2)
    (shown,) = meeting.scene().answers
    assert shown.text == "our words"
    assert [party.position for party in shown.parties] == [0, 1]

    assert not agree(meeting, "a0", 2, agrees=False)
    assert meeting.scene().answers == ()
    assert agree(meeting, "a0", 2)
    assert Answer.objects.count() == 1


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["write", "yes", "no"])), max_size=14)
)
def test_only_words_both_said_yes_to_are_ever_shown(meeting, acts):
    (other,) = mates(meeting, "a0")
    names = ("a0", other)
    agreed = {}
    group = meeting.own("a0").personal.group
    revision, text = group.revision, group.draft
    for number, (who, act) in enumerate(acts):
        if act == "write":
            text = f"{number} {who} {revision}"
            revision, agreed = write(meeting, names[who], text, revision), {}
        elif text:
            agree(meeting, names[who], revision, agrees=act == "yes")
            agreed[who] = act == "yes"
        shown = [one.text for one in meeting.scene().answers]
        if agreed.get(0) and agreed.get(1):
            assert shown == [text]
        else:
            assert text not in shown or act != "no"


def test_who_went_away_holds_nobody_up(meeting):
    (other,) = mates(meeting, "a0")
    write(meeting, "a0", "alone", 0)
    attendee.mark_seen(meeting.key, here=[], gone=[meeting.person(other)], now=NOON)
    assert agree(meeting, "a0", 1)
    assert not meeting.own("a0").personal.group.mates[0].here


def test_a_pair_that_has_not_agreed_keeps_its_words_and_blocks_nothing(meeting):
    write(meeting, "a0", "half a thought", 0)
    meeting.open(1)
    with pytest.raises(StepClosed):
        write(meeting, "a0", "more", 1)
    assert meeting.scene().answers == ()
    meeting.open(0)
    group = meeting.own("a0").personal.group
    assert (group.draft, group.revision) == ("half a thought", 1)


def test_who_comes_late_joins_who_is_alone_else_a_pair(meeting):
    come_in(meeting, "late", meeting.parties["Mill"])
    assert meeting.own("late").personal.group is None
    pair.find_partner(meeting.tokens["late"], meeting.key, meeting.steps[0], now=NOON)
    pair.find_partner(meeting.tokens["late"], meeting.key, meeting.steps[0], now=NOON)
    assert len(meeting.own("late").personal.group.mates) == 2

    lonely = next(one for one in ("b0", "b1") if "late" not in mates(meeting, one))
    attendee.mark_seen(
        meeting.key,
        here=[],
        gone=[meeting.person(one) for one in mates(meeting, lonely)],
        now=NOON,
    )
    come_in(meeting, "later", meeting.parties["Harbour"])
    pair.find_partner(meeting.tokens["later"], meeting.key, meeting.steps[0], now=NOON)
    assert lonely in mates(meeting, "later")


def test_a_first_who_comes_to_an_empty_step_waits_for_a_second():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("pairs"), people=0)
    meeting.open(0)
    for name in ("one", "two"):
        come_in(meeting, name)
        pair.find_partner(meeting.tokens[name], meeting.key, meeting.steps[0], now=NOON)
    assert mates(meeting, "one") == ["two"]


def test_somebody_is_put_elsewhere_by_hand(meeting):
    target = meeting.own("b0").personal.group.number
    pair.move_to_pair(
        meeting.lead, meeting.key, meeting.steps[0], meeting.person("a0"), number=target, now=NOON
    )
    assert meeting.own("a0").personal.group.number == target
    pair.move_to_pair(
        meeting.lead, meeting.key, meeting.steps[0], meeting.person("a0"), number=0, now=NOON
    )
    assert meeting.own("a0").personal.group.mates == ()
    for who, number in ((10**9, 1), (meeting.person("a0"), 99)):
        with pytest.raises(Missing):
            pair.move_to_pair(
                meeting.lead, meeting.key, meeting.steps[0], who, number=number, now=NOON
            )
    assert Place.objects.filter(step=meeting.steps[0]).count() == 6


def test_each_pair_gets_the_link_to_a_call_of_its_own(meeting):
    links = [f"https://call.example/{number}" for number in range(5)]
    assert (
        pair.give_call_links(meeting.lead, meeting.key, meeting.steps[0], links=links, now=NOON)
        == 3
    )
    group = meeting.own("a0").personal.group
    assert group.call_link == f"https://call.example/{group.number - 1}"


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "http://call.example", "//call.example", "https://", "https:// x",
     'https://a.example/"onload=x', "https://a.example/<script>", "x" * 10, "https://[",
     "https://a.example/" + "x" * 500],
)  # fmt: skip
def test_what_is_no_safe_link_is_refused(meeting, link):
    with pytest.raises(Unfit):
        pair.give_call_links(meeting.lead, meeting.key, meeting.steps[0], links=[link], now=NOON)
    assert not Group.objects.exclude(call_link="").exists()


def test_who_runs_it_sees_who_is_with_whom_and_not_what_they_write(meeting):
    write(meeting, "a0", "a draft nobody reads", 0)
    told = pair.groups_of(meeting.lead, meeting.key, meeting.steps[0], now=NOON + AWAY)

    assert "a draft nobody reads" not in str(told)
    assert sorted(one.writes for one in told) == [False, False, True]
    assert not any(here for one in told for _key, _name, _party, here, _role in one.people)
