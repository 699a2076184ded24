"""The log of an alliance: what was sealed and opened, whole and signed, and its receipts."""

import json
from datetime import timedelta

import pytest

from tests.factories import SEALING, begin_evaluation, make_alliance, seal_evaluation, seat_person
from understream.access.refusal import Missing
from understream.access.seat import Role
from understream.domain import reveal, seal
from understream.measurement.receipt import is_genuine, read_receipts
from understream.measurement.seal import NOTHING, head_message, is_signed, words_of
from understream.records.evaluation import Evaluation
from understream.records.seal import SealEntry, SealLog

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(lasting):
    return lasting(lambda: make_alliance("Harbour", "Mill", people=2))


@pytest.fixture(scope="module")
def key(lasting, world):
    """Return an evaluation that was revealed after one party sealed twice, by a wild clock."""

    def make():
        found = begin_evaluation(world)
        seal_evaluation(world, found, "Harbour")
        reveal.take_back_seal(world.managers["Harbour"], found, now=SEALING - timedelta(hours=9))
        seal_evaluation(world, found)
        return found

    return lasting(make)


def test_the_log_reads_in_its_own_order_whatever_the_clock_said(world, key):
    read = seal.log_before(world.managers["Mill"], key)

    assert [one.sentence for one in read.lines] == [
        "The evaluation began.",
        "The answers of a round were counted; figures stay with each party.",
        "Harbour sealed its reflection.",
        "Harbour took its seal back.",
        "Harbour sealed its reflection.",
        "Mill sealed its reflection.",
        "Part 1 of every reflection opened.",
        "Part 2 of every reflection opened.",
    ]
    assert [one.index for one in read.lines] == list(range(8))
    assert read.lines[3].at < read.lines[2].at
    assert (read.length, read.head) == (8, read.lines[-1].hash)
    assert [one.has_receipt for one in read.lines] == [False] * 2 + [True] * 4 + [False, True]


def test_every_entry_holds_the_one_before_and_is_signed(world, key):
    log = SealLog.objects.get(alliance=world.alliance)
    rows = list(log.entries.order_by("index"))

    assert [one.previous for one in rows] == [NOTHING, *(one.hash for one in rows[:-1])]
    public = read_receipts(rows[-1].receipt.encode())[0].key
    for one in rows:
        assert is_signed(public, head_message(log.name, one.index, one.hash), one.signature)
    assert seal.key_fingerprint() == seal.log_before(world.facilitator, key).key


def test_every_party_and_role_finds_the_same_receipts_with_six_words_in_its_language(world, key):
    sponsor = seat_person(world.alliance, world.parties["Mill"], "Sponsor", Role.SPONSOR)
    english = seal.receipts_before(world.managers["Harbour"], key, language="en")
    dutch = seal.receipts_before(sponsor, key, language="nl")

    assert [one.file for one in english] == [one.file for one in dutch]
    for one, other in zip(english, dutch, strict=True):
        (receipt,) = read_receipts(one.file.encode())
        assert is_genuine(receipt)
        assert (one.words, one.other_words) == (other.other_words, other.words)
        assert one.words == words_of(receipt.digest, "en")
        assert seal.receipt_before(sponsor, key, one.index, language="en") == one
    assert [one.kind for one in english] == [
        "sealed", "taken back", "sealed", "sealed", "revealed"
    ]  # fmt: skip
    with pytest.raises(Missing):
        seal.receipt_before(sponsor, key, 0, language="en")
    stranger = make_alliance("Quay", "Dike", people=2, seed=9).managers["Quay"]
    for call in (
        lambda: seal.log_before(stranger, key),
        lambda: seal.receipts_before(stranger, key, language="en"),
    ):
        with pytest.raises(Missing):
            call()


@pytest.mark.usefixtures("key")
def test_the_log_tells_what_was_done_and_never_what_was_said():
    kept = " ".join(SealEntry.objects.values_list("body", flat=True))

    assert "What we see" not in kept
    for one in SealEntry.objects.all():
        assert set(json.loads(one.body)) <= {
            "kind", "evaluation", "at", "alliance", "title", "parties", "names", "agreement",
            "round", "instrument", "root", "party", "commitments", "part",
        }  # fmt: skip


def test_a_kind_that_nobody_could_read_is_a_fault_of_ours(key):
    with pytest.raises(KeyError):
        seal.write_entry(Evaluation.objects.get(pk=key), "peeked", now=SEALING)
    with pytest.raises(ValueError, match="no entry"):
        seal.write_entry(Evaluation.objects.get(pk=key), "sealed", now=SEALING)

    assert SealEntry.objects.count() == 8


def test_two_evaluations_share_one_log(world, key):
    second = begin_evaluation(world)

    assert seal.log_before(world.managers["Mill"], second).length == 9
    assert [one.index for one in seal.log_before(world.managers["Mill"], second).lines] == [8]
    assert len(seal.log_before(world.managers["Mill"], key).lines) == 8
