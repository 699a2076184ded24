"""`understream measure-network`: how dense and how mutual ties are, and who stands between."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Final

from understream.console.cells import names, numbers_or_words, once, refuse
from understream.console.figures import (
    Figure,
    Line,
    columns,
    exact,
    long_format,
    nested,
    printed,
    rounded,
)
from understream.instruments.ratings import EVERYBODY
from understream.instruments.table import MOST_LISTED, Row, Table, read_table
from understream.measurement.network import (
    Network,
    Strength,
    betweenness,
    betweenness_centralization,
    components,
    degree_centralization,
    degrees,
    density,
    distances,
    dyads,
    indegrees,
    isolates,
    network,
    outdegrees,
    reciprocity,
    reciprocity_of_dyads,
    strength,
    transitivity,
)

_FROM, _TO, _ID = "from", "to", "id"
_OF_NODES: Final = ("degree", "indegree", "outdegree", "betweenness")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    :param parser: the parser of this command alone.
    """
    parser.description = (
        "Measure a network: one row a tie, with the columns from and to; a third column of "
        "numbers holds how strong a tie is. CSV with commas or semicolons, or XLSX."
    )
    parser.add_argument("edges", metavar="EDGES", help="the ties: CSV or XLSX")
    parser.add_argument(
        "--nodes",
        required=True,
        metavar="FILE",
        help="all nodes, tied or not: CSV or XLSX with a column id, or the names in the first",
    )
    parser.add_argument("--undirected", action="store_true", help="ties go both ways")
    parser.add_argument(
        "--layer", metavar="COLUMN=VALUE", help="only the ties that have this value there"
    )
    parser.add_argument("--format", choices=("table", "json", "long"), default="table")


def run(options: argparse.Namespace) -> int:
    """Read, measure, print; on anything not plain, say where and print no figure.

    :param options: what :func:`configure` declared.
    :returns: exit code: 0, or 2 if a file or an option cannot be used.
    """

    def text() -> tuple[str, list[Table], list[str]]:
        nodes, edges = read_table(options.nodes), read_table(options.edges)
        known = _nodes(nodes)
        layer, rows = _layer(edges, options.layer)
        ties = _ties(edges, rows, known, nodes.name, directed=not options.undirected)
        net = network(known, ties, directed=not options.undirected)
        lines = list(_lines(net, _strength(edges, rows, layer)))
        return _written(lines, net, options.format), [nodes, edges], []

    return printed("measure-network", text)


def _nodes(table: Table) -> list[str]:
    column = table.column(_ID) if _ID in table.headers else 0
    if not table.rows:
        raise ValueError(f"{table.name} holds no node below its header.")
    found = [name for (name,) in names(table, table.rows, [column])]
    once(
        table, table.rows, found, lambda place: f"node {found[place]}",
        "Each node has one row and a name of its own:",
    )  # fmt: skip
    return found


def _layer(table: Table, spec: str | None) -> tuple[int | None, list[Row]]:
    if spec is None:
        return None, list(table.rows)
    column, equals, value = (part.strip() for part in spec.partition("="))
    if not (column and equals and value):
        raise ValueError(f"--layer is written as COLUMN=VALUE, not {spec!r}")
    place = table.column(column)
    rows = [row for row in table.rows if row.cells[place] == value]
    if not rows:
        there = list(dict.fromkeys(row.cells[place] for row in table.rows))
        raise ValueError(
            f"{table.name}: no tie has {value!r} in column {column}. There are: "
            + ", ".join(there[:MOST_LISTED])
            + (", ..." if len(there) > MOST_LISTED else "")
        )
    return place, rows


