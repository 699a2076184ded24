"""Write what happens as events with keys: never contents, never names, never addresses.

Messages of exceptions and of other people's libraries can hold what somebody wrote or a personal
link, so they are not printed: an exception shows its type and the lines it passed.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

OURS: Final = "understream"
STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
PLAIN: Final = (bool, int, float)
OPAQUE: Final = ("request", "response", "server_time", "color_message")


class Formatter(logging.Formatter):
    """One line an event, as JSON or as text for people.

    :param shape: ``json`` or ``text``.
    """

    def __init__(self, shape: str = "text") -> None:
        """Keep the shape."""
        super().__init__()
        self.shape = shape

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = {"event": event_of(record), **facts_of(record)}
        if self.shape == "json":
            head = {"at": moment, "level": record.levelname.lower()}
            return json.dumps({**head, **facts}, default=str)
        rest = " ".join(f"{name}={value}" for name, value in facts.items() if name != "event")
        return f"{moment} {record.levelname.lower()} {facts['event']} {rest}".rstrip()


def event_of(record: logging.LogRecord) -> str:
    """Return what happened: our own events by their words, others by who tells them.

    What others fill in is kept only where it is numbers.
    """
    if record.name.partition(".")[0] == OURS:
        return str(record.msg)
    if record.name.partition(".")[0] != "uvicorn":
        return record.name
    args = record.args if isinstance(record.args, tuple) else ()
    told = record.getMessage() if all(isinstance(one, PLAIN) for one in args) else record.msg
    return str(told).strip()


def facts_of(record: logging.LogRecord) -> dict[str, object]:
    """Return the keys told with an event, and where an exception passed."""
    told = {
        name: value
        for name, value in vars(record).items()
        if name not in STANDARD and name not in OPAQUE
    }
    if record.name.partition(".")[0] != OURS:
        told = {name: value for name, value in told.items() if isinstance(value, PLAIN)}
    if record.exc_info and record.exc_info[1] is not None:
        told["fault"] = type(record.exc_info[1]).__name__
        told["passed"] = passed(record.exc_info[1])
    return told


def passed(fault: BaseException) -> str:
    """Return the places an exception passed, the deepest last, and those of what caused it."""
    frames = traceback.extract_tb(fault.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno}:{one.name}" for one in frames]
    cause = fault.__cause__ or fault.__context__
    before = [passed(cause), f"{type(cause).__name__} then"] if cause else []
    return " ".join([*before, *places])
