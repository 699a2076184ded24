"""The verifier against forgers: the host that made the bundle, and whoever else had it in hand.

CR-1 to CR-6 are those of the design of the seal; CR-5, the lock with two keys, is not offered.
"""

import json
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sealing import (
    LOG,
    OTHER_SEED,
    PARTIES,
    SEED,
    Host,
    faults,
    part_of,
    rechained,
    salt_of,
)
from understream.measurement.bundle import (
    CHECKS,
    LARGEST_BUNDLE,
    MOST_PIECES,
    Figures,
    Released,
    bundle_file,
    check,
    course_of,
    covered,
    document_of,
    read_bundle,
    standing,
)
from understream.measurement.receipt import Unreadable, sign_receipt
from understream.measurement.seal import (
    KINDS,
    canonical,
    figures_leaf,
    figures_root,
    framed,
    padded,
    public_key,
    signed,
)

HOST = Host()
RECEIPTS = BEGUN, RELEASED, HARBOUR, MILL, HARD, SOFT = HOST.whole()
FILE = HOST.file()
SMALL_HOST = Host()
SMALL_HOST.begin()
SMALL_RECEIPT = SMALL_HOST.seal("h")
SMALL = SMALL_HOST.file()


def refused(content):
    """Return why a file is refused as a bundle."""
    with pytest.raises(Unreadable) as refusal:
        read_bundle(content)
    return refusal.value.why


def outcome(content, *receipts):
    """Return what a verifier says of a file: why it cannot be read, or what is wrong in it."""
    try:
        return faults(content, *receipts)
    except Unreadable as refusal:
        return [refusal.why]


def edited(**changes):
    """Return Harbour's bundle as its host would forge it: signed anew, with the same key."""
    return HOST.file(**changes)


def entry(place, **body):
    """Return the log with one body changed and everything recomputed."""
    entries = list(HOST.entries)
    entries[place] = replace(entries[place], body={**entries[place].body, **body})
    return Host().forge(entries).entries


# ---------------------------------------------------------------- what stands


def test_a_bundle_stands_against_each_receipt_and_against_all_of_them():
    for receipt in RECEIPTS:
        bundle, signature = read_bundle(FILE)
        done = check(bundle, signature, [receipt])
        assert all(one.passed for one in done)
        assert [*dict.fromkeys(one.what for one in done)] == [*CHECKS]
        assert covered(bundle, [receipt]) == receipt.index + 1
    assert faults(FILE, *RECEIPTS) == []
    assert bundle_file(bundle, seed=SEED) == FILE


def test_a_receipt_from_before_later_entries_still_stands():
    host, files = Host(), []
    early = host.begin()
    host.release()
    for act in (lambda: host.seal("h"), lambda: host.seal("m"), lambda: host.reveal(1)):
        act()
        files.append(host.file())

    assert [faults(one, early) for one in files] == [[]] * 3


def test_without_a_receipt_nothing_is_said():
    bundle, signature = read_bundle(FILE)

    with pytest.raises(ValueError, match="against a receipt"):
        check(bundle, signature, [])
    assert covered(bundle, []) == 0


def test_the_course_tells_who_sealed_what_is_open_and_how_it_ended():
    course = course_of(read_bundle(FILE)[0])
    assert (course.parties, course.complete, course.fault) == (PARTIES, True, "")
    assert {party: one.index for party, one in course.seals.items()} == {"h": 2, "m": 3}
    assert {part: one.index for part, one in course.opened.items()} == {1: 4, 2: 5}

    host = Host()
    host.begin()
    first = host.seal("h")
    back = host.write("taken back", party="h")
    again = host.seal("h", "Better.")
    host.write("extended", until="2026-12-01")
    host.write("expired")
    host.release()
    bundle, _ = read_bundle(host.file())
    assert course_of(bundle).ended.body["kind"] == "expired"
    assert faults(host.file(), first, back, again) == []
    assert [standing(bundle, one) for one in (first, back, again)] == [False, False, True]


# ------------------------------------------------- the four forgeries of the issue


