"""Every sentence people read is marked, collected, and told in Dutch."""

import ast
import gettext
import html
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings

from tests.catalogue import (
    CATALOGUE,
    HOUSE,
    MARKS,
    modules,
    name_of,
    read_catalogue,
    sentences,
    sentences_of,
    templates,
)

ROOT = Path(__file__).parents[1]
COMPILED = CATALOGUE.with_suffix(".mo")
ENTRIES = read_catalogue()

SAME = {
    "1 %(low)s … %(points)s %(high)s",
    "%(party)s: %(zone)s",
    "%(n)s open",
    # words of the field that Dutch has as they are
    "manager", "sponsor", "Sponsor", "facilitator", "Facilitator", "Facilitators", "team",
    "open", "context", "procedure",
    # words that Dutch took over
    "Database",
    # letters of statistics
    "Omega", "ICC(1)",
    # punctuation and numbers
    "%(party)s: %(word)s", "4",
    # singular and plural alike
    "manager %(names)s", "managers %(names)s", "facilitator %(names)s",
    "facilitators %(names)s",
    # a verb in both
    "Open “%(round)s”", "Begin", "Begin:", "Begin “%(evaluation)s”",
    # what is not judged yet
    "Open", "Open.", "Open:",
    # of workshops
    "Workshops", "Agenda", "%(minutes)s min", "Workshop: %(workshop)s",
}  # fmt: skip
"""English that is good Dutch too."""

UNTOLD = {
    # the name of the product, of languages, of clocks and of a program
    "Understream", "English", "Nederlands", "UTC", "Python",
    # what is printed on keys
    "T", "Esc", "Enter", "C", "D", "H", "J", "K", "P", "R", "U", "W", "X", "Shift",
    # a kind of file, and how many people
    "CSV", "n",
}  # fmt: skip
"""Words on pages that are the same in every language."""

READ = {
    "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription",
    "aria-valuetext", "placeholder", "title", "caption", "hint", "label", "lede", "note", "text",
    "who_sees", "word",
}  # fmt: skip
"""Attributes whose text people see or hear; the last of them are those of our components."""


BOTH = {
    # an imported instrument carries both languages, as every instrument does
    "Ratings from a file.", "Beoordelingen uit een bestand.",
    "The questions come from a file; how they were tested is not known here.",
    "De vragen komen uit een bestand; hoe ze beproefd zijn, is hier niet bekend.",
    # a name
    "Noorderkade Coöperatie van Zelfstandige Binnenschippers en Overslagbedrijven U.A.",
}  # fmt: skip
"""Sentences of modules that need no translation."""


def told_by_modules():
    """Return the modules whose sentences reach pages and letters."""
    floors = ("access", "domain", "report", "web")
    return [path for path in modules() if path.relative_to(HOUSE).parts[0] in floors]


def placeholders(text):
    return sorted(re.findall(r"%(?:\((\w+)\))?[sd]", text))


def stop(text):
    """Return the mark at the end of a text, "" for none."""
    last = text.rstrip()[-1:]
    return last if last in ".?!:;" else ""


def test_every_sentence_has_a_dutch_one():
    untold = [entry.key for entry in ENTRIES if not entry.dutch or not all(entry.dutch)]

    assert untold == []


def test_no_dutch_is_a_guess_and_none_is_left_over():
    doubtful = [entry.key for entry in ENTRIES if entry.flags & {"fuzzy", "obsolete"}]

    assert doubtful == []


def test_a_sentence_stands_once_in_the_catalogue():
    keys = [entry.key[:2] for entry in ENTRIES]

    assert sorted(keys) == sorted(set(keys))


def test_the_catalogue_holds_the_sentences_of_the_code_and_no_others():
    known, used = {entry.key for entry in ENTRIES}, sentences()

    assert (sorted(used - known), sorted(known - used)) == ([], []), "run `make messages`"


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_gettext_collects_the_same_sentences(tmp_path):
    house = shutil.copytree(HOUSE, tmp_path / "understream")
    shutil.rmtree(house / "locale")
    (house / "locale").mkdir()
    subprocess.run(
        [Path(sys.executable).parent / "django-admin", "makemessages", "--locale=nl", "-v0"],
        cwd=house,
        env={name: value for name, value in os.environ.items() if not name.startswith("DJANGO")},
        check=True,
    )

    collected = read_catalogue(house / CATALOGUE.relative_to(HOUSE))

    assert {entry.key for entry in collected} == sentences()


