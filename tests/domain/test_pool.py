"""What rounds leave behind for the reliability of their questions, and who is shown it when."""

import json
from dataclasses import replace
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    NOON,
    answer_all,
    close,
    links_of,
    make_alliance,
    make_person,
    open_round,
    speak,
)
from understream.access import reach
from understream.access.refusal import Forbidden
from understream.access.seat import Role, Seat
from understream.domain import instrument as instruments
from understream.domain.instrument import questions_about
from understream.domain.pool import add_sums, quality_before
from understream.domain.release import cancel_round, erase_voices
from understream.instruments import reader
from understream.instruments.reader import Text
from understream.measurement.icc import one_way
from understream.measurement.pool import sums_of
from understream.measurement.reliability import reliability
from understream.records.pool import Pool
from understream.records.voice import Voice

pytestmark = pytest.mark.django_db
HARMONY = reader.load("harmony")
FACET = next(one for one in HARMONY.facets if len(HARMONY.items_of(one)) >= 3)
ITEMS = len(HARMONY.items_of(FACET))


@pytest.fixture
def host():
    return reach.seat_of_person(make_person("Host", host=True).pk)


def people(count, seed):
    """Return answers of so many people to the scale: somebody's mood, and some chance."""
    chance = Random(seed)
    moods = [chance.randint(2, 6) for _ in range(count)]
    return [
        tuple(min(max(mood + chance.choice((-1, 0, 0, 1)), 1), 7) for _ in range(ITEMS))
        for mood in moods
    ]


def leave(alliance, *groups, organisations=(1, 2), facet=FACET.code):
    """Let a round of an alliance leave its sums."""
    sums = sums_of(groups, k=5)
    add_sums(instruments.keep_builtin("harmony"), alliance, {facet: (sums, list(organisations))})


def scale(seat, **keys):
    card = quality_before(seat, language="en", **keys)
    (harmony,) = [one for one in card.instruments if one.title == HARMONY.title.en]
    return next(one for one in harmony.scales if one.title == FACET.title.en)


def said_by_all(world, key, point):
    """Let everybody answer every question with one point, or the nearest there is."""
    partners = list(world.parties.values())[1:]
    asked = questions_about(HARMONY, partners)
    row = tuple(min(point, one.points) for one in asked)
    answer_all(world, key, {name: [row] * len(some) for name, some in world.people.items()})


def test_a_confidential_round_leaves_sums_and_nothing_that_says_whose():
    world = make_alliance(people=(6, 7))
    key = open_round(world, instrument="harmony")
    said_by_all(world, key, 3)
    close(world, key)

    (row,) = Pool.objects.filter(facet=FACET.code)

    turned = [8 - 3 if one.reverse else 3 for one in HARMONY.items_of(FACET)]
    sums = row.waiting["sums"]
    assert row.shown == {}
    assert (sums["n"], sums["groups"], sums["squares"]) == (13, 2, 36 + 49)
    assert sums["sums"] == [13 * point for point in turned]
    assert sums["products"] == [[13 * one * two for two in turned] for one in turned]
    assert list(row.waiting["alliances"].values()) == [13]
    assert len(row.waiting["organisations"]) == 2
    assert {field.name for field in Pool._meta.get_fields()} == {
        "id", "instrument", "facet", "shown", "waiting",
    }  # fmt: skip
    erase_voices(key, now=NOON)
    assert not Voice.objects.exists()


@pytest.mark.parametrize("how", ["named", "few", "one party", "unanswered", "cancelled"])
def test_what_leaves_no_sums(how):
    world = make_alliance(people=(6, 6))
    mode = "named" if how == "named" else ""
    key = open_round(world, instrument="harmony", mode=mode)
    if how != "unanswered":
        said_by_all(world, key, 3)
    if how == "few":
        Voice.objects.filter(pk__in=Voice.objects.values("pk")[:3]).delete()
        assert Voice.objects.count() == 9
    if how == "one party":
        party = world.parties["Mill"]
        Voice.objects.filter(cohort__party=party).delete()
    if how == "cancelled":
        cancel_round(world.managers["Harbour"], key, now=NOON)
    else:
        close(world, key)

    assert not Pool.objects.exists()


def test_who_skipped_a_question_of_a_scale_is_left_out_of_it_alone():
    world = make_alliance(people=(6, 6))
    key = open_round(world, instrument="harmony")
    asked = questions_about(HARMONY, [0])
    for name in world.people:
        for place, link in enumerate(links_of(key, world.parties[name])):
            row = [min(4, one.points) for one in asked]
            if place == 0:
                row[next(at for at, one in enumerate(asked) if one.facet == FACET.code)] = 255
            speak(world, link, tuple(row))
    close(world, key)

    counted = {row.facet: row.waiting["sums"]["n"] for row in Pool.objects.all()}
    assert counted.pop(FACET.code) == 10
    assert set(counted.values()) <= {12}