def test_forgery_1_a_changed_byte():
    for place, was in enumerate(SMALL):
        changed = SMALL[:place] + bytes([was ^ 1]) + SMALL[place + 1 :]
        assert outcome(changed, SMALL_RECEIPT), place
    for place in range(0, len(FILE), 211):
        for byte in (FILE[place] ^ 1, FILE[place] ^ 32):
            assert outcome(FILE[:place] + bytes([byte]) + FILE[place + 1 :], SOFT), place
    assert outcome(SMALL, SMALL_RECEIPT) == []


@pytest.mark.parametrize("seed", [SEED, OTHER_SEED], ids=["same key", "new key"])
def test_forgery_2_a_bundle_remade_with_every_hash_and_signature_recomputed(seed):
    fork = Host(seed=seed)
    fork.begin()
    fork.release()
    fork.seal("h")
    fork.seal("m", "We never said that.")
    receipts = fork.receipt(3), fork.reveal(1), fork.reveal(2)

    # By itself it is without a flaw; the receipt that Mill kept is not in it.
    assert faults(fork.file(), *receipts) == []
    assert faults(fork.file(), MILL) == (
        ["receipt head", "receipt commitments"] if seed == SEED else
        ["receipt key", "receipt head", "receipt commitments"]
    )  # fmt: skip


@pytest.mark.parametrize("place", range(6))
def test_forgery_3_a_removed_entry(place):
    left = [one for one in HOST.entries if one.index != place]

    assert "chain" in faults(edited(entries=tuple(left)), SOFT) or place == 5
    assert "heads" in faults(edited(entries=rechained(LOG, left)), SOFT) or place == 5
    remade = Host().forge(left)
    assert "receipt head" in faults(edited(entries=tuple(remade.entries)), SOFT)


@pytest.mark.parametrize("place", range(4))
def test_forgery_4_a_log_forked_before_the_receipt(place):
    told = {0: {"agreement": "b0" * 32}, 1: {"root": "00" * 32}}.get(place, {"at": "earlier"})
    fork = entry(place, **told)

    assert "receipt head" in faults(edited(entries=tuple(fork)), MILL)
    # A receipt from before the fork cannot know of it.
    before = [one for one in RECEIPTS if one.index < place]
    assert all("receipt head" not in faults(edited(entries=tuple(fork)), one) for one in before)


# ---------------------------------------------------------------- CR-1 to CR-6


def test_cr_1_nothing_opens_before_all_have_sealed_and_only_what_was_sealed():
    host = Host()
    begun = host.begin()
    sealed = host.seal("h")
    early = [host.envelopes["h", 1]]
    assert faults(host.file(openings=tuple(early)), sealed) == ["openings"]

    revealed = host.reveal(1)
    assert faults(host.file(), begun, sealed, revealed) == ["order", "openings"]
    late = host.seal("m")
    assert faults(host.file(), late)[0] == "order"

    # After the reveal of the first part, the second one is not open yet.
    whole = Host()
    whole.whole()
    del whole.entries[-1]
    soft = tuple(whole.envelopes.values())
    assert faults(whole.file(openings=soft), HARD) == ["openings"]
    assert faults(whole.file(), HARD) == []


def test_cr_1_what_was_opened_is_there_once_and_whole():
    given = HOST.bundle().openings

    for place in range(len(given)):
        less = given[:place] + given[place + 1 :]
        assert faults(edited(openings=less), SOFT) == ["openings"]
    assert faults(edited(openings=(*given, given[0])), SOFT) == ["openings"]
    stranger = replace(given[0], party="x")
    assert faults(edited(openings=(*given, stranger)), SOFT) == ["openings"]


def test_cr_2_no_other_document_and_salt_open_a_commitment():
    given = list(HOST.bundle().openings)
    one = given[0]
    others = [
        replace(one, document=part_of("h", 1, "As in summer.").decode()),
        replace(one, document=part_of("h", 1, "As in summer.").decode(), salt="00" * 32),
        replace(one, salt="00" * 32),
        replace(one, salt=one.salt.upper()),
        replace(one, salt=f" {one.salt}"),
        replace(one, document=one.document[:-1]),
        replace(one, document=one.document + " " * 4096),
        replace(one, document=one.document.rstrip()),
        replace(one, part=2),
        replace(one, part=0),
        replace(one, party="m"),
    ]
    for other in others:
        assert "openings" in faults(edited(openings=(other, *given[1:])), SOFT)
    # Parts and parties may not change places, not even with their salts.
    swapped = (replace(one, party="m"), *given[1:2], replace(given[2], party="h"), *given[3:])
    assert faults(edited(openings=swapped), SOFT) == ["openings"]


