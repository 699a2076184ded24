"""Whoever reads Dutch reads nothing in English: every page within reach, and every letter."""

import html
import re
from collections import deque
from datetime import timedelta
from random import Random

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.catalogue import read_catalogue
from tests.factories import (
    LATER,
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    close,
    decide,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    pass_gate,
    plan_round,
    prepare_evaluation,
    reflect,
    seat_person,
    speak,
    words_on,
)
from understream.access.seat import Role
from understream.domain import commitment, reflection, reveal
from understream.domain import evaluation as evaluations
from understream.domain import round as rounds
from understream.domain import world as worlds
from understream.domain.due import tick
from understream.domain.invitation import invite_person
from understream.domain.journal import SENTENCES
from understream.domain.release import cancel_round
from understream.instruments import reader
from understream.records.due import Due
from understream.records.organisation import Membership, Organisation
from understream.records.person import Person
from understream.web import clock

pytestmark = pytest.mark.django_db

PASSWORD = "a long and quiet river"
SHORTEST = 12


def _pieces():
    """Return what of the catalogue would show that a page is not in Dutch."""
    for entry in read_catalogue():
        dutch = " ".join(" ".join(entry.dutch).split())
        for english in entry.english:
            for piece in re.split(r"%(?:\(\w+\))?[sd]", english):
                words = " ".join(piece.replace("%%", "%").split())
                if len(words) > SHORTEST and words not in dutch:
                    yield words


def _questions():
    for code in ("pulse", "trust", "evaluation"):
        asked = reader.load(code)
        told = [asked.title, asked.purpose, asked.time_frame, asked.not_validated]
        told += [facet.title for facet in asked.facets] + [item.text for item in asked.items]
        for text in told:
            for piece in text.into("en").split("[P]"):
                if len(piece.strip()) > SHORTEST and piece.strip() not in text.into("nl"):
                    yield piece.strip()


ENGLISH = sorted({*_pieces(), *_questions()})
DJANGO = (
    "This field is required", "Enter a valid", "Select a valid", "Ensure this value",
    "The password is too", "This password is", "You must type the same", "must contain at least",
    "January 2", "February 2", "March 2", "May 2", "June 2", "July 2", "August 2", "October 2",
)  # fmt: skip
"""What Django and allauth say to people, and months, where Dutch was forgotten."""


def english_in(text):
    """Return the English sentences in a page or a letter, what is read aloud included."""
    text = " ".join(html.unescape(text).split())
    return [words for words in (*ENGLISH, *DJANGO) if words in text]


def words_of(page):
    """Return what is seen of a page, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", page)).split())


@pytest.fixture(autouse=True)
def at(monkeypatch, settings):
    """Let the pages' clock stand still, and let letters be read."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    moment = {"now": NOON}
    monkeypatch.setattr(clock, "now", lambda: moment["now"])
    monkeypatch.setattr(clock, "rng", Random(1))
    return moment


@pytest.fixture
def reads(django_capture_on_commit_callbacks):
    """Return an alliance of people who read Dutch, with a round in every state."""
    world = make_alliance("Harbour", "Mill", "Quay", people=[10, 10, 3])
    seat_person(world.alliance, world.parties["Harbour"], "Harbour Sponsor", Role.SPONSOR)
    Person.objects.update(language="nl")
    with django_capture_on_commit_callbacks(execute=True):
        closed = open_round(world, moderator=world.facilitator.key)
        high, low = [6, 5, 5, 6, 6, 7], [2, 4, 5, 3, 2, 1]
        for name, said in (("Harbour", high), ("Mill", low)):
            for number, link in enumerate(links_of(closed, world.parties[name])):
                answers = [max(1, point - number % 2) for point in said]
                comment = f"Opmerking {number} van {name}." if number < 4 else ""
                wish = "paraphrased" if number == 1 else "as written"
                speak(world, link, answers, comment=comment, wish=wish if comment else "")
        close(world, closed)
        later = {"closes_at": LATER + WEEK}
        cancelled = open_round(world, **later)
        cancel_round(world.managers["Mill"], cancelled, now=NOON)
        planned = rounds.plan_round(
            world.managers["Mill"], instrument="trust", title="Winter", now=NOON, **later
        )
        told = [closed, cancelled, planned, plan_round(world, instrument="trust", **later)]
        told.append(open_round(world, instrument="trust", **later))
        for name, party in world.parties.items():
            invite_person(
                world.managers[name],
                party=party,
                name=f"Guest of {name}",
                email=f"guest@{name.lower()}.example",
                role="sponsor",
                language="nl",
                now=NOON,
                rng=world.rng,
            )
    return world, told


