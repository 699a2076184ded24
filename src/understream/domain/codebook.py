"""What a release's file means: every question, its scale, and how figures are told."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from understream.access.rules import Act, Where, require
from understream.access.seat import Seat
from understream.domain.instrument import instrument_of
from understream.domain.mirror import mirror_before
from understream.domain.word import WORDS
from understream.instruments.reader import Instrument, Item, Text
from understream.records.release import Release

HEADER = (
    "code", "text_en", "text_nl", "about", "facet", "side", "level", "panel", "lowest", "highest",
    "lowest_means", "highest_means", "reversed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Codebook:
    """The codebook of one closed round.

    :ivar facts: what the file is about, as names and values.
    :ivar rules: how figures are told, each a sentence.
    :ivar lines: one for each question and facet, with the columns of :data:`HEADER`.
    """

    round: int
    title: str
    facts: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def codebook_of(seat: Seat, key: int, *, language: str) -> Codebook:
    """Return the codebook of a closed round, for whoever may take its figures out.

    :param language: ``en`` or ``nl``, for what scales and facets are called.
    :raises Missing: before the round has closed, and unless the seat is a manager's or sponsor's.
    """
    card = mirror_before(seat, key, language=language)
    require(seat, Act.RELEASE_EXPORT, Where(card.alliance, seat.party))
    kept = Release.objects.select_related("round__instrument").get(round=key)
    instrument = instrument_of(kept.round.instrument)
    lines = [_item(instrument, item, language) for item in instrument.items]
    for facet in instrument.facets:
        scale = instrument.scale_of(instrument.items_of(facet)[0])
        if not scale.choice:
            lines.append(
                (f"facet {facet.code}", facet.title.en, facet.title.nl, "", facet.code,
                 str(WORDS[facet.side]), str(WORDS[facet.level]), facet.panel, str(scale.low),
                 str(scale.low + scale.points - 1), scale.low_end.into(language),
                 scale.high_end.into(language), "")
            )  # fmt: skip
    return Codebook(
        key,
        card.title,
        (
            (_("Round"), card.title),
            (_("Alliance"), card.alliance_name),
            (_("Questionnaire"), f"{card.instrument_title} ({kept.round.instrument})"),
            (_("Closed at"), card.closed_at.isoformat()),
            (_("Fewest people of whom anything is shown"), str(card.k)),
            (_("Fingerprint of this release"), card.fingerprint),
            (_("Imported"), _("yes") if card.imported else _("no")),
        ),
        (
            card.not_validated,
            _("Figures are those that pages display; nothing finer is stored anywhere."),
            _("“withheld” protects people; it does not mean that nobody answered."),
            _("n is empty below the fewest people, “5-9” below ten, exact from ten; once a round, "
              "never by question."),
            _("The column end says “lower” or “higher” where a mean is told as “1.5 or lower”."),
            _("A facet’s figure is the mean of its questions’ displayed figures; there, questions "
              "marked as reversed are turned round."),
        ),
        tuple(lines),
    )  # fmt: skip


def _item(instrument: Instrument, item: Item, language: str) -> tuple[str, ...]:
    scale = instrument.scale_of(item)
    facet = next(one for one in instrument.facets if one.code == item.facet)
    low_end, high_end = instrument.ends_of(item)
    if scale.options:
        low_end, high_end = scale.options[0], scale.options[-1]
    about = _("the own party") if item.once else _("a partner")
    return (
        item.code,
        item.text.en,
        item.text.nl,
        about if instrument.directed else _("the alliance"),
        item.facet,
        str(WORDS[facet.side]),
        str(WORDS[instrument.level_of(item)]),
        facet.panel,
        str(scale.low),
        str(scale.low + scale.points - 1),
        _into(low_end, language),
        _into(high_end, language),
        _("yes") if item.reverse else "",
    )


def _into(text: Text, language: str) -> str:
    return text.into(language)
