from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from understream.site.session import BEGAN, SessionStore

pytestmark = pytest.mark.django_db
HOUR = 60 * 60


def later(session, seconds):
    """Let a session have begun so long ago."""
    session[BEGAN] -= seconds
    session.save()


def test_the_house_uses_these_sessions():
    assert import_module(settings.SESSION_ENGINE).SessionStore is SessionStore


def test_a_session_ends_twelve_hours_after_it_began_however_busy_one_is():
    session = SessionStore()
    session.create()

    later(session, 11 * HOUR)
    session["busy"] = True
    session.save()

    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_what_is_over_is_not_read_again():
    session = SessionStore()
    session["who"] = "somebody"
    session.create()

    later(session, 12 * HOUR)

    assert SessionStore(session.session_key).get("who") is None


def test_signing_in_begins_anew():
    session = SessionStore()
    session.create()
    later(session, 11 * HOUR)

    session.cycle_key()

    assert session.get_expiry_age() > 12 * HOUR - 5


def test_nobody_extends_a_session_by_asking():
    session = SessionStore()
    session.create()
    later(session, 11 * HOUR)

    session.set_expiry(1000 * HOUR)

    assert session.get_expiry_age() <= HOUR