def client_of(person) -> Client:
    client = Client(headers={"accept-language": "nl"})
    if person:
        client.force_login(get_user_model().objects.get(pk=person))
    return client


def walk(client, *starts, within="/"):
    """Return every page that links lead to, by address; of the others only where they begin.

    :param within: what the addresses of those pages look like.
    """
    pages, waiting = {}, deque(starts)
    while waiting:
        address = waiting.popleft()
        if address in pages:
            continue
        answer = client.get(address, follow=True)
        if "html" in answer["Content-Type"]:
            pages[address] = answer.content.decode()
            found = re.findall(r'href="(/[^"#]*)', html.unescape(pages[address]))
            waiting.extend(
                link
                for link in found
                if not link.startswith("/static/") and re.match(within, link)
            )
        else:
            pages[address] = ""
    return pages


def in_english(pages):
    return {address: found for address, page in pages.items() if (found := english_in(page))}


def test_a_word_that_both_languages_have_is_no_fault():
    assert english_in("<p>facilitator, Understream</p>") == []


def test_english_is_seen_wherever_it_stands():
    assert english_in("<p>Who   will see\nwhat</p>") == ["Who will see what"]
    assert english_in('<a aria-label="Rooms of this alliance">') == ["Rooms of this alliance"]
    assert "Our goal in this alliance has stayed the same." in ENGLISH
    assert len(ENGLISH) > 700


@pytest.mark.parametrize("who", ["manager", "manager of one voice", "sponsor", "facilitator"])
def test_whoever_has_a_seat_reads_no_english(reads, at, who):
    world, told = reads
    person = {
        "manager": world.managers["Harbour"].person,
        "manager of one voice": world.managers["Quay"].person,
        "sponsor": Person.objects.get(name="Harbour Sponsor").pk,
        "facilitator": world.facilitator.person,
    }[who]
    at["now"] = LATER
    Membership.objects.update_or_create(
        organisation=Organisation.objects.get(name="Harbour"),
        person_id=person,
        defaults={"role": Membership.Role.RESEARCHER},
    )

    pages = walk(client_of(person), "/", *(f"/rounds/{key}/" for key in told))

    assert in_english(pages) == {}
    assert len(pages) > 15
    assert (f"/rounds/{told[0]}/mirror/" in pages) == (who != "facilitator")
    assert all('<html lang="nl">' in page for page in pages.values() if page)


def test_the_host_and_the_stranger_read_no_english():
    host = make_person("Host", host=True, language="nl")
    Due.objects.create(kind="tidy", key=1, at=NOON - timedelta(days=1))

    pages = walk(client_of(host.pk), "/", "/host/", "/parts/", "/parts/phone/", "/parts/door/")
    strange = walk(client_of(0), "/", "/shown/", "/account/reset/sent/", "/account/reset/done/")

    assert in_english(pages) == in_english(strange) == {}
    assert len(pages) > 7
    assert len(strange) > 5


def test_whoever_answers_reads_no_english(reads, at):
    world, (closed, cancelled, *_planned, opened) = reads
    at["now"] = LATER
    one, client = links_of(opened, world.parties["Harbour"])[0], client_of(0)
    pages = {"begin": client.get(reverse("answer:show", args=[one])).content.decode()}
    client.post(reverse("answer:begin", args=[one]))
    form = client.get(reverse("answer:show", args=[one])).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w*)"', form))
    names = dict.fromkeys(re.findall(r'type="radio" name="(q\d+)"', form), "1")
    send = reverse("answer:send", args=[one])
    pages |= {
        "form": form,
        "nothing": client.post(send, fields).content.decode(),
        "off": client.post(send, fields | dict.fromkeys(names, "9")).content.decode(),
        "long": client.post(send, fields | names | {"comment": "o" * 2001}).content.decode(),
        "elsewhere": client_of(0).get(reverse("answer:show", args=[one])).content.decode(),
        "answered": client.post(send, fields | names, follow=True).content.decode(),
        "withdraw": client.get(reverse("answer:withdraw", args=[one])).content.decode(),
        "again": client_of(0).post(reverse("answer:again", args=[one])).content.decode(),
    }
    for key in (closed, cancelled):
        for link in links_of(key, world.parties["Mill"])[:2]:
            pages |= walk(client_of(0), reverse("answer:show", args=[link]))

    assert in_english(pages) == {}
    assert "Over Mill, de afgelopen zes maanden" in words_of(pages["form"])
    assert "Dank je wel, je stem is gehoord" in pages["answered"]
    assert "Vraag 1: kies een van de antwoorden die er staan." in pages["off"]


