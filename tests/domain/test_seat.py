"""Who has a seat, adding people, ending a seat."""

import pytest

from tests.factories import (
    LATER,
    NOON,
    invite,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    seat_person,
    speak,
)
from understream.access import reach
from understream.access.refusal import Missing, Unfit
from understream.access.seat import Role
from understream.domain import due, voice
from understream.domain import round as rounds
from understream.domain.invitation import accept_invitation
from understream.domain.journal import journal_of
from understream.domain.release import close_round
from understream.domain.result import result_by_link
from understream.domain.seat import LastManager, Newcomer, add_participants, end_seat, people_of
from understream.domain.voice import Heard
from understream.records.organisation import Membership
from understream.records.person import Person
from understream.records.seat import SeatRow
from understream.records.voice import Voice

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)


def add(world, *people, party="Harbour", seat=None):
    return add_participants(
        seat or world.managers[party], party=world.parties[party], people=people, now=NOON
    )


def sentences(world, party="Harbour"):
    lines = journal_of(world.managers[party], world.alliance).lines
    return [line.sentence for line in lines]


# ------------------------------------------------------------------ adding people


def test_people_who_only_answer_get_a_seat_without_an_account():
    world = make_alliance(people=1)

    new = add(
        world,
        Newcomer(" Anna Bos ", " ANNA@example.org ", "nl"),
        Newcomer("Ben", "ben@example.org", tier="steering"),
    )

    assert new == 2
    anna = SeatRow.objects.get(person__email="anna@example.org")
    assert (anna.person.name, anna.person.language, anna.role) == ("Anna Bos", "nl", "participant")
    assert anna.party_id == world.parties["Harbour"]
    assert not anna.person.has_usable_password()
    assert SeatRow.objects.get(person__email="ben@example.org").tier == "steering"
    assert sentences(world)[:2] == [
        "Manager Harbour added Ben as participant.",
        "Manager Harbour added Anna Bos as participant.",
    ]


def test_somebody_known_keeps_the_name_they_chose_and_nobody_is_added_twice():
    world = make_alliance(people=1)
    make_person("Anna", language="nl")
    first = add(world, Newcomer("Somebody Else", "anna@example.org"))

    again = add(world, Newcomer("Anna", "anna@example.org"), Newcomer("Ben", "ben@example.org"))

    assert (first, again) == (1, 1)
    assert Person.objects.get(email="anna@example.org").name == "Anna"
    assert SeatRow.objects.filter(person__email="anna@example.org").count() == 1


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([Newcomer("", "a@example.org")], ["1"]),
        ([Newcomer("x" * 121, "a@example.org")], ["1"]),
        ([Newcomer("A", "no address")], ["1"]),
        ([Newcomer("A", "a@example.org"), Newcomer("B", "A@example.org")], ["1", "2"]),
        ([Newcomer("A", "a@example.org", "fr")], ["1"]),
        ([Newcomer("A", "a@example.org", tier="king")], ["1"]),
        ([Newcomer("A", "manager.mill@example.org", line=7)], ["7"]),
        ([Newcomer("A", "facilitator.of.harbour@example.org")], ["1"]),
        ([Newcomer("A", "a@example.org"), Newcomer("", "b@example.org")], ["2"]),
        ([], [""]),
    ],
)
def test_every_line_that_does_not_fit_is_named_and_nobody_is_added(lines, named):
    world = make_alliance(people=1)
    before = (Person.objects.count(), SeatRow.objects.count())

    with pytest.raises(Unfit) as refusal:
        add(world, *lines)

    assert list(refusal.value.faults) == named
    assert (Person.objects.count(), SeatRow.objects.count()) == before


@pytest.mark.parametrize("who", ["participant", "facilitator", "other manager"])
def test_only_a_manager_adds_people_and_only_to_the_own_party(who):
    world = make_alliance()
    seat = {
        "participant": world.people["Harbour"][1],
        "facilitator": world.facilitator,
        "other manager": world.managers["Mill"],
    }[who]

    with pytest.raises(Missing):
        add(world, Newcomer("Anna", "anna@example.org"), seat=seat)

    assert not Person.objects.filter(email="anna@example.org").exists()


@pytest.mark.parametrize("count", [1, 30])
def test_adding_asks_the_same_number_of_questions(count, django_assert_num_queries):
    world = make_alliance(people=1)
    people = [Newcomer(f"Person {one}", f"person.{one}@example.org") for one in range(count)]

    with django_assert_num_queries(10):
        assert add(world, *people) == count


# ------------------------------------------------------------------ reading who is there


