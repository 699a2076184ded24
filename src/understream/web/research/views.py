"""Released figures as a file: displayed figures only, never voices."""

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from understream.access.rules import Act
from understream.domain.mirror import research_rows
from understream.domain.person import person_before
from understream.domain.pool import quality_before
from understream.web.policy import Of, SeatedRequest, policy

STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@policy(Act.RESEARCH_EXPORT, Of.ORGANISATION)
def releases(request: SeatedRequest, organisation: int) -> HttpResponse:
    """Return the organisation's released figures, one row a figure."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="releases.csv"'
    table = csv.writer(response)
    for row in research_rows(request.seat, organisation):
        table.writerow([plain(cell) for cell in row])
    return response


@policy(Act.RESEARCH_EXPORT, Of.ORGANISATION)
def quality(request: SeatedRequest, organisation: int) -> HttpResponse:
    """Show how well the questions hang together, over all rounds of this host."""
    card = {
        "quality": quality_before(request.seat, organisation, language=get_language() or "en"),
        "person": person_before(request.seat),
        "here": "alliances",
    }
    return render(request, "host/quality.html", card)


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(STARTS_FORMULA) else cell
