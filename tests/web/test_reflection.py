"""Concluding within a party: the talk, one topic, other views, the seal and its receipt."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    reflect,
    seal_evaluation,
    seat_person,
    speak,
    words_on,
)
from understream.access.seat import Role
from understream.domain import reflection as reflections
from understream.domain.evaluation import propose_end
from understream.domain.reveal import seal_reflection
from understream.records.evaluation import Evaluation
from understream.records.reflection import Conclusion, Dissent, Holder
from understream.records.round import Round
from understream.web import clock

pytestmark = pytest.mark.django_db

SAID = {"change": "little", "effect": "helps", "sentence": "We moved.", "sure": "high"}
LONG = "Word " * 40_000
"""200,000 characters."""


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """Let every page think that the answers are in and the deadline is ahead."""
    moment = {"now": SEALING}
    monkeypatch.setattr(clock, "now", lambda: moment["now"])
    return moment


def concluding(*names, people=(6, 3), answered=0, **keys):
    """Return a world, and its evaluation whose answers are in."""
    world = make_alliance(*names, people=people)
    key = begin_evaluation(world, **keys)
    asked = Round.objects.get(evaluation=key)
    for link in links_of(asked.pk, world.parties["Harbour"])[:answered]:
        speak(world, link, [1, 1] * 6 + [5] * 10)
    let_answers_end(world, key)
    return world, key


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def page(client, name, *keys, status=200, **asked):
    answer = client.get(reverse(f"reflection:{name}", args=keys), asked)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def post(client, name, *keys, status=302, **said):
    answer = client.post(reverse(f"reflection:{name}", args=keys), said)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def finish(world, key, name="Harbour"):
    """Let a party finish what is still open."""
    for number in range(1, 17):
        topic = f"EV{number}"
        if not Conclusion.objects.filter(
            reflection__party=world.parties[name], topic=topic
        ).exists():
            reflections.write_conclusion(
                world.managers[name], key, topic, words=words_on(topic), now=SEALING
            )


def plain(html) -> str:
    """Return the words of a page, without markup and in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# ------------------------------------------------------------------ the talk


def test_the_talk_keeps_the_fixed_order_and_says_what_is_written_and_missing():
    world, key = concluding(people=(12, 3), answered=12)
    manager = client_of(world.managers["Harbour"])
    assert "Nothing is written yet" in page(manager, "show", key)
    post(manager, "topic", key, "EV1", version=0, **SAID)
    post(manager, "topic", key, "EV9", version=0, rating=1)

    told = page(manager, "show", key)

    groups = re.findall(r'<h3 id="\w+-title">\d\. (.*?)</h3>', told)
    assert groups == [
        "Own goals and strategy",
        "Environment",
        "Goals and processes",
        "Behaviour and values",
    ]
    assert "1 of 16 topics are complete" in told
    assert "Begin with those who answer for it" in told
    assert "Changed: a little. Effect: helps." in told
    assert "Still open: how it moved, one sentence and how sure you are." in told
    assert "Together your people said 5.0; you conclude 1." in told
    assert "Fit with our alliance strategy" in plain(told).split("Go on with:")[1][:40]
    assert reverse("mirror:show", args=[Round.objects.get().pk]) in told

    topic = page(manager, "topic", key, "EV9")
    assert "5.0" in topic
    assert "as-table" in topic
    assert 'rel="prev"' in topic
    assert 'rel="next"' in topic
    assert "This is your first evaluation." in topic
    assert page(manager, "topic", key, "EV99", status=404)


def test_before_the_answers_are_in_a_page_says_when_and_nothing_is_lost(at):
    world = make_alliance(people=(6, 3))
    key = begin_evaluation(world)
    at["now"] = NOON
    manager, one_voice = (client_of(world.managers[name]) for name in ("Harbour", "Mill"))

    assert "9 November 2026, 13:00" in page(manager, "show", key)
    assert manager.get(reverse("reflection:topic", args=[key, "EV1"])).status_code == 409
    assert "speak with one voice" in page(one_voice, "show", key)
    assert "no figure stands here" in page(one_voice, "topic", key, "EV9")


