"""SEC-7: whatever is typed stays text. Strings that have broken other houses, in every field.

The page that shows a hostile word must have the very elements and attributes, in the very order,
of the page that shows a harmless one.
"""

from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.test import Client
from django.test.testcases import TestCase
from django.urls import reverse

from tests.factories import (
    LATER,
    NOON,
    SEALING,
    TOPICS,
    answer_all,
    begin_evaluation,
    close,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    seal_evaluation,
    speak,
    words_on,
)
from understream.access import reach
from understream.access.seat import Role
from understream.domain import commitment as commitments
from understream.domain import joint, reflection, reveal, voice
from understream.domain.invitation import invite_person
from understream.domain.voice import Utterance
from understream.measurement.bundle import check, read_bundle
from understream.measurement.receipt import is_genuine, read_receipts
from understream.records.alliance import Alliance, Party
from understream.records.evaluation import Evaluation
from understream.records.invitation import Invitation
from understream.records.journal import Entry
from understream.records.organisation import Organisation
from understream.records.person import Person
from understream.records.release import CommentRelease
from understream.records.round import Cohort, Round
from understream.records.seal import SealEntry
from understream.records.seat import SeatRow
from understream.records.statement import Statement
from understream.records.voice import Comment
from understream.web import clock

pytestmark = pytest.mark.django_db

OURS = (
    "\x00",
    "a\x00b",
    "\x1b[31mred\x7f",
    "first\r\nBcc: eve@example.org",
    "two\nlines",
    "{{ 7*7 }}{% debug %}<c-button label='x' />",
    "</title></textarea></script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "]]><svg/onload=alert(1)><!--",
    "javascript:alert(1)//http://x.example",
    '=HYPERLINK("http://x.example")',
    "\u202e\u200b\ufeff\U0001f600",
    "%(who)s %s %d {0} {name}",
    "<" * 119,
    "é" * 5000,
)
"""What the list does not hold: NUL, line breaks, our own templates and sentences."""
DANGER = frozenset("<>&\"'`{}%\x00\r\n\\=")


@pytest.fixture
def naughty(shared):
    """Return the strings of the big list, and ours."""
    lines = shared("badinput/blns/blns.txt").read_text(encoding="utf-8").splitlines()
    return [*OURS, *(line for line in lines if line and not line.startswith("#"))]


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    now = {"now": NOON}
    monkeypatch.setattr(clock, "now", lambda: now["now"])
    return now


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, in order."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.found: list[tuple] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, *(name for name, _value in attrs)))

    def handle_endtag(self, tag):
        self.found.append((f"/{tag}",))

    def handle_comment(self, data):
        self.found.append(("!", data))

    def handle_decl(self, decl):
        self.found.append(("!", decl))


def shape_of(page: str) -> list[tuple]:
    return Shape(page).found


def client_of(person: int) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(get_user_model().objects.get(pk=person))
    return client


def storable(naughty: list[str], most: int) -> list[str]:
    """Return the strings that a database can hold in so many characters, on one line."""
    return [" ".join(one.split())[:most].replace("\x00", "") or "x" for one in naughty]


# -------------------------------------------------------------------- pages that show words


