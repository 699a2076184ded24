"""Bundles: all that one party may see of an evaluation, to be checked without the host."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from understream.measurement.receipt import Receipt, Unreadable, again, receipt_message, text_of
from understream.measurement.seal import (
    NOTHING,
    PARTS,
    Entry,
    canonical,
    commitment,
    entry_hash,
    figures_leaf,
    figures_root,
    fingerprint,
    framed,
    head_message,
    is_signed,
    signed,
    without_fractions,
)

_HEX: Final = re.compile(r"[0-9a-f]+\Z")


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
    signature = signed(seed, framed("seal.bundle.v1", canonical(held)))
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
    text = text_of(content)
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("cut short" if text.startswith('{"bundle"') else "not ours") from None
    if not isinstance(plain, dict) or plain.keys() != {"bundle", "signature"}:
        raise Unreadable("not ours")
    held, signature = plain["bundle"], plain["signature"]
    if not isinstance(held, dict) or held.get("format") != "bundle.v1":
        raise Unreadable("not ours")
    if again(plain) + b"\n" != content:
        raise Unreadable("not canonical")
    try:
        bundle = _bundle(held)
        plain_again = _bundle_plain(bundle)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Unreadable("not ours") from None
    # What is in the file and not in the bundle would be seen by nobody.
    if plain_again != held or not isinstance(signature, str):
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
                is_signed(one.key, receipt_message(one), one.signature),
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
            is_signed(bundle.key, framed("seal.bundle.v1", held), signature),
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
            and one.hash == entry_hash(bundle.log, place, previous, one.body)
        )
        if chained and not fits:
            chained, broken = False, f"entry {place + 1}"
        if headed and not is_signed(
            bundle.key, head_message(bundle.log, place, one.hash), one.signature
        ):
            headed, loose = False, f"entry {place + 1}"
        previous = one.hash
    return [Check("chain", chained, broken), Check("heads", headed, loose)]


def _check_receipt(bundle: Bundle, receipt: Receipt) -> list[Check]:
    where = f"entry {receipt.index + 1}"
    if receipt.index >= len(bundle.entries):
        return [Check("receipt head", False, where)]
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
        checks.append(Check("order", False, "parties"))
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
        checks.append(Check("openings", False, "twice"))
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
