"""Lay the joint page out: reflections as pictures, labels and sentences; texts with their state.

Everything is a function of the card: what was sealed, and displayed figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

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
from understream.web.commitment.drawing import Line, lines, written
from understream.web.party import tagged
from understream.web.reflection.passage import STAGES, Stage

ACCEPTING = "accept"
"""Where it is said that a text was changed before somebody could accept it."""
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
    :ivar address: where it is written; where it is accepted, and its history, lie under it.
    :ivar made: what is written, and whether it stands.
    :ivar accepted: who has accepted it, as lines of a list.
    :ivar typed: what the fields of the form hold.
    :ivar fields: those of a topic or a block, each with what was wrong in it.
    :ivar fault: why the text could not be accepted.
    :ivar writes: whether the form stands open: nothing is written yet, or it was refused.
    """

    text: JointCardText
    anchor: str
    address: str
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    theirs: JointCardText | None
    writes: bool
    made: SafeString
    accepted: SafeString
    fields: SafeString
    fault: str


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


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is said of every side of every topic, looked up once a page.

    :ivar changes: the ordered words for how much something changed.
    :ivar effects: what a change does to the alliance, by its code.
    """

    changes: tuple[str, ...]
    effects: Mapping[str, str]
    rating: str
    not_judged: str
    changed: str
    since: str
    sure: str
    people: str
    agreeing: str
    its_people: str
    hidden: str
    another: str
    accepted: str
    silent: str
    read: str
    decided: str
    seen: str
    agreed: str


@dataclass(frozen=True, slots=True)
class Pen:
    """What every part of the page is drawn with.

    :ivar address: the page's own; what is written on it lies under it.
    :ivar at: the anchor of what stands open.
    :ivar figures: whether any figure of a party's people is shown.
    :ivar came: what came from this evaluation, as lines, by key.
    """

    address: str
    at: str
    zone: ZoneInfo
    attempt: Attempt | None
    figures: bool
    came: Mapping[int, Line]
    phrases: Phrases


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
    sides = [side for group in card.groups for topic in group.topics for side in topic.sides]
    came = written(card.commitments, linked=writing)
    pen = Pen(
        address=reverse("joint:show", args=[card.evaluation]),
        at=at,
        zone=ZoneInfo(card.time_zone),
        attempt=attempt,
        figures=any(side.people for side in sides),
        came={line.one.key: line for line in came},
        phrases=_phrases(card),
    )
    return Drawn(
        stages=_stages(card),
        address=pen.address,
        gate=_gate(card.gate, pen) if card.gate else None,
        groups=tuple(_group(one, pen) for one in card.groups),
        figures=pen.figures,
        relevance=_box(card.relevance, RELEVANCE, pen),
        closing=closing.typed if closing else {},
        closing_faults=closing.faults if closing else {},
        promises=lines(written(card.promises, linked=writing)),
        commitments=lines((one for one in came if one.one.state != "withdrawn"), topical=True),
        promise=reverse("commitment:new", args=[card.alliance])
        + f"?evaluation={card.evaluation}&topic=",
        people=_people(card),
    )


def _phrases(card: JointCard) -> Phrases:
    return Phrases(
        changes=tuple(str(WORDS[one]) for one in CHANGES),
        effects={
            "helps": _("For this alliance that helps."),
            "hurts": _("For this alliance that hurts."),
            "neither": _("For this alliance it does neither good nor harm."),
        },
        rating=_("%(rating)s of 7."),
        not_judged=_("Could not judge this."),
        changed=_("Changed: %(change)s."),
        since=(
            _("Since the start: %(direction)s.")
            if card.first
            else _("Since last time: %(direction)s.")
        ),
        sure=_("How sure: %(sure)s."),
        people=_("Its people: %(figure)s."),
        agreeing=_("Its people: %(figure)s, %(agreement)s."),
        its_people=_("its people %(figure)s"),
        hidden=_("nobody could judge this"),
        another=_("There is also another view."),
        accepted=_("accepted on %(day)s"),
        silent=_("has not accepted yet"),
        read=_("How we read this"),
        decided=_("What we decide"),
        seen=_("What we see now"),
        agreed=_("Both agree on this text.")
        if len(card.parties) == 2  # noqa: PLR2004 - two are both
        else _("All parties agree on this text."),
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


def _gate(gate: Gate, pen: Pen) -> DrawnGate:
    parties = together([party.name for party, _marked in gate.because])
    first = next((one.code for one in gate.blocks if not one.text.stands), "")
    codes = {one.code for one in gate.blocks}
    open_one = pen.at if pen.at in codes else first if gate.closed else ""
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
                box=_box(one.text, one.code, pen),
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


def _group(group: JointGroup, pen: Pen) -> GroupBlock:
    shift = any(one.topic.shift for one in group.topics)
    return GroupBlock(
        group=group,
        axis=word_axis(pen.phrases.changes) if shift else axis(),
        shift=shift,
        lines=tuple(_line(one, pen) for one in group.topics),
        table=_table(group, figures=pen.figures),
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


def _line(one: JointTopic, pen: Pen) -> TopicLine:
    code, attempt = one.topic.code, pen.attempt
    asked = attempt is not None and attempt.kind == "critic" and attempt.code == code
    return TopicLine(
        topic=one,
        picture=_picture(one, pen.phrases),
        word=one.word,
        kind="clear" if one.label in LOUD else "plainly",
        notes=tuple(_notes(one)),
        told=_told(one.sides, pen.phrases),
        promises=lines(pen.came[each.key] for each in one.commitments),
        box=_box(one.text, code, pen),
        opened=code == pen.at,
        critic_fault=attempt.faults.get("critic", "") if asked and attempt else "",
    )


def _picture(one: JointTopic, phrases: Phrases) -> Picture:
    title, hidden = one.topic.title, phrases.hidden
    if one.topic.shift:
        marks = [_mark(side, _changed(side), side.change_text, phrases) for side in one.sides]
        return choice_picture(marks, title=title, hidden=hidden, words=phrases.changes)
    marks = [
        _mark(side, None if side.rating is None else float(side.rating), side.rating_text, phrases)
        for side in one.sides
    ]
    return topic_picture(marks, title=title, hidden=hidden)


def _changed(side: Side) -> float | None:
    return float(CHANGES.index(side.change)) if side.change in CHANGES else None


def _mark(side: Side, value: float | None, words: str, phrases: Phrases) -> Mark:
    people = side.people
    return Mark(
        side.party.name,
        side.party.letter,
        value,
        words,
        people.end if people else "",
        people.step if people else 0.0,
        people.value if people else None,
        phrases.its_people % {"figure": people.text} if people else "",
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


def _told(sides: Sequence[Side], phrases: Phrases) -> SafeString:
    """Return what each party concluded, written at once: a page has a sentence for every side."""
    return format_html_join(
        "",
        '<div class="sentence party-{}"><p>{}</p><blockquote>“{}”</blockquote>'
        '<p class="facts">{}</p>{}</div>\n',
        (
            (
                side.party.letter,
                tagged(side.party),
                linebreaksbr(side.sentence),
                " ".join((*_facts(side, phrases), *_people_of(side, phrases))),
                format_html(
                    '<div class="dissent"><p><b>{}</b></p>{}</div>',
                    phrases.another,
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


def _facts(side: Side, phrases: Phrases) -> Iterator[str]:
    """Give what else a party concluded, in short sentences of their own."""
    if side.rating is not None:
        yield phrases.rating % {"rating": side.rating}
    elif side.change == "cannot judge" or not side.change:
        yield phrases.not_judged
    else:
        yield phrases.changed % {"change": side.change_text}
        if side.change != "not" and side.effect in phrases.effects:
            yield phrases.effects[side.effect]
    if side.direction_text:
        yield phrases.since % {"direction": side.direction_text}
    if side.sure_text:
        yield phrases.sure % {"sure": side.sure_text}


def _people_of(side: Side, phrases: Phrases) -> Iterator[str]:
    people = side.people
    if people is None:
        return
    if people.word:
        yield phrases.agreeing % {"figure": people.text, "agreement": people.word}
    else:
        yield phrases.people % {"figure": people.text}


# ------------------------------------------------------------------- the texts


def _box(text: JointCardText, anchor: str, pen: Pen) -> Box:
    attempt = pen.attempt
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
        address=f"{pen.address}{text.kind}/{text.code}/",
        typed=typed,
        faults=faults,
        theirs=mine.theirs if mine else None,
        writes=not text.version or (mine is not None and ACCEPTING not in faults),
        made=_made(text, pen),
        accepted=_accepted(text, pen),
        fields=_fields(text, anchor, typed, faults, pen.phrases)
        if text.may_write
        else SafeString(),
        fault=faults.get(ACCEPTING, ""),
    )


def _headings(text: JointCardText, phrases: Phrases) -> tuple[tuple[str, str, str], ...]:
    """Return the name of each field of a text, its heading and what is written in it."""
    if text.kind == "topic":
        return (
            ("reading", phrases.read, text.reading),
            ("decision", phrases.decided, text.decision),
        )
    return (("reading", phrases.seen, text.reading),)


def _made(text: JointCardText, pen: Pen) -> SafeString:
    parts = format_html_join(
        "",
        '<div><h3>{}</h3><p class="made">{}</p></div>',
        ((head, said) for _name, head, said in _headings(text, pen.phrases) if said),
    )
    stands = ""
    if text.stands:
        stands = format_html(
            '<span class="saved" role="status"><svg class="glyph" aria-hidden="true">'
            '<use href="#glyph-saved"/></svg><span>{}</span></span>',
            pen.phrases.agreed,
        )
    return format_html('<div class="made-both stack">{}</div>{}', parts, stands)


def _fields(
    text: JointCardText,
    anchor: str,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    phrases: Phrases,
) -> SafeString:
    return format_html_join(
        "",
        '<div class="field"><label for="{0}-{1}">{2}</label>'
        '<textarea class="input" id="{0}-{1}" name="{0}"{3}>\n{4}</textarea>{5}</div>',
        (
            (
                name,
                anchor,
                head,
                format_html(' aria-invalid="true" aria-describedby="{}-{}_error"', name, anchor)
                if name in faults
                else "",
                typed.get(name, ""),
                format_html(
                    '<p class="fault" id="{}-{}_error"><svg class="glyph" aria-hidden="true">'
                    '<use href="#glyph-fault"/></svg><span>{}</span></p>',
                    name,
                    anchor,
                    faults[name],
                )
                if name in faults
                else "",
            )
            for name, head, _said in _headings(text, phrases)
        ),
    )


def _accepted(text: JointCardText, pen: Pen) -> SafeString:
    """Return who has accepted a text, written at once: a page has a list for every topic."""
    return format_html_join(
        "",
        '<li><svg class="glyph" aria-hidden="true"><use href="#glyph-{}"/></svg>'
        "<span>{} {}</span></li>",
        (
            ("kept" if one.done else "open", tagged(one.party), _said(one, pen))
            for one in text.accepted
            if text.version
        ),
    )


def _said(one: Yes, pen: Pen) -> str:
    if one.at is None:
        return pen.phrases.silent
    return pen.phrases.accepted % {"day": date_format(localtime(one.at, pen.zone), "j F")}
