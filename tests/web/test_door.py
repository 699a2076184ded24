"""The door: the front page, languages, what is shown, the demo's doors, mail and clock."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse

from tests.factories import begin_evaluation, make_alliance, make_person, prepare_evaluation
from understream.access.refusal import Missing
from understream.domain import round as rounds
from understream.domain import world as worlds
from understream.domain.evaluation import accept_agreement, evaluation_before, open_evaluation
from understream.domain.person import demo_person
from understream.records.person import Person
from understream.web import clock
from understream.web.door import mailbox

pytestmark = pytest.mark.django_db

HERE = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def demo():
    worlds.forget()
    worlds.make_demo(seed=7)
    yield
    worlds.forget()


@pytest.fixture(autouse=True)
def _real_world_is_forgotten():
    worlds.forget()
    yield
    worlds.forget()


def person_of_the_demo(name="manager.a") -> Person:
    person = make_person(f"The {name}")
    person.email = f"{name}@demo.example"
    person.save()
    return person


def test_the_front_page_says_what_this_is_and_where_to_sign_in(client):
    page = client.get("/").content.decode()

    assert "Understream gives all parties one place to work on both." in page
    assert [page.count(f"<h2>{word}</h2>") for word in ("Voice", "Mirror", "Agreement")] == [1] * 3
    assert "demo" not in page


def test_a_language_is_kept_by_the_browser_and_by_the_person(client):
    person = make_person("Anna")
    address = reverse("door:language")

    stranger = client.post(address, {"language": "nl", "next": "/shown/"})
    dutch = client.get("/")
    client.force_login(person)
    client.post(address, {"language": "nl"})

    assert stranger.url == "/shown/"
    assert dutch.headers["Content-Language"] == "nl"
    assert '<html lang="nl">' in dutch.content.decode()
    assert Person.objects.get(pk=person.pk).language == "nl"


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_of_a_language_is_out_of_reach_of_scripts(client, settings, secure):
    settings.LANGUAGE_COOKIE_SECURE = secure

    cookie = client.post(reverse("door:language"), {"language": "nl"}).cookies["language"]

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert bool(cookie["secure"]) is secure


def test_the_persons_own_language_wins_over_the_browsers(client):
    client.post(reverse("door:language"), {"language": "nl"})
    client.force_login(make_person("Anna", language="en"))

    assert client.get("/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_choosing_a_language_leads_nowhere_else(client, after):
    answer = client.post(reverse("door:language"), {"language": "nl", "next": after})

    assert answer.url == "/"


def test_an_unknown_language_is_not_kept(client):
    answer = client.post(reverse("door:language"), {"language": "xx"})

    assert not answer.cookies


def test_the_rules_of_the_display_are_those_in_force(client, settings):
    before = client.get(reverse("door:shown")).content.decode()
    settings.UNDERSTREAM_K = 9
    after = client.get(reverse("door:shown")).content.decode()

    assert "fewer than 5</th>" in before
    assert ">5–7</th>" in before
    assert "The mean in steps of 0.5; at the ends “1.5 or lower” and “6.5 or higher”." in before
    assert "fewer than 9</th>" in after
    assert ">5–7</th>" not in after


def test_the_house_says_that_it_answers_and_is_ready(client):
    answers = [client.get(reverse(f"door:{name}")) for name in ("health", "ready")]

    assert [(one.status_code, one.content) for one in answers] == [
        (200, b"ok\n"),
        (200, b"ready\n"),
    ]


def test_an_unknown_address_is_the_same_page_as_a_forbidden_one(client):
    world, other = make_alliance("Harbour", "Mill"), make_alliance("Quay", "Delta")
    client.force_login(Person.objects.get(pk=other.managers["Quay"].person))

    unknown = client.get("/nothing/here/")
    forbidden = client.get(reverse("alliance:home", args=[world.alliance]))

    assert (unknown.status_code, forbidden.status_code) == (404, 404)
    assert b"There is nothing here for you" in unknown.content
    assert b"There is nothing here for you" in forbidden.content


@pytest.mark.usefixtures("demo")
def test_a_demo_lets_six_in_with_one_click():
    for name in ("manager.a", "manager.b", "manager.c", "facilitator", "sponsor", "participant"):
        person = person_of_the_demo(name)
        client = Client(**HERE)

        answer = client.post(reverse("door:demo_enter"), {"as": name})

        assert answer.url == reverse("alliance:index")
        assert client.session["_auth_user_id"] == str(person.pk)
    assert Client(**HERE).get("/").content.decode().count('name="as"') == 6


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "whence",
    [
        {"HTTP_HOST": "testserver", "REMOTE_ADDR": "127.0.0.1"},
        {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "10.0.0.7"},
        {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": ""},
        {**HERE, "HTTP_X_FORWARDED_FOR": "10.0.0.7"},
        {**HERE, "HTTP_FORWARDED": "for=10.0.0.7"},
    ],
)
def test_from_another_machine_a_demo_has_no_doors(whence):
    person_of_the_demo()
    client = Client(**whence)

    answer = client.post(reverse("door:demo_enter"), {"as": "manager.a"})

    assert answer.status_code == 404
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("door:demo_mail")).status_code == 404
    assert 'name="as"' not in client.get("/").content.decode()


def test_a_real_world_has_no_doors_even_for_its_own_machine():
    person_of_the_demo()
    client = Client(**HERE)

    answers = [
        client.post(reverse("door:demo_enter"), {"as": "manager.a"}),
        client.get(reverse("door:demo_mail")),
        client.get(reverse("door:demo_letter", args=["20260101T000000000000-000001"])),
    ]

    assert [one.status_code for one in answers] == [404, 404, 404]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("name", ["", "host", "manager.a@demo.example", "manager.d"])
def test_nobody_else_can_be_entered_as(name):
    person_of_the_demo(name)

    answer = Client(**HERE).post(reverse("door:demo_enter"), {"as": name})

    assert answer.status_code == 404


@pytest.fixture
def box(settings, tmp_path):
    settings.DATA = tmp_path
    settings.EMAIL_BACKEND = "understream.web.door.mailbox.Backend"
    return tmp_path / "demo-mail"


@pytest.mark.usefixtures("demo", "box")
def test_letters_are_kept_and_shown_the_newest_first_with_their_links():
    link = "http://127.0.0.1:8000/r/abc/"
    for number in (1, 2):
        message = EmailMessage(
            f"Letter {number}", f"Open\n{link}\n", "x@x.example", ["bo@x.example"]
        )
        get_connection().send_messages([message])
    client = Client(**HERE)

    page = client.get(reverse("door:demo_mail")).content.decode()
    (newest, _before), older = mailbox.letters()
    letter = client.get(reverse("door:demo_letter", args=[newest.key])).content.decode()

    assert page.index("Letter 2") < page.index("Letter 1")
    assert (newest.to, newest.subject, newest.body) == (
        "bo@x.example",
        "Letter 2",
        f"Open\n{link}\n",
    )
    assert f'<a href="{link}" rel="nofollow">' in letter
    assert not older


@pytest.mark.usefixtures("demo", "box")
def test_letters_are_found_by_address_and_told_in_pages():
    for number in range(mailbox.PAGE + 1):
        to = "bo@x.example" if number else "ann@y.example"
        get_connection().send_messages([EmailMessage(f"Letter {number}", "", "x@x.example", [to])])
    client = Client(**HERE)

    first = client.get(reverse("door:demo_mail")).content.decode()
    second = client.get(reverse("door:demo_mail"), {"page": 2}).content.decode()
    found = client.get(reverse("door:demo_mail"), {"to": "ANN"}).content.decode()
    nobody = client.get(reverse("door:demo_mail"), {"to": "zoe", "page": "-1"}).content.decode()

    assert (first.count("bo@x.example"), "ann@y.example" in first) == (mailbox.PAGE, False)
    assert ("ann@y.example" in second, 'rel="next"' in second) == (True, False)
    assert ("ann@y.example" in found, "bo@x.example" in found) == (True, False)
    assert "No letter went to such an address." in nobody


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("key", ["..", "secret", "%2e%2e%2fsecret", "20260101T0-1"])
def test_only_letters_can_be_read(box, key):
    box.mkdir()
    (box.parent / "secret.txt").write_text("a\nb\nc")

    answer = Client(**HERE).get(f"/demo/mail/{key}/")

    assert answer.status_code == 404
    assert mailbox.letter("../secret") is None


@pytest.mark.usefixtures("demo", "box")
def test_the_demo_clock_moves_past_the_end_and_closes_the_round():
    world = make_alliance(people=(5, 2))
    key = rounds.plan_round(
        world.managers["Harbour"],
        instrument="pulse",
        title="Autumn",
        closes_at=clock.now() + timedelta(days=7),
        now=clock.now(),
    )
    for name, mode in (("Harbour", "confidential"), ("Mill", "one voice")):
        rounds.confirm_cohort(
            world.managers[name],
            key,
            mode=mode,
            seats=[seat.key for seat in world.people[name]],
            now=clock.now(),
            rng=world.rng,
        )
    rounds.open_round(world.managers["Harbour"], key, now=clock.now())
    client = Client(**HERE)
    client.force_login(Person.objects.get(pk=world.managers["Mill"].person))
    before = client.get(reverse("round:show", args=[key])).content.decode()
    away = Client()
    away.force_login(Person.objects.get(pk=world.managers["Mill"].person))

    refused = away.post(reverse("door:demo_clock", args=[key]))
    answer = client.post(reverse("door:demo_clock", args=[key]))

    card = rounds.round_before(world.managers["Mill"], key)
    assert before.count(reverse("door:demo_clock", args=[key])) == 1
    assert refused.status_code == 404
    assert answer.url == reverse("round:show", args=[key])
    assert card.state == "closed"
    assert clock.now() >= card.closes_at + timedelta(minutes=1)


@pytest.mark.usefixtures("demo", "box")
def test_the_demo_clock_passes_one_moment_of_an_evaluation_after_another():
    world = make_alliance(people=(5, 2))
    now = clock.now()
    until = {"answer_until": now + timedelta(days=7), "seal_until": now + timedelta(days=14)}
    key = prepare_evaluation(world, **until)
    seat = world.managers["Harbour"]
    clients = Client(**HERE), Client()
    for client in clients:
        client.force_login(Person.objects.get(pk=seat.person))
    here, away = clients
    address = reverse("door:demo_evaluation_clock", args=[key])

    def card():
        return evaluation_before(seat, key, now=clock.now())

    prepared = here.post(address)
    for name, mode in (("Harbour", "confidential"), ("Mill", "one voice")):
        people = [one.key for one in world.people[name]]
        accept_agreement(
            world.managers[name],
            key,
            version=1,
            mode=mode,
            seats=people,
            now=clock.now(),
            rng=world.rng,
        )
    open_evaluation(seat, key, now=clock.now(), rng=world.rng)
    refused = away.post(address)
    stages = [card().stage]
    moved = here.post(address)
    stages.append(card().stage)
    here.post(address)
    extended = card()
    here.post(address)
    lapsed = card()
    here.post(address)
    stages.append(card().stage)

    # Nothing waits before it has begun, nor after it is over, nor for who comes from elsewhere.
    assert [prepared.status_code, refused.status_code, here.post(address).status_code] == [404] * 3
    assert moved.url == reverse("evaluation:show", args=[key])
    assert stages == ["alone", "within", "over"]
    assert (extended.extended, extended.lapsed) == (True, False)
    assert extended.seal_until > until["seal_until"]
    assert lapsed.lapsed


@pytest.mark.usefixtures("box")
def test_the_clock_of_a_real_world_stands():
    world = make_alliance()
    key = rounds.plan_round(
        world.managers["Harbour"],
        instrument="pulse",
        title="Autumn",
        closes_at=clock.now() + timedelta(days=7),
        now=clock.now(),
    )
    client = Client(**HERE)
    client.force_login(Person.objects.get(pk=world.managers["Mill"].person))

    begun = begin_evaluation(
        world,
        answer_until=clock.now() + timedelta(days=7),
        seal_until=clock.now() + timedelta(days=14),
    )

    answer = client.post(reverse("door:demo_clock", args=[key]))
    same = client.post(reverse("door:demo_evaluation_clock", args=[begun]))

    assert answer.status_code == same.status_code == 404
    assert clock.now() - clock.real() < timedelta(seconds=5)


def test_a_demo_person_is_nobody_in_a_real_world():
    person_of_the_demo()

    with pytest.raises(Missing):
        demo_person("manager.a@demo.example")


def test_a_stale_page_is_explained():
    client = Client(enforce_csrf_checks=True)

    answer = client.post(reverse("door:language"), {"language": "nl"})

    assert answer.status_code == 403
    assert b"This page was open for too long" in answer.content
