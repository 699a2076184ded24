"""What facilitators did in a workshop, and its undoing, act by act, from the server's own log.

Acts change rows through :class:`Changing`, which notes what stood there before and after. Undoing
puts back what stood there, as long as it is still what the act had made of it: what somebody else
has changed meanwhile is never overwritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused
from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain.version import grow
from understream.records.answer import Answer
from understream.records.attendee import Attendee
from understream.records.move import Move
from understream.records.pair import Group, Place
from understream.records.spotlight import Turn
from understream.records.theme import Gathered, Theme
from understream.records.workshop import Step, Workshop

AGAIN = 200
"""How many acts a page lists."""

SENTENCES = {
    "step.open": _("%(who)s opened “%(step)s”."),
    "step.close": _("%(who)s closed “%(step)s”."),
    "step.release": _("%(who)s closed “%(step)s”: what may be shown was released."),
    "step.skip": _("%(who)s skipped “%(step)s”."),
    "step.extend": _("%(who)s gave “%(step)s” more time."),
    "step.reveal": _("%(who)s showed the answers of “%(step)s”."),
    "step.card": _("%(who)s showed the card of “%(step)s”."),
    "clock.pause": _("%(who)s stopped the clock."),
    "clock.run": _("%(who)s let the clock run."),
    "answer.show": _("%(who)s put an answer on the wall."),
    "answer.hold": _("%(who)s held an answer back."),
    "answer.paraphrase": _("%(who)s put an answer in other words."),
    "answer.enter": _("%(who)s typed in an answer for somebody else."),
    "attendee.admit": _("%(who)s let people in."),
    "attendee.remove": _("%(who)s asked somebody to leave."),
    "attendee.place": _("%(who)s said for which organisation somebody is here."),
    "count.hide": _("%(who)s changed who sees how many are done."),
    "pair.move": _("%(who)s put somebody in another pair."),
    "pair.link": _("%(who)s gave a pair a call link."),
    "theme.make": _("%(who)s made the theme “%(theme)s”."),
    "theme.rename": _("%(who)s renamed “%(before)s” to “%(theme)s”."),
    "theme.paraphrase": _("%(who)s put “%(theme)s” in other words."),
    "theme.merge": _("%(who)s merged “%(before)s” into “%(theme)s”."),
    "theme.split": _("%(who)s split “%(theme)s” off “%(before)s”."),
    "theme.remove": _("%(who)s took “%(theme)s” apart."),
    "theme.order": _("%(who)s moved “%(theme)s” to another place."),
    "theme.gather": _("%(who)s put answers into “%(theme)s”."),
    "theme.release": _("%(who)s took answers out of “%(theme)s”."),
    "theme.beside": _("%(who)s laid similar answers side by side."),
    "turn.end": _("%(who)s thanked the speaker."),
    "rehearsal.turn": _("%(who)s let the roles change."),
    "undo": _("%(who)s undid: %(undone)s"),
    "redo": _("%(who)s did again: %(undone)s"),
}
"""Every act that the log tells of, as a sentence."""

FINAL = frozenset({"step.release", "undo", "redo"})
"""Acts that are told and cannot be undone by themselves."""

_TABLES: dict[str, type[models.Model]] = {
    kind.__name__: kind
    for kind in (Answer, Attendee, Gathered, Group, Place, Step, Theme, Turn, Workshop)
}


class NothingToUndo(Refused):
    """The log holds nothing more that can be undone."""

    reason = _("There is nothing to undo.")


class ChangedSince(Refused):
    """Undoing would overwrite what somebody else did meanwhile."""

    reason = _("Somebody has changed this since, so it was left as it is. Look at it anew.")


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One act as a sentence."""

    key: int
    at: datetime
    sentence: str
    undone: bool
    final: bool


