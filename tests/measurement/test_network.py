"""Networks: how dense, how mutual, who stands between."""

import csv
import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement import network as measured
from understream.measurement.network import (
    Distances,
    Dyads,
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

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
OF_ALL = {
    "nodes": lambda net: len(net.nodes),
    "edges": lambda net: net.ties,
    "density": density,
    "reciprocity_edges": reciprocity,
    "dyads_mutual": lambda net: dyads(net).mutual,
    "dyads_asymmetric": lambda net: dyads(net).asymmetric,
    "dyads_null": lambda net: dyads(net).null,
    "reciprocity_dyads_ratio": reciprocity_of_dyads,
    "transitivity_global_undirected": transitivity,
    "components_weak": lambda net: len(components(net)),
    "largest_component": lambda net: components(net)[0],
    "mean_distance": lambda net: distances(net).mean,
    "diameter": lambda net: distances(net).longest,
    "isolates": isolates,
    "centralization_degree": degree_centralization,
    "centralization_betweenness": betweenness_centralization,
}
OF_NODES = {
    "degree": degrees,
    "indegree": indegrees,
    "outdegree": outdegrees,
    "betweenness": betweenness,
}
NAMES = "abcdef"
TIES = st.sets(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(
        lambda pair: pair[0] != pair[1]
    )
)


def shared(path):
    """A file of the shared data; without that folder only CI insists."""
    if not (SHARED / path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data are missing: {SHARED / path}")
        pytest.skip(f"no shared data at {SHARED}")
    return list(csv.DictReader((SHARED / path).open()))


def edges(dataset):
    """The ties of a data set, and its nodes; a layer of monks is named behind theirs."""
    name, _, layer = dataset.partition("_") if dataset.startswith("sampson") else (dataset, "", "")
    ties = [
        row for row in shared(f"networks/{name}_edges.csv") if row.get("relation", "") == layer
    ]
    return ties, [row["id"] for row in shared(f"networks/{name}_nodes.csv")]


@cache
def built(dataset, directed):
    ties, nodes = edges(dataset)
    return network(nodes, [(row["from"], row["to"]) for row in ties], directed=directed)


@cache
def values(dataset):
    return strength(float([*row.values()][2]) for row in edges(dataset)[0])


@cache
def by_node(dataset, directed, statistic):
    net = built(dataset, directed)
    return dict(zip(net.nodes, OF_NODES[statistic](net), strict=True))


# ------------------------------------------------------------ reference figures


def test_every_reference_figure_is_met():
    wanted = shared("expected/networks.csv")
    directed = {row["dataset"] for row in wanted if row["statistic"] == "indegree"}

    wrong = {}
    for row in wanted:
        dataset, statistic, scope = row["dataset"], row["statistic"], row["scope"]
        ways = dataset in directed
        if statistic in OF_NODES:
            mine = by_node(dataset, ways, statistic)[scope]
        elif statistic == "tie_value_count":
            mine = values(dataset).counts[float(scope)]
        elif statistic == "tie_value_mean":
            mine = values(dataset).mean
        else:
            mine = OF_ALL[statistic](built(dataset, ways))
        if mine != pytest.approx(float(row["value"]), rel=1e-10, abs=1e-10):
            wrong[dataset, statistic, scope] = (mine, row["value"])
    assert wrong == {}
    assert len(wanted) == 1336


# ------------------------------------------------------------ small networks


def test_a_star_gathers_everything_at_its_middle():
    star = network("mabc", [("m", "a"), ("m", "b"), ("m", "c")], directed=False)

    assert betweenness(star) == (3.0, 0.0, 0.0, 0.0)
    assert degree_centralization(star) == betweenness_centralization(star) == 1
    assert transitivity(star) == 0
    assert degrees(star) == (3, 1, 1, 1)


def test_a_ring_gathers_nothing_anywhere():
    ring = network("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])

    assert betweenness(ring) == (3.0,) * 4
    assert degree_centralization(ring) == betweenness_centralization(ring) == 0
    assert distances(ring) == Distances(2.0, 3)


def test_two_shortest_ways_share_a_pair():
    square = network("abcd", [("a", "b"), ("b", "d"), ("a", "c"), ("c", "d")], directed=False)

    assert betweenness(square) == (0.5,) * 4


def test_dyads_are_mutual_asymmetric_or_null():
    net = network("abc", [("a", "b"), ("b", "a"), ("b", "c")])

    assert dyads(net) == Dyads(1, 1, 1)
    assert reciprocity(net) == pytest.approx(2 / 3)
    assert reciprocity_of_dyads(net) == 0.5
    assert (outdegrees(net), indegrees(net), degrees(net)) == ((1, 2, 0), (1, 1, 1), (2, 3, 1))


def test_ties_without_ways_are_all_mutual():
    net = network("abc", [("a", "b")], directed=False)

    assert net.ties == 1
    assert dyads(net) == Dyads(1, 0, 2)
    assert density(net) == pytest.approx(1 / 3)


def test_a_triangle_is_closed_whichever_way_its_ties_go():
    assert transitivity(network("abc", [("a", "b"), ("b", "c"), ("c", "a")])) == 1
    assert transitivity(network("abc", [("a", "b"), ("b", "a"), ("c", "a")])) == 0


# -------------------------------------------------------------------- edges


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("nodes", ["", "a", "ab"])
def test_without_a_tie_little_is_defined(nodes, directed):
    net = network(nodes, [], directed=directed)

    assert isolates(net) == len(nodes)
    assert components(net) == (1,) * len(nodes)
    assert distances(net) == Distances(None, 0)
    assert density(net) == (0 if len(nodes) == 2 else None)
    assert reciprocity(net) is reciprocity_of_dyads(net) is transitivity(net) is None
    assert betweenness(net) == (0.0,) * len(nodes)
    assert betweenness_centralization(net) is None
    assert degree_centralization(net) == (0 if directed and len(nodes) == 2 else None)
    assert dyads(net) == Dyads(0, 0, int(len(nodes) == 2))


@pytest.mark.parametrize(
    ("nodes", "ties", "directed", "sentence"),
    [
        ("aa", [], True, "a name of its own"),
        ("ab", [("a", "c")], True, "not 'a' and 'c'"),
        ("ab", [("c", "a")], True, "not 'c' and 'a'"),
        ("ab", [("a", "a")], True, "tied to themselves"),
        ("ab", [("a", "b"), ("a", "b")], True, "stands twice"),
        ("ab", [("a", "b"), ("b", "a")], False, "stands twice"),
    ],
)
def test_what_is_no_network_is_refused(nodes, ties, directed, sentence):
    with pytest.raises(ValueError, match=sentence):
        network(nodes, ties, directed=directed)


def test_strength_leaves_out_what_is_missing():
    assert strength([]) == strength([None]) == Strength(0, None, {})
    assert strength([3, None, 0.1, 0.2, 3]) == Strength(4, 1.575, {0.1: 1, 0.2: 1, 3: 2})


# --------------------------------------------------------------- properties


@given(TIES, st.permutations(NAMES))
def test_the_order_of_nodes_and_ties_does_not_matter(ties, order):
    one, other = network(NAMES, sorted(ties)), network(order, sorted(ties, reverse=True))

    for name, figure in OF_ALL.items():
        assert figure(other) == pytest.approx(figure(one), abs=1e-12), name
    for name, figure in OF_NODES.items():
        first = dict(zip(NAMES, figure(one), strict=True))
        assert dict(zip(order, figure(other), strict=True)) == pytest.approx(first), name


@given(TIES)
def test_turning_all_ties_round_exchanges_what_goes_out_and_comes_in(ties):
    one, other = network(NAMES, ties), network(NAMES, [(b, a) for a, b in ties])

    assert (indegrees(one), outdegrees(one)) == (outdegrees(other), indegrees(other))
    assert betweenness(one) == pytest.approx(betweenness(other))
    assert (dyads(one), distances(one)) == (dyads(other), distances(other))


@given(TIES)
def test_ties_both_ways_are_ties_without_ways(ties):
    pairs = {tuple(sorted(pair)) for pair in ties}
    one = network(NAMES, pairs, directed=False)
    other = network(NAMES, {*pairs, *((b, a) for a, b in pairs)})

    for figure in (density, reciprocity, dyads, transitivity, components, distances):
        assert figure(one) == figure(other)
    assert [2 * value for value in betweenness(one)] == pytest.approx(list(betweenness(other)))


def test_every_figure_of_a_network_is_among_those_checked():
    public = {
        name for name, one in vars(measured).items()
        if callable(one) and one.__module__ == measured.__name__ and name[0].islower()
    } - {"network", "strength"}  # fmt: skip

    net = network("ab", [("a", "b")])
    assert all(getattr(measured, name)(net) is not None or name in
               {"transitivity", "betweenness_centralization"} for name in public)  # fmt: skip
