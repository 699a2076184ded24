"""A codebook written out: rows, a workbook, and syntax in which no word is a command."""

import io

from python_calamine import CalamineWorkbook

from understream.domain.codebook import HEADER, Codebook
from understream.report.codebook import as_rows, as_syntax, as_xlsx

LINE = ("A1", 'He said "no".\nDROP', "Nee", *[""] * (len(HEADER) - 3))
BOOK = Codebook(7, "=Autumn", (("Round", "=Autumn"),), ("A rule.",), (LINE,))
ROWS = (("item", "value"), ("=A1", "4.5"), ("A2", "withheld"))


def test_rows_say_first_what_they_are_about():
    assert as_rows(BOOK) == (("Round", "=Autumn"), (), ("A rule.",), (), HEADER, LINE)


def test_numbers_are_numbers_and_texts_are_texts():
    content = as_xlsx(ROWS, BOOK)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    assert sheet.to_python() == [["item", "value"], ["=A1", 4.5], ["A2", "withheld"]]
    assert content == as_xlsx(ROWS, BOOK)


def test_words_are_quoted_on_one_line():
    assert '  "A1" "He said ""no"". DROP"' in as_syntax("release-7.csv", BOOK)
