"""Every act of a facilitator is logged and undone from the log; nobody's work is overwritten."""

from random import Random

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.factories import NOON, make_alliance
from tests.workshops import draft, make_meeting
from understream.access.refusal import Forbidden, Refused
from understream.domain import answer, attendee, move, pair, spotlight, step, theme
from understream.records.answer import Answer
from understream.records.move import Move
from understream.records.theme import Gathered, Theme
from understream.records.workshop import Step

pytestmark = pytest.mark.django_db
TABLES = ("step", "theme", "gathered", "answer", "attendee", "group", "place", "turn")


def rows():
    """Return all that acts can change, without versions and without what is never undone."""
    told = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f'SELECT * FROM "records_{table}"')  # noqa: S608 - our own tables
            names = [column[0] for column in cursor.description]
            kept = [
                at
                for at, name in enumerate(names)
                if name not in ("changed", "opened_at", "revealed", "choices")
            ]
            told[table] = sorted(str([row[at] for at in kept]) for row in cursor.fetchall())
    return told


@pytest.fixture
def meeting():
    world = make_alliance("Harbour", "Mill", people=3)
    meeting = make_meeting(
        world, draft("prompt", card={"en": "card"}), draft("themes", source=1), draft("pairs"),
        draft("vote", source=2), draft("spotlight", source=1),
    )  # fmt: skip
    meeting.open(0)
    for name in meeting.tokens:
        meeting.say(name, f"words of {name}")
    return meeting


def everything(meeting):
    """Return one act of each kind, in an order in which they can be done."""
    lead, key, steps = meeting.lead, meeting.key, meeting.steps
    answers = list(Answer.objects.order_by("pk").values_list("pk", flat=True))
    at = {"now": NOON}
    themes = []
    return [
        lambda: step.pause_clock(lead, key, steps[0], runs=False, **at),
        lambda: step.pause_clock(lead, key, steps[0], runs=True, **at),
        lambda: step.extend_step(lead, key, steps[0], minutes=3, **at),
        lambda: step.show_card(lead, key, steps[0], shown=True, **at),
        lambda: answer.hold_answer(lead, key, answers[0], **at),
        lambda: answer.show_answer(lead, key, answers[0], **at),
        lambda: answer.paraphrase_answer(lead, key, answers[1], words="other", **at),
        lambda: attendee.admit_attendees(lead, key, **at),
        lambda: attendee.place_attendee(lead, key, meeting.person("a0"), party=0, **at),
        lambda: attendee.remove_attendee(lead, key, meeting.person("a3"), **at),
        lambda: step.skip_step(lead, key, steps[4], **at),
        lambda: meeting.open(1),
        lambda: themes.append(
            theme.make_theme(lead, key, steps[1], name="A", answers=answers[:4], **at)
        ),
        lambda: themes.append(theme.make_theme(lead, key, steps[1], name="B", **at)),
        lambda: theme.gather_answers(
            lead, key, themes[1], answers=answers[3:6], leave=themes[0], **at
        ),
        lambda: theme.rename_theme(
            lead, key, themes[0], name="A2", seen=Theme.objects.get(pk=themes[0]).changed, **at
        ),
        lambda: theme.paraphrase_theme(
            lead, key, themes[0], words="w", seen=Theme.objects.get(pk=themes[0]).changed, **at
        ),
        lambda: theme.release_answers(lead, key, themes[0], answers=answers[:1], **at),
        lambda: themes.append(
            theme.split_theme(lead, key, themes[1], answers=answers[5:6], name="C", **at)
        ),
        lambda: theme.order_theme(lead, key, themes[2], by=-1, **at),
        lambda: theme.merge_themes(lead, key, themes[0], other=themes[1], **at),
        lambda: theme.lay_beside(lead, key, steps[1], **at),
        lambda: theme.remove_theme(lead, key, themes[2], **at),
        lambda: meeting.close(1),
    ]


def test_undoing_everything_leads_back_to_the_beginning_and_redoing_to_the_end(meeting):
    states = [rows()]
    for act in everything(meeting):
        act()
        states.append(rows())
    assert len(set(map(str, states))) > len(states) - 4  # two acts lead back by themselves

    for before in reversed(states[:-1]):
        move.undo_move(meeting.lead, meeting.key, now=NOON)
        assert rows() == before
    for after in states[1:]:
        move.redo_move(meeting.lead, meeting.key, now=NOON)
        assert rows() == after
    with pytest.raises(move.NothingToUndo):
        move.redo_move(meeting.lead, meeting.key, now=NOON)


