"""Speak, once, unlinked: the only way in for voices, and the form before it.

Contributions to a workshop come in by the same act: signed ones are written by `answer`, those of
a confidential step here.

What joins a person to a voice is a secret that only the answering browser keeps. The right
(`records.participation`) holds one hash of it, the voice's key is another; neither leads to the
other without the secret. When the round closes, voices are written anew under fresh keys.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from random import Random

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, require
from understream.access.seat import Role, Seat
from understream.domain import letter
from understream.domain.answer import Contribution, Kept, OtherTab, Whisper, hear
from understream.domain.instrument import instrument_of, questions_about
from understream.domain.journal import record
from understream.domain.round import COMMENT_COHORT, reflection_letters, speaks_in_reflection
from understream.domain.word import legible, name_of_host
from understream.instruments.reader import Instrument, Item
from understream.measurement.release import Question
from understream.records.alliance import Party
from understream.records.participation import Participation
from understream.records.round import Cohort, Mode, Round, State
from understream.records.seat import SeatRow
from understream.records.statement import Statement
from understream.records.voice import Comment, StepVoice, Voice

NOT_ANSWERED = 0
CANNOT_JUDGE = 255
LONGEST_COMMENT = 2000
LONGEST_WORDS = 500
"""Longest answer to an open question, in characters: a line or two."""
SECRET_LENGTHS = range(22, 65)


class Closed(Refused):
    """The window for answering has closed."""

    reason = _("This round has closed, so the answers could not be added. Nothing was stored.")


class AlreadyAnswered(Refused):
    """Everybody speaks once."""

    reason = _("You have answered already. Your first answers stand.")


class OtherBrowser(Refused):
    """A link belongs to the browser in which it was first used."""

    reason = _("This link belongs to another device or browser.")


class OwnYesNeeded(Refused):
    """In named mode everybody says yes for themselves."""

    reason = _("In this round answers carry a name. Say first whether that is right for you.")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One person's answers on their way in.

    :ivar link: secret part of the personal link.
    :ivar browser: secret of the browser that began.
    :ivar submission: 128 random bits or more as text, made by the browser; makes a retry harmless.
    :ivar answers: one whole number a question of the round, in order: 0 not answered or not asked,
        255 cannot judge, otherwise the point, counted from 1.
    :ivar replaces: the submission whose answers these replace, "" for first answers.
    :ivar words: answers to open questions, by the question's code.
    """

    link: str
    browser: str
    submission: str
    answers: tuple[int, ...]
    comment: str = ""
    wish: str = Comment.Wish.AS_WRITTEN
    replaces: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers are stored; `again` if they were stored before by the same submission."""

    again: bool


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One question as one person reads it, in one language.

    :ivar name: its field: "q" and its place in a voice.
    :ivar title: what its topic is called, "" if the question is its own name.
    :ivar frame: the time that is meant.
    :ivar follows: whether it is a second question, on the screen of the one before it.
    :ivar choice: whether each answer has a name of its own, be it a point or an option.
    :ivar part: the heading of the part it stands in, "" for none; with it its `instruction`.
    """

    name: str
    title: str
    text: str
    help: str
    about: str
    frame: str
    follows: bool
    points: tuple[tuple[int, str], ...]
    low_end: str
    high_end: str
    choice: bool
    answer: int
    part: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class OpenCard:
    """One question that is answered in words, as one person reads it.

    :ivar name: its field: "open-" and its code.
    :ivar facet: what the thing is called that it belongs to, "" for the whole.
    :ivar words: what was written so far.
    """

    name: str
    text: str
    help: str
    facet: str
    words: str


