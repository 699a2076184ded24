from dataclasses import replace

import pytest

from tests.factories import NOON, make_person
from understream.access import reach
from understream.access.refusal import Unfit
from understream.access.rules import Where
from understream.domain.alliance import my_alliances
from understream.domain.journal import journal_of
from understream.domain.mirror import mirror_before, release_rows
from understream.domain.ratings import Known, import_ratings, seat_of_importer
from understream.instruments.ratings import (
    ItemGroup,
    Person,
    Ratings,
    Scale,
    parse_items,
    read_ratings,
)
from understream.instruments.table import read_table
from understream.measurement.disclosure import Shown, Withheld
from understream.measurement.release import from_plain
from understream.records.alliance import Alliance, Party
from understream.records.due import Due
from understream.records.instrument import InstrumentVersion
from understream.records.journal import Entry
from understream.records.organisation import Organisation
from understream.records.participation import Participation
from understream.records.person import Person as PersonRow
from understream.records.release import Release
from understream.records.round import Cohort, Round
from understream.records.seat import SeatRow
from understream.records.statement import Statement
from understream.records.voice import Comment, Voice

pytestmark = pytest.mark.django_db

TABLES = (Alliance, Party, Organisation, Round, Cohort, Release, SeatRow, InstrumentVersion, Entry)


def ratings_of(sizes, *, items=("Q1", "Q2"), scale=(1, 5), answer=lambda _number: 3):
    """Ratings of so many people of each unit; everybody answers by their number in the unit."""
    people = [
        Person(unit, unit, tuple(answer(number) for _ in items))
        for unit, size in sizes.items()
        for number in range(size)
    ]
    return Ratings(Scale(*scale), (ItemGroup("Lead", items),), items, tuple(people))


@pytest.fixture
def importer():
    make_person("Ada Importer", password="quite-a-long-one")
    return seat_of_importer("ada.importer@example.org")


def bring_in(seat, ratings, *, name="Study", title="Spring", **keys):
    return import_ratings(seat, ratings, name=name, title=title, now=NOON, **keys)


def mirror_of(made):
    (alliance,) = my_alliances(PersonRow.objects.get().pk)
    seat = reach.seat_in_alliance(PersonRow.objects.get().pk, alliance.key)
    return seat, mirror_before(seat, made.round, language="en")


def test_every_unit_becomes_a_party_and_small_ones_show_nothing(importer):
    made = bring_in(importer, ratings_of({"10": 4, "9": 12, "11": 5}))

    _, mirror = mirror_of(made)
    assert [(one.party.name, one.mode, one.n) for one in mirror.parties] == [
        ("Study: 9", "confidential", "12"),
        ("Study: 10", "confidential", ""),
        ("Study: 11", "confidential", "5-9"),
    ]
    assert (made.parties, made.shown, made.people, made.party) == (3, 2, 21, "Study: 9")


def test_figures_are_those_of_the_display_table(importer):
    upper = ratings_of({"A": 12, "B": 6, "C": 4}, answer=lambda number: 4 if number % 3 else 1)

    made = bring_in(importer, upper)

    release = from_plain(Release.objects.get(round=made.round).content)
    shown = {
        party: [answer.figure for answer in one.answers]
        for party, one in zip("ABC", release.parties, strict=True)
    }
    # Two thirds answer 5, one third 2: the mean is 4; six people see it in half points.
    assert [figure.mean for figure in shown["A"]] == [4.0, 4.0]
    assert [figure.mean for figure in shown["B"]] == [4.0, 4.0]
    assert all(isinstance(figure, Shown) for figure in shown["A"] + shown["B"])
    assert all(isinstance(figure, Withheld) for figure in shown["C"])


def test_questions_carry_the_names_of_columns_in_both_languages(importer):
    made = bring_in(importer, ratings_of({"A": 5, "B": 5}, items=("q one", "q two")))

    seat, mirror = mirror_of(made)
    ((facet,),) = (section.facets for section in mirror.sections)
    dutch = mirror_before(seat, made.round, language="nl")
    assert (facet.title, facet.low, facet.high) == ("Lead", 1, 5)
    assert [item.text for item in facet.items] == ["q one", "q two"]
    assert [item.text for item in dutch.sections[0].facets[0].items] == ["q one", "q two"]
    rows = release_rows(seat, made.round, now=NOON)
    assert sorted({row[5] for row in rows[1:]}) == ["facet scale-1", "q one", "q two"]


def test_an_item_of_two_scales_is_shown_in_both(importer):
    ratings = ratings_of({"A": 5, "B": 5})
    ratings = replace(ratings, groups=(*ratings.groups, ItemGroup("Half", ("Q2",))))

    made = bring_in(importer, ratings)

    _, mirror = mirror_of(made)
    assert [
        (facet.title, [(item.text, len(item.figures)) for item in facet.items])
        for facet in mirror.sections[0].facets
    ] == [("Lead", [("Q1", 2), ("Q2", 2)]), ("Half", [("Q2", 2)])]


def test_missing_answers_count_as_none(importer):
    # The sixth person of each unit answers nothing, so only five speak.
    made = bring_in(
        importer, ratings_of({"A": 6, "B": 4}, answer=lambda number: None if number == 5 else 2)
    )

    _, mirror = mirror_of(made)
    assert [one.n for one in mirror.parties] == ["5-9", ""]
    assert [figure.text for figure in mirror.sections[0].facets[0].items[0].figures] == [
        "3.0",
        "not shown",
    ]


