import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from understream.site import environment
from understream.site.environment import Unusable


@pytest.fixture(autouse=True)
def _no_faults_before():
    environment.FAULTS.clear()


def faults():
    """Return the sentences noted so far."""
    try:
        environment.settle()
    except Unusable as refused:
        return refused.faults
    return ()


@pytest.mark.parametrize(
    ("typed", "read"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("no", False)]
)
def test_a_flag_is_yes_or_no_in_the_words_people_use(monkeypatch, typed, read):
    monkeypatch.setenv("A_FLAG", typed)

    assert environment.flag("A_FLAG", default=not read) is read
    assert faults() == ()


def test_a_flag_that_is_neither_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("A_FLAG", "perhaps")

    environment.flag("A_FLAG")

    assert faults() == ("A_FLAG is 'perhaps'; say 1 for yes or 0 for no.",)


@pytest.mark.parametrize("typed", ["0", "65536", "-1", "eighty", "8 0", "٨"])
def test_a_number_out_of_bounds_or_in_words_is_refused(monkeypatch, typed):
    monkeypatch.setenv("A_PORT", typed)

    assert environment.number("A_PORT", 8000, least=1, most=65535) == 8000
    assert faults() == (f"A_PORT is {typed!r}; it must be a whole number from 1 to 65535.",)


def test_white_space_around_a_setting_does_not_count(monkeypatch):
    monkeypatch.setenv("A_PORT", " 8080\n")

    assert environment.number("A_PORT", 8000, least=1, most=65535) == 8080


def test_an_empty_setting_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("A_PORT", "")

    assert environment.number("A_PORT", 8000, least=1, most=65535) == 8000
    assert faults() == ()


def test_a_choice_is_found_whatever_its_capitals(monkeypatch):
    monkeypatch.setenv("A_CHOICE", "JSON")

    assert environment.choice("A_CHOICE", "text", ("text", "json")) == "json"


def test_a_choice_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setenv("A_CHOICE", "xml")

    environment.choice("A_CHOICE", "text", ("text", "json"))

    assert faults() == ("A_CHOICE is 'xml'; it must be one of text, json.",)


def test_a_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("behind the door\n")
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "secret"))

    assert environment.secret("A_SECRET") == "behind the door"


def test_a_secret_in_two_places_is_refused(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("A_SECRET", "two")

    environment.secret("A_SECRET")

    assert faults() == ("A_SECRET and A_SECRET_FILE are both set; keep one of them.",)


def test_a_secret_in_a_file_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "none"))

    environment.secret("A_SECRET")

    assert faults() == (
        f"A_SECRET_FILE names {tmp_path / 'none'}, which cannot be read (FileNotFoundError).",
    )


@pytest.mark.parametrize(
    "typed",
    ["example.org", "ftp://example.org", "https://", "https://example.org/here",
     "https://a:b@example.org", "https://example.org:door", "https://[::1"],
)  # fmt: skip
def test_an_address_that_people_could_not_reach_is_refused(monkeypatch, typed):
    monkeypatch.setenv("AN_ADDRESS", typed)

    environment.address("AN_ADDRESS", "http://127.0.0.1:8000")

    assert faults() == (
        f"AN_ADDRESS is {typed!r}; it must look like https://understream.example.org.",
    )


def test_an_address_has_no_slash_at_its_end(monkeypatch):
    monkeypatch.setenv("AN_ADDRESS", "https://example.org/")

    assert environment.address("AN_ADDRESS", "") == "https://example.org"


def test_the_data_folder_is_made_for_nobody_else(tmp_path):
    folder = environment.data_folder("NOT_SET", tmp_path / "new" / "data")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_data_folder_that_others_can_read_is_closed_to_them(monkeypatch, tmp_path):
    tmp_path.chmod(0o755)
    monkeypatch.setenv("A_FOLDER", str(tmp_path))

    environment.data_folder("A_FOLDER", Path("elsewhere"))

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert faults() == ()


def test_a_data_folder_that_cannot_be_closed_is_refused(monkeypatch):
    monkeypatch.setenv("A_FOLDER", "/proc/self")

    environment.data_folder("A_FOLDER", Path("elsewhere"))

    assert faults() == (
        "A_FOLDER is /proc/self, which others can read, and that cannot be changed here.",
    )


