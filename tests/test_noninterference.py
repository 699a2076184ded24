"""N-1, N-2, PI-4, PI-6, PI-9, PI-16: what one person says changes nothing that another can get.

Not a figure, a word, a header, a letter or a line of the journal: every page is asked for by
everybody else, in both languages, once with one truth behind it and once with another.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.test import Client
from django.test.testcases import TestCase
from django.urls import reverse

from tests.factories import LATER, NOON, World, links_of, make_alliance, make_person, seat_person
from understream.access.refusal import Refused
from understream.access.seat import Role
from understream.domain import due, host, release, voice
from understream.domain import round as rounds
from understream.domain.release import (
    close_round,
    comments_to_moderate,
    erase_voices,
    open_comments,
)
from understream.domain.voice import Heard, Utterance
from understream.instruments import reader
from understream.records.organisation import Membership, Organisation
from understream.records.person import Person
from understream.web import clock

pytestmark = pytest.mark.django_db
HARBOUR, MILL = "Harbour", "Mill"
PEOPLE = 9
MARK = re.compile(rb'(?:"(?:csrfmiddlewaretoken|submission)" value=|"X-CSRFToken": )"\w+"')
"""The page's own marks, drawn anew each time."""
WATCHING = 8
"""The place of those who look through their own link and say nothing."""


@dataclass
class Circle:
    """An alliance with an open round in which everybody has begun, and those who look on."""

    world: World
    key: int
    links: dict[str, list[str]]
    browsers: dict[str, list[str]] = field(default_factory=dict)
    watchers: dict[str, Client] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    points: tuple[int, ...] = ()


class Disk:
    total = used = free = 1


@pytest.fixture
def at(monkeypatch):
    """Let pages think it is noon, and let the host's own machine stand still."""
    now = {"now": NOON}
    monkeypatch.setattr(clock, "now", lambda: now["now"])
    # The host reads these on the machine itself, whatever a page says.
    monkeypatch.setattr(host, "_database_bytes", lambda: 1)
    monkeypatch.setattr(host.shutil, "disk_usage", lambda _path: Disk())
    return now


def make_circle(instrument: str = "pulse") -> Circle:
    world = make_alliance(HARBOUR, MILL, people=PEOPLE)
    planner = world.managers[HARBOUR]
    key = rounds.plan_round(
        planner,
        instrument=instrument,
        title="Autumn",
        closes_at=LATER,
        moderator=world.facilitator.key,
        now=NOON,
    )
    for name, manager in world.managers.items():
        people = [seat.key for seat in world.people[name]]
        rounds.confirm_cohort(
            manager, key, mode="confidential", seats=people, now=NOON, rng=world.rng
        )
    rounds.open_round(planner, key, now=NOON)
    links = {name: links_of(key, party) for name, party in world.parties.items()}
    read = reader.load(instrument)
    circle = Circle(
        world, key, links, points=tuple(read.scale_of(one).points for one in read.items)
    )
    for name in (HARBOUR, MILL):
        circle.browsers[name] = [
            voice.begin(link, browser="", rng=world.rng, now=NOON) for link in links[name]
        ]
    _let_watch(circle)
    return circle


def _let_watch(circle: Circle) -> None:
    world = circle.world
    researcher = make_person("Researcher")
    organisation = Organisation.objects.get(name=HARBOUR)
    Membership.objects.create(
        person=researcher, organisation=organisation, role=Membership.Role.RESEARCHER
    )
    sponsor = seat_person(world.alliance, world.parties[HARBOUR], "Sponsor", Role.SPONSOR)
    for name, person in (
        ("manager", world.managers[HARBOUR].person),
        ("partner's manager", world.managers[MILL].person),
        ("sponsor", sponsor.person),
        ("partner's participant", world.people[MILL][WATCHING].person),
        ("facilitator", world.facilitator.person),
        ("researcher", researcher.pk),
        ("host", make_person("Host", host=True).pk),
    ):
        circle.watchers[name] = Client()
        circle.watchers[name].force_login(get_user_model().objects.get(pk=person))
    for name, party in (("colleague", HARBOUR), ("partner's colleague", MILL)):
        circle.watchers[name] = Client()
        circle.watchers[name].cookies["browser"] = circle.browsers[party][WATCHING]
    alliance, one = [world.alliance], [circle.key]
    circle.pages = (
        reverse("alliance:index"),
        *(reverse(f"alliance:{room}", args=alliance) for room in ("home", "people", "rounds")),
        reverse("alliance:journal", args=alliance),
        reverse("round:show", args=one),
        *(reverse(f"mirror:{page}", args=one) for page in ("show", "comments", "csv", "json")),
        reverse("research:releases", args=[organisation.pk]),
        reverse("host:show"),
        *(circle.links[party][WATCHING] for party in (HARBOUR, MILL)),
    )

    circle.told = (circle.pages[5], circle.pages[6], *circle.pages[-2:])


