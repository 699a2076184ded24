"""Seal documents, sign receipts, chain a log, and check all of it: without Django, host or network.

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

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_string
from email.policy import default as mail_policy
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

_BEGIN: Final = "-----BEGIN UNDERSTREAM RECEIPT-----"
_END: Final = "-----END UNDERSTREAM RECEIPT-----"
_ARMOUR: Final = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)
_LINE: Final = 64
_HEX: Final = re.compile(r"[0-9a-f]+\Z")


class Unreadable(ValueError):
    """A file is no bundle or no receipt; ``why`` is one of a few codes.

    ``too large``, ``not text``, ``cut short``, ``not ours``, ``not canonical``, ``no receipt``.
    """

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        self.why = why
        super().__init__(why)


# ---------------------------------------------------------------- bytes and hashes


def canonical(value: object) -> bytes:
    """Return a value as the one sequence of bytes that stands for it (after RFC 8785).

    :param value: dictionaries with text as keys, lists or tuples, text, whole numbers, truth values
        and None.
    :returns: JSON in UTF-8, keys in order, without spaces.
    :raises ValueError: for anything else, a fraction included, and for text that UTF-8 cannot hold.
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


def _signed(seed: bytes, message: bytes) -> str:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def _is_signed(key: str, message: bytes, signature: str) -> bool:
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
    held = _entry_hash(log, index, previous, body)
    return Entry(index, previous, dict(body), held, _signed(seed, _head(log, index, held)))


def _entry_hash(log: str, index: int, previous: str, body: Mapping[str, Any]) -> str:
    return sha256(framed("seal.log.v1", log, index, previous, canonical(body))).hexdigest()


def _head(log: str, index: int, held: str) -> bytes:
    return framed("seal.head.v1", log, index + 1, held)


# --------------------------------------------------------------------- receipts