@pytest.mark.parametrize("mode", ["named", "one voice", "confidential"])
def test_each_mode_says_in_dutch_who_will_see_what(at, mode):
    world = make_alliance("Delta", "Fresh", people=5)
    Person.objects.update(language="nl")
    key = open_round(world, mode=mode, asks_comment=True)
    manager = client_of(world.managers["Delta"].person)
    pages = walk(manager, f"/rounds/{key}/", f"/rounds/{key}/form/")
    for link in links_of(key, world.parties["Delta"])[:2]:
        client = client_of(0)
        address = reverse("answer:show", args=[link])
        pages[link] = client.get(address).content.decode()
        client.post(reverse("answer:begin", args=[link]), {"agrees": "yes"})
        pages[f"{link} begun"] = client.get(address).content.decode()
    at["now"] = LATER
    close(world, key)
    pages |= walk(manager, f"/rounds/{key}/mirror/", f"/rounds/{key}/statements/")

    assert in_english(pages) == {}
    assert len(pages) > 10


def test_what_is_refused_is_refused_in_dutch(reads, at):
    world, (closed, _cancelled, planned, _full, opened) = reads
    at["now"] = LATER
    manager, stranger = client_of(world.managers["Mill"].person), client_of(0)
    (letter,) = [one for one in mail.outbox if one.to == ["guest@mill.example"]]
    (link,) = re.findall(r"/i/[^/]+/", letter.body)
    mill = world.parties["Mill"]
    end = reverse("alliance:end", args=[world.alliance, world.managers["Mill"].key])
    found = reverse("alliance:new")
    invite = reverse("alliance:invite", args=[world.alliance])
    add = reverse("alliance:add", args=[world.alliance])
    plan = reverse("alliance:plan", args=[world.alliance])
    cohort = reverse("round:cohort", args=[planned])
    extend = reverse("round:extend", args=[opened])
    comments = reverse("mirror:comments", args=[closed])
    facilitator = client_of(world.facilitator.person)
    kept = re.findall(r'name="words-(\d+)"', facilitator.get(comments).content.decode())
    long = "o" * 300
    asked = [
        (stranger, reverse("account_login"), {}),
        (stranger, reverse("account_login"), {"login": "no", "password": "wrong"}),
        (stranger, reverse("account_login"), {"login": "a@b.example", "password": "wrong"}),
        (stranger, reverse("account_reset_password"), {"email": "no"}),
        (stranger, link, {"name": "", "password": "short"}),
        (manager, reverse("account:card"), {"name": "", "language": "fr"}),
        (manager, reverse("account:card"), {"name": long, "language": "nl"}),
        (manager, reverse("account_change_password"), {}),
        (manager, reverse("account_change_password"), {"oldpassword": "no", "password1": "12345"}),
        (manager, found, {}),
        (manager, found, {"name": long, "own": "A", "organisations": "A", "time_zone": "Mars"}),
        (manager, found, {"name": "B", "own": "A", "organisations": "A", "time_zone": "UTC"}),
        (manager, invite, {"party": mill}),
        (manager, invite, {"party": mill, "name": long, "email": "no", "role": "god"}),
        (manager, add, {"party": mill, "people": ""}),
        (manager, add, {"party": mill, "people": "Anna\nAnna, no\nBo, a@b.example, xx"}),
        (manager, add, {"party": mill, "people": "x, x@x.example\n" * 501}),
        (manager, plan, {}),
        (manager, plan, {"instrument": "pulse", "title": long, "closes_at": "soon", "k": "x"}),
        (manager, plan, {"instrument": "pulse", "title": "A", "closes_at": "2020-01-01", "k": 2}),
        (manager, cohort, {}),
        (manager, cohort, {"mode": "one voice"}),
        (manager, cohort, {"mode": "confidential", "seats": [world.people["Mill"][0].key]}),
        (manager, cohort, {"mode": "loud", "seats": [world.people["Harbour"][0].key]}),
        (manager, reverse("round:open", args=[planned]), {}),
        (manager, extend, {}),
        (manager, extend, {"closes_at": "2020-01-01 10:00"}),
        (manager, reverse("round:cancel", args=[closed]), {}),
        (manager, end, {}),
        (facilitator, comments, {"party": mill} | {f"hold-{key}": "1" for key in kept}),
    ]

    answers = [
        (address, client.post(address, said, follow=True).content.decode())
        for client, address, said in asked
    ]

    assert [(address, english_in(page)) for address, page in answers if english_in(page)] == []
    told = " ".join(words_of(page) for _address, page in answers)
    for sentence in (
        "Dit veld is verplicht.",
        "Voer een geldig e-mailadres in.",
        "Dit e-mailadres en wachtwoord horen niet bij elkaar.",
        "Eén organisatie wordt twee keer genoemd.",
        "Hooguit 500 regels per keer.",
        "Kies ten minste één persoon.",
        "Er zouden minder dan drie opmerkingen overblijven",
    ):
        assert sentence in told, sentence


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "Dit wachtwoord is te kort. Kies ten minste 12 tekens."),
        ("password1234", "Dit wachtwoord is te algemeen."),
        ("nobody.new@example.org", "Dit wachtwoord lijkt te veel op je e-mailadres."),
        ("Nobody New Here", "Dit wachtwoord lijkt te veel op je naam."),
    ],
)
def test_a_weak_password_is_called_so_in_dutch(password, fault):
    person = make_person("Nobody New", password=PASSWORD, language="nl")
    client = client_of(person.pk)
    said = {"oldpassword": PASSWORD, "password1": password, "password2": password}

    page = client.post(reverse("account_change_password"), said).content.decode()

    assert fault in html.unescape(page)