@contextmanager
def undone(circle: Circle) -> Iterator[None]:
    """Let something happen, and then not have happened."""
    chance = circle.world.rng.getstate()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    circle.world.rng.setstate(chance)


def views(circle: Circle, *names: str) -> dict[tuple[str, str, str], tuple]:
    """Return all that everybody, or these, can get: status, headers and body without its mark.

    What tells of answers is asked for in Dutch too.
    """
    seen = {}
    with undone(circle):
        for language in ("en", "nl"):
            Person.objects.update(language=language)
            for name in names or circle.watchers:
                client = circle.watchers[name]
                client.cookies["language"] = language
                for page in circle.pages if language == "en" else circle.told:
                    for url in urls(page):
                        response = client.get(url)
                        body = MARK.sub(b"", response.content)
                        head = tuple(one for one in response.items() if one[0] != "Expires")
                        seen[name, language, url] = (response.status_code, head, body)
    return seen


def urls(page: str) -> tuple[str, ...]:
    """Return the page itself, or for a link what lies behind it."""
    if page.startswith("/"):
        return (page,)
    return tuple(reverse(f"answer:{one}", args=[page]) for one in ("show", "mirror"))


def vectors(circle: Circle, seed: int) -> dict[str, list[tuple[int, ...]]]:
    """Return somebody's answers for everybody, some unanswered, some beyond judging."""
    chance = Random(seed)
    return {
        name: [
            tuple(chance.choice([0, 255, *range(1, points + 1)]) for points in circle.points)
            for _ in range(PEOPLE)
        ]
        for name in (HARBOUR, MILL)
    }


def say(circle: Circle, name: str, place: int, answers, *, comment: str = "") -> None:
    """Let one person speak."""
    one = Utterance(
        circle.links[name][place],
        circle.browsers[name][place],
        f"{place:032x}",
        answers if any(answers) else (255, *answers[1:]),
        comment=comment,
    )
    (said,) = voice.speak([one], now=NOON)
    assert said == Heard(again=False), said


def closed_with(
    circle: Circle, at: dict, said, *, order=range(PEOPLE), texts=(), seen_by=()
) -> tuple:
    """Let everybody speak, close, open the comments; return all that can be got, and undo it."""
    with undone(circle):
        mail.outbox.clear()
        for name in (HARBOUR, MILL):
            for place in order:
                if place < len(said[name]) and place != WATCHING:
                    text = texts[place] if name == HARBOUR and place < len(texts) else ""
                    say(circle, name, place, said[name][place], comment=text)
        at["now"] = LATER
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert close_round(circle.key, now=LATER, rng=circle.world.rng)
            if texts:
                _open_comments(circle)
        seen = views(circle, *seen_by)
        letters = sorted((one.to[0], one.subject, one.body) for one in mail.outbox)
        at["now"] = NOON
    return seen, letters


def _open_comments(circle: Circle) -> None:
    world = circle.world
    waiting = comments_to_moderate(world.facilitator, circle.key)[0]
    assert len(waiting.comments) == 4
    open_comments(
        world.facilitator,
        circle.key,
        party=waiting.party,
        paraphrases={},
        withheld=(),
        now=LATER,
        rng=world.rng,
    )


def differences(first: tuple, second: tuple) -> list:
    """Return where two worlds look different; pages first, then letters."""
    pages = [where for where, page in first[0].items() if second[0][where] != page]
    return pages + [one for one in first[1] if one not in second[1]]


# --------------------------------------------------------------------------------- N-1


TEXTS = ("More time", "Who decides?", "Tell us earlier", "Fewer meetings")


@pytest.mark.parametrize(("instrument", "seed"), [("pulse", 1), ("trust", 3)])
def test_two_members_of_a_block_swap_answers_and_nobody_else_can_tell(at, instrument, seed):
    circle, chance = make_circle(instrument), Random(seed)
    said = vectors(circle, seed)
    one, other = chance.sample(range(WATCHING), 2)
    swapped = {name: list(rows) for name, rows in said.items()}
    swapped[HARBOUR][one], swapped[HARBOUR][other] = said[HARBOUR][other], said[HARBOUR][one]
    assert swapped != said

    before = closed_with(circle, at, said, texts=TEXTS)
    after = closed_with(circle, at, swapped, texts=TEXTS)

    assert differences(before, after) == []
    assert len(before[1]) > PEOPLE
    shown = before[0]["manager", "en", reverse("mirror:show", args=[circle.key])]
    assert shown[0] == 200
    assert b"Tell us earlier" in shown[2]


def test_the_order_in_which_people_answered_changes_nothing(at):
    circle = make_circle()
    said = vectors(circle, 4)

    first = closed_with(circle, at, said)
    last = closed_with(circle, at, said, order=range(PEOPLE)[::-1])

    assert differences(first, last) == []


