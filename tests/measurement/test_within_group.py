"""Agreement within a group: indices, chance limits, words."""

import json
import os
from collections import Counter
from fractions import Fraction
from itertools import accumulate, product
from pathlib import Path
from statistics import fmean
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement import within_group
from understream.measurement.description import histogram
from understream.measurement.within_group import (
    Agreement,
    ad_mean,
    ad_mean_of,
    ad_median,
    ad_median_of,
    agreement,
    awg,
    awg_of,
    chance_limit_ad,
    chance_limit_rwg,
    rwg,
    rwg_j,
    rwg_j_lindell,
    rwg_j_lindell_of,
    rwg_j_of,
    rwg_of,
    van_der_eijk,
    van_der_eijk_of,
)

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)

# domain.md 9.1, all figures of the exact chance table: n, rwg and AD on 5 points, on 7 points
CHANCE = [
    (3, 1.00, 0.00, 1.00, 0.00),
    (4, 1.00, 0.00, 0.92, 0.38),
    (5, 0.85, 0.40, 0.80, 0.64),
    (6, 0.72, 0.56, 0.70, 0.78),
    (7, 0.67, 0.61, 0.67, 0.86),
    (8, 0.61, 0.69, 0.59, 0.97),
    (10, 0.53, 0.74, 0.50, 1.08),
    (12, 0.46, 0.82, 0.46, 1.15),
]
SCORES = st.lists(st.integers(1, 7), min_size=2, max_size=12)
CROWDS = st.lists(
    st.sampled_from([0, 0, 1, 2, 7, 10**3, 10**6, 10**9]), min_size=2, max_size=9
).filter(lambda counts: sum(counts) > 1)
HISTOGRAMS = st.lists(st.integers(0, 4), min_size=2, max_size=9)


# ------------------------------------------------------------------ indices


def test_the_made_up_vectors_are_reproduced():
    a, b = [6, 5, 6, 7, 5], [3, 5, 4, 2, 4, 6]

    assert rwg(a, points=7) == pytest.approx(0.825, abs=1e-12)
    assert ad_mean(a, points=7) == pytest.approx(0.64, abs=1e-12)
    assert awg(a, points=7) == pytest.approx(0.8055555556, abs=1e-10)
    assert rwg(b, points=7) == pytest.approx(0.5, abs=1e-12)
    assert ad_mean(b, points=7) == pytest.approx(1.0, abs=1e-12)
    assert awg(b, points=7) == pytest.approx(0.6296296296, abs=1e-10)


def test_a_split_is_news_and_not_set_to_nought():
    assert rwg([1, 1, 7, 7], points=7) == -2.0


@pytest.mark.parametrize(
    ("items", "value"), [(1, -0.2), (3, -1.0), (4, -2.0), (5, -5.0), (10, 2.5)]
)
def test_beyond_blind_spread_the_formula_explodes_and_the_command_shows_nought(items, value):
    """Variance 2.4 on five points is 1.2 times that of blind answering."""
    column = next(
        list(scores)
        for scores in product(range(1, 6), repeat=6)
        if abs(rwg(scores, points=5) + 0.2) < 1e-12
    )
    ratings = [[score] * items for score in column]

    assert rwg_j(ratings, points=5) == pytest.approx(value, abs=1e-9)
    assert rwg_j_lindell(ratings, points=5) == pytest.approx(-0.2, abs=1e-12)
    assert rwg_j_of([histogram(column, points=5)] * items) == 0.0


def test_one_item_is_the_simple_index():
    scores = [4, 4, 5, 4]

    assert rwg_j([[score] for score in scores], points=5) == rwg(scores, points=5)


@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=2, max_size=9))
def test_the_linear_index_is_the_mean_of_the_simple_ones(ratings):
    columns = list(zip(*ratings, strict=True))

    assert rwg_j_lindell(ratings, points=5) == pytest.approx(
        fmean(rwg(column, points=5) for column in columns), abs=1e-12
    )


@given(SCORES)
def test_turning_the_scale_round_changes_no_index(scores):
    turned = [8 - score for score in scores]

    assert rwg(turned, points=7) == rwg(scores, points=7)
    assert ad_mean(turned, points=7) == pytest.approx(ad_mean(scores, points=7), abs=1e-12)
    assert ad_median(turned, points=7) == ad_median(scores, points=7)


