"""The protocol of an evaluation as a machine: anybody, in any order, by a clock that jumps.

Twenty programs run with all tests. At length, 2,000 programs, an hour on a quiet machine:

    .venv/bin/python -m pytest -n0 -m soak tests/domain/test_protocol.py
"""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.factories import (
    BLOCKS,
    NOON,
    TOPICS,
    WEEK,
    links_of,
    make_alliance,
    seat_person,
    speak,
    terms_of,
    words_on,
)
from understream.access.refusal import Missing, Refused
from understream.access.seat import Role
from understream.domain import due, joint, reveal, seal
from understream.domain import evaluation as evaluations
from understream.domain import reflection as reflections
from understream.domain.bundle import take_bundle
from understream.domain.commitment import commitments_of, propose_commitment
from understream.domain.journal import journal_of
from understream.domain.mirror import mirror_before
from understream.domain.round import rounds_of
from understream.domain.topic import topics_of
from understream.instruments import reader
from understream.measurement.bundle import check, read_bundle
from understream.measurement.receipt import contradictions, read_receipts
from understream.measurement.seal import commitment
from understream.records.due import Due
from understream.records.evaluation import Evaluation, Proposal
from understream.records.reflection import Conclusion, Reflection
from understream.records.round import Round
from understream.records.seal import Envelope, SealEntry, SealLog

pytestmark = pytest.mark.django_db

PARTIES = ("Harbour", "Mill", "Quay")
HOURS = (-400, -30, -1, 1, 20, 50, 180, 200, 900)
parties = st.sampled_from(PARTIES)
manager_of = parties.map(lambda name: f"manager {name}")
actors = st.one_of(
    manager_of,
    manager_of,
    st.sampled_from(["participant", "sponsor", "facilitator", "stranger"]),
)


