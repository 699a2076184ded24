"""A patient reader of what is released, who tries every set of answers that would look the same.

The reader knows who is in which unit and who answered which question, and nothing of our code.
All answers that people can have given are written down, released and printed; those that print the
same bytes are what the reader cannot tell apart. Whoever has only one possible answer among them
is given away. Readers know nothing more, or were asked themselves, or are a whole party whose
people told each other everything.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.console.measure_release import released
from understream.instruments.ratings import ItemGroup, Person, Ratings, Scale
from understream.measurement.disclosure import Policy
from understream.measurement.release import (
    CANNOT_JUDGE,
    NOT_ANSWERED,
    PartyVoices,
    Question,
    release_round,
    release_table,
    to_plain,
)

#: JSON holds all that is printed: a test below shows that the other forms follow from it.
MOST, OTHERS = "json", ("table", "long")


@dataclass(frozen=True)
class Group:
    """Who is in which unit and party, and how many of a unit answered each question.

    All readers know the answers of some units, ``known``, and that everywhere else all but a few,
    ``apart``, said the same. So there is less to write down, and whatever stays open to these
    readers stays open to those who know less.
    """

    answered: dict[str, tuple[int, ...]]
    points: int = 3
    party_of: dict[str, str] = field(default_factory=dict)
    k: int = 5
    apart: int = 99
    known: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    kind: str = "rating"
    may_pass: bool = False

    @property
    def answers(self):
        """How many different answers there are: the points, and can't judge."""
        return self.points + self.may_pass

    @property
    def parties(self):
        return sorted({self.party_of.get(unit, unit) for unit in self.answered})


def tallies(people, points):
    """Every way in which people can answer, whoever of them it is."""
    for answers in combinations_with_replacement(range(points), people):
        yield tuple(map(answers.count, range(points)))


def worlds(group):
    """Every set of answers of a group: a tally for each unit and question."""
    places = [(unit, at) for unit, of in group.answered.items() for at in range(len(of))]
    ways = [
        [group.known[unit][at]]
        if unit in group.known
        else [
            said
            for said in tallies(group.answered[unit][at], group.answers)
            if sum(said) - max(said) <= group.apart
        ]
        for unit, at in places
    ]
    for said in product(*ways):
        yield dict(zip(places, said, strict=True))


def columns(world, unit):
    """The answers of a unit, question by question, as many as gave one."""
    found = []
    while (unit, len(found)) in world:
        tally = world[unit, len(found)]
        found.append([point for point, count in enumerate(tally) for _ in range(count)])
    return found


def people(world, unit):
    """Somebody for each answer; who answered fewer questions than others comes last."""
    asked = columns(world, unit)
    size = max(map(len, asked))
    return list(zip(*(answers + [None] * (size - len(answers)) for answers in asked), strict=True))


def ratings_of(group, world):
    """A file of these people."""
    rows = [
        Person(unit, group.party_of.get(unit, unit), answers)
        for unit in group.answered
        for answers in people(world, unit)
    ]
    items = tuple(f"Q{at}" for at in range(len(rows[0].answers)))
    return Ratings(Scale(1, group.points), (ItemGroup("S", items),), items, tuple(rows))


def printed(group, world, form=MOST):
    """What `measure --release` prints."""
    parties = bool(group.party_of)
    return released(ratings_of(group, world), k=group.k, parties=parties, form=form)


def packed(group, answer):
    """One answer as a voice holds it."""
    if answer is None:
        return NOT_ANSWERED
    return CANNOT_JUDGE if answer == group.points else answer + 1


def on_pages(group, world):
    """All that pages can show: what is stored of a round."""
    width = len(next(iter(group.answered.values())))
    questions = [Question(f"Q{at}", "", "S", group.kind, group.points) for at in range(width)]
    said = []
    for party in group.parties:
        units = [unit for unit in group.answered if group.party_of.get(unit, unit) == party]
        spoke = [
            (cell, bytes(packed(group, one) for one in answers))
            for cell, unit in enumerate(units)
            for answers in people(world, unit)
        ]
        hints, voices = [cell for cell, _ in spoke], [voice for _, voice in spoke]
        said.append(PartyVoices(party, "confidential", questions, voices, hints, cells=len(units)))
    return json.dumps(to_plain(release_round(said, policy=Policy(group.k))))


def readers(group, world):
    """Who may be reading, and what then is left to find out."""
    yield None, world
    width = len(next(iter(group.answered.values())))
    for unit in group.answered.keys() - group.known.keys():
        for known in product([None, *range(group.answers)], repeat=width):
            left = dict(world)
            for at, point in enumerate(known):
                if point is not None:
                    tally = [n - (own == point) for own, n in enumerate(world[unit, at])]
                    left[unit, at] = tuple(tally)
            if min(map(min, left.values())) >= 0:
                yield (unit, known), left
    for party in group.parties if len(group.parties) > 1 and not group.known else []:
        own = {
            place: tally
            for place, tally in world.items()
            if group.party_of.get(place[0], place[0]) == party
        }
        yield tuple(own.items()), {p: tally for p, tally in world.items() if p not in own}


