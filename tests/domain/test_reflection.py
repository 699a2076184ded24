"""What a party concludes: by its managers, without overwriting, its other views kept inside."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.factories import (
    NOON,
    SEALING,
    TOPICS,
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
from understream.access.refusal import Missing, Unfit
from understream.access.seat import Role
from understream.domain import evaluation as evaluations
from understream.domain import reflection, reveal, voice
from understream.domain.evaluation import Ended, evaluation_before
from understream.domain.journal import journal_of
from understream.domain.reflection import Changed, NotYet, Sealed, Words
from understream.domain.reveal import openings_of
from understream.domain.seat import end_seat
from understream.records.evaluation import Evaluation
from understream.records.journal import Entry
from understream.records.reflection import Conclusion, Dissent, Holder
from understream.records.round import Round

pytestmark = pytest.mark.django_db
LATER = SEALING + timedelta(hours=1)


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", people=(6, 3)))


@pytest.fixture(scope="module")
def key(lasting, world):
    """Return an evaluation in which Harbour's people have answered and Mill has one voice."""

    def make():
        found = begin_evaluation(world)
        asked = Round.objects.get(evaluation=found)
        for link in links_of(asked.pk, world.parties["Harbour"]):
            speak(world, link, (3,) * 6 + (1,) * 6 + (2,) * 10)
        let_answers_end(world, found)
        return found

    return lasting(make)


def card(seat, key, **keys):
    return reflection.reflection_before(seat, key, language="en", now=SEALING, **keys)


def write(seat, key, topic="EV7", now=SEALING, **said):
    return reflection.write_conclusion(seat, key, topic, words=words_on(topic, **said), now=now)


def hold(seat, key, topic="EV12", *, text="I do not see this.", shares=False):
    return reflection.hold_dissent(seat, key, topic, text=text, shares=shares, now=SEALING)


# ------------------------------------------------------------------ reading


def test_a_party_reads_its_own_reflection_with_what_its_people_said(world, key):
    manager, participant = world.managers["Harbour"], world.people["Harbour"][1]
    assert write(manager, key, rating=6) == 1

    one = next(c for c in card(participant, key).conclusions if c.topic.code == "EV7")

    assert one.words == words_on("EV7", rating=6, version=1)
    assert one.people.text == "2.0"
    assert "2.0; you conclude 6" in one.differs
    assert [group.code for group in card(manager, key).groups] == [
        "own_goals", "environment", "hard", "soft"
    ]  # fmt: skip
    assert (card(manager, key).done, card(manager, key).total) == (1, 16)
    assert card(manager, key).may_write
    assert not card(participant, key).may_write
    assert card(participant, key).may_hold


def test_nobody_else_reads_it_and_a_sponsor_after_the_reveal(world, key):
    sponsor = seat_person(world.alliance, world.parties["Harbour"], "Sponsor", Role.SPONSOR)
    late = seat_person(world.alliance, world.parties["Harbour"], "Late", Role.PARTICIPANT)
    stranger = make_alliance("Quay", "Dike", seed=3).managers["Quay"]
    write(world.managers["Harbour"], key)

    for seat in (sponsor, stranger, world.facilitator):
        with pytest.raises(Missing):
            card(seat, key, party=world.parties["Harbour"])
        with pytest.raises(Missing):
            reflection.history_of(seat, key, "EV7")
    assert card(world.managers["Mill"], key, party=world.parties["Harbour"]).party.name == "Mill"
    # Who joined after the questions were sent was not asked, and takes part in the talk.
    assert card(late, key).done == 1
    assert hold(late, key)
    seal_evaluation(world, key)
    assert card(sponsor, key).done == 16
    assert not card(sponsor, key).may_hold


def test_while_people_answer_only_one_voice_concludes():
    world = make_alliance("Quay", "Dike", people=(5, 2), seed=8)
    key = begin_evaluation(world)

    for call in (
        lambda seat: card(seat, key),
        lambda seat: write(seat, key, now=NOON),
        lambda seat: hold(seat, key),
    ):
        with pytest.raises(NotYet):
            call(world.managers["Quay"])
        assert call(world.managers["Dike"])
    assert evaluation_before(world.managers["Quay"], key, now=NOON).stage == "alone"
    assert evaluation_before(world.managers["Dike"], key, now=NOON).stage == "within"


