"""`understream instrument check`: what was understood, or what has to be mended."""

import argparse
from importlib.resources import files

import pytest

from understream.console import instrument
from understream.instruments.reader import load

TRUST = files("understream.instruments").joinpath("trust.toml")
PULSE = files("understream.instruments").joinpath("pulse.toml")


def run(*arguments):
    """The exit code of the command, with these arguments."""
    parser = argparse.ArgumentParser(prog="understream instrument")
    instrument.configure(parser)
    return instrument.run(parser.parse_args([str(one) for one in arguments]))


def test_a_file_in_order_is_told_as_it_was_understood(capsys):
    code = run("check", TRUST)

    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert code == 0
    assert told.err == ""
    assert lines[:4] == [
        f"{TRUST}: in order.",
        "trust, version 1: Trust | Vertrouwen",
        (
            "30 items in 12 facets on 5 scales, in English and Dutch; asked about each partner;"
            " not yet validated."
        ),
        "A comment field at the end, which stays inside the party.",
    ]
    assert load("trust").digest()[:12] in lines[4]
    assert [line.split() for line in lines[6:8]] == [
        ["facet", "side/level", "panel", "items", "answers"],
        ["ability", "upper/content", "judged", "4", "1-7"],
    ]
    assert " ".join(lines[-1].split()) == (
        "watch under/interaction watch 1 yes / no / rather not say"
    )


def test_a_file_with_faults_gives_each_a_line_and_prints_nothing_else(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    text = PULSE.read_text(encoding="utf-8")
    path.write_text(text.replace("version = 1", "version = 0").replace('"PU2"', '"PU1"'))
    number = 1 + text[: text.index('"PU2"')].count("\n")
    first = 1 + text[: text.index('"PU1"')].count("\n")

    code = run("check", path)

    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert told.err.splitlines() == [
        (
            "mine.toml, line 6: version is not what it has to be."
            " Make it a whole number from 1 to 9999, without quotes."
        ),
        (
            f'mine.toml, line {number}: the item "PU1" stands twice.'
            f" Change it here or on line {first}."
        ),
        f"{path}: 2 faults; not usable.",
    ]


def test_one_bad_file_among_good_ones_is_enough_for_exit_code_2(capsys, tmp_path):
    code = run("check", TRUST, tmp_path / "none.toml", PULSE)

    told = capsys.readouterr()
    assert code == 2
    assert [line for line in told.out.splitlines() if line.endswith("in order.")] == [
        f"{TRUST}: in order.",
        f"{PULSE}: in order.",
    ]
    assert told.err.splitlines() == [
        "none.toml, line 1: the file cannot be read (No such file or directory). Check its name.",
        f"{tmp_path / 'none.toml'}: 1 fault; not usable.",
    ]


def test_without_a_file_or_an_action_the_command_explains_itself(capsys):
    for arguments in ((), ("check",), ("mend", "x.toml")):
        with pytest.raises(SystemExit) as refusal:
            run(*arguments)
        assert refusal.value.code == 2
    assert "usage: understream instrument" in capsys.readouterr().err


def test_a_comment_field_that_is_not_internal_or_not_there_is_told(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    text = PULSE.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[comment]")] + text[text.index("[scoring]") :])

    codes = run("check", PULSE), run("check", path)

    lines = capsys.readouterr().out.splitlines()
    assert codes == (0, 0)
    assert [line for line in lines if "comment field" in line.lower()] == [
        "A comment field at the end, as the round agrees.",
        "No comment field.",
    ]


def test_a_version_that_was_used_is_not_changed_any_more(capsys, tmp_path):
    path = tmp_path / "pulse.toml"
    text = PULSE.read_text(encoding="utf-8")
    question = f'"{load("pulse").items[0].text.en}"'
    path.write_text(text.replace(question, '"Something else."'), encoding="utf-8")

    assert run("check", path, "--used", PULSE) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "PU1: its words differ (en)." in told.err
    assert (
        "pulse 1 was used, and never changes afterwards; not usable. Raise the version."
        in told.err
    )

    path.write_text(path.read_text(encoding="utf-8").replace("version = 1", "version = 2"))
    assert run("check", path, "--used", PULSE) == 0
    assert run("check", PULSE, "--used", PULSE) == 0
    assert run("check", PULSE, "--used", tmp_path / "none.toml") == 2
