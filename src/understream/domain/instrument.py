"""Which instruments there are, and the very version that a round asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from understream.access import reach
from understream.access.refusal import Broken, Missing, Refused
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.instruments import reader
from understream.instruments.lines import lines_of
from understream.instruments.reader import Instrument, InstrumentError, Item, Part
from understream.instruments.version import changes_since
from understream.measurement.release import Question
from understream.records.alliance import Party
from understream.records.instrument import OWN, InstrumentVersion, OwnInstrument

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
    return tuple(
        _choice(reader.load(code), code, language)
        for code in reader.builtin()
        if code != EVALUATION
    )


def choices_before(seat: Seat, *, language: str) -> tuple[InstrumentChoice, ...]:
    """Return what this seat's rounds can ask: what is built in, then its organisation's own.

    Of each own questionnaire that is its highest version.
    """
    newest = {row.code: row for row in _own(seat).order_by("code", "version")}
    own = (_choice(_read_own(row), row.asked_as, language) for row in newest.values())
    return (*choices(language=language), *own)


def _choice(read: Instrument, code: str, language: str) -> InstrumentChoice:
    return InstrumentChoice(
        code,
        read.title.into(language),
        read.purpose.into(language),
        len(read.items),
        read.directed,
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
    :ivar named: the code that its file gives it, without whose it is.
    :ivar has_file: whether the seat can take its file.
    :ivar sources: what it rests on, each as author, year and what is supported.
    """

    code: str
    named: str
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
    has_file: bool


