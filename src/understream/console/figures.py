"""Figures on their way to a terminal or another program."""

import csv
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from understream.instruments.ratings import Ratings
from understream.instruments.table import Table, TableError

Figure = int | float | str | None
#: Marks without width that some scripts need within words.
_JOINERS = "\u200c\u200d"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its name, whose it is, of which item or scale. None is undefined."""

    statistic: str
    scope: str
    item: str
    value: Figure


def exact(value: Figure) -> str:
    """Write a figure so that reading it back gives the same number.

    :param value: a figure; None is undefined.
    :returns: 17 significant digits for numbers that are not whole counts; ``NA`` for None.
    """
    if value is None:
        return "NA"
    return format(value, ".17g") if isinstance(value, float) else str(value)


def rounded(value: Figure, decimals: int = 2) -> str:
    """Write a figure for people.

    :param value: a figure; None is undefined.
    :param decimals: digits behind the point of numbers that are not whole counts.
    :returns: the text; ``NA`` for None.
    """
    if value is None:
        return "NA"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def long_format(lines: Sequence[Line]) -> str:
    """Write one CSV row a figure.

    :param lines: the figures.
    :returns: CSV with the columns statistic, scope, item, value.
    """
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("statistic", "scope", "item", "value"))
    writer.writerows((n.statistic, n.scope, n.item, exact(n.value)) for n in lines)
    return file.getvalue()


def nested(lines: Iterable[Line]) -> dict[str, dict[str, dict[str, Figure]]]:
    """Arrange figures by scope, then item, then statistic.

    :param lines: the figures.
    :returns: the values; None for an undefined one.
    """
    scopes: dict[str, dict[str, dict[str, Figure]]] = {}
    for line in lines:
        scopes.setdefault(line.scope, {}).setdefault(line.item, {})[line.statistic] = line.value
    return scopes


def json_format(figures: Mapping[str, object], ratings: Ratings) -> str:
    """Write figures as one JSON object that also says what they are about.

    :param figures: anything that JSON can hold, by name.
    :param ratings: what they were made of.
    :returns: the object, with ``scale`` and ``groups`` before the figures; undefined is null.
    """
    scale = {"low": ratings.scale.low, "high": ratings.scale.high}
    groups = {group.title: group.items for group in ratings.groups}
    return json.dumps({"scale": scale, "groups": groups, **figures}, indent=1) + "\n"


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Set rows in columns: the first, which is cut after 40 characters, to the left.

    :param heads: a head for each column.
    :param rows: cells, as many a row as there are heads.
    :returns: lines of text.
    """
    lines = [
        [readable(_short(name)), *map(readable, figures)] for name, *figures in (heads, *rows)
    ]
    wide = [max(width(row[place]) for row in lines) for place in range(len(heads))]
    return "".join(
        "  ".join(
            cell + gap if place == 0 else gap + cell
            for place, cell in enumerate(row)
            for gap in [" " * (wide[place] - width(cell))]
        ).rstrip()
        + "\n"
        for row in lines
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "..."


def printed(command: str, make: Callable[[], tuple[str, Sequence[Table], Sequence[str]]]) -> int:
    """Print what a command has to say, or why it cannot.

    :param command: its name.
    :param make: returns the text, the tables it was made of, and remarks on them.
    :returns: exit code: 0, or 2 if *make* refused; then nothing but the refusal is printed.
    """
    try:
        text, tables, remarks = make()
    except (TableError, ValueError) as refusal:
        sys.stderr.write(refused(command, str(refusal)))
        return 2
    others = [
        f"Read sheet {table.sheet} of {table.name}; not read: {', '.join(table.other_sheets)}."
        for table in tables
        if table.other_sheets
    ]
    for remark in (*others, *remarks):
        sys.stderr.write(f"{readable(remark)}\n")
    sys.stdout.write(text)
    return 0


def refused(command: str, sentences: str) -> str:
    """Write why a command does not do what was asked.

    :param command: its name.
    :param sentences: a fault's own words, on one line or several.
    :returns: lines for the standard error stream.
    """
    lines = [readable(line) for line in sentences.split("\n")]
    return f"understream {command}: " + "\n".join(lines) + "\n"


def readable(text: str) -> str:
    r"""Spell out what would steer a terminal: line ends, escapes, marks that turn the writing.

    :param text: names and sentences that hold what stood in a file.
    :returns: the text on one line, harmless to print.

    >>> print(readable("A\x1b[31m"))
    A\x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(
        one
        if one.isprintable() or one in _JOINERS or unicodedata.category(one) == "Zs"
        else ascii(one)[1:-1]
        for one in text
    )


def width(text: str) -> int:
    r"""Return how many cells of a terminal a text fills.

    :param text: what :func:`readable` returned.
    :returns: two for a wide character, none for one that stands upon another.

    >>> width("日本"), width("e\u0301")
    (4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(one) in {"Mn", "Me", "Cf"}
        else 2
        if unicodedata.east_asian_width(one) in {"W", "F"}
        else 1
        for one in text
    )
