"""What scans say in their own terms: each shape at its limit, and never without its figures."""

from dataclasses import replace

import pytest

from tests.results import DOCK, HARBOUR, MILL, PARTIES, QUAY, mirror
from understream.domain.result import READERS, Beside
from understream.domain.result.card import amount_of, band_of, sure_of

NOTHING = Beside({})


def read(instrument, said, beside=NOTHING, **keys):
    return READERS[instrument](mirror(instrument, said, **keys), beside)


def codes(result, *about):
    return [one.code for one in result.patterns if not about or one.parties == about]


@pytest.mark.parametrize(
    ("value", "band", "amount"),
    [(5.5, "strong", "much"), (5.4, "workable", "rather much"), (4.5, "workable", "rather much"),
     (4.4, "mixed", "some"), (3.5, "mixed", "some"), (3.4, "weak", "little"), (None, "", "")],
)  # fmt: skip
def test_a_displayed_mean_in_a_word(value, band, amount):
    assert (band_of(value), amount_of(value)) == (band, amount)


# --------------------------------------------------------------------------- trust

FAIR = {
    "ability": 5.0, "integrity": 5.0, "benevolence": 5.0, "reliability": 5.0, "willing": 5.0,
    "people": 5.0, "stake": 5.0, "TW1": 50,
}  # fmt: skip


def trust(ways, **keys):
    return read("trust", {way: FAIR | said for way, said in ways.items()}, **keys)


THERE, BACK = (HARBOUR, MILL), (MILL, HARBOUR)
HIGH = {"ability": 5.5, "integrity": 5.5, "benevolence": 5.5}


@pytest.mark.parametrize(
    ("code", "said", "missed"),
    [
        ("deliver-not-dare", {"reliability": 5.5, "willing": 4.4}, {"willing": 4.5}),
        ("deliver-not-dare", {"reliability": 5.5, "willing": 4.4}, {"reliability": 5.4}),
        ("good-will-weak", {**HIGH, "reliability": 4.4}, {"reliability": 4.5}),
        ("good-will-weak", {**HIGH, "reliability": 4.4}, {"ability": 5.0}),
        ("able-what-want", {"ability": 5.5, "integrity": 4.4}, {"integrity": 4.5}),
        ("correct-cool", {"integrity": 5.5, "benevolence": 4.4}, {"benevolence": 4.5}),
        ("hangs-on-people", {"people": 6.0}, {"people": 5.9}),
        ("blind-spot", {**HIGH, "stake": 5.5, "TW1": 20}, {"stake": 5.4}),
        ("blind-spot", {**HIGH, "stake": 5.5, "TW1": 20}, {"TW1": 30}),
    ],
)
def test_one_way_patterns_of_trust_at_their_limit_and_just_beyond(code, said, missed):
    assert code in codes(trust({THERE: said, BACK: {}}), *THERE)
    assert code not in codes(trust({THERE: said | missed, BACK: {}}), *THERE)
    for withheld in missed:
        if withheld != "TW1":
            hidden = trust({THERE: said | {withheld: None}, BACK: {}})
            assert code not in codes(hidden, *THERE), withheld
    assert code not in codes(trust({THERE: {}, BACK: said}), *THERE)


def test_trust_that_is_not_answered_needs_both_ways():
    low = {"ability": 4.4, "integrity": 4.4, "benevolence": 4.4}
    (found,) = (
        one for one in trust({THERE: HIGH, BACK: low}).patterns if one.code == "unrequited"
    )
    assert found.parties == (HARBOUR, MILL)
    assert "(5.5)" in found.see
    assert "(4.4)" in found.see
    half = {"ability": 4.6, "integrity": 4.5, "benevolence": 4.5}
    assert "unrequited" not in codes(trust({THERE: HIGH, BACK: half}))
    assert "unrequited" not in codes(trust({THERE: HIGH}))


def test_panels_are_never_added_up_and_the_three_lenses_only_together_where_all_are_shown():
    found = trust({THERE: {"ability": 6.0, "integrity": 5.0, "benevolence": 4.0}, BACK: {}})
    cell = found.matrix[0][1]
    assert (cell.joint, cell.value, cell.reliable, cell.willing) == ("5.0", 5.0, "5.0", "5.0")
    assert [figure for _title, figure in cell.lenses] == ["6.0", "5.0", "4.0"]
    part = trust({THERE: {"integrity": None}, BACK: {}}).matrix[0][1]
    assert (part.joint, part.value, part.state) == ("", None, "shown")
    nothing = dict.fromkeys(FAIR)
    assert trust({THERE: nothing, BACK: {}}).matrix[0][1].state == "withheld"