@given(SCORES)
def test_distances_agree_with_their_definition(scores):
    mean, middle = fmean(scores), sorted(scores)
    half = (middle[(len(scores) - 1) // 2] + middle[len(scores) // 2]) / 2

    assert ad_mean(scores, points=7) == pytest.approx(fmean(abs(x - mean) for x in scores))
    assert ad_median(scores, points=7) == pytest.approx(fmean(abs(x - half) for x in scores))


def by_definition(counts):
    """The indices of one item out of their formulas, in fractions; awg None if not defined."""
    points, n = len(counts), sum(counts)
    people = [(Fraction(point), count) for point, count in enumerate(counts, 1)]
    mean = sum(point * count for point, count in people) / n
    spread = sum((point - mean) ** 2 * count for point, count in people) / (n - 1)
    ranks = [0, *accumulate(counts)]
    middle = [
        next(point for point in range(1, points + 1) if ranks[point] > rank)
        for rank in ((n - 1) // 2, n // 2)
    ]
    room = (points + 1) * mean - mean**2 - points
    low, high = Fraction(n - 1 + points, n), Fraction(points * (n - 1) + 1, n)
    defined = 1 - 2 * spread * (n - 1) / (room * n) if low <= mean <= high else None
    return (
        1 - spread * 12 / (points**2 - 1),
        Fraction(1) if spread == 0 else defined,
        sum(abs(point - mean) * count for point, count in people) / n,
        sum(abs(point - Fraction(sum(middle), 2)) * count for point, count in people) / n,
    )


@given(CROWDS)
def test_no_number_of_people_costs_a_digit(counts):
    found = (rwg_of(counts), awg_of(counts), ad_mean_of(counts), ad_median_of(counts))

    for mine, exact in zip(found, by_definition(counts), strict=True):
        assert (mine is None) is (exact is None)
        if mine is not None:
            assert abs(Fraction(mine) - exact) <= Fraction(1, 10**14) * max(1, abs(exact))


@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=2, max_size=12))
def test_scales_are_their_formula_over_the_same_people(ratings):
    columns = list(zip(*ratings, strict=True))
    counts = [histogram(column, points=5) for column in columns]
    share = sum((1 - by_definition(one)[0]) / 3 for one in counts)
    exact = Fraction(0) if share > 1 else 3 * (1 - share) / (3 * (1 - share) + share)

    assert rwg_j_of(counts) == pytest.approx(float(exact), abs=1e-14)
    assert rwg_j_lindell_of(counts) == pytest.approx(float(1 - share), abs=1e-14)


@pytest.mark.parametrize(
    ("scores", "defined"),
    [([1, 1, 5], True), ([1, 1, 4], False), ([3, 3], True), ([3, 2], False), ([5, 5, 4], False)],
)
def test_awg_is_defined_only_for_means_that_leave_room_on_both_sides(scores, defined):
    if defined:
        assert -1 <= awg(scores, points=5) <= 1
    else:
        with pytest.raises(ValueError, match="mean that does not lie against an end"):
            awg(scores, points=5)


@pytest.mark.parametrize("scores", [[1, 1], [5, 5, 5], [3] * 9])
def test_unanimity_is_full_agreement_also_at_an_end(scores):
    assert awg(scores, points=5) == 1.0


@pytest.mark.parametrize(
    ("index", "scores", "sentence"),
    [
        (rwg, [3], "two people"),
        (awg, [3], "two people"),
        (ad_mean, [], "at least one person"),
        (ad_median, [], "at least one person"),
        (rwg, [1, 8], "from 1 to 7"),
        (awg, [0, 3], "from 1 to 7"),
        (rwg_j, [[3, 3]], "two people"),
        (rwg_j, [[3, 3], [3]], "every person answers every item"),
        (rwg_j, [[], []], "at least one item"),
        (rwg_j_lindell, [[3], [9]], "from 1 to 7"),
    ],
)
def test_what_is_not_defined_is_refused_in_a_sentence(index, scores, sentence):
    with pytest.raises(ValueError, match=sentence):
        index(scores, points=7)


def test_the_ratio_at_which_the_formula_divides_by_nought_is_refused():
    """Two items of twice the blind variance: m = J / (J - 1) = 2."""
    ratings = [[1, 1], [5, 5], [1, 1], [5, 5], [3, 3]]

    with pytest.raises(ValueError, match="divides by 0"):
        rwg_j(ratings, points=5)


def test_items_of_different_people_are_no_scale():
    with pytest.raises(ValueError, match="same people"):
        rwg_j_of([[1, 1], [1, 2]])
    with pytest.raises(ValueError, match="needs an item"):
        rwg_j_lindell_of([])


# ----------------------------------------------------------- peaks and layers


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ([30, 40, 210, 130, 530, 50, 10], 0.6113333333),  # published
        ([0, 0, 1, 1, 2, 3, 1], 0.5416666667),
        ([3, 1, 0, 0, 0, 1, 3], -0.6166666667),
        ([4, 4, 4, 4, 4, 4, 4], 0.0),
        ([5, 0, 0, 0, 0, 0, 5], -1.0),
        ([0, 0, 9, 0, 0], 1.0),
        ([1, 1], 0.0),
        ([1, 0], 1.0),
    ],
)
def test_agreement_of_layers_is_reproduced(counts, value):
    scores = [point for point, count in enumerate(counts, 1) for _ in range(count)]

    assert van_der_eijk_of(counts) == pytest.approx(value, abs=1e-10)
    assert van_der_eijk(scores, points=len(counts)) == van_der_eijk_of(counts)


