"""What stands in the demo world, and that everything in it leads somewhere."""

import logging
import re
from collections import Counter
from datetime import timedelta
from itertools import cycle

import pytest
from django.test import Client
from django.urls import resolve, reverse

from understream.access.reach import seat_in_evaluation
from understream.console.world import PASSWORD, PEOPLE, build
from understream.console.world.people import HARBOUR, MILL, QUAY
from understream.domain import world
from understream.domain.cycle import cycle_of
from understream.domain.evaluation import evaluation_before
from understream.domain.joint import joint_before
from understream.domain.reflection import reflection_before
from understream.domain.seal import receipts_before
from understream.records.alliance import Alliance
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.person import Person
from understream.records.release import CommentRelease, Release
from understream.records.round import Round
from understream.records.voice import Comment, Voice
from understream.web import clock
from understream.web.door.demo import DOORS as OPEN

DOORS = tuple(door for door, *_ in OPEN)


@pytest.fixture(scope="module")
def _built(lasting):
    logging.disable(logging.INFO)
    lasting(lambda: build(seed=7, now=clock.now()))
    yield
    logging.disable(logging.NOTSET)
    world.forget()


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_built")]


def test_the_world_holds_what_there_is_to_try():
    alliances = {row.name: row.parties.count() for row in Alliance.objects.all()}
    alone = Round.objects.filter(evaluation=None)
    states = sorted(alone.values_list("state", flat=True))

    assert sorted(alliances.values()) == [2, 2, 3]
    assert states == ["closed"] * 11 + ["open", "planned"]
    assert Release.objects.count() == 15
    assert CommentRelease.objects.count() > 0
    assert Person.objects.count() == sum(map(len, PEOPLE.values())) + 1
    # Somebody still has comments to read first, and some words wait for what they wished.
    assert set(Comment.objects.values_list("wish", flat=True)) >= {"paraphrased", "as written"}
    assert not Due.objects.filter(
        done_at=None, at__lte=clock.now() - timedelta(minutes=1)
    ).exists()


def seat_of(door, title):
    """Return the seat of somebody who can be tried in the alliance of an evaluation."""
    key = Evaluation.objects.get(title=title).pk
    return seat_in_evaluation(Person.objects.get(email=f"{door}@demo.example").pk, key), key


def test_there_is_an_evaluation_in_each_state_and_something_to_do_in_it():
    now = clock.now()

    def card(door, title):
        return evaluation_before(*seat_of(door, title), now=now)

    def joint(door, title):
        return joint_before(*seat_of(door, title), language="en", now=now)

    # Agreed, with all that can become of a promise.
    first = joint("sponsor", "First evaluation")
    kinds = Counter(one.kind for one in first.commitments)
    assert (first.state, first.gate.closed, len(first.closings)) == ("agreed", False, 2)
    assert set(kinds) == {"kept", "renegotiated", "broken", "split", "open", "withdrawn"}
    assert sum(one.overdue for one in first.commitments) == 2
    assert sum(bool(one.critic) for group in first.groups for one in group.topics) == 3
    assert any(
        side.dissents for group in first.groups for one in group.topics for side in one.sides
    )
    assert cycle_of(seat_of("manager.a", "First evaluation")[0], now=now).kept

    # At the gate: what was promised last time, notes, and a yes that both managers can give.
    gate = joint("manager.a", "Second evaluation")
    assert [(bool(one.text.version), one.text.stands) for one in gate.gate.blocks] == [
        (True, True), (True, True), (True, False), (False, False),
    ]  # fmt: skip
    assert gate.gate.closed
    assert [group.sealed for group in gate.groups] == [False, False, False, True]
    assert len(gate.promises) == 7
    assert {one.kind for one in gate.commitments} == {"open", "proposed"}
    for door in ("manager.a", "manager.b"):
        found = joint(door, "Second evaluation")
        assert any(one.text.may_accept for group in found.groups for one in group.topics), door

    # One party has still to seal, and asks for a later deadline.
    running = card("manager.a", "First look at the trial")
    assert [one.state for one in running.parties] == ["writing", "sealed", "sealed"]
    assert (running.stage, running.proposal.consented) == ("within", (HARBOUR, QUAY))
    assert card("manager.b", "First look at the trial").proposal.may_consent
    assert card("manager.c", "First look at the trial").one_voice
    seat, key = seat_of("participant", "First look at the trial")
    writing = reflection_before(seat, key, language="nl", now=now)
    assert (writing.done, writing.total) == (7, 16)
    assert [len(one.dissents) for one in writing.conclusions].count(1) == 1
    assert any(one.differs for one in writing.conclusions)
    receipts = receipts_before(seat, key, language="nl")
    assert [one.party.name for one in receipts] == [QUAY, MILL]
    facilitator, _key = seat_of("facilitator", "First look at the trial")
    party = running.mine.party.key
    let = [card(door, "First look at the trial").reads_along for door in DOORS]
    assert [[one.key for one in some] for some in let] == [[], [], [], [party], [], []]
    assert reflection_before(facilitator, key, language="en", now=now, party=party).done == 7

    # Prepared by one, waiting for the other's yes.
    prepared = card("manager.a", "Before we renew")
    assert (prepared.may_accept, prepared.waiting_for) == (True, (HARBOUR,))


