"""What cells of a table hold that somebody asks figures of: numbers, words, names, or nothing."""

from collections.abc import Callable, Hashable, Sequence

from understream.instruments.ratings import MISSING
from understream.instruments.table import LONGEST_QUOTE, MOST_LISTED, Row, Table

Value = float | str | None


def numbers(table: Table, rows: Sequence[Row], column: int) -> list[float | None]:
    """Return a column of numbers.

    :param table: the table.
    :param rows: the rows to read.
    :param column: its place, from 0.
    :returns: a number a row; None for an empty cell or NA.
    :raises ValueError: if a cell holds anything else; up to twenty places are named.
    """
    found = [(row, _value(table, row.cells[column])) for row in rows]
    wrong = [_told(table, row, column) for row, value in found if isinstance(value, str)]
    if wrong:
        raise ValueError(
            f"{table.name}: column {table.headers[column]} holds numbers; missing is an empty "
            f"cell or NA. Correct these cells:{_listed(wrong)}"
        )
    return [value for _, value in found if not isinstance(value, str)]


def numbers_or_words(
    table: Table, rows: Sequence[Row], columns: Sequence[int]
) -> list[tuple[Value, ...]]:
    """Return columns that hold either numbers, all of them, or words.

    :param table: the table.
    :param rows: the rows to read.
    :param columns: their places, from 0.
    :returns: the values, row by row; None for an empty cell or NA.
    :raises ValueError: if numbers and words are mixed; up to twenty places of the rarer kind are
        named.
    """
    found = [tuple(_value(table, row.cells[column]) for column in columns) for row in rows]
    words, figures = (
        [
            _told(table, row, column)
            for row, values in zip(rows, found, strict=True)
            for column, value in zip(columns, values, strict=True)
            if isinstance(value, kind)
        ]
        for kind in (str, float)
    )
    if words and figures:
        rarer, other = ("words", "numbers") if len(words) <= len(figures) else ("numbers", "words")
        raise ValueError(
            f"{table.name}: there are {other}, and also {rarer}. Write all as numbers, or all as "
            "words; missing is an empty cell or NA. Look at these cells:"
            f"{_listed(words if rarer == 'words' else figures)}"
        )
    return found


def names(table: Table, rows: Sequence[Row], columns: Sequence[int]) -> list[tuple[str, ...]]:
    """Return columns that name somebody in every row.

    :param table: the table.
    :param rows: the rows to read.
    :param columns: their places, from 0.
    :returns: the names, row by row.
    :raises ValueError: if a cell is empty or NA; up to twenty places are named.
    """
    empty = [
        table.place(row, column)
        for row in rows
        for column in columns
        if row.cells[column] in MISSING
    ]
    if empty:
        raise ValueError(
            f"{table.name}: somebody is to be named in each of these cells. Fill them, or take "
            f"their rows out:{_listed(empty)}"
        )
    return [tuple(row.cells[column] for column in columns) for row in rows]


def once(
    table: Table,
    rows: Sequence[Row],
    keys: Sequence[Hashable],
    told: Callable[[int], str],
    remedy: str,
) -> None:
    """Refuse whatever stands twice.

    :param table: the table.
    :param rows: the rows to look at.
    :param keys: what may stand once, row by row.
    :param told: what a row is about, by its place among *rows*.
    :param remedy: what to do.
    :raises ValueError: if a key comes back; up to twenty rows are named.
    """
    first: dict[Hashable, Row] = {}
    again: list[str] = []
    for place, (row, key) in enumerate(zip(rows, keys, strict=True)):
        before = first.setdefault(key, row)
        if before is not row:
            again.append(
                f"row {row.number} (line {row.line}): {told(place)}, as in row {before.number}"
            )
    if again:
        raise ValueError(
            f"{table.name}: some rows say again what a row before them says. {remedy}"
            f"{_listed(again)}"
        )


def refuse(table: Table, sentence: str, rows: Sequence[tuple[Row, int]]) -> None:
    """Refuse cells, if there are any.

    :param table: the table.
    :param sentence: what is wrong with them, and what to do.
    :param rows: rows and the places of their cells.
    :raises ValueError: if there is one; up to twenty are named.
    """
    if rows:
        told = [_told(table, row, column) for row, column in rows]
        raise ValueError(f"{table.name}: {sentence}{_listed(told)}")


def _value(table: Table, cell: str) -> Value:
    if cell in MISSING:
        return None
    number = table.number(cell)
    return cell if number is None else number


def _told(table: Table, row: Row, column: int) -> str:
    cell = row.cells[column]
    short = cell if len(cell) <= LONGEST_QUOTE else cell[:LONGEST_QUOTE] + "..."
    return f"{table.place(row, column)}: '{short}'"


def _listed(places: Sequence[str]) -> str:
    shown = list(places[:MOST_LISTED])
    if len(places) > MOST_LISTED:
        shown.append(f"and {len(places) - MOST_LISTED} more")
    return "".join(f"\n  {place}" for place in shown)
