"""A host of its own for tests of the seal: a log, envelopes, receipts and bundles, no database."""

from dataclasses import replace
from hashlib import sha256

from understream.measurement.bundle import (
    Bundle,
    Figures,
    Opening,
    Released,
    bundle_file,
    check,
    read_bundle,
)
from understream.measurement.receipt import Receipt, sign_receipt
from understream.measurement.seal import (
    PARTS,
    canonical,
    commitment,
    entry_hash,
    figures_leaf,
    figures_root,
    next_entry,
    padded,
    public_key,
)

SEED = bytes(range(32))
OTHER_SEED = bytes(range(1, 33))
LOG = "10" * 16
EVALUATION = "e1" * 16
PARTIES = {"h": "Harbour Logistics", "m": "Mill Foods"}
TOPICS = ("EV1", "EV12")


def salt_of(*names):
    """Return 32 bytes that look like chance and are the same each time."""
    return sha256(repr(names).encode()).digest()


def part_of(party, part, sentence="As in spring."):
    """Return one padded part of a party's reflection."""
    topic = {"code": TOPICS[part - 1], "sentence": f"{PARTIES[party]}: {sentence}", "sure": "high"}
    topic |= {"change": "lot", "effect": "helps"} if part == 1 else {"rating": None}
    held = {
        "format": "reflection.v1",
        "log": LOG,
        "evaluation": EVALUATION,
        "party": party,
        "part": part,
        "topics": [topic | {"dissents": ["Not all of us."]}],
    }
    return padded(canonical(held))


class Host:
    """Who keeps the log; honest until a test makes it forge."""

    def __init__(self, seed=SEED, log=LOG, evaluation=EVALUATION):
        self.seed, self.log, self.evaluation = seed, log, evaluation
        self.entries, self.envelopes, self.releases = [], {}, []
        self.clock = 0

    def write(self, kind, **told):
        """Write an entry and return the receipt of it."""
        self.clock += 1
        body = {"kind": kind, "evaluation": self.evaluation, **told}
        body["at"] = f"2026-11-12T14:{self.clock:02}:00+00:00"
        last = self.entries[-1] if self.entries else None
        self.entries.append(next_entry(self.log, last, body, seed=self.seed))
        return self.receipt(len(self.entries) - 1)

    def begin(self):
        """Begin the evaluation."""
        return self.write(
            "begun",
            alliance="Cold Chain",
            title="Autumn",
            parties=[*PARTIES],
            names=[*PARTIES.values()],
            agreement="a9" * 32,
        )

    def seal(self, party, sentence="As in spring."):
        """Seal both parts of a party's reflection."""
        made = []
        for part in PARTS:
            document, salt = part_of(party, part, sentence), salt_of(party, part, self.clock)
            self.envelopes[party, part] = Opening(party, part, document.decode(), salt.hex())
            made.append(self.committed(party, part, document, salt))
        return self.write("sealed", party=party, commitments=made)

    def committed(self, party, part, document, salt):
        """Return a commitment in this log."""
        return commitment(
            log=self.log,
            evaluation=self.evaluation,
            party=party,
            part=part,
            document=document,
            salt=salt,
        )

    def release(self, name="round-1", figures=None):
        """Release the figures of a round; those of the partner stay closed."""
        shown = figures or {"EV1": {"n": "5-9", "mean": 4.5}}
        parties = []
        for party in PARTIES:
            salt = salt_of(name, party)
            leaf = figures_leaf(round=name, party=party, figures=shown, salt=salt)
            own = party == "h"
            parties.append(Figures(party, leaf, shown if own else None, salt.hex() if own else ""))
        root = figures_root({one.party: one.leaf for one in parties})
        told = {"round": name, "title": "Autumn pulse", "instrument": "evaluation", "root": root}
        self.releases.append(Released(**told, parties=tuple(parties)))
        return self.write("released", **told)

    def reveal(self, part=1):
        """Open a part of all."""
        return self.write("revealed", part=part)

    def whole(self):
        """Walk one evaluation from its beginning to its last opening; return the receipts."""
        return [
            self.begin(),
            self.release(),
            self.seal("h"),
            self.seal("m"),
            self.reveal(1),
            self.reveal(2),
        ]

    def receipt(self, place, /, **changes):
        """Sign a receipt of an entry."""
        entry = self.entries[place]
        party = entry.body.get("party", "")
        told = Receipt(
            log=self.log,
            alliance="Cold Chain",
            evaluation=entry.body["evaluation"],
            title="Autumn",
            kind=entry.body["kind"],
            party=party,
            organisation=PARTIES.get(party, ""),
            commitments=tuple(entry.body.get("commitments", ())),
            index=place,
            head=entry.hash,
            at=entry.body["at"],
            key=public_key(self.seed),
        )
        return sign_receipt(replace(told, **changes), seed=self.seed)

    def bundle(self, **changes):
        """Return the bundle of Harbour Logistics as the log stands."""
        opened = [
            one.body["part"]
            for one in self.entries
            if (one.body["kind"], one.body["evaluation"]) == ("revealed", self.evaluation)
        ]
        made = Bundle(
            log=self.log,
            key=public_key(self.seed),
            alliance="Cold Chain",
            evaluation=self.evaluation,
            title="Autumn",
            reader="h",
            made_at="2026-11-20T09:00:00+00:00",
            parties=tuple(PARTIES.items()),
            entries=tuple(self.entries),
            openings=tuple(
                one for (_, part), one in sorted(self.envelopes.items()) if part in opened
            ),
            releases=tuple(self.releases),
        )
        return replace(made, **changes)

    def file(self, **changes):
        """Return the signed file of that bundle."""
        return bundle_file(self.bundle(**changes), seed=self.seed)

    def forge(self, entries):
        """Take these bodies as the whole log, every hash and signature made anew."""
        bodies, self.entries = [dict(one.body) for one in entries], []
        for body in bodies:
            last = self.entries[-1] if self.entries else None
            self.entries.append(next_entry(self.log, last, body, seed=self.seed))
        return self


def rechained(log, entries):
    """Return entries with places and hashes recomputed, and signatures left as they are."""
    previous, done = "0" * 64, []
    for place, one in enumerate(entries):
        held = entry_hash(log, place, previous, one.body)
        done.append(replace(one, index=place, previous=previous, hash=held))
        previous = held
    return tuple(done)


def faults(file, *receipts):
    """Return what a verifier finds wrong with a file, by the names of its checks, in order."""
    bundle, signature = read_bundle(file)
    return [*dict.fromkeys(
        one.what for one in check(bundle, signature, receipts) if not one.passed
    )]  # fmt: skip
