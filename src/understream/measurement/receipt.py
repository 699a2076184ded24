"""Receipts: the signed proof that a seal stands in a log, which every party keeps for itself.

A receipt is what a verifier trusts: it left the host when the seal was made, and lies where the
host cannot reach it. It holds the hash of its entry, and so of every entry before.

Source: linked time stamps after Haber & Stornetta (1991), signed with Ed25519 (RFC 8032).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from email import message_from_bytes
from typing import Any, Final

from understream.measurement.seal import (
    KINDS,
    LARGEST_NUMBER,
    PARTS,
    canonical,
    framed,
    is_hex,
    is_signed,
    public_key,
    seal_digest,
    signed,
)

#: Largest file that is read as receipts, in bytes: a mail with what hangs on it.
LARGEST_MAIL: Final = 2_000_000
#: Most receipts in one file, and most letters between the two marks of one.
MOST_RECEIPTS: Final = 1_000
LONGEST_RECEIPT: Final = 20_000
#: Most lines in a mail that may open or close one of its parts.
MOST_PARTS: Final = 4_000

_BEGIN: Final = "-----BEGIN UNDERSTREAM RECEIPT-----"
_END: Final = "-----END UNDERSTREAM RECEIPT-----"
#: Mail that is not plain says so.
_PACKED: Final = re.compile(rb"(?i)^content-transfer-encoding:", re.MULTILINE)
_LINE: Final = 64
_FORMAT: Final = "receipt.v1"


class Unreadable(ValueError):
    """A file is no bundle or no receipt; ``why`` is one of a few codes.

    ``too large``, ``not text``, ``cut short``, ``not ours``, ``not canonical``, ``no receipt``,
    ``too many``.
    """

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed proof that an entry stands in a log, and all entries before it as they were.

    ``kind`` is what the entry tells, one of the log's kinds. ``party`` is the key of the party
    that sealed or took back, and ``organisation`` its name; both are "" for what concerns all.
    ``commitments`` are those of a seal, and empty otherwise. ``alliance``, ``title`` and
    ``organisation`` read as they did when the evaluation began.
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
        """Return the fingerprint of the seal; of anything else the head."""
        return seal_digest(self.commitments) if self.commitments else self.head

    def plain(self) -> dict[str, object]:
        """Return what is signed, as plain values."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        del held["signature"]
        return held | {"format": _FORMAT, "commitments": list(self.commitments)}


_FIELDS: Final = frozenset({one.name for one in fields(Receipt)} | {"format"})


def sign_receipt(receipt: Receipt, *, seed: bytes) -> Receipt:
    """Return a receipt with the host's signature and key.

    :param receipt: what it says; its key and signature are replaced.
    :param seed: 32 secret bytes of the host's signing key.
    :returns: the signed receipt.
    :raises ValueError: for a receipt that nobody could read again.
    """
    unsigned = replace(receipt, key=public_key(seed), signature="")
    done = replace(unsigned, signature=signed(seed, _message(unsigned)))
    if not _is_receipt(done.plain() | {"signature": done.signature}):
        raise ValueError(f"no receipt of {receipt.kind!r}: something lacks or is too much")
    return done


def is_genuine(receipt: Receipt) -> bool:
    """Tell whether a receipt was signed with the key it names, and not changed since.

    :param receipt: what :func:`read_receipts` returned.
    :returns: whether its signature fits.
    """
    return is_signed(receipt.key, _message(receipt), receipt.signature)


def _message(receipt: Receipt) -> bytes:
    return framed("seal.receipt.v1", canonical(receipt.plain()))


def contradictions(receipts: Sequence[Receipt]) -> tuple[tuple[Receipt, Receipt], ...]:
    """Return pairs of genuine receipts that no single log can hold.

    The host signed both, so each pair proves to anybody that it told two stories: two heads for
    the same place of the same log.

    :param receipts: receipts, of one party or of several that compare theirs.
    :returns: pairs with the same key, log and place that say different things there.
    """
    first: dict[tuple[str, str, int], Receipt] = {}
    pairs = []
    for one in filter(is_genuine, receipts):
        other = first.setdefault((one.key, one.log, one.index), one)
        if one.plain() != other.plain():
            pairs.append((other, one))
    return tuple(pairs)


# ----------------------------------------------------------------- as text, and back


