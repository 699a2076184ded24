"""Person-level ratings out of a table: who stands in which unit, and where on each item.

Decided once: a rating is a whole point of the scale, written with the digits 0 to 9; 4.0 is 4 (and
4,0 in a semicolon file), because spreadsheets and statistics packages write so; 3.5, 1e2, TRUE,
full words and other digits are refused. Missing is an empty cell or NA, nothing else: None, null,
n/a and - can be real answers, and are refused as any other word. All refused cells are reported
together, and then nothing is read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understream.instruments.table import (
    LONGEST_QUOTE,
    MOST_LISTED,
    Row,
    Table,
    TableError,
    gettext_noop,
)

#: What stands for "not answered".
MISSING = frozenset({"", "NA"})
#: Between the parts of a unit's name, when several columns make it.
JOINT = "|"
#: The scope of everybody; no unit may be called so.
EVERYBODY = "all"
_MOST_POINTS = 101


class RatingsError(TableError):
    """Cells do not hold what they should; ``cells`` names up to twenty, one line each."""

    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """An answering scale of whole points."""

    low: int
    high: int

    @property
    def points(self) -> int:
        """The number of points."""
        return self.high - self.low + 1


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """Items that make one scale together; ``counted`` if its title tells how many they are."""

    name: str
    items: tuple[str, ...]
    counted: bool = True

    @property
    def title(self) -> str:
        """The name with the number of items: LEAD(11)."""
        return f"{self.name}({len(self.items)})" if self.counted else self.name


@dataclass(frozen=True, slots=True)
class Person:
    """One row: the unit, its party, and an answer for each item.

    An answer is the position on the scale, from 0 at its low end; None where it is missing. The
    unit is empty where the file's people are not told apart.
    """

    unit: str
    party: str
    answers: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Ratings:
    """All ratings of a file. ``items`` holds every item once, in the order of the groups."""

    scale: Scale
    groups: tuple[ItemGroup, ...]
    items: tuple[str, ...]
    people: tuple[Person, ...]

    def by_unit(self) -> dict[str, list[Person]]:
        """Return the people of each unit; units in natural order, whatever the file's."""
        units: dict[str, list[Person]] = {}
        for person in self.people:
            if person.unit:
                units.setdefault(person.unit, []).append(person)
        return {unit: units[unit] for unit in sorted(units, key=natural)}

    def by_party(self) -> dict[str, list[str]]:
        """Return the units of each party, both in natural order."""
        parties: dict[str, set[str]] = {}
        for person in self.people:
            parties.setdefault(person.party, set()).add(person.unit)
        return {
            party: sorted(parties[party], key=natural) for party in sorted(parties, key=natural)
        }

    def counts(self, people: Iterable[Person], item: str) -> tuple[int, ...]:
        """Return the histogram of one item.

        :param people: whom to count.
        :param item: one of ``items``.
        :returns: numbers of people by point, shape ``(points,)``; missing answers left out.
        """
        place = self.items.index(item)
        counts = [0] * self.scale.points
        for person in people:
            answer = person.answers[place]
            if answer is not None:
                counts[answer] += 1
        return tuple(counts)

    def listwise(self, people: Iterable[Person], group: ItemGroup) -> list[Person]:
        """Return the people who answered every item of a group."""
        places = [self.items.index(item) for item in group.items]
        return [p for p in people if all(p.answers[place] is not None for place in places)]


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key that sorts 9 before 10, and names otherwise by letter.

    :param name: any text.
    :returns: a key that compares with every other one.
    """
    return tuple(
        (0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part)
        for part in re.split(r"([0-9]{1,15})", name)
        if part
    )


def parse_scale(text: str) -> Scale:
    """Read a scale such as ``1-5``, ``0-4`` or ``-3-3``.

    :param text: low end, hyphen, high end, in whole numbers.
    :returns: the scale; 2 to 101 points.
    :raises ValueError: if it is written otherwise.

    >>> parse_scale("1-5").points
    5
    """
    found = re.fullmatch(r"\s*(-?[0-9]{1,3})\s*-\s*(-?[0-9]{1,3})\s*", text, re.ASCII)
    if not found:
        raise ValueError(f"a scale is written as 1-5, not {text!r}")
    scale = Scale(int(found[1]), int(found[2]))
    if not 2 <= scale.points <= _MOST_POINTS:  # noqa: PLR2004 - fewer is no scale
        raise ValueError(f"a scale has 2 to {_MOST_POINTS} points, from low to high: {text!r}")
    return scale


def parse_items(spec: str, headers: Sequence[str]) -> ItemGroup:
    """Read a group of items such as ``LEAD=LEAD01..LEAD11,EXTRA``.

    :param spec: a name, an equals sign, then columns and ranges ``A..B`` with commas between. A
        range goes by the position of the columns in the file. A header that is itself written
        with two dots is taken as a header.
    :param headers: the headers of the table, in order.
    :returns: the name and the headers of its items, in the order written.
    :raises ValueError: if the form is different, a column is missing, unnamed or ambiguous, a
        range runs backwards, or a column comes twice.

    >>> parse_items("A=Q1..Q3", ["id", "Q1", "Q2", "Q3"]).items
    ('Q1', 'Q2', 'Q3')
    """
    name, equals, columns = (part.strip() for part in spec.partition("="))
    if not name or not equals or not columns:
        raise ValueError(f"items are written as NAME=COLUMN,COLUMN or NAME=FIRST..LAST: {spec!r}")
    places: list[int] = []
    for piece in (part.strip() for part in columns.split(",")):
        first, dots, last = (part.strip() for part in piece.partition(".."))
        if dots and piece not in headers:
            begin, end = _position(first, headers, spec), _position(last, headers, spec)
            if end < begin:
                raise ValueError(f"{piece} runs backwards: {last} stands before {first}")
            places.extend(range(begin, end + 1))
        else:
            places.append(_position(piece, headers, spec))
    items = tuple(headers[place] for place in places)
    for item in items:
        _position(item, headers, spec)
        if items.count(item) > 1:
            raise ValueError(f"{item} comes twice in {spec!r}")
    return ItemGroup(name, items)


def items_of(table: Table, spec: str) -> ItemGroup:
    """Read a group of items of a table.

    :param table: what :func:`understream.instruments.table.read_table` returned.
    :param spec: what :func:`parse_items` takes.
    :returns: the name and the headers of its items, in the order written.
    :raises TableError: for any fault of :func:`parse_items`, with the file and its columns.
    """
    try:
        return parse_items(spec, table.headers)
    except ValueError as fault:
        raise TableError(
            gettext_noop("%(file)s: %(fault)s. Its columns are: %(columns)s."),
            file=table.name,
            fault=fault,
            columns=table.columns(),
        ) from None


def read_ratings(
    table: Table,
    unit_columns: Sequence[str] | None,
    item_groups: Sequence[ItemGroup],
    scale: Scale | tuple[int, int],
    party: str | None = None,
) -> Ratings:
    """Read who stands in which unit and where on each item.

    :param table: what :func:`understream.instruments.table.read_table` returned.
    :param unit_columns: headers of the columns that name a person's unit together; None if people
        are not told apart.
    :param item_groups: the scales; an item may belong to several.
    :param scale: low and high end of the answering scale, in whole points.
    :param party: header of the column that names the unit's party; None: each unit is one.
    :returns: every person.
    :raises RatingsError: if a rating is off the scale or no rating, or somebody has no unit or
        party; up to twenty places are named.
    :raises TableError: if a column is missing or ambiguous, nobody is in the file, a unit lies
        in two parties, or a unit's name cannot be told from another scope's.
    """
    if not isinstance(scale, Scale):
        scale = Scale(*scale)
    units = [table.column(column) for column in unit_columns or ()]
    if unit_columns is not None and not units:
        raise TableError(gettext_noop("Name at least one column that tells the units apart."))
    in_party = None if party is None else table.column(party)
    items = tuple(dict.fromkeys(item for group in item_groups for item in group.items))
    places = [table.column(item) for item in items]

    if len(units) > 1:
        _check_joint(table, units)
    known: dict[str, int | None] = dict.fromkeys(MISSING)
    no_place: list[str] = []
    no_rating: list[str] = []
    people: list[Person] = []
    for row in table.rows:
        no_place += _unnamed(table, row, [*units, *([] if in_party is None else [in_party])])
        answers: list[int | None] = []
        for place in places:
            cell = row.cells[place]
            if cell not in known:
                point = _point(table.number(cell), scale)
                if point is None:
                    no_rating.append(f"{table.place(row, place)}: {_quoted(cell)}")
                    continue
                known[cell] = point
            answers.append(known[cell])
        unit = JOINT.join(row.cells[place] for place in units)
        belongs = unit if in_party is None else row.cells[in_party]
        people.append(Person(unit, belongs, tuple(answers)))
    if no_place:
        raise _refusal(
            gettext_noop("%(file)s: every person needs a unit%(party)s. Without one:%(cells)s"),
            table.name,
            no_place,
            {"party": "" if in_party is None else " and a party"},
        )
    if no_rating:
        raise _refusal(
            gettext_noop(
                "%(file)s: ratings are whole points from %(low)s to %(high)s; missing is an "
                "empty cell or NA. Correct these cells:%(cells)s"
            ),
            table.name,
            no_rating,
            {"low": scale.low, "high": scale.high},
        )
    _check_names(table.name, people)
    return Ratings(scale, tuple(item_groups), items, tuple(people))


def _position(header: str, headers: Sequence[str], spec: str) -> int:
    """Return where the one column with this header is."""
    places = [place for place, name in enumerate(headers) if name == header]
    if not header:
        raise ValueError(f"{spec!r} takes in a column without a name; give it one")
    if not places:
        raise ValueError(f"there is no column {header!r}, which {spec!r} asks for")
    if len(places) > 1:
        numbers = ", ".join(str(place + 1) for place in places)
        raise ValueError(
            f"the header {header!r} stands above columns {numbers}; which one is meant? "
            "Give each column its own name"
        )
    return places[0]


def _point(number: float | None, scale: Scale) -> int | None:
    """Return the position on the scale from 0, or None if it is no point of it."""
    if number is None or not number.is_integer() or not scale.low <= number <= scale.high:
        return None
    return int(number) - scale.low


def _unnamed(table: Table, row: Row, columns: Sequence[int]) -> list[str]:
    return [table.place(row, column) for column in columns if row.cells[column] in MISSING]


def _quoted(cell: str) -> str:
    short = cell if len(cell) <= LONGEST_QUOTE else cell[:LONGEST_QUOTE] + "..."
    return ascii(short) if not short.isprintable() else f"'{short}'"


def _refusal(
    sentence: str, name: str, cells: Sequence[str], values: Mapping[str, Any]
) -> RatingsError:
    shown = list(cells[:MOST_LISTED])
    if len(cells) > MOST_LISTED:
        shown.append(f"and {len(cells) - MOST_LISTED} more")
    listed = "".join(f"\n  {cell}" for cell in shown)
    error = RatingsError(sentence, file=name, cells=listed, **values)
    error.cells = tuple(cells[:MOST_LISTED])
    return error


def _check_names(name: str, people: Sequence[Person]) -> None:
    """Refuse names that would make two scopes look like one."""
    if not people:
        raise TableError(gettext_noop("%(file)s holds nobody below its header."), file=name)
    parties: dict[str, str] = {}
    for person in people:
        before = parties.setdefault(person.unit, person.party)
        if before != person.party:
            raise TableError(
                gettext_noop(
                    "%(file)s: unit %(unit)s lies in party %(before)s and in party %(party)s. A "
                    "unit belongs to one party; name more columns for the unit if need be."
                ),
                file=name,
                unit=person.unit,
                before=before,
                party=person.party,
            )
    if EVERYBODY in parties:
        raise TableError(
            gettext_noop(
                "%(file)s: a unit is called %(unit)s, which stands for everybody. Rename it."
            ),
            file=name,
            unit=EVERYBODY,
        )


def _check_joint(table: Table, units: Sequence[int]) -> None:
    """Refuse the mark that joins the parts of a unit's name inside such a part."""
    for row in table.rows:
        for column in units:
            if JOINT in row.cells[column]:
                raise TableError(
                    gettext_noop(
                        "%(file)s, %(place)s: several columns make a unit's name, joined by "
                        "%(joint)s, so that no part may hold it. Replace it."
                    ),
                    file=table.name,
                    place=table.place(row, column),
                    joint=JOINT,
                )
