"""The live addresses, answered without a thread each."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEADERS: Final = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Live:
    """Answers under ``/live/``; ready between `start` and `stop`."""

    def __init__(self) -> None:
        """Begin as a process that is not ready."""
        self.ready = False

    def start(self) -> None:
        """Say from now on that the process is ready."""
        self.ready = True

    def stop(self) -> None:
        """Say from now on that it is not."""
        self.ready = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; what is not known, or not ready, is not there."""
        del receive
        known = scope["path"] == "/live/ready" and scope["method"] in ("GET", "HEAD")
        if known and self.ready:
            await _say(send, 200, b"ready\n", scope["method"])
        else:
            await _say(send, 404, b"There is nothing here.\n", scope["method"])


async def _say(send: Send, status: int, words: bytes, method: str) -> None:
    headers = [*HEADERS, (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else words})
