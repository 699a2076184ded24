"""The log of an alliance, the host's signature under it, and receipts of what stands in it.

The log says what was sealed, taken back and opened, and when; never what was said. What is hashed
and how stands in `measurement.seal`, so that it can be checked without this house.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain import letter
from understream.domain.alliance import PartyCard
from understream.measurement.receipt import Receipt, read_receipts, receipt_text, sign_receipt
from understream.measurement.seal import Entry, canonical, fingerprint, next_entry, public_key
from understream.measurement.seal import words_of as words_in
from understream.records.alliance import Alliance, Party
from understream.records.evaluation import Evaluation
from understream.records.seal import SealEntry, SealLog
from understream.records.seat import Role, SeatRow

SENTENCES = {
    "begun": _("The evaluation began."),
    "released": _("The answers of a round were counted; figures stay with each party."),
    "sealed": _("%(party)s sealed its reflection."),
    "taken back": _("%(party)s took its seal back."),
    "extended": _("The deadline moved to %(until)s."),
    "cancelled": _("The evaluation was called off; nothing opens."),
    "expired": _("The deadline is long past; what was sealed was destroyed unopened."),
    "revealed": _("Part %(part)s of every reflection opened."),
}
"""Every kind of entry, and the sentence it is read as."""


@dataclass(frozen=True, slots=True)
class ReceiptCard:
    """The receipt of one entry of the log.

    :ivar kind: ``sealed``, ``taken back`` or ``revealed``.
    :ivar party: whose seal it is; ``None`` for a reveal.
    :ivar part: which part a reveal opened, 0 for a seal.
    :ivar words: six words in the reader's language; `other_words` in the other one.
    :ivar digest: 64 hexadecimal digits; `words` stand for the first 66 bits.
    :ivar file: the receipt as text, to be kept.
    """

    index: int
    kind: str
    party: PartyCard | None
    part: int
    at: datetime
    words: tuple[str, ...]
    other_words: tuple[str, ...]
    digest: str
    key: str
    file: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of the log as a sentence."""

    index: int
    at: datetime
    sentence: str
    hash: str
    has_receipt: bool


@dataclass(frozen=True, slots=True)
class LogCard:
    """The log of one evaluation as its page shows it, oldest first.

    :ivar length: how many entries the whole log of the alliance has.
    :ivar head: the hash of its newest entry.
    """

    evaluation: int
    title: str
    key: str
    head: str
    length: int
    lines: tuple[LogLine, ...]


def signing_seed() -> bytes:
    """Return the secret of the host's signing key (32 bytes), made from the server's secret."""
    secret = settings.SECRET_KEY.encode()
    return hmac.new(secret, b"understream.sealing.v1", sha256).digest()


def key_fingerprint() -> str:
    """Return the fingerprint of the host's signing key, as receipts show it."""
    return fingerprint(public_key(signing_seed()))


def begin_log(alliance: int, *, rng: Random) -> None:
    """Begin the log of an alliance, at its first use.

    :param rng: where the log's name comes from, by which it is known outside this house.
    """
    SealLog.objects.get_or_create(alliance_id=alliance, defaults={"name": rng.randbytes(16).hex()})


@transaction.atomic
def write_entry(
    evaluation: Evaluation,
    kind: str,
    *,
    now: datetime,
    party: int = 0,
    commitments: tuple[str, ...] = (),
    receipt: bool = False,
    **facts: str | int | list[str],
) -> int:
    """Write one entry about an evaluation into the log of its alliance; return its place there.

    :param party: key of the party whose seal it is about, 0 for none.
    :param receipt: whether a signed receipt of it is kept, to be given to every party.
    :param facts: what else it tells; never what was said.
    :raises KeyError: for a kind without a sentence.
    """
    _told = SENTENCES[kind]
    log = SealLog.objects.select_for_update(no_key=True).get(alliance=evaluation.alliance_id)
    last = log.entries.order_by("-index").first()
    at = now.astimezone(UTC).isoformat(timespec="seconds")
    body: dict[str, str | int | list[str]] = {
        "kind": kind,
        "evaluation": evaluation.code,
        "at": at,
        **facts,
    }
    if party:
        body["party"] = str(party)
    if commitments:
        body["commitments"] = list(commitments)
    seed = signing_seed()
    entry = next_entry(log.name, entry_of(last) if last else None, body, seed=seed)
    text = ""
    if receipt:
        # Names as they were when the evaluation began: they are part of what is checked.
        begun: Any = body if kind == "begun" else json.loads(_entries_about(evaluation)[0].body)
        names = dict(zip(begun["parties"], begun["names"], strict=True))
        text = receipt_text(
            sign_receipt(
                Receipt(
                    log=log.name,
                    alliance=begun["alliance"],
                    evaluation=evaluation.code,
                    title=begun["title"],
                    kind=kind,
                    party=str(party) if party else "",
                    organisation=names[str(party)] if party else "",
                    commitments=commitments,
                    index=entry.index,
                    head=entry.hash,
                    at=at,
                    key=public_key(seed),
                ),
                seed=seed,
            )
        )
    SealEntry.objects.create(
        log=log,
        evaluation=evaluation,
        index=entry.index,
        previous=entry.previous,
        body=canonical(body).decode(),
        hash=entry.hash,
        signature=entry.signature,
        receipt=text,
    )
    return entry.index


