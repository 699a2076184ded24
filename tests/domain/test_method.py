"""The method page: every example has the value that others have published or worked out."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from understream.domain.method import methods

KNOWN = {
    # From docs of disclosure: 3 joins its smaller neighbour, 6; 37 / 6 rounds to 6 in half points.
    "block": "7 | 3 + 6", "rounding": "6", "missing": "5",
    # Wilson (1927) for 4 of 5, as R's prop.test without correction gives it.
    "wilson": "0.3755; 0.9638",
    # 1 - 0.25 / 2; J = 2, m = (1/3) / 2; 1 - m.
    "rwg": "0.875", "rwg_j": "0.9091", "rwg_j_lindell": "0.8333",
    # s^2 = 0.7, M = 5.8: 1 - 1.4 / (8 x 5.8 - 33.64 - 7) x 4 / 5.
    "awg": "0.8056", "ad": "0.64; 0.6",
    # Dunlap, Burke & Smith-Crowe (2003): .64 and .53.
    "chance": "0.64; 0.5278", "word": "two camps", "van_der_eijk": "-1",
    "displayed": "worth asking",
    # R: t.test(c(5,5,6,6,7), c(2,3,4,4,5,6)).
    "welch": "1.8; 0.2222; 3.3778",
    # s~ = 1 on both sides, df 6 + 6 = 12: 1 -+ 2.1788 sqrt(2/3).
    "moderated": "1; -0.779; 2.779",
    "cliff": "0.7333", "paired": "1.7321",
    "split": "1; 1; 0.5; -0.5",
    # 1.96 x sqrt(2) x sqrt(0.15).
    "reliable": "1.0735", "alpha": "0.6667", "feldt": "0.6054; 0.9582",
    # 2.1^2 / (2.1^2 + 1.51).
    "omega": "0.7449",
    # MSB 13.5, MSW 1: 12.5 / 15.5, 12.5 / 13.5; 5 x 0.2 / 1.8.
    "icc": "0.8065; 0.9259", "planning": "0.5556",
    # 1 - 5 x 2 / 18; (2/3 - 1/2) / (1/2).
    "krippendorff": "0.4444", "fleiss": "0.3333",
    "effects": "3; -1; -1; -1", "density": "0.5; 0.6667", "strength": "2.6667",
}  # fmt: skip
WORKED_BY_SCIPY = {"overlapping"}


def test_every_example_has_its_known_value():
    found = {one.code: one.value for chapter in methods() for one in chapter.methods}
    assert {code: value for code, value in found.items() if code not in WORKED_BY_SCIPY} == KNOWN
    assert set(found) - set(KNOWN) == WORKED_BY_SCIPY


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "have not been validated"), ("nl", "niet gevalideerd")],
)
def test_anybody_reads_it_in_both_languages(language, sentence):
    client = Client()
    client.cookies["language"] = language
    text = client.get(reverse("door:method")).content.decode()
    assert sentence in text
    with translation.override(language):
        told = [one for chapter in methods() for one in chapter.methods]
    for one in told:
        assert f'<h3 id="{one.code}">' in text
    assert ("0,875" in text) == (language == "nl")
    english = {one.assumes for chapter in methods() for one in chapter.methods}
    assert language == "en" or not english & {one.assumes for one in told}
