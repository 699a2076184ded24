"""People who came after a round had opened."""

import pytest
from django.core import mail

from tests.factories import (
    LATER,
    NOON,
    WEEK,
    answer_all,
    begin_evaluation,
    links_of,
    make_alliance,
    open_round,
    plan_round,
    seat_person,
    speak,
)
from understream.access.refusal import Forbidden, Missing
from understream.access.seat import Role
from understream.domain import round as rounds
from understream.domain.change import earlier_rounds
from understream.domain.due import tick
from understream.domain.latecomer import NextTime, ask_latecomers
from understream.domain.mirror import mirror_before
from understream.domain.release import cancel_round, close_round
from understream.domain.round import Beside, NotOpen, OfEvaluation, round_before
from understream.domain.voice import Heard
from understream.records.participation import Participation
from understream.records.round import Cohort, Round
from understream.records.seat import SeatRow

pytestmark = pytest.mark.django_db


def come(world, number, party="Harbour"):
    """Let so many people take a seat for a party now."""
    return [
        seat_person(world.alliance, world.parties[party], f"{party} new {at}", Role.PARTICIPANT)
        for at in range(number)
    ]


def ask(world, key, party="Harbour"):
    return ask_latecomers(world.managers[party], key, now=NOON, rng=world.rng)


def asked(key):
    return set(Participation.objects.filter(cohort__round=key).values_list("seat", flat=True))


def test_latecomers_get_a_round_beside_with_a_list_of_their_own(
    django_capture_on_commit_callbacks,
):
    world = make_alliance(people=6)
    key = open_round(world, k=5, moderator=world.facilitator.key)
    hashes = list(Cohort.objects.filter(round=key).values_list("list_hash", flat=True))
    before = asked(key)
    new = come(world, 5)
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        late = ask(world, key)

    row, first = Round.objects.get(pk=late), Round.objects.get(pk=key)
    assert (row.state, row.beside_id, row.title) == ("open", key, "Autumn, who came later")
    assert (row.k, row.closes_at, row.moderator_id, row.instrument_id) == (
        first.k, first.closes_at, first.moderator_id, first.instrument_id,
    )  # fmt: skip
    (cohort,) = row.cohorts.all()
    assert (cohort.party_id, cohort.size, cohort.mode) == (
        world.parties["Harbour"], 5, "confidential",
    )  # fmt: skip
    assert asked(late) == {one.key for one in new}
    assert asked(key) == before
    assert list(Cohort.objects.filter(round=key).values_list("list_hash", flat=True)) == hashes
    assert cohort.list_hash not in {*hashes, ""}
    assert sorted(one.to[0] for one in mail.outbox) == [
        f"harbour.new.{at}@example.org" for at in range(5)
    ]


def test_what_latecomers_say_stands_in_a_mirror_of_its_own_and_in_no_other():
    world = make_alliance(people=6)
    key = open_round(world)
    answer_all(world, key, {"Harbour": [(3,) * 6] * 6, "Mill": [(4,) * 6] * 6})
    come(world, 5)
    late = ask(world, key)
    for link in links_of(late, world.parties["Harbour"]):
        assert speak(world, link, (6,) * 6) == Heard(again=False)
    tick(now=LATER, rng=world.rng)

    def said(one, name):
        card = mirror_before(world.managers[name], one, language="en")
        (item, *_) = [item for facet in card.sections[0].facets for item in facet.items]
        return [(figure.party.name, figure.text) for figure in item.figures]

    assert said(key, "Mill") == said(key, "Harbour") == [("Harbour", "3.0"), ("Mill", "4.0")]
    assert said(late, "Mill") == said(late, "Harbour") == [("Harbour", "6.0")]
    closed = {Round.objects.get(pk=one).closed_at for one in (key, late)}
    assert closed == {LATER}


def test_four_answers_of_latecomers_show_nothing():
    world = make_alliance(people=6)
    key = open_round(world)
    come(world, 5)
    late = ask(world, key)
    for link in links_of(late, world.parties["Harbour"])[:4]:
        speak(world, link, (6,) * 6)
    close_round(late, now=LATER, rng=world.rng)

    card = mirror_before(world.managers["Harbour"], late, language="en")

    texts = {
        one.text
        for section in card.sections
        for facet in section.facets
        for item in facet.items
        for one in item.figures
    }
    assert texts == {"not shown"}
    assert [one.n for one in card.parties] == [""]