def test_nothing_is_kept_of_who_said_what(importer):
    bring_in(importer, ratings_of({"A": 12, "B": 7, "C": 3}))

    for table in (Voice, Comment, Statement, Participation, Due):
        assert table.objects.count() == 0
    assert list(PersonRow.objects.values_list("email", flat=True)) == ["ada.importer@example.org"]
    assert SeatRow.objects.count() == 1


def test_a_round_tells_for_ever_that_it_was_imported(importer):
    made = bring_in(importer, ratings_of({"A": 5, "B": 5}))

    seat, mirror = mirror_of(made)
    assert mirror.imported
    assert mirror.comments is None
    row = Round.objects.get()
    assert (row.state, row.closed_at, row.imported, row.asks_comment) == (
        "closed",
        NOON,
        True,
        False,
    )
    lines = [line.sentence for line in journal_of(seat, made.alliance).lines]
    assert lines == ["Ada Importer imported the round “Spring” from a file."]


def test_the_importer_manages_the_first_party_only(importer):
    made = bring_in(importer, ratings_of({"B": 5, "A": 5}))

    seat = reach.seat_in_alliance(importer.person, made.alliance)
    first = Party.objects.get(organisation__name="Study: A")
    assert (seat.role, seat.party) == ("manager", first.pk)
    assert Where(made.alliance, first.pk) == Where(seat.alliance, seat.party)


def test_a_name_is_imported_once(importer):
    bring_in(importer, ratings_of({"A": 5, "B": 5}))
    before = [table.objects.count() for table in TABLES]

    with pytest.raises(Known):
        bring_in(importer, ratings_of({"C": 5, "D": 5}), name=" STUDY ")

    assert [table.objects.count() for table in TABLES] == before


def test_an_imported_unit_is_never_taken_for_a_real_organisation(importer):
    real = Organisation.objects.create(name="Mill")

    bring_in(importer, ratings_of({"Mill": 5, "Harbour": 5}))

    assert list(Party.objects.filter(organisation=real)) == []
    assert sorted(Organisation.objects.values_list("name", flat=True)) == [
        "Mill",
        "Study: Harbour",
        "Study: Mill",
    ]


def test_equal_questions_are_one_instrument_whoever_answered(importer):
    bring_in(importer, ratings_of({"A": 5, "B": 5}))
    bring_in(importer, ratings_of({"C": 9, "D": 9}), name="Again")
    bring_in(importer, ratings_of({"C": 9, "D": 9}, scale=(0, 4)), name="Other scale")

    codes = list(InstrumentVersion.objects.order_by("pk").values_list("code", flat=True))
    assert len(codes) == len(set(codes)) == 2
    assert {code[:7] for code in codes} == {"import-"}


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 199}, "name"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"k": 4}, "k"),
        ({"k": 51}, "k"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_stored(importer, keys, field):
    with pytest.raises(Unfit) as refusal:
        bring_in(importer, ratings_of({"A": 5, "B": 5}), **keys)

    assert list(refusal.value.faults) == [field]
    assert [table.objects.count() for table in TABLES] == [0] * len(TABLES)


@pytest.mark.parametrize(
    ("ratings", "field"),
    [
        (ratings_of({"A": 9}), "unit"),
        (ratings_of({str(number): 1 for number in range(201)}), "unit"),
        (ratings_of({"A": 5, "B": 5}, scale=(0, 1), answer=lambda _: 1), "scale"),
        (ratings_of({"A": 5, "B": 5}, items=tuple(f"Q{one}" for one in range(201))), "items"),
        (ratings_of({"A": 5, "B": 5}, items=("x" * 301,)), "items"),
    ],
)
def test_a_file_that_makes_no_alliance_is_refused(importer, ratings, field):
    with pytest.raises(Unfit) as refusal:
        bring_in(importer, ratings)

    assert list(refusal.value.faults) == [field]
    assert Alliance.objects.count() == 0


def test_a_higher_k_hides_more(importer):
    made = bring_in(importer, ratings_of({"A": 9, "B": 12}), k=10)

    assert made.shown == 1


def test_only_somebody_who_can_sign_in_is_given_the_seat():
    make_person("No Account")

    for address in ("no.account@example.org", "nobody@example.org"):
        with pytest.raises(Unfit) as refusal:
            seat_of_importer(address)
        assert address in str(refusal.value)


def test_real_ratings_of_two_thousand_people_become_a_mirror(importer, shared):
    table = read_table(shared("ratings/lq2002.csv"))
    groups = [
        parse_items(spec, table.headers) for spec in ("LEAD=LEAD01..LEAD11", "TSIG=TSIG01..TSIG03")
    ]

    made = bring_in(importer, read_ratings(table, ["COMPID"], groups, (1, 5)), name="lq2002")

    _, mirror = mirror_of(made)
    assert (made.people, made.parties, made.shown) == (2042, 49, 49)
    assert [(facet.code, len(facet.items)) for facet in mirror.sections[0].facets] == [
        ("scale-1", 11),
        ("scale-2", 3),
    ]
    assert Voice.objects.count() == Participation.objects.count() == 0
