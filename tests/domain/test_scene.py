"""What is shown at a version: the same whole or as changes, and nothing to whom it is not for."""

from dataclasses import fields, is_dataclass, replace
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOON, make_alliance
from tests.workshops import come_in, draft, make_meeting
from understream.access.refusal import Missing
from understream.domain import answer, attendee, move, pair, scene, step, theme, workshop
from understream.domain.move import NothingToUndo
from understream.domain.scene import Wall
from understream.records.answer import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=3)


def words_in(card):
    """Return every text in a card, however deep."""
    if isinstance(card, str):
        yield card
    elif is_dataclass(card):
        for one in fields(card):
            yield from words_in(getattr(card, one.name))
    elif isinstance(card, dict):
        yield from words_in(tuple(card.values()))
    elif isinstance(card, list | tuple):
        for one in card:
            yield from words_in(one)


def fold(before: Wall, delta: Wall) -> Wall:
    """Return what a reader has that saw one and then the other."""
    if delta.whole:
        return delta
    known = {one.key: one for one in before.answers}
    for one in delta.answers:
        known.pop(one.key, None)
        if one.state != "gone":
            known[one.key] = one
    ordered = tuple(sorted(known.values(), key=lambda one: (one.number, one.key)))
    themes = before.themes if delta.themes is None else delta.themes
    return replace(delta, answers=ordered, themes=themes, whole=True)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 40))]
)
def test_changes_lead_to_the_same_picture_as_the_whole_from_any_version(world, seed):
    meeting = make_meeting(
        world, draft("prompt", most=3, moderated=seed % 2 == 1), draft("themes", source=1),
        draft("prompt", reveals=True), people=3, seed=seed,
    )  # fmt: skip
    chance = Random(seed)
    meeting.open(0)
    seen = [meeting.scene()]
    for _one in range(40):
        _something(meeting, chance)
        for before in [*seen]:
            now = meeting.scene()
            told = fold(before, meeting.scene(since=before.room.version))
            assert told == now
        seen = [*seen[-3:], meeting.scene()]


def _something(meeting, chance):
    lead, key = meeting.lead, meeting.key
    answers = list(Answer.objects.exclude(state="withdrawn").values_list("pk", flat=True))
    themes = [one.key for one in meeting.scene().themes or ()]
    name = chance.choice(list(meeting.tokens))
    place = meeting.steps.index(meeting.at)
    slot = chance.randrange(3)
    own = {one["slot"]: one for one in meeting.own(name).answers.get(meeting.at, ())}
    after = own[slot]["key"] if slot in own else ""
    chosen = chance.sample(answers, min(2, len(answers)))
    acts = [
        lambda: meeting.say(name, f"{chance.random()}", place, slot=slot, after=after),
        lambda: meeting.say(name, "", place, slot=slot, after=after, withdraw=True),
        lambda: meeting.open(chance.randrange(3)),
        lambda: step.reveal_step(lead, key, meeting.at, now=NOON),
        lambda: chosen and answer.hold_answer(lead, key, chosen[0], now=NOON),
        lambda: chosen and answer.show_answer(lead, key, chosen[0], now=NOON),
        lambda: chosen and answer.paraphrase_answer(lead, key, chosen[0], words="w", now=NOON),
        lambda: theme.make_theme(
            lead, key, meeting.steps[1], name="T",
            answers=[one for one in chosen if Answer.objects.get(pk=one).step_id
                     == meeting.steps[0]], now=NOON,
        ),
        lambda: themes and theme.remove_theme(lead, key, themes[0], now=NOON),
        lambda: move.undo_move(lead, key, now=NOON),
    ]  # fmt: skip
    try:
        chance.choice([*acts[:1] * 3, *acts])()
    except (NothingToUndo, move.ChangedSince, step.ElsewhereNow):
        meeting.at = meeting.scene().room.step.key if meeting.scene().room.step else 0
    room = meeting.scene().room
    if room.step is None or room.step.state != "open":
        meeting.at = room.step.key if room.step else 0
        meeting.open(0)
    meeting.at = meeting.scene().room.step.key


def test_a_phone_is_told_no_words_of_others_and_no_names(world):
    meeting = make_meeting(world, draft("prompt", note={"en": "a note for the lead"}))
    meeting.open()
    for name in meeting.tokens:
        meeting.say(name, f"canary of {name}")
    room = scene.room_before(meeting.key, now=NOON)

    told = " ".join(words_in(room))
    assert "canary" not in told
    assert not any(name in told.split() for name in meeting.tokens)
    assert "a note for the lead" not in " ".join([told, *words_in(meeting.scene())])
    own = " ".join(words_in(meeting.own("a0")))
    assert "canary of a0" in own
    assert "canary of b0" not in own


