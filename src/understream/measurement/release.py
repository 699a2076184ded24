"""Turn what people said in a round into the figures that are displayed: once, for ever.

A voice comes packed, one byte a question in the order of the questions: 0 not answered, 255 can't
judge, else the point from 1 (whose name is ``point - 1 + low``). A release holds displayed figures
(`disclosure`) and no others; equal voices give equal bytes, whatever their order.

* :func:`release_round` ``([PartyVoices, ...], policy=Policy(k))`` for pages: each party's figures,
  facets, blocks, and what lies between each two parties. It is stored by :func:`to_plain`, read
  again by :func:`from_plain`, and known by its :func:`digest`.
* :func:`release_table` ``(questions, {party: {unit: [voice, ...]}}, policy=Policy(k))`` for
  ``measure --release``: a `ScopeFigures` for every unit, or units joined into a block, for every
  party, and for all. Units are the cells of their party, in the order given: sort them by name.
  Without parties give one, ``{"": units}``; it is then ``all`` itself. With several, ``all`` is a
  pool and needs three parties. ``scope.n`` is "", "5-9" or exact; ``scope.answers[j].figure``
  belongs to ``questions[j]``; ``scope.facets`` are the scales (``Question.facet``).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from math import isfinite
from typing import Any, Final, Literal

from understream.measurement.disclosure import (
    MOST_POINTS,
    WITHHELD,
    WORD_FROM,
    Band,
    End,
    Figure,
    Policy,
    Shares,
    Shown,
    Tally,
    Withheld,
    form_blocks,
    joined,
    label_of,
    may_pool,
    rounded,
    show,
    show_choice,
    steps_of,
)
from understream.measurement.gap import Gap, displayed_label, welch_label
from understream.measurement.within_group import Agreement

NOT_ANSWERED: Final = 0
CANNOT_JUDGE: Final = 255
#: The mode of a party whose people fill one form together; the others speak one by one.
ONE_VOICE: Final = "one voice"
#: With more parties than this, nobody reads what lies between each two of them.
MOST_COMPARED: Final = 6
#: A facet is shown if so much of its items is.
FACET_SHARE: Final = Fraction(2, 3)


# ------------------------------------------------------------------ what goes in


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and where its answers stand: on ``points`` points, the lowest called ``low``.

    ``about`` names the party that is asked about, if the question is about one. ``reverse`` says
    that agreeing speaks against the facet: the item's own figure stays as asked; only in the mean
    of its facet it is turned round.
    """

    code: str
    about: str
    facet: str
    kind: Literal["rating", "choice"]
    points: int
    low: int = 1
    reverse: bool = False

    def __post_init__(self) -> None:
        """Refuse a scale that cannot be packed or displayed."""
        if self.kind == "rating":
            steps_of(self.points)
        elif not 2 <= self.points <= MOST_POINTS:  # noqa: PLR2004 - a choice is between two
            raise ValueError(f"a choice has 2 to {MOST_POINTS} options, not {self.points}")


@dataclass(frozen=True, slots=True)
class PartyVoices:
    """What the people of one party said.

    ``voices`` are packed answers in the order of ``questions``; ``hints[i]`` is the cell of voice
    *i*, below ``cells``, fixed when the round opened. In mode *one voice* there is at most one.
    """

    party: str
    mode: str
    questions: Sequence[Question]
    voices: Sequence[bytes]
    hints: Sequence[int]
    cells: int = 1


# ----------------------------------------------------------------- what comes out


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an organisation said with one voice, exactly; None if it left the question open."""

    value: int | None
    could_not: bool = False


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of the displayed figures of a facet's items, in scale points.

    ``end`` says which of them were coded at an end: the mean then is that much or lower, or
    higher; with ``both`` it is approximate.
    """

    mean: float
    end: Literal["", "lower", "higher", "both"]


@dataclass(frozen=True, slots=True)
class ItemFigure:
    """The figure of one question."""

    code: str
    about: str
    figure: Figure | Spoken


@dataclass(frozen=True, slots=True)
class FacetFigure:
    """The figure of one facet; it has no agreement word of its own."""

    facet: str
    about: str
    figure: Average | Withheld


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """The figures of one block: of some cells of a party, shown together only."""

    cells: tuple[int, ...]
    answers: tuple[ItemFigure, ...]
    facets: tuple[FacetFigure, ...]