@dataclass(frozen=True, slots=True)
class FormCard:
    """What somebody with a personal link, or a manager before the one form, has before them.

    :ivar stage: ``not yet``, ``begin``, ``elsewhere``, ``form``, ``answered``, ``closed``,
        ``cancelled``, ``one voice``.
    :ivar questions: how many screens of questions there are, 0 before anything may be told.
    :ivar answers: how many answers they ask for; a screen may hold a second question.
    :ivar places: how many answers a voice holds, with those that this person is not asked for.
    :ivar about: the partners about whom this person is asked.
    :ivar drawn: whether these came by lot, out of more.
    :ivar seen: who reads the figures: ``all`` parties after the close; in an evaluation the own
        one then and the others after the reveal, ``own first``, or never, ``own``.
    """

    stage: str
    round: int
    alliance: int
    alliance_name: str
    time_zone: str
    title: str
    party: str
    partners: tuple[str, ...]
    mode: str
    k: int
    closes_at: datetime
    person: str
    managers: tuple[str, ...]
    names: tuple[str, ...]
    moderator: str
    host: str
    needs_yes: bool
    asks_comment: bool
    questions: int = 0
    answers: int = 0
    places: int = 0
    about: tuple[str, ...] = ()
    drawn: bool = False
    seen: str = "all"
    time_frame: str = ""
    not_validated: str = ""
    comment_prompt: str = ""
    items: tuple[ItemCard, ...] = ()
    comment: str = ""
    wish: str = Comment.Wish.AS_WRITTEN
    wishes: tuple[str, ...] = field(default=())
    open_lines: tuple[OpenCard, ...] = ()


@transaction.atomic
def speak(
    batch: Sequence[Utterance | Contribution], *, now: datetime
) -> tuple[Heard | Kept | Refused, ...]:
    """Store the answers of one or many people, each once, all in one transaction.

    One that is refused does not touch the others: its place in the result says why. Nothing is
    acknowledged before the transaction has ended.

    :param batch: answers to rounds, contributions to steps of workshops, or both.
    :returns: for each, in order, that it is stored or the reason it is not.
    """
    rounds = [one for one in batch if isinstance(one, Utterance)]
    steps = [one for one in batch if isinstance(one, Contribution)]
    heard = iter(_speak_in_rounds(rounds, now) if rounds else ())
    kept = iter(_speak_in_steps(steps, now) if steps else ())
    return tuple(next(heard if isinstance(one, Utterance) else kept) for one in batch)


def _speak_in_rounds(batch: Sequence[Utterance], now: datetime) -> list[Heard | Refused]:
    rights = _rights_of(batch)
    written = _Written()
    said: list[Heard | Refused] = []
    changed: dict[int, Participation] = {}
    for one in batch:
        try:
            right = _right_to_speak(rights, one, now)
            said.append(_hear(right, one, written))
            changed[right.pk] = right
        except Refused as refusal:
            said.append(refusal)
    written.store()
    Participation.objects.bulk_update(changed.values(), ["used", "submission"])
    return said


def _speak_in_steps(batch: Sequence[Contribution], now: datetime) -> list[Kept | Refused]:
    said = hear(batch, now=now)
    whispers = [one for one in said if isinstance(one, Whisper)]
    kept = iter(_whisper(whispers))
    return [next(kept) if isinstance(one, Whisper) else one for one in said]


def _whisper(batch: Sequence[Whisper]) -> list[Kept | Refused]:
    """Store answers to confidential steps; each under a key that only its writer can name.

    What is withdrawn stays as a row that says nothing, so that a late retry does not revive it.
    """
    keys = [_step_key(one.token, one.step, one.slot) for one in batch]
    stored = {row.key: row for row in StepVoice.objects.filter(pk__in=keys)} if keys else {}
    fresh: dict[int, StepVoice] = {}
    changed: dict[int, StepVoice] = {}
    told: list[Kept | Refused] = []
    for one, key in zip(batch, keys, strict=True):
        old, mark = fresh.get(key) or stored.get(key), one.key.encode()
        if old is not None and bytes(old.mark) == mark:
            told.append(Kept(again=True, key=one.key, state="kept"))
            continue
        if old is not None and bytes(old.mark) != one.after.encode():
            told.append(OtherTab(_own(old, one.slot)))
            continue
        if old is None:
            fresh[key] = StepVoice(
                key=key, step_id=one.step, party_id=one.party, mark=mark, text=one.text,
                value=one.value,
            )  # fmt: skip
        else:
            old.mark, old.text, old.value = mark, one.text, one.value
            if key in stored:
                changed[key] = old
        state = "withdrawn" if one.withdraw else "kept"
        told.append(Kept(again=False, key=one.key, state=state))
    StepVoice.objects.bulk_create(fresh.values())
    StepVoice.objects.bulk_update(changed.values(), ["mark", "text", "value"])
    return told


def _step_key(token: str, step: int, slot: int) -> int:
    """Return the row key that only the holder of a place's secret can name (63 bits)."""
    return _key("step", token, f"{step}.{slot}")


