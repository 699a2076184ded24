"""The texts of the instruments that come with the product, in both languages."""

import re
from importlib.resources import files

import pytest

from understream.instruments.faults import PARTNER, SIDE_OF_LEVEL
from understream.instruments.reader import SILENT, builtin, load, to_plain

# Whoever changes a text raises the version and adds a line; a line never changes.
FINGERPRINTS = {
    ("pulse", 1): "a94a6390b092c443d6fa3f750f5c25eea5bbaff8c38dece18f33b327c83c9509",
    ("evaluation", 1): "a97e3de2bacde8aa0a5a9ff7ac305ac3eff7bda724be8d0ab531ec235ddb8e57",
    ("trust", 1): "22e829b91d4f3b7aa4b48162cd78beaa1e61bfbd7a769ef064d9ffd38bdf01a2",
    ("harmony", 1): "6e06c42330ec6e30a78b0f29dc88e894182af9532982a5342955a920f762167b",
    ("paradigm", 1): "73715b17b0458a8d4f3b5ca2b3f4d2f7a78a358bc97e894d135637e116542d23",
    ("capability_short", 1): "fd9ad5867a0a6b032d16c7718c10ae399c6fec26cacfa738f40bf7305492d32a",
    ("capability", 1): "dbac20512cad50894e82cd2705d62200ae4ace0df7c544eb00716a396c16ff33",
    ("responsibility", 1): "9d59d7ae5cb5ed85da93a36759f74944675c41088b1236e577b350290cb5f75a",
    ("conflict", 1): "89b60c234bc3aec8419ce3eade7719789fa606229e2d3076a4dd53d5192b9895",
    ("risk", 1): "bcf3f080b5ead174be2bd280807ae145ae66ef17d7bd185aa09e524a4dcb0217",
    ("drivers", 1): "ac6a667e47c9f1ec438f395500a8b1314b9ee760871608ae5b52707069b826d1",
}
FACETS_OF_TRUST = {
    # facet: panel, side, level, codes
    "ability": ("judged", "upper", "content", "TA1 TA2 TA3 TA4"),
    "integrity": ("judged", "under", "interaction", "TI1 TI2 TI3 TI4"),
    "benevolence": ("judged", "under", "interaction", "TB1 TB2 TB3 TB4"),
    "reliability": ("done", "under", "interaction", "TR1 TR2"),
    "willing": ("dare", "under", "interaction", "TV1 TV2 TV3 TV4"),
    "dared": ("dare", "under", "interaction", "TD1 TD2 TD3 TD4"),
    "stake": ("", "context", "context", "TS1"),
    "mirror-ability": ("mirror", "upper", "content", "TM1"),
    "mirror-integrity": ("mirror", "under", "interaction", "TM2"),
    "mirror-benevolence": ("mirror", "under", "interaction", "TM3"),
    "people": ("people", "under", "person", "TP1 TP2 TP3"),
    "watch": ("watch", "under", "interaction", "TW1"),
}
FACETS_OF_EVALUATION = [
    # facet, side, codes
    ("own_goals", "context", "EV1 EV2 EV3"),
    ("own_goals_effect", "context", "EV1E EV2E EV3E"),
    ("environment", "context", "EV4 EV5 EV6"),
    ("environment_effect", "context", "EV4E EV5E EV6E"),
    ("hard", "upper", "EV7 EV8 EV9 EV10 EV11"),
    ("soft", "under", "EV12 EV13 EV14 EV15 EV16"),
]
LEVELS_OF_EVALUATION = (
    ["content"] + ["context"] * 5 + ["content"] * 2 + ["procedure"] * 3
    + ["interaction"] * 3 + ["person"] * 2
)  # fmt: skip
ITEMS = [
    pytest.param(item, id=f"{code}-{item.code}") for code in builtin() for item in load(code).items
]
# A statement with one of these words easily asks two things at once.
TWO_IDEAS = {
    "en": re.compile(r"\b(?:and|or|but|both|as well as)\b|;|/"),
    "nl": re.compile(r"\b(?:en|of|maar|zowel|alsook)\b|;|/"),
}
# Where it joins what is one thing, or says between what something lies.
FIXED_EXPRESSIONS = re.compile(
    r"now and then|af en toe|gaan we na of"
    r"|both (?:sides|parties|chose|may ask|deliver)|one or two people|een of twee mensen"
    r"|habits and ours|gewoonten en de onze|one here and one there"
    r"|often and still|vaak en hebben toch|in the meeting and think|in het overleg en denken",
    re.IGNORECASE,
)
YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
# Words that the other language does not have.
DUTCH = re.compile(
    r"\b(?:de|het|een|wij|ons|onze|wat|als|niet|ik|dat|die|zijn|hoe)\b", re.IGNORECASE
)
ENGLISH = re.compile(
    r"\b(?:the|our|us|they|are|what|for|with|would|how|it|this|my)\b", re.IGNORECASE
)


