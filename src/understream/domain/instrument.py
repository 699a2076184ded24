"""Which instruments there are, and the very version that a round asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from understream.access.refusal import Broken, Missing
from understream.instruments import reader
from understream.instruments.reader import Instrument
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


def keep(instrument: Instrument) -> int:
    """Return the key of the stored version of an instrument, storing it at its first use.

    :raises Broken: if this version was used before with another content.
    """
    kept, _ = InstrumentVersion.objects.get_or_create(
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