def test_cr_2_a_partner_that_copies_a_commitment_cannot_open_it():
    host = Host()
    host.begin()
    host.seal("h")
    copied = host.entries[-1].body["commitments"]
    host.write("sealed", party="m", commitments=copied)
    for part in (1, 2):
        host.envelopes["m", part] = replace(host.envelopes["h", part], party="m")
    receipts = host.reveal(1), host.reveal(2)

    assert faults(host.file(), *receipts) == ["openings"]


def test_cr_2_a_document_that_two_readers_could_read_in_two_ways_does_not_open():
    twofold = [
        b'{"rating":1,"rating":7}',
        b'{"rating":1.0}',
        b'{"b":1,"a":2}',
        b'{"rating": 7}',
        b'{"a":"\\u0061"}',
        b"[" * 3000,
        b"rating: 7",
        b"[]",
        # Or that passes itself off as another party's.
        b'{"party":"h"}',
        b'{"part":2}',
        b'{"evaluation":"e2"}',
        b'{"log":"20"}',
    ]
    for content in twofold:
        host = Host()
        host.begin()
        document, salt = padded(content), salt_of("m")
        made = [host.committed("m", part, document, salt) for part in (1, 2)]
        receipt = host.write("sealed", party="m", commitments=made)
        host.seal("h")
        opened = replace(HOST.envelopes["m", 1], document=document.decode(), salt=salt.hex())
        host.envelopes["m", 1] = opened
        host.reveal(1)
        assert faults(host.file(), receipt) == ["openings"], content
    with pytest.raises(ValueError):
        document_of(replace(opened, document="{}"))
    assert document_of(HOST.envelopes["m", 1])["topics"][0]["code"] == "EV1"


def in_order(kinds):
    """Tell, without the code under test, whether acts may follow each other."""
    sealed, opened, ended = set(), 0, False
    for place, (kind, told) in enumerate(kinds):
        full = len(sealed) == 2
        allowed = {
            "begun": place == 0,
            "sealed": not ended and told not in sealed,
            "taken back": not ended and not full and told in sealed,
            "revealed": not ended and full and told == opened + 1,
            "extended": not ended and not full,
            "cancelled": not ended and not full,
        }[kind]
        if not allowed or (place == 0) != (kind == "begun"):
            return False
        sealed = sealed | {told} if kind == "sealed" else sealed
        sealed = sealed - {told} if kind == "taken back" else sealed
        opened += kind == "revealed"
        ended = ended or kind == "cancelled"
    return bool(kinds)


ACTS = st.sampled_from(
    [("sealed", "h"), ("sealed", "m"), ("taken back", "h"), ("taken back", "m"),
     ("revealed", 1), ("revealed", 2), ("extended", ""), ("cancelled", ""), ("begun", "")]
)  # fmt: skip


BOTH = [("sealed", "h"), ("sealed", "m")]