def test_fewer_than_k_are_asked_the_next_time_and_a_second_group_needs_k_again():
    world = make_alliance(people=8)
    key = open_round(world, k=6)
    come(world, 5)
    with pytest.raises(NextTime):
        ask(world, key)
    come(world, 1, party="Mill")
    with pytest.raises(NextTime):
        ask(world, key)
    come_again = seat_person(
        world.alliance, world.parties["Harbour"], "One more", Role.PARTICIPANT
    )
    SeatRow.objects.filter(pk=come_again.key).update(left_at=NOON)
    with pytest.raises(NextTime):
        ask(world, key)
    SeatRow.objects.filter(pk=come_again.key).update(left_at=None)
    late = ask(world, key)

    with pytest.raises(NextTime):
        ask(world, key)  # all of them are asked by now
    with pytest.raises(NextTime):
        ask(world, late)
    assert Round.objects.count() == 2


@pytest.mark.parametrize("how", ["named", "one voice"])
def test_a_party_that_does_not_speak_in_confidence_has_no_second_group(how):
    world = make_alliance(people=6)
    key = open_round(world, mode=how)
    come(world, 6)

    with pytest.raises(NextTime):
        ask(world, key)


def test_a_round_about_partners_has_no_second_group():
    world = make_alliance(people=6)
    key = open_round(world, instrument="trust")
    come(world, 6)

    with pytest.raises(NextTime):
        ask(world, key)


def test_only_an_open_round_of_no_evaluation_and_only_by_a_manager_of_the_party():
    world, far = make_alliance(people=6), make_alliance("Quay", "Delta", people=6, seed=8)
    key, planned, elsewhere = open_round(world), plan_round(world), open_round(far)
    evaluation = begin_evaluation(world)
    of_evaluation = Round.objects.get(evaluation=evaluation).pk
    come(world, 6)

    for one, refusal in (
        (planned, NotOpen), (of_evaluation, OfEvaluation), (elsewhere, Missing), (10**9, Missing),
    ):  # fmt: skip
        with pytest.raises(refusal):
            ask(world, one)
    for seat in (world.people["Harbour"][1], world.facilitator):
        with pytest.raises((Forbidden, Missing)):
            ask_latecomers(seat, key, now=NOON, rng=world.rng)
    with pytest.raises(NotOpen):
        ask_latecomers(world.managers["Harbour"], key, now=LATER, rng=world.rng)


def test_a_round_beside_is_moved_and_cancelled_with_its_round_alone():
    world = make_alliance(people=6)
    key = open_round(world)
    come(world, 5)
    late = ask(world, key)
    manager = world.managers["Harbour"]
    with pytest.raises(Beside):
        rounds.extend_round(manager, late, closes_at=NOON + 2 * WEEK, now=NOON)
    with pytest.raises(Beside):
        cancel_round(manager, late, now=NOON)

    rounds.extend_round(manager, key, closes_at=NOON + 2 * WEEK, now=NOON)
    tick(now=LATER, rng=world.rng)
    rows = Round.objects.filter(pk__in=(key, late))
    assert {(row.state, row.closes_at) for row in rows} == {("open", NOON + 2 * WEEK)}

    for link in links_of(late, world.parties["Harbour"]):
        speak(world, link, (6,) * 6)
    cancel_round(manager, key, now=NOON)
    assert {row.state for row in rows.all()} == {"cancelled"}
    assert not Participation.objects.filter(cohort__round=late, used=True).exists()


def test_a_round_beside_is_compared_with_nothing_and_not_asked_again():
    world = make_alliance(people=6)
    first = open_round(world)
    close_round(first, now=LATER, rng=world.rng)
    second = open_round(world, closes_at=NOON + 2 * WEEK)
    come(world, 5)
    late = ask(world, second)
    tick(now=LATER + WEEK, rng=world.rng)
    manager = world.managers["Harbour"]

    assert earlier_rounds(manager, late) == ()
    assert [one.key for one in earlier_rounds(manager, second)] == [first]
    assert not round_before(manager, late).may_repeat
    assert round_before(manager, second).may_repeat


def test_the_page_tells_who_is_not_asked_and_offers_the_manager_a_group_of_k():
    world = make_alliance(people=6)
    key = open_round(world)
    new = come(world, 4)
    manager, old = world.managers["Harbour"], world.people["Harbour"][1]

    def told(seat, one=key):
        card = round_before(seat, one)
        return card.came_late, card.may_ask_late

    assert [told(seat) for seat in (new[0], old, manager)] == [
        (True, 0), (False, 0), (False, 0),
    ]  # fmt: skip
    seat_person(world.alliance, world.parties["Harbour"], "Fifth", Role.PARTICIPANT)
    assert [told(seat) for seat in (new[0], manager, world.managers["Mill"])] == [
        (True, 0), (False, 5), (False, 0),
    ]  # fmt: skip
    late = ask(world, key)
    assert [told(seat) for seat in (new[0], manager)] == [(False, 0), (False, 0)]
    assert round_before(new[0], late).beside == key
