"""The main thing: two parties listen, ten people answer, and two managers read their mirrors."""

import re
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from playwright.sync_api import expect

from tests.journeys.visit import DESK
from understream.instruments import reader

pytestmark = pytest.mark.browser

PULSE = reader.load("pulse")
HARBOUR, MILL = "Harbour Logistics", "Mill Foods"
CANNOT = 0
"""In this table: I can't judge this."""

SAID = {
    HARBOUR: {
        "ineke.postma": (6, 5, 6, 5, 6, 7),
        "daniel.okafor": (5, 5, 6, 5, 5, 7),
        "joost.brandsma": (6, 6, 6, 4, 5, 7),
        "fatima.el.amrani": (7, 4, 6, 5, 6, 7),
        "hugh.pemberton": (5, 6, 6, 6, 4, 6),
    },
    MILL: {
        "anouk.jansen": (6, 2, 5, 1, 4, 4),
        "peter.grainger": (5, 3, 5, 2, 4, CANNOT),
        "sanne.bakker": (6, 4, 4, 1, 5, 3),
        "owen.fairley": (6, 3, 4, 1, 3, 5),
        "ruth.castell": (6, 3, 5, 1, 4, 4),
    },
}
REMARKS = {
    "daniel.okafor": "Who decides when a load has to wait?",
    "joost.brandsma": "Wij horen wijzigingen te laat.",
    "hugh.pemberton": "Let us meet on site.",
}


def test_ten_people_are_heard_and_both_managers_read_what_was_said(own_house, visitor):
    managers = {
        HARBOUR: came(visitor(own_house, **DESK), "manager.a"),
        MILL: came(visitor(own_house, **DESK), "manager.b"),
    }
    key = planned_and_opened(managers)

    everybody_answers(own_house, visitor)

    assert voices(own_house, key) == 10
    assert rights_used(own_house, key) == 10
    assert participation(own_house, key) == {"fewer than 5"}

    expect_nothing_before_the_end(managers, key)
    managers[HARBOUR].go(f"/rounds/{key}/")
    managers[HARBOUR].page.locator('form[action*="/demo/clock/"] button').click()
    expect(managers[HARBOUR].page.locator(".flash .done")).to_be_visible()

    assert voices(own_house, key) == 10
    assert participation(own_house, key) == {"closed"}
    for manager in managers.values():
        for language in ("nl", "en"):
            reads_the_mirror(manager, key, language)
    facilitator = came(visitor(own_house, **DESK), "facilitator")
    facilitator.go(f"/rounds/{key}/comments/")
    expect(facilitator.page.locator("main .notice.withheld")).to_have_count(2)
    for remark in REMARKS.values():
        expect(facilitator.page.locator("main")).not_to_contain_text(remark)


def test_comments_open_to_their_party_when_the_facilitator_has_read_them(own_house, visitor):
    facilitator = came(visitor(own_house, **DESK), "facilitator")
    key = round_called(facilitator, "Trust between us")
    facilitator.page.locator(f'a[href="/rounds/{key}/comments/"]').click()
    harbour = facilitator.page.locator("main section").filter(
        has=facilitator.page.get_by_role("heading", name=HARBOUR)
    )
    asked = "Laten we een keer samen een hele rit meelopen."
    for text in ("Hun mensen op de werkvloer zijn goud waard.", asked):
        expect(harbour).to_contain_text(text)
    send = harbour.locator("form button")
    facilitator.expected = ("status of 400",)

    send.click()  # without the words that an author asked for: nothing opens, and it is said why
    expect(harbour.locator(".fault")).to_have_count(1)
    words = harbour.locator("form > div").filter(has_text=asked).locator("textarea")
    expect(words).to_have_accessible_description(harbour.locator(".fault").inner_text())
    words.fill("Somebody proposes to see the work together.")
    send.click()

    expect(harbour.locator(".notice.done")).to_be_visible()
    own = came(visitor(own_house, **DESK), "manager.a")
    own.go(f"/rounds/{key}/mirror/")
    expect(own.page.locator(".sentence blockquote")).to_have_count(3)
    expect(own.page.locator("main")).to_contain_text("Somebody proposes to see the work")
    expect(own.page.locator("main")).not_to_contain_text(asked)
    partner = came(visitor(own_house, **DESK), "manager.b")
    partner.go(f"/rounds/{key}/mirror/")
    expect(partner.page.locator(".sentence")).to_have_count(0)
    expect(partner.page.locator("main")).not_to_contain_text("Somebody proposes")


