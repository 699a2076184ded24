"""Commitments, canonical bytes, the log and its signatures; against published vectors too."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing import EVALUATION, LOG, SEED, Host
from understream.measurement.receipt import is_genuine, read_receipts
from understream.measurement.seal import (
    _SMALL_ORDER,
    DEEPEST,
    KINDS,
    LARGEST_NUMBER,
    NOTHING,
    PADDING,
    canonical,
    commitment,
    entry_hash,
    fault_in,
    figures_leaf,
    figures_root,
    fingerprint,
    framed,
    head_message,
    is_signed,
    next_entry,
    padded,
    public_key,
    seal_digest,
    signed,
    without_fractions,
    word_list,
    words_of,
)

VECTORS = json.loads((Path(__file__).parent / "data" / "seal.json").read_text(encoding="utf-8"))
#: No lone surrogates: UTF-8 cannot hold them.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WHOLE = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
MADE = {
    "log": LOG,
    "evaluation": EVALUATION,
    "party": "h",
    "part": 1,
    "document": b"{}",
    "salt": bytes(32),
}


# ---------------------------------------------------------------- bytes


@given(VALUES, VALUES)
def test_canonical_bytes_read_back_to_the_value_and_differ_when_values_differ(one, other):
    assert json.loads(canonical(one)) == one
    assert (canonical(one) == canonical(other)) == (repr_of(one) == repr_of(other))


def repr_of(value):
    """Return a value's look with keys in order, so that 1 and True differ."""
    if isinstance(value, dict):
        return ("by key", sorted((key, repr_of(inner)) for key, inner in value.items()))
    return [repr_of(inner) for inner in value] if isinstance(value, list) else repr(value)


def test_canonical_json_is_that_of_the_standard():
    # RFC 8785, section 3.2.3: keys are in the order of their UTF-16 units, not of code points.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    told = json.loads(canonical(dict.fromkeys(keys, 0)))

    assert list(told) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical({"b": [1, True, None], "a": '\x07\n"\\/\x7f'}) == (
        b'{"a":"\\u0007\\n\\"\\\\/\x7f","b":[1,true,null]}'
    )


def nested(levels):
    """Return lists within lists."""
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), {1: "a"}, b"bytes", {"a": {2, 3}}, "\ud800", {"\udc00": 1},
     LARGEST_NUMBER + 1, -LARGEST_NUMBER - 1, nested(DEEPEST + 1), nested(5_000)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_readers_could_read_in_two_ways_has_no_canonical_form(value):
    with pytest.raises(ValueError):
        canonical(value)
    assert canonical(nested(DEEPEST - 1))


@given(st.lists(st.binary(max_size=9) | TEXT, max_size=5))
def test_framed_parts_can_be_taken_apart_again(parts):
    joined, found = framed(*parts), []
    while joined:
        size = int.from_bytes(joined[:8])
        found.append(joined[8 : 8 + size])
        joined = joined[8 + size :]

    assert found == [one if isinstance(one, bytes) else one.encode() for one in parts]


