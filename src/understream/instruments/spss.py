"""Read a file of SPSS, in a process that can do no harm: `.sav`, `.zsav` and `.por`.

Run as a program by :mod:`understream.instruments.table`: the file comes in on standard input, its
ending as an argument, and a line of JSON goes out: ``{"headers", "rows", "labels", "missing"}`` or
``{"fault", ...}``. Before anything else the process gives up memory beyond 1 GB, processor time
beyond 10 s and writing more than its input. Reading needs the extra ``spss`` (pyreadstat).

Answers come as their codes, since scales are numbers here; what a code is called is told apart.
What the file itself calls missing is missing.
"""

import json
import math
import resource
import sys
import tempfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

#: What the process may use.
MEMORY: Final = 1_000_000_000
SECONDS: Final = 10
LARGEST: Final = 50_000_000
#: As for every table (`instruments.table`).
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 512
LONGEST_CELL: Final = 10_000
_NEVER: Final = 2**53
"""Beyond this a number is no whole number any more."""


def read(path: Path) -> dict[str, object]:
    """Read a file of SPSS.

    :param path: a file whose name ends in ``.sav``, ``.zsav`` or ``.por``.
    :returns: ``headers``; ``rows`` of text; ``labels``, by header what codes are called; and
        ``missing``, the headers of columns that have missing values of their own.
    """
    import pyreadstat  # noqa: PLC0415 - an extra, which need not be there

    reader = pyreadstat.read_por if path.suffix == ".por" else pyreadstat.read_sav
    columns, about = reader(str(path), output_format="dict", row_limit=MOST_ROWS + 1)
    headers = [str(name) for name in about.column_names]
    if len(headers) > MOST_COLUMNS:
        return {"fault": "columns"}
    asked = about
    if reader is pyreadstat.read_sav:
        # What is missing by the file's own word is told only to who asks not to have it emptied.
        _none, asked = reader(
            str(path), metadataonly=True, user_missing=True, output_format="dict"
        )
    rows = [
        list(map(as_text, row)) for row in zip(*(columns[name] for name in headers), strict=True)
    ]
    if len(rows) > MOST_ROWS:
        return {"fault": "rows"}
    for number, row in enumerate(rows, 1):
        if max(map(len, row), default=0) > LONGEST_CELL:
            return {"fault": "cell", "row": number}
    return {
        "headers": headers,
        "rows": rows,
        "labels": {
            name: {as_text(code): str(words) for code, words in codes.items()}
            for name, codes in about.variable_value_labels.items()
        },
        "missing": sorted(asked.missing_ranges),
    }


def as_text(value: object) -> str:
    """Return a value as a table holds it: 3.0 as 3, nothing for a missing one.

    >>> as_text(3.0), as_text(2.5), as_text(float("nan")), as_text(None)
    ('3', '2.5', '', '')
    """
    if value is None:
        return ""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, float):
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < _NEVER else repr(number)
    return str(number).strip()


def main() -> None:
    """Read standard input under limits, and write what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{sys.argv[1]}"
        path.write_bytes(sys.stdin.buffer.read())
        try:
            found = read(path)
        except ImportError:
            found = {"fault": "extra"}
        except Exception as fault:  # noqa: BLE001 - whatever its parser thinks of a broken file
            found = {"fault": "broken", "reason": type(fault).__name__}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
