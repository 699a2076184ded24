"""The figures of a round as files: with a codebook, for SPSS, and what people signed."""

import csv
import io

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from tests.factories import answer_all, close, make_alliance, open_round, seat_person
from understream.access.seat import Role
from understream.domain.codebook import HEADER
from understream.instruments import reader
from understream.records.journal import Entry
from understream.records.organisation import Organisation
from understream.records.round import Round

pytestmark = pytest.mark.django_db
PULSE = reader.load("pulse")


def client_of(seat) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(pk=seat.person))
    return client


@pytest.fixture
def world():
    return make_alliance("Harbour", "Mill", people=(10, 6))


@pytest.fixture
def key(world):
    key = open_round(world)
    Round.objects.filter(pk=key).update(title="=1+1 Autumn")
    said = (5, 4, 6, 3, 7, 2)
    answer_all(world, key, {"Harbour": [said] * 9 + [(6, 4, 6, 3, 7, 2)], "Mill": [said] * 4})
    close(world, key)
    return key


def get(seat, name, key, status=200):
    answer = client_of(seat).get(reverse(f"mirror:{name}", args=[key]))
    assert answer.status_code == status, name
    return answer


def test_the_workbook_holds_the_figures_of_the_csv_file_and_what_they_mean(world, key):
    seat = world.managers["Harbour"]
    rows = list(csv.reader(io.StringIO(get(seat, "csv", key).content.decode("utf-8-sig"))))
    content = get(seat, "xlsx", key).content
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    figures = book.get_sheet_by_name("figures").to_python()

    assert book.sheet_names == ["figures", "codebook"]
    assert figures[0] == rows[0]
    assert len(figures) == len(rows)
    # A spreadsheet takes no title for a formula: in CSV by a mark, in a workbook by its kind.
    assert {row[0] for row in rows[1:]} == {"'=1+1 Autumn"}
    assert {row[0] for row in figures[1:]} == {"=1+1 Autumn"}
    means = [row for row in figures if row[6] == "mean" and not str(row[5]).startswith("facet")]
    assert len(means) == len(PULSE.items)
    assert all(isinstance(row[7], float) for row in means)
    assert {row[2] for row in figures[1:]} == {"Harbour"}

    told = book.get_sheet_by_name("codebook").to_python()
    head = next(at for at, row in enumerate(told) if row[: len(HEADER)] == list(HEADER))
    lines = {row[0]: row for row in told[head + 1 :]}
    for item in PULSE.items:
        assert lines[item.code][1:3] == [item.text.en, item.text.nl]
        assert lines[item.code][8:10] == ["1", "7"]
    assert content == get(seat, "xlsx", key).content


def test_a_party_that_is_withheld_says_so_in_every_file(world, key):
    content = get(world.managers["Mill"], "xlsx", key).content
    figures = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert {row[7] for row in figures[1:] if row[6] == "mean"} == {"withheld"}


def test_the_codebook_speaks_the_readers_language(world, key):
    client = client_of(world.managers["Harbour"])
    client.cookies["language"] = "nl"
    person = get_user_model().objects.get(pk=world.managers["Harbour"].person)
    person.language = "nl"
    person.save()
    text = client.get(reverse("mirror:codebook", args=[key])).content.decode()
    assert "helemaal oneens" in text
    assert "beschermt mensen" in text


def test_syntax_for_spss_names_every_code_and_no_word_of_it_is_a_command(world):
    Organisation.objects.filter(name="Harbour").update(name='Har"bour.\nEXECUTE')
    key = open_round(world)
    Round.objects.filter(pk=key).update(title='A "title".\nDELETE VARIABLES item.')
    close(world, key)
    text = get(world.managers["Harbour"], "syntax", key).content.decode()
    commands = [line.split()[0] for line in text.splitlines() if line and line[0] not in " *."]
    assert commands == ["SET", "GET", "NUMERIC", "IF", "VARIABLE", "VALUE", "EXECUTE."]
    for item in PULSE.items:
        assert f'  "{item.code}" "{item.text.en}"' in text
    assert f'/FILE="release-{key}.csv"' in text
    assert (text.count('"') - text.count("'\"'")) % 2 == 0  # every word is closed again


def test_files_are_for_manager_and_sponsor_and_the_journal_tells_of_figures_only(world, key):
    sponsor = seat_person(world.alliance, world.parties["Harbour"], "Sponsor", Role.SPONSOR)
    before = Entry.objects.count()
    for name in ("codebook", "syntax"):
        get(sponsor, name, key)
    assert Entry.objects.count() == before
    get(sponsor, "xlsx", key)
    assert Entry.objects.count() == before + 1
    for name in ("xlsx", "codebook", "syntax", "signed"):
        get(world.people["Harbour"][3], name, key, status=404)
        get(world.facilitator, name, key, status=404)


def test_what_people_signed_is_taken_out_of_named_rounds_by_their_own_managers_only(world, key):
    named = open_round(world, mode="named")
    answer_all(world, named, {"Mill": [(5, 4, 6, 3, 7, 2)] * 3})
    close(world, named)
    text = get(world.managers["Mill"], "signed", named).content.decode("utf-8-sig")
    name, *rows = list(csv.reader(io.StringIO(text)))
    assert name == ["name", "question", "answer"]
    assert len(rows) == 3 * len(PULSE.items)
    assert len({row[0] for row in rows}) == 3
    assert {row[2] for row in rows} == {"5", "4", "6", "3", "7", "2"}
    assert Entry.objects.order_by("-pk")[0].act == "statement.export"
    get(world.managers["Harbour"], "signed", key, status=404)
