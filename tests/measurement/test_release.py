import json
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.measurement.disclosure import WITHHELD, Band, Policy, Shares, Shown
from understream.measurement.gap import Gap
from understream.measurement.release import (
    Average,
    BlockFigures,
    FacetFigure,
    GapFigure,
    ItemFigure,
    PartyVoices,
    Question,
    Spoken,
    digest,
    from_plain,
    release_party,
    release_round,
    release_table,
    to_plain,
)
from understream.measurement.within_group import Agreement

FIVE = Policy()
CANNOT = 255


def rating(code, *, about="", facet="", points=7, low=1, reverse=False):
    return Question(code, about, facet, "rating", points, low, reverse)


Q1, Q2, Q3 = (rating(code, facet="F") for code in ("Q1", "Q2", "Q3"))
YES_NO = Question("Y", "", "", "choice", 2)


def party(voices, *, questions=(Q1,), name="A", mode="confidential", hints=None, cells=1):
    hints = [0] * len(voices) if hints is None else hints
    return PartyVoices(name, mode, questions, [bytes(voice) for voice in voices], hints, cells)


def shown(mean, end="", word=None):
    return Shown(mean, end, word, None, not_visible=False)


def round_of(*parties):
    return release_round(parties, policy=FIVE)


def bytes_of(*parties):
    return json.dumps(to_plain(round_of(*parties))).encode()


# ---------------------------------------------------------------------- a party


def test_a_party_of_five_to_nine_is_shown_in_coarse_steps():
    figures = release_party(party([(5,), (5,), (4,), (6,), (6,)]), policy=FIVE)

    assert figures.n == "5-9"
    assert figures.answers == (ItemFigure("Q1", "", shown(5.0)),)
    assert figures.blocks == ()


@given(st.lists(st.tuples(*[st.sampled_from([0, 1, 4, 7, CANNOT])] * 3), max_size=4))
def test_fewer_than_five_give_the_same_bytes_however_many_and_whatever_they_said(voices):
    questions = (Q1, Q2, YES_NO)
    voices = [tuple(min(one, 2) if one < 8 else one for one in voice) for voice in voices]

    seen = bytes_of(party(voices, questions=questions, cells=2, hints=[1] * len(voices)))

    assert seen == bytes_of(party([], questions=questions, cells=2))


@given(st.lists(st.sampled_from([1, 4, 7]), max_size=4), st.integers(0, 9))
def test_a_question_fewer_than_five_answered_shows_the_same_however_many(answers, silent):
    voices = [(answer, 4) for answer in answers] + [(0, 4)] * (10 - len(answers))
    Random(silent).shuffle(voices)

    figures = release_party(party(voices, questions=(Q1, Q2)), policy=FIVE)

    assert figures.n == "10"
    assert figures.answers[0] == ItemFigure("Q1", "", WITHHELD)


def test_somebody_who_said_nothing_is_not_counted():
    figures = release_party(party([(4,)] * 4 + [(0,)]), policy=FIVE)

    assert figures.n == ""
    assert figures.answers == (ItemFigure("Q1", "", WITHHELD),)


def test_twelve_with_one_gap_are_twelve_for_every_question():
    voices = [(5, 5)] * 11 + [(0, 5)]

    figures = release_party(party(voices, questions=(Q1, Q2)), policy=FIVE)

    assert figures.n == "12"
    assert figures.answers[0].figure == figures.answers[1].figure


def test_blocks_are_shown_if_there_are_two_and_only_where_they_count():
    voices = [(2, 6)] * 5 + [(6, 2)] * 4 + [(0, 2)]
    said = party(voices, questions=(Q1, Q2), hints=[0] * 5 + [1] * 4 + [2], cells=3)

    figures = release_party(said, policy=FIVE)

    assert figures.n == "10"
    assert [block.cells for block in figures.blocks] == [(0,), (1, 2)]
    assert figures.answers[0].figure == shown(2.0)
    assert figures.blocks[0] == BlockFigures(
        (0,),
        (ItemFigure("Q1", "", shown(2.0)), ItemFigure("Q2", "", shown(6.0))),
        (FacetFigure("F", "", Average(4.0, "")),),
    )
    assert figures.blocks[1].answers == (
        ItemFigure("Q1", "", WITHHELD),
        ItemFigure("Q2", "", shown(2.0)),
    )


