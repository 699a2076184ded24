"""What may stand in an instrument's file; every fault with its line and its remedy."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from understream.instruments.lines import Path, line_at
from understream.measurement.disclosure import FEWEST_POINTS, MOST_POINTS

#: What a phone shows of one question without scrolling, in characters.
LONGEST_ITEM: Final = 160
#: Longest name of an end of a scale, of an option, or of an item in lists, in characters.
LONGEST_LABEL: Final = 40
LONGEST_TITLE: Final = 60
LONGEST_LINE: Final = 400
MOST_ITEMS: Final = 100
#: Longest of two opposite statements, of which a question asks which is nearer.
LONGEST_END: Final = 70
#: Most named points of a rating: more names do not fit beside each other.
MOST_STEPS: Final = 7
#: Most questions that are answered in words: each is one more screen, and a name nearer.
MOST_OPEN: Final = 8
MOST_VERSIONS: Final = 9999
FEWEST_OPTIONS: Final = 2

#: Which side of an alliance each level belongs to.
SIDE_OF_LEVEL: Final = {
    "content": "upper",
    "procedure": "upper",
    "interaction": "under",
    "person": "under",
    "context": "context",
}
#: Facets of different panels answer different questions and are never added up.
PANELS: Final = ("done", "judged", "dare", "mirror", "people", "watch")
#: Where the partner's name is filled in.
PARTNER: Final = "[P]"

_LANGUAGES: Final = {"en": "English", "nl": "Dutch"}
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_FRACTION: Final = re.compile(r"([1-9][0-9]?)/([1-9][0-9]?)")
_MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:[A-Za-z]+|#[0-9A-Fa-fx]+);")
# The word that no page may use (decisions, section 1), in both languages.
_RESERVED: Final = re.compile(r"anon[iy]e?m", re.IGNORECASE)
_LIKE_PARTNER: Final = re.compile(r"[\[{]\s*p(?:artner)?\s*[\]}]", re.IGNORECASE)
_INVISIBLE: Final = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in a file: where it is, what is wrong, and what to do."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return it as one line of plain words."""
        return f"{self.file}, line {self.line}: {self.what}. {self.remedy}."


def faults_in(
    document: Mapping[str, Any], lines: Mapping[Path, int], file: str
) -> tuple[Fault, ...]:
    """Return everything that is wrong in an instrument's file.

    :param document: the file as :mod:`tomllib` read it.
    :param lines: the line of each path (:func:`understream.instruments.lines.lines_of`).
    :param file: the file's name, for the sentences.
    :returns: faults in the order of their lines; none if the file can be used.
    """
    check = _Check(file, lines)
    check.document(document)
    return tuple(sorted(check.faults, key=lambda fault: fault.line))


def quoted(value: str) -> str:
    r"""Return what a file holds, short and printable, between quotes.

    >>> quoted("a\x1bb")
    '"a?b"'
    """
    shown = "".join("?" if _invisible(one) else one for one in value[:40])
    return f'"{shown}..."' if len(value) > len(shown) else f'"{shown}"'


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


