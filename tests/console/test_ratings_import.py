"""`understream import ratings`: a mirror of a real file, or one clear refusal."""

import argparse
import json

import pytest
from django.urls import reverse

from tests.factories import make_person
from understream.console import measure, ratings_import
from understream.domain.world import make_demo
from understream.measurement.disclosure import WITHHELD
from understream.measurement.release import from_plain
from understream.records.alliance import Alliance
from understream.records.organisation import Organisation
from understream.records.release import Release
from understream.records.round import Round

pytestmark = pytest.mark.django_db

ROWS = "".join(f"{unit},{1 + number % 5},4\n" for unit in ("A", "B") for number in range(6))
ASKED = ("--unit", "unit", "--items", "Q=Q1,Q2", "--scale", "1-5", "--alliance", "Study")


@pytest.fixture
def manager():
    return make_person("Ada Importer", password="quite-a-long-one")


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(f"unit,Q1,Q2\n{ROWS}C,3,3\n")
    return path


def run(file, *arguments, manager="ada.importer@example.org"):
    parser = argparse.ArgumentParser(prog="understream import")
    ratings_import.configure(parser)
    mail = ("--manager", manager) if manager else ()
    return ratings_import.run(parser.parse_args(["ratings", str(file), *arguments, *mail]))


def stored():
    return [table.objects.count() for table in (Alliance, Organisation, Round, Release)]


def test_a_file_is_imported_and_its_mirror_can_be_opened(manager, small, capsys, client):
    assert run(small, *ASKED) == 0

    key = Round.objects.get().pk
    assert capsys.readouterr().out == (
        "13 people in 3 parties; of 1 nothing is shown, to protect people.\n"
        f"Read it as manager of Study: A: http://127.0.0.1:8000/rounds/{key}/mirror/\n"
    )
    client.force_login(manager)
    page = client.get(reverse("mirror:show", args=[key]))
    assert page.status_code == 200
    assert "Whoever imported it has seen the answers." in page.content.decode()
    assert "Study: B" in page.content.decode()


def test_real_ratings_of_forty_nine_groups_can_be_opened(manager, shared, client):
    code = run(
        shared("ratings/lq2002.csv"),
        *("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--items", "TSIG=TSIG01..TSIG03"),
        *("--scale", "1-5", "--alliance", "Leadership", "--title", "Year one"),
    )

    client.force_login(manager)
    page = client.get(reverse("mirror:show", args=[Round.objects.get().pk]))
    assert (code, page.status_code) == (0, 200)
    assert page.content.decode().count("Leadership: 58") > 0


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("k", ["5", "12"])
def test_what_is_stored_is_what_the_command_releases(shared, k, capsys):
    path = shared("ratings/lq2002.csv")
    asked = ("--unit", "COMPID", "--items", "LEAD=LEAD01..LEAD11", "--scale", "1-5", "--k", k)
    parser = argparse.ArgumentParser()
    measure.configure(parser)
    measure.run(parser.parse_args([str(path), *asked, "--release", "--format", "json"]))
    scopes = json.loads(capsys.readouterr().out)["scopes"]
    del scopes["all"]  # no page adds parties up

    run(path, *asked, "--alliance", "Leadership")

    parties = from_plain(Release.objects.get().content).parties
    assert len(parties) == len(scopes) == 49
    for party, scope in zip(parties, scopes.values(), strict=True):
        told = {item: (figures.get("n"), figures["mean"]) for item, figures in scope.items()}
        assert told == {
            **{one.code: (party.n or "withheld", said(one.figure)) for one in party.answers},
            "LEAD(11)": (None, said(party.facets[0].figure)),
        }


def said(figure):
    """A displayed mean as the command writes it."""
    if figure == WITHHELD:
        return "withheld"
    return f"{figure.mean:g}" + (f" or {figure.end}" if figure.end else "")


@pytest.mark.usefixtures("manager")
def test_a_second_import_of_the_same_name_is_refused(small, capsys):
    run(small, *ASKED)
    before = stored()
    capsys.readouterr()

    assert run(small, *ASKED) == 2

    assert capsys.readouterr().err == (
        "understream import: There is an alliance of this name already. Nothing was imported.\n"
    )
    assert stored() == before


@pytest.mark.usefixtures("manager")
def test_a_dry_run_tells_and_stores_nothing(small, capsys):
    assert run(small, *ASKED, "--dry-run") == 0

    assert capsys.readouterr().out == (
        "13 people in 3 parties; of 1 nothing is shown, to protect people.\n"
        "Columns:\n"
        "  unit: it says who belongs to which party; kept as the party's name only.\n"
        "  Q1: an item; its answers become figures, and are not stored.\n"
        "  Q2: an item; its answers become figures, and are not stored.\n"
        "Nothing was stored; leave out --dry-run to import.\n"
    )
    assert stored() == [0, 0, 0, 0]


@pytest.mark.usefixtures("manager")
def test_a_dry_run_refuses_what_an_import_would(small, capsys):
    assert run(small, *ASKED, "--dry-run", "--k", "4") == 2

    assert capsys.readouterr().err == (
        "understream import: The smallest group shown is 5 to 50 people.\n"
    )