def given_away(group, show):
    """Return what somebody can be certain of: what is seen, by whom, of whom, which answer."""
    possible = {}
    for world in worlds(group):
        seen = show(group, world)
        for reader, left in readers(group, world):
            for place, tally in left.items():
                if place[0] in group.known:
                    continue
                answers = possible.setdefault((seen, reader, place), set())
                answers.update(point for point, count in enumerate(tally) if count)
    return [(*key[1:], answers) for key, answers in possible.items() if len(answers) == 1]


def bare(group, world):
    """A careless display: the exact mean of every unit of at least k."""
    shown = []
    for unit in group.answered:
        for answers in columns(world, unit):
            enough = len(answers) >= group.k
            shown.append(round(sum(answers) / len(answers), 1) if enough else None)
    return str(shown)


ONE_PARTY = dict.fromkeys("ABC", "P")
GROUPS = {
    "5+4": Group({"A": (5,), "B": (4,)}, points=4),
    "5+4 of one party": Group({"A": (5,), "B": (4,)}, party_of=ONE_PARTY),
    "5+5+1": Group({"A": (5,), "B": (5,), "C": (1,)}),
    "5+5+1 of one party": Group({"A": (5,), "B": (5,), "C": (1,)}, party_of=ONE_PARTY),
    "12, one of whom left a question out": Group({"A": (12, 11)}, apart=3),
    "6": Group({"A": (6,)}, points=7),
    "8": Group({"A": (8,)}, points=7, apart=4),
    "10": Group({"A": (10,)}, points=7, apart=3),
    "two questions to nested people": Group({"A": (7, 5)}),
    "a question that only four answered": Group({"A": (6, 4)}),
    "a pool of three, of whom one reads": Group(
        {"A": (5,), "B": (5,), "C": (5,)}, known={"C": ((1, 4, 0),)}
    ),
    "a pool with a party of one mind": Group(
        {"A": (5,), "B": (6,), "C": (7,)}, known={"B": ((0, 0, 6),)}
    ),
    "k of 7": Group({"A": (7,), "B": (6,)}, k=7),
    "segments": Group({"A": (5,), "B": (3,), "C": (5,)}, party_of=ONE_PARTY),
    "a pool of parties with segments": Group(
        {"A": (5,), "B": (1,), "C": (6,), "D": (5,)},
        party_of={"A": "P", "B": "P", "C": "Q", "D": "R"},
        known={"D": ((3, 0, 2),)},
    ),
}
PAGES = {
    "5 and 5": Group({"A": (5,), "B": (5,)}, points=4, apart=3),
    "8 and 8": Group({"A": (8,), "B": (8,)}, apart=4),
    "5 and 10": Group({"A": (5,), "B": (10,)}, apart=3),
    "two questions": Group({"A": (6, 5), "B": (5, 5)}, known={"B": ((0, 0, 5), (1, 3, 1))}),
    "segments": Group({"A": (5,), "B": (3,), "C": (5,)}, party_of=ONE_PARTY),
    "10": Group({"A": (10,)}, points=7, apart=4),
    "6 of whom some cannot judge": Group({"A": (6,)}, points=4, may_pass=True),
    "11 of whom some cannot judge": Group({"A": (11,)}, may_pass=True),
    "5 and 10 of whom some cannot judge": Group(
        {"A": (5,), "B": (10,)}, known={"A": ((0, 5, 0, 0),)}, may_pass=True
    ),
    "10 who choose": Group({"A": (10,)}, points=4, kind="choice"),
    "11 who choose": Group({"A": (11,)}, kind="choice"),
    "12 who say yes or no": Group({"A": (12,)}, points=2, kind="choice", may_pass=True),
}


# ---------------------------------------------------------------- who is given away


def test_the_reader_sees_through_a_careless_display():
    found = given_away(Group({"A": (5,)}), bare)

    assert (None, ("A", 0), {2}) in found
    assert (("A", (0,)), ("A", 0), {2}) in found  # all but the reader


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_no_print_makes_any_answer_certain(group):
    assert given_away(group, printed) == []


@pytest.mark.parametrize("group", PAGES.values(), ids=PAGES)
def test_no_page_makes_any_answer_certain(group):
    assert given_away(group, on_pages) == []


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_the_other_forms_follow_from_json(group):
    told = {}
    every = list(worlds(group))
    for world in random.Random(5).sample(every, min(len(every), 150)):
        forms = tuple(printed(group, world, form) for form in OTHERS)
        told.setdefault(printed(group, world), set()).add(forms)

    assert max(map(len, told.values())) == 1


