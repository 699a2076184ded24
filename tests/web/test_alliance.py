"""Alliances in the browser: founding one, its people, planning a round, its journal."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import NOON, make_alliance, make_person, plan_round, seat_person
from understream.access import reach
from understream.access.seat import Role
from understream.domain import round as rounds
from understream.domain.alliance import found_alliance, my_alliances
from understream.domain.instrument import choices
from understream.domain.round import round_before, rounds_of
from understream.domain.seat import people_of
from understream.web import clock

pytestmark = pytest.mark.django_db


def client_of(person: int) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=person))
    return client


def queries_of(client: Client, address: str) -> int:
    clock.now()  # which world this is, is asked once a process
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def manager_of(world, name="Harbour") -> Client:
    return client_of(world.managers[name].person)


def found(person, *names):
    return found_alliance(
        reach.seat_of_person(person.pk),
        name=" and ".join(names),
        organisations=names,
        time_zone="Europe/Amsterdam",
        now=NOON,
    )


def test_somebody_without_an_alliance_is_told_what_belongs_here():
    page = client_of(make_person("Newcomer").pk).get(reverse("alliance:index"))

    assert page.status_code == 200
    assert page.content.decode().count('class="empty"') == 1
    assert page.content.decode().count(reverse("alliance:new")) == 1


def test_the_list_of_alliances_asks_the_same_queries_for_one_and_for_three():
    person = make_person("Anna")
    found(person, "Harbour", "Mill")
    client, address = client_of(person.pk), reverse("alliance:index")
    one = queries_of(client, address)
    found(person, "Harbour", "Quay")
    found(person, "Harbour", "Delta", "Mill")

    three = queries_of(client, address)

    assert client.get(address).content.decode().count('<li id="line-') == 3
    assert three == one == 9


def test_founding_makes_the_founder_manager_of_the_own_party():
    person = make_person("Anna")

    answer = client_of(person.pk).post(
        reverse("alliance:new"),
        {
            "name": "Cold chain",
            "own": "Harbour",
            "organisations": "Mill\n\n Quay \n",
            "time_zone": "Europe/Amsterdam",
        },
    )

    (line,) = my_alliances(person.pk)
    assert answer.url == reverse("alliance:home", args=[line.key])
    assert [party.name for party in line.parties] == ["Harbour", "Mill", "Quay"]
    assert (line.name, line.role) == ("Cold chain", Role.MANAGER)


def test_founding_with_one_party_keeps_what_was_written_and_says_where_it_fails():
    answer = client_of(make_person("Anna").pk).post(
        reverse("alliance:new"),
        {
            "name": "Cold chain",
            "own": "Harbour",
            "organisations": "harbour",
            "time_zone": "Europe/Amsterdam",
        },
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "One organisation is named twice. Name each party once." in page
    assert 'value="Cold chain"' in page


def test_a_manager_changes_name_clock_and_calendar_and_the_journal_tells_it():
    person = make_person("Anna")
    alliance = found(person, "Harbour", "Mill")
    client, address = client_of(person.pk), reverse("alliance:keep", args=[alliance])
    kept = {"name": "Warm chain", "time_zone": "Asia/Tokyo", "working_calendar": "netherlands"}

    answer = client.post(address, kept)
    form = client.get(address).content.decode()
    refused = client.post(address, kept | {"name": " ", "working_calendar": "lunar"})

    assert answer.url == reverse("alliance:home", args=[alliance])
    assert 'value="Warm chain"' in form
    assert re.search(r'value="netherlands"[^>]* checked', form)
    assert (refused.status_code, 'value="Asia/Tokyo" selected' in refused.content.decode()) == (
        400,
        True,
    )
    told = client.get(reverse("alliance:journal", args=[alliance])).content.decode()
    assert (
        "Anna set the alliance to: “Warm chain”, time zone Asia/Tokyo, "
        "working days Monday to Friday without Dutch public holidays."
    ) in told


def test_home_names_the_first_manager_to_invite_and_the_people_to_add():
    person = make_person("Anna")
    key = found(person, "Harbour", "Mill")

    page = client_of(person.pk).get(reverse("alliance:home", args=[key])).content.decode()

    assert "Invite a manager of Mill" in page
    assert "Add the people of Harbour" in page
    assert "Plan the first round" in page
    assert page.count('class="button compact"') == 1
    assert page.count('class="button compact second"') == 2


def test_home_asks_a_manager_whose_party_has_not_said_yes():
    world = make_alliance(people=5)
    key = _planned(world)

    page = manager_of(world, "Mill").get(reverse("alliance:home", args=[world.alliance]))

    assert "Choose who of you is asked in “Autumn”" in page.content.decode()
    assert reverse("round:cohort", args=[key]) in page.content.decode()


def _planned(world, title="Autumn"):
    return rounds.plan_round(
        world.managers["Harbour"],
        instrument="pulse",
        title=title,
        closes_at=clock.now() + timedelta(days=7),
        now=clock.now(),
    )


def test_home_asks_the_same_queries_with_one_and_with_three_rounds_and_parties():
    two, three = make_alliance("Harbour", "Mill"), make_alliance("Quay", "Delta", "Fresh")
    _planned(two)
    for number in range(3):
        rounds.plan_round(
            three.managers["Quay"],
            instrument="pulse",
            title=f"Round {number}",
            closes_at=clock.now() + timedelta(days=7),
            now=clock.now(),
        )
    one = queries_of(manager_of(two), reverse("alliance:home", args=[two.alliance]))
    client, address = manager_of(three, "Quay"), reverse("alliance:home", args=[three.alliance])

    more = queries_of(client, address)

    assert client.get(address).content.decode().count('<li id="round-') == 3
    assert more == one


def test_people_shows_mail_addresses_of_the_own_party_to_its_manager_only():
    world = make_alliance(people=3)
    address = reverse("alliance:people", args=[world.alliance])

    harbour = manager_of(world).get(address).content.decode()
    facilitator = client_of(world.facilitator.person).get(address).content.decode()

    assert harbour.count("@example.org") == 3
    assert "mill.1@example.org" not in harbour
    assert facilitator.count("@example.org") == 0


def test_people_asks_the_same_queries_for_one_and_for_three_a_party():
    small = make_alliance("Harbour", "Mill", people=1)
    large = make_alliance("Quay", "Fresh", "Delta", people=3)

    one = queries_of(manager_of(small), reverse("alliance:people", args=[small.alliance]))
    three = queries_of(
        manager_of(large, "Quay"), reverse("alliance:people", args=[large.alliance])
    )

    assert three == one


def test_an_invitation_is_mailed_and_waits_in_the_list(django_capture_on_commit_callbacks):
    world = make_alliance(people=1)
    client = manager_of(world)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("alliance:invite", args=[world.alliance]),
            {
                "party": world.parties["Harbour"],
                "name": "Ruben Bakker",
                "email": "ruben@harbour.example",
                "role": "sponsor",
                "tier": "sponsor",
                "language": "nl",
            },
        )

    page = client.get(answer.url).content.decode()
    assert [letter.to for letter in mail.outbox] == [["ruben@harbour.example"]]
    assert page.count("Ruben Bakker") == 3  # the line, its button, and what was just done


def test_an_invitation_can_be_withdrawn():
    world = make_alliance(people=1)
    client = manager_of(world)
    client.post(reverse("alliance:invite", args=[world.alliance]), _invitation(world, "Harbour"))
    (waiting,) = _waiting(world)

    client.post(reverse("alliance:withdraw", args=[world.alliance, waiting.key]))

    assert _waiting(world) == ()


def _invitation(world, party, **changed):
    return {
        "party": world.parties[party],
        "name": "Ruben Bakker",
        "email": "ruben@harbour.example",
        "role": "manager",
        "tier": "manager",
        "language": "en",
        **changed,
    }


def _waiting(world):
    groups = people_of(world.managers["Harbour"], now=clock.now())
    return tuple(line for group in groups for line in group.invitations)


def test_a_manager_invites_the_first_manager_of_a_party_that_has_none():
    person = make_person("Anna")
    key = found(person, "Harbour", "Mill")
    seat = reach.seat_in_alliance(person.pk, key)
    groups = people_of(seat, now=clock.now())
    (mill,) = (group.party for group in groups if group.may_invite_manager)

    client_of(person.pk).post(
        reverse("alliance:invite", args=[key]),
        {
            "party": mill,
            "name": "Ruben",
            "email": "ruben@mill.example",
            "role": "manager",
            "tier": "manager",
            "language": "en",
        },
    )

    (line,) = (one for group in people_of(seat, now=clock.now()) for one in group.invitations)
    assert (line.email, line.role) == ("ruben@mill.example", Role.MANAGER)


@pytest.mark.parametrize("role", ["participant", "sponsor"])
def test_nobody_else_of_another_party_can_be_invited(role):
    person = make_person("Anna")
    key = found(person, "Harbour", "Mill")
    mill = people_of(reach.seat_in_alliance(person.pk, key), now=clock.now())[2].party

    answer = client_of(person.pk).post(
        reverse("alliance:invite", args=[key]),
        {
            "party": mill,
            "name": "Ruben",
            "email": "ruben@mill.example",
            "role": role,
            "tier": "team",
            "language": "en",
        },
    )

    assert answer.status_code == 404


def test_a_second_manager_of_another_party_is_that_partys_own_to_invite():
    world = make_alliance(people=1)

    answer = manager_of(world).post(
        reverse("alliance:invite", args=[world.alliance]), _invitation(world, "Mill")
    )

    assert answer.status_code == 404


def test_somebody_with_a_seat_cannot_be_invited_again_and_nothing_is_lost():
    world = make_alliance(people=1)

    answer = manager_of(world).post(
        reverse("alliance:invite", args=[world.alliance]),
        _invitation(world, "Harbour", email="manager.mill@example.org"),
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "One person can speak for one party only." in page
    assert 'value="Ruben Bakker"' in page


def test_people_are_added_from_lines_of_several_kinds():
    world = make_alliance(people=1)

    manager_of(world).post(
        reverse("alliance:add", args=[world.alliance]),
        {
            "party": world.parties["Harbour"],
            "people": "name,email\nBo Vos <bo@harbour.example>\n\n"
            "Cas Mol, cas@harbour.example, nl\nDik;dik@harbour.example\r\n"
            "Eva Ros\teva@harbour.example\n",
        },
    )

    own = people_of(world.managers["Harbour"], now=clock.now())[1]
    assert [(line.name, line.email) for line in own.people] == [
        ("Bo Vos", "bo@harbour.example"),
        ("Cas Mol", "cas@harbour.example"),
        ("Dik", "dik@harbour.example"),
        ("Eva Ros", "eva@harbour.example"),
        ("Manager Harbour", "manager.harbour@example.org"),
    ]
    assert get_user_model().objects.get(email="cas@harbour.example").language == "nl"


def test_every_bad_line_is_named_by_its_own_number_and_nobody_is_added():
    world = make_alliance(people=1)
    text = (
        "Bo Vos <bo@harbour.example>\n\nno address here\nCas <cas at harbour>\n"
        "Bo <bo@harbour.example>"
    )

    answer = manager_of(world).post(
        reverse("alliance:add", args=[world.alliance]),
        {"party": world.parties["Harbour"], "people": text},
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert [f"Line {number}:" in page for number in range(1, 7)] == [
        True, False, True, True, True, False,
    ]  # fmt: skip
    assert "no address here" in page
    assert len(people_of(world.managers["Harbour"], now=clock.now())[1].people) == 1


def test_a_seat_ends_after_a_question():
    world = make_alliance(people=2)
    other = world.people["Harbour"][1]
    client, address = manager_of(world), reverse("alliance:end", args=[world.alliance, other.key])

    asked = client.get(address)
    client.post(address)

    assert "End the seat of Harbour 1?" in asked.content.decode()
    own = people_of(world.managers["Harbour"], now=clock.now())[1]
    assert [line.name for line in own.people] == ["Manager Harbour"]


def test_the_last_manager_keeps_the_seat():
    world = make_alliance(people=1)
    key = world.managers["Harbour"].key

    answer = manager_of(world).post(reverse("alliance:end", args=[world.alliance, key]))

    assert answer.status_code == 409
    assert "A party keeps at least one manager." in answer.content.decode()


def test_rounds_are_empty_kindly_and_list_the_newest_first():
    world = make_alliance()
    client, address = manager_of(world), reverse("alliance:rounds", args=[world.alliance])
    empty = client.get(address).content.decode()
    _planned(world, "First")
    one = queries_of(client, address)
    _planned(world, "Second")
    _planned(world, "Third")

    three = queries_of(client, address)

    page = client.get(address).content.decode()
    assert three == one
    assert empty.count("Plan the first round") == 1
    assert [page.index(title) for title in ("Third", "Second", "First")] == sorted(
        page.index(title) for title in ("Third", "Second", "First")
    )


def test_a_round_is_planned_in_the_time_zone_of_the_alliance():
    world = make_alliance()
    year = clock.now().year + 1

    answer = manager_of(world).post(
        reverse("alliance:plan", args=[world.alliance]),
        {
            "instrument": "pulse",
            "title": "Pulse, winter",
            "closes_at": f"{year}-01-15T10:00",
            "k": "6",
            "asks_comment": "on",
            "moderator": world.facilitator.key,
        },
    )

    (line,) = rounds_of(world.managers["Harbour"])
    card = round_before(world.managers["Harbour"], line.key)
    assert answer.url == reverse("round:show", args=[line.key])
    assert line.closes_at.isoformat() == f"{year}-01-15T09:00:00+00:00"
    assert (card.k, card.asks_comment, card.moderator) == (6, True, "Facilitator of Harbour")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("closes_at", "2020-01-01T10:00", "This moment has passed. Choose a later one."),
        ("closes_at", "soon", "Give a day and a time"),
        ("k", "4", "The smallest group shown is 5 to 50 people."),
        ("title", "x" * 121, "at most 120 characters"),
        ("instrument", "evaluation", "evaluation is not one of the available choices"),
        ("instrument", "nothing", "nothing is not one of the available choices"),
    ],
)
def test_a_plan_that_does_not_fit_says_so_beside_the_field(field, value, sentence):
    world = make_alliance()
    given = {
        "instrument": "pulse",
        "title": "Winter",
        "closes_at": f"{clock.now().year + 1}-01-15T10:00",
        "k": "5",
        "moderator": "0",
        field: value,
    }

    answer = manager_of(world).post(reverse("alliance:plan", args=[world.alliance]), given)

    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert field == "instrument" or f'value="{value}"' in page
    assert rounds_of(world.managers["Harbour"]) == ()


def test_the_journal_tells_moments_in_the_alliances_time_zone_and_pages():
    world = make_alliance()
    plan_round(world)
    client, address = manager_of(world), reverse("alliance:journal", args=[world.alliance])
    first = client.get(address).content.decode()
    few = queries_of(client, address)
    for number in range(60):
        seat_person(world.alliance, world.parties["Harbour"], f"P{number}", Role.PARTICIPANT)
        _planned(world, f"Round {number}")

    many = queries_of(client, address)
    newest = client.get(address).content.decode()
    oldest = client.get(address + "?page=2").content.decode()

    assert "until 9 November 2026, 13:00 (Europe/Amsterdam), k = 5." in first
    assert many == few
    assert newest.count("<time") == 50
    assert oldest.count("<time") == 14
    assert "founded the alliance" in oldest


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999999999999", "²", ""])
def test_a_page_number_that_cannot_be_is_page_one_or_empty(asked):
    world = make_alliance()

    answer = manager_of(world).get(
        reverse("alliance:journal", args=[world.alliance]), {"page": asked}
    )

    assert answer.status_code == 200


def test_a_facilitator_has_no_journal_room():
    world = make_alliance()
    client = client_of(world.facilitator.person)

    home = client.get(reverse("alliance:home", args=[world.alliance])).content.decode()
    journal = client.get(reverse("alliance:journal", args=[world.alliance]))

    assert reverse("alliance:journal", args=[world.alliance]) not in home
    assert journal.status_code == 404


@pytest.mark.parametrize("page", ["home", "people", "rounds", "plan", "journal"])
def test_somebody_from_elsewhere_finds_nothing(page):
    world, other = make_alliance("Harbour", "Mill"), make_alliance("Quay", "Fresh")

    answer = manager_of(other, "Quay").get(reverse(f"alliance:{page}", args=[world.alliance]))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Read the questions of", "So people will read it", "strongly disagree")),
     ("nl", ("Lees de vragen van", "Zo lezen mensen het", "helemaal oneens"))],
)  # fmt: skip
def test_questionnaires_are_read_before_a_round_is_planned(language, words):
    world = make_alliance()
    client = manager_of(world)
    person = get_user_model().objects.get(pk=world.managers["Harbour"].person)
    person.language = language
    person.save()
    plan = client.get(reverse("alliance:plan", args=[world.alliance])).content.decode()
    address = reverse("alliance:instruments", args=[world.alliance])
    listed = client.get(address).content.decode()
    preview = client.get(f"{address}?code=trust").content.decode()
    assert words[0] in plan
    assert listed.count("?code=") == plan.count("?code=") == len(choices(language="en"))
    assert all(word in preview for word in words[1:])
    assert client.get(f"{address}?code=evaluation").status_code == 404
