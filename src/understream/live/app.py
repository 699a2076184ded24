"""The live addresses, answered without a thread each; docs/live-protocol.md fixes the wire."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from random import Random
from typing import Any, Final, TypeVar

from django.utils import translation

from understream.access.refusal import Missing, Refused, Unfit
from understream.domain import attendee, pair, scene, spotlight
from understream.domain.answer import Contribution, Kept, OtherTab, StepClosed
from understream.domain.attendee import Guessed, NotAdmitted, Puzzling
from understream.domain.pair import PartnerWrote
from understream.domain.version import apart, listen
from understream.domain.voice import Heard, speak
from understream.domain.workshop import NotRunning
from understream.live import wire
from understream.live.broadcast import Broadcast
from understream.live.gather import Full, Gather
from understream.live.hub import CONSOLE, PHONE, WALL, Hub, Stream

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Told = Kept | Heard | Refused
T = TypeVar("T")

SAFE: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
TEXT: Final = ((b"content-type", b"text/plain; charset=utf-8"), *SAFE)
JSON: Final = ((b"content-type", b"application/json"), *SAFE)
EVENTS: Final = (
    (b"content-type", b"text/event-stream"),
    (b"x-accel-buffering", b"no"),
    *SAFE,
)
LONGEST_WAIT: Final = 20.0
"""Seconds in which a body must have arrived."""
TOKEN_BYTES: Final = 16
TRY_AGAIN: Final = {
    "en": "Not stored yet. It stays on your screen; try again.",
    "nl": "Nog niet bewaard. Het blijft op je scherm staan; probeer opnieuw.",
}
STATUS: Final[tuple[tuple[type[Refused], int], ...]] = (
    (Missing, 404),
    (attendee.WrongCode, 404),
    (Puzzling, 429),
    (Guessed, 429),
    (NotAdmitted, 403),
    (wire.Unreadable, 415),
    (Unfit, 422),
    (Refused, 409),
)


class _Answered(Exception):
    """A request that is answered with this, and nothing else."""

    def __init__(self, status: int, body: object) -> None:
        self.status, self.body = status, body
        super().__init__(status)


class Live:
    """Answers under ``/live/``; ready between `start` and `stop`."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        rng: Random,
        broadcast: Callable[[], Broadcast],
        cookie_prefix: str = "",
    ) -> None:
        """Begin as a process that is not ready.

        :param clock: tells the moment; `rng` makes tokens, in service from the system's chance.
        :param broadcast: makes the way to other processes, once the database is ready.
        :param cookie_prefix: ``__Host-`` over HTTPS.
        """
        self.ready = False
        self._clock, self._rng, self._prefix = clock, rng, cookie_prefix
        self._make_broadcast = broadcast
        self._broadcast: Broadcast | None = None
        self._unlisten: Callable[[], None] | None = None
        self.hub = Hub(clock=clock, rng=rng)
        self._gather: Gather[Contribution, Told] = Gather(self._write)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="live")

    async def start(self) -> None:
        """Begin to hear of changes, and say that the process is ready."""
        self.hub.start()
        self._broadcast = await asyncio.to_thread(apart, self._make_broadcast)
        self._broadcast.start(self.hub.hear)
        self._unlisten = listen(self._changed)
        self.ready = True

    async def end(self) -> None:
        """Store what is waiting and end every stream, as soon as the process shall stop."""
        self.ready = False
        await self._gather.end()
        await self.hub.end()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.end()
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        if self._broadcast is not None:
            await asyncio.to_thread(self._broadcast.stop)
            self._broadcast = None
        self._threads.shutdown(wait=False)

    def _changed(self, workshop: int) -> None:
        """Hear of a change that this process has committed, in whatever thread."""
        self.hub.hear(workshop)
        if self._broadcast is not None:
            self._broadcast.tell(workshop)

    def _write(self, batch: Sequence[Contribution]) -> Sequence[Told]:
        return apart(speak, batch, now=self._clock())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; what is not known, or not ready, is not there."""
        path = scope["path"].split("/")[2:]
        method = scope["method"]
        if path == ["ready"] and method in ("GET", "HEAD"):
            ready = self.ready
            words = b"ready\n" if ready else b"There is nothing here.\n"
            await _say(send, 200 if ready else 404, words, TEXT, method)
            return
        if not self.ready:
            await _say(send, 404, b"There is nothing here.\n", TEXT, method)
            return
        try:
            await self._route(path, method, scope, receive, send)
        except _Answered as told:
            await _say(send, told.status, wire.encode(told.body), JSON, method)

    async def _route(
        self, path: list[str], method: str, scope: Message, receive: Receive, send: Send
    ) -> None:
        language = _language(scope, self._prefix)
        try:
            match method, path:
                case "GET", ["wall", link, "events"]:
                    key = await self._ask(scene.workshop_on_wall, link, timed=False)
                    await self._stream(key, Stream(send, WALL), receive, send)
                case "GET", ["console", ticket, "events"]:
                    key = await self._ask(scene.workshop_on_console, ticket)
                    await self._stream(key, Stream(send, CONSOLE, ticket=ticket), receive, send)
                case "GET", [number, "events"] if number.isascii() and number.isdigit():
                    key, token = self._place(number, scope)
                    who = await self._ask(scene.attendee_of, token, key, timed=False)
                    await self._stream(key, Stream(send, PHONE, who=who), receive, send)
                case "GET", [number, "own"] if number.isascii() and number.isdigit():
                    key, token = self._place(number, scope)
                    own = await self._ask(scene.own_of, token, key)
                    raise _Answered(200, own)
                case "POST", [*rest]:
                    told = await self._posted(rest, scope, receive)
                    raise _Answered(200, told)
                case _:
                    raise Missing
        except Refused as refusal:
            with translation.override(language):
                raise _Answered(_status(refusal), _refused(refusal)) from None
        except Full:
            raise _Answered(503, {"reason": TRY_AGAIN[language]}) from None

    async def _posted(self, path: list[str], scope: Message, receive: Receive) -> object:
        body = await _body(scope, receive)
        told = wire.decode(body)
        language = _language(scope, self._prefix)
        match path:
            case ["lobby"]:
                return await self._lobby(told, scope, language)
            case ["join"]:
                return await self._join(told)
            case [number, *act] if number.isascii() and number.isdigit() and act:
                key, token = self._place(number, scope, posts=True)
                return await self._act(act, told, key, token, language)
            case _:
                raise Missing

    async def _lobby(self, told: dict[str, Any], scope: Message, language: str) -> object:
        if link := wire.text_in(told, "link"):
            return await self._ask(attendee.lobby_by_link, link, timed=False)
        address = (scope.get("client") or ("", 0))[0]
        try:
            return await self._ask(
                attendee.lobby_by_code,
                wire.text_in(told, "code"),
                address=address,
                challenge=wire.text_in(told, "challenge"),
                solution=wire.text_in(told, "solution"),
            )
        except Puzzling as refusal:
            puzzle = await self._ask(attendee.puzzle_for, address)
            with translation.override(language):
                body = {"reason": str(refusal), "puzzle": puzzle}
                raise _Answered(429, body) from None

    async def _join(self, told: dict[str, Any]) -> object:
        token = base64.urlsafe_b64encode(self._rng.randbytes(TOKEN_BYTES)).rstrip(b"=").decode()
        workshop = await self._ask(
            attendee.take_place,
            wire.text_in(told, "link"),
            name=wire.text_in(told, "name"),
            party=wire.number_in(told, "party", 0),
            token=token,
        )
        return {"workshop": workshop, "token": token}

    async def _act(
        self, act: list[str], told: dict[str, Any], key: int, token: str, language: str
    ) -> object:
        match act:
            case ["answers"]:
                return await self._speak(
                    wire.contribution(told, workshop=key, token=token), language
                )
            case ["done"]:
                step, done = wire.number_in(told, "step"), wire.flag_in(told, "done", default=True)
                await self._speak(
                    Contribution(token=token, workshop=key, step=step, done=bool(done)), language
                )
            case ["pair"]:
                revision = await self._ask(
                    pair.write_together,
                    token,
                    key,
                    wire.number_in(told, "step"),
                    text=wire.text_in(told, "text"),
                    context=wire.text_in(told, "context"),
                    revision=wire.number_in(told, "revision"),
                )
                return {"revision": revision}
            case ["pair", "yes"]:
                confirmed = await self._ask(
                    pair.agree_together,
                    token,
                    key,
                    wire.number_in(told, "step"),
                    revision=wire.number_in(told, "revision"),
                    agrees=bool(wire.flag_in(told, "agrees", default=True)),
                )
                return {"confirmed": confirmed}
            case ["pair", "find"]:
                await self._ask(pair.find_partner, token, key, wire.number_in(told, "step"))
            case ["turn"]:
                await self._ask(
                    spotlight.answer_turn,
                    token,
                    key,
                    wire.number_in(told, "step"),
                    accepts=bool(wire.flag_in(told, "accepts")),
                    rng=self._rng,
                )
            case _:
                raise Missing
        return {}

    async def _speak(self, one: Contribution, language: str) -> object:
        """Store one contribution with all that wait, and tell when it is stored."""
        try:
            told = await self._gather.add(one)
        except Full:
            raise
        except Exception:
            log.exception("live.unstored")
            raise _Answered(503, {"reason": TRY_AGAIN[language]}) from None
        if isinstance(told, Refused):
            raise told
        return told

    async def _ask(
        self, question: Callable[..., T], *args: object, timed: bool = True, **keys: object
    ) -> T:
        """Ask a question of the domain, or do an act, in a thread.

        :param timed: whether it takes the moment, which is told in the thread.
        :raises _Answered: with 503 if the house cannot answer now.
        """

        def ask() -> T:
            moment = {"now": self._clock()} if timed else {}
            return question(*args, **moment, **keys)

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, apart, ask)
        except Refused:
            raise
        except Exception:
            log.exception("live.failed")
            raise _Answered(503, {"reason": TRY_AGAIN["en"]}) from None

    async def _stream(self, key: int, stream: Stream, receive: Receive, send: Send) -> None:
        if self.hub.full:
            raise _Answered(503, {"reason": TRY_AGAIN["en"]})
        await send({"type": "http.response.start", "status": 200, "headers": list(EVENTS)})
        first = b"retry: 1000\n\n"
        await send({"type": "http.response.body", "body": first, "more_body": True})
        stream = Stream(send, stream.kind, stream.who, stream.ticket)
        self.hub.join(key, stream)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self.hub.leave(key, stream)

    def _place(self, number: str, scope: Message, *, posts: bool = False) -> tuple[int, str]:
        """Return workshop and token of a request.

        :raises Missing: without a token, or if another site's page sends the cookie along.
        """
        headers = _headers(scope)
        key = int(number) if len(number) < 19 else 0  # noqa: PLR2004 - digits of the largest key
        kind, _space, token = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() == b"bearer" and token:
            return key, token.decode("latin-1").strip()
        token_in_cookie = _cookies(headers).get(f"{self._prefix}place-{key}", "")
        if not token_in_cookie or (posts and not _same_site(headers)):
            raise Missing
        return key, token_in_cookie


def _headers(scope: Message) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _cookies(headers: dict[bytes, bytes]) -> dict[str, str]:
    try:
        jar: SimpleCookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _same_site(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request with a cookie comes from one of our own pages, as far as it says."""
    if site := headers.get(b"sec-fetch-site"):
        return site == b"same-origin"
    if origin := headers.get(b"origin"):
        return origin.partition(b"://")[2] == headers.get(b"host", b"")
    return True


