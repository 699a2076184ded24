"""Mail: in the reader's language and the alliance's time zone, without what was said."""

import re
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.urls import resolve
from django.utils import translation

from tests.factories import (
    LATER,
    NOON,
    close,
    links_of,
    make_alliance,
    open_round,
    seat_person,
    speak,
)
from understream.access.seat import Role
from understream.domain import voice
from understream.domain.letter import ADDRESSES, Letter, address, answer_letter, moment, post
from understream.web.alliance import views as alliances
from understream.web.answer import reading
from understream.web.answer import views as answers
from understream.web.evaluation import views as evaluations
from understream.web.invitation import views as invitations
from understream.web.joint import views as joints
from understream.web.mirror import views as mirrors
from understream.web.place import views as places
from understream.web.round import views as rounds

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)


def body_of(**keys):
    letter = answer_letter(
        **{
            "to": "nora@example.org",
            "name": "Nora",
            "language": "en",
            "alliance": "Cold chain",
            "until": NOON,
            "zone": "Europe/Amsterdam",
            "link": "abc",
            **keys,
        }
    )
    return letter.body


def test_letters_point_to_pages_that_are_there():
    pages = {page: resolve(path.format("7")).func.__wrapped__ for page, path in ADDRESSES.items()}

    assert pages == {
        "join": places.lobby.__wrapped__,
        "invitation": invitations.show.__wrapped__,
        "answer": answers.show.__wrapped__,
        "round": rounds.show.__wrapped__,
        "mirror": mirrors.show.__wrapped__,
        "plan": alliances.plan.__wrapped__,
        "evaluations": evaluations.index.__wrapped__,
        "evaluation": evaluations.show.__wrapped__,
        "joint": joints.show.__wrapped__,
        "reading": reading.evaluation.__wrapped__,
    }


def test_links_begin_with_the_address_of_this_house(settings):
    settings.UNDERSTREAM_URL = "https://alliance.example/"

    assert address("answer", "abc") == "https://alliance.example/r/abc/"


@pytest.mark.parametrize(
    ("zone", "language", "told"),
    [
        ("Europe/Amsterdam", "en", "2 November 2026, 13:00 (Europe/Amsterdam)"),
        ("Europe/Amsterdam", "nl", "2 november 2026, 13:00 (Europe/Amsterdam)"),
        ("Asia/Tokyo", "en", "2 November 2026, 21:00 (Asia/Tokyo)"),
        ("America/New_York", "nl", "2 november 2026, 07:00 (America/New_York)"),
    ],
)
def test_a_moment_is_told_in_the_alliances_time_zone_and_the_readers_language(
    zone, language, told
):
    with translation.override(language):
        assert moment(NOON, zone) == told


@pytest.mark.parametrize("in_force", ["en", "nl"])
def test_a_letter_is_in_the_readers_language_whoever_causes_it(in_force):
    with translation.override(in_force):
        assert "2 November 2026" in body_of(language="en")
        assert "2 november 2026" in body_of(language="nl")


def test_a_letter_after_the_clocks_have_changed_tells_the_hour_of_then():
    summer = NOON.replace(month=7)

    assert moment(summer, "Europe/Amsterdam").startswith("2 July 2026, 14:00")


def test_a_reminder_differs_from_the_first_letter_in_its_opening_alone():
    first, second = body_of().splitlines(), body_of(reminder=True).splitlines()

    assert [number for number, line in enumerate(first) if line != second[number]] == [2]
    assert len(first) == len(second)


def test_names_that_look_like_placeholders_do_no_harm():
    assert "Dear %(link)s 100 %," in body_of(name="%(link)s 100 %")


# ------------------------------------------------------------------ sending


def test_letters_leave_when_the_act_is_stored_and_not_before(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        post([Letter("nora@example.org", "Subject", "Body")])
        before = len(mail.outbox)

    assert (before, len(mail.outbox)) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_writes_to_nobody():
    @transaction.atomic
    def act():
        post([Letter("nora@example.org", "Subject", "Body")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()

    assert mail.outbox == []


class Choosy(EmailBackend):
    """A mail server that refuses one address."""

    def send_messages(self, messages):
        for one in messages:
            if "gone" in one.to[0]:
                raise smtplib.SMTPRecipientsRefused({one.to[0]: (550, b"no such mailbox")})
        return super().send_messages(messages)


def test_one_address_that_is_refused_keeps_no_other_letter_back(
    settings, django_capture_on_commit_callbacks, caplog
):
    settings.EMAIL_BACKEND = f"{__name__}.Choosy"
    names = ("anna", "gone", "nora")

    with django_capture_on_commit_callbacks(execute=True):
        post([Letter(f"{name}@example.org", "Subject", f"/r/{name}/") for name in names])

    assert [one.to[0] for one in mail.outbox] == ["anna@example.org", "nora@example.org"]
    assert [one.message for one in caplog.records] == ["letter.failed"]
    # A log is read by others: it holds no address and no link.
    assert "gone" not in caplog.text


# ------------------------------------------------------------------ without contents


def test_no_letter_of_a_round_says_what_anybody_said(django_capture_on_commit_callbacks):
    world = make_alliance(people=(8, 3))
    seat_person(
        world.alliance, world.parties["Harbour"], "Anna", Role.SPONSOR, password="long-enough-one"
    )
    with django_capture_on_commit_callbacks(execute=True):
        key = open_round(world)
        for link in links_of(key, world.parties["Harbour"])[:8]:
            speak(world, link, SIX, comment="zebra crossing")
        voice.send_link_again(links_of(key, world.parties["Harbour"])[0], rng=world.rng, now=NOON)
        voice.fill_form(world.managers["Mill"], key, answers=SIX, comment="zebra", now=NOON)
        close(world, key)
        voice.send_link_again(links_of(key, world.parties["Harbour"])[0], rng=world.rng, now=LATER)

    assert len(mail.outbox) > 20
    words = " ".join(f"{one.subject} {one.body}" for one in mail.outbox)
    assert "zebra" not in words
    # Every figure in a letter belongs to its moment or its link.
    for one in mail.outbox:
        plain = re.sub(
            r"https?://\S+|\d+ November 2026, \d\d:\d\d|Harbour \d|Mill \d", "", one.body
        )
        assert re.findall(r"\d", plain) == []
        assert one.to[0] not in one.body


def test_each_letter_goes_to_one_person():
    world = make_alliance()
    open_round(world)

    assert all(len(one.to) == 1 and not one.cc and not one.bcc for one in mail.outbox)
