from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.measurement import disclosure
from understream.measurement.disclosure import (
    WITHHELD,
    Band,
    Policy,
    Shares,
    Shown,
    Tally,
    form_blocks,
    joined,
    label_of,
    may_pool,
    rounded,
    show,
    show_choice,
    steps_of,
    veiled,
)
from understream.measurement.within_group import Agreement

FIVE = Policy()
SCALES = (3, 4, 5, 6, 7, 9, 10, 11, 16, 101)


def counts_of(*scores, points=7):
    return tuple(scores.count(point) for point in range(1, points + 1))


def unanimous(n, at, points=7):
    return counts_of(*[at] * n, points=points)


def histograms(n, points):
    """Return every way in which n people can answer: bars between stars."""
    for bars in combinations(range(n + points - 1), points - 1):
        edges = (-1, *bars, n + points - 1)
        yield tuple(b - a - 1 for a, b in pairwise(edges))


# -------------------------------------------------------------------- blocks


@pytest.mark.parametrize(
    ("cells", "blocks"),
    [
        ([5, 4], ((0, 1),)),
        ([5, 5, 1], ((0,), (1, 2))),
        ([5, 6, 1, 7], ((0,), (1, 2), (3,))),
        ([6, 1, 5, 9], ((0,), (1, 2), (3,))),
        ([9, 2, 2, 9], ((0, 1, 2), (3,))),
        ([12], ((0,),)),
        ([6, 0, 6], ((0, 1), (2,))),
        ([2, 2], ()),
        ([0, 4, 0], ()),
        ([], ()),
    ],
)
def test_cells_below_k_join_their_smaller_neighbour(cells, blocks):
    assert form_blocks(cells, k=5) == blocks


@given(st.lists(st.integers(0, 12), max_size=9), st.integers(5, 9))
def test_blocks_hold_everybody_once_and_never_fewer_than_k(cells, k):
    blocks = form_blocks(cells, k=k)

    assert all(sum(cells[cell] for cell in block) >= k for block in blocks)
    everybody = list(range(len(cells))) if sum(cells) >= k else []
    assert [cell for block in blocks for cell in block] == everybody


def test_nobody_lowers_k():
    with pytest.raises(ValueError, match="5 or more"):
        Policy(4)


def test_impossible_cells_are_refused():
    with pytest.raises(ValueError, match="none or more"):
        form_blocks([5, -1], k=5)
    with pytest.raises(ValueError, match="one person or more"):
        form_blocks([5, 1], k=0)
    assert form_blocks([0, 2], k=1) == ((0, 1),)


def test_a_block_counts_only_where_k_of_it_answered():
    whole, gap = Tally(counts_of(1, 2, 3, 4, 5)), Tally(counts_of(7, 7, 7, 6), could_not=3)

    assert joined([whole, gap], policy=FIVE) == whole
    assert joined([gap], policy=FIVE).answered == 0


def test_blocks_on_different_scales_are_not_added_up():
    with pytest.raises(ValueError, match="same scale"):
        joined([Tally((5, 5)), Tally((5, 5, 5))], policy=FIVE)


# ------------------------------------------------------------------ the table


@pytest.mark.parametrize(
    ("scores", "figure"),
    [
        ([], WITHHELD),
        ([7, 7, 7, 7], WITHHELD),
        ([4, 5, 5, 5, 6], Shown(5.0, "", None, None, not_visible=False)),
        ([1, 1, 2, 2, 2], Shown(1.5, "lower", None, None, not_visible=False)),
        ([6, 6, 7, 6, 7], Shown(6.5, "higher", None, None, not_visible=False)),
        ([5] * 5 + [4, 6], Shown(5.0, "", None, None, not_visible=False)),
        ([5] * 6 + [4, 6], Shown(5.0, "", Agreement.CLOSE, None, not_visible=False)),
        (
            [2, 2, 2, 2, 6, 6, 6, 6, 6],
            Shown(4.0, "", Agreement.TWO_CAMPS, None, not_visible=False),
        ),
        (
            [2, 3, 3, 4, 5, 5, 5, 6, 6, 7],
            Shown(
                4.6,
                "",
                Agreement.SPREAD,
                (Band(30, ""), Band(20, "lower"), Band(60, "")),
                not_visible=False,
            ),
        ),
        (
            [7] * 10,
            Shown(
                6.5,
                "higher",
                Agreement.CLOSE,
                (Band(20, "lower"), Band(20, "lower"), Band(80, "higher")),
                not_visible=False,
            ),
        ),
    ],
)
def test_the_more_people_the_finer_the_figure(scores, figure):
    assert show(Tally(counts_of(*scores)), policy=FIVE) == figure


@pytest.mark.parametrize(
    ("n", "finer"),
    [(8, (WITHHELD, WITHHELD)), (9, (True, False)), (10, (True, True))],
)
def test_a_raised_k_withholds_more_and_shows_nothing_finer(n, finer):
    figure = show(Tally(unanimous(n, 4)), policy=Policy(9))

    seen = (
        (figure.word is not None, figure.bands is not None)
        if isinstance(figure, Shown)
        else (figure, figure)
    )
    assert seen == finer


