"""`understream verify`: whether a bundle is what a receipt was given for, without the host.

It reads the files it is given and nothing else: no network, no database, no settings.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from understream.console.figures import readable
from understream.console.verify_report import Case, Kept, as_json, as_text
from understream.measurement.bundle import (
    LARGEST_BUNDLE,
    Bundle,
    Check,
    check,
    course_of,
    covered,
    read_bundle,
)
from understream.measurement.receipt import (
    LARGEST_MAIL,
    Receipt,
    Unreadable,
    contradictions,
    read_receipts,
)

Read = TypeVar("Read")

_REJECTED: Final = 1
_UNUSABLE: Final = 2

_FETCH: Final = (
    "Fetch the bundle anew from the page of the evaluation, and do not open it between."
)
_RECEIPT: Final = (
    "Give the receipt as you kept it: the file from the page, or the whole mail saved as a file."
)
#: Why a file cannot be read, in words, and what to do about it.
_BUNDLES: Final[Mapping[str, tuple[str, str]]] = {
    "too large": ("it is larger than any bundle can be", _FETCH),
    "not text": ("it is no bundle, or bytes in it were changed on its way", _FETCH),
    "cut short": ("it is not whole: it was cut short or changed on its way", _FETCH),
    "not ours": ("it is no bundle of Understream, or not one that this version reads", _FETCH),
    "not canonical": ("it is a bundle, but not byte for byte as the host wrote it", _FETCH),
}
_RECEIPTS: Final[Mapping[str, tuple[str, str]]] = {
    "too large": ("it, or a receipt in it, is larger than any can be", _RECEIPT),
    "too many": ("it holds more receipts than one evaluation can have", _RECEIPT),
    "cut short": ("the receipt in it is not whole: it was cut short or changed", _RECEIPT),
    "not ours": ("what stands between the marks is no receipt that this version reads", _RECEIPT),
    "not canonical": ("the receipt in it was changed since the host wrote it", _RECEIPT),
    "no receipt": ("there is no receipt in it", _RECEIPT),
}


class _Unusable(Exception):
    """A file cannot be used; the sentences say which, why, and what to do."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Check the bundle of an evaluation against the receipts you kept: whether what is open is "
        "what was sealed, and whether all had sealed before anything opened. Works without a "
        "network. Exit code 0: accepted; 1: rejected; 2: a file cannot be read."
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the file from the evaluation's page")
    parser.add_argument(
        "--receipt",
        required=True,
        action="append",
        metavar="FILE",
        help="a receipt: its file, or the whole mail saved as a file; more than once for more",
    )
    parser.add_argument("--show", action="store_true", help="print what is open, if accepted")
    parser.add_argument("--json", action="store_true", help="print one JSON object for programs")


def run(options: argparse.Namespace) -> int:
    """Compare, and say like a notary what was compared and found.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0 accepted, 1 rejected, 2 if a file cannot be read.
    """
    try:
        case = _case(options.bundle, options.receipt)
    except _Unusable as refusal:
        sys.stderr.write(f"understream verify: {readable(str(refusal))}\n")
        return _UNUSABLE
    write = as_json if options.json else as_text
    sys.stdout.write(write(case, show=options.show))
    return 0 if case.accepted else _REJECTED


def _case(name: str, receipts: list[str]) -> Case:
    kept = [
        [Kept(file, one) for one in _read(file, LARGEST_MAIL, read_receipts, _RECEIPTS)]
        for file in receipts
    ]
    bundle, signature = _read(name, LARGEST_BUNDLE, read_bundle, _BUNDLES)
    # A saved mailbox may hold receipts of other evaluations too; one of this one must be there.
    used = [
        one
        for of_file in kept
        for one in ([x for x in of_file if _concerns(x.receipt, bundle)] or of_file)
    ]
    plain = [one.receipt for one in used]
    twofold = contradictions([one.receipt for of_file in kept for one in of_file])
    return Case(
        file=name,
        bundle=bundle,
        kept=tuple(used),
        unused=sum(map(len, kept)) - len(used),
        checks=(
            *(Check("receipts agree", False, f"entry {one.index + 1}") for one, _ in twofold[:1]),
            *check(bundle, signature, plain),
        ),
        course=course_of(bundle),
        covered=covered(bundle, plain),
    )


def _concerns(receipt: Receipt, bundle: Bundle) -> bool:
    """Tell whether a receipt is of this evaluation."""
    return (receipt.log, receipt.evaluation) == (bundle.log, bundle.evaluation)


def _read(
    name: str,
    limit: int,
    reader: Callable[[bytes], Read],
    reasons: Mapping[str, tuple[str, str]],
) -> Read:
    try:
        with Path(name).open("rb") as file:
            content = file.read(limit + 1)
    except OSError as fault:
        why = (fault.strerror or "it cannot be opened").lower()
        raise _Unusable(f"{name}: {why}. Name a file that is there and can be read.") from None
    try:
        return reader(content)
    except Unreadable as fault:
        why, remedy = _other_way(content, reasons) or reasons[fault.why]
        raise _Unusable(f"{name}: {why}. {remedy}") from None


def _other_way(content: bytes, reasons: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return what to say when bundle and receipt changed places."""
    turn = "Give the bundle first, and the receipt behind --receipt."
    if reasons is _BUNDLES and b"BEGIN UNDERSTREAM RECEIPT" in content:
        return "it is a receipt, not a bundle", turn
    if reasons is _RECEIPTS and content.startswith(b'{"bundle":'):
        return "it is a bundle, not a receipt", turn
    return None


def main(arguments: list[str] | None = None) -> int:
    """Run this command by itself.

    :param arguments: what follows the command's name; by default those of the process.
    :returns: exit code.
    """
    parser = argparse.ArgumentParser(prog="understream verify")
    configure(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
