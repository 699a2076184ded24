"""Several act at the same moment: each in a thread, on the database the test runs on."""

import json
from datetime import timedelta
from random import Random

import pytest

from tests.factories import (
    BLOCKS,
    LATER,
    NOON,
    SEALING,
    WEEK,
    begin_evaluation,
    invite,
    let_answers_end,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    reflect,
    seat_person,
    speak,
    words_on,
)
from tests.together import at_once
from understream.access.seat import Role
from understream.domain import evaluation as evaluations
from understream.domain import joint, reveal, voice
from understream.domain import reflection as reflections
from understream.domain import round as rounds
from understream.domain.invitation import accept_invitation, withdraw_invitation
from understream.domain.release import (
    cancel_round,
    close_round,
    comments_to_moderate,
    open_comments,
)
from understream.domain.seat import Newcomer, add_participants, end_seat
from understream.domain.voice import Heard, Utterance
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.invitation import Invitation
from understream.records.journal import Entry
from understream.records.participation import Participation
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Round
from understream.records.seal import Envelope, SealEntry
from understream.records.seat import SeatRow
from understream.records.voice import Voice

pytestmark = pytest.mark.django_db(transaction=True)
SIX = (5, 4, 6, 3, 255, 7)
EARLY_AND_LATE = (slice(10), slice(10, None))


def begun(world, link):
    return voice.begin(link, browser="", rng=world.rng, now=NOON)


def sending(link, browser, submission, now=NOON):
    """Return a call that sends answers and returns what came of it."""

    def send():
        (said,) = voice.speak([Utterance(link, browser, submission, SIX)], now=now)
        return said

    return send


def kinds(outcomes):
    """Return how often each kind of outcome came about."""
    names = sorted(type(one).__name__ for one in outcomes)
    return {name: names.count(name) for name in names}


# ------------------------------------------------------------------ speaking


def test_twenty_who_speak_at_once_are_all_heard_and_counted():
    world = make_alliance(people=(20, 5))
    key = open_round(world)
    links = links_of(key, world.parties["Harbour"])
    calls = [
        sending(link, begun(world, link), f"{number:032x}") for number, link in enumerate(links)
    ]

    said = at_once(*calls)

    assert said == [Heard(again=False)] * 20
    assert Voice.objects.count() == 20
    assert Participation.objects.filter(used=True).count() == 20
    assert close_round(key, now=LATER, rng=world.rng)
    assert Release.objects.get().content["parties"][0]["n"] == "20"


def test_one_submission_sent_many_times_at_once_is_heard_once():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]
    browser = begun(world, link)

    said = at_once(*[sending(link, browser, "a" * 32)] * 8)

    assert sorted(one.again for one in said) == [False] + [True] * 7
    assert Voice.objects.count() == 1


def test_two_tabs_that_send_at_once_leave_one_answer():
    world = make_alliance()
    key = open_round(world)
    for number, link in enumerate(links_of(key, world.parties["Harbour"])):
        browser = begun(world, link)

        said = at_once(
            *[sending(link, browser, letter * 32) for letter in "abcd"],
            sending(link, browser, "a" * 32),
        )

        assert kinds(said).keys() <= {"Heard", "AlreadyAnswered"}
        assert said.count(Heard(again=False)) == 1
        assert Voice.objects.count() == number + 1


def test_a_link_opened_in_two_browsers_at_once_belongs_to_one():
    world = make_alliance()
    link = links_of(open_round(world), world.parties["Harbour"])[0]

    outcomes = at_once(
        *[
            lambda name=name: voice.begin(link, browser=name * 32, rng=world.rng, now=NOON)
            for name in "abcd"
        ]
    )

    won = [one for one in outcomes if isinstance(one, str)]
    assert kinds(outcomes) == {"OtherBrowser": 3, "str": 1}
    stage = voice.form_before(link, browser=won[0], language="en", now=NOON).stage
    assert stage == "form"


# ------------------------------------------------------------------ closing while people speak


@pytest.mark.parametrize("turn", range(3))
def test_whoever_is_told_that_they_were_heard_is_in_the_release_and_nobody_else(turn):
    world = make_alliance(people=(18, 5), seed=turn)
    key = open_round(world)
    early, late = (links_of(key, world.parties["Harbour"])[part] for part in EARLY_AND_LATE)
    for link in early:
        assert speak(world, link, SIX) == Heard(again=False)
    calls = [
        sending(link, begun(world, link), f"{number:032x}") for number, link in enumerate(late)
    ]
    calls.insert(2 * turn, lambda: close_round(key, now=LATER, rng=world.rng))

    outcomes = at_once(*calls)

    heard = outcomes.count(Heard(again=False))
    assert outcomes[2 * turn] is True
    assert kinds(outcomes).get("Closed", 0) == 8 - heard
    assert Release.objects.get().content["parties"][0]["n"] == str(10 + heard)
    assert Voice.objects.count() == 10 + heard