@pytest.mark.usefixtures("manager")
def test_the_file_gives_the_title_if_none_is_given(small):
    run(small, *ASKED)

    assert Round.objects.get().title == "small.csv"


def test_somebody_must_be_named_who_reads_it(small, capsys):
    assert run(small, *ASKED, manager="") == 2

    assert capsys.readouterr().err == (
        "understream import: --manager: name who reads the mirror, by mail address\n"
    )
    assert stored() == [0, 0, 0, 0]


def test_somebody_unknown_is_named(small, capsys):
    assert run(small, *ASKED, manager="who@example.org") == 2

    assert "who@example.org" in capsys.readouterr().err
    assert stored() == [0, 0, 0, 0]


def test_in_a_demo_world_the_first_manager_reads_it(small):
    make_demo(seed=7)
    row = make_person("Manager A", password="under-the-waterline")
    row.email = "manager.a@demo.example"
    row.save()

    assert run(small, *ASKED, manager="") == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--unit", "none"), "no column 'none'"),
        (("--items", "Q=Q9"), "no column 'Q9'"),
        (("--items", "Q=Q1", "--items", "Q=Q2"), "Q names two scales"),
        (("--items", "Q=Q1", "--scale", "1-2"), "ratings are whole points from 1 to 2"),
        (("--items", "Q=Q1", "--k", "1"), "The smallest group shown is 5 to 50 people."),
    ],
)
@pytest.mark.usefixtures("manager")
def test_a_wrong_option_is_told_and_nothing_is_stored(small, capsys, arguments, told):
    asked = {"--unit": "unit", "--items": "Q=Q1,Q2", "--scale": "1-5", "--alliance": "Study"}
    given = set(arguments[::2])
    kept = [word for pair in asked.items() if pair[0] not in given for word in pair]

    assert run(small, *kept, *arguments) == 2

    error = capsys.readouterr().err
    assert error.startswith("understream import: ")
    assert told in error
    assert stored() == [0, 0, 0, 0]


BAD = {
    "bomb_sheet_60MB.xlsx": ("org", "Q=Q1"),
    "not_a_zip.xlsx": ("org", "Q=Q1"),
    "empty.csv": ("org", "Q=Q1"),
    "only_bom.csv": ("org", "Q=Q1"),
    "unterminated_quote.csv": ("org", "Q=Q1,Q2"),
    "ragged_rows.csv": ("org", "Q=Q1,Q2"),
    "duplicate_and_empty_headers.csv": ("id", "Q=Q1"),
    "dutch_excel_semicolon_decimal_comma.csv": ("organisatie", "Q=score"),
    "utf16le_bom.csv": ("comment", "Q=Q1"),
    "one_cell_2MB.csv": ("id", "Q=comment"),
    "out_of_range_scores.csv": ("org", "Q=Q1,Q2"),
    "missing_value_words.csv": ("id", "Q=edu"),
}


@pytest.mark.parametrize("name", list(BAD))
@pytest.mark.usefixtures("manager")
def test_a_bad_file_ends_in_one_refusal_with_nothing_stored(shared, capsys, name):
    file = shared(f"badinput/generated/{name}")
    unit, items = BAD[name]

    code = run(file, "--unit", unit, "--items", items, "--scale", "1-5", "--alliance", "Bad")

    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err.startswith("understream import: ")
    assert told.err.count("understream import: ") == 1
    assert len(told.err) < 2000
    assert stored() == [0, 0, 0, 0]


def test_every_bad_table_of_the_collection_is_tried(shared):
    folder = shared("badinput/generated")

    assert sorted(BAD) == sorted(
        path.name for path in folder.iterdir() if path.suffix in (".csv", ".xlsx")
    )


@pytest.mark.usefixtures("manager")
def test_a_dry_run_says_of_every_column_what_becomes_of_it(tmp_path, capsys):
    path = tmp_path / "answers.csv"
    path.write_text(
        "Response ID,Date submitted,IP address,unit,Q1,Q2,Remarks\n"
        + "".join(f"1,2026-01-01,10.0.0.1,{row[:-1]},hm\n" for row in ROWS.splitlines(True))
    )

    assert run(path, *ASKED, "--dry-run") == 0

    told = capsys.readouterr().out
    assert (
        "Columns:\n"
        "  Response ID: left behind: it can say who answered.\n"
        "  Date submitted: left behind: it says when somebody answered.\n"
        "  IP address: left behind: an address of a device.\n"
        "  unit: it says who belongs to which party; kept as the party's name only.\n"
        "  Q1: an item; its answers become figures, and are not stored.\n"
        "  Q2: an item; its answers become figures, and are not stored.\n"
        "  Remarks: left behind: nobody asked for it.\n"
    ) in told
    assert "10.0.0.1" not in told
    assert stored() == [0, 0, 0, 0]


@pytest.mark.usefixtures("manager")
def test_an_ip_address_is_not_taken_in_even_if_it_is_asked_for(tmp_path, capsys):
    path = tmp_path / "answers.csv"
    path.write_text("ipaddr,Q1,Q2\n10.0.0.1,3,3\n")

    assert run(path, "--unit", "ipaddr", *ASKED[2:]) == 2

    assert "ipaddr is never taken in: an address of a device" in capsys.readouterr().err
    assert stored() == [0, 0, 0, 0]
