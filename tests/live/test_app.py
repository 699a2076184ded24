import asyncio

import pytest

from understream.live.app import Live


def answer(live, path, method="GET"):
    """Return status and body of one request."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method}
    asyncio.run(live(scope, None, send))
    return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


def test_a_process_is_ready_between_start_and_stop():
    live = Live()

    before = answer(live, "/live/ready")[0]
    live.start()
    meanwhile = answer(live, "/live/ready")[:2]
    live.stop()
    after = answer(live, "/live/ready")[0]

    assert (before, meanwhile, after) == (404, (200, b"ready\n"), 404)


@pytest.mark.parametrize(("path", "method"), [("/live/other", "GET"), ("/live/ready", "POST")])
def test_what_is_not_known_is_not_there(path, method):
    live = Live()
    live.start()

    assert answer(live, path, method)[0] == 404


def test_an_answer_to_head_has_the_length_and_no_body():
    live = Live()
    live.start()

    _, body, headers = answer(live, "/live/ready", "HEAD")

    assert (body, headers[b"content-length"]) == (b"", b"6")


def test_live_answers_are_kept_by_nobody_and_run_nothing():
    _, _, headers = answer(Live(), "/live/ready")

    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"content-security-policy"] == (b"default-src 'none'; frame-ancestors 'none'")
