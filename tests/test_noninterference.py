"""N-1, N-2, PI-4, PI-6, PI-9, PI-16: what one person says changes nothing that another can get.

Not a figure, a word, a header, a letter or a line of the journal: every page is asked for by
everybody else, in both languages, once with one truth behind it and once with another.
"""

import gc
import json
import re
import string
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

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
    WEEK,
    World,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    reflect,
    seat_person,
    words_on,
)
from tests.test_leaks import everything_kept
from understream.access import reach
from understream.access.refusal import Refused
from understream.access.seat import Role
from understream.domain import due, host, letter, reflection, release, seal, voice
from understream.domain import round as rounds
from understream.domain.evaluation import course
from understream.domain.journal import record
from understream.domain.release import (
    close_round,
    comments_to_moderate,
    erase_voices,
    open_comments,
)
from understream.domain.reveal import seal_reflection, take_back_seal
from understream.domain.voice import Heard, Utterance
from understream.instruments import reader
from understream.measurement.seal import words_of
from understream.records.due import Due
from understream.records.organisation import Membership, Organisation
from understream.records.person import Person
from understream.records.reflection import Conclusion, ConclusionVersion, Dissent
from understream.records.release import Release
from understream.records.round import Round
from understream.records.seal import SealEntry
from understream.site import log as logs
from understream.web import clock
from understream.web.words import in_fours

pytestmark = pytest.mark.django_db
HARBOUR, MILL = "Harbour", "Mill"
PEOPLE = 9
MARK = re.compile(rb'(?:"(?:csrfmiddlewaretoken|submission)" value=|"X-CSRFToken": )"\w+"')
"""The page's own marks, drawn anew each time."""
WATCHING = 8
"""The place of those who look through their own link and say nothing."""


@dataclass
class Circle:
    """An alliance with an open round in which everybody has begun, and those who look on."""

    world: World
    key: int
    links: dict[str, list[str]]
    browsers: dict[str, list[str]] = field(default_factory=dict)
    watchers: dict[str, Client] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    points: tuple[int, ...] = ()


class Disk:
    total = used = free = 1


@pytest.fixture
def at(monkeypatch):
    """Let pages think it is noon, and let the host's own machine stand still."""
    now = {"now": NOON}
    monkeypatch.setattr(clock, "now", lambda: now["now"])
    # The host reads these on the machine itself, whatever a page says.
    monkeypatch.setattr(host, "_database_bytes", lambda: 1)
    monkeypatch.setattr(host.shutil, "disk_usage", lambda _path: Disk())
    return now


def make_circle(instrument: str = "pulse") -> Circle:
    world = make_alliance(HARBOUR, MILL, people=PEOPLE)
    planner = world.managers[HARBOUR]
    key = rounds.plan_round(
        planner,
        instrument=instrument,
        title="Autumn",
        closes_at=LATER,
        moderator=world.facilitator.key,
        now=NOON,
    )
    for name, manager in world.managers.items():
        people = [seat.key for seat in world.people[name]]
        rounds.confirm_cohort(
            manager, key, mode="confidential", seats=people, now=NOON, rng=world.rng
        )
    rounds.open_round(planner, key, now=NOON)
    links = {name: links_of(key, party) for name, party in world.parties.items()}
    read = reader.load(instrument)
    circle = Circle(
        world, key, links, points=tuple(read.scale_of(one).points for one in read.items)
    )
    for name in (HARBOUR, MILL):
        circle.browsers[name] = [
            voice.begin(link, browser="", rng=world.rng, now=NOON) for link in links[name]
        ]
    _let_watch(circle)
    return circle


def _let_watch(circle: Circle) -> None:
    world = circle.world
    researcher = make_person("Researcher")
    organisation = Organisation.objects.get(name=HARBOUR)
    Membership.objects.create(
        person=researcher, organisation=organisation, role=Membership.Role.RESEARCHER
    )
    sponsor = seat_person(world.alliance, world.parties[HARBOUR], "Sponsor", Role.SPONSOR)
    for name, person in (
        ("manager", world.managers[HARBOUR].person),
        ("partner's manager", world.managers[MILL].person),
        ("sponsor", sponsor.person),
        ("partner's participant", world.people[MILL][WATCHING].person),
        ("facilitator", world.facilitator.person),
        ("researcher", researcher.pk),
        ("host", make_person("Host", host=True).pk),
    ):
        circle.watchers[name] = Client()
        circle.watchers[name].force_login(get_user_model().objects.get(pk=person))
    for name, party in (("colleague", HARBOUR), ("partner's colleague", MILL)):
        circle.watchers[name] = Client()
        circle.watchers[name].cookies["browser"] = circle.browsers[party][WATCHING]
    alliance, one = [world.alliance], [circle.key]
    circle.pages = (
        reverse("alliance:index"),
        *(reverse(f"alliance:{room}", args=alliance) for room in ("home", "people", "rounds")),
        reverse("alliance:journal", args=alliance),
        reverse("round:show", args=one),
        *(reverse(f"mirror:{page}", args=one) for page in ("show", "comments", "csv", "json")),
        reverse("research:releases", args=[organisation.pk]),
        reverse("host:show"),
        reverse("host:quality"),
        reverse("research:quality", args=[organisation.pk]),
        *(circle.links[party][WATCHING] for party in (HARBOUR, MILL)),
    )

    circle.told = (circle.pages[5], circle.pages[6], *circle.pages[-2:])


