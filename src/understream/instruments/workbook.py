"""Read the first sheet of an XLSX workbook, or all of them, in a process that can do no harm.

Run as a program by :mod:`understream.instruments.table`: the file comes in on standard input, a
line of JSON goes out: ``{"sheet", "others", "rows"}``, or with the word ``all`` behind its name
``{"sheets"}``; or ``{"fault", ...}``. Before anything else the process gives up memory beyond
256 MB, processor time beyond 10 s and writing files.

What an archive says about itself is not believed: every part is really inflated, piece by piece,
and counted; then the parts are put into a new archive, and only that one reaches the parser, so
that it cannot see anything that was not checked.
"""

import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from typing import Final
from xml.parsers import expat

#: Most bytes all parts may really inflate to, and most parts.
INFLATED: Final = 20_000_000
MOST_PARTS: Final = 200
#: Most rows below the header, and most columns.
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 512
#: Most characters in a cell.
LONGEST_CELL: Final = 10_000
#: Most cells in all sheets together.
MOST_CELLS: Final = 2_000_000
#: What the process may use.
MEMORY: Final = 256_000_000
SECONDS: Final = 10

_PIECE: Final = 65_536
_ENCRYPTED: Final = 1
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh")
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,4})\$?([0-9]{1,8})")
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class Fault(Exception):
    """The workbook is refused; the arguments say why and where."""

    def __init__(self, fault: str, **where: object) -> None:
        """Keep what will be told."""
        self.told = {"fault": fault, **where}
        super().__init__(fault)


def read_sheet(content: bytes) -> dict[str, object]:
    """Read the first sheet.

    :param content: the bytes of an XLSX file.
    :returns: ``sheet`` its name, ``others`` the names of the other sheets, ``rows`` a rectangle
        of text from cell A1 on, without empty columns at its right.
    :raises Fault: if the file is no plain workbook within the limits.

    Source: ECMA-376 part 1 (SpreadsheetML) and the ZIP application note of PKWARE.
    """
    parts = _checked(content)
    names, places = _sheets(parts)
    _, _, formulas = _check_cells(places[0], parts[places[0]])
    if formulas:
        raise Fault("formula", cells=formulas)
    (grid,) = _grids(_packed(parts), first_only=True).values()
    width = max((len(row) for row in grid), default=0)
    while width and not any(row[width - 1] for row in grid):
        width -= 1
    return {"sheet": names[0], "others": names[1:], "rows": [row[:width] for row in grid]}


def read_all(content: bytes) -> dict[str, object]:
    """Read every sheet of a workbook, also of an old one (XLS).

    :param content: the bytes of an XLSX or XLS file.
    :returns: ``sheets``, a list of objects with ``name``, ``rows`` of text, ``formulas`` with the
        cells that hold one, and how far its cells reach, in ``height`` and ``width``; in an XLSX
        file those of empty cells with a look of their own count, and an empty sheet has one cell.
    :raises Fault: if the file is no plain workbook within the limits. Formulas of an XLS file
        cannot be told from values.
    """
    reached: list[tuple[int, int, list[str]]] = []
    if content.startswith(_OLD_OFFICE):
        grids = _grids(content)
    else:
        parts = _checked(content)
        _, places = _sheets(parts)
        reached = [_check_cells(place, parts[place]) for place in places]
        grids = _grids(_packed(parts))
    reached = reached or [
        (len(rows), max(map(len, rows), default=0), []) for rows in grids.values()
    ]
    if sum(height * width for height, width, _ in reached) > MOST_CELLS:
        raise Fault("limits")
    return {
        "sheets": [
            {
                "name": name,
                "rows": rows,
                "height": height,
                "width": width,
                "formulas": formulas,
            }
            for (name, rows), (height, width, formulas) in zip(grids.items(), reached, strict=True)
        ]
    }


def _checked(content: bytes) -> dict[str, bytes]:
    """Unpack a workbook; refuse archives within it, and XML that declares anything."""
    parts = inflate(content)
    if "[Content_Types].xml" not in parts or "xl/workbook.xml" not in parts:
        raise Fault("not a workbook")
    for name, part in parts.items():
        if part.startswith(_ARCHIVES):
            raise Fault("nested", part=name[:60])
        if name.endswith((".xml", ".rels", ".vml")):
            _parse(name, part, lambda _tag, _attributes: None)
    return parts


def _grids(content: bytes, *, first_only: bool = False) -> dict[str, list[list[str]]]:
    """Return the text of all cells of each sheet, or of the first one."""
    # Imported only now, so that the limits hold and the parent does not load it.
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - see above

    grids: dict[str, list[list[str]]] = {}
    name = "the workbook"
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        for name in book.sheet_names[:1] if first_only else book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            grids[name] = [[_written(cell) for cell in row] for row in rows]
    except (CalamineError, ValueError, OSError):
        raise Fault("damaged", part=name[:60]) from None
    for grid in grids.values():
        for line, row in enumerate(grid, 1):
            for column, cell in enumerate(row):
                if len(cell) > LONGEST_CELL:
                    raise Fault("cell", cells=[letters(column) + str(line)], limit=LONGEST_CELL)
    return grids