def layers_by_definition(counts):
    """Van der Eijk's A as it is told: take the lowest layer off, look at all triples, repeat."""
    left, points, n, total = list(counts), len(counts), sum(counts), Fraction(0)
    while any(left):
        height = min(count for count in left if count)
        pattern = [int(count > 0) for count in left]
        bars = sum(pattern)
        if bars == 1:
            agreement = Fraction(1)
        elif bars == points:
            agreement = Fraction(0)
        else:
            triples = Counter(
                (pattern[i], pattern[j], pattern[k])
                for i in range(points)
                for j in range(i + 1, points)
                for k in range(j + 1, points)
            )
            united = triples[1, 1, 0] + triples[0, 1, 1]
            split = triples[1, 0, 1]
            u = Fraction(
                (points - 2) * united - (points - 1) * split, (points - 2) * (united + split)
            )
            agreement = u * (1 - Fraction(bars - 1, points - 1))
        total += agreement * bars * height
        left = [count - height if count else 0 for count in left]
    return total / n


@given(HISTOGRAMS)
def test_agreement_of_layers_is_its_definition_from_either_side(counts):
    if not any(counts):
        assert van_der_eijk_of(counts) is None
        return

    found = van_der_eijk_of(counts)

    assert found == pytest.approx(float(layers_by_definition(counts)), abs=1e-12)
    assert van_der_eijk_of(counts[::-1]) == pytest.approx(found, abs=1e-12)
    assert -1 <= found <= 1


def test_agreement_of_layers_needs_somebody():
    with pytest.raises(ValueError, match="at least one person"):
        van_der_eijk([], points=7)


# ------------------------------------------------------------------- chance


@pytest.mark.parametrize(("n", "rwg_5", "ad_5", "rwg_7", "ad_7"), CHANCE)
def test_the_published_chance_table_is_reproduced(n, rwg_5, ad_5, rwg_7, ad_7):
    found = (
        chance_limit_rwg(n, 5),
        chance_limit_ad(n, 5),
        chance_limit_rwg(n, 7),
        chance_limit_ad(n, 7),
    )

    assert found == pytest.approx(
        (rwg_5, ad_5, rwg_7, ad_7), abs=0.0055
    )  # 12 people: .4545, rounded twice


@pytest.mark.parametrize("points", [5, 7])
def test_the_reference_values_are_reproduced(points):
    path = SHARED / "reference" / "domain_refvalues.json"
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the reference values are missing: {path}")
        pytest.skip(f"no reference values at {path}")
    reference = json.loads(path.read_text())["exact_null_uniform"][f"A{points}"]

    assert len(reference) == 10
    for n, values in reference.items():
        assert chance_limit_ad(int(n), points) == pytest.approx(values["ad"], abs=0.000501)
        assert chance_limit_rwg(int(n), points) == pytest.approx(values["rwg"], abs=0.000501)


@pytest.mark.parametrize(
    ("n", "points"), [(1, 7), (2, 7), (4, 7), (5, 7), (7, 3), (6, 4), (5, 6), (9, 2), (6, 5)]
)
def test_the_count_of_ways_equals_going_through_every_sheet(n, points):
    every = Counter(
        within_group._distances(histogram(sheet, points=points))
        for sheet in product(range(1, points + 1), repeat=n)
    )

    for distance in range(max(every) + 2):
        within = [found for found in every if found <= distance]
        assert within_group._ways_within(n, points, distance) == (
            sum(every[found] for found in within),
            max(within),
        )


def test_beyond_twelve_the_rwg_limit_stays_near_the_exact_one(monkeypatch):
    near = {(n, points): chance_limit_rwg(n, points) for n in (13, 14) for points in (4, 5, 7)}
    chance_limit_rwg.cache_clear()
    monkeypatch.setattr(within_group, "ENUMERATED", 14)

    for (n, points), value in near.items():
        assert value == pytest.approx(chance_limit_rwg(n, points), abs=0.03)
    chance_limit_rwg.cache_clear()


def test_unanimity_of_two_is_never_rare():
    assert (chance_limit_ad(2, 7), chance_limit_rwg(2, 7)) == (None, None)
    assert chance_limit_ad(1, 7) is None


