"""Read instruments: questionnaires as data, in TOML, with all languages of a text together.

The format is described for authors in ``docs/instrument-format.md``. A file is read whole: either
there is an instrument, or there is an :class:`InstrumentError` that lists every fault.
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any, Final, TypeVar

from understream.instruments.faults import Fault, faults_in
from understream.instruments.lines import lines_of

#: Largest file, in bytes.
LARGEST_FILE: Final = 1_000_000
#: Longest line of a file, in characters, and most dots in it: the longest text is far shorter,
#: and Python's reader takes a time that grows with the square of the dots in a key.
LONGEST_LINE: Final = 2_000
MOST_DOTS: Final = 50
#: The languages in which every text stands.
LANGUAGES: Final = ("en", "nl")

#: The questionnaire of an evaluation, which no ordinary round asks.
EVALUATION: Final = "evaluation"

# Their files stand beside this one; other TOML there is no instrument.
_BUILTIN: Final = (
    "pulse",
    "harmony",
    "paradigm",
    "capability_short",
    "capability",
    "responsibility",
    "conflict",
    "risk",
    "drivers",
    "trust",
    "evaluation",
)
_PAIR: Final = {"en": "{} Or: {}", "nl": "{} Of: {}"}
Partner = TypeVar("Partner")
_LINE: Final = re.compile(r"\(at line ([0-9]+), column [0-9]+\)|\(at end of document\)")


class InstrumentError(Exception):
    """A file is no instrument; ``faults`` says everything that has to be mended."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults, in the order of their lines."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and in Dutch."""

    en: str
    nl: str

    def into(self, language: str) -> str:
        """Return the words in a language; English unless it is Dutch.

        :param language: a code such as ``en``, ``nl`` or ``nl-be``.
        """
        return self.nl if language.partition("-")[0].lower() == "nl" else self.en


#: No words.
SILENT: Final = Text("", "")


@dataclass(frozen=True, slots=True)
class Option(Text):
    """One answer of a choice, or one named point of a rating, with the code that exports use."""

    code: str


@dataclass(frozen=True, slots=True)
class Scale:
    """How a question is answered: a point from ``low`` upwards, or one of several options.

    ``points`` counts the points or the options, 2 to 254. Beside them there is always the answer
    "can't judge". A stored answer is one byte: 0 not answered, 1 to ``points``, 255 can't judge.
    A rating whose points have names (``steps`` in the file: low, medium, high) has them as
    ``options`` and is no choice: it has a mean. A rating without ends takes them from each item.
    """

    code: str
    points: int
    low: int = 1
    choice: bool = False
    options: tuple[Text, ...] = ()
    low_end: Text = SILENT
    high_end: Text = SILENT


@dataclass(frozen=True, slots=True)
class Facet:
    """What some items have in common.

    ``side`` is upper, under or context; ``level`` content, procedure, interaction, person or
    context. Facets of different ``panel`` answer different questions and are never added up.
    ``of``: the facet about which this one says something more, such as how much it matters; ""
    for none. ``adverse``: a high figure speaks of trouble, not of strength.
    """

    code: str
    title: Text
    side: str
    level: str
    panel: str = ""
    of: str = ""
    adverse: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Items that stand together, under a heading and perhaps an instruction."""

    code: str
    title: Text
    instruction: Text | None = None


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A question answered in words, by whoever wants to; the rules of comments hold for it.

    ``facet``: the facet it belongs to, "" for the whole.
    """

    code: str
    text: Text
    facet: str = ""
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One question; ``[P]`` in it stands for the partner's name.

    ``reverse``: agreeing speaks against the facet. ``twin``: the item that the other side answers
    about us. ``source``: what it rests on. ``note``: a word from author to author. ``title``: what
    it is called in lists. ``after``: the item right before it to which this is a second question
    (``with`` in the file). ``level``: its own, if another than its facet's. ``time_frame``: its
    own, if another than the instrument's. ``once``: in a directed instrument, asked once and not
    about each partner. ``part``: the part it stands in. ``low_end``, ``high_end``: its own ends of
    a rating; if the file gives it no other words, it asks which of the two is nearer.
    """

    code: str
    facet: str
    scale: str
    text: Text
    help: Text | None = None
    reverse: bool = False
    source: str = ""
    twin: str = ""
    note: str = ""
    title: Text | None = None
    after: str = ""
    level: str = ""
    time_frame: Text | None = None
    once: bool = False
    part: str = ""
    low_end: Text | None = None
    high_end: Text | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A publication, and what in the instrument rests on it."""

    author: str
    year: int
    supports: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire in one version, which never changes once it was used.

    ``directed``: every item is asked about each partner, unless it is asked ``once``; those come
    first. ``open_lines`` are answered in words, after the items. ``comment`` is what the field at
    the end asks, or ``None`` without such a field; if ``comment_internal``, what is written there
    stays inside the party whatever was agreed. ``min_answered``: the part of a facet's items that
    a person must have answered to count in it.
    """

    code: str
    version: int
    title: Text
    purpose: Text
    directed: bool
    time_frame: Text
    not_validated: Text
    comment: Text | None
    facets: tuple[Facet, ...]
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    comment_internal: bool = False
    referent: Text = SILENT
    validated: bool = False
    licence: str = ""
    sources: tuple[Source, ...] = ()
    min_answered: Fraction = Fraction(2, 3)
    note: str = ""
    parts: tuple[Part, ...] = ()
    open_lines: tuple[OpenLine, ...] = ()

    def asked_of(self, partners: Sequence[Partner]) -> Iterator[tuple[Partner | None, Item]]:
        """Go through what one person is asked, in the order in which answers are kept.

        :param partners: the other parties, in the order of the alliance.
        :returns: each item with the partner it is about; ``None`` if it is about none of them.
        """
        yield from ((None, item) for item in self.items if item.once or not self.directed)
        if self.directed:
            for partner in partners:
                yield from ((partner, item) for item in self.items if not item.once)

    def ends_of(self, item: Item) -> tuple[Text, Text]:
        """Return what the lowest and the highest answer to an item are called.

        :returns: its own ends, or else those of its scale; without words for a choice.
        """
        scale = self.scale_of(item)
        return item.low_end or scale.low_end, item.high_end or scale.high_end

    def scale_of(self, item: Item) -> Scale:
        """Return the scale on which an item of this instrument is answered."""
        return next(scale for scale in self.scales if scale.code == item.scale)

    def level_of(self, item: Item) -> str:
        """Return the level of an item: its own, or else its facet's."""
        return item.level or next(one.level for one in self.facets if one.code == item.facet)

    def items_of(self, facet: Facet) -> tuple[Item, ...]:
        """Return the items of a facet, in the order in which they are asked."""
        return tuple(item for item in self.items if item.facet == facet.code)

    def answers_needed(self, facet: Facet) -> int:
        """Return how many items of a facet a person must have answered to count in it."""
        return ceil(self.min_answered * len(self.items_of(facet)))

    def digest(self) -> str:
        """Return the fingerprint of the whole content: SHA-256, 64 hexadecimal digits."""
        canonical = json.dumps(to_plain(self), sort_keys=True, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()


# ---------------------------------------------------------------------- reading


def builtin() -> tuple[str, ...]:
    """Return the codes of the instruments that come with the product, in the order of depth."""
    return _BUILTIN


@cache
def load(code: str) -> Instrument:
    """Return an instrument that comes with the product; read once a process.

    :param code: one of :func:`builtin`.
    :raises KeyError: if there is no such instrument.
    :raises InstrumentError: if its file was damaged.
    """
    if code not in builtin():
        raise KeyError(code)
    name = f"{code}.toml"
    return read(files(__package__).joinpath(name).read_text(encoding="utf-8"), name)


def source_of(code: str) -> bytes:
    """Return the file of a built-in instrument, to write another after its example.

    :raises KeyError: if there is no such instrument.
    """
    if code not in builtin():
        raise KeyError(code)
    return files(__package__).joinpath(f"{code}.toml").read_bytes()


def read_file(path: Path) -> Instrument:
    """Read an instrument from a file.

    :raises InstrumentError: if it cannot be opened, is larger than 1 MB, is not UTF-8, or as
        :func:`read`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as refusal:
        why = refusal.strerror or "it cannot be opened"
        raise _whole_file(
            path.name, f"the file cannot be read ({why})", "Check its name"
        ) from None
    return read_bytes(content, path.name)


def read_bytes(content: bytes, name: str) -> Instrument:
    """Read an instrument from the bytes of a file.

    :param name: how messages call it, such as ``trust.toml``.
    :raises InstrumentError: if it is larger than 1 MB, is not UTF-8, or as :func:`read`.
    """
    if len(content) > LARGEST_FILE:
        raise _too_large(name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as refusal:
        line = content.count(b"\n", 0, refusal.start) + 1
        remedy = "Save the file as UTF-8"
        raise InstrumentError([Fault(name, line, "this line is not UTF-8", remedy)]) from None
    return read(text, name)


def read(text: str, name: str) -> Instrument:
    """Read an instrument from its TOML text.

    :param text: the whole text, 1 MB at most.
    :param name: how messages call it, such as ``trust.toml``.
    :raises InstrumentError: with every fault found; a fault in TOML itself stands alone, because
        nothing after it can be understood.
    """
    if len(text.encode(errors="surrogatepass")) > LARGEST_FILE:
        raise _too_large(name)
    overlong = [
        Fault(name, number, "the line is overlong, or full of dots", "Write one text on a line")
        for number, line in enumerate(text.split("\n"), 1)
        if len(line) > LONGEST_LINE or line.count(".") > MOST_DOTS
    ]
    if overlong:
        raise InstrumentError(overlong)
    try:
        document = tomllib.loads(text)
        lines = lines_of(text)
    except RecursionError:
        raise _whole_file(name, "brackets stand too deep in each other", "Remove some") from None
    except ValueError as refusal:
        raise InstrumentError([_syntax(name, text, str(refusal))]) from None
    faults = faults_in(document, lines, name)
    if faults:
        raise InstrumentError(faults)
    return _built(document)


def _syntax(name: str, text: str, message: str) -> Fault:
    found = _LINE.search(message)
    line = int(found[1]) if found and found[1] else max(1, len(text.splitlines()))
    what = _LINE.sub("", message).strip()
    return Fault(
        name,
        line,
        f"from here on this is not TOML ({what})",
        "Look here and on the line above: a text needs a quote at both ends, a key stands once,"
        " and an = stands between a key and its value",
    )


def _too_large(name: str) -> InstrumentError:
    return _whole_file(
        name, "the file is larger than 1 MB", "An instrument is text alone; split it"
    )


def _whole_file(name: str, what: str, remedy: str) -> InstrumentError:
    return InstrumentError([Fault(name, 1, what, remedy)])


# ------------------------------------------------------------- plain and back


def to_plain(instrument: Instrument) -> dict[str, Any]:
    """Return an instrument as what JSON can hold, in the structure of its TOML file.

    What is as usual is left out, so that a later version of the format with one more key gives
    old instruments the same fingerprint.
    """
    plain: dict[str, Any] = {
        "code": instrument.code,
        "version": instrument.version,
        "about": "directed" if instrument.directed else "alliance",
        "validated": instrument.validated,
        "licence": instrument.licence,
        "title": _words(instrument.title),
        "purpose": _words(instrument.purpose),
        "time_frame": _words(instrument.time_frame),
        "scoring": {"facet": "mean", "min_answered": str(instrument.min_answered)},
        "scales": {scale.code: _plain_scale(scale) for scale in instrument.scales},
        "facets": [_plain_facet(facet) for facet in instrument.facets],
        "items": [_plain_item(item) for item in instrument.items],
        "sources": [_plain_source(source) for source in instrument.sources],
    }
    if instrument.parts:
        plain["parts"] = [_plain_part(part) for part in instrument.parts]
    if instrument.open_lines:
        plain["open"] = [_plain_line(line) for line in instrument.open_lines]
    if instrument.comment is not None:
        internal = {"internal": instrument.comment_internal}
        plain["comment"] = _words(instrument.comment) | internal
    spoken = {"referent": instrument.referent, "not_validated": instrument.not_validated}
    plain |= {key: _words(text) for key, text in spoken.items() if text != SILENT}
    return plain | _set(note=instrument.note)


def from_plain(plain: Mapping[str, Any]) -> Instrument:
    """Return the instrument that :func:`to_plain` wrote.

    Today's rules of wording are not asked again: what was in force in a round stays readable.

    :raises InstrumentError: if it is not what :func:`to_plain` writes.
    """
    try:
        return _built(plain)
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
        raise _whole_file(
            "stored instrument", "the stored content is damaged", "Restore it from a backup"
        ) from None


def _words(text: Text) -> dict[str, Any]:
    return {"en": text.en, "nl": text.nl}


def _set(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _plain_scale(scale: Scale) -> dict[str, Any]:
    low = {} if scale.low == 1 else {"low": scale.low}
    if scale.choice or scale.options:
        codes = (one.code if isinstance(one, Option) else "" for one in scale.options)
        pairs = zip(codes, scale.options, strict=True)
        named = [{"code": code} | _words(text) for code, text in pairs]
        return {"options": named} if scale.choice else {"steps": named} | low
    if scale.low_end == SILENT:
        return {"points": scale.points} | low
    ends = {"low_end": _words(scale.low_end), "high_end": _words(scale.high_end)}
    return {"points": scale.points} | low | ends


def _plain_facet(facet: Facet) -> dict[str, Any]:
    plain = {"code": facet.code, "title": _words(facet.title)}
    plain |= {"side": facet.side, "level": facet.level}
    return plain | _set(panel=facet.panel, of=facet.of, adverse=facet.adverse)


def _plain_part(part: Part) -> dict[str, Any]:
    plain = {"code": part.code, "title": _words(part.title)}
    return plain | _set(instruction=_words(part.instruction) if part.instruction else None)


def _plain_line(line: OpenLine) -> dict[str, Any]:
    plain = {"code": line.code} | _words(line.text)
    return plain | _set(facet=line.facet, help=_words(line.help) if line.help else None)


def _plain_item(item: Item) -> dict[str, Any]:
    plain = {"code": item.code, "facet": item.facet, "scale": item.scale}
    if not (item.low_end and item.high_end and item.text == _pair(item.low_end, item.high_end)):
        plain |= _words(item.text)
    return plain | _set(
        help=_words(item.help) if item.help else None,
        reverse=item.reverse,
        source=item.source,
        twin=item.twin,
        note=item.note,
        title=_words(item.title) if item.title else None,
        level=item.level,
        time_frame=_words(item.time_frame) if item.time_frame else None,
        once=item.once,
        part=item.part,
        low_end=_words(item.low_end) if item.low_end else None,
        high_end=_words(item.high_end) if item.high_end else None,
        **{"with": item.after},
    )


def _plain_source(source: Source) -> dict[str, Any]:
    plain = {"author": source.author, "year": source.year, "supports": source.supports}
    return plain | _set(title=source.title)


def _built(plain: Mapping[str, Any]) -> Instrument:
    """Make the instrument of a document that has no faults."""
    comment = plain.get("comment")
    scales = (_scale(code, held) for code, held in plain["scales"].items())
    return Instrument(
        code=plain["code"],
        version=plain["version"],
        title=_text(plain["title"]),
        purpose=_text(plain["purpose"]),
        directed=plain["about"] == "directed",
        time_frame=_text(plain["time_frame"]),
        not_validated=_text(plain["not_validated"]) if "not_validated" in plain else SILENT,
        comment=_text(comment) if comment else None,
        facets=tuple(_facet(held) for held in plain["facets"]),
        items=tuple(_item(held) for held in plain["items"]),
        # By code, because a database may keep an object's keys in an order of its own.
        scales=tuple(sorted(scales, key=lambda scale: scale.code)),
        comment_internal=comment["internal"] if comment else False,
        referent=_text(plain["referent"]) if "referent" in plain else SILENT,
        validated=plain["validated"],
        licence=_nfc(plain["licence"]),
        sources=tuple(_source(held) for held in plain["sources"]),
        min_answered=Fraction(plain["scoring"]["min_answered"]),
        note=_nfc(plain.get("note", "")),
        parts=tuple(_part(held) for held in plain.get("parts", ())),
        open_lines=tuple(_line(held) for held in plain.get("open", ())),
    )


def _nfc(words: str) -> str:
    return unicodedata.normalize("NFC", words)


def _text(held: Mapping[str, Any]) -> Text:
    return Text(_nfc(held["en"]), _nfc(held["nl"]))


def _text_in(held: Mapping[str, Any], key: str) -> Text | None:
    return _text(held[key]) if key in held else None


def _scale(code: str, held: Mapping[str, Any]) -> Scale:
    low = held.get("low", 1)
    if "options" in held:
        options = _options(held["options"])
        return Scale(code, len(options), choice=True, options=options)
    if "steps" in held:
        steps = _options(held["steps"])
        ends = [Text(one.en, one.nl) for one in (steps[0], steps[-1])]
        return Scale(code, len(steps), low, options=steps, low_end=ends[0], high_end=ends[1])
    return Scale(
        code,
        held["points"],
        low,
        low_end=_text_in(held, "low_end") or SILENT,
        high_end=_text_in(held, "high_end") or SILENT,
    )


def _options(held: Sequence[Mapping[str, Any]]) -> tuple[Option, ...]:
    return tuple(Option(_nfc(one["en"]), _nfc(one["nl"]), one["code"]) for one in held)


def _facet(held: Mapping[str, Any]) -> Facet:
    title = _text(held["title"])
    return Facet(
        held["code"],
        title,
        held["side"],
        held["level"],
        held.get("panel", ""),
        held.get("of", ""),
        held.get("adverse", False),
    )


def _part(held: Mapping[str, Any]) -> Part:
    return Part(held["code"], _text(held["title"]), _text_in(held, "instruction"))


def _line(held: Mapping[str, Any]) -> OpenLine:
    return OpenLine(held["code"], _text(held), held.get("facet", ""), _text_in(held, "help"))


def _pair(low: Text, high: Text) -> Text:
    """Return the question which of two statements is nearer, in words."""
    return Text(_PAIR["en"].format(low.en, high.en), _PAIR["nl"].format(low.nl, high.nl))


def _item(held: Mapping[str, Any]) -> Item:
    low_end, high_end = _text_in(held, "low_end"), _text_in(held, "high_end")
    return Item(
        held["code"],
        held["facet"],
        held["scale"],
        _pair(low_end, high_end) if low_end and high_end and "en" not in held else _text(held),
        help=_text_in(held, "help"),
        reverse=held.get("reverse", False),
        source=_nfc(held.get("source", "")),
        twin=held.get("twin", ""),
        note=_nfc(held.get("note", "")),
        title=_text_in(held, "title"),
        after=held.get("with", ""),
        level=held.get("level", ""),
        time_frame=_text_in(held, "time_frame"),
        once=held.get("once", False),
        part=held.get("part", ""),
        low_end=low_end,
        high_end=high_end,
    )


def _source(held: Mapping[str, Any]) -> Source:
    title = _nfc(held.get("title", ""))
    return Source(_nfc(held["author"]), held["year"], _nfc(held["supports"]), title)
