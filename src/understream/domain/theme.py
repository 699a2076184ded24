"""Gather answers into themes: people decide and name, the machine only lays alike beside alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log as ln
from math import sqrt

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from understream.access import reach
from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act, require
from understream.access.seat import Seat
from understream.domain.answer import LONGEST_PARAPHRASE
from understream.domain.move import Changing, changing
from understream.domain.word import legible
from understream.domain.workshop import where_of
from understream.records.answer import Answer
from understream.records.theme import Gathered, Theme
from understream.records.workshop import Step, Workshop

LONGEST_NAME = 120
MOST_THEMES = 60
FEWEST_SHOWN = 3
"""Answers to a confidential step that a theme needs before they are shown themselves."""
SHORTEST_WORD = 3
SAME_STEM = 6
"""Signs by which two words count as one: "partner", "partners" and "partnerschap" are alike."""
MOST_WORDS = 60

_COMMON = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "don",
        "down",
        "each",
        "few",
        "for",
        "from",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "me",
        "more",
        "most",
        "my",
        "no",
        "nor",
        "not",
        "now",
        "of",
        "off",
        "on",
        "once",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "us",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "aan",
        "al",
        "alle",
        "alles",
        "als",
        "altijd",
        "ben",
        "bij",
        "daar",
        "dan",
        "dat",
        "de",
        "der",
        "deze",
        "die",
        "dit",
        "doen",
        "door",
        "dus",
        "een",
        "eens",
        "en",
        "er",
        "ge",
        "geen",
        "geweest",
        "haar",
        "had",
        "heb",
        "hebben",
        "heeft",
        "hem",
        "het",
        "hier",
        "hij",
        "hoe",
        "hun",
        "iemand",
        "iets",
        "ik",
        "in",
        "is",
        "ja",
        "je",
        "kan",
        "kon",
        "kunnen",
        "maar",
        "me",
        "meer",
        "men",
        "met",
        "mij",
        "mijn",
        "moet",
        "na",
        "naar",
        "niet",
        "niets",
        "nog",
        "nu",
        "of",
        "om",
        "omdat",
        "onder",
        "ons",
        "onze",
        "ook",
        "op",
        "over",
        "reeds",
        "te",
        "tegen",
        "toch",
        "toen",
        "tot",
        "u",
        "uit",
        "uw",
        "van",
        "veel",
        "voor",
        "want",
        "waren",
        "was",
        "wat",
        "we",
        "wel",
        "werd",
        "wezen",
        "wie",
        "wij",
        "wil",
        "worden",
        "wordt",
        "zal",
        "ze",
        "zelf",
        "zich",
        "zij",
        "zijn",
        "zo",
        "zonder",
        "zou",
    ]
)


class RenamedMeanwhile(Refused):
    """Two people named a theme at once; the second sees the first name before it is replaced."""

    reason = _(
        "A colleague has just changed this theme. Look at it, and change it again if needed."
    )


@dataclass(frozen=True, slots=True)
class ThemeCard:
    """A theme as its pages show it.

    :ivar answers: keys of what lies in it.
    :ivar shows: whether these answers may be shown themselves, or the paraphrase alone.
    :ivar changed: the version at which its name last changed; comes back with a new one.
    """

    key: int
    name: str
    paraphrase: str
    answers: tuple[int, ...]
    shows: bool
    changed: int


def themes_in(step: Step) -> tuple[ThemeCard, ...]:
    """Return the themes of a themes step, in their order."""
    source = step.source
    guarded = source is not None and source.identity == Step.Identity.CONFIDENTIAL
    lying: dict[int, list[int]] = defaultdict(list)
    gathered = Gathered.objects.filter(theme__step=step).exclude(
        answer__state=Answer.State.WITHDRAWN
    )
    for theme, answer in gathered.order_by("pk").values_list("theme", "answer"):
        lying[theme].append(answer)
    return tuple(
        ThemeCard(
            key=row.pk,
            name=row.name,
            paraphrase=row.paraphrase,
            answers=tuple(lying[row.pk]),
            shows=not guarded or len(lying[row.pk]) >= FEWEST_SHOWN,
            changed=row.changed,
        )
        for row in Theme.objects.filter(step=step)
    )


def order_in(step: Step) -> tuple[int, ...]:
    """Return the keys of answers as they were laid side by side, nothing if they were not."""
    return tuple((step.results or {}).get("beside", ()))


# ------------------------------------------------------------------------------- acts


@transaction.atomic
def make_theme(
    seat: Seat,
    workshop: int,
    step: int,
    *,
    name: str,
    answers: Collection[int] = (),
    now: datetime,
) -> int:
    """Make a theme, with the answers that were chosen in it.

    :returns: its key.
    :raises Unfit: without a name, or beyond sixty themes.
    :raises Missing: for a step or answer that is not there.
    """
    row, found = _at_work(seat, workshop, step)
    said = _named(name)
    last = Theme.objects.filter(step=found).aggregate(last=Max("position"))["last"]
    if Theme.objects.filter(step=found).count() >= MOST_THEMES:
        raise Unfit({"": _("More than sixty themes are no themes any more. Merge some first.")})
    chosen = _answers(found, answers)
    with changing(seat, row, "theme.make", now=now, words={"theme": said}) as log:
        theme = Theme(step=found, name=said, position=0 if last is None else last + 1)
        log.make(theme)
        _gather(theme, chosen, log)
        log.themes()
    return theme.pk


@transaction.atomic
def rename_theme(
    seat: Seat, workshop: int, key: int, *, name: str, seen: int, now: datetime
) -> None:
    """Give a theme another name.

    :param seen: the theme's `changed` as the person saw it.
    :raises RenamedMeanwhile: if somebody else has changed it since.
    :raises Unfit: without a name.
    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    said = _named(name)
    if theme.name == said:
        return
    if theme.changed != seen:
        raise RenamedMeanwhile
    words = {"before": theme.name, "theme": said}
    with changing(seat, row, "theme.rename", now=now, words=words) as log:
        log.change(theme, name=said)
        log.themes()


