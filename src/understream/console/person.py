"""`understream person add`: let somebody sign in, such as the first person on a new host."""

import argparse
import sys
from getpass import getpass
from pathlib import Path
from typing import Final

from understream.access.refusal import Unfit
from understream.domain.person import add_person

_UNUSABLE: Final = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes; a password is never typed behind a command.

    :param parser: the parser of this command alone.
    """
    parser.description = "Work on who may sign in."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add",
        allow_abbrev=False,
        help="add somebody who may sign in",
        description=(
            "Add somebody who may sign in. The password is asked for without being shown, or "
            "read from the first line of a file."
        ),
    )
    add.add_argument("email", metavar="MAIL", help="the mail address the person signs in with")
    add.add_argument("--name", required=True, help="the name others read")
    add.add_argument(
        "--host", action="store_true", help="the person runs this host, and reads how it runs"
    )
    add.add_argument(
        "--researcher-of",
        default="",
        metavar="ORGANISATION",
        help="the person may read this organisation's releases, names taken off",
    )
    add.add_argument("--language", choices=("en", "nl"), default="en")
    add.add_argument("--password-file", metavar="FILE", help="a file whose first line it is")


def run(options: argparse.Namespace) -> int:
    """Add the person, or say everything that does not fit.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if something does not fit.
    :raises OSError: if the file with the password cannot be read.
    """
    try:
        add_person(
            email=options.email,
            name=options.name,
            password=_password(options.password_file),
            language=options.language,
            host=options.host,
            researcher_of=options.researcher_of.strip(),
        )
    except Unfit as unfit:
        return _refuse([str(fault) for fault in unfit.faults.values()])
    except ValueError as refusal:
        return _refuse([str(refusal)])
    sys.stdout.write(f"{options.name.strip()} can sign in as {options.email.strip().lower()}.\n")
    return 0


def _password(path: str | None) -> str:
    if path:
        try:
            with Path(path).open(encoding="utf-8") as file:
                return file.readline().rstrip("\r\n")
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text, so no password can be read") from None
    if not sys.stdin.isatty():
        raise ValueError(
            "there is no terminal to ask for the password; name a file with --password-file"
        )
    first = getpass("Password: ")
    if getpass("Once more: ") != first:
        raise ValueError("the two passwords differ; nobody was added")
    return first


def _refuse(sentences: list[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(f"understream person: {sentence}\n")
    return _UNUSABLE