def _near(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or no word."""
    # Comparing is slow for long words, and no known word is long.
    near = get_close_matches(word, known, 1) if len(word) <= LONGEST_LABEL else []
    return near[0] if near else ""


# -------------------------------------------------------------- kinds of values


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a key may hold: a fitting example, and a function that finds faults."""

    example: str
    fits: Callable[["_Check", Path, object], bool]
    needed: bool = True


def _line(most: int, example: str = '"..."', *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        before = len(check.faults)
        if not isinstance(value, str):
            return check.wrong(path, "a text between quotes")
        if not value.strip():
            check.fault(path, f"{check.name_of(path)} is empty", "Write a text, or a dash if none")
        elif value != value.strip():
            check.fault(
                path, f"{check.name_of(path)} begins or ends with a space", "Take the space away"
            )
        if any(_invisible(one) for one in value):
            check.fault(
                path,
                f"{check.name_of(path)} holds a line break or an invisible character",
                "Type the text anew on one line",
            )
        if _MARKUP.search(value):
            check.fault(path, f"{check.name_of(path)} holds HTML", "Write plain words")
        if _RESERVED.search(value):
            check.fault(
                path,
                f"{check.name_of(path)} uses the word that this product keeps for another promise",
                "Say who sees the answer instead",
            )
        if len(value) > most:
            check.fault(
                path,
                f"{check.name_of(path)} is {len(value)} characters long",
                f"Shorten it to {most}, so that it fits its place on a phone",
            )
        return len(check.faults) == before

    return _Rule(example, fits, needed)


def _texts(most: int, *, needed: bool = True) -> _Rule:
    keys = {"en": _line(most), "nl": _line(most)}

    def fits(check: "_Check", path: Path, value: object) -> bool:
        found = check.table(path, value, keys, check.name_of(path))
        for language, said in found.items():
            _without_partner(check, (*path, language), said)
        return len(found) == len(keys)

    return _Rule('.en = "..." and .nl = "..."', fits, needed)


def _without_partner(check: "_Check", path: Path, said: str) -> None:
    if path[-2] != "help" and _LIKE_PARTNER.search(said):
        check.fault(
            path,
            f"{check.name_of(path)} names the partner",
            f"Take {PARTNER} out: it is filled in only in items and their help",
        )


def _code(example: str = '"TA1"', *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        if isinstance(value, str) and _CODE.fullmatch(value):
            return True
        return check.wrong(
            path, "a code: a letter, then letters, digits, - or _, at most 40 in all"
        )

    return _Rule(example, fits, needed)


def _whole(least: int, most: int, *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return True
        return check.wrong(path, f"a whole number from {least} to {most}, without quotes")

    return _Rule(str(least), fits, needed)


def _flag(*, needed: bool) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        return isinstance(value, bool) or check.wrong(path, "true or false, without quotes")

    return _Rule("false", fits, needed)


def _one_of(words: Sequence[str], *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        if isinstance(value, str) and value in words:
            return True
        return check.wrong(path, "one of " + ", ".join(f'"{word}"' for word in words))

    return _Rule(f'"{words[0]}"', fits, needed)


def _fraction() -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        found = _FRACTION.fullmatch(value) if isinstance(value, str) else None
        if found and int(found[1]) <= int(found[2]):
            return True
        return check.wrong(path, 'a part of the items, such as "2/3"')

    return _Rule('"2/3"', fits)


def _tables(example: str, *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            return check.wrong(path, f"a list of tables, each opened by {example}")
        if not value:
            return check.wrong(path, "not empty")
        return True

    return _Rule(example, fits, needed)


def _table(example: str, *, needed: bool = True) -> _Rule:
    def fits(check: "_Check", path: Path, value: object) -> bool:
        return isinstance(value, dict) or check.wrong(path, f"a table, opened by {example}")

    return _Rule(example, fits, needed)


# ------------------------------------------------------------------- the format

_INSTRUMENT: Final = {
    "code": _code('"trust"'),
    "version": _whole(1, MOST_VERSIONS),
    "about": _one_of(("alliance", "directed")),
    "validated": _flag(needed=True),
    "licence": _line(LONGEST_LINE),
    "title": _texts(LONGEST_TITLE),
    "purpose": _texts(LONGEST_LINE),
    "time_frame": _texts(LONGEST_TITLE),
    "referent": _texts(LONGEST_LINE),
    "not_validated": _texts(LONGEST_LINE, needed=False),
    "note": _line(LONGEST_LINE, needed=False),
    "comment": _table("[comment]", needed=False),
    "scoring": _table("[scoring]"),
    "sources": _tables("[[sources]]"),
    "scales": _table("[scales.agree]"),
    "facets": _tables("[[facets]]"),
    "parts": _tables("[[parts]]", needed=False),
    "items": _tables("[[items]]"),
    "open": _tables("[[open]]", needed=False),
}
_COMMENT: Final = {
    "en": _line(LONGEST_ITEM),
    "nl": _line(LONGEST_ITEM),
    "internal": _flag(needed=True),
}
_SCORING: Final = {"facet": _one_of(("mean",)), "min_answered": _fraction()}
_SOURCE: Final = {
    "author": _line(LONGEST_LINE),
    "year": _whole(1900, 2100),
    "supports": _line(LONGEST_LINE),
    "title": _line(LONGEST_LINE, needed=False),
}
_RATING: Final = {
    "points": _whole(FEWEST_POINTS, MOST_POINTS),
    "low": _whole(0, 1, needed=False),
    "low_end": _texts(LONGEST_LABEL, needed=False),
    "high_end": _texts(LONGEST_LABEL, needed=False),
}
_STEPS: Final = {
    "steps": _tables('steps = [{ code = "low", en = "low", nl = "laag" }]'),
    "low": _whole(0, 1, needed=False),
}
_CHOICE: Final = {"options": _tables('options = [{ code = "yes", en = "yes", nl = "ja" }]')}
_OPTION: Final = {
    "code": _code('"yes"'),
    "en": _line(LONGEST_LABEL),
    "nl": _line(LONGEST_LABEL),
}
_FACET: Final = {
    "code": _code('"ability"'),
    "title": _texts(LONGEST_TITLE),
    "side": _one_of(("upper", "under", "context")),
    "level": _one_of(tuple(SIDE_OF_LEVEL)),
    "panel": _one_of(PANELS, needed=False),
    "of": _code('"ability"', needed=False),
    "adverse": _flag(needed=False),
}
_PART: Final = {
    "code": _code('"we"'),
    "title": _texts(LONGEST_TITLE),
    "instruction": _texts(LONGEST_ITEM, needed=False),
}
_OPEN: Final = {
    "code": _code('"TO1"'),
    "facet": _code('"ability"', needed=False),
    "en": _line(LONGEST_ITEM),
    "nl": _line(LONGEST_ITEM),
    "help": _texts(LONGEST_ITEM, needed=False),
}
_ITEM: Final = {
    "code": _code(),
    "facet": _code('"ability"'),
    "scale": _code('"agree"'),
    "en": _line(LONGEST_ITEM),
    "nl": _line(LONGEST_ITEM),
    "title": _texts(LONGEST_LABEL, needed=False),
    "time_frame": _texts(LONGEST_TITLE, needed=False),
    "help": _texts(LONGEST_ITEM, needed=False),
    "with": _code(needed=False),
    "level": _one_of(tuple(SIDE_OF_LEVEL), needed=False),
    "reverse": _flag(needed=False),
    "twin": _code(needed=False),
    "once": _flag(needed=False),
    "part": _code('"we"', needed=False),
    "low_end": _texts(LONGEST_END, needed=False),
    "high_end": _texts(LONGEST_END, needed=False),
    "source": _line(LONGEST_LINE, needed=False),
    "note": _line(LONGEST_LINE, needed=False),
}
# An item between two statements of its own asks which is nearer; it needs no other words.
_BETWEEN: Final = _ITEM | {key: _line(LONGEST_ITEM, needed=False) for key in _LANGUAGES}


class _Check:
    """One reading of a file; collects faults and goes on."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self.file, self.lines = file, lines
        self.faults: list[Fault] = []
        self.called: dict[Path, str] = {}

    def fault(self, path: Path, what: str, remedy: str) -> None:
        self.faults.append(Fault(self.file, line_at(self.lines, path), what, remedy))

    def wrong(self, path: Path, wanted: str) -> bool:
        self.fault(path, f"{self.name_of(path)} is not what it has to be", f"Make it {wanted}")
        return False

    def name_of(self, path: Path) -> str:
        """Return words for a path, such as "the Dutch text of item TA1"."""
        for length in range(len(path), 0, -1):
            owner = self.called.get(path[:length])
            if owner is not None:
                inner = [str(step) for step in path[length:]]
                break
        else:
            owner, inner = "", [str(step) for step in path]
        language = _LANGUAGES.get(inner[-1]) if inner else None
        if language:
            inner.pop()
        key = ".".join(quoted(step)[1:-1] for step in inner)
        words = [f"the {language} text"] if language else []
        words += [key] if key else []
        words += [owner] if owner else []
        return " of ".join(words)

    def table(
        self, path: Path, value: object, keys: Mapping[str, _Rule], called: str
    ) -> dict[str, Any]:
        """Check one table key by key.

        :returns: those keys and values that are as they have to be.
        """
        if not isinstance(value, dict):
            self.wrong(path, "a table with " + ", ".join(keys))
            return {}
        if path:
            self.called[path] = called
        good = {}
        for key, held in value.items():
            if key not in keys:
                near = _near(key, keys)
                remedy = f"Write {near}" if near else "Take it out; known: " + ", ".join(keys)
                self.fault((*path, key), f"{called} has an unknown key {quoted(key)}", remedy)
            elif keys[key].fits(self, (*path, key), held):
                good[key] = held
        for key, rule in keys.items():
            if rule.needed and key not in value:
                self.missing(path, key, rule.example, called)
        return good

    def missing(self, path: Path, key: str, example: str, called: str) -> None:
        if key in _LANGUAGES:
            self.fault(path, f"{called} has no {_LANGUAGES[key]} text", f'Add {key} = "..."')
        elif example.startswith("["):
            self.fault(path, f"{called} has no {key}", f"Add a part that opens with {example}")
        elif example.startswith("."):
            pair = example.replace(".en", f"{key}.en").replace(".nl", f"{key}.nl")
            self.fault(path, f"{called} has no {key}", f"Add {pair}")
        else:
            self.fault(path, f"{called} has no {key}", f"Add {key} = {example}")

    # ------------------------------------------------------------- whole file

    def document(self, document: Mapping[str, Any]) -> None:
        good = self.table((), dict(document), _INSTRUMENT, "the instrument")
        self._validation(document, good)
        if "comment" in good:
            found = self.table(("comment",), good["comment"], _COMMENT, "the comment")
            for language in set(_LANGUAGES) & set(found):
                _without_partner(self, ("comment", language), found[language])
        if "scoring" in good:
            self.table(("scoring",), good["scoring"], _SCORING, "the scoring")
        for number, source in enumerate(good.get("sources", ())):
            self.table(("sources", number), source, _SOURCE, f"source {number + 1}")
        scales = self._scales(good.get("scales", {}))
        facets = self._facets(good.get("facets", ()))
        parts = self._parts(good.get("parts", ()))
        items = good.get("items", ())
        if len(items) > MOST_ITEMS:
            self.fault(
                ("items", MOST_ITEMS),
                f"there are {len(items)} items",
                f"Keep {MOST_ITEMS} at most; nobody answers more",
            )
            return
        known = _Known(
            scales,
            facets,
            {name: name in good for name in ("scales", "facets")},
            good.get("about"),
            parts if "parts" in good else None,
        )
        self._items(items, known)
        self._open_lines(good.get("open", ()), items, known)

    def _validation(self, document: Mapping[str, Any], good: Mapping[str, Any]) -> None:
        told = "not_validated" in document
        if good.get("validated") is False and not told:
            self.fault(
                ("validated",),
                "the instrument is not validated and does not tell people so",
                'Add not_validated.en = "Not yet validated." and'
                ' not_validated.nl = "Nog niet gevalideerd."',
            )
        if good.get("validated") is True and told:
            self.fault(
                ("not_validated",),
                "the instrument is validated and says that it is not",
                "Take not_validated out, or set validated = false",
            )

    def _scales(self, scales: Mapping[str, Any]) -> dict[str, str]:
        """Check all scales; return for each code what kind it is.

        :returns: ``choice``, ``steps``, ``points``, or ``bare`` for points without ends.
        """
        kinds = {}
        for code, scale in scales.items():
            path: Path = ("scales", code)
            if not _CODE.fullmatch(code):
                self.wrong(path, "a code: a letter, then letters, digits, - or _")
            kinds[code] = kind = _kind(scale)
            if kind == "mixed":
                self.fault(
                    path,
                    f"scale {quoted(code)} is answered in two ways at once",
                    "Keep points with low_end and high_end, or keep options, or keep steps",
                )
                continue
            keys = {"choice": _CHOICE, "steps": _STEPS}.get(kind, _RATING)
            good = self.table(path, scale, keys, f"scale {quoted(code)}")
            self._both_ends(path, scale, f"scale {quoted(code)}")
            self._options((*path, "options"), good.get("options", ()), code)
            self._options((*path, "steps"), good.get("steps", ()), code)
        return kinds

    def _both_ends(self, path: Path, table: object, name: str) -> None:
        if isinstance(table, dict) and ("low_end" in table) != ("high_end" in table):
            given, other = ("low_end", "high_end")[:: 1 if "low_end" in table else -1]
            self.fault(
                (*path, given),
                f"{name} has {given} without {other}",
                f'Add {other}.en = "..." and {other}.nl = "..."',
            )

    def _options(self, path: Path, options: Sequence[object], scale: str) -> None:
        least, most = FEWEST_OPTIONS, MOST_POINTS
        remedy = f"Give {least} to {most}; an answer is kept in one byte"
        if path[-1] == "steps":
            least, most = FEWEST_POINTS, MOST_STEPS
            remedy = f"Give {least} to {most}; between two things people choose, by options"
        if options and not least <= len(options) <= most:
            self.fault(path, f"scale {quoted(scale)} has {len(options)} {path[-1]}", remedy)
        codes = _Once(self, f"of scale {quoted(scale)}")
        for number, option in enumerate(options):
            here: Path = (*path, number)
            name = f"{str(path[-1])[:-1]} {number + 1} of scale {quoted(scale)}"
            good = self.table(here, option, _OPTION, name)
            codes.add((*here, "code"), good.get("code"), "option")
            for language in set(_LANGUAGES) & set(good):
                _without_partner(self, (*here, language), good[language])

    def _facets(self, facets: Sequence[dict[str, Any]]) -> dict[str, Path]:
        """Check all facets; return where each code stands."""
        codes = _Once(self)
        for number, facet in enumerate(facets):
            path: Path = ("facets", number)
            good = self.table(path, facet, _FACET, _called("facet", facet, number))
            codes.add((*path, "code"), good.get("code"), "facet")
            side = SIDE_OF_LEVEL.get(good.get("level", ""))
            if side is not None and "side" in good and good["side"] != side:
                self.fault(
                    (*path, "side"),
                    f"facet {good.get('code', number + 1)} has the level {good['level']},"
                    f" which is not on the side {good['side']}",
                    f'Write side = "{side}", or another level',
                )
        self._say_more(facets, codes.places)
        return codes.places

    def _say_more(self, facets: Sequence[dict[str, Any]], places: Mapping[str, Path]) -> None:
        """Check that facets which say more about others end at one that stands by itself."""
        of = {
            facet["code"]: facet["of"]
            for facet in facets
            if isinstance(facet.get("code"), str) and isinstance(facet.get("of"), str)
        }
        told: set[str] = set()
        for number, facet in enumerate(facets):
            path: Path = ("facets", number, "of")
            code = facet.get("code")
            if not isinstance(code, str) or code not in of:
                continue
            if of[code] not in places:
                near = _near(of[code], places)
                self.fault(
                    path,
                    f"facet {code} says more about a facet {quoted(of[code])} that is not there",
                    f'Write of = "{near}"' if near else "Known: " + ", ".join(places),
                )
                continue
            ring = [code]
            while (onward := of.get(ring[-1])) is not None and onward not in ring:
                ring.append(onward)
            if onward == code and not told & set(ring):
                told |= set(ring)
                self.fault(
                    path,
                    f"facets say more about each other in a ring: {' of '.join([*ring, code])}",
                    "Take of out where the ring begins: in the facet that stands by itself",
                )

    def _parts(self, parts: Sequence[dict[str, Any]]) -> dict[str, Path]:
        """Check all parts; return where each code stands."""
        codes = _Once(self)
        for number, part in enumerate(parts):
            path: Path = ("parts", number)
            good = self.table(path, part, _PART, _called("part", part, number))
            codes.add((*path, "code"), good.get("code"), "part")
        return codes.places

    def _open_lines(
        self,
        lines: Sequence[dict[str, Any]],
        items: Sequence[Mapping[str, Any]],
        known: "_Known",
    ) -> None:
        """Check the questions that are answered in words."""
        if len(lines) > MOST_OPEN:
            self.fault(
                ("open", MOST_OPEN),
                f"there are {len(lines)} open questions",
                f"Keep {MOST_OPEN} at most; every one takes time, and words give people away",
            )
        taken = {code.casefold() for item in items if isinstance(code := item.get("code"), str)}
        codes, wording = _Once(self), _Once(self)
        for number, line in enumerate(lines):
            path: Path = ("open", number)
            name = _called("open question", line, number)
            good = self.table(path, line, _OPEN, name)
            code = good.get("code")
            codes.add((*path, "code"), code, "open question")
            if code is not None and code.casefold() in taken:
                self.fault((*path, "code"), f"{name} has the code of an item", "Give it another")
            for language in sorted(set(_LANGUAGES) & set(good)):
                _without_partner(self, (*path, language), good[language])
                kind = f"{language} wording of open question"
                wording.add((*path, language), good[language], kind)
            facet = good.get("facet")
            if facet is not None and facet not in known.facets and known.given["facets"]:
                near = _near(facet, known.facets)
                remedy = f'Write facet = "{near}"' if near else "Known: " + ", ".join(known.facets)
                self.fault((*path, "facet"), f"{name} names a facet that is not there", remedy)

    # ------------------------------------------------------------------ items

    def _items(self, items: Sequence[dict[str, Any]], known: "_Known") -> None:
        codes = _Once(self)
        wording = _Once(self)
        found: dict[str, dict[str, Any]] = {}
        used: dict[str, tuple[str, str]] = {}
        for number, item in enumerate(items):
            path: Path = ("items", number)
            name = _called("item", item, number)
            between = {"low_end", "high_end"} <= set(item) and not set(_LANGUAGES) & set(item)
            good = self.table(path, item, _BETWEEN if between else _ITEM, name)
            codes.add((*path, "code"), good.get("code"), "item")
            for language in _LANGUAGES:
                wording.add((*path, language), good.get(language), f"{language} wording of item")
            self._belongs(path, name, good, known, used)
            self._ends(path, name, good, known)
            self._partner(path, good, "alliance" if good.get("once") else known.about)
            found.setdefault(good.get("code", ""), good)
        self._once_first(items, known)
        self._in_parts(items, known)
        for number, item in enumerate(items):
            name = _called("item", item, number)
            self._twin(("items", number, "twin"), name, item, found)
            self._second(("items", number, "with"), name, item, items[:number], found)
        if set(used) <= set(known.facets):  # else a misspelt facet would count twice
            for code, path in known.facets.items():
                if code not in used:
                    self.fault(path, f"no item belongs to facet {code}", "Add one, or remove it")

    def _belongs(
        self,
        path: Path,
        name: str,
        item: Mapping[str, Any],
        known: "_Known",
        used: dict[str, tuple[str, str]],
    ) -> None:
        facet, scale = item.get("facet"), item.get("scale")
        for key, code, codes in (("facet", facet, known.facets), ("scale", scale, known.scales)):
            if code is not None and code not in codes and known.given[f"{key}s"]:
                near = _near(code, codes)
                remedy = f'Write {key} = "{near}"' if near else "Known: " + ", ".join(codes)
                self.fault((*path, key), f"{name} names a {key} {code} that is not there", remedy)
        if item.get("reverse") and known.scales.get(scale or "") == "choice":
            self.fault(
                (*path, "reverse"),
                f"{name} is turned round, but the scale {scale} is a choice",
                "Take reverse out; only a rating can be turned round",
            )
        if facet is None or scale is None:
            return
        first, first_scale = used.setdefault(facet, (name, scale))
        if first_scale != scale:
            self.fault(
                (*path, "scale"),
                f"{name} has another scale than {first}, in the same facet {facet}",
                "Give it a facet of its own; a facet has one scale",
            )

    def _ends(self, path: Path, name: str, item: Mapping[str, Any], known: "_Known") -> None:
        """Check that a rating has ends, and has them once."""
        self._both_ends(path, item, name)
        kind = known.scales.get(item.get("scale", ""))
        own = "low_end" in item or "high_end" in item
        for key in {"low_end", "high_end"} & set(item):
            for language, said in item[key].items():
                _without_partner(self, (*path, key, language), said)
        if own and kind in ("choice", "steps"):
            self.fault(
                (*path, "low_end" if "low_end" in item else "high_end"),
                f"{name} has ends of its own, but all answers of the scale {item['scale']} have"
                " names",
                "Take its ends out, or give it a scale with points",
            )
        if kind == "bare" and not own:
            self.fault(
                (*path, "scale"),
                f"{name} has no ends, and neither has its scale {item['scale']}",
                "Add low_end and high_end to the item, or to the scale",
            )

    def _once_first(self, items: Sequence[Mapping[str, Any]], known: "_Known") -> None:
        """Check that what is asked once comes before what is asked about each partner."""
        kinds: dict[str, bool] = {}
        begun = False
        for number, item in enumerate(items):
            path: Path = ("items", number)
            name, once = _called("item", item, number), item.get("once") is True
            if once and known.about == "alliance":
                self.fault(
                    (*path, "once"),
                    f"{name} is asked once, as is every item about the alliance",
                    'Take once out, or make the instrument about = "directed"',
                )
                continue
            if once and begun:
                self.fault(
                    (*path, "once"),
                    f"{name} is asked once, and stands below items about a partner",
                    "Move it above them: what is asked once comes first",
                )
            begun = begun or not once
            facet = item.get("facet")
            if isinstance(facet, str) and kinds.setdefault(facet, once) != once:
                self.fault(
                    (*path, "facet"),
                    f"facet {facet} has items that are asked once and items about a partner",
                    "Give the two kinds a facet each",
                )

    def _in_parts(self, items: Sequence[Mapping[str, Any]], known: "_Known") -> None:
        """Check that every item stands in a part, if there are parts, and parts hold together."""
        closed: set[str] = set()
        current = ""
        for number, item in enumerate(items):
            path: Path = ("items", number)
            part = item.get("part")
            name = _called("item", item, number)
            if known.parts is None:
                if "part" in item:
                    self.fault(
                        (*path, "part"),
                        f"{name} stands in a part, and the instrument has no parts",
                        "Add a part that opens with [[parts]], or take part out",
                    )
                continue
            if part is None:
                self.fault(
                    path, f"{name} stands in no part", "Add part, as the other items have one"
                )
            elif isinstance(part, str) and part not in known.parts:
                near = _near(part, known.parts)
                remedy = f'Write part = "{near}"' if near else "Known: " + ", ".join(known.parts)
                self.fault((*path, "part"), f"{name} names a part that is not there", remedy)
            elif isinstance(part, str) and part != current:
                closed.add(current)
                current = part
                if part in closed:
                    self.fault(
                        (*path, "part"),
                        f"{name} stands apart from the other items of part {part}",
                        "Move it to them: the items of a part stand together",
                    )
        named = {item.get("part") for item in items}
        for code, place in (known.parts or {}).items():
            if code not in named:
                self.fault(place, f"no item stands in part {code}", "Add one, or remove it")

    def _partner(self, path: Path, item: Mapping[str, Any], about: str | None) -> None:
        helps = item.get("help", {})
        said_at: dict[Path, str] = {(key,): item[key] for key in _LANGUAGES if key in item}
        said_at.update({("help", key): helps[key] for key in helps})
        for way, said in said_at.items():
            here: Path = (*path, *way)
            slips = [one for one in _LIKE_PARTNER.findall(said) if one != PARTNER]
            if slips:
                self.fault(
                    here,
                    f"{self.name_of(here)} holds {quoted(slips[0])}",
                    f"Write {PARTNER} where the partner's name comes",
                )
            elif about == "alliance" and PARTNER in said:
                self.fault(
                    here,
                    f"{self.name_of(here)} names the partner {PARTNER}",
                    'Take it out, or make the instrument about = "directed"',
                )
            elif about == "directed" and PARTNER not in said and way[0] != "help":
                self.fault(
                    here,
                    f"{self.name_of(here)} does not name the partner",
                    f"Write {PARTNER} where the partner's name comes",
                )

    def _twin(
        self,
        path: Path,
        name: str,
        item: Mapping[str, Any],
        found: Mapping[str, Mapping[str, Any]],
    ) -> None:
        twin = item.get("twin")
        if not isinstance(twin, str) or not _CODE.fullmatch(twin):
            return
        if twin not in found or twin == item.get("code"):
            self.fault(
                path,
                f"{name} has the twin {twin}, which is no other item",
                "Write the code of the item that asks the same about the other side",
            )
        elif found[twin].get("scale") != item.get("scale"):
            self.fault(
                path,
                f"{name} and its twin {twin} have different scales",
                "Give both the same scale, so that they can be compared",
            )

    def _second(
        self,
        path: Path,
        name: str,
        item: Mapping[str, Any],
        before: Sequence[Mapping[str, Any]],
        found: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Check that the question to which this is the second stands right before it."""
        topic = item.get("with")
        if not isinstance(topic, str) or not _CODE.fullmatch(topic):
            return
        if topic not in found or topic == item.get("code"):
            near = before[-1].get("code") if before else None
            known = isinstance(near, str) and _CODE.fullmatch(near)
            self.fault(
                path,
                f"{name} is a second question to {topic}, which is no other item",
                f'Write with = "{near}"' if known else "Put it below the item it belongs to",
            )
        elif not before or before[-1].get("code") != topic:
            self.fault(
                path,
                f"{name} is a second question to {topic}, which does not stand right before it",
                f"Move it to directly below {topic}; a question has one second question at most",
            )
        elif "with" in before[-1]:
            self.fault(
                path,
                f"{name} is a second question to {topic}, which is a second question itself",
                "Take with out; two questions fit on a phone, three do not",
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """What items may name."""

    scales: Mapping[str, str]
    facets: Mapping[str, Path]
    given: Mapping[str, bool]
    about: str | None
    parts: Mapping[str, Path] | None = None


class _Once:
    """What may stand only once, whatever the size of its letters."""

    def __init__(self, check: _Check, of: str = "") -> None:
        self.check, self.of = check, of
        self.seen: dict[tuple[str, str], Path] = {}
        self.places: dict[str, Path] = {}

    def add(self, path: Path, value: str | None, kind: str) -> None:
        if value is None:
            return
        self.places.setdefault(value, path)
        first = self.seen.setdefault((kind, value.casefold()), path)
        if first != path:
            line = line_at(self.check.lines, first)
            self.check.fault(
                path,
                " ".join(f"the {kind} {quoted(value)} {self.of} stands twice".split()),
                f"Change it here or on line {line}",
            )


def _kind(scale: object) -> str:
    """Return how a scale is answered, ``mixed`` for several ways."""
    if not isinstance(scale, dict):
        return "points"
    ways = [{"options"}, {"steps"}, {"points", "low_end", "high_end"}]
    if sum(bool(way & set(scale)) for way in ways) > 1 or {"options", "low"} <= set(scale):
        return "mixed"
    if "options" in scale or "steps" in scale:
        return "choice" if "options" in scale else "steps"
    return "points" if {"low_end", "high_end"} & set(scale) else "bare"


def _called(kind: str, table: Mapping[str, Any], number: int) -> str:
    code = table.get("code")
    known = isinstance(code, str) and _CODE.fullmatch(code)
    return f"{kind} {code}" if known else f"{kind} number {number + 1}"