def inflate(content: bytes) -> dict[str, bytes]:
    """Unpack every part of an archive, believing nothing it says about sizes.

    :param content: the bytes of a ZIP archive.
    :returns: the parts by name; names are never used as paths.
    :raises Fault: if it is no archive, is protected, contradicts itself or exceeds the limits.
    """
    try:
        listed = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError):
        raise Fault("not a workbook") from None
    if len(listed) > MOST_PARTS:
        raise Fault("parts", limit=MOST_PARTS)
    parts: dict[str, bytes] = {}
    total = 0
    for entry in listed:
        shown = entry.filename[:60]
        if entry.flag_bits & _ENCRYPTED:
            raise Fault("encrypted")
        if entry.filename in parts:
            raise Fault("damaged", part=shown)
        part = _inflated(content, entry, INFLATED - total)
        total += len(part)
        if zlib.crc32(part) != entry.CRC or len(part) != entry.file_size:
            raise Fault("damaged", part=shown)
        parts[entry.filename] = part
    return parts


def _inflated(content: bytes, entry: zipfile.ZipInfo, room: int) -> bytes:
    """Find one part where its own header says it begins, and inflate it."""
    damaged = Fault("damaged", part=entry.filename[:60])
    begin = entry.header_offset
    if begin < 0 or begin + _LOCAL_HEADER.size > len(content):
        raise damaged
    head = _LOCAL_HEADER.unpack_from(content, begin)
    if head[0] != b"PK\x03\x04":
        raise damaged
    begin += _LOCAL_HEADER.size + head[-2] + head[-1]
    packed = memoryview(content)[begin : begin + entry.compress_size]
    if len(packed) != entry.compress_size:
        raise damaged
    if entry.compress_type == zipfile.ZIP_STORED:
        if len(packed) > room:
            raise Fault("size", limit=INFLATED // 1_000_000)
        return bytes(packed)
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise damaged
    try:
        return _unfolded(bytes(packed), room)
    except (zlib.error, EOFError):
        raise damaged from None


def _unfolded(rest: bytes, room: int) -> bytes:
    """Inflate a deflated stream; stop as soon as it grows beyond the room."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    while not engine.eof:
        piece = engine.decompress(rest, _PIECE)
        rest = engine.unconsumed_tail
        room -= len(piece)
        if room < 0:
            raise Fault("size", limit=INFLATED // 1_000_000)
        if not piece and not rest and not engine.eof:
            raise EOFError
        pieces.append(piece)
    return b"".join(pieces)


def _packed(parts: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return file.getvalue()


def _parse(
    name: str,
    part: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    """Walk through XML; a document type, and so every entity, is refused."""

    def refuse(*_: object) -> None:
        raise Fault("doctype", part=name[:60])

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        raise Fault("damaged", part=name[:60]) from None


def _sheets(parts: dict[str, bytes]) -> tuple[list[str], list[str]]:
    """Return the names of the sheets in order, and the parts that hold them."""
    names: list[str] = []
    relations: list[str] = []
    targets: dict[str, str] = {}

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == "sheet":
            names.append(attributes.get("name", ""))
            relations.append(attributes.get(f"{_RELATION} id", ""))

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    _parse("xl/workbook.xml", parts["xl/workbook.xml"], sheet)
    listed = "xl/_rels/workbook.xml.rels"
    _parse(listed, parts.get(listed, b"<none/>"), relation)
    found = [targets.get(one, "") for one in relations]
    places = [one.lstrip("/") if one.startswith("/") else f"xl/{one}" for one in found]
    if not places or not set(places) <= set(parts):
        raise Fault("not a workbook")
    return names, places


def _check_cells(name: str, part: bytes) -> tuple[int, int, list[str]]:
    """Refuse error values and cells out of reach, naming the cells.

    :returns: how far the cells reach, lines and columns, 1 at least; and which hold a formula.
    """
    formulas: list[str] = []
    errors: list[str] = []
    line, column = 0, -1
    height = width = 1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal line, column, height, width
        match tag.rpartition(" ")[2]:
            case "row":
                given = attributes.get("r", "")
                line = int(given) if re.fullmatch("[0-9]{1,8}", given) else line + 1
                column = -1
                reach()
            case "c":
                found = _REFERENCE.fullmatch(attributes.get("r", ""))
                column = _position(found[1]) if found else column + 1
                line = int(found[2]) if found else line
                reach()
                height, width = max(height, line), max(width, column + 1)
                if attributes.get("t") == "e":
                    errors.append(letters(column) + str(line))
            case "f":
                formulas.append(letters(column) + str(line))

    def reach() -> None:
        if line > MOST_ROWS + 1 or column >= MOST_COLUMNS:
            spot = letters(max(column, 0)) + str(line)
            raise Fault("far", cells=[spot], rows=MOST_ROWS + 1, columns=letters(MOST_COLUMNS - 1))

    _parse(name, part, start)
    if errors:
        raise Fault("error", cells=errors)
    return height, width, formulas


def _written(cell: object) -> str:
    """Return a cell as somebody would have typed it: 4, 3.5, TRUE, 2026-11-24."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - exact up to here
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def _position(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def letters(column: int) -> str:
    """Return the letters that a spreadsheet shows above a column.

    :param column: position from 0.
    :returns: A for 0, Z for 25, AA for 26.

    >>> letters(27)
    'AB'
    """
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def main() -> None:
    """Give up what is not needed, read standard input, tell what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read = read_all if sys.argv[1:] == ["all"] else read_sheet
        told: dict[str, object] = read(sys.stdin.buffer.read())
    except Fault as fault:
        told = fault.told
    except MemoryError:
        told = {"fault": "limits"}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
