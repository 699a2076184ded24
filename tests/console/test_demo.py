"""The command and the building: the same for the same seed, and never a real world."""

import logging
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import DatabaseError

from tests.factories import make_alliance, make_person
from understream.access.refusal import Missing
from understream.console import demo
from understream.console.main import main
from understream.console.world import build, clear
from understream.domain import world
from understream.domain.world import NotEmpty
from understream.records.alliance import Alliance
from understream.records.journal import Entry
from understream.records.person import Person

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
DOORS = ("manager.a", "manager.b", "manager.c", "facilitator", "sponsor", "participant")
SECRET = {"password"}
"""What is salted anew in every world: nobody's password hash is like another's."""


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def contents():
    """Return everything that is stored, table by table, in the order of its keys."""
    return {
        table.__name__: [
            {
                name: bytes(value) if isinstance(value, memoryview) else value
                for name, value in row.items()
                if name not in SECRET
            }
            for row in table.objects.order_by("pk").values()
        ]
        for table in apps.get_app_config("records").get_models()
    }


@pytest.mark.django_db(transaction=True)
def test_equal_seeds_make_equal_worlds_another_seed_another_and_emptied_nothing_is_left():
    worlds = []
    for seed in (8, 7, 7):
        build(seed=seed, now=NOW)
        worlds.append(contents())
        clear()

    third, first, second = worlds
    assert first == second
    assert first["Release"] != third["Release"]
    assert first["Participation"] != third["Participation"]
    # Whatever the seed, the same people do the same things.
    for table in ("Organisation", "Alliance", "Round", "Entry"):
        assert len(first[table]) == len(third[table])
    assert [row["name"] for row in first["Person"]] == [row["name"] for row in third["Person"]]

    # An emptied world keeps nothing, and its guard.
    assert {name: rows for name, rows in contents().items() if rows} == {}
    world.forget()
    assert not world.is_demo()
    make_alliance()
    with pytest.raises(DatabaseError, match="written once"):
        Entry.objects.update(act="changed")


@pytest.mark.django_db
def test_a_real_world_is_never_emptied_and_never_made_a_demo():
    make_person("Somebody")

    with pytest.raises(Missing):
        clear()
    with pytest.raises(NotEmpty):
        build(seed=7, now=NOW)

    assert Person.objects.count() == 1
    assert not world.is_demo()


@pytest.mark.django_db
def test_a_world_that_fails_to_build_is_not_there(monkeypatch):
    def fail(*_told):
        raise RuntimeError("the power went")

    monkeypatch.setattr("understream.console.world.evaluation.first_evaluation", fail)

    with pytest.raises(RuntimeError):
        build(seed=7, now=NOW)

    assert {name: rows for name, rows in contents().items() if rows} == {}
    assert not world.is_demo()


# ------------------------------------------------------------------ the command


@pytest.mark.django_db(transaction=True)
def test_the_command_builds_once_keeps_the_world_and_builds_anew_when_asked(capsys, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    codes = [main(["demo", "--no-serve", "--seed", "3"])]
    Alliance.objects.update(name="Renamed")
    codes.append(main(["demo", "--no-serve"]))
    kept = set(Alliance.objects.values_list("name", flat=True))
    codes.append(main(["demo", "--no-serve", "--fresh", "--seed", "4"]))

    told = [line for line in capsys.readouterr().out.splitlines() if "demo world" in line]
    assert codes == [0, 0, 0]
    assert told == [
        "The demo world is built, from seed 3.",
        "The demo world is as it was left; FRESH=1 builds it anew.",
        "The demo world is built, from seed 4.",
    ]
    assert kept == {"Renamed"}
    assert "Renamed" not in set(Alliance.objects.values_list("name", flat=True))
    clear()


@pytest.mark.django_db
def test_the_command_touches_no_real_world(capsys, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    make_alliance()

    codes = [main(["demo", "--no-serve"]), main(["demo", "--no-serve", "--fresh"])]

    assert codes == [2, 2]
    assert capsys.readouterr().err.count("There are people in this database already") == 2
    assert Alliance.objects.count() == 1


@pytest.mark.django_db
def test_a_demo_world_writes_to_nobody_outside(capsys, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    assert main(["demo", "--no-serve"]) == 2

    assert str(demo.RealMail.reason) in capsys.readouterr().err
    assert Person.objects.count() == 0