# --------------------------------------------------------- what adding and subtracting gives


def numbers(group, answers):
    """The mean that is printed for each scope and question; None where it is withheld."""
    rows = [
        Person(unit, group.party_of.get(unit, unit), of)
        for unit, members in answers.items()
        for of in members
    ]
    items = tuple(f"Q{at}" for at in range(len(rows[0].answers)))
    ratings = Ratings(Scale(1, group.points), (ItemGroup("S", items),), items, tuple(rows))
    parties = bool(group.party_of)
    told = json.loads(released(ratings, k=group.k, parties=parties, form="json"))
    return {
        (kind, scope, item): figures["mean"]
        for kind in ("scopes", "parties")
        for scope, of in told.get(kind, {}).items()
        for item, figures in of.items()
        if item in items
    }


def equations(group, answers, question):
    """Whose answer to a question moves which printed mean: a row for each mean, ones and noughts.

    Found by trying: everybody in turn goes from the middle to either end.
    """
    everybody = [(unit, at) for unit, members in answers.items() for at in range(len(members))]
    still = numbers(group, answers)
    moved = {key: [0] * len(everybody) for key in still}
    for column, (unit, at) in enumerate(everybody):
        if answers[unit][at][question] is None:
            continue
        for end in (0, group.points - 1):
            changed = list(answers[unit][at])
            changed[question] = end
            members = [*answers[unit][:at], tuple(changed), *answers[unit][at + 1 :]]
            after = numbers(group, {**answers, unit: members})
            for key in still:
                moved[key][column] |= int(after[key] != still[key])
    return np.array([row for row in moved.values() if any(row)] or [[0] * len(everybody)])


def isolated(rows, k):
    """The smallest number of people, below k, of whom alone some combination of rows tells.

    People in the same rows cannot be told apart. A combination that leaves everybody else out
    exists if without these people's columns the rows have a lower rank.
    """
    alike = Counter(map(tuple, rows.T))
    alike.pop((0,) * len(rows), None)
    full = np.linalg.matrix_rank(rows)
    for count in range(1, k):
        for chosen in combinations(alike, count):
            if sum(alike[one] for one in chosen) < k:
                rest = [one for one in alike if one not in chosen]
                lower = np.linalg.matrix_rank(np.array(rest)) if rest else 0
                if lower < full:
                    return sum(alike[one] for one in chosen)
    return None


def test_the_reader_can_subtract():
    total, part = [1] * 9, [1] * 5 + [0] * 4

    assert isolated(np.array([total, part]), 5) == 4
    assert isolated(np.array([total]), 5) is None


