"""After the reveal: reflections side by side, and what the parties write about them together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.commitment import (
    CommitmentCard,
    Owner,
    commitments_around,
    owners_of,
    parties_in,
)
from understream.domain.evaluation import Ended
from understream.domain.journal import record
from understream.domain.mirror import FigureCard, figures_of_parties
from understream.domain.reflection import CHANGES, rating_text, seat_by_link
from understream.domain.reveal import open_soft_side, openings_of
from understream.domain.topic import (
    BLOCKS,
    RELEVANCE,
    Topic,
    codes_of,
    instrument_in,
    title_of,
    topics_of,
)
from understream.domain.word import WORDS, legible
from understream.measurement.gap import Gap, displayed_label
from understream.records.due import Due
from understream.records.evaluation import Evaluation, State
from understream.records.joint import Closing, Critic, JointAcceptance, JointText, JointVersion
from understream.records.seat import SeatRow

LONGEST_TEXT = 2000
LONGEST_CLOSING = 500
POINTS = 7
RANKS = {
    Gap.CLEAR: 0,
    Gap.WORTH_ASKING: 0,
    Gap.POSSIBLE: 1,
    Gap.CANNOT_TELL: 2,
    Gap.ALIKE: 3,
    Gap.SAME: 3,
    Gap.UNKNOWN: 4,
}
"""What is talked about first: the labels in their order, differences in front."""


class StillSealed(Refused):
    """Behaviour and values are talked about once they are open."""

    reason = _("This opens when blocks 1 to 4 have been reviewed together.")


class Rewritten(Refused):
    """Somebody else wrote here meanwhile.

    :ivar theirs: what stands there now.
    """

    reason = _(
        "Somebody changed this text while you wrote. Nothing is lost: your words are still here, "
        "beside theirs. Put them together, then save again."
    )

    def __init__(self, theirs: "JointCardText") -> None:
        """Keep what stands there now."""
        self.theirs = theirs
        super().__init__()


@dataclass(frozen=True, slots=True)
class Yes:
    """A party's yes to what is written now."""

    party: PartyCard
    done: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JointCardText:
    """What the parties have written together about one thing; `version` 0 before anything is.

    :ivar stands: whether every party has accepted what is written now.
    :ivar written_by: who wrote it last.
    """

    kind: str
    code: str
    reading: str
    decision: str
    choice: str
    choice_word: str
    decide_on: date | None
    version: int
    written_by: str
    accepted: tuple[Yes, ...]
    stands: bool
    may_write: bool
    may_accept: bool


@dataclass(frozen=True, slots=True)
class Side:
    """What one party concluded on a topic, as it was sealed, and what its people said.

    :ivar rating: 1 to 7, or ``None`` for what it could not judge, or for a shift.
    :ivar change: ``not``, ``little``, ``lot``, ``cannot judge`` or "", for a shift.
    :ivar people: what its people said together, where that was agreed and can be shown.
    """

    party: PartyCard
    rating: int | None
    rating_text: str
    change: str
    change_text: str
    effect: str
    effect_text: str
    direction_text: str
    sentence: str
    sure: str
    sure_text: str
    dissents: tuple[str, ...]
    people: FigureCard | None


@dataclass(frozen=True, slots=True)
class JointTopic:
    """One topic side by side.

    :ivar label: of what the parties concluded: ``worth asking``, ``alike``, ``cannot tell`` or "".
    :ivar people_label: of what their people said, as the release tells it, or "".
    """

    topic: Topic
    sides: tuple[Side, ...]
    label: str
    word: str
    people_label: str
    people_word: str
    text: JointCardText
    critic: str
    critic_key: int
    commitments: tuple[CommitmentCard, ...]


@dataclass(frozen=True, slots=True)
class JointGroup:
    """One group in the fixed order; its topics with the largest differences in front.

    :ivar sealed: whether it waits for the gate; then `topics` are empty and `titles` told.
    """

    code: str
    title: str
    number: int
    part: int
    sealed: bool
    titles: tuple[str, ...]
    topics: tuple[JointTopic, ...]


@dataclass(frozen=True, slots=True)
class BlockNote:
    """The joint note on one block that the gate asks for."""

    code: str
    title: str
    caption: str
    questions: tuple[str, ...]
    text: JointCardText


