"""Signing in and out, a new password, one's own card."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.factories import make_person

pytestmark = pytest.mark.django_db

PASSWORD = "a long and quiet river"


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()


def test_somebody_signs_in_with_a_mail_address_whatever_its_capitals(client):
    person = make_person("Anna", password=PASSWORD)

    answer = client.post(
        reverse("account_login"), {"login": "ANNA@example.org", "password": PASSWORD}
    )

    assert answer.url == reverse("alliance:index")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_signing_in_leads_back_to_where_one_was_going(client):
    make_person("Anna", password=PASSWORD)
    wanted = reverse("account:card")

    door = client.get(wanted)
    answer = client.post(door.url, {"login": "anna@example.org", "password": PASSWORD})

    assert door.url == f"{reverse('account_login')}?next={wanted}"
    assert answer.url == wanted
    assert f'name="next" value="{wanted}"' in Client().get(door.url).content.decode()


@pytest.mark.parametrize("login", ["anna@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_read_the_same(client, login):
    make_person("Anna", password=PASSWORD)

    page = client.post(reverse("account_login"), {"login": login, "password": "wrong"})

    assert "This mail address and password do not belong together." in page.content.decode()
    assert f'value="{login}"' in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_after_eight_wrong_passwords_an_account_waits_even_for_the_right_one(client):
    make_person("Anna", password=PASSWORD)
    make_person("Bram", password=PASSWORD)

    def tries(login, password):
        return client.post(reverse("account_login"), {"login": login, "password": password})

    for _time in range(8):
        tries("anna@example.org", "wrong")
    page = tries("anna@example.org", PASSWORD)

    assert "This did not work several times." in page.content.decode()
    assert tries("bram@example.org", PASSWORD).url == reverse("alliance:index")


def test_signing_out_is_a_change_and_leads_to_the_door(client):
    client.force_login(make_person("Anna"))

    looked = client.get(reverse("account_logout"))
    answer = client.post(reverse("account_logout"))

    assert looked.status_code == 405
    assert answer.url == reverse("door:index")
    assert "_auth_user_id" not in client.session


def test_a_new_password_is_chosen_by_a_link_on_our_own_address(client, settings):
    settings.UNDERSTREAM_URL = "https://understream.example"
    settings.ALLOWED_HOSTS = ["*"]
    make_person("Anna", password=PASSWORD, language="en")

    client.post(
        reverse("account_reset_password"), {"email": "anna@example.org"}, HTTP_HOST="evil.example"
    )
    (letter,) = mail.outbox
    (link,) = re.findall(r"https?://\S+", letter.body)
    form = client.get(link.removeprefix("https://understream.example"), follow=True)
    done = client.post(
        form.redirect_chain[-1][0],
        {"password1": "another long and quiet river", "password2": "another long and quiet river"},
    )

    assert link.startswith("https://understream.example/account/reset/")
    assert letter.subject == "A new password for Understream"
    assert done.url == reverse("account_reset_password_from_key_done")
    assert get_user_model().objects.get().check_password("another long and quiet river")


def test_a_link_for_a_new_password_works_once(client):
    make_person("Anna", password=PASSWORD)
    client.post(reverse("account_reset_password"), {"email": "anna@example.org"})
    link = re.search(r"/account/reset/\S+", mail.outbox[0].body).group()
    form = client.get(link, follow=True)
    words = {
        "password1": "another long and quiet river",
        "password2": "another long and quiet river",
    }
    client.post(form.redirect_chain[-1][0], words)

    again = Client().get(link, follow=True)

    assert "This link no longer works" in again.content.decode()


def test_asking_for_an_unknown_address_reads_the_same(client):
    make_person("Anna", password=PASSWORD)

    pages = [
        client.post(reverse("account_reset_password"), {"email": address}, follow=True)
        for address in ("anna@example.org", "nobody@example.org")
    ]

    csrf = re.compile(rb'value="[A-Za-z0-9]{64}"')
    assert csrf.sub(b"", pages[0].content) == csrf.sub(b"", pages[1].content)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_inactive", "account_set_password"]
)
def test_rooms_of_allauth_that_this_house_lacks_are_not_there(client, name, method):
    answer = getattr(client, method)(reverse(name))

    assert answer.status_code == 404


def test_name_and_language_are_kept(client):
    person = make_person("Anna")
    client.force_login(person)

    answer = client.post(reverse("account:card"), {"name": "Anna de Wit", "language": "nl"})

    person.refresh_from_db()
    assert (person.name, person.language) == ("Anna de Wit", "nl")
    assert answer.url == reverse("account:card")
    assert client.get(answer.url).headers["Content-Language"] == "nl"


@pytest.mark.parametrize(
    ("name", "language"), [("", "en"), ("   ", "en"), ("x" * 121, "en"), ("A", "fr")]
)
def test_a_card_that_does_not_fit_changes_nothing(client, name, language):
    person = make_person("Anna")
    client.force_login(person)

    answer = client.post(reverse("account:card"), {"name": name, "language": language})

    person.refresh_from_db()
    assert answer.status_code == 400
    assert (person.name, person.language) == ("Anna", "en")


def test_a_password_is_changed_by_who_knows_the_present_one(client):
    person = make_person("Anna", password=PASSWORD)
    client.force_login(person)
    new = {
        "password1": "another long and quiet river",
        "password2": "another long and quiet river",
    }

    wrong = client.post(reverse("account_change_password"), {"oldpassword": "no", **new})
    right = client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **new})

    person.refresh_from_db()
    assert "This is not your present password." in wrong.content.decode()
    assert right.url == reverse("account:card")
    assert person.check_password("another long and quiet river")