def test_addresses_are_told_to_the_own_partys_managers_only():
    world = make_alliance(people=2)

    facilitators, harbour, mill = people_of(world.managers["Harbour"], now=NOON)

    assert [one.email for one in harbour.people] == [
        "harbour.1@example.org",
        "manager.harbour@example.org",
    ]
    assert [one.email for one in (*mill.people, *facilitators.people)] == ["", "", ""]
    own = people_of(world.people["Harbour"][1], now=NOON)
    assert {one.email for group in own for one in group.people} == {""}


def test_nobody_is_offered_to_end_their_own_seat_or_one_of_another_party():
    world = make_alliance(people=2)

    groups = people_of(world.managers["Harbour"], now=NOON)

    assert [one.name for group in groups for one in group.people if one.may_end] == [
        "Facilitator of Harbour",
        "Harbour 1",
    ]
    assert not any(one.may_end for one in people_of(world.facilitator, now=NOON)[0].people)


def test_waiting_invitations_are_told_to_those_who_may_withdraw_them():
    world = make_alliance(people=1)
    invite(world, role="sponsor")

    seen = {
        name: [(one.name, one.expired) for group in people_of(seat, now=now)
               for one in group.invitations]
        for name, seat, now in (
            ("own", world.managers["Harbour"], NOON),
            ("late", world.managers["Harbour"], NOON.replace(month=12)),
            ("partner", world.managers["Mill"], NOON),
            ("facilitator", world.facilitator, NOON),
        )
    }  # fmt: skip

    assert seen == {
        "own": [("Nora", False)],
        "late": [("Nora", True)],
        "partner": [],
        "facilitator": [],
    }


# ------------------------------------------------------------------ ending a seat


def test_an_ended_seat_opens_nothing_any_more():
    world = make_alliance(people=6)
    key = open_round(world)
    leaver = world.people["Harbour"][1]
    link = links_of(key, world.parties["Harbour"])[1]

    end_seat(world.managers["Harbour"], leaver.key, now=NOON)

    with pytest.raises(Missing):
        reach.seat_in_alliance(leaver.person, world.alliance)
    with pytest.raises(Missing):
        reach.seat_in_round(leaver.person, key)
    with pytest.raises(Missing):
        voice.form_before(link, browser="", language="en", now=NOON)
    with pytest.raises(Missing):
        voice.begin(link, browser="", rng=world.rng, now=NOON)
    assert sentences(world)[0] == "Manager Harbour ended the seat of Harbour 1."
    names = [one.name for group in people_of(world.facilitator, now=NOON) for one in group.people]
    assert "Harbour 1" not in names


def test_what_somebody_said_before_they_left_still_counts():
    world = make_alliance(people=5)
    key = open_round(world)
    for link in links_of(key, world.parties["Harbour"]):
        assert speak(world, link, SIX) == Heard(again=False)

    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    assert close_round(key, now=LATER, rng=world.rng)
    assert Voice.objects.count() == 5


def test_a_party_keeps_one_manager():
    world = make_alliance(people=2)
    manager = world.managers["Harbour"]

    with pytest.raises(LastManager):
        end_seat(manager, manager.key, now=NOON)
    second = seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)
    end_seat(manager, manager.key, now=NOON)

    assert reach.seat_in_alliance(second.person, world.alliance) == second


@pytest.mark.parametrize("who", ["partner", "facilitator", "participant", "left"])
def test_a_seat_is_ended_by_a_manager_of_its_own_party_only(who):
    world = make_alliance(people=3)
    target = world.people["Harbour"][1]
    seat = {
        "partner": world.managers["Mill"],
        "facilitator": world.facilitator,
        "participant": world.people["Harbour"][2],
        "left": world.managers["Harbour"],
    }[who]
    if who == "left":
        end_seat(seat, target.key, now=NOON)

    with pytest.raises(Missing):
        end_seat(seat, target.key, now=NOON)


def test_a_party_that_has_become_too_small_to_hide_anybody_says_yes_anew():
    world = make_alliance(people=5)
    key = plan_round(world)

    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    assert rounds.round_before(world.facilitator, key).waiting_for == ("Harbour",)
    with pytest.raises(rounds.NotYet):
        rounds.open_round(world.facilitator, key, now=NOON)
    chosen = [seat.key for seat in world.people["Harbour"] if seat.name != "Harbour 1"]
    rounds.confirm_cohort(
        world.managers["Harbour"], key, mode="one voice", seats=chosen, now=NOON, rng=world.rng
    )
    rounds.open_round(world.facilitator, key, now=NOON)


def test_who_leaves_before_a_round_opens_is_not_counted_among_those_who_are_asked():
    world = make_alliance(people=(8, 5))
    key = plan_round(world)

    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)
    rounds.open_round(world.facilitator, key, now=NOON)

    mine = rounds.round_before(world.managers["Harbour"], key).mine
    assert (mine.size, len(mine.names), "Harbour 1" in mine.names) == ("7", 7, False)
    # Among seven no remark is hidden.
    link = links_of(key, world.parties["Harbour"])[0]
    assert not voice.form_before(link, browser="", language="en", now=NOON).asks_comment


