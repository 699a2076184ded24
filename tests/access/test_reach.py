"""Which rows a seat can reach, and that a link is worth nothing beyond what it was given for."""

from datetime import timedelta

import pytest

from tests.factories import (
    NOON,
    WEEK,
    begin_evaluation,
    links_of,
    make_alliance,
    make_person,
    open_round,
    plan_round,
    seat_person,
    speak,
)
from understream.access import reach
from understream.access.refusal import Missing
from understream.access.seat import SYSTEM, Role
from understream.domain import due, voice
from understream.domain import round as rounds
from understream.domain import seat as seats
from understream.domain.commitment import propose_commitment
from understream.domain.invitation import accept_invitation, invite_person
from understream.domain.result import result_by_link
from understream.domain.seat import Newcomer
from understream.records.alliance import Party
from understream.records.due import Due
from understream.records.organisation import Membership, Organisation
from understream.records.participation import Participation
from understream.records.person import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return make_alliance("Harbour", "Mill")


@pytest.fixture
def elsewhere():
    return make_alliance("Quay", "Delta", seed=8)


def leaver(world, name="Harbour", place=1):
    """End the seat of one of a party's people; return it."""
    seat = world.people[name][place]
    seats.end_seat(world.managers[name], seat.key, now=NOON)
    return seat


# --------------------------------------------------------------------------------- seats


def test_a_person_has_the_seat_of_each_alliance_and_no_other(here, elsewhere):
    manager = here.managers["Mill"]

    assert reach.seat_in_alliance(manager.person, here.alliance) == manager
    assert manager.party == here.parties["Mill"]
    with pytest.raises(Missing):
        reach.seat_in_alliance(manager.person, elsewhere.alliance)
    with pytest.raises(Missing):
        reach.seat_in_alliance(manager.person, 0)


def test_a_round_is_reached_through_the_seat_in_its_own_alliance(here, elsewhere):
    key, theirs = plan_round(here), plan_round(elsewhere)
    manager = here.managers["Harbour"]

    assert reach.seat_in_round(manager.person, key) == manager
    for other in (theirs, theirs + 1):
        with pytest.raises(Missing):
            reach.seat_in_round(manager.person, other)


def test_a_seat_that_ended_reaches_nothing(here):
    key, gone = plan_round(here), leaver(here)

    for find, where in ((reach.seat_in_alliance, here.alliance), (reach.seat_in_round, key)):
        with pytest.raises(Missing):
            find(gone.person, where)
    assert not reach.alliances_within(gone.person).exists()


def test_an_account_that_was_closed_reaches_nothing(here):
    key, seat = plan_round(here), here.managers["Harbour"]
    organisation = Organisation.objects.get(name="Mill")
    Membership.objects.create(
        person_id=seat.person, organisation=organisation, role=Membership.Role.RESEARCHER
    )
    finds = (
        (reach.seat_of_person, ()),
        (reach.seat_of_researcher, (organisation.pk,)),
        (reach.seat_in_alliance, (here.alliance,)),
        (reach.seat_in_round, (key,)),
    )
    assert all(find(seat.person, *where) for find, where in finds)

    Person.objects.filter(pk=seat.person).update(is_active=False)

    for find, where in finds:
        with pytest.raises(Missing):
            find(seat.person, *where)


def test_a_person_outside_alliances_is_a_participant_of_nothing_or_the_host():
    plain, host = make_person("Plain"), make_person("Host", host=True)

    assert reach.seat_of_person(plain.pk).role is Role.PARTICIPANT
    assert reach.seat_of_person(host.pk).role is Role.HOST
    for person in (plain, host):
        seat = reach.seat_of_person(person.pk)
        assert (seat.key, seat.alliance, seat.party, seat.organisation) == (0, 0, 0, 0)


@pytest.mark.usefixtures("here")
def test_a_researcher_is_one_of_the_own_organisation_only():
    person = make_person("Researcher")
    harbour, mill = (Organisation.objects.get(name=name) for name in ("Harbour", "Mill"))
    Membership.objects.create(person=person, organisation=harbour, role=Membership.Role.RESEARCHER)
    Membership.objects.create(person=person, organisation=mill)

    assert reach.seat_of_researcher(person.pk, harbour.pk).organisation == harbour.pk
    for other in (mill.pk, 0, mill.pk + 1):
        with pytest.raises(Missing):
            reach.seat_of_researcher(person.pk, other)


# ---------------------------------------------------------------------- rounds and cohorts


