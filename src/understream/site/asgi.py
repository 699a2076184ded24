"""The serving process: `/live/` is raw ASGI, all else is Django as WSGI in a few threads.

Django's own ASGI handler changes threads at every middleware and answers a fraction as fast.
"""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "understream.site.settings")
_pages = get_wsgi_application()

from understream.domain.version import database_of  # noqa: E402 - Django is set up first
from understream.live.app import Live  # noqa: E402 - Django is set up first
from understream.live.broadcast import between  # noqa: E402 - Django is set up first
from understream.site.preflight import faults  # noqa: E402 - Django is set up first
from understream.site.ticker import Ticker  # noqa: E402 - Django is set up first
from understream.web import clock  # noqa: E402 - Django is set up first

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

THREADS: Final = 8
LONGEST_BODY: Final = 4 * 1024 * 1024
"""Bytes; Django's own limit on a form lies below."""

LONGEST_WAIT: Final = 20.0
"""Seconds in which a request must have arrived; until then it takes no thread."""

PIECES: Final = 128
"""Pieces of an answer that may wait for a slow reader without holding a thread."""


class Site:
    """One process: pages, live addresses, and the ticker between start and stop."""

    def __init__(self) -> None:
        """Put the halves together."""
        self.live = Live(
            clock=clock.now,
            rng=clock.rng,
            broadcast=lambda: between(database_of(), settings.UNDERSTREAM_REDIS),
            cookie_prefix="__Host-" if settings.SESSION_COOKIE_SECURE else "",
        )
        self.pages = WSGIMiddleware(
            _pages,  # type: ignore[arg-type] # Django writes the same shapes in its own way
            workers=THREADS,
            send_queue_size=PIECES,
        )
        self.ticker = Ticker()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or follow the life of the process."""
        if scope["type"] == "lifespan":
            await self._live_and_end(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/live/"):
            await self.live(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    async def _live_and_end(self, receive: Receive, send: Send) -> None:
        await receive()
        refused = await asyncio.to_thread(_faults)
        if refused:
            await send({"type": "lifespan.startup.failed", "message": "\n".join(refused)})
            return
        self.ticker.start()
        await self.live.start()
        # What is loaded by now stays: looking through it for garbage halted a room for 70 ms.
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.live.stop()
        await asyncio.to_thread(self.ticker.stop)
        self.pages.executor.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _page(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            body = await asyncio.wait_for(_body(receive), LONGEST_WAIT)
        except TimeoutError:
            await _say(send, 408, "This took too long to arrive. / Dit was te lang onderweg.\n")
            return
        if body is None:
            return
        if len(body) > LONGEST_BODY:
            await _say(send, 413, "This is too large. / Dit is te groot.\n")
            return
        handed_over = False

        async def whole() -> Message:
            nonlocal handed_over
            if handed_over:
                return {"type": "http.disconnect"}
            handed_over = True
            return {"type": "http.request", "body": body, "more_body": False}

        scope["headers"] = _plain_headers(scope["headers"], len(body))
        await self.pages(scope, whole, send)  # type: ignore[arg-type] # a2wsgi names the same shapes in its own way


def _faults() -> tuple[str, ...]:
    """Ask what must be mended first, and leave no connection behind in this thread."""
    try:
        return faults()
    finally:
        connections.close_all()


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, at most a little longer than allowed; None if its sender left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > LONGEST_BODY or not message.get("more_body", False):
            return bytes(body)


def _plain_headers(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    """Return headers that WSGI can tell apart, with the true length of the body.

    WSGI writes ``X_Name`` and ``X-Name`` alike, so that one could pass for the other.
    """
    dropped = (b"content-length", b"transfer-encoding")
    kept = [(name, value) for name, value in headers if b"_" not in name and name not in dropped]
    return [*kept, (b"content-length", str(length).encode())]


async def _say(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


application = Site()
