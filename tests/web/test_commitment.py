"""What was promised: listed by its day, proposed, accepted, withdrawn and judged."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.factories import begin_evaluation, make_alliance, seal_evaluation, seat_person
from understream.access.seat import Role
from understream.records.commitment import Commitment
from understream.web import clock

pytestmark = pytest.mark.django_db


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def page_of(seat, name, key, **query) -> str:
    answer = client_of(seat).get(reverse(f"commitment:{name}", args=[key]), query)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def act(seat, name, key, **typed):
    return client_of(seat).post(reverse(f"commitment:{name}", args=[key]), typed)


def propose(world, action, *, giver="Harbour", receiver="Mill", days=9, **keys):
    """Let the giver's manager propose; return the answer."""
    return act(
        world.managers[giver],
        "new",
        world.alliance,
        action=action,
        owner=world.people[giver][1].key,
        receiver=world.parties[receiver],
        due_on=(clock.now() + timedelta(days=days)).date().isoformat(),
        **keys,
    )


def test_a_list_begins_by_teaching_and_then_stands_by_what_is_due():
    world = make_alliance()
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    assert "Nothing has been promised yet" in page_of(sponsor, "index", world.alliance)
    assert "/commitments/new/" not in page_of(sponsor, "index", world.alliance)
    for action, giver, receiver in (
        ("Tell <first>", "Harbour", "Mill"),
        ("Pay sooner", "Mill", "Harbour"),
        ("Ask a driver", "Harbour", "Mill"),
        ("Say it twice", "Harbour", "Mill"),
        ("Write it down", "Mill", "Harbour"),
    ):
        assert propose(world, action, giver=giver, receiver=receiver).status_code == 302
    keys = dict(Commitment.objects.values_list("action", "pk"))
    for action in ("Tell <first>", "Ask a driver", "Say it twice"):
        assert act(mill, "accept", keys[action]).status_code == 302
    Commitment.objects.filter(pk=keys["Say it twice"]).update(due_on="2026-01-02")
    assert act(mill, "withdraw", keys["Write it down"]).status_code == 302
    assert act(mill, "withdraw", keys["Ask a driver"]).status_code == 409
    act(harbour, "judge", keys["Tell <first>"], outcome="kept")
    act(mill, "judge", keys["Tell <first>"], outcome="broken")

    page = page_of(sponsor, "index", world.alliance)

    shelves = re.findall(r'<h2 id="shelf-(\w+)"', page)
    assert shelves == ["overdue", "open", "proposed", "split", "withdrawn"]
    assert "Overdue: it was due 2 January 2026." in page
    assert "Waits for Harbour." in page
    assert "Tell &lt;first&gt;" in page
    assert "Harbour: kept; Mill: broken." in page
    fewer = page_of(sponsor, "index", world.alliance, **{"from": world.parties["Mill"]})
    assert re.findall(r'<h2 id="shelf-(\w+)"', fewer) == ["proposed", "withdrawn"]
    none = page_of(sponsor, "index", world.alliance, state="kept", to="x" * 400)
    assert "None like this." in none


def test_what_cannot_be_proposed_is_said_beside_the_field_and_kept():
    world = make_alliance()
    key = begin_evaluation(world)
    harbour = world.managers["Harbour"]
    source = {"evaluation": key, "topic": "EV9"}
    assert propose(world, "Too early", **source).status_code == 404
    seal_evaluation(world, key)

    itself = propose(world, "Help <us>", receiver="Harbour", **source)
    late = propose(world, "Help <us>", days=-3, **source)
    far = propose(world, "Help <us>", days=20 * 365, **source)

    for answer, sentence in (
        (itself, "A commitment is to another party."),
        (late, "Choose a day from today on."),
        (far, "Choose a day within ten years."),
    ):
        page = answer.content.decode()
        assert answer.status_code == 400
        assert sentence in page
        assert "Help &lt;us&gt;</textarea>" in page
        assert f'name="evaluation" value="{key}"' in page
        assert "From “Autumn evaluation”, Deciding." in page
    done = propose(world, "Help <us>", **source)
    assert done["Location"] == f"{reverse('joint:show', args=[key])}?at=EV9#EV9"
    assert Commitment.objects.get().topic == "EV9"
    joint = client_of(harbour).get(reverse("joint:show", args=[key])).content.decode()
    assert joint.count("Help &lt;us&gt;") == 2
    assert "Deciding" in page_of(harbour, "show", Commitment.objects.get().pk)


def test_each_side_judges_by_itself_and_both_open_together():
    world = make_alliance("Harbour", "Mill", "Quay", people=2)
    harbour, mill, quay = world.managers.values()
    propose(world, "Tell it sooner")
    key = Commitment.objects.get().pk
    assert act(harbour, "judge", key, outcome="kept").status_code == 409
    assert act(quay, "accept", key).status_code == 404
    assert "Accept it for Mill" in page_of(mill, "show", key)
    act(mill, "accept", key)
    assert client_of(quay).get(reverse("commitment:judge", args=[key])).status_code == 404
    assert act(world.people["Mill"][1], "accept", key).status_code == 404

    empty = act(harbour, "judge", key, note="<It> came")
    assert empty.status_code == 400
    assert "Choose one of the three." in empty.content.decode()
    assert "&lt;It&gt; came</textarea>" in empty.content.decode()
    act(harbour, "judge", key, outcome="kept", note="<It> came")

    assert "&lt;It&gt; came" in page_of(harbour, "show", key)
    for other in (mill, quay):
        page = page_of(other, "show", key)
        assert "&lt;It&gt; came" not in page
        assert "Harbour has said it; both answers open when the other side has too." in page
    act(mill, "judge", key, outcome="broken", note="Too late")
    assert "&lt;It&gt; came" in page_of(mill, "show", key)
    assert "Too late" in page_of(quay, "show", key)
    assert "Judged differently." in page_of(quay, "show", key)
    stranger = make_alliance("Delta", "Elm", people=1, seed=8).managers["Delta"]
    assert client_of(stranger).get(reverse("commitment:show", args=[key])).status_code == 404
