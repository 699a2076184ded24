"""An attacker who has seen everything that was ever shown, and reckons exactly.

It knows no code of ours. Whose answer a figure holds it finds by trying: it lets one person after
the other answer differently and watches which figures move. Every figure is then an equation over
people; the span of all of them, question by question, is what can be known by adding and
subtracting. If that span holds anything about fewer than k people, they are given away.
"""

from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.measurement.disclosure import Policy, Tally, form_blocks, show
from understream.measurement.release import (
    PartyVoices,
    Question,
    release_party,
    release_round,
    release_table,
)

FIVE = Policy()
MIDDLE, TOP, CANNOT, NONE = 4, 7, 255, 0
QUESTIONS = [
    Question("A1", "", "A", "rating", 7),
    Question("A2", "", "A", "rating", 7, reverse=True),
    Question("B1", "", "B", "rating", 7),
]
WIDTH = len(QUESTIONS)


# -------------------------------------------------------------------- the attacker


def equations(engine, people):
    """Return, for each question, the sets of people whose answers move a figure.

    :param engine: from people to the list of everything that is shown of them.
    :param people: ``(party, cell, answered)`` of each person, where ``answered`` holds for each
        question MIDDLE, CANNOT or NONE.
    """
    still = engine(people)
    movers = [Counter() for _ in range(WIDTH)]
    for person, (party, cell, answered) in enumerate(people):
        for question, answer in enumerate(answered):
            if answer != MIDDLE:
                continue
            other = (*answered[:question], TOP, *answered[question + 1 :])
            moved = engine([*people[:person], (party, cell, other), *people[person + 1 :]])
            assert len(moved) == len(still)
            for figure, (before, after) in enumerate(zip(still, moved, strict=True)):
                if before != after:
                    movers[question][figure] |= 1 << person
    return [
        {frozenset(p for p in range(len(people)) if mask >> p & 1) for mask in of.values()}
        for of in movers
    ]


def rank(rows):
    """Return the rank of a matrix, exactly."""
    rows, found = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for row in rows[found + 1 :]:
            factor = row[column] / rows[found][column]
            row[:] = [a - factor * b for a, b in zip(row, rows[found], strict=True)]
        found += 1
    return found


def exposed(seen, *, fewer_than, colluders=frozenset()):
    """Return the smallest group of people, below a size, of whom something alone can be known.

    People who are in exactly the same equations cannot be told apart, so that every solution
    weighs them equally: it is enough to look at unions of such classes. Something is known of a
    union alone if without its columns the equations lose rank.
    """
    rows = [row - colluders for row in seen]
    classes = {}
    for person in sorted(frozenset().union(*rows)):
        classes.setdefault(tuple(person in row for row in rows), []).append(person)
    columns = list(classes)
    full = rank([list(row) for row in zip(*columns, strict=True)])
    small = [column for column in columns if len(classes[column]) < fewer_than]
    found = [
        sorted(person for column in union for person in classes[column])
        for size in range(1, fewer_than)
        for union in combinations(small, size)
        if sum(len(classes[column]) for column in union) < fewer_than
        and rank(list(zip(*(c for c in columns if c not in union), strict=True))) < full
    ]
    return min(found, key=len, default=None)


def given_away(engine, people, *, k=5, colluders=frozenset()):
    """Return, for each question, the smallest group that is given away; None if nobody is."""
    return [
        exposed(seen, fewer_than=k - len(colluders), colluders=colluders)
        for seen in equations(engine, people)
    ]


# ------------------------------------------------------------------ what is shown


def voices_of(people, party):
    return [(cell, bytes(answered)) for of, cell, answered in people if of == party]


def party_voices(people, party):
    spoke = voices_of(people, party)
    hints, voices = [cell for cell, _ in spoke], [voice for _, voice in spoke]
    return PartyVoices(party, "confidential", QUESTIONS, voices, hints, cells=3)


def pages(people):
    """Return all that pages show of a round: parties, their blocks, facets, gaps."""
    release = release_round([party_voices(people, party) for party in "AB"], policy=FIVE)
    gaps = {gap.code: gap.label for gap in release.gaps}
    return [
        *(figure for party in release.parties for figure in figures_of(party)),
        *(gaps.get(question.code) for question in QUESTIONS),
    ]


def figures_of(party):
    scopes = (party, *party.blocks)
    return [one.figure for scope in scopes for one in (*scope.answers, *scope.facets)]


def table(people):
    """Return all that ``measure --release`` shows: units, parties, all."""
    parties = {}
    for party, cell, answered in people:
        parties.setdefault(party, {}).setdefault(str(cell), []).append(bytes(answered))
    ordered = {party: dict(sorted(units.items())) for party, units in sorted(parties.items())}
    if not ordered:
        return []
    scopes = release_table(QUESTIONS, ordered, policy=FIVE)
    return [one.figure for scope in scopes for one in (*scope.answers, *scope.facets)]


def bare(voices):
    """Return figures of a set of people by the threshold alone."""
    return [
        show(Tally(tuple(column.count(point) for point in range(1, 8))), policy=FIVE)
        for column in zip(*voices, strict=True)
    ]


