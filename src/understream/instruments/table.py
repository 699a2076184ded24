"""Read a table that somebody made with other software: CSV, XLSX or SPSS, nothing shifted.

Decided once, for every reader of files:

* CSV is comma- or semicolon-separated, whichever the header has more of; quotes are doubled
  inside quotes. UTF-8, with or without byte-order mark, or UTF-16 with one. A decimal comma is
  understood in semicolon files only. Spaces around a cell do not count.
* Of an XLSX workbook the first sheet is read. It may hold neither formulas nor error values in
  it, since a formula's stored value can be stale: paste the values instead.
* Of a file of SPSS (``.sav``, ``.zsav``, ``.por``; an extra) the codes are read, not what they are
  called; what it calls missing is an empty cell.
* A row or a line in which nothing is written is passed over. Row numbers count the rows below
  the header that are in the file, from 1; a message also names the line, or the sheet's cell.
* Limits: 5 MB, 20 MB inflated, 200 parts, 20,000 rows, 512 columns, 10,000 characters a cell.

Sentences are English; ``TableError.sentence`` with ``TableError.values`` lets a page translate
them. They never repeat what a cell holds beyond 40 characters.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any, Final

from understream.instruments import spss, workbook

#: Largest file, in bytes.
LARGEST_FILE: Final = 5_000_000
#: Most rows below the header, and most columns.
MOST_ROWS: Final = workbook.MOST_ROWS
MOST_COLUMNS: Final = workbook.MOST_COLUMNS
#: Most characters in a cell.
LONGEST_CELL: Final = workbook.LONGEST_CELL
#: How many faults are listed before "and more".
MOST_LISTED: Final = 20
#: Most characters of a cell or a header that a message repeats.
LONGEST_QUOTE: Final = 40

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_NUMBER_WITH_COMMA: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_SPSS: Final = (".sav", ".zsav", ".por")
_SECONDS: Final = 30
_TOO_MUCH: Final[Mapping[str, Any]] = {"fault": "limits"}


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogue; this floor knows no catalogue itself."""
    return sentence


class TableError(Exception):
    """A file cannot be taken as it is; the sentence says where and what to do.

    ``sentence`` is the English pattern, ``values`` fills it; ``row`` and ``column`` are set where
    the fault has one place.
    """

    def __init__(
        self,
        sentence: str,
        /,
        *,
        row: int | None = None,
        column: str | None = None,
        **values: object,
    ) -> None:
        """Keep the pattern apart from what fills it, so that it can be translated."""
        self.row, self.column = row, column
        self.sentence = sentence
        self.values = {**values, "row": row, "column": column}
        super().__init__(sentence % self.values)


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header: its number from 1, its line in the file, its trimmed cells."""

    number: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Headers and rows as they stand in the file.

    ``sheet`` is the name of the sheet read and ``other_sheets`` those passed over; both are empty
    for CSV. ``decimal_comma`` says whether 3,5 is a number here. ``labels`` says, of a file of
    SPSS, by column what its codes are called; ``missing`` names the columns with missing values
    of their own.
    """

    name: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    decimal_comma: bool = False
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def column(self, header: str) -> int:
        """Return the position, from 0, of the one column with this header.

        :param header: the header as the caller names it.
        :returns: its index in ``headers`` and in every row's cells.
        :raises TableError: if no column, or more than one, is headed so.
        """
        header = header.strip()
        places = [place for place, name in enumerate(self.headers) if name == header]
        if not header or not places:
            raise TableError(
                gettext_noop("%(file)s has no column %(column)s. Its columns are: %(columns)s."),
                file=self.name,
                column=repr(header),
                columns=self.columns(),
            )
        if len(places) > 1:
            raise TableError(
                gettext_noop(
                    "%(file)s has the header %(column)s above columns %(columns)s. Which one is "
                    "meant? Give each column its own name."
                ),
                column=header,
                file=self.name,
                columns=_listed([str(place + 1) for place in places]),
            )
        return places[0]

    def columns(self) -> str:
        """Name the columns, for people: the first twenty."""
        return _listed([_brief(name) or "(no name)" for name in self.headers])

    def number(self, cell: str) -> float | None:
        """Return the number a cell holds.

        :param cell: the trimmed text of a cell.
        :returns: the number; None if the cell is not a plain decimal number with the digits
            0 to 9: no exponent, no thousands mark, no infinity.
        """
        pattern = _NUMBER_WITH_COMMA if self.decimal_comma else _NUMBER
        return float(cell.replace(",", ".")) if pattern.fullmatch(cell) else None

    def place(self, row: Row, column: int) -> str:
        """Say where a cell is, for people: row, line or sheet's cell, and column."""
        spot = f"cell {workbook.letters(column)}{row.line}" if self.sheet else f"line {row.line}"
        return f"row {row.number} ({spot}), column {_brief(self.headers[column]) or column + 1}"


