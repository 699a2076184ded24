"""The page that sets a mirror beside an earlier one."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.factories import LATER, NOON, WEEK, answer_all, make_alliance, open_round
from understream.domain.release import close_round

pytestmark = pytest.mark.django_db


def rounds_of(world, *points, people=6):
    """Return rounds, each closed a week after the other, in which all of Harbour said a point."""
    keys = []
    for weeks, point in enumerate(points, start=1):
        key = open_round(world, closes_at=NOON + weeks * WEEK)
        answer_all(world, key, {"Harbour": [(point,) * 6] * people})
        assert close_round(key, now=LATER + (weeks - 1) * WEEK, rng=world.rng)
        keys.append(key)
    return keys


def browser(seat):
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def test_the_mirror_leads_to_every_earlier_round_and_the_page_tells_the_move():
    world = make_alliance(people=6)
    first, second, third = rounds_of(world, 2, 3, 5)
    manager = browser(world.managers["Harbour"])

    mirror = manager.get(reverse("mirror:show", args=[third])).content.decode()
    page = manager.get(reverse("change:show", args=[third])).content.decode()

    links = [f"/rounds/{third}/change/?since={one}" for one in (second, first)]
    assert re.findall(r'href="(/rounds/\d+/change/[^"]*)"', mirror) == links
    assert "What changed since 16 November 2026, “Autumn”" in mirror
    assert re.findall(r'href="(/rounds/\d+/change/[^"]*)"', page) == links[1:]
    assert "from 3.0 to 5.0, higher." in page
    assert "from 2.0 to 5.0, higher." in manager.get(links[1]).content.decode()
    assert page.count('class="plot slope"') == 6
    assert page.count("not shown, to") == 0
    assert (
        len(re.findall(r'<td class="num">3.0</td><td class="num">5.0</td><td>higher</td>', page))
        == 6
    )


@pytest.mark.parametrize("since", ["0", "x", "9" * 30, "-1", "²", "itself", "later"])
def test_an_address_that_names_no_earlier_round_finds_nothing(since):
    world = make_alliance(people=6)
    first, second, third = rounds_of(world, 2, 3, 5)
    named = {"itself": second, "later": third}.get(since, since)
    manager = browser(world.managers["Harbour"])

    answer = manager.get(reverse("change:show", args=[second]), {"since": named})

    assert answer.status_code == 404
    assert manager.get(reverse("change:show", args=[first])).status_code == 404
    assert (
        f"/rounds/{first}/change/"
        not in manager.get(reverse("mirror:show", args=[first])).content.decode()
    )


def test_a_party_that_is_hidden_is_drawn_as_nothing():
    world = make_alliance(people=6)
    first, second = rounds_of(world, 2, 3, people=4)

    page = browser(world.managers["Mill"]).get(reverse("change:show", args=[second]))

    drawn = re.findall(r'<svg class="plot[^>]*>.*?</svg>', page.content.decode())
    assert len(drawn) == 12
    assert not any("point" in one or "noise" in one for one in drawn)
    assert first
