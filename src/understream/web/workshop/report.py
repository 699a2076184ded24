"""What came of a workshop: a page, files at any moment, and takeouts that become commitments."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Unfit
from understream.access.rules import Act
from understream.domain.alliance import alliance_before
from understream.domain.commitment import owners_of
from understream.domain.outcome import export_outcome, outcome_of
from understream.domain.takeout import Takeout, keep_takeout, takeouts_of
from understream.report.workshop import as_csv as csv_of
from understream.report.workshop import as_xlsx as xlsx_of
from understream.report.workshop import rows_of
from understream.web import clock
from understream.web.commitment.forms import CommitmentForm
from understream.web.fault import add_faults
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.workshop.views import around

SOON = timedelta(days=7)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@policy(Act.WORKSHOP_READ, Of.WORKSHOP)
def show(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Show what came of a workshop so far."""
    page = {"card": outcome_of(request.seat, workshop), **around(request.seat)}
    return render(request, "workshop/report.html", page)


@policy(Act.WORKSHOP_EXPORT, Of.WORKSHOP)
def as_csv(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Give everything as CSV."""
    card = export_outcome(request.seat, workshop, now=clock.now())
    body = "\ufeff" + csv_of(rows_of(card, language=_language()))
    return _file(body.encode(), "text/csv; charset=utf-8", f"workshop-{workshop}.csv")


@policy(Act.WORKSHOP_EXPORT, Of.WORKSHOP)
def as_xlsx(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Give everything as a workbook."""
    card = export_outcome(request.seat, workshop, now=clock.now())
    body = xlsx_of(rows_of(card, language=_language()), title=card.title)
    return _file(body, WORKBOOK, f"workshop-{workshop}.xlsx")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@policy(Act.COMMITMENT_WRITE, Of.WORKSHOP, "GET", "POST")
def keep(request: SeatedRequest, workshop: int, answer: int) -> HttpResponse:
    """Ask who sees to a takeout and for whom, and make a commitment of it."""
    one = _takeout(request, workshop, answer)
    if one.commitment:
        return redirect("commitment:show", one.commitment)
    card = alliance_before(request.seat)
    form = CommitmentForm(
        request.POST or None,
        parties=card.parties,
        owners=owners_of(request.seat),
        initial={
            "action": one.text,
            "owner": one.owner or "",
            "receiver": one.receiver or "",
            "due_on": one.before or (clock.now() + SOON).date(),
        },
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            key = keep_takeout(
                request.seat,
                workshop,
                answer,
                receiver=said["receiver"],
                owner=said["owner"],
                due_on=said["due_on"],
                action=said["action"],
                now=clock.now(),
            )
        except Unfit as unfit:
            add_faults(form, unfit)
        else:
            messages.success(request, _("Proposed. It stands once both sides have accepted."))
            return redirect("commitment:show", key)
    page = {"form": form, "one": one, "workshop": workshop, **around(request.seat)}
    return render(request, "workshop/takeout.html", page, status=400 if form.errors else 200)


def _takeout(request: SeatedRequest, workshop: int, key: int) -> Takeout:
    found = next((one for one in takeouts_of(request.seat, workshop) if one.key == key), None)
    if found is None or not found.will_do or not request.seat.alliance:
        raise Missing
    return found


def _language() -> str:
    return get_language() or "en"