@pytest.mark.parametrize(
    ("points", "coarse", "fine"),
    [
        (3, "0.5", "0.1"),
        (5, "0.5", "0.1"),
        (7, "0.5", "0.1"),
        (8, "1", "0.2"),
        (11, "1", "0.2"),
        (16, "2", "0.5"),
        (101, "10", "2"),
        (254, "50", "5"),
    ],
)
def test_steps_are_never_finer_in_proportion_than_on_seven_points(points, coarse, fine):
    assert steps_of(points) == (Fraction(coarse), Fraction(fine))
    stretch = Fraction(points - 1, 6)
    assert Fraction(coarse) >= stretch / 2
    assert Fraction(fine) >= stretch / 10


def test_other_scales_show_means_only():
    figure = show(Tally(counts_of(*[2] * 6, *[3] * 6, points=5)), policy=FIVE)

    assert figure == Shown(2.5, "", None, None, not_visible=False)


def test_a_scale_may_start_anywhere():
    figure = show(Tally(unanimous(6, 6, points=11)), policy=FIVE, low=0)

    assert figure == Shown(5.0, "", None, None, not_visible=False)


@pytest.mark.parametrize("points", [2, 255])
def test_a_scale_without_a_middle_or_beyond_a_byte_is_refused(points):
    with pytest.raises(ValueError, match="rating scale"):
        show(Tally((9,) * points), policy=FIVE)


@given(st.sampled_from(SCALES), st.data())
def test_turning_the_scale_round_turns_the_display_round(points, data):
    scores = data.draw(st.lists(st.integers(1, points), min_size=5, max_size=16))
    turned = {"": "", "lower": "higher", "higher": "lower"}

    figure = show(Tally(counts_of(*scores, points=points)), policy=FIVE)
    other = show(Tally(counts_of(*scores, points=points)[::-1]), policy=FIVE)

    assert Fraction(str(figure.mean)) + Fraction(str(other.mean)) == points + 1
    assert other.end == turned[figure.end]
    assert (other.word, other.bands) == (figure.word, figure.bands and figure.bands[::-1])


def test_halves_go_away_from_the_middle():
    middle, step = Fraction(4), Fraction(1, 2)

    seen = [rounded(Fraction(value), middle=middle, step=step) for value in ("3.75", "4", "4.25")]

    assert seen == [Fraction("3.5"), 4, Fraction("4.5")]


@pytest.mark.parametrize(
    ("counts", "figure"),
    [
        ((5, 4), WITHHELD),
        (
            (6, 4),
            Shares((Band(60, ""), Band(40, "")), not_visible=False),
        ),
        (
            (6, 5),
            Shares((Band(50, ""), Band(50, "")), not_visible=False),
        ),
        (
            (10, 0),
            Shares((Band(80, "higher"), Band(20, "lower")), not_visible=False),
        ),
        (
            (5, 3, 2),
            Shares((Band(50, ""), Band(30, ""), Band(20, "lower")), not_visible=False),
        ),
    ],
)
def test_a_choice_is_shown_from_ten_people_in_tens(counts, figure):
    assert show_choice(Tally(counts), policy=FIVE) == figure


@given(st.integers(0, 60), st.integers(0, 60))
def test_two_shares_always_make_a_whole(yes, no):
    figure = show_choice(Tally((yes, no)), policy=FIVE)

    if figure != WITHHELD:
        assert sum(band.share for band in figure.shares) == 100


@pytest.mark.parametrize(
    ("judged", "could_not", "flag"),
    [(5, 5, True), (12, 5, False), (11, 5, True), (20, 4, False), (9, 4, False)],
)
def test_not_visible_needs_k_people_on_both_sides_and_more_than_three_tenths(
    judged, could_not, flag
):
    tally = Tally(unanimous(judged, 4), could_not)

    assert show(tally, policy=FIVE).not_visible is flag


def test_so_many_people_are_told_in_one_step_below_ten():
    labels = [label_of(people, policy=FIVE) for people in range(12)]

    assert labels == [""] * 5 + ["5-9"] * 5 + ["10", "11"]


@pytest.mark.parametrize(
    ("sizes", "allowed"),
    [
        ([], False),
        ([30], False),
        ([30, 30], False),
        ([30, 3, 1], False),
        ([30, 3, 2], True),
        ([5, 5, 5, 5], True),
    ],
)
def test_a_pool_hides_every_party_from_every_other(sizes, allowed):
    assert may_pool(sizes, k=5) is allowed


# ---------------------------------------------------------- nothing proves unanimity


@pytest.mark.parametrize("points", SCALES)
def test_a_veil_keeps_people_and_leaves_two_of_another_mind(points):
    for at in range(1, points + 1):
        counts = unanimous(9, at, points)

        behind = veiled(counts)

        assert sum(behind) == 9
        assert max(behind) == 7
        assert veiled(behind) == behind


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("points", [2, 3, 4, 7])
@pytest.mark.parametrize("n", [5, 6, 7, 9])
def test_every_block_has_a_twin_whatever_one_of_it_knows(n, points, ordered):
    """The twin shows the same everywhere, holds the known answer, and leaves others open."""
    for counts in histograms(n, points):
        twin = veiled(counts, ordered=ordered)

        assert veiled(twin, ordered=ordered) == twin
        assert sum(twin) == n
        for known in range(points):
            others = [count - (at == known) for at, count in enumerate(twin)]
            assert twin[known] or not counts[known]
            assert not twin[known] or max(others) < n - 1


