"""`understream import ratings`: turn a file of ratings into a closed round with its mirror."""

import argparse
import sys
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from understream.access.refusal import Refused, Unfit
from understream.console.figures import readable, refused
from understream.domain import world
from understream.domain.letter import address
from understream.domain.ratings import Imported, import_ratings, seat_of_importer
from understream.instruments.answers import columns_of, never_taken
from understream.instruments.ratings import (
    Ratings,
    Scale,
    items_of,
    parse_scale,
    read_ratings,
)
from understream.instruments.table import Table, TableError, read_table
from understream.measurement.disclosure import K

_UNUSABLE: Final = 2
_DEMO_MANAGER: Final = "manager.a@demo.example"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = "Take in what was asked elsewhere."
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    ratings = kinds.add_parser(
        "ratings",
        help="person-level ratings: each unit becomes a party of one alliance",
        description=(
            "Make a closed round with its mirror out of person-level ratings, one row a person. "
            "Figures are made once, as pages show them; no answer is stored. Everybody who reads "
            "the mirror is told that whoever imported it has seen the answers."
        ),
    )
    ratings.add_argument(
        "file",
        metavar="FILE",
        help="CSV, XLSX or SPSS (.sav, an extra); the first row names columns",
    )
    ratings.add_argument(
        "--alliance", required=True, metavar="NAME", help="the name of the alliance to be made"
    )
    ratings.add_argument(
        "--unit",
        required=True,
        metavar="COLUMN[,COLUMN]",
        help="the column, or the columns together, that name a person's unit",
    )
    ratings.add_argument(
        "--items",
        required=True,
        action="append",
        metavar="NAME=SPEC",
        help="a scale and its items: columns and ranges A..B by position, commas between",
    )
    ratings.add_argument(
        "--scale",
        required=True,
        type=_scale,
        metavar="LOW-HIGH",
        help="such as 1-5 or 0-4; --scale=-3-3 if it begins below 0",
    )
    ratings.add_argument(
        "--k",
        type=int,
        default=K,
        metavar="NUMBER",
        help="fewest people of whom anything is shown; 5 or more",
    )
    ratings.add_argument("--title", default="", help="the round's title; else the file's name")
    ratings.add_argument(
        "--manager",
        default="",
        metavar="MAIL",
        help="who reads the mirror, by mail address; can be left out in a demo world",
    )
    ratings.add_argument(
        "--dry-run", action="store_true", help="say what would be made, and store nothing"
    )


def run(options: argparse.Namespace) -> int:
    """Import everything, or nothing and say why.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if the file or an option cannot be used.
    """
    try:
        table = read_table(options.file)
        made = _import(_ratings(table, options), options)
    except Unfit as unfit:
        return _refuse([str(fault) for fault in unfit.faults.values()])
    except (TableError, Refused, ValueError) as refusal:
        return _refuse([str(refusal)])
    if table.other_sheets:
        others = ", ".join(table.other_sheets)
        note = f"Read sheet {table.sheet} of {table.name}; not read: {others}."
        sys.stderr.write(f"{readable(note)}\n")
    withheld = made.parties - made.shown
    sys.stdout.write(
        f"{made.people} people in {made.parties} parties"
        + (f"; of {withheld} nothing is shown, to protect people" if withheld else "")
        + ".\n"
    )
    if options.dry_run:
        sys.stdout.write(_columns(table, options))
        sys.stdout.write("Nothing was stored; leave out --dry-run to import.\n")
    else:
        party = readable(made.party)
        sys.stdout.write(f"Read it as manager of {party}: {address('mirror', made.round)}\n")
    return 0


def _import(ratings: Ratings, options: argparse.Namespace) -> Imported:
    manager = options.manager or (_DEMO_MANAGER if world.is_demo() else "")
    if not manager:
        raise ValueError("--manager: name who reads the mirror, by mail address")
    with transaction.atomic():
        made = import_ratings(
            seat_of_importer(manager),
            ratings,
            name=options.alliance,
            title=options.title or Path(options.file).name,
            k=options.k,
            now=world.moment(timezone.now()),
        )
        if options.dry_run:
            transaction.set_rollback(True)
    return made


def _ratings(table: Table, options: argparse.Namespace) -> Ratings:
    groups = [items_of(table, spec) for spec in options.items]
    names = [group.name for group in groups]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} names two scales; choose another name for one")
    units = _units(table, options)
    asked = [*units, *(item for group in groups for item in group.items)]
    for column in never_taken(asked):
        raise ValueError(f"{column.name} is never taken in: {column.why}; name another column")
    return read_ratings(table, units, groups, options.scale)


def _units(table: Table, options: argparse.Namespace) -> list[str]:
    if options.unit.strip() in table.headers:
        return [options.unit.strip()]
    return [column.strip() for column in options.unit.split(",")]


def _columns(table: Table, options: argparse.Namespace) -> str:
    """Say of every column what becomes of it."""
    units = set(_units(table, options))
    items = {item for spec in options.items for item in items_of(table, spec).items}
    lines = []
    for column in columns_of(table):
        if column.name in units:
            said = "it says who belongs to which party; kept as the party's name only"
        elif column.name in items:
            said = "an item; its answers become figures, and are not stored"
            if codes := table.labels.get(column.name):
                told = ", ".join(f"{code} = {readable(words)}" for code, words in codes.items())
                said += f"; its codes: {told}"
            if column.name in table.missing:
                said += "; what the file calls missing counts as not answered"
        else:
            said = f"left behind: {column.why or 'nobody asked for it'}"
        lines.append(f"  {readable(column.name) or '(no name)'}: {said}.\n")
    return "Columns:\n" + "".join(lines)


def _scale(text: str) -> Scale:
    try:
        return parse_scale(text)
    except ValueError as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def _refuse(sentences: list[str]) -> int:
    for sentence in sentences:
        sys.stderr.write(refused("import", sentence))
    return _UNUSABLE
