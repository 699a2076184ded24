"""Close a round: figures once, voices rewritten in random order, comments when they may be read.

Beside `domain.voice` this is the only module that reads raw answers. What leaves it is a release:
displayed figures, stored once, hashed.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import SYSTEM, Seat
from understream.domain import letter, pool, scale, seal
from understream.domain.instrument import EVALUATION, instrument_of, questions_about
from understream.domain.journal import record
from understream.domain.round import (
    COMMENT_COHORT,
    Beside,
    OfEvaluation,
    Over,
    speaks_in_reflection,
)
from understream.domain.word import legible
from understream.measurement.disclosure import K, Policy
from understream.measurement.pool import answered_whole, sums_of
from understream.measurement.release import PartyVoices, digest, release_round, to_plain
from understream.measurement.seal import SALT, figures_leaf, figures_root
from understream.records.answer import Answer
from understream.records.due import Due
from understream.records.participation import Participation
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import Role, SeatRow
from understream.records.statement import Statement
from understream.records.voice import Comment, StepVoice, Voice
from understream.records.workshop import Step, WorkshopParty

KEPT = timedelta(days=30)
NIGHT = time(3)
FEWEST_TEXTS = 3
LONGEST_COMMENT = 2000
KEY_BITS = 63
DESTROYED = ("voice", "comment", "statement", "participation", "envelope", "dissent", "holder",
             "stepvoice", "pool")  # fmt: skip
"""The tables of which nothing may be left once a row is deleted."""
LOOKS = 300
"""How often to look, ten times a second, whether older transactions have ended."""


@dataclass(frozen=True, slots=True)
class RawComment:
    """One text before its moderator, in an order that says nothing.

    :ivar asked: the open question that it answers, "" for the field at the end.
    """

    key: int
    text: str
    wish: str
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Moderation:
    """The texts of one party that wait for the facilitator named in the agreement."""

    party: int
    party_name: str
    comments: tuple[RawComment, ...]
    enough: bool
    done: bool


@transaction.atomic
def close_round(key: int, *, now: datetime, rng: Random) -> bool:
    """Close a round whose end has come: release, rewrite, tell everybody. Harmless if repeated.

    :param rng: where the new order and the new keys come from; in service the system's own.
    :returns: whether the round was closed by this call.
    """
    row = (
        Round.objects.select_for_update(of=("self",))
        .filter(pk=key, state=State.OPEN, closes_at__lte=now)
        .select_related("instrument", "alliance", "evaluation")
        .first()
    )
    if row is None:
        return False
    cohorts = list(row.cohorts.select_related("party__organisation").order_by("party__position"))
    voices: defaultdict[int, list[Voice]] = defaultdict(list)
    for voice in Voice.objects.filter(cohort__in=cohorts):
        voices[voice.cohort_id].append(voice)
    content = _figures(row, cohorts, voices)
    fingerprint = _keep(row, content, now, rng)
    _pool(row, cohorts, voices)
    _rewrite(cohorts, voices, rng)
    _settle_comments(row, cohorts, voices, now, rng)
    Cohort.objects.filter(round=row).update(participation=Cohort.Step.CLOSED)
    row.state, row.closed_at = State.CLOSED, now
    row.save(update_fields=["state", "closed_at"])
    night = _night_after(now, row.alliance.time_zone)
    for kind, at in (("voices.erase", now + KEPT), ("tidy", now), ("forget", night)):
        Due.objects.get_or_create(kind=kind, key=row.pk, at=at)
    if row.evaluation_id is None:
        record(
            SYSTEM,
            "round.close",
            now=now,
            alliance=row.alliance_id,
            words={"round": row.title, "hash": fingerprint[:16]},
        )
    else:
        record(SYSTEM, "round.shut", now=now, alliance=row.alliance_id, words={"round": row.title})
    if row.evaluation_id is None or row.instrument.code == EVALUATION:
        letter.post(_letters(row, cohorts))
    return True


def _keep(row: Round, content: dict[str, Any], now: datetime, rng: Random) -> str:
    """Store the figures for ever; return their fingerprint.

    In an evaluation the parties do not see each other's figures yet, and a bare fingerprint of few
    possible figures could be guessed open: each party's figures get a salt, and the log of the
    alliance keeps what all of them come to.
    """
    if row.evaluation is None:
        fingerprint = digest(content)
        Release.objects.create(round=row, content=content, digest=fingerprint)
        return fingerprint
    salts = {party: rng.randbytes(SALT) for party in parts_of(content)}
    fingerprint = figures_root(
        {
            party: figures_leaf(round=str(row.pk), party=party, figures=figures, salt=salts[party])
            for party, figures in parts_of(content).items()
        }
    )
    kept = {party: salt.hex() for party, salt in salts.items()}
    Release.objects.create(round=row, content=content, salts=kept, digest=fingerprint)
    seal.write_entry(
        row.evaluation,
        "released",
        now=now,
        round=str(row.pk),
        title=row.title,
        instrument=row.instrument.code,
        root=fingerprint,
    )
    return fingerprint


def parts_of(content: Mapping[str, Any]) -> dict[str, object]:
    """Return stored figures by party, and under ``gaps`` what lies between the parties."""
    return {one["party"]: one for one in content["parties"]} | {"gaps": content["gaps"]}


def _night_after(now: datetime, zone: str) -> datetime:
    """Return the next three o'clock at night there, when nobody waits for a table."""
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=local.time() >= NIGHT)
    return datetime.combine(day, NIGHT, local.tzinfo)


