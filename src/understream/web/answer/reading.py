"""Reading an evaluation with a personal link: the own reflection, then all side by side."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from understream.access.refusal import Missing, Refused, Unfit
from understream.access.rules import Act
from understream.domain.evaluation import evaluation_before
from understream.domain.joint import joint_by_link
from understream.domain.reflection import (
    NotYet,
    ReflectionCard,
    hold_dissent,
    readable_by_link,
    reflection_by_link,
    seat_by_link,
)
from understream.domain.voice import OtherBrowser, bind_link
from understream.domain.word import name_of_host
from understream.web import clock
from understream.web.answer.views import (
    BROWSER,
    LINK_LASTS,
    choose_language,
    elsewhere,
    keep,
    language_here,
    page,
)
from understream.web.joint.drawing import draw as draw_joint
from understream.web.policy import Of, policy
from understream.web.reflection.dissents import View, change_view, typed_view, views_of
from understream.web.reflection.drawing import draw


@policy(Act.MIRROR_READ, Of.LINK)
def evaluation(request: HttpRequest, link: str) -> HttpResponse:
    """Show the own party's reflection, and after the reveal all of them; without an account."""
    choose_language(request, link)
    browser = _browser(request)
    stands = readable_by_link(link, browser=browser)
    if stands == "unbound":
        return page(request, "answer/read_here.html", {"link": link})
    if stands == "joint":
        card = joint_by_link(link, browser=browser, language=language_here(), now=clock.now())
        told = {"joint": card, "drawn": draw_joint(card, writing=False), "link": link}
        return page(request, "answer/joint.html", told)
    try:
        return _reflection_page(request, link)
    except Missing:
        return elsewhere(request, link)


@policy(Act.MIRROR_READ, Of.LINK, "POST")
def read_here(request: HttpRequest, link: str) -> HttpResponse:
    """Bind the link to this browser, and go on to the evaluation."""
    choose_language(request, link)
    response = HttpResponseRedirect(reverse("answer:evaluation", args=[link]))
    response.status_code = 303
    try:
        kept = bind_link(link, browser=_browser(request), rng=clock.rng)
    except OtherBrowser:
        return response  # the page there says so
    keep(request, response, link, BROWSER, kept, LINK_LASTS)
    return response


@policy(Act.DISSENT_HOLD, Of.LINK, "POST")
def dissent(request: HttpRequest, link: str, topic: str) -> HttpResponse:
    """Write another view on a topic, held by the holder of the link."""
    choose_language(request, link)
    seat, key = seat_by_link(link, browser=_browser(request))
    view = typed_view(request.POST)
    try:
        hold_dissent(seat, key, topic, text=view.text, shares=view.shares, now=clock.now())
    except Missing:
        raise
    except Refused as refusal:
        return _reflection_page(request, link, topic=topic, view=view, refusal=refusal)
    return _back(link, topic)


@policy(Act.DISSENT_HOLD, Of.LINK, "POST")
def hold(request: HttpRequest, link: str, dissent: int) -> HttpResponse:
    """Hold another view too, let it travel or not, say it in other words, or let it go."""
    choose_language(request, link)
    seat, key = seat_by_link(link, browser=_browser(request))
    topic = _reflection(request, link).topic_of(dissent)
    try:
        change_view(seat, key, dissent, request.POST, now=clock.now())
    except Missing:
        raise
    except Refused as refusal:
        view = typed_view(request.POST, dissent)
        return _reflection_page(request, link, topic=topic, view=view, refusal=refusal)
    return _back(link, topic)


def _reflection_page(
    request: HttpRequest,
    link: str,
    *,
    topic: str = "",
    view: View | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    """Show the own reflection; what was typed when an act refused it stands at its topic."""
    try:
        card = _reflection(request, link)
    except NotYet:
        seat, key = seat_by_link(link, browser=_browser(request))
        waits = evaluation_before(seat, key, now=clock.now())
        return page(request, "answer/not_yet.html", {"evaluation": waits})
    faults = refusal.faults if isinstance(refusal, Unfit) else {}
    topics = {
        one.topic.code: views_of(card, one, view, faults)
        if one.topic.code == topic
        else views_of(card, one)
        for one in card.conclusions
    }
    told = {
        "reflection": card,
        "blocks": [
            (block, [(row, topics[row.one.topic.code]) for row in block.rows])
            for block in draw(card)
        ],
        "refused": "" if faults or refusal is None else str(refusal),
        "typed": view,
        "link": link,
        "host": name_of_host(),
    }
    status = 200 if refusal is None else 400 if faults else 409
    return page(request, "answer/reflection.html", told, status)


def _reflection(request: HttpRequest, link: str) -> ReflectionCard:
    return reflection_by_link(
        link, browser=_browser(request), language=language_here(), now=clock.now()
    )


def _browser(request: HttpRequest) -> str:
    return request.COOKIES.get(BROWSER, "")


def _back(link: str, topic: str) -> HttpResponse:
    address = reverse("answer:evaluation", args=[link])
    response = HttpResponseRedirect(f"{address}#topic-{topic}")
    response.status_code = 303
    return response
