"""What became of a mirror's figures since an earlier round: cards drawn from two mirrors.

Both are opened as their pages open them, so that nobody learns here what they may not read there.
Every word is a function of displayed figures. One thing is finer: whether minds or people changed,
and that is told of signed answers alone, to those who may read them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Seat
from understream.domain.alliance import PartyCard
from understream.domain.instrument import instrument_of, questions_about
from understream.domain.mirror import FacetRow, FigureCard, ItemRow, MirrorCard, mirror_before
from understream.domain.round import MOST_PARTNERS, may_read_figures
from understream.domain.word import WORDS
from understream.instruments.reader import Instrument, Item
from understream.measurement.change import (
    Moved,
    Movement,
    Seen,
    Split,
    change_of,
    fewest,
    split_change,
)
from understream.measurement.release import CANNOT_JUDGE, NOT_ANSWERED
from understream.measurement.within_group import Agreement
from understream.records.round import Cohort, Mode, Round, State
from understream.records.statement import Statement

MOST_TOLD = 5
"""So many movements are told in sentences; the pictures show all."""
UP = (Moved.HIGHER, Moved.CLEARLY_HIGHER, Moved.PERHAPS_HIGHER)
DOWN = (Moved.LOWER, Moved.CLEARLY_LOWER, Moved.PERHAPS_LOWER)


@dataclass(frozen=True, slots=True)
class EarlierRound:
    """A closed round to which a later one can be compared."""

    key: int
    title: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """What became of one party's figure for one question.

    :ivar before: the earlier figure, ``None`` if the party was not asked this then.
    :ivar word: what became of it in the language in force, "" where nothing can be said.
    :ivar direction: 1 if it is told to be higher, -1 if lower, else 0.
    :ivar sure: whether the word is one of those that chance would not easily bring.
    :ivar noise: so far, in scale points, a figure can move without meaning much.
    """

    party: PartyCard
    about: PartyCard | None
    before: FigureCard | None
    now: FigureCard
    word: str
    direction: int
    sure: bool
    noise: float


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One question that was asked both times, and what became of each party's figure.

    :ivar detail: the question itself, where `text` is what its topic is called; "" else.
    """

    text: str
    detail: str
    low: int
    high: int
    changes: tuple[ChangeCard, ...]


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The questions of one facet, in the order in which they are asked.

    Where every facet is a single question, those of one side stand together.
    """

    title: str
    side: str
    about: PartyCard | None
    ends: str
    rows: tuple[ChangeRow, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that is not compared, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class SinceCard:
    """A mirror beside an earlier one of the same instrument, as one page shows it.

    :ivar told: the largest movements, a sentence each.
    :ivar minds: whether minds or people changed, a sentence each; own party's managers only.
    :ivar minds_hidden: whether that is not told of some question, because few came or went.
    :ivar parties: those that are compared.
    :ivar apart: parties that cannot be compared, a sentence each.
    :ivar others: further rounds to which this one can be compared, the newest first.
    """

    round: int
    title: str
    closed_at: datetime
    earlier: EarlierRound
    time_zone: str
    alliance: int
    alliance_name: str
    instrument_title: str
    parties: tuple[PartyCard, ...]
    groups: tuple[ChangeGroup, ...]
    told: tuple[str, ...]
    minds: tuple[str, ...]
    minds_hidden: bool
    apart: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    others: tuple[EarlierRound, ...]
    imported: bool


def earlier_rounds(seat: Seat, key: int) -> tuple[EarlierRound, ...]:
    """Return the rounds to which a closed one can be compared, the newest first.

    They asked the same instrument, in any version, in the same alliance; they closed earlier; and
    the seat may open their mirrors. Rounds of latecomers are compared with nothing.

    :raises Missing: for a round that has not closed, or is out of reach.
    """
    _row, earlier = _comparable(seat, key)
    return tuple(_card(one) for one in earlier)


def _comparable(seat: Seat, key: int) -> tuple[Round, list[Round]]:
    """Return a closed round, and those to which it can be compared, the newest first."""
    require(seat, Act.MIRROR_READ, Where(alliance=seat.alliance))
    asks = Round.objects.filter(pk=key).values("instrument__code")
    rows = list(
        reach.rounds_within(seat)
        .filter(state=State.CLOSED, instrument__code__in=asks)
        .select_related("instrument", "evaluation")
        .defer("instrument__content")
    )
    row = next((one for one in rows if one.pk == key), None)
    if row is None:
        raise Missing
    if row.beside_id is not None:
        return row, []  # other people, asked once
    found = [
        one
        for one in rows
        if one.beside_id is None
        and _moment(one) < _moment(row)
        and may_read_figures(seat, one.evaluation)
    ]
    return row, sorted(found, key=_moment, reverse=True)


def _moment(row: Round) -> tuple[datetime, int]:
    return row.closed_at or row.closes_at, row.pk


def _card(row: Round) -> EarlierRound:
    return EarlierRound(row.pk, row.title, row.closed_at or row.closes_at)


def change_between(seat: Seat, key: int, earlier: int = 0, *, language: str) -> SinceCard:
    """Return what became of the figures of a closed round since an earlier one.

    Only what was asked in the same words and answered on the same scale is compared.

    :param earlier: key of one of :func:`earlier_rounds`; 0 for the newest of them.
    :param language: ``en`` or ``nl``, for the questions; sentences use the language in force.
    :raises Missing: as :func:`understream.domain.mirror.mirror_before`, for either of them; and if
        the two cannot be compared.
    """
    asked, comparable = _comparable(seat, key)
    since = next((one for one in comparable if earlier in (0, one.pk)), None)
    if since is None:
        raise Missing
    now = mirror_before(seat, key, language=language)
    before = mirror_before(seat, since.pk, language=language)
    same, left_out = _compared(
        instrument_of(asked.instrument), instrument_of(since.instrument), language
    )
    modes = {one.party.key: one.mode for one in before.parties}
    parties = tuple(one.party for one in now.parties if modes.get(one.party.key) == one.mode)
    groups = tuple(_groups(now, before, same, {one.key for one in parties}))
    minds, hidden = _minds(seat, asked, since, same, now)
    return SinceCard(
        round=key,
        title=now.title,
        closed_at=now.closed_at,
        earlier=_card(since),
        time_zone=now.time_zone,
        alliance=now.alliance,
        alliance_name=now.alliance_name,
        instrument_title=now.instrument_title,
        parties=parties,
        groups=groups,
        told=_told(groups),
        minds=minds,
        minds_hidden=hidden,
        apart=_apart(now, before),
        left_out=left_out,
        others=tuple(_card(one) for one in comparable if one.pk != since.pk),
        imported=now.imported or before.imported,
    )


# --------------------------------------------------------------- what is the same


def _compared(
    ours: Instrument, theirs: Instrument, language: str
) -> tuple[frozenset[str], tuple[LeftOut, ...]]:
    """Return the codes of the questions that are compared, and the others with the reason."""
    earlier = {item.code: item for item in theirs.items}
    same, left_out = set(), []
    for item in ours.items:
        other = earlier.pop(item.code, None)
        why = _difference(ours, item, theirs, other)
        if why:
            left_out.append(LeftOut(_name(item, language), why))
        else:
            same.add(item.code)
    left_out += [
        LeftOut(_name(item, language), _("not asked any more")) for item in earlier.values()
    ]
    return frozenset(same), tuple(left_out)


def _name(item: Item, language: str) -> str:
    title = item.title.into(language) if item.title else ""
    return title or item.text.into(language).replace("[P]", "…")


def _difference(ours: Instrument, item: Item, theirs: Instrument, other: Item | None) -> str:
    """Return why a question is not compared, "" if it is."""
    if other is None:
        return _("not asked then")
    scale, before = ours.scale_of(item), theirs.scale_of(other)
    if item.text != other.text or item.once != other.once or ours.directed != theirs.directed:
        return _("asked in other words")
    if (item.time_frame or ours.time_frame) != (other.time_frame or theirs.time_frame):
        return _("asked about another stretch of time")
    answered = [
        (one.points, one.low, one.choice, one.options, *whole.ends_of(asked))
        for whole, asked, one in ((ours, item, scale), (theirs, other, before))
    ]
    if answered[0] != answered[1]:
        return _("answered on another scale")
    return _("a choice, which has no mean: read both mirrors") if scale.choice else ""


# --------------------------------------------------------------- what became of it

Place = tuple[str, int, int]
"""A figure's question, party, and party asked about; 0 for none."""


