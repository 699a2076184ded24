"""A version that was used never changes; what differs is said question by question."""

from dataclasses import replace

import pytest

from understream.instruments.reader import Text, load
from understream.instruments.version import changes_since

PULSE = load("pulse")
FIRST, SECOND, *REST = PULSE.items


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ()),
        ({"version": 2, "items": ()}, ()),
        ({"code": "ours", "items": ()}, ()),
        ({"items": (SECOND, *REST)}, ("PU1: the question is gone",)),
        ({"items": (*PULSE.items, replace(FIRST, code="PU9"))}, ("PU9: the question is new",)),
        ({"items": (SECOND, FIRST, *REST)}, ("the questions stand in another order",)),
        (
            {"items": (replace(FIRST, text=Text("New.", FIRST.text.nl)), SECOND, *REST)},
            ("PU1: its words differ (en)",),
        ),
        (
            {"items": (replace(FIRST, reverse=True), SECOND, *REST)},
            ("PU1: it counts otherwise",),
        ),
        (
            {"scales": tuple(replace(one, points=5) for one in PULSE.scales)},
            tuple(f"{item.code}: it is answered on another scale" for item in PULSE.items),
        ),
        ({"purpose": Text("Other.", "Anders.")}, ("something else than its questions differs",)),
    ],
)
def test_what_differs_is_said(changed, told):
    assert changes_since(PULSE, replace(PULSE, **changed)) == told


def test_an_older_version_is_no_successor():
    used = replace(PULSE, version=3)
    assert changes_since(used, PULSE) == ("version 3 was used already, and this is version 1",)