def preview_before(seat: Seat, code: str, *, language: str) -> Preview:
    """Return a questionnaire as people will read it; nothing is stored, nobody is asked.

    :param code: of an instrument that a round can ask, or that a round of the alliance asks.
    :param language: ``en`` or ``nl``.
    :raises Missing: for another code, and for whoever may plan no round.
    """
    require(seat, Act.ROUND_PLAN, Where(seat.alliance))
    read = _readable(seat, code)
    heads = {part.code: part for part in read.parts}
    parts: dict[str, list[AskedCard]] = {}
    for item in read.items:
        parts.setdefault(item.part, []).append(_asked(read, item, language))
    builtin = code in reader.builtin()
    return Preview(
        code,
        code if builtin else code.split("-", 2)[-1],
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
        has_file=builtin or can_ask(seat, code),
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


def keep_asked(seat: Seat, code: str) -> int:
    """Return the key of the stored version of what a seat's round asks: built in, or its own.

    :raises Missing: if this seat can ask no such instrument.
    """
    if code in reader.builtin():
        return keep_builtin(code)
    row = _newest(seat, code) or _missing()
    # From here on it is a version that was asked: whoever replaces it waits, and then sees that.
    row = OwnInstrument.objects.select_for_update().filter(pk=row.pk).first() or _missing()
    return keep(replace(_read_own(row), code=code))


def can_ask(seat: Seat, code: str) -> bool:
    """Tell whether a seat's rounds can ask an instrument of this code."""
    if code in reader.builtin():
        return code != EVALUATION
    return _newest(seat, code) is not None


# ---------------------------------------------------------- what an organisation brings

LONGEST_OWN_CODE = 24
MOST_OWN = 50
"""So many versions of own questionnaires an organisation can keep."""


@dataclass(frozen=True, slots=True)
class OwnCard:
    """One version of a questionnaire that the seat's organisation brought.

    :ivar asked_as: the code under which rounds ask it, and under which it is read beforehand.
    :ivar is_newest: whether rounds that are planned now ask this version.
    :ivar was_asked: whether a round asked it, so that it stays as it is.
    """

    key: int
    code: str
    version: int
    title: str
    items: int
    asked_as: str
    given_at: datetime
    is_newest: bool
    was_asked: bool


@dataclass(frozen=True, slots=True)
class FaultCard:
    """One thing to mend in a file; the checker speaks English alone."""

    line: int
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker says of a file.

    :ivar asked_as: the code under which it can be read and asked; "" where it was not kept.
    """

    file: str
    title: str
    asked_as: str
    faults: tuple[FaultCard, ...]


def own_instruments(seat: Seat, *, language: str) -> tuple[OwnCard, ...]:
    """Return what the seat's organisation brought: by code, the highest version first."""
    rows = list(_own(seat).order_by("code", "-version"))
    asked = _asked_versions(rows)
    newest = {row.code: row.version for row in reversed(rows)}
    return tuple(
        OwnCard(
            row.pk,
            row.code,
            row.version,
            row.content["title"][language],
            len(row.content["items"]),
            row.asked_as,
            row.given_at,
            row.version == newest[row.code],
            (row.asked_as, row.version) in asked,
        )
        for row in rows
    )


@transaction.atomic
def give_instrument(
    seat: Seat, content: bytes, name: str, *, language: str, now: datetime
) -> Verdict:
    """Check a questionnaire's file, and keep it for the own organisation if it is in order.

    A version that no round has asked yet is replaced. One that was asked never changes.

    :param content: the bytes of a TOML file, 1 MB at most.
    :param name: how the file is called.
    :param language: ``en`` or ``nl``, for its title.
    :returns: its faults, and then nothing was kept; or where it can be read.
    :raises Forbidden: for whoever is no manager of a party.
    """
    require(seat, Act.INSTRUMENT_GIVE, Where(seat.alliance, seat.party))
    try:
        read = reader.read_bytes(content, name)
    except InstrumentError as refusal:
        found = (FaultCard(one.line, one.what, one.remedy) for one in refusal.faults)
        return Verdict(name, "", "", tuple(found))
    organisation = Party.objects.get(pk=seat.party).organisation_id
    rows = list(  # locked, so that no round begins to ask one meanwhile
        OwnInstrument.objects.filter(organisation=organisation)
        .defer("text")
        .select_for_update()
        .order_by("-version")
    )
    title = read.title.into(language)
    text = content.decode("utf-8-sig")
    if unfit := _unfit(read, rows):
        lines = lines_of(text)
        faults = (FaultCard(lines.get((key,), 1), what, do) for key, what, do in unfit)
        return Verdict(name, title, "", tuple(faults))
    row, _new = OwnInstrument.objects.update_or_create(
        organisation_id=organisation,
        code=read.code,
        version=read.version,
        defaults={
            "digest": read.digest(),
            "content": reader.to_plain(read),
            "text": text,
            "given_at": now,
        },
    )
    return Verdict(name, title, row.asked_as, ())


def _unfit(read: Instrument, rows: Sequence[OwnInstrument]) -> list[tuple[str, str, str]]:
    """Return why a file that is in order cannot be kept beside what the organisation has.

    :returns: for each fault the key of the file that it lies in, what it is, and the remedy.
    """
    if read.code in reader.builtin():
        what = f'"{read.code}" is the name of an instrument that comes with the product'
        return [("code", what, "Choose another code")]
    if len(read.code) > LONGEST_OWN_CODE:
        what = f"the code is longer than {LONGEST_OWN_CODE} characters"
        return [("code", what, "Choose a shorter one")]
    same = [row for row in rows if row.code == read.code]
    replaced = any(row.version == read.version for row in same)
    if len(rows) >= MOST_OWN and not replaced:
        return [("code", f"{MOST_OWN} versions are here already", "Remove one first")]
    asked = _asked_versions(same)
    newest = next((row for row in same if (row.asked_as, row.version) in asked), None)
    changes = changes_since(_read_own(newest), read) if newest else ()
    return [("version", one, "Raise the version") for one in changes]


def _asked_versions(rows: Iterable[OwnInstrument]) -> set[tuple[str, int]]:
    """Return the name and version of those that a round asked."""
    kept = InstrumentVersion.objects.filter(code__in={row.asked_as for row in rows})
    return set(kept.values_list("code", "version"))


@transaction.atomic
def take_back_instrument(seat: Seat, key: int) -> None:
    """Remove a version of an own questionnaire that no round has asked.

    :raises Missing: if the seat's organisation has no such questionnaire.
    :raises Refused: if a round asked it.
    """
    require(seat, Act.INSTRUMENT_GIVE, Where(seat.alliance, seat.party))
    row = _own(seat).filter(pk=key).select_for_update(of=("self",)).first() or _missing()
    if (row.asked_as, row.version) in _asked_versions([row]):
        raise Refused(_("A round asked this version, so it stays. Upload a higher one instead."))
    row.delete()


def instrument_file(seat: Seat, code: str) -> tuple[str, bytes]:
    """Return the name and the content of a questionnaire's file, to write another after it.

    :param code: of a built-in instrument, or of one that the seat's organisation brought.
    :raises Missing: for another code, and for whoever may plan no round.
    """
    require(seat, Act.ROUND_PLAN, Where(seat.alliance))
    if code in reader.builtin() and code != EVALUATION:
        return f"{code}.toml", reader.source_of(code)
    row = _newest(seat, code) or _missing()
    return f"{row.code}.toml", row.text.encode()


def _own(seat: Seat) -> QuerySet[OwnInstrument]:
    """Return what the organisation of the seat's party brought; nothing without a party."""
    if not may(seat, Act.ROUND_PLAN, Where(seat.alliance)):
        return OwnInstrument.objects.none()
    return OwnInstrument.objects.filter(organisation__parties=seat.party).defer("text")


def _newest(seat: Seat, code: str) -> OwnInstrument | None:
    """Return the highest version of an own questionnaire, by the code under which it is asked."""
    found = _own(seat).filter(code=code.split("-", 2)[-1]).order_by("-version").first()
    return found if found and found.asked_as == code else None


def _readable(seat: Seat, code: str) -> Instrument:
    """Return an instrument that may be read beforehand: to be asked, or asked in the alliance."""
    if code in reader.builtin() and code != EVALUATION:
        return reader.load(code)
    if row := _newest(seat, code):
        return _read_own(row)
    asked = (
        InstrumentVersion.objects.filter(code=code, rounds__in=reach.rounds_within(seat))
        .exclude(code=EVALUATION)
        .order_by("-version")
        .first()
    )
    return instrument_of(asked or _missing())


def is_open_to(organisation: int, code: str) -> bool:
    """Tell whether an organisation may know of an instrument, by the code under which it is asked.

    :param organisation: its key; 0 for the host, who knows of no organisation's own.
    """
    return not code.startswith(OWN) or code.startswith(f"{OWN}{organisation}-")


def _missing() -> NoReturn:
    raise Missing


def _read_own(row: OwnInstrument) -> Instrument:
    return reader.from_plain(row.content)


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
