"""Every component in every state, and nothing that a name could break."""

import json
import os
import threading
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.template import Context, engines
from django.test import override_settings

WEB = Path(__file__).parents[2] / "src" / "understream" / "web"
SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
COMPONENTS = sorted(file.stem.replace("_", "-") for file in (WEB / "components").glob("*.html"))
CHROMIUM = which("chromium")
QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking",
         "--disable-component-update"]  # fmt: skip

# One call of every component that prints what people wrote.
CALLS = """
<c-party :name="words" letter="a" /><c-who-sees :text="words" /><c-tag :label="words" />
<c-button :label="words" href="/x" /><c-button :label="words" name="n" :value="words" />
<c-field name="f" :label="words" :hint="words" :who_sees="words" :value="words" :fault="words" />
<c-choice :label="words" :hint="words" name="c" :value="words" />
<c-notice :title="words" :text="words" /><c-empty :title="words" :example="words" />
<c-head :title="words" :lede="words" /><c-line :title="words" href="/x" :text="words" />
<c-fact :name="words" :value="words" /><c-saved :text="words" />
<c-door :label="words" href="/x" />
<c-progress value="1" max="2" :label="words" />
<c-sentence :name="words" :text="words" letter="b" />
<c-figure :heading="words" :axis="words" :sure="words"><c-slot name="table">x</c-slot></c-figure>
<c-topic :name="words" :detail="words" :word="words" :note="words" />
<c-table :caption="words">x</c-table><c-step :title="words" :text="words" />
<c-topic :name="words" :sealed="words" />
<c-sentence :name="words" :text="words" :facts="words" :dissent="words" :dissent_lead="words" />
<c-sentence :name="words" :unanswered="words" :facts="words" />
<c-passage :stages="stages" /><c-gate :title="words" :text="words" />
<c-receipt :title="words" :words="list" :text="words" digest="9f2c41d7" :sealed_by="words" />
<c-waiting><c-waiting-line :name="words" :tag="words" :note="words" state="sealed" /></c-waiting>
<c-depth :title="words">x</c-depth><c-depth :label="words">x</c-depth>
<c-promises><c-promise :title="words" :from_name="words" from_letter="a" :to_name="words"
  to_letter="b" :note="words" :judged="judged" /></c-promises>
<c-agreeing :reading="words" :decision="words" :accepted="judged" />
<c-reflection :caption="words" :since="words"><c-reflection-row :topic="words" :rating="words"
  :since="words" :since_label="words" :text="words" :note="words" :sure="words" /></c-reflection>
<c-band-key :text="words" />
<c-points name="p" :points="points" :lowest="words" :highest="words" :cannot="words" />
<c-head title="{{ words }}" lede="{{ words }}" /><c-party name="{{ words }}" letter="c" />
"""


