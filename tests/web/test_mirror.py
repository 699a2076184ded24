"""The mirror's page, its files, signed answers, and comments that somebody reads first."""

import csv
import io
import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    answer_all,
    close,
    links_of,
    make_alliance,
    open_round,
    seat_person,
    speak,
)
from understream.access.seat import Role
from understream.domain.mirror import HEADER, mirror_before, release_rows
from understream.domain.release import comments_to_moderate
from understream.records.organisation import Organisation
from understream.records.release import CommentRelease, Release
from understream.records.round import Round
from understream.records.seat import SeatRow
from understream.web import clock

pytestmark = pytest.mark.django_db
SIX = (5, 4, 6, 3, 255, 7)
LOW = (2, 2, 2, 2, 2, 2)
TEXTS = ("More time together", "Who <decides>?", "Tell us earlier")


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def page_of(seat, key, name="show") -> str:
    answer = client_of(seat).get(reverse(f"mirror:{name}", args=[key]))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def closed(world, answers, texts=(), **keys):
    key = open_round(world, **keys)
    for name, (said, people) in answers.items():
        for place, link in enumerate(links_of(key, world.parties[name])[:people]):
            words = {"comment": texts[place]} if place < len(texts) and name == "Harbour" else {}
            speak(world, link, said, **words)
    close(world, key)
    return key


# ------------------------------------------------------------------ the page


def test_both_managers_read_the_same_figures_and_only_their_own_comments():
    world = make_alliance(people=(12, 9))
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 9)}, TEXTS)

    harbour = page_of(world.managers["Harbour"], key)
    mill = page_of(world.managers["Mill"], key, "show")

    for page in (harbour, mill):
        assert "see this differently" in page
        assert Release.objects.get().digest[:16] in page
        assert "12 people" in page
        assert "5-9 people" in page
    assert "Who &lt;decides&gt;?" in harbour
    assert "<decides>" not in harbour
    assert not any(text.split()[0] in mill for text in ("More time together", "Tell us earlier"))


def test_a_withheld_party_is_the_same_bytes_whether_nobody_or_four_answered():
    world = make_alliance(people=(10, 6))
    pages = []
    for answered in (0, 1, 4):
        key = closed(world, {"Harbour": (SIX, 10), "Mill": (LOW, answered)})
        page = page_of(world.managers["Harbour"], key).replace(f"/rounds/{key}/", "/rounds/")
        # The links to what was asked before are others each time.
        page = re.sub(
            r'\s*(<nav class="small" aria-label="What changed">.*?</nav>)?\s*\n', "\n", page
        )
        pages.append(re.sub(r'(nonce=|value=|Token": )"[^"]+"', "", page))

    assert pages[0].count("not shown") >= 6
    assert "Not shown, to protect people." in pages[0]
    assert pages[0] == pages[1] == pages[2]


def test_a_party_of_one_voice_is_told_as_such():
    world = make_alliance(people=(8, 3))
    key = closed(world, {"Harbour": (SIX, 8)})

    assert "speaks with one voice" in page_of(world.managers["Harbour"], key)


def test_what_a_change_does_stands_right_below_its_topic():
    world = make_alliance(people=(10, 5))
    said = [2, 1] * 6 + [5] * 10
    key = closed(world, {"Harbour": (said, 10), "Mill": (said, 5)}, instrument="evaluation")

    page = page_of(world.managers["Harbour"], key)

    titles = re.findall(r'<h2 id="facet-[\d-]+">(.*?)</h2>', page)
    assert titles == [
        "Own goals and strategy",
        "Environment",
        "Goals and processes",
        "Behaviour and values",
    ]
    topic = page[page.index("Our goals<small>") : page.index("Fit with our alliance strategy")]
    first, second = topic.split('<div class="topic follows">')
    assert "<small>How much have our own goals for this alliance changed?</small>" in first
    assert "a little: 80 % or more" in first
    assert "What does the change in our goals do to this alliance?" in second
    assert "helps: 80 % or more" in second
    # Once beside its picture, twice in the table.
    assert page.count("What does the change in our goals do to this alliance?") == 3
    for topic in ("Room at home", "Energy"):
        assert topic in page


