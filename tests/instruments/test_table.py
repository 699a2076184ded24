"""Files that somebody made with other software, kind and hostile."""

import os
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import date
from io import BytesIO
from pathlib import Path
from time import perf_counter

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from understream.instruments.ratings import RatingsError, parse_items, read_ratings
from understream.instruments.table import Table, TableError, read_table
from understream.instruments.workbook import letters

SHARED = Path(
    os.environ.get("UNDERSTREAM_SHARED", Path(__file__).parents[2].parent / "shared" / "data")
)
GENERATED = SHARED / "badinput" / "generated"

# MANIFEST.tsv, every csv and xlsx line that is refused by the reader itself
REFUSED = {
    "bomb_sheet_60MB.xlsx": "unpacks to more than 20 MB",
    "not_a_zip.xlsx": "is not an Excel workbook",
    "nested_zip_2_levels.zip": "is not an Excel workbook",
    "empty.csv": "has no header",
    "only_bom.csv": "has no header",
    "unterminated_quote.csv": "row 1 (line 2): a quote is opened and never closed",
    "ragged_rows.csv": "5 columns, but row 1 (line 2) has 3, row 2 (line 3) has 7",
    "one_cell_2MB.csv": "row 1 (line 2): a cell holds more than 10000 characters",
}
# ... and those that can be read, where the caller's use decides
READ = {
    "duplicate_and_empty_headers.csv",
    "dutch_excel_semicolon_decimal_comma.csv",
    "utf16le_bom.csv",
    "out_of_range_scores.csv",
    "missing_value_words.csv",
}


def generated(name):
    """A hostile file of the shared data; without that folder only CI insists."""
    if not (GENERATED / name).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the hostile files are missing: {GENERATED / name}")
        pytest.skip(f"no hostile files at {GENERATED}")
    return GENERATED / name


def csv_table(text):
    return read_table(text if isinstance(text, bytes) else text.encode(), name="made.csv")


def cells(table: Table):
    return [row.cells for row in table.rows]


def xlsx(*sheets):
    """A workbook of sheets; each is a list of rows, or a function that writes into it."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for content in sheets:
        sheet = book.add_worksheet()
        if callable(content):
            content(sheet, book)
        else:
            for number, row in enumerate(content):
                sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


def with_part(content, name, change):
    """The same archive with one part changed, added, or, with None, left out."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        names = old.namelist()
        for part in names if name in names else [*names, name]:
            before = old.read(part) if part in names else b""
            after = change(before) if part == name else before
            if after is not None:
                new.writestr(part, after)
    return file.getvalue()


def refused(content, name="made.xlsx"):
    with pytest.raises(TableError) as refusal:
        read_table(content, name=name)
    return str(refusal.value)


# ------------------------------------------------------------- the manifest


def test_every_table_of_the_manifest_is_tried_here():
    lines = generated("MANIFEST.tsv").read_text().splitlines()[1:]
    names = {line.split("\t")[0].rpartition("/")[2] for line in lines}

    tables = {name for name in names if name.endswith((".csv", ".xlsx"))}

    assert tables == (REFUSED.keys() | READ) - {"nested_zip_2_levels.zip"}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_hostile_file_gets_a_sentence_fast(name):
    path, begin = generated(name), perf_counter()

    with pytest.raises(TableError) as refusal:
        read_table(path)

    assert str(refusal.value).startswith(name)
    assert REFUSED[name] in str(refusal.value)
    assert perf_counter() - begin < 5


def test_memory_stays_under_200_mb_for_the_bomb():
    code = (
        "import resource, sys\n"
        "from understream.instruments.table import TableError, read_table\n"
        "try:\n    read_table(sys.argv[1])\nexcept TableError as refusal:\n    print(refusal)\n"
        "status = open('/proc/self/status').read()\n"  # rusage would count pytest's own memory
        "print(status.partition('VmHWM:')[2].split()[0])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    path = generated("bomb_sheet_60MB.xlsx")
    source = Path(__file__).parents[2] / "src"

    done = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(source)},
    )

    *_, own, child = done.stdout.split()
    assert max(int(own), int(child)) < 200_000  # in kB


def test_a_semicolon_file_may_have_decimal_commas():
    table = read_table(generated("dutch_excel_semicolon_decimal_comma.csv"))

    assert [table.number(row[2]) for row in cells(table)] == [3.5, 4.25]


def test_utf_16_with_its_mark_is_text():
    table = read_table(generated("utf16le_bom.csv"))

    assert (table.headers, cells(table)) == (("id", "Q1", "comment"), [("1", "3", "café €")])