def test_rounds_are_those_of_the_own_alliance(here, elsewhere):
    mine, theirs = {plan_round(here), plan_round(here)}, {plan_round(elsewhere)}

    for seat in (*here.managers.values(), here.people["Mill"][1], here.facilitator):
        assert {row.pk for row in reach.rounds_within(seat)} == mine
    assert {row.pk for row in reach.rounds_within(elsewhere.facilitator)} == theirs


def test_cohorts_are_those_of_the_own_party(here, elsewhere):
    plan_round(here), plan_round(elsewhere)

    for name in ("Harbour", "Mill"):
        for seat in here.people[name]:
            assert {row.party_id for row in reach.cohorts_within(seat)} == {here.parties[name]}


def test_evaluations_and_what_is_promised_are_reached_within_the_own_alliance(here, elsewhere):
    key, theirs = begin_evaluation(here), begin_evaluation(elsewhere)
    manager, partner = here.managers["Harbour"], here.managers["Mill"]
    made = propose_commitment(
        manager, receiver=partner.party, action="Call.", owner=manager.key,
        due_on=NOON.date(), now=NOON,
    )  # fmt: skip

    assert reach.seat_in_evaluation(manager.person, key) == manager
    assert reach.seat_in_commitment(partner.person, made) == partner
    for find, other in (
        (reach.seat_in_evaluation, theirs),
        (reach.seat_in_evaluation, theirs + 1),
        (reach.seat_in_commitment, made + 1),
    ):
        with pytest.raises(Missing):
            find(manager.person, other)
    for seat in (manager, here.facilitator):
        assert [one.pk for one in reach.evaluations_within(seat)] == [key]
        assert [one.pk for one in reach.commitments_within(seat)] == [made]
    assert [one.party_id for one in reach.reflections_within(partner)] == [partner.party]
    for seat in (here.facilitator, elsewhere.managers["Quay"]):
        assert not reach.reflections_within(seat).filter(evaluation=key)
    nobody = reach.seat_of_person(manager.person)
    for find in (reach.evaluations_within, reach.commitments_within, reach.reflections_within):
        assert not find(nobody)
    # A party that comes after the beginning reaches neither the evaluation nor its rounds.
    party = Party.objects.create(
        alliance_id=here.alliance, organisation=Organisation.objects.create(name="Dike"),
        position=9,
    )  # fmt: skip
    late = seat_person(here.alliance, party.pk, "Late", Role.MANAGER)
    plain = plan_round(here)
    assert not reach.evaluations_within(late)
    assert [one.pk for one in reach.rounds_within(late)] == [plain]
    assert len(reach.rounds_within(manager)) == 2


def test_a_seat_of_no_party_reaches_no_cohort_and_one_of_no_alliance_no_round(here):
    plan_round(here)
    outside = reach.seat_of_person(here.managers["Harbour"].person)

    assert not reach.cohorts_within(here.facilitator).exists()
    for seat in (outside, SYSTEM):
        assert not reach.rounds_within(seat).exists()
        assert not reach.cohorts_within(seat).exists()


def test_alliances_are_those_with_a_seat(here, elsewhere):
    person = here.managers["Harbour"].person
    assert {row.pk for row in reach.alliances_within(person)} == {here.alliance}

    seats.add_participants(
        elsewhere.managers["Delta"],
        party=elsewhere.parties["Delta"],
        people=[Newcomer("Manager Harbour", "manager.harbour@example.org")],
        now=NOON,
    )

    assert {row.pk for row in reach.alliances_within(person)} == {
        here.alliance,
        elsewhere.alliance,
    }


# --------------------------------------------------------------------------------- links


def test_a_link_is_made_from_what_is_stored_and_the_servers_secret(here, settings):
    key = open_round(here)
    right = Participation.objects.filter(cohort__round=key).first()
    link = reach.link_of(right.nonce)

    assert len(link) == 22
    assert reach.participation_by(link) == right
    settings.SECRET_KEY = "another house altogether"
    assert reach.link_of(right.nonce) != link


def test_a_link_leads_to_one_right_and_a_guess_to_none(here):
    key = open_round(here)
    links = [link for party in here.parties.values() for link in links_of(key, party)]

    found = [reach.participation_by(link) for link in links]

    assert len({right.pk for right in found}) == len(links) == 10
    for guess in ("", "x", links[0][:-1], links[0].swapcase(), links[0] + "A", "\x00"):
        with pytest.raises(Missing):
            reach.participation_by(guess)


def test_no_link_is_stored(here):
    key = open_round(here)
    link = links_of(key, here.parties["Mill"])[0]

    right = reach.participation_by(link)

    stored = [bytes(right.nonce), bytes(right.link_hash)]
    assert all(link.encode() not in one for one in stored)