def _own(row: StepVoice, slot: int) -> dict[str, object]:
    return {
        "slot": slot,
        "key": bytes(row.mark).decode(),
        "text": row.text,
        "context": "",
        "value": row.value,
        "state": "kept",
    }


def own_whispers(token: str, step: int, slots: int) -> tuple[dict[str, object], ...]:
    """Return what the holder of a place's secret has said in a confidential step so far.

    :param slots: how many answers the step takes from one person.
    """
    keys = {_step_key(token, step, slot): slot for slot in range(slots)}
    rows = {keys[row.key]: row for row in StepVoice.objects.filter(pk__in=keys, step=step)}
    return tuple(_own(rows[slot], slot) for slot in sorted(rows))


@dataclass(slots=True)
class _Written:
    """What a batch will write, all at once; and what it asked, once a cohort."""

    voices: dict[int, Voice] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    statements: dict[int, Statement] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    questions: dict[int, tuple[Question, ...]] = field(default_factory=dict)

    def asked(self, cohort: Cohort) -> tuple[Question, ...]:
        """Return the questions of a cohort, looked up once."""
        if cohort.pk not in self.questions:
            self.questions[cohort.pk] = _questions(cohort)
        return self.questions[cohort.pk]

    def store(self) -> None:
        """Write everything."""
        if self.gone:
            Voice.objects.filter(pk__in=self.gone).delete()
            Comment.objects.filter(pk__in=self.gone).delete()
        Voice.objects.bulk_create(self.voices.values())
        Comment.objects.bulk_create(self.comments.values())
        if self.statements:
            Statement.objects.bulk_create(
                self.statements.values(),
                update_conflicts=True,
                unique_fields=["cohort", "seat"],
                update_fields=["answers", "comment", "words"],
            )


def _rights_of(batch: Sequence[Utterance]) -> dict[bytes, Participation]:
    """Return the rights by link hash; their rounds are locked, so that no close can pass by."""
    hashes = [reach.hash_of(one.link) for one in batch]
    rounds = Cohort.objects.filter(
        pk__in=Participation.objects.filter(link_hash__in=hashes).values("cohort")
    ).values("round")
    locked = {
        row.pk: row
        for row in Round.objects.select_for_update(of=("self",))
        .filter(pk__in=rounds)
        .select_related("instrument")
        .order_by("pk")
    }
    rows = Participation.objects.filter(reach.STANDING, link_hash__in=hashes).select_related(
        "cohort", "seat__person"
    )
    for row in rows:
        row.cohort.round = locked[row.cohort.round_id]
    return {bytes(row.link_hash): row for row in rows}


def _right_to_speak(
    rights: Mapping[bytes, Participation], one: Utterance, now: datetime
) -> Participation:
    right = rights.get(reach.hash_of(one.link))
    if right is None:
        raise Missing
    asked = right.cohort.round
    if asked.state != State.OPEN or now >= asked.closes_at:
        raise Closed
    if right.cohort.mode == Mode.ONE_VOICE:
        raise Missing
    if right.browser_hash is None:
        raise OwnYesNeeded if right.cohort.mode == Mode.NAMED else OtherBrowser
    if bytes(right.browser_hash) != reach.hash_of(one.browser):
        raise OtherBrowser
    return right


def _hear(right: Participation, one: Utterance, written: _Written) -> Heard:
    if len(one.submission) not in SECRET_LENGTHS:
        raise Unfit({"": _("The page is out of date. Reload it; your answers are still on it.")})
    kept = bytes(right.submission) if right.submission is not None else None
    mark = _mark("right", one.link, one.submission)
    if right.used and kept == mark:
        return Heard(again=True)
    if right.used and (not one.replaces or kept != _mark("right", one.link, one.replaces)):
        raise AlreadyAnswered
    answers = _packed(written.asked(right.cohort), one.answers, right.partners)
    texts, wish = _texts_of(right.cohort, one)
    if right.used:
        for kind in ("voice", *_kinds(right.cohort)):
            old = _key(kind, one.link, one.replaces)
            written.voices.pop(old, None)
            written.comments.pop(old, None)
            written.gone.append(old)
    if right.cohort.mode == Mode.NAMED:
        written.statements[right.pk] = Statement(
            cohort=right.cohort,
            seat=right.seat,
            answers=answers,
            comment=texts.pop("", ""),
            words=texts,
        )
    else:
        key = _key("voice", one.link, one.submission)
        written.voices[key] = Voice(key=key, cohort=right.cohort, hint=right.hint, answers=answers)
        for prompt, text in texts.items():
            key = _key(_kind(prompt), one.link, one.submission)
            written.comments[key] = Comment(
                key=key,
                cohort=right.cohort,
                hint=right.hint,
                prompt=prompt,
                text=text,
                wish=wish,
            )
    right.used, right.submission = True, mark
    return Heard(again=False)