def test_who_reads_the_reflection_before_and_after_the_reveal():
    world, key = concluding()
    seats = {
        "participant": world.people["Harbour"][1],
        "sponsor": seat_person(world.alliance, world.parties["Harbour"], "Sue", Role.SPONSOR),
        "facilitator": world.facilitator,
    }
    clients = {name: client_of(seat) for name, seat in seats.items()}
    manager = client_of(world.managers["Harbour"])
    party = world.parties["Harbour"]
    post(manager, "topic", key, "EV1", version=0, **SAID)

    assert "We moved." in page(clients["participant"], "show", key)
    assert 'name="sentence"' not in page(clients["participant"], "topic", key, "EV1")
    post(clients["participant"], "topic", key, "EV1", status=404, version=1, **SAID)
    page(clients["sponsor"], "show", key, status=404)
    page(clients["facilitator"], "show", key, status=404, party=party)

    assert "Let read along" in page(manager, "show", key)
    post(manager, "admit", key, world.facilitator.key, do="in")
    read = page(clients["facilitator"], "show", key, party=party)
    assert "We moved." in read
    assert reverse("reflection:topic", args=[key, "EV1"]) not in read
    assert "was let in, and reads along" in page(clients["participant"], "show", key)
    page(clients["facilitator"], "show", key, status=404, party=world.parties["Mill"])
    page(clients["facilitator"], "show", key, status=404, party="9" * 40)
    post(manager, "admit", key, world.facilitator.key, do="out")
    page(clients["facilitator"], "show", key, status=404, party=party)
    post(clients["participant"], "admit", key, world.facilitator.key, status=404)

    for name in world.managers:
        finish(world, key, name)
        seal_reflection(world.managers[name], key, now=SEALING, rng=world.rng)
    assert "We moved." in page(clients["sponsor"], "show", key)


# ------------------------------------------------------------------ one topic


def test_whatever_is_refused_what_was_typed_is_still_there():
    world, key = concluding()
    manager, other = client_of(world.managers["Harbour"]), client_of(world.managers["Harbour"])

    too_long = post(
        manager, "topic", key, "EV1", status=400, version=0, **SAID | {"sentence": LONG}
    )
    assert LONG in too_long
    assert "Yours has 199999; nothing of it is lost." in too_long
    odd = post(manager, "topic", key, "EV7", status=400, version=0, rating="9", sentence="Mine.")
    assert "Choose one of the answers shown." in odd
    assert "Mine." in odd
    post(manager, "topic", key, "EV7", status=400, version=0, rating="x" * 999)
    assert not Conclusion.objects.exists()

    post(manager, "topic", key, "EV1", version=0, **SAID)
    late = post(other, "topic", key, "EV1", status=409, version=0, **SAID | {"sentence": "<Mine>"})
    assert "We moved." in late
    assert late.count("&lt;Mine&gt;") == 2
    assert 'name="version" value="1"' in late
    post(other, "topic", key, "EV1", version=1, **SAID | {"sentence": "Both."})
    assert Conclusion.objects.get().sentence == "Both."

    half = page(manager, "topic", key, "EV1")
    assert 'value="little" checked' in half
    finish(world, key)
    seal_reflection(world.managers["Harbour"], key, now=SEALING, rng=world.rng)
    sealed = post(
        manager, "topic", key, "EV1", status=409, version=2, **SAID | {"sentence": "Kept?"}
    )
    assert "Take the seal back first" in sealed
    assert "Kept?" in sealed
    assert 'name="sentence"' not in sealed


