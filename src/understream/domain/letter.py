"""Mail: it says that something waits, with a link, and never what was said."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

ADDRESSES = {
    "join": "/j/{}/",
    "invitation": "/i/{}/",
    "answer": "/r/{}/",
    "round": "/rounds/{}/",
    "mirror": "/rounds/{}/mirror/",
    "plan": "/alliances/{}/rounds/new/",
    "evaluations": "/alliances/{}/evaluations/",
    "evaluation": "/evaluations/{}/",
    "joint": "/evaluations/{}/joint/",
    "reading": "/r/{}/evaluation/",
}
"""Where letters point; a test compares them with the addresses of the pages."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person, already in that person's language."""

    to: str
    subject: str
    body: str


def address(page: str, key: str | int) -> str:
    """Return the full address of a page that letters point to."""
    return settings.UNDERSTREAM_URL.rstrip("/") + ADDRESSES[page].format(key)


def moment(at: datetime, zone: str) -> str:
    """Return a moment as words, in the language in force and the alliance's time zone."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{date_format(local, 'j F Y, H:i')} ({zone})"


def post(letters: Iterable[Letter]) -> None:
    """Send letters when the act that wrote them is safely stored; a mail that fails is logged."""
    kept = tuple(letters)
    if kept:
        # Not a partial: Django asks what failed for its name.
        transaction.on_commit(lambda: _send(kept), robust=True)


def _send(letters: tuple[Letter, ...]) -> None:
    """Send each by itself, so that one address nobody has keeps no other letter back."""
    with get_connection() as connection:
        for one in letters:
            subject = " ".join(one.subject.split())  # a name in it may hold a line break
            message = EmailMessage(subject, one.body, settings.DEFAULT_FROM_EMAIL, [one.to])
            try:
                connection.send_messages([message])
            except OSError as fault:
                # The fault's own words hold the address, which is no matter for a log.
                log.error("letter.failed", extra={"fault": type(fault).__name__})  # noqa: TRY400


def invitation_letter(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    inviter: str,
    link: str,
    until: datetime,
    zone: str,
) -> Letter:
    """Return the letter that invites somebody to take a seat."""
    with translation.override(language):
        body = _(
            "Dear %(name)s,\n\n"
            "%(inviter)s invites you to take a seat in the alliance “%(alliance)s” on "
            "Understream, where its parties work on how they work together.\n\n"
            "Take your seat, before %(until)s:\n%(link)s\n\n"
            "The link is yours alone. If you did not expect this, you need do nothing.\n"
        ) % {
            "name": name,
            "inviter": inviter,
            "alliance": alliance,
            "until": moment(until, zone),
            "link": address("invitation", link),
        }
        return Letter(to, _("An invitation to %(alliance)s") % {"alliance": alliance}, body)


def answer_letter(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    until: datetime,
    zone: str,
    link: str,
    reminder: bool = False,
) -> Letter:
    """Return the letter with a personal link; a reminder reads the same but for its opening."""
    with translation.override(language):
        opening = (
            _("The round in “%(alliance)s” is still open, and your voice is welcome.")
            if reminder
            else _("You are asked to say how “%(alliance)s” is going. It takes a few minutes.")
        ) % {"alliance": alliance}
        body = _(
            "Dear %(name)s,\n\n%(opening)s\n\n"
            "Answer before %(until)s:\n%(link)s\n\n"
            "Before you begin, the page says who will see what. The link is yours alone: "
            "please do not pass it on. It stays good for reading afterwards.\n"
        ) % {
            "name": name,
            "opening": opening,
            "until": moment(until, zone),
            "link": address("answer", link),
        }
        subject = _("A reminder: %(alliance)s") if reminder else _("Your voice in %(alliance)s")
        return Letter(to, subject % {"alliance": alliance}, body)


def form_letter(
    *, to: str, name: str, language: str, alliance: str, until: datetime, zone: str, key: int
) -> Letter:
    """Return the letter that asks a manager to fill in the one form with the party's people."""
    with translation.override(language):
        body = _(
            "Dear %(name)s,\n\n"
            "In “%(alliance)s” your organisation speaks with one voice. Meet with your people and "
            "fill in one form together, before %(until)s:\n%(link)s\n"
        ) % {
            "name": name,
            "alliance": alliance,
            "until": moment(until, zone),
            "link": address("round", key),
        }
        return Letter(to, _("One form for %(alliance)s") % {"alliance": alliance}, body)


def mirror_letter(*, to: str, name: str, language: str, alliance: str, link: str) -> Letter:
    """Return the letter that says that a mirror can be read.

    :param link: the full address: a personal one for those without an account.
    """
    with translation.override(language):
        body = _(
            "Dear %(name)s,\n\nThe round in “%(alliance)s” has closed. What was said can be "
            "read here:\n%(link)s\n"
        ) % {"name": name, "alliance": alliance, "link": link}
        return Letter(to, _("The mirror of %(alliance)s") % {"alliance": alliance}, body)


