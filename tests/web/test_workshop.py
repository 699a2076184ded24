"""Pages of a workshop: prepared, run, taken part in, shown and taken out, by click and by form."""

import io
import json
import re
from random import Random

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from tests.factories import NOON, make_alliance, make_person
from tests.workshops import come_in, draft, make_meeting
from understream.domain import attendee, workshop
from understream.domain.step import end_workshop
from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.person import Person
from understream.records.theme import Theme
from understream.records.workshop import Step, Workshop
from understream.web import clock
from understream.web.place.views import cookie_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return make_alliance("Harbour", "Mill", people=3)


@pytest.fixture
def meeting(world):
    return make_meeting(
        world, draft("prompt", most=3, card={"en": "research"}), draft("themes", source=1),
        draft("pairs"), draft("spotlight", source=1), draft("rehearsal"), people=2,
    )  # fmt: skip


def browser(seat):
    client = Client()
    client.force_login(Person.objects.get(pk=seat.person))
    return client


def do(client, meeting, act, route="workshop:do", **said):
    """Do one act of the console, and return the page it leads to."""
    said = {"act": act, "step": meeting.at, **said}
    return client.post(reverse(route, args=[meeting.key]), said, follow=True)


# ---------------------------------------------------------------------- preparing


def test_a_workshop_is_prepared_changed_and_begun_by_clicking(world):
    client = browser(world.managers["Harbour"])
    home = reverse("workshop:index", args=[world.alliance])
    assert "No workshop yet" in client.get(home).content.decode()
    form = {"title": "Ours", "agenda": "one_question", "asynchronous": "live",
            "names": "optional", "walk_in": "yes", "language": "nl"}  # fmt: skip
    page = client.post(reverse("workshop:new", args=[world.alliance]), form, follow=True)
    row = Workshop.objects.get()
    assert (row.title, row.language, row.steps.count()) == ("Ours", "nl", 5)
    assert "Begin, and let people in" in page.content.decode()

    said = {"kind": "scale", "title_en": "How free", "prompt_nl": "Vrij?", "minutes": 3, "most": 1,
            "points": 7}  # fmt: skip
    client.post(reverse("workshop:new_step", args=[row.pk]), said)
    added = Step.objects.get(kind="scale")
    assert (added.identity, added.prompt) == ("confidential", {"en": "Vrij?", "nl": "Vrij?"})
    client.post(reverse("workshop:move", args=[row.pk, added.pk]), {"to": "first"})
    assert Step.objects.get(pk=added.pk).position == 0
    client.post(reverse("workshop:remove", args=[row.pk, added.pk]))
    assert not Step.objects.filter(pk=added.pk).exists()
    keep = {**form, "title": "Renamed", "walk_in": "no"}
    client.post(reverse("workshop:keep", args=[row.pk]), keep)
    page = client.post(reverse("workshop:begin", args=[row.pk]), follow=True)
    row.refresh_from_db()
    assert (row.title, row.walk_in, row.state) == ("Renamed", False, "running")
    assert row.code[:4] in page.content.decode()
    client.post(reverse("workshop:duplicate", args=[row.pk]))
    assert Workshop.objects.count() == 2


def test_a_refused_form_keeps_what_was_written_and_says_what_is_wrong(world, meeting):
    client = browser(world.facilitator)
    said = {"kind": "vote", "title_en": "My title", "minutes": 3, "most": 1, "points": 7}
    page = client.post(reverse("workshop:new_step", args=[meeting.key]), said)
    text = page.content.decode()
    assert page.status_code == 400
    assert "My title" in text
    assert "Write what people are asked." in text
    assert "Name two things or more" in text


def test_outside_alliances_a_person_holds_workshops_of_their_own(world):
    person = make_person("Alone")
    client = Client()
    client.force_login(person)
    form = {"title": "Mine", "agenda": "empty", "organisations": "A\nB", "asynchronous": "live",
            "names": "none", "walk_in": "yes", "language": "en"}  # fmt: skip
    client.post(reverse("workshop:found"), form)
    row = Workshop.objects.get()
    assert row.alliance_id is None
    assert "Mine" in client.get(reverse("workshop:own")).content.decode()
    for route in ("show", "keep", "report", "new_step", "console"):
        assert client.get(reverse(f"workshop:{route}", args=[row.pk])).status_code == 200
    stranger = browser(world.facilitator)
    assert stranger.get(reverse("workshop:show", args=[row.pk])).status_code == 404


