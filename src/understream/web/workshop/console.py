"""The console: everything that runs a workshop, one form an act; live by asking its part anew."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.domain import (
    answer,
    attendee,
    move,
    pair,
    rehearsal,
    scene,
    spotlight,
    step,
    voice,
    workshop,
)
from understream.domain.answer import Contribution
from understream.domain.scene import AnswerCard
from understream.domain.workshop import WorkshopCard, seconds_of
from understream.web import clock
from understream.web.policy import Of, SeatedRequest, policy
from understream.web.workshop.drawing import host_name, in_halves
from understream.web.workshop.views import around

TABS = ("waiting", "shown", "held")
GROUPED = ("pairs", "rehearsal")
KEY_BYTES = 12


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP)
def show(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Show the console."""
    return render(request, "workshop/console.html", _page(request, workshop))


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP)
def room(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Show the part of the console that changes."""
    return render(request, "workshop/_room.html", _page(request, workshop))


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP)
def log(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Show what was done, the newest first."""
    page = {
        "card": _card(request, workshop),
        "moves": move.moves_of(request.seat, workshop),
        **around(request.seat),
    }
    return render(request, "workshop/log.html", page)


def _page(request: SeatedRequest, key: int) -> dict[str, object]:
    card = _card(request, key)
    now = clock.now()
    shown = next((one for one in card.steps if one.key == card.current), None)
    people = attendee.attendees_of(request.seat, key, now=now)
    roomy = scene.room_before(key, now=now)
    following = next(
        (
            one
            for one in card.steps
            if one.state == "waiting" and (shown is None or one.number > shown.number)
        ),
        None,
    )
    answers: tuple[AnswerCard, ...] = ()
    if shown is not None:
        about = shown.source if shown.kind == "themes" else shown.key
        answers = scene.answers_to_read(request.seat, key, about) if about else ()
    page = {
        "card": card,
        "now": shown,
        "following": following,
        "tabs": [(name, [one for one in answers if one.state == name]) for name in TABS],
        "answers": [one for one in answers if one.state == "shown"],
        "people": people,
        "waiting": [one for one in people if not one.admitted],
        "room": roomy,
        "moment": now,
        "left": seconds_of(shown, now) if shown else None,
        "board": scene.board_of(request.seat, key, shown.key) if shown else None,
        "groups": pair.groups_of(request.seat, key, shown.key, now=now)
        if shown is not None and shown.kind in GROUPED
        else (),
        "code": in_halves(card.code),
        "host": host_name(),
        "ticket": workshop.console_ticket(request.seat, key, now=now),
        **around(request.seat),
    }
    page["present"] = sum(one.here for one in people)
    return {**page, **themes_of(page)}


def themes_of(page: dict[str, Any]) -> dict[str, object]:
    """Return the themes with the answers in them, and the answers that lie in none."""
    board, shown = page["board"], page["now"]
    if board is None or shown is None or shown.kind != "themes":
        return {"themes": [], "loose": []}
    by_key = {one.key: one for one in page["answers"]}
    themes = [(one, [by_key[key] for key in one.answers if key in by_key]) for one in board.themes]
    lying = {key for one in board.themes for key in one.answers}
    order = {key: at for at, key in enumerate(board.beside)}
    loose = [one for one in page["answers"] if one.key not in lying]
    loose.sort(key=lambda one: (order.get(one.key, len(order)), one.number, one.key))
    return {"themes": themes, "loose": loose}


# ------------------------------------------------------------------------------- acts


@policy(Act.WORKSHOP_RUN, Of.WORKSHOP, "POST")
def do(request: SeatedRequest, workshop: int) -> HttpResponse:
    """Do one act; then back to the console, or its part for a page that asked for that."""
    said = _Said(request, workshop)
    act = _ACTS.get(request.POST.get("act", ""))
    return done(request, workshop, lambda: act(said) if act else choose())


def done(request: SeatedRequest, key: int, act: Callable[[], str]) -> HttpResponse:
    """Do an act and tell what came of it; a refusal is told in the same place."""
    try:
        if told := act():
            messages.success(request, told)
    except Missing:
        raise
    except Unfit as unfit:
        messages.error(request, " ".join(str(one) for one in unfit.faults.values()))
    except Refused as refusal:
        messages.error(request, str(refusal))
    if request.headers.get("HX-Request"):
        return render(request, "workshop/_room.html", _page(request, key))
    return redirect(reverse("workshop:console", args=[key]))


def choose() -> str:
    """Refuse a form that says nothing that can be done here.

    :raises Unfit: always.
    """
    raise Unfit({"": _("Choose what to do.")})


class _Said:
    """What a form of the console said."""

    def __init__(self, request: SeatedRequest, workshop: int) -> None:
        self.seat, self.workshop, self.given = request.seat, workshop, request.POST
        self.now: datetime = clock.now()

    def number(self, name: str) -> int:
        """Return a number, 0 for anything else."""
        told = self.given.get(name, "")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0  # noqa: PLR2004 - digits of a key

    def text(self, name: str) -> str:
        """Return a text."""
        return self.given.get(name, "")

    @property
    def at(self) -> tuple[Any, int, int]:
        """Return whom, where and which step an act is about."""
        return self.seat, self.workshop, self.number("step")


def _open(said: _Said) -> str:
    until = None
    if said.text("until"):
        card = workshop.workshop_before(said.seat, said.workshop, now=said.now)
        until = _moment(said.text("until"), card.time_zone)
    step.open_step(*said.at, at=said.number("at"), until=until, now=said.now, rng=clock.rng)
    return ""


def _moment(told: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(told).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Unfit({"until": _("Choose a day and a time.")}) from None


def _close(said: _Said) -> str:
    step.close_step(*said.at, now=said.now, rng=clock.rng)
    return ""


def _skip(said: _Said) -> str:
    step.skip_step(*said.at, now=said.now)
    return ""


def _extend(said: _Said) -> str:
    if said.text("until"):
        card = workshop.workshop_before(said.seat, said.workshop, now=said.now)
        until = _moment(said.text("until"), card.time_zone)
        step.extend_step(*said.at, until=until, now=said.now)
    else:
        step.extend_step(*said.at, minutes=said.number("minutes"), now=said.now)
    return ""


def _pause(said: _Said) -> str:
    step.pause_clock(*said.at, runs=False, now=said.now)
    return ""


def _run(said: _Said) -> str:
    step.pause_clock(*said.at, runs=True, now=said.now)
    return ""


def _reveal(said: _Said) -> str:
    step.reveal_step(*said.at, now=said.now)
    return ""


def _card_shown(said: _Said) -> str:
    step.show_card(*said.at, shown=said.text("shown") == "yes", now=said.now)
    return ""


def _count(said: _Said) -> str:
    workshop.show_count(said.seat, said.workshop, shown=said.text("shown") == "yes")
    return ""


def _admit(said: _Said) -> str:
    keys = [said.number("attendee")] if said.number("attendee") else []
    number = attendee.admit_attendees(said.seat, said.workshop, keys=keys, now=said.now)
    return _("Let in: %(number)s.") % {"number": number}


def _place(said: _Said) -> str:
    attendee.place_attendee(
        said.seat, said.workshop, said.number("attendee"), party=said.number("party"), now=said.now
    )
    return ""


def _remove(said: _Said) -> str:
    attendee.remove_attendee(said.seat, said.workshop, said.number("attendee"), now=said.now)
    return _("Asked to leave. What was said stays; undo brings the person back.")


def _wall(said: _Said) -> str:
    answer.show_answer(said.seat, said.workshop, said.number("answer"), now=said.now)
    return ""


def _hold(said: _Said) -> str:
    answer.hold_answer(said.seat, said.workshop, said.number("answer"), now=said.now)
    return ""


def _paraphrase(said: _Said) -> str:
    answer.paraphrase_answer(
        said.seat, said.workshop, said.number("answer"), words=said.text("words"), now=said.now
    )
    return ""


def _enter(said: _Said) -> str:
    key = attendee.hold_place_for(
        said.seat,
        said.workshop,
        name=said.text("name"),
        party=said.number("party"),
        now=said.now,
        rng=clock.rng,
    )
    one = Contribution(
        token="",
        workshop=said.workshop,
        step=said.number("step"),
        key=clock.rng.randbytes(KEY_BYTES).hex(),
        slot=said.number("slot"),
        text=said.text("text"),
        context=said.text("context"),
        by=said.seat,
        attendee=key,
    )
    (told,) = voice.speak([one], now=said.now)
    if isinstance(told, Refused):
        raise told
    return _("Typed in for %(name)s.") % {"name": said.text("name")}


def _move_pair(said: _Said) -> str:
    pair.move_to_pair(
        *said.at, said.number("attendee"), number=said.number("number"), now=said.now
    )
    return ""


def _links(said: _Said) -> str:
    number = pair.give_call_links(*said.at, links=said.text("links").splitlines(), now=said.now)
    return _("Pairs with a call link: %(number)s.") % {"number": number}


def _roles(said: _Said) -> str:
    rehearsal.turn_roles(*said.at, now=said.now)
    return ""


def _draw(said: _Said) -> str:
    spotlight.draw_speaker(*said.at, now=said.now, rng=clock.rng)
    return _("Somebody has been asked. Who it is shows when they say yes.")


def _thank(said: _Said) -> str:
    spotlight.thank_speaker(*said.at, now=said.now)
    return ""


def _undo(said: _Said) -> str:
    return _("Undone: %(what)s") % {"what": move.undo_move(said.seat, said.workshop, now=said.now)}


def _redo(said: _Said) -> str:
    return _("Done again: %(what)s") % {
        "what": move.redo_move(said.seat, said.workshop, now=said.now)
    }


def _renew(said: _Said) -> str:
    workshop.renew_code(said.seat, said.workshop, now=said.now, rng=clock.rng)
    return _("There is a new code; the old one opens nothing any more.")


def _end(said: _Said) -> str:
    step.end_workshop(said.seat, said.workshop, now=said.now, rng=clock.rng)
    return _("The workshop has ended. What came of it stays to be read.")


_ACTS: dict[str, Callable[[_Said], str]] = {
    "open": _open, "close": _close, "skip": _skip, "extend": _extend, "pause": _pause,
    "run": _run, "reveal": _reveal, "card": _card_shown, "count": _count, "admit": _admit,
    "place": _place, "remove": _remove, "wall": _wall, "hold": _hold, "paraphrase": _paraphrase,
    "enter": _enter, "move": _move_pair, "links": _links, "roles": _roles, "draw": _draw,
    "thank": _thank, "undo": _undo, "redo": _redo, "code": _renew, "end": _end,
}  # fmt: skip


def _card(request: SeatedRequest, key: int) -> WorkshopCard:
    return workshop.workshop_before(request.seat, key, now=clock.now())
