"""The researcher's file: to whom it is given."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.factories import NOON, make_alliance, make_person
from understream.access import reach
from understream.domain.ratings import import_ratings
from understream.instruments.ratings import ItemGroup, Person, Ratings, Scale
from understream.records.organisation import Membership, Organisation

pytestmark = pytest.mark.django_db


def address_of(name):
    return reverse("research:releases", args=[Organisation.objects.get(name=name).pk])


def client_of(person) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=person))
    return client


@pytest.fixture
def researcher():
    make_alliance("Harbour", "Mill")
    person = make_person("Researcher")
    Membership.objects.create(
        person=person, organisation=Organisation.objects.get(name="Harbour"), role="researcher"
    )
    return person.pk


def test_a_researcher_is_given_the_own_organisations_file(researcher):
    answer = client_of(researcher).get(address_of("Harbour"))

    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="releases.csv"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.content.decode().splitlines() == [
        "round,instrument,party,about,n,item,statistic,value,end"
    ]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_item_becomes_a_formula_in_the_file(sign):
    """An imported item is called as its column was; everything else in the file is ours."""
    items = (f"{sign}1+1",)
    people = tuple(Person(unit, unit, (3,)) for unit in "AB" for _ in range(5))
    importer = make_person("Importer", password="a long and quiet river")
    import_ratings(
        reach.seat_of_person(importer.pk),
        Ratings(Scale(1, 5), (ItemGroup("Lead", items),), items, people),
        name="Study",
        title="Spring",
        now=NOON,
    )
    Membership.objects.create(
        person=importer, organisation=Organisation.objects.get(name="Study: A"), role="researcher"
    )

    lines = client_of(importer.pk).get(address_of("Study: A")).content.decode().splitlines()

    assert f"'{sign}1+1" in [line.split(",")[5] for line in lines]
    assert f"{sign}1+1" not in [line.split(",")[5] for line in lines]


@pytest.mark.parametrize("address", ["another", "unheard of"])
def test_of_another_organisation_there_is_nothing(researcher, address):
    path = address_of("Mill") if address == "another" else "/research/999999/releases.csv"

    assert client_of(researcher).get(path).status_code == 404


def test_a_researcher_has_no_seat_in_the_alliance(researcher):
    client = client_of(researcher)

    assert client.get("/alliances/1/").status_code == 404


def test_a_member_who_is_no_researcher_is_given_nothing(researcher):
    Membership.objects.update(role="member")

    assert client_of(researcher).get(address_of("Harbour")).status_code == 404


def test_nobody_is_given_the_file_without_signing_in_or_after_belonging_ended(researcher):
    path = address_of("Harbour")
    client = client_of(researcher)
    Membership.objects.all().delete()

    assert Client().get(path).status_code == 302
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_file_can_only_be_read(researcher, method):
    assert getattr(client_of(researcher), method)(address_of("Harbour")).status_code == 405


def test_a_researcher_finds_how_well_the_questions_hang_together_and_others_do_not(researcher):
    key = Organisation.objects.get(name="Harbour").pk
    address = reverse("research:quality", args=[key])
    client = client_of(researcher)

    page = client.get(address)
    home = client.get("/alliances/").content.decode()

    assert page.status_code == 200
    assert "Not enough people yet" in page.content.decode()
    assert f'href="{address}"' in home
    other = Organisation.objects.get(name="Mill").pk
    assert client.get(reverse("research:quality", args=[other])).status_code == 404
    assert client.get(reverse("host:quality")).status_code == 404
