"""The page of an invitation: who invites to what, and the way in."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import invite, make_alliance, make_person
from understream.access import reach
from understream.domain.invitation import LASTS
from understream.records.invitation import Invitation
from understream.records.seat import SeatRow
from understream.web import clock

pytestmark = pytest.mark.django_db
PASSWORD = "under-the-waterline"


def invited(world, **keys):
    """Return the address of an invitation of this moment."""
    return reverse("invitation:show", args=[invite(world, now=clock.now(), **keys)])


def signed_in(person):
    client = Client()
    client.force_login(get_user_model().objects.get(pk=person.pk))
    return client


def test_the_page_says_who_invites_to_what_and_asks_for_a_name_and_a_password(client):
    world = make_alliance()

    answer = client.get(invited(world, role="manager"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Take your seat in Harbour and Mill" in page
    assert "Manager Harbour invites Nora." in page
    assert "You will be an alliance manager of Harbour." in page
    assert 'value="Nora"' in page
    assert 'type="password"' in page
    assert answer["Cache-Control"] == "no-store"


def test_looking_takes_no_seat_because_mail_scanners_look_too(client):
    world = make_alliance()
    address = invited(world)

    for method in (client.get, client.head, client.options):
        method(address)

    assert not SeatRow.objects.filter(person__email="nora@example.org").exists()
    assert Invitation.objects.get().accepted_at is None


def test_who_is_new_takes_the_seat_and_is_signed_in(client):
    world = make_alliance()

    answer = client.post(invited(world), {"name": "Nora Nieuw", "password": PASSWORD})

    home = reverse("alliance:home", args=[world.alliance])
    assert (answer.status_code, answer.url) == (302, home)
    assert client.get(home).status_code == 200
    assert SeatRow.objects.get(person__email="nora@example.org").person.name == "Nora Nieuw"


def test_nobody_chooses_another_address_or_another_role_than_was_invited(client):
    world = make_alliance()

    client.post(
        invited(world),
        {"name": "Nora", "password": PASSWORD, "email": "eve@example.org", "role": "manager",
         "party": world.parties["Mill"], "is_host": "1"},
    )  # fmt: skip

    row = SeatRow.objects.get(person__email="nora@example.org")
    assert (row.role, row.party_id, row.person.is_host) == (
        "participant",
        world.parties["Harbour"],
        False,
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "", "password": PASSWORD}, "Give a name of at most 120 characters."),
        ({"name": "Nora", "password": "short"}, "too short"),
        ({}, "Give a name of at most 120 characters."),
        ({"name": "<b>" * 100, "password": PASSWORD}, "Give a name of at most 120 characters."),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_lost(client, typed, sentence):
    world = make_alliance()
    address = invited(world)

    answer = client.post(address, typed)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert PASSWORD not in page
    assert "<b>" not in page
    assert not SeatRow.objects.filter(person__email="nora@example.org").exists()
    assert client.get(address).status_code == 200


def test_who_has_an_account_signs_in_first_and_comes_back(client):
    world = make_alliance()
    nora = make_person("Nora", password=PASSWORD)
    address = invited(world)

    page = client.get(address).content.decode()
    tried = client.post(address, {"name": "Eve", "password": "another-long-one"})

    assert 'type="password"' not in page
    assert f"{reverse('account_login')}?next={address}" in page
    assert (tried.status_code, SeatRow.objects.filter(person=nora).exists()) == (400, False)
    assert get_user_model().objects.get(pk=nora.pk).check_password(PASSWORD)

    mine = signed_in(nora)
    assert "You are signed in as nora@example.org." in mine.get(address).content.decode()
    assert mine.post(address).status_code == 302
    assert reach.seat_in_alliance(nora.pk, world.alliance).party == world.parties["Harbour"]


def test_somebody_else_who_is_signed_in_cannot_take_it():
    world = make_alliance()
    make_person("Nora", password=PASSWORD)
    eve = make_person("Eve", password=PASSWORD)
    address = invited(world)

    answer = signed_in(eve).post(address)

    assert answer.status_code == 400
    assert not SeatRow.objects.filter(person=eve).exists()


def test_a_used_or_expired_invitation_says_so_kindly(client):
    world = make_alliance()
    used = invited(world)
    client.post(used, {"name": "Nora", "password": PASSWORD})
    late = reverse(
        "invitation:show",
        args=[invite(world, email="o@example.org", now=clock.now() - LASTS, seed=2)],
    )

    for address, sentence in ((used, "was used before"), (late, "has expired")):
        for answer in (Client().get(address), Client().post(address, {"name": "x"})):
            assert answer.status_code == 410
            assert sentence in answer.content.decode()


def test_a_withdrawn_link_is_the_same_page_as_one_nobody_was_given(client):
    world = make_alliance()
    address = invited(world)
    Invitation.objects.update(withdrawn_at=clock.now())

    pages = [client.get(one) for one in (address, reverse("invitation:show", args=["x" * 22]))]

    assert [one.status_code for one in pages] == [404, 404]
    # Only the pages' own marks against forgery differ.
    marks = [re.sub(rb'(nonce|value)="[^"]+"', b"", one.content) for one in pages]
    ways = [re.sub(rb"/i/[^/\"]+/", b"", one) for one in marks]
    assert ways[0] == ways[1]


def test_the_page_speaks_the_language_of_the_invitation_only_when_asked(client):
    world = make_alliance()
    address = invited(world)

    page = client.get(address, headers={"accept-language": "nl"}).content.decode()

    assert '<html lang="nl"' in page


def test_the_page_asks_the_same_number_of_questions_in_a_small_and_a_large_alliance(client):
    small, large = make_alliance(people=1), make_alliance("Q", "B", "D", "E", people=9)
    asked = []
    for number, (world, party) in enumerate(((small, "Harbour"), (large, "Q"))):
        address = invited(world, party=party, seed=number)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(len(queries))

    assert asked[0] == asked[1] <= 3