def test_names_are_text_wherever_people_are_shown(naughty):
    world = make_alliance("Harbour", "Mill")
    people, key = storable(naughty, 120), plan_round(world)
    persons = Person.objects.bulk_create(
        Person(email=f"{place}@example.org", name="word", password="!")
        for place in range(len(people))
    )
    SeatRow.objects.bulk_create(
        SeatRow(
            alliance_id=world.alliance,
            party_id=world.parties["Harbour"],
            person=one,
            role=Role.MANAGER if place % 2 else Role.PARTICIPANT,
        )
        for place, one in enumerate(persons)
    )
    Invitation.objects.bulk_create(
        Invitation(
            alliance_id=world.alliance,
            party_id=world.parties["Harbour"],
            email=f"{place}@example.org",
            name="word",
            role=Role.PARTICIPANT,
            token_hash=place.to_bytes(32),
            expires_at=LATER,
        )
        for place in range(len(people))
    )
    client = client_of(world.managers["Harbour"].person)
    pages = (
        reverse("alliance:people", args=[world.alliance]),
        reverse("alliance:home", args=[world.alliance]),
        reverse("round:cohort", args=[key]),
        reverse("answer:show", args=[links_of(key, world.parties["Harbour"])[0]]),
    )
    harmless = [shape_of(client.get(page).content.decode()) for page in pages]

    for one, name in zip(persons, people, strict=True):
        one.name = name
    Person.objects.bulk_update(persons, ["name"])
    for one, name in zip(Invitation.objects.order_by("pk"), people, strict=True):
        Invitation.objects.filter(pk=one.pk).update(name=name)

    for page, shape in zip(pages, harmless, strict=True):
        assert sorted(shape_of(client.get(page).content.decode())) == sorted(shape), page


def test_titles_and_names_are_text_in_every_list(naughty):
    world = make_alliance("Harbour", "Mill")
    person = world.managers["Harbour"].person
    key = plan_round(world)
    planned = Round.objects.get(pk=key)
    titles = storable(naughty, 120)
    rounds = Round.objects.bulk_create(
        Round(
            alliance_id=world.alliance,
            instrument_id=planned.instrument_id,
            title="word",
            closes_at=LATER,
        )
        for _ in titles
    )
    alliances = Alliance.objects.bulk_create(
        Alliance(name="word", founded_at=NOON) for _ in titles
    )
    organisations = Organisation.objects.bulk_create(
        Organisation(name=f"word {place}") for place in range(len(titles))
    )
    parties = Party.objects.bulk_create(
        Party(alliance=alliance, organisation=organisation, position=0)
        for alliance, organisation in zip(alliances, organisations, strict=True)
    )
    SeatRow.objects.bulk_create(
        SeatRow(alliance=party.alliance, party=party, person_id=person, role=Role.PARTICIPANT)
        for party in parties
    )
    Entry.objects.bulk_create(
        Entry(
            alliance_id=world.alliance,
            who="word",
            act="cohort.confirm",
            words={"round": "word", "party": "word", "mode": "word"},
            at=NOON,
        )
        for _ in range(50)
    )
    client = client_of(person)
    pages = (
        reverse("alliance:index"),
        reverse("alliance:rounds", args=[world.alliance]),
        reverse("alliance:home", args=[world.alliance]),
        reverse("alliance:journal", args=[world.alliance]),
    )
    harmless = [shape_of(client.get(page).content.decode()) for page in pages]

    for place, title in enumerate(titles):
        rounds[place].title = alliances[place].name = title
        organisations[place].name = f"{title[:190]} {place}"
    Round.objects.bulk_update(rounds, ["title"])
    Alliance.objects.bulk_update(alliances, ["name"])
    Organisation.objects.bulk_update(organisations, ["name"])
    worst = [one for one in titles if DANGER & set(one)][:50]
    Entry.objects.bulk_create(
        Entry(
            alliance_id=world.alliance,
            who=one,
            act="cohort.confirm",
            words={"round": one, "party": one, "mode": one},
            at=NOON,
        )
        for one in worst
    )

    for page, shape in zip(pages, harmless, strict=True):
        found = shape_of(client.get(page).content.decode())
        if page == pages[-1]:  # older lines now stand on a second page
            found = [one for one in found if one in shape]
            assert len(found) >= len(shape)
        else:
            assert sorted(found) == sorted(shape), page


