"""An evaluation: agreed by all before anybody is asked, its course, and what ends it unopened."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail

from tests.factories import (
    NOON,
    SEALING,
    TOPICS,
    WEEK,
    begin_evaluation,
    let_answers_end,
    links_of,
    make_alliance,
    prepare_evaluation,
    reflect,
    seal_evaluation,
    seat_person,
    terms_of,
)
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.seat import Role
from understream.domain import evaluation as evaluations
from understream.domain import reflection, reveal, seal, voice
from understream.domain import round as rounds
from understream.domain.due import tick
from understream.domain.evaluation import (
    Another,
    Ended,
    Newer,
    NotAgreed,
    Settled,
    evaluation_before,
    evaluations_of,
)
from understream.domain.joint import joint_before
from understream.domain.mirror import mirror_before
from understream.domain.release import cancel_round
from understream.domain.round import OfEvaluation
from understream.domain.seat import end_seat
from understream.records.alliance import Party
from understream.records.due import Due
from understream.records.evaluation import Evaluation
from understream.records.organisation import Organisation
from understream.records.participation import Participation
from understream.records.reflection import Conclusion
from understream.records.round import Cohort, Round
from understream.records.seal import Envelope, SealEntry
from understream.records.seat import SeatRow

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", "Quay", people=(6, 3, 2)))


@pytest.fixture
def key(world):
    """Return an evaluation that has begun; Harbour answers in confidence."""
    return begin_evaluation(world)


def card(world, key, name="Harbour", now=NOON):
    return evaluation_before(world.managers[name], key, now=now)


def accept(world, key, name, *, version=1, mode="", seats=None, seat=None):
    people = [one.key for one in world.people[name]] if seats is None else seats
    evaluations.accept_agreement(
        seat or world.managers[name],
        key,
        version=version,
        mode=mode or ("confidential" if len(people) >= 5 else "one voice"),
        seats=people,
        now=NOON,
        rng=world.rng,
    )


def opened(world, key, name="Harbour", now=NOON):
    evaluations.open_evaluation(world.managers[name], key, now=now, rng=world.rng)


def propose(world, key, name, kind, days=0, now=SEALING):
    until = NOON + 2 * WEEK + days * DAY if days else None
    return evaluations.propose_end(world.managers[name], key, kind=kind, until=until, now=now)


def consent(world, key, name, now=SEALING):
    proposal = card(world, key, name, now).proposal.key
    return evaluations.consent_to_proposal(world.managers[name], key, proposal, now=now)


def kinds(key):
    rows = SealEntry.objects.filter(evaluation=key).order_by("index")
    return [json.loads(one.body)["kind"] for one in rows]


# ------------------------------------------------------------------ the agreement


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"scope": "x" * 601}, "scope"),
        ({"depth": "bottomless"}, "depth"),
        ({"scans": ("pulse", "evaluation")}, "scans"),
        ({"answer_until": NOON}, "answer_until"),
        ({"seal_until": NOON + WEEK}, "seal_until"),
        ({"seal_until": NOON.replace(year=9999, month=12, day=31)}, "seal_until"),
        ({"k": 4}, "k"),
        ({"k": 51}, "k"),
        ({"facilitator": 999_999}, "facilitator"),
        ({"if_never": "wait"}, "if_never"),
        ({"extra_days": 0}, "extra_days"),
        ({"extra_days": 61}, "extra_days"),
    ],
)
def test_terms_that_do_not_fit_are_told_at_their_place(world, said, field):
    with pytest.raises(Unfit) as refused:
        prepare_evaluation(world, **said)

    assert list(refused.value.faults) == [field]
    assert not Evaluation.objects.exists()


def test_nobody_is_asked_before_every_party_has_accepted_what_is_agreed_now(
    world, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        key = prepare_evaluation(world, scans=("trust",))
    assert sorted(one.to[0] for one in mail.outbox) == [
        "manager.mill@example.org", "manager.quay@example.org"
    ]  # fmt: skip
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(NotAgreed):
            opened(world, key)
        for name in ("Harbour", "Mill"):
            accept(world, key, name)
        with pytest.raises(NotAgreed):
            opened(world, key)
        assert card(world, key).waiting_for == ("Quay",)
        accept(world, key, "Quay")
        changed = terms_of(scans=("trust",), k=6)
        evaluations.change_agreement(world.managers["Mill"], key, terms=changed, now=NOON)
        assert card(world, key).waiting_for == ("Harbour", "Mill", "Quay")
        with pytest.raises(NotAgreed):
            opened(world, key)
        with pytest.raises(Newer):
            accept(world, key, "Harbour", version=1)
    assert not [one for one in mail.outbox if "/r/" in one.body]

    evaluations.change_agreement(world.managers["Mill"], key, terms=changed, now=NOON)
    for name in world.managers:
        accept(world, key, name, version=2)
    assert card(world, key).may_open
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        opened(world, key)
    asked = [one for one in mail.outbox if "/r/" in one.body]
    assert len(asked) == 6
    assert all(one.body.count("/r/") == 2 for one in asked)
    forms = {one.to[0]: one.body for one in mail.outbox if one not in asked}
    assert set(forms) == {"manager.mill@example.org", "manager.quay@example.org"}
    # One reflection, and the form of the scan beside it; no form for the topics.
    trust = Round.objects.get(evaluation=key, instrument__code="trust")
    for body in forms.values():
        assert f"/evaluations/{key}/" in body
        assert [line for line in body.splitlines() if "/rounds/" in line] == [
            f"http://127.0.0.1:8000/rounds/{trust.pk}/"
        ]
    for call in (
        lambda: opened(world, key),
        lambda: accept(world, key, "Harbour", version=2),
        lambda: evaluations.change_agreement(
            world.managers["Mill"], key, terms=terms_of(title="Late"), now=NOON
        ),
        lambda: evaluations.call_off_evaluation(world.managers["Mill"], key, now=NOON),
    ):
        with pytest.raises((Settled, Ended)):
            call()


def test_who_may_what_with_the_agreement(world):
    key = prepare_evaluation(world)
    participant = world.people["Harbour"][1]
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    stranger = make_alliance("Dike", "Ebb", seed=5).managers["Dike"]

    for seat in (participant, sponsor, stranger):
        for call in (
            lambda seat=seat: evaluations.change_agreement(
                seat, key, terms=terms_of(title="Mine"), now=NOON
            ),
            lambda seat=seat: accept(world, key, "Harbour", seat=seat),
            lambda seat=seat: evaluations.open_evaluation(seat, key, now=NOON, rng=world.rng),
            lambda seat=seat: evaluations.call_off_evaluation(seat, key, now=NOON),
            lambda seat=seat: evaluations.terms_before(seat, key),
            lambda seat=seat: evaluations.people_to_ask(seat, key),
        ):
            with pytest.raises(Missing):
                call()
    # A facilitator writes, and never accepts or calls off.
    evaluations.change_agreement(world.facilitator, key, terms=terms_of(title="Ours"), now=NOON)
    for call in (
        lambda: accept(world, key, "Harbour", version=2, seat=world.facilitator),
        lambda: evaluations.call_off_evaluation(world.facilitator, key, now=NOON),
    ):
        with pytest.raises(Missing):
            call()
    assert evaluation_before(participant, key, now=NOON).title == "Ours"
    with pytest.raises(Missing):
        evaluation_before(stranger, key, now=NOON)
    assert evaluations_of(stranger) == ()


def test_one_evaluation_at_a_time_until_it_is_over(world, key):
    with pytest.raises(Another):
        prepare_evaluation(world)
    seal_evaluation(world, key)

    second = prepare_evaluation(world)
    assert {one.key for one in evaluations_of(world.facilitator)} == {key, second}
    evaluations.call_off_evaluation(world.managers["Quay"], second, now=NOON)
    with pytest.raises(Ended):
        evaluations.call_off_evaluation(world.managers["Quay"], second, now=NOON)
    with pytest.raises(Ended):
        accept(world, second, "Harbour")
    assert card(world, second).stage == "over"


def test_only_people_of_the_own_party_are_named_and_as_many_as_the_mode_needs(world):
    key = prepare_evaluation(world)
    mill = [one.key for one in world.people["Mill"]]

    for keys in (
        {"seats": []},
        {"seats": mill},
        {"seats": [one.key for one in world.people["Harbour"][:4]], "mode": "confidential"},
        {"mode": "whisper"},
    ):
        with pytest.raises(Unfit):
            accept(world, key, "Harbour", **keys)
    assert card(world, key).waiting_for == ("Harbour", "Mill", "Quay")
    accept(world, key, "Harbour")
    # Others read how many in steps, oneself exactly.
    assert (card(world, key).mine.size, card(world, key, "Mill").parties[0].size) == (
        "6", "5 to 9"
    )  # fmt: skip


def test_a_yes_lapses_with_the_people_it_was_for(world):
    key = prepare_evaluation(world, facilitator=world.facilitator.key)
    for name in world.managers:
        accept(world, key, name)
    leavers = world.people["Harbour"][4:]

    end_seat(world.managers["Harbour"], leavers[0].key, now=NOON)
    assert card(world, key).may_open
    end_seat(world.managers["Harbour"], leavers[1].key, now=NOON)

    assert card(world, key).waiting_for == ("Harbour",)
    with pytest.raises(NotAgreed):
        opened(world, key)
    accept(world, key, "Harbour", seats=[one.key for one in world.people["Harbour"][:4]])
    assert card(world, key).may_open
    # All said yes to comments that this facilitator reads first.
    end_seat(world.managers["Mill"], world.facilitator.key, now=NOON)
    assert card(world, key).waiting_for == ("Harbour", "Mill", "Quay")
    assert (card(world, key).facilitator, card(world, key).version) == (0, 2)


def test_the_end_of_answering_may_not_have_passed_when_it_begins(world):
    key = prepare_evaluation(world)
    for name in world.managers:
        accept(world, key, name)

    with pytest.raises(Ended, match="later dates"):
        opened(world, key, now=NOON + WEEK)
    assert not Participation.objects.filter(used=True).exists()


# ------------------------------------------------------------------ who comes and goes


def join(world, name="Dike"):
    """Let another party join; return its manager's seat."""
    party = Party.objects.create(
        alliance_id=world.alliance,
        organisation=Organisation.objects.create(name=name),
        position=9,
    )
    return seat_person(world.alliance, party.pk, f"Manager {name}", Role.MANAGER)


