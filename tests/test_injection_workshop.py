"""SEC-6 in a room: what is written for, in or about a workshop is text on every page of it."""

import re
from collections.abc import Iterator
from itertools import cycle

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import NOON, make_alliance
from tests.test_injection import DANGER, client_of, naughty, shape_of, storable  # noqa: F401 - one is a fixture
from tests.workshops import BOTH, draft, make_meeting
from understream.domain import theme
from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.organisation import Organisation
from understream.records.theme import Theme
from understream.records.workshop import Step, Workshop, WorkshopParty
from understream.web import clock
from understream.web.place.views import cookie_of

pytestmark = pytest.mark.django_db
COMING_BACK = re.compile(r'<li>[^<]+ <span class="n">\d+</span></li>')
"""A word of the list of those that come back: there are as many as there are."""


def test_what_is_said_in_a_workshop_is_text_on_every_page_of_it(naughty, monkeypatch):  # noqa: F811 - as above
    monkeypatch.setattr(clock, "now", lambda: NOON)
    world = make_alliance("Harbour", "Mill", people=2)
    beside = {"hint": BOTH["title"], "note": BOTH["title"]}
    meeting = make_meeting(
        world, draft("prompt", most=9, identity="named", **beside),
        draft("themes", source=1, **beside), draft("takeouts", identity="named", **beside),
        people=3,
    )  # fmt: skip
    meeting.open()
    for name in meeting.tokens:
        for slot in range(9):
            meeting.say(name, "word", slot=slot, context="word")
    answers = list(Answer.objects.values_list("pk", flat=True))
    meeting.open(1)
    for chosen in answers[:8]:
        theme.make_theme(
            meeting.lead, meeting.key, meeting.steps[1], name="word", answers=(chosen,), now=NOON
        )
    desk = client_of(world.facilitator.person)
    phone = Client()
    phone.cookies[cookie_of(meeting.key)] = meeting.tokens["a0"]
    one = [meeting.key]
    pages = [(desk, reverse(f"workshop:{name}", args=one)) for name in (
        "show", "console", "room", "log", "report",
    )] + [
        (desk, reverse("workshop:step", args=[meeting.key, meeting.steps[0]])),
        (desk, reverse("workshop:index", args=[world.alliance])),
        (desk, reverse("alliance:home", args=[world.alliance])),
        (phone, reverse("place:show", args=one)),
        (Client(), reverse("place:lobby", args=[meeting.link])),
        (Client(), reverse("wall:show", args=[meeting.wall])),
    ]  # fmt: skip
    harmless = [shapes(client, page) for client, page in pages]

    write_everywhere(
        cycle(sorted({each for each in storable(naughty, 110) if DANGER & set(each)}))
    )

    for (client, page), before in zip(pages, harmless, strict=True):
        assert shapes(client, page) == before, page


def write_everywhere(worst: Iterator[str]) -> None:
    """Put the worst words wherever words of a workshop are stored."""

    def both():
        return {"en": next(worst), "nl": next(worst)}

    Workshop.objects.update(title=next(worst))
    for row in Organisation.objects.all():
        Organisation.objects.filter(pk=row.pk).update(name=next(worst))
    for row in WorkshopParty.objects.all():
        WorkshopParty.objects.filter(pk=row.pk).update(name=next(worst))
    for row in Step.objects.all():
        Step.objects.filter(pk=row.pk).update(
            title=both(), prompt=both(), hint=both(), note=both()
        )
    for row in Attendee.objects.all():
        Attendee.objects.filter(pk=row.pk).update(name=next(worst)[:60])
    for row in Answer.objects.all():
        Answer.objects.filter(pk=row.pk).update(text=next(worst), context=next(worst))
    for row in Theme.objects.all():
        Theme.objects.filter(pk=row.pk).update(name=next(worst)[:80])


def shapes(client: Client, url: str) -> list[str]:
    """Return the elements of a page, in order of their names."""
    response = client.get(url)
    assert response.status_code == 200, url
    page = COMING_BACK.sub("", response.content.decode())
    return sorted(map(repr, shape_of(page)))
