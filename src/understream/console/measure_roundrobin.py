"""`understream measure-roundrobin`: what each gives, gets, and has with each other."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from understream.console.cells import names, numbers, once
from understream.console.figures import (
    Figure,
    Line,
    columns,
    long_format,
    nested,
    printed,
    rounded,
)
from understream.instruments.ratings import EVERYBODY, natural
from understream.instruments.table import MOST_LISTED, Table, read_table
from understream.measurement.social_relations import (
    FEWEST,
    Component,
    counts,
    pairs,
    social_relations,
)

#: More in one group than these could not all rate each other within the rows of one file.
MOST_MEMBERS: Final = 150
_ASPECTS: Final = ("estimate", "standardized", "se", "t.value", "p.value")
_HEADS: Final = {
    "actor_variance": "what people give",
    "partner_variance": "what people get",
    "relationship_variance": "between two, beyond both",
    "actor-partner_covariance": "giving and getting",
    "relationship_covariance": "one way and the other",
}


@dataclass(frozen=True, slots=True)
class _Group:
    """One group's ratings: row *i* says how member *i* rates the others."""

    name: str
    matrix: tuple[tuple[float | None, ...], ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Take apart ratings of everybody by everybody else in a group, one row a rating: what "
        "each gives all, what each gets from all, what is between two. CSV with commas or "
        "semicolons, or XLSX."
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="CSV, XLSX or SPSS (.sav, an extra); the first row names columns",
    )
    parser.add_argument(
        "--group", metavar="COLUMN", help="the column that names the group; without it, one group"
    )
    parser.add_argument(
        "--perceiver", required=True, metavar="COLUMN", help="the column that names who rates"
    )
    parser.add_argument(
        "--target", required=True, metavar="COLUMN", help="the column that names who is rated"
    )
    parser.add_argument(
        "--rating", required=True, metavar="COLUMN", help="the column that holds the rating"
    )
    parser.add_argument("--format", choices=("table", "json", "long"), default="table")


def run(options: argparse.Namespace) -> int:
    """Read, measure, print; on anything not plain, say where and print no figure.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if the file or an option cannot be used.
    """

    def text() -> tuple[str, list[Table], list[str]]:
        table = read_table(options.file)
        groups = _read(table, options)
        lines = list(_lines(groups, table.headers[table.column(options.rating)]))
        return _written(lines, groups, options.format), [table], _left_out(groups)

    return printed("measure-roundrobin", text)


def _read(table: Table, options: argparse.Namespace) -> list[_Group]:
    who = [table.column(options.perceiver), table.column(options.target)]
    rating = table.column(options.rating)
    if options.group is not None:
        who.insert(0, table.column(options.group))
    if len({*who, rating}) <= len(who):
        raise ValueError("one column is asked for twice; each option names a column of its own")
    if not table.rows:
        raise ValueError(f"{table.name} holds no rating below its header.")
    found = names(table, table.rows, who)
    once(
        table, table.rows, found, lambda place: f"{found[place][-2]} rates {found[place][-1]}",
        "Each rates each other once in a group:",
    )  # fmt: skip
    given: dict[str, dict[tuple[str, str], float | None]] = {}
    for (*group, perceiver, target), value in zip(
        found, numbers(table, table.rows, rating), strict=True
    ):
        given.setdefault(group[0] if group else EVERYBODY, {})[perceiver, target] = value
    return [_group(table, name, given[name]) for name in sorted(given, key=natural)]


def _group(table: Table, name: str, given: dict[tuple[str, str], float | None]) -> _Group:
    members = sorted({one for pair in given for one in pair}, key=natural)
    if len(members) > MOST_MEMBERS:
        raise ValueError(
            f"{table.name}: group {name} has {len(members)} members, which is more than "
            f"{MOST_MEMBERS}. Name the column that tells groups apart with --group."
        )
    return _Group(name, tuple(tuple(given.get((i, j)) for j in members) for i in members))


def _left_out(groups: Sequence[_Group]) -> list[str]:
    out = [group.name for group in groups if not counts(group.matrix)]
    if not out:
        return []
    listed = ", ".join(out[:MOST_LISTED]) + (", ..." if len(out) > MOST_LISTED else "")
    why = f"fewer than {FEWEST} members or missing answers"
    return [f"Variances leave out {len(out)} of {len(groups)} groups, for {why}: {listed}."]


# ------------------------------------------------------------------ figures


def _lines(groups: Sequence[_Group], item: str) -> Iterator[Line]:
    for statistic, value in _figures([group.matrix for group in groups]):
        yield Line(statistic, EVERYBODY, item, value)


def _figures(
    matrices: Sequence[Sequence[Sequence[float | None]]],
) -> Iterator[tuple[str, Figure]]:
    found = social_relations(matrices)
    components = {
        "actor_variance": found.actor,
        "partner_variance": found.partner,
        "relationship_variance": found.relationship,
        # One rating of each other cannot tell error from what is between two.
        "error_variance": Component(),
        "actor-partner_covariance": found.actor_partner,
        "relationship_covariance": found.reciprocity,
    }
    for name, one in components.items():
        values = (one.estimate, one.standardized, one.se, one.t, one.p)
        for aspect, value in zip(_ASPECTS, values, strict=True):
            yield f"{name}__{aspect}", value
    both = pairs(matrices)
    yield "n_pairs_both_answered", both.n
    yield "mean_abs_gap", both.mean_gap
    yield "share_equal", both.share_equal
    yield "share_gap_ge_2", both.share_far
    yield "double_entry_r", both.double_entry_r


# ------------------------------------------------------------------ writing


def _written(lines: Sequence[Line], groups: Sequence[_Group], form: str) -> str:
    if form == "long":
        return long_format(lines)
    if form == "json":
        sizes = {group.name: len(group.matrix) for group in groups}
        return json.dumps({"groups": sizes, "scopes": nested(lines)}, indent=1) + "\n"
    found = {line.statistic: line.value for line in lines}
    taken = [
        [head, *(rounded(found[f"{name}__{aspect}"], 3) for aspect in _ASPECTS)]
        for name, head in _HEADS.items()
    ]
    both = {
        "pairs who both answered": "n_pairs_both_answered",
        "mean distance": "mean_abs_gap",
        "share equal": "share_equal",
        "share two points or more apart": "share_gap_ge_2",
        "correlation of both ways": "double_entry_r",
    }
    return (
        columns([lines[0].item, "estimate", "share or r", "error", "t", "p"], taken)
        + "\n"
        + columns(
            ["pairs", "value"], [[head, rounded(found[name], 3)] for head, name in both.items()]
        )
    )
