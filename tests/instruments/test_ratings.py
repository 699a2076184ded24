"""Person-level ratings out of a table."""

import pytest

from understream.instruments.ratings import (
    ItemGroup,
    Person,
    RatingsError,
    Scale,
    natural,
    parse_items,
    parse_scale,
    read_ratings,
)
from understream.instruments.table import TableError, read_table

HEADERS = ["id", "unit", "Q1", "Q2", "Q3", "a..b"]


def ratings_of(text, *, units=("unit",), spec="Q=Q1,Q2", scale=(1, 5), party=None):
    table = read_table(text.encode(), name="made.csv")
    return read_ratings(table, units, [parse_items(spec, table.headers)], scale, party)


# ------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("spec", "items"),
    [
        ("A=Q1", ("Q1",)),
        ("A=Q1..Q3", ("Q1", "Q2", "Q3")),
        (" A = Q3 , Q1..Q2 ", ("Q3", "Q1", "Q2")),
        ("A=Q2..Q2", ("Q2",)),
        ("A=a..b", ("a..b",)),
    ],
)
def test_items_are_columns_and_ranges_by_position(spec, items):
    assert parse_items(spec, HEADERS) == ItemGroup("A", items)


def test_a_group_is_called_by_its_name_and_number_of_items():
    assert parse_items("LEAD=Q1..Q3", HEADERS).title == "LEAD(3)"


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("Q1..Q3", "written as NAME=COLUMN"),
        ("=Q1", "written as NAME=COLUMN"),
        ("A=", "written as NAME=COLUMN"),
        ("A=Q1..Q9", "no column 'Q9'"),
        ("A=q1", "no column 'q1'"),
        ("A=Q3..Q1", "runs backwards: Q1 stands before Q3"),
        ("A=Q1..Q3,Q2", "Q2 comes twice"),
        ("A=Q1,,Q2", "without a name"),
    ],
)
def test_a_wrong_list_of_items_is_refused_in_a_sentence(spec, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_items(spec, HEADERS)


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        (["Q1", "Q2", "Q2", "Q3"], "above columns 2, 3; which one is meant"),
        (["Q1", "", "Q3"], "without a name"),
    ],
)
def test_a_range_over_doubtful_headers_is_refused(headers, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_items("A=Q1..Q3", headers)


@pytest.mark.parametrize(
    ("text", "scale"), [("1-5", Scale(1, 5)), ("0-4", Scale(0, 4)), (" -3 - 3 ", Scale(-3, 3))]
)
def test_a_scale_has_two_ends(text, scale):
    assert parse_scale(text) == scale


@pytest.mark.parametrize("text", ["5", "5-1", "1-1", "1..5", "a-b", "1-500", "١-٥", ""])
def test_a_wrong_scale_is_refused(text):
    with pytest.raises(ValueError, match=r"written as|2 to 101 points"):
        parse_scale(text)


# ------------------------------------------------------------------ reading


def test_people_keep_their_unit_and_their_place_on_the_scale():
    found = ratings_of("unit,Q1,Q2\nB, 4 ,NA\nA,1,5\n")

    assert found.people == (Person("B", "B", (3, None)), Person("A", "A", (0, 4)))
    assert list(found.by_unit()) == ["A", "B"]
    assert found.counts(found.people, "Q1") == (1, 0, 0, 1, 0)
    assert found.counts(found.people, "Q2") == (0, 0, 0, 0, 1)


def test_who_left_an_item_out_is_left_out_of_the_scale():
    found = ratings_of("unit,Q1,Q2\nA,1,\nA,2,3\nA,NA,4\n")

    assert found.listwise(found.people, found.groups[0]) == [Person("A", "A", (1, 2))]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("unit,Q1,Q2\nA,4.0,1\n", 3),
        ("unit;Q1;Q2\nA;4,0;1\n", 3),
        ("unit;Q1;Q2\nA;4.0;1\n", 3),
        ("unit,Q1,Q2\nA,04,1\n", 3),
    ],
)
def test_a_whole_point_may_be_written_with_a_nought_behind_it(text, answer):
    assert ratings_of(text).people[0].answers[0] == answer