def _groups(
    now: MirrorCard, before: MirrorCard, same: frozenset[str], parties: set[int]
) -> Iterator[ChangeGroup]:
    people = {one.party.key: one.n for one in before.parties}
    said = {
        (item.code, one.party.key, one.about.key if one.about else 0): one
        for section in before.sections
        for facet in section.facets
        for item in facet.items
        for one in item.figures
    }
    everybody = not now.directed or len(now.parties) <= MOST_PARTNERS + 1
    counted = {
        one.party.key: (people[one.party.key], one.n)
        for one in now.parties
        if one.party.key in parties
    }
    for section in now.sections:
        single = all(len(facet.items) == 1 for facet in section.facets)
        found: dict[tuple[str, str, str], list[ChangeRow]] = {}
        for facet in section.facets:
            title = str(WORDS[facet.side]) if single else facet.title
            rows = found.setdefault((title, facet.side, _ends(facet)), [])
            rows += [
                _row(item, facet.title if single else "", said, counted, everybody=everybody)
                for item in facet.items
                if item.code in same
            ]
        for (title, side, ends), together in found.items():
            if together and parties:
                yield ChangeGroup(title, side, section.about, ends, tuple(together))


def _ends(facet: FacetRow) -> str:
    if not facet.low_end:
        return ""
    return f"{facet.low} {facet.low_end} … {facet.high} {facet.high_end}"