@example(acts=[*BOTH, ("revealed", 2)], begins=True)
@example(acts=[*BOTH, ("revealed", 1), ("revealed", 1)], begins=True)
@example(acts=[*BOTH, ("revealed", 1), ("revealed", 2), ("revealed", 1)], begins=True)
@example(acts=[*BOTH, ("revealed", 1), ("taken back", "m"), ("sealed", "m")], begins=True)
@example(acts=[*BOTH, ("taken back", "m")], begins=True)
@example(acts=[*BOTH, ("extended", "")], begins=True)
@example(acts=[*BOTH, ("revealed", 1), ("cancelled", "")], begins=True)
@example(acts=[("sealed", "h"), ("cancelled", ""), ("sealed", "m")], begins=True)
@example(acts=[("sealed", "h"), ("cancelled", ""), ("extended", "")], begins=True)
@example(acts=[("sealed", "h"), ("sealed", "h"), ("sealed", "m")], begins=True)
@example(acts=[("taken back", "h")], begins=True)
@example(acts=BOTH, begins=False)
@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=7), st.booleans())
def test_cr_3_every_commitment_stands_before_the_first_opening(acts, begins):
    kinds = [("begun", ""), *acts] if begins else acts
    host, bodies = Host(), []
    for kind, told in kinds:
        match kind:
            case "begun":
                receipt = host.begin()
            case "sealed":
                receipt = host.seal(told)
            case "taken back":
                receipt = host.write(kind, party=told)
            case "revealed":
                receipt = host.write(kind, part=told)
            case "extended":
                receipt = host.write(kind, until="later")
            case _:
                receipt = host.write(kind)
        bodies.append(kind)
    if not kinds:
        return

    found = faults(host.file(), receipt)
    assert ("order" not in found) == in_order(kinds)
    if "order" not in found:
        seals = [place for place, kind in enumerate(bodies) if kind == "sealed"]
        openings = [place for place, kind in enumerate(bodies) if kind == "revealed"]
        assert not openings or max(seals) < min(openings)
        assert found == []


def test_cr_3_entries_of_another_evaluation_in_between_change_nothing():
    host = Host()
    host.begin()
    host.seal("h")
    other = Host()
    other.evaluation, other.entries = "e2" * 16, host.entries
    other.begin()
    other.seal("h")
    other.seal("m")
    other.reveal(1)
    receipt = host.seal("m")

    assert faults(host.file(), receipt) == []
    assert faults(host.file(), other.receipt(3)) == ["receipt evaluation"]


def test_cr_4_no_two_heads_of_equal_size_both_fit_the_receipts_that_were_issued():
    for place in range(len(HOST.entries)):
        fork = Host().forge([*HOST.entries[:place], *entry(place, at="another time")[place:]])
        for size in range(place + 1, len(HOST.entries) + 1):
            one = edited(entries=tuple(HOST.entries[:size]), openings=(), releases=())
            other = edited(entries=tuple(fork.entries[:size]), openings=(), releases=())
            issued = RECEIPTS[size - 1]
            assert "receipt head" not in faults(one, issued)
            assert "receipt head" in faults(other, issued)


def test_cr_4_receipts_that_contradict_each_other_convict_the_host():
    fork = Host()
    fork.begin()
    fork.release()
    fork.seal("h")
    theirs = fork.seal("m", "What we were shown.")

    for file in (FILE, fork.file()):
        assert faults(file, MILL, theirs)[0] == "receipts agree"


@pytest.mark.parametrize("by_host", [False, True], ids=["by anybody", "by the host"])
def test_cr_6_every_changed_byte_of_the_log_is_found_with_an_older_receipt(by_host):
    bundle = SMALL_HOST.bundle()
    for place, was in enumerate(bundle.entries):
        held = canonical(
            {"index": was.index, "previous": was.previous, "body": was.body, "hash": was.hash,
             "signature": was.signature}
        )  # fmt: skip
        for at in range(0, len(held), 1 if by_host else 5):
            try:
                told = json.loads(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :])
                entries = list(bundle.entries)
                entries[place] = replace(was, **told)
                forged = replace(bundle, entries=tuple(entries))
                if by_host:
                    content = bundle_file(forged, seed=SEED)
                else:
                    content = SMALL.replace(held, canonical(told))
            except (ValueError, TypeError):
                continue
            assert outcome(content, SMALL_RECEIPT), (place, at)


@pytest.mark.parametrize("recomputed", ["nothing", "hashes", "everything"])
def test_cr_6_deleting_reordering_doubling_and_cutting_the_log_is_found(recomputed):
    entries = HOST.entries[:4]
    logs = [
        *(entries[:size] for size in range(4)),
        *(list(one) for one in permutations(entries) if list(one) != entries),
        *([one for one in entries if one.index != left] for left in range(3)),
        *([*entries[:twice], *entries[twice - 1 :]] for twice in range(1, 4)),
    ]
    ways = {
        "nothing": tuple,
        "hashes": lambda log: rechained(LOG, log),
        "everything": lambda log: tuple(Host().forge(log).entries),
    }
    for log in logs:
        forged = edited(entries=ways[recomputed](log), openings=())
        assert {"chain", "receipt head", "heads"} & set(faults(forged, MILL))