def test_a_doubtful_header_matters_only_when_it_is_asked_for():
    table = read_table(generated("duplicate_and_empty_headers.csv"))

    assert (table.column("id"), table.column("Q2")) == (0, 4)
    with pytest.raises(TableError, match=r"Q1 above columns 2, 3\. Which one is meant"):
        table.column("Q1")
    with pytest.raises(TableError, match="has no column ''"):
        table.column("")


def test_every_score_off_the_scale_is_reported_with_row_and_column():
    table = read_table(generated("out_of_range_scores.csv"))

    with pytest.raises(RatingsError) as refusal:
        read_ratings(table, ["org"], [parse_items("Q=Q1,Q2", table.headers)], (1, 5))

    assert [cell.split(":")[0] for cell in refusal.value.cells] == [
        f"row {row} (line {row + 1}), column {column}"
        for row, column in [
            (1, "Q1"),
            (1, "Q2"),
            (2, "Q1"),
            (2, "Q2"),
            (3, "Q1"),
            (3, "Q2"),
            (4, "Q1"),
            (4, "Q2"),
            (5, "Q2"),
            (6, "Q1"),
        ]
    ]


def test_only_empty_and_na_are_missing():
    table = read_table(generated("missing_value_words.csv"))

    with pytest.raises(RatingsError) as refusal:
        read_ratings(table, ["id"], [parse_items("E=edu", table.headers)], (1, 5))

    rows = [cell.split()[1] for cell in refusal.value.cells]
    assert rows == ["1", "3", "4", "5", "7", "8"]  # 2 is NA, 6 is empty


# ---------------------------------------------------------------------- CSV


