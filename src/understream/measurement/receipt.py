"""Receipts: the signed proof that a seal stands in a log, which every party keeps for itself."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_string
from email.policy import default as mail_policy
from typing import Any, Final

from understream.measurement.seal import (
    LARGEST_FILE,
    canonical,
    framed,
    public_key,
    seal_digest,
    signed,
)

_BEGIN: Final = "-----BEGIN UNDERSTREAM RECEIPT-----"
_END: Final = "-----END UNDERSTREAM RECEIPT-----"
_ARMOUR: Final = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)
_LINE: Final = 64


class Unreadable(ValueError):
    """A file is no bundle or no receipt; ``why`` is one of a few codes.

    ``too large``, ``not text``, ``cut short``, ``not ours``, ``not canonical``, ``no receipt``.
    """

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        self.why = why
        super().__init__(why)


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
    signature = signed(seed, receipt_message(unsigned))
    return Receipt(**held | {"key": unsigned.key, "signature": signature})


def receipt_message(receipt: Receipt) -> bytes:
    """Return the bytes of a receipt that are signed."""
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
    text = text_of(content)
    blocks = _ARMOUR.findall(text) or _ARMOUR.findall(_mail_text(text))
    if not blocks:
        raise Unreadable("cut short" if _BEGIN in text else "no receipt")
    return tuple(_receipt(block) for block in blocks)


def text_of(content: bytes) -> str:
    """Return the text in a file that is neither too large nor anything but UTF-8."""
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
    if again(plain) != held:
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


def again(plain: object) -> bytes:
    """Return what was read as it should have been written."""
    try:
        return canonical(plain)
    except (ValueError, RecursionError):
        raise Unreadable("not canonical") from None
