"""The format of instruments: what is understood, and every fault with its line and remedy."""

import json
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understream.instruments.lines import DEEPEST, line_at, lines_of
from understream.instruments.reader import (
    LARGEST_FILE,
    SILENT,
    Instrument,
    InstrumentError,
    Item,
    Option,
    Scale,
    Source,
    Text,
    builtin,
    from_plain,
    load,
    read,
    read_file,
    to_plain,
)

RESERVED = "anon" + "ymous"
RESERVED_IN_DUTCH = "anon" + "iem"

SMALL = """\
code = "small"
version = 3
about = "directed"
validated = false
licence = "our own"
title.en = "Small"
title.nl = "Klein"
purpose.en = "To try."
purpose.nl = "Om te proberen."
time_frame.en = "the past week"
time_frame.nl = "de afgelopen week"
referent.en = "the partner"
referent.nl = "de partner"
not_validated.en = "Not yet validated."
not_validated.nl = "Nog niet gevalideerd."

[comment]
en = "Anything else?"
nl = "Nog iets?"
internal = true

[scoring]
facet = "mean"
min_answered = "2/3"

[[sources]]
author = "Somebody"
year = 1999
supports = "the idea"

[scales.agree]
points = 7
low_end.en = "no"
low_end.nl = "nee"
high_end.en = "yes"
high_end.nl = "ja"

[scales.done]
options = [
  { code = "yes", en = "yes", nl = "ja" },
  { code = "no", en = "no", nl = "nee" },
]

[[facets]]
code = "honest"
title.en = "Honest"
title.nl = "Eerlijk"
side = "under"
level = "interaction"
panel = "judged"

[[facets]]
code = "acts"
title.en = "Acts"
title.nl = "Daden"
side = "upper"
level = "procedure"

[[items]]
code = "A1"
facet = "honest"
scale = "agree"
en = "[P] is open with us."
nl = "[P] is open tegen ons."
help.en = "About [P]."
help.nl = "Over [P]."
source = "Somebody 1999"

[[items]]
code = "A2"
facet = "honest"
scale = "agree"
en = "[P] hides things."
nl = "[P] verbergt dingen."
reverse = true
twin = "A1"
note = "Turned round."

[[items]]
code = "B1"
facet = "acts"
scale = "done"
en = "Did we meet [P]?"
nl = "Ontmoetten we [P]?"
"""


def faults_of(text):
    """The faults of a text; it must have some."""
    with pytest.raises(InstrumentError) as caught:
        read(text, "small.toml")
    return caught.value.faults


def changed(*swaps):
    """The small instrument with each old text, which stands there once, replaced."""
    text = SMALL
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_with(text, mark):
    """The number of the one line that holds a mark."""
    (number,) = [n for n, line in enumerate(text.splitlines(), 1) if mark in line]
    return number


# ------------------------------------------------------------------ understood


def test_a_file_becomes_an_instrument_with_its_items_in_order():
    small = read(SMALL, "small.toml")

    assert [item.code for item in small.items] == ["A1", "A2", "B1"]
    assert small.items[0] == Item(
        "A1",
        "honest",
        "agree",
        Text("[P] is open with us.", "[P] is open tegen ons."),
        help=Text("About [P].", "Over [P]."),
        source="Somebody 1999",
    )
    assert small.items[1].reverse
    assert small.items[1].twin == "A1"
    assert (small.code, small.version, small.directed, small.validated) == (
        "small",
        3,
        True,
        False,
    )
    assert small.not_validated == Text("Not yet validated.", "Nog niet gevalideerd.")
    assert (small.comment, small.comment_internal) == (Text("Anything else?", "Nog iets?"), True)
    assert small.sources == (Source("Somebody", 1999, "the idea"),)