def test_cr_6_cutting_off_what_came_after_the_receipt_shows_an_older_state_and_no_other():
    older = edited(entries=tuple(HOST.entries[:4]), openings=())

    assert faults(older, MILL) == []
    assert course_of(read_bundle(older)[0]).opened == {}
    assert faults(older, MILL, HARD) == ["receipt head", "receipt commitments"]


# ---------------------------------------------------------------- what else a host could try


def test_a_bundle_of_another_evaluation_alliance_or_host_is_found():
    other = Host(evaluation="e2" * 16)
    other.whole()
    assert "receipt evaluation" in faults(other.file(), MILL)
    alien = Host(log="20" * 16)
    alien.whole()
    assert faults(alien.file(), MILL)[0] == "receipt alliance"
    # The log's name is part of every hash: it cannot just be written over.
    assert {"chain", "heads", "receipt alliance"} <= set(faults(edited(log="20" * 16), MILL))
    assert "openings" in faults(edited(evaluation="e2" * 16), MILL) or "order" in faults(
        edited(evaluation="e2" * 16), MILL
    )


def test_names_read_as_they_did_when_the_evaluation_began():
    swapped = (("h", "Mill Foods"), ("m", "Harbour Logistics"))
    for change in (
        {"alliance": "Warm Chain"},
        {"title": "Spring"},
        {"parties": swapped},
        {"parties": tuple(reversed(PARTIES.items()))},
        {"parties": (*PARTIES.items(), ("x", "Quay"))},
        {"reader": "x"},
    ):
        assert faults(edited(**change), MILL) == ["names"]
    for change in (
        {"alliance": "Warm Chain"},
        {"title": "Spring"},
        {"organisation": "Harbour Logistics"},
    ):
        assert faults(FILE, HOST.receipt(3, **change)) == ["names"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"head": "00" * 32}, "receipt head"),
        ({"index": 2}, "receipt head"),
        ({"index": 6}, "receipt head"),
        ({"index": 2**53 - 1}, "receipt head"),
        ({"at": "earlier"}, "receipt commitments"),
        ({"commitments": ("00" * 32,) * 2}, "receipt commitments"),
        ({"party": "h", "organisation": PARTIES["h"]}, "receipt commitments"),
        ({"evaluation": "e2" * 16}, "receipt evaluation"),
        ({"log": "20" * 16}, "receipt alliance"),
    ],
)
def test_a_receipt_that_the_host_signs_afterwards_for_something_else_does_not_fit(change, fault):
    assert fault in faults(FILE, HOST.receipt(3, **change))
    bundle, _ = read_bundle(FILE)
    reach = covered(bundle, [HOST.receipt(3, **change)])
    assert reach == (4 if fault in ("receipt commitments", "receipt evaluation") else 0)


def test_receipts_of_another_key_or_changed_by_hand_reach_nowhere():
    bundle, _ = read_bundle(FILE)

    assert covered(bundle, [sign_receipt(MILL, seed=OTHER_SEED)]) == 0
    assert covered(bundle, [replace(MILL, title="Spring")]) == 0
    assert covered(bundle, [MILL, sign_receipt(SOFT, seed=OTHER_SEED)]) == 4


def test_a_receipt_changed_by_hand_is_not_genuine():
    assert faults(FILE, replace(MILL, organisation="Mill")) == ["receipt signature", "names"]
    assert "receipt signature" in faults(FILE, replace(MILL, key=public_key(OTHER_SEED)))


def test_a_bundle_signed_by_somebody_else_is_found():
    bundle, _ = read_bundle(FILE)

    assert faults(bundle_file(bundle, seed=OTHER_SEED), MILL) == ["bundle signature"]
    assert "heads" in faults(edited(key=public_key(OTHER_SEED)), MILL)


