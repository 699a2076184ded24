"""Each setting that would weaken a promise is really set, and the server really refuses."""

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.site.house import environment_of, free_port, get, run, serving
from understream.site.preflight import faults

EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is refused


def refusal(folder, **settings):
    """Return the sentences with which serving is refused."""
    done = run(folder, "serve", PORT=str(free_port()), **settings)
    assert (done.returncode, done.stdout) == (2, ""), done
    return [line.removeprefix("understream serve: ") for line in done.stderr.splitlines()]


WRONG = (
    ({"UNDERSTREAM_K": "4"}, "UNDERSTREAM_K is 4; blocks of fewer than 5"),
    ({"UNDERSTREAM_K": "four"}, "UNDERSTREAM_K is 'four'; it must be a whole number"),
    ({"UNDERSTREAM_DEBUG": "1", "HOST": EVERYWHERE}, "UNDERSTREAM_DEBUG is on while HOST"),
    ({"UNDERSTREAM_SQLITE_SYNCHRONOUS": "NORMAL"}, "UNDERSTREAM_SQLITE_SYNCHRONOUS is weak"),
    ({"UNDERSTREAM_SQLITE_SYNCHRONOUS": "OFF"}, "UNDERSTREAM_SQLITE_SYNCHRONOUS is weak"),
    ({"UNDERSTREAM_SQLITE_JOURNAL": "DELETE"}, "UNDERSTREAM_SQLITE_JOURNAL: SQLite keeps"),
    ({"UNDERSTREAM_SQLITE_SECURE_DELETE": "OFF"}, "UNDERSTREAM_SQLITE_SECURE_DELETE is not"),
    ({"UNDERSTREAM_SQLITE_SECURE_DELETE": "FAST"}, "UNDERSTREAM_SQLITE_SECURE_DELETE is not"),
    ({"UNDERSTREAM_SECRET": "a" * 31}, "UNDERSTREAM_SECRET has 31 characters"),
    ({"UNDERSTREAM_HOSTS": "*"}, "UNDERSTREAM_HOSTS must name every host"),
    ({"UNDERSTREAM_HOSTS": "a.example,.b.example"}, "UNDERSTREAM_HOSTS must name every"),
    ({"UNDERSTREAM_URL": "https://a.example"}, "UNDERSTREAM_PROXY is not set while"),
    ({"UNDERSTREAM_HOSTNAME": "Harbour"}, "UNDERSTREAM_HOSTNAME is no setting"),
    ({"UNDERSTREAM_DATABASE_URL": "postgres://127.0.0.1:1/x"},
     "UNDERSTREAM_DATABASE_URL: the database does not answer"),
    ({"HOST": "192.0.2.1"}, "HOST is 192.0.2.1, which is no address of this machine."),
)  # fmt: skip
"""What is wrongly set, and how the one sentence of the refusal begins."""


def test_one_wrong_setting_is_refused_in_one_sentence(folder, tmp_path):
    """Two at a time: one of them waits ten seconds for a database that is not there."""

    def said(place):
        house = shutil.copytree(folder, tmp_path / f"house-{place}")
        return refusal(house, **WRONG[place][0])

    slowest_first = sorted(range(len(WRONG)), key=lambda one: "DATABASE" not in WRONG[one][1])
    with ThreadPoolExecutor(2) as at_once:
        told = dict(zip(slowest_first, at_once.map(said, slowest_first), strict=True))

    for place, (settings, begins) in enumerate(WRONG):
        (sentence,) = told[place]
        assert sentence.startswith(begins), settings
        assert sentence.endswith((".", "?")), settings


def test_all_that_is_wrong_is_told_at_once(folder):
    said = refusal(folder, UNDERSTREAM_K="4", UNDERSTREAM_SQLITE_SYNCHRONOUS="OFF")

    assert [one.split()[0] for one in said] == ["UNDERSTREAM_K", "UNDERSTREAM_SQLITE_SYNCHRONOUS"]


def test_a_folder_that_others_can_read_and_nobody_can_close_is_refused(folder):
    said = refusal(folder, UNDERSTREAM_DATA="/proc/self")

    assert said[0].startswith("UNDERSTREAM_DATA is /proc/self, which others can read")


