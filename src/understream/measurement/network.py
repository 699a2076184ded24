"""Who is tied to whom: how dense, how mutual, and who stands between others.

Nodes are parties or people, ties pairs of them. A tie of a directed network goes one way; of an
undirected one the order in a pair does not matter. Nobody is tied to themselves, and no two ties
are the same.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

_TWO = 2


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes and ties, checked by :func:`network`.

    ``reached`` holds for each node, in order, the places of the nodes that its ties lead to;
    ``reaching`` those whose ties lead to it. They are the same if the network is undirected.
    """

    nodes: tuple[str, ...]
    directed: bool
    reached: tuple[tuple[int, ...], ...]
    reaching: tuple[tuple[int, ...], ...]

    @property
    def ties(self) -> int:
        """The number of ties."""
        return sum(map(len, self.reached)) // (1 if self.directed else _TWO)


@dataclass(frozen=True, slots=True)
class Dyads:
    """How many pairs of nodes are tied both ways, one way, and not at all."""

    mutual: int
    asymmetric: int
    null: int


@dataclass(frozen=True, slots=True)
class Distances:
    """Steps between nodes, over the ordered pairs of which one can reach the other.

    ``mean`` is None if nobody reaches anybody; ``longest`` is 0 then.
    """

    mean: float | None
    longest: int


@dataclass(frozen=True, slots=True)
class Strength:
    """The values of ties: how many have one, their mean, and how many have each value."""

    n: int
    mean: float | None
    counts: Mapping[float, int]


def network(
    nodes: Sequence[str], ties: Iterable[tuple[str, str]], *, directed: bool = True
) -> Network:
    """Build a network.

    :param nodes: their names, each once; also those without a tie.
    :param ties: pairs of names, from and to.
    :param directed: whether a tie goes one way only.
    :returns: the network, with nodes in their order.
    :raises ValueError: for a node or a tie that stands twice, a tie to a node that is not among
        the nodes, or a node tied to itself.

    >>> network(["a", "b", "c"], [("a", "b"), ("b", "a")]).ties
    2
    """
    places = {name: place for place, name in enumerate(nodes)}
    if len(places) != len(nodes):
        raise ValueError("each node has a name of its own")
    reached: list[set[int]] = [set() for _ in nodes]
    reaching: list[set[int]] = [set() for _ in nodes]
    for one, other in ties:
        if one not in places or other not in places:
            raise ValueError(f"a tie joins two of the nodes, not {one!r} and {other!r}")
        a, b = places[one], places[other]
        if a == b:
            raise ValueError(f"nobody is tied to themselves, as {one!r} is")
        if b in reached[a]:
            raise ValueError(f"the tie of {one!r} and {other!r} stands twice")
        for start, end in ((a, b),) if directed else ((a, b), (b, a)):
            reached[start].add(end)
            reaching[end].add(start)
    return Network(
        tuple(nodes),
        directed,
        tuple(tuple(sorted(one)) for one in reached),
        tuple(tuple(sorted(one)) for one in reaching),
    )


def density(net: Network) -> float | None:
    """Return the share of all possible ties that are there.

    :param net: a network.
    :returns: 0 .. 1; None below two nodes.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, equations 4.3 and 4.10.
    """
    pairs = len(net.nodes) * (len(net.nodes) - 1)
    return sum(map(len, net.reached)) / pairs if pairs else None


def dyads(net: Network) -> Dyads:
    """Count pairs of nodes by how they are tied.

    :param net: a network; of an undirected one every tied pair is mutual.
    :returns: numbers of pairs; they add up to all pairs of nodes.

    Source: Holland & Leinhardt (1970), *American Journal of Sociology* 76(3), 492-513.
    """
    there = [set(one) for one in net.reached]
    mutual = sum(start in there[end] for start, ends in enumerate(there) for end in ends) // _TWO
    asymmetric = sum(map(len, there)) - 2 * mutual
    return Dyads(mutual, asymmetric, comb(len(net.nodes), 2) - mutual - asymmetric)


def reciprocity(net: Network) -> float | None:
    """Return the share of ties that are returned.

    :param net: a network.
    :returns: 0 .. 1; None without a tie.

    Source: Garlaschelli & Loffredo (2004), *Physical Review Letters* 93, 268701, equation 1.
    """
    ties = sum(map(len, net.reached))
    return 2 * dyads(net).mutual / ties if ties else None


def reciprocity_of_dyads(net: Network) -> float | None:
    """Return the share of tied pairs that are tied both ways.

    :param net: a network.
    :returns: 0 .. 1; None without a tie.

    Source: Hanneman & Riddle (2005), *Introduction to Social Network Methods*, chapter 8.
    """
    found = dyads(net)
    tied = found.mutual + found.asymmetric
    return found.mutual / tied if tied else None


def degrees(net: Network) -> tuple[int, ...]:
    """Return how many ties each node has, whichever way they go.

    :param net: a network.
    :returns: one number a node; a tie each way counts twice.

    Source: Freeman (1979), *Social Networks* 1(3), 215-239.
    """
    if not net.directed:
        return outdegrees(net)
    return tuple(map(sum, zip(outdegrees(net), indegrees(net), strict=True)))


def outdegrees(net: Network) -> tuple[int, ...]:
    """Return how many ties go out from each node.

    :param net: a network.
    :returns: one number a node.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, section 4.3.2.
    """
    return tuple(map(len, net.reached))


def indegrees(net: Network) -> tuple[int, ...]:
    """Return how many ties come in to each node.

    :param net: a network.
    :returns: one number a node.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, section 4.3.2.
    """
    return tuple(map(len, net.reaching))


