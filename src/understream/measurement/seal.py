"""Seals: commitments to documents, a log of what was done, and the host's signature over both.

A party's document is fixed by a **commitment**: SHA-256 over the document and 32 random bytes, the
salt. Who holds the commitment learns nothing of the document; who later gets document and salt
sees that nothing was changed (commit and reveal: Blum 1981). Each act of sealing is an entry of a
**log** in which every entry holds the hash of the one before (Haber & Stornetta 1991); the host
signs each head with Ed25519 (RFC 8032), and a receipt holds a head, so that a log that was
rewritten before a receipt no longer fits it.

Everything hashed or signed is framed: each part stands behind its length in eight bytes, so that
no two lists of parts give the same bytes. Values are canonical JSON (RFC 8785) without fractions.
The format byte by byte, for whoever writes another verifier: docs/concepts/seal.md.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

#: A sealed document is padded to a multiple of this many bytes, so that its length says nothing.
PADDING: Final = 4096
#: Bytes of a salt.
SALT: Final = 32
#: What stands before the first entry of a log.
NOTHING: Final = "0" * 64
#: A receipt is read out as so many words, each of this many bits: 66 in all.
WORDS: Final = 6
WORD_BITS: Final = 11
#: Most levels within each other, and the largest whole number, in canonical JSON: beyond it,
#: readers of JSON that know only floating point would see another number (RFC 7493).
DEEPEST: Final = 64
LARGEST_NUMBER: Final = 2**53 - 1
#: The two parts of a reflection: goals, environment and the hard side; the soft side.
PARTS: Final = (1, 2)

_HEX: Final = re.compile(r"[0-9a-f]+")


# ---------------------------------------------------------------- bytes and hashes


def canonical(value: object) -> bytes:
    """Return a value as the one sequence of bytes that stands for it (RFC 8785).

    :param value: dictionaries with text as keys, lists or tuples, text, whole numbers, truth
        values and None.
    :returns: JSON in UTF-8, keys in the order of their UTF-16, without spaces.
    :raises ValueError: for anything else, a fraction included; for a number that not every reader
        of JSON can hold, text that UTF-8 cannot hold, and what is nested too deep.
    """
    return json.dumps(_plain(value, DEEPEST), separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: object, levels: int) -> object:
    if levels == 0:
        raise ValueError(f"more than {DEEPEST} levels have no canonical form")
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) > LARGEST_NUMBER:
                raise ValueError(f"{value} is too large for a canonical form")
            return value
        case list() | tuple():
            return [_plain(one, levels - 1) for one in value]
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("keys are text")
            ordered = sorted(value, key=lambda key: key.encode("utf-16-be"))
            return {key: _plain(value[key], levels - 1) for key in ordered}
        case _:
            raise ValueError(f"{type(value).__name__} has no canonical form")


def padded(document: bytes) -> bytes:
    """Return a document with spaces behind it, up to the next multiple of 4 KiB.

    :param document: canonical JSON, after which spaces mean nothing.
    :returns: the document in a length that tells nothing; never shorter than 4 KiB.
    """
    return document + b" " * (-len(document) % PADDING or (PADDING if not document else 0))


def framed(*parts: str | int | bytes) -> bytes:
    """Return parts so joined that no other parts give the same bytes.

    :param parts: text (UTF-8), whole numbers (as decimal text) or bytes.
    :returns: each part behind its length in eight bytes, the most significant first.
    """
    joined = bytearray()
    for part in parts:
        held = part if isinstance(part, bytes) else str(part).encode()
        joined += len(held).to_bytes(8) + held
    return bytes(joined)


def commitment(
    *, log: str, evaluation: str, party: str, part: int, document: bytes, salt: bytes
) -> str:
    """Return the commitment to one part of a party's reflection, format ``seal.v1``.

    :param log: the log's name, which belongs to one alliance.
    :param evaluation: the evaluation's code.
    :param party: the party's key.
    :param part: 1 or 2.
    :param document: the padded document.
    :param salt: 32 random bytes, kept as secret as the document.
    :returns: SHA-256, 64 hexadecimal digits.
    :raises ValueError: for a salt of another length: a short one could be guessed.

    Source: Blum (1981), coin flipping by telephone; hash commitment with a random opening.
    """
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes")
    return sha256(framed("seal.v1", log, evaluation, party, part, document, salt)).hexdigest()


def seal_digest(commitments: Sequence[str]) -> str:
    """Return the one fingerprint that stands for the commitments of a seal.

    :param commitments: hexadecimal commitments, in the order of the parts.
    :returns: SHA-256, 64 hexadecimal digits; its first 66 bits are read out as six words.
    """
    return sha256(framed("seal.parts.v1", *commitments)).hexdigest()


@cache
def word_list(language: str) -> tuple[str, ...]:
    """Return the 2,048 words of a language, in the order of the numbers they stand for.

    :param language: ``en`` or ``nl``; any other code gives English.
    :returns: words of few letters, written for this project.
    """
    name = "words_nl.txt" if language.partition("-")[0].lower() == "nl" else "words_en.txt"
    return tuple(files(__package__).joinpath(name).read_text(encoding="ascii").split())


def words_of(digest: str, language: str) -> tuple[str, ...]:
    """Return the six words by which people compare a digest aloud.

    :param digest: at least 18 hexadecimal digits.
    :param language: ``en`` or ``nl``.
    :returns: six words: the first 66 bits, eleven for each word.
    :raises ValueError: for a shorter digest or one that is not hexadecimal.
    """
    taken = WORDS * WORD_BITS
    digits = -(-taken // 4)
    if len(digest) < digits:
        raise ValueError("a digest has 64 digits")
    bits = int(digest[:digits], 16) >> (digits * 4 - taken)
    chosen = word_list(language)
    return tuple(
        chosen[bits >> WORD_BITS * place & (1 << WORD_BITS) - 1]
        for place in reversed(range(WORDS))
    )


def figures_leaf(*, round: str, party: str, figures: object, salt: bytes) -> str:  # noqa: A002 - the field's word
    """Return the commitment to the displayed figures of one party in a round.

    :param round: the round's key.
    :param party: the party's key, or :data:`GAPS` for what lies between the parties.
    :param figures: what is displayed, as plain values; fractions may stand in it.
    :param salt: 32 random bytes.
    :returns: SHA-256, 64 hexadecimal digits.
    :raises ValueError: for a salt of another length: a short one could be guessed.
    """
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes")
    return sha256(
        framed("release.v1", round, party, canonical(without_fractions(figures)), salt)
    ).hexdigest()


def figures_root(leaves: Mapping[str, str]) -> str:
    """Return the one fingerprint of all figures of a round.

    :param leaves: commitments by party, ``gaps`` among them.
    :returns: SHA-256, 64 hexadecimal digits; it does not depend on the order of the mapping.
    """
    parts = [part for party in sorted(leaves) for part in (party, leaves[party])]
    return sha256(framed("release.root.v1", *parts)).hexdigest()


def without_fractions(value: object) -> object:
    """Return plain values with every fraction as text of six decimals.

    :param value: what JSON can hold.
    :returns: the same with text for fractions, so that it has a canonical form.
    """
    match value:
        case bool():
            return value
        case float():
            return f"{value:.6f}"
        case list() | tuple():
            return [without_fractions(one) for one in value]
        case Mapping():
            return {key: without_fractions(one) for key, one in value.items()}
        case _:
            return value


# ---------------------------------------------------------------------- signing


def public_key(seed: bytes) -> str:
    """Return the public key that belongs to a seed.

    :param seed: 32 secret bytes.
    :returns: the Ed25519 public key, 64 hexadecimal digits.
    """
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def fingerprint(key: str) -> str:
    """Return a public key as people compare it: eight groups of four digits.

    :param key: 64 hexadecimal digits.
    :returns: the first 128 bits of its SHA-256.
    """
    digits = sha256(framed("seal.key.v1", bytes.fromhex(key))).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def signed(seed: bytes, message: bytes) -> str:
    """Return the host's signature of a message.

    :param seed: 32 secret bytes of the host's signing key.
    :param message: framed bytes.
    :returns: the Ed25519 signature, 128 hexadecimal digits; equal messages, equal signatures.
    """
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def is_signed(key: str, message: bytes, signature: str) -> bool:
    """Tell whether a signature fits a message and a public key.

    :param key: 64 hexadecimal digits.
    :param message: framed bytes.
    :param signature: 128 hexadecimal digits.
    :returns: false also for anything that is no key or no signature, for one that is written
        otherwise, and for the few keys under which signatures bind nobody.
    """
    if not is_hex(signature, 128) or not is_hex(key, 64) or _binds_nobody(key):
        return False
    try:
        _verifier(key).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4)
def _verifier(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))


def _binds_nobody(key: str) -> bool:
    """Tell whether a key is a point of small order: one signature would fit many messages."""
    return f"{key[:-2]}{int(key[-2:], 16) & 0x7F:02x}" in _SMALL_ORDER


#: The points of order 1, 2, 4 and 8 on the curve, and the other ways to write them; without sign.
_SMALL_ORDER: Final = frozenset(
    (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


def is_hex(value: object, digits: int) -> bool:
    """Tell whether something is written as hexadecimal digits, small letters, so many of them.

    :param value: anything.
    :param digits: how many.
    :returns: whether it is; there is one way only to write the same bytes.
    """
    return isinstance(value, str) and len(value) == digits and not _HEX.sub("", value)


# -------------------------------------------------------------------------- log

#: What an entry of each kind tells, besides its kind. ``parties`` are keys and ``names`` the names
#: of the same parties, in the same order; ``agreement`` is the hash of what they agreed on.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "begun": ("evaluation", "alliance", "title", "parties", "names", "agreement", "at"),
    "sealed": ("evaluation", "party", "commitments", "at"),
    "taken back": ("evaluation", "party", "at"),
    "revealed": ("evaluation", "part", "at"),
    "released": ("evaluation", "round", "title", "instrument", "root", "at"),
    "extended": ("evaluation", "until", "at"),
    "cancelled": ("evaluation", "at"),
    "expired": ("evaluation", "at"),
}
#: What figures that lie between the parties stand under, where others stand under a party's key.
GAPS: Final = "gaps"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log, with the head that the host signed when it was written.

    ``body`` holds what :data:`KINDS` lists: what was done, never what was said.
    """

    index: int
    previous: str
    body: Mapping[str, Any]
    hash: str
    signature: str


