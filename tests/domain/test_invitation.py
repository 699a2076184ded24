"""Inviting somebody to a seat, and taking it."""

from datetime import timedelta

import pytest

from tests.factories import NOON, invite, make_alliance, make_person
from understream.access import reach
from understream.access.refusal import Missing, Unfit
from understream.access.seat import Role
from understream.domain.invitation import (
    LASTS,
    Elsewhere,
    Expired,
    Taken,
    accept_invitation,
    invitation_before,
    parties_without_manager,
    withdraw_invitation,
)
from understream.domain.journal import journal_of
from understream.domain.seat import end_seat
from understream.records.invitation import Invitation
from understream.records.organisation import Membership
from understream.records.person import Person
from understream.records.seat import SeatRow

pytestmark = pytest.mark.django_db
PASSWORD = "under-the-waterline"


def accept(link, *, name="Nora", password=PASSWORD, now=NOON, **keys):
    return accept_invitation(link, name=name, password=password, now=now, **keys)


def newest(world):
    return journal_of(world.managers["Harbour"], world.alliance).lines[0].sentence


# ------------------------------------------------------------------ inviting


def test_an_invitation_is_mailed_to_the_person_and_its_link_is_kept_by_nobody(
    django_capture_on_commit_callbacks, mailoutbox
):
    world = make_alliance()

    with django_capture_on_commit_callbacks(execute=True):
        link = invite(world, email=" NORA@example.org ", role="sponsor", tier="sponsor")

    (letter,) = mailoutbox
    assert letter.to == ["nora@example.org"]
    assert f"/i/{link}/" in letter.body
    row = Invitation.objects.get()
    assert (row.role, row.tier, row.party_id) == ("sponsor", "sponsor", world.parties["Harbour"])
    assert bytes(row.token_hash) == reach.hash_of(link)
    assert link not in str(vars(row))
    assert newest(world) == "Manager Harbour invited Nora as sponsor."


def test_the_invitation_says_who_is_invited_to_what():
    world = make_alliance()

    card = invitation_before(invite(world), now=NOON)

    assert (card.alliance, card.party, card.name, card.email, card.role, card.has_account) == (
        "Harbour and Mill",
        "Harbour",
        "Nora",
        "nora@example.org",
        "participant",
        False,
    )
    assert card.inviter == "Manager Harbour"


