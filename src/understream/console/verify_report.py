"""What `understream verify` says: what was compared, what was found, and the verdict."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from typing import Final

from understream.console.figures import readable
from understream.instruments.reader import load
from understream.measurement.bundle import Bundle, Check, Course, document_of, standing
from understream.measurement.receipt import Receipt
from understream.measurement.seal import GAPS, PARTS, Entry, fingerprint, seal_digest, words_of

_WIDE: Final = 96
_LANGUAGES: Final = {"en": "English", "nl": "Dutch"}
_INSTRUMENT: Final = "evaluation"
#: What a reflection says of a topic, in this order.
_LABELS: Final = {
    "change": "Changed",
    "effect": "For the alliance that",
    "rating": "Rating, 1 to 7",
    "direction": "Since last time",
    "sentence": "What we see",
    "sure": "How sure",
    "dissents": "Another view among us",
}
_VALUES: Final[Mapping[str, str]] = {
    "change: not": "not at all",
    "change: little": "a little",
    "change: lot": "a lot",
    "change: cannot judge": "can't judge",
    "effect: neither": "neither helps nor hurts",
    "rating: null": "can't judge",
}
_PARTS: Final = {1: "goals, environment and the hard side", 2: "the soft side"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt, and the file that somebody kept it in."""

    file: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that was compared and found.

    :ivar kept: the receipts it was compared with; ``unused`` were of other evaluations.
    :ivar covered: how many entries of the log the receipts reach.
    """

    file: str
    bundle: Bundle
    kept: tuple[Kept, ...]
    unused: int
    checks: tuple[Check, ...]
    course: Course
    covered: int

    @property
    def accepted(self) -> bool:
        """Tell whether nothing was found wrong."""
        return all(one.passed for one in self.checks)

    @property
    def fault(self) -> Check | None:
        """Return the first thing that was found wrong."""
        return next((one for one in self.checks if not one.passed), None)


# ---------------------------------------------------------------- reasons

_KEEP: Final = (
    "Believe nothing that this bundle shows. Fetch it anew, in case the file was only damaged on "
    "its way. If the answer stays the same, keep the bundle and your receipts just as they are, "
    "show them to the other parties, and ask the host for an explanation."
)
_ANOTHER: Final = (
    "Take the receipt from the mail just as it came. If the answer stays the same, ask another "
    "party for its receipt of the same entry: every party got one."
)
_PROOF: Final = (
    "Keep both receipts, and show them to all parties: together they prove to anybody that the "
    "host told two stories. No bundle is needed for that."
)
_KEY: Final = (
    "Ask the host whether the server's secret was changed since the receipt was given: that "
    "changes the key. If it was, only a bundle fetched before can be checked with this receipt. "
    "If it was not, somebody else made this bundle: believe nothing in it."
)
_PAIR: Final = "Give the bundle and the receipts of one and the same evaluation."
#: For each check: why it fails, and what to do next. ``{where}`` is what the check names.
_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "receipt signature": (
        "The receipt of {where} was changed after it was signed, or the host never signed it.",
        _ANOTHER,
    ),
    "receipts agree": (
        "Two receipts, both signed by the host, contradict each other about {where} of one log.",
        _PROOF,
    ),
    "receipt alliance": ("The bundle is not of the alliance of the receipt, “{where}”.", _PAIR),
    "receipt evaluation": (
        "The bundle is not of the evaluation of the receipt, “{where}”.",
        _PAIR,
    ),
    "receipt key": (
        "The bundle was not signed with the key of the receipt, whose fingerprint is {where}.",
        _KEY,
    ),
    "bundle signature": ("The bundle was changed after the host signed it.", _KEEP),
    "chain": ("The log does not hang together: {where} does not follow from those before.", _KEEP),
    "heads": ("The log was changed: the host never signed {where} as it stands here.", _KEEP),
    "receipt head": (
        "The log was rewritten since the receipt was given, at {where} or before it.",
        _KEEP,
    ),
    "receipt commitments": ("The log tells of {where} something else than the receipt.", _KEEP),
    "order": (
        "The log tells of something that cannot stand there ({where}): all seal, then all opens.",
        _KEEP,
    ),
    "names": (
        "Names are not those with which it began ({where}): one party could pass for another.",
        _KEEP,
    ),
    "openings": ("What is shown is not what was sealed: {where}.", _KEEP),
    "figures": ("The figures of “{where}” are not those that were fixed at its close.", _KEEP),
}
_NOWHERE: Final = {
    "order": "it lacks the beginning of this evaluation",
    "names": "those of the bundle",
    "receipt key": "no key at all",
}


#: Why a check of a receipt fails if the log ends before it; an older bundle is no forgery.
_SHORT: Final = (
    (
        "The bundle ends before {where}, of which the receipt tells: it was made before the "
        "receipt was given, or its end was taken off."
    ),
    (
        "Fetch the bundle anew, and check that one. If it too ends before the receipt, keep it "
        "and your receipts just as they are, show them to the other parties, and ask the host "
        "for an explanation."
    ),
)
_MISMATCH: Final = ("receipt alliance", "receipt evaluation")


def _reason(case: Case, fault: Check) -> tuple[str, str]:
    last = len(case.bundle.entries)
    beyond = {f"entry {one.receipt.index + 1}" for one in case.kept if one.receipt.index >= last}
    short = fault.what in ("receipt head", "receipt commitments") and fault.where in beyond
    why, remedy = _SHORT if short else _REASONS[fault.what]
    return why.format(where=fault.where or _NOWHERE.get(fault.what, "something")), remedy


# ---------------------------------------------------------------- in sentences


def as_text(case: Case, *, show: bool) -> str:
    """Write the report for people.

    :param case: what was compared and found.
    :param show: whether to print what is open; only of an accepted bundle.
    :returns: lines of text.
    """
    lines = [*_compared(case), ""]
    if case.accepted:
        lines += [*_found(case), "", *_verdict(case)]
        if show:
            lines += _shown(case)
    else:
        lines += _rejected(case)
    return "\n".join(lines) + "\n"


def _said(text: str, indent: str = "  ") -> list[str]:
    """Break a sentence into lines.

    What stands in names steers no terminal, and never begins a line as the headings do.
    """
    return wrap(
        readable(text),
        _WIDE,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _aloud(digest: str) -> Iterator[str]:
    for language, name in _LANGUAGES.items():
        yield f"    {name + ':':<9}{' '.join(words_of(digest, language))}"


def _compared(case: Case) -> Iterator[str]:
    bundle = case.bundle
    reader = dict(bundle.parties).get(bundle.reader, bundle.reader)
    yield "COMPARED"
    yield from _said(
        f"The bundle {case.file}: evaluation “{bundle.title}” of the alliance "
        f"“{bundle.alliance}”, made for {reader} on {_moment(bundle.made_at)}."
    )
    for one in case.kept:
        receipt = one.receipt
        about = f"“{receipt.title}” of “{receipt.alliance}”"
        yield from _said(
            f"The receipt in {one.file}: {_act(receipt)} on {_moment(receipt.at)}, {about}, entry "
            f"{receipt.index + 1} of the log."
        )
        yield from _aloud(receipt.digest)
    if case.unused:
        yield from _said(f"Receipts of other evaluations in these files, not used: {case.unused}.")
    yield from _said(
        "The key of the host, to be compared with what others have on their receipts:"
    )
    for key in dict.fromkeys(one.receipt.key for one in case.kept):
        yield f"    {fingerprint(key)}"


def _act(receipt: Receipt) -> str:
    match receipt.kind:
        case "sealed":
            return f"{receipt.organisation} sealed its reflection"
        case "taken back":
            return f"{receipt.organisation} took its seal back"
        case "revealed":
            return "reflections were opened"
        case kind:
            return kind


def _found(case: Case) -> Iterator[str]:
    course, total = case.course, len(case.bundle.entries)
    yield "FOUND"
    yield from _said(
        f"The log of the alliance has {_count(total, 'entry', 'entries')}; each follows from the "
        "one before, and the host signed each."
    )
    if case.covered == total:
        yield from _said("Your receipts reach to the last: nobody can have changed any since.")
    else:
        yield from _said(
            f"Your receipts reach to entry {case.covered}: nobody can have changed what stands up "
            "to there. What came later rests on the host's word until you give a later receipt."
        )
    yield from _said("Six words stand for each seal; other parties read out the same ones.")
    for party, name in course.parties.items():
        yield ""
        yield from _said(_sealed(case, name, course.seals.get(party)))
        if party in course.seals:
            digest = seal_digest(course.seals[party].body["commitments"])
            yield from _aloud(digest)
            for part in PARTS:
                yield from _said(f"Part {part}, {_PARTS[part]}: {_state(case, part)}", "    ")
    titles = [one.title for one in case.bundle.releases]
    for one in case.bundle.releases:
        asked = f" ({one.instrument})" if titles.count(one.title) > 1 else ""
        seen = [_whose(case, x.party) for x in one.parties if x.figures is not None]
        unseen = [_whose(case, x.party) for x in one.parties if x.figures is None]
        yield ""
        sentence = f"The figures of “{one.title}”{asked} are those that were fixed at its close"
        sentence += f": {_list(seen)}." if seen else "; none of them is in this bundle."
        if seen and unseen:
            sentence += f" Not in this bundle: {_list(unseen)}."
        yield from _said(sentence)


def _sealed(case: Case, name: str, seal: Entry | None) -> str:
    if seal is None:
        return f"{name} has no seal that stands."
    reached = "" if seal.index < case.covered else "; no receipt you gave reaches that far"
    return f"{name} sealed on {_moment(seal.body['at'])}, entry {seal.index + 1}{reached}."


def _state(case: Case, part: int) -> str:
    opened = case.course.opened.get(part)
    if opened is None:
        return "still sealed."
    return f"open since {_moment(opened.body['at'])}, and just as it was sealed."


def _whose(case: Case, party: str) -> str:
    return "what lies between the parties" if party == GAPS else case.course.parties[party]


def _verdict(case: Case) -> Iterator[str]:
    course = case.course
    yield "ACCEPTED"
    if course.opened:
        yield from _opened(case)
    elif course.ended is not None:
        yield from _said("The evaluation ended before all had sealed; nothing was opened.")
    elif course.complete:
        yield from _said(
            "Every party has sealed, yet nothing is open in this bundle. The last seal opens all: "
            "ask the host for a newer bundle."
        )
    else:
        yield from _said("Not every party has sealed yet, and nothing is open.")
    for one in case.kept:
        if one.receipt.kind == "sealed" and not standing(case.bundle, one.receipt):
            yield from _said(
                f"The receipt in {one.file} is genuine, but its seal was taken back later: it is "
                "not the one that counts."
            )


def _opened(case: Case) -> Iterator[str]:
    seals, names = case.course.seals, case.course.parties
    proven = [names[party] for party, seal in seals.items() if seal.index < case.covered]
    told = [names[party] for party, seal in seals.items() if seal.index >= case.covered]
    if not told:
        yield from _said(
            "What is open is what was sealed, and every party had sealed before anything opened."
        )
        return
    yield from _said(
        "What is open is what the log says was sealed, and there every party sealed before "
        "anything opened."
    )
    if proven:
        yield from _said(f"For {_list(proven)} your receipts prove it.")
    yield from _said(
        f"For {_list(told)} it rests on the host's word. To be sure of that as well, run this "
        "again with the receipt of that seal or of the opening: every party got one."
    )


def _rejected(case: Case) -> Iterator[str]:
    faults = [_reason(case, one) for one in case.checks if not one.passed]
    (why, remedy), *others = faults
    if case.fault and case.fault.what in _MISMATCH:
        others = []  # the rest would follow from the mix-up, and accuse somebody of it
    yield "REJECTED"
    yield from _said(why)
    yield ""
    yield "WHAT TO DO NEXT"
    yield from _said(remedy)
    further = [text for text in dict.fromkeys(text for text, _ in others) if text != why]
    if further:
        yield ""
        yield "ALSO FOUND"
        for text in further[:10]:
            yield from _said(text)


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _list(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _moment(text: str) -> str:
    """Return a moment as people read it, in UTC; text that is none stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