def test_remarks_are_text_for_who_reads_them_first_and_for_their_party(naughty, at_noon):
    world = make_alliance("Harbour", "Mill", people=8)
    key = open_round(world, moderator=world.facilitator.key)
    signed = open_round(world, mode="named")
    answer_all(world, key, {name: [(4,) * 6] * 8 for name in world.people})
    for round_key in (key, signed):
        close(world, round_key)
    at_noon["now"] = LATER
    texts = storable(naughty, 2000)
    cohort = Cohort.objects.get(round=key, party=world.parties["Harbour"])
    named = Cohort.objects.get(round=signed, party=world.parties["Harbour"])
    reader = client_of(world.facilitator.person)
    manager = client_of(world.managers["Harbour"].person)
    shapes = []
    for said in (["word"] * len(texts), texts):
        Comment.objects.all().delete()
        Comment.objects.bulk_create(
            Comment(key=place, cohort=cohort, text=text) for place, text in enumerate(said, 1)
        )
        Statement.objects.all().delete()
        Statement.objects.bulk_create(
            Statement(cohort=named, seat_id=seat.key, answers=bytes(6), comment=text)
            for seat, text in zip(world.people["Harbour"], said[6:], strict=False)
        )
        pages = [reader.get(reverse("mirror:comments", args=[key]))]
        pages.append(manager.get(reverse("mirror:statements", args=[signed])))
        assert {page.status_code for page in pages} == {200}
        shapes.append([shape_of(page.content.decode()) for page in pages])
    assert shapes[0] == shapes[1]


def test_opened_comments_and_names_of_parties_are_text_in_a_mirror_and_its_pictures(
    naughty, at_noon
):
    world = make_alliance("Harbour", "Mill", people=8)
    key = open_round(world, moderator=world.facilitator.key)
    for link in links_of(key, world.parties["Harbour"]):
        speak(world, link, (2,) * 6, comment="Enough of us wrote.")
    answer_all(world, key, {"Mill": [(6,) * 6] * 8})
    close(world, key)
    at_noon["now"] = LATER
    texts = storable(naughty, 2000)
    cohort = Cohort.objects.get(round=key, party=world.parties["Harbour"])
    CommentRelease.objects.create(
        cohort=cohort,
        content={
            "comments": [{"text": one, "as_written": True} for one in texts],
            "withheld": 0,
            "paraphrased": 0,
        },
        digest="0" * 64,
    )
    manager = client_of(world.managers["Harbour"].person)
    mirror = reverse("mirror:show", args=[key])

    page = manager.get(mirror).content.decode()
    shape = shape_of(page)

    assert [one for one in shape if one[0] in ("script", "img", "iframe")] == [
        one for one in shape_of(manager.get("/alliances/").content.decode()) if one[0] == "script"
    ]
    assert not [one for one in shape if any(name.startswith("on") for name in one[1:])]
    assert shape.count(("blockquote",)) == len(texts)
    for one in [text for text in OURS if "<" in text or '"' in text or "'" in text]:
        name = " ".join(one.split())[:60].replace("\x00", "")
        Organisation.objects.filter(pk=world.parties["Mill"]).update(name=name)
        Organisation.objects.filter(name="Mill").update(name=name)
        Alliance.objects.update(name=name)
        Round.objects.filter(pk=key).update(title=name)
        assert shape_of(manager.get(mirror).content.decode()) == shape, name
        Organisation.objects.filter(name=name).update(name="Mill")


# ------------------------------------------------------------------------- an evaluation


