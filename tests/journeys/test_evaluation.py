"""A whole evaluation: two managers, a facilitator and ten who answer, to the last promise.

It takes a minute and a half, so that it is one of the long tests:
`.venv/bin/python -m pytest -n0 -m soak -k whole tests/journeys/test_evaluation.py`.
"""

import hmac
import os
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.test_pages import look
from tests.journeys.visit import DESK, PHONE, House, Visitor
from tests.sealing import rechained
from tests.site.house import run
from understream.instruments import reader
from understream.measurement.bundle import bundle_file, read_bundle
from understream.measurement.receipt import read_receipts
from understream.measurement.seal import commitment, next_entry

pytestmark = pytest.mark.browser

ALLIANCE, DAIRY, COLD = "Melk op tijd", "Duinveld Zuivel", "Fenwick Cold Stores"
TITLE = "Evaluatie, voorjaar"
TOPICS = [one for one in reader.load("evaluation").items if not one.after]
SHIFTS, SOFT = TOPICS[:6], TOPICS[11:]
PEOPLE = {
    DAIRY: ("Bas Duif", "Carla Wit", "Dirk Zand", "Els Meer", "Femke Roos"),
    COLD: ("Alan Pike", "Beth Moor", "Colin Fen", "Dora Hale", "Evan Weir"),
}
SPEAK_DUTCH = {*PEOPLE[DAIRY], "Evan Weir"} - {"Femke Roos"}
BY_THUMB = ("Bas Duif", "Alan Pike")
OWN_WORDS = {
    DAIRY: "Wij zien het elke week, en zeggen het te laat.",
    COLD: "Our own aim moved in June, and we told nobody.",
}
CHANGED = "Na een nacht slapen: wij zeggen het voortaan op maandag."
ONE, OTHER = "De ene tab schreef dit.", "De andere tab schreef dit."
VIEW = "Niet iedereen bij ons durft dit te zeggen."
READING = "We lost each other in June: priorities moved, nobody said so."
DECISION = "We tell each other first, then the others."
DID = (("We tell sooner.", 6), ("Wij luisteren beter.", 5))
PROMISE = "Show the new lane priorities, with reasons"
BLOCK = "Hierover denken wij nu hetzelfde."
BLOCKS = ("B1", "B2", "B3", "B4")
WRITERS = {"B1": "", "B2": DAIRY, "B3": COLD, "B4": COLD}
AGREED_ON = (TOPICS[0].code, SOFT[1].code)
LOOKED_AT = (
    "agreement", "phone-0", "changed", "link-reflection", "sealed", "joint-gate", "link-joint",
)  # fmt: skip
FILLING = """([told, words]) => {
  for (const [name, value] of Object.entries(told)) {
    document.querySelector(`[name="${name}"][value="${value}"]`).checked = true;
  }
  document.querySelector("#sentence").value = words;
}"""


@pytest.mark.soak  # a minute and a half
def test_two_parties_walk_a_whole_evaluation_and_each_can_prove_it(own_house, visitor, tmp_path):
    Walk(own_house, visitor, tmp_path).whole()
    assert faults_in(own_house) == []


@pytest.mark.soak  # twelve times as many pages
def test_the_same_walk_is_photographed_in_all_widths_languages_and_themes(
    own_house, visitor, tmp_path
):
    shots = Path(os.environ.get("UNDERSTREAM_SHOTS") or tmp_path / "shots")
    Walk(own_house, visitor, tmp_path, shots=shots).whole()
    assert len([*shots.glob("**/*.png")]) > 100


def faults_in(house):
    """Return what the house's log complains of."""
    lines = (house.folder / "log").read_text().splitlines()
    return [line for line in lines if re.search("(?i)error|traceback|warning|csp", line)]


# ------------------------------------------------------------------------------ the walk