# ------------------------------------------------------------------------------ the round


def came(visitor, name):
    visitor.enter(name)
    return visitor


def round_called(visitor, title):
    """Walk from the list of alliances to a round; return its key."""
    page = visitor.page
    page.get_by_role("link", name="Cold chain to the inland ports").click()
    page.get_by_role("link", name=title, exact=True).first.click()
    expect(page.locator("main h1")).to_have_text(title)
    return int(re.search(r"/rounds/(\d+)/", page.url)[1])


def planned_and_opened(managers):
    """Let a manager plan a round, both say yes, and the first open it; return its key."""
    planner, other = managers[HARBOUR], managers[MILL]
    page = planner.page
    page.get_by_role("link", name="Cold chain to the inland ports").click()
    page.locator("nav.rooms a[href$='/rounds/']").click()
    page.locator("main a[href$='/rounds/new/']").click()
    page.locator('input[name="instrument"][value="pulse"]').check()
    page.locator('input[name="title"]').fill("Third pulse")
    until = datetime.now().astimezone() + timedelta(days=3)
    page.locator('input[name="closes_at"]').fill(f"{until:%Y-%m-%dT%H:%M}")
    page.locator("main form button").first.click()
    expect(page.locator("main h1")).to_have_text("Third pulse")
    key = int(re.search(r"/rounds/(\d+)/", page.url)[1])
    expect(page.locator('form[action$="/open/"]')).to_have_count(0)
    says_yes(planner)
    expect(page.locator('form[action$="/open/"]')).to_have_count(0)

    round_called(other, "Third pulse")
    says_yes(other)

    page.reload()
    page.locator('form[action$="/open/"] button').click()
    expect(page.locator('form[action*="/demo/clock/"]')).to_be_visible()
    return key


def says_yes(manager):
    """Let a party say yes: everybody is asked, in confidence."""
    page = manager.page
    page.locator('main a[href$="/cohort/"]').click()
    page.locator('input[name="mode"][value="confidential"]').check()
    for box in page.locator('input[name="seats"]').all():
        box.check()
    page.locator("main form button").first.click()
    expect(page.locator(".flash .done")).to_be_visible()


def voices(house, key):
    question = (
        "select count(*) from records_voice v join records_cohort c on v.cohort_id = c.id"
        " where c.round_id = ?"
    )
    return house.told(question, key)[0][0]


def rights_used(house, key):
    question = (
        "select count(*) from records_participation p join records_cohort c on p.cohort_id = c.id"
        " where c.round_id = ? and p.used"
    )
    return house.told(question, key)[0][0]


def participation(house, key):
    rows = house.told("select participation from records_cohort where round_id = ?", key)
    return {step for (step,) in rows}


def expect_nothing_before_the_end(managers, key):
    for manager in managers.values():
        manager.expected = ("status of 404",)
        manager.go(f"/rounds/{key}/mirror/")
        expect(manager.page.locator("table")).to_have_count(0)
        expect(manager.page.locator("main h1")).to_be_visible()
        manager.expected = ()


# ----------------------------------------------------------------------------- the phones


