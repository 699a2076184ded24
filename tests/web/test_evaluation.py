"""An evaluation in the browser: agreed on, begun, followed by stage, moved, called off, proved."""

import re
from dataclasses import fields
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from tests.factories import (
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    decide,
    let_answers_end,
    make_alliance,
    pass_gate,
    prepare_evaluation,
    reflect,
    seal_evaluation,
    terms_of,
)
from understream.domain import evaluation as evaluations
from understream.domain import letter, reveal, seal
from understream.domain.cycle import cycle_of
from understream.measurement.bundle import read_bundle
from understream.measurement.receipt import read_receipts
from understream.web import clock
from understream.web.evaluation.agreement import AGREED

pytestmark = pytest.mark.django_db
DEADLINE = NOON + 2 * WEEK


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """Return what sets the clock of the pages; it stands at noon."""

    def set_to(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(NOON)
    return set_to


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def page_of(seat, name, *keys, status=200) -> str:
    answer = client_of(seat).get(reverse(f"evaluation:{name}", args=keys))
    assert answer.status_code == status
    return answer.content.decode()


def send(seat, name, *keys, **data):
    return client_of(seat).post(reverse(f"evaluation:{name}", args=keys), data)


def to(name, *keys) -> str:
    return reverse(f"evaluation:{name}", args=keys)


TERMS = {
    "title": "Autumn evaluation",
    "scope": "The evening lane",
    "depth": "deep",
    "scans": ["trust"],
    "answer_until": "2026-11-10T17:00",
    "seal_until": "2026-11-20T17:00",
    "k": "5",
    "shares_figures": "no",
    "facilitator": "0",
    "if_never": "talk",
    "extra_days": "7",
}


def test_an_evaluation_is_prepared_changed_accepted_by_all_and_begun():
    world = make_alliance()
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    for seat in (harbour, world.people["Mill"][1]):
        assert "the last seal opens" in page_of(seat, "index", world.alliance).lower()
    assert to("new", world.alliance) in page_of(harbour, "index", world.alliance)
    assert to("new", world.alliance) not in page_of(
        world.people["Mill"][1], "index", world.alliance
    )

    proposed = page_of(harbour, "new", world.alliance)
    assert 'value="Evaluation, November 2026"' in proposed
    assert 'value="2026-11-16T17:00"' in proposed  # two weeks on, five o'clock there
    early = send(harbour, "new", world.alliance, **{**TERMS, "seal_until": "2026-11-09T17:00"})
    assert early.status_code == 400
    assert "Sealing comes after answering" in early.content.decode()
    assert "The evening lane" in early.content.decode()
    answer = send(harbour, "new", world.alliance, **{**TERMS, "extra_days": ""})
    again = client_of(mill).get(to("new", world.alliance))
    assert again.url == to("index", world.alliance)
    assert send(mill, "new", world.alliance, **TERMS).status_code == 409
    (line,) = evaluations.evaluations_of(harbour)
    assert answer.url == to("show", line.key)
    card = evaluations.evaluation_before(mill, line.key, now=NOON)
    assert (card.depth, card.scans, card.shares_figures, card.if_never) == (
        "deep", ("trust",), False, "talk",
    )  # fmt: skip
    assert card.answer_until.isoformat() == "2026-11-10T16:00:00+00:00"

    agreement = page_of(mill, "accept", line.key)
    assert agreement.index('id="terms"') < agreement.index('name="mode"')
    assert "The evening lane" in agreement
    assert "Figures stay with their own party." in agreement
    read = card_as_read(agreement)
    yes = {
        "version": 1,
        "read": read,
        "mode": "confidential",
        "seats": [one.key for one in world.people["Mill"]],
        "yes": "on",
    }
    unread = send(mill, "accept", line.key, **{**yes, "yes": ""})
    assert unread.status_code == 400
    assert "Read the agreement above, then tick this." in unread.content.decode()

    changed = send(harbour, "change", line.key, **{**TERMS, "seal_until": "2026-11-25T17:00"})
    assert changed.url == to("show", line.key)
    newer = send(mill, "accept", line.key, **yes).content.decode()
    assert "The agreement was changed meanwhile." in newer
    assert newer.count(">changed</span>") == 1
    assert 'name="version" value="2"' in newer

    for name, manager in world.managers.items():
        seats = [one.key for one in world.people[name]]
        done = send(manager, "accept", line.key, **{**yes, "version": 2, "seats": seats})
        assert done.url == to("show", line.key)
    assert to("open", line.key) in page_of(world.facilitator, "show", line.key)
    assert to("open", line.key) not in page_of(world.people["Mill"][1], "show", line.key)
    assert send(world.facilitator, "open", line.key).url == to("show", line.key)
    begun = page_of(mill, "show", line.key)
    assert "People answer alone" in begun
    assert client_of(mill).get(to("accept", line.key)).url == to("show", line.key)
    assert send(harbour, "change", line.key, **TERMS).status_code == 409


def card_as_read(page: str) -> str:
    """Return the agreement as the page sends it back."""
    return unescape(re.search(r'name="read" value="([^"]*)"', page)[1])


def test_terms_that_do_not_fit_or_are_older_say_what_to_do_and_keep_what_was_written():
    world = make_alliance()
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    empty = dict.fromkeys(TERMS, "")
    odd = {**dict.fromkeys(TERMS, "9" * 200), "extra_days": "", "if_never": "extend once"}
    for given in (empty, odd):
        refused = send(harbour, "new", world.alliance, **given)
        faults = unescape(refused.content.decode())
        assert refused.status_code == 400
        assert "Give the evaluation a title of at most 120 characters." in faults
        assert "Choose one of the depths shown." in faults
        assert "Give a day and a time, for example" in faults
        assert not re.search("field is required|valid choice|Ensure this value", faults)
    assert "Choose 1 to 60 days." in faults

    key = prepare_evaluation(world)
    assert 'name="version" value="1"' in page_of(mill, "change", key)
    terms = {**TERMS, "seal_until": "2026-11-25T17:00", "version": 1, "extra_days": ""}
    assert send(harbour, "change", key, **terms).status_code == 302
    late = send(mill, "change", key, **{**terms, "scope": "All lanes", "k": "6"})
    assert late.status_code == 409
    told = late.content.decode()
    assert "now in: What it covers and Smallest group that is shown." in told
    assert "All lanes" in told
    assert 'name="version" value="2"' in told
    assert evaluations.evaluation_before(mill, key, now=NOON).scope == "The evening lane"
    knowingly = send(mill, "change", key, **{**terms, "scope": "All lanes", "version": 2})
    assert knowingly.url == to("show", key)
    assert evaluations.evaluation_before(mill, key, now=NOON).scope == "All lanes"


def test_what_is_not_begun_is_called_off_after_a_question():
    world = make_alliance(people=2)
    key = prepare_evaluation(world)
    manager = world.managers["Mill"]

    assert to("call_off", key) in page_of(manager, "show", key)
    assert "Call “Autumn evaluation” off?" in page_of(manager, "call_off", key)
    assert send(manager, "call_off", key).url == to("show", key)

    assert "This evaluation was called off" in page_of(manager, "show", key)
    page_of(manager, "call_off", key, status=404)


def test_each_stage_says_what_waits_and_for_whom(at):
    world = make_alliance(people=(6, 3))
    harbour, mill = world.managers["Harbour"], world.managers["Mill"]
    person, facilitator = world.people["Harbour"][1], world.facilitator
    key = begin_evaluation(world)

    assert "Meet, and write your reflection together" in page_of(mill, "show", key)
    assert "People answer alone" in page_of(harbour, "show", key)
    let_answers_end(world, key)
    at(SEALING)
    writing = page_of(harbour, "show", key)
    assert "Your people have answered: conclude together" in writing
    assert "16 topics are still to be concluded." in writing
    assert reverse("reflection:show", args=[key]) in page_of(person, "show", key)
    assert reverse("reflection:show", args=[key]) not in page_of(facilitator, "show", key)
    assert "still to be concluded" not in page_of(person, "show", key)
    reflect(world, key, "Harbour")
    assert reverse("reflection:seal", args=[key]) in page_of(harbour, "show", key)

    reveal.seal_reflection(harbour, key, now=SEALING, rng=world.rng)
    (receipt,) = seal.receipts_before(mill, key, language="en")
    sealed = page_of(harbour, "show", key)
    assert "Our reflection is sealed" in sealed
    assert "It opens when Mill seals, or not at all." in sealed
    for seat in (harbour, mill, person, facilitator):
        page = page_of(seat, "show", key)
        assert all(f"<li>{word}</li>" in page for word in receipt.words)
        assert to("receipt", key, receipt.index) in page

    reflect(world, key, "Mill", EV1={"change": "lot", "effect": "hurts"})
    reveal.seal_reflection(mill, key, now=SEALING, rng=world.rng)
    gate = page_of(facilitator, "show", key)
    assert "blocks 1 to 4 come first" in gate
    assert reverse("joint:show", args=[key]) in gate
    pass_gate(world, key)
    assert "blocks 1 to 4 come first" not in page_of(person, "show", key)
    decide(world, key)
    assert "You decided together on 9 November 2026" in page_of(harbour, "show", key)


def test_dates_that_pass_before_it_begins_are_chosen_anew_whoever_has_accepted(at):
    world = make_alliance()
    key = prepare_evaluation(world)
    at(DEADLINE)
    for seat in (*world.managers.values(), world.facilitator):
        page = page_of(seat, "show", key)
        assert "The dates have passed before every party accepted" in page
        assert page.count(to("change", key)) == 1
        assert f'href="{to("accept", key)}"' not in page


def test_when_the_deadline_has_passed_the_ways_on_are_shown_and_all_who_sealed_agree(at):
    world = make_alliance("Harbour", "Mill", "Quay", people=2)
    harbour, mill, quay = world.managers.values()
    key = begin_evaluation(world, if_never="talk")
    seal_evaluation(world, key, "Harbour", "Mill")
    at(DEADLINE)

    assert "Quay had not sealed on" in page_of(harbour, "show", key)
    assert to("propose", key) in page_of(quay, "show", key)
    back = send(quay, "propose", key, kind="extend", until="2026-11-03T10:00")
    assert back.status_code == 400
    assert "This moment has passed. Choose a later one." in back.content.decode()
    assert send(quay, "propose", key, kind="cancel").url == to("show", key)
    proposal = evaluations.evaluation_before(quay, key, now=DEADLINE).proposal
    assert to("withdraw", key, proposal.key) in page_of(quay, "show", key)
    assert send(quay, "withdraw", key, proposal.key).url == to("show", key)
    for came_from, back in (
        (f"http://testserver{to('show', key)}", f'href="http://testserver{to("show", key)}"'),
        ("http://elsewhere.example/", None),
        ("javascript:alert(1)", None),
    ):
        twice = client_of(quay).post(to("withdraw", key, proposal.key), HTTP_REFERER=came_from)
        told = twice.content.decode()
        assert twice.status_code == 409
        assert "This proposal waits no longer" in told
        assert (back or 'href="/"') in told
        assert ("Back to the page before" in told) == bool(back)
    unsaid = send(quay, "propose", key, kind="extend", until="").content.decode()
    assert "Give a day and a time, for example" in unsaid

    send(quay, "propose", key, kind="extend", until="2026-11-30T10:00")
    proposal = evaluations.evaluation_before(quay, key, now=DEADLINE).proposal
    page = page_of(harbour, "show", key)
    assert "Manager Quay proposes to move the deadline to Monday 30 November 2026, 10:00" in page
    assert to("consent", key, proposal.key) in page
    assert to("consent", key, proposal.key) not in page_of(world.people["Mill"][1], "show", key)
    for seat in (harbour, mill):
        assert send(seat, "consent", key, proposal.key).url == to("show", key)
    moved = page_of(quay, "show", key)
    assert "The deadline has passed" not in moved
    assert "Monday 30 November 2026, 10:00" in moved
    assert "deadline moved to 30 November 2026, 10:00" in page_of(quay, "log", key)


def test_the_proof_can_be_read_kept_and_checked():
    world = make_alliance(people=2)
    mill = world.managers["Mill"]
    planned = prepare_evaluation(world)
    assert "The log begins with the evaluation." in page_of(mill, "log", planned)
    assert client_of(mill).get(to("bundle", planned)).status_code == 404
    evaluations.call_off_evaluation(mill, planned, now=NOON)
    key = begin_evaluation(world, title="-----BEGIN UNDERSTREAM RECEIPT-----")
    seal_evaluation(world, key)
    first, *_rest = seal.receipts_before(mill, key, language="en")

    log = page_of(world.facilitator, "log", key)
    assert " ".join(first.words) in log
    assert " ".join(first.other_words) in log
    assert seal.key_fingerprint() in log
    assert log.count('id="entry-') == len(seal.log_before(mill, key).lines)

    kept = client_of(world.people["Mill"][1]).get(to("receipt", key, first.index))
    assert kept["Content-Type"] == "text/plain; charset=utf-8"
    assert kept["Content-Disposition"] == (
        f'attachment; filename="understream-receipt-{first.index + 1}.txt"'
    )
    assert " ".join(first.words) in kept.content.decode()
    assert " ".join(first.other_words) in kept.content.decode()
    mailed = letter.receipt_letter(
        to="", name="Ann", language="nl", alliance="", kind="sealed", party="Harbour",
        title="-----BEGIN UNDERSTREAM RECEIPT-----", words=first.words, at=NOON, zone="UTC",
        receipt=first.file, key=key,
    ).body.encode()  # fmt: skip
    assert read_receipts(first.file.encode()) == read_receipts(kept.content)
    assert read_receipts(first.file.encode()) == read_receipts(mailed)
    assert client_of(mill).get(to("receipt", key, 999)).status_code == 404

    bundle = client_of(mill).get(to("bundle", key))
    assert bundle["Content-Disposition"].startswith('attachment; filename="understream-')
    assert read_bundle(bundle.content)[0].reader == str(mill.party)
    assert client_of(world.facilitator).get(to("bundle", key)).status_code == 404
    verify = page_of(mill, "verify", key)
    assert to("bundle", key) in verify
    assert "understream verify" in verify
    assert to("bundle", key) not in page_of(world.facilitator, "verify", key)


def test_the_rhythm_is_proposed_and_kept():
    world = make_alliance(people=1)
    manager = world.managers["Mill"]
    said = {
        "pulse_months": "3",
        "evaluation_months": "12",
        "next_pulse_on": "2027-02-01",
        "next_evaluation_on": "2027-10-01",
        "renewal_on": "2028-01-01",
    }
    assert "every 3 months" in page_of(manager, "index", world.alliance)
    assert 'value="2027-11-02"' in page_of(manager, "cycle", world.alliance)
    late = send(manager, "cycle", world.alliance, **{**said, "next_pulse_on": "2026-11-02"})
    assert late.status_code == 400
    assert "Choose a day after today." in late.content.decode()

    assert send(manager, "cycle", world.alliance, **said).url == to("index", world.alliance)

    assert cycle_of(manager, now=NOON).kept
    assert "next on 1 October 2027" in page_of(manager, "index", world.alliance)


def test_a_round_of_an_evaluation_says_where_it_belongs_and_asks_for_nothing():
    world = make_alliance()
    manager = world.managers["Mill"]
    key = prepare_evaluation(world)
    (one,) = evaluations.evaluation_before(manager, key, now=NOON).rounds

    planned = client_of(manager).get(reverse("round:show", args=[one.key])).content.decode()
    assert to("show", key) in planned
    assert "say yes" not in planned
    assert reverse("round:cohort", args=[one.key]) not in planned

    evaluations.call_off_evaluation(manager, key, now=NOON)
    key = begin_evaluation(world)
    seal_evaluation(world, key, "Harbour")
    (one,) = evaluations.evaluation_before(manager, key, now=NOON).rounds
    closed = client_of(manager).get(reverse("round:show", args=[one.key])).content.decode()
    assert to("show", key) in closed
    assert reverse("mirror:show", args=[one.key]) in closed


def test_words_that_people_write_are_written_as_they_are():
    world = make_alliance(people=2)
    hostile = "<script>alert(1)</script>"
    key = prepare_evaluation(world, title=hostile, scope=hostile)

    for name in ("show", "accept", "change", "call_off"):
        page = page_of(world.managers["Mill"], name, key)
        assert hostile not in page
        assert escape(hostile) in page


def test_the_terms_that_are_compared_are_the_terms_that_are_agreed():
    assert [field.name for field in fields(terms_of())] == list(AGREED)


def test_a_page_of_an_evaluation_asks_as_often_for_three_parties_as_for_two():
    asked = []
    for seed, names in enumerate((("Harbour", "Mill"), ("North", "South", "West"))):
        world = make_alliance(*names, people=2, seed=seed)
        key = begin_evaluation(world)
        seal_evaluation(world, key)
        client = client_of(next(iter(world.managers.values())))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(to("show", key))
        asked.append(len(queries))

    assert asked[0] == asked[1]


def test_days_are_told_in_the_time_zone_of_the_alliance():
    world = make_alliance(people=2)
    key = prepare_evaluation(world, answer_until=NOON + timedelta(hours=11, minutes=30))

    assert "Tuesday 3 November 2026, 00:30" in page_of(world.managers["Mill"], "show", key)