def _mark(kind: str, link: str, submission: str) -> bytes:
    return sha256(f"understream.{kind}.v1\n{link}\n{submission}".encode()).digest()


def _key(kind: str, link: str, submission: str) -> int:
    """Return the row key that only the holder of link and submission can name (63 bits)."""
    return int.from_bytes(_mark(kind, link, submission)[:8]) >> 1


def _packed(
    questions: Sequence[Question], answers: Sequence[int], partners: Sequence[int] | None = None
) -> bytes:
    """Return answers as they are kept.

    :param partners: the only partners about whom these answers may be, ``None`` for all.
    """
    if len(answers) != len(questions) or any(
        partners is not None
        and question.about
        and int(question.about) not in partners
        and answer != NOT_ANSWERED
        for question, answer in zip(questions, answers, strict=False)
    ):
        raise Unfit({"": _("The page is out of date. Reload it; your answers are still on it.")})
    faults: dict[str, str | Promise] = {}
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True), start=1):
        if answer not in (NOT_ANSWERED, CANNOT_JUDGE) and not 1 <= answer <= question.points:
            faults[f"q{number - 1}"] = _(
                "Question %(number)s: choose one of the answers shown."
            ) % {"number": number}
    if faults:
        raise Unfit(faults)
    if not any(answers):
        raise Unfit({"": _("Answer at least one question; “I can’t judge this” counts too.")})
    return bytes(answers)


def _questions(cohort: Cohort) -> tuple[Question, ...]:
    return questions_about(instrument_of(cohort.round.instrument), _partner_keys(cohort))


def _partner_keys(cohort: Cohort) -> list[int]:
    parties = Party.objects.filter(alliance=cohort.round.alliance_id).exclude(pk=cohort.party_id)
    return list(parties.order_by("position").values_list("pk", flat=True))


def _asks_comment(cohort: Cohort) -> bool:
    """Tell whether the comment field is there: at least eight are asked, or answers are signed."""
    if not cohort.round.asks_comment:
        return False
    least = max(COMMENT_COHORT, cohort.round.k)
    return cohort.mode != Mode.CONFIDENTIAL or cohort.size >= least


def _prompts(cohort: Cohort) -> tuple[str, ...]:
    """Return what is answered in words: "" for the field at the end, open questions by code."""
    lines = instrument_of(cohort.round.instrument).open_lines
    return ("", *(line.code for line in lines))


def _kind(prompt: str) -> str:
    """Return the kind of key that a text has."""
    return f"comment.{prompt}" if prompt else "comment"


def _kinds(cohort: Cohort) -> list[str]:
    return [_kind(prompt) for prompt in _prompts(cohort)]


def _field(prompt: str) -> str:
    """Return the field in which a text is written."""
    return f"open-{prompt}" if prompt else "comment"


def _texts_of(cohort: Cohort, one: Utterance) -> tuple[dict[str, str], str]:
    """Return what was written, by prompt, and what may happen with it."""
    given = {"": one.comment, **one.words}
    texts = {prompt: text for prompt, held in given.items() if (text := legible(held))}
    if not texts:
        return {}, Comment.Wish.AS_WRITTEN
    if not set(texts) <= set(_prompts(cohort)):
        raise Unfit({"": _("The page is out of date. Reload it; your answers are still on it.")})
    if not _asks_comment(cohort):
        raise Unfit({"comment": _("No remark can be hidden in so small a group; leave it out.")})
    faults: dict[str, str | Promise] = {
        _field(prompt): _("An answer in words has at most 500 characters. Shorten it a little.")
        for prompt, text in texts.items()
        if prompt and len(text) > LONGEST_WORDS
    }
    if len(texts.get("", "")) > LONGEST_COMMENT:
        faults["comment"] = _("A remark has at most 2,000 characters. Shorten it a little.")
    if faults:
        raise Unfit(faults)
    if one.wish not in _wishes(cohort):
        raise Unfit({"wish": _("Choose what may happen with your remark.")})
    return texts, one.wish