@dataclass(frozen=True, slots=True)
class Gate:
    """Why behaviour and values wait, and what opens them.

    :ivar because: each party and the topics it marked *a lot*.
    """

    closed: bool
    because: tuple[tuple[PartyCard, tuple[str, ...]], ...]
    blocks: tuple[BlockNote, ...]
    reviewed: int


@dataclass(frozen=True, slots=True)
class JointVersionLine:
    """A joint text as somebody left it.

    :ivar choice_word: the closing decision in words, "" for any other text.
    """

    version: int
    who: str
    at: datetime
    reading: str
    decision: str
    choice_word: str
    decide_on: date | None


@dataclass(frozen=True, slots=True)
class JointHistory:
    """What was written together about one thing, the newest first."""

    title: str
    lines: tuple[JointVersionLine, ...]


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """What one party says the evaluation did; told when all have said it."""

    party: PartyCard
    rating: int
    sentence: str


@dataclass(frozen=True, slots=True)
class JointCard:
    """The joint page of an evaluation.

    :ivar first: whether no evaluation of the alliance was revealed before it.
    """

    evaluation: int
    alliance: int
    alliance_name: str
    time_zone: str
    title: str
    first: bool
    state: str
    revealed_at: datetime
    soft_opened_at: datetime | None
    shares_figures: bool
    parties: tuple[PartyCard, ...]
    own: PartyCard | None
    gate: Gate | None
    groups: tuple[JointGroup, ...]
    promises: tuple[CommitmentCard, ...]
    commitments: tuple[CommitmentCard, ...]
    relevance: JointCardText
    choices: tuple[tuple[str, str, str], ...]
    closings: tuple[ClosingLine, ...]
    closings_missing: tuple[str, ...]
    own_closing: int
    critics: tuple[Owner, ...]
    may_write: bool
    may_assign: bool
    may_close: bool
    may_promise: bool


CAPTIONS: dict[str, str | Promise] = {
    "ED1": _("We go on as we are, with the agreed improvements."),
    "ED2": _("We do more together, or take a larger risk together."),
    "ED3": _("We do less together, and do that well."),
    "ED4": _("The aim stands; we build the way of working anew."),
    "ED5": _("We stop, and part with care."),
    "ED0": _("We decide on a day we name; until then all agreements hold."),
}
"""What each closing decision means."""


# --------------------------------------------------------------------- question


def joint_before(seat: Seat, key: int, *, language: str, now: datetime) -> JointCard:
    """Return the reflections of all parties side by side, as far as they are open.

    :param language: ``en`` or ``nl``.
    :raises Missing: before the reveal, and for an evaluation out of reach.
    """
    row = (
        reach.evaluations_within(seat)
        .filter(pk=key, revealed_at__isnull=False)
        .select_related("alliance")
        .first()
    )
    if row is None or row.revealed_at is None:
        raise Missing
    require(seat, Act.JOINT_READ, Where(row.alliance_id))
    everybody = parties_in(row.alliance_id)
    taking_part = set(row.reflections.values_list("party", flat=True))
    parties = {party: card for party, card in everybody.items() if party in taking_part}
    topics = topics_of(instrument_in(row), language=language)
    texts = _Texts(seat, row, parties)
    promises, promised = commitments_around(
        seat, row, parties=everybody, language=language, now=now
    )
    critics = {
        topic: (seat_key, name)
        for topic, seat_key, name in row.critics.values_list("topic", "seat", "seat__person__name")
    }
    opened = openings_of(row)
    here = Where(row.alliance_id)
    live = row.state == State.REVEALED
    closings = list(row.closings.all())
    missing = [
        card.name
        for party, card in parties.items()
        if party not in {one.party_id for one in closings}
    ]
    may_write = live and may(seat, Act.JOINT_WRITE, here)
    return JointCard(
        evaluation=row.pk,
        alliance=row.alliance_id,
        alliance_name=row.alliance.name,
        time_zone=row.alliance.time_zone,
        title=row.title,
        first=reach.earlier_evaluation(row) is None,
        state=row.state,
        revealed_at=row.revealed_at,
        soft_opened_at=row.soft_opened_at,
        shares_figures=row.shares_figures,
        parties=tuple(parties.values()),
        own=parties.get(seat.party),
        gate=_gate(row, topics, opened, parties, texts, language),
        groups=_groups(
            row,
            topics,
            _sides(seat, row, topics, opened, parties, language),
            texts,
            critics,
            promised,
        ),
        promises=promises,
        commitments=promised,
        relevance=texts.about(JointText.Kind.RELEVANCE, RELEVANCE),
        choices=tuple(
            (code, str(WORDS[code]), str(caption)) for code, caption in CAPTIONS.items()
        ),
        closings=()
        if missing
        else tuple(
            ClosingLine(parties[one.party_id], one.rating, one.sentence)
            for one in sorted(closings, key=lambda one: parties[one.party_id].position)
        ),
        closings_missing=tuple(missing),
        own_closing=next((one.rating for one in closings if one.party_id == seat.party), 0),
        critics=owners_of(seat) if may_write else (),
        may_write=may_write,
        may_assign=live and may(seat, Act.CRITIC_ASSIGN, here),
        may_close=row.soft_opened_at is not None
        and seat.party in parties
        and may(seat, Act.JOINT_ACCEPT, Where(row.alliance_id, seat.party)),
        may_promise=may(seat, Act.COMMITMENT_WRITE, here),
    )