@dataclass(frozen=True, slots=True)
class PartyFigures:
    """All that is displayed of one party. ``blocks`` is empty unless there are two or more.

    ``n`` is "", "5-9" or exact, once for all questions; "" also for one voice.
    """

    party: str
    mode: str
    n: str
    answers: tuple[ItemFigure, ...]
    facets: tuple[FacetFigure, ...]
    blocks: tuple[BlockFigures, ...]


@dataclass(frozen=True, slots=True)
class GapFigure:
    """What lies between two parties on one question: the same, or each about the other."""

    code: str
    first: str
    second: str
    label: Gap


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """A release: all that is displayed of a round."""

    k: int
    parties: tuple[PartyFigures, ...]
    gaps: tuple[GapFigure, ...]


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """One group of a table: units shown together, a party, or all.

    ``units`` names the units of a block; it is empty for a party and for all.
    """

    kind: Literal["unit", "party", "all"]
    party: str
    units: tuple[str, ...]
    n: str
    answers: tuple[ItemFigure, ...]
    facets: tuple[FacetFigure, ...]


# --------------------------------------------------------------------- a round


def release_round(parties: Sequence[PartyVoices], *, policy: Policy) -> RoundFigures:
    """Compute all that will ever be displayed of a round.

    :param parties: what each party said, in the order in which they are to be shown.
    :param policy: the k of the round.
    :returns: the figures of every party, and of up to six parties what lies between each two.
    :raises ValueError: if a party comes twice, or for any fault :func:`release_party` finds.
    """
    if len({said.party for said in parties}) < len(parties):
        raise ValueError("each party speaks once in a round")
    heard = [_heard(said, policy) for said in parties]
    figures = tuple(_party(said, one, policy) for said, one in zip(parties, heard, strict=True))
    gaps: tuple[GapFigure, ...] = ()
    if len(parties) <= MOST_COMPARED:
        sides = [
            _side(said, one, shown, policy)
            for said, one, shown in zip(parties, heard, figures, strict=True)
        ]
        gaps = tuple(gap for a, b in combinations(sides, 2) for gap in _gaps(a, b))
    return RoundFigures(policy.k, figures, gaps)


def release_party(said: PartyVoices, *, policy: Policy) -> PartyFigures:
    """Compute all that will be displayed of one party.

    Named answers obey the same table: what people signed is read by their own party as
    statements; figures of them are read by others too.

    :param said: what its people said.
    :param policy: the k of the round.
    :returns: the figures of the party and, if there are several, of its blocks.
    :raises ValueError: if an answer lies off its scale, a voice does not fit the questions, a
        voice has no cell, or a party with one voice has several.
    """
    return _party(said, _heard(said, policy), policy)


@dataclass(frozen=True, slots=True)
class _Heard:
    """The blocks of a party: their cells, their numbers of people, a tally for each question."""

    blocks: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    tallies: tuple[tuple[Tally, ...], ...]


def _heard(said: PartyVoices, policy: Policy) -> _Heard:
    if len(said.hints) != len(said.voices):
        raise ValueError("every voice has a cell")
    if said.mode == ONE_VOICE:
        return _Heard((), (), ())
    cells: list[list[bytes]] = [[] for _ in range(said.cells)]
    for voice, hint in zip(said.voices, said.hints, strict=True):
        if not 0 <= hint < said.cells:
            raise ValueError(f"a voice stands in cell {hint}, of {said.cells}")
        cells[hint].append(voice)
    return _hear(said.questions, cells, policy)


def _hear(
    questions: Sequence[Question], cells: Sequence[Sequence[bytes]], policy: Policy
) -> _Heard:
    """Form blocks of those who said anything, and count."""
    _fit(questions, (voice for cell in cells for voice in cell))
    spoke = [[voice for voice in cell if any(voice)] for cell in cells]
    blocks = form_blocks([len(cell) for cell in spoke], k=policy.k)
    people = [[voice for cell in block for voice in spoke[cell]] for block in blocks]
    return _Heard(
        blocks,
        tuple(len(voices) for voices in people),
        tuple(tuple(_tallies(questions, b"".join(voices))) for voices in people),
    )


def _fit(questions: Sequence[Question], voices: Iterable[bytes]) -> None:
    if any(len(voice) != len(questions) for voice in voices):
        raise ValueError("a voice has one byte for each question")