def _figures(
    row: Round, cohorts: Sequence[Cohort], voices: Mapping[int, Sequence[Voice]]
) -> dict[str, object]:
    said = _said(row, cohorts, voices)
    return to_plain(release_round(said, policy=Policy(row.k)))


def _said(
    row: Round, cohorts: Sequence[Cohort], voices: Mapping[int, Sequence[Voice]]
) -> list[PartyVoices]:
    instrument = instrument_of(row.instrument)
    parties = [cohort.party_id for cohort in cohorts]
    statements: defaultdict[int, list[bytes]] = defaultdict(list)
    for one in Statement.objects.filter(cohort__in=cohorts).order_by("pk"):
        statements[one.cohort_id].append(bytes(one.answers))
    said = []
    for cohort in cohorts:
        partners = [party for party in parties if party != cohort.party_id]
        answers = statements[cohort.pk] + [bytes(one.answers) for one in voices[cohort.pk]]
        said.append(
            PartyVoices(
                party=str(cohort.party_id),
                mode=cohort.mode,
                questions=questions_about(instrument, partners),
                voices=answers,
                hints=[0] * len(answers),
            )
        )
    return said


def _pool(row: Round, cohorts: Sequence[Cohort], voices: Mapping[int, Sequence[Voice]]) -> None:
    """Let the sums of confidential answers go where those of all rounds are added up."""
    answers: defaultdict[str, list[list[tuple[int, ...]]]] = defaultdict(list)
    organisations: defaultdict[str, list[int]] = defaultdict(list)
    for cohort, spoken in zip(cohorts, _said(row, cohorts, voices), strict=True):
        if cohort.mode != Mode.CONFIDENTIAL:
            continue
        for facet, rows in answered_whole(spoken.questions, spoken.voices).items():
            if len(rows) >= row.k:
                answers[facet].append(rows)
                organisations[facet].append(cohort.party.organisation_id)
    pool.add_sums(
        row.instrument_id,
        row.alliance_id,
        {
            facet: (sums, organisations[facet])
            for facet, groups in answers.items()
            if (sums := sums_of(groups, k=row.k)) is not None
        },
    )


