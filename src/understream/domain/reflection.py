"""What a party concludes within itself: topic by topic, by its managers, dissent kept apart."""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain.alliance import PartyCard
from understream.domain.evaluation import Ended, may_read_reflection
from understream.domain.journal import record
from understream.domain.mirror import FigureCard, figures_within
from understream.domain.topic import Topic, by_code, instrument_in, topics_of
from understream.domain.voice import may_bind
from understream.domain.word import WORDS, legible
from understream.measurement.seal import canonical, framed
from understream.records.evaluation import Evaluation, State
from understream.records.reflection import (
    Conclusion,
    ConclusionVersion,
    Dissent,
    Guest,
    Holder,
    Reflection,
)
from understream.records.round import Cohort, Mode, Round
from understream.records.round import State as RoundState
from understream.records.seat import SeatRow

LONGEST_SENTENCE = 1000
LONGEST_DISSENT = 500
MOST_DISSENTS = 5
CANNOT_JUDGE = 255
POINTS = range(1, 8)
CHANGES: tuple[str, ...] = ("not", "little", "lot")
"""The answers about a shift, in the order in which they are asked."""
FAR = 1.5
"""From this distance on, in displayed points, a conclusion differs from what people said."""


class Sealed(Refused):
    """What is sealed does not change; the seal can be taken back first."""

    reason = _(
        "This reflection is sealed. Take the seal back first; you can until all have sealed."
    )


class NotYet(Refused):
    """Everybody speaks alone first."""

    reason = _("Your people are still answering. You conclude together once their answers are in.")


class NotBound(Missing):
    """A personal link is read in the browser it belongs to, and belongs to none yet."""


class Changed(Refused):
    """Somebody else of the party wrote here meanwhile.

    :ivar theirs: what stands there now.
    """

    reason = _(
        "Somebody of your organisation changed this topic while you wrote. Nothing is lost: your "
        "words are still here, beside theirs. Put them together, then save again."
    )

    def __init__(self, theirs: "Words") -> None:
        """Keep what stands there now."""
        self.theirs = theirs
        super().__init__()


@dataclass(frozen=True, slots=True)
class Words:
    """What a party writes on one topic.

    :ivar change: ``not``, ``little``, ``lot``, ``cannot judge`` or "", for a shift.
    :ivar effect: ``helps``, ``hurts``, ``neither`` or "", for a shift.
    :ivar rating: 1 to 7, 255 for what cannot be judged, 0 for none yet; for the other topics.
    :ivar direction: ``worse``, ``same``, ``better`` or "", for the other topics.
    :ivar sure: ``high``, ``medium``, ``low`` or "".
    """

    change: str = ""
    effect: str = ""
    rating: int = 0
    direction: str = ""
    sentence: str = ""
    sure: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class DissentCard:
    """Another view inside the own party; who holds it is told to nobody.

    :ivar mine: whether the reader holds it too.
    :ivar shares: whether the reader lets it travel.
    :ivar travels: whether everybody who holds it does, so that it will be sealed in.
    """

    key: int
    text: str
    mine: bool
    shares: bool
    travels: bool
    may_reword: bool