members = st.lists(
    st.tuples(st.sampled_from([None, 5, 5, 5, 5]), st.sampled_from([None, 5, 5])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABCDEF"), members, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([5, 7]),
)
def test_no_combination_of_printed_means_tells_of_fewer_than_k(answers, parties, k):
    party_of = dict(zip("ABCDEF", "PPPQQR", strict=True)) if parties else {}
    group = Group({}, points=11, party_of=party_of, k=k)

    for question in (0, 1):
        assert isolated(equations(group, answers, question), k) is None


# ------------------------------------------------------------------- what never shows


@pytest.mark.parametrize("form", [MOST, *OTHERS])
@pytest.mark.parametrize("party_of", [{}, ONE_PARTY], ids=["each unit a party", "one party"])
def test_none_to_four_answers_print_the_same(form, party_of):
    group = Group({}, party_of=party_of)
    texts = set()
    for size in range(5):
        for point in (0, 2):
            rows = [Person(unit, party_of.get(unit, unit), (1, 1)) for unit in "AAAAA"]
            rows += [Person("B", party_of.get("B", "B"), (at, None)) for at in (0, 1, 2, 2, 0)]
            rows += [Person("B", party_of.get("B", "B"), (1, point)) for _ in range(size)]
            rows += [Person("B", party_of.get("B", "B"), (1, None)) for _ in range(4 - size)]
            ratings = Ratings(Scale(1, 3), (ItemGroup("S", ("Q1", "Q2")),), ("Q1", "Q2"), (*rows,))
            texts.add(released(ratings, k=group.k, parties=bool(party_of), form=form))

    assert len(texts) == 1


voice = st.tuples(st.sampled_from("ABCDE"), st.integers(1, 7), st.integers(0, 7))


@settings(max_examples=60, deadline=None)
@given(st.lists(voice, min_size=1, max_size=40), st.randoms(), st.booleans())
def test_who_of_a_unit_said_what_changes_no_byte(voices, chance, parties):
    """Answers go round within a unit, question by question, among those who answered it."""
    swapped = [list(said) for said in voices]
    for unit, question in product("ABCDE", (1, 2)):
        places = [at for at, said in enumerate(voices) if said[0] == unit and said[question]]
        answers = [voices[at][question] for at in places]
        chance.shuffle(answers)
        for at, answer in zip(places, answers, strict=True):
            swapped[at][question] = answer
    chance.shuffle(swapped)

    def text(said):
        rows = [
            Person(u, "PPQRR"["ABCDE".index(u)] if parties else u, (a - 1, b - 1 if b else None))
            for u, a, b in said
        ]
        ratings = Ratings(Scale(1, 7), (ItemGroup("S", ("Q1", "Q2")),), ("Q1", "Q2"), (*rows,))
        return released(ratings, k=5, parties=parties, form="json")

    assert text(voices) == text(swapped)


def twin(answers):
    """Other answers of the same people, among whom two at least differ from all the others."""
    most, count = Counter(answers).most_common(1)[0]
    if len(answers) - count > 1:
        return answers
    others = [answer for answer in answers if answer != most]
    inner = 1 < most < 7
    moved = [most - 1, most + 1] if inner else [2 if most == 1 else 6] * (2 - len(others))
    return [*others, *moved, *[most] * (len(answers) - len(others) - len(moved))]


nearly = st.tuples(st.integers(1, 7), st.integers(5, 12), st.integers(1, 7)).map(
    lambda drawn: [drawn[0]] * (drawn[1] - 1) + [drawn[2]]
)
mixed = st.lists(st.integers(1, 7), min_size=5, max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.lists(nearly | mixed, min_size=1, max_size=5), st.booleans())
def test_every_group_has_a_twin_that_prints_the_same_and_proves_nothing(units, parties):
    def text(said):
        rows = [
            Person(str(at), "PPQRR"[at] if parties else str(at), (answer - 1,))
            for at, answers in enumerate(said)
            for answer in answers
        ]
        ratings = Ratings(Scale(1, 7), (ItemGroup("S", ("Q",)),), ("Q",), tuple(rows))
        return released(ratings, k=5, parties=parties, form="json")

    twins = [twin(answers) for answers in units]

    assert text(units) == text(twins)
    for answers, other in zip(units, twins, strict=True):
        assert set(answers) <= set(other)
        assert Counter(other).most_common(1)[0][1] <= len(other) - 2


@settings(max_examples=100, deadline=None)
@given(st.lists(nearly | mixed, min_size=1, max_size=4), st.integers(1, 4))
def test_every_group_has_a_twin_on_pages_too(cells, parties):
    """The same with gaps between parties, of one cell each or of several."""

    def stored(said):
        questions = [Question("Q", "", "S", "rating", 7)]
        spoke = [(at, answer) for at, answers in enumerate(said) for answer in answers]
        round_ = [
            PartyVoices(
                str(party),
                "confidential",
                questions,
                [bytes([answer]) for at, answer in spoke if at % parties == party],
                [at for at, _ in spoke if at % parties == party],
                cells=len(said),
            )
            for party in range(parties)
        ]
        return to_plain(release_round(round_, policy=Policy()))

    assert stored(cells) == stored([twin(answers) for answers in cells])


# --------------------------------------------------------------------- one policy


answer = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 2), answer, answer), max_size=45),
    st.sampled_from([5, 6, 8, 12]),
)
def test_pages_and_the_command_show_by_the_same_rule(voices, k):
    questions = [Question("Q1", "", "S", "rating", 7), Question("Q2", "", "S", "rating", 7)]
    by_party = {
        party: {
            str(cell): [bytes(one[2:]) for one in voices if one[:2] == (party, cell)]
            for cell in range(3)
        }
        for party in "ABC"
    }
    round_ = release_round(
        [
            PartyVoices(
                party,
                "confidential",
                questions,
                [voice for members in units.values() for voice in members],
                [int(cell) for cell, members in units.items() for _ in members],
                cells=3,
            )
            for party, units in by_party.items()
        ],
        policy=Policy(k),
    )
    scopes = release_table(questions, by_party, policy=Policy(k))

    for party in round_.parties:
        [whole] = [one for one in scopes if (one.kind, one.party) == ("party", party.party)]
        units = [one for one in scopes if (one.kind, one.party) == ("unit", party.party)]
        assert (party.n, party.answers, party.facets) == (whole.n, whole.answers, whole.facets)
        if party.blocks:
            assert [(block.answers, block.facets) for block in party.blocks] == [
                (unit.answers, unit.facets) for unit in units
            ]
            assert [tuple(map(str, block.cells)) for block in party.blocks] == [
                unit.units for unit in units
            ]
        else:
            assert (party.answers, party.facets) == (units[0].answers, units[0].facets)