def texts_waiting(seat: Seat, key: int) -> int:
    """Return how many joint texts wait for the own party's yes; a number, never what they say.

    :raises Missing: before the reveal, and for an evaluation out of reach.
    """
    row = reach.evaluations_within(seat).filter(pk=key, revealed_at__isnull=False).first()
    if row is None:
        raise Missing
    require(seat, Act.JOINT_READ, Where(row.alliance_id))
    if row.state != State.REVEALED or not may(
        seat, Act.JOINT_ACCEPT, Where(row.alliance_id, seat.party)
    ):
        return 0
    said = row.texts.exclude(reading="", decision="", choice="")
    return sum(
        not any(
            one.party_id == seat.party and one.version == text.version
            for one in text.acceptances.all()
        )
        for text in said.prefetch_related("acceptances")
    )


def history_of(seat: Seat, key: int, kind: str, code: str, *, language: str) -> JointHistory:
    """Return what was written together about one thing, the newest first.

    :param kind: ``topic``, ``block`` or ``relevance``.
    :raises Missing: before the reveal, and for a thing nobody is asked about.
    """
    row = reach.evaluations_within(seat).filter(pk=key, revealed_at__isnull=False).first()
    if row is None:
        raise Missing
    require(seat, Act.JOINT_READ, Where(row.alliance_id))
    _refuse_unasked(row, kind, code)
    kept = JointVersion.objects.filter(
        text__evaluation=row, text__kind=kind, text__code=code
    ).select_related("seat__person")
    return JointHistory(
        title_of(code, language=language), tuple(_version_line(one) for one in kept)
    )


def _version_line(one: JointVersion) -> JointVersionLine:
    said = one.content
    return JointVersionLine(
        one.version,
        one.seat.person.name,
        one.at,
        said["reading"],
        said["decision"],
        str(WORDS[said["choice"]]) if said["choice"] else "",
        date.fromisoformat(said["decide_on"]) if said["decide_on"] else None,
    )


def joint_by_link(link: str, *, browser: str, language: str, now: datetime) -> JointCard:
    """Return the joint page for the holder of a personal link, in the browser it belongs to.

    :raises Missing: before the reveal, for another browser, or if the person has left.
    """
    seat, key = seat_by_link(link, browser=browser)
    return joint_before(seat, key, language=language, now=now)


class _Texts:
    """What is written together, asked for once, by kind and code."""

    def __init__(self, seat: Seat, row: Evaluation, parties: Mapping[int, PartyCard]) -> None:
        """Look everything up."""
        self._seat, self._row, self._parties = seat, row, parties
        said = JointAcceptance.objects.only("text", "party", "version", "at")
        kept = row.texts.prefetch_related(Prefetch("acceptances", said))
        self._kept = {(one.kind, one.code): one for one in kept}
        written = JointVersion.objects.filter(text__evaluation=row, version=F("text__version"))
        self._by = dict(written.order_by().values_list("text", "seat__person__name"))
        self._soft = _soft_in(row)

    def about(self, kind: str, code: str) -> JointCardText:
        """Return what is written about one thing; an empty text before anything is."""
        kept = self._kept.get((kind, code))
        seat, row = self._seat, self._row
        yes = {
            one.party_id: one.at
            for one in (kept.acceptances.all() if kept else ())
            if kept and one.version == kept.version
        }
        live = row.state == State.REVEALED and _is_open(row, kind, code, self._soft)
        said = bool(kept and (kept.reading or kept.decision or kept.choice))
        stands = said and set(self._parties) <= set(yes)
        return JointCardText(
            kind=kind,
            code=code,
            reading=kept.reading if kept else "",
            decision=kept.decision if kept else "",
            choice=kept.choice if kept else "",
            choice_word=str(WORDS[kept.choice]) if kept and kept.choice else "",
            decide_on=kept.decide_on if kept else None,
            version=kept.version if kept else 0,
            written_by=self._by.get(kept.pk, "") if kept else "",
            accepted=tuple(
                Yes(card, party in yes, yes.get(party)) for party, card in self._parties.items()
            ),
            stands=stands,
            may_write=live and may(seat, Act.JOINT_WRITE, Where(row.alliance_id)),
            may_accept=live
            and said
            and seat.party in self._parties
            and seat.party not in yes
            and may(seat, Act.JOINT_ACCEPT, Where(row.alliance_id, seat.party)),
        )


