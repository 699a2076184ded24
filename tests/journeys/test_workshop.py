"""The agenda "Building trust", played to its end: console, wall, a phone, and a room of thirty."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import expect

from tests.journeys.visit import DESK, PHONE
from tests.site.rooms import Reader, post

pytestmark = pytest.mark.browser
WALL = {"viewport": {"width": 1920, "height": 1080}}
SAYS = (
    "We agree in the meeting, and then the emails begin.",
    "Elk jaar een nieuwe planner, en het verhaal begint opnieuw.",
    "They say quality, we say quality, and it is not the same word.",
    "Stilte wordt voor een ja gehouden.",
    "Nobody dares to say that the numbers do not add up.",
    "Both want the same customer to see their own name first.",
)
SHOTS = os.environ.get("UNDERSTREAM_SHOTS", "")
"""Where to put a picture of each step, for people to look at; nowhere without it."""


SHORT = ["prompt", "prompt", "themes", "vote", "takeouts"]
WHOLE = [
    "prompt", "prompt", "themes", "vote", "prompt", "pairs", "prompt", "prompt", "prompt",
    "spotlight", "rehearsal", "prompt", "vote", "takeouts",
]  # fmt: skip


class Room:
    """Thirty people with programs for phones, over the live protocol."""

    def __init__(self, port, link, people=30):
        self.port, self.rng = port, Random(3)
        lobby = post(port, "/live/lobby", {"link": link})[1]
        parties = [one["key"] for one in lobby["parties"]]
        self.key = lobby["workshop"]
        self.people = []
        for number in range(people):
            said = {"link": link, "name": f"P{number}", "party": parties[number % len(parties)]}
            status, joined = post(port, "/live/join", said)
            assert status == 200
            self.people.append(joined["token"])

    def act(self, path, body, token):
        """Do one thing as one person."""
        return post(self.port, f"/live/{self.key}/{path}", body, token)

    def everybody(self, body_of):
        """Let everybody answer at once; each must be stored."""

        def one(place):
            body = {"key": self.rng.randbytes(12).hex(), **body_of(place)}
            return self.act("answers", body, self.people[place])

        with ThreadPoolExecutor(10) as at_once:
            replies = list(at_once.map(one, range(len(self.people))))
        assert {status for status, _reply in replies} == {200}, replies


def shot(page, name):
    """Keep a picture, where pictures are asked for."""
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True)
        page.wait_for_timeout(700)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page="wall" not in name)


def picture(three, number, kind, language):
    """Keep a picture of each of the three screens."""
    for name, page in three.items():
        shot(page, f"{language}-{number:02}-{kind}-{name}")


@pytest.mark.parametrize(
    ("language", "agenda", "kinds", "people"),
    [
        ("nl", "one_question", SHORT, 12),
        pytest.param("en", "building_trust", WHOLE, 30, marks=pytest.mark.soak),
        pytest.param("nl", "building_trust", WHOLE, 30, marks=pytest.mark.soak),
    ],
)
def test_the_whole_agenda_is_played_and_nothing_is_lost(  # noqa: PLR0915 - one meeting, to its report
    visitor, own_house, language, agenda, kinds, people
):
    locale = {"en": "en-GB", "nl": "nl-NL"}[language]
    desk = visitor(own_house, locale=locale, **DESK)
    console = desk.page
    console.goto(f"{own_house.address}/")
    console.click(
        'button[value="manager.b"]' if language == "en" else 'button[value="facilitator"]'
    )
    console.goto(f"{own_house.address}/alliances/")
    console.get_by_role("link", name=re.compile("Cold chain")).first.click()
    home = re.search(r"/alliances/\d+/", console.url)[0]
    console.goto(f"{own_house.address}{home}workshops/new/")
    console.fill("input[name=title]", "Building trust")
    console.check(f'input[name=agenda][value="{agenda}"]')
    console.check(f'input[name=language][value="{language}"]')
    console.locator("main form button").last.click()
    console.locator('form[action$="/begin/"] button').click()
    expect(console.locator("#room")).to_be_visible()
    number = re.search(r"/workshops/(\d+)/", console.url)[1]
    console.goto(f"{own_house.address}/workshops/{number}/")
    wall_address = console.locator('a[href^="/wall/"]').get_attribute("href")
    link = re.search(r"/j/([\w-]{22})/", console.locator("a.address").get_attribute("href"))[1]
    console.goto(f"{own_house.address}/workshops/{number}/console/")

    wall = visitor(own_house, locale=locale, **WALL).page
    wall.goto(f"{own_house.address}{wall_address}")
    expect(wall.locator("[data-code]")).to_have_text(re.compile(r"\w{4} \w{4}"))
    room = Room(own_house.port, link, people)
    phone = visitor(own_house, locale=locale, **PHONE).page
    phone.goto(f"{own_house.address}/j/{link}/")
    shot(phone, f"{language}-00-lobby-phone")
    phone.fill("input[name=name]", "Nora")
    phone.locator("input[name=party]").first.check()
    phone.locator("footer button").click()
    expect(phone.locator("h1")).to_be_visible()
    three = {"console": console, "wall": wall, "phone": phone}
    shot(wall, f"{language}-00-welcome-wall")

    played = []
    while True:
        onward = console.locator('#room [data-key="ArrowRight"]')
        if not onward.count():
            break
        before = console.locator("#now").inner_text()
        console.locator("body").press("ArrowRight")
        expect(console.locator("#now")).not_to_have_text(before)
        own = _own(room)
        step = own["step"]
        expect(wall.locator("[data-prompt]")).to_have_text(step["prompt"][language])
        expect(phone.locator("h1")).to_have_text(step["prompt"][language])
        _play(room, step, phone, console, wall)
        played.append(step["kind"])
        picture(three, len(played), step["kind"], language)
    assert played == kinds

    console.goto(f"{own_house.address}/workshops/{number}/report/")
    told = console.locator("main").inner_text()
    assert told.count("words of") >= people * 3
    assert "I will call on Monday." in told
    shot(console, f"{language}-99-report")
    for page in three.values():
        page.goto("about:blank")  # before the house is switched off


def _own(room):
    """Return the step the room is at, as the first person's stream tells it first."""
    reader = Reader(room.port, f"/live/{room.key}/events", room.people[0]).start()
    while not reader.of("room"):
        reader.thread.join(0.05)
    return reader.of("room")[0]


