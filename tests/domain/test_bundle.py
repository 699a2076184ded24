"""Bundles made by the acts, checked by the verifier against receipts as they were mailed."""

import pytest
from django.core import mail

from tests.factories import SEALING as NOW
from tests.factories import begin_evaluation, make_alliance, pass_gate, reflect, seal_evaluation
from understream.access.refusal import Missing
from understream.domain import reveal, seal
from understream.domain.bundle import take_bundle
from understream.measurement.bundle import check, course_of, covered, read_bundle, standing
from understream.measurement.receipt import contradictions, read_receipts
from understream.records.alliance import Alliance
from understream.records.organisation import Organisation

pytestmark = pytest.mark.django_db


def bundle_of(world, key, name):
    """Return a party's bundle as its manager takes it home, and the signature."""
    return read_bundle(take_bundle(world.managers[name], key, now=NOW).content)


def kept(world, key, name):
    """Return the receipts that a party's manager finds on the page."""
    cards = seal.receipts_before(world.managers[name], key, language="en")
    return [read_receipts(one.file.encode())[0] for one in cards]


def wrong(bundle, signature, receipts):
    """Return what a verifier finds wrong."""
    return [one for one in check(bundle, signature, receipts) if not one.passed]


def test_each_party_verifies_the_whole_course_with_what_it_was_mailed(
    django_capture_on_commit_callbacks,
):
    world = make_alliance("Harbour", "Mill", "Quay", people=(5, 3, 5))
    lot = {"EV1": {"change": "lot"}}
    with django_capture_on_commit_callbacks(execute=True):
        key = begin_evaluation(world)
        seal_evaluation(world, key, "Harbour")
        reveal.take_back_seal(world.managers["Harbour"], key, now=NOW)
        # Names change meanwhile; what is signed keeps those with which it began.
        Alliance.objects.update(name="Renamed")
        Organisation.objects.filter(name="Mill").update(name="Mill and Sons")
        reflect(world, key, "Harbour", now=NOW)
        reveal.seal_reflection(world.managers["Harbour"], key, now=NOW, rng=world.rng)
        early = bundle_of(world, key, "Mill")
        seal_evaluation(world, key, "Mill", "Quay", Mill=lot)
    gated = {name: bundle_of(world, key, name) for name in world.managers}
    with django_capture_on_commit_callbacks(execute=True):
        pass_gate(world, key)

    receipts = kept(world, key, "Mill")
    mailed = {
        one
        for letter in mail.outbox
        if "BEGIN UNDERSTREAM RECEIPT" in letter.body
        for one in read_receipts(letter.message().as_bytes())
    }
    assert mailed == set(receipts)
    assert [one.kind for one in receipts] == [
        "sealed", "taken back", "sealed", "sealed", "sealed", "revealed", "revealed"
    ]  # fmt: skip
    assert contradictions(receipts) == ()
    assert {one.organisation for one in receipts} == {"Harbour", "Mill", "Quay", ""}

    # One bundle while Harbour alone had sealed, one at the gate, one when all is open.
    assert wrong(*early, receipts[:3]) == []
    assert (course_of(early[0]).opened, early[0].openings) == ({}, ())
    for name in world.managers:
        bundle, signature = bundle_of(world, key, name)
        assert wrong(*gated[name], receipts[:6]) == []
        assert [*course_of(gated[name][0]).opened] == [1]
        assert len(gated[name][0].openings) == 3
        for one in receipts:
            assert wrong(bundle, signature, [one]) == []
        assert wrong(bundle, signature, receipts) == []
        assert len(bundle.openings) == 6
        assert covered(bundle, receipts[-1:]) == len(bundle.entries)
        assert [standing(bundle, one) for one in receipts[:5]] == [False, False, True, True, True]


def test_before_the_reveal_a_bundle_holds_nothing_of_the_others():
    world = make_alliance("Harbour", "Mill", people=(5, 5))
    key = begin_evaluation(world)
    seal_evaluation(world, key, "Harbour")

    bundle, _ = bundle_of(world, key, "Mill")

    assert bundle.openings == ()
    for released in bundle.releases:
        shown = {one.party for one in released.parties if one.figures is not None}
        assert shown <= {str(world.parties["Mill"])}
        assert {one.salt for one in released.parties if one.party not in shown} == {""}
    stranger = make_alliance("Dike", "Ebb", seed=8)
    with pytest.raises(Missing):
        take_bundle(stranger.managers["Dike"], key, now=NOW)