def _is_open(row: Evaluation, kind: str, code: str, soft: Collection[str]) -> bool:
    """Tell whether this can be written about already."""
    if kind == JointText.Kind.BLOCK or (kind == JointText.Kind.TOPIC and code not in soft):
        return row.revealed_at is not None
    return row.soft_opened_at is not None


def _soft_in(row: Evaluation) -> tuple[str, ...]:
    """Return the codes of the topics that wait; none of them once they are open."""
    return codes_of(instrument_in(row), 2) if row.soft_opened_at is None else ()


def _gate(
    row: Evaluation,
    topics: Sequence[Topic],
    opened: Mapping[int, Mapping[str, Mapping[str, Any]]],
    parties: Mapping[int, PartyCard],
    texts: _Texts,
    language: str,
) -> Gate | None:
    because = tuple(
        (card, marked)
        for party, card in parties.items()
        if (
            marked := tuple(
                one.title
                for one in topics
                if one.shift and opened.get(party, {}).get(one.code, {}).get("change") == "lot"
            )
        )
    )
    if not because:
        return None
    blocks = tuple(
        BlockNote(
            code,
            block.title.into(language),
            block.caption.into(language),
            tuple(one.into(language) for one in block.questions),
            texts.about(JointText.Kind.BLOCK, code),
        )
        for code, block in BLOCKS.items()
    )
    return Gate(
        row.soft_opened_at is None, because, blocks, sum(one.text.stands for one in blocks)
    )


def _sides(
    seat: Seat,
    row: Evaluation,
    topics: Sequence[Topic],
    opened: Mapping[int, Mapping[str, Mapping[str, Any]]],
    parties: Mapping[int, PartyCard],
    language: str,
) -> dict[str, tuple[tuple[Side, ...], str]]:
    """Return by topic what each party concluded, and the label of what their people said."""
    figures, gaps = figures_of_parties(row, seat.party, language=language)
    sides = {}
    word = cache(_word)
    for topic in topics:
        shown = tuple(
            _side(card, opened[party][topic.code], figures.get(party, {}).get(topic.code), word)
            for party, card in parties.items()
            if topic.code in opened.get(party, {})
        )
        labels = [Gap(label) for (code, _a, _b), label in gaps.items() if code == topic.code]
        sides[topic.code] = (shown, min(labels, key=lambda one: RANKS[one], default=""))
    return sides


def _word(code: str) -> str:
    return str(WORDS[code]) if code else ""


def _side(
    card: PartyCard,
    said: Mapping[str, Any],
    people: FigureCard | None,
    word: Callable[[str], str],
) -> Side:
    rating = said.get("rating")
    change, effect = said.get("change", ""), said.get("effect", "")
    shown = people if people is not None and people.state == "shown" else None
    return Side(
        party=card,
        rating=rating,
        rating_text="" if "rating" not in said else rating_text(255 if rating is None else rating),
        change=change,
        change_text=word(change),
        effect=effect,
        effect_text=word(effect),
        direction_text=word(said.get("direction", "")),
        sentence=said["sentence"],
        sure=said["sure"],
        sure_text=word(said["sure"]),
        dissents=tuple(said["dissents"]),
        people=shown,
    )


