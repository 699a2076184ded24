"""Figures on their way to a terminal or another program."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from understream.instruments.ratings import Ratings

Figure = int | float | str | None


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
    """Set rows in columns: the first to the left, figures to the right.

    :param heads: a head for each column.
    :param rows: cells, as many a row as there are heads.
    :returns: lines of text.
    """
    wide = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    return "".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        + "\n"
        for row in (heads, *rows)
    )