class Protocol(RuleBasedStateMachine):
    """One alliance of three parties, of which Mill and Quay speak with one voice."""

    world = None
    seats: dict = {}

    def __init__(self):
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.now, self.rng, self.key = NOON, Random(1), 0
        self.kept, self.opened_with = {}, {}
        self.read, self.looked = None, None

    def teardown(self):
        try:
            self.prove()
        finally:
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    # ------------------------------------------------------------- what acts come to

    def attempt(self, act, *arguments, **keys):
        """Do something; only a refusal may come of it, and a refusal changes nothing."""
        self.read = None
        try:
            with transaction.atomic():
                return act(*arguments, **keys)
        except Refused as refusal:
            return refusal

    def manage(self, actor, act, *arguments, **keys):
        """Do something that only a manager may: of anybody else it is as if nothing were there."""
        outcome = self.attempt(act, self.seats[actor], *arguments, **keys)
        if not actor.startswith("manager"):
            assert isinstance(outcome, Missing), (actor, act, outcome)
        return outcome

    @property
    def row(self):
        """Return the evaluation as it stands; read anew after each act."""
        if self.read is None:
            self.read = Evaluation.objects.get(pk=self.key)
        return self.read

    def party(self, actor):
        """Return the reflection of an actor's party, if there is one."""
        return Reflection.objects.filter(
            evaluation=self.key, party=self.seats[actor].party
        ).first()

    def begun(self, reflection):
        """Tell whether a party concludes already."""
        asked = Round.objects.get(evaluation=self.key)
        return reflection.party_id != self.world.parties["Harbour"] or asked.state == "closed"

    # ------------------------------------------------------------- the agreement

    @initialize(
        by=st.sampled_from(["manager Harbour", "facilitator"]),
        far=st.sampled_from([0, 1, 2, 3, 3, 4, 4]),
        lot=st.booleans(),
    )
    def start(self, by, far, lot):
        """Begin where something can happen: with an agreement, answers, conclusions or seals."""
        self.prepare(by, never=bool(far % 2))
        if far:
            for name in PARTIES:
                self.accept(f"manager {name}", 0)
            self.open(by)
        if far > 1:
            self.jump(180)
            self.tick()
            for name in PARTIES:
                self.finish(name, lot and name == "Quay")
        for name in PARTIES[: max(0, far - 2)]:
            self.seal(f"manager {name}")

    @precondition(lambda self: not self.key or self.row.ended_at)
    @rule(by=actors, never=st.booleans())
    def prepare(self, by, never):
        """Prepare the only evaluation that may be there."""
        terms = terms_of(
            if_never="talk" if never else "extend once",
            answer_until=self.now + WEEK,
            seal_until=self.now + 2 * WEEK,
        )
        made = self.attempt(
            evaluations.prepare_evaluation,
            self.seats[by],
            terms=terms,
            now=self.now,
            rng=self.rng,
        )
        assert isinstance(made, int) or by in ("participant", "sponsor", "stranger")
        if isinstance(made, int) and by != "stranger":
            self.key, self.read = made, None

    @rule(by=actors)
    def change(self, by):
        """Change what is agreed: every yes lapses."""
        before = self.row
        with_title = replace(evaluations._terms(before), title=f"Version {before.version + 1}")
        outcome = self.attempt(
            evaluations.change_agreement,
            self.seats[by],
            self.key,
            terms=with_title,
            now=self.now,
        )
        changed = self.row.version > before.version
        assert changed == (outcome is None)
        assert not changed or before.state == "preparing"

    @rule(by=actors, behind=st.sampled_from([0, 0, 1]))
    def accept(self, by, behind):
        """Accept, now and then what was agreed before."""
        version = self.row.version - behind
        name = by.removeprefix("manager ")
        outcome = self.manage(
            by,
            evaluations.accept_agreement,
            self.key,
            version=version,
            mode="confidential" if name == "Harbour" else "one voice",
            seats=[one.key for one in self.world.people.get(name, self.world.people["Mill"])],
            now=self.now,
            rng=self.rng,
        )
        fits = by.startswith("manager") and self.row.state == "preparing" and not behind
        assert (outcome is None) == fits

    @rule(by=actors)
    def open(self, by):
        """Begin, once all have accepted what is agreed now."""
        before = self.row
        accepted = before.acceptances.filter(version=before.version).count() == len(PARTIES)
        fits = before.state == "preparing" and accepted and self.now < before.answer_until
        outcome = self.attempt(
            evaluations.open_evaluation,
            self.seats[by],
            self.key,
            now=self.now,
            rng=self.rng,
        )
        steers = by.startswith("manager") or by == "facilitator"
        assert (outcome is None) == (fits and steers)

    @rule(by=actors)
    def call_off(self, by):
        """Call off what has not begun."""
        if self.rng.random() < 0.7:  # not too often: little happens afterwards
            return
        before = self.row.state
        outcome = self.manage(by, evaluations.call_off_evaluation, self.key, now=self.now)
        assert (outcome is None) == (before == "preparing" and by.startswith("manager"))

    # ------------------------------------------------------------- within a party

    @precondition(lambda self: self.key and self.row.state == "running")
    @rule(point=st.integers(1, 3))
    def answer(self, point):
        """Let somebody of the large party answer, and look from outside."""
        asked = Round.objects.get(evaluation=self.key)
        before = self.seen("manager Mill")
        for link in links_of(asked.pk, self.world.parties["Harbour"])[:2]:
            self.attempt(speak, self.world, link, (point,) * 22, now=self.now)
        assert self.seen("manager Mill") == before

    @precondition(lambda self: self.key and self.row.opened_at)
    @rule(by=actors, topic=st.sampled_from(TOPICS), lot=st.booleans(), text=st.text(max_size=9))
    def write(self, by, topic, lot, text):
        """Conclude on one topic, finished or not; nobody outside the party sees a thing."""
        onlooker = "manager Quay" if by != "manager Quay" else "manager Mill"
        mine = self.party(by)
        before = self.seen(onlooker)
        stands = Conclusion.objects.filter(reflection=mine, topic=topic).first() if mine else None
        said = {"sentence": text, "version": stands.version if stands else 0}
        said |= {"change": "lot"} if lot and topic in TOPICS[:6] else {}
        outcome = self.manage(
            by,
            reflections.write_conclusion,
            self.key,
            topic,
            words=words_on(topic, **said),
            now=self.now,
        )
        if by.startswith("manager"):
            fits = self.row.state == "running" and not mine.sealed_at and self.begun(mine)
            assert isinstance(outcome, int) == fits, outcome
        assert self.seen(onlooker) == before

    @precondition(lambda self: self.key and self.row.state == "running")
    @rule(name=parties, lot=st.sampled_from([False, False, True]))
    def finish(self, name, lot):
        """Conclude on everything at once, past the act, which `write` tries topic by topic."""
        mine = self.party(f"manager {name}")
        if mine.sealed_at or not self.begun(mine):
            return
        mine.conclusions.all().delete()
        said = {topic: words_on(topic) for topic in TOPICS}
        if lot:
            said["EV1"] = words_on("EV1", change="lot")
        Conclusion.objects.bulk_create(
            Conclusion(reflection=mine, topic=topic, version=9, **reflections._content(words))
            for topic, words in said.items()
        )

    @precondition(lambda self: self.key and self.row.state == "running")
    @rule(by=actors, shares=st.booleans())
    def dissent(self, by, shares):
        """Hold another view, or join or leave the one that is there."""
        seat = self.seats[by]
        mine = self.party(by)
        onlooker = "manager Quay" if by != "manager Quay" else "manager Mill"
        before = self.seen(onlooker)
        there = mine.dissents.first() if mine else None
        keys = {"now": self.now}
        if there is None:
            act, keys = reflections.hold_dissent, {**keys, "text": "Not I.", "shares": shares}
            outcome = self.attempt(act, seat, self.key, "EV12", **keys)
        elif there.holders.filter(seat=seat.key).exists() and not shares:
            outcome = self.attempt(reflections.let_go_dissent, seat, self.key, there.pk, **keys)
        else:
            keys["shares"] = shares
            outcome = self.attempt(reflections.join_dissent, seat, self.key, there.pk, **keys)
        if by in ("sponsor", "facilitator", "stranger"):
            assert isinstance(outcome, Missing)
        assert self.seen(onlooker) == before

    @precondition(lambda self: self.key and self.row.opened_at)
    @rule(by=actors)
    def seal(self, by):
        """Seal: exactly when everything is there, in time, and not sealed yet."""
        before, mine = self.row, self.party(by)
        outcome = self.manage(by, reveal.seal_reflection, self.key, now=self.now, rng=self.rng)
        if not by.startswith("manager"):
            return
        whole = all(
            not reflections.missing_in(topic, words.get(topic.code, reflections.Words()))
            for words in [reflections.conclusions_of(mine)]
            for topic in self.topics
        )
        fits = (
            before.state == "running"
            and mine.sealed_at is None
            and self.begun(mine)
            and self.now < before.seal_until
            and whole
        )
        assert isinstance(outcome, reveal.Sealing) == fits, (outcome, fits)
        if fits:
            last = not before.reflections.filter(sealed_at=None).exclude(pk=mine.pk).exists()
            assert outcome.revealed == last == (self.row.state == "revealed")

    @precondition(lambda self: self.key and self.row.opened_at)
    @rule(by=actors)
    def take_back(self, by):
        """Take a seal back, as long as not all have sealed."""
        before, mine = self.row, self.party(by)
        outcome = self.manage(by, reveal.take_back_seal, self.key, now=self.now)
        if by.startswith("manager"):
            fits = before.state == "running" and mine.sealed_at is not None
            assert (outcome is None) == fits

    # ------------------------------------------------------------- while somebody is waited for

    @precondition(lambda self: self.key and self.row.opened_at)
    @rule(by=actors, cancel=st.sampled_from([False, False, True]), hours=st.sampled_from(HOURS))
    def propose(self, by, cancel, hours):
        """Propose another deadline, or to call it off."""
        outcome = self.manage(
            by,
            evaluations.propose_end,
            self.key,
            kind="cancel" if cancel else "extend",
            until=None if cancel else self.row.seal_until + timedelta(hours=hours),
            now=self.now,
        )
        if outcome is True and not cancel:
            assert self.row.seal_until > self.now

    @precondition(lambda self: self.key and self.row.opened_at)
    @rule(by=actors, takes=st.booleans())
    def consent(self, by, takes):
        """Agree to what is proposed, or withdraw it."""
        proposal = Proposal.objects.filter(evaluation=self.key).last()
        if proposal is None:
            return
        act = evaluations.consent_to_proposal if takes else evaluations.withdraw_proposal
        before = self.row
        sealed = set(before.reflections.exclude(sealed_at=None).values_list("party", flat=True))
        self.manage(by, act, self.key, proposal.pk, now=self.now)
        if self.row.state == "cancelled" != before.state:
            assert sealed <= set(proposal.consents.values_list("party", flat=True))

    @rule(hours=st.sampled_from(HOURS))
    def jump(self, hours):
        """Let the clock jump, back too."""
        self.now = max(NOON, self.now + timedelta(hours=hours))

    @rule()
    def tick(self):
        """Do what has fallen due; nothing fails."""
        while due.tick(now=self.now, rng=self.rng):
            self.read = None
        assert not Due.objects.filter(done_at=None, at__lte=self.now).exists()

    # ------------------------------------------------------------- together

    @precondition(lambda self: self.key and self.row.revealed_at)
    @rule(by=actors, about=st.sampled_from([*BLOCKS, "EV1", "EV12", "relevance"]))
    def agree(self, by, about):
        """Write or accept together; the fourth note that stands opens the soft side."""
        kind = {"B": "block", "E": "topic", "r": "relevance"}[about[0]]
        before, seat = self.row, self.seats[by]
        kept = before.texts.filter(kind=kind, code=about).first()
        keys = {"version": kept.version if kept else 0, "now": self.now}
        if kept is None:
            said = {"choice": "ED1"} if kind == "relevance" else {"reading": "Seen."}
            outcome = self.attempt(
                joint.write_joint_text, seat, self.key, kind, about, **said, **keys
            )
            if before.state == "revealed" and by not in ("sponsor", "stranger"):
                waits = before.soft_opened_at is None and about in ("EV12", "relevance")
                assert isinstance(outcome, joint.StillSealed if waits else int)
        else:
            self.manage(by, joint.accept_joint_text, self.key, kind, about, **keys)
        after = self.row
        if after.soft_opened_at != before.soft_opened_at:
            assert before.soft_opened_at is None
            assert kind == "block"
            texts = joint._Texts(self.seats["manager Mill"], after, self.cards)
            assert all(texts.about("block", block).stands for block in BLOCKS)

    @precondition(lambda self: self.key and self.row.soft_opened_at)
    @rule(by=actors)
    def close(self, by):
        """Say once what it did."""
        self.manage(by, joint.say_closing, self.key, rating=5, now=self.now)

    # ------------------------------------------------------------- what always holds

    @invariant()
    def nothing_opens_early_and_what_opens_is_what_was_sealed(self):
        """CR-1, CR-2, CR-3, looked at whenever something was written in the log."""
        length = SealEntry.objects.filter(evaluation=self.key).count()
        if length != self.looked:
            self.looked = length
            self.look()

    def look(self):
        """Compare what is sealed and what is open with the log."""
        row = self.row
        log = SealLog.objects.filter(alliance=self.world.alliance).first()
        entries = [
            json.loads(one.body) | {"index": one.index}
            for one in SealEntry.objects.filter(evaluation=row)
        ]
        first = next((one["index"] for one in entries if one["kind"] == "revealed"), None)
        sealed = {one.party_id: one for one in row.reflections.exclude(sealed_at=None)}
        for one in Envelope.objects.filter(reflection__evaluation=row).select_related(
            "reflection"
        ):
            party = one.reflection.party_id
            held = (bytes(one.document), bytes(one.salt))
            made = commitment(
                log=log.name, evaluation=row.code, party=str(party), part=one.part,
                document=held[0], salt=held[1],
            )  # fmt: skip
            assert made == one.commitment
            assert self.opened_with.setdefault(made, held) == held
            last = [e for e in entries if e.get("party") == str(party)][-1]
            assert last["kind"] == "sealed"
            assert last["commitments"][one.part - 1] == made
            if one.opened_at is None:
                assert one.part == 2 or first is None
                continue
            assert row.revealed_at is not None
            assert len(sealed) == len(PARTIES)
            assert last["index"] < first
            assert one.part == 1 or row.soft_opened_at is not None
        if first is not None:
            later = [one["kind"] for one in entries if one["index"] >= first]
            assert later == ["revealed"] * (2 if row.soft_opened_at else 1)
        for one in SealEntry.objects.filter(evaluation=row).exclude(receipt=""):
            self.kept[one.index] = one.receipt

    def seen(self, actor):
        """Return all that a manager can ask of an evaluation before it opens."""
        seat, language = self.seats[actor], {"language": "en"}
        asked = list(Round.objects.filter(evaluation=self.key).values_list("pk", flat=True))
        return [
            self.attempt(evaluations.evaluation_before, seat, self.key, now=self.now),
            evaluations.evaluations_of(seat),
            self.attempt(seal.log_before, seat, self.key),
            self.attempt(seal.receipts_before, seat, self.key, **language),
            journal_of(seat, seat.alliance),
            rounds_of(seat),
            commitments_of(seat, now=self.now, **language),
            *[str(self.attempt(mirror_before, seat, one, **language)) for one in asked],
            str(self.attempt(joint.joint_before, seat, self.key, now=self.now, **language)),
        ]

    @precondition(lambda self: self.key and self.row.state == "running")
    @rule(of=parties, noise=st.text(max_size=2000))
    def look_from_outside(self, of, noise):
        """PI-6: other content of one party, sealed or not, changes no word another can get."""
        onlooker = "manager Quay" if of != "Quay" else "manager Mill"
        mine = self.party(f"manager {of}")
        before = self.seen(onlooker)
        point = transaction.savepoint()
        mine.conclusions.all().delete()
        for topic in TOPICS[: len(noise) % 17]:
            Conclusion.objects.create(reflection=mine, topic=topic, sentence=noise)
        mine.dissents.create(topic="EV3", text=noise)
        mine.envelopes.update(document=noise.encode(errors="replace"), salt=b"x")
        assert self.seen(onlooker) == before
        transaction.savepoint_rollback(point)

    def prove(self):
        """The log verifies with every receipt that anybody was ever given."""
        if not self.kept:
            return
        self.look()
        receipts = [read_receipts(one.encode())[0] for one in self.kept.values()]
        assert contradictions(receipts) == ()
        for name in PARTIES:
            seat = self.seats[f"manager {name}"]
            bundle = take_bundle(seat, self.key, now=self.now)
            wrong = [
                one for one in check(*read_bundle(bundle.content), receipts) if not one.passed
            ]
            assert wrong == []


