"""Questionnaires: what a round can ask, as people will read it, and what organisations bring."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from understream.access.refusal import Refused
from understream.access.rules import Act, Where, may
from understream.domain.instrument import (
    choices,
    give_instrument,
    instrument_file,
    own_instruments,
    preview_before,
    take_back_instrument,
)
from understream.instruments.reader import LARGEST_FILE
from understream.web import clock
from understream.web.alliance.desk import desk
from understream.web.alliance.forms import GiveForm
from understream.web.policy import Of, SeatedRequest, policy


@policy(Act.ROUND_PLAN, Of.ALLIANCE)
def instruments(request: SeatedRequest, alliance: int) -> HttpResponse:
    """List what a round can ask, or show one questionnaire as people will read it."""
    language = get_language() or "en"
    card: dict[str, object] = desk(request.seat, "rounds")
    if code := request.GET.get("code", ""):
        card |= {"preview": preview_before(request.seat, code, language=language)}
        return render(request, "alliance/preview.html", card)
    card |= {
        "instruments": choices(language=language),
        "own": own_instruments(request.seat, language=language),
        "may_give": may(request.seat, Act.INSTRUMENT_GIVE, Where(alliance, request.seat.party)),
    }
    return render(request, "alliance/instruments.html", card)


@policy(Act.INSTRUMENT_GIVE, Of.ALLIANCE, "GET", "POST")
def give(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Take in the file of an own questionnaire: kept if it is in order, else every fault of it."""
    form = GiveForm(request.POST, request.FILES) if request.method == "POST" else GiveForm()
    verdict = None
    if form.is_valid():
        given = form.cleaned_data["file"]
        verdict = give_instrument(
            request.seat,
            given.read(LARGEST_FILE + 1),  # what is longer is refused, and never held
            given.name,
            language=get_language() or "en",
            now=clock.now(),
        )
        if not verdict.faults:
            told = _("%(title)s is in order and kept. Nobody has been asked it.")
            messages.success(request, told % {"title": verdict.title})
            query = {"code": verdict.asked_as}
            return redirect(reverse("alliance:instruments", args=[alliance], query=query))
    refused = form.errors or (verdict and verdict.faults)
    card = {"form": form, "verdict": verdict, **desk(request.seat, "rounds")}
    return render(request, "alliance/give.html", card, status=400 if refused else 200)


@policy(Act.INSTRUMENT_GIVE, Of.ALLIANCE, "POST")
def take_back(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Remove a version that no round has asked."""
    try:
        take_back_instrument(request.seat, number(request.POST.get("instrument", "")))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Removed. Upload its file again if you want it back."))
    return redirect("alliance:instruments", alliance)


@policy(Act.ROUND_PLAN, Of.ALLIANCE)
def file(request: SeatedRequest, alliance: int) -> HttpResponse:
    """Hand out the file of a questionnaire, to write another after its example."""
    del alliance
    name, content = instrument_file(request.seat, request.GET.get("code", "pulse"))
    response = HttpResponse(content, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def number(text: str) -> int:
    """Return the key that an address names; 0, which nothing has, for what is no key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0  # noqa: PLR2004 - 63 bits
