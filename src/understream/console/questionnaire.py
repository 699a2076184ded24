"""`understream instrument import` and `export`: questionnaires from and to other software."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from understream.console.figures import Line, long_format, readable
from understream.instruments.draft import Draft, draft_of
from understream.instruments.foreign import count_foreign, read_bytes, read_foreign
from understream.instruments.questionnaire import Questionnaire, QuestionnaireError, Remark
from understream.instruments.reader import (
    Instrument,
    InstrumentError,
    builtin,
    load,
    read,
    read_file,
)
from understream.instruments.xlsform import write_xlsform

_UNUSABLE: Final = 2
_MOST_TOLD: Final = 10
_TONGUES: Final = {"en": "English", "nl": "Dutch"}
_HEADS: Final = {
    "kept": "Kept:",
    "mapped": "Changed into something else:",
    "dropped": "Left behind:",
}


def configure_import(parser: argparse.ArgumentParser) -> None:
    """Declare what taking in takes.

    :param parser: the parser of this action alone.
    """
    parser.add_argument(
        "file", metavar="FILE", help=".lss, .lsg, .lsq, .txt, .xlsx, .xls, .csv, .qsf"
    )
    parser.add_argument(
        "--write", metavar="DRAFT", help="write the draft of an instrument to this new file"
    )
    parser.add_argument(
        "--language",
        choices=("en", "nl"),
        default="en",
        help="the language of texts of which the file does not say it; en without it",
    )
    parser.add_argument(
        "--format",
        choices=("table", "long"),
        default="table",
        help="table says what becomes of everything (without it); long counts what is in the file",
    )


def configure_export(parser: argparse.ArgumentParser) -> None:
    """Declare what writing takes.

    :param parser: the parser of this action alone.
    """
    parser.add_argument("instrument", metavar="INSTRUMENT", help="a file, or a built-in code")
    parser.add_argument("file", metavar="FORM", help="the new XLSForm, such as trust.xlsx")


def take_in(options: argparse.Namespace) -> int:
    """Say what becomes of everything in a file, and write the draft if asked to.

    :param options: what :func:`configure_import` declared.
    :returns: exit code: 0; 2 if the file cannot be used, or nothing in it can be asked here.
    """
    path = Path(options.file)
    try:
        content = read_bytes(path)
        if options.format == "long":
            sys.stdout.write(_counts(content, path.name))
            return 0
        held = read_foreign(content, path.name, options.language)
    except QuestionnaireError as refusal:
        return _refuse(refusal.sentences)
    draft = draft_of(held)
    sys.stdout.write(_told(held, draft))
    if not draft.document["items"]:
        return _refuse([f"{path.name}: nothing in it can be asked here, so there is no draft."])
    missing = _missing(draft, options.write or f"{draft.document['code']}.toml")
    sys.stdout.write(missing)
    if not options.write:
        sys.stdout.write("Nothing was written; name a new file with --write.\n")
        return 0
    return _write(Path(options.write), draft.text().encode())


def hand_out(options: argparse.Namespace) -> int:
    """Write an instrument as an XLSForm.

    :param options: what :func:`configure_export` declared.
    :returns: exit code: 0; 2 if the instrument cannot be used, or the file is there already.
    """
    try:
        instrument = _instrument(options.instrument)
    except InstrumentError as refusal:
        return _refuse(str(refusal).splitlines())
    if not options.file.lower().endswith(".xlsx"):
        return _refuse([f"{options.file}: an XLSForm is a workbook. Let its name end in .xlsx."])
    return _write(Path(options.file), write_xlsform(instrument))


def _instrument(name: str) -> Instrument:
    return load(name) if name in builtin() else read_file(Path(name))


def _counts(content: bytes, name: str) -> str:
    counts = count_foreign(content, name)
    return long_format([Line(one.statistic, "all", "", one.value) for one in counts])


def _told(held: Questionnaire, draft: Draft) -> str:
    tongues = " and ".join(_TONGUES.get(one, one) for one in held.languages)
    asked = len(held.questions())
    items, facets = len(draft.document["items"]), len(draft.document["facets"])
    before = f"{_many(asked, 'question')} in {_many(len(held.groups), 'group')}"
    after = f"{_many(items, 'item')} in {_many(facets, 'facet')} of the draft"
    lines = [f"{held.name}: {held.form}, in {tongues}.", f"{before}; {after}."]
    for verdict, head in _HEADS.items():
        remarks = [one for one in draft.remarks if one.verdict == verdict]
        lines += ["", head, *map(_remark, remarks)] if remarks else []
    return "".join(f"{readable(line)}\n" for line in lines)


def _remark(remark: Remark) -> str:
    return f"  {remark.what}: {remark.why}." if remark.why else f"  {remark.what}."


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _missing(draft: Draft, name: str) -> str:
    """Say what somebody has to write before the draft can be used."""
    try:
        read(draft.text(), name)
    except InstrumentError as refusal:
        faults = [f"  {fault.what}. {fault.remedy}." for fault in refusal.faults]
        more = len(faults) - _MOST_TOLD
        head = (
            f"Before it can be used, {_many(len(faults), 'thing')} must be written or mended; "
            "`understream instrument check` names them with their lines:"
        )
        lines = [
            "",
            head,
            *faults[:_MOST_TOLD],
            *([f"  and {more} more."] if more > 0 else []),
            "",
        ]
        return "".join(f"{readable(line)}\n" for line in lines)
    return "\nThe draft is in order as it is.\n\n"


def _write(path: Path, content: bytes) -> int:
    """Write a new file whole, or not at all; never over another."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return _refuse([f"{path.name} is there already. Name another file, or move it away."])
    except OSError as refusal:
        why = (refusal.strerror or "unknown fault").lower()
        return _refuse([f"{path.name} cannot be written: {why}."])
    sys.stdout.write(f"Written: {readable(str(path))}\n")
    return 0


def _refuse(sentences: Sequence[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(f"{readable(sentence)}\n")
    return _UNUSABLE