@given(st.binary(max_size=3 * PADDING))
def test_the_length_of_a_padded_document_tells_nothing_within_4_kib(document):
    whole = padded(document)

    assert whole.rstrip(b" ") == document.rstrip(b" ")
    assert len(whole) == max(1, -(-len(document) // PADDING)) * PADDING


# ---------------------------------------------------------------- commitments


@pytest.mark.parametrize(
    ("name", "other"),
    [("log", "20" * 16), ("evaluation", "e2" * 16), ("party", "m"), ("part", 2),
     ("document", b"{} "), ("salt", bytes(31) + b"\1")],
)  # fmt: skip
def test_a_commitment_holds_document_salt_and_whose_it_is(name, other):
    assert commitment(**MADE) != commitment(**MADE | {name: other})


def test_what_moves_from_one_part_to_the_next_makes_another_commitment():
    assert commitment(**MADE | {"party": "h1", "part": 2}) != commitment(
        **MADE | {"party": "h", "part": 12}
    )
    assert figures_root({"h": "1", "m": "2"}) != figures_root({"h": "12", "m": ""})


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_that_could_be_guessed_is_refused(size):
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(**MADE | {"salt": bytes(size)})
    with pytest.raises(ValueError, match="32 bytes"):
        figures_leaf(round="r", party="h", figures={}, salt=bytes(size))


def test_fractions_among_figures_become_text():
    assert without_fractions({"mean": 4.5, "n": 5, "no": None, "list": (0.1, True)}) == {
        "mean": "4.500000", "n": 5, "no": None, "list": ["0.100000", True]
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "nl"])
def test_six_words_hold_the_first_66_bits(language):
    words = word_list(language)
    digest = sha256(b"aloud").hexdigest()
    told = words_of(digest, language)

    assert len(set(words)) == len(words) == 2048
    bits = "".join(f"{words.index(word):011b}" for word in told)
    assert len(told) == 6
    assert bits == f"{int(digest, 16):0256b}"[:66]
    assert words_of(digest[:18], language) == told
    with pytest.raises(ValueError):
        words_of(digest[:16], language)


# ---------------------------------------------------------------- signatures


def test_a_signature_is_written_in_one_way_only():
    key, sign = public_key(SEED), signed(SEED, b"words")

    assert is_signed(key, b"words", sign)
    for other in (sign.upper(), f" {sign}", f"{sign} ", sign[:-2], sign[:-1] + "g", ""):
        assert not is_signed(key, b"words", other)
    assert not is_signed(key.upper(), b"words", sign)
    assert not is_signed(key, b"word", sign)
    # S and S + L satisfy the same equation; RFC 8032 allows the smaller one.
    order = 2**252 + 27742317777372353535851937790883648493
    high = int.from_bytes(bytes.fromhex(sign[64:]), "little") + order
    assert not is_signed(key, b"words", sign[:64] + high.to_bytes(32, "little").hex())


def test_no_key_counts_under_which_anybody_can_sign():
    loose = "0100000000000000000000000000000000000000000000000000000000000000"
    anything = loose + "00" * 32

    # The library itself takes it: the neutral point as key and as R, and zero as S.
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(loose)).verify(
        bytes.fromhex(anything), b"whatever"
    )
    assert not is_signed(loose, b"whatever", anything)
    assert not is_signed(loose[:-2] + "80", b"whatever", anything)


def test_the_keys_that_bind_nobody_are_all_points_of_small_order():
    prime = 2**255 - 19
    curve = -121665 * pow(121666, -1, prime) % prime
    roots = set()
    for written in _SMALL_ORDER:
        y = int.from_bytes(bytes.fromhex(written), "little") % prime
        # Doubling three times must end at the neutral point, whose y is 1.
        for _ in range(3):
            square = y * y % prime
            x2 = (square - 1) * pow(curve * square + 1, -1, prime) % prime
            y = (square + x2) * pow(2 - (square - x2), -1, prime) % prime
        roots.add(y)

    assert roots == {1}


def test_a_fingerprint_is_eight_groups_of_four_digits():
    groups = fingerprint(public_key(SEED)).split(" ")

    assert [len(one) for one in groups] == [4] * 8
    assert fingerprint(public_key(SEED)) == VECTORS["fingerprint"]


# ---------------------------------------------------------------- the log


def test_an_entry_holds_its_place_and_all_that_stands_before():
    host = Host()
    host.whole()
    first, second = host.entries[:2]

    assert first.previous == NOTHING
    assert second.previous == first.hash
    assert second.hash != entry_hash(LOG, 2, second.previous, second.body)
    assert second.hash != entry_hash("20" * 16, 1, second.previous, second.body)
    assert is_signed(public_key(SEED), head_message(LOG, 1, second.hash), second.signature)