def test_those_who_cannot_judge_count_as_people_but_not_as_answers():
    figures = release_party(party([(4,)] * 5 + [(CANNOT,)] * 5), policy=FIVE)

    assert figures.n == "10"
    assert figures.answers[0].figure == replace(shown(4.0), not_visible=True)


def test_a_choice_is_shown_as_shares():
    figures = release_party(party([(1,)] * 7 + [(2,)] * 3, questions=(YES_NO,)), policy=FIVE)

    shares = Shares((Band(70, ""), Band(30, "")), not_visible=False)
    assert figures.answers == (ItemFigure("Y", "", shares),)
    assert figures.facets == ()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (party([(8,)]), "off its scale"),
        (party([(4, 4)]), "one byte"),
        (party([(4,)], hints=[1]), "cell 1"),
        (party([(4,)], hints=[]), "every voice has a cell"),
        (party([(4,), (4,)], mode="one voice"), "speaks once"),
        (party([(9,)], mode="one voice"), "off its scale"),
        (party([(4, 4)], mode="one voice"), "one byte"),
    ],
)
def test_voices_that_do_not_fit_are_refused(said, fault):
    with pytest.raises(ValueError, match=fault):
        release_party(
            replace(said, voices=list(said.voices) * 5, hints=list(said.hints) * 5)
            if said.mode != "one voice"
            else said,
            policy=FIVE,
        )


@pytest.mark.parametrize(("kind", "points"), [("rating", 2), ("rating", 255), ("choice", 1)])
def test_a_scale_that_cannot_be_shown_is_refused(kind, points):
    with pytest.raises(ValueError, match="has"):
        Question("Q", "", "", kind, points)


# -------------------------------------------------------------------- one voice


def test_one_voice_is_the_form_as_it_was_filled_in():
    questions = (Q1, rating("T", points=11, low=0, facet="F2"), YES_NO, Q2, Q3)

    figures = release_party(
        party([(7, 1, 2, CANNOT, 0)], questions=questions, mode="one voice"), policy=FIVE
    )

    assert figures.n == ""
    assert [answer.figure for answer in figures.answers] == [
        Spoken(7),
        Spoken(0),
        Spoken(2),
        Spoken(None, could_not=True),
        Spoken(None),
    ]
    assert figures.facets == (
        FacetFigure("F", "", WITHHELD),
        FacetFigure("F2", "", Average(0.0, "")),
    )


def test_a_party_that_has_not_filled_in_its_form_said_nothing():
    figures = release_party(party([], mode="one voice"), policy=FIVE)

    assert figures.answers == (ItemFigure("Q1", "", Spoken(None)),)


# ----------------------------------------------------------------------- facets


def test_a_facet_is_the_mean_of_what_is_displayed_of_its_items():
    voices = [(3, 4, 7), (3, 4, 7), (3, 5, 7), (4, 5, 7), (4, 5, 6)]

    figures = release_party(party(voices, questions=(Q1, Q2, Q3)), policy=FIVE)

    assert [one.figure for one in figures.answers] == [
        shown(3.5),
        shown(4.5),
        shown(6.5, "higher"),
    ]
    assert figures.facets == (FacetFigure("F", "", Average(4.8, "higher")),)


def test_an_item_that_speaks_against_its_facet_is_turned_round_in_it():
    questions = (Q1, rating("R", facet="F", reverse=True))

    figures = release_party(party([(7, 7)] * 5, questions=questions), policy=FIVE)

    assert figures.answers[1].figure == shown(6.5, "higher")
    assert figures.facets == (FacetFigure("F", "", Average(4.0, "both")),)


@pytest.mark.parametrize(("silent", "figure"), [(1, Average(4.0, "")), (2, WITHHELD)])
def test_a_facet_needs_two_thirds_of_its_items(silent, figure):
    voices = [(4,) * (3 - silent) + (0,) * silent] * 6

    figures = release_party(party(voices, questions=(Q1, Q2, Q3)), policy=FIVE)

    assert figures.facets == (FacetFigure("F", "", figure),)


def test_a_facet_of_unequal_scales_is_refused():
    questions = (Q1, rating("Z", facet="F", points=5))

    with pytest.raises(ValueError, match="one scale"):
        release_party(party([(4, 4)] * 5, questions=questions), policy=FIVE)


# ------------------------------------------------------------------------- gaps


def labels(*parties):
    return round_of(*parties).gaps


def test_few_people_are_compared_by_what_is_displayed():
    a, b = party([(3,)] * 5), party([(5,)] * 7, name="B")

    assert labels(a, b) == (GapFigure("Q1", "A", "B", Gap.WORTH_ASKING),)


