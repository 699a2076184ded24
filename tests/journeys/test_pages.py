"""Every page of the demo world, as everybody who may read it, in a real browser."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.visit import DESK, PHONE, look
from tests.site.house import run

pytestmark = pytest.mark.browser

PEOPLE = ("", "manager.a", "manager.b", "facilitator", "sponsor", "participant")
"""Who looks: nobody in particular, and everybody with a door of their own."""
ALIKE_PEOPLE = ("manager.b", "sponsor")
"""Whose pages others see as well; they are walked in the long tests."""

FILES = re.compile(r"\.(csv|json|xlsx|sps|svg|toml)(\?|$)")
OWN = re.compile(r"/$|/(alliances|rounds|workshops|account|host)/")
"""Pages that differ from one person to the next; the others nobody in particular looks at."""
ALIKE = (
    r"/alliances/\d+/people/\d+/end/", r"/demo/mail/[\d\w-]+/", r"/[^?]*\?.*\bpage=",
    r"/alliances/\d+/instruments/\?code=.*",
)  # fmt: skip
"""Addresses of which one stands for all: they differ in a name, or in where a list begins."""


@pytest.fixture(scope="module")
def seen():
    """Hold every shape of markup that axe has seen, so that it looks at each once."""
    return set()


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.soak if one in ALIKE_PEOPLE else ()) for one in PEOPLE],
    ids=lambda name: name or "nobody",
)
def test_every_page_is_in_order_on_a_phone(house, visitor, seen, name):
    one = visitor(house)
    if name:
        one.enter(name)

    paths = walk(one, lambda path: look(one, path, seen))

    assert len(paths) >= (18 if name else 8)


def test_pages_behind_a_personal_link_are_in_order(house, visitor, seen):
    one = visitor(house)
    path = link_of(one, "lotte.kuipers")
    look(one, path, seen)
    one.page.locator("footer form button").click()
    expect(one.page.locator('[data-screen="device"]')).to_be_visible()
    for choice in ("[name=device]", *(f"[name=q{number}]" for number in range(6)), "", ""):
        look(one, "", seen)
        if choice:
            one.page.locator(choice).first.check()
        else:
            one.page.locator("#comment").fill("Mail me at a@b.example.")
        one.page.locator("[data-next]").click()
    look(one, "", seen)
    one.page.locator("[data-next]").click()
    expect(one.page.locator('[data-screen="done"]')).to_be_visible()
    look(one, "", seen)
    for question in ("", "?change", "?withdraw"):
        look(one, path + question, seen)
    one.page.locator("footer form button").click()
    expect(one.page.locator(".notice.done")).to_be_visible()

    other = visitor(house)
    look(other, path, seen)
    other.page.locator("footer form button").click()
    expect(other.page.locator("main h1")).to_be_visible()
    look(other, "", seen)
    read = link_of(other, "manager.a", subject="The mirror of|De spiegel van")
    assert read.endswith("/mirror/")
    other.expected = ("status of 404",)
    look(other, "/r/nobodywasgiventhis/", seen, status=404)


def test_pages_with_faults_say_so_in_order(house, visitor, seen):
    one = visitor(house, java_script_enabled=False)
    one.go(link_of(one, "gerrit.mulder"))
    one.page.locator("footer form button").click()
    one.expected = ("status of 400",)
    one.page.locator("[data-plain] button").click()
    expect(one.page.locator("[role=alert]").first).to_be_visible()
    assert one.page.evaluate("() => document.documentElement.scrollWidth") == 360

    two = visitor(house)
    two.enter("manager.a")
    two.expected = ("status of 400", "does not conform to the required format")
    for path in ("/alliances/1/rounds/new/", "/alliances/new/", "/account/password/"):
        two.go(path)
        two.page.locator("main form").first.evaluate("(form) => { form.noValidate = true; }")
        two.page.locator("main form button:not([name])").first.click()
        expect(two.page.locator(".fault").first).to_be_visible()
        look(two, "", seen)


def test_pages_of_a_host_and_of_an_invitation_are_in_order(own_house, visitor, seen, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("under-the-waterline\n")
    done = run(
        own_house.folder, "person", "add", "host@demo.example", "--name", "Heleen", "--host",
        "--password-file", str(secret),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    host = visitor(own_house)
    signs_in(host, "host")
    assert "/host/" in walk(host, lambda path: look(host, path, seen))

    manager = visitor(own_house)
    manager.enter("manager.a")
    manager.go("/alliances/1/people/")
    form = manager.page.locator('form[action$="/invite/"]')
    form.locator("xpath=ancestor::details/summary").click()
    form.locator('[name="name"]').fill("Noor Visser")
    form.locator('[name="email"]').fill("noor.visser@demo.example")
    form.locator("button").click()
    expect(manager.page.locator(".flash .done")).to_be_visible()
    look(manager, "", seen)
    guest = visitor(own_house)
    path = link_of(guest, "noor.visser")
    look(guest, path, seen)
    guest.page.locator('[name="password"]').fill("a-long-enough-password")
    guest.page.locator("main form button").last.click()
    expect(guest.page.locator("nav.rooms")).to_be_visible()
    guest.expected = ("status of 410",)
    look(guest, path, seen, status=410)


def test_pages_of_a_party_with_one_voice_and_of_one_that_signs_are_in_order(
    own_house, visitor, seen
):
    key = own_house.told("select id from records_round where title = 'Trust among three'")[0][0]
    quay, mill = visitor(own_house), visitor(own_house)
    signs_in(quay, "manager.c")
    mill.enter("manager.b")
    for one, mode, asked in ((quay, "one voice", 4), (mill, "named", 3)):
        look(one, f"/rounds/{key}/cohort/", seen)
        one.page.locator(f'[name="mode"][value="{mode}"]').check()
        for number, box in enumerate(one.page.locator('[name="seats"]').all()):
            box.set_checked(number < asked)
        one.page.locator("main form button").first.click()
        expect(one.page.locator(".flash .done")).to_be_visible()
    look(mill, "", seen)
    mill.page.locator('form[action$="/open/"] button').click()
    expect(mill.page.locator(".flash .done")).to_be_visible()
    look(mill, f"/rounds/{key}/", seen)
    look(quay, f"/rounds/{key}/form/", seen)
    quay.page.locator("[name=q0]").nth(2).check()
    quay.page.locator("footer button").click()
    expect(quay.page.locator(".notice.done")).to_be_visible()
    signer = visitor(own_house, java_script_enabled=False)
    signer.go(link_of(signer, "manager.b"))
    signer.page.locator("footer form button").first.click()
    signer.page.locator("[name=q0]").nth(4).check()
    signer.page.locator("[data-plain] button").click()
    expect(signer.page.locator('a[href="?change"]')).to_be_visible()

    mill.page.locator('form[action*="/demo/clock/"] button').click()
    expect(mill.page.locator(".flash .done")).to_be_visible()

    look(mill, f"/rounds/{key}/", seen)
    look(mill, f"/rounds/{key}/statements/", seen)
    expect(mill.page.locator("main h2")).to_have_count(1)
    look(quay, f"/rounds/{key}/mirror/", seen)


def test_until_its_fonts_have_come_no_page_is_wider_than_a_phone(house, visitor, seen):
    one = visitor(house)
    one.expected = ("net::ERR_FAILED",)
    one.page.route("**/*.woff2", lambda route: route.abort())
    for path in ("/", "/shown/", "/account/sign-in/"):
        look(one, path, seen)
    one.enter("manager.a")
    for path in ("/alliances/1/", "/rounds/4/", "/rounds/3/mirror/"):
        look(one, path, seen)


# ------------------------------------------------------------------------- what pages can do


def test_htmx_swaps_a_part_under_the_policy_and_none_that_brings_something_that_runs(
    house, visitor
):
    one = visitor(house, **DESK)
    one.go("/parts/")
    page, button = one.page, one.page.locator("form[hx-post] button")
    page.evaluate("() => { window.stayed = true; }")
    page.locator('[name="given"]').fill("what we see <b>and</b> feel")

    with page.expect_request(lambda asked: asked.headers.get("hx-request") == "true"):
        button.click()
    expect(page.locator("#swapped")).to_contain_text("what we see <b>and</b> feel")

    brought = '<p id="swapped">new<script>window.ran = 1</script></p>'
    page.route(
        "**/parts/swapped/",
        lambda route: route.fulfill(body=brought, content_type="text/html"),
    )
    refused = "brought something that runs"
    one.expected = (refused,)
    with page.expect_console_message(lambda told: refused in told.text):
        button.click()
    expect(page.locator("#swapped")).not_to_contain_text("new")
    assert page.evaluate("() => [window.stayed, window.ran ?? 0]") == [True, 0]


def test_the_keys_are_shown_and_a_table_is_one_key_away(house, visitor):
    one = visitor(house, **DESK)
    one.enter("manager.a")
    one.go("/rounds/1/mirror/")
    page = one.page
    dialog = page.locator("dialog#keys")
    tables = page.locator("[data-picture] .as-table")
    expect(tables.first.locator("table")).to_be_hidden()

    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tables.first.locator("table")).to_be_hidden()
    page.keyboard.press("t")
    expect(tables.first.locator("table")).to_be_visible()
    expect(tables.first.locator("summary")).to_be_focused()
    page.keyboard.press("T")
    expect(tables.first.locator("table")).to_be_hidden()
    page.locator("button.keys").click()
    expect(dialog).to_be_visible()
    page.locator("dialog#keys button").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("button.keys")).to_be_focused()

    page.keyboard.press("Control+Home")
    one.go("/rounds/1/mirror/")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main#work")).to_be_focused()


def test_a_mirror_prints_with_its_tables_and_without_what_only_screens_need(house, visitor):
    one = visitor(house, **DESK)
    one.enter("manager.a")
    one.go("/rounds/3/mirror/")
    tables = one.page.locator("#mirror table")
    assert tables.count() > 3
    visible = "(all) => all.filter((one) => one.checkVisibility()).length"
    assert tables.evaluate_all(visible) == 0

    one.page.emulate_media(media="print")

    assert tables.evaluate_all(visible) == tables.count()
    for gone in ("nav.rooms", ".controls", "a.skip", ".button"):
        assert one.page.locator(gone).evaluate_all(visible) == 0
    assert one.page.locator("#mirror svg.plot").evaluate_all(visible) > 3
    assert (
        one.page.evaluate("() => getComputedStyle(document.documentElement).colorScheme")
        == "light"
    )
    assert one.page.pdf(format="A4").startswith(b"%PDF")


def test_what_watches_these_pages_is_awake(house, visitor):
    one = visitor(house)
    one.go("/shown/")

    one.page.evaluate("""() => {
      const line = document.createElement("p");
      line.setAttribute("style", "color: #eee");
      const image = document.createElement("img");
      image.src = "https://elsewhere.example/x.png";
      const wide = document.createElement("pre");
      wide.textContent = "wide ".repeat(15);
      document.querySelector("main").append(line, image, wide);
    }""")

    with pytest.raises(AssertionError, match="wider"):
        look(one, "", set())
    one.page.locator("pre").last.evaluate("(one) => one.remove()")
    with pytest.raises(AssertionError, match="image-alt"):
        look(one, "", set())
    complaints = "\n".join(one.faults)
    one.faults.clear()
    for part in ("inline style", "asked elsewhere: https://elsewhere.example"):
        assert part in complaints


# -------------------------------------------------------------------------------- the long look


@pytest.mark.soak
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_every_page_is_in_order_and_photographed(
    own_house, visitor, tmp_path, width, language, theme
):
    shots = Path(os.environ.get("UNDERSTREAM_SHOTS") or tmp_path) / f"{width}-{language}-{theme}"
    size = PHONE if width == PHONE["viewport"]["width"] else {
        "viewport": {"width": width, "height": 1080 if width == 1920 else 800},
        "has_touch": False, "is_mobile": False,
    }  # fmt: skip
    seen = set()
    for name in PEOPLE:
        one = visitor(own_house, **size, color_scheme=theme)
        if name:
            one.enter(name)
        else:
            one.go("/shown/")
        one.page.locator(f'.languages [value="{language}"]').click()
        expect(one.page.locator("html")).to_have_attribute("lang", language)

        def look_and_keep(path, one=one, folder=shots / (name or "nobody")):
            one.go(path)
            file = re.sub(r"\W+", "-", path).strip("-") or "front"
            one.page.screenshot(path=folder / f"{file}.png", full_page=True)
            look(one, "", seen)

        walk(one, look_and_keep)
        one.context.close()


# ----------------------------------------------------------------------- what is done here


def walk(one, visit):
    """Visit every page that links lead to, each once; return their addresses."""
    here = urlsplit(one.page.url).path
    nobody = here != "/alliances/"
    waiting = ["/", "/parts/"] if nobody else [here]
    known, visited = set(), set()
    while waiting:
        path = waiting.pop(0)
        kind = next((like for like in ALIKE if re.fullmatch(like, path)), path)
        if kind in known or FILES.search(path) or not (nobody or OWN.match(path)):
            continue
        known.add(kind)
        visit(path)
        visited.add(path)
        waiting += one.page.evaluate(
            "() => [...document.querySelectorAll('a[href]')]"
            ".filter((one) => one.origin === location.origin)"
            ".map((one) => one.pathname + one.search)"
        )
    return visited


def link_of(one, name, *, subject=""):
    """Return the path of the link in the newest letter to somebody."""
    one.go(f"/demo/mail/?to={name}@")
    lines = one.page.locator(".lines a")
    (lines.filter(has_text=re.compile(subject)) if subject else lines).first.click()
    return urlsplit(one.page.locator("article a").first.get_attribute("href")).path


def signs_in(one, name):
    one.go("/account/sign-in/")
    one.page.locator('[name="login"]').fill(f"{name}@demo.example")
    one.page.locator('[name="password"]').fill("under-the-waterline")
    one.page.locator("main form button").first.click()
    expect(one.page.locator("nav.rooms")).to_be_visible()
