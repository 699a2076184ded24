"""People come in by code, link or account; wrong codes are counted, honest rooms are not."""

from datetime import timedelta
from random import Random

import pytest

from tests.factories import NOON, make_alliance, make_person
from tests.workshops import come_in, make_meeting
from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.domain import attendee, workshop
from understream.domain.attendee import (
    AWAY,
    Guessed,
    Puzzle,
    Puzzling,
    WrongCode,
    is_solution,
    lobby_by_code,
    lobby_by_link,
    take_place,
)
from understream.domain.due import tick
from understream.domain.step import end_workshop
from understream.domain.workshop import NotRunning
from understream.records.attendee import Attendee, Miss

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


@pytest.fixture
def meeting(world):
    return make_meeting(world, people=2)


def code_of(meeting):
    return workshop.workshop_before(meeting.lead, meeting.key, now=NOON).code


def guess(meeting, number, *, address="10.0.0.1", now=NOON, **keys):
    wrong = "".join(Random(number).choices(workshop.ALPHABET, k=8))
    assert wrong != code_of(meeting)
    return lobby_by_code(wrong, address=address, now=now, **keys)


def solved(puzzle: Puzzle) -> str:
    return next(str(n) for n in range(10**7) if is_solution(puzzle, str(n)))


WRITTEN = {
    "as it is": str,
    "small": str.lower,
    "with a dash": lambda code: f"{code[:4]}-{code[4:]}",
    "with spaces": lambda code: f" {code[:4]} {code[4:]} ",
    "with an S": lambda code: code.replace("5", "S"),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_a_code_is_understood_however_it_is_typed(meeting, write):
    assert lobby_by_code(write(code_of(meeting)), address="a", now=NOON).link == meeting.link


def test_two_hundred_honest_people_behind_one_address_are_never_refused(meeting):
    for _one in range(200):
        lobby_by_code(code_of(meeting), address="10.0.0.1", now=NOON)

    assert not Miss.objects.exists()


def test_after_twenty_wrong_codes_an_address_solves_a_puzzle_and_others_do_not(meeting):
    for number in range(20):
        with pytest.raises(WrongCode):
            guess(meeting, number)
    with pytest.raises(Puzzling):
        lobby_by_code(code_of(meeting), address="10.0.0.1", now=NOON)

    assert lobby_by_code(code_of(meeting), address="10.0.0.2", now=NOON)
    assert lobby_by_link(meeting.link)
    puzzle = attendee.puzzle_for("10.0.0.1", now=NOON)
    said = {"challenge": puzzle.challenge, "solution": solved(puzzle)}
    assert lobby_by_code(code_of(meeting), address="10.0.0.1", now=NOON, **said)
    # Somebody else's puzzle, a wrong solution, and one of an hour ago help nobody.
    for false in (
        {**said, "solution": said["solution"] + "x"},
        {**said, "challenge": attendee.puzzle_for("10.0.0.9", now=NOON).challenge},
    ):
        with pytest.raises(Puzzling):
            lobby_by_code(code_of(meeting), address="10.0.0.1", now=NOON, **false)
    later = NOON + timedelta(hours=1)
    for number in range(20):
        with pytest.raises(WrongCode):
            guess(meeting, number, now=later)
    with pytest.raises(Puzzling):
        lobby_by_code(code_of(meeting), address="10.0.0.1", now=later, **said)


def test_three_hundred_an_hour_from_everywhere_let_codes_rest_and_the_link_does_not(meeting):
    for number in range(300):
        with pytest.raises(WrongCode):
            guess(meeting, number, address=f"10.0.{number // 10}.1")
    with pytest.raises(Guessed):
        lobby_by_code(code_of(meeting), address="192.0.2.1", now=NOON)

    assert lobby_by_link(meeting.link).workshop == meeting.key
    assert lobby_by_code(code_of(meeting), address="192.0.2.1", now=NOON + timedelta(hours=2))


def test_a_wrong_code_keeps_no_address_and_is_forgotten(meeting):
    with pytest.raises(WrongCode):
        guess(meeting, 1, address="203.0.113.77")
    row = Miss.objects.get()
    assert b"203.0.113.77" not in bytes(row.address_hash)

    tick(now=NOON + timedelta(hours=3), rng=Random(1))
    assert not Miss.objects.exists()


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD EFGH J", "ABCD EFG0", "Ω" * 8, "x" * 20_000])
def test_what_is_no_code_opens_nothing(typed):
    with pytest.raises(WrongCode):
        lobby_by_code(typed, address="a", now=NOON)


def test_a_code_that_is_over_opens_nothing(meeting):
    code = code_of(meeting)
    with pytest.raises(WrongCode):
        lobby_by_code(code, address="a", now=NOON + timedelta(hours=13))
    end_workshop(meeting.lead, meeting.key, now=NOON, rng=Random(1))
    with pytest.raises(WrongCode):
        lobby_by_code(code, address="b", now=NOON)


def test_the_same_secret_is_the_same_place(meeting):
    before = Attendee.objects.count()
    take_place(meeting.link, name="Again", token=meeting.tokens["a0"], now=NOON)

    assert Attendee.objects.count() == before


def test_no_secret_is_stored(meeting):
    rows = str(list(Attendee.objects.values()))

    assert not any(token in rows for token in meeting.tokens.values())


@pytest.mark.parametrize(
    ("names", "said", "kept"),
    [("none", "Nora", ""), ("optional", "", ""), ("required", "Nora", "Nora")],
)
def test_names_are_asked_as_the_workshop_says(world, names, said, kept):
    meeting = make_meeting(world, people=0, names=names)
    come_in(meeting, said, 0)

    assert Attendee.objects.get().name == kept


def test_a_name_that_is_needed_or_too_long_and_a_foreign_party_are_told(world):
    meeting = make_meeting(world, people=0, names="required")
    for keys, field in (
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "N", "party": 10**9}, "party"),
    ):
        with pytest.raises(Unfit) as told:
            take_place(meeting.link, token="t" * 22, now=NOON, **keys)
        assert set(told.value.faults) == {field}
    assert not Attendee.objects.exists()