class Changing:
    """What one act changes in a workshop, noted as it is done.

    :ivar version: the version that this act gives the workshop.
    """

    def __init__(self, workshop: Workshop, version: int) -> None:
        """Begin with nothing changed."""
        self.workshop = workshop
        self.version = version
        self.noted: list[dict[str, Any]] = []

    def change(self, row: models.Model, **fields: object) -> None:
        """Give fields of a row new values, and note the old ones."""
        before = _plain(row, fields)
        for name, value in fields.items():
            setattr(row, name, value)
        self._note("change", row, before, _plain(row, fields))
        self._save(row, list(fields))

    def keep(self, row: models.Model, **fields: object) -> None:
        """Give fields new values that no undoing takes back."""
        for name, value in fields.items():
            setattr(row, name, value)
        self._save(row, list(fields))

    def make(self, row: models.Model) -> None:
        """Store a new row; undoing removes it."""
        if hasattr(row, "changed"):
            row.changed = self.version
        row.save(force_insert=True)
        self._note("make", row, {}, _plain(row))

    def remove(self, row: models.Model) -> None:
        """Remove a row to which nothing refers any more; undoing stores it again."""
        self._note("remove", row, _plain(row), {})
        row.delete()

    def people(self) -> None:
        """Say that phones must look anew at what concerns them."""
        self.workshop.people_changed = self.version
        self.workshop.save(update_fields=["people_changed"])

    def themes(self) -> None:
        """Say that the themes have changed."""
        self.workshop.themes_changed = self.version
        self.workshop.save(update_fields=["themes_changed"])

    def _save(self, row: models.Model, names: list[str]) -> None:
        if hasattr(row, "changed"):
            row.changed = self.version
            names = [*names, "changed"]
        row.save(update_fields=names)

    def _note(
        self, what: str, row: models.Model, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        self.noted.append(
            {"what": what, "table": type(row).__name__, "key": row.pk, "before": before,
             "after": after}
        )  # fmt: skip


@contextmanager
def changing(
    seat: Seat,
    workshop: Workshop,
    act: str,
    *,
    now: datetime,
    words: Mapping[str, str] | None = None,
) -> Iterator[Changing]:
    """Do an act of a facilitator in a locked workshop, and log it with what it changed.

    :param act: a key of :data:`SENTENCES`.
    :raises KeyError: for an act without a sentence.
    """
    _ = SENTENCES[act]
    noted = Changing(workshop, grow(workshop))
    yield noted
    Move.objects.create(
        workshop=workshop,
        version=noted.version,
        seat_id=seat.key or None,
        who=seat.name,
        act=act,
        words=dict(words or {}),
        changes=noted.noted,
        at=now,
    )


def moves_of(seat: Seat, workshop: int) -> tuple[MoveLine, ...]:
    """Return what facilitators did, the newest first.

    :raises Missing: for a workshop out of reach.
    """
    row = reach.workshops_within(seat).filter(pk=workshop).first()
    if row is None:
        raise Missing
    require(seat, Act.WORKSHOP_RUN, _where(row))
    rows = Move.objects.filter(workshop=row).order_by("-pk")[:AGAIN]
    return tuple(
        MoveLine(one.pk, one.at, sentence_of(one), one.undone_at is not None, not _undoable(one))
        for one in rows
    )


def sentence_of(row: Move) -> str:
    """Return an act as a sentence in the language in force."""
    words = dict(row.words)
    if row.act in ("undo", "redo"):
        inner = Move(who=words["who"], act=words["act"], words=words["words"])
        words = {"undone": sentence_of(inner)}
    return str(SENTENCES[row.act]) % {**words, "who": row.who}


@transaction.atomic
def undo_move(seat: Seat, workshop: int, *, now: datetime) -> str:
    """Undo the last act that stands; called again, the one before it.

    :returns: the sentence of what was undone.
    :raises NothingToUndo: if no act stands.
    :raises ChangedSince: if somebody changed since what would be put back; nothing is touched.
    :raises Missing: for a workshop out of reach.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, _where(row))
    standing = Move.objects.filter(workshop=row, undone_at=None).exclude(act__in=FINAL)
    found = standing.exclude(changes=[]).order_by("-pk").first()
    if found is None:
        raise NothingToUndo
    _turn(seat, row, found, "undo", now)
    return sentence_of(found)


@transaction.atomic
def redo_move(seat: Seat, workshop: int, *, now: datetime) -> str:
    """Do again what was undone last, as long as no new act has come after it.

    :returns: the sentence of what was done again.
    :raises NothingToUndo: if nothing was undone since the last act.
    :raises ChangedSince: if somebody changed since what would be done again.
    :raises Missing: for a workshop out of reach.
    """
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, _where(row))
    acts = Move.objects.filter(workshop=row).exclude(act__in=FINAL).exclude(changes=[])
    last = acts.filter(undone_at=None).order_by("-pk").first()
    undone = acts.filter(undone_at__isnull=False, pk__gt=last.pk if last else 0)
    found = undone.order_by("-undone_at", "pk").first()
    if found is None:
        raise NothingToUndo(_("There is nothing to do again."))
    _turn(seat, row, found, "redo", now)
    return sentence_of(found)


def _turn(seat: Seat, workshop: Workshop, found: Move, way: str, now: datetime) -> None:
    words = {"who": found.who, "act": found.act, "words": found.words, "move": found.pk}
    with changing(seat, workshop, way, now=now) as noted:
        changes: Sequence[Mapping[str, Any]] = found.changes
        if way == "undo":
            for one in reversed(changes):
                _put(one, one["after"], one["before"], noted)
        else:
            for one in changes:
                _put(one, one["before"], one["after"], noted)
        found.undone_at = now if way == "undo" else None
        found.save(update_fields=["undone_at"])
        noted.people()
        noted.themes()
    Move.objects.filter(workshop=workshop, version=noted.version).update(words=words)


def _put(
    one: Mapping[str, Any], stands: Mapping[str, Any], wanted: Mapping[str, Any], noted: Changing
) -> None:
    """Turn one row from what should stand there into what is wanted."""
    kind = _TABLES[one["table"]]
    row = kind._default_manager.filter(pk=one["key"]).first()  # noqa: SLF001 - Django's own name
    if (row is None) != (not stands):
        raise ChangedSince
    if row is not None and one["what"] == "change" and _told(row, stands) != dict(stands):
        raise ChangedSince
    if row is not None and not wanted:
        if Gathered.objects.filter(theme=row.pk).exists() if kind is Theme else False:
            raise ChangedSince
        if Place.objects.filter(group=row.pk).exists() if kind is Group else False:
            raise ChangedSince
        row.delete()
        return
    if row is None:
        row = kind(pk=one["key"])
    for name, value in wanted.items():
        setattr(row, name, _value(kind, name, value))
    if hasattr(row, "changed"):
        row.changed = noted.version
    if one["what"] == "change":
        row.save(update_fields=[*wanted, *(["changed"] if hasattr(row, "changed") else [])])
    else:
        row.save(force_insert=True)


def _plain(row: models.Model, fields: Mapping[str, object] | None = None) -> dict[str, Any]:
    names = [row._meta.get_field(name).attname for name in fields] if fields else None  # type: ignore[union-attr]  # noqa: SLF001 - Django's own name
    every = [field.attname for field in row._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - Django's own name
    return {name: _json(getattr(row, name)) for name in names or every if name != "changed"}


def _told(row: models.Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json(getattr(row, name)) for name in fields}


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return {"bytes": bytes(value).hex()}
    return value


def _value(kind: type[models.Model], name: str, value: object) -> object:
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return bytes.fromhex(value["bytes"])
    field = next(one for one in kind._meta.concrete_fields if one.attname == name)  # noqa: SLF001 - Django's own name
    if isinstance(field, models.DateTimeField) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _undoable(row: Move) -> bool:
    return bool(row.changes) and row.act not in FINAL


def _where(row: Workshop) -> Where:
    return Where(alliance=row.alliance_id or 0, workshop=row.pk)