def test_a_party_that_joins_while_it_is_prepared_has_its_say(world):
    key = prepare_evaluation(world, scans=("trust",))
    for name in world.managers:
        accept(world, key, name)
    newcomer = join(world)

    assert evaluation_before(newcomer, key, now=NOON).waiting_for == ("Dike",)
    with pytest.raises(NotAgreed):
        opened(world, key)
    assert [one.name for one in evaluations.people_to_ask(newcomer, key)] == ["Manager Dike"]
    evaluations.accept_agreement(
        newcomer, key, version=1, mode="one voice", seats=[newcomer.key], now=NOON, rng=world.rng
    )
    opened(world, key)
    assert [one.state for one in card(world, key).parties] == ["writing"] * 4
    assert Cohort.objects.filter(party=newcomer.party).count() == 2


def test_a_party_that_joins_after_the_beginning_sees_nothing_of_it(world, key):
    newcomer = join(world)
    seal_evaluation(world, key)
    asked = Round.objects.get(evaluation=key)

    assert evaluations_of(newcomer) == ()
    assert rounds.rounds_of(newcomer) == ()
    for call in (
        lambda: evaluation_before(newcomer, key, now=SEALING),
        lambda: rounds.round_before(newcomer, asked.pk),
        lambda: mirror_before(newcomer, asked.pk, language="en"),
        lambda: joint_before(newcomer, key, language="en", now=SEALING),
        lambda: seal.log_before(newcomer, key),
        lambda: seal.receipts_before(newcomer, key, language="en"),
        lambda: reflection.reflection_before(newcomer, key, language="en", now=SEALING),
        lambda: evaluations.propose_end(newcomer, key, kind="cancel", now=SEALING),
    ):
        with pytest.raises(Missing):
            call()
    assert len(card(world, key).parties) == 3


