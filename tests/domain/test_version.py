"""Versions grow with each change, in its transaction; who listens hears after the commit."""

import pytest
from django.db import connection, transaction

from tests.factories import NOON, make_alliance
from tests.workshops import make_meeting
from understream.domain import version
from understream.records.workshop import Workshop

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    return make_meeting(make_alliance("Harbour", "Mill", people=2))


def test_a_version_grows_and_can_be_compared(meeting):
    before = version.versions_of([meeting.key])
    row = Workshop.objects.get(pk=meeting.key)
    assert version.grow(row) == before[meeting.key] + 1
    assert version.versions_of([meeting.key, 10**9]) == {meeting.key: before[meeting.key] + 1}


def grow_and_fail(key):
    with transaction.atomic():
        version.grow(Workshop.objects.get(pk=key))
        raise RuntimeError


def test_what_is_rolled_back_is_told_to_nobody(meeting, django_capture_on_commit_callbacks):
    heard = []
    stop = version.listen(heard.append)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        grow_and_fail(meeting.key)
    assert heard == []
    with django_capture_on_commit_callbacks(execute=True):
        meeting.open(now=NOON)
    assert set(heard) == {meeting.key}
    before = list(heard)
    stop()
    with django_capture_on_commit_callbacks(execute=True):
        meeting.close()
    assert heard == before


def test_the_database_says_how_it_is_reached():
    kind, place = version.database_of()

    assert kind == connection.vendor
    assert str(connection.settings_dict["NAME"]) in place


def test_work_apart_gives_what_it_gives_and_raises_what_it_raises():
    assert version.apart(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        version.apart(divmod, 7, 0)