def test_what_goes_wrong_goes_wrong_in_dutch(reads, monkeypatch):
    world, _told = reads
    manager = client_of(world.managers["Mill"].person)
    checked = Client(enforce_csrf_checks=True, headers={"accept-language": "nl"})
    missing = manager.get("/rounds/999999/")
    nowhere = manager.get("/no/such/page/")
    stale = checked.post(reverse("account_login"), {})
    monkeypatch.setattr("understream.web.clock.now", _fail)
    manager.raise_request_exception = False
    broken = manager.get(reverse("alliance:home", args=[world.alliance]))
    pages = [missing, nowhere, stale, broken]

    assert [page.status_code for page in pages] == [404, 404, 403, 500]
    assert [english_in(page.content.decode()) for page in pages] == [[], [], [], []]
    assert "De fout ligt bij ons, niet bij jou." in broken.content.decode()


def _fail(*_args, **_keys):
    raise RuntimeError("by a test")


def test_every_letter_is_written_in_dutch(reads, at, django_capture_on_commit_callbacks):
    world, (*_told, opened) = reads
    at["now"] = LATER
    with django_capture_on_commit_callbacks(execute=True):
        tick(now=Due.objects.get(kind="round.remind", key=opened).at, rng=world.rng)
        stranger = client_of(0)
        address = Person.objects.get(pk=world.managers["Mill"].person).email
        Person.objects.filter(email=address).update(password="md5$x$y")
        for one in (address, "unknown@example.org"):
            stranger.post(reverse("account_reset_password"), {"email": one})
    letters = {letter.subject: letter.body for letter in mail.outbox}

    assert in_english(letters) == {}
    assert [english_in(subject) for subject in letters] == [[] for _subject in letters]
    assert set(letters) == {
        "Een uitnodiging voor Harbour and Mill and Quay",
        "Je stem in Harbour and Mill and Quay",
        "Een herinnering: Harbour and Mill and Quay",
        "Eén formulier voor Harbour and Mill and Quay",
        "De spiegel van Harbour and Mill and Quay",
        "Een nieuw wachtwoord voor Understream",
    }
    assert (
        "16 november 2026, 13:01 (Europe/Amsterdam)"
        in letters["Je stem in Harbour and Mill and Quay"]
    )


