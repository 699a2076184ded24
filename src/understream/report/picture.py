"""Draw findings as pictures: from displayed values to SVG, and to nothing finer.

A picture is a function of what a reader may see anyway. It is given the displayed value (already
rounded), whether that value is an end ("6.5 or higher"), and its words in the reader's language;
places, labels and text alternatives follow from these alone, and marks keep the order of the
alliance, never that of a score.

Places along the scale are per cent and heights are pixels, so that a picture stretches with its
column while marks and figures keep their form. Shapes stand in the page's sprite
(``web/_sprite.html``) and inks in its style sheet; nothing here carries a style, so that the pages
can forbid styles in their text. The text of a picture is escaped here, at the one place where it
becomes markup; only the component ``c-picture`` may print it as it is.

Source: dumbbell after Cleveland (1985), *The Elements of Graphing Data*, the dot plot; diverging
bars after Robbins & Heiberger (2011), *Plotting Likert and Other Rating Scales*; the dodge of
equal values after Wilkinson (1999), *The American Statistician* 53(3), 276-281, "Dot plots".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import cos, pi, sin
from typing import Literal

End = Literal["", "lower", "higher"]

MARK = 13.0
"""Height in pixels that one mark takes, with the gap that keeps it apart from the next."""
NEAR = 7.0
"""Per cent of the scale that one mark is wide on the narrowest picture (about 190 pixels)."""
LANE = 10.0
"""The same height for a band that lies beside the line, with its small mark."""
DOT = 9.0
"""The same height for the small dots of a strip."""
NEAR_DOT = 3.0
"""The same width for the small dots of a strip."""
SLOPE_HEIGHT, SLOPE_EDGE = 72.0, 10.0
"""Pixels from the lowest to the highest point of a slope, and what is left free beyond them."""
SLOPE_ENDS = (12.0, 88.0)
"""Where then and now stand in a slope, in per cent of its width."""
PLANE_HEIGHT, PLANE_EDGE = 190.0, 26.0
"""Pixels from the lowest to the highest point of a plane, and what is left free above."""
NETWORK_HEIGHT, NETWORK_TALL, NETWORK_WIDE = 300.0, 108.0, 34.0
"""Pixels of a network from top to bottom and of its half circle; its half width in per cent."""
READABLE = 20.0
"""Smallest share, in per cent, whose bar is wide enough to hold its own figure."""
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2, Char) does not allow as a character."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn finding.

    :ivar svg: markup, escaped; printed by the component ``c-picture`` and by nothing else.
    :ivar label: the same in words, for those who do not see it.
    """

    svg: str
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What one party shows on a scale.

    :ivar name: the party, as people know it.
    :ivar letter: ``a`` to ``f``: the colour and shape this alliance gave it.
    :ivar value: the displayed value in scale points, or ``None`` if it is not shown.
    :ivar words: the displayed value in words: "4.5", "6.5 or higher", "not shown".
    :ivar end: ``"higher"`` if the value says "or higher", ``"lower"`` if it says "or lower".
    :ivar step: the width of the step to which the value is rounded, in scale points; 0 draws none.
    :ivar people: the displayed mean of the party's own people, or ``None``; only
        :func:`topic_picture` draws it, and there ``end`` and ``step`` speak of it.
    :ivar people_words: that mean in words: "its people 4.5".
    """

    name: str
    letter: str
    value: float | None
    words: str
    end: End = ""
    step: float = 0.0
    people: float | None = None
    people_words: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """One of the three bands of a distribution.

    :ivar name: the band in words: "disagree, 1 to 3".
    :ivar share: the displayed share in per cent, 0 to 100.
    :ivar words: the displayed share in words: "40 %", "under 10 %".
    :ivar end: as for :class:`Mark`.
    :ivar short: what stands in the drawing where the words would be too long; "" for the words.
    """

    name: str
    share: float
    words: str
    end: End = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The scale on which values stand: its lowest and highest point."""

    lowest: int = 1
    highest: int = 7

    def place(self, value: float) -> float:
        """Return where a value lies, in per cent of the width from the lowest point, 0 to 100."""
        share = (value - self.lowest) / (self.highest - self.lowest)
        return round(100 * min(max(share, 0), 1), 2)

    def points(self) -> range:
        """Return the scale's own points."""
        return range(self.lowest, self.highest + 1)