@transaction.atomic
def paraphrase_theme(
    seat: Seat, workshop: int, key: int, *, words: str, seen: int, now: datetime
) -> None:
    """Say in other words what lies in a theme; of a few confidential answers only this is shown.

    :param seen: the theme's `changed` as the person saw it.
    :raises RenamedMeanwhile: if somebody else has changed it since.
    :raises Unfit: if it is too long.
    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    text = legible(words)
    if len(text) > LONGEST_PARAPHRASE:
        most = {"most": LONGEST_PARAPHRASE}
        raise Unfit({"words": _("Write at most %(most)s characters.") % most})
    if theme.paraphrase == text:
        return
    if theme.changed != seen:
        raise RenamedMeanwhile
    with changing(seat, row, "theme.paraphrase", now=now, words={"theme": theme.name}) as log:
        log.change(theme, paraphrase=text)
        log.themes()


@transaction.atomic
def gather_answers(
    seat: Seat,
    workshop: int,
    key: int,
    *,
    answers: Collection[int],
    leave: int = 0,
    now: datetime,
) -> None:
    """Put answers into a theme; what lies there already stays.

    :param leave: key of a theme that they leave with that, 0 to let them lie in both.
    :raises Missing: for a theme or answer that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    chosen = _answers(theme.step, answers)
    lying = set(Gathered.objects.filter(theme=theme).values_list("answer", flat=True))
    left = Gathered.objects.filter(theme=leave, theme__step=theme.step_id, answer__in=chosen)
    going = [] if leave in (0, theme.pk) else list(left)
    if set(chosen) <= lying and not going:
        return
    with changing(seat, row, "theme.gather", now=now, words={"theme": theme.name}) as log:
        for one in going:
            log.remove(one)
        _gather(theme, [one for one in chosen if one not in lying], log)
        log.themes()


