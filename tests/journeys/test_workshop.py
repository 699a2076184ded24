"""The agenda "Building trust", played to its end: console, wall, a phone, and a room of thirty."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.meeting import begin, come_in
from tests.journeys.visit import PHONE, look
from tests.site.rooms import Reader

pytestmark = pytest.mark.browser
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


def shot(page, name):
    """Keep a picture, where pictures are asked for."""
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True)
        page.wait_for_timeout(700)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page="wall" not in name)


def picture(three, number, kind, language, seen):
    """Keep a picture of each of the three screens, which must be in order."""
    for name, one in three.items():
        shot(one.page, f"{language}-{number:02}-{kind}-{name}")
        look(one, "", seen)


@pytest.mark.parametrize(
    ("language", "theme", "agenda", "kinds", "people"),
    [
        ("nl", "dark", "one_question", SHORT, 12),
        pytest.param("en", "light", "building_trust", WHOLE, 30, marks=pytest.mark.soak),
        pytest.param("nl", "dark", "building_trust", WHOLE, 30, marks=pytest.mark.soak),
    ],
)
def test_the_whole_agenda_is_played_and_nothing_is_lost(
    visitor, own_house, language, theme, agenda, kinds, people
):
    looks = {"locale": {"en": "en-GB", "nl": "nl-NL"}[language], "color_scheme": theme}
    looks["reduced_motion"] = "reduce"  # what arrives softly is pale while it does
    seen = set()
    held = begin(visitor, own_house, language=language, agenda=agenda, people=people, **looks)
    desk, room = held.desk, held.room
    console = desk.page
    screen = held.wall()
    wall = screen.page
    expect(wall.locator("[data-code]")).to_have_text(re.compile(r"\w{4} \w{4}"))
    nora = visitor(own_house, **looks, **PHONE)
    phone = nora.page
    phone.goto(f"{own_house.address}/j/{held.link}/")
    shot(phone, f"{language}-00-lobby-phone")
    look(nora, "", seen)
    come_in(nora)
    three = {"console": desk, "wall": screen, "phone": nora}
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
        picture(three, len(played), step["kind"], language, seen)
    assert played == kinds

    console.goto(f"{own_house.address}/workshops/{held.number}/report/")
    told = console.locator("main").inner_text()
    assert told.count("words of") >= people * 3
    assert "I will call on Monday." in told
    shot(console, f"{language}-99-report")
    look(desk, "", seen)
    for one in three.values():
        one.page.goto("about:blank")  # before the house is switched off


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