def test_a_rating_has_points_and_ends_and_a_choice_has_options_with_codes():
    small = read(SMALL, "small.toml")

    assert small.scales == (
        Scale("agree", 7, low_end=Text("no", "nee"), high_end=Text("yes", "ja")),
        Scale(
            "done",
            2,
            choice=True,
            options=(Option("yes", "ja", "yes"), Option("no", "nee", "no")),
        ),
    )
    assert [small.scale_of(item).code for item in small.items] == ["agree", "agree", "done"]


def test_an_item_may_have_a_name_a_level_a_time_and_a_second_question():
    text = changed(
        (
            'scale = "done"\n',
            (
                'scale = "done"\nwith = "A2"\nlevel = "person"\n'
                'title.en = "Met"\ntitle.nl = "Ontmoet"\n'
                'time_frame.en = "ever"\ntime_frame.nl = "ooit"\n'
            ),
        )
    )
    small = read(text, "small.toml")
    first, _, last = small.items

    assert (last.after, last.title, last.time_frame) == (
        "A2",
        Text("Met", "Ontmoet"),
        Text("ever", "ooit"),
    )
    assert [small.level_of(one) for one in small.items] == ["interaction", "interaction", "person"]
    assert (first.after, first.title, first.level, first.time_frame) == ("", None, "", None)
    assert to_plain(small) == tomllib.loads(text)
    assert from_plain(to_plain(small)) == small


@pytest.mark.parametrize(
    ("language", "words"), [("en", "day"), ("nl", "dag"), ("nl-be", "dag"), ("fr", "day")]
)
def test_a_text_speaks_dutch_to_the_dutch_and_english_to_others(language, words):
    assert Text("day", "dag").into(language) == words


@pytest.mark.parametrize(
    ("part", "items", "needed"), [("2/3", 4, 3), ("2/3", 3, 2), ("2/3", 1, 1), ("1/2", 4, 2)]
)
def test_the_part_of_a_facet_that_must_be_answered_is_rounded_up(part, items, needed):
    more = "".join(
        SMALL[SMALL.index('[[items]]\ncode = "B1"') :]
        .replace("B1", f"C{n}")
        .replace("we", f"we {n} times")
        for n in range(items - 1)
    )
    small = read(changed(('"2/3"', f'"{part}"')) + more, "small.toml")

    assert small.answers_needed(small.facets[1]) == needed


def test_an_instrument_may_have_no_comment_field():
    start, end = SMALL.index("[comment]"), SMALL.index("[scoring]")

    assert read(SMALL[:start] + SMALL[end:], "small.toml").comment is None


def test_a_scale_may_begin_at_nought():
    small = read(changed(("points = 7", "points = 11\nlow = 0")), "small.toml")

    assert (small.scales[0].points, small.scales[0].low) == (11, 0)
    assert from_plain(to_plain(small)) == small


def test_the_example_in_the_guide_for_authors_is_an_instrument():
    guide = (Path(__file__).parents[2] / "docs" / "instrument-format.md").read_text("utf-8")

    example = read("\n".join(re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)), "guide.toml")

    assert [item.code for item in example.items] == ["ME1", "ME2", "ME3", "ME4"]


# ------------------------------------------------------------------ kept, fingerprint


@pytest.mark.parametrize("code", builtin())
def test_what_is_kept_as_json_comes_back_as_it_was(code):
    instrument = load(code)

    kept = json.loads(json.dumps(to_plain(instrument), sort_keys=True))

    assert from_plain(kept) == instrument
    assert from_plain(kept).digest() == instrument.digest()


def test_keeping_has_the_structure_of_the_file():
    assert to_plain(read(SMALL, "small.toml")) == tomllib.loads(SMALL)