def test_figures_fit_what_was_fixed_when_the_round_closed():
    (released,) = HOST.bundle().releases
    own, partner = released.parties
    wrong = [
        (),
        (released, released),
        (replace(released, round="round-2"),),
        (replace(released, title="Spring pulse"),),
        (replace(released, instrument="pulse"),),
        (replace(released, root="00" * 32),),
        *(
            (replace(released, parties=parties),)
            for parties in (
                (own,),
                (own, partner, own),
                (own, replace(partner, party="x")),
                (replace(own, figures={"EV1": {"n": "5-9", "mean": 5.0}}), partner),
                (replace(own, figures=None), partner),
                (replace(own, salt=own.salt.upper()), partner),
                (replace(own, salt=""), partner),
                (replace(own, party="m"), replace(partner, party="h")),
                (own, replace(partner, leaf=own.leaf)),
                (own, replace(partner, figures={}, salt="00" * 32)),
                (own, replace(partner, leaf="x")),
            )
        ),
    ]
    for releases in wrong:
        assert faults(edited(releases=releases), SOFT) == ["figures"], releases


@pytest.mark.parametrize("odd", [{"party": "x"}, {"leaf": "x"}])
def test_figures_are_of_parties_and_fixed_by_hashes_even_if_the_root_fits(odd):
    host = Host()
    host.begin()
    salt = salt_of("r")
    told = {"round": "r", "title": "Pulse", "instrument": "pulse"}
    leaves = [replace(Figures("m", "00" * 32, None, ""), **odd)]
    for party in ("h", "gaps"):
        leaf = figures_leaf(round="r", party=party, figures={}, salt=salt)
        leaves.append(Figures(party, leaf, {}, salt.hex()))
    for parties, fault in ((leaves[1:], []), (leaves, ["figures"])):
        host.entries = host.entries[:1]
        root = figures_root({one.party: one.leaf for one in parties})
        receipt = host.write("released", **told, root=root)
        released = Released(**told, root=root, parties=tuple(parties))
        assert faults(host.file(releases=(released,)), receipt) == fault


def test_a_round_cannot_be_released_twice():
    host = Host()
    host.begin()
    host.release()
    receipt = host.release(figures={"EV1": {"n": "5-9", "mean": 6.0}})

    assert faults(host.file(releases=(host.releases[1],)), receipt)[0] == "order"


def with_body(place, body):
    """Sign a log in which one entry has any body at all."""
    entries = list(HOST.entries)
    entries[place] = replace(entries[place], body=body)
    entries = rechained(LOG, entries)
    for at, one in enumerate(entries):
        head = framed("seal.head.v1", LOG, at + 1, one.hash)
        entries = (*entries[:at], replace(one, signature=signed(SEED, head)), *entries[at + 1 :])
    return entries


@pytest.mark.parametrize(
    "change",
    [{"note": "unsigned"}, {"kind": "opened"}, {"kind": None}, {"part": True}, {"part": 3},
     {"part": "1"}, {"at": 7}, {"at": ""}],
)  # fmt: skip
def test_an_entry_that_this_version_does_not_know_is_not_passed_over(change):
    entries = with_body(4, {**HOST.entries[4].body, **change})
    bundle, signature = read_bundle(edited(entries=entries))
    wrong = [one for one in check(bundle, signature, [MILL]) if not one.passed]

    assert ("order", "entry 5") in [(one.what, one.where) for one in wrong]


# ---------------------------------------------------------------- what cannot be read

PLAIN = json.loads(FILE)


def deep(levels):
    """Return lists within lists, as text."""
    return b"[" * levels + b"]" * levels


def written(change):
    """Return the file with something changed in its plain values."""
    held = json.loads(FILE)
    change(held)
    return canonical(held) + b"\n"


