"""The joint page: side by side, differences first; written and accepted together, nothing lost."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    SEALING,
    TOPICS,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    pass_gate,
    seal_evaluation,
    seat_person,
    speak,
)
from understream.access.seat import Role
from understream.domain import commitment, joint
from understream.domain import reflection as reflections
from understream.records.evaluation import Evaluation
from understream.records.round import Round

pytestmark = pytest.mark.django_db
SHIFTED = {"EV1": {"change": "lot", "effect": "hurts", "sentence": "One lane of <eleven>."}}
APART = {"EV9": {"rating": 2, "sentence": "Three meetings."}}


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def page_of(seat, key) -> str:
    answer = client_of(seat).get(reverse("joint:show", args=[key]))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def send(seat, key, kind, code, action="write", **typed):
    answer = client_of(seat).post(reverse(f"joint:{action}", args=[key, kind, code]), typed)
    return answer, answer.content.decode()


@pytest.fixture(scope="module", name="revealed")
def _revealed(lasting):
    """Return a world and an evaluation in which the parties see deciding differently."""

    def make():
        world = make_alliance(seed=5)
        key = begin_evaluation(world)
        seal_evaluation(world, key, Mill=APART, Harbour={"EV9": {"rating": 6}})
        return world, key

    return lasting(make)


def opened(page):
    """Return the codes of the topics and blocks that stand open."""
    return re.findall(
        r'<details open><summary class="topic[^"]*">(?:(?!<details).)*?id="(\w+)"', page, re.DOTALL
    )


def test_differences_stand_in_front_and_behind_the_gate_there_are_only_titles():
    world = make_alliance("Dock", "Mole")
    key = begin_evaluation(world)
    dock, mole = world.managers["Dock"], world.managers["Mole"]
    assert client_of(dock).get(reverse("joint:show", args=[key])).status_code == 404
    let_answers_end(world, key)
    dissenter = world.people["Mole"][1]
    for text, shares in (("It is fast enough.", True), ("Never mind it.", False)):
        reflections.hold_dissent(dissenter, key, "EV9", text=text, shares=shares, now=SEALING)
    soft = {"EV12": {"sentence": "They promise and promise."}}
    seal_evaluation(world, key, Dock={"EV9": {"rating": 6}}, Mole=APART | SHIFTED | soft)

    page = page_of(dock, key)

    assert page.index("Deciding</span>") < page.index("Goals and results</span>")
    assert "Deciding: Dock 6; Mole 2" in page
    assert "Dock higher" in page
    assert opened(page) == ["B1", "EV1"]
    assert "One lane of &lt;eleven&gt;." in page
    assert "For this alliance that hurts." in page
    assert "There is also another view." in page
    assert "It is fast enough." in page
    assert "Never mind it." not in page
    assert "A lot has changed for Mole, so blocks 1 to 4 come first" in page
    assert "None of the four is reviewed yet." in page
    assert "Saying and doing</span>" in page
    assert not {"EV12", "closing"} & set(re.findall(r'id="(\w+)"', page))
    for reader in (mole, dissenter, world.facilitator):
        assert "They promise" not in page_of(reader, key)
    pass_gate(world, key)
    after = page_of(dock, key)
    assert "They promise and promise." in after
    assert "behaviour and values are open now" in after


def test_who_may_write_and_accept_finds_the_forms_and_nobody_else(revealed):
    world, key = revealed
    harbour = world.managers["Harbour"]
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    send(harbour, key, "topic", "EV9", version="0", reading="We differ.")

    writes, accepts, asks = "/topic/EV9/#EV9", "/EV9/accept/#EV9", "/EV9/critic/#EV9"
    for seat, found in (
        (harbour, {writes, accepts, asks}),
        (world.people["Mill"][1], {writes}),
        (world.facilitator, {writes, asks}),
        (sponsor, set()),
    ):
        page = page_of(seat, key)
        assert {one for one in (writes, accepts, asks) if one in page} == found, seat.role
        assert page.count(f"/commitments/new/?evaluation={key}&amp;topic=EV") == 16 * bool(found)
        assert page.count('<select class="input brief"') == (asks in found)
        assert page.count(">Choose the critic</a>") == 15 * (asks in found)
        assert "We differ." in page
    assert page.count('class="agreeing"') == 1

    critic = reverse("joint:critic", args=[key, "EV9"])
    client, other = client_of(world.facilitator), world.people["Mill"][2].key
    assert client.post(critic, {"critic": other})["Location"].endswith("#EV9")
    assert "On this topic Mill 2 is the critic." in page_of(sponsor, key)
    refused = client.post(critic, {"critic": world.facilitator.key})
    assert (refused.status_code, opened(refused.content.decode())) == (400, ["EV9"])
    assert "Choose somebody of one of the parties." in refused.content.decode()


def test_whatever_was_typed_is_still_there_when_it_could_not_be_kept(revealed):
    world, key = revealed
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]

    empty, page = send(harbour, key, "topic", "EV10", version="0", reading=" ")
    assert (empty.status_code, opened(page)) == (400, ["EV10"])
    assert 'aria-describedby="reading-EV10_error"' in page
    long, page = send(harbour, key, "topic", "EV10", version="0", decision="<b>" * 700)
    assert long.status_code == 400
    assert "&lt;b&gt;" * 700 in page

    kept, _page = send(harbour, key, "topic", "EV9", version="0", reading="Ours.", decision="D.")
    assert kept["Location"] == f"{reverse('joint:show', args=[key])}?at=EV9#EV9"
    late, page = send(mill, key, "topic", "EV9", version="0", reading="Mine, at length.")
    assert late.status_code == 409
    assert "Manager Harbour changed this text while you wrote." in page
    assert "Ours." in page
    assert "\nMine, at length.</textarea>" in page
    assert '<input type="hidden" name="version" value="1">' in page

    again, _page = send(mill, key, "topic", "EV9", version="1", reading="Ours and mine.")
    assert again.status_code == 302
    stale, page = send(harbour, key, "topic", "EV9", "accept", version="1")
    assert stale.status_code == 409
    assert "This text was changed while you read it." in page
    assert "Both agree" not in page
    for seat in (harbour, mill):
        send(seat, key, "topic", "EV9", "accept", version="2")
    assert "Both agree on this text." in page_of(mill, key)

    past = client_of(mill).get(reverse("joint:history", args=[key, "topic", "EV9"]))
    told = past.content.decode()
    assert told.index("Ours and mine.") < told.index("Manager Harbour</h3>") < told.index("Ours.<")
    assert (
        client_of(mill).get(reverse("joint:history", args=[key, "topic", "EV99"])).status_code
        == 404
    )
    stranger = make_alliance("Quay", "Delta", people=1, seed=8).managers["Quay"]
    answer, _page = send(stranger, key, "topic", "EV9", version="2", reading="Theirs.")
    assert answer.status_code == 404


def test_the_decision_ends_it_and_the_closing_word_waits_for_all(revealed):
    world, key = revealed
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]

    undated, page = send(harbour, key, "relevance", "relevance", version="0", choice="ED0")
    assert undated.status_code == 400
    assert "Name the day on which you decide." in page
    assert re.search(r'value="ED0" checked', page)

    closing = reverse("joint:closing", args=[key])
    off = client_of(harbour).post(closing, {"rating": "9", "sentence": "Good <talk>"})
    assert off.status_code == 400
    assert "Choose a point from 1 to 7." in off.content.decode()
    assert "\nGood &lt;talk&gt;</textarea>" in off.content.decode()
    said = client_of(harbour).post(closing, {"rating": "6", "sentence": "Good <talk>"})
    assert said["Location"].endswith("#closing")
    assert "We wait for Mill." in page_of(harbour, key)
    assert "Good &lt;talk&gt;" not in page_of(mill, key)
    client_of(mill).post(closing, {"rating": "4"})
    assert "Good &lt;talk&gt;" in page_of(mill, key)

    send(harbour, key, "relevance", "relevance", version="0", choice="ED2", reading="More.")
    for seat in (harbour, mill):
        send(seat, key, "relevance", "relevance", "accept", version="1")
    assert Evaluation.objects.get(pk=key).state == "agreed"
    page = page_of(mill, key)
    assert "Both have decided this." in page
    assert "/topic/EV9/#EV9" not in page


def test_the_page_asks_the_database_as_often_for_four_parties_as_for_two():
    counts = []
    for names, written in ((("Ferry", "Lock"), 1), (("Quay", "Barge", "Delta", "Elm"), 5)):
        sizes = (5, *(1 for _other in names[1:]))
        world = make_alliance(*names, people=sizes, seed=len(names))
        key = begin_evaluation(world)
        for link in links_of(Round.objects.get(evaluation=key).pk, world.parties[names[0]]):
            speak(world, link, [2, 1] * 6 + [4] * 10)
        seal_evaluation(world, key)
        first, other = (world.managers[name] for name in names[:2])
        for topic in TOPICS[:written]:
            joint.write_joint_text(
                first, key, "topic", topic, version=0, reading="We differ.", now=SEALING
            )
            joint.accept_joint_text(first, key, "topic", topic, version=1, now=SEALING)
            joint.assign_critic(first, key, topic, critic=other.key, now=SEALING)
            commitment.propose_commitment(
                first,
                receiver=other.party,
                action="Tell it sooner",
                owner=first.key,
                due_on=SEALING.date(),
                evaluation=key,
                topic=topic,
                now=SEALING,
            )
        client = client_of(first)
        client.get(reverse("joint:show", args=[key]))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("joint:show", args=[key])).content.decode()
        assert page.count("Tell it sooner") == 2 * written
        assert "what their people say" in page
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 24