@pytest.mark.parametrize("points", [3, 4, 5, 7])
def test_a_veil_touches_nobody_where_two_think_otherwise(points):
    for counts in histograms(7, points):
        assert (veiled(counts) == counts) is (max(counts) < 6)


def test_a_veil_on_an_inner_point_leaves_the_mean():
    for counts in ((0, 0, 0, 5, 0, 0, 0), (0, 1, 0, 0, 8, 0, 0)):
        totals = [
            sum(p * count for p, count in enumerate(one)) for one in (counts, veiled(counts))
        ]
        assert totals[0] == totals[1]


@pytest.mark.parametrize("n", range(10, 14))
def test_a_veil_changes_no_share_of_a_choice(n):
    for counts in histograms(n, 3):
        said = Tally(counts)
        assert show_choice(joined([said], policy=FIVE, ordered=False), policy=FIVE) == show_choice(
            said, policy=FIVE
        )


@pytest.mark.parametrize("points", [3, 5, 7])
@pytest.mark.parametrize("n", [5, 6, 8, 10])
def test_no_display_tells_one_of_a_block_what_the_others_said(n, points):
    """By counting out every group of n, with each answer that the reader may have given."""
    open_to = {}
    for counts in histograms(n, points):
        display = show(joined([Tally(counts)], policy=FIVE), policy=FIVE)
        for known in range(points):
            if counts[known]:
                others = {at for at in range(points) if counts[at] > (at == known)}
                open_to.setdefault((display, known), set()).update(others)

    assert min(map(len, open_to.values())) > 1


@pytest.mark.parametrize("points", [3, 4, 5, 6, 7, 11])
@pytest.mark.parametrize("n", range(5, 15))
def test_no_display_proves_unanimity(points, n):
    """For every unanimous group another gives the same display."""
    for at in range(1, points + 1):
        counts = unanimous(n, at, points)
        other = veiled(counts)

        assert show(Tally(counts), policy=FIVE) == show(Tally(other), policy=FIVE)
        assert other[at - 1] == n - 2


@pytest.mark.parametrize("options", [2, 3, 5])
@pytest.mark.parametrize("n", range(10, 15))
def test_no_shares_prove_unanimity(options, n):
    for at in range(1, options + 1):
        counts = unanimous(n, at, options)

        figures = [show_choice(Tally(one), policy=FIVE) for one in (counts, veiled(counts))]

        assert figures[0] == figures[1]


@pytest.mark.parametrize("n", [5, 6, 7, 8, 9, 10])
def test_no_display_proves_that_all_but_one_agree(n):
    """By counting out every group of n: each display also comes from one less of a mind."""
    largest = {}
    for counts in histograms(n, 7):
        display = show(Tally(counts), policy=FIVE)
        largest[display] = min(max(counts), largest.get(display, n))

    assert max(largest.values()) <= n - 2


@pytest.mark.parametrize("ends", [(0, 100), (10, 90)])
def test_coding_the_bands_any_finer_would_prove_unanimity(monkeypatch, ends):
    monkeypatch.setattr(disclosure, "SHARE_ENDS", ends)

    proven = show(Tally(unanimous(10, 4)), policy=FIVE)
    like = [counts for counts in histograms(10, 7) if show(Tally(counts), policy=FIVE) == proven]

    assert like == [unanimous(10, 4)]


one_mind = st.builds(unanimous, st.integers(5, 12), st.integers(1, 7))
of_any_mind = st.lists(st.integers(1, 7), min_size=5, max_size=12).map(
    lambda scores: counts_of(*scores)
)


@given(st.lists(one_mind | of_any_mind, min_size=1, max_size=4))
def test_all_unions_of_blocks_together_prove_no_unanimity(blocks):
    """Whatever is shown of whichever unions, blocks that are not unanimous show the same."""
    seen = [Tally(block) for block in blocks]
    other = [Tally(veiled(block)) for block in blocks]

    for size in range(1, len(blocks) + 1):
        for union in combinations(range(len(blocks)), size):
            mine = joined([seen[at] for at in union], policy=FIVE)
            theirs = joined([other[at] for at in union], policy=FIVE)
            assert show(mine, policy=FIVE) == show(theirs, policy=FIVE)


def test_a_total_beside_its_parts_would_prove_unanimity_without_the_veil():
    """Ten people sum to 56; five are shown as 4.0, so at most 21: the rest must be all 7."""
    ones, others = Tally(unanimous(5, 7)), Tally(counts_of(3, 4, 4, 5, 5))
    bare = Tally(tuple(map(sum, zip(ones.counts, others.counts, strict=True))))

    assert show(others, policy=FIVE).mean == 4.0
    assert show(bare, policy=FIVE).mean == 5.6
    assert show(joined([ones, others], policy=FIVE), policy=FIVE).mean == 5.4
