"""Lay the joint page out: reflections as pictures, labels and sentences; texts with their state.

Everything is a function of the card: what was sealed, and displayed figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from understream.domain.alliance import PartyCard
from understream.domain.joint import (
    Gate,
    JointCard,
    JointCardText,
    JointGroup,
    JointTopic,
    Side,
    Yes,
)
from understream.domain.reflection import CHANGES
from understream.domain.topic import RELEVANCE
from understream.domain.word import WORDS, together
from understream.report.picture import (
    Mark,
    Picture,
    axis,
    choice_picture,
    topic_picture,
    word_axis,
)
from understream.web.commitment.drawing import lines
from understream.web.party import tagged
from understream.web.reflection.passage import STAGES, Stage

ACCEPTING = "accept"
"""Where it is said that a text was changed before somebody could accept it."""
EFFECTS: dict[str, str | Promise] = {
    "helps": gettext_lazy("For this alliance that helps."),
    "hurts": gettext_lazy("For this alliance that hurts."),
    "neither": gettext_lazy("For this alliance it does neither good nor harm."),
}
LOUD = {"worth asking", "clear", "possible"}
"""Labels that say: begin here."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody wrote that could not be kept: shown again, with why.

    :ivar kind: ``topic``, ``block``, ``relevance``, ``closing`` or ``critic``.
    :ivar theirs: what somebody else wrote meanwhile, if that is why.
    """

    kind: str
    code: str
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    theirs: JointCardText | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """One text that the parties write together, with the form in which it is changed.

    :ivar anchor: where the page lands after it was changed.
    :ivar typed: what the fields of the form hold.
    :ivar accepted: who has accepted it, as lines of a list.
    :ivar writes: whether the form stands open: nothing is written yet, or it was refused.
    """

    text: JointCardText
    anchor: str
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    theirs: JointCardText | None
    writes: bool
    accepted: SafeString


@dataclass(frozen=True, slots=True)
class TopicLine:
    """One topic as it is drawn.

    :ivar kind: the component's class for its label.
    :ivar notes: what else to know of the label, each a short sentence.
    :ivar told: what each party concluded, in sentences.
    :ivar promises: the commitments from it, as lines of a list.
    """

    topic: JointTopic
    picture: Picture
    word: str
    kind: str
    notes: tuple[str, ...]
    told: SafeString
    promises: SafeString
    box: Box
    opened: bool
    critic_fault: str


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """One group in its order, with its scale.

    :ivar table: the rows of its table.
    """

    group: JointGroup
    axis: Picture
    shift: bool
    lines: tuple[TopicLine, ...]
    table: SafeString


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One building block that is reviewed together."""

    code: str
    title: str
    caption: str
    questions: tuple[str, ...]
    box: Box
    opened: bool
    state: str