def test_an_imported_round_says_who_has_seen_the_answers():
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})
    Round.objects.update(imported=True)

    assert "Whoever imported it has seen the answers." in page_of(world.managers["Harbour"], key)


def test_a_participant_reads_the_mirror_and_is_offered_no_files():
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})

    page = page_of(world.people["Harbour"][1], key)

    assert reverse("mirror:csv", args=[key]) not in page
    assert reverse("mirror:csv", args=[key]) in page_of(world.managers["Harbour"], key)


@pytest.mark.parametrize("name", ["show", "statements", "comments", "csv", "json"])
@pytest.mark.parametrize("who", ["stranger", "facilitator of none", "nobody"])
def test_who_has_no_business_here_finds_nothing(name, who):
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})
    other = make_alliance("Quay", "Barge")
    client = {
        "stranger": lambda: client_of(other.managers["Quay"]),
        "facilitator of none": lambda: client_of(world.facilitator),
        "nobody": Client,
    }[who]()

    answer = client.get(reverse(f"mirror:{name}", args=[key]))

    assert answer.status_code == (302 if who == "nobody" else 404)


@pytest.mark.parametrize("name", ["show", "csv", "json", "comments"])
def test_before_the_close_there_is_nothing_to_read(name):
    world = make_alliance(people=8)
    key = open_round(world, moderator=world.facilitator.key)
    seat = world.facilitator if name == "comments" else world.managers["Harbour"]

    assert client_of(seat).get(reverse(f"mirror:{name}", args=[key])).status_code == 404


@pytest.mark.parametrize("instrument", ["pulse", "trust"])
def test_the_page_asks_the_same_questions_of_the_database_for_two_and_four_parties(instrument):
    asked = []
    for names in (("A1", "A2"), ("B1", "B2", "B3", "B4")):
        world = make_alliance(*names, people=5, seed=len(names))
        key = open_round(world, instrument=instrument)
        if instrument == "pulse":
            answer_all(world, key, {name: [SIX] * 5 for name in names})
        close(world, key)
        client = client_of(world.managers[names[0]])
        address = reverse("mirror:show", args=[key])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(len(queries))

    assert asked[0] == asked[1] <= 12


# ------------------------------------------------------------------ files


def test_the_csv_file_is_what_the_page_shows_of_the_own_party():
    world = make_alliance(people=(12, 9))
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 9)})

    answer = client_of(world.managers["Harbour"]).get(reverse("mirror:csv", args=[key]))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="release-{key}.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [tuple(row) for row in rows] == list(
        release_rows(world.managers["Harbour"], key, now=clock.now())
    )
    assert tuple(rows[0]) == HEADER
    assert {row[2] for row in rows[1:]} == {"Harbour"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_name_becomes_a_formula_in_a_file(sign):
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})
    Organisation.objects.filter(name="Harbour").update(name=f"{sign}1+1")

    answer = client_of(world.managers["Harbour"]).get(reverse("mirror:csv", args=[key]))

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert {row[2] for row in rows[1:]} == {f"'{sign}1+1"}


def test_the_json_file_holds_the_own_part_of_the_release():
    world = make_alliance(people=(12, 9))
    key = closed(world, {"Harbour": (SIX, 12), "Mill": (LOW, 9)})

    answer = client_of(world.managers["Mill"]).get(reverse("mirror:json", args=[key]))

    told = json.loads(answer.content)
    kept = Release.objects.get()
    assert answer["Content-Disposition"] == f'attachment; filename="release-{key}.json"'
    assert (told["release"], told["parties"]) == (kept.digest, [kept.content["parties"][1]])


# ------------------------------------------------------------------ signed answers


def test_managers_read_what_their_own_people_signed():
    world = make_alliance(people=5)
    key = closed(world, {"Harbour": (SIX, 5), "Mill": (LOW, 5)}, ["<b>bold</b>"], mode="named")

    page = page_of(world.managers["Harbour"], key, "statements")

    assert [f"Harbour {number}" in page for number in range(1, 5)] == [True] * 4
    assert "Mill 1" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_signed_answers_ask_the_same_questions_of_the_database_for_five_and_nine():
    asked = []
    for people in (5, 9):
        world = make_alliance(f"A{people}", f"B{people}", people=people, seed=people)
        key = open_round(world, mode="named")
        answer_all(world, key, {f"A{people}": [SIX] * people})
        close(world, key)
        client = client_of(world.managers[f"A{people}"])
        address = reverse("mirror:statements", args=[key])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(len(queries))

    assert asked[0] == asked[1] <= 14


