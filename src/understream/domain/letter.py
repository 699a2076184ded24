"""Mail: it says that something waits, with a link, and never what was said."""

import logging
from collections.abc import Iterable
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
    "invitation": "/i/{}/",
    "answer": "/r/{}/",
    "round": "/rounds/{}/",
    "mirror": "/rounds/{}/mirror/",
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