def next_entry(log: str, last: Entry | None, body: Mapping[str, Any], *, seed: bytes) -> Entry:
    """Return the entry that follows in a log.

    :param log: the log's name.
    :param last: the newest entry, or ``None`` in an empty log.
    :param body: what happened: its ``kind``, and what :data:`KINDS` lists for it.
    :param seed: 32 secret bytes of the host's signing key.
    :returns: the entry, to be stored and never changed.
    :raises ValueError: for a body that a verifier would refuse.
    """
    fault = fault_in(body)
    if fault:
        raise ValueError(f"no entry of the log: {fault}")
    index = last.index + 1 if last else 0
    previous = last.hash if last else NOTHING
    held = entry_hash(log, index, previous, body)
    return Entry(index, previous, dict(body), held, signed(seed, head_message(log, index, held)))


def fault_in(body: Mapping[str, Any]) -> str:
    """Return what keeps a body from being an entry of the log.

    :param body: what is to be written, or was found written.
    :returns: a few words, or "" if it is as :data:`KINDS` says.
    """
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return "its kind is unknown"
    wanted, given = {"kind", *KINDS[kind]}, set(body)
    if wanted != given:
        lacking = ", ".join(sorted(map(str, wanted - given)))
        beyond = ", ".join(sorted(map(str, given - wanted)))
        return "; ".join(
            part
            for part in (lacking and f"{kind} lacks {lacking}", beyond and f"{beyond} is too much")
            if part
        )
    return next(
        (f"{name} of {kind} is not as it must be" for name in body if not _fits(name, body)), ""
    )