def test_somebody_with_a_seat_comes_in_as_that_seat_and_comes_back_to_the_same_place(world):
    meeting = make_meeting(world, people=0)
    seat = world.people["Mill"][1]
    come_in(meeting, "", meeting.parties["Harbour"], person=seat.person)
    row = Attendee.objects.get()
    assert (row.seat_id, row.party.name, row.name) == (seat.key, "Mill", seat.name)
    assert row.admitted_at == NOON

    come_in(meeting, "other browser", 0, person=seat.person)
    assert Attendee.objects.count() == 1
    assert meeting.own("other browser").personal.key == row.pk


def test_a_place_is_kept_with_an_account_once(world, meeting):
    seat = reach.seat_of_person(world.people["Mill"][1].person)
    attendee.claim_place(seat, meeting.key, token=meeting.tokens["a0"], now=NOON)
    row = Attendee.objects.get(pk=meeting.person("a0"))
    assert (row.person_id, row.party.name, row.name) == (seat.person, "Mill", "a0")
    attendee.claim_place(seat, meeting.key, token=meeting.tokens["a0"], now=NOON)

    other = reach.seat_of_person(make_person("Other").pk)
    for who, token in ((other, "a0"), (seat, "b0")):
        with pytest.raises(Refused):
            attendee.claim_place(who, meeting.key, token=meeting.tokens[token], now=NOON)
    for token in ("nobody's", ""):
        with pytest.raises(Missing):
            attendee.claim_place(other, meeting.key, token=token, now=NOON)


def test_people_are_admitted_placed_and_asked_to_leave(meeting):
    lead, key = meeting.lead, meeting.key
    assert attendee.admit_attendees(lead, key, keys=[meeting.person("a0")], now=NOON) == 1
    assert attendee.admit_attendees(lead, key, now=NOON + AWAY) == 0  # nobody is here by then
    assert attendee.admit_attendees(lead, key, now=NOON) == 3
    attendee.place_attendee(
        lead, key, meeting.person("a0"), party=meeting.parties["Mill"], now=NOON
    )
    attendee.remove_attendee(lead, key, meeting.person("b0"), now=NOON)

    cards = {one.name: one for one in attendee.attendees_of(lead, key, now=NOON)}
    assert set(cards) == {"a0", "a1", "b1"}
    assert cards["a0"].party.name == "Mill"
    with pytest.raises(Missing):
        meeting.own("b0")
    with pytest.raises(Missing):
        attendee.remove_attendee(lead, key, 10**9, now=NOON)


def test_nobody_comes_in_before_the_beginning_or_after_the_end(world):
    key = workshop.prepare_workshop(
        world.facilitator, title="T", agenda="one_question", now=NOON, rng=Random(1)
    )
    link = workshop.workshop_before(world.facilitator, key, now=NOON).join
    with pytest.raises(NotRunning):
        take_place(link, token="t" * 22, now=NOON)
    assert lobby_by_link(link).state == "preparing"
    with pytest.raises(Missing):
        lobby_by_link(link[::-1])


def test_who_comes_and_goes_is_here_or_away(meeting):
    who = meeting.person("a0")
    attendee.mark_seen(meeting.key, here=[who], gone=[], now=NOON + 2 * AWAY)
    here = {
        one.name: one.here
        for one in attendee.attendees_of(meeting.lead, meeting.key, now=NOON + 2 * AWAY)
    }
    assert here == {"a0": True, "a1": False, "b0": False, "b1": False}

    attendee.mark_seen(meeting.key, here=[], gone=[who], now=NOON + 2 * AWAY)
    cards = attendee.attendees_of(meeting.lead, meeting.key, now=NOON + 2 * AWAY)
    assert not any(one.here for one in cards)