# ------------------------------------------------------------------ comments read first


@pytest.fixture
def moderated():
    """Return a world and a closed round in which three comments of the Harbour wait."""
    world = make_alliance(people=(8, 8))
    key = closed(
        world, {"Harbour": (SIX, 8), "Mill": (LOW, 8)}, TEXTS, moderator=world.facilitator.key
    )
    (harbour, _mill) = comments_to_moderate(world.facilitator, key)
    return world, key, {one.text: one.key for one in harbour.comments}


def opened_comments() -> int:
    """Return of how many parties comments can be read."""
    return sum(bool(one.content["comments"]) for one in CommentRelease.objects.all())


def moderate(world, key, typed):
    address = reverse("mirror:comments", args=[key])
    return client_of(world.facilitator).post(address, {"party": world.parties["Harbour"], **typed})


def test_the_facilitator_reads_first_and_opens_to_the_party(moderated):
    world, key, keys = moderated
    before = page_of(world.facilitator, key, "comments")

    answer = moderate(world, key, {f"words-{keys[TEXTS[0]]}": "More time, some say"})

    assert "Who &lt;decides&gt;?" in before
    assert (answer.status_code, answer.url) == (302, reverse("mirror:comments", args=[key]))
    page = page_of(world.managers["Harbour"], key)
    assert "More time, some say" in page
    assert "More time together" not in page
    assert "Open to this party." in page_of(world.facilitator, key, "comments")
    assert "facilitator’s words" in page


def test_holding_back_too_many_is_refused_and_keeps_what_was_typed(moderated):
    world, key, keys = moderated

    answer = moderate(
        world, key, {f"hold-{keys[TEXTS[0]]}": "1", f"words-{keys[TEXTS[1]]}": "My own words"}
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Fewer than three comments would remain" in page
    assert "My own words" in page
    assert page.count(" checked") == 1
    assert opened_comments() == 0


def test_comments_open_once(moderated):
    world, key, _keys = moderated
    moderate(world, key, {})

    again = moderate(world, key, {})

    assert again.status_code == 409
    assert opened_comments() == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"party": "0"},
        {"party": ""},
        {"party": "9" * 30},
        {"party": "x"},
        {"words-x": "a", "hold-": "1", "words-99999999999999999999": "b", "party": "-1"},
    ],
)
def test_what_is_no_form_opens_nothing(moderated, typed):
    world, key, _keys = moderated

    assert moderate(world, key, typed).status_code == 404
    assert opened_comments() == 0


def test_a_facilitator_who_was_not_named_for_it_finds_nothing(moderated):
    world, key, _keys = moderated
    other = seat_person(world.alliance, None, "Other", Role.FACILITATOR)
    address = reverse("mirror:comments", args=[key])

    assert client_of(other).get(address).status_code == 404
    assert client_of(other).post(address, {"party": "1"}).status_code == 404


def test_nobody_reads_a_mirror_after_the_seat_has_ended():
    world = make_alliance(people=8)
    key = closed(world, {"Harbour": (SIX, 8)})
    seat = world.people["Harbour"][1]
    client = client_of(seat)
    assert client.get(reverse("mirror:show", args=[key])).status_code == 200

    SeatRow.objects.filter(pk=seat.key).update(left_at=clock.now())

    assert client.get(reverse("mirror:show", args=[key])).status_code == 404


def test_the_page_shows_every_figure_of_the_card_and_no_finer_one():
    world = make_alliance(people=(6, 6))
    key = closed(world, {"Harbour": ((7, 6, 6, 5, 5, 4), 6), "Mill": (LOW, 6)})
    seat = world.managers["Harbour"]

    page = page_of(seat, key)

    card = mirror_before(seat, key, language="en")
    shown = {
        one.text
        for section in card.sections
        for facet in section.facets
        for item in facet.items
        for one in item.figures
    }
    assert all(text in page for text in shown)
