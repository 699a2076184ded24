"""The mirror of a round: cards drawn from the stored release, and from nothing else."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import Act, Where, may, require
from understream.access.seat import Role, Seat
from understream.domain.alliance import PartyCard
from understream.domain.evaluation import Sight, sight_of
from understream.domain.finding import Between, Finding, Seen, findings
from understream.domain.instrument import EVALUATION, instrument_of
from understream.domain.journal import record
from understream.domain.round import may_read_figures
from understream.domain.topic import SOFT, codes_of
from understream.domain.word import WORDS
from understream.instruments.reader import Instrument, Item, Scale
from understream.measurement.disclosure import (
    FEW,
    Band,
    End,
    Shares,
    Shown,
    Withheld,
    steps_of,
)
from understream.measurement.release import (
    CANNOT_JUDGE,
    NOT_ANSWERED,
    FacetFigure,
    PartyFigures,
    RoundFigures,
    Spoken,
    from_plain,
)
from understream.records.alliance import Party
from understream.records.evaluation import Evaluation
from understream.records.release import CommentRelease, Release
from understream.records.round import Cohort, Mode, Round, State
from understream.records.statement import Statement

MOST_MARKS = 6
Row = tuple[str, ...]
SIGNED: Row = ("name", "question", "answer")
HEADER: Row = (
    "round",
    "instrument",
    "party",
    "about",
    "n",
    "item",
    "statistic",
    "value",
    "end",
)


@dataclass(frozen=True, slots=True)
class BandCard:
    """One displayed band or share.

    :ivar short: the text with a sign for its words: "≤ 20 %".
    """

    name: str
    share: int
    end: End
    text: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One displayed figure of one party.

    :ivar about: the party that is asked about, or ``None``.
    :ivar state: ``shown``, ``withheld``, ``spoken`` (one voice), ``open`` (one voice, no answer).
    :ivar value: the displayed value in scale points, or ``None``.
    :ivar text: the displayed value in words of the language in force.
    :ivar step: the width of the step to which it is rounded; 0 if it is not rounded.
    :ivar word: the agreement word in the language in force, "" for none.
    :ivar agreement: the same word as it is stored.
    """

    party: PartyCard
    about: PartyCard | None
    state: str
    value: float | None
    text: str
    end: End
    step: float
    word: str
    bands: tuple[BandCard, ...]
    not_visible: bool
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class GapCard:
    """The displayed label of a difference between two parties on one question."""

    first: PartyCard
    second: PartyCard
    label: str
    word: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One question: what each party said, and how they differ.

    :ivar title: what the topic is called, "" if the question is its own name.
    :ivar after: the code of the question to which this is the second, "" for none.
    :ivar low_end: its own words for the lowest point, "" if its facet's count; so `high_end`.
    """

    code: str
    text: str
    choice: bool
    low: int
    high: int
    figures: tuple[FigureCard, ...]
    gaps: tuple[GapCard, ...]
    title: str = ""
    after: str = ""
    low_end: str = ""
    high_end: str = ""


@dataclass(frozen=True, slots=True)
class FacetRow:
    """One facet: the mean of its items' displayed figures, by party, and its items.

    :ivar of: the facet about which this one says more, such as how much it matters; "" for none.
    :ivar adverse: whether a high figure speaks of trouble.
    """

    code: str
    title: str
    side: str
    level: str
    panel: str
    low: int
    high: int
    low_end: str
    high_end: str
    figures: tuple[FigureCard, ...]
    items: tuple[ItemRow, ...]
    of: str = ""
    adverse: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What is said about one party; or about the alliance, or by two parties of each other."""

    about: PartyCard | None
    facets: tuple[FacetRow, ...]


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party in a mirror, and how many people stand behind its figures, in words."""

    party: PartyCard
    mode: str
    mode_word: str
    n: str


@dataclass(frozen=True, slots=True)
class AnswersInWords:
    """What the own party's people wrote to one open question, and whether as written."""

    asked: str
    texts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class CommentsCard:
    """The own party's comments.

    :ivar comments: what stands in the field at the end, and whether as written.
    :ivar answers: what was written to open questions, of those that may be read.
    :ivar state: ``open``, ``waiting`` for the moderator, ``left`` by the moderator, ``few``,
        ``erased`` before anybody opened them, ``none`` asked, ``other`` mode.
    """

    state: str
    comments: tuple[tuple[str, bool], ...]
    paraphrased: int
    withheld: int
    moderator: str
    answers: tuple[AnswersInWords, ...] = ()