def test_a_party_without_any_manager_keeps_nobody_from_going_on(world, key):
    Evaluation.objects.update(if_never="talk")
    seal_evaluation(world, key, "Harbour", "Mill")
    SeatRow.objects.filter(pk=world.managers["Quay"].key).update(left_at=SEALING)

    assert not propose(world, key, "Harbour", "extend", days=3)
    assert consent(world, key, "Mill")
    assert not propose(world, key, "Harbour", "cancel")
    assert consent(world, key, "Mill")
    assert card(world, key).state == "cancelled"


def test_who_leaves_midway_has_a_dead_link_and_what_was_accepted_stands(world, key):
    leaver = world.people["Harbour"][1]
    asked = Round.objects.get(evaluation=key)
    link = links_of(asked.pk, world.parties["Harbour"])[1]

    end_seat(world.managers["Harbour"], leaver.key, now=NOON)

    with pytest.raises(Missing):
        voice.form_before(link, browser="", language="en", now=NOON)
    assert card(world, key).state == "running"
    assert card(world, key).mine.size == "6"


# ------------------------------------------------------------------ its rounds


def test_the_rounds_of_an_evaluation_follow_its_agreement_alone(world, key):
    asked = Round.objects.get(evaluation=key)
    manager, now = world.managers["Harbour"], NOON
    page = rounds.round_before(manager, asked.pk)
    seats = [one.key for one in world.people["Harbour"]]

    for call in (
        lambda: rounds.extend_round(manager, asked.pk, closes_at=NOON + 9 * WEEK, now=now),
        lambda: cancel_round(manager, asked.pk, now=now),
        lambda: rounds.open_round(manager, asked.pk, now=now, rng=world.rng),
        lambda: rounds.confirm_cohort(
            manager, asked.pk, mode="named", seats=seats, now=now, rng=world.rng
        ),
        lambda: cancel_round(manager, asked.pk, evaluation=key + 1, now=now),
    ):
        with pytest.raises(OfEvaluation):
            call()
    assert (page.may_open, page.may_extend, page.may_cancel) == (False, False, False)
    assert not any(one.may_fill or one.may_confirm for one in page.cohorts)