GOOD = {
    "begun": {"evaluation": "e", "alliance": "A", "title": "T", "parties": ["h", "m"],
              "names": ["H", "M"], "agreement": "a", "at": "t"},
    "sealed": {"evaluation": "e", "party": "h", "commitments": ["00" * 32] * 2, "at": "t"},
    "taken back": {"evaluation": "e", "party": "h", "at": "t"},
    "revealed": {"evaluation": "e", "part": 1, "at": "t"},
    "released": {"evaluation": "e", "round": "r", "title": "T", "instrument": "pulse",
                 "root": "00" * 32, "at": "t"},
    "extended": {"evaluation": "e", "until": "t", "at": "t"},
    "cancelled": {"evaluation": "e", "at": "t"},
    "expired": {"evaluation": "e", "at": "t"},
}  # fmt: skip
BAD = [
    ("begun", {"parties": ["h"], "names": ["H"]}),
    ("begun", {"parties": ["h", "h"]}),
    ("begun", {"parties": ["h", "gaps"]}),
    ("begun", {"parties": "hm"}),
    ("begun", {"parties": 2}),
    ("begun", {"names": ["H"]}),
    ("begun", {"names": ["H", ""]}),
    ("begun", {"title": ""}),
    ("sealed", {"commitments": ["00" * 32]}),
    ("sealed", {"commitments": ["00" * 32, "AA" * 32]}),
    ("sealed", {"party": 1}),
    ("revealed", {"part": 3}),
    ("revealed", {"part": True}),
    ("revealed", {"part": "1"}),
    ("released", {"root": ""}),
    ("expired", {"at": None}),
]


def test_the_log_takes_nothing_that_a_verifier_would_refuse():
    assert GOOD.keys() == KINDS.keys()
    for kind, told in GOOD.items():
        assert fault_in({"kind": kind, **told}) == ""
        for name in told:
            less = {key: value for key, value in told.items() if key != name}
            assert fault_in({"kind": kind, **less}) == f"{kind} lacks {name}"
        assert fault_in({"kind": kind, **told, "note": "x"}) == "note is too much"
    for kind, change in BAD:
        with pytest.raises(ValueError, match="is not as it must be"):
            next_entry(LOG, None, {"kind": kind, **GOOD[kind], **change}, seed=SEED)
    for kind in ("opened", None, ["sealed"]):
        assert fault_in({"kind": kind}) == "its kind is unknown"


# ---------------------------------------------------------------- published vectors


def by_hand(*parts):
    """Frame and hash without the code under test."""
    joined = b""
    for part in parts:
        held = part if isinstance(part, bytes) else str(part).encode()
        joined += len(held).to_bytes(8, "big") + held
    return sha256(joined).hexdigest()


def as_json(value):
    """Write JSON canonically without the code under test; keys here are plain ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_published_vectors_hold_and_another_hand_comes_to_the_same():
    made = VECTORS["commitment"]
    told = {name: made[name] for name in ("log", "evaluation", "party", "part")}
    document = made["canonical"].encode() + b" " * made["spaces"]
    salt = bytes.fromhex(made["salt"])

    assert canonical(made["value"]).decode() == made["canonical"]
    assert padded(canonical(made["value"])) == document
    assert commitment(**told, document=document, salt=salt) == made["sha256"]
    assert by_hand("seal.v1", *told.values(), document, salt) == made["sha256"]

    assert seal_digest(VECTORS["seal"]["commitments"]) == VECTORS["seal"]["digest"]
    assert by_hand("seal.parts.v1", *VECTORS["seal"]["commitments"]) == VECTORS["seal"]["digest"]

    previous = "0" * 64
    for place, one in enumerate(VECTORS["log"]):
        assert entry_hash(made["log"], place, previous, one["body"]) == one["hash"]
        assert (
            by_hand("seal.log.v1", made["log"], place, previous, as_json(one["body"]))
            == one["hash"]
        )
        assert is_signed(
            VECTORS["key"], head_message(made["log"], place, previous := one["hash"]),
            one["signature"],
        )  # fmt: skip

    receipt = VECTORS["receipt"]
    message = framed("seal.receipt.v1", receipt["canonical"].encode())
    assert signed(bytes.fromhex(VECTORS["seed"]), message) == receipt["signature"]
    (read,) = read_receipts(receipt["text"].encode())
    assert canonical(read.plain()).decode() == receipt["canonical"]
    assert (is_genuine(read), read.digest) == (True, VECTORS["seal"]["digest"])

    figures = VECTORS["figures"]
    leaf = figures_leaf(
        round=figures["round"],
        party=figures["party"],
        figures=figures["value"],
        salt=bytes.fromhex(figures["salt"]),
    )
    assert leaf == figures["leaf"] == by_hand(
        "release.v1", figures["round"], figures["party"],
        figures["canonical"].encode(), bytes.fromhex(figures["salt"]),
    )  # fmt: skip
    assert figures_root({"h": leaf}) == figures["root"] == by_hand("release.root.v1", "h", leaf)
