"""The journal: every act as a sentence, in the alliance's time, without anybody's voice."""

import ast
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import translation

import understream.domain
from tests.factories import (
    LATER,
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    close,
    decide,
    invite,
    let_answers_end,
    links_of,
    make_alliance,
    open_round,
    pass_gate,
    prepare_evaluation,
    reflect,
    speak,
    terms_of,
)
from understream.access.refusal import Missing
from understream.access.seat import SYSTEM
from understream.domain import commitment, cycle, joint, reflection, reveal, voice
from understream.domain import evaluation as evaluations
from understream.domain.alliance import keep_alliance
from understream.domain.bundle import take_bundle
from understream.domain.journal import (
    PAGE,
    SENTENCES,
    journal_of,
    record,
    record_each,
    sentence_of,
)
from understream.domain.mirror import release_rows
from understream.domain.release import cancel_round, erase_voices
from understream.domain.round import extend_round
from understream.domain.seat import Newcomer, add_participants, end_seat
from understream.records.journal import Entry

DOMAIN = Path(understream.domain.__file__).parent
SIX = (5, 4, 6, 3, 255, 7)
OF_EVALUATIONS = {
    act
    for act in SENTENCES
    if act.partition(".")[0]
    in ("evaluation", "reflection", "joint", "critic", "closing", "commitment", "bundle", "cycle")
    or act in ("facilitator.admit", "facilitator.dismiss", "round.shut")
}
"""What an evaluation leaves in the journal, and what follows from one."""


def told():
    """Return what acts tell the journal: of every act the sets of words, as the source has it."""
    found: dict[str, set[frozenset[str]]] = {}
    for file in DOMAIN.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = {
            ast.unparse(node.targets[0]): node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
        }
        named |= {
            ast.unparse(node.target): node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.AnnAssign)
        }
        made = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "record_of":
                for act in acts_of(node.args[2]):
                    found.setdefault(act, set()).add(frozenset({"workshop"}))
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "record",
                "record_each",
            ):
                if file.name == "workshop.py":
                    continue  # the one that all its acts go through
                words = next((one.value for one in node.keywords if one.arg == "words"), None)
                for act in acts_of(node.args[1]):
                    found.setdefault(act, set()).add(keys_of(words, named | made))
    return found


def acts_of(name):
    """Return the acts that a name stands for: itself, or all that begin as it does."""
    if not isinstance(name, ast.JoinedStr):
        return [ast.literal_eval(name)]
    first = ast.literal_eval(name.values[0])
    return [act for act in SENTENCES if act.startswith(first)]


def keys_of(words, named):
    """Return the keys of words that are written out, named before, or made one by one."""
    if isinstance(words, ast.Name):
        return keys_of(named[words.id], named)
    if isinstance(words, ast.ListComp):
        return keys_of(words.elt, named)
    if isinstance(words, ast.Call):  # a function of the same module makes them
        parts = [*ast.walk(named[ast.unparse(words.func)])]
        keys = [key for part in parts if isinstance(part, ast.Dict) for key in part.keys]
        keys += [part.slice for part in parts if isinstance(part, ast.Subscript)]
        return frozenset(key.value for key in keys if isinstance(key, ast.Constant))
    return frozenset(one.value for one in words.keys) if words else frozenset()


def test_every_act_that_is_told_has_its_sentence_and_the_words_for_it():
    wanted = {
        act: set(re.findall(r"%\((\w+)\)s", str(sentence))) - {"who"}
        for act, sentence in SENTENCES.items()
    }

    acts = told()

    assert set(acts) == set(wanted)
    assert [act for act, ways in acts.items() for words in ways if wanted[act] - words] == []


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("act", list(SENTENCES))
def test_every_act_can_be_read_in_both_languages(act, language):
    names = re.findall(r"%\((\w+)\)s", str(SENTENCES[act]))
    words = {name: "named" for name in names if name != "who"} | {"until": NOON.isoformat()}
    words["on"] = "2026-12-18"

    with translation.override(language):
        sentence = sentence_of(act, "Anna", words, zone="Europe/Amsterdam")

    assert sentence.endswith(".")
    assert "%(" not in sentence
    assert ("Anna" in sentence) == ("who" in names)