def _tallies(questions: Sequence[Question], packed: bytes) -> Iterable[Tally]:
    for at, question in enumerate(questions):
        answers = packed[at :: len(questions)]
        counts = tuple(answers.count(point) for point in range(1, question.points + 1))
        could_not = answers.count(CANNOT_JUDGE)
        if sum(counts) + could_not + answers.count(NOT_ANSWERED) < len(answers):
            raise ValueError(f"an answer to {question.code} lies off its scale")
        yield Tally(counts, could_not)


def _party(said: PartyVoices, heard: _Heard, policy: Policy) -> PartyFigures:
    questions = said.questions
    if said.mode == ONE_VOICE:
        answers = _spoken(questions, said.voices)
    else:
        answers = _answers(questions, heard.tallies, policy)
    blocks = tuple(zip(heard.blocks, heard.tallies, strict=True))
    return PartyFigures(
        party=said.party,
        mode=str(said.mode),
        n=label_of(sum(heard.sizes), policy=policy),
        answers=answers,
        facets=_facets(questions, answers),
        blocks=tuple(_block(questions, cells, tallies, policy) for cells, tallies in blocks)
        if len(blocks) > 1
        else (),
    )


def _block(
    questions: Sequence[Question],
    cells: tuple[int, ...],
    tallies: tuple[Tally, ...],
    policy: Policy,
) -> BlockFigures:
    answers = _answers(questions, [tallies], policy)
    return BlockFigures(cells, answers, _facets(questions, answers))


def _answers(
    questions: Sequence[Question], blocks: Sequence[Sequence[Tally]], policy: Policy
) -> tuple[ItemFigure, ...]:
    answers = []
    for at, question in enumerate(questions):
        tally = _together(question, (block[at] for block in blocks), policy)
        answers.append(ItemFigure(question.code, question.about, _figure(question, tally, policy)))
    return tuple(answers)


def _together(question: Question, blocks: Iterable[Tally], policy: Policy) -> Tally:
    return joined(blocks, policy=policy, ordered=question.kind == "rating")


def _figure(question: Question, tally: Tally, policy: Policy) -> Figure:
    if question.kind == "choice":
        return show_choice(tally, policy=policy)
    return show(tally, policy=policy, low=question.low)


def _spoken(questions: Sequence[Question], voices: Sequence[bytes]) -> tuple[ItemFigure, ...]:
    """Return the one form of a party as it was filled in; without any, every question is open."""
    if len(voices) > 1:
        raise ValueError("a party that speaks with one voice speaks once")
    form = voices[0] if voices else bytes(len(questions))
    _fit(questions, [form])
    list(_tallies(questions, form))  # refuses what lies off the scale
    return tuple(
        ItemFigure(
            question.code,
            question.about,
            Spoken(None, could_not=answer == CANNOT_JUDGE)
            if answer in (NOT_ANSWERED, CANNOT_JUDGE)
            else Spoken(answer - 1 + question.low),
        )
        for question, answer in zip(questions, form, strict=True)
    )


# ---------------------------------------------------------------------- facets


def _facets(
    questions: Sequence[Question], answers: Sequence[ItemFigure]
) -> tuple[FacetFigure, ...]:
    """Return the facets in the order of their first items: means of displayed figures."""
    items: dict[tuple[str, str], list[tuple[Question, ItemFigure]]] = {}
    for question, answer in zip(questions, answers, strict=True):
        if question.kind == "rating" and question.facet:
            items.setdefault((question.facet, question.about), []).append((question, answer))
    return tuple(
        FacetFigure(facet, about, _average(members)) for (facet, about), members in items.items()
    )


def _average(items: Sequence[tuple[Question, ItemFigure]]) -> Average | Withheld:
    if len({(question.points, question.low) for question, _ in items}) > 1:
        raise ValueError(f"the items of facet {items[0][0].facet} stand on one scale")
    question = items[0][0]
    whole = 2 * question.low + question.points - 1  # the lowest point and the highest
    readings = [
        _turned(reading, whole) if asked.reverse else reading
        for asked, answer in items
        if (reading := _reading(answer.figure)) is not None
    ]
    if not readings or len(readings) < FACET_SHARE * len(items):
        return WITHHELD
    _, fine = steps_of(question.points)
    total = sum((value for value, _ in readings), start=Fraction(0))
    mean = rounded(total / len(readings), middle=Fraction(whole, 2), step=fine)
    ends = {end for _, end in readings if end}
    return Average(float(mean), "both" if len(ends) > 1 else next(iter(ends), ""))