def test_every_act_stands_in_the_log_as_a_sentence(meeting):
    acts = everything(meeting)
    for act in acts:
        act()
    lines = move.moves_of(meeting.lead, meeting.key)

    assert len(lines) == len(acts) + 1
    assert all(meeting.lead.name in one.sentence and "%" not in one.sentence for one in lines)
    assert set(Move.objects.values_list("act", flat=True)) <= set(move.SENTENCES)


def test_a_new_act_ends_what_could_be_done_again(meeting):
    step.extend_step(meeting.lead, meeting.key, meeting.steps[0], minutes=1, now=NOON)
    move.undo_move(meeting.lead, meeting.key, now=NOON)
    step.extend_step(meeting.lead, meeting.key, meeting.steps[0], minutes=9, now=NOON)

    with pytest.raises(move.NothingToUndo):
        move.redo_move(meeting.lead, meeting.key, now=NOON)


def test_identity_stays_frozen_when_the_opening_is_undone(meeting):
    move.undo_move(meeting.lead, meeting.key, now=NOON)
    row = Step.objects.get(pk=meeting.steps[0])

    assert (row.state, row.opened_at) == ("waiting", NOON)
    assert Answer.objects.count() == 8


def test_what_somebody_else_changed_since_is_not_undone(meeting):
    first = Answer.objects.order_by("pk")[0]
    answer.paraphrase_answer(meeting.lead, meeting.key, first.pk, words="mine", now=NOON)
    Answer.objects.filter(pk=first.pk).update(paraphrase="somebody else's")
    before = rows()

    with pytest.raises(move.ChangedSince):
        move.undo_move(meeting.lead, meeting.key, now=NOON)
    assert rows() == before


def test_the_writers_own_change_survives_the_undoing_of_a_hold(meeting):
    key = Answer.objects.order_by("pk")[0].pk
    answer.hold_answer(meeting.lead, meeting.key, key, now=NOON)
    (own,) = meeting.own("a0").answers[meeting.steps[0]]
    meeting.say("a0", "better words", after=own["key"])
    move.undo_move(meeting.lead, meeting.key, now=NOON)

    row = Answer.objects.get(pk=key)
    assert (row.text, row.state) == ("better words", "shown")


def test_nobody_else_undoes_or_reads_the_log(meeting):
    participant = make_alliance("Quay", "Delta", people=2).people["Quay"][1]
    for act in (
        lambda: move.undo_move(participant, meeting.key, now=NOON),
        lambda: move.moves_of(participant, meeting.key),
    ):
        with pytest.raises(Refused):
            act()
    with pytest.raises(Forbidden):
        step.extend_step(
            participant.__class__(
                participant.key, participant.person, "x", participant.role,
                meeting.lead.alliance, 1,
            ),
            meeting.key, meeting.steps[0], minutes=1, now=NOON,
        )  # fmt: skip


def test_pairs_and_turns_are_undone_too(meeting):
    meeting.open(2)
    before = rows()
    pair.move_to_pair(
        meeting.lead, meeting.key, meeting.steps[2], meeting.person("a0"), number=0, now=NOON
    )
    pair.give_call_links(
        meeting.lead, meeting.key, meeting.steps[2], links=["https://call.example/1"], now=NOON
    )
    move.undo_move(meeting.lead, meeting.key, now=NOON)
    move.undo_move(meeting.lead, meeting.key, now=NOON)
    assert rows() == before

    meeting.open(4)
    spotlight.draw_speaker(meeting.lead, meeting.key, meeting.steps[4], now=NOON, rng=Random(1))
    asked = next(
        token
        for name, token in meeting.tokens.items()
        if meeting.own(name).personal.invited is not None
    )
    spotlight.answer_turn(
        asked, meeting.key, meeting.steps[4], accepts=True, now=NOON, rng=Random(1)
    )
    spotlight.thank_speaker(meeting.lead, meeting.key, meeting.steps[4], now=NOON)
    move.undo_move(meeting.lead, meeting.key, now=NOON)
    assert not meeting.scene().speakers[-1].heard


# ------------------------------------------------------- two at once, on views that are old


