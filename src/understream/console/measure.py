"""`understream measure`: the figures of a file of person-level ratings.

Without ``--release`` the figures are exact, for whoever may hold the raw file anyway. With it,
they are what pages would show of the same people, and no more.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from understream.console.figures import (
    Figure,
    Line,
    columns,
    json_format,
    long_format,
    nested,
    readable,
    refused,
)
from understream.console.measure_release import released
from understream.instruments.ratings import (
    EVERYBODY,
    Ratings,
    Scale,
    items_of,
    parse_scale,
    read_ratings,
)
from understream.instruments.table import Table, TableError, read_table
from understream.measurement.description import describe
from understream.measurement.disclosure import K
from understream.measurement.within_group import (
    ad_mean_of,
    ad_median_of,
    awg_of,
    rwg_j_lindell_of,
    rwg_j_of,
    rwg_of,
)

_UNUSABLE: Final = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Measure person-level ratings, one row a person: for every unit and for all, how many, "
        "where on the scale, and how far people agree. CSV with commas or semicolons, or XLSX."
    )
    parser.add_argument("file", metavar="FILE", help="CSV or XLSX; the first row names columns")
    parser.add_argument(
        "--unit",
        required=True,
        metavar="COLUMN[,COLUMN]",
        help="the column, or the columns together, that name a person's unit",
    )
    parser.add_argument(
        "--items",
        required=True,
        action="append",
        metavar="NAME=SPEC",
        help="a scale and its items: columns and ranges A..B by position, commas between",
    )
    parser.add_argument(
        "--scale",
        required=True,
        type=_scale,
        metavar="LOW-HIGH",
        help="such as 1-5 or 0-4; --scale=-3-3 if it begins below 0",
    )
    parser.add_argument("--party", metavar="COLUMN", help="the column that names a unit's party")
    parser.add_argument(
        "--k",
        type=int,
        default=K,
        metavar="NUMBER",
        help="with --release: fewest people of whom anything is shown; 5 or more",
    )
    parser.add_argument(
        "--release", action="store_true", help="show only what pages would show of these people"
    )
    parser.add_argument("--format", choices=("table", "json", "long"), default="table")


def run(options: argparse.Namespace) -> int:
    """Read, measure, print; on anything not plain, say where and print no figure.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if the file or an option cannot be used.
    """
    try:
        table = read_table(options.file)
        ratings = _ratings(table, options)
        if options.release:
            parties = options.party is not None
            text = released(ratings, k=options.k, parties=parties, form=options.format)
        else:
            text = _WRITERS[options.format](list(_lines(ratings)), ratings)
    except (TableError, ValueError) as refusal:
        sys.stderr.write(refused("measure", str(refusal)))
        return _UNUSABLE
    if table.other_sheets:
        others = ", ".join(table.other_sheets)
        note = f"Read sheet {table.sheet} of {table.name}; not read: {others}."
        sys.stderr.write(f"{readable(note)}\n")
    sys.stdout.write(text)
    return 0


def _scale(text: str) -> Scale:
    try:
        return parse_scale(text)
    except ValueError as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


def _ratings(table: Table, options: argparse.Namespace) -> Ratings:
    if options.release and options.k < K:
        raise ValueError(f"--k {options.k}: nothing is released of fewer than {K} people")
    groups = [items_of(table, spec) for spec in options.items]
    names = [group.title for group in groups]
    for name in names:
        if names.count(name) > 1 or name in table.headers:
            raise ValueError(f"{name} names two things in the output; choose another name")
    units = [options.unit]
    if options.unit.strip() not in table.headers:
        units = [column.strip() for column in options.unit.split(",")]
    return read_ratings(table, units, groups, options.scale, options.party)


# ------------------------------------------------------------------ figures


def _lines(ratings: Ratings) -> Iterator[Line]:
    for scope, people in {**ratings.by_unit(), EVERYBODY: list(ratings.people)}.items():
        for item in ratings.items:
            for statistic, value in _of_item(ratings.counts(people, item), ratings.scale):
                yield Line(statistic, scope, item, value)
        for group in ratings.groups:
            complete = ratings.listwise(people, group)
            counts = [ratings.counts(complete, item) for item in group.items]
            yield Line("n_listwise", scope, group.title, len(complete))
            yield Line("rwg_j", scope, group.title, rwg_j_of(counts))
            yield Line("rwg_j_lindell", scope, group.title, rwg_j_lindell_of(counts))


def _of_item(counts: Sequence[int], scale: Scale) -> Iterator[tuple[str, Figure]]:
    found = describe(counts, low=scale.low)
    agreement = rwg_of(counts)
    yield "n", found.n
    yield "mean", found.mean
    yield "sd_n_minus_1", found.sd_n_minus_1
    yield "median", found.median
    for point, count in enumerate(counts, scale.low):
        yield f"count_{point}", count
    # Below 0 the group is spread wider than blind answering; the source prints 0 there.
    yield "rwg_uniform", None if agreement is None else max(0.0, agreement)
    yield "awg", awg_of(counts)
    yield "ADM_mean", ad_mean_of(counts)
    yield "ADM_median", ad_median_of(counts)


# ------------------------------------------------------------------ writing


def _json(lines: Sequence[Line], ratings: Ratings) -> str:
    return json_format({"scopes": nested(lines)}, ratings)


def _table(lines: Sequence[Line], ratings: Ratings) -> str:
    found = {(line.item, line.scope, line.statistic): line.value for line in lines}
    scopes = [*ratings.by_unit(), EVERYBODY]
    points = [str(point) for point in range(ratings.scale.low, ratings.scale.high + 1)]
    of_item = {
        **dict.fromkeys(("n", "mean"), ""),
        "sd": "sd_n_minus_1",
        "median": "",
        "rwg": "rwg_uniform",
        "awg": "",
        "AD mean": "ADM_mean",
        "AD median": "ADM_median",
        **{f"at {point}": f"count_{point}" for point in points},
    }
    of_group = {"n": "n_listwise", "rwg(J)": "rwg_j", "r*wg(J)": "rwg_j_lindell"}
    blocks = []
    for item, heads in (
        *((item, of_item) for item in ratings.items),
        *((group.title, of_group) for group in ratings.groups),
    ):
        rows = [
            [scope, *(_short(found[item, scope, name or head]) for head, name in heads.items())]
            for scope in scopes
        ]
        blocks.append(f"{readable(item)}\n" + columns(["unit", *heads], rows))
    return "\n".join(blocks)


def _short(value: Figure) -> str:
    if value is None:
        return "NA"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


_WRITERS: Final[dict[str, Callable[[Sequence[Line], Ratings], str]]] = {
    "table": _table,
    "json": _json,
    "long": lambda lines, _: long_format(lines),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run this command by itself.

    :param arguments: what follows the command's name; by default those of the process.
    :returns: exit code.
    """
    parser = argparse.ArgumentParser(prog="understream measure")
    configure(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