# ------------------------------------------------------------------------ running


def test_everything_on_the_console_is_done_by_its_forms(world, meeting):
    client = browser(world.facilitator)
    console = reverse("workshop:console", args=[meeting.key])
    assert "Before the first step" in client.get(console).content.decode()
    do(client, meeting, "open", step=meeting.steps[0], at=0)
    meeting.at = meeting.steps[0]
    meeting.say("a0", "first words")
    meeting.say("b0", "second words")
    one = Answer.objects.order_by("pk")[0]
    for act, said, check in (
        ("hold", {"answer": one.pk}, lambda: Answer.objects.get(pk=one.pk).state == "held"),
        ("wall", {"answer": one.pk}, lambda: Answer.objects.get(pk=one.pk).state == "shown"),
        ("paraphrase", {"answer": one.pk, "words": "w"},
         lambda: Answer.objects.get(pk=one.pk).paraphrase == "w"),
        ("extend", {"minutes": 1}, lambda: True),
        ("pause", {}, lambda: Step.objects.get(pk=meeting.at).clock_left is not None),
        ("run", {}, lambda: Step.objects.get(pk=meeting.at).clock_left is None),
        ("card", {"shown": "yes"}, lambda: Step.objects.get(pk=meeting.at).card_shown),
        ("count", {"shown": "no"}, lambda: not Workshop.objects.get().shows_count),
        ("admit", {}, lambda: not Attendee.objects.filter(admitted_at=None).exists()),
        ("enter", {"name": "Wim", "party": 0, "text": "said aloud"},
         lambda: Answer.objects.filter(text="said aloud").exists()),
        ("place", {"attendee": meeting.person("a1"), "party": 0},
         lambda: Attendee.objects.get(pk=meeting.person("a1")).party is None),
        ("code", {}, lambda: True),
        ("undo", {}, lambda: Attendee.objects.get(pk=meeting.person("a1")).party is not None),
        ("redo", {}, lambda: Attendee.objects.get(pk=meeting.person("a1")).party is None),
        ("close", {}, lambda: Step.objects.get(pk=meeting.at).state == "closed"),
        ("open", {"at": meeting.at}, lambda: Step.objects.get(pk=meeting.at).state == "open"),
        ("skip", {"step": meeting.steps[4]},
         lambda: Step.objects.get(pk=meeting.steps[4]).state == "skipped"),
        ("nonsense", {}, lambda: True),
    ):  # fmt: skip
        page = do(client, meeting, act, **said)
        assert page.status_code == 200, act
        assert check(), act
    log = client.get(reverse("workshop:log", args=[meeting.key])).content.decode()
    assert "stopped the clock" in log


def test_a_colleague_who_was_first_is_told_kindly(world, meeting):
    client = browser(world.facilitator)
    meeting.open(0)
    page = do(client, meeting, "open", step=meeting.steps[1], at=0)
    assert "A colleague has just moved the room on" in page.content.decode()
    assert Step.objects.get(pk=meeting.steps[1]).state == "waiting"


def test_a_script_gets_the_part_that_changed_and_not_the_page(world, meeting):
    client = browser(world.facilitator)
    meeting.open(0)
    part = client.post(
        reverse("workshop:do", args=[meeting.key]), {"act": "undo"}, headers={"hx-request": "true"}
    )
    assert "<!doctype" not in part.content.decode().lower()
    assert "Undone" in part.content.decode()


def test_themes_are_made_of_what_was_chosen(world, meeting):
    client = browser(world.facilitator)
    meeting.open(0)
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}")
    meeting.open(1)
    keys = list(Answer.objects.values_list("pk", flat=True))
    themes = "workshop:themes"
    do(client, meeting, "gather", themes, answer=keys[:2], to=0, name="A")
    one = Theme.objects.get()
    do(client, meeting, "gather", themes, answer=keys[2:3], to=one.pk)
    do(client, meeting, "make", themes, name="B")
    other = Theme.objects.get(name="B")
    do(client, meeting, "rename", themes, theme=one.pk, name="A2", seen=one.changed)
    stale = do(client, meeting, "rename", themes, theme=one.pk, name="A3", seen=one.changed)
    assert "A colleague has just changed this theme" in stale.content.decode()
    do(client, meeting, "split", themes, theme=one.pk, answer=keys[:1], name="C")
    do(client, meeting, "release", themes, theme=one.pk, answer=keys[1:2])
    do(client, meeting, "order", themes, theme=one.pk)
    do(client, meeting, "merge", themes, theme=other.pk, to=one.pk)
    do(client, meeting, "beside", themes)
    nothing = do(client, meeting, "gather", themes, to=one.pk)
    assert "Choose the answers first." in nothing.content.decode()
    assert sorted(Theme.objects.values_list("name", flat=True)) == ["A2", "C"]
    do(client, meeting, "apart", themes, theme=one.pk)
    assert Theme.objects.get().name == "C"