def test_what_is_compiled_is_what_is_written():
    written = {}
    for entry in ENTRIES:
        context, sentence, plural = entry.key
        key = f"{context}\4{sentence}" if context else sentence
        written |= (
            {(key, number): text for number, text in enumerate(entry.dutch)}
            if plural
            else {key: entry.dutch[0]}
        )

    with COMPILED.open("rb") as compiled:
        catalogue = dict(gettext.GNUTranslations(compiled)._catalog)
    head = catalogue.pop("")

    assert catalogue == written, "run `make messages`"
    assert "Language: nl" in head
    assert "Plural-Forms: nplurals=2; plural=(n != 1);" in head


def test_every_plural_has_two_forms():
    lacking = [entry.key for entry in ENTRIES if len(entry.dutch) != len(entry.english)]

    assert lacking == []


def test_the_dutch_fills_in_what_the_english_fills_in():
    differing = [
        (english, dutch)
        for entry in ENTRIES
        for english, dutch in zip(entry.english, entry.dutch, strict=True)
        if set(placeholders(english)) != set(placeholders(dutch))
    ]

    assert differing == []


def test_every_dutch_sentence_with_a_place_to_fill_in_can_be_filled_in():
    for entry in ENTRIES:
        if "python-format" in entry.flags:
            for dutch in entry.dutch:
                names = placeholders(dutch)
                words = dict.fromkeys(names, 7) if all(names) else tuple(7 for _name in names)
                assert "%(" not in dutch % words, dutch


def test_the_dutch_marks_up_what_the_english_marks_up():
    differing = [
        (english, dutch)
        for entry in ENTRIES
        for english, dutch in zip(entry.english, entry.dutch, strict=True)
        if re.findall(r"</?\w+>", english) != re.findall(r"</?\w+>", dutch)
    ]

    assert differing == []


