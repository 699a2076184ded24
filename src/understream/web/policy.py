"""Every route declares its policy; what declares none is not served."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Protocol
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from understream.access import reach
from understream.access.refusal import Missing
from understream.access.rules import RULES, Act
from understream.access.seat import Seat


class Of(StrEnum):
    """Where the acting seat of a route comes from."""

    DOOR = "nobody in particular"
    PERSON = "the person signed in"
    ALLIANCE = "the person's seat in the alliance of the address"
    ROUND = "the person's seat in the alliance of the round of the address"
    EVALUATION = "the person's seat in the alliance of the evaluation of the address"
    COMMITMENT = "the person's seat in the alliance of the commitment of the address"
    WORKSHOP = "the person's seat in the workshop of the address"
    ORGANISATION = "the person's research seat in the organisation of the address"
    LINK = "whoever holds the link in the address"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which act a route performs, for whom, and with which methods."""

    act: Act
    of: Of
    methods: tuple[str, ...]


class SeatedRequest(HttpRequest):
    """A request whose route has found who acts."""

    seat: Seat


class Page(Protocol):
    """A view of this house."""

    policy: Policy

    def __call__(self, request: HttpRequest, *args: object, **keys: object) -> HttpResponse:
        """Answer a request."""


def policy(
    act: Act, of: Of, *methods: str
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declare what a route does and who may; find the acting seat before the view runs.

    :param methods: the methods served, ``GET`` without any; a POST page names both.
    """
    declared = Policy(act, of, methods or ("GET",))
    allowed = {*declared.methods, *(("HEAD",) if "GET" in declared.methods else ())}

    def declare(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest, *args: object, **keys: object) -> HttpResponse:
            if request.method not in allowed:
                response = HttpResponse(status=405)
                response["Allow"] = ", ".join(sorted(allowed))
                response["Cache-Control"] = "no-store"
                return response
            if of not in (Of.DOOR, Of.LINK) and not request.user.is_authenticated:
                return _to_the_door(request)
            seat = _seat_for(request, declared, keys)
            request.seat = seat  # type: ignore[attr-defined] # the one place where it is attached
            response = view(request, *args, **keys)
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store"
            return response

        page.policy = declared  # type: ignore[attr-defined] # read by the matrix and the gate
        return page

    return declare


def _to_the_door(request: HttpRequest) -> HttpResponse:
    after = quote(request.get_full_path()) if request.method == "GET" else "/"
    response = HttpResponseRedirect(f"{reverse('account_login')}?next={after}")
    response["Cache-Control"] = "no-store"
    return response


def _seat_for(request: HttpRequest, declared: Policy, keys: dict[str, object]) -> Seat | None:
    person = request.user.pk if request.user.is_authenticated else 0
    match declared.of:
        case Of.DOOR | Of.LINK:
            return reach.seat_of_person(person) if person else None
        case Of.PERSON:
            seat = reach.seat_of_person(person)
        case Of.ALLIANCE:
            seat = reach.seat_in_alliance(person, _number(keys["alliance"]))
        case Of.ROUND:
            seat = reach.seat_in_round(person, _number(keys["round"]))
        case Of.EVALUATION:
            seat = reach.seat_in_evaluation(person, _number(keys["evaluation"]))
        case Of.COMMITMENT:
            seat = reach.seat_in_commitment(person, _number(keys["commitment"]))
        case Of.WORKSHOP:
            seat = reach.seat_in_workshop(person, _number(keys["workshop"]))
        case Of.ORGANISATION:
            seat = reach.seat_of_researcher(person, _number(keys["organisation"]))
    roles = RULES[declared.act].roles
    if roles and seat.role not in roles:
        raise Missing
    return seat


def _number(key: object) -> int:
    if not isinstance(key, int) or key >= 2**63:
        raise Missing
    return key
