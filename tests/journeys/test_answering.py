"""Answering in a real browser: drafts, no network, two tabs, the keyboard, what is read aloud."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.site.house import environment_of

pytestmark = pytest.mark.browser

UNUSED = (
    "lotte.kuipers", "priya.raman", "gerrit.mulder", "participant", "sponsor", "manager.a",
    "ruth.castell", "kees.molenaar", "nadia.haddad", "eleanor.marsh",
)  # fmt: skip
"""Who has not answered yet in the demo world's open round; the manager of Mill is left over."""

ASKED = re.compile(r"(Your voice|Je stem) in ")
"""How the letters begin that ask somebody; managers get others too, and newer ones."""

HEARD = re.compile("your voice is heard|je stem is gehoord")

ROOT = Path(__file__).parents[2]
OFF = "ERR_INTERNET_DISCONNECTED"
KEPT = "() => Object.keys(localStorage).length + Object.keys(sessionStorage).length"


@pytest.fixture(scope="module")
def links():
    """Hand out names, each once."""
    return iter(UNUSED)


@pytest.fixture
def answering(house, visitor, links):
    """Bring somebody who has not answered yet to the first question, on a phone."""

    def begin(device="own", *, at=house, name="", **options):
        one = visitor(at, **options)
        one.page.clock.install()
        open_link(one, name or next(links))
        one.page.locator("footer form button").click()
        one.page.locator(f'input[value="{device}"]').check()
        goes_on(one)
        expect(screen(one, "q0")).to_be_visible()
        return one

    return begin


# ---------------------------------------------------------------------------- the device


def test_on_ones_own_device_a_draft_outlives_the_page_and_nothing_outlives_sending(answering):
    one = answering("own")
    answers_all(one, "Let us meet.")
    address = one.page.url
    one.page.close()

    one.page = one.context.new_page()
    one.page.goto(address)

    expect(screen(one, "review")).to_be_visible()
    goes_back(one)
    expect(one.page.locator("#comment")).to_have_value("Let us meet.")
    goes_on(one)
    sends(one)
    assert one.page.evaluate(KEPT) == 0
    one.page.reload()
    expect(one.page.locator('a[href="?change"]')).to_be_visible()
    assert one.page.evaluate(KEPT) == 0
    secrets = {cookie["name"] for cookie in one.context.cookies() if not cookie["httpOnly"]}
    assert secrets == set()


def test_on_a_shared_device_nothing_is_ever_kept_and_closing_loses_it(answering):
    one = answering("shared")
    answers_all(one, "Between us.")
    assert one.page.evaluate(KEPT) == 0

    one.page.reload()

    expect(screen(one, "device")).to_be_visible()
    expect(one.page.locator("input:checked:not([name=wish])")).to_have_count(0)
    expect(one.page.locator("#comment")).to_have_value("")


def test_a_draft_is_gone_after_a_day(answering):
    one = answering("own")
    taps(one, "q0", 2)
    assert one.page.evaluate(KEPT) == 1

    one.page.clock.fast_forward("24:00:01")
    one.page.reload()

    expect(screen(one, "device")).to_be_visible()
    assert one.page.evaluate(KEPT) == 0


# --------------------------------------------------------------------------- no network


def test_five_minutes_without_network_lose_nothing_and_send_once(answering, house):
    before = heard(house)
    one = answering("own")
    one.expected = ("net::ERR_FAILED",)
    tried = []
    answers_all(one)
    # Not "offline": then the browser would tell the page when the network is back.
    one.page.route("**/send/", lambda route: (tried.append(1), route.abort()))
    goes_on(one)
    expect(screen(one, "sending").locator("h1")).to_be_focused()
    expect(one.page.locator("[data-state]")).to_be_visible()

    for _step in range(60):
        one.page.clock.run_for(5_000)
    assert 3 <= len(tried) < 40
    assert heard(house) == before
    one.page.unroute("**/send/")
    time_passes_until_sent(one)

    expect(screen(one, "done").locator("h1")).to_be_focused()
    assert heard(house) == before + 1
    assert one.page.evaluate(KEPT) == 0