def spoken_of(words: list[str], *, title: str = "word", scope: str = "word", name: str = "word"):
    """Return a world with these words wherever an evaluation takes some, and its pages."""
    world = make_alliance("Harbour", "Mill", people=2)
    Organisation.objects.filter(name="Mill").update(name=f"{name} Mill")
    manager, other = world.managers.values()
    earlier = begin_evaluation(world, title=title, scope=scope)
    conclude(world, earlier, words)
    for seat in (manager, other):
        reveal.seal_reflection(seat, earlier, now=SEALING, rng=world.rng)
    for topic, word in zip(TOPICS, words, strict=False):
        said = {"reading": word, "decision": word, "now": SEALING}
        joint.write_joint_text(manager, earlier, "topic", topic, version=0, **said)
        promised = commitments.propose_commitment(
            manager,
            receiver=other.party,
            action=word[:300],
            owner=manager.key,
            due_on=NOON.date(),
            evaluation=earlier,
            topic=topic,
            now=NOON,
        )
        commitments.accept_commitment(other, promised, now=NOON)
        for seat in (manager, other):
            judged = {"outcome": "kept", "note": word[:500], "now": SEALING}
            commitments.judge_commitment(seat, promised, **judged)
    for seat in (manager, other):
        joint.say_closing(seat, earlier, rating=4, sentence=words[0], now=SEALING)
    running = begin_evaluation(world, title=title, scope=scope)
    conclude(world, running, words)
    pages = (
        *(reverse(f"evaluation:{page}", args=[running]) for page in ("show", "log", "verify")),
        reverse("evaluation:index", args=[world.alliance]),
        *(reverse(f"reflection:{page}", args=[running]) for page in ("show", "seal")),
        *(reverse(f"reflection:{page}", args=[running, "EV3"]) for page in ("topic", "history")),
        reverse("joint:show", args=[earlier]),
        reverse("joint:history", args=[earlier, "topic", "EV3"]),
        reverse("commitment:index", args=[world.alliance]),
        *(reverse(f"commitment:{page}", args=[promised]) for page in ("show", "judge")),
        reverse("alliance:home", args=[world.alliance]),
        reverse("alliance:journal", args=[world.alliance]),
    )
    return world, running, promised, pages


def conclude(world, key: int, words: list[str]) -> None:
    let_answers_end(world, key)
    for manager in world.managers.values():
        for topic, word in zip(TOPICS, words, strict=False):
            for version in range(2):
                said = words_on(topic, sentence=word + "!" * version, version=version)
                reflection.write_conclusion(manager, key, topic, words=said, now=SEALING)
            text = {"text": word[:500], "shares": True, "now": SEALING}
            reflection.hold_dissent(manager, key, topic, **text)


def test_what_is_written_in_an_evaluation_is_text_on_every_page_of_it(naughty, at_noon):
    at_noon["now"] = SEALING
    worst = [one for one in storable(naughty, 900) if DANGER & set(one)]
    words = [one for one in worst if voice.legible(one)][: len(TOPICS)]
    name = '"><img src=x onerror=alert(1)>'
    shapes = []
    for told in (
        {"words": ["word"] * len(TOPICS)},
        {"words": words, "title": words[6][:120], "scope": words[7], "name": name},
    ):
        with transaction.atomic():
            world, _running, _promised, pages = spoken_of(**told)
            client = client_of(world.managers["Harbour"].person)
            got = [client.get(page) for page in pages]
            assert [one.status_code for one in got] == [200] * len(pages)
            shapes.append([sorted(map(repr, shape_of(one.content.decode()))) for one in got])
            transaction.set_rollback(True)

    for page, first, second in zip(pages, *shapes, strict=True):
        assert first == second, page


MARKS = "-----END UNDERSTREAM RECEIPT-----\r\n-----BEGIN UNDERSTREAM RECEIPT-----"


def test_no_name_breaks_or_forges_a_receipt(at_noon, django_capture_on_commit_callbacks):
    at_noon["now"] = SEALING
    world = make_alliance("Harbour", "Mill", people=1)
    Alliance.objects.update(name=f"\u202e{MARKS}\nAAAA")
    Organisation.objects.filter(name="Mill").update(name=f"{MARKS}\u2028\"'")
    Person.objects.update(name=f"Eve\n{MARKS}")
    key = begin_evaluation(world, title=MARKS)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        seal_evaluation(world, key)
    stored = {one.receipt for one in SealEntry.objects.exclude(receipt="")}
    kept = [read_receipts(one.encode())[0] for one in stored]
    client = client_of(world.managers["Harbour"].person)
    letters = [one for one in mail.outbox if any(receipt in one.body for receipt in stored)]
    files = [one.message().as_bytes() for one in letters]
    index = SealEntry.objects.exclude(receipt="").values_list("index", flat=True)
    files += [client.get(reverse("evaluation:receipt", args=[key, n])).content for n in index]

    assert len(files) >= 2 * len(stored)
    for one in files:
        (found,) = read_receipts(one)
        assert is_genuine(found)
        assert found in kept

    bundle = client.get(reverse("evaluation:bundle", args=[key]))
    head = bundle["Content-Disposition"]
    assert "\n" not in head
    assert "UNDERSTREAM" not in head
    opened, signature = read_bundle(bundle.content)
    assert [one for one in check(opened, signature, kept) if not one.passed] == []