def test_a_no_to_names_makes_the_reflection_the_form(django_capture_on_commit_callbacks):
    world = make_alliance("Dike", "Ebb", people=(6, 2))
    key = begin_evaluation(world, modes={"Dike": "named"}, scans=("trust",))
    topics, trust = Round.objects.filter(evaluation=key).order_by("pk")
    link = links_of(trust.pk, world.parties["Dike"])[0]
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        voice.begin(link, browser="", agrees=False, rng=world.rng, now=NOON)

    assert card(world, key, "Dike").one_voice
    assert card(world, key, "Dike").may_write_reflection
    (one,) = mail.outbox
    assert f"/evaluations/{key}/" in one.body
    assert f"/rounds/{trust.pk}/" in one.body
    assert f"/rounds/{topics.pk}/" not in one.body
    reflect(world, key, "Dike", now=NOON)
    with pytest.raises(Missing):
        voice.form_of_party(world.managers["Dike"], topics.pk, language="en", now=NOON)
    assert voice.form_of_party(world.managers["Dike"], trust.pk, language="en", now=NOON)


# ------------------------------------------------------------------ waiting for a party


def test_who_has_sealed_decides_how_to_go_on(world, key):
    seal_evaluation(world, key, "Harbour", "Mill")
    until = NOON + 2 * WEEK + 3 * DAY

    assert not propose(world, key, "Quay", "extend", days=3)
    with pytest.raises(Refused, match="A proposal waits"):
        propose(world, key, "Harbour", "cancel")
    proposal = card(world, key).proposal
    assert (proposal.consented, proposal.waiting_for) == (("Quay",), ("Harbour", "Mill"))
    assert (proposal.may_consent, proposal.may_withdraw) == (True, False)
    assert not card(world, key, "Quay").proposal.may_consent
    assert not consent(world, key, "Harbour")
    assert not consent(world, key, "Harbour")
    assert consent(world, key, "Mill")
    assert (card(world, key).seal_until, card(world, key).proposal) == (until, None)
    assert kinds(key)[-1] == "extended"
    for seat in (world.people["Harbour"][1], world.facilitator):
        with pytest.raises(Missing):
            evaluations.propose_end(seat, key, kind="cancel", now=SEALING)
    for days in (-20, -1, 3, 9999):
        with pytest.raises(Unfit):
            propose(world, key, "Mill", "extend", days=days)
    with pytest.raises(Unfit):
        propose(world, key, "Mill", "abandon")


