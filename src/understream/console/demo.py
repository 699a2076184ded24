"""`understream demo`: build the demo world if there is none, and serve it on this machine."""

import argparse
import logging
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

import segno
from django.conf import settings
from django.utils import timezone

from understream.access import reach
from understream.access.refusal import Refused
from understream.console.prepare import prepare
from understream.console.serve import serve
from understream.console.world import PASSWORD, build, clear
from understream.domain import letter, world
from understream.records.workshop import Workshop

_SEED: Final = 7
_DOORS: Final = ("manager.a", "manager.b", "manager.c", "facilitator", "sponsor", "participant")


class RealMail(Refused):
    """The people of a demo world do not exist, so nobody writes to them."""

    reason = "A demo world sends no mail; leave UNDERSTREAM_MAIL out, or say demo."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Build a world to try everything in, the first time, and serve it on this machine. What "
        "is done in it stays; a real world is never touched. HOST, PORT and UNDERSTREAM_DATA in "
        "the environment are honoured; `make demo` takes FRESH=1 and SEED=NUMBER too."
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=_SEED,
        metavar="NUMBER",
        help="equal seeds make equal worlds; 7 without it",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="throw the demo world away that is there, and build it anew",
    )
    parser.add_argument("--no-serve", action="store_true", help="build and stop")


def run(options: argparse.Namespace) -> int:
    """Build if need be, say who can be tried, and serve until a signal says stop.

    :param options: what :func:`configure` declared.
    :returns: 0 after a clean stop, 2 if something must be set otherwise first.
    :raises NotEmpty: if the database holds a real world.
    :raises RealMail: if letters would leave this machine.
    """
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        raise RealMail
    prepare()
    world.forget()
    if options.fresh and world.is_demo():
        clear()
        shutil.rmtree(Path(settings.DATA) / "demo-mail", ignore_errors=True)
    if world.is_demo():
        opening = "The demo world is as it was left; FRESH=1 builds it anew."
    else:
        _build(options.seed)
        opening = f"The demo world is built, from seed {options.seed}."
    doors = ", ".join(f"{door}@demo.example" for door in _DOORS)
    sys.stdout.write(
        f"{opening}\nOne click on the first page lets you in as one of: {doors}.\n"
        f"By mail address the password of all is: {PASSWORD}\n"
    )
    _show_the_way_in()
    sys.stdout.flush()
    return 0 if options.no_serve else serve()


def _build(seed: int) -> None:
    """Build quietly: letters are kept, and what weeks of it would have logged tells nobody."""
    logging.disable(logging.INFO)
    try:
        with redirect_stdout(StringIO()):
            build(seed=seed, now=timezone.now())
    finally:
        logging.disable(logging.NOTSET)


def _show_the_way_in() -> None:
    """Print how to join the workshop that is under way: its link, its code, and the link as QR."""
    row = Workshop.objects.filter(state=Workshop.State.RUNNING).order_by("-began_at").first()
    if row is None:
        return
    link = letter.address("join", reach.join_link_of(row.nonce))
    valid = row.code_until is not None and timezone.now() < row.code_until
    code = f" (or type the code {row.code[:4]}-{row.code[4:]})" if valid else ""
    sys.stdout.write(f"\nA workshop waits for you: “{row.title}”.\nJoin it at {link}{code}\n")
    segno.make(link, error="m").terminal(sys.stdout, compact=True, border=2)
