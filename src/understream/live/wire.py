"""What goes over the wire, as docs/live-protocol.md fixes it: cards and bodies as JSON."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Final

from understream.access.refusal import Refused, Unfit
from understream.domain.answer import Contribution

LARGEST_BODY: Final = 64 * 1024
_HIDDEN: Final = frozenset({"note", "released", "opened_at"})
"""Fields of cards that no stream tells."""


class Unreadable(Refused):
    """A body that is no JSON object of this protocol."""

    reason = "The body must be a JSON object, as docs/live-protocol.md says."


def plain(value: object) -> object:
    """Return what JSON has no word for, as JSON: cards as objects, moments in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: getattr(value, one.name) for one in fields(value) if one.name not in _HIDDEN
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)


def encode(value: object) -> bytes:
    """Return a card, or whatever is made of cards, as one line of JSON."""
    return json.dumps(value, default=plain, ensure_ascii=False, separators=(",", ":")).encode()


def event(name: str, data: bytes, version: int | None = None) -> bytes:
    """Return one event of a stream."""
    number = b"" if version is None else b"id: %d\n" % version
    return b"%sevent: %s\ndata: %s\n\n" % (number, name.encode(), data)


def decode(body: bytes) -> dict[str, Any]:
    """Return the object in a body.

    :raises Unreadable: if it is none.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(told, dict):
        raise Unreadable
    return told


def number_in(told: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Return a whole number from a body.

    :raises Unfit: if it is none.
    """
    value = told.get(name, default)
    if type(value) is not int or not 0 <= value < 2**53:
        raise Unfit({name: "A whole number belongs here."})
    return value


def text_in(told: Mapping[str, Any], name: str) -> str:
    """Return a text from a body, "" if it is not there.

    :raises Unfit: if it is something else.
    """
    value = told.get(name, "")
    if not isinstance(value, str):
        raise Unfit({name: "A text belongs here."})
    return value


def flag_in(told: Mapping[str, Any], name: str, *, default: bool | None = False) -> bool | None:
    """Return true or false from a body.

    :raises Unfit: if it is something else.
    """
    value = told.get(name, default)
    if value is not None and type(value) is not bool:
        raise Unfit({name: "true or false belongs here."})
    return value


def contribution(told: Mapping[str, Any], *, workshop: int, token: str) -> Contribution:
    """Return the contribution that a body brings.

    :raises Unfit: by field, if something in it has the wrong shape.
    """
    value = told.get("value")
    if value is not None and not isinstance(value, dict):
        raise Unfit({"value": "An object belongs here."})
    return Contribution(
        token=token,
        workshop=workshop,
        step=number_in(told, "step"),
        key=text_in(told, "key"),
        after=text_in(told, "after"),
        slot=number_in(told, "slot", 0),
        text=text_in(told, "text"),
        context=text_in(told, "context"),
        value=value,
        withdraw=bool(flag_in(told, "withdraw")),
        done=flag_in(told, "done", default=None),
    )