def _groups(
    row: Evaluation,
    topics: Sequence[Topic],
    sides: Mapping[str, tuple[tuple[Side, ...], str]],
    texts: _Texts,
    critics: Mapping[str, tuple[int, str]],
    promised: Sequence[CommitmentCard],
) -> tuple[JointGroup, ...]:
    groups: dict[str, list[Topic]] = {}
    for one in topics:
        groups.setdefault(one.group, []).append(one)
    cards = []
    for number, (code, mine) in enumerate(groups.items(), start=1):
        sealed = mine[0].part == 2 and row.soft_opened_at is None  # noqa: PLR2004 - the soft part
        told = (
            []
            if sealed
            else [_topic(one, *sides[one.code], texts, critics, promised) for one in mine]
        )
        cards.append(
            JointGroup(
                code,
                mine[0].group_title,
                number,
                mine[0].part,
                sealed,
                tuple(one.title for one in mine),
                tuple(sorted(told, key=_order)),
            )
        )
    return tuple(cards)


def _topic(
    topic: Topic,
    sides: tuple[Side, ...],
    people_label: str,
    texts: _Texts,
    critics: Mapping[str, tuple[int, str]],
    promised: Sequence[CommitmentCard],
) -> JointTopic:
    label = label_of(sides)
    critic_key, critic = critics.get(topic.code, (0, ""))
    return JointTopic(
        topic,
        sides,
        label,
        str(WORDS[label]) if label else "",
        str(people_label),
        str(WORDS[str(people_label)]) if people_label else "",
        texts.about(JointText.Kind.TOPIC, topic.code),
        critic,
        critic_key,
        tuple(one for one in promised if one.topic == topic.code and one.state != "withdrawn"),
    )


def label_of(sides: Sequence[Side]) -> str:
    """Return how far the parties' conclusions on a topic lie apart: that of the farthest two.

    Ratings are compared as displayed figures of few people are: from one and a half points apart
    *worth asking*, up to half a point *alike*. Of a shift, *not* beside *a lot* and *helps* beside
    *hurts* are worth asking.
    """
    pairs = [label for a, b in combinations(sides, 2) if (label := _pair(a, b))]
    return min(pairs, key=lambda one: RANKS[one], default="")


def _pair(a: Side, b: Side) -> Gap | None:
    if a.rating is not None and b.rating is not None:
        return displayed_label(a.rating, b.rating, POINTS)
    if a.change not in CHANGES or b.change not in CHANGES:
        return None
    apart = abs(CHANGES.index(a.change) - CHANGES.index(b.change))
    if apart == len(CHANGES) - 1 or {a.effect, b.effect} == {"helps", "hurts"}:
        return Gap.WORTH_ASKING
    return Gap.CANNOT_TELL if apart or a.effect != b.effect else Gap.ALIKE


def _order(one: JointTopic) -> tuple[int, float, int]:
    """Order by label, then by how far the conclusions lie apart, then as the topics stand."""
    labels = [Gap(label) for label in (one.label, one.people_label) if label]
    rank = min((RANKS[label] for label in labels), default=len(RANKS))
    ratings = [side.rating for side in one.sides if side.rating is not None]
    places = [CHANGES.index(side.change) for side in one.sides if side.change in CHANGES]
    values = ratings or places
    return rank, -(max(values) - min(values) if values else 0), one.topic.number


# ------------------------------------------------------------------------- acts


@transaction.atomic
def write_joint_text(
    seat: Seat,
    key: int,
    kind: str,
    code: str,
    *,
    version: int,
    reading: str = "",
    decision: str = "",
    choice: str = "",
    decide_on: date | None = None,
    now: datetime,
) -> int:
    """Write what the parties read in a topic or a block, or decide at the end; any seat may.

    It stands when a manager of each party has accepted what is written; a change has to be
    accepted anew.

    :param kind: ``topic``, ``block`` or ``relevance``.
    :param version: the version that was read, 0 for an empty text.
    :param choice: the closing decision; `decide_on` with *not decided yet*.
    :returns: the version that stands now.
    :raises Rewritten: if somebody else wrote here meanwhile; nothing is overwritten.
    :raises StillSealed: for the soft side, and the closing decision, while the gate is closed.
    :raises Ended: once the closing decision has been taken.
    :raises Unfit: by field.
    """
    row = _live(seat, key, Act.JOINT_WRITE)
    _refuse_unasked(row, kind, code)
    content = _fit(kind, reading, decision, choice, decide_on, now, row)
    kept = row.texts.filter(kind=kind, code=code).select_for_update(of=("self",)).first()
    stands = kept.version if kept else 0
    if kept is not None and _content(kept) == content:
        return stands
    if stands != version:
        raise Rewritten(_Texts(seat, row, {}).about(kind, code))
    if kept is None:
        kept = JointText(evaluation=row, kind=kind, code=code, version=0)
    for name, value in content.items():
        setattr(kept, name, value)
    kept.version += 1
    kept.save()
    JointVersion.objects.create(
        text=kept,
        version=kept.version,
        content={name: str(value or "") for name, value in content.items()},
        seat_id=seat.key,
        at=now,
    )
    record(seat, "joint.write", now=now, words={"topic": code, "evaluation": row.title})
    return kept.version


