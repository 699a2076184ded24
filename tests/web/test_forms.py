"""Fields of our own, beside Django's that they stand in for."""

import pytest
from django import forms
from pytest_django.asserts import assertHTMLEqual

from understream.web.alliance.forms import FoundForm, LongSelect, zones


@pytest.mark.parametrize("chosen", ["Europe/Amsterdam", "nowhere", None, '"><script>'])
def test_a_long_choice_reads_as_djangos_own_does(chosen):
    choices = [*zones(), ('<&"', "<b>")]
    attributes = {"id": "id_zone", "required": True, "aria-describedby": "more"}

    ours = LongSelect(choices=choices).render("zone", chosen, attributes)
    theirs = forms.Select(choices=choices).render("zone", chosen, attributes)

    assertHTMLEqual(ours, theirs)


def test_the_time_zone_offered_first_is_chosen():
    assert '<option value="Europe/Amsterdam" selected>' in str(FoundForm()["time_zone"])