def test_saving_goes_on_to_the_next_topic_and_an_earlier_version_comes_back():
    world, key = concluding()
    manager = client_of(world.managers["Harbour"])
    address = reverse("reflection:topic", args=[key, "EV1"])

    answer = manager.post(address, SAID | {"version": 0, "then": "EV2"})
    assert answer["Location"] == reverse("reflection:topic", args=[key, "EV2"])
    answer = manager.post(address, {"version": 1, "sentence": "Later.", "then": "//evil.example"})
    assert answer["Location"] == address

    told = page(manager, "history", key, "EV1")
    assert told.index("Later.") < told.index("We moved.")
    assert told.count("Manager Harbour, <time") == 2
    form = told[told.index("<form method", told.index("We moved.")) :]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))
    fields.pop("csrfmiddlewaretoken")
    assert manager.post(address, fields).status_code == 302
    assert Conclusion.objects.get().sentence == "We moved."
    assert Conclusion.objects.get().version == 3
    assert "Nothing is written" in page(manager, "history", key, "EV2")


def test_another_view_is_held_joined_reworded_and_let_go_without_a_name():
    world, key = concluding()
    one, two = (client_of(seat) for seat in world.people["Harbour"][1:3])

    long = post(one, "dissent", key, "EV2", status=400, text="x" * 501, shares="1")
    assert "x" * 501 in long
    assert "in at most 500 characters" in long
    post(one, "dissent", key, "EV2", text="We said yes too early.", shares="1")
    view = Dissent.objects.get()
    told = page(two, "topic", key, "EV2")
    assert "It travels with the seal" in told
    assert "Harbour 1" not in plain(told)

    post(two, "hold", key, view.pk, do="join")
    assert "Not everyone who holds it does" in page(one, "topic", key, "EV2")
    assert "In other words" not in page(one, "topic", key, "EV2")
    post(two, "hold", key, view.pk, do="share")
    assert Holder.objects.filter(shares=True).count() == 2
    post(two, "hold", key, view.pk, do="keep")
    post(two, "hold", key, view.pk, do="let go")
    empty = post(one, "hold", key, view.pk, status=400, do="reword", text=" ")
    assert "in at most 500 characters" in empty
    post(one, "hold", key, view.pk, do="reword", text="Too early.")
    assert Dissent.objects.get().text == "Too early."
    post(one, "hold", key, view.pk, status=404, do="dance")
    post(client_of(world.managers["Mill"]), "hold", key, view.pk, status=404, do="join")
    post(one, "hold", key, view.pk, do="let go")
    assert not Dissent.objects.exists()

    propose_end(world.managers["Mill"], key, kind="cancel", now=SEALING)
    manager = client_of(world.managers["Harbour"])
    ended = page(manager, "show", key)
    assert "This evaluation is over and nothing was opened." in ended
    assert "and nobody else: nothing was opened, and nothing will be." in ended
    assert "After the reveal" not in ended
    page(manager, "seal", key, status=302)
    page(manager, "sealed", key, status=302)
    over = post(manager, "topic", key, "EV1", status=409, version=0, **SAID)
    assert "This evaluation is over." in over
    assert "We moved." in over
    assert "Kept for me." in post(one, "dissent", key, "EV1", status=409, text="Kept for me.")


# ------------------------------------------------------------------ the seal