def test_this_would_notice_the_smallest_trace_of_a_voice(at, monkeypatch):
    """One number that hangs on who said what, and of which a page shows a fingerprint only."""
    circle, figures = make_circle(), release._figures
    said = vectors(circle, 5)
    swapped = {name: list(rows) for name, rows in said.items()}
    swapped[HARBOUR][0], swapped[HARBOUR][1] = said[HARBOUR][1], said[HARBOUR][0]

    def traced(row, cohorts, voices):
        order = sorted(voices[cohorts[0].pk], key=lambda one: one.key)
        trace = sum(place * one.answers[0] for place, one in enumerate(order))
        return figures(row, cohorts, voices) | {"trace": trace}

    monkeypatch.setattr(release, "_figures", traced)

    before, after = (closed_with(circle, at, one, seen_by=("manager",)) for one in (said, swapped))
    assert differences(before, after) != []


# -------------------------------------------------------------------------- N-2, PI-4, PI-6


@pytest.mark.usefixtures("at")
def test_while_a_round_is_open_nobody_can_see_who_answers_or_what():
    circle = make_circle()
    first, second = vectors(circle, 6), vectors(circle, 7)
    seen = []
    for said, people in ((first, 0), (first, 3), (first, WATCHING), (second, WATCHING)):
        with undone(circle):
            for name in (HARBOUR, MILL):
                for place in range(people):
                    say(circle, name, place, said[name][place], comment="A remark")
            due.tick(now=NOON + timedelta(hours=23), rng=circle.world.rng)
            seen.append((views(circle), ()))

    for other in seen[1:]:
        assert differences(seen[0], other) == []


@pytest.mark.usefixtures("at")
def test_the_daily_step_tells_the_own_manager_five_or_more_and_nobody_anything_else():
    circle = make_circle()
    said = vectors(circle, 8)
    day = NOON + timedelta(days=1, minutes=1)
    told = {}
    for people in (0, 4, 5, WATCHING):
        with undone(circle):
            for place in range(people):
                say(circle, HARBOUR, place, said[HARBOUR][place])
            due.tick(now=day, rng=circle.world.rng)
            told[people] = views(circle)

    assert told[0] == told[4]
    assert told[5] == told[WATCHING]
    page = reverse("round:show", args=[circle.key])
    assert {where for where, seen in told[5].items() if told[4][where] != seen} == {
        ("manager", "en", page),
        ("manager", "nl", page),
    }


@pytest.mark.usefixtures("at")
def test_a_reminder_goes_to_who_has_not_answered_and_is_seen_by_nobody_else():
    circle = make_circle()
    before = views(circle)
    said = vectors(circle, 9)
    for place in range(4):
        say(circle, HARBOUR, place, said[HARBOUR][place])
    mail.outbox.clear()

    with TestCase.captureOnCommitCallbacks(execute=True):
        due._remind(circle.key, LATER - timedelta(days=2), circle.world.rng)

    assert len(mail.outbox) == 2 * PEOPLE - 4
    assert all(len(one.to) == 1 and not one.cc and not one.bcc for one in mail.outbox)
    assert differences((before, ()), (views(circle), ())) == []


# ------------------------------------------------------------------------------------ PI-9


def test_nobody_to_four_who_answered_look_the_same_byte_for_byte(at):
    circle = make_circle()
    said = vectors(circle, 10)

    first, *others = [
        closed_with(circle, at, {HARBOUR: said[HARBOUR][:people], MILL: said[MILL]})
        for people in range(5)
    ]

    for people, other in enumerate(others, start=1):
        assert differences(first, other) == [], f"{people} people can be told from none"
    five = {HARBOUR: said[HARBOUR][:5], MILL: said[MILL]}
    assert differences(closed_with(circle, at, five, seen_by=("manager",)), first) != []


# ----------------------------------------------------------------------------------- PI-16


def test_what_is_shown_stays_whatever_is_tried_afterwards(at):
    circle = make_circle()
    said = vectors(circle, 11)
    for name in (HARBOUR, MILL):
        for place in range(WATCHING):
            say(circle, name, place, said[name][place])
    assert close_round(circle.key, now=LATER, rng=circle.world.rng)
    at["now"] = LATER
    before = views(circle)

    for place in range(WATCHING):
        link, browser = circle.links[HARBOUR][place], circle.browsers[HARBOUR][place]
        new = Utterance(link, browser, "f" * 32, (1,) * 6, replaces=f"{place:032x}")
        (answer,) = voice.speak([new], now=LATER)
        assert isinstance(answer, Refused)
        with pytest.raises(Refused):
            voice.withdraw(link, browser=browser, submission=f"{place:032x}", now=LATER)
    assert not close_round(circle.key, now=LATER, rng=circle.world.rng)
    assert differences((before, ()), (views(circle), ())) == []

    erase_voices(circle.key, now=LATER)

    journal = reverse("alliance:journal", args=[circle.world.alliance])
    changed = differences((before, ()), (views(circle), ()))
    assert {url for _who, _language, url in changed} <= {journal, reverse("host:show")}