@contextmanager
def undone(circle: Circle) -> Iterator[None]:
    """Let something happen, and then not have happened."""
    chance = circle.world.rng.getstate()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    circle.world.rng.setstate(chance)


def views(circle: Circle, *names: str) -> dict[tuple[str, str, str], tuple]:
    """Return all that everybody, or these, can get: status, headers and body without its mark.

    What tells of answers is asked for in Dutch too.
    """
    seen = {}
    with undone(circle):
        for language in ("en", "nl"):
            Person.objects.update(language=language)
            for name in names or circle.watchers:
                client = circle.watchers[name]
                client.cookies["language"] = language
                for page in circle.pages if language == "en" else circle.told:
                    for url in urls(page):
                        response = client.get(url)
                        body = MARK.sub(b"", response.content)
                        head = tuple(one for one in response.items() if one[0] != "Expires")
                        seen[name, language, url] = (response.status_code, head, body)
    return seen


def urls(page: str) -> tuple[str, ...]:
    """Return the page itself, or for a link what lies behind it."""
    if page.startswith("/"):
        return (page,)
    return tuple(reverse(f"answer:{one}", args=[page]) for one in ("show", "mirror"))


def vectors(circle: Circle, seed: int) -> dict[str, list[tuple[int, ...]]]:
    """Return somebody's answers for everybody, some unanswered, some beyond judging."""
    chance = Random(seed)
    return {
        name: [
            tuple(chance.choice([0, 255, *range(1, points + 1)]) for points in circle.points)
            for _ in range(PEOPLE)
        ]
        for name in (HARBOUR, MILL)
    }


def say(circle: Circle, name: str, place: int, answers, *, comment: str = "") -> None:
    """Let one person speak."""
    one = Utterance(
        circle.links[name][place],
        circle.browsers[name][place],
        f"{place:032x}",
        answers if any(answers) else (255, *answers[1:]),
        comment=comment,
    )
    (said,) = voice.speak([one], now=NOON)
    assert said == Heard(again=False), said


def closed_with(
    circle: Circle, at: dict, said, *, order=range(PEOPLE), texts=(), seen_by=()
) -> tuple:
    """Let everybody speak, close, open the comments; return all that can be got, and undo it."""
    with undone(circle):
        mail.outbox.clear()
        for name in (HARBOUR, MILL):
            for place in order:
                if place < len(said[name]) and place != WATCHING:
                    text = texts[place] if name == HARBOUR and place < len(texts) else ""
                    say(circle, name, place, said[name][place], comment=text)
        at["now"] = LATER
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert close_round(circle.key, now=LATER, rng=circle.world.rng)
            if texts:
                _open_comments(circle)
        seen = views(circle, *seen_by)
        letters = sorted((one.to[0], one.subject, one.body) for one in mail.outbox)
        at["now"] = NOON
    return seen, letters


def _open_comments(circle: Circle) -> None:
    world = circle.world
    waiting = comments_to_moderate(world.facilitator, circle.key)[0]
    assert len(waiting.comments) == 4
    open_comments(
        world.facilitator,
        circle.key,
        party=waiting.party,
        paraphrases={},
        withheld=(),
        now=LATER,
        rng=world.rng,
    )


def differences(first: tuple, second: tuple) -> list:
    """Return where two worlds look different; pages first, then letters."""
    pages = [where for where, page in first[0].items() if second[0][where] != page]
    return pages + [one for one in first[1] if one not in second[1]]


# --------------------------------------------------------------------------------- N-1


TEXTS = ("More time", "Who decides?", "Tell us earlier", "Fewer meetings")