def _row(
    item: ItemRow,
    title: str,
    said: Mapping[Place, FigureCard],
    counted: Mapping[int, tuple[str, str]],
    *,
    everybody: bool,
) -> ChangeRow:
    changes = []
    for one in item.figures:
        if one.party.key not in counted:
            continue
        earlier = said.get((item.code, one.party.key, one.about.key if one.about else 0))
        then, since = counted[one.party.key]
        moved = _moved(
            _seen(earlier, then, everybody=everybody),
            _seen(one, since, everybody=everybody),
            item.high - item.low + 1,
        )
        changes.append(
            ChangeCard(
                one.party,
                one.about,
                earlier,
                one,
                str(WORDS[moved.word]) if moved.word else "",
                (moved.word in UP) - (moved.word in DOWN),
                moved.word in (Moved.CLEARLY_HIGHER, Moved.CLEARLY_LOWER),
                moved.noise,
            )
        )
    name = title or item.title or item.text
    detail = item.text if name != item.text else ""
    return ChangeRow(name, detail, item.low, item.high, tuple(changes))


def _seen(card: FigureCard | None, people: str, *, everybody: bool) -> Seen | None:
    if card is None or card.value is None:
        return None
    word = Agreement(card.agreement) if card.agreement else None
    shares = bool(card.bands)
    blind = card.not_visible
    least = fewest(people, word, shares=shares, blind=blind, everybody=everybody)
    return Seen(card.value, word, least)


def _moved(earlier: Seen | None, later: Seen | None, points: int) -> Movement:
    if earlier is None or later is None:
        return Movement(Moved.NOTHING, 0.0)
    return change_of(earlier, later, points=points)


def _told(groups: Sequence[ChangeGroup]) -> tuple[str, ...]:
    """Return the largest movements in sentences: the sure ones first, then the longest."""
    found = [
        (not one.sure, -_share(row, one), place, row, one)
        for place, (row, one) in enumerate(
            (row, one) for group in groups for row in group.rows for one in row.changes
        )
        if one.direction and one.before is not None
    ]
    return tuple(
        _("%(party)s on “%(topic)s”: from %(before)s to %(now)s, %(word)s.")
        % {
            "party": one.party.name,
            "topic": (row.detail or row.text).rstrip("."),
            "before": one.before.text if one.before else "",
            "now": one.now.text,
            "word": one.word,
        }
        for _sure, _far, _place, row, one in sorted(found, key=lambda each: each[:3])[:MOST_TOLD]
    )


def _share(row: ChangeRow, one: ChangeCard) -> float:
    """Return how far a figure moved, as a share of the scale's length."""
    if one.before is None or one.before.value is None or one.now.value is None:
        return 0.0
    return abs(one.now.value - one.before.value) / (row.high - row.low)