def test_what_would_have_been_erased_by_now_has_been():
    old = Round.objects.filter(state="closed", closed_at__lt=clock.now() - timedelta(days=31))

    assert old.count() == 9
    assert not Voice.objects.filter(cohort__round__in=old).exists()


TO_EACH = 2
"""How many addresses of one route somebody visits: more would show more of the same."""


def links_in(page):
    """Return the addresses a page leads to within the house."""
    return {
        link.split("#")[0]
        for link in re.findall(r'href="(/[^"]*)"', page)
        if not link.startswith(("/static/", "//"))
    }


def crawl(client):
    """Follow links from the first page, two to each route; return the status of each address."""
    found, ahead, routes = {}, ["/", reverse("alliance:index")], Counter()
    while ahead:
        address = ahead.pop(0)
        route = resolve(address.partition("?")[0]).view_name
        if address in found or routes[route] >= TO_EACH:
            continue
        routes[route] += 1
        answer = client.get(address, follow=False)
        found[address] = answer.status_code
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            ahead += sorted(links_in(answer.content.decode()))
    return found


def test_every_link_that_anybody_sees_leads_somewhere_in_both_languages():
    for door, language in zip(DOORS, cycle(("en", "nl")), strict=False):
        person = Person.objects.get(email=f"{door}@demo.example")
        assert person.check_password(PASSWORD)
        Person.objects.filter(pk=person.pk).update(language=language)
        client = Client(REMOTE_ADDR="127.0.0.1")
        client.force_login(person)

        found = crawl(client)

        broken = {address: code for address, code in found.items() if code not in (200, 302)}
        assert (door, broken) == (door, {})
        assert len(found) > 20


def test_every_mirror_and_every_file_answers_whoever_may_and_nobody_else():
    pages = ("mirror:show", "mirror:csv", "mirror:json", "round:show")
    answered = {}
    for door in DOORS:
        client = Client()
        client.force_login(Person.objects.get(email=f"{door}@demo.example"))
        theirs = Round.objects.filter(
            state="closed", alliance__seats__person__email=f"{door}@demo.example"
        ).exclude(evaluation__state="running")  # whose mirrors a sponsor may not read yet
        assert theirs.count() >= 1
        answered[door] = [
            {client.get(reverse(page, args=[row.pk])).status_code for row in theirs}
            for page in pages
        ]

    manager, reader = [{200}] * 4, [{200}, {404}, {404}, {200}]
    assert answered == {
        "manager.a": manager,
        "manager.b": manager,
        "manager.c": manager,
        "sponsor": manager,
        "participant": reader,
        "facilitator": [{404}, {404}, {404}, {200}],
    }
