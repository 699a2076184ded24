"""The two lists of words in which a seal is read aloud."""

import re
from collections import Counter
from importlib.resources import files

import pytest

LONGEST = {"en": 7, "nl": 8}
LANGUAGES = pytest.mark.parametrize("language", sorted(LONGEST))
UNWANTED = {
    "en": "blame cheat error fail false fault fraud guilty liar lie lose trick weak wrong "
    "blood bomb death gun kill knife sword war church god pray vote sex "
    "april monday",
    "nl": "bedrog dader dief falen fout leugen liegen schuld vals verraad zwak "
    "bloed bom dood geweer mes moord oorlog wapen bidden god kerk stemmen seks "
    "april maandag",
}
HOMOPHONES = (
    "sea see, two too, peace piece, mail male, pair pear, hair hare, flour flower, night knight, "
    "sun son, tail tale, plain plane, rain reign, road rode, whale wail, wait weight, week weak, "
    "beach beech, key quay, bear bare, deer dear, berry bury, cell sell, cereal serial, "
    "chord cord, current currant, idol idle, muscle mussel, medal meddle, pedal peddle, "
    "principal principle, sail sale, sauce source, steel steal, stair stare, storey story, "
    "thyme time, waist waste, wood would, bread bred, bridal bridle, canvas canvass, "
    "council counsel, symbol cymbal, naval navel, metal mettle, pause paws, root route"
)
VOWELS = "aeiou"


def words(language):
    name = f"words_{language}.txt"
    return (files("understream.measurement") / name).read_text(encoding="ascii").split("\n")[:-1]


def english_forms(word):
    """What a word may become in the plural or in another tense."""
    yield from (word + end for end in ("s", "es", "d", "ed", "ing"))
    yield from (word + word[-1] + end for end in ("ed", "ing"))
    if word.endswith("e"):
        yield word[:-1] + "ing"
    if word.endswith("y"):
        yield from (word[:-1] + "ies", word[:-1] + "ied")
    if word.endswith("f"):
        yield word[:-1] + "ves"


def dutch_forms(word):
    """What a word may become in the plural, as a verb, or made small."""
    stems = {word, word + word[-1]}
    if len(word) > 2 and word[-1] not in VOWELS and word[-3:-1] in {"aa", "ee", "oo", "uu"}:
        stems.add(word[:-2] + word[-1])
    stems |= {stem[:-1] + "v" for stem in stems if stem.endswith("f")}
    stems |= {stem[:-1] + "z" for stem in stems if stem.endswith("s")}
    yield from (stem + end for stem in stems for end in ("en", "e"))
    yield from (word + end for end in ("s", "t", "je", "tje", "pje"))


FORMS = {"en": english_forms, "nl": dutch_forms}


def dutch_sound(word):
    """The word in one spelling of sounds that Dutch writes in two."""
    for written, heard in (("ij", "ei"), ("ouw", "ou"), ("auw", "ou"), ("au", "ou"), ("ch", "g")):
        word = word.replace(written, heard)
    return word[:-1] + "t" if word.endswith("d") else word


def one_step_away(word):
    """What is left with one letter hidden or taken out: near words share one of these."""
    for place in range(len(word)):
        yield word[:place] + "." + word[place + 1 :]


@LANGUAGES
def test_a_list_holds_2048_sorted_plain_words_one_a_line(language):
    found = words(language)

    assert len(found) == len(set(found)) == 2048
    assert found == sorted(found)
    for word in found:
        assert re.fullmatch(f"[a-z]{{3,{LONGEST[language]}}}", word), word


@LANGUAGES
def test_four_letters_say_which_word_it_is(language):
    starts = Counter(word[:4] for word in words(language))

    assert [start for start, times in starts.items() if times > 1] == []


@LANGUAGES
def test_no_slip_of_one_letter_makes_another_word(language):
    found = set(words(language))
    hidden = Counter(form for word in found for form in one_step_away(word))
    left_out = {word[:at] + word[at + 1 :] for word in found for at in range(len(word))}
    swapped = {
        (word, word[:at] + word[at + 1] + word[at] + word[at + 2 :])
        for word in found
        for at in range(len(word) - 1)
    }

    assert [form for form, times in hidden.items() if times > 1] == []
    assert left_out & found == set()
    assert [pair for pair in swapped if pair[1] in found and pair[0] != pair[1]] == []


@LANGUAGES
def test_no_word_stands_beside_its_own_plural_or_another_of_its_forms(language):
    found = set(words(language))

    assert [
        (word, form)
        for word in found
        for form in FORMS[language](word)
        if form in found and form != word
    ] == []


def test_no_two_words_sound_the_same():
    english = set(words("en"))
    assert [both for both in HOMOPHONES.split(", ") if set(both.split()) <= english] == []

    sounds = Counter(dutch_sound(word) for word in words("nl"))
    assert [sound for sound, times in sounds.items() if times > 1] == []


@LANGUAGES
def test_no_word_blames_or_hurts_or_takes_a_side(language):
    assert set(UNWANTED[language].split()) & set(words(language)) == set()