def test_reading_asks_the_same_number_of_questions_with_little_and_much(
    world, key, django_assert_max_num_queries
):
    manager = world.managers["Harbour"]
    with django_assert_max_num_queries(24) as few:
        card(manager, key)
    reflect(world, key, "Harbour")
    for topic in TOPICS[:8]:
        for seat in world.people["Harbour"][1:4]:
            hold(seat, key, topic)

    with django_assert_max_num_queries(24) as many:
        card(manager, key)

    assert len(few) in (len(many), len(many) - 1)  # who holds what, once there is something


# ------------------------------------------------------------------ writing


def test_two_who_write_at_the_same_place_lose_nothing(world, key):
    first = world.managers["Harbour"]
    second = seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)
    assert write(first, key, sentence="Mine.") == 1

    with pytest.raises(Changed) as refused:
        write(second, key, sentence="Ours.")
    assert refused.value.theirs.sentence == "Mine."
    assert write(second, key, sentence="Ours.", version=1) == 2
    assert write(first, key, sentence="Ours.", version=1) == 2  # says the same: nothing is lost

    lines = reflection.history_of(first, key, "EV7")
    assert [(one.version, one.who, one.words.sentence) for one in lines] == [
        (2, "Second", "Ours."),
        (1, "Manager Harbour", "Mine."),
    ]