def test_before_the_reveal_the_other_way_does_not_open_and_says_nothing():
    found = trust({THERE: {}}, parties=(HARBOUR,))
    assert [one.name for one in found.parties] == ["Harbour", "Mill"]
    assert found.matrix[1][0].state == "closed"
    assert found.mirrored == ()
    assert "Mill" not in found.sure


def test_two_ways_are_outlined_from_a_point_and_a_half():
    for low, outlined in ((4.0, True), (4.1, False)):
        said = dict.fromkeys(("ability", "integrity", "benevolence"), low)
        cell = trust({THERE: HIGH, BACK: said}).matrix[0][1]
        assert cell.unequal is outlined


def test_what_one_thinks_the_other_says_is_set_beside_what_the_other_says_of_it():
    found = trust({THERE: {"TM1": 3.0, "TA1": 6.0}, BACK: {"TM1": 6.0, "TA1": 4.5}})
    first, second = found.mirrored
    assert (first.who, first.believed.value, first.found.value) == (HARBOUR, 3.0, 4.5)
    assert first.word == "worth asking"
    assert (second.who, second.found.value, second.word) == (MILL, 6.0, "alike")


def test_four_parties_have_a_network_and_three_or_a_hidden_cell_have_none():
    def seen(a, b):
        return dict.fromkeys(HIGH, 6.5 if b is DOCK else 3.5 if a is DOCK else 5.0)

    every = {(a, b): seen(a, b) for a in PARTIES for b in PARTIES if a is not b}
    found = trust(every, parties=PARTIES)
    assert found.network
    dock = next(one for one in found.standing if one.party is DOCK)
    assert dock.word == "gives less trust than others, is trusted more than others"
    # All give 5.0. By the weights of Warner, Kenny & Stoto (1979) for four members:
    # 9/8 x 3.5 + 3/8 x 6.5 - 3/2 x 5.0 = -1.125, and turned round 1.125.
    assert (dock.gives, dock.gets) == ("−1.1", "+1.1")
    hidden = every | {(QUAY, MILL): {"ability": None}}
    assert not trust(hidden, parties=PARTIES).network
    three = {way: said for way, said in every.items() if DOCK not in way}
    assert not trust(three, parties=PARTIES[:3]).network


# ------------------------------------------------------------------------- drivers


def drivers(*, mean, matters, influence, second=None):
    said = {"fit": mean, "fit-matters": matters, "fit-influence": influence}
    other = dict(zip(said, second, strict=True)) if second else said
    return read("drivers", {HARBOUR: said, MILL: other})


@pytest.mark.parametrize(
    ("mean", "matters", "influence", "code"),
    [
        (4.4, 2.5, 2.5, "begin"), (4.4, 2.5, 2.0, "begin"), (4.4, 2.0, 2.0, "next"),
        (4.4, 2.5, 1.5, "sponsors"), (4.4, 2.0, 1.5, "sponsors"), (4.5, 2.5, 1.5, "strength"),
        (4.5, 2.0, 2.5, "order"), (2.0, 1.5, 2.5, "leave"), (None, 1.5, 2.5, "leave"),
        (4.4, None, 2.5, ""), (4.4, 2.5, None, ""), (None, 2.5, 2.5, ""),
    ],
)  # fmt: skip
def test_what_to_do_about_a_driver(mean, matters, influence, code):
    found = drivers(mean=mean, matters=matters, influence=influence)
    assert [one.code for one in found.drivers[0].advice] == [code, code]


