"""What proves that nothing was changed: the log, receipts, the bundle, and how to check them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.rules import Act
from understream.domain.bundle import take_bundle
from understream.domain.evaluation import EvaluationCard, evaluation_before
from understream.domain.letter import moment, unmarked
from understream.domain.seal import ReceiptCard, log_before, receipt_before, receipts_before
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.policy import Of, SeatedRequest, policy

LANGUAGES = ("en", "nl")


def spoken() -> str:
    """Return the language of the six words: that of the page, or English."""
    return "nl" if (get_language() or "").startswith("nl") else "en"


@policy(Act.SEAL_READ, Of.EVALUATION)
def log(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Show what was sealed, taken back and opened, and the proof of it."""
    receipts = receipts_before(request.seat, evaluation, language=spoken())
    card = log_before(request.seat, evaluation)
    by_index = {one.index: one for one in receipts}
    page = {
        "evaluation": evaluation_before(request.seat, evaluation, now=clock.now()),
        "log": card,
        "lines": [(line, by_index.get(line.index)) for line in card.lines],
        **desk(request.seat, "evaluations"),
    }
    return render(request, "evaluation/log.html", page)


@policy(Act.SEAL_READ, Of.EVALUATION)
def receipt(request: SeatedRequest, evaluation: int, index: int) -> HttpResponse:
    """Download one receipt: some lines for people in both languages, then the receipt itself."""
    kept = receipt_before(request.seat, evaluation, index, language="en")
    card = evaluation_before(request.seat, evaluation, now=clock.now())
    lines = []
    for language in LANGUAGES:
        words = kept.words if language == "en" else kept.other_words
        with translation.override(language):
            lines += [*(" ".join(unmarked(line).split()) for line in _told(card, kept, words)), ""]
    text = "\n".join([*lines, kept.file.strip(), ""])
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="understream-receipt-{index + 1}.txt"'
    return response


def _told(card: EvaluationCard, kept: ReceiptCard, words: tuple[str, ...]) -> list[str]:
    """Return what a receipt says, for people, in the language in force."""
    named = {
        "evaluation": card.title,
        "alliance": card.alliance_name,
        "party": kept.party.name if kept.party else "",
        "at": moment(kept.at, card.time_zone),
    }
    sentences = {
        "sealed": _("Receipt: %(party)s sealed its reflection on %(at)s."),
        "taken back": _("Receipt: %(party)s took its seal back on %(at)s."),
    }
    other = _("Receipt: the reflections of all parties opened on %(at)s.")
    return [
        sentences.get(kept.kind, other) % named,
        _("Evaluation “%(evaluation)s” in the alliance “%(alliance)s”.") % named,
        _("Six words to compare by voice: %(words)s.") % {"words": " ".join(words)},
        _("Key of the host: %(key)s") % {"key": kept.key},
        _("Keep this file where the host cannot reach it. It is checked with: understream verify"),
    ]


@policy(Act.BUNDLE_EXPORT, Of.EVALUATION)
def bundle(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Download the own party's bundle; the journal says so."""
    kept = take_bundle(request.seat, evaluation, now=clock.now())
    response = HttpResponse(kept.content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{kept.name}"'
    return response


@policy(Act.SEAL_READ, Of.EVALUATION)
def verify(request: SeatedRequest, evaluation: int) -> HttpResponse:
    """Say how anybody can check, without this server."""
    page = {
        "evaluation": evaluation_before(request.seat, evaluation, now=clock.now()),
        "log": log_before(request.seat, evaluation),
        "receipts": receipts_before(request.seat, evaluation, language=spoken()),
        **desk(request.seat, "evaluations"),
    }
    return render(request, "evaluation/verify.html", page)
