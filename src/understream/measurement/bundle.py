"""Bundles: all that one party may see of an evaluation, to be checked without the host.

A bundle cannot vouch for itself: whoever made it can make another. It is checked against a
receipt that somebody kept. What the receipt reaches, nobody can have changed since; what stands
after it in the log rests on the host's word until a later receipt is given.

Source: commit and reveal after Blum (1981); the linked log after Haber & Stornetta (1991).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from understream.measurement.receipt import Receipt, Unreadable, contradictions, is_genuine
from understream.measurement.seal import (
    GAPS,
    NOTHING,
    PARTS,
    Entry,
    canonical,
    commitment,
    entry_hash,
    fault_in,
    figures_leaf,
    figures_root,
    fingerprint,
    framed,
    head_message,
    is_hex,
    is_signed,
    padded,
    signed,
    without_fractions,
)

#: Largest file that is read as a bundle, in bytes, and most lists and objects in it.
LARGEST_BUNDLE: Final = 30_000_000
MOST_PIECES: Final = 1_000_000

_FORMAT: Final = "bundle.v1"
_OPENS: Final = b'{"bundle":'
_CLOSES: Final = re.compile(rb'},"signature":"[^"]*"}\s*\Z')
_TAIL: Final = 400


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
    return _file(held, signed(seed, _message(held)))


def _message(held: Mapping[str, object]) -> bytes:
    return framed("seal.bundle.v1", canonical(held))


def _file(held: Mapping[str, object], signature: str) -> bytes:
    return canonical({"bundle": held, "signature": signature}) + b"\n"


def _bundle_plain(bundle: Bundle) -> dict[str, object]:
    return {
        "format": _FORMAT,
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


# ---------------------------------------------------------------------- reading


def read_bundle(content: bytes) -> tuple[Bundle, str]:
    """Return the bundle in a file, and its signature.

    :param content: the bytes of the file.
    :returns: the bundle and the signature over it, neither of them checked.
    :raises Unreadable: if it is none, was cut short, or is not byte for byte as it was written.
    """
    _look(content)
    try:
        plain = json.loads(content.decode())
        held, signature = plain["bundle"], plain["signature"]
        if held["format"] != _FORMAT:
            raise Unreadable("not ours")
        bundle = _bundle(held)
        again = _file(_bundle_plain(bundle), _told(signature))
    except UnicodeDecodeError:
        raise Unreadable("not text") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("not ours") from None
    # One bundle is written in one way only; what is in the file and not in it, nobody would see.
    if again != content:
        raise Unreadable("not canonical")
    return bundle, signature


def _look(content: bytes) -> None:
    """Refuse at sight what cannot be a bundle, before anything in it is believed."""
    if len(content) > LARGEST_BUNDLE:
        raise Unreadable("too large")
    if not content.startswith(_OPENS):
        known = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_OPENS)
        raise Unreadable("not canonical" if known else "not ours")
    if not _CLOSES.search(content[-_TAIL:]):
        raise Unreadable("cut short")
    if content.count(b"[") + content.count(b"{") > MOST_PIECES:
        raise Unreadable("too large")


def _bundle(held: Mapping[str, Any]) -> Bundle:
    names = ("log", "key", "alliance", "evaluation", "title", "reader", "made_at")
    return Bundle(
        **{name: _told(held[name]) for name in names},
        parties=tuple((_told(key), _told(name)) for key, name in held["parties"]),
        entries=tuple(
            Entry(
                _whole(one["index"]),
                _told(one["previous"]),
                dict(one["body"]),
                _told(one["hash"]),
                _told(one["signature"]),
            )
            for one in held["entries"]
        ),
        openings=tuple(
            Opening(
                _told(one["party"]),
                _whole(one["part"]),
                _told(one["document"]),
                _told(one["salt"]),
            )
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


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("this is a whole number")
    return value


def document_of(opening: Opening) -> object:
    """Return what an opened document says.

    :param opening: one part of a reflection.
    :returns: plain values.
    :raises ValueError: if it is not canonical JSON with its padding, so that two readers could
        read two things in it.
    """
    content = opening.document.encode()
    try:
        held: object = json.loads(content)
        again = padded(canonical(held))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if again != content:
        raise ValueError("not canonical")
    return held


# ------------------------------------------------------------- the course of an evaluation


@dataclass(slots=True)
class Course:
    """What the log says of one evaluation, read from its first entry to its last.

    ``parties`` are names by key; ``seals`` the entries of the seals that stand; ``opened`` the
    entries that opened a part, by part; ``released`` those that released a round's figures, by
    round; ``ended`` the entry that ended it early. ``fault`` names the first entry that could not
    stand where it stands, "" if there is none; nothing after it is read.
    """

    begun: Entry | None = None
    parties: dict[str, str] = field(default_factory=dict)
    seals: dict[str, Entry] = field(default_factory=dict)
    opened: dict[int, Entry] = field(default_factory=dict)
    released: dict[str, Entry] = field(default_factory=dict)
    ended: Entry | None = None
    fault: str = ""

    @property
    def complete(self) -> bool:
        """Tell whether every party has sealed."""
        return bool(self.parties) and self.seals.keys() == self.parties.keys()


def course_of(bundle: Bundle) -> Course:
    """Follow the log of a bundle's evaluation, and stop where something may not stand.

    Every party seals before anything opens; parts open in their order, the first one with the
    last seal; a seal is taken back, a deadline moved and an evaluation ended before that only.

    :param bundle: what :func:`read_bundle` returned.
    :returns: where the evaluation stands, and the entry at fault if there is one.
    """
    course = Course()
    for one in bundle.entries:
        if one.body.get("evaluation") != bundle.evaluation:
            continue
        if fault_in(one.body) or not _may_follow(course, one):
            course.fault = _place(one.index)
            break
        _follow(course, one)
    return course


def _may_follow(course: Course, entry: Entry) -> bool:
    body = entry.body
    if course.begun is None:
        return bool(body["kind"] == "begun")
    match body["kind"]:
        case "begun":
            allowed = False
        case "released":
            allowed = body["round"] not in course.released
        case "revealed":
            allowed = course.complete and body["part"] == len(course.opened) + 1
        case "sealed":
            allowed = body["party"] in course.parties.keys() - course.seals.keys()
        case "taken back":
            allowed = not course.complete and body["party"] in course.seals
        case _:
            allowed = not course.complete
    return allowed and (course.ended is None or body["kind"] == "released")


def _follow(course: Course, entry: Entry) -> None:
    body = entry.body
    match body["kind"]:
        case "begun":
            course.begun = entry
            course.parties = dict(zip(body["parties"], body["names"], strict=True))
        case "sealed":
            course.seals[body["party"]] = entry
        case "taken back":
            del course.seals[body["party"]]
        case "revealed":
            course.opened[body["part"]] = entry
        case "released":
            course.released[body["round"]] = entry
        case "cancelled" | "expired":
            course.ended = entry


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
    "receipts agree",
    "receipt alliance",
    "receipt evaluation",
    "receipt key",
    "bundle signature",
    "chain",
    "heads",
    "receipt head",
    "receipt commitments",
    "order",
    "names",
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
    course = course_of(bundle)
    done = [
        *_check_receipts(bundle, receipts),
        Check("bundle signature", _is_from_host(bundle, signature)),
        *_check_log(bundle),
        Check("order", course.begun is not None and not course.fault, course.fault),
        *_check_names(bundle, course, receipts),
        *_check_openings(bundle, course),
        *_check_figures(bundle, course),
    ]
    return tuple(sorted(done, key=lambda one: CHECKS.index(one.what)))


def _place(index: int) -> str:
    return f"entry {index + 1}"


def _is_from_host(bundle: Bundle, signature: str) -> bool:
    return is_signed(bundle.key, _message(_bundle_plain(bundle)), signature)


def _check_receipts(bundle: Bundle, receipts: Sequence[Receipt]) -> Iterator[Check]:
    twofold = contradictions(receipts)
    yield Check("receipts agree", not twofold, _place(twofold[0][0].index) if twofold else "")
    for one in receipts:
        where = _place(one.index)
        yield Check("receipt signature", is_genuine(one), where)
        yield Check("receipt alliance", one.log == bundle.log, one.alliance)
        yield Check("receipt evaluation", one.evaluation == bundle.evaluation, one.title)
        yield Check("receipt key", one.key == bundle.key, _shown(one.key))
        entry = bundle.entries[one.index] if one.index < len(bundle.entries) else None
        yield Check("receipt head", entry is not None and entry.hash == one.head, where)
        yield Check("receipt commitments", entry is not None and _tells(one, entry.body), where)


def _shown(key: str) -> str:
    return fingerprint(key) if is_hex(key, 64) else ""


def _tells(receipt: Receipt, body: Mapping[str, Any]) -> bool:
    """Tell whether an entry says what a receipt says of it."""
    return not fault_in(body) and (
        receipt.kind,
        receipt.evaluation,
        receipt.party,
        list(receipt.commitments),
        receipt.at,
    ) == (
        body["kind"],
        body["evaluation"],
        body.get("party", ""),
        list(body.get("commitments", ())),
        body["at"],
    )


def _check_log(bundle: Bundle) -> tuple[Check, Check]:
    previous, broken, unsigned = NOTHING, "", ""
    for place, one in enumerate(bundle.entries):
        held = entry_hash(bundle.log, place, previous, one.body)
        if not broken and (one.index, one.previous, one.hash) != (place, previous, held):
            broken = _place(place)
        if not unsigned and not is_signed(
            bundle.key, head_message(bundle.log, place, one.hash), one.signature
        ):
            unsigned = _place(place)
        if broken and unsigned:
            break
        previous = one.hash
    return Check("chain", not broken, broken), Check("heads", not unsigned, unsigned)


def _check_names(bundle: Bundle, course: Course, receipts: Sequence[Receipt]) -> Iterator[Check]:
    """Names must read as they did when the evaluation began, or one party passes for another."""
    if course.begun is None:
        return
    told = course.begun.body["alliance"], course.begun.body["title"]
    named = tuple(course.parties.items())
    yield Check("names", (bundle.alliance, bundle.title, bundle.parties) == (*told, named))
    yield Check("names", bundle.reader in course.parties, "reader")
    for one in receipts:
        same = (one.alliance, one.title, one.organisation) == (
            *told,
            course.parties.get(one.party, ""),
        )
        yield Check("names", same, _place(one.index))


def _check_openings(bundle: Bundle, course: Course) -> Iterator[Check]:
    wanted = {(party, part) for party in course.parties for part in course.opened}
    given = {(one.party, one.part): one for one in bundle.openings}
    if len(given) < len(bundle.openings):
        yield Check("openings", False, "twice")
    for party, part in sorted(wanted | given.keys()):
        one = given.get((party, part)) if (party, part) in wanted else None
        fits = one is not None and _opens(bundle, course.seals[party], one)
        yield Check("openings", fits, f"{course.parties.get(party, party)}, part {part}")


def _opens(bundle: Bundle, seal: Entry, one: Opening) -> bool:
    """Tell whether document and salt are those that were sealed, and can be read in one way."""
    if not is_hex(one.salt, 64):
        return False
    try:
        if not _is_own(bundle, one, document_of(one)):
            return False
        made = commitment(
            log=bundle.log,
            evaluation=bundle.evaluation,
            party=one.party,
            part=one.part,
            document=one.document.encode(),
            salt=bytes.fromhex(one.salt),
        )
    except ValueError:
        return False
    return bool(made == seal.body["commitments"][PARTS.index(one.part)])


def _is_own(bundle: Bundle, one: Opening, said: object) -> bool:
    """Tell whether a document does not pass itself off as somebody else's."""
    if not isinstance(said, dict):
        return False
    mine = {
        "log": bundle.log,
        "evaluation": bundle.evaluation,
        "party": one.party,
        "part": one.part,
    }
    return all(said.get(name, value) == value for name, value in mine.items())