@transaction.atomic
def release_answers(
    seat: Seat, workshop: int, key: int, *, answers: Collection[int], now: datetime
) -> None:
    """Take answers out of a theme; they lie in no theme then, or in the others they were in.

    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    going = list(Gathered.objects.filter(theme=theme, answer__in=list(answers)))
    if not going:
        return
    with changing(seat, row, "theme.release", now=now, words={"theme": theme.name}) as log:
        for one in going:
            log.remove(one)
        log.themes()


@transaction.atomic
def merge_themes(seat: Seat, workshop: int, key: int, *, other: int, now: datetime) -> None:
    """Put what lies in another theme into this one, which keeps its name; the other goes.

    :param other: key of the theme that goes.
    :raises Missing: for themes that are not there, or of two steps.
    """
    row, theme = _theme(seat, workshop, key)
    gone = Theme.objects.filter(pk=other, step=theme.step_id).exclude(pk=key).first()
    if gone is None:
        raise Missing
    lying = set(Gathered.objects.filter(theme=theme).values_list("answer", flat=True))
    words = {"before": gone.name, "theme": theme.name}
    with changing(seat, row, "theme.merge", now=now, words=words) as log:
        moving = list(Gathered.objects.filter(theme=gone))
        for one in moving:
            log.remove(one)
        _gather(theme, [one.answer_id for one in moving if one.answer_id not in lying], log)
        log.remove(gone)
        log.themes()


@transaction.atomic
def split_theme(
    seat: Seat, workshop: int, key: int, *, answers: Collection[int], name: str, now: datetime
) -> int:
    """Take answers out of a theme into a new one beside it.

    :returns: the key of the new theme.
    :raises Unfit: without a name, or if nothing was chosen.
    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    said = _named(name)
    moving = list(Gathered.objects.filter(theme=theme, answer__in=list(answers)))
    if not moving:
        raise Unfit({"answers": _("Choose the answers that go into the new theme.")})
    words = {"before": theme.name, "theme": said}
    with changing(seat, row, "theme.split", now=now, words=words) as log:
        fresh = Theme(step=theme.step, name=said, position=theme.position + 1)
        for one in Theme.objects.filter(step=theme.step_id, position__gt=theme.position):
            log.change(one, position=one.position + 1)
        log.make(fresh)
        for gathered in moving:
            log.remove(gathered)
        _gather(fresh, [one.answer_id for one in moving], log)
        log.themes()
    return fresh.pk