class Shape(HTMLParser):
    """The elements and attribute names of a page, and the words in it."""

    def __init__(self):
        super().__init__()
        self.shape = []
        self.words = []

    def handle_starttag(self, tag, attrs):
        self.shape.append((tag, [name for name, _ in attrs]))
        self.words += [value for _, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


def rendered(words):
    page = Shape()
    template = compiled()
    one = {"name": words, "letter": "a", "words": words, "state": "now", "below": True}
    page.feed(
        template.render(
            {
                "words": words,
                "points": [1, 2],
                "list": [words],
                "stages": [one],
                "judged": [one],
            }
        )
    )
    return page


@cache
def compiled():
    from django_cotton.compiler_regex import CottonCompiler  # noqa: PLC0415 - needs settings

    return engines["django"].from_string(CottonCompiler().process(CALLS))


def naughty():
    file = SHARED / "badinput" / "blns" / "blns.json"
    if not file.exists():
        assert os.environ.get("CI") != "true", f"{file} is missing"
        pytest.skip(f"{file} is missing: the naughty strings were not tried")
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("path", ["/parts/", "/parts/phone/", "/parts/door/"])
def test_the_parts_are_shown_in_both_languages(client, path, language):
    page = client.get(path, headers={"accept-language": language})

    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.content.decode()


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_is_among_the_parts_or_inside_one(component):
    texts = [file.read_text(encoding="utf-8") for file in WEB.glob("parts/*.html")]
    texts += [file.read_text(encoding="utf-8") for file in WEB.glob("base*.html")]
    texts += [file.read_text(encoding="utf-8") for file in WEB.glob("components/*.html")]

    assert any(f"<c-{component} " in text or f"<c-{component}>" in text for text in texts)


def test_what_people_write_stays_text_in_every_component():
    plain = rendered("Harbour").shape

    for words in naughty():
        if words.strip():
            assert rendered(words).shape == plain


def test_words_come_out_of_a_component_as_they_went_in():
    words = "\"><b onclick='x'>{{ words }} {% now 'Y' %} &amp; O'Neill"

    page = rendered(words)

    assert words in page.words
    assert [word for word in page.words if word and ("&lt;" in word or "&quot;" in word)] == []


def test_a_component_does_not_see_what_its_page_knows():
    template = engines["django"].from_string('{% cotton line title="A" / %}')

    html = template.render({"text": "secret of the page", "href": "/elsewhere"})

    assert "secret" not in html
    assert "/elsewhere" not in html


def test_a_bound_field_says_its_fault_beside_itself():
    from understream.web.parts.views import Specimen  # noqa: PLC0415 - needs settings

    template = engines["django"].from_string('{% cotton field :field="field" / %}')
    form = Specimen({"name": ""})

    html = template.template.render(Context({"field": form["name"]}))

    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_an_evaluation_says_in_words_and_roles_what_it_shows_in_shapes(client):
    html = client.get("/parts/", headers={"accept-language": "en"}).content.decode()
    passage = html[html.index('id="passage"') : html.index("c-waiting")]
    table = html[html.index('<table class="table reflection"') :].split("</table>")[0]

    assert passage.count('aria-current="step"') == 3
    assert [passage.count(f'class="{look}"') for look in ("below done", "below now", "done")] == [
        2 + 3, 1, 1 + 2,
    ]  # fmt: skip
    assert "sha-256 9f2c 41d7 0b8e" in html
    assert table.count("<tr") == table.count('role="row"') == 5
    assert table.count("<td") == table.count('role="cell"') == 16
    assert table.count('<th scope="row"') == table.count('role="rowheader"') == 4
    assert table.count("data-label=") == 12
    for kind, word in (
        ("kept", "Kept:"), ("renegotiated", "Renegotiated:"), ("broken", "Broken:"),
        ("split", "Judged differently:"), ("open", "Open:"), ("proposed", "Proposed:"),
    ):  # fmt: skip
        assert f'<li class="{kind}"' in html
        assert f'<span class="aside-voice">{word} </span>' in html
        assert f'href="#glyph-{kind}"' in html
        assert f'id="glyph-{kind}"' in html
    assert "Not answered" in html
    assert "Somebody here sees it otherwise." in html


class Silent(WSGIRequestHandler):
    """A server that keeps no log."""

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture(scope="module")
def host():
    """Serve the pages on a free port, without a database: the parts need none."""
    server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), handler_class=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    with override_settings(ALLOWED_HOSTS=["*"], DEBUG=True):
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        assert os.environ.get("CI") != "true", "chromium is missing"
        pytest.skip("chromium is missing: the pages were not opened in a browser")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to import

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def opened(browser, url, **how):
    page = browser.new_context(**how).new_page()
    faults = []
    page.on("console", lambda one: faults.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: faults.append(str(one)))
    page.goto(url)
    return page, faults


@pytest.mark.browser
def test_a_part_is_swapped_under_the_strict_policy(browser, host):
    page, faults = opened(browser, f"{host}/parts/")

    page.fill("#given", "<img src=x onerror=alert(1)> & once = 1")
    page.click("text=Swap the part")

    page.wait_for_function("document.getElementById('swapped').innerText.includes('You said')")
    assert page.inner_text("#swapped") == "You said: <img src=x onerror=alert(1)> & once = 1"
    assert page.url == f"{host}/parts/"
    assert faults == []


@pytest.mark.browser
def test_without_a_script_the_same_form_is_posted_and_accepted(browser, host):
    page, faults = opened(browser, f"{host}/parts/", java_script_enabled=False)

    page.fill("#given", "hello")
    page.click("text=Swap the part")

    assert page.inner_text("#swapped") == "You said: hello"
    assert faults == []


@pytest.mark.browser
def test_text_never_becomes_code_or_markup(browser, host):
    page, _ = opened(browser, f"{host}/parts/")
    attempt = """code => new Promise(done => setTimeout(() => {
        try { %s; done("done") } catch (fault) { done(fault.name) }
    }))"""

    assert page.evaluate(attempt % "new Function('return 1')()") == "EvalError"
    assert page.evaluate(attempt % "document.body.innerHTML = '<p>'") == "TypeError"
    assert page.evaluate(attempt % "trustedTypes.createPolicy('other', {})") == "TypeError"


@pytest.mark.browser
def test_keys_show_themselves_and_the_table_but_not_while_writing(browser, host):
    page, faults = opened(browser, f"{host}/parts/")
    table = "document.querySelector('[data-picture] .as-table').open"
    keys = "document.getElementById('keys').open"

    page.keyboard.press("t")
    opened_by_t = page.evaluate(table)
    page.keyboard.press("t")
    closed_by_t = not page.evaluate(table)
    page.keyboard.press("?")
    shown = page.evaluate(keys)
    page.keyboard.press("Escape")
    page.focus("#f1")
    page.keyboard.type("t?")

    assert (opened_by_t, closed_by_t, shown) == (True, True, True)
    assert (page.evaluate(table), page.evaluate(keys)) == (False, False)
    assert page.input_value("#f1") == "t?"
    assert faults == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_parts_are_open_to_everyone_and_fit(browser, host, width, scheme):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - needs playwright

    page, faults = opened(
        browser,
        f"{host}/parts/",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    results = Axe().run(page)

    assert [one["id"] for one in results.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert faults == []