def _live(seat: Seat, key: int, act: Act, *, party: int = 0) -> Evaluation:
    """Return the evaluation, locked, while it is talked about, to a seat that may do the act."""
    row = reach.locked_evaluation(seat, key)
    require(seat, act, Where(row.alliance_id, party))
    if row.revealed_at is None:
        raise Missing
    if row.state != State.REVEALED:
        raise Ended(_("The parties have decided; what they agreed stands."))
    return row


def _refuse_unasked(row: Evaluation, kind: str, code: str) -> None:
    codes: dict[str, Collection[str]] = {
        JointText.Kind.TOPIC: [one.code for one in topics_of(instrument_in(row), language="en")],
        JointText.Kind.BLOCK: list(BLOCKS),
        JointText.Kind.RELEVANCE: [RELEVANCE],
    }
    if code not in codes.get(kind, ()):
        raise Missing
    if not _is_open(row, kind, code, _soft_in(row)):
        raise StillSealed


def _fit(
    kind: str,
    reading: str,
    decision: str,
    choice: str,
    decide_on: date | None,
    now: datetime,
    row: Evaluation,
) -> dict[str, Any]:
    reading, decision = legible(reading), legible(decision)
    faults: dict[str, str | Promise] = {}
    for name, text in (("reading", reading), ("decision", decision)):
        if len(text) > LONGEST_TEXT:
            faults[name] = _(
                "Write at most %(most)s characters. Yours has %(count)s; nothing of it is lost."
            ) % {"most": LONGEST_TEXT, "count": len(text)}
    closing = kind == JointText.Kind.RELEVANCE
    if closing and choice not in JointText.Choice.values:
        faults["choice"] = _("Choose one of the decisions shown.")
    if not closing and not (reading or decision):
        faults["reading"] = _("Write what you see in it, or what you decide.")
    today = now.astimezone(ZoneInfo(row.alliance.time_zone)).date()
    undecided = closing and choice == JointText.Choice.NOT_YET
    if undecided and (decide_on is None or decide_on <= today):
        faults["decide_on"] = _("Name the day on which you decide.")
    if faults:
        raise Unfit(faults)
    return {
        "reading": reading,
        "decision": "" if closing else decision,
        "choice": choice if closing else "",
        "decide_on": decide_on if undecided else None,
    }


def _content(kept: JointText) -> dict[str, Any]:
    return {
        "reading": kept.reading,
        "decision": kept.decision,
        "choice": kept.choice,
        "decide_on": kept.decide_on,
    }


@transaction.atomic
def accept_joint_text(
    seat: Seat, key: int, kind: str, code: str, *, version: int, now: datetime
) -> bool:
    """Accept, for the own party, what is written; with the last yes it stands.

    When the notes on all four blocks stand, behaviour and values open at that instant. When the
    closing decision stands, the evaluation is done.

    :param version: the version that was read.
    :returns: whether it stands now.
    :raises Rewritten: if it was changed meanwhile.
    :raises Missing: for a text nobody has written.
    """
    row = _live(seat, key, Act.JOINT_ACCEPT, party=seat.party)
    parties = set(row.reflections.values_list("party", flat=True))
    kept = row.texts.filter(kind=kind, code=code).select_for_update(of=("self",)).first()
    if kept is None or seat.party not in parties:
        raise Missing
    if not _is_open(row, kind, code, _soft_in(row)):
        raise StillSealed
    if kept.version != version:
        raise Rewritten(_Texts(seat, row, {}).about(kind, code))
    names = parties_in(row.alliance_id)
    if kept.acceptances.filter(party=seat.party, version=version).exists():
        return parties <= _said(kept)
    JointAcceptance.objects.update_or_create(
        text=kept,
        party_id=seat.party,
        defaults={"seat_id": seat.key, "version": version, "at": now},
    )
    record(
        seat,
        "joint.accept",
        now=now,
        words={"party": names[seat.party].name, "topic": code},
    )
    if not parties <= _said(kept):
        return False
    record(seat, "joint.stand", now=now, words={"topic": code, "evaluation": row.title})
    if kind == JointText.Kind.BLOCK and row.soft_opened_at is None and _reviewed(row, parties):
        open_soft_side(row, now=now)
    if kind == JointText.Kind.RELEVANCE:
        _decide(seat, row, kept, now)
    return True