def test_a_link_ends_with_the_seat(here):
    key = open_round(here)
    link = links_of(key, here.parties["Harbour"])[1]
    speak(here, link, (4,) * 6)

    leaver(here)

    for ask in (
        lambda: reach.participation_by(link),
        lambda: voice.language_of(link),
        lambda: voice.form_before(link, browser="", language="en", now=NOON),
        lambda: voice.begin(link, browser="", rng=here.rng, now=NOON),
        lambda: result_by_link(link, browser="", language="en", now=NOON),
    ):
        with pytest.raises(Missing):
            ask()


def test_somebody_who_changes_sides_takes_no_right_along(here):
    """One who left Harbour and joins Mill must not speak, or read, as one of Harbour."""
    key = open_round(here)
    link = links_of(key, here.parties["Harbour"])[1]
    browser = voice.begin(link, browser="", rng=here.rng, now=NOON)
    gone = leaver(here)

    seats.add_participants(
        here.managers["Mill"],
        party=here.parties["Mill"],
        people=[Newcomer("Harbour 1", "harbour.1@example.org")],
        now=NOON,
    )

    assert reach.seat_in_alliance(gone.person, here.alliance).party == here.parties["Mill"]
    with pytest.raises(Missing):
        reach.participation_by(link)
    (said,) = voice.speak([voice.Utterance(link, browser, "a" * 32, (4,) * 6)], now=NOON)
    assert isinstance(said, Missing)


def test_somebody_who_changed_sides_gets_no_reminder_of_the_old_one(
    here, mailoutbox, django_capture_on_commit_callbacks
):
    open_round(here)
    leaver(here)
    seats.add_participants(
        here.managers["Mill"],
        party=here.parties["Mill"],
        people=[Newcomer("Harbour 1", "harbour.1@example.org")],
        now=NOON,
    )

    with django_capture_on_commit_callbacks(execute=True):
        due.tick(now=NOON + WEEK - timedelta(days=1), rng=here.rng)

    reminded = [to for one in mailoutbox for to in one.to]
    assert len(reminded) == 9
    assert "harbour.1@example.org" not in reminded


def test_a_replaced_link_is_worth_nothing(here, mailoutbox, django_capture_on_commit_callbacks):
    key = open_round(here)
    old = links_of(key, here.parties["Harbour"])[1]

    with django_capture_on_commit_callbacks(execute=True):
        voice.send_link_again(old, rng=here.rng, now=NOON)

    new = links_of(key, here.parties["Harbour"])[1]
    assert new != old
    assert new in mailoutbox[-1].body
    with pytest.raises(Missing):
        reach.participation_by(old)


def test_an_invitation_is_no_personal_link_and_the_other_way_round(
    here, mailoutbox, django_capture_on_commit_callbacks
):
    key = open_round(here)
    personal = links_of(key, here.parties["Harbour"])[1]
    with django_capture_on_commit_callbacks(execute=True):
        invite_person(
            here.managers["Harbour"],
            party=here.parties["Harbour"],
            name="Newcomer",
            email="new@example.org",
            role=Role.SPONSOR,
            now=NOON,
            rng=here.rng,
        )
    invitation = mailoutbox[-1].body.split("/i/")[1].split("/")[0]

    assert reach.invitation_by(invitation).email == "new@example.org"
    with pytest.raises(Missing):
        reach.participation_by(invitation)
    with pytest.raises(Missing):
        reach.invitation_by(personal)
    with pytest.raises(Missing):
        accept_invitation(personal, name="X", password="y" * 20, now=NOON)


# --------------------------------------------------------------------- participation's step


def test_moving_the_end_often_counts_no_oftener_than_once_a_day(here):
    """Who could choose the moments of counting could watch one person answer."""
    key = open_round(here)
    manager = here.managers["Harbour"]

    for hour in range(1, 6):
        later = NOON + timedelta(hours=hour)
        rounds.extend_round(manager, key, closes_at=NOON + WEEK + 2 * (later - NOON), now=later)

    counting = Due.objects.filter(kind="round.steps", key=key, done_at=None)
    assert [one.at for one in counting] == [NOON + timedelta(days=1)]


def test_a_facilitator_has_no_party_and_a_sponsor_has_one(here):
    sponsor = seat_person(here.alliance, here.parties["Mill"], "Sponsor", Role.SPONSOR)

    assert here.facilitator.party == 0
    assert sponsor.party == here.parties["Mill"]