def evaluation_forms(world, running: int, promised: int) -> dict[str, tuple]:
    """Return, for every field of an evaluation that takes words, who types where, what else."""
    home = [world.alliance]
    manager = client_of(world.managers["Harbour"].person)
    terms = {
        "title": "T", "depth": "cycle", "answer_until": "2026-12-01T10:00", "k": "5",
        "seal_until": "2026-12-09T10:00", "shares_figures": "yes", "if_never": "talk",
        "extra_days": "7",
    }  # fmt: skip
    rhythm = {"pulse_months": "3", "evaluation_months": "12", "next_pulse_on": "2027-01-01"}
    promise = {
        "action": "Do.", "owner": world.managers["Harbour"].key, "due_on": "2026-12-01",
        "receiver": world.parties["Mill"],
    }  # fmt: skip
    topic = reverse("reflection:topic", args=[running, "EV7"])
    view = reverse("reflection:dissent", args=[running, "EV7"])
    new = reverse("evaluation:new", args=home)
    fresh = reverse("commitment:new", args=home)
    judge = reverse("commitment:judge", args=[promised])
    said = {"rating": "5", "direction": "same", "sure": "high", "version": "0", "sentence": "word"}
    return {
        "title": (manager, new, terms, "title"),
        "scope": (manager, new, terms, "scope"),
        "end of answering": (manager, new, terms, "answer_until"),
        "scans": (manager, new, terms, "scans"),
        "rhythm": (manager, reverse("evaluation:cycle", args=home), rhythm, "next_evaluation_on"),
        "deadline": (
            manager, reverse("evaluation:propose", args=[running]), {"kind": "extend"}, "until",
        ),
        "sentence": (manager, topic, said, "sentence"),
        "rating": (manager, topic, said, "rating"),
        "version": (manager, topic, said, "version"),
        "view": (manager, view, {}, "text"),
        "action": (manager, fresh, promise, "action"),
        "of evaluation": (manager, fresh, promise, "evaluation"),
        "of topic": (manager, fresh, promise, "topic"),
        "outcome": (manager, judge, {"note": "n"}, "outcome"),
        "note": (manager, judge, {"outcome": "kept"}, "note"),
    }  # fmt: skip


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.soak)])  # all take minutes
def test_no_field_of_an_evaluation_breaks_on_any_word(naughty, at_noon, step):
    at_noon["now"] = SEALING
    world, running, promised, _pages = spoken_of(["word"] * len(TOPICS))
    (earlier,) = Evaluation.objects.filter(revealed_at__isnull=False)
    fields = evaluation_forms(world, running, promised)
    manager = client_of(world.managers["Harbour"].person)
    text = reverse("joint:write", args=[earlier.pk, "topic", "EV7"])
    for name in ("reading", "decision", "version"):
        fields[name] = (manager, text, {"version": "9", "reading": "word"}, name)
    closing = reverse("joint:write", args=[earlier.pk, "relevance", "relevance"])
    fields["choice"] = (manager, closing, {"version": "0", "reading": "word"}, "choice")
    wrong, refused = [], {}
    for place, (field, (client, url, said, name)) in enumerate(fields.items()):
        for word in [*OURS[place % step :: step], naughty[len(OURS) + place]]:
            answer = client.post(url, said | {name: word})
            if answer.status_code >= 500:
                wrong.append(f"{field}: {answer.status_code} on {word!r}")
            if answer.status_code in (200, 400) and b"</html>" in answer.content:
                shape = shape_of(answer.content.decode())
                handlers = [n for one in shape for n in one[1:] if n.startswith("on")]
                refused.setdefault(field, set()).add(sum(one[0] == "script" for one in shape))
                if handlers or any(one[0] in ("img", "iframe", "c-button") for one in shape):
                    wrong.append(f"{field}: an element of {word!r}")
    assert wrong == []
    assert {field: found for field, found in refused.items() if len(found) > 1} == {}
    assert len(refused) >= 8