def test_whoever_is_told_that_they_withdrew_is_not_in_the_release():
    world = make_alliance(people=(16, 5))
    key = open_round(world)
    kept = []
    for number, link in enumerate(links_of(key, world.parties["Harbour"])):
        browser = begun(world, link)
        assert sending(link, browser, f"{number:032x}")() == Heard(again=False)
        kept.append((link, browser, f"{number:032x}"))
    calls = [
        lambda one=one: voice.withdraw(one[0], browser=one[1], submission=one[2], now=NOON)
        for one in kept[:6]
    ]

    outcomes = at_once(*calls[:3], lambda: close_round(key, now=LATER, rng=world.rng), *calls[3:])

    withdrawn = outcomes.count(None)
    assert kinds(outcomes).get("Closed", 0) == 6 - withdrawn
    assert Release.objects.get().content["parties"][0]["n"] == str(16 - withdrawn)


def test_whoever_was_heard_before_a_round_was_cancelled_leaves_nothing_behind():
    world = make_alliance(people=(8, 5))
    key = open_round(world)
    calls = [
        sending(link, begun(world, link), f"{number:032x}")
        for number, link in enumerate(links_of(key, world.parties["Harbour"]))
    ]
    calls.insert(4, lambda: cancel_round(world.managers["Mill"], key, now=NOON))

    outcomes = at_once(*calls)

    assert kinds(outcomes).keys() <= {"Closed", "Heard", "NoneType"}
    assert Voice.objects.count() == 0
    assert not Participation.objects.filter(used=True).exists()


def test_many_who_close_at_once_close_once():
    world = make_alliance(people=8)
    key = open_round(world)

    closed = at_once(*[lambda: close_round(key, now=LATER, rng=world.rng)] * 4)

    assert sorted(closed) == [False, False, False, True]
    assert Release.objects.count() == 1


def test_a_round_opens_once_and_is_cancelled_or_closed_but_never_both():
    world = make_alliance(people=6)
    key = plan_round(world)
    manager = world.managers["Harbour"]

    opened = at_once(*[lambda: rounds.open_round(manager, key, now=NOON)] * 3)

    assert kinds(opened) == {"NoneType": 1, "Over": 2}
    assert Due.objects.filter(kind="round.close").count() == 1
    ends = at_once(
        lambda: close_round(key, now=LATER, rng=world.rng),
        lambda: cancel_round(world.managers["Mill"], key, now=NOON),
    )
    state = Round.objects.get(pk=key).state
    assert (state, kinds(ends)) in (
        ("closed", {"bool": 1, "Over": 1}),
        ("cancelled", {"NoneType": 1, "bool": 1}),
    )
    assert Release.objects.count() == (state == "closed")


def test_comments_opened_twice_at_once_open_once():
    world = make_alliance(people=(8, 5))
    key = open_round(world, moderator=world.facilitator.key)
    for number, link in enumerate(links_of(key, world.parties["Harbour"])):
        speak(world, link, SIX, comment=f"remark {number}")
    close_round(key, now=LATER, rng=world.rng)
    (harbour, _) = comments_to_moderate(world.facilitator, key)

    def open_all():
        open_comments(
            world.facilitator,
            key,
            party=harbour.party,
            paraphrases={},
            withheld=(),
            now=LATER,
            rng=world.rng,
        )

    assert kinds(at_once(open_all, open_all, open_all)) == {"NoneType": 1, "Over": 2}
    assert CommentRelease.objects.filter(cohort__party=harbour.party).count() == 1


# ------------------------------------------------------------------ seats


@pytest.mark.parametrize("turn", range(2))
def test_the_last_two_managers_cannot_end_each_other_at_once(turn):
    world = make_alliance(seed=turn)
    first = world.managers["Harbour"]
    second = seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)

    ended = at_once(
        lambda: end_seat(first, second.key, now=NOON),
        lambda: end_seat(second, first.key, now=NOON),
    )

    left = SeatRow.objects.filter(party=first.party, role=Role.MANAGER, left_at=None)
    assert left.count() == 1
    assert kinds(ended)["NoneType"] == 1


