"""A person's own card, and the first people of a new house."""

import pytest

from tests.factories import make_person
from understream.access import reach
from understream.access.refusal import Forbidden, Missing, Unfit
from understream.access.seat import SYSTEM
from understream.domain import world
from understream.domain.person import (
    add_person,
    choose_language,
    demo_person,
    keep_person,
    person_before,
)
from understream.records.organisation import Membership
from understream.records.person import Person

pytestmark = pytest.mark.django_db
PASSWORD = "under-the-waterline"


def seat_of(name="Anna", **keys):
    return reach.seat_of_person(make_person(name, **keys).pk)


def test_a_person_reads_and_changes_the_own_card():
    seat = seat_of()

    keep_person(seat, name=" Anna Bos ", language="nl")

    card = person_before(seat)
    assert (card.name, card.email, card.language, card.is_host, card.research) == (
        "Anna Bos",
        "anna@example.org",
        "nl",
        False,
        (),
    )


@pytest.mark.parametrize(
    ("name", "language", "field"),
    [("  ", "en", "name"), ("x" * 121, "en", "name"), ("Anna", "fr", "language")],
)
def test_what_does_not_fit_is_named_and_nothing_changes(name, language, field):
    seat = seat_of()

    with pytest.raises(Unfit) as refusal:
        keep_person(seat, name=name, language=language)

    assert list(refusal.value.faults) == [field]
    assert person_before(seat).name == "Anna"


def test_nobody_changes_anothers_card():
    anna, ben = seat_of("Anna"), seat_of("Ben")

    keep_person(anna, name="Changed", language="nl")

    assert (person_before(ben).name, person_before(ben).language) == ("Ben", "en")
    with pytest.raises(Forbidden):
        keep_person(SYSTEM, name="Changed", language="nl")


def test_a_language_is_kept_and_an_unknown_one_is_not():
    seat = seat_of()

    choose_language(seat, "nl")
    choose_language(seat, "tlh")

    assert person_before(seat).language == "nl"


def test_who_is_no_longer_active_has_no_card():
    seat = seat_of()
    Person.objects.update(is_active=False)

    with pytest.raises(Missing):
        person_before(seat)
    with pytest.raises(Missing):
        reach.seat_of_person(seat.person)


def test_somebody_is_added_with_an_address_in_small_letters():
    key = add_person(email=" Anna@Example.org ", name=" Anna ", password=PASSWORD, language="nl")

    row = Person.objects.get(pk=key)
    assert (row.email, row.name, row.language, row.is_host) == (
        "anna@example.org",
        "Anna",
        "nl",
        False,
    )
    assert row.check_password(PASSWORD)


def test_a_researcher_is_told_of_the_organisation_they_may_read():
    key = add_person(
        email="r@example.org", name="R", password=PASSWORD, researcher_of="Quay University"
    )

    membership = Membership.objects.get(person=key)
    assert membership.role == "researcher"
    assert person_before(reach.seat_of_person(key)).research == (
        (membership.organisation_id, "Quay University"),
    )


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"email": "nobody"}, ["email"]),
        ({"email": "ANNA@example.org"}, ["email"]),
        ({"password": "short"}, ["password"]),
        ({"password": "ben@example.org"}, ["password"]),
        ({"name": "", "email": "x", "password": "1"}, ["name", "email", "password"]),
    ],
)
def test_who_does_not_fit_is_not_added(keys, fields):
    make_person("Anna")

    with pytest.raises(Unfit) as refusal:
        add_person(**{"email": "ben@example.org", "name": "Ben", "password": PASSWORD, **keys})

    assert list(refusal.value.faults) == fields
    assert Person.objects.count() == 1


def test_without_a_password_nobody_is_let_in_but_in_a_demo_world():
    with pytest.raises(Missing):
        demo_person("anna@example.org")
    world.make_demo(seed=1)
    key = make_person("Anna").pk

    assert demo_person("anna@example.org") == key
    with pytest.raises(Missing):
        demo_person("nobody@example.org")
    Person.objects.update(is_active=False)
    with pytest.raises(Missing):
        demo_person("anna@example.org")
