"""The host's page and the researcher's file."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse

from tests.factories import make_alliance, make_person
from understream import __version__
from understream.domain import instrument as instruments
from understream.domain.pool import add_sums
from understream.measurement.pool import sums_of
from understream.measurement.reliability import feldt
from understream.records.due import Due
from understream.records.organisation import Membership, Organisation
from understream.web import clock
from understream.web.research.views import plain

pytestmark = pytest.mark.django_db


def test_the_host_sees_how_the_house_runs(client):
    client.force_login(make_person("Host", host=True))
    Due.objects.create(kind="tidy", key=1, at=clock.now() + timedelta(days=1))

    page = client.get(reverse("host:show")).content.decode()

    assert f"{__version__} " in page
    assert ("SQLite" if connection.vendor == "sqlite" else "PostgreSQL") in page
    assert "Something that fell due has not been done" not in page


def test_what_fell_due_and_was_not_done_is_said(client):
    client.force_login(make_person("Host", host=True))
    Due.objects.create(kind="tidy", key=1, at=clock.now() - timedelta(minutes=3))

    page = client.get(reverse("host:show")).content.decode()

    assert "Something that fell due has not been done" in page


def test_the_host_page_holds_nothing_of_alliances(client):
    world = make_alliance("Harbour", "Mill")
    client.force_login(make_person("Host", host=True))

    page = client.get(reverse("host:show")).content.decode()

    assert [word in page for word in ("Harbour", "Mill", world.managers["Mill"].name)] == [
        False
    ] * 3


def test_nobody_but_the_host_finds_the_page(client):
    world = make_alliance("Harbour", "Mill")
    client.force_login(get_user_model().objects.get(pk=world.managers["Mill"].person))

    assert client.get(reverse("host:show")).status_code == 404


def test_a_researcher_gets_a_file_of_the_own_organisation_only(client):
    person = make_person("Researcher")
    own, other = (Organisation.objects.create(name=name) for name in ("Quay", "Delta"))
    Membership.objects.create(person=person, organisation=own, role=Membership.Role.RESEARCHER)
    client.force_login(person)

    mine = client.get(reverse("research:releases", args=[own.pk]))
    theirs = client.get(reverse("research:releases", args=[other.pk]))

    rows = list(csv.reader(io.StringIO(mine.content.decode())))
    assert (mine.status_code, theirs.status_code) == (200, 404)
    assert mine.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(rows) <= 1  # nothing was released: a heading at most


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(cell):
    assert plain(cell) == f"'{cell}"


def test_other_cells_stand_as_they_are():
    assert [plain(cell) for cell in ("", "5.5", "Mill = more")] == ["", "5.5", "Mill = more"]


def test_the_host_reads_how_well_the_questions_of_a_scale_hang_together(client):
    client.force_login(get_user_model().objects.get(pk=make_person("Host", host=True).pk))
    version = instruments.keep_builtin("harmony")
    groups = [[(2, 3, 3)] * 6 + [(6, 5, 6)] * 4 for _ in range(2)]
    for place in range(6):  # two batches of three alliances
        add_sums(version, place, {"built": (sums_of(groups, k=5), [place, 10 + place])})

    page = client.get(reverse("host:quality")).content.decode()

    (line,) = re.findall(r"<li>(?:(?!</li>).)*120 people or more.*?</li>", page, re.DOTALL)
    told = re.sub(r"<[^>]*>", " ", line).split()
    # Variances as 16, 4 and 9, that of the sum as 81: 3 / 2 (1 - 29 / 81). All groups are alike.
    low, high = (f"{end:.2f}" for end in feldt(1.5 * (1 - 29 / 81), n=120, items=3))
    assert told[-14:] == [
        "more", "Omega", "1.00", "Alpha", "0.96", low, "…", high, "ICC(1)", "-0.11", "12",
        "organisations", "took", "part",
    ]  # fmt: skip
    assert page.count("not enough people yet") == 1  # the other scale of it
    waiting = page.partition('id="waiting-title"')[2]
    assert "<li>Pulse</li>" in waiting
    assert "<li>Harmony</li>" not in waiting
