"""Contributions count once, whatever the network does; confidential ones lead back to nobody."""

import json
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOON, make_alliance
from tests.together import at_once
from tests.workshops import come_in, draft, make_meeting
from understream.access.refusal import Missing, Unfit
from understream.domain import answer, attendee, move, step, version, voice
from understream.domain.answer import Contribution, Kept, OtherTab, StepClosed
from understream.domain.attendee import NotAdmitted
from understream.domain.due import tick
from understream.domain.scene import answers_to_read
from understream.domain.word import legible
from understream.records.answer import Answer
from understream.records.attendee import Ready
from understream.records.voice import StepVoice
from understream.records.workshop import Workshop

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


def meeting_of(world, *, seed=5, **keys):
    asked = draft("prompt", **{"most": 3, "asks_context": True, **keys})
    meeting = make_meeting(world, asked, seed=seed)
    meeting.open()
    return meeting


def test_an_answer_is_stored_and_a_retry_counts_once(world):
    meeting = meeting_of(world)
    one = meeting.said("a0", text="We agree, and then the emails begin.", context="two years")

    first, again, tapped = voice.speak([one, one, one], now=NOON)
    (later,) = voice.speak([one], now=NOON)

    assert (first.again, again.again, tapped.again, later.again) == (False, True, True, True)
    row = Answer.objects.get()
    assert (row.text, row.context, row.state) == (one.text, "two years", "shown")


def test_what_replaces_an_answer_names_it_and_nothing_unseen_is_overwritten(world):
    meeting = meeting_of(world)
    first = meeting.said("a0", text="first")
    voice.speak([first], now=NOON)

    other_tab = meeting.said("a0", text="typed in another tab")
    (refused,) = voice.speak([other_tab], now=NOON)
    assert isinstance(refused, OtherTab)
    assert refused.standing["text"] == "first"
    better = meeting.said("a0", text="better", after=first.key)
    assert isinstance(voice.speak([better], now=NOON)[0], Kept)
    # The first, sent again by a network that was slow, changes nothing any more.
    assert isinstance(voice.speak([first], now=NOON)[0], OtherTab)
    assert Answer.objects.get().text == "better"


def test_a_late_duplicate_does_not_bring_back_what_was_withdrawn(world):
    meeting = meeting_of(world)
    first = meeting.said("a0", text="words I take back")
    gone = meeting.said("a0", after=first.key, withdraw=True)
    voice.speak([first, gone], now=NOON)

    for one in (first, gone, meeting.said("a0", text="from nowhere")):
        voice.speak([one], now=NOON)
    row = Answer.objects.get()
    assert (row.state, row.text) == ("withdrawn", "")
    assert meeting.scene().answers == ()
    again = meeting.said("a0", text="new words", after=gone.key)
    assert isinstance(voice.speak([again], now=NOON)[0], Kept)


def test_one_that_is_refused_leaves_the_others_alone(world):
    meeting = meeting_of(world)
    long = meeting.said("b0", text="x" * 20_000)
    strange = Contribution("nobody", meeting.key, meeting.steps[0], "k" * 16, text="x")
    told = voice.speak([meeting.said("a0", text="fine"), long, strange], now=NOON)

    assert [type(one) for one in told] == [Kept, Unfit, Missing]
    assert "20000" in str(told[1])
    assert Answer.objects.get().text == "fine"


def test_other_workshops_and_steps_are_out_of_reach(world):
    meeting = meeting_of(world)
    other = make_meeting(make_alliance("Quay", "Delta", people=2))
    other.open()
    mixed = [
        Contribution(meeting.tokens["a0"], other.key, other.steps[0], "k" * 16, text="x"),
        Contribution(meeting.tokens["a0"], meeting.key, other.steps[0], "k" * 16, text="x"),
        Contribution(other.tokens["a0"], meeting.key, meeting.steps[0], "k" * 16, text="x"),
        Contribution("", meeting.key, meeting.steps[0], "k" * 16, text="x"),
    ]

    assert {type(one) for one in voice.speak(mixed, now=NOON)} == {Missing}
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "keys",
    [{"text": " \n\u200b"}, {"text": "x", "slot": 3}, {"text": "x", "slot": -1},
     {"text": "x", "context": "y" * 301}, {"text": "x", "key": "short"},
     {"text": "x", "key": "ω" * 20}],
)  # fmt: skip
def test_what_does_not_fit_is_told(world, keys):
    meeting = meeting_of(world)

    assert isinstance(meeting.say("a0", **keys), Unfit)
    assert not Answer.objects.exists()