def strings(held):
    """Every string in plain data."""
    if isinstance(held, str):
        return [held]
    inner = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
    return [found for one in inner for found in strings(one)]


def pairs(held):
    """Every English and Dutch text that stand beside each other in plain data."""
    if isinstance(held, dict):
        here = [(held["en"], held["nl"])] if "en" in held else []
        return here + [found for one in held.values() for found in pairs(one)]
    return [found for one in held for found in pairs(one)] if isinstance(held, list) else []


def test_every_scan_of_the_workshop_comes_with_the_product():
    assert builtin() == (
        "pulse",
        "harmony",
        "paradigm",
        "capability_short",
        "capability",
        "responsibility",
        "conflict",
        "risk",
        "drivers",
        "trust",
        "evaluation",
    )
    assert [code for code in builtin() if load(code).directed] == ["responsibility", "trust"]


def test_every_instrument_that_lies_in_the_folder_is_offered():
    names = {one.name for one in files("understream.instruments").iterdir()}

    assert {name for name in names if name.endswith(".toml")} - {"ruff.toml"} == {
        f"{code}.toml" for code in builtin()
    }


@pytest.mark.parametrize("code", builtin())
def test_a_version_that_was_published_keeps_its_fingerprint(code):
    instrument = load(code)

    assert FINGERPRINTS[code, instrument.version] == instrument.digest()


def test_the_pulse_asks_six_questions_on_both_sides_of_the_alliance():
    pulse = load("pulse")

    assert [item.code for item in pulse.items] == ["PU1", "PU2", "PU3", "PU4", "PU5", "PU6"]
    assert [facet.level for facet in pulse.facets] == [
        "content",
        "interaction",
        "procedure",
        "interaction",
        "interaction",
        "person",
    ]
    assert {scale.points for scale in pulse.scales} == {7}


def test_trust_has_its_facets_apart_in_panels():
    trust = load("trust")

    found = {
        facet.code: (
            facet.panel,
            facet.side,
            facet.level,
            " ".join(item.code for item in trust.items_of(facet)),
        )
        for facet in trust.facets
    }

    assert found == FACETS_OF_TRUST
    assert len(trust.items) == 30


def test_an_evaluation_asks_sixteen_topics_own_goals_and_environment_first():
    evaluation = load("evaluation")
    topics = [item for item in evaluation.items if not item.after]

    assert [item.code for item in topics] == [f"EV{number}" for number in range(1, 17)]
    assert [
        (facet.code, facet.side, " ".join(item.code for item in evaluation.items_of(facet)))
        for facet in evaluation.facets
    ] == FACETS_OF_EVALUATION
    assert [evaluation.level_of(item) for item in topics] == LEVELS_OF_EVALUATION
    assert {item.title is None for item in topics} == {False}
    assert [
        " ".join(one.code for one in scale.options) or f"{scale.low} to {scale.points}"
        for scale in map(evaluation.scale_of, topics)
    ] == ["not little lot"] * 6 + ["1 to 7"] * 10
    assert {item.time_frame is None for item in topics[:6]} == {False}
    assert {item.time_frame for item in topics[6:]} == {None}


def test_what_changed_is_followed_by_what_that_does_to_the_alliance():
    evaluation = load("evaluation")
    seconds = [item for item in evaluation.items if item.after]

    assert [(item.code, item.after) for item in seconds] == [
        (f"EV{number}E", f"EV{number}") for number in range(1, 7)
    ]
    for item in seconds:
        options = evaluation.scale_of(item).options
        assert [one.code for one in options] == ["helps", "hurts", "neither"]
        topic = next(one for one in evaluation.items if one.code == item.after)
        assert evaluation.level_of(item) == evaluation.level_of(topic)


def test_each_risk_is_followed_by_whether_it_was_taken():
    codes = [item.code for item in load("trust").items]

    assert codes[14:22] == ["TV1", "TD1", "TV2", "TD2", "TV3", "TD3", "TV4", "TD4"]


def test_each_view_in_the_mirror_has_the_twin_that_the_partner_answers():
    twins = {item.code: item.twin for item in load("trust").items if item.twin}

    assert twins == {"TM1": "TA1", "TM2": "TI1", "TM3": "TB1"}