def test_sealing_shows_all_refuses_what_is_unfinished_or_reworded_and_gives_a_receipt(at):
    world, key = concluding()
    manager = client_of(world.managers["Harbour"])

    bare = page(manager, "seal", key)
    assert "16 topics are still to be finished" in bare
    assert reverse("reflection:topic", args=[key, "EV16"]) in bare
    assert 'name="edition"' not in bare
    assert "16 topics are still" in post(manager, "seal", key, status=400)
    page(manager, "take_back", key, status=302)
    page(manager, "sealed", key, status=302)

    reflect(world, key, "Harbour")
    reflections.hold_dissent(
        world.people["Harbour"][1], key, "EV2", text="Not so.", shares=True, now=SEALING
    )
    ready = page(manager, "seal", key)
    assert "Another view, which travels with it:" in ready
    assert "You can take the seal back" in ready
    edition = re.search(r'name="edition" value="(\w+)"', ready)[1]
    words = words_on("EV3", version=1, sentence="Reworded.")
    reflections.write_conclusion(world.managers["Harbour"], key, "EV3", words=words, now=SEALING)
    stale = post(manager, "seal", key, status=409, edition=edition)
    assert "changed the reflection while you read it" in stale
    edition = re.search(r'name="edition" value="(\w+)"', stale)[1]

    at["now"] = NOON + 2 * WEEK
    assert "The deadline has passed" in post(manager, "seal", key, status=409, edition=edition)
    at["now"] = SEALING
    post(manager, "seal", key, edition=edition)
    told = page(manager, "sealed", key)
    assert len(re.findall(r"<li>[a-z]+</li>", told)) == 12
    assert re.search(r"sha-256( [0-9a-f]{4}){16}<", told)
    assert "It opens when Mill seals" in told
    assert "Sealed by Manager Harbour for Harbour" in told
    assert "Reworded." in told
    page(manager, "seal", key, status=302)
    post(manager, "seal", key, edition=edition)
    assert "sealed already" in page(manager, "sealed", key)

    assert "Leave it sealed" in page(manager, "take_back", key)
    post(manager, "take_back", key)
    assert "The seal is taken back" in page(manager, "show", key)
    post(manager, "take_back", key, status=409)


def test_the_last_seal_opens_all_and_a_partner_learns_nothing_before():
    world, key = concluding()
    reflect(world, key, "Harbour", EV1={"sentence": "Only we know."})
    seal_reflection(world.managers["Harbour"], key, now=SEALING, rng=world.rng)
    mill = client_of(world.managers["Mill"])
    reflect(world, key, "Mill")

    ready = page(mill, "seal", key)
    assert "You are the last." in ready
    assert "Only we know." not in ready + page(mill, "show", key)
    edition = re.search(r'name="edition" value="(\w+)"', ready)[1]
    post(mill, "seal", key, edition=edition)
    told = page(mill, "sealed", key)
    assert "Our reflection is open" in told
    assert reverse("joint:show", args=[key]) in told
    assert "Take the seal back" not in told
    post(mill, "seal", key, edition=edition)
    post(mill, "take_back", key, status=409)
    post(mill, "topic", key, "EV1", status=409, version=1, **SAID)


def test_no_page_asks_the_database_once_a_topic_or_a_view():
    world, key = concluding()
    reflect(world, key, "Harbour")
    manager = client_of(world.managers["Harbour"])
    reflections.hold_dissent(world.managers["Harbour"], key, "EV1", text="A", now=SEALING)

    def asked():
        counts = {}
        for name, keys in (("show", ()), ("topic", ("EV1",)), ("history", ("EV1",)), ("seal", ())):
            with CaptureQueriesContext(connection) as queries:
                page(manager, name, key, *keys)
            counts[name] = len(queries)
        return counts

    few = asked()
    for topic in ("EV1", "EV2", "EV12", "EV16"):
        words = words_on(topic, version=1, sentence="Anew.")
        reflections.write_conclusion(
            world.managers["Harbour"], key, topic, words=words, now=SEALING
        )
        for seat in world.people["Harbour"][1:3]:
            reflections.hold_dissent(seat, key, topic, text=f"View {seat.key}.", now=SEALING)
    assert asked() == few


def test_the_evaluation_before_this_one_is_what_a_direction_is_told_against():
    world, first = concluding()
    seal_evaluation(world, first)
    second = begin_evaluation(world, title="The next one")
    Evaluation.objects.filter(pk=first).update(opened_at=NOON - WEEK)
    let_answers_end(world, second)

    told = page(client_of(world.managers["Harbour"]), "topic", second, "EV9")
    assert "Last time was “Autumn evaluation”." in told