def test_a_secret_is_generated_once_and_for_nobody_else(tmp_path):
    first = environment.kept_secret("NOT_SET", tmp_path)
    second = environment.kept_secret("NOT_SET", tmp_path)

    assert first == second
    assert len(first) == 64
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_those_who_start_at_once_keep_one_secret_and_nothing_else(tmp_path):
    together = Barrier(8)

    def start(_):
        together.wait()
        return environment.kept_secret("NOT_SET", tmp_path)

    with ThreadPoolExecutor(8) as starting:
        told = set(starting.map(start, range(8)))

    assert told == {(tmp_path / "secret").read_text()}
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_what_a_start_that_was_cut_short_left_behind_is_no_secret(tmp_path):
    (tmp_path / "secret-0123456789abcdef").write_text("half of")

    assert len(environment.kept_secret("NOT_SET", tmp_path)) == 64
    assert faults() == ()


def test_two_folders_have_two_secrets(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert environment.kept_secret("NOT_SET", tmp_path / "a") != environment.kept_secret(
        "NOT_SET", tmp_path / "b"
    )


def test_a_short_secret_is_refused_and_not_repeated(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", "easily guessed")

    environment.kept_secret("A_SECRET", tmp_path)

    (fault,) = faults()
    assert fault == (
        "A_SECRET has 14 characters; it must have 32 or more, or be left out, so that one is "
        "generated."
    )


def test_an_emptied_secret_file_is_refused_rather_than_replaced(tmp_path):
    (tmp_path / "secret").touch()

    environment.kept_secret("NOT_SET", tmp_path)

    (fault,) = faults()
    assert fault.startswith(f"NOT_SET: {tmp_path / 'secret'} holds fewer than 32 characters")


def test_a_postgresql_address_is_taken_apart(monkeypatch, tmp_path):
    monkeypatch.setenv("A_DATABASE", "postgres://me:p%40ss@db:5433/house?sslmode=require")

    told = environment.database("A_DATABASE", tmp_path)

    assert {name: told[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "house",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5433",
    }
    assert told["OPTIONS"]["sslmode"] == "require"


def test_a_postgresql_socket_stands_behind_the_question_mark(monkeypatch, tmp_path):
    monkeypatch.setenv("A_DATABASE", "postgres://me@/house?host=/run/postgresql")

    told = environment.database("A_DATABASE", tmp_path)

    assert (told["HOST"], told["PORT"], told["NAME"]) == ("/run/postgresql", "", "house")


@pytest.mark.parametrize("typed", ["mysql://me@db/house", "postgres://db", "postgres://db:x/y"])
def test_another_database_is_refused_without_its_password(monkeypatch, tmp_path, typed):
    monkeypatch.setenv("A_DATABASE", typed)

    environment.database("A_DATABASE", tmp_path)

    assert faults() == ("A_DATABASE must look like postgres://name:password@host:5432/database.",)


@pytest.mark.parametrize(
    ("typed", "port", "ssl", "tls"),
    [
        ("smtps://me:secret@mail", 465, True, False),
        ("smtp://me:secret@mail", 587, False, True),
        ("smtp+plain://me:secret@mail:2525", 2525, False, False),
    ],
)
def test_mail_goes_as_its_address_says(monkeypatch, typed, port, ssl, tls):
    monkeypatch.setenv("A_MAIL", typed)

    told = environment.mail("A_MAIL")

    found = [told[f"EMAIL_{name}"] for name in ("PORT", "USE_SSL", "USE_TLS", "HOST_PASSWORD")]
    assert found == [port, ssl, tls, "secret"]


def test_mail_to_nowhere_is_refused(monkeypatch):
    monkeypatch.setenv("A_MAIL", "pigeon")

    environment.mail("A_MAIL")

    assert faults() == (
        "A_MAIL must be console, or look like smtps://name:password@mail.example.org.",
    )


def test_all_faults_are_told_at_once(monkeypatch):
    monkeypatch.setenv("ONE", "x")
    monkeypatch.setenv("TWO", "y")

    environment.flag("ONE")
    environment.number("TWO", 1, least=0, most=9)

    assert [fault.split()[0] for fault in faults()] == ["ONE", "TWO"]


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
     ("localhost", True), (".".join("0000"), False), ("::", False), ("10.0.0.1", False),
     ("localhost.example.org", False)],
)  # fmt: skip
def test_a_loopback_address_is_known_from_others(host, here):
    assert environment.is_loopback(host) is here


def test_tests_never_touch_a_real_world(settings):
    assert str(settings.DATA) == os.environ["UNDERSTREAM_DATA"]
    assert settings.DATA.name.startswith("understream-test-")
