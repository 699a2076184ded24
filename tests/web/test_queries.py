"""However much there is to show, a page asks the database as often as for one."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    NOON,
    WEEK,
    close,
    invite,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    speak,
)
from understream.domain import round as rounds
from understream.records.organisation import Membership, Organisation
from understream.records.seat import SeatRow
from understream.web import clock

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)


def furnished(names, people, times):
    """Return a world in which everything a page can list is there so many times."""
    world = make_alliance(*names, people=people, seed=times)
    first = names[0]
    later = clock.now() + WEEK
    keys = {"closed": [], "open": [], "planned": [], "unconfirmed": []}
    for number in range(times):
        invite(world, first, email=f"nora.{first}.{number}@example.org", seed=100 * times + number)
        closed = open_round(world, moderator=world.facilitator.key)
        for place, link in enumerate(links_of(closed, world.parties[first])):
            speak(world, link, SIX, comment=f"remark {place}")
        close(world, closed)
        keys["closed"].append(closed)
        keys["open"].append(open_round(world, closes_at=later, mode="one voice"))
        keys["planned"].append(plan_round(world, closes_at=later))
        keys["unconfirmed"].append(
            rounds.plan_round(
                world.managers[first],
                instrument="trust",
                title="Later",
                closes_at=later,
                now=NOON,
            )
        )
    return world, {state: some[-1] for state, some in keys.items()}


def pages_of(world, keys):
    """Return every page that lists something, and who looks."""
    manager, facilitator = next(iter(world.managers.values())), world.facilitator
    alliance = [world.alliance]
    yield from (
        (f"alliance:{name}", manager, reverse(f"alliance:{name}", args=alliance))
        for name in ("home", "people", "rounds", "plan", "journal")
    )
    yield "alliance:home, facilitator", facilitator, reverse("alliance:home", args=alliance)
    yield "alliance:people, facilitator", facilitator, reverse("alliance:people", args=alliance)
    for state, key in keys.items():
        for who, seat in (("manager", manager), ("facilitator", facilitator)):
            yield f"round:show {state} {who}", seat, reverse("round:show", args=[key])
    yield "round:cohort", manager, reverse("round:cohort", args=[keys["unconfirmed"]])
    yield "round:form", manager, reverse("round:form", args=[keys["open"]])
    yield "round:cancel", manager, reverse("round:cancel", args=[keys["open"]])
    yield "mirror:show", manager, reverse("mirror:show", args=[keys["closed"]])
    yield "mirror:csv", manager, reverse("mirror:csv", args=[keys["closed"]])
    yield "mirror:json", manager, reverse("mirror:json", args=[keys["closed"]])
    yield "mirror:comments", facilitator, reverse("mirror:comments", args=[keys["closed"]])
    seat = SeatRow.objects.filter(party=manager.party, role="participant").latest("pk")
    yield "alliance:end", manager, reverse("alliance:end", args=[world.alliance, seat.pk])


def asked(world, keys):
    """Return how often each page asks the database."""
    counts = {}
    for name, seat, address in pages_of(world, keys):
        client = Client()
        client.force_login(get_user_model().objects.get(pk=seat.person))
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, name
        counts[name] = len(queries)
    return counts


def test_every_page_asks_as_often_for_three_as_for_one():
    few = asked(*furnished(("Harbour", "Mill"), people=8, times=1))

    many = asked(*furnished(("Quay", "Barge", "Delta", "Elm"), people=12, times=3))

    assert many == few
    assert max(few.values()) <= 16, few


def test_a_persons_own_pages_ask_as_often_for_three_as_for_one():
    person = make_person("Anna")
    client, counts = Client(), []
    client.force_login(get_user_model().objects.get(pk=person.pk))
    for number in range(3):
        world = make_alliance(f"A{number}", f"B{number}", people=1, seed=number)
        SeatRow.objects.create(
            alliance_id=world.alliance,
            party_id=world.parties[f"A{number}"],
            person=person,
            role="participant",
        )
        Membership.objects.create(
            person=person,
            organisation=Organisation.objects.get(name=f"A{number}"),
            role="researcher",
        )
        pages = []
        for address in (reverse("alliance:index"), reverse("account:card"), "/"):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            pages.append(len(queries))
        counts.append(pages)

    assert counts[0] == counts[1] == counts[2]