def _ties(
    table: Table, rows: Sequence[Row], known: Sequence[str], nodes: str, *, directed: bool
) -> list[tuple[str, str]]:
    ends = [table.column(_FROM), table.column(_TO)]
    found = [(one, other) for one, other in names(table, rows, ends)]
    there = set(known)
    strangers = [(row, end) for row in rows for end in ends if row.cells[end] not in there]
    refuse(
        table,
        f"these are no nodes of {nodes}. Add them there, or correct these cells:",
        strangers,
    )
    refuse(
        table,
        "a tie joins two different nodes. Take out the rows in which both ends are the same:",
        [(row, ends[1]) for row, (one, other) in zip(rows, found, strict=True) if one == other],
    )
    remedy = (
        "Keep each tie once, or choose among several kinds of ties with --layer:"
        if directed
        else "Without ways, A to B is also B to A: keep each tie once, or leave --undirected away:"
    )
    keys = [pair if directed else tuple(sorted(pair)) for pair in found]
    once(table, rows, keys, lambda place: "{} to {}".format(*found[place]), remedy)
    return found


def _strength(table: Table, rows: Sequence[Row], layer: int | None) -> Strength | None:
    """Describe the first column that is neither an end nor the layer, if it holds numbers."""
    taken = {table.column(_FROM), table.column(_TO), layer}
    column = next((place for place in range(len(table.headers)) if place not in taken), None)
    if column is None:
        return None
    values = [value for (value,) in numbers_or_words(table, rows, [column])]
    figures = [value for value in values if not isinstance(value, str)]
    return (
        strength(figures)
        if len(figures) == len(values) and any(value is not None for value in values)
        else None
    )


# ------------------------------------------------------------------ figures


def _lines(net: Network, values: Strength | None) -> Iterator[Line]:
    for statistic, value in _of_network(net):
        yield Line(statistic, EVERYBODY, "", value)
    of_nodes: dict[str, Sequence[Figure]] = (
        {"indegree": indegrees(net), "outdegree": outdegrees(net)}
        if net.directed
        else {"degree": degrees(net)}
    )
    of_nodes["betweenness"] = betweenness(net)
    for place, node in enumerate(net.nodes):
        for statistic, found in of_nodes.items():
            yield Line(statistic, node, "", found[place])
    yield Line("centralization_degree", EVERYBODY, "", degree_centralization(net))
    yield Line("centralization_betweenness", EVERYBODY, "", betweenness_centralization(net))
    if values is not None:
        yield Line("tie_value_mean", EVERYBODY, "", values.mean)
        for value, count in values.counts.items():
            yield Line("tie_value_count", exact(value), "", count)


def _of_network(net: Network) -> Iterator[tuple[str, Figure]]:
    yield "nodes", len(net.nodes)
    yield "edges", net.ties
    yield "density", density(net)
    if net.directed:
        found = dyads(net)
        yield "reciprocity_edges", reciprocity(net)
        yield "dyads_mutual", found.mutual
        yield "dyads_asymmetric", found.asymmetric
        yield "dyads_null", found.null
        yield "reciprocity_dyads_ratio", reciprocity_of_dyads(net)
    yield "transitivity_global_undirected", transitivity(net)
    parts, far = components(net), distances(net)
    yield "components_weak", len(parts)
    yield "largest_component", parts[0]
    yield "mean_distance", far.mean
    yield "diameter", far.longest
    yield "isolates", isolates(net)


# ------------------------------------------------------------------ writing


def _written(lines: Sequence[Line], net: Network, form: str) -> str:
    if form == "long":
        return long_format(lines)
    if form == "json":
        return json.dumps({"directed": net.directed, "scopes": nested(lines)}, indent=1) + "\n"
    of_all = [
        [line.statistic.replace("_", " ") + (f", {line.scope}" if line.scope != EVERYBODY else ""),
         rounded(line.value)]
        for line in lines if line.statistic not in _OF_NODES
    ]  # fmt: skip
    found = {(line.statistic, line.scope): line.value for line in lines}
    heads = [name for name in _OF_NODES if (name, net.nodes[0]) in found]
    of_nodes = [[node, *(rounded(found[name, node]) for name in heads)] for node in net.nodes]
    return columns(["network", "value"], of_all) + "\n" + columns(["node", *heads], of_nodes)