@pytest.mark.parametrize(
    ("topic", "said", "field"),
    [
        ("EV7", {"sentence": "x" * 200_000}, "sentence"),
        ("EV7", {"sentence": "x" * 1001}, "sentence"),
        ("EV7", {"rating": 8}, "rating"),
        ("EV7", {"rating": -1}, "rating"),
        ("EV7", {"change": "lot"}, "change"),
        ("EV7", {"direction": "up"}, "direction"),
        ("EV1", {"rating": 4}, "rating"),
        ("EV1", {"change": "huge"}, "change"),
        ("EV1", {"effect": "?"}, "effect"),
        ("EV1", {"sure": "very"}, "sure"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place_and_stores_nothing(world, key, topic, said, field):
    with pytest.raises(Unfit) as refused:
        write(world.managers["Harbour"], key, topic, **said)

    assert list(refused.value.faults) == [field]
    assert not Conclusion.objects.exists()


def test_signs_that_nobody_reads_are_left_out_and_dead_answers_with_them(world, key):
    manager = world.managers["Harbour"]

    write(manager, key, "EV1", change="not", sentence=" a\x00b\ud800\n c\u202e ")
    write(manager, key, "EV7", rating=255)

    kept = {one.topic: one for one in Conclusion.objects.all()}
    assert (kept["EV1"].sentence, kept["EV1"].effect) == ("ab c", "")
    assert kept["EV7"].direction == ""
    assert {c.topic.code for c in card(manager, key).conclusions if not c.missing} == {
        "EV1", "EV7"
    }  # fmt: skip


def test_only_managers_of_the_own_party_write_and_only_about_what_is_asked(world, key):
    for seat in (world.people["Harbour"][1], world.facilitator):
        with pytest.raises(Missing):
            write(seat, key)
    for topic in ("EV17", "EV1b", "B1", ""):
        with pytest.raises(Missing):
            reflection.write_conclusion(
                world.managers["Harbour"], key, topic, words=Words(), now=SEALING
            )
    seal_evaluation(world, key, "Harbour")
    with pytest.raises(Sealed):
        write(world.managers["Harbour"], key, version=1, rating=1)
    with pytest.raises(Sealed):
        hold(world.people["Harbour"][1], key)


def test_writing_leaves_no_line_in_the_journal_and_nothing_on_the_partners_page(world, key):
    mill = world.managers["Mill"]
    before = (Entry.objects.count(), evaluation_before(mill, key, now=SEALING))

    reflect(world, key, "Harbour")
    dissent = hold(world.people["Harbour"][1], key)
    reflection.join_dissent(world.people["Harbour"][2], key, dissent, shares=True, now=SEALING)

    assert (Entry.objects.count(), evaluation_before(mill, key, now=SEALING)) == before


# ------------------------------------------------------------------ other views


def test_the_keys_of_views_do_not_tell_how_many_there_are(world, key):
    """A partner's people could count views by theirs, if keys were numbered."""
    people = world.people["Harbour"]
    keys = [hold(people[1], key, text=f"View {number}.") for number in range(5)]

    assert len(set(keys)) == 5
    assert min(keys) > 2**32
    assert len({later - sooner for sooner, later in pairwise(keys)}) == 4


def sealed_views(world, key, topic="EV12"):
    seal_evaluation(world, key)
    return openings_of(Evaluation.objects.get(pk=key))[world.parties["Harbour"]][topic]["dissents"]


def test_another_view_travels_when_all_who_hold_it_let_it(world, key):
    first, second, third = world.people["Harbour"][1:4]
    shared = hold(first, key, text="Shared by both.", shares=True)
    reflection.join_dissent(second, key, shared, shares=True, now=SEALING)
    kept = hold(first, key, text="Shared by one.", shares=True)
    reflection.join_dissent(second, key, kept, shares=False, now=SEALING)
    hold(third, key, text="Never asked.")

    views = next(c for c in card(first, key).conclusions if c.topic.code == "EV12").dissents

    assert {(v.text, v.mine, v.shares, v.travels) for v in views} == {
        ("Shared by both.", True, True, True),
        ("Shared by one.", True, True, False),
        ("Never asked.", False, False, False),
    }
    # Nothing on a card tells who holds a view, or how many do.
    assert {f for view in views for f in view.__dataclass_fields__} == {
        "key", "text", "mine", "shares", "travels", "may_reword"
    }  # fmt: skip
    assert sealed_views(world, key) == ["Shared by both."]


def test_the_view_of_somebody_who_left_without_saying_so_never_travels(world, key):
    leaver, stayer = world.people["Harbour"][1:3]
    dissent = hold(leaver, key, text="Told to my own people.")
    end_seat(world.managers["Harbour"], leaver.key, now=SEALING)
    reflection.join_dissent(stayer, key, dissent, shares=True, now=SEALING)

    assert sealed_views(world, key) == []


def test_a_view_is_its_holders_alone_to_change_and_gone_when_nobody_holds_it(world, key):
    first, second = world.people["Harbour"][1:3]
    dissent = hold(first, key)
    for seat in (second, world.managers["Harbour"], world.managers["Mill"]):
        with pytest.raises(Missing):
            reflection.reword_dissent(seat, key, dissent, text="Mine now.", now=SEALING)
        with pytest.raises(Missing):
            reflection.let_go_dissent(seat, key, dissent, now=SEALING)
    reflection.reword_dissent(first, key, dissent, text="Said better.", now=SEALING)
    reflection.join_dissent(second, key, dissent, shares=True, now=SEALING)
    with pytest.raises(Missing):
        reflection.reword_dissent(first, key, dissent, text="Behind your back.", now=SEALING)
    for seat in (world.managers["Mill"], world.people["Mill"][1], world.facilitator):
        with pytest.raises(Missing):
            reflection.join_dissent(seat, key, dissent, shares=True, now=SEALING)

    for seat in (first, second):
        reflection.let_go_dissent(seat, key, dissent, now=SEALING)

    assert (Dissent.objects.count(), Holder.objects.count()) == (0, 0)
    with pytest.raises(Missing):
        reflection.join_dissent(first, key, dissent, shares=True, now=SEALING)


def test_other_views_are_few_short_and_about_what_is_asked(world, key):
    for text in ("", " \x00 ", "x" * 501):
        with pytest.raises(Unfit):
            hold(world.people["Harbour"][1], key, text=text)
    with pytest.raises(Missing):
        hold(world.people["Harbour"][1], key, "EV99")
    for number in range(5):
        hold(world.people["Harbour"][1], key, text=f"View {number}")
    with pytest.raises(Unfit, match="five other views"):
        hold(world.people["Harbour"][2], key)


# ------------------------------------------------------------------ guests


def test_a_facilitator_reads_along_only_where_let_in_and_all_are_told(world, key):
    harbour, guest = world.managers["Harbour"], world.facilitator
    party = world.parties["Harbour"]
    write(harbour, key)
    hold(world.people["Harbour"][1], key, text="For our own people.")
    for seat in (world.people["Harbour"][1], world.facilitator):
        with pytest.raises(Missing):
            reflection.admit_facilitator(seat, key, guest.key, now=SEALING)
    with pytest.raises(Missing):
        reflection.admit_facilitator(harbour, key, world.managers["Mill"].key, now=SEALING)

    reflection.admit_facilitator(harbour, key, guest.key, now=SEALING)

    read = card(guest, key, party=party)
    assert (read.done, read.may_write, read.may_hold, read.readers) == (1, False, False, ())
    # Another view stays inside the party.
    assert not any(one.dissents for one in read.conclusions)
    assert [one.name for one in evaluation_before(guest, key, now=SEALING).visits] == ["Harbour"]
    for other in (world.parties["Mill"], 0):
        with pytest.raises(Missing):
            card(guest, key, party=other)
    told = journal_of(world.managers["Mill"], world.alliance).lines[0].sentence
    assert "let Facilitator of Harbour read the reflection of Harbour" in told

    evaluations.propose_end(harbour, key, kind="cancel", now=SEALING)
    with pytest.raises(Ended):
        reflection.admit_facilitator(harbour, key, guest.key, now=SEALING)
    reflection.dismiss_facilitator(harbour, key, guest.key, now=SEALING)
    with pytest.raises(Missing):
        card(guest, key, party=party)
    with pytest.raises(Missing):
        reflection.dismiss_facilitator(harbour, key, guest.key, now=SEALING)


# ------------------------------------------------------------------ links


def test_a_link_reads_the_own_reflection_in_its_browser_until_its_person_leaves(world, key):
    link = links_of(Round.objects.get(evaluation=key).pk, world.parties["Harbour"])[1]
    mill = links_of(Round.objects.get(evaluation=key).pk, world.parties["Mill"])[1]
    write(world.managers["Harbour"], key)

    with pytest.raises(Missing):
        reflection.reflection_by_link(link, browser="b" * 32, language="en", now=SEALING)
    with pytest.raises(reflection.NotBound):
        reflection.reflection_by_link(mill, browser="", language="en", now=SEALING)
    assert reflection.readable_by_link(mill, browser="") == "unbound"
    own = voice.bind_link(mill, browser="", rng=world.rng)
    read = reflection.reflection_by_link(mill, browser=own, language="en", now=SEALING)
    assert (read.party.name, read.done) == ("Mill", 0)
    assert reflection.readable_by_link(mill, browser=own) == "reflection"
    seal_evaluation(world, key)
    assert reflection.readable_by_link(mill, browser=own) == "joint"
    end_seat(world.managers["Mill"], world.people["Mill"][1].key, now=SEALING)
    assert reflection.readable_by_link(mill, browser=own) == ""
    with pytest.raises(Missing):
        reflection.reflection_by_link(mill, browser=own, language="en", now=SEALING)


def test_what_was_written_outlives_an_evaluation_that_was_called_off(world, key):
    reflect(world, key, "Harbour")
    evaluations.propose_end(world.managers["Mill"], key, kind="cancel", now=SEALING)

    read = card(world.people["Harbour"][1], key)

    assert (read.done, read.may_write, read.may_seal) == (16, False, False)
    with pytest.raises(Ended):
        write(world.managers["Harbour"], key, version=1, rating=2)
    with pytest.raises(Ended):
        reveal.seal_reflection(world.managers["Harbour"], key, now=SEALING, rng=world.rng)


def test_what_was_read_is_what_is_sealed(world, key):
    manager = world.managers["Harbour"]
    reflect(world, key, "Harbour")
    edition = card(manager, key).edition
    hold(world.people["Harbour"][1], key, shares=True)
    with pytest.raises(reveal.Reworded):
        reveal.seal_reflection(manager, key, edition=edition, now=SEALING, rng=world.rng)

    edition = card(manager, key).edition
    reveal.seal_reflection(manager, key, edition=edition, now=SEALING, rng=world.rng)
    assert replace(card(manager, key), sealed_by="").sealed_at == SEALING