def _rewrite(
    cohorts: Sequence[Cohort], voices: Mapping[int, Sequence[Voice]], rng: Random
) -> None:
    """Write voices and comments anew, in random order under fresh keys.

    What a database keeps of the order of arrival (rowid, ctid, xmin) is then one and the same for
    all. The rights are written anew too, under their own keys: PostgreSQL moves a row that is
    used, so that their places would tell who answered and who came first.
    """
    fresh = [
        Voice(
            key=rng.getrandbits(KEY_BITS),
            cohort_id=one.cohort_id,
            hint=one.hint,
            answers=bytes(one.answers),
        )
        for rows in voices.values()
        for one in rows
    ]
    texts = [
        Comment(
            key=rng.getrandbits(KEY_BITS),
            cohort_id=one.cohort_id,
            hint=one.hint,
            prompt=one.prompt,
            text=one.text,
            wish=one.wish,
        )
        for one in Comment.objects.filter(cohort__in=cohorts)
    ]
    rights = list(Participation.objects.filter(cohort__in=cohorts))
    for right in rights:
        right.submission, right.used, right.partners = None, False, None
    rng.shuffle(fresh)
    rng.shuffle(texts)
    rng.shuffle(rights)
    Voice.objects.filter(cohort__in=cohorts).delete()
    Comment.objects.filter(cohort__in=cohorts).delete()
    Voice.objects.bulk_create(fresh)
    Comment.objects.bulk_create(texts)
    Participation.objects.filter(cohort__in=cohorts).delete()
    Participation.objects.bulk_create(rights)


def _settle_comments(
    row: Round,
    cohorts: Sequence[Cohort],
    voices: Mapping[int, Sequence[Voice]],
    now: datetime,
    rng: Random,
) -> None:
    """Say which parties wrote too few to open; open the others where nobody reads them first."""
    if not row.asks_comment:
        return
    texts: defaultdict[int, list[Comment]] = defaultdict(list)
    for one in Comment.objects.filter(cohort__in=cohorts):
        texts[one.cohort_id].append(one)
    for cohort in cohorts:
        if cohort.mode != Mode.CONFIDENTIAL:
            continue
        may_open = _openable(texts[cohort.pk], len(voices[cohort.pk]), row.k)
        if not may_open:
            _store_none(cohort, "few")
        elif row.moderator_id is None:
            shown = [_shown(one, one.text, as_written=True) for one in may_open]
            rng.shuffle(shown)
            _store_comments(SYSTEM, cohort, shown, withheld=0, now=now)


def release_step(step: Step, *, version: int, now: datetime, rng: Random) -> dict[str, Any]:
    """Release a confidential step as it closes: once, party by party; its voices are destroyed.

    Of a scale figures are released, by :mod:`understream.domain.scale`. Texts of a party come out
    only of eight people or more, in an order of chance, as answers that belong to nobody; where
    the step is moderated they wait for the facilitator. What may not come out is gone too.

    :param step: locked by its workshop.
    :returns: what is stored with the step: figures, or how many texts came out of each party.
    """
    parties = list(WorkshopParty.objects.filter(workshop=step.workshop_id))
    voices = list(StepVoice.objects.filter(step=step).order_by("key"))
    said: dict[int, list[StepVoice]] = {one.pk: [] for one in parties}
    for voice in voices:
        if voice.text or voice.value is not None:
            said[voice.party_id].append(voice)
    if step.kind == Step.Kind.SCALE:
        told = {
            (one.position, one.name): [
                voice.value["point"] for voice in said[one.pk] if voice.value is not None
            ]
            for one in parties
        }
        results = scale.figures_of(told, step.points, Policy(K))
    else:
        results = {"texts": _release_texts(step, parties, said, version, rng)}
    StepVoice.objects.filter(step=step).delete()
    night = _night_after(now, "UTC")
    for kind, at in (("tidy", now), ("forget", night)):
        Due.objects.get_or_create(kind=kind, key=-step.pk, at=at)
    return results


def _release_texts(
    step: Step,
    parties: Sequence[WorkshopParty],
    said: Mapping[int, Sequence[StepVoice]],
    version: int,
    rng: Random,
) -> list[dict[str, Any]]:
    fresh: list[Answer] = []
    told: list[dict[str, Any]] = []
    for party in parties:
        # Sorted first: then the order of chance hangs on what was said, and not on who said it.
        texts = sorted(voice.text for voice in said[party.pk])
        opens = enough(len(texts), len(texts), K)
        told.append({"position": party.position, "name": party.name, "opens": opens})
        if opens:
            state = Answer.State.WAITING if step.moderated else Answer.State.SHOWN
            fresh += [
                Answer(
                    step=step, party=party, mark=b"released", text=text, state=state,
                    number=version, changed=version,
                )
                for text in texts
            ]  # fmt: skip
    rng.shuffle(fresh)
    Answer.objects.bulk_create(fresh)
    return told


