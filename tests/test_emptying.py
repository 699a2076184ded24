"""What tests themselves rest on: a database emptied behind a test is guarded as it was."""

import pytest
from django.db import DatabaseError, transaction

from tests.factories import make_alliance
from understream.records.journal import Entry


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_what_is_written_once_stays_guarded_behind_a_test_with_real_transactions(time):
    assert Entry.objects.count() == 0, f"left over the {time} time"
    make_alliance()

    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        Entry.objects.update(act="changed")