def test_quotes_protect_marks_lines_and_quotes():
    table = csv_table('a,b\n"x, y","one\ntwo"\n"say ""so""",2\n')

    assert cells(table) == [("x, y", "one\ntwo"), ('say "so"', "2")]
    assert [(row.number, row.line) for row in table.rows] == [(1, 2), (2, 4)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_known(end):
    assert cells(csv_table(end.join(["a,b", "1,2", "3,4"]))) == [("1", "2"), ("3", "4")]


def test_empty_lines_and_rows_are_passed_over_and_numbers_stay():
    table = csv_table("a,b\n\n1,2\n,\n3,4\n\n")

    assert [(row.number, row.line, row.cells) for row in table.rows] == [
        (1, 3, ("1", "2")),
        (3, 5, ("3", "4")),
    ]


def test_a_spreadsheets_hint_is_no_header():
    table = csv_table("sep=;\na;b\n1;2,5\n")

    assert (table.headers, table.rows[0].line, table.number("2,5")) == (("a", "b"), 3, 2.5)


def test_a_decimal_comma_is_no_number_between_commas():
    table = csv_table('a,b\n"3,5",1\n')

    assert (table.number("3,5"), table.number("3.5")) == (None, 3.5)


@pytest.mark.parametrize("text", ["1e3", "1.000,5", "inf", "nan", "٣", "", ".", "1_0", "0x1"])
def test_only_plain_numbers_are_numbers(text):
    assert csv_table("a;b\n1;2\n").number(text) is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no header"),
        (b"\n\n  \n", "no header"),
        (b",,\n1,2,3\n", "no header"),
        (b"\xff\xfe", "no header"),
        ("a,b\ncafé,1\n".encode() + "café,2\n".encode("latin-1"), "line 3: this is not UTF-8"),
        ("a,b\ncafé,1\n".encode("cp1252"), "line 2: this is not UTF-8"),
        (b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"x", "this is not UTF-16"),
        (b"\xff\xfe\x00\xd8\x00\xd8", "this is not UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "null character"),
        ("\ufeffa,b\n1,2\n".encode("utf-32-le"), "null character"),
        (b"a,b\n1,\x002\n", "line 2: there is a null character"),
        (b"a;b,c\n1;2,3\n", "as many commas as semicolons"),
        (b"a,b\n1;2\n3;4\n", "2 columns, but row 1 (line 2) has 1, row 2 (line 3) has 1"),
        (b'a,b\n1,"2\n3,4\n', "row 1 (line 2): a quote is opened and never closed"),
        (b'a,b\n1,2\n3,"4"4\n', "row 2 (line 3): something follows a closing quote"),
        (b"a,b\n1," + b"x" * 10_001, "row 1 (line 2), column b: the cell holds more than 10000"),
        (b"a,b\n" + b"1\n" * 30, "row 20 (line 21) has 1 and 10 more"),
        (b"a,b\n" + b"1,2\n" * 20_001, "more than 20000 rows"),
        (b"," * 600 + b"\n", "no header"),
        (b"a," * 600 + b"\n", "more than 512 columns"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or a protected office file"),
    ],
)
def test_what_is_not_plain_gets_a_sentence(content, sentence):
    message = refused(content, "made.csv")

    assert message.startswith("made.csv")
    assert sentence in message


def test_a_cell_of_ten_thousand_characters_is_still_one():
    assert cells(csv_table("a,b\n1," + "x" * 10_000)) == [("1", "x" * 10_000)]


def test_a_refusal_keeps_its_pattern_for_translation():
    with pytest.raises(TableError) as refusal:
        csv_table(b"a,b\n1," + b"x" * 10_001)

    assert refusal.value.sentence % refusal.value.values == str(refusal.value)
    assert (refusal.value.row, refusal.value.column) == (1, "b")


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(TableError, match=r"^none\.csv cannot be read: no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(TableError, match="cannot be read: is a directory"):
        read_table(tmp_path)


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_table_or_a_refusal(content):
    try:
        table = read_table(content, name="made.csv")
    except TableError:
        return
    assert all(len(row.cells) == len(table.headers) for row in table.rows)


# --------------------------------------------------------------------- XLSX


def test_a_workbook_reads_as_it_was_typed():
    def write(sheet, book):
        sheet.write_row(0, 0, ["unit", "Q1", "when", "yes"])
        sheet.write_row(1, 0, [" A ", 4.0])
        sheet.write_datetime(1, 2, date(2026, 11, 24), book.add_format({"num_format": "d/m/yy"}))
        sheet.write_boolean(1, 3, True)
        sheet.write_row(3, 0, ["B", 3.5])

    table = read_table(xlsx(write, [["notes"]]), name="made.xlsx")

    assert table.headers == ("unit", "Q1", "when", "yes")
    assert cells(table) == [("A", "4", "2026-11-24", "TRUE"), ("B", "3.5", "", "")]
    assert [(row.number, row.line) for row in table.rows] == [(1, 2), (3, 4)]
    assert (table.sheet, table.other_sheets) == ("Sheet1", ("Sheet2",))
    assert table.place(table.rows[1], 1) == "row 3 (cell B4), column Q1"


def test_a_workbook_is_known_by_its_content():
    assert read_table(xlsx([["a"], [1]]), name="upload").headers == ("a",)


def test_a_table_that_begins_lower_has_no_header():
    assert "no header" in refused(xlsx([[], [], ["a", "b"], [1, 2]]))
    assert "no header" in refused(xlsx([]))


def test_formulas_are_told_by_cell_whatever_value_is_stored():
    def write(sheet, _):
        sheet.write_row(0, 0, ["unit", "Q1"])
        sheet.write_formula(1, 1, "=1+3", None, 4)
        sheet.write_formula(2, 0, '=HYPERLINK("http://x")', None, "A")

    assert refused(xlsx(write)) == (
        "made.xlsx has formulas in B2, A3. Copy the sheet and paste it as values."
    )


def test_formulas_on_a_sheet_that_is_not_read_do_not_matter():
    def write(sheet, _):
        sheet.write_formula(0, 0, "=1+3")

    assert read_table(xlsx([["a"], [1]], write), name="made.xlsx").other_sheets == ("Sheet2",)


def test_error_values_are_no_missing_answers():
    content = with_part(
        xlsx([["a"], [1]]),
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b'<c r="A2"><v>1</v>', b'<c r="A2" t="e"><v>#N/A</v>'),
    )

    assert "error values in A2" in refused(content)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "new.xml"]
)
def test_an_external_entity_is_never_resolved(part, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    declared = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()

    def declare(before):
        head, mark, rest = before.partition(b"?>")
        return head + mark + declared + rest if mark else declared + b"<x>&e;</x>"

    message = refused(with_part(xlsx([["a"], ["b"]]), part, declare))

    assert "declares XML entities or a document type" in message
    assert "canary" not in message


def test_a_document_type_alone_is_refused():
    content = with_part(xlsx([["a"]]), "xl/styles.xml", lambda _: b"<!DOCTYPE x><x/>")

    assert "xl/styles.xml in it declares XML entities or a document type" in refused(content)


def test_a_billion_laughs_are_not_laughed():
    laughs = b"<!DOCTYPE x [" + b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(10)
    )
    begin = perf_counter()

    message = refused(
        with_part(xlsx([["a"]]), "xl/sharedStrings.xml", lambda _: laughs + b"]><x>&l9;</x>")
    )

    assert "declares XML entities" in message
    assert perf_counter() - begin < 2