@pytest.mark.parametrize(("instrument", "seed"), [("pulse", 1), ("trust", 3)])
def test_two_members_of_a_block_swap_answers_and_nobody_else_can_tell(at, instrument, seed):
    circle, chance = make_circle(instrument), Random(seed)
    said = vectors(circle, seed)
    one, other = chance.sample(range(WATCHING), 2)
    swapped = {name: list(rows) for name, rows in said.items()}
    swapped[HARBOUR][one], swapped[HARBOUR][other] = said[HARBOUR][other], said[HARBOUR][one]
    assert swapped != said

    before = closed_with(circle, at, said, texts=TEXTS)
    after = closed_with(circle, at, swapped, texts=TEXTS)

    assert differences(before, after) == []
    assert len(before[1]) > PEOPLE
    shown = before[0]["manager", "en", reverse("mirror:show", args=[circle.key])]
    assert shown[0] == 200
    assert b"Tell us earlier" in shown[2]


def test_the_order_in_which_people_answered_changes_nothing(at):
    circle = make_circle()
    said = vectors(circle, 4)

    first = closed_with(circle, at, said)
    last = closed_with(circle, at, said, order=range(PEOPLE)[::-1])

    assert differences(first, last) == []


def test_this_would_notice_the_smallest_trace_of_a_voice(at, monkeypatch):
    """One number that hangs on who said what, and of which a page shows a fingerprint only."""
    circle, figures = make_circle(), release._figures
    said = vectors(circle, 5)
    swapped = {name: list(rows) for name, rows in said.items()}
    swapped[HARBOUR][0], swapped[HARBOUR][1] = said[HARBOUR][1], said[HARBOUR][0]

    def traced(row, cohorts, voices):
        order = sorted(voices[cohorts[0].pk], key=lambda one: one.key)
        trace = sum(place * one.answers[0] for place, one in enumerate(order))
        return figures(row, cohorts, voices) | {"trace": trace}

    monkeypatch.setattr(release, "_figures", traced)

    before, after = (closed_with(circle, at, one, seen_by=("manager",)) for one in (said, swapped))
    assert differences(before, after) != []


# -------------------------------------------------------------------------- N-2, PI-4, PI-6


@pytest.mark.usefixtures("at")
def test_while_a_round_is_open_nobody_can_see_who_answers_or_what():
    circle = make_circle()
    first, second = vectors(circle, 6), vectors(circle, 7)
    seen = []
    for said, people in ((first, 0), (first, 3), (first, WATCHING), (second, WATCHING)):
        with undone(circle):
            for name in (HARBOUR, MILL):
                for place in range(people):
                    say(circle, name, place, said[name][place], comment="A remark")
            due.tick(now=NOON + timedelta(hours=23), rng=circle.world.rng)
            seen.append((views(circle), ()))

    for other in seen[1:]:
        assert differences(seen[0], other) == []


@pytest.mark.usefixtures("at")
def test_the_daily_step_tells_the_own_manager_five_or_more_and_nobody_anything_else():
    circle = make_circle()
    said = vectors(circle, 8)
    day = NOON + timedelta(days=1, minutes=1)
    told = {}
    for people in (0, 4, 5, WATCHING):
        with undone(circle):
            for place in range(people):
                say(circle, HARBOUR, place, said[HARBOUR][place])
            due.tick(now=day, rng=circle.world.rng)
            told[people] = views(circle)

    assert told[0] == told[4]
    assert told[5] == told[WATCHING]
    page = reverse("round:show", args=[circle.key])
    assert {where for where, seen in told[5].items() if told[4][where] != seen} == {
        ("manager", "en", page),
        ("manager", "nl", page),
    }


@pytest.mark.usefixtures("at")
def test_a_reminder_goes_to_who_has_not_answered_and_is_seen_by_nobody_else():
    circle = make_circle()
    before = views(circle)
    said = vectors(circle, 9)
    for place in range(4):
        say(circle, HARBOUR, place, said[HARBOUR][place])
    mail.outbox.clear()

    with TestCase.captureOnCommitCallbacks(execute=True):
        due._remind(circle.key, LATER - timedelta(days=2), circle.world.rng)

    assert len(mail.outbox) == 2 * PEOPLE - 4
    assert all(len(one.to) == 1 and not one.cc and not one.bcc for one in mail.outbox)
    assert differences((before, ()), (views(circle), ())) == []


# ------------------------------------------------------------------------------------ PI-9


def test_nobody_to_four_who_answered_look_the_same_byte_for_byte(at):
    circle = make_circle()
    said = vectors(circle, 10)

    first, *others = [
        closed_with(circle, at, {HARBOUR: said[HARBOUR][:people], MILL: said[MILL]})
        for people in range(5)
    ]

    for people, other in enumerate(others, start=1):
        assert differences(first, other) == [], f"{people} people can be told from none"
    five = {HARBOUR: said[HARBOUR][:5], MILL: said[MILL]}
    assert differences(closed_with(circle, at, five, seen_by=("manager",)), first) != []


