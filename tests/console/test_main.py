import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.house import COMMAND, environment_of, run
from understream.access.refusal import Missing
from understream.console import main as console
from understream.console.main import COMMANDS, Command, main


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Return a way to add a command with a body of one's own."""

    def plant(body):
        words = f"def configure(parser):\n    pass\n\n\ndef run(options):\n    {body}\n"
        (tmp_path / "planted.py").write_text(words)
        package = sys.modules["understream.console"]
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        monkeypatch.setitem(COMMANDS, "planted", Command("planted", "planted", house=False))

    yield plant
    sys.modules.pop("understream.console.planted", None)


@pytest.mark.parametrize("typed", [[], ["--help"], ["help"]])
def test_help_lists_every_command_with_its_line(capsys, typed):
    code = main(typed)

    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line[:2] == "  "}
    assert code == 0
    assert listed == {name: command.line for name, command in COMMANDS.items()}


def test_an_unknown_command_is_told_with_those_there_are(capsys):
    code = main(["meassure"])

    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err.startswith("understream has no command 'meassure'.\n")
    assert "  measure " in told.err


def test_the_version_is_told():
    done = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"understream {console.__version__}\n"


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if not one.house])
def test_a_command_without_a_house_waits_for_no_django(tmp_path, name):
    code = (
        f"import sys; from understream.console.main import main\n"
        f"try: main([{name!r}, '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({one.partition('.')[0] for one in sys.modules}"
        " & {'django', 'allauth', 'uvicorn'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment_of(tmp_path / "none"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_says_what_it_takes(tmp_path, name):
    done = run(tmp_path, name, "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: understream {name}")


def test_what_is_wrongly_typed_is_told_with_exit_code_two(tmp_path):
    done = run(tmp_path, "tick", "--quickly")

    assert done.returncode == 2
    assert "unrecognized arguments: --quickly" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_exit_code_is_the_commands(planted):
    planted("return 7")

    assert main(["planted"]) == 7


def test_a_refusal_is_told_in_its_own_words(planted, capsys):
    planted("from understream.access.refusal import Missing; raise Missing")

    assert main(["planted"]) == 2
    assert capsys.readouterr().err == f"understream planted: {Missing()}\n"


def test_a_file_that_is_not_there_is_told_by_name(planted, capsys):
    planted("open('/none/such')")

    assert main(["planted"]) == 2
    assert "/none/such" in capsys.readouterr().err


def test_our_own_fault_is_told_without_its_contents(planted, capsys):
    planted("raise ValueError('what somebody wrote')")

    assert main(["planted"]) == 1
    assert capsys.readouterr().err == (
        "understream planted: something is broken inside (ValueError); "
        "set UNDERSTREAM_TRACE=1 to see where.\n"
    )


def test_who_asks_sees_where_it_broke(planted, capsys, monkeypatch):
    monkeypatch.setenv("UNDERSTREAM_TRACE", "1")
    planted("raise ValueError('what somebody wrote')")

    assert main(["planted"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_quiet(planted, capsys):
    planted("raise KeyboardInterrupt")

    assert main(["planted"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_who_has_heard_enough_hears_no_complaint(tmp_path):
    Path(tmp_path / "long.csv").write_text(
        "unit,a\n" + "".join(f"{number},3\n{number},4\n" for number in range(5000))
    )
    with subprocess.Popen(
        [COMMAND, "measure", tmp_path / "long.csv", "--unit", "unit", "--items", "A=a",
         "--scale", "1-5", "--format", "long"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment_of(tmp_path),
    ) as process:  # fmt: skip
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize("form", ["table", "long"])
def test_names_of_any_script_are_told_also_where_the_terminal_knows_none(tmp_path, form):
    path = tmp_path / "names.csv"
    path.write_text("unit,Q1\n日本,4\n")
    words = "--unit unit --items Q=Q1 --scale 1-5"

    done = subprocess.run(
        [COMMAND, "measure", path, *words.split(), "--format", form],
        capture_output=True,
        check=True,
        env=environment_of(tmp_path) | {"PYTHONIOENCODING": "ascii"},
    )

    assert "日本" in done.stdout.decode()


def test_what_is_prepared_twice_stays_as_it_is(tmp_path):
    first = run(tmp_path / "house", "prepare")
    second = run(tmp_path / "house", "prepare")

    assert first.stdout != second.stdout
    assert second.stdout == "prepared: 0 migrations applied, style sheets in place\n"
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "house").rglob("*"))


def test_a_tick_says_how_much_it_did(tmp_path):
    run(tmp_path / "house", "prepare")

    assert run(tmp_path / "house", "tick").stdout == "done: 0\n"
