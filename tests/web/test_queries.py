"""However much there is to show, a page asks the database as often as for one."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    NOON,
    SEALING,
    TOPICS,
    WEEK,
    begin_evaluation,
    close,
    invite,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    reflect,
    seal_evaluation,
    speak,
    words_on,
)
from understream.domain import commitment as commitments
from understream.domain import joint, reveal
from understream.domain import reflection as reflections
from understream.domain import round as rounds
from understream.records.organisation import Membership, Organisation
from understream.records.seal import SealEntry
from understream.records.seat import SeatRow
from understream.web import clock

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)
MOST = 40
"""What the home of an alliance asks at most, with an evaluation, its views and promises."""


def furnished(names, people, times):
    """Return a world in which everything a page can list is there so many times."""
    world = make_alliance(*names, people=people, seed=times)
    first = names[0]
    later = clock.now() + WEEK
    keys = {"closed": [], "open": [], "planned": [], "unconfirmed": []}
    close(world, open_round(world))
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
    yield "change:show", manager, reverse("change:show", args=[keys["closed"]])
    yield "mirror:csv", manager, reverse("mirror:csv", args=[keys["closed"]])
    for name in ("xlsx", "syntax", "codebook"):
        yield f"mirror:{name}", manager, reverse(f"mirror:{name}", args=[keys["closed"]])
    yield "mirror:json", manager, reverse("mirror:json", args=[keys["closed"]])
    yield "mirror:comments", facilitator, reverse("mirror:comments", args=[keys["closed"]])
    seat = SeatRow.objects.filter(party=manager.party, role="participant").latest("pk")
    yield "alliance:end", manager, reverse("alliance:end", args=[world.alliance, seat.pk])


def asked(pages):
    """Return how often each page asks the database."""
    counts = {}
    for name, seat, address in pages:
        client = Client()
        client.force_login(get_user_model().objects.get(pk=seat.person))
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, name
        counts[name] = len(queries)
    return counts


def test_every_page_asks_as_often_for_three_as_for_one():
    few = asked(pages_of(*furnished(("Harbour", "Mill"), people=8, times=1)))

    many = asked(pages_of(*furnished(("Quay", "Barge", "Delta", "Elm"), people=12, times=3)))

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


def evaluated(names, times):
    """Return a world that has evaluated and does so again, with everything so many times."""
    world = make_alliance(*names, people=5, seed=times)
    first, second, *_others = world.managers.values()
    revealed = begin_evaluation(world)
    seal_evaluation(world, revealed)
    for number in range(times):
        code = TOPICS[number]
        for version in range(2):
            said = {"version": version, "reading": f"Read {version}.", "now": SEALING}
            joint.write_joint_text(first, revealed, "topic", code, **said)
        joint.accept_joint_text(second, revealed, "topic", code, version=2, now=SEALING)
        joint.assign_critic(first, revealed, code, critic=first.key, now=SEALING)
        promise = {"receiver": second.party, "owner": first.key, "due_on": SEALING.date()}
        for origin in (0, revealed):
            made = {"action": f"Do {number}", "evaluation": origin, "topic": code, **promise}
            last = commitments.propose_commitment(first, **made, now=NOON - WEEK)
        for manager in list(world.managers.values())[1:]:
            commitments.accept_commitment(manager, last, now=NOON - WEEK)
        for manager in (first, second):
            commitments.judge_commitment(manager, last, outcome="kept", now=SEALING)
    running = begin_evaluation(world)
    let_answers_end(world, running)
    for code in TOPICS[:times]:
        for version in range(2):
            words = words_on(code, sentence=f"Seen {version}.", version=version)
            reflections.write_conclusion(first, running, code, words=words, now=SEALING)
        for seat in world.people[names[0]][1:3]:
            reflections.hold_dissent(seat, running, code, text="Not so.", now=SEALING)
    reflect(world, running, names[1])
    for _ in range(times):
        reveal.seal_reflection(second, running, now=SEALING, rng=world.rng)
        reveal.take_back_seal(second, running, now=SEALING)
    reveal.seal_reflection(second, running, now=SEALING, rng=world.rng)
    return world, revealed, running, last


def evaluation_pages(world, revealed, running, commitment):
    """Return every page of an evaluation that lists something, and who looks."""
    first, second, *_others = world.managers.values()
    alliance = [world.alliance]
    index = SealEntry.objects.filter(evaluation=running).exclude(receipt="").first().index
    for name in ("alliance:home", "alliance:journal", "evaluation:index", "evaluation:cycle"):
        yield name, first, reverse(name, args=alliance)
    for name in ("commitment:index", "commitment:new"):
        yield name, first, reverse(name, args=alliance)
    for state, key in (("revealed", revealed), ("running", running)):
        for page in ("show", "log", "verify", "bundle"):
            yield f"{page} {state}", first, reverse(f"evaluation:{page}", args=[key])
        yield f"reflection {state}", first, reverse("reflection:show", args=[key])
    yield "receipt", first, reverse("evaluation:receipt", args=[running, index])
    yield "propose", first, reverse("evaluation:propose", args=[running])
    for page in ("topic", "history"):
        yield page, first, reverse(f"reflection:{page}", args=[running, "EV1"])
    yield "seal", first, reverse("reflection:seal", args=[running])
    yield "sealed", second, reverse("reflection:sealed", args=[running])
    yield "take back", second, reverse("reflection:take_back", args=[running])
    for who, seat in (("manager", first), ("facilitator", world.facilitator)):
        yield f"joint {who}", seat, reverse("joint:show", args=[revealed])
    yield "joint history", first, reverse("joint:history", args=[revealed, "topic", "EV1"])
    for page in ("show", "judge"):
        yield f"commitment:{page}", first, reverse(f"commitment:{page}", args=[commitment])


def test_every_page_of_an_evaluation_asks_as_often_for_three_as_for_one(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: SEALING + timedelta(hours=1))

    few, many = (
        asked(evaluation_pages(*evaluated(names, times)))
        for names, times in ((("Harbour", "Mill"), 1), (("Quay", "Barge", "Delta"), 3))
    )

    assert many == few
    assert max(few.values()) <= MOST, few