def _turned(reading: tuple[Fraction, End], whole: int) -> tuple[Fraction, End]:
    """Return what would be read if the scale were turned round."""
    value, end = reading
    turned: dict[End, End] = {"": "", "lower": "higher", "higher": "lower"}
    return whole - value, turned[end]


def _reading(figure: Figure | Spoken) -> tuple[Fraction, End] | None:
    """Return a displayed number as the decimal that is read, and how it is coded."""
    match figure:
        case Shown(mean=mean, end=end):
            return _as_read(mean), end
        case Spoken(value=int(value)):
            return Fraction(value), ""
        case _:
            return None


@lru_cache(maxsize=4096)
def _as_read(mean: float) -> Fraction:
    return Fraction(str(mean))


# ------------------------------------------------------------------------ gaps


@dataclass(frozen=True, slots=True)
class _Side:
    """One party's answers for comparison: by code and party asked about."""

    party: str
    items: Mapping[tuple[str, str], tuple[Question, Figure | Spoken, Tally]]


def _side(said: PartyVoices, heard: _Heard, figures: PartyFigures, policy: Policy) -> _Side:
    return _Side(
        said.party,
        {
            (question.code, question.about): (
                question,
                answer.figure,
                _together(question, (block[at] for block in heard.tallies), policy),
            )
            for at, (question, answer) in enumerate(
                zip(said.questions, figures.answers, strict=True)
            )
        },
    )


def _gaps(a: _Side, b: _Side) -> Iterable[GapFigure]:
    """Compare two parties on what both were asked, or on what each was asked about the other."""
    for (code, about), (question, figure, tally) in a.items.items():
        if about not in ("", b.party):
            continue
        other = b.items.get((code, a.party if about else ""))
        if other is None:
            continue
        _, their_figure, their_tally = other
        mine, theirs = _reading(figure), _reading(their_figure)
        if mine is None or theirs is None:
            continue
        if min(tally.answered, their_tally.answered) >= WORD_FROM:
            label = welch_label(tally.counts, their_tally.counts)
        else:
            label = displayed_label(float(mine[0]), float(theirs[0]), question.points)
        yield GapFigure(code, a.party, b.party, label)


# ----------------------------------------------------------------------- a table


def release_table(
    questions: Sequence[Question],
    parties: Mapping[str, Mapping[str, Sequence[bytes]]],
    *,
    policy: Policy,
) -> tuple[ScopeFigures, ...]:
    """Compute what may be shown of a table of ratings, at every level of it.

    :param questions: what was asked, in the order of the packed answers.
    :param parties: by party, then by unit, one packed voice for each person. The order of the
        units decides which are joined, so that it may not depend on the answers.
    :param policy: fewest people of whom anything is shown.
    :returns: the units of each party, block by block, and the party; then all. Units that are
        shown together are one scope; so are all units of a party that is too small. All is the
        only party; or all parties of which something is shown, question by question, if they are
        three or more.
    :raises ValueError: without a party, or for answers :func:`release_party` would refuse.
    """
    if not parties:
        raise ValueError("a table has at least one party, which may be called nothing")
    heard = {
        party: _hear(questions, list(units.values()), policy) for party, units in parties.items()
    }
    scopes: list[ScopeFigures] = []

    def add(
        kind: Literal["unit", "party", "all"],
        party: str,
        units: tuple[str, ...],
        people: int,
        answers: tuple[ItemFigure, ...],
    ) -> None:
        n = label_of(people, policy=policy)
        facets = _facets(questions, answers)
        scopes.append(ScopeFigures(kind, party, units, n, answers, facets))

    for party, one in heard.items():
        names = tuple(parties[party])
        for cells, size, tallies in zip(one.blocks, one.sizes, one.tallies, strict=True):
            units = tuple(names[cell] for cell in cells)
            add("unit", party, units, size, _answers(questions, [tallies], policy))
        whole = _answers(questions, one.tallies, policy)
        if not one.blocks:
            add("unit", party, names, 0, whole)
        if len(parties) > 1:
            add("party", party, (), sum(one.sizes), whole)
        else:
            add("all", "", (), sum(one.sizes), whole)
    if len(parties) > 1:
        people = [sum(one.sizes) for one in heard.values() if one.blocks]
        pooled = sum(people) if people and may_pool(people, k=policy.k) else 0
        add("all", "", (), pooled, _pooled(questions, list(heard.values()), policy))
    return tuple(scopes)