# ------------------------------------------------------------------- forms that take words


def forms(world, key: int, spoken: int, moderated: int, invitation: str) -> dict[str, tuple]:
    """Return, for every field in which words can be typed, who types, where, and what else."""
    home, harbour = [world.alliance], world.parties["Harbour"]
    manager, other = (client_of(world.managers[name].person) for name in ("Harbour", "Mill"))
    reader, nobody = client_of(world.facilitator.person), Client(raise_request_exception=False)
    link = links_of(key, harbour)[1]
    answering = Client(raise_request_exception=False)
    answering.cookies["browser"] = voice.begin(link, browser="", rng=world.rng, now=NOON)
    person = {"name": "Eve", "email": "eve@example.org", "role": "sponsor", "tier": "team"}
    invited = person | {"language": "en", "party": harbour}
    plan = {"instrument": "pulse", "title": "T", "closes_at": "2026-12-01T10:00", "k": 5}
    founded = {"name": "A", "own": "B", "organisations": "C\nD", "time_zone": "UTC"}
    answers = {"submission": "c" * 32, "q0": "4"}
    raw = Comment.objects.filter(cohort__round=moderated).first()
    asked = {"party": harbour}
    return {
        "alliance name": (manager, reverse("alliance:new"), founded, "name"),
        "own organisation": (manager, reverse("alliance:new"), founded, "own"),
        "organisations": (manager, reverse("alliance:new"), founded, "organisations"),
        "time zone": (manager, reverse("alliance:new"), founded, "time_zone"),
        "person name": (other, reverse("account:card"), {"language": "en"}, "name"),
        "round title": (manager, reverse("alliance:plan", args=home), plan, "title"),
        "round end": (manager, reverse("alliance:plan", args=home), plan, "closes_at"),
        "round k": (manager, reverse("alliance:plan", args=home), plan, "k"),
        "new end": (manager, reverse("round:extend", args=[key]), {}, "closes_at"),
        "invited name": (manager, reverse("alliance:invite", args=home), invited, "name"),
        "invited mail": (manager, reverse("alliance:invite", args=home), invited, "email"),
        "invited role": (manager, reverse("alliance:invite", args=home), invited, "role"),
        "invited party": (manager, reverse("alliance:invite", args=home), invited, "party"),
        "people": (manager, reverse("alliance:add", args=home), asked, "people"),
        "mode": (manager, reverse("round:cohort", args=[key]), {}, "mode"),
        "remark": (answering, reverse("answer:send", args=[link]), answers, "comment"),
        "answer": (answering, reverse("answer:send", args=[link]), answers, "q1"),
        "wish": (answering, reverse("answer:send", args=[link]), answers, "wish"),
        "submission": (answering, reverse("answer:send", args=[link]), answers, "submission"),
        "one form": (manager, reverse("round:form", args=[spoken]), {"q0": "4"}, "comment"),
        "paraphrase": (
            reader,
            reverse("mirror:comments", args=[moderated]),
            asked,
            f"words-{raw.pk}",
        ),
        "comments of": (reader, reverse("mirror:comments", args=[moderated]), {}, "party"),
        "accepted name": (nobody, reverse("invitation:show", args=[invitation]), {}, "name"),
        "password": (
            nobody,
            reverse("invitation:show", args=[invitation]),
            {"name": "E"},
            "password",
        ),
        "sign in": (nobody, reverse("account_login"), {"password": "x"}, "login"),
        "reset": (nobody, reverse("account_reset_password"), {}, "email"),
        "language": (nobody, reverse("door:language"), {"next": "/"}, "language"),
        "next": (nobody, reverse("door:language"), {"language": "en"}, "next"),
    }