def enough(people: int, texts: int, k: int) -> bool:
    """Tell whether a party's comments may be read at all: eight people or k, and three texts."""
    return people >= max(COMMENT_COHORT, k) and texts >= FEWEST_TEXTS


def _openable(texts: Sequence[Comment], people: int, k: int) -> list[Comment]:
    """Return the texts of a party that may be read, question by question.

    Who writes to several questions writes several texts, but one to each: three texts to one
    question are three people's.

    :param people: how many of the party spoke.
    """
    many = Counter(one.prompt for one in texts)
    return [one for one in texts if enough(people, many[one.prompt], k)]


def _shown(raw: Comment, text: str, *, as_written: bool) -> dict[str, object]:
    prompt = {"prompt": raw.prompt} if raw.prompt else {}
    return {"text": text, "as_written": as_written} | prompt


def _store_none(cohort: Cohort, why: str) -> None:
    """Say that a party's comments never open.

    :param why: ``few`` wrote, or they were ``erased`` before anybody opened them.
    """
    content = {"comments": [], "withheld": 0, "paraphrased": 0, "why": why}
    CommentRelease.objects.create(cohort=cohort, content=content, digest=digest(content))


def _store_comments(
    seat: Seat,
    cohort: Cohort,
    shown: Sequence[Mapping[str, object]],
    *,
    withheld: int,
    now: datetime,
) -> None:
    content = {
        "comments": [dict(one) for one in shown],
        "withheld": withheld,
        "paraphrased": sum(not one["as_written"] for one in shown),
    }
    CommentRelease.objects.create(cohort=cohort, content=content, digest=digest(content))
    if cohort.round.evaluation_id is not None:
        return  # a partner who read this would learn that there are comments
    record(
        seat,
        "comments.release",
        now=now,
        alliance=cohort.round.alliance_id,
        party=cohort.party_id,
        words={"party": cohort.party.organisation.name, "round": cohort.round.title},
    )


def _letters(row: Round, cohorts: Sequence[Cohort]) -> list[letter.Letter]:
    """Tell everybody who was asked, and the managers, that the mirror can be read."""
    links = {
        right.seat_id: reach.link_of(right.nonce)
        for right in Participation.objects.filter(reach.STANDING, cohort__in=cohorts)
    }
    seats = (
        SeatRow.objects.filter(alliance=row.alliance_id, left_at=None, party__isnull=False)
        .select_related("person")
        .order_by("pk")
    )
    letters = []
    for one in seats:
        account = one.person.has_usable_password()
        if not (account or one.pk in links) or not _has_figures(row, cohorts, one):
            continue
        page = (
            letter.address("mirror", row.pk)
            if account
            else letter.address("answer", links[one.pk])
        )
        letters.append(
            letter.mirror_letter(
                to=one.person.email,
                name=one.person.name,
                language=one.person.language,
                alliance=row.alliance.name,
                link=page,
            )
        )
    return letters


def _has_figures(row: Round, cohorts: Sequence[Cohort], one: SeatRow) -> bool:
    """Tell whether the mirror has something for a seat now; outside evaluations always."""
    if row.evaluation is None:
        return True
    if one.role == Role.SPONSOR and row.evaluation.revealed_at is None:
        return False
    return any(
        cohort.party_id == one.party_id
        and not (speaks_in_reflection(row) and cohort.mode == Mode.ONE_VOICE)
        for cohort in cohorts
    )