def test_pairs_turns_and_roles_are_led_from_the_console(world, meeting):
    client = browser(world.facilitator)
    meeting.open(2)
    page = do(client, meeting, "links", links="https://call.example/1\nhttps://call.example/2")
    assert "Pairs with a call link: 2." in page.content.decode()
    page = do(client, meeting, "links", links="javascript:alert(1)")
    assert "Line 1 is no link" in page.content.decode()
    do(client, meeting, "move", attendee=meeting.person("a0"), number=0)
    assert meeting.own("a0").personal.group.mates == ()
    meeting.open(3)
    page = do(client, meeting, "draw").content.decode()
    assert "Somebody has been asked" in page
    meeting.open(4)
    do(client, meeting, "roles")
    assert meeting.scene().turns == 1
    page = do(client, meeting, "end").content.decode()
    assert "The workshop has ended" in page


def test_the_console_asks_as_often_for_many_as_for_few(world):
    counts = []
    for people in (1, 6):
        meeting = make_meeting(world, draft("prompt"), draft("themes", source=1), people=people,
                               seed=people)  # fmt: skip
        meeting.open(0)
        for name in meeting.tokens:
            meeting.say(name, "x")
        client = browser(world.facilitator)
        pages = [reverse(f"workshop:{page}", args=[meeting.key]) for page in ("room", "report")]
        for page in pages:
            client.get(page)
        with CaptureQueriesContext(connection) as asked:
            for page in pages:
                assert client.get(page).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --------------------------------------------------------------------- taking part


def test_somebody_comes_in_with_the_code_and_answers_without_a_script(meeting):
    meeting.open(0)
    client = Client()
    code = workshop.workshop_before(meeting.lead, meeting.key, now=NOON).code
    lobby = client.post(reverse("place:code"), {"code": f"{code[:4]}-{code[4:]}".lower()})
    assert lobby.status_code == 302
    page = client.get(lobby["Location"]).content.decode()
    assert "Harbour" in page
    party = meeting.parties["Mill"]
    come = client.post(lobby["Location"], {"name": "Nora", "party": party})
    cookie = come.cookies[cookie_of(meeting.key)]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    page = client.get(come["Location"]).content.decode()
    assert "What do you think?" in page
    said = {"step": meeting.steps[0], "text": "by hand"}
    client.post(reverse("place:say", args=[meeting.key]), said)
    row = Answer.objects.get()
    assert (row.text, row.party.name, row.attendee.name) == ("by hand", "Mill", "Nora")
    # Whoever holds a place goes straight on.
    assert client.get(lobby["Location"])["Location"] == come["Location"]


def test_a_wrong_code_and_too_many_are_told_with_what_to_do(meeting):
    client = Client()
    for _try in range(20):
        page = client.post(reverse("place:code"), {"code": "AAAA AAAA"})
    assert "No workshop has this code now" in page.content.decode()
    page = client.post(reverse("place:code"), {"code": "AAAA AAAA"}).content.decode()
    assert "puzzle" in page
    challenge = re.search(r'data-challenge="(\w+)"', page)[1]
    solution = next(
        str(n) for n in range(10**7)
        if attendee.is_solution(attendee.Puzzle(challenge), str(n))
    )  # fmt: skip
    code = workshop.workshop_before(meeting.lead, meeting.key, now=NOON).code
    said = {"code": code, "challenge": challenge, "solution": solution}
    assert client.post(reverse("place:code"), said).status_code == 302


def test_without_a_place_one_is_shown_the_door_and_says_nothing(meeting):
    client = Client()
    page = client.get(reverse("place:show", args=[meeting.key]), follow=True)
    assert "You have no place in this workshop" in page.content.decode()
    assert client.post(reverse("place:say", args=[meeting.key]), {"text": "x"}).status_code == 404