def lying(content, name, *, declared, real):
    """An archive whose directory declares fewer bytes for a part than it really inflates to."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for part in old.namelist():
            new.writestr(part, real if part == name else old.read(part))
    raw = bytearray(file.getvalue())
    size = struct.pack("<L", len(real))
    for at in [n for n in range(len(raw)) if raw[n : n + 4] == size]:
        raw[at : at + 4] = struct.pack("<L", declared)
    return bytes(raw)


def test_a_part_that_declares_less_than_it_holds_is_counted_in_full():
    sheet = b"<worksheet>" + b" " * 20_900_000 + b"</worksheet>"
    content = lying(xlsx([["a"]]), "xl/worksheets/sheet1.xml", declared=1000, real=sheet)

    assert len(content) < 200_000
    assert "unpacks to more than 20 MB" in refused(content)


def test_a_small_lie_is_a_lie():
    sheet = b"<worksheet>" + b" " * 70_001 + b"</worksheet>"
    content = lying(xlsx([["a"]]), "xl/worksheets/sheet1.xml", declared=1000, real=sheet)

    assert "sheet1.xml in it is not what it says it is" in refused(content)


def test_many_parts_that_share_their_bytes_are_counted_each():
    """An overlap bomb: one packed part, listed many times."""
    packed = zlib.compressobj(9, 8, -15)
    data = packed.compress(b" " * 1_000_000) + packed.flush()
    crc = zlib.crc32(b" " * 1_000_000)
    head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), 1_000_000, 1, 0)
    entries = [
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            20,
            20,
            0,
            8,
            0,
            0,
            crc,
            len(data),
            1_000_000,
            2,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + f"{number:02}".encode()
        for number in range(30)
    ]
    body = head + b"x" + data
    directory = b"".join(entries)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 30, 30, len(directory), len(body), 0)

    assert "unpacks to more than 20 MB" in refused(body + directory + end)


def test_more_than_two_hundred_parts_are_too_many():
    file = BytesIO(xlsx([["a"]]))
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(200):
            archive.writestr(f"part{number}", b"")

    assert "more than 200 parts" in refused(file.getvalue())


def test_an_archive_within_is_not_opened():
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("more", b"x")

    content = with_part(xlsx([["a"]]), "xl/media/more.bin", lambda _: inner.getvalue())

    assert "holds another archive, xl/media/more.bin" in refused(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method):
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(xlsx([["a"]]))) as old, zipfile.ZipFile(file, "w", method) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))

    assert "is not what it says it is" in refused(file.getvalue())


def test_a_password_is_told_apart():
    content = bytearray(xlsx([["a"]]))
    at = content.index(b"PK\1\2")
    content[at + 8] |= 1

    assert "protected by a password" in refused(bytes(content))


def test_a_cell_far_away_is_refused_before_room_is_made_for_it():
    def far(sheet, _):
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")

    message = refused(xlsx(far))

    assert "cell A1048576" in message or "cell XFD1048576" in message
    assert "beyond row 20001 or column SR" in message


def test_one_long_text_repeated_is_refused():
    def write(sheet, _):
        for row in range(20_000):
            sheet.write_row(row, 0, ["x" * 9_999] * 10)

    begin = perf_counter()

    message = refused(xlsx(write))

    assert "too much time or memory" in message
    assert perf_counter() - begin < 30


def test_a_long_cell_is_told():
    assert "cell B2: the cell holds more than 10000" in refused(
        xlsx([["a", "b"], [1, "x" * 10_001]])
    )


def test_a_damaged_sheet_is_told():
    broken = with_part(xlsx([["a"]]), "xl/worksheets/sheet1.xml", lambda part: part[:-30])
    missing = with_part(xlsx([["a"]]), "xl/worksheets/sheet1.xml", lambda _: None)

    assert "sheet1.xml in it is not what it says it is" in refused(broken)
    assert "is not an Excel workbook" in refused(missing)


def test_a_cut_off_workbook_is_told():
    assert "is not an Excel workbook" in refused(xlsx([["a"]])[:-100])


def test_the_largest_plain_sheet_is_read_within_the_limits():
    table = read_table(
        xlsx([[f"Q{n}" for n in range(25)], *([[1, 2, 3, 4, 5] * 5] * 20_000)]), name="big.xlsx"
    )

    assert (len(table.rows), table.rows[-1].line) == (20_000, 20_001)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_any_damage_to_a_workbook_is_read_or_refused(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = read_table(bytes(content), name="made.xlsx")
    except TableError:
        return
    assert table.headers == ("unit", "Q1")


SMALL = xlsx([["unit", "Q1"], ["A", 3]])


@pytest.mark.parametrize(("column", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (16_383, "XFD")])
def test_columns_have_letters(column, text):
    assert letters(column) == text


def test_a_long_header_is_shortened_in_every_sentence():
    table = read_table(f"unit,{'x' * 500}\nA,1\n".encode())

    with pytest.raises(TableError) as fault:
        table.column("y")

    assert table.columns() == f"unit, {'x' * 40}..."
    assert str(fault.value).endswith(f"unit, {'x' * 40}....")
    assert table.place(table.rows[0], 1) == f"row 1 (line 2), column {'x' * 40}..."