def _wishes(cohort: Cohort) -> tuple[str, ...]:
    """Return what an author may wish; without somebody who reads first, only as written."""
    if cohort.mode != Mode.CONFIDENTIAL or cohort.round.moderator_id is None:
        return (Comment.Wish.AS_WRITTEN,)
    return tuple(Comment.Wish.values)


@transaction.atomic
def begin(link: str, *, browser: str, agrees: bool = True, rng: Random, now: datetime) -> str:
    """Bind a personal link to this browser; in named mode with the person's own yes.

    A no in named mode makes the party speak with one voice: signed answers given so far are
    destroyed, and the party's people fill in one form together.

    :param browser: the secret this browser already keeps, or "".
    :returns: the secret the browser must keep.
    :raises OtherBrowser: if the link was begun elsewhere.
    :raises Closed: if the round is not open.
    """
    found = reach.participation_by(link)
    asked = _locked(found.cohort.round)
    right = Participation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if asked.state != State.OPEN or now >= asked.closes_at:
        raise Closed
    if right.browser_hash is not None:
        if browser and bytes(right.browser_hash) == reach.hash_of(browser):
            return browser
        raise OtherBrowser
    if found.cohort.mode == Mode.NAMED and not agrees and found.cohort.size >= asked.k:
        _fall_to_one_voice(found.cohort, now)
        return browser
    kept = browser or rng.randbytes(16).hex()
    right.browser_hash = reach.hash_of(kept)
    right.save(update_fields=["browser_hash"])
    return kept


def _locked(asked: Round) -> Round:
    """Return a round, locked with all others of its evaluation: a party has one mode in them."""
    rows = Round.objects.select_for_update(of=("self",)).order_by("pk")
    if asked.evaluation_id:
        rows = rows.filter(evaluation=asked.evaluation_id)
    else:
        rows = rows.filter(pk=asked.pk)
    return next(row for row in rows if row.pk == asked.pk)


@transaction.atomic
def bind_link(link: str, *, browser: str, rng: Random) -> str:
    """Bind a personal link to this browser for reading, by somebody who did not answer with it.

    :param browser: the secret this browser already keeps, or "".
    :returns: the secret the browser must keep.
    :raises OtherBrowser: if the link belongs to another browser.
    :raises Missing: while its round is open: then answering begins with it.
    """
    found = reach.participation_by(link)
    right = (
        Participation.objects.select_for_update(of=("self",))
        .select_related("cohort__round")
        .get(pk=found.pk)
    )
    if right.browser_hash is not None:
        if browser and bytes(right.browser_hash) == reach.hash_of(browser):
            return browser
        raise OtherBrowser
    if not may_bind(right):
        raise Missing
    kept = browser or rng.randbytes(16).hex()
    right.browser_hash = reach.hash_of(kept)
    right.save(update_fields=["browser_hash"])
    return kept


def may_bind(right: Participation) -> bool:
    """Tell whether a link can be bound for reading alone: once nothing is answered with it."""
    return right.cohort.round.state == State.CLOSED or right.cohort.mode == Mode.ONE_VOICE


def _fall_to_one_voice(cohort: Cohort, now: datetime) -> None:
    asked = cohort.round
    cohorts = Cohort.objects.filter(party=cohort.party_id, mode=Mode.NAMED)
    fallen = list(
        cohorts.filter(round__evaluation=asked.evaluation_id, round__state=State.OPEN)
        if asked.evaluation_id
        else cohorts.filter(pk=cohort.pk)
    )
    if not fallen:
        return  # somebody else preferred it meanwhile
    Cohort.objects.filter(pk__in=[one.pk for one in fallen]).update(mode=Mode.ONE_VOICE)
    Statement.objects.filter(cohort__in=fallen).delete()
    Participation.objects.filter(cohort__in=fallen).update(used=False, submission=None)
    if asked.evaluation is not None:
        letter.post(reflection_letters(asked.evaluation, [cohort.party_id]))
    else:
        _ask_for_form(cohort)
    record(
        Seat(0, 0, "", Role.SYSTEM),
        "cohort.one_voice",
        now=now,
        alliance=asked.alliance_id,
        party=cohort.party_id,
        words={"party": cohort.party.organisation.name, "round": asked.title},
    )


