"""`understream instrument`: check a questionnaire's file; take one in, or hand one out."""

import argparse
import sys
from pathlib import Path

from understream.console import questionnaire
from understream.console.figures import columns
from understream.instruments.reader import Instrument, InstrumentError, Scale, read_file
from understream.instruments.version import changes_since

_UNUSABLE = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = "Work on questionnaires (instruments) written in TOML."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check",
        help="read files, and say what was understood or what has to be mended",
        description=(
            "Read instruments. For each file say what was understood; or every fault, with file,"
            " line and remedy. Exit code 0 if all files are in order, otherwise 2."
        ),
    )
    check.add_argument(
        "files", metavar="FILE", nargs="+", help="an instrument, such as trust.toml"
    )
    check.add_argument(
        "--used",
        action="append",
        default=[],
        metavar="FILE",
        help="a version that was used: say what a file of the same version changes",
    )
    taken = actions.add_parser(
        "import",
        help="make a draft of a questionnaire that other software wrote",
        description=(
            "Read a questionnaire of LimeSurvey, XLSForm or Qualtrics, and say what is kept,"
            " changed and left behind, and why. With --write also write the draft of an"
            " instrument."
        ),
    )
    questionnaire.configure_import(taken)
    handed = actions.add_parser(
        "export",
        help="write an instrument as an XLSForm, which reads back the same",
        description="Write an instrument as an XLSForm workbook, in both languages.",
    )
    questionnaire.configure_export(handed)


def run(options: argparse.Namespace) -> int:
    """Check, take in or hand out; what was done to standard output, faults to standard error.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if a file cannot be used.
    """
    if options.action == "import":
        return questionnaire.take_in(options)
    if options.action == "export":
        return questionnaire.hand_out(options)
    code = 0
    try:
        used = [read_file(Path(name)) for name in options.used]
    except InstrumentError as refusal:
        sys.stderr.write(f"{refusal}\nThe version that was used cannot be read.\n")
        return _UNUSABLE
    for name in options.files:
        try:
            read = read_file(Path(name))
            text = _understood(name, read)
            if changed := [one for before in used for one in changes_since(before, read)]:
                told = "".join(f"{name}: {one}.\n" for one in changed)
                sys.stderr.write(
                    f"{told}{name}: {read.code} {read.version} was used, and never changes "
                    "afterwards; not usable. Raise the version.\n"
                )
                code = _UNUSABLE
                continue
        except InstrumentError as refusal:
            many = len(refusal.faults)
            count = "1 fault" if many == 1 else f"{many} faults"
            sys.stderr.write(f"{refusal}\n{name}: {count}; not usable.\n")
            code = _UNUSABLE
        else:
            sys.stdout.write(f"{text}\n" if name != options.files[-1] else text)
    return code


def _understood(name: str, instrument: Instrument) -> str:
    about = "asked about each partner" if instrument.directed else "asked about the alliance"
    facets, scales = len(instrument.facets), len(instrument.scales)
    head = (
        f"{name}: in order.\n"
        f"{instrument.code}, version {instrument.version}: {instrument.title.en} |"
        f" {instrument.title.nl}\n"
        f"{_count(len(instrument.items), 'item')} in {_count(facets, 'facet')} on"
        f" {_count(scales, 'scale')}, in English and Dutch; {about};"
        f" {'validated' if instrument.validated else 'not yet validated'}.\n"
        f"{_comment(instrument)}\n"
        f"Fingerprint {instrument.digest()[:12]}. A version never changes once it was used.\n"
    )
    rows = [
        [
            facet.code,
            f"{facet.side}/{facet.level}",
            facet.panel or "-",
            str(len(instrument.items_of(facet))),
            _answers(instrument.scale_of(instrument.items_of(facet)[0])),
        ]
        for facet in instrument.facets
    ]
    return f"{head}\n{columns(['facet', 'side/level', 'panel', 'items', 'answers'], rows)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _comment(instrument: Instrument) -> str:
    if instrument.comment is None:
        return "No comment field."
    seen = "which stays inside the party" if instrument.comment_internal else "as the round agrees"
    return f"A comment field at the end, {seen}."


def _answers(scale: Scale) -> str:
    if scale.choice:
        return " / ".join(option.en for option in scale.options)
    return f"{scale.low}-{scale.low + scale.points - 1}"