def _check_figures(bundle: Bundle, course: Course) -> Iterator[Check]:
    given = {one.round: one for one in bundle.releases}
    if len(given) < len(bundle.releases):
        yield Check("figures", False, "twice")
    for entry in course.released.values():
        if entry.body["round"] not in given:
            yield Check("figures", False, entry.body["title"])
    for one in bundle.releases:
        entry_of = course.released.get(one.round)
        fits = entry_of is not None and _are_of(course, entry_of.body, one)
        yield Check("figures", fits, one.title)


def _are_of(course: Course, body: Mapping[str, Any], released: Released) -> bool:
    leaves = {one.party: one.leaf for one in released.parties}
    return (
        (released.title, released.instrument, released.root)
        == (body["title"], body["instrument"], body["root"])
        and len(leaves) == len(released.parties)
        and leaves.keys() <= course.parties.keys() | {GAPS}
        and figures_root(leaves) == released.root
        and all(_is_leaf(released.round, one) for one in released.parties)
    )


def _is_leaf(round_key: str, one: Figures) -> bool:
    """Tell whether figures that may be seen are those of their leaf; the others stay closed."""
    if one.figures is None:
        return not one.salt and is_hex(one.leaf, 64)
    if not is_hex(one.salt, 64):
        return False
    salt = bytes.fromhex(one.salt)
    made = figures_leaf(round=round_key, party=one.party, figures=one.figures, salt=salt)
    return made == one.leaf


# ------------------------------------------------------------- how far receipts reach


def covered(bundle: Bundle, receipts: Sequence[Receipt]) -> int:
    """Return how many entries of the log nobody can have changed since a receipt was given.

    :param bundle: what :func:`read_bundle` returned.
    :param receipts: receipts that were checked against it.
    :returns: the number of entries up to the latest receipt whose head is found; what stands
        after them rests on the host's word alone.
    """
    found = [
        one.index + 1
        for one in receipts
        if (one.log, one.key) == (bundle.log, bundle.key)
        and one.index < len(bundle.entries)
        and bundle.entries[one.index].hash == one.head
        and is_genuine(one)
    ]
    return max(found, default=0)


def standing(bundle: Bundle, receipt: Receipt) -> bool:
    """Tell whether the seal of a receipt is the one that counted in the end.

    :param bundle: what :func:`read_bundle` returned.
    :param receipt: a receipt of a seal.
    :returns: false if that seal was taken back later, and so replaced by another or by none.
    """
    seal = course_of(bundle).seals.get(receipt.party)
    return seal is not None and (seal.index, seal.hash) == (receipt.index, receipt.head)