def _ask_for_form(cohort: Cohort) -> None:
    people = SeatRow.objects.filter(party=cohort.party_id, role=Role.MANAGER, left_at=None)
    letter.post(
        letter.form_letter(
            to=one.person.email,
            name=one.person.name,
            language=one.person.language,
            alliance=cohort.round.alliance.name,
            until=cohort.round.closes_at,
            zone=cohort.round.alliance.time_zone,
            key=cohort.round_id,
        )
        for one in people.select_related("person")
    )


@transaction.atomic
def send_link_again(link: str, *, rng: Random, now: datetime) -> None:
    """Mail a new personal link to the address on file; the old link stops working.

    Says nothing about whether anything was sent, so that nobody learns by asking.
    """
    try:
        found = reach.participation_by(link)
    except Missing:
        return
    if found.cohort.round.state == State.CANCELLED:
        return
    right = Participation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    right.nonce = rng.randbytes(16)
    fresh = reach.link_of(right.nonce)
    right.link_hash, right.browser_hash = reach.hash_of(fresh), None
    right.save(update_fields=["nonce", "link_hash", "browser_hash"])
    asked, person = found.cohort.round, found.seat.person
    if asked.state == State.OPEN and now < asked.closes_at:
        one = letter.answer_letter(
            to=person.email,
            name=person.name,
            language=person.language,
            alliance=asked.alliance.name,
            until=asked.closes_at,
            zone=asked.alliance.time_zone,
            link=fresh,
        )
    else:
        one = letter.mirror_letter(
            to=person.email,
            name=person.name,
            language=person.language,
            alliance=asked.alliance.name,
            link=letter.address("answer", fresh),
        )
    letter.post([one])


@transaction.atomic
def withdraw(link: str, *, browser: str, submission: str, now: datetime) -> None:
    """Take one's own answers back while the round is open; one may answer anew.

    :raises AlreadyAnswered: if these are not the answers this submission stored.
    """
    one = Utterance(link, browser, submission, ())
    right = _right_to_speak(_rights_of([one]), one, now)
    kept = bytes(right.submission) if right.submission is not None else None
    if kept != _mark("right", link, submission):
        raise AlreadyAnswered
    Voice.objects.filter(pk=_key("voice", link, submission)).delete()
    keys = [_key(kind, link, submission) for kind in _kinds(right.cohort)]
    Comment.objects.filter(pk__in=keys).delete()
    Statement.objects.filter(cohort=right.cohort, seat=right.seat).delete()
    right.used, right.submission = False, None
    right.save(update_fields=["used", "submission"])


def language_of(link: str) -> str:
    """Return the language in which the holder of a personal link is written to (``en``, ``nl``).

    :raises Missing: for a link that was never given, was replaced, or whose person has left.
    """
    return reach.participation_by(link).seat.person.language


def form_before(
    link: str, *, browser: str, submission: str = "", language: str, now: datetime
) -> FormCard:
    """Return what the holder of a personal link has before them.

    :param browser: the secret of this browser, "" for none.
    :param submission: the secret of answers sent from this browser, "" for none; only with it can
        one's own answers be read again.
    :param language: ``en`` or ``nl``.
    :raises Missing: for a link that was never given, was replaced, or whose person has left.
    """
    right = reach.participation_by(link)
    stage = _stage(right, browser, now)
    own = _Own()
    if stage == "answered" and submission:
        own = _own_answers(right, link, submission)
    return _form(right.cohort, right, stage, language, own)


@dataclass(frozen=True, slots=True)
class _Own:
    """What somebody said so far; texts by prompt."""

    answers: Sequence[int] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    wish: str = Comment.Wish.AS_WRITTEN


def _stage(right: Participation, browser: str, now: datetime) -> str:  # noqa: PLR0911 - one a stage
    asked = right.cohort.round
    if asked.state == State.PLANNED:
        return "not yet"
    bound = right.browser_hash is not None
    mine = bound and bool(browser) and bytes(right.browser_hash or b"") == reach.hash_of(browser)
    if bound and not mine:
        return "elsewhere"
    if asked.state == State.CANCELLED:
        return "cancelled"
    if asked.state == State.CLOSED or now >= asked.closes_at:
        return "closed"
    if right.cohort.mode == Mode.ONE_VOICE:
        return "one voice"
    if not bound:
        return "begin"
    return "answered" if right.used else "form"