def test_a_lobby_says_before_and_after(world, meeting):
    key = workshop.prepare_workshop(
        world.facilitator, title="Next", agenda="one_question", now=NOON, rng=Random(77)
    )
    link = workshop.workshop_before(world.facilitator, key, now=NOON).join
    assert "has not begun" in Client().get(reverse("place:lobby", args=[link])).content.decode()
    end_workshop(meeting.lead, meeting.key, now=NOON, rng=Random(1))
    page = Client().get(reverse("place:lobby", args=[meeting.link]))
    assert "has ended" in page.content.decode()


def test_a_place_is_kept_with_an_account(world, meeting):
    client = browser(world.people["Mill"][1])
    come_in(meeting, "guest")
    client.cookies[cookie_of(meeting.key)] = meeting.tokens["guest"]
    page = client.get(reverse("place:show", args=[meeting.key])).content.decode()
    assert "Keep this with my account" in page
    page = client.post(reverse("place:claim", args=[meeting.key]), follow=True)
    assert "Kept with your account" in page.content.decode()
    row = Attendee.objects.get(pk=meeting.person("guest"))
    assert row.seat_id == world.people["Mill"][1].key


def test_somebody_with_a_seat_takes_part_with_one_click(world, meeting):
    client = browser(world.people["Mill"][1])
    led = client.post(reverse("workshop:join", args=[meeting.key]))
    assert led["Location"] == reverse("place:lobby", args=[meeting.link])
    client.post(led["Location"], {})
    assert Attendee.objects.filter(seat=world.people["Mill"][1].key).exists()


# ---------------------------------------------------------------- shown and taken out


def test_the_wall_has_no_administration_and_its_own_language(world):
    meeting = make_meeting(world, language="nl")
    page = Client().get(reverse("wall:show", args=[meeting.wall]))
    text = page.content.decode()
    assert 'lang="nl"' in text
    assert "<form" not in text
    assert f'data-stream="/live/wall/{meeting.wall}/events"' in text
    assert (
        'lang="en"'
        in Client()
        .get(reverse("wall:show", args=[meeting.wall]) + "?language=en")
        .content.decode()
    )
    qr = Client().get(reverse("wall:qr", args=[meeting.wall]))
    assert qr["Content-Type"] == "image/svg+xml"
    assert b"<script" not in qr.content


def test_everything_is_taken_out_as_it_was_said_and_nothing_runs(world, meeting, shared):
    words = ["=1+1", "<script>alert(1)</script>", "@x",
             *json.loads(shared("badinput/blns/blns.json").read_text())[:60]]  # fmt: skip
    meeting.open(0)
    kept = []
    for at, word in enumerate(words):
        name = f"n{at}"
        come_in(meeting, name)
        if type(meeting.say(name, word)).__name__ == "Kept":
            kept.append(name)
    client = browser(world.facilitator)
    page = client.get(reverse("workshop:report", args=[meeting.key])).content.decode()
    assert "<script>alert(1)" not in page
    console = client.get(reverse("workshop:console", args=[meeting.key])).content.decode()
    assert "<script>alert(1)" not in console
    table = client.get(reverse("workshop:csv", args=[meeting.key])).content.decode()
    assert "'=1+1" in table
    book = client.get(reverse("workshop:xlsx", args=[meeting.key])).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert len(rows) == len(kept) + 2  # the head, and the prompt


def test_a_takeout_becomes_a_commitment_by_its_form_and_both_lead_to_each_other(world):
    columns = [{"en": "home"}, {"en": "do"}]
    meeting = make_meeting(world, draft("takeouts", columns=columns), people=1)
    meeting.open()
    meeting.say("a0", "Call on Mondays", slot=1)
    one = Answer.objects.get()
    client = browser(world.managers["Mill"])
    address = reverse("workshop:takeout", args=[meeting.key, one.pk])
    assert "Call on Mondays" in client.get(address).content.decode()
    refused = client.post(address, {"action": "Call on Mondays"})
    assert refused.status_code == 400
    said = {"action": "Call on Mondays", "owner": world.people["Mill"][1].key,
            "receiver": world.parties["Harbour"], "due_on": "2026-11-20"}  # fmt: skip
    page = client.post(address, said, follow=True).content.decode()
    assert reverse("workshop:report", args=[meeting.key]) in page
    report = client.get(reverse("workshop:report", args=[meeting.key])).content.decode()
    assert "It is a commitment" in report
    assert client.get(address).status_code == 302