def test_drivers_stand_by_their_advice_and_then_by_importance_times_room_times_influence():
    said = {
        "experience": 4.0, "experience-matters": 2.0, "experience-influence": 2.0,  # next, 12
        "fit": 4.5, "fit-matters": 3.0, "fit-influence": 3.0,  # strength, 3 x 2.5 x 3 = 22.5
        "value": 1.5, "value-matters": 1.0, "value-influence": 3.0,  # leave, 16.5
        "partner": 2.0, "partner-matters": None, "partner-influence": 3.0,  # unknown: last
        "maturity": 3.5, "maturity-matters": 2.0, "maturity-influence": 2.0,  # next, 14
    }  # fmt: skip
    order = ["maturity", "experience", "fit", "value", "partner"]
    found = read("drivers", {HARBOUR: said})
    assert [one.row.code for one in found.drivers] == order
    more = {"value": 4.4, "value-matters": 2.5, "value-influence": 2.0}  # begin
    found = read("drivers", {HARBOUR: said, MILL: more})
    assert found.drivers[0].row.code == "value"
    more = {"experience": 2.0, "experience-matters": 2.0, "experience-influence": 2.0}  # 20
    found = read("drivers", {HARBOUR: said, MILL: more})
    assert found.drivers[0].row.code == "experience"


def test_a_driver_that_weighs_much_here_and_little_there_is_said_once():
    found = drivers(mean=5.0, matters=2.5, influence=2.5, second=(5.0, 1.5, 2.5))
    (one,) = (one for one in found.patterns if one.code == "weighed-differently")
    assert one.parties == (HARBOUR, MILL)
    alike = drivers(mean=5.0, matters=2.5, influence=2.5, second=(5.0, 2.0, 2.5))
    assert "weighed-differently" not in codes(alike)


# ------------------------------------------------------------------ responsibility


@pytest.mark.parametrize(
    ("own", "other", "of_own", "of_other", "code"),
    [
        (3.4, 3.4, 6.0, 6.0, "nobody"), (3.5, 3.4, 3.5, 3.4, "partly"),
        (4.5, 4.5, 3.4, 3.4, "crowded"), (4.5, 4.5, 3.5, 3.4, "partly"),
        (4.5, 6.0, 4.5, 4.5, "differently"), (4.5, 5.9, 4.5, 4.5, "both"),
        (4.5, 3.4, 4.5, 3.4, "one"), (4.4, 3.4, 4.4, 3.4, "partly"),
        (None, 3.4, 3.4, 3.4, ""), (3.4, 3.4, None, None, "nobody"), (4.5, 4.5, None, 4.5, ""),
    ],
)  # fmt: skip
def test_who_takes_a_level(own, other, of_own, of_other, code):
    said = {
        HARBOUR: {"we-person": own}, MILL: {"we-person": other},
        (MILL, HARBOUR): {"they-person": of_own}, (HARBOUR, MILL): {"they-person": of_other},
    }  # fmt: skip
    found = read("responsibility", said)
    level = next(one for one in found.levels if one.code == "person")
    assert [one.code for one in level.between] == [code]
    told = {"nobody": "no-mans-land", "crowded": "crowded", "differently": "differently"}
    assert codes(found) == ([told[code]] if code in told else [])


def test_before_the_reveal_there_is_nobody_to_compare_with():
    said = {HARBOUR: {"we-person": 3.0}, (HARBOUR, MILL): {"they-person": 3.0}}
    found = read("responsibility", said, parties=(HARBOUR,))
    assert all(level.between == () for level in found.levels)
    assert found.patterns == ()


# ------------------------------------------------------------- conflict and harmony


def crossed(voice, leak, built=None, avoided=None):
    beside = Beside(
        {"harmony": mirror("harmony", {HARBOUR: {"built": built, "avoided": avoided}})}
        if built
        else {}
    )
    said = {HARBOUR: {"voice": voice, "leak": leak}}
    return read("conflict", said, beside, parties=(HARBOUR,))


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ((3.4, 2.0, 4.5, 4.5), "silence"), ((3.5, 2.0, 4.5, 4.5), "between"),
        ((3.4, 2.0, 4.4, 4.5), "quiet"), ((3.4, 2.0, 4.5, 4.4), "quiet"),
        ((3.4, None, 4.5, 4.5), "silence"), ((3.4, None), ""), ((None, 2.0, 4.5, 4.5), ""),
        ((4.5, 3.4), "constructive"), ((4.5, 4.5), "stage"), ((4.5, 3.5), "between"),
        ((3.4, 4.5), "undercurrent"), ((3.4, 3.4), "quiet"),
    ],
)  # fmt: skip
def test_peace_or_silence(figures, code):
    found = crossed(*figures)
    assert [one.code for one in found.crossed] == [code]
    assert found.missing == ("" if len(figures) > 2 else "harmony")