@dataclass
class Walk:
    """The walk: who walks it, and what has been seen."""

    house: House
    come: object
    folder: Path
    shots: Path | None = None
    seen: set = field(default_factory=set)
    phones: dict[str, Visitor] = field(default_factory=dict)
    alliance: str = ""
    evaluation: str = ""

    def whole(self):
        """From founding an alliance to what became of what was promised."""
        for step in (
            self.found, self.prepare, self.accept_and_begin, self.answer, self.conclude,
            self.write_at_once, self.differ, self.seal, self.compare, self.review, self.agree,
            self.close, self.judge, self.prove, self.read_again,
        ):  # fmt: skip
            step()

    # -------------------------------------------------------------------- before answering

    def found(self):
        """A founds an alliance and asks B and a facilitator in; each adds its people."""
        self.dutch = self.came("manager.a", "nl")
        self.english = self.came("manager.b", "en")
        self.facilitator = self.came("facilitator", "nl")
        page = self.dutch.page
        page.locator('main a[href="/alliances/new/"]').first.click()
        page.locator('[name="name"]').fill(ALLIANCE)
        page.locator('[name="own"]').fill(DAIRY)
        page.locator('[name="organisations"]').fill(COLD)
        sends(page)
        self.alliance = re.search(r"/alliances/\d+/", page.url)[0]
        self.dutch.go(f"{self.alliance}people/")
        invited = ((1, "James Whitlock", "manager.b"), (0, "Saskia de Graaf", "facilitator"))
        for place, name, box in invited:
            form = page.locator('form[action$="/invite/"]').nth(place)
            form.locator("xpath=ancestor::details/summary").click()
            form.locator('[name="name"]').fill(name)
            form.locator('[name="email"]').fill(f"{box}@demo.example")
            if not place:
                form.locator('[name="role"]').select_option("facilitator")
            form.locator("button").click()
            done(page)
        for one, name in ((self.english, "manager.b"), (self.facilitator, "facilitator")):
            one.go(self.letter(name, r"/i/\S+"))
            one.page.locator("main form button").last.click()
            expect(one.page.locator("nav.rooms")).to_be_visible()
        for one, party in self.managers():
            one.go(f"{self.alliance}people/")
            people = "\n".join(
                f"{name}, {mail(name)}, {'nl' if name in SPEAK_DUTCH else 'en'}"
                for name in PEOPLE[party]
            )
            one.page.locator('#add [name="people"]').fill(people)
            one.page.locator("#add form button").click()
            done(one.page)

    def prepare(self):
        """A writes down what would be agreed."""
        page = self.dutch.page
        page.locator('nav.rooms a[href$="/evaluations/"]').click()
        page.locator('main a[href$="/evaluations/new/"]').first.click()
        self.keep(self.dutch, "prepare")
        page.locator('[name="title"]').fill(TITLE)
        page.locator('[name="scope"]').fill("De melk van boerderij tot schip.")
        for box in page.locator('[name="scans"]').all():
            box.set_checked(False)
        now = datetime.now().astimezone()
        for name, days in (("answer_until", 2), ("seal_until", 9)):
            day = now + timedelta(days=days)
            page.locator(f'[name="{name}"]').fill(f"{day:%Y-%m-%dT%H:%M}")
        page.locator('[name="asks_comment"]').set_checked(False)
        sends(page)
        expect(page.locator("main h1")).to_have_text(TITLE)
        self.evaluation = re.search(r"/evaluations/\d+/", page.url)[0]

    def accept_and_begin(self):
        """B's manager gets a letter, reads and accepts; then A does, and begins."""
        self.english.go(self.letter("manager.b", rf"{self.evaluation}\S*"))
        for one, party in reversed(self.managers()):
            page = one.page
            page.locator('main a[href$="/agreement/"]').first.click()
            expect(page.locator("#terms")).to_contain_text(TITLE)
            if one is self.english:
                self.keep(one, "agreement")
            page.locator('[name="mode"][value="confidential"]').check()
            for line in page.locator('label:has([name="seats"])').all():
                asked = any(name in line.inner_text() for name in PEOPLE[party])
                line.locator("input").set_checked(asked)
            page.locator('[name="yes"]').check()
            sends(page)
            done(page)
            self.dutch.go(self.evaluation)
        self.dutch.page.locator('form[action$="/open/"] button').click()
        done(self.dutch.page)

    # --------------------------------------------------------------------------- answering

    def answer(self):
        """Ten people answer on phones, two by thumb alone; then answering ends."""
        for party, names in PEOPLE.items():
            for number, name in enumerate(names):
                thumb = name in BY_THUMB
                locale = "nl-NL" if name in SPEAK_DUTCH else "en-GB"
                one = self.phones[name] = self.come(
                    self.house, locale=locale, java_script_enabled=thumb
                )
                one.spoken = locale[:2]
                one.go(self.letter(mail(name), r"/r/\S+"))
                one.page.locator("footer form button").click()
                if thumb:
                    self.answers_by_thumb(one)
                else:
                    lowest = 4 if party == DAIRY else 2
                    answers_on_one_page(one, lowest + number % 2, every=1 if self.shots else 3)
        assert self.told("select count(*) from records_voice where cohort_id in ({})") == 10
        page = self.english.page
        self.english.go(self.evaluation)
        expect(page.locator("main")).not_to_contain_text("16 of")
        page.locator('form[action*="/demo/clock/"] button').click()
        done(page)

    def answers_by_thumb(self, one):
        """Tap through; the first six topics hold two questions on one screen."""
        page = one.page
        page.locator('[name="device"][value="own"]').locator("xpath=..").tap()
        forward(page)
        for number, topic in enumerate(TOPICS):
            screen = page.locator("section.question:visible")
            groups = screen.locator("fieldset")
            expect(groups).to_have_count(2 if topic in SHIFTS else 1)
            for group in groups.all():
                group.locator("label").nth(number % 3).tap()
            if number in (0, 7) and one is self.phones["Bas Duif"]:
                self.keep(one, f"phone-{number}", both=False)
            forward(page)
        expect(page.locator('[data-screen="review"]')).to_be_visible()
        forward(page)
        expect(page.locator('[data-screen="done"] h1')).to_be_visible()

    # ----------------------------------------------------------------------- within a party

    def conclude(self):
        """Each manager writes topic after topic; B says that its own goals changed a lot."""
        for one, _party in self.managers():
            page = one.page
            one.go(self.evaluation)
            page.locator('main a[href$="/reflection/"]').first.click()
            page.locator("main a.button", has_text=":").first.click()
            for number, topic in enumerate(TOPICS):
                if one is self.dutch and number in (0, 8):
                    self.keep(one, f"topic-{number}")
                expect(page.locator("main h1")).to_have_text(topic.title.into(one.spoken))
                (concludes if one is self.dutch else concludes_at_once)(page, topic)
        self.dutch.go(f"{self.evaluation}reflection/")
        expect(self.dutch.page.locator("progress")).to_have_attribute("value", str(len(TOPICS)))
        self.keep(self.dutch, "reflection")

    def write_at_once(self):
        """Two tabs write on one topic: the second sees both texts, and puts them together."""
        path = f"{self.evaluation}reflection/{TOPICS[6].code}/"
        first, second = self.dutch.page, self.dutch.context.new_page()
        self.dutch.go(path)
        second.goto(f"{self.house.address}{path}")
        for page, words in ((second, OTHER), (first, ONE)):
            page.locator("#sentence").fill(words)
            page.locator("form[data-keep] button:not([name])").first.click()
            if page is second:
                done(page)
            self.dutch.expected = ("status of 409",)
        both = first.locator('[aria-labelledby="both"]')
        expect(both).to_contain_text(OTHER)
        expect(both).to_contain_text(ONE)
        expect(first.locator("#sentence")).to_have_value(ONE)
        self.keep(self.dutch, "changed", both=False)
        first.locator("#sentence").fill(f"{ONE} {OTHER}")
        first.locator("form[data-keep] button:not([name])").first.click()
        done(first)
        self.dutch.expected = ()
        second.close()

    def differ(self):
        """One who answered holds another view, by the personal link, and lets it travel."""
        one = self.phones["Bas Duif"]
        one.go(self.letter(mail("Bas Duif"), r"/r/\S+"))
        one.page.locator('a[href$="/evaluation/"]').click()
        views = one.page.locator(f"#views-{SOFT[1].code}")
        views.locator("summary").click()
        views.locator("textarea").fill(VIEW)
        views.locator('[name="shares"]').check()
        views.locator("form button").last.click()
        expect(views.locator("blockquote")).to_have_text(VIEW)
        self.keep(one, "link-reflection")

    # --------------------------------------------------------------------- seal, and reveal

    def seal(self):
        """A seals, takes the seal back, changes a topic and seals anew; then B seals."""
        page = self.dutch.page
        first = self.seals(self.dutch)
        expect(page.locator("main")).to_contain_text(COLD)
        self.english.go(self.evaluation)
        partner = self.english.page.locator("main")
        for words in (OWN_WORDS[DAIRY], ONE, VIEW):
            expect(partner).not_to_contain_text(words)
        page.locator('a[href$="/take-back/"]').click()
        page.locator("main form button").click()
        self.dutch.go(f"{self.evaluation}reflection/{TOPICS[0].code}/")
        page.locator("#sentence").fill(CHANGED)
        page.locator("form[data-keep] button:not([name])").first.click()
        done(page)
        self.words = {DAIRY: self.seals(self.dutch)}
        assert self.words[DAIRY] != first
        self.keep(self.dutch, "sealed")
        self.words[COLD] = self.seals(self.english)

    def seals(self, one):
        """Seal; return the six words, in the language of who sealed."""
        one.go(f"{self.evaluation}seal/")
        self.keep(one, f"seal-{one.spoken}")
        one.page.locator(".crossing form button").click()
        expect(one.page.locator("main .words").first).to_be_visible()
        words = one.page.locator("main .words").first.locator("li").all_inner_texts()
        assert len(words) == 6
        return words

    def compare(self):
        """Both read everything from the same instant on, but for what the gate keeps closed."""
        opened = []
        for one, _party in self.managers():
            one.go(f"{self.evaluation}log/")
            log = one.page.locator(".log").inner_text()
            assert all(" ".join(words) in log for words in self.words.values())
            one.page.locator(f'main a[href="{self.evaluation}"]').click()
            one.page.locator('main a[href$="/joint/"]').first.click()
            main = one.page.locator("main")
            opened.append(re.findall(r"\d+", main.locator(".lede").inner_text()))
            expect(main).to_contain_text(CHANGED)
            expect(main).to_contain_text(OWN_WORDS[COLD])
            expect(main).not_to_contain_text(VIEW)
            expect(main.locator(".gate")).to_be_visible()
            expect(main.locator(".topic.sealed .name")).to_have_text(
                [topic.title.into(one.spoken) for topic in SOFT]
            )
        assert opened[0] == opened[1] != []
        self.keep(self.english, "joint-gate")

    # ---------------------------------------------------------------------------- together

    def review(self):
        """Four blocks are looked at; the facilitator writes on one, and cannot accept."""
        for one, party in (*self.managers(), (self.facilitator, "")):
            one.go(f"{self.evaluation}joint/")
            for block in BLOCKS:
                self.opens(one, block)
                box = one.page.locator(f"#{block}")
                if WRITERS[block] == party:
                    box.locator("textarea").fill(BLOCK)
                    box.locator("form button").click()
                    expect(box).to_contain_text(BLOCK)
        expect(self.facilitator.page.locator("main")).to_contain_text(BLOCK)
        expect(self.facilitator.page.locator('form[action*="/accept/"]')).to_have_count(0)
        for one in (self.english, self.dutch):
            one.go(f"{self.evaluation}joint/")
            for block in BLOCKS:
                self.accepts(one, block)
        for one, _party in self.managers():
            one.go(f"{self.evaluation}joint/?at={SOFT[1].code}")
            expect(one.page.locator(".topic.sealed")).to_have_count(0)
            expect(one.page.locator(f"#{SOFT[1].code}")).to_contain_text(VIEW)

    def agree(self):
        """They read, decide and promise something on two topics, and decide to go on."""
        for topic in AGREED_ON:
            self.english.go(f"{self.evaluation}joint/?at={topic}")
            self.writes(self.english, topic)
            self.promises(self.english, topic)
            self.accepts(self.english, topic)
            self.dutch.go(f"{self.evaluation}joint/?at={topic}")
            self.accepts(self.dutch, topic)
            box = self.dutch.page.locator(f"#{topic}")
            expect(box.locator(".agreeing > .saved")).to_be_visible()
            box.locator('select[name="critic"]').select_option(label="Beth Moor")
            box.locator('form[action*="/critic/"] button').click()
            expect(box).to_contain_text(re.compile("Beth Moor .*criticus"))
            box.locator(".promises small a").click()
            self.dutch.page.locator('form[action$="/accept/"] button').click()
            expect(self.dutch.page.locator('form[action$="/accept/"]')).to_have_count(0)
        self.promise = urlsplit(self.dutch.page.url).path

    def close(self):
        """They decide about the alliance, and say what all this did; seen once both have."""
        page, other = self.dutch.page, self.english.page
        self.dutch.go(f"{self.evaluation}joint/")
        expect(page.locator("#relevance details")).to_have_attribute("open", "")
        page.locator('[name="choice"][value="ED1"]').check()
        page.locator('form[action*="/relevance/"]:has([name="choice"]) button').click()
        expect(page.locator("#relevance .made, #relevance h3").first).to_be_visible()
        for one in (self.dutch, self.english):
            one.go(f"{self.evaluation}joint/")
            self.accepts(one, "relevance")
        expect(other.locator("#relevance .agreeing > .saved")).to_be_visible()
        for one, (words, rating) in ((self.english, DID[0]), (self.dutch, DID[1])):
            one.page.locator(f'#closing [name="rating"][value="{rating}"]').check()
            one.page.locator("#closing-sentence").fill(words)
            one.page.locator("#closing form button").click()
            expect(one.page.locator("#closing form")).to_have_count(0)
            if one is self.english:
                page.reload()
                expect(page.locator("main")).not_to_contain_text(words)
        other.reload()
        for each in (page, other):
            for words, _rating in DID:
                expect(each.locator("#closing .sentences")).to_contain_text(words)
        self.keep(self.dutch, "joint")

    def judge(self):
        """Both sides say what became of a promise; each sees the other's word once both have."""
        for one, _party in self.managers():
            one.go(self.promise)
            if one is self.english:
                expect(one.page.locator("main blockquote")).to_have_count(0)
            one.page.locator('main a[href$="/judge/"]').click()
            one.page.locator('[name="outcome"][value="kept"]').check()
            one.page.locator('[name="note"]').fill("Gezien.")
            sends(one.page)
        expect(self.english.page.locator("main blockquote")).to_have_count(2)
        self.keep(self.english, "commitment")

    def prove(self):
        """Each takes its bundle, and holds it against its own receipt; forgeries are seen."""
        for one, party in self.managers():
            one.go(f"{self.evaluation}verify/")
            named = one.page.locator('main a[href*="/receipts/"]').all_inner_texts()
            openings = [name.partition(", ")[0] for name in named[-2:]]
            assert len(set(openings)) == 2, openings
            bundle = self.taken(one.page, 'main a[href$="/bundle/"]')
            held = one.page.locator('main a[href*="/receipts/"]', has_text=party).last
            receipt = self.taken(one.page, held)
            good = self.verified(bundle, receipt)
            assert (good.returncode, "ACCEPTED" in good.stdout) == (0, True), good.stdout
            for name, forged in forgeries(bundle.read_bytes(), receipt, self.house.folder):
                told = self.verified(written(self.folder / "forged.json", forged), receipt)
                assert (told.returncode, "REJECTED" in told.stdout) == (1, True), name
        self.keep(self.dutch, "verify")

    def taken(self, page, link):
        """Download what a link gives."""
        with page.expect_download() as given:
            (page.locator(link) if isinstance(link, str) else link).click()
        path = self.folder / given.value.suggested_filename
        given.value.save_as(path)
        return path

    def verified(self, bundle, receipt):
        """Give the command that needs no house."""
        return run(self.folder, "verify", str(bundle), "--receipt", str(receipt))

    def read_again(self):
        """Who answered reads with the same link what all concluded and what became of it."""
        one = self.phones["Alan Pike"]
        one.go(self.letter(mail("Alan Pike"), r"/r/\S+"))
        main = one.page.locator("main")
        for words in (CHANGED, VIEW, READING, DECISION, PROMISE):
            expect(main).to_contain_text(words)
        expect(main.locator(".promises li.kept").last).to_be_visible()
        expect(main).to_contain_text("Since the start: worse.")
        expect(main).not_to_contain_text("Since last time")
        expect(main.locator("form")).to_have_count(0)
        self.keep(one, "link-joint")

    def writes(self, one, topic):
        """Write how a topic is read, and what is decided."""
        box = one.page.locator(f"#{topic}")
        box.locator('[name="reading"]').fill(READING)
        box.locator('[name="decision"]').fill(DECISION)
        box.locator('form[action*="/joint/topic/"] button').first.click()
        expect(box.locator(".made").first).to_have_text(READING)

    def promises(self, one, topic):
        """Promise something on a topic."""
        page = one.page
        page.locator(f"#{topic}").locator('a[href*="/commitments/new/"]').click()
        page.locator('[name="action"]').fill(f"{PROMISE} ({topic})")
        page.locator('[name="owner"]').select_option(label="Alan Pike")
        page.locator('[name="receiver"]').select_option(label=DAIRY)
        due = datetime.now().astimezone() + timedelta(days=40)
        page.locator('[name="due_on"]').fill(f"{due:%Y-%m-%d}")
        sends(page)
        expect(page.locator(f"#{topic}")).to_contain_text(PROMISE)

    def accepts(self, one, code):
        """Accept what is written, where the own yes is still wanted."""
        self.opens(one, code)
        box = one.page.locator(f"#{code}")
        yes = box.locator('form[action*="/accept/"] button')
        if yes.count():
            yes.click()
            expect(box.locator('form[action*="/accept/"]')).to_have_count(0)

    def opens(self, one, code):
        """Open what is folded away on the joint page."""
        box = one.page.locator(f"#{code}")
        if not box.is_visible():
            box.locator("xpath=ancestor::details[1]/summary").click()
        expect(box).to_be_visible()

    # ------------------------------------------------------------------------ what helps

    @property
    def key(self):
        """The key of the evaluation."""
        return int(re.search(r"\d+", self.evaluation)[0])

    def came(self, name, spoken):
        """Come in by a door; the pages are in the own language."""
        one = self.come(self.house, **DESK)
        one.enter(name)
        expect(one.page.locator("html")).to_have_attribute("lang", spoken)
        one.spoken = spoken
        return one

    def managers(self):
        """Both managers with their parties, the Dutch one first."""
        return [(self.dutch, DAIRY), (self.english, COLD)]

    def letter(self, to, link):
        """Return the path of a link in the newest letter to somebody that has such a link."""
        for file in sorted((self.house.folder / "demo-mail").glob("*.txt"), reverse=True):
            receiver, _subject, body = file.read_text().split("\n", 2)
            found = re.search(rf"http://\S+?({link})", body)
            if receiver.startswith(to) and found:
                return urlsplit(found[0]).path
        raise AssertionError(f"no letter to {to} has {link}")

    def told(self, question):
        """Ask the database about the cohorts of this evaluation."""
        cohorts = (
            "select c.id from records_cohort c join records_round r on c.round_id = r.id"
            " where r.evaluation_id = ?"
        )
        return self.house.told(question.format(cohorts), self.key)[0][0]

    def keep(self, one, name, *, both=True):
        """Look at a page as on a phone; on the long walk, photograph it in every way.

        The short walk looks only at what the demo world's pages do not show anyway.

        :param both: whether it is the same page in the other language too.
        """
        if not self.shots and name not in LOOKED_AT:
            return
        page, size = one.page, one.page.viewport_size
        if self.shots:
            for spoken in {"nl": ("en", "nl"), "en": ("nl", "en")}[one.spoken] if both else ("",):
                self.photograph(one, name, spoken)
        held = page.locator("details").evaluate_all("(all) => all.map((one) => one.open)")
        page.set_viewport_size(PHONE["viewport"])
        look(one, "", self.seen)
        page.set_viewport_size(size)
        page.locator("details").evaluate_all(
            "(all, held) => all.forEach((one, at) => { one.open = held[at]; })", held
        )

    def photograph(self, one, name, spoken):
        """Photograph a page in all widths and themes, in a language; "" for the one it has."""
        page, size = one.page, one.page.viewport_size
        if spoken:
            page.locator(f'.languages [value="{spoken}"]').click()
            expect(page.locator("html")).to_have_attribute("lang", spoken)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            for width, height in ((360, 740), (1280, 800), (1920, 1080)):
                page.set_viewport_size({"width": width, "height": height})
                file = f"{width}-{spoken or one.spoken}-{theme}/{name}.png"
                page.screenshot(path=self.shots / file, full_page=True)
        page.set_viewport_size(size)