# ---------------------------------------------------------------- what is open


def _shown(case: Case) -> Iterator[str]:
    names = case.course.parties
    yield ""
    yield "OPEN"
    if not case.bundle.openings:
        yield from _said("Nothing is open, so there is nothing to show.")
    for one in case.bundle.openings:
        yield ""
        yield from _said(f"{names[one.party]}, part {one.part}: {_PARTS[one.part]}")
        yield from _written(document_of(one), "    ")


def _written(document: object, indent: str) -> Iterator[str]:
    """Write a reflection topic by topic; what is not one, as it stands."""
    topics = document.get("topics") if isinstance(document, dict) else None
    if not isinstance(topics, list) or not all(isinstance(one, dict) for one in topics):
        yield from _any(document, indent)
        return
    titles = {item.code: (item.title or item.text).en for item in load(_INSTRUMENT).items}
    for one in topics:
        code = _plain(one.get("code"))
        yield from _said(f"{titles[code]} ({code})" if code in titles else code, indent)
        for name in sorted(one.keys() - {"code"}, key=lambda name: (_rank(name), name)):
            told = one[name]
            if not isinstance(told, dict | list):
                told = _VALUES.get(f"{name}: {_plain(told)}", told)
            if told not in ("", []):
                yield from _any({_LABELS.get(name, name): told}, f"{indent}  ")