def machine():
    """Return the machine with a world in which every program begins."""
    world = make_alliance(*PARTIES, people=(5, 2, 2))
    stranger = make_alliance("Dike", "Ebb", people=2, seed=8).managers["Dike"]
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    Protocol.world = world
    Protocol.seats = {f"manager {name}": seat for name, seat in world.managers.items()} | {
        "participant": world.people["Harbour"][1],
        "sponsor": sponsor,
        "facilitator": world.facilitator,
        "stranger": stranger,
    }
    Protocol.cards = dict.fromkeys(world.parties.values())
    Protocol.topics = topics_of(reader.load("evaluation"), language="en")
    owner, receiver = world.managers["Mill"], world.parties["Quay"]
    propose_commitment(
        owner, receiver=receiver, action="Call.", owner=owner.key, due_on=NOON.date(), now=NOON
    )
    return Protocol


def run(programs, steps):
    """Let so many programs of at most so many steps run, each within a savepoint."""
    run_state_machine_as_test(
        machine(),
        settings=settings(
            max_examples=programs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # No shrinking: a program is short, and on a busy machine shrinking takes minutes.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_program_opens_early_opens_something_else_or_tells_a_partner():
    run(20, 12)


@pytest.mark.soak
def test_no_program_of_two_thousand_does_either():
    run(2000, 25)