# ----------------------------------------------------------------------------------- PI-16


def test_what_is_shown_stays_whatever_is_tried_afterwards(at):
    circle = make_circle()
    said = vectors(circle, 11)
    for name in (HARBOUR, MILL):
        for place in range(WATCHING):
            say(circle, name, place, said[name][place])
    assert close_round(circle.key, now=LATER, rng=circle.world.rng)
    at["now"] = LATER
    before = views(circle)

    for place in range(WATCHING):
        link, browser = circle.links[HARBOUR][place], circle.browsers[HARBOUR][place]
        new = Utterance(link, browser, "f" * 32, (1,) * 6, replaces=f"{place:032x}")
        (answer,) = voice.speak([new], now=LATER)
        assert isinstance(answer, Refused)
        with pytest.raises(Refused):
            voice.withdraw(link, browser=browser, submission=f"{place:032x}", now=LATER)
    assert not close_round(circle.key, now=LATER, rng=circle.world.rng)
    assert differences((before, ()), (views(circle), ())) == []

    erase_voices(circle.key, now=LATER)

    journal = reverse("alliance:journal", args=[circle.world.alliance])
    changed = differences((before, ()), (views(circle), ()))
    assert {url for _who, _language, url in changed} <= {journal, reverse("host:show")}


# ------------------------------------------------------------ N-2: what is not revealed yet


@dataclass
class Apart:
    """An evaluation in which Harbour looks on while Mill answers, writes and seals."""

    world: World
    key: int
    link: str
    watchers: dict[str, Client]
    shared: tuple[str, ...]
    pages: tuple[str, ...]


STAGES = ("answering", "counted", "writing", "written", "sealed", "taken back", "late", "expired")
"""How far Mill is. In each, two worlds may differ in nothing that a partner learns of it."""
LOOKED = {
    "answering": NOON + timedelta(days=3),
    "late": NOON + 2 * WEEK + timedelta(minutes=5),
    "expired": NOON + 60 * timedelta(days=1),
}
"""When Harbour looks, where that is not a day after the answers are in."""
SEALED_AT = SEALING + timedelta(hours=5)
MOST = reflection.LONGEST_SENTENCE


def make_apart() -> Apart:
    """Return it as it begins; both speak in confidence, Mill with enough people for remarks."""
    world = make_alliance(HARBOUR, MILL, people=(6, 9))
    key = begin_evaluation(world)
    (asked,) = Round.objects.filter(evaluation=key)
    link = links_of(asked.pk, world.parties[HARBOUR])[5]
    reader_of, sponsor = make_person("Researcher"), world.parties[HARBOUR]
    organisation = Organisation.objects.get(name=HARBOUR)
    Membership.objects.create(
        person=reader_of, organisation=organisation, role=Membership.Role.RESEARCHER
    )
    watchers = {}
    for name, person in (
        ("manager", world.managers[HARBOUR].person),
        ("participant", world.people[HARBOUR][2].person),
        ("sponsor", seat_person(world.alliance, sponsor, "Sponsor", Role.SPONSOR).person),
        ("facilitator", world.facilitator.person),
        ("researcher", reader_of.pk),
        ("host", make_person("Host", host=True).pk),
    ):
        watchers[name] = Client()
        watchers[name].force_login(get_user_model().objects.get(pk=person))
    watchers["link holder"] = Client()
    watchers["link holder"].cookies["browser"] = voice.begin(
        link, browser="", rng=world.rng, now=NOON
    )
    alliance, of, about = [world.alliance], [key], [asked.pk]
    shared = (
        reverse("alliance:home", args=alliance),
        reverse("evaluation:show", args=of),
        reverse("evaluation:log", args=of),
        reverse("alliance:journal", args=alliance),
    )
    pages = (
        reverse("alliance:index"),
        *(reverse(f"alliance:{room}", args=alliance) for room in ("people", "rounds")),
        *(reverse(f"evaluation:{page}", args=of) for page in ("propose", "verify", "bundle")),
        *(reverse("evaluation:receipt", args=[key, index]) for index in (1, 2, 3)),
        reverse("evaluation:index", args=alliance),
        reverse("evaluation:new", args=alliance),
        *(reverse(f"reflection:{page}", args=of) for page in ("show", "seal", "sealed")),
        f"{reverse('reflection:show', args=of)}?party={world.parties[MILL]}",
        *(reverse(f"reflection:{page}", args=[key, "EV2"]) for page in ("topic", "history")),
        reverse("joint:show", args=of),
        reverse("joint:history", args=[key, "topic", "EV1"]),
        reverse("commitment:index", args=alliance),
        reverse("round:show", args=about),
        *(reverse(f"mirror:{page}", args=about) for page in ("show", "csv", "json", "comments")),
        reverse("change:show", args=about),
        reverse("research:releases", args=[organisation.pk]),
        reverse("host:show"),
        reverse("host:quality"),
        reverse("research:quality", args=[organisation.pk]),
        reverse("account:card"),
        *(reverse(f"answer:{page}", args=[link]) for page in ("show", "mirror", "evaluation")),
    )
    return Apart(world, key, link, watchers, shared, pages)