def mail(name):
    """Return where somebody's letters go."""
    return f"{name.lower().replace(' ', '.')}@demo.example"


def sends(page):
    """Send the form of a page."""
    page.locator("main form button:not([name])").first.click()


def done(page):
    """See that it was done."""
    expect(page.locator(".flash .done")).to_be_visible()


def forward(page):
    """Go on: a click, as two taps on one place would be a double tap."""
    page.locator("[data-next]").click()


def answers_on_one_page(one, point, *, every):
    """Answer one question in so many on one long page, as without a script."""
    for group in one.page.locator("fieldset[data-question]").all()[::every]:
        points = group.locator("input")
        points.nth(point % (points.count() - 1)).check()
    one.page.locator("[data-plain] button").click()
    expect(one.page.locator('a[href="?change"]')).to_be_visible()


def concludes(page, topic):
    """Fill in one topic by hand, save it, and go on to the next."""
    for name, value in chosen(topic, rating=5, change="little").items():
        page.locator(f'[name="{name}"][value="{value}"]').check()
    page.locator("#sentence").fill(OWN_WORDS[DAIRY])
    page.locator("form[data-keep] button").first.click()
    done(page)


def concludes_at_once(page, topic):
    """Do the same, with all answers in one go."""
    told = chosen(topic, rating=3, change="lot" if topic is TOPICS[0] else "little")
    page.evaluate(FILLING, [told, OWN_WORDS[COLD]])
    page.locator("form[data-keep] button").first.click()
    done(page)