def everybody_answers(house, visitor):
    """Let ten people answer, each as it happens to people."""
    cut_off = visitor(house)
    answers_and_is_cut_off(cut_off, "daniel.okafor")

    in_dutch = visitor(house)
    begins(in_dutch, "ineke.postma", "own")
    expect(in_dutch.page.locator("html")).to_have_attribute("lang", "nl")
    expect(in_dutch.page.locator("#q0-text")).to_have_text(PULSE.items[0].text.into("nl"))
    answers(in_dutch, "ineke.postma")
    sends(in_dutch)

    answers_and_reloads(visitor(house), "joost.brandsma")
    answers_by_keyboard(visitor(house, **DESK), "fatima.el.amrani")
    answers_with_double_taps(visitor(house), "hugh.pemberton")
    answers_without_a_script(visitor(house, java_script_enabled=False), "anouk.jansen")
    answers_in_the_other_language(visitor(house), "peter.grainger")
    for name in ("sanne.bakker", "owen.fairley", "ruth.castell"):
        one = visitor(house)
        begins(one, name, "shared")
        answers(one, name)
        sends(one)

    cut_off.context.set_offline(False)
    expect(cut_off.page.locator('[data-screen="done"] h1')).to_be_visible()


def said_by(name):
    return next(party[name] for party in SAID.values() if name in party)


def reads_own_letter(one, name):
    """Find the newest letter to somebody, and follow its link."""
    page = one.page
    one.go(f"/demo/mail/?to={name}")
    page.locator(".lines a").first.click()
    page.locator("article a").click()
    expect(page.locator("main")).to_contain_text("Third pulse")


def begins(one, name, device):
    reads_own_letter(one, name)
    one.page.locator("footer form button").tap()
    one.page.locator("label.choice", has=one.page.locator(f'[value="{device}"]')).tap()
    goes_on(one)


def answers(one, name, *, of=range(6)):
    for number in of:
        taps(one, number, said_by(name)[number])
        goes_on(one)
    if 5 in of:
        expect(one.page.locator('[data-screen="comment"]')).to_be_visible()
        one.page.locator("#comment").fill(REMARKS.get(name, ""))
        goes_on(one)


def taps(one, number, point):
    screen = one.page.locator(f'[data-screen="q{number}"]')
    expect(screen).to_be_visible()
    label = screen.locator(".points label").nth(point - 1) if point else screen.locator(".cannot")
    label.tap()
    expect(label.locator("input")).to_be_checked()


def goes_on(one):
    # A click: two taps on one place, as fast as a test makes them, would be a double tap.
    one.page.locator("[data-next]").click()


def sends(one):
    expect(one.page.locator('[data-screen="review"]')).to_be_visible()
    goes_on(one)
    expect(one.page.locator('[data-screen="done"] h1')).to_be_visible()


def answers_and_is_cut_off(one, name):
    """In the middle the network goes; questions go on, and what is sent waits for it."""
    one.expected = ("ERR_INTERNET_DISCONNECTED",)
    begins(one, name, "own")
    answers(one, name, of=range(3))
    one.context.set_offline(True)
    answers(one, name, of=range(3, 6))
    goes_on(one)
    expect(one.page.locator('[data-screen="sending"] h1')).to_be_visible()


def answers_and_reloads(one, name):
    begins(one, name, "own")
    answers(one, name, of=range(4))
    one.page.reload()
    expect(one.page.locator('[data-screen="q4"]')).to_be_visible()
    for number in range(4):
        one.page.locator("[data-back]").click()
        expect(one.page.locator(f'[data-screen="q{3 - number}"]')).to_be_visible()
    answers(one, name)
    sends(one)