def test_the_fingerprint_knows_content_not_layout():
    one = read(SMALL, "small.toml")

    same = read("# a remark\n" + SMALL.replace("\n", "\r\n"), "other.toml")
    decomposed = changed(("[P] hides", "[P] cafe\u0301 hides"))
    composed = changed(("[P] hides", "[P] caf\u00e9 hides"))

    assert same.digest() == one.digest()
    assert read(decomposed, "a").digest() == read(composed, "b").digest()
    assert read(composed, "b").digest() != one.digest()
    assert re.fullmatch("[0-9a-f]{64}", one.digest())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 3", "version = 4"),
        ("internal = true", "internal = false"),
        ('"2/3"', '"1/2"'),
        ("points = 7", "points = 5"),
        ("reverse = true", "reverse = false"),
        ('panel = "judged"', 'panel = "dare"'),
        ("Turned round.", "Turned about."),
        ("year = 1999", "year = 2000"),
    ],
)
def test_every_change_of_content_changes_the_fingerprint(old, new):
    before = read(SMALL, "small.toml").digest()

    assert read(changed((old, new)), "small.toml").digest() != before


@pytest.mark.parametrize(
    "damage", [{"scales": []}, {"facets": 3}, {"comment": 1}, {"title": {"en": "x"}}]
)
def test_damaged_stored_content_is_said_to_be_damaged(damage):
    plain = to_plain(read(SMALL, "small.toml")) | damage

    with pytest.raises(InstrumentError, match="the stored content is damaged"):
        from_plain(plain)


def test_an_unknown_built_in_is_a_key_error():
    with pytest.raises(KeyError):
        load("../reader")


@pytest.mark.parametrize("code", builtin())
def test_a_built_in_bears_the_name_of_its_file_and_is_read_once(code):
    assert load(code).code == code
    assert load(code) is load(code)


# ------------------------------------------------------------------ faults

