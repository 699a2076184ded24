"""On which line each key of a TOML text stands, which Python's own reader does not tell."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

#: The way to a value: names of keys, and places in lists from 0.
Path = tuple[str | int, ...]

#: Longest path that is kept; what lies deeper stands where its surroundings stand.
DEEPEST: Final = 12

_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACES: Final = re.compile(r"[ \t]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'  # several lines, with escapes
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"  # several lines, as they stand
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN_VALUE: Final = re.compile(r"[^,\]}#\n]*")


def lines_of(source: str) -> dict[Path, int]:
    r"""Return the line, from 1, on which each key, table and member of a list begins.

    :param source: a text that :mod:`tomllib` reads without fault.
    :returns: for every path of the document, up to 12 steps long, its line; a table that is only
        implied by a longer name stands where that name first stands.

    >>> lines_of('a.b = 1\n[[c]]\nd = [2,\n3]')[("c", 0, "d", 1)]
    4
    """
    text = source.replace("\r\n", "\n")
    scan = _Scan(text)
    scan.document()
    ends = [place for place, character in enumerate(text) if character == "\n"]
    return {path: bisect_left(ends, place) + 1 for path, place in scan.places.items()}


def line_at(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of a path, or of the nearest table around it that stands in the text.

    :param lines: what :func:`lines_of` found.
    :returns: a line from 1; 1 if nothing around it is known.
    """
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scan:
    """One walk through a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}

    def document(self) -> None:
        base: Path = ()
        self._pass(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                base = self._header()
            else:
                self._pair(base)
            self._pass(_BLANK)

    def _header(self) -> Path:
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        *outer, last = self._key()
        self.at += brackets
        base: Path = ()
        for name in outer:
            base = self._mark((*base, name), start)
            if base in self.lengths:  # a list of tables: its latest member is meant
                base = (*base, self.lengths[base] - 1)
        base = self._mark((*base, last), start)
        if brackets == 1:
            return base
        number = self.lengths.get(base, 0)
        self.lengths[base] = number + 1
        return self._mark((*base, number), start)

    def _pair(self, base: Path) -> None:
        start = self.at
        for name in self._key():
            base = self._mark((*base, name), start)
        self.at += 1  # the sign =
        self._pass(_SPACES)
        self._value(base)

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._pass(_STRING)
        elif first == "[":
            self._members(path, "]")
        elif first == "{":
            self._members(path, "}")
        else:
            self._pass(_PLAIN_VALUE)

    def _members(self, path: Path, end: str) -> None:
        self.at += 1
        number = 0
        while True:
            self._pass(_BLANK)
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "}":
                self._pair(path)
            else:
                self._value(self._mark((*path, number), self.at))
                number += 1

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._pass(_SPACES)
            if self.text[self.at] in "\"'":
                names += tomllib.loads(self._pass(_STRING) + " = 0")
            else:
                names.append(self._pass(_BARE_KEY))
            self._pass(_SPACES)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _mark(self, path: Path, place: int) -> Path:
        if len(path) <= DEEPEST:
            self.places.setdefault(path, place)
        return path

    def _pass(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no TOML at character {self.at}")
        self.at = found.end()
        return found.group()