def test_an_evaluation_is_read_in_dutch_from_its_agreement_to_what_was_promised(
    at, django_capture_on_commit_callbacks
):
    world = make_alliance(people=(5, 2))
    harbour, mill = world.managers.values()
    Person.objects.update(language="nl")
    rooms = (
        r"/(evaluations|commitments)/\d+/(?!reflection/EV(?![19]/)|bundle)"
        rf"|/alliances/{world.alliance}/(evaluations|commitments)/"
    )
    rooms = f"(?:{rooms})"
    pages = {}

    def look(stage, seat=harbour, now=SEALING):
        at["now"] = now
        found = walk(client_of(seat.person), f"/alliances/{world.alliance}/", within=rooms)
        pages.update({f"{stage}: {path}": page for path, page in found.items()})

    with django_capture_on_commit_callbacks(execute=True):
        gone = prepare_evaluation(world, scans=("trust",))
        look("prepared", now=NOON)
        evaluations.call_off_evaluation(harbour, gone, now=NOON)
        key = begin_evaluation(world, scans=("trust",))
        look("with one voice", mill, now=NOON)
        let_answers_end(world, key)
        reflection.write_conclusion(harbour, key, "EV1", words=words_on("EV1"), now=SEALING)
        reflection.admit_facilitator(mill, key, world.facilitator.key, now=SEALING)
        reflect(world, key, "Mill", EV1={"change": "lot", "effect": "hurts"})
        view = {"text": "Een ander ziet het zo.", "shares": True, "now": SEALING}
        reflection.hold_dissent(mill, key, "EV9", **view)
        reveal.seal_reflection(mill, key, now=SEALING, rng=world.rng)
        ahead = {"kind": "extend", "until": SEALING + 2 * WEEK, "now": SEALING}
        evaluations.propose_end(harbour, key, **ahead)
        look("half sealed")
        look("sealed", mill)
        reflect(world, key, "Harbour", EV9={"rating": 2, "direction": "worse"})
        reveal.seal_reflection(harbour, key, now=SEALING, rng=world.rng)
        promise = {"receiver": world.parties["Mill"], "owner": harbour.key, "evaluation": key}
        for action in ("Tel de kisten.", "Bel op tijd."):
            kept = commitment.propose_commitment(
                harbour, action=action, due_on=SEALING.date(), topic="EV9", now=SEALING, **promise
            )
        commitment.accept_commitment(mill, kept, now=SEALING)
        look("at the gate")
        pass_gate(world, key)
        decide(world, key)
        commitment.judge_commitment(mill, kept, outcome="broken", now=SEALING)
        look("agreed", mill, now=SEALING + WEEK)
    letters = {letter.subject: letter.body for letter in mail.outbox}

    assert in_english(pages | letters) == {}
    assert [english_in(subject) for subject in letters] == [[] for _subject in letters]
    assert set(letters) == {
        f"{subject} Harbour and Mill"
        for subject in (
            "Afspraken om te lezen:",
            "Je stem in",
            "Eén formulier voor",
            "Een ontvangstbewijs om te bewaren:",
            "Een voorstel in",
            "De spiegel van",
            "De reflecties van",
        )
    }
    assert len(pages) > 60
    assert f"at the gate: /evaluations/{key}/joint/" in pages


def test_every_act_in_the_journal_is_a_dutch_sentence():
    with translation.override("nl"):
        told = [str(sentence) for sentence in SENTENCES.values()]

    assert [english_in(sentence) for sentence in told] == [[] for _sentence in told]


def test_figures_and_days_have_their_dutch_form(reads, at):
    world, (closed, *_rest) = reads
    at["now"] = LATER

    page = client_of(world.managers["Mill"].person).get(f"/rounds/{closed}/mirror/")
    shown = client_of(0).get("/shown/")

    told = words_of(re.sub(r"<svg.*?</svg>", " ", page.content.decode(), flags=re.DOTALL))
    assert re.search(r"\b\d,\d\b", told)
    assert "Gesloten op 9 november 2026." in told
    assert re.findall(r"\b\d+\.\d+\b", told) == []
    assert "in stappen van 0,5" in words_of(shown.content.decode())


def test_what_a_screen_reader_hears_of_a_picture_is_dutch(reads, at):
    world, (closed, *_rest) = reads
    at["now"] = LATER

    page = client_of(world.managers["Mill"].person).get(f"/rounds/{closed}/mirror/")

    heard = re.findall(r'<svg[^>]*aria-label="([^"]*)"', page.content.decode())
    assert heard
    assert [english_in(one) for one in heard] == [[] for _one in heard]
    assert [one for one in heard if re.search(r"\d\.\d", one)] == []


def test_a_demo_world_is_entered_in_dutch():
    worlds.make_demo(seed=7)
    here = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}

    page = Client(headers={"accept-language": "nl"}).get("/", **here).content.decode()
    letters = Client(headers={"accept-language": "nl"}).get("/demo/mail/", **here)

    assert "Dit is een demowereld." in page
    assert english_in(page) == english_in(letters.content.decode()) == []


def test_names_are_joined_as_the_reader_joins_them(reads, at):
    world, (*_told, opened) = reads
    at["now"] = LATER
    link = links_of(opened, world.parties["Harbour"])[0]

    page = client_of(0).get(reverse("answer:show", args=[link])).content.decode()

    assert "Manager Harbour, hoe gaat het samenwerken met Mill en Quay?" in words_of(page)


def test_names_of_people_cannot_mark_up_a_page(reads, at):
    world, (*_told, opened) = reads
    at["now"] = LATER
    Organisation.objects.filter(name="Mill").update(name="<b>Mill</b>")
    link = links_of(opened, world.parties["Harbour"])[0]

    page = client_of(0).get(reverse("answer:show", args=[link])).content.decode()

    assert "&lt;b&gt;Mill&lt;/b&gt; en Quay" in page
    assert "<b>Mill</b>" not in page