def test_eight_people_on_either_side_are_compared_by_their_spread():
    a, b = party([(2,)] * 8), party([(6,)] * 8, name="B")

    assert labels(a, b) == (GapFigure("Q1", "A", "B", Gap.CLEAR),)


def test_nothing_lies_between_a_figure_and_one_that_is_withheld():
    assert labels(party([(3,)] * 5), party([(5,)] * 4, name="B")) == ()


def test_below_eight_people_what_is_displayed_is_compared_and_nothing_finer():
    """The means are 4.2 and 5.4, which nobody sees; shown are 4.0 and 5.5."""
    a = party([(point,) for point in (3, 4, 4, 5, 5)])
    b = party([(point,) for point in (5, 5, 5, 6, 6)], name="B")

    assert labels(a, b) == (GapFigure("Q1", "A", "B", Gap.WORTH_ASKING),)


def test_one_voice_is_compared_by_what_is_displayed():
    a, b = party([(4,)] * 20), party([(4,)], name="B", mode="one voice")

    assert labels(a, b) == (GapFigure("Q1", "A", "B", Gap.ALIKE),)


def test_what_each_says_of_the_other_is_compared():
    a = party([(2, 4)] * 5, questions=(rating("T", about="B"), rating("T", about="C")))
    b = party([(6, 4)] * 5, questions=(rating("T", about="A"), rating("T", about="C")), name="B")

    assert labels(a, b) == (GapFigure("T", "A", "B", Gap.WORTH_ASKING),)


def test_up_to_six_parties_are_compared_each_with_each():
    parties = [party([(4,)] * 5, name=name) for name in "ABCDEFG"]

    assert len(labels(*parties[:6])) == 15
    assert labels(*parties) == ()


def test_a_party_speaks_once_in_a_round():
    with pytest.raises(ValueError, match="once"):
        labels(party([]), party([]))


# ---------------------------------------------------------------- what is stored

voice = st.tuples(*[st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, CANNOT])] * 3)
crowd = st.lists(voice, max_size=14)


@settings(max_examples=60)
@given(crowd, crowd, st.integers(0, 99))
def test_the_order_of_voices_leaves_no_trace(ones, others, seed):
    mixed = list(enumerate(ones))
    Random(seed).shuffle(mixed)
    questions, hints = (Q1, Q2, Q3), [at % 3 for at, _ in mixed]
    b = party(others, questions=questions, name="B")

    first = party(ones, questions=questions, hints=[at % 3 for at in range(len(ones))], cells=3)
    second = party([one for _, one in mixed], questions=questions, hints=hints, cells=3)

    assert bytes_of(first, b) == bytes_of(second, b)


@settings(max_examples=60)
@given(st.lists(voice, min_size=10, max_size=14), st.data())
def test_two_people_of_a_block_may_swap_an_answer_unseen(voices, data):
    questions, at = (Q1, Q2, Q3), data.draw(st.integers(0, 2))
    people = st.integers(0, len(voices) - 1)
    one, other = data.draw(people), data.draw(people)
    said = all(voices[person][at] not in (0, CANNOT) for person in (one, other))
    swapped = [list(each) for each in voices]
    if said:
        swapped[one][at], swapped[other][at] = voices[other][at], voices[one][at]

    assert bytes_of(party(swapped, questions=questions)) == bytes_of(
        party(voices, questions=questions)
    )


@settings(max_examples=60)
@given(crowd, crowd)
def test_a_release_survives_storage_exactly(ones, others):
    questions = (Q1, Q2, rating("Q3", points=7, facet="G", reverse=True))
    figures = round_of(
        party(ones, questions=questions),
        party(others, questions=questions, name="B"),
        party(others[:1], questions=questions, name="C", mode="one voice"),
    )

    stored = json.loads(json.dumps(to_plain(figures)))

    assert from_plain(stored) == figures
    assert stored == to_plain(figures)
    assert digest(stored) == digest(to_plain(from_plain(stored)))


def test_words_come_back_as_words():
    figures = round_of(party([(5,)] * 8), party([(2,)] * 8, name="B"))

    again = from_plain(to_plain(figures))

    assert again.parties[0].answers[0].figure.word is Agreement.CLOSE
    assert again.gaps[0].label is Gap.CLEAR