@pytest.mark.parametrize(
    "cell",
    [
        "0",
        "6",
        "-1",
        "3.5",
        "1e0",
        "1e9",
        "NaN",
        "Infinity",
        "TRUE",
        "None",
        "null",
        "n/a",
        "-",
        "na",
        "٤",
        "４",
        "1_0",
        "0x3",
        "³",
        "3 4",
        '"3,0"',
        "=3",
    ],
)
def test_what_is_no_point_of_the_scale_is_refused_with_its_place(cell):
    with pytest.raises(RatingsError) as refusal:
        ratings_of(f"unit,Q1,Q2\nA,3,3\nA,{cell},3\n")

    assert refusal.value.cells == (f"row 2 (line 3), column Q1: '{cell.strip(chr(34))}'",)


def test_all_refused_cells_are_told_up_to_twenty():
    rows = "".join(f"A,{wrong},3\n" for wrong in range(6, 36))

    with pytest.raises(RatingsError) as refusal:
        ratings_of("unit,Q1,Q2\n" + rows)

    assert len(refusal.value.cells) == 20
    assert str(refusal.value).endswith("row 20 (line 21), column Q1: '25'\n  and 10 more")


def test_long_and_unprintable_cells_are_shortened_and_spelt_out():
    with pytest.raises(RatingsError) as refusal:
        ratings_of(f"unit,Q1,Q2\nA,{'x' * 500},\x1b[31m\n")

    assert refusal.value.cells == (
        "row 1 (line 2), column Q1: '" + "x" * 40 + "...'",
        r"row 1 (line 2), column Q2: '\x1b[31m'",
    )


@pytest.mark.parametrize("unit", ["", "NA", "  "])
def test_everybody_needs_a_unit(unit):
    with pytest.raises(RatingsError, match=r"needs a unit. Without one:\n  row 2 \(line 3\)"):
        ratings_of(f"unit,Q1,Q2\nA,3,3\n{unit},3,3\n")


def test_everybody_needs_a_party_if_there_are_parties():
    with pytest.raises(RatingsError, match="needs a unit and a party"):
        ratings_of("unit,p,Q1,Q2\nA,,3,3\n", party="p")


def test_several_columns_make_a_unit_together():
    found = ratings_of("a,b,Q1,Q2\nx,1,3,3\nx,2,3,3\n", units=("a", "b"))

    assert list(found.by_unit()) == ["x|1", "x|2"]


def test_parts_of_a_unit_may_not_hold_what_joins_them():
    with pytest.raises(TableError, match=r"row 1 \(line 2\), column b: several columns"):
        ratings_of("a,b,Q1,Q2\nx,1|2,3,3\n", units=("a", "b"))


def test_a_unit_lies_in_one_party():
    with pytest.raises(TableError, match="unit A lies in party P and in party Q"):
        ratings_of("unit,p,Q1,Q2\nA,P,3,3\nA,Q,3,3\n", party="p")


def test_parties_know_their_units():
    found = ratings_of("unit,p,Q1,Q2\n10,P,3,3\n9,P,3,3\n1,Q,2,2\n", party="p")

    assert found.by_party() == {"P": ["9", "10"], "Q": ["1"]}


def test_no_unit_is_called_as_everybody_is():
    with pytest.raises(TableError, match="called all, which stands for everybody"):
        ratings_of("unit,Q1,Q2\nall,3,3\n")


def test_a_header_alone_holds_nobody():
    with pytest.raises(TableError, match="holds nobody"):
        ratings_of("unit,Q1,Q2\n")


def test_some_column_tells_the_units_apart():
    with pytest.raises(TableError, match="at least one column"):
        ratings_of("unit,Q1,Q2\nA,3,3\n", units=())


@pytest.mark.parametrize(
    ("column", "sentence"), [("team", "has no column 'team'"), ("", "no col")]
)
def test_a_missing_column_is_named_with_those_there_are(column, sentence):
    with pytest.raises(TableError, match=sentence) as refusal:
        ratings_of("unit,Q1,Q2\nA,3,3\n", units=(column,))

    assert "unit, Q1, Q2" in str(refusal.value)


def test_nine_stands_before_ten_and_names_by_letter():
    names = ["10", "b", "9", "a10", "a9", "", "9b"]

    assert sorted(names, key=natural) == ["", "9", "9b", "10", "a9", "a10", "b"]
