"""`understream person add`: who may sign in, and a password that nobody sees."""

import argparse
import os
import pty

import pytest

from tests.factories import make_person
from tests.site.house import COMMAND, environment_of
from tests.site.house import run as run_command
from understream.console import person
from understream.records.organisation import Membership
from understream.records.person import Person

SECRET = "seven-quiet-herons"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return str(path)


def run(*arguments):
    parser = argparse.ArgumentParser(prog="understream person")
    person.configure(parser)
    return person.run(parser.parse_args(["add", *arguments]))


@pytest.mark.django_db
def test_somebody_is_added_who_can_sign_in(secret, capsys):
    code = run("Ada@Example.org", "--name", "Ada", "--language", "nl", "--password-file", secret)

    row = Person.objects.get()
    assert code == 0
    assert (row.email, row.name, row.language, row.is_host) == (
        "ada@example.org",
        "Ada",
        "nl",
        False,
    )
    assert row.check_password(SECRET)
    assert capsys.readouterr().out == "Ada can sign in as ada@example.org.\n"


@pytest.mark.django_db
def test_a_host_and_a_researcher_are_added_as_such(secret):
    run("h@example.org", "--name", "Hedda", "--host", "--password-file", secret)
    run("r@example.org", "--name", "Rik", "--researcher-of", "Mill", "--password-file", secret)

    assert Person.objects.get(is_host=True).name == "Hedda"
    membership = Membership.objects.get()
    assert (membership.person.name, membership.organisation.name, membership.role) == (
        "Rik",
        "Mill",
        "researcher",
    )


@pytest.mark.django_db
def test_everything_that_does_not_fit_is_told_at_once(tmp_path, capsys):
    weak = tmp_path / "weak"
    weak.write_text("short")

    code = run("no address", "--name", " ", "--password-file", str(weak))

    lines = capsys.readouterr().err.splitlines()
    assert code == 2
    assert [line.split(": ")[0] for line in lines] == ["understream person"] * 3
    assert Person.objects.count() == 0


@pytest.mark.django_db
def test_a_mail_address_is_added_once(secret, capsys):
    make_person("Ada")

    assert run("ada@example.org", "--name", "Ada", "--password-file", secret) == 2
    assert "is there already" in capsys.readouterr().err
    assert Person.objects.count() == 1


@pytest.mark.django_db
def test_a_file_that_is_no_text_is_told(tmp_path, capsys):
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xff\xfe\x00")

    assert run("ada@example.org", "--name", "Ada", "--password-file", str(odd)) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_a_password_is_never_typed_behind_the_command():
    with pytest.raises(SystemExit) as ended:
        run("ada@example.org", "--name", "Ada", "--password", SECRET)

    assert ended.value.code == 2


def test_without_a_terminal_a_file_is_asked_for(tmp_path):
    done = run_command(tmp_path, "person", "add", "ada@example.org", "--name", "Ada")

    assert done.returncode == 2
    assert done.stderr == (
        "understream person: there is no terminal to ask for the password; "
        "name a file with --password-file\n"
    )


@pytest.mark.parametrize(("again", "code"), [(SECRET, 0), ("another-password", 2)])
def test_a_password_is_asked_for_twice_and_never_shown(tmp_path, again, code):
    run_command(tmp_path, "prepare")

    ended, screen = _typed(tmp_path, {"Password: ": SECRET, "Once more: ": again})

    assert ended == code
    assert SECRET not in screen
    assert ("can sign in" in screen) == (code == 0)


def _typed(folder, answers):
    """Run the command on a terminal of its own; return its exit code and what was to be seen."""
    process, terminal = pty.fork()
    if process == 0:
        words = ["understream", "person", "add", "ada@example.org", "--name", "Ada"]
        os.execve(COMMAND, words, environment_of(folder))  # noqa: S606 - the product's own command
    screen = ""
    try:
        while part := os.read(terminal, 4096):
            screen += part.decode()
            for question in [one for one in answers if screen.endswith(one)]:
                os.write(terminal, f"{answers.pop(question)}\n".encode())
    except OSError:
        pass  # how a terminal says that the other end is gone
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), screen
