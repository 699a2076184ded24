"""The live addresses without a house around them; with one: tests/site/test_live.py."""

import asyncio
from datetime import UTC, datetime
from random import Random

import pytest

from understream.live.app import Live


class Nowhere:
    """A way to no other process."""

    def start(self, heard):
        """Hear nothing."""

    def tell(self, workshop):
        """Tell nobody."""

    def stop(self):
        """End."""


def made():
    """Return the live addresses of a process that stands alone."""
    return Live(clock=lambda: datetime(2026, 11, 2, tzinfo=UTC), rng=Random(1), broadcast=Nowhere)


async def ask(live, path, method="GET"):
    """Return status, body and headers of one request."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": []}
    await live(scope, None, send)
    return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


def answer(path, method="GET"):
    """Return what a process that is ready answers."""

    async def work():
        live = made()
        await live.start()
        try:
            return await ask(live, path, method)
        finally:
            await live.stop()

    return asyncio.run(work())


def test_a_process_is_ready_between_start_and_stop():
    async def work():
        live = made()
        before = (await ask(live, "/live/ready"))[0]
        await live.start()
        meanwhile = (await ask(live, "/live/ready"))[:2]
        await live.stop()
        return before, meanwhile, (await ask(live, "/live/ready"))[0]

    assert asyncio.run(work()) == (404, (200, b"ready\n"), 404)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/live/other", "GET"),
        ("/live/other", "DELETE"),
        ("/live/ready", "PUT"),
        ("/live/1/events", "GET"),
        ("/live/²/events", "GET"),
        ("/live/99999999999999999999999/own", "GET"),
        ("/live/", "GET"),
    ],
)
def test_what_is_not_known_or_nobody_s_is_not_there(path, method):
    assert answer(path, method)[0] == 404


def test_live_answers_are_kept_by_nobody_and_run_nothing():
    for path in ("/live/ready", "/live/other"):
        headers = answer(path)[2]
        assert headers[b"cache-control"] == b"no-store"
        assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
        assert headers[b"x-content-type-options"] == b"nosniff"


def test_an_answer_to_head_has_the_length_and_no_body():
    status, body, headers = answer("/live/ready", "HEAD")

    assert (status, body, headers[b"content-length"]) == (200, b"", b"6")


def test_a_post_without_json_is_told_so():
    assert answer("/live/lobby", "POST")[0] == 415
