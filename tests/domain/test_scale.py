"""A scale shows what the rules of disclosure allow, by party, when it closes."""

import pytest

from tests.factories import NOON, make_alliance
from tests.workshops import come_in, draft, make_meeting
from understream.domain import attendee
from understream.domain.scale import figures_of
from understream.measurement.disclosure import Policy, Tally, joined, label_of, show


@pytest.mark.parametrize("people", [4, 5, 7, 8, 9, 10, 14])
def test_each_party_is_shown_as_any_figure_is(people):
    said = [(at % 7) + 1 for at in range(people)]
    (line,) = figures_of({(0, "Mill"): said}, 7, Policy())["lines"]
    tally = Tally(tuple(said.count(point) for point in range(1, 8)))
    shown = show(joined([tally], policy=Policy()), policy=Policy())

    if people < 5:
        assert line == {"position": 0, "name": "Mill", "n": "", "figure": None}
    else:
        assert line["figure"]["mean"] == shown.mean
        assert line["n"] == label_of(people, policy=Policy())


def test_none_to_four_look_the_same():
    lines = [figures_of({(0, "M"): [4] * n}, 7, Policy())["lines"] for n in range(5)]

    assert all(one == lines[0] for one in lines)


def test_all_together_only_where_no_party_can_work_out_another():
    two = {(0, "A"): [4] * 9, (1, "B"): [5] * 9}
    three = two | {(2, "C"): [6] * 9}

    assert [one["position"] for one in figures_of(two, 7, Policy())["lines"]] == [0, 1]
    assert [one["position"] for one in figures_of(three, 7, Policy())["lines"]] == [0, 1, 2, -1]


@pytest.mark.django_db
def test_figures_come_at_the_close_and_points_leave_nothing():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("scale"), people=4)
    for number in range(4, 8):
        come_in(meeting, f"a{number}", meeting.parties["Harbour"])
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    for at, name in enumerate(meeting.tokens):
        meeting.say(name, value={"point": 4 + at % 3})
    assert meeting.scene().lines == ()
    meeting.close()

    lines = {one.name: one for one in meeting.scene().lines}
    assert lines["Mill"].figure is None
    assert lines["Harbour"].figure["mean"] == 5.0
    assert lines["Harbour"].n == "5-9"


@pytest.mark.django_db
def test_a_named_scale_shows_names_when_it_closes():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(world, draft("scale", identity="named"), people=1)
    meeting.open()
    meeting.say("a0", value={"point": 2})
    meeting.say("b0", value={"point": 0})
    assert meeting.scene().marks == ()
    meeting.close()

    assert [(one.name, one.point) for one in meeting.scene().marks] == [("b0", 0), ("a0", 2)]