@transaction.atomic
def cancel_round(seat: Seat, key: int, *, evaluation: int = 0, now: datetime) -> None:
    """Cancel a planned or open round: every answer is destroyed, nothing is ever shown.

    :param evaluation: key of the evaluation that is called off with it.
    :raises Over: for a round that has closed or was cancelled.
    :raises OfEvaluation: for a round of an evaluation that is not called off.
    """
    row = reach.rounds_within(seat).select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise Missing
    require(seat, Act.ROUND_CANCEL, Where(alliance=row.alliance_id))
    if (row.evaluation_id or 0) != evaluation:
        raise OfEvaluation
    if row.beside_id is not None:
        raise Beside
    if row.state not in (State.PLANNED, State.OPEN):
        raise Over
    together = [row, *row.besides.filter(state=State.OPEN)]
    cohorts = list(Cohort.objects.filter(round__in=together))
    Voice.objects.filter(cohort__in=cohorts).delete()
    Comment.objects.filter(cohort__in=cohorts).delete()
    Statement.objects.filter(cohort__in=cohorts).delete()
    Participation.objects.filter(cohort__in=cohorts).update(
        used=False, submission=None, partners=None
    )
    for one in together:
        one.state = State.CANCELLED
        Due.objects.get_or_create(kind="forget", key=one.pk, at=now)
    Round.objects.bulk_update(together, ["state"])
    if not evaluation:
        record(seat, "round.cancel", now=now, words={"round": row.title})


@transaction.atomic
def erase_voices(key: int, *, now: datetime) -> None:
    """Erase the raw answers behind a release, thirty days after it; what is shown stays."""
    row = Round.objects.select_for_update().filter(pk=key, state=State.CLOSED).first()
    if row is None:
        return
    if row.asks_comment and not row.imported:
        for cohort in _confidential(row):
            if not CommentRelease.objects.filter(cohort=cohort).exists():
                _store_none(cohort, "erased")
    Voice.objects.filter(cohort__round=row).delete()
    Comment.objects.filter(cohort__round=row).delete()
    Due.objects.get_or_create(kind="forget", key=row.pk, at=now)
    record(SYSTEM, "voices.erase", now=now, alliance=row.alliance_id, words={"round": row.title})