def _apart(now: MirrorCard, before: MirrorCard) -> tuple[str, ...]:
    modes = {one.party.key: one.mode for one in before.parties}
    sentences = []
    for one in now.parties:
        named = {"party": one.party.name}
        if one.party.key not in modes:
            sentences.append(_("%(party)s has no earlier figures here.") % named)
        elif modes[one.party.key] != one.mode:
            sentences.append(
                _(
                    "%(party)s spoke in another way then, so its figures are not compared: people "
                    "answer otherwise when they are asked otherwise."
                )
                % named
            )
    return tuple(sentences)


# ---------------------------------------------------------------- minds and people


def _minds(
    seat: Seat, asked: Round, earlier: Round, same: frozenset[str], card: MirrorCard
) -> tuple[tuple[str, ...], bool]:
    """Return of signed answers of the own party how much is minds and how much is people.

    :returns: a sentence a question; and whether some question has none, as few came or went.
    """
    if not may(seat, Act.STATEMENT_READ, Where(asked.alliance_id, seat.party)):
        return (), False
    later, before = (_signed_by(seat.party, one) for one in (asked, earlier))
    if later is None or before is None:
        return (), False
    names = {
        (item.code, str(one.about.key) if one.about else ""): item.title or item.text
        for section in card.sections
        for facet in section.facets
        for item in facet.items
        for one in item.figures
        if one.party.key == seat.party and item.code in same and not item.choice
    }
    sentences, hidden = [], False
    for place, name in names.items():
        split = _split(before.get(place, {}), later.get(place, {}))
        if split is not None and _enough(split, max(asked.k, earlier.k)):
            sentences.append(_split_told(name, split))
        else:
            hidden = True
    return tuple(sentences), hidden


Signed = Mapping[tuple[str, str], Mapping[int, float]]
"""What people of a party signed: by question and party asked about, the point by seat."""


def _signed_by(party: int, asked: Round) -> Signed | None:
    """Return the signed answers of a party to a round, ``None`` if it did not speak by name."""
    cohorts = list(
        Cohort.objects.filter(round=asked)
        .order_by("party__position")
        .values_list("pk", "party", "mode")
    )
    own = next((key for key, one, mode in cohorts if one == party and mode == Mode.NAMED), None)
    if own is None:
        return None
    partners = [one for _key, one, _mode in cohorts if one != party]
    questions = questions_about(instrument_of(asked.instrument), partners)
    given: dict[tuple[str, str], dict[int, float]] = {}
    for row in Statement.objects.filter(cohort=own, seat__isnull=False):
        for question, answer in zip(questions, bytes(row.answers), strict=True):
            if answer not in (NOT_ANSWERED, CANNOT_JUDGE):
                point = float(answer - 1 + question.low)
                given.setdefault((question.code, question.about), {})[row.seat_id or 0] = point
    return given


def _split(earlier: Mapping[int, float], later: Mapping[int, float]) -> Split | None:
    seats = sorted({*earlier, *later})
    if not {*earlier} & {*later}:
        return None  # nobody answered twice
    return split_change([earlier.get(one) for one in seats], [later.get(one) for one in seats])


def _enough(split: Split, k: int) -> bool:
    """Tell whether every group that a sentence speaks of is large enough; nobody is no group."""
    return split.n_stayed >= k and all(not n or n >= k for n in (split.n_joined, split.n_left))


def _split_told(topic: str, split: Split) -> str:
    total, minds = round(split.total, 1), round(split.minds, 1)
    told = {
        "topic": topic.rstrip("."),
        "total": _signed(total),
        "minds": _signed(minds),
        "people": _signed(round(total - minds, 1)),
        "n": split.n_stayed,
    }
    if not (split.n_joined or split.n_left):
        return _("“%(topic)s”: %(total)s, all of it by the same %(n)s people.") % told
    return (
        _(
            "“%(topic)s”: %(total)s, of which %(minds)s by the same %(n)s people and %(people)s "
            "because people changed."
        )
        % told
    )


def _signed(number: float) -> str:
    """Return a change with its sign: +0.5, −0.5, 0.0."""
    told = str(number_format(abs(number), decimal_pos=1))
    return f"+{told}" if number > 0 else f"−{told}" if number < 0 else told