def test_what_happens_to_voices_later_does_not_touch_a_release():
    voices, hints = [bytes([4])] * 6, [0] * 6
    figures = round_of(PartyVoices("A", "confidential", (Q1,), voices, hints))
    before = digest(to_plain(figures))

    voices[0] = bytes([1])
    voices.pop()
    hints.clear()

    assert digest(to_plain(figures)) == before


def test_the_fingerprint_knows_every_change_and_no_order_of_keys():
    stored = to_plain(round_of(party([(4,)] * 6)))
    changed = json.loads(json.dumps(stored).replace("4.0", "4.5"))

    assert digest(dict(reversed(stored.items()))) == digest(stored)
    assert digest(changed) != digest(stored)
    canonical = '{"a":["1.500000","é",null,true]}'
    assert digest({"a": [1.5, "é", None, True]}) == sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("content", [{"a": float("nan")}, {1: "a"}])
def test_what_has_no_canonical_form_has_no_fingerprint(content):
    with pytest.raises(ValueError):
        digest(content)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Shown"},
        {"kind": "Policy"},
        {"mean": 4.0},
        {"parties": [{"kind": "nothing"}]},
    ],
)
def test_what_is_no_release_is_refused(change):
    with pytest.raises(ValueError, match="no stored release"):
        from_plain(to_plain(round_of()) | change)


# ---------------------------------------------------------------------- a table


def scopes(parties, *, questions=(Q1,)):
    packed = {
        party: {unit: [bytes(one) for one in voices] for unit, voices in units.items()}
        for party, units in parties.items()
    }
    return [
        (scope.kind, scope.party, scope.units, scope.n, scope.answers[0].figure)
        for scope in release_table(questions, packed, policy=FIVE)
    ]


def test_five_and_four_are_shown_as_nine():
    seen = scopes({"": {"a": [(3,)] * 5, "b": [(5,)] * 4}})

    # The mean is 3.89. Blind answering of nine rarely lies as close as 3 and 5 do.
    figure = shown(4.0, word=Agreement.CLOSE)
    assert seen == [("unit", "", ("a", "b"), "5-9", figure), ("all", "", (), "5-9", figure)]


def test_a_single_one_joins_the_smaller_neighbour():
    seen = scopes({"": {"a": [(3,)] * 5, "b": [(5,)] * 5, "c": [(1,)]}})

    assert [scope[:4] for scope in seen] == [
        ("unit", "", ("a",), "5-9"),
        ("unit", "", ("b", "c"), "5-9"),
        ("all", "", (), "11"),
    ]


def test_six_who_agree_are_not_given_away():
    assert scopes({"": {"a": [(7,)] * 6}})[0][4] == shown(6.5, "higher")


def test_too_few_people_are_one_scope_that_tells_nothing():
    seen = scopes({"": {"a": [(3,)] * 2, "b": [(5,)] * 2}})

    assert seen == [("unit", "", ("a", "b"), "", WITHHELD), ("all", "", (), "", WITHHELD)]


def test_two_parties_are_never_shown_together():
    seen = scopes({"A": {"a": [(3,)] * 9}, "B": {"b": [(5,)] * 9}})

    assert [scope[:4] for scope in seen] == [
        ("unit", "A", ("a",), "5-9"),
        ("party", "A", (), "5-9"),
        ("unit", "B", ("b",), "5-9"),
        ("party", "B", (), "5-9"),
        ("all", "", (), ""),
    ]
    assert seen[-1][4] == WITHHELD


def test_three_parties_are_and_one_too_small_stays_out_of_it():
    big = {name: {name: [(4,)] * 6} for name in "ABC"}

    seen = scopes(big | {"D": {"d": [(1,)] * 4}})

    assert seen[-1][:4] == ("all", "", (), "18")
    assert seen[-1][4].mean == 4.0


def test_all_parties_are_counted_question_by_question():
    parties = {name: {name: [(4, 4)] * 6} for name in "AB"} | {"C": {"C": [(0, 4)] * 6}}
    packed = {
        name: {unit: [bytes(one) for one in voices] for unit, voices in units.items()}
        for name, units in parties.items()
    }

    everybody = release_table((Q1, Q2), packed, policy=FIVE)[-1]

    assert everybody.answers[0].figure == WITHHELD
    assert everybody.answers[1].figure.mean == 4.0


def test_a_table_without_a_party_is_refused():
    with pytest.raises(ValueError, match="at least one party"):
        release_table((Q1,), {}, policy=FIVE)
