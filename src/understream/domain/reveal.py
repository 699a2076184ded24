"""Seal a reflection, take a seal back, and open all reflections at one instant."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Broken, Missing, Refused, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import SYSTEM, Seat
from understream.domain import letter, seal
from understream.domain.evaluation import Ended
from understream.domain.journal import record
from understream.domain.reflection import (
    CANNOT_JUDGE,
    NotYet,
    Words,
    conclusions_of,
    edition_of,
    missing_in,
    travelling,
)
from understream.domain.topic import Topic, instrument_in, topics_of
from understream.measurement.seal import (
    PARTS,
    SALT,
    canonical,
    commitment,
    padded,
    seal_digest,
)
from understream.records.due import Due
from understream.records.evaluation import Evaluation, State
from understream.records.participation import Participation
from understream.records.reflection import Conclusion, Reflection
from understream.records.round import Mode
from understream.records.round import State as RoundState
from understream.records.seal import Envelope, SealLog
from understream.records.seat import SeatRow


class AlreadySealed(Refused):
    """A reflection is sealed once; who wants to change it takes the seal back."""

    reason = _("Your reflection is sealed already. What was sealed stands.")


class TooLate(Refused):
    """After the deadline nothing is sealed until it has moved."""

    reason = _(
        "The deadline has passed, so nothing can be sealed now. Any manager can propose another "
        "deadline; what you wrote is kept."
    )


class Reworded(Refused):
    """What is sealed is what was read."""

    reason = _(
        "Somebody of your organisation changed the reflection while you read it. Read what it "
        "says now, then seal it."
    )


class NotSealed(Refused):
    """Only a seal can be taken back."""

    reason = _("Your reflection is not sealed, so there is no seal to take back.")


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a seal brought about.

    :ivar entry: its place in the log, by which its receipt is found.
    :ivar digest: what stands for the two commitments; 64 hexadecimal digits.
    :ivar waiting_for: the names of the parties still to seal.
    """

    entry: int
    digest: str
    waiting_for: tuple[str, ...]

    @property
    def revealed(self) -> bool:
        """Whether this was the last seal, so that the reflections are open now."""
        return not self.waiting_for


@transaction.atomic
def seal_reflection(
    seat: Seat, key: int, *, edition: str = "", now: datetime, rng: Random
) -> Sealing:
    """Seal the reflection of the seat's own party; the last seal opens all at that instant.

    Its two parts get a commitment each. Every party's managers get the signed receipt by mail.

    :param edition: what stood for the words that were read, "" to seal whatever stands there.
    :param rng: where the salts come from; in service the system's own.
    :raises AlreadySealed: if it is sealed.
    :raises Reworded: if somebody changed it since it was read.
    :raises NotYet: as long as the party's people are answering.
    :raises TooLate: after the deadline.
    :raises Ended: if the evaluation was opened, called off or has expired.
    :raises Unfit: naming by topic what is still to be filled in.

    Source: workshop deck, periodic evaluation ("first evaluate internally"); commit and reveal
    after Blum (1981).
    """
    evaluation, row = _own(seat, key)
    if row.sealed_at is not None:
        raise AlreadySealed
    cohort = reach.cohort_about_topics(evaluation, row.party_id)
    if cohort.mode != Mode.ONE_VOICE and cohort.round.state == RoundState.OPEN:
        raise NotYet
    if now >= evaluation.seal_until:
        raise TooLate
    topics = topics_of(instrument_in(evaluation), language="en")
    words = conclusions_of(row)
    if edition and edition != edition_of(words, travelling(row)):
        raise Reworded
    _refuse_unfinished(topics, words)
    envelopes = _envelopes(evaluation, row, topics, words, rng)
    commitments = tuple(one.commitment for one in envelopes)
    entry = seal.write_entry(
        evaluation,
        "sealed",
        now=now,
        party=row.party_id,
        commitments=commitments,
        receipt=True,
    )
    Envelope.objects.bulk_create(envelopes)
    row.sealed_at, row.sealed_by_id, row.entry = now, seat.key, entry
    row.digest = seal_digest(commitments)
    row.save(update_fields=["sealed_at", "sealed_by", "entry", "digest"])
    record(seat, "reflection.seal", now=now, words=_told(evaluation, row))
    letters = seal.receipt_letters(evaluation, entry)
    waiting = tuple(
        evaluation.reflections.filter(sealed_at=None)
        .order_by("party__position")
        .values_list("party__organisation__name", flat=True)
    )
    if not waiting:
        letters += _reveal(evaluation, now)
    letter.post(letters)
    return Sealing(entry, row.digest, waiting)