@dataclass(frozen=True, slots=True)
class MirrorCard:
    """A whole mirror, as one page shows it."""

    round: int
    alliance: int
    alliance_name: str
    title: str
    instrument: str
    instrument_title: str
    not_validated: str
    time_zone: str
    closed_at: datetime
    k: int
    imported: bool
    fingerprint: str
    directed: bool
    own: PartyCard | None
    parties: tuple[PartyLine, ...]
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    comments: CommentsCard | None
    may_read_statements: bool
    may_export: bool


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One signed answer of the own party."""

    name: str
    answers: tuple[tuple[str, str], ...]
    comment: str


def mirror_before(seat: Seat, key: int, *, language: str) -> MirrorCard:
    """Return the mirror of a closed round of the seat's alliance.

    :param language: ``en`` or ``nl``, for the questions; sentences use the language in force.
    :raises Missing: before the round has closed, and for a round out of reach; for a sponsor in an
        evaluation before the reveal.
    """
    kept = (
        Release.objects.filter(round__in=reach.rounds_within(seat), round=key)
        .filter(round__state=State.CLOSED)
        .select_related(
            "round__instrument",
            "round__alliance",
            "round__moderator__person",
            "round__evaluation",
        )
        .defer("round__instrument__content")
        .first()
    )
    if kept is None:
        raise Missing
    require(seat, Act.MIRROR_READ, Where(alliance=kept.round.alliance_id))
    if not may_read_figures(seat, kept.round.evaluation):
        raise Missing
    return _mirror(kept, seat, language)


def _mirror(kept: Release, seat: Seat, language: str) -> MirrorCard:
    asked = kept.round
    figures = seen_by(kept, seat.party)
    instrument = instrument_of(asked.instrument)
    parties = {
        str(row.pk): PartyCard(row.pk, row.organisation.name, row.position)
        for row in Party.objects.filter(alliance=asked.alliance_id).select_related("organisation")
    }
    everybody = [one["party"] for one in kept.content["parties"]]
    sections = _sections(instrument, figures, parties, everybody, language)
    own = parties.get(str(seat.party))
    signed = any(
        one.party == str(seat.party) and one.mode == Mode.NAMED for one in figures.parties
    )
    return MirrorCard(
        round=asked.pk,
        alliance=asked.alliance_id,
        alliance_name=asked.alliance.name,
        title=asked.title,
        instrument=instrument.code,
        instrument_title=instrument.title.into(language),
        not_validated=instrument.not_validated.into(language),
        time_zone=asked.alliance.time_zone,
        closed_at=asked.closed_at or asked.closes_at,
        k=asked.k,
        imported=asked.imported,
        fingerprint=kept.digest,
        directed=instrument.directed,
        own=own,
        parties=tuple(
            PartyLine(parties[one.party], one.mode, str(WORDS[one.mode]), one.n)
            for one in figures.parties
        ),
        sections=sections,
        findings=_findings(sections),
        comments=_comments(kept, seat, language),
        may_read_statements=signed
        and may(seat, Act.STATEMENT_READ, Where(asked.alliance_id, seat.party)),
        may_export=may(seat, Act.RELEASE_EXPORT, Where(asked.alliance_id, seat.party)),
    )


def seen_by(kept: Release, party: int) -> RoundFigures:
    """Return of a release what a party may see: in an evaluation its own, until the reveal.

    After it the others' too, where that was agreed: the soft side, and every scan beside the
    topics, only once part 2 is open. A party that speaks with one voice says what it says about
    the topics in its reflection, so that it has no figures there.
    """
    figures = from_plain(kept.content)
    asked = kept.round
    if asked.evaluation is None:
        return figures
    topics = asked.instrument.code == EVALUATION
    sight = sight_of(asked.evaluation)
    told = [
        one
        for one in figures.parties
        if (one.party == str(party) or sight is Sight.ALL or (sight is Sight.HARD and topics))
        and not (topics and one.mode == Mode.ONE_VOICE)
    ]
    hidden = set(codes_of(instrument_of(asked.instrument), 2)) if topics else set()
    parties = tuple(
        one if one.party == str(party) or sight is Sight.ALL else _hard_side(one, hidden)
        for one in told
    )
    shown = {one.party for one in parties}
    return RoundFigures(
        figures.k,
        parties,
        tuple(
            gap
            for gap in figures.gaps
            if {gap.first, gap.second} <= shown and (sight is Sight.ALL or gap.code not in hidden)
        ),
    )


def _hard_side(figures: PartyFigures, hidden: Collection[str]) -> PartyFigures:
    return PartyFigures(
        figures.party,
        figures.mode,
        figures.n,
        tuple(one for one in figures.answers if one.code not in hidden),
        tuple(one for one in figures.facets if one.facet != SOFT),
        (),
    )


def figures_within(asked: Round, party: int, *, language: str) -> dict[str, FigureCard]:
    """Return what a party's own people said in a round that is about the alliance, by item.

    Called for people of that party alone; ``{}`` before the round has closed.
    """
    kept = (
        Release.objects.filter(round=asked)
        .select_related("round__instrument", "round__evaluation")
        .defer("round__instrument__content")
        .first()
    )
    if kept is None:
        return {}
    return _by_item(kept, seen_by(kept, party), party, language)


def figures_of_parties(
    evaluation: Evaluation, party: int, *, language: str
) -> tuple[dict[int, dict[str, FigureCard]], dict[tuple[str, int, int], str]]:
    """Return what the people of each party said about the topics, as far as a party may see it.

    :returns: figures by party and item; and gap labels by item and the two parties.
    """
    kept = (
        Release.objects.filter(round__evaluation=evaluation)
        .filter(round__instrument__code=EVALUATION)
        .select_related("round__instrument", "round__evaluation")
        .defer("round__instrument__content")
        .first()
    )
    if kept is None:
        return {}, {}
    figures = seen_by(kept, party)
    cards = {
        int(one.party): _by_item(kept, figures, int(one.party), language)
        for one in figures.parties
    }
    gaps = {(gap.code, int(gap.first), int(gap.second)): gap.label.value for gap in figures.gaps}
    return cards, gaps


def _by_item(
    kept: Release, figures: RoundFigures, party: int, language: str
) -> dict[str, FigureCard]:
    instrument = instrument_of(kept.round.instrument)
    said = next((one for one in figures.parties if one.party == str(party)), None)
    if said is None:
        return {}
    scales = {item.code: instrument.scale_of(item) for item in instrument.items}
    named = {said.party: PartyCard(party, "", 0)}
    return {
        answer.code: _figure(
            answer.figure,
            said,
            named,
            answer.about,
            scales[answer.code],
            language,
        )
        for answer in said.answers
    }


def _sections(
    instrument: Instrument,
    figures: RoundFigures,
    parties: Mapping[str, PartyCard],
    everybody: Sequence[str],
    language: str,
) -> tuple[Section, ...]:
    """Return one section, or in a directed round of three or more one for each party judged.

    What was asked once, of the own organisation, then stands before them.
    """
    if not instrument.directed:
        return (Section(None, _facets(instrument, figures, parties, language, "")),)
    if len(everybody) == 2:  # noqa: PLR2004 - two parties speak of each other
        return (Section(None, _facets(instrument, figures, parties, language, None)),)
    own = _facets(instrument, figures, parties, language, "")
    return (
        *((Section(None, own),) if own else ()),
        *(
            Section(parties[one], _facets(instrument, figures, parties, language, one))
            for one in everybody
        ),
    )


def _facets(
    instrument: Instrument,
    figures: RoundFigures,
    parties: Mapping[str, PartyCard],
    language: str,
    about: str | None,
) -> tuple[FacetRow, ...]:
    """Return the facets judged of one party; "" for none, ``None`` for each other."""
    rows = []
    for facet in instrument.facets:
        items = instrument.items_of(facet)
        if instrument.directed and about is not None and items[0].once == bool(about):
            continue  # it belongs to another section
        scale = instrument.scale_of(items[0])
        rows.append(
            FacetRow(
                code=facet.code,
                title=facet.title.into(language),
                side=facet.side,
                level=facet.level,
                panel=facet.panel,
                low=scale.low,
                high=scale.low + scale.points - 1,
                low_end="" if scale.choice else scale.low_end.into(language),
                high_end="" if scale.choice else scale.high_end.into(language),
                figures=()
                if scale.choice
                else tuple(
                    _facet_figure(one, party, parties)
                    for party in figures.parties
                    for one in party.facets
                    if one.facet == facet.code and about in (None, one.about)
                ),
                items=tuple(
                    _item_row(instrument, item.code, figures, parties, language, about)
                    for item in items
                ),
                of=facet.of,
                adverse=facet.adverse,
            )
        )
    return tuple(rows)


def _item_row(
    instrument: Instrument,
    code: str,
    figures: RoundFigures,
    parties: Mapping[str, PartyCard],
    language: str,
    about: str | None,
) -> ItemRow:
    item = next(one for one in instrument.items if one.code == code)
    scale = instrument.scale_of(item)
    judged = parties[about].name if about else _("the other party")
    cards = tuple(
        _figure(answer.figure, party, parties, answer.about, scale, language)
        for party in figures.parties
        for answer in party.answers
        if answer.code == code and about in (None, answer.about)
    )
    gaps = tuple(
        GapCard(
            parties[gap.first], parties[gap.second], gap.label.value, str(WORDS[gap.label.value])
        )
        for gap in figures.gaps
        # What each says of itself is no view of the same thing.
        if gap.code == code and not (instrument.directed and (about or item.once))
    )
    return ItemRow(
        code,
        _asked(item, judged, language),
        scale.choice,
        scale.low,
        scale.low + scale.points - 1,
        cards,
        gaps,
        item.title.into(language) if item.title else "",
        item.after,
        item.low_end.into(language) if item.low_end else "",
        item.high_end.into(language) if item.high_end else "",
    )


def _asked(item: Item, judged: str, language: str) -> str:
    """Return a question as it was asked about a party, whose name may begin it."""
    text = item.text.into(language)
    asked = text.replace("[P]", judged)
    # Only then: what an imported column is called stays as it is.
    return asked[:1].upper() + asked[1:] if text.startswith("[P]") else asked


def _figure(
    figure: Shown | Shares | Withheld | Spoken,
    said: PartyFigures,
    parties: Mapping[str, PartyCard],
    about: str,
    scale: Scale,
    language: str,
) -> FigureCard:
    options = [option.into(language) for option in scale.options]
    party, other = parties[said.party], parties.get(about)
    match figure:
        case Shown():
            coarse, fine = steps_of(scale.points)
            step = fine if said.n not in ("", FEW) and figure.bands is not None else coarse
            return FigureCard(
                party,
                other,
                "shown",
                figure.mean,
                told(figure.mean, figure.end),
                figure.end,
                float(step),
                str(WORDS[figure.word.value]) if figure.word else "",
                _band_cards(figure.bands, ("1-3", "4", "5-7")) if figure.bands else (),
                figure.not_visible,
                figure.word.value if figure.word else "",
            )
        case Shares():
            bands = _band_cards(figure.shares, options)
            text = ", ".join(f"{band.name}: {band.text}" for band in bands)
            return FigureCard(
                party, other, "shown", None, text, "", 0, "", bands, figure.not_visible
            )
        case Spoken():
            return _spoken(figure, party, other, options, scale)
        case _:
            return FigureCard(party, other, "withheld", None, _("not shown"), "", 0, "", (), False)


def _spoken(
    figure: Spoken,
    party: PartyCard,
    about: PartyCard | None,
    options: Sequence[str],
    scale: Scale,
) -> FigureCard:
    if figure.value is None:
        text = _("cannot judge") if figure.could_not else _("no answer")
        return FigureCard(party, about, "open", None, text, "", 0, "", (), False)
    text = options[figure.value - scale.low] if options else str(figure.value)
    value = None if scale.choice else float(figure.value)
    return FigureCard(party, about, "spoken", value, text, "", 0, "", (), False)


def _facet_figure(
    facet: FacetFigure, said: PartyFigures, parties: Mapping[str, PartyCard]
) -> FigureCard:
    party, about = parties[said.party], parties.get(facet.about)
    figure = facet.figure
    if isinstance(figure, Withheld):
        spoken = said.mode == Mode.ONE_VOICE
        state, text = ("open", _("no answer")) if spoken else ("withheld", _("not shown"))
        return FigureCard(party, about, state, None, text, "", 0, "", (), False)
    state = "spoken" if said.mode == Mode.ONE_VOICE else "shown"
    text = told(figure.mean, figure.end)
    end = "" if figure.end == "both" else figure.end
    return FigureCard(party, about, state, figure.mean, text, end, 0, "", (), False)


def told(mean: float, end: str) -> str:
    """Return a displayed mean in words of the language in force: "4.5", "6.5 or higher"."""
    number = number_format(mean, decimal_pos=1)
    match end:
        case "lower":
            return _("%(number)s or lower") % {"number": number}
        case "higher":
            return _("%(number)s or higher") % {"number": number}
        case "both":
            return _("about %(number)s") % {"number": number}
        case _:
            return number


def _band_cards(bands: Sequence[Band], names: Sequence[str]) -> tuple[BandCard, ...]:
    sentences = {
        "": _("%(share)s %%"),
        "lower": _("%(share)s %% or less"),
        "higher": _("%(share)s %% or more"),
    }
    signs = {"": "", "lower": "≤ ", "higher": "≥ "}
    return tuple(
        BandCard(
            name,
            band.share,
            band.end,
            sentences[band.end] % {"share": band.share},
            signs[band.end] + sentences[""] % {"share": band.share},
        )
        for name, band in zip(names, bands, strict=True)
    )


def _findings(sections: Sequence[Section]) -> tuple[Finding, ...]:
    seen: list[Seen] = []
    between: list[Between] = []
    for section in sections:
        for facet in section.facets:
            for item in facet.items:
                if item.choice:
                    continue
                cards = {one.party.key: _seen(item, one) for one in item.figures}
                seen += cards.values()
                between += [
                    Between(
                        item.text.rstrip("."),
                        cards[gap.first.key],
                        cards[gap.second.key],
                        gap.label,
                    )
                    for gap in item.gaps
                    if gap.first.key in cards and gap.second.key in cards
                ]
    return findings(seen, between)


def _seen(item: ItemRow, figure: FigureCard) -> Seen:
    value = figure.value
    share = None if value is None else (value - item.low) / (item.high - item.low)
    camps = "two camps" if figure.word == str(WORDS["two camps"]) else ""
    topic = item.text.rstrip(".")
    return Seen(figure.party.name, topic, share, figure.text, camps, figure.not_visible)


def _comments(kept: Release, seat: Seat, language: str) -> CommentsCard | None:
    asked = kept.round
    where = Where(asked.alliance_id, seat.party)
    if not seat.party or asked.imported or not may(seat, Act.COMMENT_READ, where):
        return None
    moderator = asked.moderator.person.name if asked.moderator_id and asked.moderator else ""
    cohort = Cohort.objects.filter(round=asked, party=seat.party).first()
    if cohort is None or not asked.asks_comment:
        return CommentsCard("none", (), 0, 0, moderator)
    if cohort.mode != Mode.CONFIDENTIAL:
        return CommentsCard("other", (), 0, 0, moderator)
    opened = CommentRelease.objects.filter(cohort=cohort).first()
    if opened is None:
        return CommentsCard("waiting" if _still_reads(asked) else "left", (), 0, 0, moderator)
    content = opened.content
    texts: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for one in content["comments"]:
        texts[one.get("prompt", "")].append((one["text"], one["as_written"]))
    return CommentsCard(
        content.get("why", "open"),
        tuple(texts[""]),
        content["paraphrased"],
        content["withheld"],
        moderator,
        tuple(
            AnswersInWords(line.text.into(language), tuple(texts[line.code]))
            for line in instrument_of(asked.instrument).open_lines
            if line.code in texts
        ),
    )


def _still_reads(asked: Round) -> bool:
    """Tell whether whoever was named to read comments first can still do so."""
    reader = asked.moderator
    return reader is not None and reader.left_at is None and reader.role == Role.FACILITATOR


def statements_of(seat: Seat, key: int, *, language: str) -> tuple[StatementLine, ...]:
    """Return what the own party's people signed, for its managers, after the round has closed.

    :raises Missing: unless the party spoke by name in a closed round.
    """
    cohort = (
        reach.cohorts_within(seat)
        .filter(round=key, round__state=State.CLOSED, mode=Mode.NAMED)
        .select_related("round__instrument")
        .first()
    )
    if cohort is None:
        raise Missing
    require(seat, Act.STATEMENT_READ, Where(seat.alliance, seat.party))
    instrument = instrument_of(cohort.round.instrument)
    partners = list(
        Party.objects.filter(alliance=seat.alliance)
        .exclude(pk=seat.party)
        .order_by("position")
        .values_list("organisation__name", flat=True)
    )
    asked = [(about or "", item) for about, item in instrument.asked_of(partners)]
    rows = Statement.objects.filter(cohort=cohort).select_related("seat__person")
    lines = []
    for row in sorted(rows, key=lambda one: one.seat.person.name if one.seat else ""):
        answers = tuple(
            (
                _asked(item, about, language),
                _answer(instrument, item.code, given, language),
            )
            for (about, item), given in zip(asked, bytes(row.answers), strict=True)
        )
        answers += tuple(
            (line.text.into(language), row.words[line.code])
            for line in instrument.open_lines
            if line.code in row.words
        )
        lines.append(StatementLine(row.seat.person.name if row.seat else "", answers, row.comment))
    return tuple(lines)


def signed_rows(seat: Seat, key: int, *, language: str, now: datetime) -> tuple[Row, ...]:
    """Return what the own party's people signed as rows, with a header; the journal tells it.

    One row an answer. Only in named rounds is there anything that belongs to a person.

    :raises Missing: unless the party spoke by name in a closed round, and for anybody but its
        managers.
    """
    lines = statements_of(seat, key, language=language)
    title = Round.objects.values_list("title", flat=True).get(pk=key)
    record(seat, "statement.export", now=now, words={"round": title})
    rows = [(line.name, question, answer) for line in lines for question, answer in line.answers]
    rows += [(line.name, _("remark"), line.comment) for line in lines if line.comment]
    return (SIGNED, *rows)


def _answer(instrument: Instrument, code: str, given: int, language: str) -> str:
    item = next(one for one in instrument.items if one.code == code)
    scale = instrument.scale_of(item)
    if given == NOT_ANSWERED:
        return _("no answer")
    if given == CANNOT_JUDGE:
        return _("cannot judge")
    if scale.options:
        return scale.options[given - 1].into(language)
    return str(given - 1 + scale.low)


def release_rows(seat: Seat, key: int, *, now: datetime) -> tuple[Row, ...]:
    """Return the own party's displayed figures as rows, with a header; the journal tells it.

    :raises Missing: before the round has closed, and unless the seat is a manager's or sponsor's.
    """
    card = mirror_before(seat, key, language="en")
    require(seat, Act.RELEASE_EXPORT, Where(card.alliance, seat.party))
    kept = Release.objects.select_related("round__instrument", "round__evaluation").get(round=key)
    figures = seen_by(kept, seat.party)
    names = {
        str(party): name
        for party, name in Party.objects.filter(alliance=seat.alliance).values_list(
            "pk", "organisation__name"
        )
    }
    record(seat, "release.export", now=now, words={"round": card.title})
    rows = [
        row
        for party in figures.parties
        if party.party == str(seat.party)
        for row in _rows(card.title, instrument_of(kept.round.instrument), party, names)
    ]
    return (HEADER, *rows)


def release_plain(seat: Seat, key: int, *, now: datetime) -> dict[str, object]:
    """Return the own party's part of a release as plain values, with the release's fingerprint.

    :raises Missing: before the round has closed, and unless the seat is a manager's or sponsor's.
    """
    card = mirror_before(seat, key, language="en")
    require(seat, Act.RELEASE_EXPORT, Where(card.alliance, seat.party))
    kept = Release.objects.get(round=key)
    record(seat, "release.export", now=now, words={"round": card.title})
    own = [one for one in kept.content["parties"] if one["party"] == str(seat.party)]
    return {
        "round": card.title,
        "instrument": card.instrument,
        "k": card.k,
        "closed_at": card.closed_at.isoformat(),
        "imported": card.imported,
        "release": kept.digest,
        "parties": own,
    }


def research_rows(seat: Seat, organisation: int) -> tuple[Row, ...]:
    """Return the displayed figures of an organisation's own parties, names taken off.

    Alliances and partners are numbered afresh in each download, so that rows of one round hold
    together and nothing else does.

    :raises Forbidden: unless the seat is a researcher's of this organisation.
    """
    require(seat, Act.RESEARCH_EXPORT, Where(organisation=organisation))
    own = {
        str(key)
        for key in Party.objects.filter(organisation=organisation).values_list("pk", flat=True)
    }
    kept = Release.objects.filter(round__alliance__parties__organisation=organisation)
    rows: list[Row] = []
    for number, release in enumerate(
        kept.select_related("round__instrument").order_by("digest"), start=1
    ):
        figures = from_plain(release.content)
        names = {
            one.party: "own" if one.party in own else f"partner {place}"
            for place, one in enumerate(figures.parties, start=1)
        }
        for party in figures.parties:
            if party.party in own:
                instrument = instrument_of(release.round.instrument)
                rows += _rows(f"round {number}", instrument, party, names)
    return (HEADER, *rows)


def _rows(
    title: str, instrument: Instrument, party: PartyFigures, names: Mapping[str, str]
) -> list[Row]:
    scales = {item.code: instrument.scale_of(item) for item in instrument.items}
    options = {code: scale.points for code, scale in scales.items() if scale.choice}
    own = names[party.party]
    rows: list[Row] = []
    for answer in party.answers:
        head = (title, instrument.code, own, names.get(answer.about, ""), party.n)
        for statistic, value, end in _statistics(answer.figure, options.get(answer.code, 0)):
            rows.append((*head, answer.code, statistic, value, end))
    for facet in party.facets:
        head = (title, instrument.code, own, names.get(facet.about, ""), party.n)
        if isinstance(facet.figure, Withheld):
            rows.append((*head, f"facet {facet.facet}", "mean", "withheld", ""))
        else:
            value = f"{facet.figure.mean:.1f}"
            rows.append((*head, f"facet {facet.facet}", "mean", value, facet.figure.end))
    return rows


def _statistics(
    figure: Shown | Shares | Withheld | Spoken, options: int
) -> list[tuple[str, str, str]]:
    """Return name, value and coded end of what is displayed; of a choice its options' shares."""
    match figure:
        case Shown():
            rows = [("mean", f"{figure.mean:.1f}", str(figure.end))]
            if figure.word:
                rows.append(("agreement", figure.word.value, ""))
            for name, band in zip(("1-3", "4", "5-7"), figure.bands or (), strict=False):
                rows.append((f"share {name}", str(band.share), str(band.end)))
            return rows
        case Shares():
            return [
                (f"share {place}", str(band.share), str(band.end))
                for place, band in enumerate(figure.shares, start=1)
            ]
        case Spoken():
            value = "" if figure.value is None else str(figure.value)
            return [("one voice", value, "could not judge" if figure.could_not else "")]
        case _:
            shares = [f"share {place}" for place in range(1, options + 1)]
            return [(name, "withheld", "") for name in shares or ["mean"]]