def by_cell(people):
    """Return everybody of party A, and the people of each of its cells."""
    spoke = voices_of(people, "A")
    cells = [[voice for cell, voice in spoke if cell == at] for at in range(3)]
    return [voice for _, voice in spoke], cells


def threshold_only(people):
    everybody, cells = by_cell(people)
    return [figure for voices in (everybody, *cells) for figure in bare(voices)]


def threshold_and_remainder(people):
    everybody, cells = by_cell(people)
    kept = [cell for cell in cells if len(everybody) - len(cell) >= FIVE.k]
    return [figure for voices in (everybody, *kept) for figure in bare(voices)]


def facets_of_whole_persons(people):
    """Show items of all who answered them, and a facet of all who answered every item of it."""
    voices = [voice for _, voice in voices_of(people, "A")]
    complete = [voice for voice in voices if voice[0] and voice[1]]
    sums = tuple(sum(voice[0] + voice[1] == total for voice in complete) for total in range(2, 15))
    return [*bare(voices), show(Tally(sums), policy=FIVE)]


def live(people):
    """Show the party's figures again after each answer."""
    return [
        one.figure
        for so_far in range(1, len(people) + 1)
        for one in release_party(party_voices(people[:so_far], "A"), policy=FIVE).answers
    ]


def cells_of(*sizes, answered=(MIDDLE,) * WIDTH, party="A"):
    return [(party, cell, answered) for cell, size in enumerate(sizes) for _ in range(size)]


# ----------------------------------------------------------- the attacker can attack


def test_the_attacker_sees_through_a_threshold():
    assert given_away(threshold_only, cells_of(5, 4)) == [[5, 6, 7, 8]] * 3


def test_the_attacker_sees_through_a_threshold_with_remainders():
    assert given_away(threshold_and_remainder, cells_of(6, 3, 6)) == [[6, 7, 8]] * 3


def test_the_attacker_sees_through_live_figures():
    assert given_away(live, cells_of(7)) == [[5]] * 3


def test_the_attacker_sees_through_facets_of_whole_persons():
    people = [*cells_of(11), ("A", 0, (NONE, MIDDLE, MIDDLE))]

    assert given_away(facets_of_whole_persons, people) == [None, [11], None]


def test_colluders_bring_down_the_number_that_protects():
    seen = [frozenset(range(6))]

    assert exposed(seen, fewer_than=5, colluders=frozenset({0, 1})) == [2, 3, 4, 5]
    assert exposed(seen, fewer_than=3, colluders=frozenset({0, 1})) is None


# --------------------------------------------------------------- nobody is given away


@pytest.mark.parametrize(
    "people",
    [
        cells_of(5, 4),
        cells_of(5, 5, 1),
        [*cells_of(11), ("A", 0, (NONE, MIDDLE, MIDDLE))],
        cells_of(6),
        cells_of(6, 3, 6),
        [*cells_of(4), *cells_of(5, party="B")],
    ],
    ids=["5+4", "5+5+1", "12 with one gap", "6 unanimous", "6+3+6", "4 and 5"],
)
@pytest.mark.parametrize("engine", [pages, table])
def test_fixed_groups_give_nobody_away(engine, people):
    assert any(any(seen) for seen in equations(engine, people))
    assert given_away(engine, people) == [None] * WIDTH


answer = st.sampled_from([MIDDLE] * 6 + [NONE, CANNOT])
person = st.tuples(st.sampled_from("AB"), st.integers(0, 2), st.tuples(*[answer] * WIDTH))
three = st.tuples(st.sampled_from("ABC"), st.integers(0, 1), st.tuples(*[answer] * WIDTH))


@settings(max_examples=60, deadline=None)
@given(st.lists(person, min_size=8, max_size=24), st.data())
def test_no_round_gives_anyone_away_even_to_colluders(people, data):
    among = st.sets(st.integers(0, len(people) - 1), max_size=2)
    colluders = frozenset(data.draw(among))

    assert given_away(pages, people, colluders=colluders) == [None] * WIDTH


@settings(max_examples=40, deadline=None)
@given(st.lists(three, min_size=12, max_size=27))
def test_no_table_gives_anyone_away(people):
    assert given_away(table, people) == [None] * WIDTH


@settings(max_examples=40, deadline=None)
@given(st.lists(person, min_size=8, max_size=24))
def test_every_figure_is_of_whole_blocks_as_far_as_they_answered(people):
    for question, seen in enumerate(equations(pages, people)):
        blocks = []
        for party in "AB":
            mine = [
                (at, cell, answered)
                for at, (of, cell, answered) in enumerate(people)
                if of == party and any(answered)
            ]
            sizes = Counter(cell for _, cell, _ in mine)
            for block in form_blocks([sizes[cell] for cell in range(3)], k=5):
                members = [one for one in mine if one[1] in block]
                blocks.append(frozenset(at for at, _, of in members if of[question] == MIDDLE))
        for group in seen:
            parts = [block for block in blocks if block & group]
            assert group == frozenset().union(*parts)
            assert all(len(part) >= 5 for part in parts)
