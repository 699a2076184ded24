"""What goes over the wire is what docs/live-protocol.md says."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understream.access.refusal import Refused
from understream.domain.scene import Personal
from understream.live import wire

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
FIELDS = ("step", "slot", "key", "after", "text", "context", "value", "withdraw", "done")


@given(st.binary(max_size=60) | JUNK.map(lambda one: json.dumps(one).encode()))
def test_a_body_is_an_object_or_refused(body):
    with suppress(wire.Unreadable):
        assert isinstance(wire.decode(body), dict)


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_no_body_breaks_the_reader(told):
    try:
        one = wire.contribution(told, workshop=1, token="t")
    except Refused:
        return
    assert isinstance(one.text, str)
    assert 0 <= one.step < 2**53


def test_cards_are_objects_and_moments_are_in_utc():
    card = Personal(1, "Nora", None, True, False, False, None, None, True)
    told = json.loads(wire.encode({"card": card, "at": datetime(2026, 11, 2, tzinfo=UTC)}))

    assert told["card"]["name"] == "Nora"
    assert told["at"] == "2026-11-02T00:00:00.000Z"


def test_an_event_is_one_line_whatever_is_said():
    body = wire.event("room", wire.encode({"text": "a\nb\r\u2028c\n\ndata: x"}), 7)

    assert body.startswith(b"id: 7\nevent: room\ndata: ")
    assert body.count(b"\n") == 4
    assert b"\r" not in body


@pytest.mark.parametrize("value", [True, "1", 1.0, -1, 2**53, None, [1]])
def test_a_number_is_a_whole_number(value):
    with pytest.raises(Refused):
        wire.number_in({"step": value}, "step")