LONG = "[P] " + "x" * 157
FAULTS = {
    "unknown facet": (
        ('facet = "acts"', 'facet = "akts"'),
        'facet = "akts"',
        "item B1 names a facet akts that is not there",
        'Write facet = "acts"',
    ),
    "unknown scale": (
        ('scale = "done"', 'scale = "zzz"'),
        'scale = "zzz"',
        "item B1 names a scale zzz that is not there",
        "Known: agree, done",
    ),
    "missing Dutch": (
        ('nl = "Ontmoetten we [P]?"\n', ""),
        79,  # where the item opens
        "item B1 has no Dutch text",
        'Add nl = "..."',
    ),
    "missing Dutch of a title": (
        ('title.nl = "Daden"\n', ""),
        'title.en = "Acts"',
        "title of facet acts has no Dutch text",
        'Add nl = "..."',
    ),
    "missing text": (
        ('title.en = "Small"\ntitle.nl = "Klein"\n', ""),
        'code = "small"',
        "the instrument has no title",
        'Add title.en = "..." and title.nl = "..."',
    ),
    "missing number": (
        ("points = 7\n", ""),
        "[scales.agree]",
        'scale "agree" has no points',
        "Add points = 3",
    ),
    "duplicate code": (
        ('code = "A2"', 'code = "a1"'),
        'code = "a1"',
        'the item "a1" stands twice',
        "Change it here or on line 60",
    ),
    "duplicate wording": (
        ('nl = "[P] verbergt dingen."', 'nl = "[P] is open tegen ons."'),
        'nl = "[P] is open tegen ons."',
        'the nl wording of item "[P] is open tegen ons." stands twice',
        "Change it here or on line 64",
    ),
    "duplicate option": (
        ('code = "no", en', 'code = "yes", en'),
        '{ code = "yes", en = "no"',
        'the option "yes" of scale "done" stands twice',
        "Change it here or on line 40",
    ),
    "reverse of a choice": (
        ('en = "Did we meet [P]?"', 'en = "Did we meet [P]?"\nreverse = true # here'),
        "reverse = true # here",
        "item B1 is turned round, but the scale done is a choice",
        "Take reverse out; only a rating can be turned round",
    ),
    "two scales in a facet": (
        (
            (
                'scale = "agree"\nen = "[P] hides things."\nnl = "[P] verbergt dingen."\n'
                'reverse = true\ntwin = "A1"'
            ),
            'scale = "done" #\nen = "[P] hides things."\nnl = "[P] verbergt dingen."',
        ),
        'scale = "done" #',
        "item A2 has another scale than item A1, in the same facet honest",
        "Give it a facet of its own; a facet has one scale",
    ),
    "longer than a phone shows": (
        ("[P] hides things.", LONG),
        LONG,
        "the English text of item A2 is 161 characters long",
        "Shorten it to 160, so that it fits its place on a phone",
    ),
    "partner not named": (
        ("Did we meet [P]?", "Did we meet?"),
        "Did we meet?",
        "the English text of item B1 does not name the partner",
        "Write [P] where the partner's name comes",
    ),
    "partner misspelt": (
        ("Did we meet [P]?", "Did we meet [p]?"),
        "Did we meet [p]?",
        'the English text of item B1 holds "[p]"',
        "Write [P] where the partner's name comes",
    ),
    "partner where nothing is filled in": (
        ('title.nl = "Daden"', 'title.nl = "Daden van [P]"'),
        "Daden van [P]",
        "the Dutch text of title of facet acts names the partner",
        "Take [P] out: it is filled in only in items and their help",
    ),
    "partner in the comment": (
        ("Nog iets?", "Nog iets over [P]?"),
        "Nog iets over [P]?",
        "the Dutch text of the comment names the partner",
        "Take [P] out: it is filled in only in items and their help",
    ),
    "unknown key": (
        ("twin =", "twinn ="),
        "twinn =",
        'item A2 has an unknown key "twinn"',
        "Write twin",
    ),
    "unknown key like no other": (
        ("points = 7", "points = 7\nzzz = 1"),
        "zzz = 1",
        'scale "agree" has an unknown key "zzz"',
        "Take it out; known: points, low, low_end, high_end",
    ),
    "wrong type": (
        ("version = 3", 'version = "3"'),
        "version =",
        "version is not what it has to be",
        "Make it a whole number from 1 to 9999, without quotes",
    ),
    "version below 1": (
        ("version = 3", "version = 0"),
        "version =",
        "version is not what it has to be",
        "Make it a whole number from 1 to 9999, without quotes",
    ),
    "true is no number": (
        ("version = 3", "version = true"),
        "version =",
        "version is not what it has to be",
        "Make it a whole number from 1 to 9999, without quotes",
    ),
    "a number is no text": (
        ('en = "Anything else?"', "en = 4"),
        "en = 4",
        "the English text of the comment is not what it has to be",
        "Make it a text between quotes",
    ),
    "no text with two languages": (
        ('title.en = "Acts"\ntitle.nl = "Daden"', 'title = "Acts"'),
        'title = "Acts"',
        "title of facet acts is not what it has to be",
        "Make it a table with en, nl",
    ),
    "no list": (
        (
            (
                'options = [\n  { code = "yes", en = "yes", nl = "ja" },\n'
                '  { code = "no", en = "no", nl = "nee" },\n]'
            ),
            "options = 3",
        ),
        "options = 3",
        'options of scale "done" is not what it has to be',
        (
            "Make it a list of tables, each opened by"
            ' options = [{ code = "yes", en = "yes", nl = "ja" }]'
        ),
    ),
    "one option": (
        ('  { code = "no", en = "no", nl = "nee" },\n', ""),
        "options = [",
        'scale "done" has 1 options',
        "Give 2 to 254; an answer is kept in one byte",
    ),
    "too many points": (
        ("points = 7", "points = 255"),
        "points =",
        'points of scale "agree" is not what it has to be',
        "Make it a whole number from 3 to 254, without quotes",
    ),
    "points and options": (
        ("points = 7", "points = 7\noptions = [{ code = 'a', en = 'a', nl = 'a' }]"),
        "[scales.agree]",
        'scale "agree" is answered in two ways at once',
        "Keep points with low_end and high_end, or keep options, or keep steps",
    ),
    "code with a space": (
        ('code = "B1"', 'code = "B 1"'),
        'code = "B 1"',
        "code of item number 3 is not what it has to be",
        "Make it a code: a letter, then letters, digits, - or _, at most 40 in all",
    ),
    "side and level disagree": (
        ('side = "upper"', 'side = "under"'),
        56,
        "facet acts has the level procedure, which is not on the side under",
        'Write side = "upper", or another level',
    ),
    "unknown panel": (
        ('panel = "judged"', 'panel = "sum"'),
        "panel =",
        "panel of facet honest is not what it has to be",
        'Make it one of "done", "judged", "dare", "mirror", "people", "watch"',
    ),
    "a facet without items": (
        (
            '[[items]]\ncode = "A1"',
            (
                '[[facets]]\ncode = "idle"\ntitle.en = "Idle"\n'
                'title.nl = "Stil"\nside = "context"\nlevel = "context"\n\n[[items]]\ncode = "A1"'
            ),
        ),
        'code = "idle"',
        "no item belongs to facet idle",
        "Add one, or remove it",
    ),
    "no such twin": (
        ('twin = "A1"', 'twin = "A9"'),
        "twin =",
        "item A2 has the twin A9, which is no other item",
        "Write the code of the item that asks the same about the other side",
    ),
    "its own twin": (
        ('twin = "A1"', 'twin = "A2"'),
        "twin =",
        "item A2 has the twin A2, which is no other item",
        "Write the code of the item that asks the same about the other side",
    ),
    "a twin on another scale": (
        ('twin = "A1"', 'twin = "B1"'),
        "twin =",
        "item A2 and its twin B1 have different scales",
        "Give both the same scale, so that they can be compared",
    ),
    "a second question to nothing": (
        ('scale = "done"', 'scale = "done"\nwith = "A3"'),
        "with =",
        "item B1 is a second question to A3, which is no other item",
        'Write with = "A2"',
    ),
    "a second question to itself": (
        ('scale = "done"', 'scale = "done"\nwith = "B1"'),
        "with =",
        "item B1 is a second question to B1, which is no other item",
        'Write with = "A2"',
    ),
    "a second question elsewhere": (
        ('scale = "done"', 'scale = "done"\nwith = "A1"'),
        "with =",
        "item B1 is a second question to A1, which does not stand right before it",
        "Move it to directly below A1; a question has one second question at most",
    ),
    "a third question": (
        (
            'twin = "A1"\nnote = "Turned round."\n\n[[items]]\ncode = "B1"\n',
            'with = "A1"\n\n[[items]]\ncode = "B1"\nwith = "A2"\n',
        ),
        'with = "A2"',
        "item B1 is a second question to A2, which is a second question itself",
        "Take with out; two questions fit on a phone, three do not",
    ),
    "a name too long for a list": (
        ('scale = "done"', f'scale = "done"\ntitle.en = "{"x" * 41}"\ntitle.nl = "kort"'),
        'title.en = "xxx',
        "the English text of title of item B1 is 41 characters long",
        "Shorten it to 40, so that it fits its place on a phone",
    ),
    "a name with the partner in it": (
        ('scale = "done"', 'scale = "done"\ntitle.en = "Us"\ntitle.nl = "Wij en [P]"'),
        "Wij en",
        "the Dutch text of title of item B1 names the partner",
        "Take [P] out: it is filled in only in items and their help",
    ),
    "a level of its own that is none": (
        ('scale = "done"', 'scale = "done"\nlevel = "upper"'),
        'level = "upper"',
        "level of item B1 is not what it has to be",
        ('Make it one of "content", "procedure", "interaction", "person", "context"'),
    ),
    "reserved word": (
        ("Nog iets?", f"Nog iets, {RESERVED_IN_DUTCH}?"),
        "Nog iets,",
        "the Dutch text of the comment uses the word that this product keeps for another promise",
        "Say who sees the answer instead",
    ),
    "reserved word in English": (
        ("the idea", f"{RESERVED.title()} answers"),
        "supports",
        "supports of source 1 uses the word that this product keeps for another promise",
        "Say who sees the answer instead",
    ),
    "control character": (
        ("[P] hides", "[P]\\u0007 hides"),
        "hides",
        "the English text of item A2 holds a line break or an invisible character",
        "Type the text anew on one line",
    ),
    "a character that turns the line": (
        ("[P] hides", "[P]\u202e hides"),
        "hides",
        "the English text of item A2 holds a line break or an invisible character",
        "Type the text anew on one line",
    ),
    "HTML": (
        ("[P] hides", "[P] <b>hides</b>"),
        "<b>hides",
        "the English text of item A2 holds HTML",
        "Write plain words",
    ),
    "an empty text": (
        ('licence = "our own"', 'licence = ""'),
        "licence =",
        "licence is empty",
        "Write a text, or a dash if none",
    ),
    "a space at the end": (
        ('licence = "our own"', 'licence = "our own "'),
        "licence =",
        "licence begins or ends with a space",
        "Take the space away",
    ),
    "not told that it is not validated": (
        (
            (
                'not_validated.en = "Not yet validated."\n'
                'not_validated.nl = "Nog niet gevalideerd."\n'
            ),
            "",
        ),
        "validated = false",
        "the instrument is not validated and does not tell people so",
        (
            'Add not_validated.en = "Not yet validated." and'
            ' not_validated.nl = "Nog niet gevalideerd."'
        ),
    ),
    "validated and not": (
        ("validated = false", "validated = true"),
        "not_validated.en",
        "the instrument is validated and says that it is not",
        "Take not_validated out, or set validated = false",
    ),
    "a strange part": (
        ('"2/3"', '"3/2"'),
        "min_answered",
        "min_answered of the scoring is not what it has to be",
        'Make it a part of the items, such as "2/3"',
    ),
}