def test_after_the_close_nothing_is_added_and_nothing_changed(world):
    meeting = meeting_of(world)
    first = meeting.said("a0", text="in time")
    voice.speak([first], now=NOON)
    meeting.close()

    for one in (meeting.said("b0", text="late"), meeting.said("a0", text="z", after=first.key)):
        assert isinstance(voice.speak([one], now=NOON)[0], StepClosed)
    assert Answer.objects.get().text == "in time"


def test_fields_have_their_own_answers(world):
    columns = [{"en": "first day"}, {"en": "by working together"}]
    meeting = meeting_of(world, columns=columns, most=2)
    for slot in range(4):
        meeting.say("a0", str(slot), slot=slot)

    assert [(one.text, one.column) for one in meeting.scene().answers] == [
        ("0", 0), ("1", 0), ("2", 1), ("3", 1),
    ]  # fmt: skip
    assert isinstance(meeting.say("a0", "5", slot=4), Unfit)


def test_naughty_strings_are_kept_as_they_can_be_read(world, shared):
    words = [
        text
        for text in json.loads(shared("badinput/blns/blns.json").read_text())
        if legible(text) and len(legible(text)) <= answer.LONGEST
    ]
    meeting = make_meeting(world, draft("prompt", most=20), people=(len(words) // 40) + 1)
    meeting.open()
    names = list(meeting.tokens)
    told = voice.speak(
        [meeting.said(names[at // 20], text=text, slot=at % 20) for at, text in enumerate(words)],
        now=NOON,
    )

    assert {type(one) for one in told} == {Kept}
    assert sorted(one.text for one in meeting.scene().answers) == sorted(map(legible, words))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["dots", "order", "point", "0", "1", "9", "for", "before", "x"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["vote", "ranking", "scale", "takeouts"])
def test_no_value_breaks_a_step_and_what_is_kept_fits(world, kind):
    choices = [{"en": "a"}, {"en": "b"}, {"en": "c"}]
    fields = {"choices": choices, "most": 2, "ranking": kind == "ranking"}
    meeting = make_meeting(
        world,
        draft("vote" if kind == "ranking" else kind, **(
            fields if kind in ("vote", "ranking") else
            {"identity": "named"} if kind == "scale" else {}
        )),
    )  # fmt: skip
    meeting.open()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(VALUES)
    def holds(value):
        Answer.objects.all().delete()
        told = meeting.say("a0", "text", value=value if isinstance(value, dict) else None)
        assert isinstance(told, Kept | Unfit)
        for row in Answer.objects.all():
            kept = row.value or {}
            assert sum(kept.get("dots", {}).values()) <= 2
            assert set(kept.get("dots", {})) <= {"0", "1", "2"}
            assert len(set(kept.get("order", []))) == len(kept.get("order", []))
            assert set(kept.get("order", [])) <= {0, 1, 2}
            assert kept.get("point", 0) in range(8)

    holds()


def test_a_batch_asks_as_often_for_two_hundred_as_for_one(world):
    meeting = make_meeting(world, draft("prompt", most=20), people=6)
    meeting.open()
    counts = []
    for size in (1, 3, 200):
        batch = [
            meeting.said(list(meeting.tokens)[at % 12], text=str(at), slot=at // 12)
            for at in range(size)
        ]
        Answer.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            voice.speak(batch, now=NOON)
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 8
    assert counts[2] <= 12  # SQLite takes so many values in one statement


def test_a_batch_is_one_version_and_is_told_after_the_commit(
    world, django_capture_on_commit_callbacks
):
    meeting = meeting_of(world)
    heard = []
    stop = version.listen(heard.append)
    before = Workshop.objects.get(pk=meeting.key).version
    try:
        with django_capture_on_commit_callbacks(execute=True):
            voice.speak([meeting.said(name, text=name) for name in ("a0", "b0", "a1")], now=NOON)
            assert heard == []
    finally:
        stop()

    assert heard == [meeting.key]
    assert Workshop.objects.get(pk=meeting.key).version == before + 1
    assert len({one.number for one in meeting.scene().answers}) == 1


def test_done_is_said_and_taken_back(world):
    meeting = meeting_of(world)
    step_ = meeting.steps[0]
    for done, ready in ((True, 1), (True, 1), (False, 0)):
        voice.speak([Contribution(meeting.tokens["a0"], meeting.key, step_, done=done)], now=NOON)
        assert meeting.scene().room.ready == ready
    assert not Ready.objects.exists()


def test_where_people_are_let_in_nobody_else_answers(world):
    meeting = make_meeting(world, walk_in=False)
    meeting.open()
    assert isinstance(meeting.say("a0", "x"), NotAdmitted)

    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    assert isinstance(meeting.say("a0", "x"), Kept)


def test_a_moderated_answer_waits_is_shown_held_and_said_in_other_words(world):
    meeting = meeting_of(world, moderated=True)
    told = meeting.say("a0", "Ask Ruben why")
    key = Answer.objects.get().pk
    assert told.state == "waiting"
    assert meeting.scene().answers == ()

    answer.show_answer(meeting.lead, meeting.key, key, now=NOON)
    answer.paraphrase_answer(meeting.lead, meeting.key, key, words="Slots sold twice", now=NOON)
    (shown,) = meeting.scene().answers
    assert (shown.text, shown.context, shown.paraphrased) == ("Slots sold twice", "", True)
    answer.hold_answer(meeting.lead, meeting.key, key, now=NOON)
    assert meeting.scene().answers == ()
    # What its writer changes while it is held stays held.
    first = meeting.own("a0").answers[meeting.steps[0]][0]
    assert first["text"] == "Ask Ruben why"
    meeting.say("a0", "Ask somebody why", after=first["key"])
    assert Answer.objects.get().state == "held"


def test_somebody_without_a_phone_is_typed_for_and_marked_so(world):
    meeting = meeting_of(world)
    key = attendee.hold_place_for(
        meeting.lead, meeting.key, name="Wim", party=meeting.parties["Mill"], now=NOON,
        rng=Random(1),
    )  # fmt: skip
    typed = Contribution(
        "", meeting.key, meeting.steps[0], "k" * 16, text="said", by=meeting.lead, attendee=key
    )
    assert isinstance(voice.speak([typed], now=NOON)[0], Kept)
    assert meeting.scene().answers[0].proxy
    stranger = world.people["Mill"][1]
    forged = Contribution(
        "", meeting.key, meeting.steps[0], "q" * 16, slot=1, text="x", by=stranger, attendee=key
    )
    assert isinstance(voice.speak([forged], now=NOON)[0], Missing)
    # For a person with a phone nobody types.
    theirs = Contribution(
        "", meeting.key, meeting.steps[0], "q" * 16, text="x", by=meeting.lead,
        attendee=meeting.person("a0"),
    )  # fmt: skip
    assert isinstance(voice.speak([theirs], now=NOON)[0], Missing)


# ------------------------------------------------------------------- confidential steps


def confidential(world, kind="prompt", people=8, **keys):
    meeting = make_meeting(world, draft(kind, identity="confidential", **keys), people=people)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    return meeting


def test_what_is_said_in_confidence_is_its_writers_to_read_and_nobody_elses(world):
    meeting = confidential(world)
    meeting.say("a0", "a word in confidence")

    assert meeting.own("a0").answers[meeting.steps[0]][0]["text"] == "a word in confidence"
    assert all(not meeting.own(name).answers[meeting.steps[0]] for name in ("a1", "b0"))
    assert not Answer.objects.exists()
    assert answers_to_read(meeting.lead, meeting.key, meeting.steps[0]) == ()
    assert meeting.scene().answers == ()


def test_no_table_leads_from_a_person_to_what_they_said_in_confidence(world):
    meeting = confidential(world)
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}", done=True)

    voices = list(StepVoice.objects.values())
    keys = {one["key"] for one in voices}
    rows = {
        table: rows_of(table)
        for table in connection.introspection.table_names()
        if table.startswith("records_") and table != "records_stepvoice"
    }
    for table, found in rows.items():
        flat = {value for row in found for value in row if isinstance(value, int)}
        assert not flat & keys, table
    told = str(rows) + str(voices)
    assert not any(token in told for token in meeting.tokens.values())
    by_key = [one["text"] for one in sorted(voices, key=lambda one: one["key"])]
    assert by_key != [f"words of {name}" for name in meeting.tokens]


def rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
        return cursor.fetchall()


def test_texts_of_eight_come_out_shuffled_and_belong_to_nobody_those_of_seven_never(world):
    meeting = make_meeting(world, draft("prompt", identity="confidential"), people=7)
    come_in(meeting, "a7", meeting.parties["Harbour"])
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}")
    meeting.close()

    texts = [one.text for one in Answer.objects.order_by("pk")]
    assert sorted(texts) == [f"words of a{number}" for number in range(8)]
    assert texts != sorted(texts)
    assert all(
        one.attendee_id is None and bytes(one.mark) == b"released" for one in Answer.objects.all()
    )
    assert not StepVoice.objects.exists()
    assert not any("words of b" in str(row) for row in rows_of("records_answer"))
    assert {one.parties[0].name for one in meeting.scene().answers} == {"Harbour"}


def test_a_withdrawn_text_is_not_one_of_eight(world):
    meeting = confidential(world)
    first = meeting.said("a0", text="gone")
    voice.speak([first], now=NOON)
    for number in range(1, 8):
        meeting.say(f"a{number}", "stays")
    voice.speak([meeting.said("a0", after=first.key, withdraw=True)], now=NOON)
    voice.speak([first], now=NOON)
    meeting.close()

    assert not Answer.objects.exists()


def test_who_was_not_let_in_or_of_no_organisation_is_not_counted(world):
    meeting = make_meeting(world, draft("prompt", identity="confidential"), people=8)
    come_in(meeting, "nowhere", 0)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    come_in(meeting, "uninvited", meeting.parties["Mill"])
    meeting.open()
    come_in(meeting, "late", meeting.parties["Mill"])
    later = NOON + timedelta(minutes=1)
    attendee.admit_attendees(meeting.lead, meeting.key, now=later)

    for name in ("nowhere", "uninvited", "late"):
        assert isinstance(meeting.say(name, "x", now=later), NotAdmitted)
        assert not meeting.own(name, now=later).personal.counted
    assert meeting.own("a0", now=later).personal.counted


def test_nobody_types_for_another_in_confidence(world):
    meeting = confidential(world)
    key = attendee.hold_place_for(
        meeting.lead, meeting.key, name="Wim", party=meeting.parties["Mill"], now=NOON,
        rng=Random(1),
    )  # fmt: skip
    typed = Contribution(
        "", meeting.key, meeting.steps[0], "k" * 16, text="x", by=meeting.lead, attendee=key
    )

    assert isinstance(voice.speak([typed], now=NOON)[0], NotAdmitted)


def test_a_release_is_final_and_nothing_is_left_behind_it(world):
    meeting = confidential(world)
    for name in meeting.tokens:
        meeting.say(name, "x")
    meeting.close()
    shown = meeting.scene().answers

    with pytest.raises(step.Released):
        meeting.open()
    # Undoing what was done before changes nothing of it.
    while True:
        try:
            move.undo_move(meeting.lead, meeting.key, now=NOON)
        except (move.NothingToUndo, move.ChangedSince):
            break
    assert Answer.objects.count() == len(shown)
    assert not StepVoice.objects.exists()
    tick(now=NOON + timedelta(days=2), rng=Random(1))


def test_five_of_one_organisation_are_needed_to_open(world):
    meeting = make_meeting(world, draft("scale"), people=4)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    with pytest.raises(step.NobodyAdmitted):
        meeting.open()


# ---------------------------------------------------------------------------- at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [1, pytest.param(200, marks=pytest.mark.soak)])
def test_twenty_at_once_with_one_key_are_one_answer(times):
    """R-6."""
    world = make_alliance("Harbour", "Mill", people=3)
    for number in range(times):
        meeting = meeting_of(world, seed=number)
        one = meeting.said("a0", text="once")
        told = at_once(*[lambda one=one: voice.speak([one], now=NOON)[0]] * 20)

        assert all(isinstance(reply, Kept) for reply in told), told
        assert sum(not reply.again for reply in told) == 1
        assert Answer.objects.filter(step__workshop=meeting.key).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [1, pytest.param(420, marks=pytest.mark.soak)])
def test_an_answer_is_acknowledged_if_and_only_if_it_came_before_the_close(times):
    """R-8; twelve answers and one close each time."""
    world = make_alliance("Harbour", "Mill", people=3)
    for number in range(times):
        meeting = meeting_of(world, seed=number)
        said = [
            meeting.said(name, text=name, slot=slot)
            for name in list(meeting.tokens)[:4]
            for slot in range(3)
        ]
        calls = [lambda one=one: voice.speak([one], now=NOON)[0] for one in said]
        place = number % 12
        told = at_once(*calls[:place], meeting.close, *calls[place:])

        kept = sum(isinstance(reply, Kept) for reply in told)
        closed = sum(isinstance(reply, StepClosed) for reply in told)
        stored = Answer.objects.filter(step__workshop=meeting.key).count()
        assert (kept + closed, stored) == (12, kept)


@pytest.mark.django_db(transaction=True)
def test_two_hundred_votes_at_once_are_counted_two_hundred():
    world = make_alliance("Harbour", "Mill", people=2)
    choices = [{"en": "a"}, {"en": "b"}]
    meeting = make_meeting(world, draft("vote", choices=choices), people=100)
    meeting.open()
    names = list(meeting.tokens)

    def cast(part):
        for name in part:
            voice.speak([meeting.said(name, value={"dots": {"0": 1}})], now=NOON)

    at_once(*[lambda part=names[n::8]: cast(part) for n in range(8)])
    meeting.close()
    assert meeting.scene().counts[0].points == 200