def _pooled(
    questions: Sequence[Question], heard: Sequence[_Heard], policy: Policy
) -> tuple[ItemFigure, ...]:
    """Show all parties together, for each question by the pool rule."""
    answers = []
    for at, question in enumerate(questions):
        parties = [
            _together(question, (block[at] for block in one.tallies), policy) for one in heard
        ]
        shown = [tally for tally in parties if tally.answered]
        sizes = [tally.answered for tally in shown]
        pool = shown if sizes and may_pool(sizes, k=policy.k) else []
        figure = _figure(question, _together(question, pool, policy), policy)
        answers.append(ItemFigure(question.code, question.about, figure))
    return tuple(answers)


# ------------------------------------------------------------------ plain and sealed

_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        Band,
        Shown,
        Shares,
        Withheld,
        Spoken,
        Average,
        ItemFigure,
        FacetFigure,
        BlockFigures,
        PartyFigures,
        GapFigure,
        RoundFigures,
    )
}
_FIELDS: Final = {
    name: tuple(field.name for field in fields(kind)) for name, kind in _KINDS.items()
}
#: Fields that hold a word of a fixed list.
_WORDS: Final[Mapping[str, type[StrEnum]]] = {"word": Agreement, "label": Gap}


def to_plain(figures: RoundFigures) -> dict[str, object]:
    """Return a release as plain dictionaries and lists, to be stored or written as JSON.

    :param figures: a release.
    :returns: its fields, with ``kind`` naming what it is, and so for every figure in it; lists for
        tuples, text for words.
    """
    plain = _plain(figures)
    assert isinstance(plain, dict)  # a release has fields
    return plain


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, StrEnum):
        return value.value
    if type(value).__name__ not in _KINDS:
        return value
    names = _FIELDS[type(value).__name__]
    return {"kind": type(value).__name__} | {name: _plain(getattr(value, name)) for name in names}


def from_plain(plain: Mapping[str, object]) -> RoundFigures:
    """Return the release that :func:`to_plain` made plain, exactly.

    :param plain: what :func:`to_plain` returned, also after a journey through JSON.
    :returns: the release.
    :raises ValueError: if it is no stored release, or one with fields too few or too many.
    """
    if plain.get("kind") != RoundFigures.__name__:
        raise ValueError("this is no stored release")
    figures = _figures_of("", plain)
    assert isinstance(figures, RoundFigures)  # its kind says so
    return figures


def _figures_of(name: str, value: object) -> object:
    """Return the figure, the tuple, the word or the value that stood in the field *name*."""
    if isinstance(value, list):
        return tuple(_figures_of(name, one) for one in value)
    if name in _WORDS and isinstance(value, str):
        return _WORDS[name](value)
    if not isinstance(value, Mapping):
        return value
    kind = str(value.get("kind"))
    if kind not in _KINDS or value.keys() != {"kind", *_FIELDS[kind]}:
        raise ValueError("this is no stored release")
    return _KINDS[kind](**{field: _figures_of(field, value[field]) for field in _FIELDS[kind]})


def digest(plain: object) -> str:
    """Return the fingerprint of stored figures: the same for the same content, on any machine.

    :param plain: dictionaries with text as keys, lists, text, numbers, truth values and None.
    :returns: SHA-256 of its canonical JSON, 64 hexadecimal digits: keys sorted, no spaces,
        fractions as strings of six decimals.
    :raises ValueError: for a number that is not finite, or a key that is no text.
    """
    canonical = json.dumps(
        _canonical(plain), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sha256(canonical.encode()).hexdigest()


def _canonical(value: object) -> object:
    match value:
        case float():
            if not isfinite(value):
                raise ValueError("figures are finite")
            return f"{value:.6f}"
        case list() | tuple():
            return [_canonical(one) for one in value]
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("keys are text")
            return {key: _canonical(one) for key, one in value.items()}
        case _:
            return value