def _language(scope: Message, prefix: str) -> str:
    headers = _headers(scope)
    chosen = _cookies(headers).get(f"{prefix}language") or headers.get(
        b"accept-language", b""
    ).decode("latin-1")
    return "nl" if chosen.strip().lower().startswith("nl") else "en"


def _status(refusal: Refused) -> int:
    return next(status for kind, status in STATUS if isinstance(refusal, kind))


def _refused(refusal: Refused) -> dict[str, object]:
    told: dict[str, object] = {"reason": str(refusal)}
    if isinstance(refusal, Unfit):
        told["faults"] = {name: str(words) for name, words in refusal.faults.items()}
    if isinstance(refusal, OtherTab | PartnerWrote):
        told["standing"] = refusal.standing
    if isinstance(refusal, StepClosed | NotRunning):
        told["closed"] = True
    return told


async def _body(scope: Message, receive: Receive) -> bytes:
    kind = _headers(scope).get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise _Answered(415, {"reason": str(wire.Unreadable.reason)})
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Answered(400, {"reason": ""})
                body += message.get("body", b"")
                if len(body) > wire.LARGEST_BODY:
                    raise _Answered(413, {"reason": "This is too large. / Dit is te groot."})
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        words = "This took too long to arrive. / Dit was te lang onderweg."
        raise _Answered(408, {"reason": words}) from None


async def _say(
    send: Send, status: int, words: bytes, headers: Sequence[tuple[bytes, bytes]], method: str
) -> None:
    more = [(b"retry-after", b"1")] if status == 503 else []  # noqa: PLR2004 - HTTP's own number
    length = (b"content-length", str(len(words)).encode())
    told = [*headers, *more, length]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else words})