def _rank(name: str) -> int:
    return [*_LABELS].index(name) if name in _LABELS else len(_LABELS)


def _any(value: object, indent: str) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                if isinstance(inner, dict | list):
                    yield from _said(f"{key}:", indent)
                    yield from _any(inner, f"{indent}  ")
                else:
                    yield from _lines(f"{key}: {_plain(inner)}", indent)
        case list():
            for inner in value:
                yield from _any(inner, indent)
        case _:
            yield from _lines(_plain(value), indent)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _lines(text: str, indent: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _said(line, indent)


# ---------------------------------------------------------------- for programs


def as_json(case: Case, *, show: bool) -> str:
    """Write the report for programs.

    :param case: what was compared and found.
    :param show: whether to add what is open; only of an accepted bundle.
    :returns: one JSON object.
    """
    bundle, course = case.bundle, case.course
    why, remedy = _reason(case, case.fault) if case.fault else ("", "")
    report: dict[str, object] = {
        "accepted": case.accepted,
        "reason": why,
        "next": remedy,
        "bundle": case.file,
        "alliance": bundle.alliance,
        "evaluation": bundle.evaluation,
        "title": bundle.title,
        "reader": bundle.reader,
        "made_at": bundle.made_at,
        "key": case.kept[0].receipt.key,
        "fingerprint": fingerprint(case.kept[0].receipt.key),
        "entries": len(bundle.entries),
        "covered": case.covered,
        "receipts": [_receipt(case, one) for one in case.kept],
        "parties": [
            {
                "key": party,
                "name": name,
                "entry": course.seals[party].index + 1 if party in course.seals else None,
                "covered": party in course.seals and course.seals[party].index < case.covered,
                "open": sorted(course.opened) if party in course.seals else [],
            }
            for party, name in course.parties.items()
        ],
        "checks": [
            {"what": one.what, "where": one.where, "passed": one.passed} for one in case.checks
        ],
    }
    if show and case.accepted:
        report["documents"] = [
            {"party": one.party, "part": one.part, "document": document_of(one)}
            for one in bundle.openings
        ]
    return json.dumps(report, indent=1) + "\n"


def _receipt(case: Case, one: Kept) -> dict[str, object]:
    receipt = one.receipt
    return {
        "file": one.file,
        "kind": receipt.kind,
        "party": receipt.party,
        "organisation": receipt.organisation,
        "at": receipt.at,
        "entry": receipt.index + 1,
        "digest": receipt.digest,
        "words": {language: words_of(receipt.digest, language) for language in _LANGUAGES},
        "counts": receipt.kind != "sealed" or standing(case.bundle, receipt),
    }