# What Mill may do, and how it may do otherwise what it does.


def answers_of(apart: Apart, chance: Random, people, *, until) -> None:
    """Let people of Mill answer, in this order; some change their mind or take it back."""
    (asked,) = Round.objects.filter(evaluation=apart.key)
    items = reader.load("evaluation").items
    links = links_of(asked.pk, apart.world.parties[MILL])
    for place in people:
        when = NOON + chance.random() * (until - NOON)
        browser = voice.begin(links[place], browser="", rng=chance, now=when)
        sent = f"{place:032x}"
        said = [4, *(chance.choice((0, 255, 1, 2, 3)) for _ in items[1:])]
        said = [min(one, 3) if one != 255 else one for one in said]
        text = letters_of(chance, 400) if chance.random() < 0.5 else ""
        (heard,) = voice.speak(
            [Utterance(links[place], browser, sent, tuple(said), comment=text)], now=when
        )
        assert heard == Heard(again=False), heard
        if chance.random() < 0.1:
            voice.withdraw(links[place], browser=browser, submission=sent, now=until)


def letters_of(chance: Random, most: int, least: int = 0) -> str:
    """Return some words, from very few to very many."""
    length = chance.choice((least, least + 1, 7, most // 2, most - 1, most))
    return "".join(chance.choices(string.ascii_letters + "é€<'& ", k=length)).strip() or (
        "x" * least
    )


def edit(apart: Apart, chance: Random, *, whole: bool, now) -> None:
    """Do one thing that a party does to its reflection; `whole` leaves every topic finished."""
    topic = chance.choice(TOPICS)
    if chance.random() < 0.6:
        written(apart, chance, topic, whole=whole, now=now)
    else:
        dissented(apart, chance, topic, now=now)


def written(apart: Apart, chance: Random, topic: str, *, whole: bool, now) -> None:
    said = {"sentence": letters_of(chance, MOST, 1), "sure": chance.choice(("high", "low"))}
    if topic in TOPICS[:6]:
        said |= {
            "change": chance.choice(("not", "little", "lot", "cannot judge")),
            "effect": chance.choice(("helps", "hurts")),
        }
    else:
        said |= {
            "rating": chance.choice((1, 4, 7, 255)),
            "direction": chance.choice(("worse", "better")),
        }
    if not whole:
        for name in chance.sample(sorted(said), chance.randint(0, len(said))):
            said[name] = 0 if name == "rating" else ""
    kept = Conclusion.objects.filter(reflection__evaluation=apart.key, topic=topic)
    mine = kept.filter(reflection__party=apart.world.parties[MILL]).first()
    words = words_on(topic, **{**said, "version": mine.version if mine else 0})
    reflection.write_conclusion(apart.world.managers[MILL], apart.key, topic, words=words, now=now)


def dissented(apart: Apart, chance: Random, topic: str, *, now) -> None:
    who, key = chance.choice(apart.world.people[MILL]), apart.key
    held = Dissent.objects.filter(reflection__evaluation=key).order_by("?").first()
    try:
        match chance.choice(("hold", "join", "reword", "let go")) if held else "hold":
            case "hold":
                text, shares = letters_of(chance, 500, 1), chance.random() < 0.5
                reflection.hold_dissent(who, key, topic, text=text, shares=shares, now=now)
            case "join":
                reflection.join_dissent(who, key, held.pk, shares=chance.random() < 0.5, now=now)
            case "reword":
                text = letters_of(chance, 500, 1)
                reflection.reword_dissent(who, key, held.pk, text=text, now=now)
            case _:
                reflection.let_go_dissent(who, key, held.pk, now=now)
    except Refused:
        pass  # five stand there already, or it is somebody else's


def edits(apart: Apart, chance: Random | None, *, whole: bool, since, until) -> None:
    """Let Mill write one to four things between two moments; nothing without a chance."""
    for _ in range(chance.randint(1, 4) if chance else 0):
        edit(apart, chance, whole=whole, now=since + chance.random() * (until - since))


def live(apart: Apart, stage: str, chance: Random | None) -> None:
    """Let Mill do what it does in a stage: as in the base without a chance, else otherwise."""
    world, key, until = apart.world, apart.key, LOOKED.get(stage, SEALING + timedelta(days=1))
    mill, salts = world.managers[MILL], Random(5 if chance is None else chance.random())
    between = {"since": SEALING, "until": SEALED_AT}
    match stage:
        case "answering":
            people = chance.sample(range(9), chance.randint(1, 9)) if chance else ()
            answers_of(apart, chance or Random(1), people, until=until)
        case "counted":
            people = chance.sample(range(9), chance.randint(6, 9)) if chance else range(9)
            answers_of(apart, chance or Random(1), people, until=LATER - timedelta(hours=1))
            world.rng.seed(3)
            let_answers_end(world, key)
        case "writing":
            edits(apart, chance, whole=False, since=SEALING, until=until)
        case "written":
            edits(apart, chance, whole=False, **between)
        case "sealed":
            edits(apart, chance, whole=True, **between)
            seal_reflection(mill, key, now=SEALED_AT, rng=salts)
        case "taken back":
            edits(apart, chance, whole=True, **between)
            seal_reflection(mill, key, now=SEALED_AT, rng=salts)
            take_back_seal(mill, key, now=SEALED_AT + timedelta(hours=1))
            edits(apart, chance, whole=False, since=SEALED_AT + timedelta(hours=1), until=until)
        case _:
            edits(apart, chance, whole=False, since=SEALING, until=NOON + 2 * WEEK)
    last = NOON + 2 * WEEK + timedelta(minutes=1)
    if stage == "expired":
        for days in (0, 7, 38):
            fall_due(last + timedelta(days=days))
    fall_due(until)


def fall_due(now) -> None:
    """Let everything fall due but what empties the disk, which no transaction lets happen."""
    waiting = Due.objects.filter(kind__in=("tidy", "forget"), done_at=None)
    waiting.update(done_at=now)
    due.tick(now=now, rng=Random(1))


def between_stages(apart: Apart, stage: str) -> None:
    """Let Mill do for good what comes before a stage."""
    world = apart.world
    if stage == "writing":
        answers_of(apart, Random(1), range(9), until=LATER - timedelta(hours=1))
        world.rng.seed(3)
        let_answers_end(world, apart.key)
    if stage == "written":
        reflect(world, apart.key, MILL)


# What the others can get of it.


class Derived:
    """What hangs on what Mill has said, and may: commitments, fingerprints, signatures, words."""

    def __init__(self, key: int):
        """Look up what there is of it now."""
        self.lengths: list[tuple[int, ...]] = []
        self._plain: dict[str, str] = {}
        for row in SealEntry.objects.filter(evaluation=key).order_by("index"):
            body = json.loads(row.body)
            parts = [row.hash, row.signature, *body.get("commitments", ())]
            parts += [body[name] for name in ("root", "release", "hash") if name in body]
            if row.receipt:
                parts.append(row.receipt.strip())
                card = seal.receipt_card(row, {}, language="en")
                parts.append(card.digest)
                for language in ("en", "nl"):
                    words = words_of(card.digest, language)
                    for shown in (" ".join(words), " · ".join(words), _listed(words)):
                        self._plain[shown] = f"<six words of {row.index}>"
            self._note(f"entry {row.index}", parts)
        for one in Release.objects.filter(round__evaluation=key):
            self._note(f"release {one.round_id}", [one.digest])

    def _note(self, name: str, parts: list[str]) -> None:
        self.lengths.append(tuple(map(len, parts)))
        for place, part in enumerate(parts):
            self._plain[part] = f"<{name}, {place}>"
            self._plain[in_fours(part)] = f"<{name}, {place}>"

    def without(self, text: str) -> str:
        """Return a text with a name in the place of each of these, and of nothing else."""
        for part in sorted(self._plain, key=len, reverse=True):
            text = text.replace(part, self._plain[part])
        return text


def _listed(words) -> str:
    """Return six words as a receipt on a page lists them."""
    return "".join(f"<li>{word}</li>" for word in words)


def bundle_without(body: str, party: int, derived: Derived) -> str:
    """Return a bundle without its signature, and without what commits to Mill's figures."""
    held = json.loads(body)
    derived.lengths.append((len(body), len(held["signature"])))
    parts = [held["signature"]]
    for one in held["bundle"]["releases"]:
        parts += [each["leaf"] for each in one["parties"] if each["party"] == str(party)]
    for place, part in enumerate(parts):
        body = body.replace(part, f"<of the bundle, {place}>")
    return derived.without(body)


def got(apart: Apart, sample) -> dict[tuple, tuple]:
    """Return what these watchers get at these addresses in these languages."""
    derived, seen = Derived(apart.key), {}
    mill = apart.world.parties[MILL]
    with transaction.atomic(), everything_kept() as logged:
        own_view(apart)
        for name, language, url in sample:
            client = apart.watchers[name]
            client.cookies["language"] = language
            if client.session.get("_auth_user_id"):
                Person.objects.filter(pk=client.session["_auth_user_id"]).update(language=language)
            response = client.get(url)
            body = MARK.sub(b"", response.content).decode()
            told = bundle_without if '"signature":' in body[-200:] else None
            body = told(body, mill, derived) if told else derived.without(body)
            head = dict(response.items())
            assert int(head.pop("Content-Length", len(response.content))) == len(response.content)
            head.pop("Expires", None)
            seen[name, language, url] = (response.status_code, tuple(head.items()), body)
        lines = [line_of(one) for one in logged]
        transaction.set_rollback(True)
    return seen | {("the host", "", "log"): tuple(lines), ("", "", "lengths"): derived.lengths}


def own_view(apart: Apart) -> None:
    """Let somebody of Harbour hold another view, where it can: a key would tell of Mill's."""
    who = apart.world.people[HARBOUR][3]
    with suppress(Refused):
        reflection.hold_dissent(who, apart.key, "EV2", text="Not at all.", now=SEALING)


def line_of(record) -> str:
    """Return a line of the log without its moment and how long it took."""
    facts = {k: v for k, v in logs.facts_of(record).items() if k not in ("ms", "duration")}
    return f"{record.levelname} {logs.event_of(record)} {facts}"


def mailed(derived: Derived) -> list[tuple]:
    """Return the letters that went to anybody but Mill's people."""
    return sorted(
        (one.to[0], derived.without(one.subject), derived.without(one.body))
        for one in mail.outbox
        if "mill" not in one.to[0]
    )


def lived(apart: Apart, at: dict, stage: str, chance: Random | None, sample) -> dict:
    """Let a stage happen, look, and let it not have happened; return all that was got."""
    with undone(apart):
        mail.outbox.clear()
        with everything_kept() as logged, TestCase.captureOnCommitCallbacks(execute=True):
            live(apart, stage, chance)
        at["now"] = LOOKED.get(stage, SEALING + timedelta(days=1))
        letters = {("", "", "letters"): mailed(Derived(apart.key))}
        # While people answer, a reminder to who has not is a line of its own for each.
        lines = {("the host", "", "acts"): [line_of(one) for one in logged]}
        seen = got(apart, sample) | letters | lines
        at["now"] = NOON
    return seen


FEW_PAGES = {"researcher": ("/research/", "/alliances/"), "host": ("/host/", "/alliances/")}
"""What those who have no seat are asked about; the matrix tells that there is nothing else."""


def is_for(apart: Apart, name: str, page: str) -> bool:
    if page.startswith(f"/r/{apart.link}/") or name == "link holder":
        return name == "link holder" and page.startswith(f"/r/{apart.link}/")
    return page.startswith(FEW_PAGES.get(name, "/"))


def samples(apart: Apart, stage: str, size: int, turn: int = 0) -> list[tuple[str, str, str]]:
    """Return where to look: what is read most by who is nearest, and a turn of everything else."""
    near = [("manager", "en", page) for page in apart.shared]
    near.append(("participant", "en", reverse("reflection:topic", args=[apart.key, "EV2"])))
    everything = [
        (name, language, page)
        for page in (*apart.shared, *apart.pages)
        for name in apart.watchers
        for language in ("en", "nl")
        if is_for(apart, name, page)
    ]
    rest = [one for one in everything if one not in near]
    Random(4).shuffle(rest)
    begin = (STAGES.index(stage) + turn * len(STAGES)) * size % len(rest)
    return [*near, *(rest + rest)[begin : begin + size]]


def traces(apart: Apart, at: dict, stage: str, seeds, size: int, turn: int = 0) -> list:
    """Return where anybody could have told a change of Mill's from none."""
    sample = samples(apart, stage, size, turn)
    base, found = lived(apart, at, stage, None, sample), []
    for seed in seeds:
        other = lived(apart, at, stage, Random(seed), sample)
        found += [
            (stage, seed, where, *parted(base[where], other[where]))
            for where in base
            if base[where] != other[where]
        ]
    return found


def parted(one: object, other: object) -> tuple[str, str]:
    """Return the two texts from where they part, to be read by who mends it."""
    one, other = str(one), str(other)
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return one[max(0, place - 80) : place + 80], other[max(0, place - 80) : place + 80]


def unrevealed(at: dict, changes: int, size: int, turns: int) -> list:
    apart, found = make_apart(), []
    for stage in STAGES:
        between_stages(apart, stage)
        for turn in range(turns):
            gc.collect()  # pages leave many circles behind
            seeds = [f"{stage} {turn} {number}" for number in range(changes)]
            found += traces(apart, at, stage, seeds, size, turn)
    return found


def test_whatever_a_party_does_unrevealed_changes_nothing_that_others_get(at):
    """Forty changes of Mill's; `pytest tests/test_noninterference.py -m soak -k unrevealed`: 504.

    Ratings, sentences of 1 to 1,000 letters, half finished or finished, other views held, joined,
    shared, reworded and let go, people's answers and remarks, who answers and in which order, and
    each of these at another moment.
    """
    assert unrevealed(at, changes=5, size=8, turns=1) == []


@pytest.mark.soak  # 504 changes take minutes
def test_whatever_a_party_does_unrevealed_changes_nothing_that_others_get_at_length(at):
    assert unrevealed(at, changes=9, size=12, turns=7) == []


# That it would have been noticed: leaks as they are written by who means well.


def party_told(patch, told):
    """Let the card that every party gets of Mill tell something more."""
    real = course._party_card

    def card(seat, row, party, *rest):
        mill = Conclusion.objects.filter(reflection__evaluation=row, reflection__party=party)
        return replace(real(seat, row, party, *rest), **told(row, mill))

    patch.setattr(course, "_party_card", card)


def how_many_are_finished(patch):
    party_told(patch, lambda _row, mill: {"size": str(mill.exclude(sentence="").count())})


def how_long_it_is(patch):
    party_told(patch, lambda _row, mill: {"size": str(sum(len(one.sentence) for one in mill))})


def when_it_was_last_changed(patch):
    def told(row, _mill):
        last = ConclusionVersion.objects.filter(reflection__evaluation=row).order_by("at").last()
        return {"size": f"{last.at:%H:%M}" if last else ""}

    party_told(patch, told)


def who_was_busy_last(patch):
    real = course._parties_of

    def ordered(row, reflections):
        last = ConclusionVersion.objects.filter(reflection__evaluation=row).order_by("at").last()
        first = last.reflection.party_id if last else 0
        return sorted(real(row, reflections), key=lambda one: one.pk != first)

    patch.setattr(course, "_parties_of", ordered)


def a_word_in_a_subject(patch):
    real = letter.receipt_letter

    def told(**keys):
        last = ConclusionVersion.objects.order_by("at").last()
        made = real(**keys)
        return replace(made, subject=f"{made.subject}: {last.content['sentence'][:20]}")

    patch.setattr(letter, "receipt_letter", told)


def a_line_in_the_journal(patch):
    real = reflection._fit

    def fitted(topic, words):
        evaluation_here = reflection.Evaluation.objects.get()
        host_seat = reflection.SeatRow.objects.filter(party__organisation__name=MILL).first()
        seat = reach.seat_from(host_seat)
        told = {"evaluation": evaluation_here.title, "party": MILL}
        record(seat, "reflection.seal", now=NOON, words=told)
        return real(topic, words)

    patch.setattr(reflection, "_fit", fitted)


def how_many_views_there_are(patch):
    def counted(*_):
        return 1 + (Dissent.objects.order_by("pk").values_list("pk", flat=True).last() or 0)

    patch.setattr(reflection, "_key_of_view", counted)


PLANTED = {
    how_many_are_finished: "writing",
    how_long_it_is: "writing",
    who_was_busy_last: "writing",
    a_line_in_the_journal: "writing",
    how_many_views_there_are: "written",
    when_it_was_last_changed: "sealed",
    a_word_in_a_subject: "sealed",
}


def test_this_would_notice_each_leak_that_is_written_by_who_means_well(at):
    apart, unnoticed = make_apart(), []
    for stage in ("writing", "written", "sealed"):
        between_stages(apart, stage)
        seeds = [f"planted {number}" for number in range(3)]
        for plant, when in PLANTED.items():
            with pytest.MonkeyPatch.context() as patch:
                plant(patch)
                if when == stage and not traces(apart, at, stage, seeds, 0):
                    unnoticed.append(plant.__name__)
        assert traces(apart, at, stage, seeds, 0) == []
    assert unnoticed == []
    seen = lived(apart, at, "sealed", None, samples(apart, "sealed", 0))
    log = seen["manager", "en", apart.shared[2]]
    assert log[0] == 200
    assert "<six words of" in log[2], "what may hang on it is there"
    assert {seen[one][0] for one in samples(apart, "sealed", 0)} == {200}
    assert len(seen["", "", "letters"]) == 1