class TwoFacilitators(RuleBasedStateMachine):
    """R-12: each acts on what the own screen last showed."""

    @initialize()
    def begin(self):
        Move.objects.all().delete()
        Theme.objects.all().delete()
        world = make_alliance(f"H{Answer.objects.count()}", f"M{Answer.objects.count()}", people=2)
        self.leads = (world.facilitator, next(iter(world.managers.values())))
        self.meeting = make_meeting(world, draft("prompt"), draft("themes", source=1), people=3)
        self.meeting.open(0)
        for name in self.meeting.tokens:
            self.meeting.say(name, name)
        self.meeting.open(1)
        self.answers = [one.key for one in self.meeting.scene().answers]
        self.logged = Move.objects.count()
        self.screens = [(), ()]

    @rule(who=st.integers(0, 1))
    def look(self, who):
        self.screens[who] = self.meeting.scene().themes

    @rule(
        who=st.integers(0, 1),
        act=st.sampled_from(
            ["make", "rename", "merge", "split", "gather", "release", "apart", "order", "hold",
             "undo", "redo"]
        ),
        first=st.integers(0, 9),
        second=st.integers(0, 9),
        some=st.sets(st.integers(0, 5), max_size=3),
    )  # fmt: skip
    def do(self, who, act, first, second, some):
        lead, key, step_ = self.leads[who], self.meeting.key, self.meeting.steps[1]
        seen = self.screens[who]
        one = seen[first % len(seen)] if seen else None
        two = seen[second % len(seen)] if seen else None
        chosen = [self.answers[at] for at in some]
        at = {"now": NOON}
        before = {row.pk: (row.name, row.changed) for row in Theme.objects.all()}
        acts = {
            "make": lambda: theme.make_theme(
                lead, key, step_, name=f"{who}{first}{second}", answers=chosen, **at
            ),
            "hold": lambda: answer.hold_answer(lead, key, self.answers[first % 6], **at),
            "undo": lambda: move.undo_move(lead, key, **at),
            "redo": lambda: move.redo_move(lead, key, **at),
        }
        if one is not None and two is not None:
            acts |= {
                "rename": lambda: theme.rename_theme(
                    lead, key, one.key, name=f"r{who}{second}", seen=one.changed, **at
                ),
                "merge": lambda: theme.merge_themes(lead, key, one.key, other=two.key, **at),
                "split": lambda: theme.split_theme(
                    lead, key, one.key, answers=chosen, name=f"s{first}", **at
                ),
                "gather": lambda: theme.gather_answers(
                    lead, key, one.key, answers=chosen, leave=two.key, **at
                ),
                "release": lambda: theme.release_answers(lead, key, one.key, answers=chosen, **at),
                "apart": lambda: theme.remove_theme(lead, key, one.key, **at),
                "order": lambda: theme.order_theme(lead, key, one.key, by=second - 5, **at),
            }
        if act not in acts:
            return
        moves = Move.objects.count()
        try:
            acts[act]()
        except Refused:
            assert Move.objects.count() == moves
            assert before == {row.pk: (row.name, row.changed) for row in Theme.objects.all()}
            return
        if act == "rename" and one.key in before:
            # A name is replaced only by who has seen that name.
            assert before[one.key][1] == one.changed or before[one.key][0] == f"r{who}{second}"

    @invariant()
    def nothing_is_lost_and_both_see_the_same(self):
        if not hasattr(self, "meeting"):
            return
        assert Answer.objects.filter(step=self.meeting.steps[0]).count() == 6
        assert not Gathered.objects.exclude(theme__step=self.meeting.steps[1]).exists()
        shown = self.meeting.scene()
        if shown.room.step is not None and shown.room.step.kind == "themes":
            row = Step.objects.select_related("source").get(pk=self.meeting.steps[1])
            assert theme.themes_in(row) == shown.themes


def test_two_facilitators_never_overwrite_each_other():
    TwoFacilitators.TestCase.settings = settings(
        max_examples=16, stateful_step_count=12, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    TwoFacilitators.TestCase("runTest").runTest()


@pytest.mark.soak
def test_two_facilitators_never_overwrite_each_other_at_length():
    TwoFacilitators.TestCase.settings = settings(
        max_examples=1000, stateful_step_count=20, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    TwoFacilitators.TestCase("runTest").runTest()
