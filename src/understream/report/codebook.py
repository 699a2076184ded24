"""A release and its codebook as files: a workbook of two sheets, and syntax for SPSS."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import xlsxwriter

from understream.domain.codebook import HEADER, Codebook

WIDE: Final = 60
BROAD: Final = frozenset({"text_en", "text_nl"})
MADE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zones; the same each time
NUMBERS: Final = frozenset({"value"})
QUOTE: Final = '"'


def as_xlsx(rows: Sequence[Sequence[str]], book: Codebook) -> bytes:
    """Return displayed figures and their codebook as a workbook: the same bytes each time.

    Texts are written as texts, so that nothing in them runs; numbers as numbers.

    :param rows: a header and the rows below it.
    """
    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
             "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, plain) as made:
        made.set_properties({"title": book.title, "created": MADE})
        bold = made.add_format({"bold": True})
        wrap = made.add_format({"text_wrap": True, "valign": "top"})
        sheet = made.add_worksheet("figures")
        head, *below = rows
        sheet.write_row(0, 0, head, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(head) - 1, 18)
        for at, row in enumerate(below, start=1):
            for column, (name, cell) in enumerate(zip(head, row, strict=True)):
                number = _number(cell) if name in NUMBERS else None
                if number is None:
                    sheet.write_string(at, column, cell)
                else:
                    sheet.write_number(at, column, number)
        sheet = made.add_worksheet("codebook")
        sheet.set_column(0, len(HEADER) - 1, 18, wrap)
        for column, name in enumerate(HEADER):
            if name in BROAD:
                sheet.set_column(column, column, WIDE, wrap)
        for at, line in enumerate(_lines(book)):
            heads = line == HEADER
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell, bold if heads else wrap)
    return out.getvalue()


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _lines(book: Codebook) -> Iterable[tuple[str, ...]]:
    yield from book.facts
    yield ()
    yield from ((rule,) for rule in book.rules)
    yield ()
    yield HEADER
    yield from book.lines


def as_rows(book: Codebook) -> tuple[tuple[str, ...], ...]:
    """Return a codebook as rows of a table, what it is about in front."""
    return tuple(_lines(book))


def as_syntax(name: str, book: Codebook) -> str:
    """Return syntax with which SPSS reads the release's CSV file and knows what codes mean.

    :param name: of the CSV file, which lies beside the syntax.
    :returns: UTF-8 text; every word in it stands in quotes, so that none is a command.
    """
    labels = "\n".join(
        f"  {_quoted(line[0])} {_quoted(line[1][:120])}" for line in book.lines if line[0]
    )
    about = "\n".join(f"* {_plain(name)}: {_plain(value)}." for name, value in book.facts)
    return f"""{about}
SET UNICODE=ON.
GET DATA /TYPE=TXT /FILE={_quoted(name)} /ENCODING="UTF8" /DELIMITERS="," /QUALIFIER='"'
  /ARRANGEMENT=DELIMITED /FIRSTCASE=2 /VARIABLES=
  round A120 instrument A40 party A200 about A200 n A8 item A60 statistic A60 value A20 end A8.
NUMERIC figure (F8.2).
IF (value NE "withheld") figure = NUMBER(value, F8.2).
VARIABLE LABELS
  party "who says it"
  about "about whom"
  n "how many people: empty, 5-9, or exact"
  figure "the displayed figure; missing where it is withheld"
  end "lower: so much or lower; higher: so much or higher".
VALUE LABELS item
{labels}.
EXECUTE.
"""


def _quoted(words: str) -> str:
    """Return words as SPSS takes them between quotes, on one line."""
    return QUOTE + _plain(words).replace(QUOTE, QUOTE * 2) + QUOTE


def _plain(words: str) -> str:
    return " ".join(words.split())
