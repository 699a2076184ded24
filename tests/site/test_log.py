import json
import logging
import sys

import pytest

from understream.site.log import Formatter

SECRET = "what somebody wrote"


def record(name, message, *args, level=logging.ERROR, exc_info=None, **facts):
    """Return a record as a logger would make it."""
    return logging.getLogger(name).makeRecord(
        name, level, "file.py", 1, message, args, exc_info, extra=facts
    )


def fault():
    """Return an exception whose message holds contents, and its cause too."""
    try:
        try:
            {}[SECRET]
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError:
        return sys.exc_info()


def test_our_events_are_told_with_their_keys():
    line = Formatter("json").format(record("understream.domain.due", "due.done", key=7))

    told = json.loads(line)
    assert {name: told[name] for name in ("level", "event", "key")} == {
        "level": "error",
        "event": "due.done",
        "key": 7,
    }


def test_text_is_the_same_for_people():
    line = Formatter("text").format(record("understream.domain.due", "due.done", key=7))

    assert line.endswith("+00:00 error due.done key=7")


@pytest.mark.parametrize("shape", ["text", "json"])
@pytest.mark.parametrize("name", ["understream.web.errors", "django.request", "uvicorn.error"])
def test_an_exception_is_told_by_kind_and_place_never_by_its_words(shape, name):
    line = Formatter(shape).format(record(name, "page.failed", exc_info=fault()))

    assert SECRET not in line
    assert "ValueError" in line
    assert "KeyError then" in line
    assert "test_log.py" in line


@pytest.mark.parametrize(
    ("name", "message", "args"),
    [
        ("django.request", "%s: %s", ("Not Found", f"/i/{SECRET}")),
        ("django.security.DisallowedHost", f"Invalid HTTP_HOST header: {SECRET!r}", ()),
        ("uvicorn.error", "Strange: %s", (SECRET,)),
        ("anything.else", SECRET, ()),
    ],
)
def test_what_others_would_repeat_is_not_told(name, message, args):
    line = Formatter().format(record(name, message, *args, request=SECRET, user=SECRET))

    assert SECRET not in line
    assert "error" in line


def test_figures_of_the_server_are_told():
    line = Formatter().format(record("uvicorn.error", "Cancel %s running task(s)", 3))

    assert line.endswith("Cancel 3 running task(s)")