def test_an_invitation_taken_twice_at_once_gives_one_seat():
    world = make_alliance()
    link = invite(world)

    def take():
        return accept_invitation(link, name="Nora", password="under-the-waterline", now=NOON)

    taken = at_once(take, take, take)

    assert kinds(taken) == {"Seat": 1, "Taken": 2}
    assert SeatRow.objects.filter(person__email="nora@example.org").count() == 1


def test_an_invitation_is_taken_or_withdrawn_but_never_both():
    world = make_alliance()
    link = invite(world)
    key = Invitation.objects.get().pk

    outcomes = at_once(
        lambda: accept_invitation(link, name="Nora", password="under-the-waterline", now=NOON),
        lambda: withdraw_invitation(world.managers["Harbour"], key, now=NOON),
    )

    row = Invitation.objects.get()
    assert (row.accepted_at is None) != (row.withdrawn_at is None)
    assert kinds(outcomes) in ({"Missing": 1, "Seat": 1}, {"Missing": 1, "NoneType": 1})


def test_two_parties_that_add_one_person_at_once_leave_one_seat():
    world = make_alliance()
    make_person("Nora")

    def add(name):
        return lambda: add_participants(
            world.managers[name],
            party=world.parties[name],
            people=[Newcomer("Nora", "nora@example.org")],
            now=NOON,
        )

    outcomes = at_once(add("Harbour"), add("Mill"))

    assert SeatRow.objects.filter(person__email="nora@example.org").count() == 1
    assert kinds(outcomes) == {"int": 1, "Unfit": 1}


# ------------------------------------------------------------------ sealing


def written(*names, people=3, **keys):
    """Return a world of parties with one voice that have all concluded, and its evaluation."""
    world = make_alliance(*names, people=people)
    key = begin_evaluation(world, **keys)
    let_answers_end(world, key)
    for name in world.managers:
        reflect(world, key, name)
    return world, key


def sealed(world, key, name, *, seat=None, now=SEALING):
    """Return a call that seals a party's reflection."""
    return lambda: reveal.seal_reflection(
        seat or world.managers[name], key, now=now, rng=Random(name)
    )


def kinds_in_log():
    """Return what stands in the log, after looking whether it is whole and signed."""
    rows = list(SealEntry.objects.order_by("index"))
    assert [row.index for row in rows] == list(range(len(rows)))
    assert [row.previous for row in rows] == ["0" * 64, *(row.hash for row in rows[:-1])]
    return [json.loads(row.body)["kind"] for row in rows]


def test_the_last_seals_at_once_open_everything_once():
    world, key = written("Harbour", "Mill", "Quay", "Dike")

    outcomes = at_once(*[sealed(world, key, name) for name in world.managers])

    assert kinds(outcomes) == {"Sealing": 4}
    assert sorted(len(one.waiting_for) for one in outcomes) == [0, 1, 2, 3]
    assert sorted(kinds_in_log()[-6:]) == ["revealed"] * 2 + ["sealed"] * 4
    assert kinds_in_log()[-2:] == ["revealed", "revealed"]
    row = Evaluation.objects.get()
    assert (row.state, row.revealed_at, row.soft_opened_at) == ("revealed", SEALING, SEALING)
    assert Envelope.objects.filter(opened_at=SEALING).count() == 8
    assert Entry.objects.filter(act="evaluation.reveal").count() == 1


def test_two_managers_of_one_party_seal_once():
    world, key = written("Harbour", "Mill")
    second = seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)

    outcomes = at_once(*[sealed(world, key, "Harbour", seat=seat) for seat in (
        world.managers["Harbour"], second, world.managers["Harbour"], second
    )])  # fmt: skip

    assert kinds(outcomes) == {"Sealing": 1, "AlreadySealed": 3}
    assert kinds_in_log().count("sealed") == 1
    assert Envelope.objects.count() == 2


@pytest.mark.parametrize("turn", range(2))
def test_a_seal_is_taken_back_or_the_last_and_never_both(turn):
    world, key = written("Harbour", "Mill")
    sealed(world, key, "Harbour")()
    calls = [
        lambda: reveal.take_back_seal(world.managers["Harbour"], key, now=SEALING),
        sealed(world, key, "Mill"),
    ]

    outcomes = at_once(*calls[:: -1 if turn else 1])[:: -1 if turn else 1]

    state = Evaluation.objects.get().state
    assert (state, kinds(outcomes)) in (
        ("running", {"NoneType": 1, "Sealing": 1}),
        ("revealed", {"Ended": 1, "Sealing": 1}),
    )
    assert outcomes[1].revealed == (state == "revealed")
    assert ("taken back" in kinds_in_log()) == (state == "running")
    assert Envelope.objects.count() == (4 if state == "revealed" else 2)