def test_harmony_asks_the_same_from_its_side():
    conflict = mirror("conflict", {HARBOUR: {"voice": 3.0, "leak": 3.0}})
    said = {HARBOUR: {"built": 5.0, "avoided": 5.0}}
    found = read("harmony", said, Beside({"conflict": conflict}), parties=(HARBOUR,))
    assert codes(found) == ["peace-or-silence"]
    alone = read("harmony", said, parties=(HARBOUR,))
    assert (alone.missing, codes(alone)) == ("conflict", [])


# ---------------------------------------------------------------- paradigm and risk


@pytest.mark.parametrize(
    ("partnership", "differences", "zone"),
    [(3.4, 3.4, "pleasing"), (3.5, 3.4, "mixed"), (4.5, 4.5, "partnering"), (4.5, 4.4, "mixed"),
     (4.5, None, ""), (None, 2.0, "")],
)  # fmt: skip
def test_zones_of_the_paradigm(partnership, differences, zone):
    said = {HARBOUR: {"partnership": partnership, "differences": differences}}
    found = read("paradigm", said, parties=(HARBOUR,))
    assert [one.zone for one in found.places] == [zone]
    assert codes(found) == ([zone] if zone else [])


def test_equal_and_careful_is_asked_whether_it_is_peace_or_silence():
    found = read("paradigm", {HARBOUR: {"partnership": 4.5, "differences": 3.4}})
    assert "peace or silence" in found.patterns[0].talk
    other = read("paradigm", {HARBOUR: {"partnership": 3.4, "differences": 4.5}})
    assert "shared aim" in other.patterns[0].talk


def test_risks_stand_by_the_party_that_feels_most_and_differences_come_first():
    said = {
        HARBOUR: {"culture": 2.0, "interests": 5.5, "overload": 4.5, "values": 4.4},
        MILL: {"culture": 3.5, "interests": 4.1, "overload": None, "values": 4.4},
    }
    found = read("risk", said)
    assert [one.code for one in found.rows] == ["interests", "overload", "values", "culture"]
    assert codes(found) == ["felt-differently", "felt", "felt"]
    assert found.patterns[0].parties == (HARBOUR, MILL)
    assert "2.0" in found.patterns[0].see


# ---------------------------------------------------------------------- capability


def capability(first, second=None):
    names = ("bonding", "coordination", "communication", "joint-action")
    said = {HARBOUR: dict(zip(names, first, strict=True))}
    return read(
        "capability", said | ({MILL: dict(zip(names, second, strict=True))} if second else {})
    )


def test_the_strength_is_where_nobody_is_left_behind_and_the_challenge_where_somebody_is():
    found = capability((5.0, 6.0, 4.0, 5.5), (5.2, 3.0, 4.1, 5.4))
    assert (found.strength.code, found.challenge.code) == ("joint-action", "coordination")
    hidden = capability((5.0, 6.0, 4.0, 5.5), (5.2, None, 4.1, None))
    assert (hidden.strength.code, hidden.challenge.code) == ("bonding", "communication")
    alike = capability((5.0, 5.0, 5.0, 5.0))
    assert (alike.strength, alike.challenge) == (None, None)


@pytest.mark.parametrize(
    ("bonding", "coordination", "code"),
    [(4.4, 5.5, "well-oiled-thin"), (4.5, 5.5, ""), (4.4, 5.4, ""), (5.5, 4.4, "warm-loose"),
     (5.5, 4.5, ""), (None, 5.5, "")],
)  # fmt: skip
def test_thin_and_loose(bonding, coordination, code):
    found = capability((bonding, coordination, 5.0, 5.0))
    assert codes(found) == ([code] if code else [])
    for one in found.patterns:
        assert f"Harbour (coordination {coordination}, bonding {bonding})" in one.see


def test_what_is_not_shown_is_counted_but_not_of_a_party_that_is_not_shown_at_all():
    assert capability((5.0, None, 4.0, None)).sure.endswith("2 figures of facets are not shown.")
    gone = dict.fromkeys(("bonding", "coordination", "communication", "joint-action"))
    made = mirror("capability", {HARBOUR: {"bonding": 5.0, "coordination": None}, MILL: gone})
    lines = tuple(replace(one, n=0 if one.party is MILL else 5) for one in made.parties)
    assert sure_of(replace(made, parties=lines)) == (
        "Harbour: 5 people. Mill is not shown, to protect people. "
        "1 figure of a facet is not shown."
    )