def tidy(*, wholly: bool = False) -> None:
    """Let the database forget deleted rows: outside transactions, in the ticking process.

    SQLite overwrites deleted rows by itself (`secure_delete`); its log is emptied here.

    :param wholly: on PostgreSQL write the tables anew, so that no page holds what was deleted.
        Whoever speaks waits meanwhile: for the night, and for what was destroyed.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if wholly:
                _outwait_others(cursor)
            for table in DESTROYED:
                cursor.execute(f"VACUUM {'FULL ' if wholly else ''}records_{table}")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _outwait_others(cursor: CursorWrapper) -> None:
    """Wait until every transaction that runs now has ended, wherever on the server; not for ever.

    As long as one runs that began before a deletion, PostgreSQL writes the deleted rows anew too.
    """
    cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    (after,) = cursor.fetchone()
    for _look in range(LOOKS):
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8 OR pg_sleep(0.1) IS NULL",
            [after],
        )
        if cursor.fetchone() == (True,):
            return


def comments_to_moderate(seat: Seat, key: int, *, language: str = "en") -> tuple[Moderation, ...]:
    """Return the comments that wait for the facilitator named in the agreement, after close.

    :param language: ``en`` or ``nl``, for the open questions that some of them answer.
    :raises Missing: for any other seat, or before the round has closed.
    """
    row = _moderated(seat, key)
    cohorts = _confidential(row)
    lines = instrument_of(row.instrument).open_lines
    asked = {line.code: line.text.into(language) for line in lines}
    order = ["", *asked]
    texts: defaultdict[int, list[Comment]] = defaultdict(list)
    for one in Comment.objects.filter(cohort__in=cohorts).order_by("key"):
        texts[one.cohort_id].append(one)
    people = _voices_by_cohort(cohorts)
    kept = CommentRelease.objects.filter(cohort__in=cohorts)
    done = {one.cohort_id for one in kept if one.content["comments"]}
    waiting = []
    for cohort in cohorts:
        may_open = _openable(texts[cohort.pk], people[cohort.pk], row.k)
        may_open.sort(key=lambda one: order.index(one.prompt))
        raw = [
            RawComment(one.key, one.text, one.wish, asked.get(one.prompt, "")) for one in may_open
        ]
        waiting.append(
            Moderation(
                cohort.party_id,
                cohort.party.organisation.name,
                tuple(raw) if cohort.pk not in done else (),
                bool(may_open),
                cohort.pk in done,
            )
        )
    return tuple(waiting)


def _moderated(seat: Seat, key: int) -> Round:
    rounds = reach.rounds_within(seat).select_related("instrument")
    row = rounds.filter(pk=key, state=State.CLOSED).first()
    if row is None:
        raise Missing
    require(seat, Act.COMMENT_MODERATE, Where(row.alliance_id, named=row.moderator_id or 0))
    return row


def _confidential(row: Round) -> list[Cohort]:
    return list(
        row.cohorts.filter(mode=Mode.CONFIDENTIAL)
        .select_related("party__organisation", "round")
        .order_by("party__position")
    )


def _voices_by_cohort(cohorts: Sequence[Cohort]) -> dict[int, int]:
    counts = dict.fromkeys((cohort.pk for cohort in cohorts), 0)
    for cohort in Voice.objects.filter(cohort__in=cohorts).values_list("cohort", flat=True):
        counts[cohort] += 1
    return counts


@transaction.atomic
def open_comments(
    seat: Seat,
    key: int,
    *,
    party: int,
    paraphrases: Mapping[int, str],
    withheld: Sequence[int],
    now: datetime,
    rng: Random,
) -> None:
    """Open a party's comments to that party, once: as written, paraphrased, or held back.

    :param paraphrases: by the comment's key, the facilitator's own words. A comment whose author
        wished a paraphrase needs one, or is held back; one meant for the moderator never opens.
    :param withheld: keys of comments that are held back; their number is told.
    :raises Missing: for any seat but the facilitator named in the agreement.
    :raises Over: if this party's comments are open already.
    :raises Unfit: naming comments that still need a paraphrase, or if fewer than three remain of
        those that answer one question; all of them may be held back.
    """
    row = _moderated(seat, key)
    Round.objects.select_for_update().get(pk=row.pk)
    cohort = next((one for one in _confidential(row) if one.party_id == party), None)
    if cohort is None:
        raise Missing
    written = list(Comment.objects.filter(cohort=cohort).order_by("key"))
    raw = _openable(written, _voices_by_cohort([cohort])[cohort.pk], row.k)
    if not raw:
        raise Missing
    if CommentRelease.objects.filter(cohort=cohort).exists():
        raise Over(_("These comments are open already."))
    shown, faults = _moderate(raw, paraphrases, set(withheld))
    if faults:
        raise Unfit(faults)
    left = Counter(one.get("prompt", "") for one in shown)
    if not left or min(left.values()) < FEWEST_TEXTS:
        raise Unfit(
            {"": _("Fewer than three comments would remain, and those could give people away.")}
        )
    rng.shuffle(shown)
    _store_comments(seat, cohort, shown, withheld=len(raw) - len(shown), now=now)


def _moderate(
    raw: Sequence[Comment], paraphrases: Mapping[int, str], withheld: set[int]
) -> tuple[list[dict[str, object]], dict[str, str | Promise]]:
    shown: list[dict[str, object]] = []
    faults: dict[str, str | Promise] = {}
    for one in raw:
        words = legible(paraphrases.get(one.key, ""))
        if one.key in withheld or one.wish == Comment.Wish.MODERATOR_ONLY:
            continue
        if len(words) > LONGEST_COMMENT:
            faults[str(one.key)] = _("A remark has at most 2,000 characters. Shorten it a little.")
        elif words:
            shown.append(_shown(one, words, as_written=False))
        elif one.wish == Comment.Wish.PARAPHRASED:
            faults[str(one.key)] = _(
                "The author asked for your words instead. Write them, please."
            )
        else:
            shown.append(_shown(one, one.text, as_written=True))
    return shown, faults