def test_what_people_keep_watching_may_stay_unsaid_and_inside():
    trust = load("trust")
    (watch,) = (item for item in trust.items if item.code == "TW1")

    assert [(one.code, one.en, one.nl) for one in trust.scale_of(watch).options] == [
        ("yes", "yes", "ja"),
        ("no", "no", "nee"),
        ("unsaid", "rather not say", "zeg ik liever niet"),
    ]
    assert trust.comment_internal
    assert not load("pulse").comment_internal


def facets_of(code):
    """Return the items of each facet of an instrument, as one text a facet."""
    instrument = load(code)
    return {
        facet.code: " ".join(item.code for item in instrument.items_of(facet))
        for facet in instrument.facets
    }


def test_capability_has_four_competences_with_an_open_line_each():
    capability = load("capability")

    assert facets_of("capability") == {
        "bonding": "CB1 CB2 CB3 CB4",
        "communication": "CC1 CC2 CC3 CC4",
        "coordination": "CO1 CO2 CO3 CO4",
        "joint-action": "CJ1 CJ2 CJ3 CJ4 CJ5",
    }
    assert [line.facet for line in capability.open_lines] == list(facets_of("capability"))


def test_the_short_capability_asks_eight_of_the_same_questions_in_the_same_words():
    long, short = load("capability"), load("capability_short")

    assert [one.code for one in short.items] == [
        "CB1",
        "CB3",
        "CC1",
        "CC4",
        "CO1",
        "CO3",
        "CJ1",
        "CJ3",
    ]
    assert set(short.items) < set(long.items)
    assert (short.facets, short.open_lines) == (long.facets, long.open_lines)


def test_each_driver_is_followed_by_how_much_it_matters_and_what_can_be_done():
    drivers = load("drivers")

    assert [item.code for item in drivers.items] == [
        f"D{number}{letter}" for number in range(1, 8) for letter in "ABMI"
    ]
    assert [(item.code, item.after) for item in drivers.items if item.after] == [
        (f"D{number}I", f"D{number}M") for number in range(1, 8)
    ]
    owners = [facet for facet in drivers.facets if not facet.of]
    assert len(owners) == 7
    assert [facet.of for facet in drivers.facets if facet.of] == [
        owner.code for owner in owners for _ in ("matters", "influence")
    ]
    named = {one.code: [step.code for step in one.options] for one in drivers.scales}
    assert named["matters"] == ["low", "medium", "high"]
    assert named["influence"] == ["no", "partly", "yes"]
    assert not any(scale.choice for scale in drivers.scales)


def test_conflict_has_five_facets_of_practice_one_of_safety_and_says_which_is_adverse():
    assert facets_of("conflict") == {
        "voice": "K1 K2 K3",
        "understanding": "K4 K5",
        "closing": "K6 K7",
        "leak": "K8 K9",
        "learning": "K10",
        "safety": "S1 S2 S3 S4",
    }
    assert [one.code for one in load("conflict").facets if one.adverse] == ["leak"]
    (repaired,) = (one for one in load("conflict").items if one.code == "K2")
    assert repaired.text.nl == "De ander vertelt ons waar de meningen uiteenlopen."


def test_harmony_is_built_or_a_rupture_is_avoided():
    assert facets_of("harmony") == {"built": "H1 H2 H3", "avoided": "H4 H5 H6"}
    assert [one.code for one in load("harmony").facets if one.adverse] == ["avoided"]


def test_every_risk_is_more_risk_the_more_one_agrees():
    risk = load("risk")

    assert [item.code for item in risk.items] == [f"RS{number}" for number in range(1, 15)]
    assert len(risk.facets) == 11
    assert {facet.adverse for facet in risk.facets} == {True}


def test_responsibility_is_asked_of_the_own_organisation_once_and_then_of_the_partner():
    asked = load("responsibility")
    levels = ["content", "procedure", "interaction", "person", "context"]

    for kind, items in (("we", asked.items[:5]), ("they", asked.items[5:])):
        assert {(item.once, item.part) for item in items} == {(kind == "we", kind)}
        assert [item.facet for item in items] == [f"{kind}-{level}" for level in levels]
        assert [asked.level_of(item) for item in items] == levels
    assert [item.twin for item in asked.items] == [f"RT{n}" for n in range(1, 6)] + [""] * 5
    assert [one.of for one in asked.facets[5:]] == [one.code for one in asked.facets[:5]]


def test_the_paradigm_asks_between_two_statements_on_two_axes():
    paradigm = load("paradigm")

    assert facets_of("paradigm") == {"partnership": "PA1 PA3 PA4", "differences": "PA2 PA5 PA6"}
    first = paradigm.items[0]
    assert [end.en for end in paradigm.ends_of(first)] == [
        "We are here for their wish.",
        "We are here for an aim we both chose.",
    ]
    assert first.text.nl == (
        "Wij zijn er voor hun wens. Of: Wij zijn er voor een doel dat we beide kozen."
    )