def chosen(topic, *, rating, change):
    """Return what is chosen on a topic, by the names of its fields."""
    shifted = {"change": change, "effect": "hurts"}
    rated = {"rating": rating, "direction": "worse"}
    return {**(shifted if topic in SHIFTS else rated), "sure": "high"}


# --------------------------------------------------------------------------- four forgeries


def forgeries(file, receipt, folder):
    """Return the four forgeries of a real bundle, each with its name."""
    bundle, _signature = read_bundle(file)
    (kept,) = read_receipts(receipt.read_bytes())
    secret = (folder / "secret").read_text().strip().encode()
    seed = hmac.new(secret, b"understream.sealing.v1", sha256).digest()
    own = OWN_WORDS[kept.organisation]
    other = own.replace("e", "o", 1)
    less = [one for one in bundle.entries if one.body["kind"] != "released"]
    assert len(less) < len(bundle.entries)
    gap = replace(bundle, entries=rechained(bundle.log, less), releases=())
    fork = replace(bundle, entries=signed_anew(bundle.log, less, seed), releases=())
    return (
        ("a changed byte", file.replace(own.encode(), other.encode(), 1)),
        ("made anew by the host", bundle_file(made_anew(bundle, own, other, seed), seed=seed)),
        ("a removed entry", bundle_file(gap, seed=seed)),
        ("a log forked before the receipt", bundle_file(fork, seed=seed)),
    )


def made_anew(bundle, own, other, seed):
    """Return a bundle in which a party said something else, all hashes and signatures anew."""
    openings = [replace(one, document=one.document.replace(own, other)) for one in bundle.openings]
    made = {
        (one.party, one.part): commitment(
            log=bundle.log,
            evaluation=bundle.evaluation,
            party=one.party,
            part=one.part,
            document=one.document.encode(),
            salt=bytes.fromhex(one.salt),
        )
        for one in openings
    }
    seals = {one.body["party"]: one for one in bundle.entries if one.body["kind"] == "sealed"}
    bodies = [
        replace(one, body={**one.body, "commitments": [made[one.body["party"], 1],
                                                       made[one.body["party"], 2]]})
        if one in seals.values() else one
        for one in bundle.entries
    ]  # fmt: skip
    entries = signed_anew(bundle.log, bodies, seed)
    return replace(bundle, openings=tuple(openings), entries=entries)


def signed_anew(log, entries, seed):
    """Return entries as one chain that the host has signed."""
    done = []
    for one in entries:
        done.append(next_entry(log, done[-1] if done else None, dict(one.body), seed=seed))
    return tuple(done)


def written(path, content):
    """Write a file; return where."""
    path.write_bytes(content)
    return path