def test_nothing_is_shown_before_a_hundred_people_in_whole_batches(host):
    groups = [people(10, seed) for seed in range(14)]
    for at in range(4):  # 80 people, but of two alliances
        leave(at % 2, groups[2 * at], groups[2 * at + 1])
    assert (scale(host).people, Pool.objects.get().shown) == (0, {})
    leave(2, groups[8], groups[9])  # a batch of 100
    first = scale(host)
    assert first.people == 100

    leave(0, groups[10], groups[11])
    leave(3, groups[12], groups[13])

    assert scale(host) == first
    assert len(Pool.objects.get().waiting["alliances"]) == 2


def test_fifty_are_a_batch_but_not_enough_to_be_shown(host):
    for alliance in range(3):
        leave(alliance, people(10, alliance), people(8, alliance + 9))

    row = Pool.objects.get()
    assert (row.shown["sums"]["n"], row.waiting) == (54, {})
    assert scale(host).people == 0


def test_what_is_shown_is_what_all_answers_together_give(host):
    rounds = [(people(11, seed), people(12, seed + 50)) for seed in range(6)]
    for alliance, groups in enumerate(rounds):
        leave(alliance % 3, *groups, organisations=(2 * alliance, 2 * alliance + 1))
    everybody = [row for groups in rounds for group in groups for row in group]
    assert len(everybody) == 138

    found = scale(host)

    wanted = reliability(everybody)
    whole = one_way([[sum(row) for row in group] for groups in rounds for group in groups])
    assert (found.people, found.items, found.organisations) == (130, ITEMS, 12)
    assert (found.alpha, found.low, found.high, found.omega) == tuple(
        round(one, 2) for one in (wanted.alpha, wanted.low, wanted.high, wanted.omega)
    )
    assert found.icc == pytest.approx(whole.icc1_k0, abs=0.006)


def test_icc_waits_for_ten_organisations_however_many_rounds_they_have(host):
    for number in range(9):
        pair = (number % 3, 3 + number % 6)  # nine in all
        leave(number % 3, people(9, number), people(9, number + 30), organisations=pair)
    nine = scale(host)
    assert (nine.people, nine.icc, nine.organisations) == (160, None, 0)

    for alliance in range(3):
        leave(alliance, people(9, alliance), people(9, alliance + 60), organisations=(9, 1))

    ten = scale(host)
    assert ten.icc is not None
    assert (ten.people, ten.organisations) == (210, 10)


def test_alliances_are_forgotten_when_they_join_and_stand_there_as_nobodys_number():
    leave(1, people(10, 1), people(10, 2))
    leave(1, people(10, 3), people(10, 4))
    (row,) = Pool.objects.all()
    assert list(row.waiting["alliances"].values()) == [40]
    leave(2, people(10, 5), people(10, 6))
    other = {"facet": "other"}
    leave(1, people(10, 1), people(10, 2), **other)
    mine, theirs = Pool.objects.get(facet=FACET.code), Pool.objects.get(**other)
    assert not set(mine.waiting["alliances"]) & set(theirs.waiting["alliances"])
    before = set(mine.waiting["alliances"])

    leave(3, people(10, 7), people(10, 8))

    row = Pool.objects.get(facet=FACET.code)
    assert row.waiting == {}
    kept = json.dumps(row.shown)
    assert not any(one in kept for one in before)
    assert len(row.shown["organisations"]) == 2


def test_only_the_host_and_a_researcher_of_the_organisation_named_are_shown_it(host):
    world = make_alliance(people=2)
    researcher = Seat(0, 9, "R", Role.RESEARCHER, organisation=4)

    assert quality_before(researcher, 4, language="nl").people_from == 100
    for seat, organisation in (
        (researcher, 5), (researcher, 0), (host, 4), (world.managers["Harbour"], 0),
        (world.managers["Harbour"], 4),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            quality_before(seat, organisation, language="en")


def test_a_round_adds_its_sums_with_as_few_questions_for_many_scales_as_for_one():
    counts = []
    version = instruments.keep_builtin("harmony")
    sums = sums_of([people(10, 1), people(10, 2)], k=5)
    for facets in (("a",), ("b", "c", "d", "e")):
        with CaptureQueriesContext(connection) as queries:
            add_sums(version, 1, {one: (sums, [1, 2]) for one in facets})
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_every_instrument_that_can_be_asked_is_listed_whether_or_not_it_ever_was(host):
    card = quality_before(host, language="en")

    titles = [one.title for one in card.instruments]
    assert titles == [reader.load(code).title.en for code in reader.builtin()]
    assert {one.people for each in card.instruments for one in each.scales} == {0}


def test_what_an_organisation_brought_is_known_to_its_own_researchers_alone(host):
    kept = instruments.keep(replace(HARMONY, code="own-4-peace", title=Text("Brought", "Mee")))
    for alliance in range(1, 12):
        sums = sums_of([people(20, alliance)], k=5)
        add_sums(kept, alliance, {FACET.code: (sums, [alliance])})
    assert any(row.shown for row in Pool.objects.filter(instrument=kept))

    def titles(seat, organisation=0):
        card = quality_before(seat, organisation, language="en")
        return [one.title for one in card.instruments]

    own, other = (Seat(0, 9, "R", Role.RESEARCHER, organisation=key) for key in (4, 44))
    assert "Brought" in titles(own, 4)
    assert "Brought" not in titles(other, 44)
    assert "Brought" not in titles(host)