def _own_answers(right: Participation, link: str, submission: str) -> _Own:
    kept = bytes(right.submission) if right.submission is not None else None
    if kept != _mark("right", link, submission):
        return _Own()
    if right.cohort.mode == Mode.NAMED:
        return _own_form(Statement.objects.filter(cohort=right.cohort, seat=right.seat).first())
    voice = Voice.objects.filter(pk=_key("voice", link, submission)).first()
    keys = [_key(kind, link, submission) for kind in _kinds(right.cohort)]
    texts = list(Comment.objects.filter(pk__in=keys))
    return _Own(
        tuple(bytes(voice.answers)) if voice else (),
        {one.prompt: one.text for one in texts},
        texts[0].wish if texts else Comment.Wish.AS_WRITTEN,
    )


def _own_form(signed: Statement | None) -> _Own:
    if signed is None:
        return _Own()
    return _Own(tuple(bytes(signed.answers)), {"": signed.comment, **signed.words})


def form_of_party(seat: Seat, key: int, *, language: str, now: datetime) -> FormCard:
    """Return the one form of a party that speaks with one voice, with what is filled in so far.

    Before the round opens, and from its end on, its stage says so and nothing is asked.

    :raises Missing: unless the seat is a manager of a party that speaks with one voice in it, and
        for the topics of an evaluation: there its reflection is the form.
    """
    cohort = _cohort_of_form(seat, key)
    own = _own_form(Statement.objects.filter(cohort=cohort, seat=None).first())
    asked = cohort.round
    stage = {State.PLANNED: "not yet", State.OPEN: "form", State.CANCELLED: "cancelled"}.get(
        State(asked.state), "closed"
    )
    if stage == "form" and now >= asked.closes_at:
        stage = "closed"
    return _form(cohort, None, stage, language, own, seat.name)


def _cohort_of_form(seat: Seat, key: int) -> Cohort:
    cohort = (
        reach.cohorts_within(seat)
        .filter(round=key, mode=Mode.ONE_VOICE)
        .select_related(
            "round__instrument", "round__alliance", "round__evaluation", "party__organisation"
        )
        .first()
    )
    if cohort is None or speaks_in_reflection(cohort.round):
        raise Missing
    require(seat, Act.FORM_FILL, Where(seat.alliance, cohort.party_id))
    return cohort


@transaction.atomic
def fill_form(
    seat: Seat,
    key: int,
    *,
    answers: Sequence[int],
    comment: str = "",
    words: Mapping[str, str] | None = None,
    now: datetime,
) -> None:
    """Store what a party says with one voice; it can be changed until the round closes.

    :param words: answers to open questions, by the question's code.
    :raises Closed: if the round is not open.
    :raises Unfit: for an answer that is not on its scale.
    """
    cohort = _cohort_of_form(seat, key)
    asked = Round.objects.select_for_update().get(pk=cohort.round_id)
    if asked.state != State.OPEN or now >= asked.closes_at:
        raise Closed
    texts, _wish = _texts_of(cohort, Utterance("", "", "", (), comment, words=words or {}))
    Statement.objects.update_or_create(
        cohort=cohort,
        seat=None,
        defaults={
            "answers": _packed(_questions(cohort), answers),
            "comment": texts.pop("", ""),
            "words": texts,
        },
    )
    if asked.evaluation_id is not None:
        return  # a partner who read this would learn how far the party is
    record(
        seat,
        "form.fill",
        now=now,
        words={"party": cohort.party.organisation.name, "round": cohort.round.title},
    )


def _seen(asked: Round) -> str:
    if asked.evaluation is None:
        return "all"
    return "own first" if asked.evaluation.shares_figures else "own"