def test_moments_are_told_in_the_alliances_time_and_roles_and_modes_in_words():
    words = {"round": "Autumn", "until": NOON.isoformat(), "k": 5}

    planned = sentence_of("round.plan", "Anna", words, zone="Asia/Tokyo")
    invited = sentence_of("person.invite", "Anna", {"name": "manager", "role": "manager"})

    assert planned == (
        "Anna planned the round “Autumn”, until 2 November 2026, 21:00 (Asia/Tokyo), k = 5."
    )
    # A person may be called as a role is; only the role is translated.
    assert invited == "Anna invited manager as manager."


def test_a_commitment_is_told_with_its_day_and_one_stop():
    words = {"giver": "Mill", "receiver": "Quay", "action": "Show it.", "on": "2026-12-18"}

    with translation.override("nl"):
        assert sentence_of("commitment.stand", "Anna", words) == (
            "Mill en Quay hebben afgesproken: “Show it”, uiterlijk 18 december 2026."
        )


def test_names_that_look_like_placeholders_do_no_harm():
    sentence = sentence_of("seat.end", "%(name)s 100 %", {"name": "%(who)s"})

    assert sentence == "%(name)s 100 % ended the seat of %(who)s."


@pytest.mark.django_db
def test_an_act_nobody_has_a_sentence_for_is_a_fault_of_ours():
    with pytest.raises(KeyError):
        record(SYSTEM, "round.forget", now=NOON)
    with pytest.raises(KeyError):
        record_each(SYSTEM, "round.forget", now=NOON, words=[{}])

    assert Entry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_did_not_happen_is_not_in_the_journal():
    @transaction.atomic
    def act():
        record(SYSTEM, "round.close", now=NOON, words={"round": "Autumn", "hash": "0"})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()

    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_who_did_what_for_whom_is_kept():
    world = make_alliance()
    manager = world.managers["Mill"]

    record(manager, "seat.end", now=NOON, words={"name": "Ben"})

    row = Entry.objects.latest("pk")
    assert (row.alliance_id, row.party_id, row.seat, row.who, row.at) == (
        world.alliance,
        world.parties["Mill"],
        manager.key,
        "Manager Mill",
        NOON,
    )


@pytest.mark.django_db
def test_the_newest_stand_first_a_page_at_a_time():
    world = make_alliance()
    manager = world.managers["Harbour"]
    for number in range(PAGE + 3):
        at = NOON + timedelta(minutes=number)
        record(manager, "seat.end", now=at, words={"name": f"Person {number}"})

    first = journal_of(manager, world.alliance)
    second = journal_of(manager, world.alliance, page=2)
    beyond = journal_of(manager, world.alliance, page=9)

    assert (len(first.lines), first.older) == (PAGE, True)
    assert first.lines[0].sentence == "Manager Harbour ended the seat of Person 52."
    assert [line.sentence.split()[-1] for line in second.lines] == ["2.", "1.", "0.", "alliance."]
    assert (second.older, beyond.lines, beyond.older) == (False, (), False)
    assert journal_of(manager, world.alliance, page=-4) == first


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["stranger", "facilitator"])
def test_the_journal_is_for_the_parties_of_the_alliance(who):
    world = make_alliance()
    other = make_alliance("Quay", "Barge")
    seat = other.managers["Quay"] if who == "stranger" else world.facilitator

    with pytest.raises(Missing):
        journal_of(seat, world.alliance)


@pytest.mark.django_db
def test_no_voice_is_in_the_journal_after_everything_that_can_happen():
    world = make_alliance(people=(8, 3))
    manager = world.managers["Harbour"]
    keep_alliance(manager, name="Ours", time_zone="UTC", working_calendar="weekdays", now=NOON)
    invite(world)
    add_participants(
        manager, party=world.parties["Harbour"], people=[Newcomer("B", "b@x.org")], now=NOON
    )
    key, other = open_round(world), open_round(world)
    cancel_round(manager, other, now=NOON)
    for link in links_of(key, world.parties["Harbour"]):
        speak(world, link, SIX, comment="zebra crossing")
    voice.fill_form(world.managers["Mill"], key, answers=SIX, comment="zebra", now=NOON)
    end_seat(manager, world.people["Harbour"][1].key, now=NOON)
    extend_round(manager, key, closes_at=LATER, now=NOON)
    close(world, key)
    release_rows(manager, key, now=LATER)
    erase_voices(key, now=LATER)

    kept = json.dumps(list(Entry.objects.values_list("act", "who", "words")))
    assert "zebra" not in kept
    acts = set(Entry.objects.values_list("act", flat=True))
    assert acts == set(SENTENCES) - OF_EVALUATIONS - {
        "invitation.withdraw",
        "invitation.accept",
        "round.import",
        "statement.export",
        "cohort.one_voice",
        "takeout.keep",
        *(act for act in SENTENCES if act.startswith("workshop.")),
    }
    # Speaking leaves no line: who spoke, or when, is nobody's to read.
    assert not {act for act in acts if act.startswith("voice.")}
    sentences = [line.sentence for line in journal_of(manager, world.alliance).lines]
    assert len(sentences) == Entry.objects.count()