@pytest.mark.parametrize(("swap", "mark", "what", "remedy"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_line_and_its_remedy(swap, mark, what, remedy):
    text = changed(swap)
    places = [n for n, held in enumerate(text.splitlines(), 1) if str(mark) in held]
    line = mark if isinstance(mark, int) else places[-1]

    faults = faults_of(text)

    assert [(one.file, one.line, one.what, one.remedy) for one in faults] == [
        ("small.toml", line, what, remedy)
    ]
    assert str(faults[0]) == f"small.toml, line {line}: {what}. {remedy}."


def test_the_partner_is_not_named_in_an_instrument_about_the_alliance():
    text = changed(('about = "directed"', 'about = "alliance"'))

    faults = faults_of(text)

    marks = [n for n, line in enumerate(text.splitlines(), 1) if "[P]" in line]
    assert [fault.line for fault in faults] == marks
    assert {fault.remedy for fault in faults} == {
        'Take it out, or make the instrument about = "directed"'
    }


def test_all_faults_are_told_at_once_in_the_order_of_their_lines():
    text = changed(
        ("version = 3", "version = -1"),
        ("points = 7", "points = 1"),
        ('twin = "A1"', 'twin = "A9"'),
        ('nl = "Ontmoetten we [P]?"\n', ""),
    )

    faults = faults_of(text)

    assert [fault.line for fault in faults] == [
        line_with(text, "version = -1"),
        line_with(text, "points = 1"),
        line_with(text, 'twin = "A9"'),
        line_with(text, 'code = "B1"') - 1,
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('code = "a"\nversion 3\n', 2),
        ('code = "a"\n\ncode = "b"\n', 3),
        ('code = "a', 1),
        ('code = """a\n\n', 2),
        ("a = " + "[" * 1900, 1),
        ("a = [\n" + "[\n" * 5000, 1),
        ("\x00", 1),
        ("\ud800", 1),
        ("a = 1\n[b\n", 2),
    ],
)
def test_what_is_not_toml_is_refused_with_its_line(text, line):
    assert [fault.line for fault in faults_of(text)] == [line]


@pytest.mark.parametrize("line", ["#" * 2001, "a" + ".a" * 51 + " = 1"])
def test_a_line_that_no_instrument_needs_is_refused_before_it_costs_time(line):
    text = f"{SMALL}{line}\n"

    assert [(one.line, one.what) for one in faults_of(text)] == [
        (line_with(text, line), "the line is overlong, or full of dots")
    ]


def test_an_empty_file_lacks_everything_but_has_a_first_line():
    faults = faults_of("")

    assert {fault.line for fault in faults} == {1}
    assert len(faults) == 14


def test_more_than_a_hundred_items_are_refused_at_the_first_too_many():
    item = SMALL[SMALL.index('[[items]]\ncode = "B1"') :].replace("B1", "X{0}")
    item = item.replace("[P]", "[P] {0} times")
    text = SMALL + "".join(item.format(number) for number in range(98))

    (fault,) = faults_of(text)

    assert (fault.line, fault.what) == (line_with(text, '"X97"') - 1, "there are 101 items")


def test_a_file_above_one_megabyte_is_refused(tmp_path):
    path = tmp_path / "big.toml"
    path.write_text(SMALL + "#" * LARGEST_FILE)

    with pytest.raises(InstrumentError, match=r"^big.toml, line 1: the file is larger than 1 MB"):
        read_file(path)
    assert faults_of(SMALL + "#" * LARGEST_FILE)[0].what == "the file is larger than 1 MB"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8-sig")

    assert read_file(path) == read(SMALL, "small.toml")


def test_a_file_that_is_not_utf_8_is_refused_on_its_line(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes("# one\n# twee\u00ebn".encode("latin-1"))

    with pytest.raises(InstrumentError) as caught:
        read_file(path)
    assert [str(fault) for fault in caught.value.faults] == [
        "latin.toml, line 2: this line is not UTF-8. Save the file as UTF-8."
    ]


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml", tmp_path / ("n" * 300)):
        with pytest.raises(InstrumentError, match="line 1: the file cannot be read"):
            read_file(path)


def test_an_instrument_built_without_a_file_can_be_kept_too():
    plain = Instrument(
        "import", 1, Text("a", "b"), SILENT, False, SILENT, SILENT, None, (), (), ()
    )

    assert from_plain(to_plain(plain)) == plain
    assert plain.min_answered == Fraction(2, 3)


# ------------------------------------------------------------------ lines


def paths_of(value, path=()):
    """All paths of a document, as lines_of has to find them."""
    if path:
        yield path
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, held in pairs:
            yield from paths_of(held, (*path, key))


TRICKY = '''\
# [not] = "a table"
"quoted.key" = 'literal # no comment'
'single' . "esc\\"aped\\u0041" = 1
many = """
[[items]]
a = "no" \\""" still "" inside"""""
raw = \'\'\'
b = 2 \\\'\'\'
list = [ # one
  1, [2, { x = "]", y.z = "}" }],
  "three", # ]
  1979-05-27 07:32:00Z,
]
[a.b.c]
k = 1
[[a.list]]
n = 1
[a.list.inner]
m = 2
[[a.list]]
[[a.list.deep]]
q = { }
[[a.list.deep]]
r = []
[a.b]
last = -inf
'''


def test_every_key_of_a_tricky_text_is_found_on_its_line():
    lines = lines_of(TRICKY)

    assert set(lines) == set(paths_of(tomllib.loads(TRICKY)))
    assert {
        ("quoted.key",): 2,
        ("single", 'esc"apedA'): 3,
        ("many",): 4,
        ("raw",): 7,
        ("list", 1, 1, "y", "z"): 10,
        ("list", 2): 11,
        ("list", 3): 12,
        ("a", "b"): 14,
        ("a", "b", "c", "k"): 15,
        ("a", "list", 0, "inner", "m"): 19,
        ("a", "list", 1): 20,
        ("a", "list", 1, "deep", 1, "r"): 24,
        ("a", "b", "last"): 26,
    }.items() <= lines.items()


def test_lines_are_the_same_with_the_line_ends_of_windows():
    assert lines_of(TRICKY.replace("\n", "\r\n")) == lines_of(TRICKY)


def test_what_is_not_in_the_text_stands_where_its_table_stands():
    assert line_at({("a",): 7}, ("a", "b", 3)) == 7
    assert line_at({("a",): 7}, ("c",)) == 1


NAMES = st.text("ab.\"' é", min_size=1, max_size=4)
WORDS = st.text("ab\"'\\\n#[]{}=,é", max_size=12)
VALUES = st.recursive(
    st.integers() | st.booleans() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def basic(words):
    """A basic TOML string."""
    return json.dumps(words)


def literal(words):
    """A text over several lines as it stands, if it can be one."""
    return f"'''\n{words}'''" if "''" not in words and not words.endswith("'") else basic(words)


def several(words):
    """A text over several lines, with escapes."""
    escaped = words.replace("\\", "\\\\").replace('""', '"\\"')
    return f'"""\n{escaped}"""'


def written(value, draw):
    """A value in TOML, in one of the ways to write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return draw(st.sampled_from([basic, literal, several]))(value)
    space = draw(st.sampled_from(["", " ", "\n", " # ] } \n\n"]))
    if isinstance(value, list):
        return "[" + "".join(f"{space}{written(one, draw)}{space}," for one in value) + space + "]"
    pairs = (f"{basic(key)} = {written(held, draw)}" for key, held in value.items())
    return "{" + ", ".join(pairs) + "}"


@given(
    st.data(), st.dictionaries(NAMES, VALUES, max_size=4), st.lists(st.dictionaries(NAMES, VALUES))
)
@settings(max_examples=150, deadline=None)
def test_every_key_of_any_document_is_found_on_the_line_where_it_stands(data, head, tables):
    text = "".join(f"{basic(key)} = {written(value, data.draw)}\n" for key, value in head.items())
    for table in tables:
        text += '[[ zz . "t" ]] # one\n'
        text += "".join(
            f" {basic(key)}\t= {written(value, data.draw)}\n" for key, value in table.items()
        )

    lines = lines_of(text)

    found = paths_of(tomllib.loads(text))
    assert set(lines) == {path for path in found if len(path) <= DEEPEST}
    source = text.split("\n")
    missed = [
        (path, line)
        for path, line in lines.items()
        if isinstance(path[-1], str)
        and path[-1] not in {"zz", "t"}
        and basic(path[-1]) not in source[line - 1]
    ]
    assert missed == []


# ------------------------------------------------------------------ any text at all


def read_or_refused(text):
    """Read a text; nothing but an instrument or its refusal may come of it."""
    faults = ()
    try:
        found = read(text, "any.toml")
    except InstrumentError as refusal:
        faults = refusal.faults
    else:
        assert from_plain(to_plain(found)) == found
        return
    most = text.count("\n") + 1
    assert faults
    assert all(1 <= fault.line <= most and fault.what and fault.remedy for fault in faults)


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_spoilt_instrument_is_read_or_refused_and_never_breaks_the_reader(data):
    text = SMALL
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        lines = SMALL.splitlines(keepends=True)
        new = st.text(max_size=6) | st.sampled_from(
            [*lines, "[", "]", "{", '"', "\ud800", "= 1\n"]
        )
        text = text[:start] + data.draw(new) + text[end:]

    read_or_refused(text)


JUNK = st.recursive(
    st.none()
    | st.integers()
    | st.booleans()
    | st.text(max_size=5)
    | st.sampled_from(["A1", "agree"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
).filter(lambda value: value is not None)


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_in_any_place_is_read_or_refused(data):
    document = tomllib.loads(SMALL)
    path = data.draw(st.sampled_from(sorted(paths_of(document), key=str)))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(JUNK)
    text = "".join(f"{basic(k)} = {inline(v)}\n" for k, v in document.items())

    read_or_refused(text)


def inline(value):
    """A value in TOML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{basic(k)} = {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(one) for one in value if one is not None) + "]"
    if value is None:
        return "0"
    return basic(value) if isinstance(value, str) else str(value).lower()