SEVEN = Span()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one party stands on two scales at once.

    :ivar across: the displayed value from left to right, in scale points, or ``None``.
    :ivar up: the displayed value from below to above.
    :ivar words: both in words.
    """

    name: str
    letter: str
    across: float | None
    up: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Node:
    """One party of a network."""

    name: str
    letter: str


@dataclass(frozen=True, slots=True)
class Tie:
    """What one party of a network has for another.

    :ivar source: whose it is, by its place among the nodes; ``target`` whom it is about.
    :ivar width: 1, 2 or 3.
    :ivar words: the same in words.
    """

    source: int
    target: int
    width: int
    words: str


def dumbbell(title: str, marks: Sequence[Mark], *, hidden: str, span: Span = SEVEN) -> Picture:
    """Draw one item or facet: one mark for each party on one line, joined from end to end.

    A party that is not shown leaves no trace in the drawing, only its words in the label; if none
    is shown the line is hatched and says so. Marks closer than a mark's width step apart, up and
    down, in the order of the alliance.

    :param title: what is measured, in words.
    :param marks: one for each party, in the order of the alliance.
    :param hidden: the words for a line on which nothing is shown, as "not shown".
    :param span: the scale, in points.
    :returns: the picture; its label names every party with its words.
    """
    label = _label(title, marks)
    drawn = [(span.place(mark.value), mark) for mark in marks if mark.value is not None]
    if not drawn:
        return _blank(label, hidden)
    offsets = _offsets([place for place, _ in drawn])
    height = 34 + MARK * max(0, 2 * max(offsets) - 1)
    middle = height / 2
    centres = [middle + MARK * offset for offset in offsets]

    parts = [_scale(middle, span)]
    # The step to which a figure is rounded lies under everything that is sure.
    for centre, (_, mark) in zip(centres, drawn, strict=True):
        parts.append(_step(mark, centre, span))
    parts.append(_join([place for place, _ in drawn], middle))
    for centre, (place, mark) in zip(centres, drawn, strict=True):
        parts += [_open_end(mark, place, centre), _point(mark, place, centre)]
    return Picture(_svg("plot dumbbell", height, label, parts), label)


def topic_picture(
    marks: Sequence[Mark], *, title: str, hidden: str, low: int = 1, high: int = 7
) -> Picture:
    """Draw one topic of an evaluation: what each party says as a whole, and what its people say.

    A party's own rating is its mark on the line, as in :func:`dumbbell`. The displayed mean of
    its people, where it may be shown, is a small mark of the same shape beside the line, on a
    thin band as wide as the step to which that mean is rounded; where it says "or higher" or
    "or lower" the band runs to the end of the scale. The first party's band lies above the line,
    the second's below it, the third's above the first's, and so on.

    :param marks: one for each party, in the order of the alliance.
    :param title: the topic, in words.
    :param hidden: the words for a line on which nothing is shown, as "not answered".
    :param low: the lowest point of the scale.
    :param high: the highest point of the scale.
    :returns: the picture; its label names every party with its words and those of its people.
    """
    span = Span(low, high)
    label = _label(title, marks)
    drawn = [(span.place(mark.value), mark) for mark in marks if mark.value is not None]
    heard = [(at, mark) for at, mark in enumerate(marks) if mark.people is not None]
    if not drawn and not heard:
        return _blank(label, hidden)
    offsets = _offsets([place for place, _ in drawn])
    reach = MARK * max(offsets, default=0)
    rows = max((at // 2 + 1 for at, _ in heard), default=0)
    height = 34 + max(0, 2 * reach - MARK, 2 * (reach + LANE * (rows - 1)) if rows else 0)
    middle = height / 2

    parts = [_scale(middle, span)]
    for at, mark in heard:
        away = reach + LANE * (at // 2 + 1)
        parts.append(_people(mark, middle + away if at % 2 else middle - away, span))
    parts.append(_join([place for place, _ in drawn], middle))
    for offset, (place, mark) in zip(offsets, drawn, strict=True):
        parts.append(_point(mark, place, middle + MARK * offset))
    return Picture(_svg("plot topic-plot", height, label, parts), label)


def choice_picture(
    marks: Sequence[Mark], *, title: str, hidden: str, words: Sequence[str]
) -> Picture:
    """Draw one topic that is answered with one of a few ordered words, as how much changed.

    :param marks: one for each party, in the order of the alliance; the value is the place of its
        word in ``words``, from 0.
    :param title: the topic, in words.
    :param hidden: the words for a line on which nothing is shown, as "not answered".
    :param words: the ordered words; :func:`word_axis` writes them over the line.
    :returns: the picture; its label names every party with its words.
    """
    return topic_picture(marks, title=title, hidden=hidden, low=0, high=len(words) - 1)


def word_axis(words: Sequence[str]) -> Picture:
    """Draw ordered words, once above the lines that :func:`choice_picture` draws.

    :param words: two or more, the least first.
    :returns: the picture, without a label: every line's own label says its words.
    """
    span = Span(0, len(words) - 1)
    anchors = {0: "start", span.highest: "end"}
    texts = "".join(
        f'<text x="{_cent(span.place(at))}" y="12" text-anchor="{anchors.get(at, "middle")}">'
        f"{_text(word)}</text>"
        for at, word in enumerate(words)
    )
    return Picture(f'<svg class="plot" height="16" aria-hidden="true">{texts}</svg>', "")


def axis(span: Span = SEVEN) -> Picture:
    """Draw the figures of a scale, once above the lines that stand on it.

    :returns: the picture, without a label: every line's own label says its values.
    """
    figures = "".join(
        f'<text x="{_cent(span.place(point))}" y="12" text-anchor="middle">{point}</text>'
        for point in span.points()
    )
    return Picture(f'<svg class="plot" height="16" aria-hidden="true">{figures}</svg>', "")


def distribution(title: str, bands: Sequence[Band]) -> Picture:
    """Draw how answers divide over three bands: left and right of the middle of the middle one.

    A band given as an end ("under 10 %") is drawn open, with a dashed edge, at its displayed
    share. A figure stands in its bar where the bar is wide enough, else beside it; that of a
    narrow middle band stands only in the label and the table.

    :param title: whose answers, or to which question.
    :param bands: the low, the middle and the high band, in this order.
    :returns: the picture; its label names every band with its words.
    :raises ValueError: if there are not three bands.
    """
    if len(bands) != 3:  # noqa: PLR2004 - low, middle, high
        raise ValueError("a distribution has three bands: low, middle, high")
    label = f"{title}: " + "; ".join(f"{band.name} {band.words}" for band in bands)
    low, middle = bands[0].share, bands[1].share
    # Half the width is one whole hundred, so that no division ever runs out of the picture.
    starts = (50 - middle / 4 - low / 2, 50 - middle / 4, 50 + middle / 4)

    parts = [_rule("axis", 50, 0, 28)]
    for kind, start, band in zip(("low", "middle", "high"), starts, bands, strict=True):
        width = band.share / 2
        if width:
            look = f"open-bar {kind}" if band.end else kind
            parts.append(
                f'<rect class="{look}" x="{_cent(start)}" width="{_cent(width)}" y="4"'
                f' height="20">{_title(f"{band.name}: {band.words}")}</rect>'
            )
        parts.append(_figure(kind, start, width, band))
    return Picture(_svg("plot distribution", 28, label, parts), label)


def strip(title: str, marks: Sequence[Mark], *, note: str = "", span: Span = SEVEN) -> Picture:
    """Draw more parties than there are shapes: one dot each on one line, the lowest named.

    Equal values are stacked in the order of the alliance. Dots say a name when pointed at; the
    table beside the picture says them all.

    :param title: what is measured, in words.
    :param marks: one for each party, in the order of the alliance; those not shown are not drawn.
    :param note: the words under the lowest dot, as "Group 12: 3.5"; see :func:`lowest`.
    :param span: the scale, in points.
    :returns: the picture; its label is the title with the note.
    """
    label = f"{title}: {note}" if note else title
    drawn = [(span.place(mark.value), mark) for mark in marks if mark.value is not None]
    if not drawn:
        return _blank(label, note)
    levels = lanes([place for place, _ in drawn], NEAR_DOT)
    ground = 12 + DOT * (max(levels) + 1)
    named = lowest(marks)

    parts = [_scale(ground, span)]
    for level, (place, mark) in zip(levels, drawn, strict=True):
        look = "dot named" if mark in named else "dot"
        parts.append(
            f'<circle class="{look}" cx="{_cent(place)}" cy="{_px(ground - DOT * (level + 0.75))}"'
            f' r="4">{_title(f"{mark.name}: {mark.words}")}</circle>'
        )
    height = ground + 16
    if note:
        place = min(place for place, _ in drawn)
        anchor = "start" if place < 50 else "end"  # noqa: PLR2004 - the half that has room
        parts.append(_rule("leader", place, ground, ground + 14))
        parts.append(
            f'<text class="strong" x="{_cent(place)}" y="{_px(ground + 28)}"'
            f' text-anchor="{anchor}">{_text(note)}</text>'
        )
        height += 18
    return Picture(_svg("plot strip-plot", height, label, parts), label)


def slope(
    title: str,
    before: float | None,
    now: float | None,
    *,
    letter: str,
    words: str,
    hidden: str,
    noise: float = 0.0,
    span: Span = SEVEN,
) -> Picture:
    """Draw what became of one party's figure: then on the left, now on the right, joined.

    Higher stands higher. A grey band about the earlier figure is as far as a figure can move
    without meaning much. A figure that is not shown leaves no trace; if neither is shown the
    picture is hatched and says so.

    :param title: whose figure, and what is measured, in words.
    :param before: the earlier displayed value in scale points, or ``None`` if it is not shown.
    :param now: the later one.
    :param letter: ``a`` to ``f``: the colour and shape of the party.
    :param words: both values in words, and what became of them.
    :param hidden: the words for a picture on which nothing is shown, as "not shown".
    :param noise: half the height of the grey band, in scale points; 0 draws none.
    :param span: the scale, in points.
    :returns: the picture; its label is the title with the words.
    """
    label = f"{title}: {words}"
    if before is None and now is None:
        return _blank(label, hidden)

    def depth(value: float) -> float:
        return SLOPE_EDGE + SLOPE_HEIGHT * (1 - span.place(value) / 100)

    left, right = SLOPE_ENDS
    middle = (span.lowest + span.highest) / 2
    parts = [_line("tick", 0, 100, depth(at), depth(at)) for at in (span.lowest, span.highest)]
    parts.append(_line("tick dashed", 0, 100, depth(middle), depth(middle)))
    parts += [_line("axis", at, at, SLOPE_EDGE, SLOPE_EDGE + SLOPE_HEIGHT) for at in SLOPE_ENDS]
    if before is not None and now is not None:
        if noise:
            top, bottom = depth(before + noise), depth(before - noise)
            parts.append(
                f'<rect class="noise" x="{_cent(left)}" width="{_cent(right - left)}"'
                f' y="{_px(top)}" height="{_px(bottom - top)}"/>'
            )
        look = f"line party-{_text(letter)}"
        parts.append(_line(look, left, right, depth(before), depth(now)))
    mark = Mark(title, letter, None, words)
    for place, value in zip(SLOPE_ENDS, (before, now), strict=True):
        if value is not None:
            parts.append(_point(mark, place, depth(value)))
    return Picture(_svg("plot slope", SLOPE_HEIGHT + 2 * SLOPE_EDGE, label, parts), label)


def plane(
    title: str,
    spots: Sequence[Spot],
    *,
    across: str,
    up: str,
    hidden: str,
    limits: tuple[float, float],
    span: Span = SEVEN,
) -> Picture:
    """Draw where parties stand on two scales at once, with the limits between little and much.

    Marks that fall on each other step apart to the side, in the order of the alliance. A party of
    which a value is not shown is not drawn; the label says its words.

    :param title: what is crossed, in words.
    :param spots: one for each party, in the order of the alliance.
    :param across: what grows from left to right, in words; ``up`` what grows upwards.
    :param hidden: the words for a plane on which nobody stands, as "not shown".
    :param limits: the two values between which something is neither little nor much.
    :param span: both scales, in points.
    :returns: the picture; its label names every party with its words.
    """
    label = f"{title}: " + "; ".join(f"{one.name}: {one.words}" for one in spots)
    drawn = [
        (span.place(one.across), span.place(one.up), one)
        for one in spots
        if one.across is not None and one.up is not None
    ]
    if not drawn:
        return _blank(label, hidden)

    def depth(place: float) -> float:
        return PLANE_EDGE + PLANE_HEIGHT * (1 - place / 100)

    top, bottom = depth(100), depth(0)
    parts = [
        _line("axis", 0, 100, bottom, bottom),
        _rule("axis", 0, top, bottom),
    ]
    for limit in limits:
        place = span.place(limit)
        parts.append(_rule("tick dashed", place, top, bottom))
        parts.append(_line("tick dashed", 0, 100, depth(place), depth(place)))
    taken: dict[tuple[float, float], int] = {}
    for x, y, one in drawn:
        aside = taken.get((x, y), 0)
        taken[x, y] = aside + 1
        letter = _text(one.letter)
        parts.append(
            f'<use class="point party-{letter}" href="#mark-{letter}"'
            f' x="{_cent(min(x + NEAR * aside, 100))}" y="{_px(depth(y))}">'
            f"{_title(f'{one.name}: {one.words}')}</use>"
        )
    parts.append(
        f'<text x="100%" y="{_px(bottom + 16)}" text-anchor="end">{_text(across)} →</text>'
    )
    parts.append(f'<text x="0" y="{_px(top - 8)}" text-anchor="start">↑ {_text(up)}</text>')
    return Picture(_svg("plot plane", bottom + 22, label, parts), label)


def network_picture(title: str, nodes: Sequence[Node], ties: Sequence[Tie]) -> Picture:
    """Draw who has how much for whom: a line between each two, each half belonging to its end.

    The half that begins at a party is as wide as what that party has for the other, in three
    steps. What is not shown leaves no line.

    :param title: what the ties are, in words.
    :param nodes: the parties, in the order of the alliance; they stand on a circle from the top.
    :param ties: what is shown.
    :returns: the picture; its label names every tie with its words.
    """
    label = f"{title}: " + "; ".join(one.words for one in ties)
    places = [
        (
            50 + NETWORK_WIDE * sin(2 * pi * at / len(nodes)),
            NETWORK_HEIGHT / 2 - NETWORK_TALL * cos(2 * pi * at / len(nodes)),
        )
        for at in range(len(nodes))
    ]
    parts = []
    for tie in ties:
        (x, y), (other_x, other_y) = places[tie.source], places[tie.target]
        parts.append(
            f'<line class="tie wide-{tie.width} party-{_text(nodes[tie.source].letter)}"'
            f' x1="{_cent(x)}" x2="{_cent((x + other_x) / 2)}"'
            f' y1="{_px(y)}" y2="{_px((y + other_y) / 2)}">{_title(tie.words)}</line>'
        )
    for (x, y), node in zip(places, nodes, strict=True):
        letter = _text(node.letter)
        below = y > NETWORK_HEIGHT / 2
        parts.append(
            f'<use class="point party-{letter}" href="#mark-{letter}" x="{_cent(x)}"'
            f' y="{_px(y)}"/>'
            f'<text class="strong" x="{_cent(x)}" y="{_px(y + (22 if below else -14))}"'
            f' text-anchor="middle">{_text(node.name)}</text>'
        )
    return Picture(_svg("plot network", NETWORK_HEIGHT, label, parts), label)


def lowest(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return the marks that share the lowest displayed value, in the order of the alliance."""
    shown = [mark.value for mark in marks if mark.value is not None]
    return tuple(mark for mark in marks if shown and mark.value == min(shown))