SIGN = PLAIN["signature"].encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not ours"),
        (b"PK\x03\x04" + bytes(500), "not ours"),
        (b"<html>Sign in</html>", "not ours"),
        (b'{"bundle":{}}\n', "cut short"),
        (b'{"bundle":{},"signature":"00"}\n', "not ours"),
        (b'{"bundle":[{}],"signature":"00"}\n', "cut short"),
        (b'{"bundle":{"format":"bundle.v2"},"signature":"00"}\n', "not ours"),
        (b'{"bundle":{"a":' + deep(100_000) + b'},"signature":"00"}\n', "not ours"),
        (b'{"bundle":{"a":' + b"[" * MOST_PIECES + b'},"signature":"00"}\n', "too large"),
        (b" " * (LARGEST_BUNDLE + 1), "too large"),
        (FILE[:-1], "not canonical"),
        (FILE[:-1] + b"\r\n", "not canonical"),
        (FILE + b"\n", "not canonical"),
        (FILE + FILE, "not ours"),
        (b"\xef\xbb\xbf" + FILE, "not canonical"),
        (b"\n" + FILE, "not canonical"),
        (FILE.decode().encode("utf-16"), "not ours"),
        (FILE.replace(b"Harbour", b"Harb\xf6ur"), "not text"),
        (FILE.replace(b',"entries"', b', "entries"'), "not canonical"),
        (FILE.replace(b'"title":"Autumn"', b'"title":"Autumn","title":"Autumn"'), "not canonical"),
        (FILE.replace(b'"title":"Autumn"', b'"title":"\\ud800"'), "not ours"),
        (FILE.replace(b'"title":"Autumn"', b'"title":"Autum\\u006e"'), "not canonical"),
        (FILE.replace(b'"index":0', b'"index":0.0'), "not ours"),
        (FILE.replace(b'"index":0', b'"index":0e0'), "not ours"),
        (FILE.replace(b'"index":0', b'"index":-0'), "not canonical"),
        (FILE.replace(b'"index":0', b'"index":false'), "not ours"),
        (FILE.replace(b'"index":0', b'"index":' + b"9" * 5000), "not ours"),
        (FILE.replace(b'"part":1,"party"', b'"part":true,"party"'), "not ours"),
        (FILE.replace(b'"mean":"4.500000"', b'"mean":4.5'), "not canonical"),
        (FILE.replace(b'"mean":"4.500000"', b'"mean":NaN'), "not canonical"),
        (FILE.replace(b'"mean":"4.500000"', b'"mean":' + deep(100)), "not ours"),
        (FILE.replace(b'"mean":"4.500000"', b'"mean":' + deep(900)), "not ours"),
        (written(lambda held: held.update(note="unsigned")), "cut short"),
        (written(lambda held: held.update(bundles="unsigned")), "cut short"),
        (written(lambda held: held["bundle"].update(note="unsigned")), "not canonical"),
        (written(lambda held: held["bundle"]["openings"][0].update(note="x")), "not canonical"),
        (written(lambda held: held["bundle"]["entries"][0].update(note="x")), "not canonical"),
        (written(lambda held: held["bundle"]["releases"][0].update(note="x")), "not canonical"),
        (written(lambda held: held["bundle"]["parties"][0].append("x")), "not ours"),
        (written(lambda held: held["bundle"].update(parties=["hm"])), "not canonical"),
        (written(lambda held: held["bundle"].update(entries={})), "not canonical"),
        (written(lambda held: held["bundle"]["entries"][0].update(body=[])), "not canonical"),
        (written(lambda held: held["bundle"]["entries"][0].update(body=7)), "not ours"),
        (written(lambda held: held["bundle"].pop("log")), "not ours"),
        (written(lambda held: held.update(signature=7)), "cut short"),
    ],
)
def test_what_is_no_bundle_is_refused_at_once_and_for_its_own_reason(content, why):
    assert refused(content) == why


def test_a_bundle_cut_short_anywhere_is_refused():
    assert {refused(SMALL[:size]) for size in range(12, len(SMALL) - 1)} == {"cut short"}


def test_a_signature_is_written_in_one_way_only():
    assert faults(FILE.replace(SIGN, SIGN.upper()), MILL) == ["bundle signature"]
    assert faults(FILE.replace(SIGN, SIGN[:-2]), MILL) == ["bundle signature"]


def test_every_kind_of_entry_was_tried():
    assert set(KINDS) == {
        "begun", "sealed", "taken back", "revealed", "released", "extended", "cancelled", "expired"
    }  # fmt: skip