@pytest.mark.parametrize("code", builtin())
def test_every_question_has_a_source_a_facet_and_a_place_on_the_map(code):
    instrument = load(code)
    facets = {facet.code: facet for facet in instrument.facets}

    for item in instrument.items:
        assert item.source
        assert facets[item.facet].side == SIDE_OF_LEVEL[facets[item.facet].level]
        assert instrument.level_of(item) in SIDE_OF_LEVEL
    years = {source.year for source in instrument.sources}
    cited = {int(year) for item in instrument.items for year in YEAR.findall(item.source)}
    assert cited <= years
    assert all(source.author and source.supports for source in instrument.sources)


def test_three_of_four_answers_make_a_person_count():
    trust = load("trust")

    needed = {len(trust.items_of(one)): trust.answers_needed(one) for one in trust.facets}

    assert needed == {4: 3, 3: 2, 2: 2, 1: 1}


@pytest.mark.parametrize("code", builtin())
def test_people_are_told_that_it_is_not_validated(code):
    instrument = load(code)

    assert not instrument.validated
    assert instrument.not_validated.en.startswith("Not yet validated.")
    assert instrument.not_validated.nl.startswith("Nog niet gevalideerd.")


@pytest.mark.parametrize("code", builtin())
def test_every_text_is_there_in_two_different_languages(code):
    instrument = load(code)

    found = pairs(to_plain(instrument))

    assert SILENT not in (instrument.title, instrument.purpose, instrument.referent)
    assert [en for en, nl in found if not en or not nl or en == nl] == []
    assert len(found) > len(instrument.items)


@pytest.mark.parametrize("item", ITEMS)
def test_a_question_is_a_sentence_in_its_own_language(item):
    for words, foreign in ((item.text.en, DUTCH), (item.text.nl, ENGLISH)):
        said = words.replace(PARTNER, "Mill")
        assert said[0].isupper()
        assert said[-1] in ".?"
        assert said == " ".join(said.split())
        assert foreign.findall(said) == []


@pytest.mark.parametrize("item", ITEMS)
def test_a_question_asks_one_thing(item):
    found = [
        mark
        for language, pattern in TWO_IDEAS.items()
        for mark in pattern.findall(FIXED_EXPRESSIONS.sub("", item.text.into(language)))
    ]

    assert found == []


@pytest.mark.parametrize("item", ITEMS)
def test_a_question_asks_in_the_same_way_in_both_languages(item):
    assert item.text.en.endswith("?") == item.text.nl.endswith("?")
    assert (PARTNER in item.text.en) == (PARTNER in item.text.nl)
    assert item.source


@pytest.mark.parametrize("item", ITEMS)
def test_a_question_fits_a_phone_also_with_a_long_name(item):
    name = "Koninklijke Binnenvaart Maatschappij"
    for words in (item.text.en, item.text.nl):
        assert len(words.replace(PARTNER, name)) <= 180


def test_dutch_says_u_and_never_je():
    dutch = [nl for code in builtin() for _, nl in pairs(to_plain(load(code)))]
    familiar = re.compile(r"\b(?:je|jij|jouw|jullie)\b", re.IGNORECASE)

    assert [nl for nl in dutch if familiar.search(nl)] == []


@pytest.mark.parametrize("code", builtin())
def test_the_reserved_word_is_nowhere_also_not_in_notes(code):
    reserved = re.compile("anon" + "(?:y|ie)m", re.IGNORECASE)

    assert [one for one in strings(to_plain(load(code))) if reserved.search(one)] == []


def test_no_wording_stands_twice_in_all_instruments_together():
    said = [
        words.casefold()
        for code in set(builtin()) - {"capability_short"}
        for item in load(code).items
        for words in (item.text.en, item.text.nl)
    ]

    assert sorted(said) == sorted(set(said))


def test_no_code_stands_twice_in_all_instruments_together():
    codes = [
        item.code for code in set(builtin()) - {"capability_short"} for item in load(code).items
    ]

    assert sorted(codes) == sorted(set(codes))


def test_what_was_shortened_says_so():
    notes = {item.code: item.note for code in builtin() for item in load(code).items}

    shortened = {code for code, note in notes.items() if note.startswith("Shortened: ")}
    assert shortened == {
        "CC2",
        "CO1",
        "CO2",
        "CJ1",
        "CJ3",
        "CJ4",
        "D1B",
        "D2A",
        "D2B",
        "D7A",
        "TA4",
        "TR1",
        "EV4",
        "EV6",
    }