@transaction.atomic
def remove_theme(seat: Seat, workshop: int, key: int, *, now: datetime) -> None:
    """Take a theme apart: its answers stay, in no theme or in the others they lie in.

    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    with changing(seat, row, "theme.remove", now=now, words={"theme": theme.name}) as log:
        for one in Gathered.objects.filter(theme=theme):
            log.remove(one)
        log.remove(theme)
        log.themes()


@transaction.atomic
def order_theme(seat: Seat, workshop: int, key: int, *, by: int, now: datetime) -> None:
    """Move a theme among the others.

    :param by: places to go, negative towards the front; beyond an end means to that end.
    :raises Missing: for a theme that is not there.
    """
    row, theme = _theme(seat, workshop, key)
    order = list(Theme.objects.filter(step=theme.step_id))
    at = order.index(theme)
    to = min(max(at + by, 0), len(order) - 1)
    if at == to:
        return
    order.insert(to, order.pop(at))
    with changing(seat, row, "theme.order", now=now, words={"theme": theme.name}) as log:
        for place, one in enumerate(order):
            if one.position != place:
                log.change(one, position=place)
        log.themes()


@transaction.atomic
def lay_beside(seat: Seat, workshop: int, step: int, *, now: datetime) -> None:
    """Lay similar answers next to each other: an order, no themes, and one undo takes it back.

    :raises Missing: for a step that is not there.
    """
    row, found = _at_work(seat, workshop, step)
    told = {one.pk: one.paraphrase or one.text for one in _answers_to_gather(found)}
    order = alike_beside_alike(told)
    with changing(seat, row, "theme.beside", now=now) as log:
        log.change(found, results={"beside": order})
        log.themes()


def _answers_to_gather(step: Step) -> list[Answer]:
    """Return the answers that a themes step works with: those the wall may show."""
    if step.source is None:
        return []
    return list(
        Answer.objects.filter(step=step.source, state=Answer.State.SHOWN)
        .select_related("party", "attendee")
        .order_by("number", "pk")
    )


# --------------------------------------------------------------- likeness and words


def words_in(text: str) -> list[str]:
    """Return the words of a text that say something, in small letters."""
    found = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower())
    return [one for one in found if len(one) >= SHORTEST_WORD and one not in _COMMON]


def alike_beside_alike(texts: Mapping[int, str]) -> list[int]:
    """Order texts so that those that share words come next to each other.

    Words weigh more the fewer texts have them; likeness is the cosine of two texts. The order goes
    from a text to the one most like it that is left, and begins anew with the earliest where none
    is. The same texts always come in the same order.

    :param texts: texts by key, in the order in which they came.
    :returns: the keys, each once.
    """
    stems = {key: {word[:SAME_STEM] for word in words_in(text)} for key, text in texts.items()}
    having: dict[str, list[int]] = defaultdict(list)
    for key, found in stems.items():
        for stem in found:
            having[stem].append(key)
    weight = {stem: ln(1 + len(texts) / len(keys)) for stem, keys in having.items()}
    norm = {key: sqrt(sum(weight[stem] ** 2 for stem in found)) for key, found in stems.items()}
    left, order = dict.fromkeys(texts), []
    at: int | None = None
    while left:
        near: dict[int, float] = defaultdict(float)
        for stem in stems[at] if at is not None else ():
            for other in having[stem]:
                if other in left:
                    near[other] += weight[stem] ** 2
        place = {key: number for number, key in enumerate(left)}
        at = (
            max(near, key=lambda key: (near[key] / norm[key], -place[key]))
            if near
            else next(iter(left))
        )
        order.append(at)
        del left[at]
    return order


def frequent_words(texts: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return the words that most texts use, with the number of texts; each at least twice."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(set(words_in(text)))
    ranked = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple((word, number) for word, number in ranked[:MOST_WORDS] if number > 1)


# ---------------------------------------------------------------------------- within


def _at_work(seat: Seat, workshop: int, step: int) -> tuple[Workshop, Step]:
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = reach.step_within(row, step)
    if found.kind != Step.Kind.THEMES:
        raise Missing
    return row, found


def _theme(seat: Seat, workshop: int, key: int) -> tuple[Workshop, Theme]:
    row = reach.locked_workshop(seat, workshop)
    require(seat, Act.WORKSHOP_RUN, where_of(row))
    found = Theme.objects.filter(pk=key, step__workshop=row).select_related("step__source").first()
    if found is None:
        raise Missing
    return row, found


def _named(name: str) -> str:
    said = " ".join(legible(name).split())
    if not 0 < len(said) <= LONGEST_NAME:
        raise Unfit(
            {"name": _("Give the theme a name of at most %(most)s characters.")
             % {"most": LONGEST_NAME}}
        )  # fmt: skip
    return said


def _answers(step: Step, keys: Collection[int]) -> list[int]:
    wanted = list(dict.fromkeys(keys))
    there = set(
        Answer.objects.filter(pk__in=wanted, step=step.source_id)
        .exclude(state=Answer.State.WITHDRAWN)
        .values_list("pk", flat=True)
    )
    if set(wanted) - there:
        raise Missing
    return wanted


def _gather(theme: Theme, answers: Sequence[int], log: Changing) -> None:
    for one in answers:
        log.make(Gathered(theme=theme, answer_id=one))
