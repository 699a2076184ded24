"""`understream measure`: the figures of a file of person-level ratings.

Without ``--release`` the figures are exact, for whoever may hold the raw file anyway. With it,
they are what pages would show of the same people, and no more.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
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
from understream.console.measure_across import CHANGE, COMPARISON, ICC, RELIABILITY, Across
from understream.console.measure_release import released
from understream.instruments.ratings import (
    EVERYBODY,
    ItemGroup,
    Ratings,
    Scale,
    items_of,
    parse_items,
    parse_scale,
    read_ratings,
)
from understream.instruments.table import Table, TableError, read_table
from understream.measurement.description import describe, top, wilson
from understream.measurement.disclosure import K
from understream.measurement.within_group import (
    ad_mean_of,
    ad_median_of,
    awg_of,
    rwg_j_lindell_of,
    rwg_j_of,
    rwg_of,
    van_der_eijk_of,
)

_UNUSABLE: Final = 2
#: Figures across units and scales by the title of their table: what its columns show, and all.
Sections = dict[str, tuple[Mapping[str, str], list[Line]]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Measure person-level ratings, one row a person: for every unit and for all, how many, "
        "where on the scale, and how far people agree; how well scales hang together; how two "
        "units differ, and what changed. CSV with commas or semicolons, or XLSX."
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="CSV, XLSX or SPSS (.sav, an extra); the first row names columns",
    )
    parser.add_argument(
        "--unit",
        metavar="COLUMN[,COLUMN]",
        help="the column, or the columns together, that name a person's unit; without it, all",
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
    parser.add_argument(
        "--reverse",
        default="",
        metavar="COLUMNS",
        help="items that ask the other way round; they are turned within their scales",
    )
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="UNIT,UNIT",
        help="two units to compare on each item and scale; may be given several times",
    )
    parser.add_argument(
        "--pair",
        action="append",
        default=[],
        metavar="FIRST,SECOND",
        help="two items, or two scales by their names, that the same people answered at two times",
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
            text = released(
                ratings,
                k=options.k,
                parties=parties,
                form=options.format,
                reverse=_reverse(options.reverse, ratings, table),
            )
        else:
            text = _WRITERS[options.format](ratings, _across(ratings, table, options))
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
    for option, asked in (("--release", options.release), ("--party", options.party)):
        if asked and options.unit is None:
            raise ValueError(f"{option} is about units; name their column with --unit")
    for option, asked in (("--compare", options.compare), ("--pair", options.pair)):
        if asked and options.release:
            raise ValueError(f"{option} is not shown of a release; leave one of both out")
    # Without units a scale stands alone, and goes by its name alone.
    groups = [
        replace(items_of(table, spec), counted=options.unit is not None) for spec in options.items
    ]
    names = [group.title for group in groups]
    others = table.headers if options.unit is not None else _items(groups)
    for name in names:
        if names.count(name) > 1 or name in others:
            raise ValueError(f"{name} names two things in the output; choose another name")
    return read_ratings(table, _columns(table, options.unit), groups, options.scale, options.party)


def _items(groups: Sequence[ItemGroup]) -> list[str]:
    return [item for group in groups for item in group.items]


def _columns(table: Table, unit: str | None) -> list[str] | None:
    if unit is None or unit.strip() in table.headers:
        return None if unit is None else [unit]
    return [column.strip() for column in unit.split(",")]


def _across(ratings: Ratings, table: Table, options: argparse.Namespace) -> Sections:
    """Return the figures across units and scales, by the title of their table."""
    reverse = _reverse(options.reverse, ratings, table)
    across = Across(ratings, reverse, options.unit or "")
    units = [_two("--compare", pair, list(ratings.by_unit())) for pair in options.compare]
    times = [_two("--pair", pair, across.names()) for pair in options.pair]
    return {
        "Reliability": (RELIABILITY, list(across.reliability())),
        "Between units": (ICC, list(across.icc()) if ratings.by_unit() else []),
        "Two units": (COMPARISON, [line for pair in units for line in across.comparison(pair)]),
        "Two times": (CHANGE, [line for pair in times for line in across.change(pair)]),
    }


def _reverse(spec: str, ratings: Ratings, table: Table) -> tuple[str, ...]:
    if not spec.strip():
        return ()
    items = parse_items(f"--reverse={spec}", table.headers).items
    strangers = [item for item in items if item not in ratings.items]
    if strangers:
        raise ValueError(f"--reverse {strangers[0]}: no scale has this item")
    return items


def _two(option: str, text: str, names: Sequence[str]) -> tuple[str, str]:
    """Split what an option names in two; a comma may also be part of a name."""
    pieces = text.split(",")
    pairs = [
        (",".join(pieces[:cut]).strip(), ",".join(pieces[cut:]).strip())
        for cut in range(1, len(pieces))
    ]
    found = [pair for pair in pairs if set(pair) <= set(names) and pair[0] != pair[1]]
    if len(found) != 1:
        known = ", ".join(names) or "none"
        raise ValueError(f"{option} {text}: name two of these, with a comma between: {known}")
    return found[0]


# ------------------------------------------------------------------ figures


def _lines(ratings: Ratings) -> Iterator[Line]:
    for scope, people in {**ratings.by_unit(), EVERYBODY: list(ratings.people)}.items():
        for item in ratings.items:
            counts = ratings.counts(people, item)
            for statistic, value in _of_item(counts, ratings.scale, len(people)):
                yield Line(statistic, scope, item, value)
        for group in ratings.groups:
            complete = ratings.listwise(people, group)
            of_items = [ratings.counts(complete, item) for item in group.items]
            yield Line("n_listwise", scope, group.title, len(complete))
            yield Line("rwg_j", scope, group.title, rwg_j_of(of_items))
            yield Line("rwg_j_lindell", scope, group.title, rwg_j_lindell_of(of_items))


def _of_item(counts: Sequence[int], scale: Scale, people: int) -> Iterator[tuple[str, Figure]]:
    found, best = describe(counts, low=scale.low), top(counts)
    agreement = rwg_of(counts)
    low, high = wilson(best, found.n) if found.n else (None, None)
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
    yield "n_missing", people - found.n
    yield "top2_count", best
    yield "top2_share", best / found.n if found.n else None
    yield "top2_wilson95_lo", low
    yield "top2_wilson95_hi", high
    yield "agreement_A_van_der_Eijk", van_der_eijk_of(counts)


# ------------------------------------------------------------------ writing


def _all(ratings: Ratings, across: Sections) -> list[Line]:
    return [*_lines(ratings), *(line for _, lines in across.values() for line in lines)]


def _json(ratings: Ratings, across: Sections) -> str:
    return json_format({"scopes": nested(_all(ratings, across))}, ratings)


def _long(ratings: Ratings, across: Sections) -> str:
    return long_format(_all(ratings, across))


def _table(ratings: Ratings, across: Sections) -> str:
    found = {(line.item, line.scope, line.statistic): line.value for line in _lines(ratings)}
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
    for title, (shown, lines) in across.items():
        if lines:
            blocks.append(f"{title}\n" + columns(["of", *shown], _rows(shown, lines)))
    return "\n".join(blocks)


def _rows(heads: Mapping[str, str], lines: Sequence[Line]) -> list[list[str]]:
    """Set the figures of one table: what stands beside all rows is not repeated in each."""
    found: dict[str, dict[str, Figure]] = {}
    for line in lines:
        found.setdefault(line.item or line.scope, {})[line.statistic] = line.value
    return [
        [name, *(_short(values[statistic or head]) for head, statistic in heads.items())]
        for name, values in found.items()
    ]


def _short(value: Figure) -> str:
    if value is None:
        return "NA"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


_WRITERS: Final[dict[str, Callable[[Ratings, Sections], str]]] = {
    "table": _table,
    "json": _json,
    "long": _long,
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
