"""Words as people read them."""

import pytest
from django.utils import translation

from understream.domain.word import together

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
