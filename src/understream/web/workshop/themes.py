"""Gather answers into themes: select and move, by tap and by keyboard; one form an act."""

from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext as _

from understream.access.refusal import Unfit
from understream.access.rules import Act
from understream.domain import theme
from understream.web import clock
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.workshop.console import choose, done

MOST = 2000


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def do(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Do one act on themes; then the console, or its part."""
    act = _ACTS.get(request.POST.get("act", ""))
    return done(request, workshop, lambda: act(request, workshop) if act else choose())


def _number(request: SeatedRequest, name: str) -> int:
    told = request.POST.get(name, "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0  # noqa: PLR2004 - digits of a key


def _chosen(request: SeatedRequest) -> list[int]:
    told = request.POST.getlist("answer")[:MOST]
    return [int(one) for one in told if one.isascii() and one.isdigit() and len(one) < 19]  # noqa: PLR2004 - digits of a key


def _gather(request: SeatedRequest, workshop: int) -> str:
    """Put what was chosen into a theme: one that is there, or a new one by its name."""
    chosen = _chosen(request)
    if not chosen:
        raise Unfit({"answer": _("Choose the answers first.")})
    if to := _number(request, "to"):
        theme.gather_answers(
            request.seat,
            workshop,
            to,
            answers=chosen,
            leave=_number(request, "leave"),
            now=clock.now(),
        )
        return ""
    return _make(request, workshop)


def _make(request: SeatedRequest, workshop: int) -> str:
    theme.make_theme(
        request.seat,
        workshop,
        _number(request, "step"),
        name=request.POST.get("name", ""),
        answers=_chosen(request),
        now=clock.now(),
    )
    return ""


def _rename(request: SeatedRequest, workshop: int) -> str:
    theme.rename_theme(
        request.seat,
        workshop,
        _number(request, "theme"),
        name=request.POST.get("name", ""),
        seen=_number(request, "seen"),
        now=clock.now(),
    )
    return ""


def _paraphrase(request: SeatedRequest, workshop: int) -> str:
    theme.paraphrase_theme(
        request.seat,
        workshop,
        _number(request, "theme"),
        words=request.POST.get("words", ""),
        seen=_number(request, "seen"),
        now=clock.now(),
    )
    return ""


def _release(request: SeatedRequest, workshop: int) -> str:
    theme.release_answers(
        request.seat,
        workshop,
        _number(request, "theme"),
        answers=_chosen(request),
        now=clock.now(),
    )
    return ""


def _merge(request: SeatedRequest, workshop: int) -> str:
    theme.merge_themes(
        request.seat,
        workshop,
        _number(request, "to"),
        other=_number(request, "theme"),
        now=clock.now(),
    )
    return ""


def _split(request: SeatedRequest, workshop: int) -> str:
    theme.split_theme(
        request.seat,
        workshop,
        _number(request, "theme"),
        answers=_chosen(request),
        name=request.POST.get("name", ""),
        now=clock.now(),
    )
    return ""


def _apart(request: SeatedRequest, workshop: int) -> str:
    theme.remove_theme(request.seat, workshop, _number(request, "theme"), now=clock.now())
    return ""


def _order(request: SeatedRequest, workshop: int) -> str:
    theme.order_theme(
        request.seat,
        workshop,
        _number(request, "theme"),
        by=-1 if request.POST.get("way") == "earlier" else 1,
        now=clock.now(),
    )
    return ""


def _beside(request: SeatedRequest, workshop: int) -> str:
    theme.lay_beside(request.seat, workshop, _number(request, "step"), now=clock.now())
    return _("Similar answers lie side by side now. Undo takes it back.")


_ACTS: dict[str, Callable[[SeatedRequest, int], str]] = {
    "gather": _gather, "make": _make, "rename": _rename, "paraphrase": _paraphrase,
    "release": _release, "merge": _merge, "split": _split, "apart": _apart, "order": _order,
    "beside": _beside,
}  # fmt: skip
