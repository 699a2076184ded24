"""Votes are summed over the room; ties are ties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.domain import theme
from understream.domain.vote import summed


@given(
    st.lists(st.dictionaries(st.sampled_from("0123"), st.integers(1, 4), min_size=1), max_size=30)
)
def test_dots_are_added_up(votes):
    told = summed([{"dots": vote} for vote in votes], 4)

    assert told["people"] == len(votes)
    assert told["points"] == [sum(vote.get(str(at), 0) for vote in votes) for at in range(4)]
    assert told["chosen"] == [sum(str(at) in vote for vote in votes) for at in range(4)]


@given(st.lists(st.permutations(range(4)), max_size=20))
def test_places_are_points(orders):
    told = summed([{"order": list(order)} for order in orders], 4)

    assert told["points"] == [sum(4 - order.index(at) for order in orders) for at in range(4)]


@pytest.mark.django_db
def test_a_vote_on_themes_is_between_those_there_when_it_opens_and_shown_when_it_closes():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(
        world, draft("prompt"), draft("themes", source=1), draft("vote", source=2, most=2)
    )
    meeting.open(1)
    for name in ("A", "B", "C"):
        theme.make_theme(meeting.lead, meeting.key, meeting.steps[1], name=name, now=NOON)
    meeting.open(2)
    theme.make_theme(meeting.lead, meeting.key, meeting.steps[1], name="late", now=NOON)
    for name, dots in (("a0", {"0": 2}), ("b0", {"1": 1, "2": 1}), ("a1", {"1": 1})):
        meeting.say(name, place=2, value={"dots": dots})
    scene = meeting.scene()
    assert [one["en"] for one in scene.room.step.choices] == ["A", "B", "C"]
    assert scene.counts == ()
    assert scene.answers == ()  # who chose what is nobody's
    assert scene.room.ready == 3

    meeting.close(2)
    counts = meeting.scene().counts
    assert [(one.name["en"], one.points, one.rank, one.tied) for one in counts] == [
        ("A", 2, 1, True), ("B", 2, 1, True), ("C", 1, 3, False),
    ]  # fmt: skip
