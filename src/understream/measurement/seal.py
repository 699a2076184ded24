"""Seals: commitments to documents, a log of what was done, and the host's signature over both.

A party's document is fixed by a **commitment**: SHA-256 over the document and 32 random bytes, the
salt. Who holds the commitment learns nothing of the document; who later gets document and salt
sees that nothing was changed (commit and reveal: Blum 1981). Each act of sealing is an entry of a
**log** in which every entry holds the hash of the one before (Haber & Stornetta 1991); the host
signs each head with Ed25519 (RFC 8032), and a **receipt** holds a signed head, so that a log that
was rewritten before a receipt no longer fits it. A **bundle** is all that one party may see.

Everything hashed or signed is framed: each part stands behind its length in eight bytes, so that
no two lists of parts give the same bytes. Documents are canonical JSON in the manner of RFC 8785,
with whole numbers only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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
#: Largest file that is read as a bundle or a receipt, in bytes.
LARGEST_FILE: Final = 50_000_000
#: The two parts of a reflection: goals, environment and the hard side; the soft side.
PARTS: Final = (1, 2)


# ---------------------------------------------------------------- bytes and hashes


def canonical(value: object) -> bytes:
    """Return a value as the one sequence of bytes that stands for it (after RFC 8785).

    :param value: dictionaries with text as keys, lists or tuples, text, whole numbers, truth
        values and None.
    :returns: JSON in UTF-8, keys in order, without spaces.
    :raises ValueError: for anything else, a fraction included, and for text that UTF-8 cannot
        hold.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case list() | tuple():
            return [_plain(one) for one in value]
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("keys are text")
            return {key: _plain(one) for key, one in value.items()}
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


def figures_leaf(*, round: str, party: str, figures: object, salt: bytes) -> str:  # noqa: A002
    """Return the commitment to the displayed figures of one party in a round.

    :param round: the round's key.
    :param party: the party's key, or ``gaps`` for what lies between the parties.
    :param figures: what is displayed, as plain values; fractions may stand in it.
    :param salt: 32 random bytes.
    :returns: SHA-256, 64 hexadecimal digits.
    """
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
    """Return the Ed25519 signature of a message, 128 hexadecimal digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def is_signed(key: str, message: bytes, signature: str) -> bool:
    """Tell whether a signature fits a message and a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


# -------------------------------------------------------------------------- log


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log, with the head that the host signed when it was written.

    ``body`` holds text, whole numbers and lists of text: ``kind``, ``at`` and what happened, never
    what was said.
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
    :param body: what happened.
    :param seed: 32 secret bytes of the host's signing key.
    :returns: the entry, to be stored and never changed.
    :raises ValueError: for a body without canonical form.
    """
    index = last.index + 1 if last else 0
    previous = last.hash if last else NOTHING
    held = entry_hash(log, index, previous, body)
    return Entry(index, previous, dict(body), held, signed(seed, head_message(log, index, held)))


def entry_hash(log: str, index: int, previous: str, body: Mapping[str, Any]) -> str:
    """Return the hash of an entry, which holds the hash of the one before."""
    return sha256(framed("seal.log.v1", log, index, previous, canonical(body))).hexdigest()


def head_message(log: str, index: int, held: str) -> bytes:
    """Return the bytes of a head that are signed: so many entries, and the hash of the last."""
    return framed("seal.head.v1", log, index + 1, held)