def test_a_folder_that_others_could_read_is_closed_and_served(folder):
    folder.chmod(0o755)

    with serving(folder) as (_, port):
        assert get(port, "/healthz")[0] == 200

    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_new_folder_asks_to_be_prepared_first(tmp_path):
    said = refusal(tmp_path / "new")

    assert [one.split()[0].strip(":") for one in said] == [
        "UNDERSTREAM_DATA",
        "UNDERSTREAM_DATABASE_URL",
    ]
    assert all("`understream prepare`" in one for one in said)


def test_a_database_of_another_version_asks_to_be_prepared_first(folder):
    with sqlite3.connect(folder / "understream.sqlite3") as database:
        database.execute(
            "DELETE FROM django_migrations WHERE name ="
            " (SELECT max(name) FROM django_migrations WHERE app = 'records')"
        )
    database.close()

    (sentence,) = refusal(folder)

    assert "lacks tables or columns of this version (1 migrations)" in sentence


def test_a_demo_world_is_served_on_this_machine_alone(folder):
    with sqlite3.connect(folder / "understream.sqlite3") as database:
        database.execute("INSERT INTO records_world (is_demo, seed, clock_ahead) VALUES (1, 7, 0)")
    database.close()

    (sentence,) = refusal(folder, HOST=EVERYWHERE)

    assert sentence.startswith("HOST is 0.0.0.0, but this database is a demo world")
    with serving(folder) as (_, port):
        assert get(port, "/healthz")[0] == 200


def test_check_says_the_same_without_serving(folder):
    good = run(folder, "check")
    bad = run(folder, "check", UNDERSTREAM_K="4")

    assert (good.returncode, good.stdout) == (0, "ready to be served\n")
    assert bad.returncode == 2
    assert bad.stderr.startswith("understream check: UNDERSTREAM_K is 4;")


def test_another_server_than_ours_is_refused_as_well(folder):
    done = subprocess.run(
        [sys.executable, "-m", "uvicorn", "understream.site.asgi:application",
         "--port", str(free_port())],
        env=environment_of(folder, UNDERSTREAM_K="4"),
        capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip

    assert done.returncode == 3
    assert "UNDERSTREAM_K is 4;" in done.stderr


only_postgresql = pytest.mark.skipif(
    not os.environ.get("UNDERSTREAM_TEST_DATABASE"), reason="asks PostgreSQL; runs on it"
)


@pytest.fixture
def in_order(settings):
    """Settle all but the database, which the test is about."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")


@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db
def test_a_folder_that_was_opened_to_others_since_it_was_settled_is_refused(settings, tmp_path):
    tmp_path.chmod(0o750)
    settings.DATA = tmp_path

    assert faults() == (f"UNDERSTREAM_DATA is {tmp_path}, which others can read.",)


@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db
def test_a_secret_that_became_too_short_is_refused(settings):
    settings.SECRET_KEY = "a" * 31

    assert faults() == ("UNDERSTREAM_SECRET must have 32 characters or more.",)


@pytest.mark.skipif(
    bool(os.environ.get("UNDERSTREAM_TEST_DATABASE")), reason="asks SQLite; runs on it"
)
@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db(transaction=True)
def test_a_sqlite_that_does_not_keep_references_is_refused():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        try:
            said = faults()
        finally:
            cursor.execute("PRAGMA foreign_keys = ON")

    (sentence,) = said
    assert sentence.endswith("this SQLite does not keep references between tables.")


@only_postgresql
@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db
@pytest.mark.parametrize("value", ["off", "local"])
def test_a_postgresql_that_answers_before_it_has_written_is_refused(value):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL synchronous_commit = {value}")

    (sentence,) = faults()

    assert "synchronous_commit is weaker than on" in sentence


@only_postgresql
@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_a_postgresql_that_may_lose_what_it_wrote_is_refused(name):
    def switch(words):
        with connection.cursor() as cursor:
            cursor.execute(words)
            cursor.execute("SELECT pg_reload_conf()")
        for _ in range(100):
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute(f"SHOW {name}")
                if (cursor.fetchone()[0] == "off") == ("off" in words):
                    return

    switch(f"ALTER SYSTEM SET {name} = off")
    try:
        said = faults()
    finally:
        switch(f"ALTER SYSTEM RESET {name}")

    (sentence,) = said
    assert f"the server's {name} is off" in sentence
    assert faults() == ()


@only_postgresql
@pytest.mark.usefixtures("in_order")
@pytest.mark.django_db
def test_a_postgresql_in_order_is_served():
    assert faults() == ()