def test_a_facilitator_is_invited_for_no_party():
    world = make_alliance()

    link = invite(world, role="facilitator")

    assert invitation_before(link, now=NOON).party == ""
    seat = accept(link)
    assert (seat.role, seat.party) == (Role.FACILITATOR, 0)
    assert not Membership.objects.filter(person=seat.person).exists()


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"email": "nora at example.org"}, "email"),
        ({"role": "researcher"}, "role"),
        ({"role": "host"}, "role"),
        ({"tier": "king"}, "tier"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_does_not_fit_is_named_by_field_and_nobody_is_written_to(keys, field):
    world = make_alliance()

    with pytest.raises(Unfit) as refusal:
        invite(world, **keys)

    assert list(refusal.value.faults) == [field]
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("who", ["participant", "facilitator", "stranger"])
def test_only_a_manager_invites(who):
    world = make_alliance()
    seat = {
        "participant": world.people["Harbour"][1],
        "facilitator": world.facilitator,
        "stranger": make_alliance("Quay", "Barge").managers["Quay"],
    }[who]

    with pytest.raises(Missing):
        invite(world, seat=seat)


@pytest.mark.parametrize("role", ["participant", "sponsor", "facilitator", "manager"])
def test_nobody_is_invited_for_a_party_that_has_a_manager_of_its_own(role):
    world = make_alliance()

    with pytest.raises(Missing):
        invite(world, party="Mill", seat=world.managers["Harbour"], role=role)


def test_the_first_manager_of_another_party_can_be_invited_and_nobody_else_there():
    world = make_alliance()
    SeatRow.objects.filter(pk=world.managers["Mill"].key).delete()
    mill = world.parties["Mill"]
    assert parties_without_manager(world.alliance) == {mill}

    link = invite(world, party="Mill", seat=world.managers["Harbour"], role="manager")

    with pytest.raises(Missing):
        invite(world, party="Mill", seat=world.managers["Harbour"], email="o@example.org", seed=1)
    assert accept(link).party == mill
    assert parties_without_manager(world.alliance) == frozenset()


@pytest.mark.parametrize("who", ["participant", "facilitator", "stranger"])
def test_nobody_but_a_manager_invites_the_first_manager_of_another_party(who):
    world = make_alliance()
    SeatRow.objects.filter(pk=world.managers["Mill"].key).update(left_at=NOON)
    seat = {
        "participant": world.people["Mill"][1],
        "facilitator": world.facilitator,
        "stranger": make_alliance("Quay", "Barge").managers["Quay"],
    }[who]

    with pytest.raises(Missing):
        invite(world, seat=seat, party="Mill", role="manager")


@pytest.mark.parametrize("party", ["Harbour", "Mill"])
def test_somebody_who_has_a_seat_here_is_not_invited_again(party):
    world = make_alliance(people=2)

    with pytest.raises(Elsewhere):
        invite(world, party=party, email="harbour.1@example.org")


def test_a_newer_invitation_replaces_the_older_one():
    world = make_alliance()
    older = invite(world, seed=1)

    newer = invite(world, seed=2, role="sponsor")

    with pytest.raises(Missing):
        invitation_before(older, now=NOON)
    with pytest.raises(Missing):
        accept(older)
    assert accept(newer).role == Role.SPONSOR


# ------------------------------------------------------------------ the link


def test_a_link_nobody_was_given_leads_nowhere():
    with pytest.raises(Missing):
        invitation_before("no-such-link", now=NOON)


def test_an_invitation_lasts_two_weeks():
    world = make_alliance()
    link = invite(world)
    last = NOON + timedelta(days=14) - timedelta(seconds=1)

    assert invitation_before(link, now=last).name == "Nora"
    with pytest.raises(Expired):
        invitation_before(link, now=NOON + LASTS)
    with pytest.raises(Expired):
        accept(link, now=NOON + LASTS)
    assert Person.objects.filter(email="nora@example.org").count() == 0


def test_an_invitation_is_good_for_one_seat():
    world = make_alliance()
    link = invite(world)
    accept(link)

    with pytest.raises(Taken):
        invitation_before(link, now=NOON)
    with pytest.raises(Taken):
        accept(link)


def test_a_used_invitation_lets_nobody_in_again_after_the_seat_has_ended():
    world = make_alliance()
    link = invite(world)
    seat = accept(link)
    end_seat(world.managers["Harbour"], seat.key, now=NOON)

    with pytest.raises(Taken):
        accept(link)

    again = accept(invite(world, seed=2), signed_in=seat.person)
    assert (again.key, again.party) == (seat.key, world.parties["Harbour"])


def test_an_invitation_can_be_withdrawn_until_it_is_used():
    world = make_alliance()
    link = invite(world)
    key = Invitation.objects.get().pk

    withdraw_invitation(world.managers["Harbour"], key, now=NOON)

    with pytest.raises(Missing):
        accept(link)
    assert newest(world) == "Manager Harbour withdrew the invitation of Nora."
    with pytest.raises(Missing):
        withdraw_invitation(world.managers["Harbour"], key, now=NOON)


@pytest.mark.parametrize("who", ["partner", "participant", "facilitator", "stranger"])
def test_nobody_else_withdraws_an_invitation(who):
    world = make_alliance()
    link = invite(world)
    seat = {
        "partner": world.managers["Mill"],
        "participant": world.people["Harbour"][1],
        "facilitator": world.facilitator,
        "stranger": make_alliance("Quay", "Barge").managers["Quay"],
    }[who]

    with pytest.raises(Missing):
        withdraw_invitation(seat, Invitation.objects.get().pk, now=NOON)

    assert invitation_before(link, now=NOON).name == "Nora"


# ------------------------------------------------------------------ taking the seat


def test_who_is_new_gets_an_account_with_the_chosen_name_and_password():
    world = make_alliance()

    seat = accept(invite(world, language="nl"), name=" Nora Nieuw ")

    person = Person.objects.get(pk=seat.person)
    assert (person.name, person.language) == ("Nora Nieuw", "nl")
    assert person.check_password(PASSWORD)
    assert reach.seat_in_alliance(person.pk, world.alliance) == seat
    assert Membership.objects.get(person=person).organisation.name == "Harbour"
    assert newest(world) == "Nora Nieuw took a seat."


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "password"}, "password"),
        ({"password": "nora@example.org"}, "password"),
    ],
)
def test_without_a_name_and_a_strong_password_there_is_no_account(keys, field):
    world = make_alliance()
    link = invite(world)

    with pytest.raises(Unfit) as refusal:
        accept(link, **keys)

    assert list(refusal.value.faults) == [field]
    assert not Person.objects.filter(email="nora@example.org").exists()
    assert invitation_before(link, now=NOON).name == "Nora"


def test_who_was_known_without_an_account_keeps_the_same_person():
    world = make_alliance()
    known = make_person("Nora")

    seat = accept(invite(world))

    assert seat.person == known.pk
    assert Person.objects.get(pk=known.pk).check_password(PASSWORD)


@pytest.mark.parametrize("signed_in", ["nobody", "somebody else"])
def test_who_has_an_account_must_be_signed_in(signed_in):
    world = make_alliance()
    nora = make_person("Nora", password=PASSWORD)
    other = make_person("Other", password=PASSWORD)
    link = invite(world)
    assert invitation_before(link, now=NOON).has_account

    with pytest.raises(Unfit):
        accept(link, signed_in=other.pk if signed_in == "somebody else" else 0)

    assert not SeatRow.objects.filter(person=nora).exists()
    seat = accept(link, password="", signed_in=nora.pk)
    assert (seat.person, Person.objects.get(pk=nora.pk).check_password(PASSWORD)) == (
        nora.pk,
        True,
    )


def test_whoever_got_a_seat_meanwhile_takes_no_second_one():
    world = make_alliance()
    nora = make_person("Nora", password=PASSWORD)
    link = invite(world)
    SeatRow.objects.create(
        alliance_id=world.alliance,
        party_id=world.parties["Mill"],
        person=nora,
        role=Role.PARTICIPANT,
    )

    with pytest.raises(Elsewhere):
        accept(link, signed_in=nora.pk)

    assert SeatRow.objects.get(person=nora).party_id == world.parties["Mill"]


def test_the_same_person_has_seats_in_several_alliances():
    first, second = make_alliance("Harbour", "Mill"), make_alliance("Quay", "Barge")
    seat = accept(invite(first, seed=1))

    other = accept(invite(second, "Quay", seed=2), signed_in=seat.person)

    assert (other.person, other.alliance) == (seat.person, second.alliance)
