"""A round robin taken apart."""

import csv
import os
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement.social_relations import (
    Component,
    Pairs,
    counts,
    effects,
    members,
    pairs,
    social_relations,
)

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
ASPECTS = {
    "estimate": "estimate",
    "standardized": "standardized",
    "se": "se",
    "t.value": "t",
    "p.value": "p",
}
COMPONENTS = {
    "actor_variance": "actor",
    "partner_variance": "partner",
    "relationship_variance": "relationship",
    "actor-partner_covariance": "actor_partner",
    "relationship_covariance": "reciprocity",
}
PAIRS = {
    "n_pairs_both_answered": "n",
    "mean_abs_gap": "mean_gap",
    "share_equal": "share_equal",
    "share_gap_ge_2": "share_far",
    "double_entry_r": "double_entry_r",
}
GROUPS = st.integers(4, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(1, 7), min_size=n, max_size=n), min_size=n, max_size=n)
)


def shared(path):
    """A file of the shared data; without that folder only CI insists."""
    if not (SHARED / path).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data are missing: {SHARED / path}")
        pytest.skip(f"no shared data at {SHARED}")
    return list(csv.DictReader((SHARED / path).open()))


@cache
def liking(item):
    """The five groups of the reference, each a matrix."""
    groups = {}
    for row in shared("ratings/roundrobin_multiLikingLong.csv"):
        group = groups.setdefault(row["group.id"], {})
        cell = row[item]
        group[row["perceiver.id"], row["target.id"]] = None if cell in ("", "NA") else float(cell)
    return [
        [[group[i, j] for j in people] for i in people]
        for group in groups.values()
        for people in [sorted({i for i, _ in group})]
    ]


def made(actor, partner):
    """A group in which only what people give and get counts."""
    return [
        [None if i == j else 10 + a + p for j, p in enumerate(partner)]
        for i, a in enumerate(actor)
    ]


# ------------------------------------------------------------ reference figures


def test_every_reference_figure_is_met():
    wanted = [
        row for row in shared("expected/roundrobin.csv")
        if not row["statistic"].startswith("error_variance")
    ]  # fmt: skip

    wrong = {}
    for row in wanted:
        component, _, aspect = row["statistic"].partition("__")
        groups = liking(row["item"])
        if aspect:
            mine = getattr(
                getattr(social_relations(groups), COMPONENTS[component]), ASPECTS[aspect]
            )
        else:
            mine = getattr(pairs(groups), PAIRS[component])
        # Also the smallest probabilities, to ten digits.
        if mine != pytest.approx(float(row["value"]), rel=1e-10):
            wrong[row["statistic"], row["item"]] = (mine, row["value"])
    assert wrong == {}
    assert len(wanted) == 80


def test_all_groups_and_people_of_the_reference_count():
    found = social_relations(liking("liking_a"))

    assert (found.groups, found.people) == (5, 50)


# ------------------------------------------------------------------ effects


def test_what_people_give_and_get_is_found_again():
    actor, partner = (2, 0, -1, -1), (-3, 1, 1, 1)

    found = effects(made(actor, partner))

    assert found.mean == 10
    assert (found.actor, found.partner) == (actor, partner)
    assert {one for row in found.between for one in row} == {0.0, None}


def test_variances_of_what_people_give_and_get_alone_are_theirs():
    found = social_relations([made((2, 0, -1, -1), (-3, 1, 1, 1))])

    assert found.actor.estimate == 2
    assert found.partner.estimate == 4
    assert found.relationship == Component(0.0, 0.0, 0.0)
    assert found.actor_partner.estimate == pytest.approx(-8 / 3)
    assert found.actor_partner.standardized == pytest.approx(-8 / 3 / 8**0.5)
    assert found.reciprocity.estimate == 0
    assert found.reciprocity.standardized is None


def test_who_favours_whom_and_is_favoured_in_turn_is_between_two():
    friends = [[None, 7, 4, 4], [7, None, 4, 4], [4, 4, None, 7], [4, 4, 7, None]]

    found = social_relations([friends])

    assert found.relationship.estimate == found.reciprocity.estimate == 6
    assert found.reciprocity.standardized == 1
    # What nobody gives or gets is estimated below nought, and then says nothing more.
    assert found.actor.estimate < 0
    assert found.actor == Component(found.actor.estimate)
    assert found.actor_partner.se is None
    assert found.relationship.standardized == 1