def _own(seat: Seat, key: int) -> tuple[Evaluation, Reflection]:
    """Return the evaluation and the own party's reflection, both locked.

    Two parties may seal at the same moment: the second waits here for the first.
    """
    found = reach.reflections_within(seat).filter(evaluation=key).first()
    if found is None:
        raise Missing
    require(seat, Act.REFLECTION_SEAL, Where(seat.alliance, found.party_id))
    evaluation = (
        Evaluation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("alliance")
        .get(pk=key)
    )
    row = (
        Reflection.objects.select_for_update(of=("self",), no_key=True)
        .select_related("party__organisation")
        .prefetch_related("conclusions")
        .get(pk=found.pk)
    )
    if evaluation.state != State.RUNNING:
        raise Ended
    return evaluation, row


def _refuse_unfinished(topics: Sequence[Topic], words: Mapping[str, Words]) -> None:
    faults: dict[str, str | Promise] = {
        topic.code: missing[0]
        for topic in topics
        if (missing := missing_in(topic, words.get(topic.code, Words())))
    }
    if faults:
        raise Unfit(
            {
                "": _(
                    "A reflection is sealed whole. Still to be finished: %(count)s of %(total)s "
                    "topics."
                )
                % {"count": len(faults), "total": len(topics)},
                **faults,
            }
        )


def _envelopes(
    evaluation: Evaluation,
    row: Reflection,
    topics: Sequence[Topic],
    words: Mapping[str, Words],
    rng: Random,
) -> list[Envelope]:
    log = SealLog.objects.values_list("name", flat=True).get(alliance=evaluation.alliance_id)
    dissents = travelling(row)
    envelopes = []
    for part in PARTS:
        document = padded(
            canonical(
                {
                    "format": "reflection.v1",
                    "log": log,
                    "evaluation": evaluation.code,
                    "party": str(row.party_id),
                    "part": part,
                    "topics": [
                        _plain(topic, words[topic.code], dissents.get(topic.code, []))
                        for topic in topics
                        if topic.part == part
                    ],
                }
            )
        )
        salt = rng.randbytes(SALT)
        envelopes.append(
            Envelope(
                reflection=row,
                part=part,
                document=document,
                salt=salt,
                commitment=commitment(
                    log=log,
                    evaluation=evaluation.code,
                    party=str(row.party_id),
                    part=part,
                    document=document,
                    salt=salt,
                ),
            )
        )
    return envelopes


def _plain(topic: Topic, words: Words, dissents: list[str]) -> dict[str, Any]:
    """Return what is sealed of one topic; a rating that cannot be given is null."""
    said: dict[str, Any] = {
        "code": topic.code,
        "sentence": words.sentence,
        "sure": words.sure,
        "dissents": dissents,
    }
    if topic.shift:
        return said | {"change": words.change, "effect": words.effect}
    rating = None if words.rating == CANNOT_JUDGE else words.rating
    return said | {"rating": rating, "direction": words.direction}


def _told(evaluation: Evaluation, row: Reflection) -> dict[str, str | int]:
    return {"party": row.party.organisation.name, "evaluation": evaluation.title}


@transaction.atomic
def take_back_seal(seat: Seat, key: int, *, now: datetime) -> None:
    """Take the own party's seal back, as long as not all have sealed; all are told.

    What was sealed and its salt are destroyed; the commitment stays in the log.

    :raises NotSealed: if there is no seal.
    :raises Ended: if the evaluation was opened, called off or has expired.
    """
    evaluation, row = _own(seat, key)
    if row.sealed_at is None:
        raise NotSealed
    row.envelopes.all().delete()
    row.sealed_at, row.sealed_by, row.entry, row.digest = None, None, None, ""
    row.save(update_fields=["sealed_at", "sealed_by", "entry", "digest"])
    Due.objects.get_or_create(kind="forget", key=evaluation.pk, at=now)
    entry = seal.write_entry(evaluation, "taken back", now=now, party=row.party_id, receipt=True)
    record(seat, "reflection.take_back", now=now, words=_told(evaluation, row))
    letter.post(seal.receipt_letters(evaluation, entry))


def _reveal(evaluation: Evaluation, now: datetime) -> list[letter.Letter]:
    """Open part 1 of every reflection, and part 2 unless something large has shifted.

    Called by the last seal, in its transaction; returns the letters that tell everybody.
    """
    documents = _opened(evaluation, PARTS[0], now)
    evaluation.state, evaluation.revealed_at = State.REVEALED, now
    evaluation.save(update_fields=["state", "revealed_at"])
    evaluation.proposals.filter(settled_at=None).update(settled_at=now)
    gate = any(shifted(one) for one in documents)
    entry = seal.write_entry(evaluation, "revealed", now=now, part=PARTS[0], receipt=gate)
    words: dict[str, str | int] = {"evaluation": evaluation.title}
    record(SYSTEM, "evaluation.reveal", now=now, alliance=evaluation.alliance_id, words=words)
    if gate:
        record(SYSTEM, "evaluation.gate", now=now, alliance=evaluation.alliance_id, words=words)
    else:
        entry = _open_part_two(evaluation, now)
    part = "hard" if gate else "all"
    return [*seal.receipt_letters(evaluation, entry), *_reveal_letters(evaluation, part=part)]


