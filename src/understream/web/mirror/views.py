"""Show a mirror; moderate comments; download the own party's figures."""

import csv

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from understream.access.refusal import Unfit
from understream.access.rules import Act
from understream.domain.alliance import alliance_before
from understream.domain.change import earlier_rounds
from understream.domain.codebook import codebook_of
from understream.domain.mirror import (
    release_plain,
    release_rows,
    signed_rows,
    statements_of,
)
from understream.domain.release import (
    Moderation,
    RawComment,
    comments_to_moderate,
    open_comments,
)
from understream.domain.result import result_before
from understream.domain.round import round_before
from understream.report.codebook import as_rows, as_syntax, as_xlsx
from understream.web import clock
from understream.web.mirror.drawing import draw
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.result.drawing import tell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RISKY = ("=", "+", "-", "@", "\t", "\r")


@policy(Act.MIRROR_READ, Of.ROUND)
def show(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - the address's word
    """Show what was said, as far as it may be shown."""
    card, result = result_before(
        request.seat, round, language=get_language() or "en", now=clock.now()
    )
    return render(
        request,
        "mirror/show.html",
        {
            "mirror": card,
            "drawn": draw(card),
            "told": tell(result),
            "earlier": earlier_rounds(request.seat, round),
            "alliance": alliance_before(request.seat),
        },
    )


@policy(Act.STATEMENT_READ, Of.ROUND)
def statements(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Show what the own party's people signed."""
    lines = statements_of(request.seat, round, language=get_language() or "en")
    return render(
        request,
        "mirror/statements.html",
        {
            "lines": lines,
            "round": round_before(request.seat, round),
            "alliance": alliance_before(request.seat),
        },
    )


@policy(Act.COMMENT_MODERATE, Of.ROUND, "GET", "POST")
def comments(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Let the facilitator named in the agreement read comments first, and open them."""
    faults: dict[str, object] = {}
    typed: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: value for name, value in request.POST.items() if isinstance(value, str)}
        try:
            open_comments(
                request.seat,
                round,
                party=_number(typed.get("party", "")),
                paraphrases=_by_key(typed, "words-"),
                withheld=tuple(_by_key(typed, "hold-")),
                now=clock.now(),
                rng=clock.rng,
            )
        except Unfit as unfit:
            faults = dict(unfit.faults)
        else:
            return HttpResponseRedirect(reverse("mirror:comments", args=[round]))
    return render(
        request,
        "mirror/comments.html",
        {
            "parties": [
                (
                    party,
                    _drafts(party, typed, faults),
                    faults.get("", "") if typed.get("party") == str(party.party) else "",
                )
                for party in comments_to_moderate(
                    request.seat, round, language=get_language() or "en"
                )
            ],
            "round": round_before(request.seat, round),
            "alliance": alliance_before(request.seat),
        },
        status=400 if faults else 200,
    )


def _drafts(
    party: Moderation, typed: dict[str, str], faults: dict[str, object]
) -> list[tuple[RawComment, str, bool, object]]:
    """Return each comment with what was typed for it, so that a fault loses nothing."""
    return [
        (
            one,
            typed.get(f"words-{one.key}", ""),
            f"hold-{one.key}" in typed,
            faults.get(str(one.key), ""),
        )
        for one in party.comments
    ]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004 - 63 bits


def _by_key(typed: dict[str, str], prefix: str) -> dict[int, str]:
    return {
        _number(name.removeprefix(prefix)): value
        for name, value in typed.items()
        if name.startswith(prefix)
    }


@policy(Act.RELEASE_EXPORT, Of.ROUND)
def release_csv(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download the own party's displayed figures as CSV."""
    rows = release_rows(request.seat, round, now=clock.now())
    return table(rows, f"release-{round}.csv")


@policy(Act.RELEASE_EXPORT, Of.ROUND)
def release_xlsx(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download the own party's displayed figures with their codebook, as a workbook."""
    book = codebook_of(request.seat, round, language=get_language() or "en")
    rows = release_rows(request.seat, round, now=clock.now())
    response = HttpResponse(as_xlsx(rows, book), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="release-{round}.xlsx"'
    return response


@policy(Act.RELEASE_EXPORT, Of.ROUND)
def release_syntax(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download syntax with which SPSS reads the CSV file."""
    book = codebook_of(request.seat, round, language=get_language() or "en")
    text = as_syntax(f"release-{round}.csv", book)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="release-{round}.sps"'
    return response


@policy(Act.RELEASE_EXPORT, Of.ROUND)
def codebook(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download what the codes in the figures mean, as CSV."""
    book = codebook_of(request.seat, round, language=get_language() or "en")
    return table(as_rows(book), f"codebook-{round}.csv")


@policy(Act.STATEMENT_READ, Of.ROUND)
def statements_csv(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download what the own party's people signed, as CSV."""
    language = get_language() or "en"
    rows = signed_rows(request.seat, round, language=language, now=clock.now())
    return table(rows, f"statements-{round}.csv")


@policy(Act.RELEASE_EXPORT, Of.ROUND)
def release_json(request: SeatedRequest, round: int) -> HttpResponse:  # noqa: A002 - see above
    """Download the own party's displayed figures as JSON."""
    response = JsonResponse(release_plain(request.seat, round, now=clock.now()))
    response["Content-Disposition"] = f'attachment; filename="release-{round}.json"'
    return response


def table(rows: tuple[tuple[str, ...], ...], name: str) -> HttpResponse:
    """Return rows as a CSV file that a spreadsheet opens without running anything in it."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(RISKY) else cell for cell in row])
    return response