@dataclass(frozen=True, slots=True)
class ConclusionCard:
    """One topic in a party's reflection.

    :ivar missing: what is still to be filled in before it can be sealed, in words.
    :ivar people: what the own people said together, where it can be shown.
    :ivar effect_people: the same for the second question of a shift.
    :ivar differs: a sentence where the conclusion is far from what people said, else "".
    """

    topic: Topic
    words: Words
    rating_text: str
    change_text: str
    effect_text: str
    direction_text: str
    sure_text: str
    missing: tuple[str, ...]
    people: FigureCard | None
    effect_people: FigureCard | None
    differs: str
    dissents: tuple[DissentCard, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The topics of one group, in the fixed order, and what to talk about first."""

    code: str
    title: str
    part: int
    talk: str
    conclusions: tuple[ConclusionCard, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """A facilitator who may read this reflection before the reveal, or could be let in."""

    key: int
    name: str
    admitted: bool


@dataclass(frozen=True, slots=True)
class ReflectionCard:
    """A party's whole reflection, for its own people.

    :ivar round: key of the round whose mirror shows what people said; 0 where there is none.
    :ivar since: what the evaluation before this one is called, "" for the first.
    :ivar missing: the topics that are not complete yet.
    :ivar edition: stands for every word that would be sealed now.
    :ivar guests: the facilitators who were let in, by name.
    """

    evaluation: int
    title: str
    since: str
    party: PartyCard
    one_voice: bool
    round: int
    groups: tuple[Group, ...]
    total: int
    done: int
    missing: tuple[Topic, ...]
    edition: str
    sealed_at: datetime | None
    sealed_by: str
    seal_until: datetime
    time_zone: str
    guests: tuple[str, ...]
    readers: tuple[Reader, ...]
    may_write: bool
    may_seal: bool
    may_hold: bool
    may_admit: bool

    @property
    def conclusions(self) -> tuple[ConclusionCard, ...]:
        """Return all topics in their order."""
        return tuple(one for group in self.groups for one in group.conclusions)

    def topic_of(self, dissent: int) -> str:
        """Return the code of the topic on which another view stands.

        :raises Missing: for a view that is not there.
        """
        for one in self.conclusions:
            if any(each.key == dissent for each in one.dissents):
                return one.topic.code
        raise Missing


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A topic as somebody left it."""

    version: int
    who: str
    at: datetime
    words: Words


# -------------------------------------------------------------------- questions


def reflection_before(
    seat: Seat, key: int, *, language: str, now: datetime, party: int = 0
) -> ReflectionCard:
    """Return the reflection of the seat's own party; for a facilitator of a party that lets it.

    :param party: whose reflection a facilitator reads.
    :raises Missing: for any other reflection, and for a sponsor before the reveal.
    :raises NotYet: as long as the party's people are answering.
    """
    row = _readable(seat, key, party)
    evaluation = row.evaluation
    cohort = reach.cohort_about_topics(evaluation, row.party_id)
    if not _begun(evaluation, cohort):
        raise NotYet
    instrument = instrument_in(evaluation)
    topics = topics_of(instrument, language=language)
    asked = _round_of(evaluation, cohort)
    figures = figures_within(asked, row.party_id, language=language) if asked else {}
    words = {one.topic: _words(one) for one in row.conclusions.all()}
    dissents = _dissents(row, seat)
    seconds = {item.after: item.code for item in instrument.items if item.after}
    cards = [
        _conclusion(
            topic,
            words.get(topic.code, Words()),
            figures.get(topic.code),
            figures.get(seconds.get(topic.code, "")),
            # Another view stays inside the party; a guest reads what is concluded.
            dissents.get(topic.code, ()) if seat.party == row.party_id else (),
        )
        for topic in topics
    ]
    mine = Where(evaluation.alliance_id, seat.party)
    own = seat.party == row.party_id
    free = evaluation.state == State.RUNNING and row.sealed_at is None
    missing = tuple(one.topic for one in cards if one.missing)
    before = reach.earlier_evaluation(evaluation)
    admitted = _admitted(row)
    return ReflectionCard(
        evaluation=evaluation.pk,
        title=evaluation.title,
        since=before.title if before else "",
        party=PartyCard(row.party_id, row.party.organisation.name, row.party.position),
        one_voice=cohort.mode == Mode.ONE_VOICE,
        round=asked.pk if asked else 0,
        groups=_groups(cards),
        total=len(cards),
        done=len(cards) - len(missing),
        missing=missing,
        edition=edition_of(words, _travelling(dissents)),
        sealed_at=row.sealed_at,
        sealed_by=row.sealed_by.person.name if row.sealed_by else "",
        seal_until=evaluation.seal_until,
        time_zone=evaluation.alliance.time_zone,
        guests=tuple(admitted.values()),
        readers=_readers(row, admitted) if own and may(seat, Act.FACILITATOR_ADMIT, mine) else (),
        may_write=own and free and may(seat, Act.REFLECTION_WRITE, mine),
        may_seal=own
        and free
        and not missing
        and now < evaluation.seal_until
        and may(seat, Act.REFLECTION_SEAL, mine),
        may_hold=own and free and may(seat, Act.DISSENT_HOLD, mine),
        may_admit=own
        and evaluation.state == State.RUNNING
        and may(seat, Act.FACILITATOR_ADMIT, mine),
    )


def _readable(seat: Seat, key: int, party: int) -> Reflection:
    rows = Reflection.objects.select_related(
        "evaluation__alliance", "party__organisation", "sealed_by__person"
    ).prefetch_related("conclusions")
    if seat.role == Role.FACILITATOR:
        guest = Guest.objects.filter(
            reflection__evaluation=key,
            reflection__party=party,
            reflection__evaluation__alliance=seat.alliance,
            seat=seat.key,
        ).first()
        if guest is None:
            raise Missing
        require(seat, Act.REFLECTION_VISIT, Where(seat.alliance, named=guest.seat_id))
        return rows.get(pk=guest.reflection_id)
    row = rows.filter(pk__in=reach.reflections_within(seat), evaluation=key).first()
    if row is None or not may_read_reflection(seat, row.evaluation):
        raise Missing
    return row


def _begun(evaluation: Evaluation, cohort: Cohort) -> bool:
    """Tell whether the party concludes already: with one voice at once, else after the answers."""
    if evaluation.opened_at is None:
        return False
    return cohort.mode == Mode.ONE_VOICE or cohort.round.state != RoundState.OPEN


def _round_of(evaluation: Evaluation, cohort: Cohort) -> Round | None:
    spoken = cohort.mode == Mode.ONE_VOICE or evaluation.opened_at is None
    return None if spoken or cohort.round.state != RoundState.CLOSED else cohort.round


def _words(row: Conclusion) -> Words:
    return Words(
        row.change,
        row.effect,
        row.rating,
        row.direction,
        row.sentence,
        row.sure,
        row.version,
    )


def _dissents(row: Reflection, seat: Seat) -> dict[str, tuple[DissentCard, ...]]:
    kept: dict[str, list[DissentCard]] = {}
    for one in row.dissents.prefetch_related("holders"):
        holders = list(one.holders.all())
        mine = next((each for each in holders if each.seat_id == seat.key), None)
        kept.setdefault(one.topic, []).append(
            DissentCard(
                one.pk,
                one.text,
                mine is not None,
                mine is not None and mine.shares,
                _travels(holders),
                mine is not None and len(holders) == 1,
            )
        )
    return {topic: tuple(cards) for topic, cards in kept.items()}


def _travels(holders: Sequence[Holder]) -> bool:
    return bool(holders) and all(one.shares for one in holders)


def _conclusion(
    topic: Topic,
    words: Words,
    people: FigureCard | None,
    effect_people: FigureCard | None,
    dissents: tuple[DissentCard, ...],
) -> ConclusionCard:
    return ConclusionCard(
        topic,
        words,
        rating_text(words.rating),
        str(WORDS[words.change]) if words.change else "",
        str(WORDS[words.effect]) if words.effect else "",
        str(WORDS[words.direction]) if words.direction else "",
        str(WORDS[words.sure]) if words.sure else "",
        tuple(str(one) for one in missing_in(topic, words)),
        people,
        effect_people,
        _differs(topic, words, people),
        dissents,
    )


def rating_text(rating: int) -> str:
    """Return a rating as people read it; "" for none."""
    if rating == CANNOT_JUDGE:
        return str(WORDS["cannot judge"])
    return str(rating) if rating else ""


def missing_in(topic: Topic, words: Words) -> tuple[str | Promise, ...]:
    """Return what is still to be filled in on a topic, in words."""
    shifted = words.change in (Conclusion.Change.LITTLE, Conclusion.Change.LOT)
    judged = words.rating not in (0, CANNOT_JUDGE)
    wanted: tuple[tuple[bool, str | Promise], ...] = (
        (topic.shift and not words.change, _("how much it has changed")),
        (topic.shift and shifted and not words.effect, _("what that does to the alliance")),
        (not topic.shift and not words.rating, _("the rating")),
        (not topic.shift and judged and not words.direction, _("how it moved")),
        (not words.sentence, _("one sentence")),
        (not words.sure, _("how sure you are")),
    )
    return tuple(name for missing, name in wanted if missing)


def unfinished_in(seat: Seat, key: int) -> int:
    """Return how many topics the own party has still to finish before it can seal.

    :raises Missing: unless the seat may read its own party's reflection.
    """
    row = (
        reach.reflections_within(seat)
        .filter(evaluation=key)
        .select_related("evaluation")
        .prefetch_related("conclusions")
        .first()
    )
    if row is None or not may_read_reflection(seat, row.evaluation):
        raise Missing
    words = conclusions_of(row)
    topics = topics_of(instrument_in(row.evaluation), language="en")
    return sum(bool(missing_in(topic, words.get(topic.code, Words()))) for topic in topics)


def _differs(topic: Topic, words: Words, people: FigureCard | None) -> str:
    """Say where the party concludes otherwise than its people said, from what is displayed."""
    if people is None or people.state != "shown":
        return ""
    if topic.shift:
        return _differs_in_words(words, people)
    if people.value is None or words.rating not in POINTS:
        return ""
    if abs(people.value - words.rating) < FAR:
        return ""
    return gettext(
        "Together your people said %(people)s; you conclude %(rating)s. That may be right: say "
        "why in your sentence."
    ) % {"people": people.text, "rating": words.rating}


def _differs_in_words(words: Words, people: FigureCard) -> str:
    told = max(people.bands, key=lambda band: band.share, default=None)
    if told is None or words.change not in CHANGES:
        return ""
    if people.bands[CHANGES.index(words.change)].share >= told.share:
        return ""
    return gettext(
        "Most of your people said “%(people)s”; you conclude otherwise. That may be right: say "
        "why in your sentence."
    ) % {"people": told.name}


TALKS: dict[str, str | Promise] = {
    "own_goals": _(
        "First your own course: what does your organisation want with this alliance now, and what "
        "has moved since last time? Begin with those who answer for it."
    ),
    "environment": _(
        "Then what moved around you: customers, rules, others in the field. Say what you know, "
        "and how you know it."
    ),
    "hard": _(
        "Then what was agreed and what comes of it: results, value, deciding, means, risks. One "
        "recent example for each is worth more than an opinion."
    ),
    "soft": _(
        "Last, how you deal with each other. Look at the three groups before this one first: what "
        "you see here may come from there."
    ),
}
"""What a party talks about first in each group."""


def _groups(cards: Sequence[ConclusionCard]) -> tuple[Group, ...]:
    groups: dict[str, list[ConclusionCard]] = {}
    for one in cards:
        groups.setdefault(one.topic.group, []).append(one)
    return tuple(
        Group(code, mine[0].topic.group_title, mine[0].topic.part, str(TALKS[code]), tuple(mine))
        for code, mine in groups.items()
    )


def _admitted(row: Reflection) -> dict[int, str]:
    rows = row.guests.filter(seat__left_at=None).order_by("seat__person__name")
    return dict(rows.values_list("seat", "seat__person__name"))


def _readers(row: Reflection, admitted: Collection[int]) -> tuple[Reader, ...]:
    people = SeatRow.objects.filter(
        alliance=row.evaluation.alliance_id, role=Role.FACILITATOR, left_at=None
    )
    return tuple(
        Reader(key, name, key in admitted)
        for key, name in people.order_by("person__name").values_list("pk", "person__name")
    )


def seat_by_link(link: str, *, browser: str) -> tuple[Seat, int]:
    """Return who reads with a personal link of an evaluation, and the key of the evaluation.

    :raises NotBound: for a link that belongs to no browser yet: a letter passed on opens nothing.
    :raises Missing: for any other link, for another browser, or if the person has left.
    """
    right = reach.reading_by(link, browser)
    key = right.cohort.round.evaluation_id
    if key is None:
        raise Missing
    if right.browser_hash is None:
        raise NotBound if may_bind(right) else Missing
    return reach.seat_from(right.seat), key


def reflection_by_link(link: str, *, browser: str, language: str, now: datetime) -> ReflectionCard:
    """Return the own party's reflection for the holder of a personal link.

    :raises Missing: as `seat_by_link` does, and for a sponsor before the reveal.
    :raises NotYet: as long as the party's people are answering.
    """
    seat, key = seat_by_link(link, browser=browser)
    return reflection_before(seat, key, language=language, now=now)


def readable_by_link(link: str, *, browser: str) -> str:
    """Tell what the holder of a personal link can read of an evaluation.

    :returns: ``joint`` after the reveal, ``reflection`` once the party concludes, ``unbound`` if
        the link has to be bound to this browser first, else "".
    """
    try:
        right = reach.reading_by(link, browser)
        row = _readable(reach.seat_from(right.seat), right.cohort.round.evaluation_id or 0, 0)
    except Missing:
        return ""
    if right.browser_hash is None:
        return "unbound" if may_bind(right) else ""
    if row.evaluation.revealed_at is not None:
        return "joint"
    begun = _begun(row.evaluation, reach.cohort_about_topics(row.evaluation, row.party_id))
    return "reflection" if begun else ""


def history_of(seat: Seat, key: int, topic: str) -> tuple[VersionLine, ...]:
    """Return what was written on one topic of the own party's reflection, the newest first.

    :raises Missing: for another party's reflection.
    """
    row = _readable(seat, key, 0)
    require(seat, Act.REFLECTION_READ, Where(seat.alliance, row.party_id))
    kept = row.history.filter(topic=topic).select_related("seat__person")
    return tuple(
        VersionLine(
            one.version,
            one.seat.person.name,
            one.at,
            Words(**one.content, version=one.version),
        )
        for one in kept
    )


# ------------------------------------------------------------------------- acts


def _writable(seat: Seat, key: int, act: Act) -> Reflection:
    """Return the own party's reflection, locked, as long as it can change.

    The evaluation is locked before it, in the same order as when somebody seals.
    """
    found = reach.reflections_within(seat).filter(evaluation=key).first()
    if found is None:
        raise Missing
    require(seat, act, Where(seat.alliance, found.party_id))
    evaluation = Evaluation.objects.select_for_update(of=("self",), no_key=True).get(pk=key)
    row = Reflection.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
    row.evaluation = evaluation
    if evaluation.state != State.RUNNING:
        raise Ended
    if row.sealed_at is not None:
        raise Sealed
    if not _begun(evaluation, reach.cohort_about_topics(evaluation, row.party_id)):
        raise NotYet
    return row


@transaction.atomic
def write_conclusion(seat: Seat, key: int, topic: str, *, words: Words, now: datetime) -> int:
    """Write what the own party concludes on one topic; it may be half finished.

    :param words: what is written; its version is the one that was read, 0 for an empty topic.
    :returns: the version that stands now.
    :raises Changed: if somebody else of the party wrote here meanwhile; nothing is overwritten.
    :raises Sealed: while the reflection is sealed.
    :raises NotYet: as long as the party's people are answering.
    :raises Unfit: for a topic that is not asked, or words that do not fit it.
    """
    row = _writable(seat, key, Act.REFLECTION_WRITE)
    asked = by_code(topics_of(instrument_in(row.evaluation), language="en")).get(topic)
    if asked is None:
        raise Missing
    words = _fit(asked, words)
    kept = Conclusion.objects.filter(reflection=row, topic=topic).first()
    stands = _words(kept) if kept else Words()
    if stands.version != words.version:
        if _content(stands) == _content(words):
            return stands.version
        raise Changed(stands)
    if _content(stands) == _content(words):
        return stands.version
    version = stands.version + 1
    Conclusion.objects.update_or_create(
        reflection=row, topic=topic, defaults={**_content(words), "version": version}
    )
    ConclusionVersion.objects.create(
        reflection=row,
        topic=topic,
        version=version,
        content=_content(words),
        seat_id=seat.key,
        at=now,
    )
    return version


def _content(words: Words) -> dict[str, str | int]:
    return {
        "change": words.change,
        "effect": words.effect,
        "rating": words.rating,
        "direction": words.direction,
        "sentence": words.sentence,
        "sure": words.sure,
    }


def _fit(topic: Topic, words: Words) -> Words:
    sentence = " ".join(legible(words.sentence).split())
    ratings = (0, CANNOT_JUDGE, *POINTS)
    checks: tuple[tuple[str, bool, str | Promise], ...] = (
        (
            "change",
            not words.change or (topic.shift and words.change in Conclusion.Change.values),
            _("Choose one of the answers shown."),
        ),
        (
            "effect",
            not words.effect or (topic.shift and words.effect in Conclusion.Effect.values),
            _("Choose one of the answers shown."),
        ),
        (
            "rating",
            not words.rating or (not topic.shift and words.rating in ratings),
            _("Choose one of the answers shown."),
        ),
        (
            "direction",
            not words.direction
            or (not topic.shift and words.direction in Conclusion.Direction.values),
            _("Choose one of the answers shown."),
        ),
        (
            "sure",
            not words.sure or words.sure in Conclusion.Sure.values,
            _("Choose one of the answers shown."),
        ),
        (
            "sentence",
            len(sentence) <= LONGEST_SENTENCE,
            _(
                "One sentence: at most %(most)s characters. Yours has %(count)s; nothing of it is "
                "lost."
            )
            % {"most": LONGEST_SENTENCE, "count": len(sentence)},
        ),
    )
    faults = {name: sentence for name, fits, sentence in checks if not fits}
    if faults:
        raise Unfit(faults)
    shifted = words.change in (Conclusion.Change.LITTLE, Conclusion.Change.LOT)
    judged = words.rating in POINTS
    return Words(
        words.change,
        words.effect if shifted else "",
        words.rating,
        words.direction if judged else "",
        sentence,
        words.sure,
        words.version,
    )


@transaction.atomic
def hold_dissent(
    seat: Seat, key: int, topic: str, *, text: str, shares: bool = False, now: datetime
) -> int:
    """Write another view on a topic, held by oneself.

    :param shares: whether it may travel to the partners inside the seal.
    :returns: the key of the dissent.
    :raises Unfit: for no words, too many, or a sixth view on one topic.
    """
    del now  # nothing says when somebody dissented
    row = _writable(seat, key, Act.DISSENT_HOLD)
    if topic not in by_code(topics_of(instrument_in(row.evaluation), language="en")):
        raise Missing
    _fit_dissent(text)
    if row.dissents.filter(topic=topic).count() >= MOST_DISSENTS:
        raise Unfit({"text": _("There are five other views here. Join the one nearest to yours.")})
    kept = Dissent.objects.create(
        pk=_key_of_view(row, topic, legible(text)),
        reflection=row,
        topic=topic,
        text=legible(text),
    )
    Holder.objects.create(dissent=kept, seat_id=seat.key, shares=shares)
    return kept.pk


def _key_of_view(row: Reflection, topic: str, text: str) -> int:
    """Return a key that tells neither order nor how many views others hold, as a number would."""
    secret, tried = settings.SECRET_KEY.encode(), 0
    while True:
        told = framed("view.v1", row.pk, topic, text, tried)
        key = int.from_bytes(hmac.digest(secret, told, "sha256")[:8]) >> 1
        if not Dissent.objects.filter(pk=key).exists():
            return key
        tried += 1


def _fit_dissent(text: str) -> None:
    if not 0 < len(legible(text)) <= LONGEST_DISSENT:
        raise Unfit(
            {
                "text": _("Write the other view in at most %(most)s characters.")
                % {"most": LONGEST_DISSENT}
            }
        )


@transaction.atomic
def join_dissent(seat: Seat, key: int, dissent: int, *, shares: bool, now: datetime) -> None:
    """Hold a view that somebody wrote, or change whether one lets it travel.

    :raises Missing: for a view of another party, or one nobody holds any more.
    """
    del now
    row = _writable(seat, key, Act.DISSENT_HOLD)
    kept = row.dissents.filter(pk=dissent).first()
    if kept is None:
        raise Missing
    Holder.objects.update_or_create(dissent=kept, seat_id=seat.key, defaults={"shares": shares})


@transaction.atomic
def reword_dissent(seat: Seat, key: int, dissent: int, *, text: str, now: datetime) -> None:
    """Say one's own view in other words, as long as nobody else holds it.

    :raises Missing: unless the seat alone holds it.
    :raises Unfit: for no words, or too many.
    """
    del now
    row = _writable(seat, key, Act.DISSENT_HOLD)
    kept = row.dissents.filter(pk=dissent).first()
    if kept is None or set(kept.holders.values_list("seat", flat=True)) != {seat.key}:
        raise Missing
    _fit_dissent(text)
    kept.text = legible(text)
    kept.save(update_fields=["text"])


@transaction.atomic
def let_go_dissent(seat: Seat, key: int, dissent: int, *, now: datetime) -> None:
    """Hold a view no longer; when nobody holds it, it is gone.

    :raises Missing: unless the seat holds it.
    """
    del now
    row = _writable(seat, key, Act.DISSENT_HOLD)
    held = Holder.objects.filter(dissent__reflection=row, dissent=dissent, seat=seat.key).first()
    if held is None:
        raise Missing
    held.delete()
    Dissent.objects.filter(pk=dissent, holders=None).delete()


def travelling(row: Reflection) -> dict[str, list[str]]:
    """Return the dissents that go into the seal, by topic: those that all who hold them share."""
    kept: dict[str, list[str]] = {}
    for one in row.dissents.prefetch_related("holders"):
        if _travels(list(one.holders.all())):
            kept.setdefault(one.topic, []).append(one.text)
    return {topic: sorted(texts) for topic, texts in kept.items()}


def _travelling(dissents: Mapping[str, Iterable[DissentCard]]) -> dict[str, list[str]]:
    """Return the same of dissents that are cards already."""
    told = {
        topic: sorted(one.text for one in cards if one.travels)
        for topic, cards in dissents.items()
    }
    return {topic: texts for topic, texts in told.items() if texts}


def edition_of(words: Mapping[str, Words], travelling: Mapping[str, Sequence[str]]) -> str:
    """Return what stands for every word that would be sealed now."""
    content = {
        "words": {topic: _content(one) for topic, one in words.items()},
        "dissents": {topic: list(texts) for topic, texts in travelling.items()},
    }
    return sha256(canonical(content)).hexdigest()[:32]


def conclusions_of(row: Reflection) -> Mapping[str, Words]:
    """Return what a party has written, by topic."""
    return {one.topic: _words(one) for one in row.conclusions.all()}


@transaction.atomic
def admit_facilitator(seat: Seat, key: int, facilitator: int, *, now: datetime) -> None:
    """Let a facilitator read the own party's reflection before the reveal; all are told.

    :raises Missing: for somebody who is no facilitator here.
    """
    row = _open_to_guests(seat, key)
    if row.evaluation.state != State.RUNNING:
        raise Ended
    name = _facilitator(seat, facilitator)
    _guest, fresh = Guest.objects.get_or_create(reflection=row, seat_id=facilitator)
    if fresh:
        record(seat, "facilitator.admit", now=now, words=_told(row, name))


@transaction.atomic
def dismiss_facilitator(seat: Seat, key: int, facilitator: int, *, now: datetime) -> None:
    """Let a facilitator read the own party's reflection no longer; all are told.

    :raises Missing: for somebody who was not let in.
    """
    row = _open_to_guests(seat, key)
    gone, _kinds = Guest.objects.filter(reflection=row, seat=facilitator).delete()
    if not gone:
        raise Missing
    name = SeatRow.objects.values_list("person__name", flat=True).get(pk=facilitator)
    record(seat, "facilitator.dismiss", now=now, words=_told(row, name))


def _open_to_guests(seat: Seat, key: int) -> Reflection:
    row = (
        reach.reflections_within(seat)
        .filter(evaluation=key)
        .select_related("evaluation", "party__organisation")
        .first()
    )
    if row is None:
        raise Missing
    require(seat, Act.FACILITATOR_ADMIT, Where(seat.alliance, row.party_id))
    return row


def _facilitator(seat: Seat, key: int) -> str:
    people: Iterable[str] = SeatRow.objects.filter(
        pk=key, alliance=seat.alliance, role=Role.FACILITATOR, left_at=None
    ).values_list("person__name", flat=True)
    name = next(iter(people), None)
    if name is None:
        raise Missing
    return name


def _told(row: Reflection, name: str) -> dict[str, str | int]:
    return {
        "name": name,
        "party": row.party.organisation.name,
        "evaluation": row.evaluation.title,
    }