def agreement_letter(
    *, to: str, name: str, language: str, alliance: str, title: str, by: str, key: int
) -> Letter:
    """Return the letter that asks a manager to accept the agreement of an evaluation."""
    with translation.override(language):
        body = _(
            "Dear %(name)s,\n\n%(by)s prepared the evaluation “%(title)s” of “%(alliance)s”. "
            "Nobody is asked anything before a manager of every party has accepted its "
            "agreement: what it covers, who is asked and how, until when, and who sees "
            "what.\n\nRead it, and accept it if it is right for you:\n%(link)s\n"
        ) % {
            "name": name,
            "by": by,
            "title": title,
            "alliance": alliance,
            "link": address("evaluation", key),
        }
        return Letter(to, _("An agreement to read: %(alliance)s") % {"alliance": alliance}, body)


def evaluation_letter(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    title: str,
    until: datetime,
    zone: str,
    links: Sequence[tuple[str, str]],
    reminder: bool = False,
) -> Letter:
    """Return the letter with a personal link for each questionnaire of an evaluation.

    :param links: title of the questionnaire and secret part of the link.
    """
    with translation.override(language):
        opening = (
            _("The evaluation “%(title)s” of “%(alliance)s” is still open, and your voice counts.")
            if reminder
            else _("You are asked for your view in the evaluation “%(title)s” of “%(alliance)s”.")
        ) % {"title": title, "alliance": alliance}
        listed = "\n".join(f"{one}\n{address('answer', link)}\n" for one, link in links)
        body = _(
            "Dear %(name)s,\n\n%(opening)s\n\nAnswer before %(until)s:\n\n%(links)s\n"
            "Before you begin, the page says who will see what. A link is yours alone: please do "
            "not pass it on. It stays good for reading afterwards.\n"
        ) % {
            "name": name,
            "opening": opening,
            "until": moment(until, zone),
            "links": listed,
        }
        subject = _("A reminder: %(alliance)s") if reminder else _("Your voice in %(alliance)s")
        return Letter(to, subject % {"alliance": alliance}, body)


def one_voice_letter(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    title: str,
    until: datetime,
    zone: str,
    key: int,
    forms: Sequence[tuple[str, int]] = (),
    forms_until: datetime | None = None,
) -> Letter:
    """Return the letter to a manager whose party fills in its reflection as its one form.

    :param forms: title and round of each questionnaire that is a form beside the reflection.
    """
    with translation.override(language):
        listed = "\n".join(f"{one}\n{address('round', page)}\n" for one, page in forms)
        beside = (
            _("What is asked beside it is a form of its own, until %(until)s:\n\n%(forms)s")
            % {"until": moment(forms_until, zone), "forms": listed}
            if forms and forms_until
            else ""
        )
        body = _(
            "Dear %(name)s,\n\nThe evaluation “%(title)s” of “%(alliance)s” has begun. Your "
            "organisation speaks with one voice: meet with your people, fill in one reflection "
            "together, and seal it before %(until)s:\n%(link)s\n"
        ) % {
            "name": name,
            "title": title,
            "alliance": alliance,
            "until": moment(until, zone),
            "link": address("evaluation", key),
        }
        if beside:
            body += "\n" + beside
        return Letter(to, _("One form for %(alliance)s") % {"alliance": alliance}, body)


def proposal_letter(
    *, to: str, name: str, language: str, alliance: str, title: str, by: str, key: int
) -> Letter:
    """Return the letter that says that somebody proposes another deadline, or to call it off."""
    with translation.override(language):
        body = _(
            "Dear %(name)s,\n\n%(by)s proposes how to go on with the evaluation “%(title)s” of "
            "“%(alliance)s” while a party is waited for. It needs the yes of every party that has "
            "sealed:\n%(link)s\n"
        ) % {
            "name": name,
            "by": by,
            "title": title,
            "alliance": alliance,
            "link": address("evaluation", key),
        }
        return Letter(to, _("A proposal in %(alliance)s") % {"alliance": alliance}, body)


def evaluation_news(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    title: str,
    news: str,
    until: datetime,
    zone: str,
    key: int,
) -> Letter:
    """Return the letter that tells a manager how an evaluation stands.

    :param news: ``extended``, ``cancelled``, ``lapsed``, ``decide`` or ``remind``.
    """
    with translation.override(language):
        sentences = {
            "extended": _("The deadline for sealing moved to %(until)s."),
            "cancelled": _("It was called off. Nothing opens, and what was sealed was destroyed."),
            "lapsed": _(
                "The deadline has passed and a party has not sealed, so nothing opens. Any "
                "manager can propose another deadline, or to call it off. What was sealed is "
                "destroyed unopened thirty days after the deadline."
            ),
            "decide": _("Today is the day on which you wanted to decide about the alliance."),
            "remind": _(
                "Your organisation has not sealed its reflection yet. The deadline is %(until)s."
            ),
        }
        said = sentences[news] % {"until": moment(until, zone)}
        body = _(
            "Dear %(name)s,\n\nAbout the evaluation “%(title)s” of “%(alliance)s”:\n"
            "%(said)s\n\n%(link)s\n"
        ) % {
            "name": name,
            "title": title,
            "alliance": alliance,
            "said": said,
            "link": address("evaluation", key),
        }
        return Letter(to, _("The evaluation of %(alliance)s") % {"alliance": alliance}, body)