_RECEIPT_FIELDS: Final = frozenset(
    ("format", "log", "alliance", "evaluation", "title", "kind", "party", "organisation",
     "commitments", "index", "head", "at", "key")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed proof that an entry stands in a log, and all entries before it as they were.

    ``kind`` is what the entry tells: ``sealed``, ``taken back`` or ``revealed``. ``party`` is the
    key of the party that sealed, "" for a reveal; ``commitments`` then are empty.
    """

    log: str
    alliance: str
    evaluation: str
    title: str
    kind: str
    party: str
    organisation: str
    commitments: tuple[str, ...]
    index: int
    head: str
    at: str
    key: str
    signature: str = ""

    @property
    def digest(self) -> str:
        """Return the fingerprint of the seal; of a reveal the head."""
        return seal_digest(self.commitments) if self.commitments else self.head

    def plain(self) -> dict[str, object]:
        """Return what is signed, as plain values."""
        held: dict[str, object] = {
            name: getattr(self, name) for name in _RECEIPT_FIELDS if name != "format"
        }
        return held | {"format": "receipt.v1", "commitments": list(self.commitments)}


def sign_receipt(receipt: Receipt, *, seed: bytes) -> Receipt:
    """Return a receipt with the host's signature and key.

    :param receipt: what it says; its key and signature are replaced.
    :param seed: 32 secret bytes of the host's signing key.
    :returns: the signed receipt.
    """
    held = {name: getattr(receipt, name) for name in receipt.__slots__}
    unsigned = Receipt(**held | {"key": public_key(seed), "signature": ""})
    signature = _signed(seed, _receipt_message(unsigned))
    return Receipt(**held | {"key": unsigned.key, "signature": signature})


def _receipt_message(receipt: Receipt) -> bytes:
    return framed("seal.receipt.v1", canonical(receipt.plain()))


def receipt_text(receipt: Receipt) -> str:
    """Return a receipt as lines that survive a mail: letters and digits between two marks.

    :param receipt: a signed receipt.
    :returns: text that :func:`read_receipts` reads again, wherever it stands in a file.
    """
    held = canonical(receipt.plain() | {"signature": receipt.signature})
    lines = base64.b64encode(held).rstrip(b"=").decode()
    body = "\n".join(lines[at : at + _LINE] for at in range(0, len(lines), _LINE))
    return f"{_BEGIN}\n{body}\n{_END}\n"


def read_receipts(content: bytes) -> tuple[Receipt, ...]:
    """Return the receipts in a file: one that was saved from the page, or a whole saved mail.

    :param content: the bytes of the file.
    :returns: at least one receipt, in the order in which they stand; signatures are not checked.
    :raises Unreadable: if there is none in it, or one was cut short or changed in its form.
    """
    text = _text(content)
    blocks = _ARMOUR.findall(text) or _ARMOUR.findall(_mail_text(text))
    if not blocks:
        raise Unreadable("cut short" if _BEGIN in text else "no receipt")
    return tuple(_receipt(block) for block in blocks)


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise Unreadable("too large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not text") from None


def _mail_text(text: str) -> str:
    """Return the words of a mail that was saved as a file, undone of how mail packs them."""
    parts = message_from_string(text, policy=mail_policy).walk()
    said = []
    for part in parts:
        if part.get_content_maintype() == "text":
            try:
                said.append(str(part.get_content()))
            except (LookupError, ValueError):
                continue
    return "\n".join(said)


def _receipt(block: str) -> Receipt:
    letters = re.sub(r"[\s>]", "", block)
    try:
        held = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        plain = json.loads(held)
    except (binascii.Error, ValueError):
        raise Unreadable("cut short") from None
    if not isinstance(plain, dict) or plain.get("format") != "receipt.v1":
        raise Unreadable("not ours")
    if plain.keys() != _RECEIPT_FIELDS | {"signature"} or not _is_receipt(plain):
        raise Unreadable("not ours")
    if _again(plain) != held:
        raise Unreadable("not canonical")
    fields = {name: plain[name] for name in plain if name != "format"}
    return Receipt(**fields | {"commitments": tuple(plain["commitments"])})


def _is_receipt(plain: Mapping[str, Any]) -> bool:
    texts = [plain[name] for name in plain if name not in ("index", "commitments")]
    return (
        all(isinstance(one, str) for one in texts)
        and type(plain["index"]) is int
        and plain["index"] >= 0
        and isinstance(plain["commitments"], list)
        and all(isinstance(one, str) for one in plain["commitments"])
    )


def _again(plain: object) -> bytes:
    try:
        return canonical(plain)
    except (ValueError, RecursionError):
        raise Unreadable("not canonical") from None


# ---------------------------------------------------------------------- bundles


@dataclass(frozen=True, slots=True)
class Opening:
    """One part of one party's reflection, opened: the padded document and its salt."""

    party: str
    part: int
    document: str
    salt: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a party may see of the figures of one party in a round; ``None`` for what it may not.

    ``leaf`` is the commitment to them, made when the round closed.
    """

    party: str
    leaf: str
    figures: object
    salt: str


@dataclass(frozen=True, slots=True)
class Released:
    """The figures of a round, by party."""

    round: str
    title: str
    instrument: str
    root: str
    parties: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that one party may see of an evaluation, to be checked without the host.

    ``parties`` are keys and names; ``reader`` is the party it was made for.
    """

    log: str
    key: str
    alliance: str
    evaluation: str
    title: str
    reader: str
    made_at: str
    parties: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    openings: tuple[Opening, ...]
    releases: tuple[Released, ...]


def bundle_file(bundle: Bundle, *, seed: bytes) -> bytes:
    """Return a bundle as a signed file: one line of canonical JSON.

    :param bundle: what is in it.
    :param seed: 32 secret bytes of the host's signing key.
    :returns: bytes of which none can be changed without :func:`check` telling.
    """
    held = _bundle_plain(bundle)
    signature = _signed(seed, framed("seal.bundle.v1", canonical(held)))
    return canonical({"bundle": held, "signature": signature}) + b"\n"


def _bundle_plain(bundle: Bundle) -> dict[str, object]:
    return {
        "format": "bundle.v1",
        "log": bundle.log,
        "key": bundle.key,
        "alliance": bundle.alliance,
        "evaluation": bundle.evaluation,
        "title": bundle.title,
        "reader": bundle.reader,
        "made_at": bundle.made_at,
        "parties": [list(one) for one in bundle.parties],
        "entries": [
            {
                "index": one.index,
                "previous": one.previous,
                "body": dict(one.body),
                "hash": one.hash,
                "signature": one.signature,
            }
            for one in bundle.entries
        ],
        "openings": [
            {"party": one.party, "part": one.part, "document": one.document, "salt": one.salt}
            for one in bundle.openings
        ],
        "releases": [
            {
                "round": one.round,
                "title": one.title,
                "instrument": one.instrument,
                "root": one.root,
                "parties": [
                    {
                        "party": party.party,
                        "leaf": party.leaf,
                        "figures": without_fractions(party.figures),
                        "salt": party.salt,
                    }
                    for party in one.parties
                ],
            }
            for one in bundle.releases
        ],
    }


def read_bundle(content: bytes) -> tuple[Bundle, str]:
    """Return the bundle in a file, and its signature.

    :param content: the bytes of the file.
    :returns: the bundle and the signature over it, neither of them checked.
    :raises Unreadable: if it is none, was cut short, or is not byte for byte as it was written.
    """
    text = _text(content)
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("cut short" if text.startswith('{"bundle"') else "not ours") from None
    if not isinstance(plain, dict) or plain.keys() != {"bundle", "signature"}:
        raise Unreadable("not ours")
    held, signature = plain["bundle"], plain["signature"]
    if not isinstance(held, dict) or held.get("format") != "bundle.v1":
        raise Unreadable("not ours")
    if _again(plain) + b"\n" != content:
        raise Unreadable("not canonical")
    try:
        bundle = _bundle(held)
        again = _bundle_plain(bundle)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Unreadable("not ours") from None
    # What is in the file and not in the bundle would be seen by nobody.
    if again != held or not isinstance(signature, str):
        raise Unreadable("not ours")
    return bundle, signature


def _bundle(held: Mapping[str, Any]) -> Bundle:
    names = ("log", "key", "alliance", "evaluation", "title", "reader", "made_at")
    return Bundle(
        **{name: _told(held[name]) for name in names},
        parties=tuple((_told(key), _told(name)) for key, name in held["parties"]),
        entries=tuple(
            Entry(
                one["index"],
                _told(one["previous"]),
                dict(one["body"]),
                _told(one["hash"]),
                _told(one["signature"]),
            )
            for one in held["entries"]
        ),
        openings=tuple(
            Opening(_told(one["party"]), one["part"], _told(one["document"]), _told(one["salt"]))
            for one in held["openings"]
        ),
        releases=tuple(
            Released(
                _told(one["round"]),
                _told(one["title"]),
                _told(one["instrument"]),
                _told(one["root"]),
                tuple(
                    Figures(
                        _told(party["party"]),
                        _told(party["leaf"]),
                        party["figures"],
                        _told(party["salt"]),
                    )
                    for party in one["parties"]
                ),
            )
            for one in held["releases"]
        ),
    )


def _told(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("this is text")
    return value


# ---------------------------------------------------------------------- checking


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    ``what`` is one of :data:`CHECKS`; ``where`` names the entry, party or round at fault, or what
    was compared; ``passed`` says whether it is as it must be.
    """

    what: str
    passed: bool
    where: str = ""


#: Everything that is checked, in this order.
CHECKS: Final = (
    "receipt signature",
    "receipt alliance",
    "receipt evaluation",
    "receipt key",
    "bundle signature",
    "chain",
    "heads",
    "receipt head",
    "receipt commitments",
    "order",
    "openings",
    "figures",
)


def check(bundle: Bundle, signature: str, receipts: Sequence[Receipt]) -> tuple[Check, ...]:
    """Check a bundle against receipts that somebody kept.

    The receipt is what is trusted: it left the host when the seal was made. What it says must be
    found again in the bundle: its key, its head at its place in the log, its commitments.

    :param bundle: what :func:`read_bundle` returned.
    :param signature: the signature beside it.
    :param receipts: one or more receipts of the same evaluation.
    :returns: one or more results for each of :data:`CHECKS`; the bundle stands if all passed.
    :raises ValueError: without a receipt: a bundle cannot vouch for itself.
    """
    if not receipts:
        raise ValueError("a bundle is checked against a receipt")
    done: list[Check] = []
    for one in receipts:
        here = f"entry {one.index + 1}"
        done.append(
            Check(
                "receipt signature",
                _is_signed(one.key, _receipt_message(one), one.signature),
                here,
            )
        )
        done.append(Check("receipt alliance", one.log == bundle.log, one.alliance))
        done.append(Check("receipt evaluation", one.evaluation == bundle.evaluation, one.title))
        done.append(Check("receipt key", one.key == bundle.key, fingerprint_or_none(one.key)))
    held = canonical(_bundle_plain(bundle))
    done.append(
        Check(
            "bundle signature",
            _is_signed(bundle.key, framed("seal.bundle.v1", held), signature),
        )
    )
    done += _check_log(bundle)
    for one in receipts:
        done += _check_receipt(bundle, one)
    done += _check_order(bundle)
    done += _check_figures(bundle)
    return tuple(sorted(done, key=lambda one: CHECKS.index(one.what)))


def fingerprint_or_none(key: str) -> str:
    """Return the fingerprint of a key, "" for what is no key.

    :param key: 64 hexadecimal digits, or anything else.
    :returns: eight groups of four digits, or "".
    """
    return fingerprint(key) if len(key) == 64 and _HEX.match(key) else ""  # noqa: PLR2004


def _check_log(bundle: Bundle) -> list[Check]:
    previous, chained, headed = NOTHING, True, True
    broken = loose = ""
    for place, one in enumerate(bundle.entries):
        fits = (
            type(one.index) is int
            and one.index == place
            and one.previous == previous
            and one.hash == _entry_hash(bundle.log, place, previous, one.body)
        )
        if chained and not fits:
            chained, broken = False, f"entry {place + 1}"
        if headed and not _is_signed(
            bundle.key, _head(bundle.log, place, one.hash), one.signature
        ):
            headed, loose = False, f"entry {place + 1}"
        previous = one.hash
    return [Check("chain", chained, broken), Check("heads", headed, loose)]


def _check_receipt(bundle: Bundle, receipt: Receipt) -> list[Check]:
    where = f"entry {receipt.index + 1}"
    if receipt.index >= len(bundle.entries):
        return [Check("receipt head", False, where)]  # noqa: FBT003 - it is not there
    entry = bundle.entries[receipt.index]
    body = entry.body
    same = (
        body.get("kind") == receipt.kind
        and body.get("evaluation") == receipt.evaluation
        and body.get("party", "") == receipt.party
        and tuple(body.get("commitments", ())) == receipt.commitments
        and body.get("at") == receipt.at
    )
    return [
        Check("receipt head", entry.hash == receipt.head, where),
        Check("receipt commitments", same, where),
    ]


@dataclass(slots=True)
class _Course:
    """What the log says about one evaluation, read from its first entry to its last."""

    parties: tuple[str, ...] = ()
    sealed: dict[str, tuple[str, ...]] = None  # type: ignore[assignment] # set when it begins
    revealed: tuple[int, ...] = ()
    over: bool = False


def _check_order(bundle: Bundle) -> list[Check]:
    """Follow the log: all seals stand before the first opening, and what is open was sealed."""
    course = _Course(sealed={})
    fault = ""
    for one in bundle.entries:
        if one.body.get("evaluation") != bundle.evaluation:
            continue
        if not _step(course, one.body):
            fault = f"entry {one.index + 1}"
            break
    orderly = not fault and bool(course.parties)
    checks = [Check("order", orderly, fault)]
    named = {key for key, _ in bundle.parties}
    if named != set(course.parties):
        checks.append(Check("order", False, "parties"))  # noqa: FBT003
    return [*checks, *_check_openings(bundle, course)]


def _step(course: _Course, body: Mapping[str, Any]) -> bool:  # noqa: PLR0911 - one line a kind
    """Take one step; tell whether it was allowed there."""
    kind, party = body.get("kind"), body.get("party", "")
    if kind == "begun":
        fresh = not course.parties
        course.parties = tuple(body.get("parties", ()))
        return fresh and len(course.parties) > 1
    if not course.parties or course.over:
        return False
    if kind == "sealed":
        allowed = party in course.parties and party not in course.sealed and not course.revealed
        course.sealed[party] = tuple(body.get("commitments", ()))
        return allowed and len(course.sealed[party]) == len(PARTS)
    if kind == "taken back":
        return course.sealed.pop(party, None) is not None and not course.revealed
    if kind == "revealed":
        part = body.get("part")
        follows = course.revealed == tuple(PARTS[: len(course.revealed)])
        allowed = set(course.sealed) == set(course.parties) and part not in course.revealed
        course.revealed = (*course.revealed, part) if isinstance(part, int) else course.revealed
        return allowed and follows and course.revealed == PARTS[: len(course.revealed)]
    if kind in ("cancelled", "expired"):
        course.over = True
        return not course.revealed
    return kind in ("released", "extended")


def _check_openings(bundle: Bundle, course: _Course) -> list[Check]:
    wanted = {(party, part) for party in course.parties for part in course.revealed}
    given = {(one.party, one.part): one for one in bundle.openings}
    names = dict(bundle.parties)
    checks = []
    if len(given) < len(bundle.openings):
        checks.append(Check("openings", False, "twice"))  # noqa: FBT003
    for party, part in sorted(wanted | set(given), key=str):
        one = given.get((party, part))
        where = f"{names.get(party, party)}, part {part}"
        fits = one is not None and (party, part) in wanted and _opens(bundle, course, one)
        checks.append(Check("openings", fits, where))
    return checks


def _opens(bundle: Bundle, course: _Course, one: Opening) -> bool:
    try:
        salt = bytes.fromhex(one.salt)
        document = one.document.encode()
        made = commitment(
            log=bundle.log,
            evaluation=bundle.evaluation,
            party=one.party,
            part=one.part,
            document=document,
            salt=salt,
        )
    except ValueError:
        return False
    return made == course.sealed[one.party][one.part - 1]


def _check_figures(bundle: Bundle) -> list[Check]:
    logged = {
        str(one.body.get("round")): one.body.get("root")
        for one in bundle.entries
        if one.body.get("kind") == "released" and one.body.get("evaluation") == bundle.evaluation
    }
    checks = []
    for released in bundle.releases:
        leaves = {one.party: one.leaf for one in released.parties}
        fits = (
            len(leaves) == len(released.parties)
            and figures_root(leaves) == released.root
            and logged.get(released.round) == released.root
            and all(_is_leaf(released.round, one) for one in released.parties)
        )
        checks.append(Check("figures", fits, released.title))
    return checks


def _is_leaf(round_key: str, one: Figures) -> bool:
    """Tell whether figures that may be seen are those of their leaf; the others stay closed."""
    if one.figures is None:
        return not one.salt
    try:
        salt = bytes.fromhex(one.salt)
    except ValueError:
        return False
    made = figures_leaf(round=round_key, party=one.party, figures=one.figures, salt=salt)
    return made == one.leaf


def standing(bundle: Bundle, receipt: Receipt) -> bool:
    """Tell whether the seal of a receipt is the one that counted in the end.

    :param bundle: what :func:`read_bundle` returned.
    :param receipt: a receipt of a seal.
    :returns: false if that seal was taken back later, and so replaced by another or by none.
    """
    later: Iterable[Entry] = bundle.entries[receipt.index + 1 :]
    return receipt.kind == "sealed" and not any(
        one.body.get("kind") == "taken back"
        and one.body.get("party") == receipt.party
        and one.body.get("evaluation") == receipt.evaluation
        for one in later
    )
