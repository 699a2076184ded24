"""One round in the browser: saying yes, opening, waiting, extending, cancelling."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_alliance, seat_person
from understream.access.seat import Role
from understream.domain import round as rounds
from understream.domain.release import cancel_round, close_round
from understream.web import clock

pytestmark = pytest.mark.django_db


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


def plan(world, *, days=7, **keys):
    planner = next(iter(world.managers.values()))
    return rounds.plan_round(
        planner,
        instrument="pulse",
        title="Autumn",
        closes_at=clock.now() + timedelta(days=days),
        now=clock.now(),
        **keys,
    )


def say_yes(world, key, **modes):
    for name, manager in world.managers.items():
        mode = modes.get(name, "confidential" if len(world.people[name]) >= 5 else "one voice")
        rounds.confirm_cohort(
            manager,
            key,
            mode=mode,
            seats=[seat.key for seat in world.people[name]],
            now=clock.now(),
            rng=world.rng,
        )


def opened(world, **keys):
    key = plan(world, **keys)
    say_yes(world, key)
    rounds.open_round(next(iter(world.managers.values())), key, now=clock.now())
    return key


def page_of(seat, key, name="show") -> str:
    answer = client_of(seat).get(reverse(f"round:{name}", args=[key]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_planned_round_says_who_has_still_to_say_yes():
    world = make_alliance()
    key = plan(world)

    page = page_of(world.managers["Mill"], key)

    assert "2 parties have still to say yes" in page
    assert page.count("has still to say yes") == 2
    assert reverse("round:cohort", args=[key]) in page
    assert reverse("round:open", args=[key]) not in page


def test_the_cohort_page_tells_each_mode_in_the_words_people_will_read():
    world = make_alliance(people=3)

    page = page_of(world.managers["Mill"], plan(world), "cohort")

    assert "All parties of the alliance see only figures of 5 or more people together" in page
    assert "This needs 5 people; 3 of you have a seat." in page
    assert "You fill in one form together. It speaks for your organisation" in page
    assert "The managers (Manager Mill) of your organisation see your name" in page
    assert "Whoever manages it can technically read what is stored there." in page
    assert page.count('name="seats"') == page.count(" checked>") - 1 == 3


def test_saying_yes_keeps_who_and_how():
    world = make_alliance(people=6)
    key = plan(world)
    mill = world.managers["Mill"]

    answer = client_of(mill).post(
        reverse("round:cohort", args=[key]),
        {"mode": "confidential", "seats": [seat.key for seat in world.people["Mill"][:5]]},
    )

    mine = rounds.round_before(mill, key).mine
    assert answer.url == reverse("round:show", args=[key])
    assert (mine.confirmed, mine.mode, mine.size) == (True, "confidential", "5")


def test_too_few_for_a_confidential_round_is_said_beside_the_mode_and_keeps_the_choice():
    world = make_alliance(people=6)
    key = plan(world)
    chosen = [seat.key for seat in world.people["Mill"][:4]]

    answer = client_of(world.managers["Mill"]).post(
        reverse("round:cohort", args=[key]), {"mode": "confidential", "seats": chosen}
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "With fewer than 5 people nobody can be hidden." in page
    assert page.count(" checked>") == 5  # four people and the mode


def test_somebody_of_another_party_cannot_be_chosen():
    world = make_alliance(people=5)
    key = plan(world)

    answer = client_of(world.managers["Mill"]).post(
        reverse("round:cohort", args=[key]),
        {"mode": "one voice", "seats": [world.people["Harbour"][1].key]},
    )

    assert answer.status_code == 400
    assert not rounds.round_before(world.managers["Mill"], key).mine.confirmed


@pytest.mark.parametrize("who", ["participant", "facilitator"])
def test_only_a_manager_says_yes(who):
    world = make_alliance(people=5)
    key = plan(world)
    seat = world.people["Mill"][1] if who == "participant" else world.facilitator

    answer = client_of(seat).get(reverse("round:cohort", args=[key]))

    assert answer.status_code == 404
    assert reverse("round:cohort", args=[key]) not in page_of(seat, key)


def test_the_round_opens_with_one_button_when_everybody_has_said_yes():
    world = make_alliance(people=5)
    key = plan(world)
    say_yes(world, key)
    client, address = client_of(world.managers["Harbour"]), reverse("round:open", args=[key])

    before = page_of(world.managers["Harbour"], key)
    client.post(address)

    assert before.count(f'action="{address}"') == 1
    assert rounds.round_before(world.managers["Harbour"], key).state == "open"
    again = client.post(address)
    assert again.status_code == 409
    assert "This round is open already." in again.content.decode()


def test_a_choice_that_comes_after_the_opening_is_refused_in_words():
    world = make_alliance(people=5)
    key = opened(world)
    client = client_of(world.managers["Harbour"])
    chosen = {"mode": "one voice", "seats": [world.people["Harbour"][0].key]}

    answer = client.post(reverse("round:cohort", args=[key]), chosen)

    assert answer.status_code == 409
    assert "Who is asked, and how, can no longer change." in answer.content.decode()


def test_an_open_round_tells_participation_in_steps_to_the_own_manager_only():
    world = make_alliance(people=5)
    key = opened(world)

    manager = page_of(world.managers["Harbour"], key)
    participant = page_of(world.people["Harbour"][1], key)

    assert "People of Harbour who answered" in manager
    assert "Told in steps only, and once a day" in manager
    assert "who answered" not in participant
    assert "5 to 9 people are asked" in manager
    assert manager.count("Harbour 1") == 1
    assert "Mill 1" not in manager


def test_a_party_of_one_voice_is_led_to_its_form():
    world = make_alliance(people=(5, 2))
    key = opened(world)

    mill = page_of(world.managers["Mill"], key)
    harbour = page_of(world.managers["Harbour"], key)

    assert mill.count(reverse("round:form", args=[key])) == 1
    assert reverse("round:form", args=[key]) not in harbour


def test_the_one_form_asks_nothing_outside_an_open_round():
    world = make_alliance(people=(5, 2))
    manager, early, late, gone = world.managers["Mill"], *(plan(world) for _ in range(3))
    for key in (late, gone):
        say_yes(world, key)
        rounds.open_round(manager, key, now=clock.now())
    closed = close_round(late, now=clock.now() + timedelta(days=8), rng=world.rng)
    cancel_round(manager, gone, now=clock.now())

    pages = [
        client_of(manager).get(reverse("round:form", args=[key])) for key in (early, late, gone)
    ]

    assert closed
    assert [page.status_code for page in pages] == [200, 200, 200]
    for page, words in zip(
        pages,
        ("It has not begun yet", "This round has closed", "This round was cancelled"),
        strict=True,
    ):
        assert words in page.content.decode()
        assert 'id="answers"' not in page.content.decode()


def test_the_end_moves_on_in_the_time_zone_of_the_alliance_and_not_back():
    world = make_alliance(people=5)
    key = opened(world)
    client, address = client_of(world.managers["Harbour"]), reverse("round:extend", args=[key])
    promised = rounds.round_before(world.managers["Harbour"], key).closes_at
    year = clock.now().year + 1

    back = client.post(address, {"closes_at": f"{clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"})
    kept = rounds.round_before(world.managers["Harbour"], key).closes_at
    on = client.post(address, {"closes_at": f"{year}-07-01T12:00"})

    moved = rounds.round_before(world.managers["Harbour"], key).closes_at
    assert (back.status_code, kept) == (400, promised)
    assert "People were promised the present end. It can move on, not back." in (
        back.content.decode()
    )
    assert on.status_code == 302
    assert moved.isoformat() == f"{year}-07-01T10:00:00+00:00"


def test_a_round_is_cancelled_after_a_question():
    world = make_alliance(people=5)
    key = opened(world)
    client, address = client_of(world.managers["Mill"]), reverse("round:cancel", args=[key])

    asked = client.get(address).content.decode()
    client.post(address)

    assert "Cancel “Autumn”?" in asked
    assert "This round was cancelled" in page_of(world.managers["Mill"], key)
    assert client.get(address).status_code == 404


def test_a_closed_round_leads_to_the_mirror_and_to_the_figures():
    world = make_alliance(people=5)
    key = opened(world)
    close_round(key, now=clock.now() + timedelta(days=8), rng=world.rng)

    manager = page_of(world.managers["Harbour"], key)
    participant = page_of(world.people["Harbour"][1], key)
    facilitator = page_of(world.facilitator, key)

    mirror, figures = (reverse(f"mirror:{name}", args=[key]) for name in ("show", "csv"))
    assert [mirror in page for page in (manager, participant, facilitator)] == [True, True, False]
    assert [figures in page for page in (manager, participant, facilitator)] == [
        True, False, False,
    ]  # fmt: skip


def test_only_the_facilitator_named_for_it_is_led_to_the_comments():
    world = make_alliance(people=8)
    key = opened(world, moderator=world.facilitator.key)
    close_round(key, now=clock.now() + timedelta(days=8), rng=world.rng)
    address = reverse("mirror:comments", args=[key])

    assert page_of(world.facilitator, key).count(address) == 1
    assert address not in page_of(world.managers["Harbour"], key)


def test_the_page_asks_the_same_queries_for_two_parties_and_for_five():
    two = make_alliance("Harbour", "Mill", people=5)
    five = make_alliance("Quay", "Delta", "Fresh", "Dock", "Wharf", people=7, seed=8)
    key_two, key_five = opened(two), opened(five)

    with CaptureQueriesContext(connection) as few:
        page_of(two.managers["Harbour"], key_two)
    with CaptureQueriesContext(connection) as many:
        page = page_of(five.managers["Quay"], key_five)

    assert page.count('<li id="cohort-') == 5
    assert len(many) == len(few)


def test_a_round_of_somebody_else_is_not_there():
    world, other = make_alliance("Harbour", "Mill"), make_alliance("Quay", "Delta")
    key = plan(world)

    for name in ("show", "cohort", "cancel", "extend"):
        answer = client_of(other.managers["Quay"]).get(reverse(f"round:{name}", args=[key]))
        assert answer.status_code == 404


def test_asking_again_fills_the_form_in_and_a_false_key_finds_nothing():
    world = make_alliance(people=6)
    key = opened(world, k=6, asks_comment=False)
    close_round(key, now=clock.now() + timedelta(days=8), rng=world.rng)
    manager = client_of(world.managers["Mill"])

    closed = page_of(world.managers["Mill"], key)
    address = re.search(r'href="([^"]*again=\d+)"', closed)[1]
    form = manager.get(address).content.decode()

    assert re.search(r'name="instrument" value="pulse" required checked', form)
    assert re.search(r'name="title" value="Autumn"', form)
    assert re.search(r'name="k" value="6"', form)
    assert "checked" not in re.search(r'<input[^>]*name="asks_comment"[^>]*>', form)[0]
    for false in ("0", "x", "9" * 30, "²", str(opened(world))):
        asked = manager.get(reverse("alliance:plan", args=[world.alliance]), {"again": false})
        assert asked.status_code == 404


def test_a_manager_asks_those_who_came_later_and_they_read_why_they_are_not_on_the_list():
    world = make_alliance(people=6)
    key = opened(world)
    party = world.parties["Harbour"]
    new = [seat_person(world.alliance, party, f"New {at}", Role.PARTICIPANT) for at in range(5)]
    manager = client_of(world.managers["Harbour"])
    assert "You are not asked in this round" in page_of(new[0], key)
    assert "5 of your people have come since" in page_of(world.managers["Harbour"], key)

    answer = manager.post(reverse("round:late", args=[key]))
    again = manager.post(reverse("round:late", args=[key]))

    late = int(re.search(r"/rounds/(\d+)/", answer["Location"])[1])
    assert again.status_code == 409
    page = page_of(new[0], late)
    assert "Autumn, who came later" in page
    assert f'href="/rounds/{key}/"' in page
    assert "You are not asked in this round" not in page_of(new[0], key)
    assert "came later" not in page_of(world.managers["Mill"], key)