def answers_by_keyboard(one, name):
    """No pointer at all, from the letter to the thanks."""
    page = one.page
    one.go("/demo/mail/")
    tabs_to(page, page.locator('input[name="to"]'))
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(".lines li").first).to_contain_text(name)
    tabs_to(page, page.locator(".lines a").first)
    page.keyboard.press("Enter")
    expect(page.locator("article a")).to_be_visible()
    tabs_to(page, page.locator("article a"))
    page.keyboard.press("Enter")
    expect(page.locator("#promise")).to_be_visible()
    tabs_to(page, page.locator("footer form button"))
    page.keyboard.press("Enter")
    expect(page.locator('[data-screen="device"]')).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    for number, point in enumerate(said_by(name)):
        expect(page.locator(f"#q{number}-text")).to_be_focused()
        page.keyboard.press(str(point))
        page.keyboard.press("Enter")
    expect(page.locator("#comment-text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator('[data-screen="review"] h1')).to_be_focused()
    tabs_to(page, page.locator("[data-next]"))
    page.keyboard.press("Enter")
    expect(page.locator('[data-screen="done"] h1')).to_be_focused()


def tabs_to(page, place):
    """Press Tab until a place has the focus, as often as there are places at most."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if place.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to {place}")


def answers_with_double_taps(one, name):
    """Somebody whose finger trembles taps everything twice."""
    reads_own_letter(one, name)
    page = one.page
    page.locator("footer form button").dblclick()
    expect(page.locator('[data-screen="device"]')).to_be_visible()
    page.locator("label.choice", has=page.locator('[value="own"]')).dblclick()
    page.locator("[data-next]").dblclick()
    for number, point in enumerate(said_by(name)):
        label = page.locator(f'[data-screen="q{number}"] .points label').nth(point - 1)
        label.dblclick()
        page.locator("[data-next]").dblclick()
    page.locator("#comment").fill(REMARKS[name])
    page.locator("[data-next]").dblclick()
    expect(page.locator('[data-screen="review"]')).to_be_visible()
    page.locator("[data-next]").dblclick()
    expect(page.locator('[data-screen="done"] h1')).to_be_visible()


def answers_without_a_script(one, name):
    reads_own_letter(one, name)
    page = one.page
    page.locator("footer form button").tap()
    for number, point in enumerate(said_by(name)):
        page.locator(f"#q{number}-screen .points label").nth(point - 1).tap()
    page.locator("[data-plain] button").dblclick()
    expect(page.locator('a[href="?change"]')).to_be_visible()


def answers_in_the_other_language(one, name):
    """An English reader looks at the Dutch questions on the way; no answer is lost."""
    begins(one, name, "own")
    answers(one, name, of=range(5))
    taps(one, 5, said_by(name)[5])
    one.page.locator('.languages [value="nl"]').tap()
    expect(one.page.locator("#q5-text")).to_have_text(PULSE.items[5].text.into("nl"))
    expect(one.page.locator('[data-screen="q5"] .cannot input')).to_be_checked()
    goes_on(one)
    goes_on(one)
    sends(one)


# ------------------------------------------------------------------------------ the mirror


def displayed(points):
    """Return what the display table says of so many answers on seven points, below ten people."""
    if len(points) < 5:
        return ""
    mean = Fraction(sum(points), len(points))
    steps = floor(abs(mean - 4) * 2 + Fraction(1, 2))  # in halves, and halves of those outwards
    seen = 4 + Fraction(steps if mean > 4 else -steps, 2)
    return f"{float(min(max(seen, Fraction(3, 2)), Fraction(13, 2))):.1f}"


def expected_figures(language):
    figures = {}
    for party, people in SAID.items():
        for number, item in enumerate(PULSE.items):
            points = [said[number] for said in people.values() if said[number] != CANNOT]
            question = item.text.into(language)
            mean = displayed(points)
            figures[question, party] = mean.replace(".", ",") if language == "nl" else mean
    return figures


def reads_the_mirror(manager, key, language):
    """Compare every number of the mirror's tables with what was entered."""
    page = manager.page
    manager.go(f"/rounds/{key}/mirror/")
    page.locator(f'.languages [value="{language}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("main h1")).to_have_text("Third pulse")

    rows = page.locator("#mirror table tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim()))"
    )
    found = {
        (question, party): "".join(re.findall(r"^\D*(\d[.,]\d)|$", mean))
        for question, party, mean, *_more in rows
        if (question, party) in expected_figures(language)
    }

    assert found == expected_figures(language)
    ends = [
        mean for _question, _party, mean, *_more in rows if not re.fullmatch(r"\d[.,]\d", mean)
    ]
    assert len(ends) == 3  # 6.5 or higher, 1.5 or lower, not shown
    expect(page.locator("#mirror .lines .end")).to_have_text([re.compile("5-9")] * 2)
    words = page.locator("#mirror").inner_text()
    for remark in REMARKS.values():
        assert remark not in words
