"""Results as pages: each scan that has one, in both languages, for whom its mirror is open."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import LATER, answer_all, close, make_alliance, open_round
from understream.access.refusal import Missing
from understream.domain.result import READERS, result_before
from understream.instruments import reader
from understream.records.person import Person

pytestmark = pytest.mark.django_db
HEADINGS = {
    "capability": ("Four competences", "Vier competenties"),
    "capability_short": ("Four competences", "Vier competenties"),
    "conflict": ("How you disagree", "Hoe jullie van mening verschillen"),
    "drivers": ("Seven drivers, and where to begin", "Zeven succesfactoren, en waar te beginnen"),
    "harmony": ("How you disagree", "Hoe jullie van mening verschillen"),
    "paradigm": ("Pleasing, mixed, partnering", "Pleasen, gemengd, samen optrekken"),
    "responsibility": (
        "Who takes responsibility for what", "Wie waarvoor verantwoordelijkheid neemt",
    ),
    "risk": (
        "Risks between you, as people feel them", "Risico’s tussen jullie, zoals mensen ze voelen",
    ),
    "trust": ("Three pictures of trust", "Drie beelden van vertrouwen"),
}  # fmt: skip


def closed(world, code, points=None):
    """Return a closed round in which everybody of a party gave one point to every question."""
    instrument = reader.load(code)
    key = open_round(world, instrument=code)
    said = {}
    for at, (name, people) in enumerate(world.people.items()):
        point = (points or {}).get(name, 5 - at)
        asked = [item for _, item in instrument.asked_of(range(len(world.parties) - 1))]
        one = tuple(min(point, instrument.scale_of(item).points) for item in asked)
        said[name] = [one] * len(people)
    answer_all(world, key, said)
    close(world, key)
    return key


def page(world, key, language="en", name="Harbour"):
    seat = world.managers[name]
    Person.objects.filter(pk=seat.person).update(language=language)
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    client.cookies["language"] = language
    response = client.get(reverse("mirror:show", args=[key]))
    assert response.status_code == 200
    return response.content.decode()


def test_every_scan_that_is_read_has_a_page():
    assert set(HEADINGS) == set(READERS)


@pytest.mark.parametrize("code", HEADINGS)
def test_it_is_told_in_both_languages(code):
    world = make_alliance("Harbour", "Mill", people=(10, 8))
    key = closed(world, code)
    for language, heading in zip(("en", "nl"), HEADINGS[code], strict=True):
        text = page(world, key, language)
        assert f'<h2 id="result-title">{heading}</h2>' in text
        assert text.count("<figure data-picture") >= text.count('<svg class="plot plane"')
    assert "Hoe zeker zijn we?" in text
    assert "How sure are we?" not in text


def test_harmony_beside_conflict_is_the_newest_of_the_alliance_and_no_other():
    world = make_alliance("Harbour", "Mill", people=8)
    other = make_alliance("Quay", "Dock", people=8, seed=8)
    seat = world.managers["Harbour"]
    conflict = closed(world, "conflict", {"Harbour": 2, "Mill": 5})
    closed(other, "harmony")

    def read():
        return result_before(seat, conflict, language="en", now=LATER)[1]

    assert read().missing == "harmony"
    closed(world, "harmony", {"Harbour": 2, "Mill": 2})
    assert [one.code for one in read().crossed] == ["quiet", "stage"]
    closed(world, "harmony", {"Harbour": 6, "Mill": 6})
    assert [one.code for one in read().crossed] == ["silence", "stage"]
    with pytest.raises(Missing):
        result_before(other.managers["Quay"], conflict, language="en", now=LATER)


def test_four_parties_have_a_network_and_a_page_asks_no_more_for_it():
    two = make_alliance("Harbour", "Mill", people=8)
    four = make_alliance("North", "East", "South", "West", people=8, seed=8)
    few, many = closed(two, "trust"), closed(four, "trust")
    counts = []
    for world, key, name in ((two, few, "Harbour"), (four, many, "North")):
        page(world, key, name=name)
        with CaptureQueriesContext(connection) as asked:
            text = page(world, key, name=name)
        counts.append(len(asked))
    assert 'class="plot network"' in text
    assert text.count('class="unheard-cell"') == 0
    assert counts[1] == counts[0]