def test_a_proposal_can_be_withdrawn_overtaken_and_freed(world, key):
    seal_evaluation(world, key, "Harbour", "Mill")
    second = seat_person(world.alliance, world.parties["Harbour"], "Second", Role.MANAGER)
    propose(world, key, "Harbour", "extend", days=1)
    proposal = card(world, key).proposal.key
    for seat in (world.managers["Mill"], world.managers["Quay"]):
        with pytest.raises(Missing):
            evaluations.withdraw_proposal(seat, key, proposal, now=SEALING)
    # Another manager of the same party can, whoever is on holiday.
    evaluations.withdraw_proposal(second, key, proposal, now=SEALING)
    for late in (
        lambda: evaluations.consent_to_proposal(
            world.managers["Mill"], key, proposal, now=SEALING
        ),
        lambda: evaluations.withdraw_proposal(second, key, proposal, now=SEALING),
    ):
        with pytest.raises(Refused, match="waits no longer"):
            late()

    # The extension that was agreed goes further than the one proposed: that one is settled.
    propose(world, key, "Harbour", "extend", days=2)
    evaluations.pass_deadline(key, now=NOON + 2 * WEEK)
    assert card(world, key).proposal is None
    # One whose moment has passed makes room for another.
    propose(world, key, "Harbour", "extend", days=9)
    late = NOON + 2 * WEEK + 10 * DAY
    with pytest.raises(Unfit):
        consent(world, key, "Mill", now=late)
    assert not propose(world, key, "Mill", "cancel", now=late)
    # A party that was waited for took its seal back: the yes of any party carries what waits.
    reveal.take_back_seal(world.managers["Harbour"], key, now=late)
    assert card(world, key, "Quay", late).proposal.waiting_for == ()
    assert consent(world, key, "Quay", now=late)
    assert card(world, key).state == "cancelled"


def test_called_off_means_unopened_and_destroyed(world, key, django_capture_on_commit_callbacks):
    seal_evaluation(world, key, "Harbour", "Mill")
    propose(world, key, "Harbour", "cancel")
    assert Envelope.objects.count() == 4

    with django_capture_on_commit_callbacks(execute=True):
        assert consent(world, key, "Mill")

    assert Envelope.objects.count() == 0
    assert Conclusion.objects.count() == 2 * len(TOPICS)
    assert kinds(key)[-1] == "cancelled"
    assert Due.objects.filter(kind="forget", key=key, at=SEALING).exists()
    assert [one.state for one in card(world, key).parties] == ["writing"] * 3
    assert sum("called off" in one.body for one in mail.outbox) == 3
    for call in (
        lambda: propose(world, key, "Harbour", "cancel"),
        lambda: reveal.take_back_seal(world.managers["Harbour"], key, now=SEALING),
    ):
        with pytest.raises(Ended):
            call()