def _fits(name: str, body: Mapping[str, Any]) -> bool:
    value = body[name]
    match name:
        case "part":
            return type(value) is int and value in PARTS
        case "commitments":
            return _texts(value) and len(value) == len(PARTS) and all(is_hex(x, 64) for x in value)
        case "parties":
            return _texts(value) and 1 < len(value) == len(set(value)) and GAPS not in value
        case "names":
            return _texts(value) and _texts(body["parties"]) and len(value) == len(body["parties"])
        case "root":
            return is_hex(value, 64)
        case _:
            return isinstance(value, str) and bool(value)


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(x, str) and x for x in value)


def entry_hash(log: str, index: int, previous: str, body: Mapping[str, Any]) -> str:
    """Return the hash of an entry, which holds the hash of the one before.

    :param log: the log's name.
    :param index: the entry's place, from 0.
    :param previous: the hash of the entry before; 64 zeros before the first.
    :param body: what happened.
    :returns: SHA-256, 64 hexadecimal digits.
    """
    return sha256(framed("seal.log.v1", log, index, previous, canonical(body))).hexdigest()


def head_message(log: str, index: int, held: str) -> bytes:
    """Return what the host signs of a log: how many entries it has, and the hash of the last.

    :param log: the log's name.
    :param index: the last entry's place, from 0.
    :param held: the last entry's hash.
    :returns: framed bytes.
    """
    return framed("seal.head.v1", log, index + 1, held)
