"""What can befall a room: networks that go, phones that sleep, a second device, a dragged card."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.meeting import begin, come_in
from tests.journeys.visit import DESK, PHONE

pytestmark = pytest.mark.browser
GONE = ("net::ERR_INTERNET_DISCONNECTED", "Failed to load resource", "net::ERR_NETWORK_CHANGED")
WORDS = "Nobody says that the pilot is failing."
LONG = "word " * 4000


def phone_of(visitor, held, name="Nora"):
    one = visitor(held.house, **PHONE)
    one.expected = GONE
    come_in(one, name=name, link=held.link)
    return one


def question(held, *phones):
    """Go on to the step that asks the question of this agenda, and wait for it on these phones."""
    held.onward()
    held.onward()
    for one in phones:
        expect(one.page.locator("main h1")).to_have_text(re.compile("What keeps us"))


def open_step(held):
    """Return the key of the step that is open."""
    told = "select id from records_step where state = 'open' and workshop_id = ?"
    return held.house.told(told, int(held.number))[0][0]


def send(page):
    page.locator("[data-send]").first.click()


def kept_on(page):
    """Return everything this browser has stored, as text."""
    return page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )


def make_confidential(desk):
    desk.page.locator('a[href*="/steps/"]').nth(1).click()
    desk.page.locator("select[name=identity]").select_option("confidential")
    desk.page.fill("input[name=most]", "1")
    desk.page.locator("main form button").last.click()


def test_what_is_typed_without_a_network_is_sent_once_and_a_secret_stays_in_the_page(
    own_house, visitor
):
    """R-18."""
    held = begin(visitor, own_house, people=12, change=make_confidential)
    nora = phone_of(visitor, held)
    held.desk.page.locator('#room button[value="admit"]').first.click()
    expect(held.desk.page.locator("#room")).to_contain_text("13")
    question(held, nora)
    page = nora.page
    expect(page.locator("[data-sees]")).to_contain_text("without your name")

    nora.context.set_offline(True)
    page.locator("textarea").first.fill(WORDS)
    send(page)
    expect(page.locator("[data-saved]")).to_contain_text("Kept on this page")
    page.wait_for_timeout(3000)
    assert page.locator("textarea").first.input_value() == WORDS
    assert "pilot" not in kept_on(page)

    nora.context.set_offline(False)
    expect(page.locator(".own li")).to_have_count(1)
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    assert page.locator("textarea").first.input_value() == ""
    assert own_house.told("select count(*) from records_stepvoice where text = ?", WORDS) == [(1,)]


def test_a_phone_that_sleeps_through_two_steps_wakes_where_the_room_is_and_has_lost_no_word(
    own_house, visitor
):
    held = begin(visitor, own_house)
    nora = phone_of(visitor, held)
    question(held, nora)
    page = nora.page
    page.locator("textarea").first.fill(WORDS)

    nora.context.set_offline(True)
    held.onward()
    held.onward()
    nora.context.set_offline(False)

    heading = held.desk.page.locator("#room .row.between + p").inner_text()
    expect(page.locator("main h1")).to_have_text(heading)
    expect(page.locator("main blockquote")).to_have_text(WORDS)


def test_a_double_tap_a_second_tab_and_a_whole_book_lose_nothing_and_double_nothing(
    own_house, visitor
):
    held = begin(visitor, own_house)
    nora = phone_of(visitor, held)
    question(held, nora)
    page = nora.page
    page.locator("textarea").first.fill(LONG)
    send(page)
    expect(page.locator("[data-fault]").first).to_contain_text("characters")
    assert page.locator("textarea").first.input_value() == LONG

    page.locator("textarea").first.fill(WORDS)
    page.locator("[data-send]").first.dblclick()
    expect(page.locator(".own li")).to_have_count(1)

    other = nora.context.new_page()
    other.goto(page.url)
    expect(other.locator(".own li")).to_have_count(1)
    for tab, words in ((page, "Said in the first tab."), (other, "Said in the second.")):
        tab.locator("[data-edit]").first.click()
        tab.locator("textarea").first.fill(words)
    send(page)
    expect(page.locator(".own li").first).to_contain_text("first tab")
    nora.expected += ("status of 409",)
    send(other)
    expect(other.locator("[data-fault]").first).to_contain_text("another tab")
    assert other.locator("textarea").first.input_value() == "Said in the second."
    told = own_house.told(
        "select text from records_answer where text like 'Said%' or text = ?", WORDS
    )
    assert told == [("Said in the first tab.",)]


def test_a_second_device_takes_over_with_the_same_clock_and_spotlight(own_house, visitor):
    """R-19."""
    held = begin(visitor, own_house, agenda="building_trust", people=6)
    desk, page = held.desk, held.desk.page
    source = page.locator(".agenda li").filter(has_text="practice or a knot").first
    source.locator('button[value="open"]').click()
    expect(page.locator("#now")).to_contain_text("practice")
    step = open_step(held)
    held.room.everybody(lambda at: {"step": step, "text": f"A practice of {at}."})
    held.onward()
    page.locator("body").press("d")
    invited = page.locator('#room p[role="status"]:not(.flash *)').first
    expect(invited).to_be_visible()
    asked = invited.inner_text()
    wall = held.wall().page

    second = visitor(own_house, **DESK)
    second.enter("manager.b")
    desk.context.close()
    held.console(second)
    expect(second.page.locator('#room p[role="status"]:not(.flash *)').first).to_have_text(asked)
    assert abs(seconds(second.page, "#room .timer") - seconds(wall, "[data-clock]")) <= 1

    before = seconds(wall, "[data-clock]")
    second.page.locator("body").press("+")
    expect(second.page.locator("#room .timer")).not_to_have_text(re.compile(r"^0:"))
    wall.wait_for_timeout(1500)
    assert seconds(wall, "[data-clock]") >= before + 50
    assert abs(seconds(second.page, "#room .timer") - seconds(wall, "[data-clock]")) <= 1


def seconds(page, where):
    """Return what a clock on a page shows, in seconds."""
    told = page.locator(where).inner_text()
    sign, minutes, rest = re.search(r"(−?)(\d+):(\d\d)", told).groups()
    return (-1 if sign else 1) * (int(minutes) * 60 + int(rest))


def drag(page, what, onto):
    """Drag as a hand does: slowly enough for the page to see where it goes."""
    what.hover()
    page.mouse.down()
    box = onto.bounding_box()
    for part in (0.3, 0.5, 0.7):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * part, steps=4)
        page.wait_for_timeout(60)
    page.mouse.up()


def gathering(held):
    """Have four answers given to a question, which stands open on the desk."""
    question(held)
    step = open_step(held)
    held.room.everybody(lambda at: {"step": step, "text": f"The words of {at}."})
    expect(held.desk.page.locator("#room [data-answer]")).to_have_count(4)


def test_answers_are_gathered_by_tap_and_by_keyboard_and_taken_back(own_house, visitor):
    held = begin(visitor, own_house, people=4)
    page = held.desk.page
    gathering(held)

    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    first = page.locator("#room [data-answer]").first
    expect(first).to_be_focused()
    held_answer = first.get_attribute("data-answer")
    page.keyboard.press("h")
    expect(page.locator(f'#room [data-answer="{held_answer}"]')).to_have_class("held")
    expect(page.locator(f'#room [data-answer="{held_answer}"]')).to_be_focused()
    page.keyboard.press("u")
    page.keyboard.press("r")
    held.onward()

    loose, themes = page.locator('.gathering[data-theme="0"]'), page.locator(".theme-card")
    expect(loose.locator("li")).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.fill("#new-name", "By keyboard")
    page.keyboard.press("Enter")
    expect(themes).to_have_count(1)
    expect(loose.locator("li")).to_have_count(3)
    page.locator("#new-name").blur()
    page.locator("body").press("u")
    expect(themes).to_have_count(0)
    expect(loose.locator("li")).to_have_count(4)


@pytest.mark.soak  # a hand that drags is too fast for a busy machine
def test_an_answer_is_dragged_onto_a_theme_and_taken_back(own_house, visitor):
    held = begin(visitor, own_house, people=4)
    page = held.desk.page
    gathering(held)
    held.onward()
    loose, themes = page.locator('.gathering[data-theme="0"]'), page.locator(".theme-card")
    expect(loose.locator("li")).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.fill("#new-name", "By keyboard")
    page.keyboard.press("Enter")
    expect(loose.locator("li")).to_have_count(3)

    page.locator("#new-name").blur()
    page.set_viewport_size({"width": 1280, "height": 1400})
    drag(page, loose.locator("li").first, themes.first.locator(".gathering li"))
    expect(themes.first.locator(".gathering li")).to_have_count(2)
    expect(loose.locator("li")).to_have_count(2)
    page.locator("body").press("u")
    expect(themes.first.locator(".gathering li")).to_have_count(1)
    page.locator("body").press("u")
    expect(themes).to_have_count(0)
    expect(loose.locator("li")).to_have_count(4)