@dataclass(frozen=True, slots=True)
class DrawnGate:
    """Why behaviour and values wait, in words, and the four blocks."""

    closed: bool
    title: str
    because: tuple[tuple[PartyCard, str], ...]
    reviewed: str
    blocks: tuple[BlockLine, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The joint page as it is drawn.

    :ivar address: the page's own; without a word more it opens where most differs.
    :ivar figures: whether any figure of a party's people is shown.
    :ivar promises: what the parties promised last time, as lines of a list.
    :ivar commitments: what came from this evaluation, as lines of a list.
    :ivar promise: where a commitment is proposed; the code of its topic comes behind it.
    :ivar people: who can be the critic, as options by party.
    """

    stages: tuple[Stage, ...]
    address: str
    gate: DrawnGate | None
    groups: tuple[GroupBlock, ...]
    figures: bool
    relevance: Box
    closing: Mapping[str, str]
    closing_faults: Mapping[str, str]
    promises: SafeString
    commitments: SafeString
    promise: str
    people: SafeString
    scale: Sequence[int] = field(default=range(1, 8))


def draw(card: JointCard, *, writing: bool, at: str = "", attempt: Attempt | None = None) -> Drawn:
    """Return the joint page as it is drawn.

    :param writing: whether the seat may use the forms and links that its card allows.
    :param at: the anchor of what stands open; without it, the first topic worth asking about.
    :param attempt: what somebody wrote that could not be kept.
    """
    at = attempt.code if attempt else at
    if not at:
        at = _first(card)
    closing = attempt if attempt and attempt.kind == "closing" else None
    zone = ZoneInfo(card.time_zone)
    sides = [side for group in card.groups for topic in group.topics for side in topic.sides]
    figures = any(side.people for side in sides)
    return Drawn(
        stages=_stages(card),
        address=reverse("joint:show", args=[card.evaluation]),
        gate=_gate(card.gate, at, zone, attempt) if card.gate else None,
        groups=tuple(
            _group(one, at, zone, attempt, figures=figures, linked=writing) for one in card.groups
        ),
        figures=figures,
        relevance=_box(card.relevance, RELEVANCE, zone, attempt),
        closing=closing.typed if closing else {},
        closing_faults=closing.faults if closing else {},
        promises=lines(card.promises, linked=writing),
        commitments=lines(
            [one for one in card.commitments if one.state != "withdrawn"],
            linked=writing,
            topical=True,
        ),
        promise=reverse("commitment:new", args=[card.alliance])
        + f"?evaluation={card.evaluation}&topic=",
        people=_people(card),
    )


def _people(card: JointCard) -> SafeString:
    """Return the people of the parties as options."""
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (
                party.name,
                format_html_join(
                    "",
                    '<option value="{}">{}</option>',
                    ((one.key, one.name) for one in card.critics if one.party == party.key),
                ),
            )
            for party in card.parties
        ),
    )


def _first(card: JointCard) -> str:
    """Return the first topic that is worth asking about; "" if there is none."""
    return next(
        (
            topic.topic.code
            for group in card.groups
            for topic in group.topics
            if {topic.label, topic.people_label} & LOUD
        ),
        "",
    )


def _stages(card: JointCard) -> tuple[Stage, ...]:
    now = len(STAGES) if card.state == "agreed" else len(STAGES) - 1
    return tuple(
        Stage(name, "done" if place < now else "now", below)
        for place, (_code, name, below) in enumerate(STAGES)
    )


# -------------------------------------------------------------------- the gate


def _gate(gate: Gate, at: str, zone: ZoneInfo, attempt: Attempt | None) -> DrawnGate:
    parties = together([party.name for party, _marked in gate.because])
    first = next((one.code for one in gate.blocks if not one.text.stands), "")
    codes = {one.code for one in gate.blocks}
    open_one = at if at in codes else first if gate.closed else ""
    reviewed = (
        _("None of the four is reviewed yet."),
        _("One of four is reviewed."),
        _("Two of four are reviewed."),
        _("Three of four are reviewed."),
        _("All four are reviewed."),
    )
    return DrawnGate(
        closed=gate.closed,
        title=_("A lot has changed for %(parties)s, so blocks 1 to 4 come first")
        % {"parties": parties},
        because=tuple((party, ", ".join(marked)) for party, marked in gate.because),
        reviewed=reviewed[gate.reviewed],
        blocks=tuple(
            BlockLine(
                code=one.code,
                title=one.title,
                caption=one.caption,
                questions=one.questions,
                box=_box(one.text, one.code, zone, attempt),
                opened=one.code == open_one,
                state=_state(one.text),
            )
            for one in gate.blocks
        ),
    )


def _state(text: JointCardText) -> str:
    if text.stands:
        return _("Reviewed together")
    if not text.version:
        return _("Nothing written yet")
    missing = [one.party.name for one in text.accepted if not one.done]
    return _("Waits for %(parties)s") % {"parties": together(missing)}


# ------------------------------------------------------------------ the topics


def _group(
    group: JointGroup,
    at: str,
    zone: ZoneInfo,
    attempt: Attempt | None,
    *,
    figures: bool,
    linked: bool,
) -> GroupBlock:
    shift = any(one.topic.shift for one in group.topics)
    return GroupBlock(
        group=group,
        axis=word_axis(_words()) if shift else axis(),
        shift=shift,
        lines=tuple(_line(one, at, zone, attempt, linked=linked) for one in group.topics),
        table=_table(group, figures=figures),
    )


def _table(group: JointGroup, *, figures: bool) -> SafeString:
    """Return the rows of a group's table, written at once: there are dozens."""
    row = '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>'
    row += "<td>{}</td></tr>" if figures else "</tr>"
    return format_html_join(
        "",
        row,
        (
            (
                one.topic.title,
                side.party.name,
                side.change_text or side.rating_text,
                side.effect_text or side.direction_text,
                side.sure_text,
                side.people.text if side.people else "",
            )
            for one in group.topics
            for side in one.sides
        ),
    )


def _words() -> list[str]:
    return [str(WORDS[one]) for one in CHANGES]


def _line(
    one: JointTopic, at: str, zone: ZoneInfo, attempt: Attempt | None, *, linked: bool
) -> TopicLine:
    code = one.topic.code
    asked = attempt is not None and attempt.kind == "critic" and attempt.code == code
    return TopicLine(
        topic=one,
        picture=_picture(one),
        word=one.word,
        kind="clear" if one.label in LOUD else "plainly",
        notes=tuple(_notes(one)),
        told=_told(one.sides),
        promises=lines(one.commitments, linked=linked),
        box=_box(one.text, code, zone, attempt),
        opened=code == at,
        critic_fault=attempt.faults.get("critic", "") if asked and attempt else "",
    )


def _picture(one: JointTopic) -> Picture:
    title, hidden = one.topic.title, _("nobody could judge this")
    if one.topic.shift:
        marks = [_mark(side, _changed(side), side.change_text) for side in one.sides]
        return choice_picture(marks, title=title, hidden=hidden, words=_words())
    marks = [
        _mark(side, None if side.rating is None else float(side.rating), side.rating_text)
        for side in one.sides
    ]
    return topic_picture(marks, title=title, hidden=hidden)


def _changed(side: Side) -> float | None:
    return float(CHANGES.index(side.change)) if side.change in CHANGES else None


def _mark(side: Side, value: float | None, words: str) -> Mark:
    people = side.people
    return Mark(
        side.party.name,
        side.party.letter,
        value,
        words,
        people.end if people else "",
        people.step if people else 0.0,
        people.value if people else None,
        _("its people %(figure)s") % {"figure": people.text} if people else "",
    )


def _notes(one: JointTopic) -> list[str]:
    notes = []
    highest = _highest(one)
    if highest and one.label != "alike":
        notes.append(_("%(party)s higher") % {"party": highest})
    notes += [
        _("%(party)s could not judge this") % {"party": side.party.name}
        for side in one.sides
        if side.change == "cannot judge" or (not side.change and side.rating is None)
    ]
    if one.people_word:
        notes.append(_("their people: %(label)s") % {"label": one.people_word})
    return notes


def _highest(one: JointTopic) -> str:
    """Return the party that rates highest, if it is one and they differ."""
    rated = [side for side in one.sides if side.rating is not None]
    top = max((side.rating or 0 for side in rated), default=0)
    first = [side.party.name for side in rated if side.rating == top]
    return first[0] if len(first) == 1 and len(rated) > 1 else ""


def _told(sides: Sequence[Side]) -> SafeString:
    """Return what each party concluded, written at once: a page has a sentence for every side."""
    another = _("There is also another view.")
    return format_html_join(
        "",
        '<div class="sentence party-{}"><p>{}</p><blockquote>“{}”</blockquote>'
        '<p class="facts">{}</p>{}</div>\n',
        (
            (
                side.party.letter,
                tagged(side.party),
                linebreaksbr(side.sentence),
                f"{_facts(side)} {_people_of(side)}".rstrip(),
                format_html(
                    '<div class="dissent"><p><b>{}</b></p>{}</div>',
                    another,
                    format_html_join(
                        "", "<p>“{}”</p>", ((linebreaksbr(one),) for one in side.dissents)
                    ),
                )
                if side.dissents
                else "",
            )
            for side in sides
        ),
    )


def _facts(side: Side) -> str:
    """Return what else a party concluded, in short sentences of their own."""
    facts = []
    if side.rating is not None:
        facts.append(_("%(rating)s of 7.") % {"rating": side.rating})
    elif side.change == "cannot judge" or not side.change:
        facts.append(_("Could not judge this."))
    else:
        facts.append(_("Changed: %(change)s.") % {"change": side.change_text})
        if side.effect in EFFECTS and side.change != "not":
            facts.append(str(EFFECTS[side.effect]))
    if side.direction_text:
        facts.append(_("Since last time: %(direction)s.") % {"direction": side.direction_text})
    if side.sure_text:
        facts.append(_("How sure: %(sure)s.") % {"sure": side.sure_text})
    return " ".join(facts)


def _people_of(side: Side) -> str:
    people = side.people
    if people is None:
        return ""
    if people.word:
        return _("Its people: %(figure)s, %(agreement)s.") % {
            "figure": people.text,
            "agreement": people.word,
        }
    return _("Its people: %(figure)s.") % {"figure": people.text}


# ------------------------------------------------------------------- the texts


def _box(text: JointCardText, anchor: str, zone: ZoneInfo, attempt: Attempt | None) -> Box:
    mine = attempt if attempt and (attempt.kind, attempt.code) == (text.kind, text.code) else None
    typed = {
        "reading": text.reading,
        "decision": text.decision,
        "choice": text.choice,
        "decide_on": text.decide_on.isoformat() if text.decide_on else "",
        "version": str(text.version),
        **(mine.typed if mine else {}),
    }
    if mine and mine.theirs:
        typed["version"] = str(mine.theirs.version)
    faults = dict(mine.faults) if mine else {}
    return Box(
        text=text,
        anchor=anchor,
        typed=typed,
        faults=faults,
        theirs=mine.theirs if mine else None,
        writes=not text.version or (mine is not None and ACCEPTING not in faults),
        accepted=_accepted(text, zone),
    )


def _accepted(text: JointCardText, zone: ZoneInfo) -> SafeString:
    """Return who has accepted a text, written at once: a page has a list for every topic."""
    return format_html_join(
        "",
        '<li><svg class="glyph" aria-hidden="true"><use href="#glyph-{}"/></svg>'
        "<span>{} {}</span></li>",
        (
            ("kept" if one.done else "open", tagged(one.party), _said(one, zone))
            for one in text.accepted
            if text.version
        ),
    )


def _said(one: Yes, zone: ZoneInfo) -> str:
    if one.at is None:
        return _("has not accepted yet")
    return _("accepted on %(day)s") % {"day": date_format(localtime(one.at, zone), "j F")}