def lanes(places: Sequence[float], near: float) -> list[int]:
    """Return a lane for each place, so that in one lane no two are closer than ``near``.

    :param places: positions in per cent, in the order in which they claim a lane.
    :param near: the least distance within a lane, in per cent.
    :returns: for each place its lane, from 0, each the lowest that is free.

    >>> lanes([50.0, 52.0, 80.0, 51.0], near=7.0)
    [0, 1, 0, 2]
    """
    taken: list[list[float]] = []
    chosen = []
    for place in places:
        lane = next(
            (
                number
                for number, others in enumerate(taken)
                if all(abs(place - other) >= near for other in others)
            ),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append(place)
        chosen.append(lane)
    return chosen


def _offsets(places: Sequence[float]) -> list[float]:
    """Return how far each mark steps from the line, in marks; one that stands alone does not."""
    if not places:
        return []
    levels = lanes(places, NEAR)
    ordered = sorted(places)
    group, groups = 0, {ordered[0]: 0}
    for before, place in pairwise(ordered):
        group += place - before >= NEAR
        groups[place] = group
    deepest: dict[int, int] = {}
    for place, level in zip(places, levels, strict=True):
        deepest[groups[place]] = max(level, deepest.get(groups[place], 0))
    return [
        level - deepest[groups[place]] / 2 for place, level in zip(places, levels, strict=True)
    ]


def _label(title: str, marks: Sequence[Mark]) -> str:
    said = (
        f"{mark.name} {mark.words}, {mark.people_words}"
        if mark.people_words
        else f"{mark.name} {mark.words}"
        for mark in marks
    )
    return f"{title}: " + "; ".join(said)


def _blank(label: str, words: str) -> Picture:
    parts = [
        '<rect class="hatched" width="100%" y="6" height="22"/>',
        f'<text class="on-hatch" x="50%" y="22" text-anchor="middle">{_text(words)}</text>',
    ]
    return Picture(_svg("plot", 34, label, parts), label)


def _scale(middle: float, span: Span) -> str:
    ticks = "".join(
        _rule("tick", span.place(point), middle - 7, middle + 7) for point in span.points()
    )
    return ticks + _line("axis", 0, 100, middle, middle)


def _step(mark: Mark, centre: float, span: Span) -> str:
    if mark.value is None or not mark.step or mark.end:
        return ""
    start = span.place(mark.value - mark.step / 2)
    width = span.place(mark.value + mark.step / 2) - start
    return (
        f'<rect class="band party-{_text(mark.letter)}" x="{_cent(start)}" width="{_cent(width)}"'
        f' y="{_px(centre - 2.5)}" height="5"/>'
    )


def _people(mark: Mark, centre: float, span: Span) -> str:
    if mark.people is None:
        return ""
    wide = {"lower": (span.lowest, mark.people), "higher": (mark.people, span.highest)}
    around = (mark.people - mark.step / 2, mark.people + mark.step / 2)
    start, stop = (span.place(edge) for edge in wide.get(mark.end, around))
    letter, middle = _text(mark.letter), span.place(mark.people)
    band = (
        f'<rect class="band party-{letter}" x="{_cent(start)}" width="{_cent(stop - start)}"'
        f' y="{_px(centre - 2.5)}" height="5"/>'
    )
    # A picture within the picture: a shape that is made smaller about a place in per cent.
    small = (
        f'<svg class="people party-{letter}" x="{_cent(middle)}" y="{_px(centre)}">'
        f'<use href="#mark-{letter}" transform="scale(.55)">'
        f"{_title(f'{mark.name}: {mark.people_words}')}</use></svg>"
    )
    return band + small if stop > start else small


def _join(places: Sequence[float], middle: float) -> str:
    if len(set(places)) <= 1:
        return ""
    return _line("join", min(places), max(places), middle, middle)


def _point(mark: Mark, place: float, centre: float) -> str:
    letter = _text(mark.letter)
    return (
        f'<use class="point party-{letter}" href="#mark-{letter}"'
        f' x="{_cent(place)}" y="{_px(centre)}">{_title(f"{mark.name}: {mark.words}")}</use>'
    )


def _open_end(mark: Mark, place: float, centre: float) -> str:
    if not mark.end:
        return ""
    edge = 100 if mark.end == "higher" else 0
    look = f"open-end party-{_text(mark.letter)}"
    return (
        _line(look, place, edge, centre, centre)
        + f'<use class="{look}" href="#end-{mark.end}" x="{_cent(edge)}" y="{_px(centre)}"/>'
    )


def _figure(kind: str, start: float, width: float, band: Band) -> str:
    if width * 2 >= READABLE:
        look = "strong" if band.end else f"on-{kind}"
        place, anchor = start + width / 2, "middle"
    elif kind == "low":
        look, place, anchor = "strong", start - 1, "end"
    elif kind == "high":
        look, place, anchor = "strong", start + width + 1, "start"
    else:
        return ""
    return (
        f'<text class="{look}" x="{_cent(place)}" y="19" text-anchor="{anchor}">'
        f"{_text(band.short or band.words)}</text>"
    )


def _svg(look: str, height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="{look}" height="{_px(height)}" role="img" aria-label="{_text(label)}">'
        f"{_title(label)}{''.join(parts)}</svg>"
    )


def _title(words: str) -> str:
    return f"<title>{_text(words)}</title>"


def _line(look: str, left: float, right: float, top: float, bottom: float) -> str:
    return (
        f'<line class="{look}" x1="{_cent(left)}" x2="{_cent(right)}"'
        f' y1="{_px(top)}" y2="{_px(bottom)}"/>'
    )


def _rule(look: str, place: float, top: float, bottom: float) -> str:
    return _line(look, place, place, top, bottom)


def _cent(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".") + "%"


def _px(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _text(words: str) -> str:
    """Return words as they may stand in markup: escaped, without what XML forbids."""
    return escape(FORBIDDEN.sub("�", words))