def entry_of(row: SealEntry) -> Entry:
    """Return a stored entry as the one that is checked."""
    return Entry(row.index, row.previous, json.loads(row.body), row.hash, row.signature)


def _entries_about(evaluation: Evaluation) -> list[SealEntry]:
    """Return the entries of the alliance's log that tell of this evaluation, oldest first."""
    return list(SealEntry.objects.filter(evaluation=evaluation).order_by("index"))


def log_before(seat: Seat, key: int) -> LogCard:
    """Return the log of an evaluation in the seat's alliance.

    :raises Missing: for an evaluation out of reach.
    """
    evaluation = _within(seat, key)
    rows = _entries_about(evaluation)
    names = _names(evaluation)
    newest = SealEntry.objects.filter(log__alliance=evaluation.alliance_id).last()
    return LogCard(
        evaluation=evaluation.pk,
        title=evaluation.title,
        key=key_fingerprint(),
        head=newest.hash if newest else "",
        length=newest.index + 1 if newest else 0,
        lines=tuple(_line(row, names, evaluation.alliance) for row in rows),
    )


def _line(row: SealEntry, names: dict[str, PartyCard], alliance: Alliance) -> LogLine:
    body = json.loads(row.body)
    told = {"party": "", "part": body.get("part", ""), "until": ""}
    if body.get("party") in names:
        told["party"] = names[body["party"]].name
    if "until" in body:
        told["until"] = letter.moment(datetime.fromisoformat(body["until"]), alliance.time_zone)
    return LogLine(
        row.index,
        datetime.fromisoformat(body["at"]),
        str(SENTENCES[body["kind"]]) % told,
        row.hash,
        bool(row.receipt),
    )


def receipts_before(seat: Seat, key: int, *, language: str) -> tuple[ReceiptCard, ...]:
    """Return the receipts of an evaluation, oldest first: of all that was sealed and opened.

    :param language: ``en`` or ``nl``, for the six words.
    :raises Missing: for an evaluation out of reach.
    """
    evaluation = _within(seat, key)
    names = _names(evaluation)
    return tuple(
        receipt_card(row, names, language=language)
        for row in _entries_about(evaluation)
        if row.receipt
    )


def receipt_before(seat: Seat, key: int, index: int, *, language: str) -> ReceiptCard:
    """Return the receipt of one entry.

    :raises Missing: for an evaluation out of reach, or an entry without a receipt.
    """
    kept = receipts_before(seat, key, language=language)
    found = next((one for one in kept if one.index == index), None)
    if found is None:
        raise Missing
    return found


def receipt_card(row: SealEntry, names: dict[str, PartyCard], *, language: str) -> ReceiptCard:
    """Return a stored receipt as a card.

    :param names: the parties by their key as text.
    """
    (receipt,) = read_receipts(row.receipt.encode())
    other = "en" if language == "nl" else "nl"
    return ReceiptCard(
        index=row.index,
        kind=receipt.kind,
        party=names.get(receipt.party),
        part=json.loads(row.body).get("part", 0),
        at=datetime.fromisoformat(receipt.at),
        words=words_in(receipt.digest, language),
        other_words=words_in(receipt.digest, other),
        digest=receipt.digest,
        key=fingerprint(receipt.key),
        file=row.receipt,
    )


def receipt_letters(evaluation: Evaluation, index: int) -> list[letter.Letter]:
    """Return the letters that bring the receipt of an entry to the managers of every party."""
    row = SealEntry.objects.get(evaluation=evaluation, index=index)
    (receipt,) = read_receipts(row.receipt.encode())
    return [
        letter.receipt_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=evaluation.alliance.name,
            title=evaluation.title,
            kind=receipt.kind,
            party=receipt.organisation,
            words=words_in(receipt.digest, one.person.language),
            at=datetime.fromisoformat(receipt.at),
            zone=evaluation.alliance.time_zone,
            receipt=row.receipt,
            key=evaluation.pk,
        )
        for one in _managers(evaluation)
    ]


def _managers(evaluation: Evaluation) -> Iterable[SeatRow]:
    return (
        SeatRow.objects.filter(
            alliance=evaluation.alliance_id,
            role=Role.MANAGER,
            left_at=None,
            party__in=evaluation.reflections.values("party"),
        )
        .select_related("person")
        .order_by("pk")
    )


def _names(evaluation: Evaluation) -> dict[str, PartyCard]:
    rows = Party.objects.filter(alliance=evaluation.alliance_id).select_related("organisation")
    return {str(one.pk): PartyCard(one.pk, one.organisation.name, one.position) for one in rows}


def _within(seat: Seat, key: int) -> Evaluation:
    row = reach.evaluations_within(seat).filter(pk=key).select_related("alliance").first()
    if row is None:
        raise Missing
    require(seat, Act.SEAL_READ, Where(row.alliance_id))
    return row
