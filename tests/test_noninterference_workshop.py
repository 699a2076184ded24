"""N-1 and N-2 in a room: what is said in confidence changes nothing that another can get.

Every page of those who lead, of their partners, of other phones and of the wall is asked for in
two worlds that differ in one truth only.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from random import Random

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.factories import NOON, make_alliance
from tests.workshops import Meeting, draft, make_meeting
from understream.domain import answer, attendee, scene
from understream.records.person import Person
from understream.web import clock
from understream.web.place.views import cookie_of

pytestmark = pytest.mark.django_db
PEOPLE = 9
MARK = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|data-stream="[^"]+"'
)
"""The page's own marks, drawn anew each time."""
WATCHING = "a8"
"""A colleague who says nothing and looks on from the own phone; so does ``b8`` of the partner."""
TEXTS = tuple(f"What nobody says aloud, number {number}" for number in range(PEOPLE - 1))


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return make_alliance("Harbour", "Mill", people=3)


def held_in_confidence(world, kind: str) -> Meeting:
    meeting = make_meeting(world, draft(kind, identity="confidential"), people=PEOPLE)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    return meeting


@contextmanager
def undone(meeting: Meeting) -> Iterator[None]:
    """Let something happen by the same dice, and then not have happened."""
    dice = meeting.rng.getstate()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    meeting.rng.setstate(dice)


def views(world, meeting: Meeting) -> dict[str, object]:
    """Return all that anybody but a speaker can get: pages, streams and letters."""
    seen: dict[str, object] = {}
    one = [meeting.key]
    pages = [
        reverse(f"workshop:{name}", args=one)
        for name in ("show", "console", "room", "log", "report", "csv")
    ] + [
        reverse("workshop:index", args=[world.alliance]),
        reverse("alliance:home", args=[world.alliance]),
        reverse("alliance:journal", args=[world.alliance]),
    ]
    people = {"lead": world.facilitator, **world.managers}
    for name, seat in people.items():
        client = Client()
        client.force_login(Person.objects.get(pk=seat.person))
        for page in pages:
            response = client.get(page)
            seen[f"{name} {page}"] = response.status_code, without_marks(response)
    for name in (WATCHING, "b8"):
        client = Client()
        client.cookies[cookie_of(meeting.key)] = meeting.tokens[name]
        seen[f"{name} page"] = without_marks(client.get(reverse("place:show", args=one)))
        seen[f"{name} own"] = asdict(meeting.own(name))
    seen["wall page"] = without_marks(Client().get(reverse("wall:show", args=[meeting.wall])))
    seen["wall"] = asdict(meeting.scene())
    seen["console"] = [
        asdict(each) for each in scene.answers_to_read(meeting.lead, meeting.key, meeting.steps[0])
    ]
    seen["letters"] = [(each.to, each.subject, each.body) for each in mail.outbox]
    return seen


def without_marks(response) -> str:
    """Return a page without what is drawn anew each time it is asked for."""
    return MARK.sub("", response.content.decode())


def outcome(world, meeting, said: dict[str, dict], *, close: bool) -> dict[str, object]:
    """Let these people speak, each message with its own key; return what others see then."""
    with undone(meeting):
        for name, message in said.items():
            meeting.say(name, **message)
        if close:
            meeting.close()
        return views(world, meeting)


def messages(kind: str, seed: int) -> list[dict]:
    """Return what eight people send, in the order in which they do."""
    dice = Random(seed)
    return [
        {"key": f"{dice.getrandbits(96):024x}"}
        | ({"text": TEXTS[at]} if kind == "prompt" else {"value": {"point": dice.randint(1, 7)}})
        for at in range(PEOPLE - 1)
    ]


def room(a: list[dict], b: list[dict]) -> dict[str, dict]:
    return {
        f"{letter}{at}": message
        for letter, sent in (("a", a), ("b", b))
        for at, message in enumerate(sent)
    }


def differing(one: dict[str, object], other: dict[str, object]) -> list[str]:
    return [where for where, told in one.items() if other[where] != told]


@pytest.mark.parametrize("kind", ["prompt", "scale"])
def test_before_a_confidential_step_closes_nobody_sees_what_is_said_or_how_often_beyond_five(
    world, kind
):
    meeting = held_in_confidence(world, kind)
    a, b, others = (messages(kind, seed) for seed in (1, 2, 3))
    for message in others:
        if kind == "prompt":
            message["text"] = message["text"].swapcase()

    whole = outcome(world, meeting, room(a, b), close=False)
    assert differing(whole, outcome(world, meeting, room(others, b), close=False)) == []
    fewer = outcome(world, meeting, room(a, b[:3]), close=False)
    assert fewer["wall"]["room"]["answers"] == whole["wall"]["room"]["answers"]


@pytest.mark.parametrize("kind", ["prompt", "scale"])
def test_two_people_of_a_party_say_each_others_words_and_nobody_can_tell(world, kind):
    meeting = held_in_confidence(world, kind)
    a, b = messages(kind, 1), messages(kind, 2)
    swapped = [a[1], a[0], *a[2:]]
    assert swapped != a

    before = outcome(world, meeting, room(a, b), close=True)
    after = outcome(world, meeting, room(swapped, b), close=True)

    assert differing(before, after) == []
    if kind == "prompt":
        assert all(text in str(before["wall"]) for text in TEXTS)


def test_this_would_notice_the_smallest_trace_of_who_spoke(world, monkeypatch):
    """Each text ends with one sign that hangs on the phone it came from."""
    meeting = held_in_confidence(world, "prompt")
    a, b = messages("prompt", 1), messages("prompt", 2)
    swapped = [a[1], a[0], *a[2:]]
    fit = answer._fit

    def traced(step, one):
        text, context, value = fit(step, one)
        return f"{text} {one.token[0]}", context, value

    monkeypatch.setattr(answer, "_fit", traced)

    before = outcome(world, meeting, room(a, b), close=True)
    after = outcome(world, meeting, room(swapped, b), close=True)

    assert {"wall", "console"} <= set(differing(before, after))