def shifted(document: Mapping[str, Any]) -> bool:
    """Tell whether a party marked own goals or environment as changed a lot."""
    return any(one.get("change") == Conclusion.Change.LOT for one in document["topics"])


def open_soft_side(evaluation: Evaluation, *, now: datetime) -> None:
    """Open part 2 of every reflection, when the joint notes on blocks 1 to 4 stand.

    Called within a transaction that holds the evaluation's lock.

    :raises Ended: unless part 1 is open and part 2 is not.
    """
    if evaluation.revealed_at is None or evaluation.soft_opened_at is not None:
        raise Ended
    entry = _open_part_two(evaluation, now)
    letter.post(
        [*seal.receipt_letters(evaluation, entry), *_reveal_letters(evaluation, part="soft")]
    )


def _open_part_two(evaluation: Evaluation, now: datetime) -> int:
    _opened(evaluation, PARTS[1], now)
    evaluation.soft_opened_at = now
    evaluation.save(update_fields=["soft_opened_at"])
    record(
        SYSTEM,
        "evaluation.soft",
        now=now,
        alliance=evaluation.alliance_id,
        words={"evaluation": evaluation.title},
    )
    return seal.write_entry(evaluation, "revealed", now=now, part=PARTS[1], receipt=True)


def _opened(evaluation: Evaluation, part: int, now: datetime) -> list[Mapping[str, Any]]:
    """Open one part of every reflection, after looking whether each fits its commitment.

    :raises Broken: if one is not there or does not fit; then nothing opens at all.
    """
    log = SealLog.objects.values_list("name", flat=True).get(alliance=evaluation.alliance_id)
    rows = list(
        Envelope.objects.filter(reflection__evaluation=evaluation, part=part).select_related(
            "reflection"
        )
    )
    if (
        len(rows) != evaluation.reflections.exclude(sealed_at=None).count()
        or len(rows) != evaluation.reflections.count()
    ):
        raise Broken("a sealed part is not there")
    documents = []
    for row in rows:
        made = commitment(
            log=log,
            evaluation=evaluation.code,
            party=str(row.reflection.party_id),
            part=part,
            document=bytes(row.document),
            salt=bytes(row.salt),
        )
        if made != row.commitment:
            raise Broken("a sealed part does not fit its commitment")
        documents.append(json.loads(bytes(row.document)))
        row.opened_at = now
    Envelope.objects.bulk_update(rows, ["opened_at"])
    return documents


def _reveal_letters(evaluation: Evaluation, *, part: str) -> list[letter.Letter]:
    """Return the letters that tell everybody, with a page each can read."""
    links = {
        right.seat_id: reach.link_of(right.nonce)
        for right in Participation.objects.filter(
            reach.STANDING, cohort__round__evaluation=evaluation
        ).order_by("-cohort__round")
    }
    parties = set(evaluation.reflections.values_list("party", flat=True))
    seats = (
        SeatRow.objects.filter(alliance=evaluation.alliance_id, left_at=None)
        .select_related("person")
        .order_by("pk")
    )
    letters = []
    for one in seats:
        account = one.person.has_usable_password()
        if (one.party_id and one.party_id not in parties) or not (account or one.pk in links):
            continue
        letters.append(
            letter.reveal_letter(
                to=one.person.email,
                name=one.person.name,
                language=one.person.language,
                alliance=evaluation.alliance.name,
                title=evaluation.title,
                part=part,
                link=letter.address("joint", evaluation.pk)
                if account
                else letter.address("reading", links[one.pk]),
            )
        )
    return letters


def openings_of(evaluation: Evaluation) -> dict[int, dict[str, dict[str, Any]]]:
    """Return what is open, by party and topic, as it was sealed; nothing else."""
    rows = Envelope.objects.filter(
        reflection__evaluation=evaluation, opened_at__isnull=False
    ).values_list("reflection__party", "document")
    opened: dict[int, dict[str, dict[str, Any]]] = {}
    for party, document in rows:
        said = opened.setdefault(party, {})
        for one in json.loads(bytes(document))["topics"]:
            said[one["code"]] = one
    return opened
