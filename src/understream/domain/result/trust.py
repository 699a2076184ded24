"""What a trust scan says: three panels that are never added up, both ways, and the mirror view.

Rests on Mayer, Davis & Schoorman (1995) for ability, integrity and benevolence, on Zaheer, McEvily
& Perrone (1998) for people and organisation, and on Graebner, Lumineau & Fudge Kamal (2020) for
trust that is not answered. The patterns and their limits are ours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from understream.domain.alliance import PartyCard
from understream.domain.commitment import CommitmentCard
from understream.domain.mirror import FigureCard, MirrorCard
from understream.domain.result.card import (
    APART,
    STRONG,
    WORKABLE,
    Beside,
    Pattern,
    Row,
    band_of,
    facets_of,
    figure_of,
    figures_of,
    items_of,
    sure_of,
    value_of,
)
from understream.domain.word import WORDS
from understream.measurement.gap import displayed_label
from understream.measurement.social_relations import effects

LENSES: Final = ("ability", "integrity", "benevolence")
ABILITY, INTEGRITY, BENEVOLENCE = LENSES
TWINS: Final = (("TM1", "TA1", ABILITY), ("TM2", "TI1", INTEGRITY), ("TM3", "TB1", BENEVOLENCE))
"""What is asked of the mirror view, what it is compared with, and the lens of both."""
RISKS: Final = (("TV1", "TD1"), ("TV2", "TD2"), ("TV3", "TD3"), ("TV4", "TD4"))
"""Whether one would, and whether one did."""
PEOPLE_ABOVE: Final = 1.0
"""So much higher stand the people than their organisation where trust hangs on people."""
EFFECT: Final = 0.5
"""From here a party is said to give, or to get, more than others."""
NETWORK_FROM: Final = 4
"""Fewest parties of whom a network tells more than a matrix."""
SELDOM: Final = 20
"""A displayed share of at most so many per cent is few people."""
CENT: Final = 9


@dataclass(frozen=True, slots=True)
class Promised:
    """What one party had promised another, as both have judged it by today."""

    giver: PartyCard
    receiver: PartyCard
    kept: int
    renegotiated: int
    broken: int
    split: int
    open: int

    @property
    def text(self) -> str:
        """The same in words, without what there is none of."""
        told = (
            (self.kept, _("%(n)s kept")),
            (self.renegotiated, _("%(n)s renegotiated in time")),
            (self.broken, _("%(n)s broken")),
            (self.split, _("%(n)s judged differently")),
            (self.open, _("%(n)s open")),
        )
        return ", ".join(words % {"n": number} for number, words in told if number)


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk: whether a party would take it, and what its people say about having done so."""

    title: str
    figures: tuple[FigureCard, ...]
    done: tuple[FigureCard, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What one party thinks of another, in each of the three panels.

    :ivar state: ``self``, ``shown``, ``withheld``, or ``closed`` for what does not open here.
    :ivar lenses: ability, integrity and benevolence in words, each with its title.
    :ivar joint: the mean of the three, where all are shown; "" else.
    :ivar value: the same in scale points.
    """

    judge: PartyCard
    judged: PartyCard
    state: str
    reliable: str = ""
    lenses: tuple[tuple[str, str], ...] = ()
    joint: str = ""
    value: float | None = None
    willing: str = ""
    unequal: bool = False


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What one party thinks that another says of it, and what that other says."""

    who: PartyCard
    whom: PartyCard
    title: str
    believed: FigureCard
    found: FigureCard
    word: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a party stands among four or more: what it gives and gets beside the mean.

    :ivar gives: in scale points, above or below what all give, in words.
    """

    party: PartyCard
    gives: str
    gets: str
    word: str


@dataclass(frozen=True, slots=True)
class TrustResult:
    """A trust scan as it is read.

    :ivar lenses: the second panel: ability first, apart from the other two.
    :ivar network: whether there are so many parties that a network may be drawn, and every cell
        that it needs is shown.
    """

    parties: tuple[PartyCard, ...]
    promised: tuple[Promised, ...]
    reliable: tuple[Row, ...]
    lenses: tuple[Row, ...]
    risks: tuple[Risk, ...]
    beside: tuple[Row, ...]
    matrix: tuple[tuple[Cell, ...], ...]
    mirrored: tuple[Mirrored, ...]
    standing: tuple[Standing, ...]
    network: bool
    patterns: tuple[Pattern, ...]
    sure: str
    kind: str = "trust"


def read_trust(mirror: MirrorCard, beside: Beside) -> TrustResult:
    """Return what a mirror of a trust scan says."""
    parties = tuple(line.party for line in mirror.parties)
    judged = _judged(mirror, parties)
    matrix = _matrix(mirror, judged)
    standing = _standing(judged, matrix)
    return TrustResult(
        parties=judged,
        promised=_promised(beside.promises, judged),
        reliable=_rows(mirror, ("reliability",)),
        lenses=_rows(mirror, LENSES),
        risks=_risks(mirror),
        beside=_rows(mirror, ("people", "stake"), plain=("stake",)),
        matrix=matrix,
        mirrored=_mirrored(mirror, judged),
        standing=standing,
        network=bool(standing),
        patterns=tuple(_patterns(mirror, judged)),
        sure=sure_of(mirror),
    )


def _judged(mirror: MirrorCard, parties: Sequence[PartyCard]) -> tuple[PartyCard, ...]:
    """Return everybody who judges or is judged, in the order of the alliance."""
    found = {one.key: one for one in parties}
    for section in mirror.sections:
        for facet in section.facets:
            for figure in facet.figures:
                if figure.about:
                    found.setdefault(figure.about.key, figure.about)
    return tuple(sorted(found.values(), key=lambda one: one.position))


def _rows(mirror: MirrorCard, codes: Sequence[str], plain: Sequence[str] = ()) -> tuple[Row, ...]:
    """Return facets as rows: one for each, or with three parties or more for each party judged."""
    facets, rows = facets_of(mirror), []
    for code in codes:
        if code not in facets:
            continue
        facet = facets[code]
        for about, figures in _by_judged(figures_of(mirror, code)):
            title = (
                _("%(facet)s of %(party)s") % {"facet": facet.title, "party": about.name}
                if about
                else facet.title
            )
            words = ("",) * len(figures) if code in plain else tuple(
                band_of(one.value) for one in figures
            )  # fmt: skip
            rows.append(Row(code, title, facet.low, facet.high, figures, words))
    return tuple(rows)


def _by_judged(
    figures: Sequence[FigureCard],
) -> list[tuple[PartyCard | None, tuple[FigureCard, ...]]]:
    """Return figures by whom they judge; together if no party is judged by two."""
    judged: dict[int, list[FigureCard]] = {}
    for one in figures:
        judged.setdefault(one.about.key if one.about else 0, []).append(one)
    two = 2  # who speak of each other
    if all(len(own) == 1 for own in judged.values()) and len(judged) <= two:
        return [(None, tuple(figures))]
    return [(own[0].about, tuple(own)) for own in judged.values()]


def _risks(mirror: MirrorCard) -> tuple[Risk, ...]:
    asked = {
        item.code: item
        for section in mirror.sections
        for facet in section.facets
        for item in facet.items
    }
    found = []
    for would, did in RISKS:
        if would not in asked:
            continue
        titles = {
            "TV1": _("Depend on them"),
            "TV2": _("Share what could harm us"),
            "TV3": _("Step before it is on paper"),
            "TV4": _("Admit a mistake"),
        }
        for about, figures in _by_judged(items_of(mirror, would)):
            done = tuple(
                one
                for one in items_of(mirror, did)
                if about is None or (one.about and one.about.key == about.key)
            )
            title = titles[would] if about is None else f"{titles[would]} · {about.name}"
            found.append(Risk(title, figures, done, asked[would].low, asked[would].high))
    return tuple(found)


def _promised(
    promises: Sequence[CommitmentCard], parties: Sequence[PartyCard]
) -> tuple[Promised, ...]:
    told = []
    for giver in parties:
        for receiver in parties:
            kinds = [
                one.kind
                for one in promises
                if (one.giver.key, one.receiver.key) == (giver.key, receiver.key)
            ]
            if set(kinds) - {"proposed", "withdrawn"}:
                told.append(
                    Promised(
                        giver,
                        receiver,
                        *(
                            kinds.count(kind)
                            for kind in ("kept", "renegotiated", "broken", "split", "open")
                        ),
                    )
                )
    return tuple(told)


def _matrix(mirror: MirrorCard, parties: Sequence[PartyCard]) -> tuple[tuple[Cell, ...], ...]:
    joint = {
        (a.key, b.key): _joint(mirror, a, b) for a in parties for b in parties if a.key != b.key
    }
    return tuple(
        tuple(
            Cell(judge, judged, "self")
            if judge.key == judged.key
            else _cell(mirror, judge, judged, joint)
            for judged in parties
        )
        for judge in parties
    )


def _cell(
    mirror: MirrorCard,
    judge: PartyCard,
    judged: PartyCard,
    joint: Mapping[tuple[int, int], float | None],
) -> Cell:
    def figure(facet: str) -> FigureCard | None:
        return figure_of(figures_of(mirror, facet), judge.key, judged.key)

    lenses = {lens: figure(lens) for lens in LENSES}
    reliable, willing = figure("reliability"), figure("willing")
    known = [one for one in (*lenses.values(), reliable, willing) if one is not None]
    if not known:
        return Cell(judge, judged, "closed")
    if all(one.value is None for one in known):
        return Cell(judge, judged, "withheld")
    facets = facets_of(mirror)
    value, back = joint[judge.key, judged.key], joint[judged.key, judge.key]
    return Cell(
        judge,
        judged,
        "shown",
        reliable.text if reliable else "",
        tuple((facets[lens].title, one.text) for lens, one in lenses.items() if one is not None),
        _told(value),
        value,
        willing.text if willing else "",
        value is not None and back is not None and round(abs(value - back), CENT) >= APART,
    )


def _joint(mirror: MirrorCard, judge: PartyCard, judged: PartyCard) -> float | None:
    """Return the mean of what is displayed of the three lenses, if all three are."""
    values = [value_of(figures_of(mirror, lens), judge.key, judged.key) for lens in LENSES]
    shown = [one for one in values if one is not None]
    return round(sum(shown) / len(LENSES), 1) if len(shown) == len(LENSES) else None


def _mirrored(mirror: MirrorCard, parties: Sequence[PartyCard]) -> tuple[Mirrored, ...]:
    facets, told = facets_of(mirror), []
    for who in parties:
        for whom in parties:
            for asked, twin, lens in TWINS:
                believed = figure_of(items_of(mirror, asked), who.key, whom.key)
                found = figure_of(items_of(mirror, twin), whom.key, who.key)
                if believed is None or found is None:
                    continue
                word = ""
                if believed.value is not None and found.value is not None:
                    label = displayed_label(believed.value, found.value)
                    word = str(WORDS[label.value])
                told.append(Mirrored(who, whom, facets[lens].title, believed, found, word))
    return tuple(told)


def _standing(
    parties: Sequence[PartyCard], matrix: Sequence[Sequence[Cell]]
) -> tuple[Standing, ...]:
    """Return what each of four or more gives and gets, if every cell is shown."""
    values = [[cell.value for cell in row] for row in matrix]
    complete = all(
        cell.value is not None or cell.state == "self" for row in matrix for cell in row
    )
    if len(parties) < NETWORK_FROM or not complete:
        return ()
    found = effects(values)
    told = []
    for party, gives, gets in zip(parties, found.actor, found.partner, strict=True):
        words = []
        if round(gives, CENT) >= EFFECT:
            words.append(_("gives more trust than others"))
        if round(gives, CENT) <= -EFFECT:
            words.append(_("gives less trust than others"))
        if round(gets, CENT) >= EFFECT:
            words.append(_("is trusted more than others"))
        if round(gets, CENT) <= -EFFECT:
            words.append(_("is trusted less than others"))
        told.append(Standing(party, _signed(gives), _signed(gets), ", ".join(words)))
    return tuple(told)


def _told(value: float | None) -> str:
    return "" if value is None else str(number_format(value, decimal_pos=1))


def _signed(value: float) -> str:
    rounded = round(value, 1) + 0.0
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + str(number_format(abs(rounded), decimal_pos=1))


# --------------------------------------------------------------------- patterns


@dataclass(frozen=True, slots=True)
class _View:
    """The displayed figures of one direction, by facet; ``joint`` is the mean of the lenses."""

    judge: PartyCard
    judged: PartyCard
    value: Callable[[str], float | None]
    text: Callable[[str], str]
    joint: float | None

    def high(self, facet: str) -> bool:
        value = self.joint if facet == "joint" else self.value(facet)
        return value is not None and value >= STRONG

    def low(self, facet: str) -> bool:
        value = self.joint if facet == "joint" else self.value(facet)
        return value is not None and value < WORKABLE

    def words(self, *facets: str) -> dict[str, str]:
        told = {facet: self.text(facet) for facet in facets}
        return {"judge": self.judge.name, "judged": self.judged.name, **told}


def _patterns(mirror: MirrorCard, parties: Sequence[PartyCard]) -> list[Pattern]:
    views = {
        (a.key, b.key): _view(mirror, a, b) for a in parties for b in parties if a.key != b.key
    }
    found = [pattern for view in views.values() for pattern in _one_way(mirror, view)]
    for a, b in combinations(parties, 2):
        for one, other in ((a, b), (b, a)):
            there, back = views[one.key, other.key], views[other.key, one.key]
            if there.high("joint") and back.low("joint"):
                found.append(_unrequited(there, back))
    return found


def _view(mirror: MirrorCard, judge: PartyCard, judged: PartyCard) -> _View:
    def figure(facet: str) -> FigureCard | None:
        return figure_of(figures_of(mirror, facet), judge.key, judged.key)

    def value(facet: str) -> float | None:
        found = figure(facet)
        return found.value if found else None

    def text(facet: str) -> str:
        found = figure(facet)
        return found.text if found else ""

    return _View(judge, judged, value, text, _joint(mirror, judge, judged))


def _one_way(mirror: MirrorCard, view: _View) -> list[Pattern]:
    """Return the patterns in what one party says of another."""
    both = (view.judge, view.judged)
    joint = _told(view.joint)
    found = []
    if view.high("reliability") and view.low("willing"):
        found.append(
            Pattern(
                "deliver-not-dare",
                _("They deliver, we do not dare yet"),
                _("%(judge)s finds that %(judged)s does what it says (%(reliability)s), and is "
                  "less ready to take a risk on it (%(willing)s).")
                % view.words("reliability", "willing"),
                _("Choose one small risk that can be undone, and plan it together."),
                both,
            )
        )  # fmt: skip
    if view.high("joint") and view.low("reliability"):
        found.append(
            Pattern(
                "good-will-weak",
                _("Good will, weak follow-through"),
                _("%(judge)s finds %(judged)s worthy of trust (%(joint)s), and is less sure that "
                  "it does what it says (%(reliability)s).")
                % {**view.words("reliability"), "joint": joint},
                _("Make commitments shorter, and look at them every week."),
                both,
            )
        )  # fmt: skip
    if view.high(ABILITY) and view.low(INTEGRITY):
        found.append(
            Pattern(
                "able-what-want",
                _("Able, but what do they want?"),
                _("%(judge)s finds %(judged)s able (%(ability)s), and is less sure of its "
                  "integrity (%(integrity)s).") % view.words(ABILITY, INTEGRITY),
                _("Lay both parties’ goals and interests on the table, before the next decision."),
                both,
            )
        )  # fmt: skip
    if view.high(INTEGRITY) and view.low(BENEVOLENCE):
        found.append(
            Pattern(
                "correct-cool",
                _("Correct, cool"),
                _("%(judge)s is sure of the integrity of %(judged)s (%(integrity)s), and less of "
                  "its benevolence (%(benevolence)s).") % view.words(INTEGRITY, BENEVOLENCE),
                _("Each names one thing it will do for the other’s goal."),
                both,
            )
        )  # fmt: skip
    people = view.value("people")
    if (
        people is not None
        and view.joint is not None
        and round(people - view.joint, CENT) >= PEOPLE_ABOVE
    ):
        found.append(
            Pattern(
                "hangs-on-people",
                _("Trust hangs on people"),
                _("%(judge)s thinks more of the people of %(judged)s (%(people)s) than of their "
                  "organisation (%(joint)s).") % {**view.words("people"), "joint": joint},
                _("Give this relation a second pair of contacts, and write down what was agreed."),
                both,
            )
        )  # fmt: skip
    if view.high("joint") and view.high("stake") and _seldom_watched(mirror, view):
        found.append(
            Pattern(
                "blind-spot",
                _("Blind spot"),
                _("%(judge)s trusts %(judged)s (%(joint)s), would be hurt a great deal "
                  "(%(stake)s), and few there keep an eye on anything.")
                % {**view.words("stake"), "joint": joint},
                _("Agree on one light check, and say why."),
                both,
            )
        )  # fmt: skip
    return found


def _seldom_watched(mirror: MirrorCard, view: _View) -> bool:
    figure = figure_of(items_of(mirror, "TW1"), view.judge.key, view.judged.key)
    return bool(figure and figure.bands and figure.bands[0].share <= SELDOM)


def _unrequited(there: _View, back: _View) -> Pattern:
    words = {
        "judge": there.judge.name,
        "judged": there.judged.name,
        "there": _told(there.joint),
        "back": _told(back.joint),
    }
    return Pattern(
        "unrequited",
        _("Not answered in kind"),
        _("%(judge)s trusts %(judged)s (%(there)s) more than it is trusted back (%(back)s).")
        % words,
        _("%(judged)s tells with two examples what it misses. The two figures are not averaged.")
        % words,
        (there.judge, there.judged),
    )