def _form(
    cohort: Cohort,
    right: Participation | None,
    stage: str,
    language: str,
    said: _Own,
    person: str = "",
) -> FormCard:
    asked = cohort.round
    instrument = instrument_of(asked.instrument)
    parties = list(
        Party.objects.filter(alliance=asked.alliance_id)
        .select_related("organisation")
        .order_by("position")
    )
    partners = [one for one in parties if one.pk != cohort.party_id]
    drawn = right.partners if right and cohort.mode != Mode.ONE_VOICE else None
    about = [one for one in partners if drawn is None or one.pk in drawn]
    asked_here = list(instrument.asked_of(partners))
    own = [item for one, item in asked_here if one is None or one in about]
    people = SeatRow.objects.filter(party=cohort.party_id, left_at=None).select_related("person")
    invited = set(Participation.objects.filter(cohort=cohort).values_list("seat", flat=True))
    told = stage not in ("elsewhere", "not yet")
    asks = stage in ("form", "answered")
    moderator = asked.moderator.person.name if asked.moderator_id and asked.moderator else ""
    return FormCard(
        stage=stage,
        round=asked.pk,
        alliance=asked.alliance_id,
        alliance_name=asked.alliance.name if told else "",
        time_zone=asked.alliance.time_zone,
        title=asked.title if told else "",
        party=cohort.party.organisation.name if told else "",
        partners=tuple(one.organisation.name for one in partners) if told else (),
        mode=cohort.mode,
        k=asked.k,
        closes_at=asked.closes_at,
        person=(right.seat.person.name if right else person) if told else "",
        managers=tuple(one.person.name for one in people if one.role == Role.MANAGER)
        if told
        else (),
        names=tuple(sorted(one.person.name for one in people if one.pk in invited))
        if told
        else (),
        moderator=moderator,
        host=name_of_host(),
        needs_yes=cohort.mode == Mode.NAMED and cohort.size >= asked.k,
        asks_comment=_asks_comment(cohort),
        questions=sum(not item.after for item in own) if told else 0,
        answers=len(own) if told else 0,
        places=len(asked_here) if told else 0,
        about=tuple(one.organisation.name for one in about) if told else (),
        drawn=drawn is not None and told,
        seen=_seen(asked),
        time_frame=instrument.time_frame.into(language),
        not_validated=instrument.not_validated.into(language),
        comment_prompt=instrument.comment.into(language) if instrument.comment else "",
        items=_item_cards(instrument, partners, about, language, said.answers) if asks else (),
        comment=said.texts.get("", ""),
        wish=said.wish,
        wishes=_wishes(cohort),
        open_lines=_open_cards(instrument, language, said.texts)
        if asks and _asks_comment(cohort)
        else (),
    )


def _open_cards(
    instrument: Instrument, language: str, texts: Mapping[str, str]
) -> tuple[OpenCard, ...]:
    titles = {one.code: one.title.into(language) for one in instrument.facets}
    return tuple(
        OpenCard(
            name=_field(line.code),
            text=line.text.into(language),
            help=line.help.into(language) if line.help else "",
            facet=titles.get(line.facet, ""),
            words=texts.get(line.code, ""),
        )
        for line in instrument.open_lines
    )


def _item_cards(
    instrument: Instrument,
    partners: Sequence[Party],
    about: Collection[Party],
    language: str,
    answers: Sequence[int],
) -> tuple[ItemCard, ...]:
    asked = [
        ("" if one is None else one.organisation.name, item, one is None or one in about)
        for one, item in instrument.asked_of(partners)
    ]
    return tuple(
        _item_card(
            instrument,
            item,
            name,
            language,
            number,
            answers[number] if number < len(answers) else NOT_ANSWERED,
        )
        for number, (name, item, meant) in enumerate(asked)
        if meant
    )


def _item_card(
    instrument: Instrument, item: Item, about: str, language: str, number: int, given: int
) -> ItemCard:
    scale = instrument.scale_of(item)
    low_end, high_end = instrument.ends_of(item)
    labels = [label.into(language) for label in scale.options]
    points = tuple(
        (point, labels[point - 1] if labels else str(point - 1 + scale.low))
        for point in range(1, scale.points + 1)
    )
    part = next((one for one in instrument.parts if one.code == item.part), None)
    return ItemCard(
        name=f"q{number}",
        title=item.title.into(language) if item.title else "",
        text=item.text.into(language).replace("[P]", about),
        help=item.help.into(language).replace("[P]", about) if item.help else "",
        about=about,
        frame=(item.time_frame or instrument.time_frame).into(language),
        follows=bool(item.after),
        points=points,
        low_end="" if labels else low_end.into(language),
        high_end="" if labels else high_end.into(language),
        choice=bool(labels),
        answer=given,
        part=part.title.into(language) if part else "",
        instruction=part.instruction.into(language) if part and part.instruction else "",
    )