def _play(room, step, phone, console, wall):
    """Let the room, and the phone in the browser, do what the step asks."""
    PLAYED[step["kind"]](room, step, phone, console, wall)


def _write(room, step, phone, console, wall):
    takeouts, key = step["kind"] == "takeouts", step["key"]
    slot = step["most"] if takeouts else 0
    room.everybody(
        lambda at: {"step": key, "slot": slot, "text": f"{SAYS[at % len(SAYS)]} (words of {at})"}
    )
    fields = phone.locator("textarea")
    field = fields.last if takeouts else fields.first
    field.fill("I will call on Monday." if takeouts else "We never say what we fear.")
    field.locator("xpath=ancestor::form").locator("[data-send]").click()
    expect(phone.locator(".own li").first).to_be_visible()
    if not step["revealed"]:
        expect(console.locator('#room [data-key="r"]')).to_be_visible()
        console.locator("body").press("r")
    if not step["promises"]:
        expect(wall.locator(".said li").first).to_be_visible()


def _gather(_room, _step, _phone, console, wall):
    boxes = console.locator("#gather input[type=checkbox]")
    expect(boxes.first).to_be_visible()
    for name, places in (("Said in the meeting", (0, 3)), ("People leave", (1, 7))):
        for place in places:
            boxes.nth(place).check()
        console.fill("#new-name", name)
        console.locator('#gather button[value="gather"]').click()
        expect(console.get_by_role("heading", name=name)).to_be_visible()
    expect(wall.locator(".themes h2").first).to_have_text("Said in the meeting")


def _vote(room, step, phone, console, wall):
    order = list(range(len(step["choices"])))
    value = {"order": order} if step["ranking"] else {"dots": {"0": 1}}
    room.everybody(lambda _at: {"step": step["key"], "value": value})
    if not step["ranking"]:
        phone.locator("[data-more]").first.click()
    phone.locator('button[type="submit"]').click()
    expect(phone.locator("[data-saved]")).to_be_visible()
    console.locator('#room button[value="close"]').click()
    expect(wall.locator(".bars li").first).to_be_visible()


def _write_in_pairs(room, step, phone, _console, _wall):
    _pairs(room, step["key"])
    expect(phone.locator("#joint")).to_be_visible()


def _ask(room, step, phone, console, wall):
    console.locator("body").press("d")
    expect(console.locator('#room [role="status"]').first).to_be_visible()
    asked = {"step": step["key"], "accepts": True}
    if not any(room.act("turn", asked, token)[0] == 200 for token in room.people):
        phone.locator("[data-accept]").click()
    expect(wall.locator("[data-body] h2")).to_be_visible()


def _rehearse(_room, _step, phone, _console, wall):
    expect(phone.locator("[data-role]")).to_be_visible()
    expect(wall.locator(".roles li").first).to_be_visible()


PLAYED = {
    "prompt": _write, "takeouts": _write, "themes": _gather, "vote": _vote,
    "pairs": _write_in_pairs, "spotlight": _ask, "rehearsal": _rehearse,
}  # fmt: skip


def _pairs(room, key):
    """Let pairs write: whoever comes first writes, then both say yes."""
    for token in room.people:
        status, reply = room.act("pair", {"step": key, "text": f"words of {token[:3]}",
                                          "revision": 0}, token)  # fmt: skip
        revision = reply["revision"] if status == 200 else reply["standing"]["revision"]
        room.act("pair/yes", {"step": key, "revision": revision, "agrees": True}, token)
