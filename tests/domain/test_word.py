"""Words as people read them."""

import pytest
from django.utils import translation

from understream.access.seat import Role as ActingRole
from understream.domain.word import WORDS, together
from understream.measurement.gap import Gap
from understream.measurement.within_group import Agreement
from understream.records.round import Cohort, Mode, State
from understream.records.seat import Role, Tier

NAMES = ["Harbour", "Mill", "Quay"]


@pytest.mark.parametrize(
    ("number", "english", "dutch"),
    [
        (0, "", ""),
        (1, "Harbour", "Harbour"),
        (2, "Harbour and Mill", "Harbour en Mill"),
        (3, "Harbour, Mill and Quay", "Harbour, Mill en Quay"),
    ],
)
def test_names_are_told_in_a_row(number, english, dutch):
    assert together(NAMES[:number]) == english
    with translation.override("nl"):
        assert together(NAMES[:number]) == dutch


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_value_that_is_stored_and_read_has_its_word(language):
    stored = {
        *Role.values, *Tier.values, *Mode.values, *State.values, *Cohort.Step.values,
        *(one.value for kind in (Agreement, Gap) for one in kind),
        *(role.value for role in ActingRole if role is not ActingRole.SYSTEM),
    }  # fmt: skip

    assert stored - set(WORDS) == set()
    with translation.override(language):
        assert all(str(WORDS[value]) for value in stored)
