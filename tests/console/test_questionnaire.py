"""`understream instrument import` and `export`: what is told, and what is written."""

import argparse

import pytest

from understream.console import instrument
from understream.instruments.reader import load, read_file

FORM = """survey,,,
,type,name,label::English (en),label::Nederlands (nl)
,start,begun,,
,begin group,talk,Talking,Praten
,select_one steps,T1,We tell each other early.,We zeggen het elkaar vroeg.
,end group,,,
choices,,,
,list_name,name,label::English (en),label::Nederlands (nl)
,steps,1,never,nooit
,steps,2,2,2
,steps,3,always,altijd
settings,,,
,form_title,form_id,,
,Talk,talk,,
"""


def run(*arguments):
    """The exit code of the command, with these arguments."""
    parser = argparse.ArgumentParser(prog="understream instrument")
    instrument.configure(parser)
    return instrument.run(parser.parse_args([str(one) for one in arguments]))


@pytest.fixture
def form(tmp_path):
    path = tmp_path / "talk.csv"
    path.write_text(FORM)
    return path


def test_a_dry_run_says_what_becomes_of_everything_and_writes_nothing(form, capsys):
    assert run("import", form) == 0

    assert capsys.readouterr().out == (
        "talk.csv: XLSForm, in English and Dutch.\n"
        "1 question in 1 group; 1 item in 1 facet of the draft.\n"
        "\nKept:\n"
        '  sheet survey, row 5, question "T1" (XLSForm type select_one steps):'
        " one item, a rating.\n"
        "\nLeft behind:\n"
        "  sheet survey, row 3: start: what could say who answers, or when, is never taken in.\n"
        "\nBefore it can be used, 8 things must be written or mended; `understream instrument"
        " check` names them with their lines:\n"
        '  the instrument has no licence. Add licence = "...".\n'
        '  the instrument has no purpose. Add purpose.en = "..." and purpose.nl = "...".\n'
        '  the instrument has no time_frame. Add time_frame.en = "..." and'
        ' time_frame.nl = "...".\n'
        '  the instrument has no referent. Add referent.en = "..." and referent.nl = "...".\n'
        "  the instrument has no sources. Add a part that opens with [[sources]].\n"
        '  title has no Dutch text. Add nl = "...".\n'
        '  facet talk has no side. Add side = "upper".\n'
        '  facet talk has no level. Add level = "content".\n'
        "\nNothing was written; name a new file with --write.\n"
    )
    assert [one.name for one in form.parent.iterdir()] == ["talk.csv"]


def test_a_draft_is_written_once_and_usable_when_it_is_filled_in(form, capsys):
    draft = form.with_name("talk.toml")

    assert run("import", form, "--write", draft) == 0

    assert capsys.readouterr().out.endswith(f"Written: {draft}\n")
    both = '{ en = "a", nl = "b" }'
    filled = (
        draft.read_text()
        .replace('title.en = "Talk"', 'title = { en = "Talk", nl = "Praat" }')
        .replace(
            "validated = false",
            f'validated = false\nlicence = "ours"\npurpose = {both}\ntime_frame = {both}\n'
            f"referent = {both}",
        )
        .replace('code = "talk"\ntitle.en = "Talking"', 'code = "talk"\ntitle.en = "Talking"')
        .replace(
            'title.nl = "Praten"', 'title.nl = "Praten"\nside = "under"\nlevel = "interaction"'
        )
    )
    filled += '\n[[sources]]\nauthor = "X"\nyear = 2000\nsupports = "all"\n'
    draft.write_text(filled)
    assert [one.code for one in read_file(draft).items] == ["T1"]
    assert read_file(draft).scales[0].points == 3

    assert run("import", form, "--write", draft) == 2
    assert capsys.readouterr().err == (
        "talk.toml is there already. Name another file, or move it away.\n"
    )
    assert draft.read_text() == filled


def test_a_file_is_counted_in_the_long_form(form, capsys):
    assert run("import", form, "--format", "long") == 0

    assert capsys.readouterr().out == (
        f"statistic,scope,item,value\nbytes,all,,{len(FORM)}\nhas_bom,all,,0\n"
        "records,all,,14\nfields_first_record,all,,4\n"
    )


def test_a_refusal_says_where_and_writes_nothing(form, capsys):
    form.write_text(FORM.replace("select_one steps", "select_one paces"))
    draft = form.with_name("talk.toml")

    assert run("import", form, "--write", draft) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        'talk.csv, sheet survey, row 5: it asks for the list "paces", which is not on the sheet'
        ' choices. Add the list, or name one that is there: "steps".\n'
    )
    assert not draft.exists()


def test_a_file_of_which_nothing_can_be_asked_makes_no_draft(form, capsys):
    form.write_text("survey,,\n,type,name,label\n,geopoint,where,Where?\n")
    draft = form.with_name("talk.toml")

    assert run("import", form, "--write", draft) == 2

    told = capsys.readouterr()
    assert 'question "where" (XLSForm type geopoint)' in told.out
    assert told.err == "talk.csv: nothing in it can be asked here, so there is no draft.\n"
    assert not draft.exists()


def test_an_instrument_goes_out_as_a_form_and_comes_back(tmp_path, capsys):
    form, back = tmp_path / "pulse.xlsx", tmp_path / "back.toml"

    assert run("export", "pulse", form) == 0
    assert run("import", form, "--write", back) == 0

    assert "The draft is in order as it is." in capsys.readouterr().out
    assert read_file(back) == load("pulse")
    assert run("export", "pulse", form) == 2
    assert run("export", "pulse", tmp_path / "pulse.ods") == 2
    assert "Let its name end in .xlsx." in capsys.readouterr().err


def test_what_a_file_holds_cannot_steer_the_terminal(form, capsys):
    form.write_text(FORM.replace(",start,begun", ",start\x1b[31m,begun"))

    run("import", form)

    assert "\x1b" not in "".join(capsys.readouterr())