@pytest.fixture
def fields():
    world = make_alliance("Harbour", "Mill", people=8)
    key = open_round(world)
    spoken = open_round(world, mode="one voice")
    moderated = open_round(world, moderator=world.facilitator.key)
    for link in links_of(moderated, world.parties["Harbour"]):
        browser = voice.begin(link, browser="", rng=world.rng, now=NOON)
        voice.speak([Utterance(link, browser, "a" * 32, (4,) * 6, comment="word")], now=NOON)
    close(world, moderated)
    mail.outbox.clear()
    with TestCase.captureOnCommitCallbacks(execute=True):
        invite_person(
            world.managers["Harbour"],
            party=world.parties["Harbour"],
            name="Eve",
            email="new@example.org",
            role=Role.SPONSOR,
            now=NOON,
            rng=world.rng,
        )
    invitation = mail.outbox[-1].body.split("/i/")[1].split("/")[0]
    return forms(world, key, spoken, moderated, invitation)


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.soak)])  # all take minutes
def test_no_field_breaks_on_any_word_and_no_answer_holds_an_element_of_it(
    fields, naughty, settings, step
):
    settings.ACCOUNT_RATE_LIMITS = {}
    wrong, refused = [], {}
    for place, (field, (client, url, said, name)) in enumerate(fields.items()):
        rare = 24 * step
        chosen = [*OURS[place % step :: step], *naughty[len(OURS) + place % rare :: rare]]
        for word in chosen:
            answer = client.post(url, said | {name: word})
            if answer.status_code >= 500:
                wrong.append(f"{field}: {answer.status_code} on {word!r}")
            if answer.status_code in (200, 400) and b"</html>" in answer.content:
                shape = shape_of(answer.content.decode())
                scripts = sum(one[0] == "script" for one in shape)
                handlers = [n for one in shape for n in one[1:] if n.startswith("on")]
                refused.setdefault(field, set()).add(scripts)
                if handlers or any(one[0] in ("img", "iframe", "c-button") for one in shape):
                    wrong.append(f"{field}: an element of {word!r}")
    assert wrong == []
    assert {field: found for field, found in refused.items() if len(found) > 1} == {}
    assert len(refused) >= 12


def test_addresses_break_on_no_word(naughty):
    world = make_alliance()
    client = client_of(world.managers["Harbour"].person)
    home = reverse("alliance:journal", args=[world.alliance])
    for word in [*OURS, *naughty[len(OURS) :: 6]]:
        assert client.get(home, {"page": word}).status_code == 200, word
        for route in ("answer:show", "invitation:show"):
            if "/" not in word and word.strip("."):
                assert client.get(reverse(route, args=[word])).status_code == 404, word


def test_a_line_break_in_a_name_ends_up_in_no_head_of_a_letter(django_capture_on_commit_callbacks):
    client = client_of(make_person("Founder").pk)
    client.post(
        reverse("alliance:new"),
        {
            "name": "Cold\nBcc: eve@example.org",
            "own": "Harbour",
            "organisations": "Mill",
            "time_zone": "UTC",
        },
    )
    alliance = Alliance.objects.get()
    seat = reach.seat_in_alliance(Person.objects.get(name="Founder").pk, alliance.pk)
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            reverse("alliance:invite", args=[alliance.pk]),
            {
                "name": "New",
                "email": "new@example.org",
                "role": "sponsor",
                "tier": "team",
                "language": "en",
                "party": seat.party,
            },
        )

    (letter,) = mail.outbox
    assert letter.recipients() == ["new@example.org"]
    assert "\n" not in letter.subject
    assert "Bcc" not in letter.message()