@given(GROUPS)
def test_the_parts_add_up_to_the_ratings(group):
    found = effects(group)

    n = len(group)
    for i, j in permutations(range(n), 2):
        parts = found.mean + found.actor[i] + found.partner[j] + found.between[i][j]
        assert parts == pytest.approx(group[i][j])
    assert sum(found.actor) == pytest.approx(0, abs=1e-9)
    assert sum(found.partner) == pytest.approx(0, abs=1e-9)
    for i in range(n):
        assert sum(found.between[i][j] for j in range(n) if i != j) == pytest.approx(0, abs=1e-9)


# ------------------------------------------------------------------- groups


def test_below_four_nothing_is_taken_apart():
    three = [[None, 1, 2], [3, None, 4], [5, 6, None]]

    found = social_relations([three])
    assert (found.groups, found.people, found.actor) == (0, 0, Component())
    assert not counts(three)
    with pytest.raises(ValueError, match="four members or more"):
        effects(three)
    assert pairs([three]).n == 3


def test_who_takes_part_one_way_only_is_left_out():
    whole = made((2, 0, -1, -1), (-3, 1, 1, 1))
    wider = [[*row, 5] for row in whole] + [[None] * 5]

    assert members(wider) == (0, 1, 2, 3)
    assert social_relations([wider]) == social_relations([whole])


def test_leaving_one_out_can_leave_out_another():
    chain = [[None, 1, None], [None, None, 2], [3, None, None]]
    chain[2][0] = None

    assert members(chain) == ()


def test_a_group_that_lacks_an_answer_does_not_count_but_its_pairs_do():
    group, other = liking("liking_a")[:2]
    lacking = [list(row) for row in group]
    lacking[0][1] = None

    assert not counts(lacking)
    assert social_relations([lacking, other]) == social_relations([other])
    assert pairs([lacking]).n == pairs([group]).n - 1


def test_groups_count_by_their_members_less_one():
    four, five = made((1, 1, -1, -1), (0,) * 4), made((2, 2, -2, -2, 0), (0,) * 5)

    found = social_relations([four, five]).actor.estimate

    assert found == pytest.approx((3 * 4 / 3 + 4 * 4) / 7)


def test_all_ratings_the_same_vary_in_no_way():
    found = social_relations([made((0,) * 4, (0,) * 4)])

    assert found.actor == Component(0.0, None, 0.0)
    assert found.actor_partner.standardized is None


# -------------------------------------------------------------------- pairs


def test_pairs_are_compared():
    found = pairs([[[None, 5, None], [3, None, 4], [1, 4, None]], [[None, 2], [3, None]]])

    assert (found.n, found.mean_gap, found.share_equal, found.share_far) == (
        3, 1.0, pytest.approx(1 / 3), pytest.approx(1 / 3),
    )  # fmt: skip


def test_without_a_pair_or_a_difference_there_is_no_correlation():
    assert pairs([]) == Pairs(0, None, None, None, None)
    assert pairs([[[None, 4], [4, None]]]) == Pairs(1, 0.0, 1.0, 0.0, None)
    assert pairs([[[None, 2.5], [0.5, None]]]).double_entry_r == -1


def test_a_matrix_is_square_and_finite():
    for function in (members, counts, effects):
        with pytest.raises(ValueError, match="as many columns as rows"):
            function([[None, 1, 2], [1, None, 2]])
    with pytest.raises(ValueError, match="finite"):
        pairs([[[None, float("inf")], [1, None]]])


# --------------------------------------------------------------- properties


@given(GROUPS, st.randoms(use_true_random=False))
def test_the_order_of_people_and_their_own_rating_do_not_matter(group, chance):
    order = chance.sample(range(len(group)), len(group))
    turned = [[None if i == j else group[i][j] for j in order] for i in order]
    before = [list(row) for row in group]

    assert social_relations([turned]) == social_relations([group]) == social_relations([group])
    assert pairs([turned]) == pairs([group])
    assert group == before


@given(GROUPS)
def test_giving_and_getting_change_places_when_ratings_are_turned_over(group):
    over = [list(column) for column in zip(*group, strict=True)]

    one, other = social_relations([group]), social_relations([over])
    assert (one.actor, one.partner) == (other.partner, other.actor)
    assert (one.relationship, one.reciprocity) == (other.relationship, other.reciprocity)


@given(GROUPS)
def test_turning_or_moving_the_scale_changes_nothing(group):
    turned = [[8 - one for one in row] for row in group]
    moved = [[one + 0.25 for one in row] for row in group]

    assert social_relations([turned]) == social_relations([group]) == social_relations([moved])
    assert pairs([turned]) == pairs([group]) == pairs([moved])