def test_an_open_round_stays_as_it_was_frozen_when_somebody_leaves():
    world = make_alliance(people=5)
    key = open_round(world)

    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    mine = rounds.round_before(world.managers["Harbour"], key).mine
    assert (mine.size, mine.mode, mine.confirmed) == ("5", "confidential", True)


@pytest.mark.parametrize("party", ["Harbour", "Mill"])
def test_a_manager_of_any_party_ends_a_facilitators_seat(party):
    world = make_alliance()
    lines = people_of(world.managers[party], now=NOON)[0].people
    assert [(one.may_end, one.email) for one in lines] == [(True, "")]

    end_seat(world.managers[party], world.facilitator.key, now=NOON)

    with pytest.raises(Missing):
        reach.seat_in_alliance(world.facilitator.person, world.alliance)
    assert sentences(world)[0] == f"Manager {party} ended the seat of Facilitator of Harbour."


@pytest.mark.parametrize("who", ["participant", "facilitator", "other alliance"])
def test_nobody_else_ends_a_facilitators_seat(who):
    world = make_alliance(people=2)
    other = make_alliance("Quay", "Barge")
    seat = {
        "participant": world.people["Harbour"][1],
        "facilitator": world.facilitator,
        "other alliance": other.managers["Quay"],
    }[who]

    with pytest.raises(Missing):
        end_seat(seat, world.facilitator.key, now=NOON)


def test_every_party_says_yes_anew_when_who_was_to_read_first_has_left():
    world = make_alliance(people=8)
    key = plan_round(world, moderator=world.facilitator.key)
    other = plan_round(world)

    end_seat(world.managers["Mill"], world.facilitator.key, now=NOON)

    card = rounds.round_before(world.managers["Harbour"], key)
    assert (card.moderator, card.waiting_for) == ("", ("Harbour", "Mill"))
    assert rounds.round_before(world.managers["Harbour"], other).waiting_for == ()


# ------------------------------------------------------------------ coming back


def test_somebody_who_left_and_comes_back_has_the_seat_and_the_link_again():
    world = make_alliance(people=6)
    key = open_round(world)
    link = links_of(key, world.parties["Harbour"])[1]
    end_seat(world.managers["Harbour"], world.people["Harbour"][1].key, now=NOON)

    assert add(world, Newcomer("Harbour 1", "harbour.1@example.org")) == 1

    assert speak(world, link, SIX) == Heard(again=False)


@pytest.mark.parametrize("way", ["added", "invited"])
@pytest.mark.parametrize("state", ["planned", "open", "closed"])
def test_somebody_who_comes_back_for_another_party_speaks_for_that_one_alone(
    way, state, django_capture_on_commit_callbacks, mailoutbox
):
    world = make_alliance(people=6)
    key = plan_round(world)
    leaver = world.people["Harbour"][1]
    link = links_of(key, world.parties["Harbour"])[1]
    if state != "planned":
        rounds.open_round(world.facilitator, key, now=NOON)
    if state == "closed":
        assert close_round(key, now=LATER, rng=world.rng)
    end_seat(world.managers["Harbour"], leaver.key, now=NOON)

    if way == "added":
        add(world, Newcomer("Harbour 1", "harbour.1@example.org"), party="Mill")
    else:
        secret = invite(world, "Mill", email="harbour.1@example.org")
        accept_invitation(secret, name="H", password="under-the-waterline", now=NOON)

    row = SeatRow.objects.get(pk=leaver.key)
    assert (row.party_id, row.left_at) == (world.parties["Mill"], None)
    for way_in in (
        lambda: voice.form_before(link, browser="", language="en", now=NOON),
        lambda: voice.begin(link, browser="", rng=world.rng, now=NOON),
        lambda: result_by_link(link, browser="", language="en", now=NOON),
    ):
        with pytest.raises(Missing):
            way_in()
    with django_capture_on_commit_callbacks(execute=True):
        due.tick(now=NOON.replace(day=7), rng=world.rng)
        if state == "planned":
            rounds.open_round(world.facilitator, key, now=NOON)
    assert [one for one in mailoutbox if one.to == ["harbour.1@example.org"]] == []


def test_belonging_to_an_organisation_outlives_a_seat():
    world = make_alliance()
    founder = world.managers["Harbour"].person
    seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)

    end_seat(world.managers["Harbour"], world.managers["Harbour"].key, now=NOON)

    assert Membership.objects.filter(person=founder).count() == 1