def unmarked(text: str) -> str:
    """Return what people wrote so that nobody takes it for the marks round a receipt."""
    return text.replace("-----", "- - -")


def receipt_letter(
    *,
    to: str,
    name: str,
    language: str,
    alliance: str,
    title: str,
    kind: str,
    party: str,
    words: Sequence[str],
    at: datetime,
    zone: str,
    receipt: str,
    key: int,
) -> Letter:
    """Return the letter that brings a signed receipt; the whole letter can be kept as its file.

    :param kind: ``sealed``, ``taken back`` or ``revealed``.
    :param words: the six words by which it is compared aloud.
    """
    with translation.override(language):
        sentences = {
            "sealed": _("%(party)s sealed its reflection on %(at)s."),
            "taken back": _("%(party)s took its seal back on %(at)s and can still change it."),
            "revealed": _("It opened on %(at)s, for all parties at the same instant."),
        }
        said = sentences[kind] % {"party": party, "at": moment(at, zone)}
        body = _(
            "Dear %(name)s,\n\nAbout the evaluation “%(title)s” of “%(alliance)s”:\n%(said)s\n\n"
            "Six words stand for the fingerprint. Every party holds the same six; read them out "
            "to each other:\n%(words)s\n\nKeep this letter: it holds the signed receipt. With it "
            "anyone can check later, without this server, that nothing was changed.\n\n"
            "%(receipt)s\n%(link)s\n"
        ) % {
            "name": unmarked(name),
            "title": unmarked(title),
            "alliance": unmarked(alliance),
            "said": unmarked(said),
            "words": " · ".join(words),
            "receipt": receipt,
            "link": address("evaluation", key),
        }
        return Letter(
            to, _("A receipt to keep: %(alliance)s") % {"alliance": unmarked(alliance)}, body
        )


def reveal_letter(
    *, to: str, name: str, language: str, alliance: str, title: str, part: str, link: str
) -> Letter:
    """Return the letter that says that reflections can be read.

    :param part: ``all``, ``hard`` while behaviour and values wait, ``soft`` when they open.
    :param link: the full address: a personal one for those without an account.
    """
    with translation.override(language):
        said = {
            "all": _("Every party has sealed, and all reflections opened at the same instant."),
            "hard": _(
                "Every party has sealed, and all reflections opened at the same instant, as far "
                "as the hard side. Behaviour and values open when blocks 1 to 4 have been "
                "reviewed together."
            ),
            "soft": _("Behaviour and values of every reflection are open now."),
        }[part]
        body = _(
            "Dear %(name)s,\n\nAbout the evaluation “%(title)s” of “%(alliance)s”:\n%(said)s\n\n"
            "Read them side by side, and begin where you differ:\n%(link)s\n"
        ) % {"name": name, "title": title, "alliance": alliance, "said": said, "link": link}
        return Letter(to, _("The reflections of %(alliance)s") % {"alliance": alliance}, body)


def workshop_letter(
    *,
    to: str,
    name: str,
    language: str,
    workshop: str,
    until: datetime | None,
    zone: str,
    link: str,
    reminder: bool,
) -> Letter:
    """Return the letter with the link into a workshop; a reminder differs in its opening only.

    :param until: when what stays open for days closes, ``None`` for a meeting.
    """
    with translation.override(language):
        opening = (
            _("“%(workshop)s” is still open, and your voice is welcome.")
            if reminder
            else _("You are welcome in the workshop “%(workshop)s”.")
        ) % {"workshop": workshop}
        end = _("It is open until %(until)s.") % {"until": moment(until, zone)} if until else ""
        body = _(
            "Dear %(name)s,\n\n%(opening)s %(end)s\n\nCome in here:\n%(link)s\n\n"
            "Each question says who will see your answer.\n"
        ) % {"name": name, "opening": opening, "end": end, "link": address("join", link)}
        subject = _("A reminder: %(workshop)s") if reminder else _("Workshop: %(workshop)s")
        return Letter(to, subject % {"workshop": workshop}, body)


def due_letter(
    *, to: str, name: str, language: str, alliance: str, kind: str, link: str
) -> Letter:
    """Return the letter that says what the rhythm of an alliance asks for now.

    :param kind: ``pulse``, ``evaluation`` or ``deep``.
    """
    with translation.override(language):
        sentences = {
            "pulse": _("It is time for a pulse: six questions, two minutes."),
            "evaluation": _("It is time to evaluate: each party within itself, then together."),
            "deep": _("The alliance comes up for renewal: time for a deep evaluation."),
        }
        body = _(
            "Dear %(name)s,\n\nFrom the rhythm you agreed on in “%(alliance)s”:\n%(said)s\n\n"
            "%(link)s\n"
        ) % {"name": name, "alliance": alliance, "said": sentences[kind], "link": link}
        return Letter(to, _("It is time, in %(alliance)s") % {"alliance": alliance}, body)