@pytest.mark.django_db
def test_of_an_evaluation_the_journal_tells_what_was_done_and_not_what_was_thought():
    world = make_alliance(people=(5, 2))
    harbour, mill = world.managers.values()
    gone = prepare_evaluation(world)
    evaluations.change_agreement(harbour, gone, terms=terms_of(k=6), now=NOON)
    evaluations.call_off_evaluation(harbour, gone, now=NOON)
    cycle.keep_cycle(
        harbour,
        pulse_months=3,
        evaluation_months=12,
        next_pulse_on=LATER.date(),
        next_evaluation_on=LATER.date(),
        now=NOON,
    )
    key = begin_evaluation(world)
    let_answers_end(world, key)
    reflection.admit_facilitator(mill, key, world.facilitator.key, now=SEALING)
    reflection.dismiss_facilitator(mill, key, world.facilitator.key, now=SEALING)
    before = Entry.objects.count()
    reflect(world, key, "Mill", EV1={"change": "lot", "sentence": "A zebra crossed."})
    reflection.hold_dissent(mill, key, "EV2", text="No zebra.", shares=True, now=SEALING)

    assert Entry.objects.count() == before
    reveal.seal_reflection(mill, key, now=SEALING, rng=world.rng)
    evaluations.propose_end(harbour, key, kind="extend", until=SEALING + 2 * WEEK, now=SEALING)
    waiting = evaluations.evaluation_before(harbour, key, now=SEALING).proposal.key
    evaluations.withdraw_proposal(harbour, key, waiting, now=SEALING)
    evaluations.propose_end(harbour, key, kind="extend", until=SEALING + 2 * WEEK, now=SEALING)
    waiting = evaluations.evaluation_before(harbour, key, now=SEALING).proposal.key
    evaluations.consent_to_proposal(mill, key, waiting, now=SEALING)
    reveal.take_back_seal(mill, key, now=SEALING)
    reveal.seal_reflection(mill, key, now=SEALING, rng=world.rng)
    reflect(world, key, "Harbour")
    reveal.seal_reflection(harbour, key, now=SEALING, rng=world.rng)
    pass_gate(world, key)
    joint.assign_critic(harbour, key, "EV7", critic=mill.key, now=SEALING)
    promise = {
        "receiver": world.parties["Mill"],
        "owner": harbour.key,
        "due_on": LATER.date(),
        "evaluation": key,
        "now": SEALING,
    }
    kept = commitment.propose_commitment(harbour, action="Count the zebras.", **promise)
    commitment.accept_commitment(mill, kept, now=SEALING)
    commitment.judge_commitment(mill, kept, outcome="kept", note="No zebra left.", now=LATER)
    other = commitment.propose_commitment(harbour, action="Count again.", **promise)
    commitment.withdraw_commitment(harbour, other, now=SEALING)
    decide(world, key)
    joint.say_closing(mill, key, rating=7, sentence="Zebra.", now=SEALING)
    take_bundle(mill, key, now=SEALING)

    assert OF_EVALUATIONS - {
        "evaluation.propose.cancel",
        "evaluation.extend.agreed",
        "evaluation.expire",
    } <= set(Entry.objects.values_list("act", flat=True))
    told = " ".join(line.sentence for line in journal_of(mill, world.alliance).lines)
    assert re.findall(r"(?i)\S*zebra\S*", told.replace("“Count the zebras”", "")) == []