def read_table(source: Path | str | bytes, *, name: str = "") -> Table:
    """Read a CSV, XLSX or SPSS file.

    :param source: a path, or the content of a file.
    :param name: what to call the file in messages; by default the last part of the path.
    :returns: the table, with trimmed cells.
    :raises TableError: if anything in it is not plain; the sentence says where and what to do.
    """
    if isinstance(source, bytes):
        name, content = name or "the file", source
    else:
        path = Path(source)
        name, content = name or path.name, _content(path, name or path.name)
    if len(content) > LARGEST_FILE:
        raise TableError(
            gettext_noop("%(file)s is larger than %(limit)s MB. Split it, or leave columns out."),
            file=name,
            limit=LARGEST_FILE // 1_000_000,
        )
    if content.startswith(_OLD_OFFICE):
        raise TableError(
            gettext_noop(
                "%(file)s is an old or a protected office file. Save it as .xlsx without a "
                "password, or as CSV."
            ),
            file=name,
        )
    if content.startswith(b"PK\x03\x04") or name.lower().endswith((".xlsx", ".xlsm")):
        return _from_workbook(content, name)
    if content.startswith((b"$FL2", b"$FL3")) or name.lower().endswith(_SPSS):
        return _from_spss(content, name)
    return _from_csv(_text(content, name), name)