def test_a_hundred_people_take_no_time():
    within_group._limit_of_distances.cache_clear()
    begin = perf_counter()

    limit = chance_limit_ad(100, 7)

    assert perf_counter() - begin < 0.5  # 0.04 s on an idle machine
    assert limit == pytest.approx(1.5542, abs=1e-12)


def test_beyond_a_hundred_the_limit_of_a_hundred_is_the_stricter_one():
    assert chance_limit_ad(2042, 7) == chance_limit_ad(100, 7)
    for n in (101, 110):
        assert 2 * within_group._limit_of_distances(n, 7) / n**2 > chance_limit_ad(100, 7)


@pytest.mark.parametrize(("n", "points"), [(0, 7), (5, 1)])
def test_chance_needs_people_and_a_scale(n, points):
    with pytest.raises(ValueError, match=r"at least one person|two points"):
        chance_limit_ad(n, points)
    with pytest.raises(ValueError, match=r"at least one person|two points"):
        chance_limit_rwg(n, points)


# -------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("scores", "word"),
    [
        ([4, 4, 4], Agreement.UNKNOWN),
        ([1, 1, 7, 7], Agreement.TWO_CAMPS),
        ([4, 4, 4, 4], Agreement.SPREAD),  # below five, closeness is not claimed
        ([5, 5, 6, 6, 5], Agreement.CLOSE),
        ([6, 5, 6, 7, 5], Agreement.CLOSE),  # exactly the limit of .64
        ([7, 5, 6, 7, 5], Agreement.SPREAD),  # .80
        ([2, 2, 4, 6, 6], Agreement.TWO_CAMPS),  # one on the middle, AD 1.6
        ([2, 2, 4, 4, 6, 6], Agreement.SPREAD),  # two on the middle
        ([3, 3, 3, 6, 6, 6], Agreement.TWO_CAMPS),  # exactly 1.5
        ([3, 3, 5, 5], Agreement.SPREAD),  # 1.0: apart, but near
        ([1, 7, 7, 7, 7], Agreement.SPREAD),  # one alone is no camp
        ([1, 2, 3, 4, 5, 6, 7], Agreement.TWO_CAMPS),  # the rule is that wide
    ],
)
def test_the_word_on_seven_points(scores, word):
    assert agreement(histogram(scores, points=7)) is word


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ([2, 0, 0, 0, 2], Agreement.TWO_CAMPS),
        ([0, 2, 1, 2, 0], Agreement.SPREAD),  # AD .8 where 1.0 is asked
        ([0, 3, 0, 3, 0], Agreement.TWO_CAMPS),  # exactly 1.0
        ([2, 0, 2], Agreement.TWO_CAMPS),
        ([0, 3, 3, 0], Agreement.SPREAD),  # even scale: sides, but .5 where .75 is asked
        ([3, 0, 0, 3], Agreement.TWO_CAMPS),
    ],
)
def test_the_rule_of_two_camps_is_in_proportion_on_other_scales(counts, word):
    assert agreement(counts) is word


def test_a_large_group_on_the_limit_of_a_hundred_has_a_word():
    assert agreement([0, 0, 0, 500, 500, 0, 0]) is Agreement.CLOSE
    assert agreement([300] * 7) is Agreement.SPREAD


@given(HISTOGRAMS)
def test_turning_the_scale_round_changes_no_word(counts):
    assert agreement(counts[::-1]) is agreement(counts)


@given(st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_close_means_within_the_chance_limit(counts):
    n, scores = sum(counts), [p for p, count in enumerate(counts, 1) for _ in range(count)]
    if agreement(counts) is Agreement.CLOSE:
        assert n >= 5
        assert ad_mean(scores, points=7) <= chance_limit_ad(n, 7) + 1e-12
    elif agreement(counts) is Agreement.SPREAD and n >= 5:
        assert ad_mean(scores, points=7) > chance_limit_ad(n, 7) - 1e-12


def test_a_scale_of_one_point_has_no_word():
    with pytest.raises(ValueError, match="two points"):
        agreement([5])


def test_the_limit_of_distances_is_closed_in_with_few_counts(monkeypatch):
    """Halving would take about log2(n^2 points / 4) of them: some eleven for sixty people."""
    counts, ways = [], within_group._ways_within

    def counted(*given):
        counts.append(given[0])
        return ways(*given)

    monkeypatch.setattr(within_group, "_ways_within", counted)
    for n in range(4, 60):
        for points in (5, 7, 10):
            within_group._limit_of_distances.__wrapped__(n, points)

    assert len(counts) <= 732
    assert max(counts.count(n) for n in counts) <= 3 * 7
