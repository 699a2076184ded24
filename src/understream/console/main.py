"""`understream COMMAND`: find the command, give it what it needs, tell plainly what went wrong.

Only the module of the command asked for is imported, so that `understream measure` never waits
for the rest of the house.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import Final

from understream import __version__

UNUSABLE: Final = 2
BROKEN: Final = 1
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is written, and what it needs before it is imported.

    :ivar module: in this package; it has ``configure(parser)`` and ``run(options) -> int``.
    :ivar line: what it does, in one line.
    :ivar house: whether it needs settings and the database.
    :ivar environment: settings that stand unless somebody sets them otherwise.
    """

    module: str
    line: str
    house: bool = True
    environment: dict[str, str] = field(default_factory=dict)


COMMANDS: Final = {
    "serve": Command("serve", "serve the pages until stopped"),
    "prepare": Command("prepare", "bring the database and the style sheets to this version"),
    "demo": Command(
        "demo",
        "build the demo world if there is none, and serve it on this machine",
        environment={"UNDERSTREAM_MAIL": "demo"},
    ),
    "measure": Command("measure", "measure a file of person-level ratings", house=False),
    "measure-raters": Command(
        "measure_raters", "measure how far raters agree on the same subjects", house=False
    ),
    "measure-roundrobin": Command(
        "measure_roundrobin", "take apart how everybody rates everybody else", house=False
    ),
    "measure-network": Command(
        "measure_network", "measure how dense and how mutual ties are", house=False
    ),
    "verify": Command("verify", "check a bundle against the receipts you kept", house=False),
    "instrument": Command("instrument", "check, import or export a questionnaire", house=False),
    "import": Command("ratings_import", "turn a file of ratings into a round with its mirror"),
    "person": Command("person", "add somebody who may sign in"),
    "tick": Command("tick", "do once what has fallen due"),
    "check": Command("check", "say whether this house may be served as it is set up"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    :param arguments: what was typed behind ``understream``; the process's own without it.
    :returns: the command's exit code; 2 for what cannot be done as asked, 1 for our own fault.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        # Names come from all over the world, whatever the terminal was set up for.
        sys.stdout.reconfigure(encoding="utf-8")
    typed = list(sys.argv[1:] if arguments is None else arguments)
    name = typed[0] if typed else "--help"
    if name == "--version":
        sys.stdout.write(f"understream {__version__}\n")
        return 0
    if name not in COMMANDS:
        asked = name in ("--help", "-h", "help")
        (sys.stdout if asked else sys.stderr).write(_all(name if not asked else ""))
        return 0 if asked else UNUSABLE
    try:
        return _run(name, typed[1:])
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has heard enough; nothing more may be written to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:  # noqa: BLE001 - the one place where a fault becomes a sentence
        return _tell(name, fault)


def _run(name: str, typed: Sequence[str]) -> int:
    command = COMMANDS[name]
    if command.house:
        for key, value in command.environment.items():
            os.environ.setdefault(key, value)
        os.umask(0o077)  # whatever is written is nobody else's to read
        os.environ["DJANGO_SETTINGS_MODULE"] = "understream.site.settings"
        importlib.import_module("django").setup()
    module = importlib.import_module(f"understream.console.{command.module}")
    parser = argparse.ArgumentParser(
        prog=f"understream {name}", description=command.line, allow_abbrev=False
    )
    module.configure(parser)
    return int(module.run(parser.parse_args(typed)))


def _all(unknown: str) -> str:
    wide = max(map(len, COMMANDS))
    lines = [f"  {name:<{wide}}  {command.line}" for name, command in COMMANDS.items()]
    opening = f"understream has no command {unknown!r}.\n\n" if unknown else ""
    return "\n".join(
        [
            f"{opening}usage: understream COMMAND [what it needs]",
            "",
            *lines,
            "",
            "`understream COMMAND --help` tells more; docs/settings.md lists what can be set.",
            "",
        ]
    )


def _tell(name: str, fault: Exception) -> int:
    """Print a sentence a fault, and return the exit code."""
    if os.environ.get("UNDERSTREAM_TRACE") == "1":
        traceback.print_exception(fault)
    if isinstance(fault, _expected()):
        sentences = [line for line in str(fault).splitlines() if line.strip()]
        for sentence in sentences or [type(fault).__name__]:
            sys.stderr.write(f"understream {name}: {sentence}\n")
        return UNUSABLE
    sys.stderr.write(
        f"understream {name}: something is broken inside ({type(fault).__name__}); "
        "set UNDERSTREAM_TRACE=1 to see where.\n"
    )
    return BROKEN


def _expected() -> tuple[type[Exception], ...]:
    """Return the faults whose own words may be told."""
    kinds: tuple[type[Exception], ...] = (OSError,)
    if "django" in sys.modules:
        core = importlib.import_module("django.core.exceptions")
        command = importlib.import_module("django.core.management.base")
        kinds += (core.ImproperlyConfigured, command.CommandError)
    if "understream.access.refusal" in sys.modules:
        kinds += (sys.modules["understream.access.refusal"].Refused,)
    return kinds


if __name__ == "__main__":
    sys.exit(main())