def _content(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as fault:
        reason = (fault.strerror or "unknown fault").lower()
        raise TableError(
            gettext_noop("%(file)s cannot be read: %(reason)s."), file=name, reason=reason
        ) from None


# ---------------------------------------------------------------------- CSV


def _text(content: bytes, name: str) -> str:
    """Decode the bytes, or say on which line they stop being text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, label = "utf-16", "UTF-16"
    else:
        encoding, label = "utf-8-sig", "UTF-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise TableError(
            gettext_noop(
                "%(file)s, line %(line)s: this is not %(encoding)s text. The file has another "
                "encoding, or mixes several. Save it again as CSV UTF-8."
            ),
            file=name,
            line=line,
            encoding=label,
        ) from None
    if "\0" in text:
        raise TableError(
            gettext_noop(
                "%(file)s, line %(line)s: there is a null character, which no text holds. Save "
                "the file again as CSV UTF-8."
            ),
            file=name,
            line=text.count("\n", 0, text.index("\0")) + 1,
        )
    return text


def _from_csv(text: str, name: str) -> Table:
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower() in {"sep=,", "sep=;"}:  # a hint for spreadsheets, no header
        delimiter, text, skipped = first.strip()[-1], rest, 1
    else:
        delimiter = _delimiter(text, name)
    records = _records(text, delimiter, name, skipped)
    if not records:
        raise _no_header(name)
    _, headers = records.pop(0)
    return _table(name, headers, records, decimal_comma=delimiter == ";")


def _delimiter(text: str, name: str) -> str:
    """Return the mark that the header has more of, outside quotes."""
    first = next((line for line in StringIO(text, newline=None) if line.strip()), "")
    bare = re.sub(r'"[^"]*"?', "", first)
    commas, semicolons = bare.count(","), bare.count(";")
    if commas and commas == semicolons:
        raise TableError(
            gettext_noop(
                "%(file)s, line 1: the header has as many commas as semicolons, so that its "
                "columns cannot be told apart. Put names that hold one in quotes."
            ),
            file=name,
        )
    return ";" if semicolons > commas else ","


def _records(text: str, delimiter: str, name: str, skipped: int) -> list[tuple[int, list[str]]]:
    """Return the lines with something on them, each with the number of its first line."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1 + skipped
    try:
        for cells in reader:
            if cells:
                if len(records) > MOST_ROWS:
                    raise _too_many_rows(name)
                records.append((line, cells))
            line = reader.line_num + skipped + 1
    except csv.Error as fault:
        reason = str(fault)
        if "field larger" in reason:
            raise TableError(
                gettext_noop(
                    "%(file)s, row %(row)s (line %(line)s): a cell holds more than %(limit)s "
                    "characters. Shorten it, or look for a quote that is never closed."
                ),
                row=len(records),
                file=name,
                line=line,
                limit=LONGEST_CELL,
            ) from None
        sentence = (
            gettext_noop(
                "%(file)s, row %(row)s (line %(line)s): a quote is opened and never closed. "
                "Close it, or double it if it belongs to the text."
            )
            if "unexpected end" in reason
            else gettext_noop(
                "%(file)s, row %(row)s (line %(line)s): something follows a closing quote. "
                "Double the quotes that belong to the text."
            )
        )
        raise TableError(sentence, row=len(records), file=name, line=line) from None
    return records


# --------------------------------------------------------------------- XLSX


def read_sheets(content: bytes, name: str) -> list[Mapping[str, Any]]:
    """Read all sheets of an XLSX or XLS workbook.

    :param content: the bytes of the file.
    :param name: what to call the file in messages.
    :returns: for each sheet ``name``, ``rows`` of text, ``height`` and ``width``
        (:func:`understream.instruments.workbook.read_all`).
    :raises TableError: if it is no plain workbook within the limits.
    """
    sheets: list[Mapping[str, Any]] = _child(content, name, "all")["sheets"]
    return sheets


def _child(content: bytes, name: str, *which: str) -> Mapping[str, Any]:
    """Let a child process read the workbook."""
    found = _apart(workbook.__file__, content, *which)
    if "fault" in found:
        raise _workbook_fault(found, name)
    return found


def _apart(program: str, content: bytes, *arguments: str) -> Mapping[str, Any]:
    """Return what one of our own files says of a file, run with little memory and time."""
    try:
        child = subprocess.run(  # noqa: S603 - our own file, by this same interpreter
            [sys.executable, "-I", "-B", program, *arguments],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={},
        )
        found: Mapping[str, Any] = json.loads(child.stdout) if not child.returncode else _TOO_MUCH
    except (subprocess.TimeoutExpired, ValueError):
        found = _TOO_MUCH
    return found


def _from_spss(content: bytes, name: str) -> Table:
    """Let a child process read a file of SPSS."""
    ending = next((one for one in _SPSS if name.lower().endswith(one)), ".sav")
    found = _apart(spss.__file__, content, ending)
    if "fault" in found:
        raise _spss_fault(found, name)
    made = _table(name, found["headers"], list(enumerate(found["rows"], 1)))
    return replace(made, labels=found["labels"], missing=tuple(found["missing"]))


def _spss_fault(found: Mapping[str, Any], name: str) -> TableError:
    match found["fault"]:
        case "extra":
            return TableError(
                gettext_noop(
                    "%(file)s is a file of SPSS. Reading those needs an extra: ask who keeps the "
                    "server to install understream[spss], or save the file as CSV."
                ),
                file=name,
            )
        case "rows":
            return _too_many_rows(name)
        case "columns" | "cell" | "limits":
            return TableError(
                gettext_noop(
                    "%(file)s is too large to be read: 20,000 rows, 512 columns and 10,000 "
                    "characters a cell are the most. Leave columns out."
                ),
                file=name,
            )
        case _:
            return TableError(
                gettext_noop(
                    "%(file)s is no whole file of SPSS. Open it in SPSS and save it again, or "
                    "save it as CSV."
                ),
                file=name,
            )


def _from_workbook(content: bytes, name: str) -> Table:
    found = _child(content, name)
    grid: list[list[str]] = found["rows"]
    if not grid or not any(grid[0]):
        raise _no_header(name)
    return _table(
        name,
        grid[0],
        [(line, cells) for line, cells in enumerate(grid[1:], 2)],
        sheet=found["sheet"],
        other_sheets=tuple(found["others"]),
    )


_WORKBOOK_FAULTS: Final = {
    "not a workbook": gettext_noop(
        "%(file)s is not an Excel workbook, although it is called one or begins like one. Open "
        "it where it was made and save it as .xlsx or CSV."
    ),
    "damaged": gettext_noop(
        "%(file)s is damaged: %(part)s in it is not what it says it is. Open it where it was "
        "made and save it again."
    ),
    "encrypted": gettext_noop("%(file)s is protected by a password. Save it without."),
    "nested": gettext_noop(
        "%(file)s holds another archive, %(part)s. Take the table out and save it on its own."
    ),
    "parts": gettext_noop("%(file)s holds more than %(limit)s parts. Save the table on its own."),
    "size": gettext_noop(
        "%(file)s unpacks to more than %(limit)s MB. Save the table on its own, as CSV."
    ),
    "doctype": gettext_noop(
        "%(file)s: %(part)s in it declares XML entities or a document type, which no "
        "spreadsheet does. It was not read."
    ),
    "formula": gettext_noop(
        "%(file)s has formulas in %(cells)s. Copy the sheet and paste it as values."
    ),
    "error": gettext_noop(
        "%(file)s has error values in %(cells)s. Replace them by what is meant."
    ),
    "far": gettext_noop(
        "%(file)s has something in cell %(cells)s, beyond row %(rows)s or column %(columns)s. "
        "Delete the empty rows and columns around the table."
    ),
    "cell": gettext_noop(
        "%(file)s, cell %(cells)s: the cell holds more than %(limit)s characters. Shorten it."
    ),
    "limits": gettext_noop(
        "%(file)s takes too much time or memory to read. Save the table on its own, as CSV."
    ),
}


def _workbook_fault(found: Mapping[str, Any], name: str) -> TableError:
    values = {key: value for key, value in found.items() if key not in {"fault", "cells"}}
    cells = found.get("cells")
    if isinstance(cells, list):
        values["cells"] = _listed(cells)
    return TableError(_WORKBOOK_FAULTS[str(found["fault"])], **values, file=name)


# ----------------------------------------------------------------- together


def _table(
    name: str,
    headers: Sequence[str],
    records: Sequence[tuple[int, Sequence[str]]],
    *,
    decimal_comma: bool = False,
    sheet: str = "",
    other_sheets: tuple[str, ...] = (),
) -> Table:
    headers = tuple(header.strip() for header in headers)
    if not any(headers):
        raise _no_header(name)
    if len(headers) > MOST_COLUMNS:
        raise TableError(
            gettext_noop("%(file)s has more than %(limit)s columns. Leave some out."),
            file=name,
            limit=MOST_COLUMNS,
        )
    rows: list[Row] = []
    ragged: list[str] = []
    for number, (line, cells) in enumerate(records, 1):
        if len(cells) != len(headers):
            ragged.append(f"row {number} (line {line}) has {len(cells)}")
            continue
        for column, cell in enumerate(cells):
            if len(cell) > LONGEST_CELL:
                raise TableError(
                    gettext_noop(
                        "%(file)s, row %(row)s (line %(line)s), column %(column)s: the cell "
                        "holds more than %(limit)s characters. Shorten it."
                    ),
                    row=number,
                    column=_brief(headers[column]) or str(column + 1),
                    file=name,
                    line=line,
                    limit=LONGEST_CELL,
                )
        trimmed = tuple(cell.strip() for cell in cells)
        if any(trimmed):
            rows.append(Row(number, line, trimmed))
    if ragged:
        raise TableError(
            gettext_noop(
                "%(file)s: the header has %(count)s columns, but %(rows)s. Nothing was read. "
                "Put cells that hold a %(mark)s in quotes, and write every cell, also empty ones."
            ),
            file=name,
            count=len(headers),
            rows=_listed(ragged),
            mark="semicolon" if decimal_comma else "comma",
        )
    return Table(name, headers, tuple(rows), decimal_comma, sheet, other_sheets)


def _brief(header: str) -> str:
    return header if len(header) <= LONGEST_QUOTE else header[:LONGEST_QUOTE] + "..."


def _listed(things: Sequence[str]) -> str:
    shown = ", ".join(things[:MOST_LISTED])
    more = len(things) - MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _no_header(name: str) -> TableError:
    return TableError(
        gettext_noop("%(file)s has no header. The first row must name the columns."), file=name
    )


def _too_many_rows(name: str) -> TableError:
    return TableError(
        gettext_noop("%(file)s has more than %(limit)s rows. Split it."),
        file=name,
        limit=MOST_ROWS,
    )
