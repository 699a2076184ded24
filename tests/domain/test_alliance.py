import pytest

from tests.factories import NOON, make_alliance, make_person
from understream.access import reach
from understream.access.refusal import Forbidden, Missing, Unfit
from understream.access.seat import SYSTEM, Role, Seat
from understream.domain.alliance import (
    alliance_before,
    found_alliance,
    keep_alliance,
    my_alliances,
)
from understream.domain.journal import journal_of

pytestmark = pytest.mark.django_db


def found(person, *organisations, name="Cold chain", zone="Europe/Amsterdam"):
    return found_alliance(
        reach.seat_of_person(person.pk),
        name=name,
        organisations=organisations,
        time_zone=zone,
        now=NOON,
    )


def test_the_founder_becomes_manager_of_the_first_organisation():
    anna = make_person("Anna")

    key = found(anna, "Harbour", "Mill")

    card = alliance_before(reach.seat_in_alliance(anna.pk, key))
    assert [party.name for party in card.parties] == ["Harbour", "Mill"]
    assert card.own is not None
    assert (card.own.name, card.seat.role) == ("Harbour", "manager")


def test_only_somebody_who_is_there_founds_an_alliance():
    for nobody in (SYSTEM, Seat(0, 0, "Nobody", Role.PARTICIPANT)):
        with pytest.raises(Forbidden):
            found_alliance(
                nobody, name="Ours", organisations=("Harbour", "Mill"), time_zone="UTC", now=NOON
            )


def test_an_organisation_known_by_name_is_taken_whatever_its_capitals():
    anna = make_person("Anna")
    found(anna, "Harbour", "Mill")

    key = found(anna, "HARBOUR", "Quay")

    card = alliance_before(reach.seat_in_alliance(anna.pk, key))
    assert [party.name for party in card.parties] == ["Harbour", "Quay"]


@pytest.mark.parametrize(
    ("organisations", "keys", "field"),
    [
        (("Harbour",), {}, "organisations"),
        (("Harbour", "  "), {}, "organisations"),
        (("Harbour", "harbour"), {}, "organisations"),
        (tuple(f"Organisation {number}" for number in range(61)), {}, "organisations"),
        (("Harbour", "Mill"), {"name": "  "}, "name"),
        (("Harbour", "M" * 201), {}, "organisations"),
        (("Harbour", "Mill"), {"zone": "Mars/Olympus"}, "time_zone"),
        (("Harbour", "Mill"), {"zone": "../etc/passwd"}, "time_zone"),
    ],
)
def test_what_is_no_alliance_is_refused_by_field(organisations, keys, field):
    anna = make_person("Anna")

    with pytest.raises(Unfit) as refusal:
        found(anna, *organisations, **keys)

    assert list(refusal.value.faults) == [field]
    assert my_alliances(anna.pk) == ()


def test_nobody_sees_an_alliance_without_a_seat_in_it():
    world = make_alliance("Harbour", "Mill")
    stranger = make_person("Stranger")

    with pytest.raises(Missing):
        reach.seat_in_alliance(stranger.pk, world.alliance)
    assert my_alliances(stranger.pk) == ()


@pytest.mark.parametrize("count", [1, 3])
def test_my_alliances_asks_the_same_number_of_questions(count, django_assert_num_queries):
    anna = make_person("Anna")
    for number in range(count):
        found(anna, "Harbour", "Mill", name=f"Alliance {number}")

    with django_assert_num_queries(4):
        lines = my_alliances(anna.pk)

    assert len(lines) == count


def test_founding_is_in_the_journal():
    world = make_alliance("Harbour", "Mill")

    journal = journal_of(world.managers["Harbour"], world.alliance)

    assert [line.sentence for line in journal.lines] == ["Manager Harbour founded the alliance."]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "M" * 201}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"working_calendar": "lunar"}, "working_calendar"),
    ],
)
def test_what_an_alliance_cannot_be_called_changes_nothing(change, field):
    world = make_alliance()
    kept = {"name": "Cold", "time_zone": "UTC", "working_calendar": "weekdays"}

    with pytest.raises(Unfit) as refused:
        keep_alliance(world.managers["Mill"], **(kept | change), now=NOON)

    assert set(refused.value.faults) == {field}
    assert alliance_before(world.managers["Mill"]).name == "Harbour and Mill"


def test_only_a_manager_changes_an_alliance():
    world = make_alliance()

    for seat in (world.facilitator, world.people["Mill"][1]):
        with pytest.raises(Missing):
            keep_alliance(
                seat, name="Ours", time_zone="UTC", working_calendar="weekdays", now=NOON
            )