def test_the_answers_close_the_deadline_passes_and_parties_seal_at_once():
    """Who closes a round holds the log, who seals the evaluation: neither waits for ever."""
    world = make_alliance("Harbour", "Mill", "Quay", people=(5, 3, 3))
    key = begin_evaluation(world, scans=("trust",))
    for name in ("Mill", "Quay"):
        reflect(world, key, name, now=NOON)
    rounds_of_it = list(Round.objects.filter(evaluation=key).values_list("pk", flat=True))
    late = SEALING + 2 * WEEK

    outcomes = at_once(
        *[lambda one=one: close_round(one, now=SEALING, rng=Random(one)) for one in rounds_of_it],
        sealed(world, key, "Mill"),
        sealed(world, key, "Quay"),
        lambda: evaluations.pass_deadline(key, now=late),
        lambda: reflections.write_conclusion(
            world.managers["Quay"], key, "EV1", words=words_on("EV1", version=1), now=SEALING
        ),
    )

    assert not {"OperationalError", "IntegrityError"} & kinds(outcomes).keys()
    assert outcomes[:2] == [True, True]
    assert kinds(outcomes)["Sealing"] == 2
    assert sorted(kinds_in_log()) == [
        "begun", "extended", "released", "released", "sealed", "sealed"
    ]  # fmt: skip
    assert Evaluation.objects.get().seal_until == late + timedelta(days=7)


def test_a_seal_after_the_expiry_or_before_it_but_never_into_it():
    world, key = written("Harbour", "Mill", if_never="talk")
    sealed(world, key, "Harbour")()

    outcomes = at_once(
        lambda: evaluations.expire_evaluation(key, now=NOON + 10 * WEEK),
        sealed(world, key, "Mill"),
        lambda: evaluations.expire_evaluation(key, now=NOON + 10 * WEEK),
    )

    state = Evaluation.objects.get().state
    assert (state, type(outcomes[1]).__name__) in (("expired", "Ended"), ("revealed", "Sealing"))
    assert Envelope.objects.count() == (0 if state == "expired" else 4)
    assert kinds_in_log().count("expired") == (state == "expired")


def test_two_parties_that_say_no_to_names_in_two_rounds_at_once_fall_to_one_voice():
    world = make_alliance(people=5)
    key = begin_evaluation(world, modes={"Harbour": "named"}, scans=("trust",))
    links = [
        links_of(one, world.parties["Harbour"])[0]
        for one in Round.objects.filter(evaluation=key).values_list("pk", flat=True)
    ]

    outcomes = at_once(
        *[
            lambda link=link: voice.begin(
                link, browser="", agrees=False, rng=Random(link), now=NOON
            )
            for link in links[::-1]
        ]
    )

    assert not {"OperationalError"} & kinds(outcomes).keys()
    modes = Cohort.objects.filter(party=world.parties["Harbour"]).values_list("mode", flat=True)
    assert set(modes) == {"one voice"}
    assert Entry.objects.filter(act="cohort.one_voice").count() == 1


def test_the_four_blocks_accepted_at_once_open_the_soft_side_once():
    world, key = written("Harbour", "Mill")
    words = words_on("EV1", change="lot", version=1)
    reflections.write_conclusion(world.managers["Mill"], key, "EV1", words=words, now=SEALING)
    for name in world.managers:
        sealed(world, key, name)()
    for block in BLOCKS:
        joint.write_joint_text(
            world.managers["Mill"], key, "block", block, version=0, reading="Seen.", now=SEALING
        )

    outcomes = at_once(
        *[
            lambda seat=seat, block=block: joint.accept_joint_text(
                seat, key, "block", block, version=1, now=SEALING
            )
            for block in BLOCKS
            for seat in world.managers.values()
        ]
    )

    assert sorted(outcomes) == [False] * 4 + [True] * 4
    assert kinds_in_log()[-2:] == ["revealed", "revealed"]
    assert kinds_in_log().count("revealed") == 2
    assert Entry.objects.filter(act="evaluation.soft").count() == 1