def test_a_deadline_moves_once_as_agreed_then_waits_and_expires(
    world, key, django_capture_on_commit_callbacks
):
    seal_evaluation(world, key, "Harbour", "Mill")
    end = NOON + 2 * WEEK
    told = []

    def go(now):
        mail.outbox.clear()
        # Tidying needs to be outside a transaction, which a test is not.
        Due.objects.filter(kind="tidy").delete()
        Due.objects.filter(kind="forget").exclude(key=key, at=end + 37 * DAY).delete()
        with django_capture_on_commit_callbacks(execute=True):
            while tick(now=now, rng=world.rng):
                Due.objects.filter(kind__in=("tidy", "forget")).update(done_at=now)
        told.append(sorted({one.to[0].split(".")[1][:4] for one in mail.outbox
                            if "The evaluation of" in one.subject}))  # fmt: skip

    go(end - 2 * DAY)
    assert told == [["quay"]]  # only who has not sealed is reminded
    go(end)
    assert card(world, key).seal_until == end + 7 * DAY
    assert kinds(key)[-1] == "extended"
    go(end + 7 * DAY)
    assert card(world, key, now=end + 7 * DAY).lapsed
    assert card(world, key).seal_until == end + 7 * DAY
    reflect(world, key, "Quay", now=end + 8 * DAY)
    with pytest.raises(reveal.TooLate):
        reveal.seal_reflection(world.managers["Quay"], key, now=end + 8 * DAY, rng=world.rng)
    go(end + 36 * DAY)
    assert card(world, key).state == "running"
    go(end + 37 * DAY)
    assert card(world, key).state == "expired"
    assert kinds(key)[-1] == "expired"
    assert Envelope.objects.count() == 0
    assert Due.objects.filter(kind="forget", key=key).exclude(done_at=None).exists()
    assert told[1:3] == [["harb", "mill", "quay"]] * 2


def test_a_clock_that_jumps_harms_nothing_that_is_there(world, key):
    far, back = NOON + 500 * DAY, NOON - DAY
    let_answers_end(world, key)
    evaluations.pass_deadline(key, now=far)
    assert card(world, key).seal_until == far + 7 * DAY
    for now in (back, far):
        evaluations.remind_answering(key, now=now)
        evaluations.remind_sealing(key, now=now)
    evaluations.expire_evaluation(key, now=far)
    evaluations.pass_deadline(key, now=back)

    seal_evaluation(world, key, "Harbour", now=far)
    seal_evaluation(world, key, "Mill", "Quay", now=back)

    assert card(world, key).state == "revealed"
    rows = SealEntry.objects.filter(evaluation=key).order_by("index")
    assert [one.index for one in rows] == list(range(len(rows)))


# ------------------------------------------------------------------ what a card tells


def test_a_partner_learns_of_a_party_that_it_is_writing_or_sealed_and_no_more(world, key):
    before = card(world, key, "Mill", SEALING)
    let_answers_end(world, key)
    closed = card(world, key, "Mill", SEALING)
    reflect(world, key, "Harbour")
    assert card(world, key, "Mill", SEALING) == closed
    assert replace(before, rounds=closed.rounds) == closed
    reveal.seal_reflection(world.managers["Harbour"], key, now=SEALING, rng=world.rng)

    harbour = card(world, key, "Mill", SEALING).parties[0]
    assert (harbour.state, harbour.at, harbour.size) == ("sealed", SEALING, "5 to 9")
    assert card(world, key, "Mill", SEALING).waiting_for == ("Mill", "Quay")


def test_a_card_asks_the_same_number_of_questions_for_two_and_four(django_assert_max_num_queries):
    asked = []
    for names in (("Dike", "Ebb"), ("Flow", "Gate", "Hull", "Isle")):
        world = make_alliance(*names, people=2, seed=len(names))
        key = begin_evaluation(world, scans=("trust", "pulse") if len(names) > 2 else ())
        with django_assert_max_num_queries(12) as count:
            card(world, key, names[0])
        asked.append(len(count))
    assert asked[0] == asked[1]
