"""Groups of four practise; roles go round."""

from collections import Counter

import pytest

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.access.refusal import Missing
from understream.domain import rehearsal
from understream.domain.rehearsal import sizes_of


@pytest.mark.parametrize("people", range(301))
def test_groups_are_of_four_and_three(people):
    sizes = sizes_of(people)

    assert sum(sizes) == people
    if people >= 6:
        assert set(sizes) <= {3, 4}
        assert sizes.count(3) <= 3


@pytest.mark.django_db
@pytest.mark.parametrize("people", [2, 4, 5])
def test_everybody_plays_and_organisations_are_spread(people):
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("rehearsal"), draft("prompt"), people=people)
    meeting.open(0)
    played: dict[str, set[int]] = {name: set() for name in meeting.tokens}
    for _turn in range(4):
        for name in meeting.tokens:
            group = meeting.own(name).personal.group
            played[name].add(group.role)
            roles = Counter([group.role, *(mate.role for mate in group.mates)])
            assert set(roles) == set(range(len(group.mates) + 1))
            assert any(
                mate.party.name != meeting.own(name).personal.party.name for mate in group.mates
            )
        rehearsal.turn_roles(meeting.lead, meeting.key, meeting.steps[0], now=NOON)

    sizes = {len(meeting.own(name).personal.group.mates) + 1 for name in meeting.tokens}
    assert all(len(roles) in sizes for roles in played.values())
    assert meeting.scene().turns == 4
    with pytest.raises(Missing):
        rehearsal.turn_roles(meeting.lead, meeting.key, meeting.steps[1], now=NOON)