def _said(kept: JointText) -> set[int]:
    """Return the parties that have accepted what is written now."""
    return set(kept.acceptances.filter(version=kept.version).values_list("party", flat=True))


def _reviewed(row: Evaluation, parties: set[int]) -> bool:
    """Tell whether the notes on all four blocks stand."""
    notes = row.texts.filter(kind=JointText.Kind.BLOCK).prefetch_related("acceptances")
    standing = {
        one.code
        for one in notes
        if parties
        <= {each.party_id for each in one.acceptances.all() if each.version == one.version}
    }
    return standing >= set(BLOCKS)


def _decide(seat: Seat, row: Evaluation, kept: JointText, now: datetime) -> None:
    if kept.choice == JointText.Choice.NOT_YET and kept.decide_on is not None:
        zone = ZoneInfo(row.alliance.time_zone)
        morning = datetime(
            kept.decide_on.year, kept.decide_on.month, kept.decide_on.day, 9, tzinfo=zone
        )
        Due.objects.get_or_create(kind="evaluation.decide", key=row.pk, at=morning)
    else:
        row.state, row.ended_at = State.AGREED, now
        row.save(update_fields=["state", "ended_at"])
    record(seat, "evaluation.agree", now=now, words={"choice": kept.choice})


@transaction.atomic
def assign_critic(seat: Seat, key: int, topic: str, *, critic: int, now: datetime) -> None:
    """Ask somebody to be the critic on one topic: to say what nobody says. 0 asks nobody.

    :raises Unfit: for somebody without a seat for one of the parties.
    """
    row = _live(seat, key, Act.CRITIC_ASSIGN)
    _refuse_unasked(row, JointText.Kind.TOPIC, topic)
    if not critic:
        row.critics.filter(topic=topic).delete()
        return
    held = (
        SeatRow.objects.filter(pk=critic, left_at=None, party__in=row.reflections.values("party"))
        .select_related("person")
        .first()
    )
    if held is None:
        raise Unfit({"critic": _("Choose somebody of one of the parties.")})
    Critic.objects.update_or_create(evaluation=row, topic=topic, defaults={"seat": held})
    record(seat, "critic.assign", now=now, words={"name": held.person.name, "topic": topic})


@transaction.atomic
def say_closing(seat: Seat, key: int, *, rating: int, sentence: str = "", now: datetime) -> None:
    """Say once, for the own party, what the evaluation did to how you work together.

    What a party says is told when all have said it.

    :param rating: 1 did harm, 4 nothing changed, 7 did good.
    :raises Refused: if the party has said it.
    :raises StillSealed: before everything is open.
    :raises Unfit: by field.
    """
    row = reach.locked_evaluation(seat, key)
    if row.revealed_at is None or not row.reflections.filter(party=seat.party).exists():
        raise Missing
    require(seat, Act.JOINT_ACCEPT, Where(row.alliance_id, seat.party))
    if row.soft_opened_at is None:
        raise StillSealed
    text = legible(sentence)
    faults: dict[str, str | Promise] = {}
    if not 1 <= rating <= POINTS:
        faults["rating"] = _("Choose a point from 1 to 7.")
    if len(text) > LONGEST_CLOSING:
        faults["sentence"] = _("Write at most %(most)s characters.") % {"most": LONGEST_CLOSING}
    if faults:
        raise Unfit(faults)
    if row.closings.filter(party=seat.party).exists():
        raise Refused(_("Your organisation has said this already."))
    Closing.objects.create(
        evaluation=row,
        party_id=seat.party,
        seat_id=seat.key,
        rating=rating,
        sentence=text,
        at=now,
    )
    record(
        seat,
        "closing.say",
        now=now,
        words={
            "party": parties_in(row.alliance_id)[seat.party].name,
            "evaluation": row.title,
        },
    )