def test_the_dutch_begins_and_ends_as_the_english_does():
    differing = []
    for entry in ENTRIES:
        for english, dutch in zip(entry.english, entry.dutch, strict=True):
            around = [
                (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
                for text in (english, dutch)
            ]
            if around[0] != around[1] or english.count("\n") != dutch.count("\n"):
                differing.append((english, dutch))

    assert differing == []


def test_the_dutch_ends_with_the_same_stop():
    differing = [
        (english, dutch)
        for entry in ENTRIES
        for english, dutch in zip(entry.english, entry.dutch, strict=True)
        if stop(english) != stop(dutch)
    ]

    assert differing == []


def test_no_dutch_breaks_out_of_an_attribute():
    breaking = [
        text for entry in ENTRIES for text in entry.dutch if re.search("[\"'\u2028]", text)
    ]

    assert breaking == []


def test_no_dutch_is_english_but_for_the_words_both_have():
    alike = {
        english
        for entry in ENTRIES
        for english, dutch in zip(entry.english, entry.dutch, strict=True)
        if english == dutch
    }

    assert alike == SAME


def test_people_are_spoken_to_in_one_way():
    formal = [
        text
        for entry in ENTRIES
        for text in entry.dutch
        if re.search(r"\b(u|uw|uzelf|gij)\b", text, re.IGNORECASE)
    ]

    assert formal == []


def test_a_promise_that_cannot_be_kept_is_made_in_no_language():
    promised = [
        (path.name, word)
        for path in (CATALOGUE, *templates(), *modules())
        for word in re.findall(r"(?i)\banoni\w*|\banonym\w*", path.read_text(encoding="utf-8"))
        if "instruments" not in path.parts  # where the word is refused, it has to be named
    ]

    assert promised == []


def test_every_block_of_a_page_is_trimmed_so_that_its_layout_can_change():
    untrimmed = [
        (path.name, tag)
        for path in templates()
        for tag in re.findall(
            r"{% *blocktrans(?:late)?\b[^%]*%}", path.read_text(encoding="utf-8")
        )
        if "trimmed" not in tag.split() and path.suffix == ".html"
    ]

    assert untrimmed == []


@pytest.mark.parametrize(
    "path", templates(), ids=lambda path: str(path.relative_to(HOUSE / "web"))
)
def test_no_word_on_a_page_is_left_unmarked(path):
    # /parts names people, colours and components, none of them in more than three words.
    least = 4 if path.parent.name == "parts" else 1

    assert bare_words(path.read_text(encoding="utf-8"), least=least) == []


@pytest.mark.parametrize("path", told_by_modules(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_sentence_of_a_module_is_left_unmarked(path):
    assert set(bare_sentences(path.read_text(encoding="utf-8"))) <= BOTH


def test_a_bare_sentence_of_a_module_is_seen():
    module = """
    'A docstring is for us.'
    fault = _("This is marked.")
    told = Text("This has its Dutch.", "Dit heeft zijn Nederlands.")
    other = "This is not."
    name = "harbour mill"
    """

    assert bare_sentences(dedent(module)) == ["This is not."]


@pytest.mark.parametrize("path", sorted((HOUSE / "web" / "static" / "js").glob("*.js")))
def test_no_script_holds_a_sentence_of_its_own(path):
    told = [
        line.strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"[\"'`][A-Z][^\"'`]* [^\"'`]*[\"'`]", line.split("//")[0])
        and "throw new" not in line  # for whoever reads the browser's console
    ]

    assert told == []


def test_bare_words_are_seen_between_tags_and_in_what_is_read_aloud():
    page = (
        '{# no #}<p class="no">Hello {{ name }}</p><code>cp a b</code><c-tag label="Go" />'
        '<img alt="{{ x }}">'
    )

    assert bare_words(page) == ["Go", "Hello"]


def test_what_is_marked_in_templates_and_modules_is_found(tmp_path):
    page, module = tmp_path / "page.html", tmp_path / "module.py"
    page.write_text(
        "{% translate 'One' %}{% translate \"Two %\" context 'x' %}{% firstof a _('Three') %}"
        "{% blocktranslate trimmed count n=n %}\n {{ n }} four\n{% plural %}{{ n }} fours"
        "{% endblocktranslate %}"
    )
    module.write_text('a = _("Five " "six")\nb = pgettext_lazy("y", "Seven")\n_ = a[0]\n')

    assert sentences_of(page) == {
        ("", "One", ""),
        ("x", "Two %%", ""),
        ("", "Three", ""),
        ("", "%(n)s four", "%(n)s fours"),
    }
    assert sentences_of(module) == {("", "Five six", ""), ("y", "Seven", "")}


def test_an_empty_a_doubtful_and_an_old_sentence_are_seen(tmp_path):
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Language: nl\\n"\n\n#, fuzzy, python-format\nmsgctxt "c"\n'
        'msgid ""\n"one\\n"\n"two"\nmsgstr ""\n\n#~ msgid "old"\n#~ msgstr "oud"\n'
    )

    first, second = read_catalogue(path)

    assert (first.key, first.dutch) == (("c", "one\ntwo", ""), [""])
    assert first.flags == {"fuzzy", "python-format"}
    assert (second.key, second.dutch, second.flags) == (("", "old", ""), ["oud"], {"obsolete"})


def test_the_catalogue_lies_in_the_package_and_in_what_is_released(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel).read("understream/locale/nl/LC_MESSAGES/django.mo")

    assert held == COMPILED.read_bytes()
    assert [HOUSE / "locale"] == settings.LOCALE_PATHS


def bare_words(page, *, least=1):
    """Return the words of a template that no translation reaches.

    :param least: how many words a text has that is looked at.
    """
    page = re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", page, flags=re.DOTALL)
    page = re.sub(r"{% blocktranslate\b.*?{% endblocktranslate %}", "", page, flags=re.DOTALL)
    # Blocks that name a class hold no text.
    page = re.sub(r"{% block (?:shape|layout) %}.*?{% endblock %}", "", page, flags=re.DOTALL)
    page = re.sub(r"{%.*?%}|{{.*?}}", "", page, flags=re.DOTALL)
    # What stands in code is typed or compared as it is.
    page = re.sub(r"<(style|script|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    texts = re.split(r"<[^<>]*>", page)
    for tag in re.findall(r"<[a-zA-Z][^<>]*>", page):
        texts += [
            text for name, text in re.findall(r'(?<=\s)([\w-]+)="([^"]*)"', tag) if name in READ
        ]
    told = [html.unescape(text) for text in texts if len(text.split()) >= least]
    words = {word for text in told for word in re.findall(r"[^\W\d_]+", text)}
    return sorted(words - UNTOLD)


def bare_sentences(source):
    """Return the sentences of a module that are neither marked nor written for its readers."""
    tree = ast.parse(source)
    aside = {
        part
        for node in ast.walk(tree)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Call) and name_of(node) in MARKS)
        or (isinstance(node, ast.Call) and name_of(node) == "Text" and len(node.args) == 2)
        for part in ast.walk(node)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in aside
        and re.fullmatch(r"[A-Z]\S* .*[.?!]", node.value.strip(), re.DOTALL)
    ]
