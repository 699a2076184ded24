"""`understream measure --release`: what pages would show, and nothing that gives anybody away."""

import csv
import json
from io import StringIO
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.console.measure_release import released
from understream.instruments.ratings import ItemGroup, Person, Ratings, Scale
from understream.measurement.disclosure import Policy
from understream.measurement.release import Question, release_table

NEVER = {
    *("sd_n_minus_1", "median", "rwg_uniform", "awg", "ADM_mean", "ADM_median"),
    *("n_listwise", "rwg_j", "rwg_j_lindell", *(f"count_{point}" for point in range(1, 8))),
}


def ratings_of(units, *, party_of=None, points=7):
    """Ratings of made-up people: by unit, one tuple of points (or None) for each person."""
    people = [
        Person(
            unit,
            (party_of or {}).get(unit, unit),
            tuple(None if answer is None else answer - 1 for answer in answers),
        )
        for unit, members in units.items()
        for answers in members
    ]
    items = tuple(f"Q{number}" for number in range(1, len(people[0].answers) + 1))
    return Ratings(Scale(1, points), (ItemGroup("Q", items),), items, tuple(people))


def long_of(ratings, *, k=5, parties=False):
    """The rows of the long format, by statistic, scope and item."""
    text = released(ratings, k=k, parties=parties, form="long")
    rows = list(csv.DictReader(StringIO(text)))
    found = {(row["statistic"], row["scope"], row["item"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    return found


def shown(found):
    """What is not withheld."""
    return {key: value for key, value in found.items() if value != "withheld"}


def unit(size, *answers):
    return [answers or (size % 7 + 1, 4, 5)] * size


# ------------------------------------------------------------ made-up groups


def test_five_and_four_show_the_five_and_nothing_that_holds_the_four():
    found = long_of(ratings_of({"A": unit(5, 2, 4, 6), "B": unit(4, 7, 7, 7)}))

    assert {scope for _, scope, _ in found} == {"A", "B", "all"}
    assert {scope for _, scope, _ in shown(found)} == {"A"}
    assert found["n", "A", "Q1"] == "5-9"
    assert found["mean", "A", "Q1"] == "2"


def test_five_five_and_one_show_the_one_only_with_five():
    units = {"A": unit(5, 2, 4, 6), "B": unit(5, 3, 4, 6), "C": unit(1, 7, 1, 1)}
    party = dict.fromkeys(units, "P")

    found = long_of(ratings_of(units, party_of=party), parties=True)

    assert {scope for _, scope, _ in found} == {"A", "B+C", "all"}
    assert found["n", "B+C", "Q1"] == "5-9"
    assert found["n", "all", "Q1"] == "11"


def test_without_a_party_column_five_five_and_one_are_no_pool():
    units = {"A": unit(5), "B": unit(5), "C": unit(1)}

    found = long_of(ratings_of(units))

    assert {scope for _, scope, _ in shown(found)} == {"A", "B"}


def test_three_parties_are_a_pool():
    found = long_of(ratings_of({"A": unit(5), "B": unit(6), "C": unit(7)}))

    assert found["n", "all", "Q2"] == "18"
    assert found["mean", "all", "Q2"] == "4"


def test_twelve_with_one_gap_look_like_twelve():
    whole = ratings_of({"A": [(1, 3), (7, 3), *[(4, 3)] * 10]})
    gap = ratings_of({"A": [(1, 3), (7, 3), *[(4, 3)] * 9, (4, None)]})

    first, second = long_of(whole), long_of(gap)

    assert first["n", "A", "Q2"] == second["n", "A", "Q2"] == "12"
    assert first == second


@pytest.mark.parametrize("point", [1, 4, 7])
def test_unanimity_cannot_be_told_from_near_unanimity(point):
    near = {1: [1] * 5 + [2], 4: [4] * 4 + [3, 5], 7: [7] * 5 + [6]}[point]

    unanimous = released(ratings_of({"A": unit(6, point)}), k=5, parties=False, form="table")
    nearly = released(
        ratings_of({"A": [(one,) for one in near]}), k=5, parties=False, form="table"
    )

    assert unanimous == nearly


def test_zero_to_four_people_look_the_same():
    texts = {
        released(ratings_of({"A": unit(5), "B": [*unit(size), *[(None,) * 3] * (4 - size)]}),
                 k=5, parties=False, form="json")
        for size in range(5)
    }  # fmt: skip

    assert len(texts) == 1


# ------------------------------------------------------------------- the rule


def test_nothing_but_means_words_and_bands_ever_has_a_figure():
    units = {"A": unit(30), "B": unit(20), "C": unit(10)}

    found = long_of(ratings_of(units))

    assert {statistic for statistic, _, _ in shown(found)}.isdisjoint(NEVER)
    assert {statistic for statistic, _, _ in found} >= NEVER
    figures = ("n", "mean", "agreement", "percent_1-3", "percent_4", "percent_5-7")
    every = set(product(figures, ("A", "B", "C", "all"), ("Q1", "Q2", "Q3")))
    assert every - shown(found).keys() == set()


@pytest.mark.parametrize(
    ("size", "n", "word", "band"),
    [
        (4, "withheld", "withheld", "withheld"),
        (5, "5-9", "withheld", "withheld"),
        (7, "5-9", "withheld", "withheld"),
        (8, "5-9", "close", "withheld"),
        (10, "10", "close", "20 or lower"),
    ],
)
def test_the_more_people_the_finer(size, n, word, band):
    found = long_of(ratings_of({"A": [(5,)] * (size - 1) + [(4,)]}))

    assert found["n", "A", "Q1"] == n
    assert found["agreement", "A", "Q1"] == word
    assert found["percent_1-3", "A", "Q1"] == band


def test_a_mean_at_an_end_is_coded():
    found = long_of(ratings_of({"A": [(1, 7)] * 6}))

    assert found["mean", "A", "Q1"] == "1.5 or lower"
    assert found["mean", "A", "Q2"] == "6.5 or higher"
    assert found["mean", "A", "Q(2)"] == "about 4"


def test_other_scales_have_means_only():
    found = long_of(ratings_of({"A": unit(12, 2, 3, 4)}, points=5))

    assert {statistic for statistic, _, _ in shown(found)} == {"n", "mean"}


def test_k_may_be_raised():
    ratings = ratings_of({"A": unit(7)})

    assert shown(long_of(ratings, k=8)) == {}
    with pytest.raises(ValueError, match="5 or more"):
        long_of(ratings, k=4)


def test_figures_are_those_of_the_release():
    units = {"A": [(1, 5), (2, 6), (5, 5), (4, 4), (7, 7)], "B": unit(11, 3, 4)}
    questions = [Question(item, "", "Q(2)", "rating", 7) for item in ("Q1", "Q2")]
    voices = {name: {name: [bytes(one) for one in members]} for name, members in units.items()}
    scopes = release_table(questions, voices, policy=Policy(5))

    found = long_of(ratings_of(units))

    for scope in scopes:
        if scope.kind == "unit":
            for answer in scope.answers:
                assert found["mean", scope.units[0], answer.code] == f"{answer.figure.mean:g}"


def test_an_item_of_two_scales_is_shown_once():
    ratings = ratings_of({"A": unit(6, 2, 4, 6)})
    twice = Ratings(
        ratings.scale,
        (ItemGroup("X", ("Q1", "Q2")), ItemGroup("Y", ("Q2", "Q3"))),
        ratings.items,
        ratings.people,
    )

    found = long_of(twice)

    assert (found["mean", "A", "X(2)"], found["mean", "A", "Y(2)"]) == ("3", "5")
    assert found["mean", "A", "Q2"] == "4"


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCDEF"), st.sampled_from([None, 1, 2, 4, 6, 7]), st.integers(1, 7)
        ),
        min_size=1,
        max_size=40,
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_no_sum_or_difference_of_scopes_leaves_fewer_than_five(people, parties):
    """Scopes with a mean cut people into atoms: whom no figure tells apart. Each has five."""
    units = {name: [(a, b) for u, a, b in people if u == name] for name in "ABCDEF"}
    units = {name: members for name, members in units.items() if members}
    party = {name: "PPPQQR"["ABCDEF".index(name)] for name in units}
    ratings = ratings_of(units, party_of=party)
    found = shown(long_of(ratings, parties=parties))

    for item in (0, 1):
        sees = [s for name, s, i in found if name == "mean" and i == f"Q{item + 1}"]
        atoms = {frozenset(): 0}
        for name, members in units.items():
            marks = frozenset(s for s in sees if s != "all" and name in s.split("+"))
            atoms[marks] = atoms.get(marks, 0) + sum(one[item] is not None for one in members)
        del atoms[frozenset()]  # those in no scope
        assert [size for size in atoms.values() if size < 5] == []


# -------------------------------------------------------------------- formats


def test_json_has_parties_apart():
    units = {"A": unit(5), "B": unit(5), "C": unit(6), "D": unit(7)}
    ratings = ratings_of(units, party_of={"A": "P", "B": "P", "C": "Q", "D": "R"})

    found = json.loads(released(ratings, k=5, parties=True, form="json"))

    assert list(found) == ["scale", "groups", "k", "scopes", "parties"]
    assert list(found["scopes"]) == ["A", "B", "C", "D", "all"]
    assert list(found["parties"]) == ["P", "Q", "R"]
    assert found["parties"]["P"]["Q1"]["n"] == "10"


def test_the_table_says_why_figures_are_withheld():
    units = {"A": unit(5), "B": unit(2), "C": unit(6)}
    ratings = ratings_of(units, party_of={"A": "P", "B": "P", "C": "Q"})

    text = released(ratings, k=5, parties=True, form="table")

    assert [line.split()[0] for line in text.splitlines()[2:7]] == [
        *("A+B", "C", "party", "party", "all")
    ]
    assert "one of them alone has fewer than 5 people" in text
    assert "each party could subtract itself" in text


def test_a_name_that_holds_the_joining_mark_is_refused():
    ratings = ratings_of({"R+D": unit(5)}, party_of={"R+D": "P"})

    with pytest.raises(ValueError, match=r"unit R\+D: units that are shown together"):
        released(ratings, k=5, parties=True, form="long")
    assert long_of(ratings)["n", "R+D", "Q1"] == "5-9"


def test_a_scale_of_two_points_is_refused():
    with pytest.raises(ValueError, match="one of two points is a choice"):
        long_of(ratings_of({"A": [(1,)] * 6}, points=2))