def test_a_reply_that_got_lost_is_asked_for_again_and_the_voice_counts_once(answering, house):
    before = heard(house)
    one = answering("own")
    one.expected = ("net::ERR_FAILED",)
    answers_all(one)
    lost = []

    def lose_the_first(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    one.page.route("**/send/", lose_the_first)
    with one.page.expect_event("requestfailed"):
        goes_on(one)
    assert heard(house) == before + 1
    time_passes_until_sent(one)

    expect(screen(one, "done").locator("h1")).to_be_visible()
    assert lost == [200]
    assert heard(house) == before + 1


def test_closing_the_page_while_it_waits_to_send_loses_nothing(answering, house):
    before = heard(house)
    one = answering("own")
    one.expected = (OFF,)
    answers_all(one)
    one.context.set_offline(True)
    goes_on(one)
    expect(screen(one, "sending")).to_be_visible()
    address = one.page.url
    one.page.close()
    one.context.set_offline(False)

    one.page = one.context.new_page()
    one.page.goto(address)

    # Thanked by this page, or by the server where the closing page still got its answers through.
    thanks = one.page.get_by_role("heading", name=HEARD)
    expect(thanks).to_be_visible()
    one.page.wait_for_function(f"({KEPT})() === 0")
    assert heard(house) == before + 1


def test_a_server_that_was_restarted_meanwhile_still_hears(own_house, answering):
    before = heard(own_house)
    one = answering("own", at=own_house, name="priya.raman")
    one.expected = (OFF, "ERR_CONNECTION_REFUSED")
    answers_all(one)
    own_house.stop()
    goes_on(one)
    expect(screen(one, "sending")).to_be_visible()
    own_house.start()
    time_passes_until_sent(one)

    expect(screen(one, "done")).to_be_visible()
    assert heard(own_house) == before + 1


# ------------------------------------------------------------------- two tabs, and back


def test_a_second_tab_takes_over_what_the_first_keeps_and_hears_that_it_was_sent(answering, house):
    before = heard(house)
    one = answering("own")
    taps(one, "q0", 2)
    second = one.context.new_page()
    second.goto(one.page.url)
    expect(second.locator('[data-screen="q0"] .points input').nth(1)).to_be_checked()

    one.page.bring_to_front()
    taps(one, "q0", 6)
    expect(second.locator('[data-screen="q0"] .points input').nth(5)).to_be_checked()
    answers_all(one)
    sends(one)

    # The other tab sends the same too, or is told that it was sent: either way it says thank you.
    thanked = second.locator('[data-screen="done"]:visible').or_(
        second.locator('a[href="?change"]')
    )
    expect(thanked).to_be_visible()
    assert heard(house) == before + 1
    assert second.evaluate(KEPT) == 0


def test_the_back_button_walks_through_questions_and_never_back_into_what_was_sent(answering):
    one = answering("own")
    page = one.page
    taps(one, "q0", 3)
    goes_on(one)
    taps(one, "q1", 4)
    goes_on(one)
    expect(screen(one, "q2")).to_be_visible()

    page.go_back()
    expect(page.locator("#q1-text")).to_be_focused()
    expect(screen(one, "q1").locator("input").nth(3)).to_be_checked()
    page.go_back()
    expect(screen(one, "q0")).to_be_visible()
    page.go_forward()
    expect(screen(one, "q1")).to_be_visible()

    answers_all(one, start=1)
    sends(one)
    for _step in range(3):
        page.go_back()
        expect(screen(one, "done")).to_be_visible()
        expect(page.locator("input:checked")).to_have_count(0)


# ------------------------------------------- one visit for what only looks: keys, names, rest


def test_the_order_of_focus_the_names_read_aloud_and_that_nothing_jumps(answering):
    one = answering("own", name="manager.b", locale="en-GB")
    page = one.page

    expect(page.locator("#q0-text")).to_be_focused()
    expect(page.locator("main")).to_match_aria_snapshot("""
      - heading "Our goal in this alliance has stayed the same." [level=1]
      - group "Our goal in this alliance has stayed the same.":
        - radio "1 strongly disagree"
        - radio "2"
        - radio "3"
        - radio "4"
        - radio "5"
        - radio "6"
        - radio "7 strongly agree"
        - radio "I can’t judge this"
    """)
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    at_rest = places(page)
    page.keyboard.press("5")
    expect(page.locator("[data-spoken]")).to_have_text("5")
    assert places(page) == at_rest
    page.keyboard.press("0")
    expect(screen(one, "q0").locator(".cannot input")).to_be_checked()
    assert places(page) == at_rest
    assert tab_stops(page, 3) == ["radio", "button", "button"]

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("3")  # the question behind it must not hear this
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(screen(one, "q0").locator(".cannot input")).to_be_checked()

    answers_all(one)
    goes_back(one)
    remark = page.get_by_role("textbox", name="Your remark")
    expect(remark).to_be_visible()
    at_rest = places(page)
    remark.press_sequentially("I am the only one who says so; mail me at a@b.example. 7?")
    assert places(page) == at_rest
    expect(screen(one, "comment")).to_be_visible()
    goes_on(one)  # what could give somebody away is said once, and can be left as it is
    expect(page.locator('[data-warning="only"]')).to_be_visible()
    expect(page.locator('[data-warning="reach"]')).to_be_visible()
    goes_on(one)
    expect(screen(one, "review").locator("h1")).to_be_focused()


# ------------------------------------- two questions on a screen, and partners drawn by lot


def test_a_second_question_is_asked_below_the_first_and_a_voice_keeps_every_place(visitor, house):
    two, drawn = links_in(house)
    one = visitor(house, locale="en-GB")
    page = one.page
    begins(one, two)
    expect(screen(one, "q0")).to_match_aria_snapshot("""
      - heading "How much have our own goals for this alliance changed?" [level=1]
      - group "How much have our own goals for this alliance changed?":
        - radio "not"
        - radio "a little"
        - radio "a lot"
        - radio "I can’t judge this"
      - heading "What does the change in our goals do to this alliance?" [level=2]
      - group "What does the change in our goals do to this alliance?":
        - radio "helps"
        - radio "hurts"
        - radio "neither"
        - radio "I can’t judge this"
    """)
    page.keyboard.press("3")  # goes to the first question, the next key to the second
    page.keyboard.press("2")
    page.locator('input[name="q0"][value="3"]').focus()
    page.keyboard.press("2")  # to the question in which the reader stands
    goes_on(one)
    expect(page.locator("[data-count]")).to_have_text("Question 2 of 16")
    expect(screen(one, "q2").locator("h1")).to_be_focused()
    page.keyboard.press("1")
    page.evaluate(GOES_ON, 15)
    expect(page.locator("[data-summary]")).to_have_text("You answered 2 of 16 questions.")
    expect(page.locator("[data-goto]")).to_have_count(1 + 14)  # a second one, and the topics left
    page.locator('[data-goto="q3"]').click()
    expect(page.locator("#q3-text")).to_be_focused()
    page.keyboard.press("0")
    page.go_back()
    expect(page.locator("[data-goto]")).to_have_count(14)
    sends(one)
    assert [2, 2, 1, 255, *[0] * 18] in voices(house)

    begins(one, drawn)
    names = page.locator("[data-question]").evaluate_all(
        "all => all.map(one => one.dataset.question)"
    )
    assert len(names) == 60
    page.keyboard.press("1")
    page.evaluate(GOES_ON, 60)
    sends(one)
    place = int(names[0].removeprefix("q"))
    assert [*[0] * place, 1, *[0] * (89 - place)] in voices(house)


# ----------------------------------------------------------------------- what is done here


GOES_ON = "(times) => { while (times--) document.querySelector('[data-next]').click() }"
MADE = """
import django
django.setup()
from django.conf import settings
from django.utils import timezone
settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
from tests import factories
factories.NOON = timezone.now()
for instrument, names in (("evaluation", ("Kade", "Zeil")), ("trust", "ABCD")):
    world = factories.make_alliance(*names, seed=100 + len(names))
    until = factories.NOON + factories.WEEK
    key = factories.open_round(world, instrument=instrument, closes_at=until)
    print(factories.links_of(key, world.parties[names[0]])[1])
"""


def links_in(house):
    """Open an evaluation, and a directed round of four parties; return a link of each."""
    done = subprocess.run(
        [sys.executable, "-c", MADE],
        env=environment_of(
            house.folder, DJANGO_SETTINGS_MODULE="understream.site.settings", PYTHONPATH=str(ROOT)
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def begins(one, link):
    """Go to the first question behind a link, on a device of one's own."""
    one.go(f"/r/{link}/")
    one.page.locator("footer form button").click()
    one.page.locator('input[value="own"]').check()
    goes_on(one)


def voices(house):
    return [list(one) for (one,) in house.told("select answers from records_voice")]


def screen(one, name):
    return one.page.locator(f'[data-screen="{name}"]')


def open_link(one, name):
    """Go to the newest personal link of somebody; letters were written before this port was."""
    one.go(f"/demo/mail/?to={name}@")
    one.page.locator(".lines a").filter(has_text=ASKED).first.click()
    one.go(urlsplit(one.page.locator("article a").first.get_attribute("href")).path)


def goes_on(one):
    one.page.locator("[data-next]").click()


def goes_back(one):
    one.page.locator("[data-back]").click()


def taps(one, name, point):
    screen(one, name).locator(".points label").nth(point - 1).tap()


def answers_all(one, remark="", *, start=0):
    """Answer from a question on to the page before sending."""
    for number in range(start, 6):
        taps(one, f"q{number}", number % 3 + 3)
        goes_on(one)
    if remark:
        one.page.locator("#comment").fill(remark)
    goes_on(one)
    expect(screen(one, "review").locator("h1")).to_be_focused()


def sends(one):
    goes_on(one)
    expect(screen(one, "done").locator("h1")).to_be_focused()


def heard(house):
    return house.told("select count(*) from records_voice")[0][0]


def time_passes_until_sent(one):
    """Let time pass in the page bit by bit; after each bit the network gets a real moment."""
    for _step in range(60):
        one.page.clock.run_for(5_000)
        with suppress(AssertionError):
            expect(screen(one, "done")).to_be_visible(timeout=500)
            return
    raise AssertionError("it was never sent")


def tab_stops(page, number):
    """Return what the next so many Tabs come to."""
    found = []
    for _press in range(number):
        page.keyboard.press("Tab")
        kind = page.evaluate("() => document.activeElement.type")
        found.append("button" if kind == "submit" else kind)
    return found


def places(page):
    """Return where everything that can be seen stands."""
    return page.locator("header *, main *, footer *").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility() && !one.closest('.aside-voice'))"
        ".map((one) => { const at = one.getBoundingClientRect();"
        " return [at.x, at.y, at.width, at.height].map(Math.round).join(' '); })"
    )