@pytest.mark.parametrize(("identity", "shown"), [("party-labelled", False), ("named", True)])
def test_a_name_is_on_the_wall_where_the_step_says_so_and_nowhere_else(world, identity, shown):
    meeting = make_meeting(world, draft("prompt", identity=identity), people=0)
    come_in(meeting, "Quetzalcoatl", meeting.parties["Mill"])
    meeting.open()
    meeting.say("Quetzalcoatl", "words")
    console = scene.answers_to_read(meeting.lead, meeting.key, meeting.steps[0])

    for card in (meeting.scene(), console):
        assert ("Quetzalcoatl" in " ".join(words_in(card))) == shown
        assert "Mill" in " ".join(words_in(card))


def test_what_is_held_or_waits_is_on_no_wall_and_is_told_gone_by_its_key_alone(world):
    meeting = make_meeting(world, draft("prompt"))
    meeting.open()
    meeting.say("a0", "canary")
    before = meeting.scene()
    answer.hold_answer(meeting.lead, meeting.key, before.answers[0].key, now=NOON)

    delta = meeting.scene(since=before.room.version)
    assert [one.state for one in delta.answers] == ["gone"]
    assert "canary" not in " ".join(words_in(delta))
    assert "canary" not in " ".join(words_in(meeting.scene()))


def test_of_a_confidential_step_counts_come_in_steps(world):
    meeting = make_meeting(world, draft("prompt", identity="confidential"), people=6)
    attendee.admit_attendees(meeting.lead, meeting.key, now=NOON)
    meeting.open()
    counts = []
    for name in list(meeting.tokens)[:7]:
        counts.append(meeting.scene().room.answers)
        meeting.say(name, "x", done=True)
    assert counts == [-1] * 5 + [5] * 2


def test_a_pair_is_told_to_its_own_people_alone(world):
    meeting = make_meeting(world, draft("pairs"), people=2)
    meeting.open()
    pair.write_together(
        meeting.tokens["a0"], meeting.key, meeting.steps[0], text="a draft", revision=0, now=NOON
    )
    number = meeting.own("a0").personal.group.number
    for name in meeting.tokens:
        own = meeting.own(name).personal.group
        assert (own.draft == "a draft") == (own.number == number)


def test_only_whom_something_concerns_hears_of_it(world):
    meeting = make_meeting(world, draft("pairs"), people=2)
    meeting.open()
    everybody = {name: meeting.person(name) for name in meeting.tokens}
    since = meeting.scene().room.version
    pair.write_together(
        meeting.tokens["a0"], meeting.key, meeting.steps[0], text="x", revision=0, now=NOON
    )
    told = scene.personal_of(meeting.key, since=since, attendees=everybody.values(), now=NOON)
    number = meeting.own("a0").personal.group.number
    mates = {
        key for name, key in everybody.items() if meeting.own(name).personal.group.number == number
    }
    assert set(told) == mates


def test_links_and_tickets_that_are_none_open_nothing(world):
    meeting = make_meeting(world)
    assert scene.workshop_on_wall(meeting.wall) == meeting.key
    for link in (meeting.link, "", "x"):
        with pytest.raises(Missing):
            scene.workshop_on_wall(link)
    for ticket in ("", "a.b.c.d", "1.2.3", meeting.wall):
        with pytest.raises(Missing):
            scene.workshop_on_console(ticket, now=NOON)
    ticket = workshop.console_ticket(meeting.lead, meeting.key, now=NOON)
    assert scene.workshop_on_console(ticket, now=NOON) == meeting.key


def test_a_scene_asks_as_often_for_fifty_answers_as_for_one(world):
    meeting = make_meeting(world, draft("prompt", most=10), people=3)
    meeting.open()
    counts = []
    for slots in (range(1), range(1, 9)):
        for slot in slots:
            for name in meeting.tokens:
                meeting.say(name, "x", slot=slot)
        with CaptureQueriesContext(connection) as asked:
            meeting.scene()
            meeting.own("a0")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_what_was_promised_is_told_with_what_became_of_it(world):
    meeting = make_meeting(world, draft("prompt", promises=True))
    meeting.open()
    assert meeting.scene().promises == ()
