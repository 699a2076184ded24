"""Which instruments there are, and the very version that a round asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.access.refusal import Broken, Missing
from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.instruments import reader
from understream.instruments.reader import Instrument, Item, Part
from understream.measurement.release import Question
from understream.records.instrument import InstrumentVersion

EVALUATION = reader.EVALUATION
"""The questionnaire that only an evaluation asks."""


@dataclass(frozen=True, slots=True)
class InstrumentChoice:
    """One instrument that can be chosen."""

    code: str
    title: str
    purpose: str
    items: int
    directed: bool


def choices(*, language: str) -> tuple[InstrumentChoice, ...]:
    """Return the built-in instruments a round can ask, in a language (``en`` or ``nl``)."""
    loaded = (reader.load(code) for code in reader.builtin() if code != EVALUATION)
    return tuple(
        InstrumentChoice(
            one.code,
            one.title.into(language),
            one.purpose.into(language),
            len(one.items),
            one.directed,
        )
        for one in loaded
    )


@dataclass(frozen=True, slots=True)
class AskedCard:
    """One question as people read it.

    :ivar answers: what can be chosen, in order; or the lowest and the highest answer of a scale.
    :ivar points: how many points the scale has, 0 for a choice between words.
    """

    text: str
    help: str
    answers: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class PartCard:
    """Some questions that stand together, with what is said before them."""

    title: str
    instruction: str
    asked: tuple[AskedCard, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A questionnaire as it will be read, before anybody is asked.

    :ivar open_lines: what is asked in words; ``comment`` what the field at the end asks, "" for
        none.
    :ivar sources: what it rests on, each as author, year and what is supported.
    """

    code: str
    version: int
    title: str
    purpose: str
    time_frame: str
    referent: str
    not_validated: str
    directed: bool
    parts: tuple[PartCard, ...]
    open_lines: tuple[str, ...]
    comment: str
    sources: tuple[str, ...]


def preview_before(seat: Seat, code: str, *, language: str) -> Preview:
    """Return a questionnaire as people will read it; nothing is stored, nobody is asked.

    :param code: of an instrument that a round can ask.
    :param language: ``en`` or ``nl``.
    :raises Missing: for another code, and for whoever may plan no round.
    """
    require(seat, Act.ROUND_PLAN, Where(seat.alliance))
    if code not in reader.builtin() or code == EVALUATION:
        raise Missing
    read = reader.load(code)
    heads = {part.code: part for part in read.parts}
    parts: dict[str, list[AskedCard]] = {}
    for item in read.items:
        parts.setdefault(item.part, []).append(_asked(read, item, language))
    return Preview(
        read.code,
        read.version,
        read.title.into(language),
        read.purpose.into(language),
        read.time_frame.into(language),
        read.referent.into(language),
        read.not_validated.into(language),
        read.directed,
        tuple(_part(heads.get(name), asked, language) for name, asked in parts.items()),
        tuple(line.text.into(language) for line in read.open_lines),
        read.comment.into(language) if read.comment else "",
        tuple(f"{one.author} ({one.year}): {one.supports}" for one in read.sources),
    )


def _part(head: Part | None, asked: Sequence[AskedCard], language: str) -> PartCard:
    title = head.title.into(language) if head else ""
    told = head.instruction.into(language) if head and head.instruction else ""
    return PartCard(title, told, tuple(asked))


def _asked(read: Instrument, item: Item, language: str) -> AskedCard:
    scale = read.scale_of(item)
    low, high = read.ends_of(item)
    text = item.text.into(language).replace("[P]", _("the partner"))
    return AskedCard(
        text[:1].upper() + text[1:],
        item.help.into(language) if item.help else "",
        tuple(one.into(language) for one in scale.options)
        or (low.into(language), high.into(language)),
        0 if scale.options else scale.points,
    )


def keep(instrument: Instrument) -> int:
    """Return the key of the stored version of an instrument, storing it at its first use.

    :raises Broken: if this version was used before with another content.
    """
    kept, _new = InstrumentVersion.objects.get_or_create(
        code=instrument.code,
        version=instrument.version,
        defaults={"digest": instrument.digest(), "content": reader.to_plain(instrument)},
    )
    if kept.digest != instrument.digest():
        raise Broken(f"instrument {instrument.code} changed without a new version")
    return kept.pk


def keep_builtin(code: str) -> int:
    """Return the key of the stored version of a built-in instrument.

    :raises Missing: if there is no such instrument.
    """
    if code not in reader.builtin():
        raise Missing
    return keep(reader.load(code))


_READ: dict[str, Instrument] = {}


def instrument_of(kept: InstrumentVersion) -> Instrument:
    """Return the instrument as it was when it was stored; read once a process.

    Whoever asks for the row may defer its content: it is looked at only the first time.
    """
    found = _READ.get(kept.digest)
    if found is None:
        found = _READ[kept.digest] = reader.from_plain(kept.content)
    return found


def questions_about(instrument: Instrument, partners: Sequence[int]) -> tuple[Question, ...]:
    """Return the questions one person of a party is asked, in the order in which answers are kept.

    :param partners: keys of the other parties, by position; a directed instrument asks its items
        about each of them, any other instrument asks every item once.
    """
    return tuple(
        Question(
            code=item.code,
            about="" if about is None else str(about),
            facet=item.facet,
            kind="choice" if instrument.scale_of(item).choice else "rating",
            points=instrument.scale_of(item).points,
            low=instrument.scale_of(item).low,
            reverse=item.reverse,
        )
        for about, item in instrument.asked_of(partners)
    )
