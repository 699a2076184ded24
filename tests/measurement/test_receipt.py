"""Receipts survive mail and nothing else: what else is changed in them is found."""

import base64
import json
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from tests.sealing import OTHER_SEED, SEED, Host
from understream.measurement.receipt import (
    LARGEST_MAIL,
    LONGEST_RECEIPT,
    MOST_RECEIPTS,
    Unreadable,
    contradictions,
    is_genuine,
    read_receipts,
    receipt_text,
    sign_receipt,
)
from understream.measurement.seal import canonical

HOST = Host()
HOST.begin()
RECEIPT = HOST.seal("h")
TEXT = receipt_text(RECEIPT)
BEGIN, END = "-----BEGIN UNDERSTREAM RECEIPT-----", "-----END UNDERSTREAM RECEIPT-----"
WORDS = "Geachte Anna,\n\nde partij heeft verzegeld. Bewaar dit bericht: één regel is genoeg.\n\n"


def armoured(held):
    """Set any bytes between the two marks, as a forger would."""
    return f"{BEGIN}\n{base64.b64encode(held).decode().rstrip('=')}\n{END}\n".encode()


def mail(cte, charset="utf-8", *, html=True):
    """Save a mail that holds a receipt among words."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Ontvangstbewijs voor één zegel"
    message["From"], message["To"] = "host@example.org", "anna@example.org"
    message.set_content(WORDS + TEXT + "\nTot ziens\n", charset=charset, cte=cte)
    if html:
        broken = TEXT.replace("\n", "<br>\n")
        message.add_alternative(f"<p>{broken}</p>", subtype="html", cte=cte)
    return message.as_bytes()


def attached():
    """Save a mail to which the receipt hangs as a file of no known kind."""
    message = EmailMessage(policy=SMTP)
    message.set_content("See the file.")
    message.add_attachment(
        TEXT.encode(), maintype="application", subtype="octet-stream", filename="receipt.txt"
    )
    return message.as_bytes()


WAYS = {
    "as it was saved": TEXT.encode(),
    "with line ends of Windows": TEXT.replace("\n", "\r\n").encode(),
    "with line ends of old": TEXT.replace("\n", "\r").encode(),
    "on one line": TEXT.replace("\n", " ").encode(),
    "with a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "from a Windows shell": TEXT.encode("utf-16"),
    "among words": (WORDS + TEXT + "Tot ziens").encode(),
    "among words in Latin 1": (WORDS + TEXT).encode("latin-1"),
    "quoted": "\n".join(f"> {line}" for line in (WORDS + TEXT).splitlines()).encode(),
    "quoted twice": "\n".join(f">> {line}" for line in TEXT.splitlines()).encode(),
    "with hard spaces": TEXT.replace("\n", "\n\u00a0").encode(),
    "twice": (TEXT + WORDS + TEXT).encode(),
    "in a quoted-printable mail": mail("quoted-printable"),
    "in a base64 mail": mail("base64"),
    "in an 8-bit mail": mail("8bit", "latin-1"),
    "in a mail without a page": mail("quoted-printable", html=False),
    "hanging on a mail": attached(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_receipt_is_read_however_mail_packed_it(way):
    assert read_receipts(WAYS[way]) == (RECEIPT,)
    assert is_genuine(RECEIPT)


def test_all_receipts_of_a_file_are_read_in_their_order():
    other = HOST.receipt(0)

    assert read_receipts((TEXT + WORDS + receipt_text(other)).encode()) == (RECEIPT, other)


def refused(content):
    """Return why a file is refused."""
    with pytest.raises(Unreadable) as refusal:
        read_receipts(content)
    return refusal.value.why


def test_every_changed_byte_is_refused_or_breaks_the_signature():
    content = TEXT.encode()
    passed = []
    for place, was in enumerate(content):
        for byte in (was ^ 1, was ^ 32, 0x3D):
            changed = content[:place] + bytes([byte]) + content[place + 1 :]
            try:
                (read,) = read_receipts(changed)
            except Unreadable:
                continue
            if is_genuine(read) and byte != was:
                passed.append((place, chr(was), read == RECEIPT))

    # A line end may become another white space; the receipt then is the same one.
    assert {was for _, was, _ in passed} <= {"\n"}
    assert all(same for _, _, same in passed)


def test_a_receipt_cut_short_anywhere_is_refused():
    content = TEXT.encode().rstrip()

    whys = {refused(content[:size]) for size in range(len(content))}
    whys |= {refused(content[size:]) for size in range(1, len(content), 7)}
    assert whys == {"cut short", "no receipt"}
    lines = TEXT.splitlines(keepends=True)
    for place in range(1, len(lines) - 1):
        left_out = "".join(lines[:place] + lines[place + 1 :])
        assert refused(left_out.encode()) in {"cut short", "not ours", "not canonical"}


PLAIN = RECEIPT.plain() | {"signature": RECEIPT.signature}
HELD = canonical(PLAIN).decode()


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (HELD, ""),
        (HELD.replace('"index":1', '"index":1.0'), "not ours"),
        (HELD.replace('"index":1', '"index":1e0'), "not ours"),
        (HELD.replace('"index":1', '"index":-0'), "not canonical"),
        (HELD.replace('"index":1', '"index":true'), "not ours"),
        (HELD.replace('"index":1', '"index":-1'), "not ours"),
        (HELD.replace('"index":1', '"index":' + "9" * 400), "not ours"),
        (HELD.replace('"index":1', '"index":' + "9" * 5000), "cut short"),
        (HELD.replace('"index":1', '"index":NaN'), "not ours"),
        (HELD.replace('"index":1', '"index":1,"index":1'), "not canonical"),
        (HELD.replace('"index":1', '"index":0,"index":1'), "not canonical"),
        (HELD.replace('"title":"Autumn"', '"title":"Autum\\u006e"'), "not canonical"),
        (HELD.replace('"title":"Autumn"', '"title":"\\ud800"'), "not canonical"),
        (HELD.replace('"title":"Autumn"', '"title":""'), "not ours"),
        (HELD.replace('"title":"Autumn"', '"title":["Autumn"]'), "not ours"),
        (HELD.replace('"kind":"sealed"', '"kind":"opened"'), "not ours"),
        (HELD.replace('"kind":"sealed"', '"kind":"revealed"'), "not ours"),
        (HELD.replace('"format":"receipt.v1"', '"format":"receipt.v2"'), "not ours"),
        (HELD.replace(',"title"', ', "title"'), "not canonical"),
        (canonical(PLAIN | {"note": "unsigned"}).decode(), "not ours"),
        (canonical({name: PLAIN[name] for name in PLAIN if name != "at"}).decode(), "not ours"),
        (HELD.replace(RECEIPT.signature, RECEIPT.signature.upper()), "not ours"),
        (HELD.replace(RECEIPT.commitments[0], RECEIPT.commitments[0].upper()), "not ours"),
        ("[" * 10_000, "cut short"),
        ("[]", "not ours"),
        ("0", "not ours"),
    ],
)
def test_a_receipt_is_written_in_one_way_only(held, why):
    content = armoured(held.encode())

    assert (read_receipts(content) == (RECEIPT,)) if not why else (refused(content) == why)


def test_the_last_bits_of_the_last_letter_count_too():
    unused = [one for one in (HOST.receipt(0), RECEIPT, HOST.receipt(1, title="Autumn!"))
              if len(canonical(one.plain() | {"signature": one.signature})) % 3]  # fmt: skip
    letters = receipt_text(unused[0]).split("\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters[-3]
    letters[-3] = last[:-1] + alphabet[alphabet.index(last[-1]) + 1]

    assert refused("\n".join(letters).encode()) == "not canonical"


def test_huge_files_are_refused_at_once():
    assert refused(b" " * (LARGEST_MAIL + 1)) == "too large"
    assert refused(f"{BEGIN}\n".encode() * 20_000) == "too many"
    assert refused(f"{BEGIN}\n".encode() * MOST_RECEIPTS) == "cut short"
    assert refused(f"{BEGIN}{'A' * (LONGEST_RECEIPT + 1)}{END}".encode()) == "too large"
    boxes = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3000)
    )
    assert refused(f"{boxes}Content-Transfer-Encoding: base64\n\n".encode()) == "no receipt"
    assert refused(b"") == refused(bytes(range(256)) * 99) == "no receipt"


def test_nothing_in_a_receipt_can_be_changed_but_by_whoever_holds_the_key():
    for name in RECEIPT.__dataclass_fields__:
        was = getattr(RECEIPT, name)
        other = was + 1 if name == "index" else was * 2
        assert not is_genuine(replace(RECEIPT, **{name: other})), name
    forged = sign_receipt(RECEIPT, seed=OTHER_SEED)
    assert is_genuine(forged)
    assert forged.key != RECEIPT.key


def test_no_receipt_is_signed_that_nobody_could_read():
    for change in ({"kind": "opened"}, {"party": ""}, {"commitments": ()}, {"alliance": ""}):
        with pytest.raises(ValueError, match="no receipt of"):
            sign_receipt(replace(RECEIPT, **change), seed=SEED)


def test_two_receipts_that_no_single_log_can_hold_are_found():
    fork = Host()
    fork.begin()
    other = fork.seal("h", "Less than in spring.")
    alien = Host(seed=OTHER_SEED)
    alien.begin()

    assert contradictions([RECEIPT, HOST.receipt(0), other]) == ((RECEIPT, other),)
    assert contradictions([RECEIPT, RECEIPT, HOST.receipt(0), fork.receipt(0)]) == ()
    assert contradictions([RECEIPT, alien.seal("h", "Another.")]) == ()
    # Whoever has no key can accuse nobody.
    assert contradictions([RECEIPT, replace(RECEIPT, head="00" * 32)]) == ()


def test_the_canonical_bytes_inside_are_plain_json_for_other_programs():
    letters = "".join(TEXT.splitlines()[1:-1])
    told = json.loads(base64.b64decode(letters + "=" * (-len(letters) % 4)))

    assert told == PLAIN