def receipt_text(receipt: Receipt) -> str:
    """Return a receipt as lines that survive a mail: letters and digits between two marks.

    :param receipt: a signed receipt.
    :returns: text that :func:`read_receipts` reads again, wherever it stands in a file.
    """
    held = canonical(receipt.plain() | {"signature": receipt.signature})
    lines = _letters(held)
    body = "\n".join(lines[at : at + _LINE] for at in range(0, len(lines), _LINE))
    return f"{_BEGIN}\n{body}\n{_END}\n"


def _letters(held: bytes) -> str:
    # "=" means something else in mail.
    return base64.b64encode(held).rstrip(b"=").decode()


def read_receipts(content: bytes) -> tuple[Receipt, ...]:
    """Return the receipts in a file: one that was saved from the page, or a whole saved mail.

    Line ends, the marks of a quoted mail and how mail packs its words do not matter; every other
    change does.

    :param content: the bytes of the file.
    :returns: at least one receipt, each once, in the order in which they stand; signatures are
        not checked.
    :raises Unreadable: if there is none in it, or one was cut short or changed in its form.
    """
    if len(content) > LARGEST_MAIL:
        raise Unreadable("too large")
    faults = []
    for text in _readings(content):
        try:
            found = tuple(dict.fromkeys(map(_receipt, _blocks(text))))
        except Unreadable as fault:
            faults.append(fault)
            continue
        if found:
            return found
    raise faults[0] if faults else Unreadable("no receipt")


def _readings(content: bytes) -> Iterator[str]:
    """Yield the text of a file: as it stands, then what a mail program would show of it."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    yield content.decode("utf-16" if wide else "utf-8", errors="replace")
    if not _PACKED.search(content) or content.count(b"\n--") > MOST_PARTS:
        return
    said = []
    try:
        for part in message_from_bytes(content).walk():
            held = part.get_payload(decode=True)
            if isinstance(held, bytes) and part.get_content_subtype() != "html":
                said.append(held.decode("utf-8", errors="replace"))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        # What mail programs write is not always mail; then only the first reading counts.
        return
    yield "\n".join(said)


def _blocks(text: str) -> Iterable[str]:
    pieces = text.split(_BEGIN)[1:]
    if len(pieces) > MOST_RECEIPTS:
        raise Unreadable("too many")
    for piece in pieces:
        block, end, _ = piece.partition(_END)
        if not end:
            raise Unreadable("cut short")
        if len(block) > LONGEST_RECEIPT:
            raise Unreadable("too large")
        yield block


def _receipt(block: str) -> Receipt:
    letters = re.sub(r"[\s>]", "", block)
    try:
        held = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        plain = json.loads(held)
    except (binascii.Error, ValueError, RecursionError):
        raise Unreadable("cut short") from None
    if not isinstance(plain, dict) or plain.get("format") != _FORMAT or not _is_receipt(plain):
        raise Unreadable("not ours")
    try:
        again = canonical(plain)
    except ValueError:
        raise Unreadable("not canonical") from None
    # One receipt is written in one way only, down to the last bit of the last letter.
    if again != held or _letters(held) != letters:
        raise Unreadable("not canonical")
    told = {name: value for name, value in plain.items() if name != "format"}
    return Receipt(**told | {"commitments": tuple(plain["commitments"])})


def _is_receipt(plain: Mapping[str, Any]) -> bool:
    """Tell whether everything is there, nothing else, and each thing in its form."""
    if plain.keys() != _FIELDS | {"signature"}:
        return False
    texts = [plain[name] for name in plain if name not in ("index", "commitments")]
    if not all(isinstance(one, str) for one in texts) or plain["kind"] not in KINDS:
        return False
    told = KINDS[plain["kind"]]
    commitments = plain["commitments"]
    return (
        all(plain[name] for name in ("log", "alliance", "evaluation", "title", "at"))
        and bool(plain["party"]) == bool(plain["organisation"]) == ("party" in told)
        and isinstance(commitments, list)
        and len(commitments) == (len(PARTS) if "commitments" in told else 0)
        and all(is_hex(one, 64) for one in commitments)
        and type(plain["index"]) is int
        and 0 <= plain["index"] <= LARGEST_NUMBER
        and is_hex(plain["head"], 64)
        and is_hex(plain["key"], 64)
        and is_hex(plain["signature"], 128)
    )
