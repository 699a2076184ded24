"""What happened, as sentences; written by acts in their own transaction, without voices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain.letter import moment
from understream.domain.topic import title_of
from understream.domain.word import WORDS
from understream.records.alliance import Alliance
from understream.records.journal import Entry

SENTENCES = {
    "alliance.found": _("%(who)s founded the alliance."),
    "alliance.keep": _(
        "%(who)s set the alliance to: “%(name)s”, time zone %(zone)s, working days %(days)s."
    ),
    "person.invite": _("%(who)s invited %(name)s as %(role)s."),
    "person.add": _("%(who)s added %(name)s as participant."),
    "invitation.withdraw": _("%(who)s withdrew the invitation of %(name)s."),
    "invitation.accept": _("%(who)s took a seat."),
    "seat.end": _("%(who)s ended the seat of %(name)s."),
    "round.plan": _("%(who)s planned the round “%(round)s”, until %(until)s, k = %(k)s."),
    "cohort.confirm": _("%(who)s said yes to “%(round)s” for %(party)s: mode %(mode)s."),
    "cohort.freeze": _(
        "The people of %(party)s in “%(round)s” were fixed. Fingerprint of the list: %(hash)s."
    ),
    "round.open": _("%(who)s opened the round “%(round)s”."),
    "round.extend": _("%(who)s moved the end of “%(round)s” to %(until)s."),
    "round.cancel": _("%(who)s cancelled the round “%(round)s”. Every answer was destroyed."),
    "round.close": _("The round “%(round)s” closed. Fingerprint of what is shown: %(hash)s."),
    "round.import": _("%(who)s imported the round “%(round)s” from a file."),
    "cohort.one_voice": _(
        "%(party)s speaks with one voice in “%(round)s”: somebody preferred not to be named."
    ),
    "form.fill": _("%(who)s filled in the form of %(party)s in “%(round)s”."),
    "comments.release": _(
        "%(who)s opened the comments of %(party)s in “%(round)s” to that party."
    ),
    "statement.export": _("%(who)s downloaded what people signed in “%(round)s”."),
    "release.export": _("%(who)s downloaded the figures of “%(round)s”."),
    "round.shut": _("The round “%(round)s” closed. Each party reads its own figures first."),
    "evaluation.prepare": _("%(who)s prepared the evaluation “%(evaluation)s”."),
    "evaluation.change": _(
        "%(who)s changed the agreement of “%(evaluation)s”. Every party has to accept it anew."
    ),
    "evaluation.accept": _(
        "%(who)s accepted the agreement of “%(evaluation)s” for %(party)s: mode %(mode)s."
    ),
    "evaluation.open": _("%(who)s began the evaluation “%(evaluation)s”."),
    "evaluation.propose.extend": _(
        "%(who)s proposed to move the deadline of “%(evaluation)s” to %(until)s."
    ),
    "evaluation.propose.cancel": _("%(who)s proposed to call “%(evaluation)s” off."),
    "evaluation.consent": _("%(who)s agreed to the proposal about “%(evaluation)s”."),
    "evaluation.withdraw": _("%(who)s withdrew the proposal about “%(evaluation)s”."),
    "evaluation.extend": _("The deadline of “%(evaluation)s” moved to %(until)s."),
    "evaluation.extend.agreed": _(
        "The deadline of “%(evaluation)s” moved once, as agreed, to %(until)s."
    ),
    "evaluation.cancel": _("%(who)s called “%(evaluation)s” off. Nothing was opened."),
    "evaluation.expire": _("“%(evaluation)s” expired. What was sealed was destroyed unopened."),
    "facilitator.admit": _(
        "%(who)s let %(name)s read the reflection of %(party)s in “%(evaluation)s”."
    ),
    "facilitator.dismiss": _(
        "%(who)s no longer lets %(name)s read the reflection of %(party)s in “%(evaluation)s”."
    ),
    "reflection.seal": _("%(who)s sealed the reflection of %(party)s in “%(evaluation)s”."),
    "reflection.take_back": _("%(who)s took back the seal of %(party)s in “%(evaluation)s”."),
    "evaluation.reveal": _(
        "All parties had sealed: the reflections of “%(evaluation)s” opened at the same instant."
    ),
    "evaluation.gate": _(
        "Something large has shifted, so behaviour and values in “%(evaluation)s” wait for the "
        "review of blocks 1 to 4."
    ),
    "evaluation.soft": _("Behaviour and values in “%(evaluation)s” opened."),
    "joint.write": _("%(who)s wrote about %(topic)s in “%(evaluation)s”."),
    "joint.accept": _("%(who)s accepted for %(party)s what is written about %(topic)s."),
    "joint.stand": _("What is written about %(topic)s in “%(evaluation)s” stands."),
    "critic.assign": _("%(who)s asked %(name)s to be the critic on %(topic)s."),
    "closing.say": _("%(who)s answered the closing question of “%(evaluation)s” for %(party)s."),
    "evaluation.agree": _("The parties decided what to do with the alliance: %(choice)s."),
    "bundle.export": _("%(who)s downloaded the bundle of “%(evaluation)s” for %(party)s."),
    "commitment.propose": _("%(who)s proposed a commitment of %(giver)s to %(receiver)s."),
    "commitment.accept": _("%(who)s accepted for %(party)s: “%(action)s”."),
    "commitment.stand": _("%(giver)s and %(receiver)s agreed: “%(action)s”, by %(on)s."),
    "commitment.withdraw": _("%(who)s withdrew the commitment “%(action)s”."),
    "commitment.judge": _("%(who)s said for %(party)s what became of “%(action)s”."),
    "cycle.keep": _(
        "%(who)s set the rhythm: a pulse every %(pulse)s months, an evaluation every "
        "%(evaluation_months)s."
    ),
    "workshop.prepare": _("%(who)s prepared the workshop “%(workshop)s”."),
    "workshop.keep": _("%(who)s changed how people come into “%(workshop)s”."),
    "workshop.begin": _("%(who)s began the workshop “%(workshop)s”."),
    "workshop.invite": _("%(who)s invited the people of the alliance to “%(workshop)s”."),
    "workshop.end": _("%(who)s ended the workshop “%(workshop)s”."),
    "workshop.export": _("%(who)s downloaded what was said in “%(workshop)s”."),
    "takeout.keep": _("%(who)s made a commitment of a takeout of “%(workshop)s”."),
    "voices.erase": _("The answers behind “%(round)s” were erased; what is shown stays."),
}
"""Every act that leaves a trace, and the sentence it is read as."""

PAGE = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One act as a sentence."""

    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A page of the journal, newest first."""

    lines: tuple[JournalLine, ...]
    page: int
    older: bool


def record(
    seat: Seat,
    act: str,
    *,
    now: datetime,
    alliance: int = 0,
    party: int = 0,
    words: Mapping[str, str | int] | None = None,
) -> None:
    """Write one line; called by an act inside its own transaction.

    :param act: a key of :data:`SENTENCES`.
    :param words: what the sentence needs besides ``who``; never a voice.
    :raises KeyError: for an act that has no sentence.
    """
    _entry(seat, act, now, alliance, party, words or {}).save()


def record_each(
    seat: Seat, act: str, *, now: datetime, words: Iterable[Mapping[str, str | int]]
) -> None:
    """Write one line for each of these words, all at once; otherwise like :func:`record`."""
    Entry.objects.bulk_create(_entry(seat, act, now, 0, 0, one) for one in words)


def _entry(
    seat: Seat,
    act: str,
    now: datetime,
    alliance: int,
    party: int,
    words: Mapping[str, str | int],
) -> Entry:
    _ = SENTENCES[act]
    return Entry(
        alliance_id=alliance or seat.alliance or None,
        party_id=party or seat.party or None,
        seat=seat.key or None,
        who=seat.name,
        act=act,
        words=dict(words),
        at=now,
    )


def journal_of(seat: Seat, alliance: int, *, page: int = 1) -> Journal:
    """Return one page of what happened in the seat's alliance.

    :param page: 1 for the newest lines.
    :raises Forbidden: for another alliance, or for a seat that may not read it.
    """
    require(seat, Act.JOURNAL_READ, Where(alliance=alliance))
    zone = Alliance.objects.values_list("time_zone", flat=True).get(pk=alliance)
    first = (max(page, 1) - 1) * PAGE
    entries = list(Entry.objects.filter(alliance=alliance)[first : first + PAGE + 1])
    lines = tuple(
        JournalLine(entry.at, sentence_of(entry.act, entry.who, entry.words, zone=zone))
        for entry in entries[:PAGE]
    )
    return Journal(lines, max(page, 1), len(entries) > PAGE)


def sentence_of(act: str, who: str, words: Mapping[str, str | int], *, zone: str = "UTC") -> str:
    """Return one line as a sentence in the language in force; words of the field are translated.

    :param zone: the time zone in which a moment is told.
    """
    told = {
        name: moment(datetime.fromisoformat(str(word)), zone)
        if name == "until"
        else date_format(date.fromisoformat(str(word)), "j F Y")
        if name == "on"
        else str(word).rstrip(".")
        if name == "action"
        else title_of(str(word), language=get_language() or "en") or word
        if name == "topic"
        else WORDS.get(str(word), word)
        if name in ("role", "mode", "days", "outcome", "choice")
        else word
        for name, word in words.items()
    }
    return str(SENTENCES[act]) % {"who": who, **told}