def isolates(net: Network) -> int:
    """Return how many nodes have no tie at all.

    :param net: a network.
    :returns: their number.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, section 4.3.2.
    """
    return degrees(net).count(0)


def components(net: Network) -> tuple[int, ...]:
    """Return the sizes of the parts between which there is no tie, whichever way.

    :param net: a network.
    :returns: numbers of nodes, largest first; an isolate is a part.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, sections 4.2.5 and 4.3.4.
    """
    beside = _beside(net)
    seen: set[int] = set()
    sizes: list[int] = []
    for start in range(len(net.nodes)):
        if start not in seen:
            part = set(_steps(beside, start))
            seen |= part
            sizes.append(len(part))
    return tuple(sorted(sizes, reverse=True))


def transitivity(net: Network) -> float | None:
    """Return how often two who are tied to a third are tied to each other, either way.

    :param net: a network; ways of ties do not count.
    :returns: 0 .. 1; None if nobody is tied to two others.

    Source: Newman, Strogatz & Watts (2001), *Physical Review E* 64, 026118, equation 26.
    """
    beside = [set(one) for one in _beside(net)]
    open_or_closed = sum(comb(len(one), 2) for one in beside)
    closed = sum(len(one & beside[end]) for one in beside for end in one) // _TWO
    return closed / open_or_closed if open_or_closed else None


def distances(net: Network) -> Distances:
    """Return how far nodes are from each other along ties, each tie one step.

    :param net: a network; of a directed one steps follow the ties.
    :returns: mean and longest of the shortest ways; pairs without a way are left out.

    Source: Wasserman & Faust (1994), *Social Network Analysis*, sections 4.2.7 and 4.3.5.
    """
    total = reachable = longest = 0
    for start in range(len(net.nodes)):
        steps = _steps(net.reached, start).values()
        total += sum(steps)
        reachable += len(steps) - 1
        longest = max(longest, *steps)
    return Distances(total / reachable if reachable else None, longest)


def betweenness(net: Network) -> tuple[float, ...]:
    """Return for how many pairs of others each node lies on the shortest ways.

    :param net: a network; of an undirected one each pair counts once.
    :returns: one number a node; a pair with several shortest ways counts in part.

    Source: Freeman (1977), *Sociometry* 40(1), 35-41; worked out after Brandes (2001), *Journal
    of Mathematical Sociology* 25(2), 163-177.

    >>> betweenness(network(["a", "b", "c"], [("a", "b"), ("b", "c")], directed=False))
    (0.0, 1.0, 0.0)
    """
    between = [0.0] * len(net.nodes)
    for start in range(len(net.nodes)):
        steps, ways = {start: 0}, {start: 1}
        ahead: deque[int] = deque([start])
        order: list[int] = []
        while ahead:
            here = ahead.popleft()
            order.append(here)
            for end in net.reached[here]:
                if end not in steps:
                    steps[end], ways[end] = steps[here] + 1, 0
                    ahead.append(end)
                if steps[end] == steps[here] + 1:
                    ways[end] += ways[here]
        depends = dict.fromkeys(order, 0.0)
        for end in reversed(order):
            for here in net.reaching[end]:
                if here in steps and steps[here] == steps[end] - 1:
                    # A quotient of whole numbers first: ways can be too many for a float.
                    depends[here] += ways[here] / ways[end] * (1 + depends[end])
            if end != start:
                between[end] += depends[end]
    return tuple(one if net.directed else one / 2 for one in between)


def degree_centralization(net: Network) -> float | None:
    """Return how far ties gather at one node: 1 if all others are tied to it alone.

    :param net: a network; of a directed one the ties that come in count.
    :returns: 0 .. 1; None below three nodes, or two of a directed network.

    Source: Freeman (1979), *Social Networks* 1(3), 215-239, equations for centralization.
    """
    n = len(net.nodes)
    most = (n - 1) ** 2 if net.directed else (n - 1) * (n - 2)
    found = indegrees(net)
    return (n * max(found) - sum(found)) / most if n and most else None


def betweenness_centralization(net: Network) -> float | None:
    """Return how far shortest ways lead through one node: 1 if all do.

    :param net: a network.
    :returns: 0 .. 1; None below three nodes.

    Source: Freeman (1979), *Social Networks* 1(3), 215-239, equations for centralization.
    """
    n = len(net.nodes)
    pairs = (n - 1) * (n - 2)
    most = (n - 1) * pairs / (1 if net.directed else _TWO)
    found = betweenness(net)
    return sum(max(found) - one for one in found) / most if n and most else None


def strength(values: Iterable[float | None]) -> Strength:
    """Describe the values of ties, such as how often two meet.

    :param values: a value for each tie; None where it is missing.
    :returns: their number, mean and counts in the values' own unit; values in order.

    Source: Barrat, Barthélemy, Pastor-Satorras & Vespignani (2004), *Proceedings of the National
    Academy of Sciences* 101(11), 3747-3752, for the value of a tie.

    >>> strength([2, 3, 3, None]).counts
    {2: 1, 3: 2}
    """
    known = sorted(value for value in values if value is not None)
    total = sum((Fraction(repr(value)) for value in known), Fraction())
    return Strength(len(known), float(total / len(known)) if known else None, dict(Counter(known)))


def _beside(net: Network) -> list[list[int]]:
    """Return for each node those it is tied to, whichever way."""
    return [sorted({*out, *into}) for out, into in zip(net.reached, net.reaching, strict=True)]


def _steps(reached: Sequence[Sequence[int]], start: int) -> dict[int, int]:
    """Return how many steps away everybody is who can be reached; the start is 0 away."""
    steps = {start: 0}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        for end in reached[here]:
            if end not in steps:
                steps[end] = steps[here] + 1
                ahead.append(end)
    return steps
