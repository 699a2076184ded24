"""These pages say what the code does: what is there is described, what is described is there."""

import argparse
import ast
import importlib
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.utils import translation

from understream.access.refusal import Broken, Refused
from understream.access.rules import RULES
from understream.console.main import COMMANDS
from understream.console.serve import GRACE
from understream.domain import (
    alliance,
    commitment,
    cycle,
    due,
    evaluation,
    finding,
    home,
    invitation,
    joint,
    journal,
    person,
    ratings,
    reflection,
    topic,
)
from understream.domain import release as released
from understream.domain import round as rounds
from understream.domain.word import WORDS
from understream.instruments import reader, table
from understream.measurement import (
    bundle,
    disclosure,
    gap,
    receipt,
    release,
    seal,
    within_group,
)
from understream.site.environment import KNOWN
from understream.site.ticker import EVERY

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "understream"
DOCS = ROOT / "docs"
CONCEPTS = sorted((DOCS / "concepts").glob("*.md"))
RECORDS = sorted((DOCS / "decisions").glob("*.md"))
PAGES = [*(ROOT / f"{name}.md" for name in ("README", "SECURITY", "CONTRIBUTING", "CHANGELOG")),
         *sorted(DOCS.rglob("*.md"))]  # fmt: skip
ENDINGS = "py|md|toml|html|txt|svg|css|js"
FOLDERS = "src|tests|docs|web|domain|requirements"


def name_of(page):
    """Return a page's path in the checkout."""
    return str(page.relative_to(ROOT))


def said(page):
    """Return a page's words on one line, so that it may be broken anywhere."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def prose(page):
    """Return a page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))


def ticked(page):
    """Return what stands between backticks, outside blocks of code."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def rows(page, head=""):
    """Return the cells of a page's tables; of those below one heading if it is given."""
    text = (DOCS / page).read_text(encoding="utf-8")
    part = text.partition(f"## {head}\n")[2].partition("\n## ")[0] if head else text
    lines = [line for line in part.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if not set(row[0]) <= {"-"}]


def block(page, first):
    """Return the block of code of a page that begins with these words."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return next(one for one in re.findall(r"(?ms)^```\w*\n(.*?)^```", text)
                if one.startswith(first))  # fmt: skip


def parts(page):
    """Return the parts of a page below its headings of the second level, by heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", text)
    return {head.strip(): words for head, words in found}


def source(file):
    """Return a module's syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


# ---------------------------------------------------------------- words and concepts


@pytest.mark.parametrize("page", CONCEPTS, ids=lambda page: page.stem)
def test_a_concept_has_both_its_words_and_tells_where_its_code_is(page):
    text = page.read_text(encoding="utf-8")

    head = re.match(rf"# ({page.stem}) · (\S.+)\n", text, re.IGNORECASE)
    assert head, "the first line is: # Word · woord"
    assert re.search(r"(?m)^Code: `", text)
    assert [head[1].lower(), head[2]] in [row[:2] for row in rows("words.md")]


@pytest.mark.parametrize("page", CONCEPTS, ids=lambda page: page.stem)
def test_what_a_concept_names_in_its_code_is_there(page):
    code = page.read_text(encoding="utf-8").partition("\nCode: ")[2].partition("\n\n")[0]

    for file, names in re.findall(r"`([\w/]+\.py)`\s+\(([^)]*)\)", code):
        words = (HOUSE / file).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"(?m)^(def|class) {name}\b|^{name}\b.* = ", words), (file, name)


def test_every_word_that_people_read_stands_among_the_words_in_both_languages():
    told = {}
    for english, dutch, _meaning in rows("words.md"):
        told |= dict(zip(english.split(", "), dutch.split(", "), strict=True))

    read = {}
    for word in WORDS.values():
        with translation.override("en"):
            english = str(word)
        with translation.override("nl"):
            read[english] = str(word)
    assert {word: told.get(word) for word in read} == read


def test_no_word_stands_there_twice_and_each_has_a_page():
    words = [row for row in rows("words.md") if row[2] != "meaning"]
    english = [row[0] for row in words]

    assert len(set(english)) == len(english)
    assert [row[0] for row in words if not re.search(r"\]\([\w/]+\.md\)$", row[2])] == []
    linked = {name for row in words for name in re.findall(r"concepts/(\w+)\.md", row[2])}
    assert linked == {page.stem for page in CONCEPTS}


def test_what_people_read_before_they_choose_a_mode_is_quoted_word_for_word():
    page = (HOUSE / "web" / "round" / "_modes.html").read_text(encoding="utf-8")

    for _mode, _manier, sentence, zin in rows("concepts/mode.md")[1:]:
        assert sentence.replace("{", "{{ ").replace("}", " }}") in page
        stored, translated = (re.sub(r"{(\w+)}", r"%(\1)s", one) for one in (sentence, zin))
        with translation.override("nl"):
            assert translation.gettext(stored) == translated


def test_what_falls_due_is_described():
    kinds = [row[0].strip("`") for row in rows("concepts/due.md", "What falls due")[1:]]

    assert sorted(kinds) == sorted(due.ACTS)


def test_the_instruments_that_come_with_the_house_are_described():
    told = {row[0].strip("`"): row[1] for row in rows("concepts/instrument.md")
            if row[0].startswith("`")}  # fmt: skip

    assert set(told) == set(reader.builtin())
    for code, items in told.items():
        instrument = reader.load(code)
        assert int(items.partition(",")[0]) == len(instrument.items)
        assert ("about each partner" in items) == instrument.directed


def test_the_topics_stand_in_their_order_with_the_part_they_are_sealed_in():
    asked = topic.topics_of(reader.load("evaluation"), language="en")
    told = [(row[0], row[3]) for row in rows("concepts/topic.md", "In this order")[1:]]

    parts = {one.group_title: str(one.part) for one in asked}
    assert told == list(parts.items())
    said_of = [row[2] for row in rows("concepts/topic.md", "In this order")[1:]]
    titles = [title for words in said_of for title in words.partition(": ")[2].split(", ")]
    assert titles == [one.title.lower() for one in asked]


def test_nothing_is_called_validated_that_is_not():
    validated = [code for code in reader.builtin() if reader.load(code).validated]

    assert validated == []
    assert "**Not yet validated.**" in said("docs/concepts/instrument.md")
    assert "nobody has validated" in said("README.md")


def test_what_the_log_may_tell_and_what_is_checked_are_described():
    kinds = {
        row[0]: re.findall(r"`(\w+)`", row[1])
        for row in rows("concepts/seal.md", "The format, byte by byte")
    }
    told = {name: set(kinds[name]) for name in seal.KINDS}

    common = {"evaluation", "at"}
    assert told == {name: set(fields) - common for name, fields in seal.KINDS.items()}
    assert [row[0] for row in rows("concepts/bundle.md", "What is checked")[1:]] == [
        *bundle.CHECKS
    ]
    described = {name for row in rows("concepts/receipt.md", "As a file")[1:]
                 for name in re.findall(r"`(\w+)`", row[0])}  # fmt: skip
    assert described == set(receipt.Receipt.__dataclass_fields__) | {"format"}


# ---------------------------------------------------------------- what one can do


def test_every_act_is_described_with_its_reach():
    told = {
        act: row[0]
        for row in rows("developer.md", "The acts")[1:]
        for act in re.findall(r"`([\w.]+)`", row[1])
    }

    assert told == {act.value: str(rule.reach) for act, rule in RULES.items()}


def test_every_refusal_stands_in_the_tree():
    for file in HOUSE.rglob("*.py"):
        if re.search(r"(?m)^class \w+\((Refused|Broken|Missing|Unfit|Forbidden)\)", file.read_text(
                encoding="utf-8")):  # fmt: skip
            importlib.import_module(".".join(file.relative_to(ROOT / "src").with_suffix("").parts))

    def below(kind):
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    ours = below(Refused) | below(Broken)
    tree = block("developer.md", "Broken")
    assert set(re.findall(r"\b[A-Z]\w+", tree)) == ours


def test_the_house_is_drawn_as_it_is():
    floors = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
    drawn = re.findall(r"(?m)^(\w+) ", block("developer.md", "site"))
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(drawn) == floors
    told = [row[0] for row in rows("developer.md", "The house (5 minutes)")[1:]]
    assert told == [one["name"] for one in contracts["tool"]["importlinter"]["contracts"]]


def options_of(parser):
    """Return the long options of a command and of what may follow it."""
    found = set()
    for action in parser._actions:
        found |= {name for name in action.option_strings if name.startswith("--")} - {"--help"}
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*map(options_of, action.choices.values()))
    return found


def test_every_command_is_described():
    heads = [head for head in parts("commands.md") if head.startswith("understream ")]

    assert sorted(heads) == sorted(f"understream {name}" for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_described(name):
    parser = argparse.ArgumentParser()
    importlib.import_module(f"understream.console.{COMMANDS[name].module}").configure(parser)

    told = set(
        re.findall(r"(?<![\w-])--[a-z][a-z-]*", parts("commands.md")[f"understream {name}"])
    )

    assert told == options_of(parser)


def test_every_target_of_make_is_described():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?m)^([\w-]+):.*## ", makefile)

    told = [row[0].strip("`").removeprefix("make ") for row in rows("commands.md", "make")[1:]]

    assert told == targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_only_commands_targets_and_settings_that_exist_are_named(page):
    text = page.read_text(encoding="utf-8")
    code = "\n".join([*ticked(page), *re.findall(r"(?ms)^```sh\n(.*?)^```", text)])

    # After "understream": a command, an option, or the name of the program, user or folder.
    named = re.findall(r"(?m)(?:^|bin/|^exec )understream ([a-z]+)", code)
    targets = re.findall(r"\bmake ([a-z]+)", code)
    asked = set(re.findall(r"\bUNDERSTREAM_[A-Z_]*[A-Z]\b", text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in named if name not in COMMANDS] == []
    assert [name for name in targets if not re.search(rf"(?m)^{name}:", makefile)] == []
    assert asked - KNOWN - {"UNDERSTREAM_TEST_DATABASE", "UNDERSTREAM_SHARED"} == set()


# ---------------------------------------------------------------- where one reads on


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))

    broken = [
        link for link in links
        if "://" not in link and not (page.parent / link.partition("#")[0]).exists()
    ]  # fmt: skip

    assert broken == []


def exists(name, page):
    """Tell whether a file or folder is there: from the checkout, the house, or the page."""
    if any((place / name).exists() for place in (ROOT, HOUSE, HOUSE / "web/static", page.parent)):
        return True
    return "/" not in name and any(HOUSE.rglob(name))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_is_there(page):
    files = {
        name
        for name in ticked(page)
        if re.fullmatch(rf"[\w./-]+\.({ENDINGS})|({FOLDERS})/[\w/.-]+", name)
    }
    files -= {"mine.toml"}  # whatever a reader writes

    assert sorted(name for name in files if not exists(name, page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_address_that_is_named_is_served(page):
    words = get_resolver().url_patterns
    served = {f"/{one.pattern}" for one in words}
    served |= {
        f"/{one.pattern}" for word in words if not str(word.pattern) for one in word.url_patterns
    }
    served |= {"/live/ready", "/live/"}

    named = {name for name in ticked(page) if re.fullmatch(r"/[a-z]+(/[a-z]*)?/?", name)}

    assert sorted(name for name in named if not {name, f"{name}/"} & served) == []


def test_every_page_that_code_names_is_there():
    missing = []
    for file in [*HOUSE.rglob("*.py"), *HOUSE.rglob("*.toml"), *HOUSE.rglob("*.html")]:
        named = re.findall(r"[\w/.-]+\.md\b|docs/decisions/\d{4}", file.read_text("utf-8"))
        for name in named:
            found = list(DOCS.glob(f"{name.removeprefix('docs/')}*")) or (ROOT / name).exists()
            missing += [] if found else [f"{file.relative_to(HOUSE)}: {name}"]

    assert missing == []


def test_records_are_numbered_and_say_why_what_and_what_follows():
    numbers = [page.name[:4] for page in RECORDS]

    assert numbers == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]
    for page in RECORDS:
        text = page.read_text(encoding="utf-8")
        assert re.match(rf"# {page.name[:4]} [A-Z]", text), page.name
        marks = re.findall(r"(?m)^\*\*(Context|Decision|Consequences)\.\*\*", text)
        assert marks == ["Context", "Decision", "Consequences"], page.name


def test_no_page_promises_what_cannot_be_kept():
    saying = [
        name_of(page)
        for page in PAGES
        if re.search(r"anonym|anoniem", page.read_text(encoding="utf-8"), re.IGNORECASE)
    ]

    assert saying == []


# ---------------------------------------------------------------- figures

COARSE, FINE = map(float, disclosure.steps_of(disclosure.SEVEN))
LOWEST, HIGHEST = 1 + COARSE, disclosure.SEVEN - COARSE
LEAST, MOST = disclosure.SHARE_ENDS
K, WORD, EXACT = disclosure.K, disclosure.WORD_FROM, disclosure.FINE_FROM
SMALL = {2: "two", 3: "three", 5: "five", 10: "ten", 14: "two weeks", 50: "fifty", 60: "sixty"}
"""Numbers that pages spell."""

FIGURES = {
    "README.md": [f"groups of {SMALL[K]} or more people"],
    "SECURITY.md": [f"The block size k is {K} or more"],
    "docs/settings.md": [f"k is below {K}", f"`{K}` | The fewest people", "32 characters or more"],
    "docs/hosting.md": [f"every {EVERY:.0f} seconds", "Thirty days is what the pages promise"],
    "docs/developer.md": [f"looks every {EVERY:.0f} seconds"],
    "docs/commands.md": [
        f"get {GRACE} seconds",
        (
            f"at most {table.LARGEST_FILE // 1_000_000} MB, {table.MOST_ROWS:,} rows and "
            f"{table.MOST_COLUMNS} columns"
        ),
        f"{K} or more; {K} without it",
        f"`--k` is {K} to {ratings.HIGHEST_K}",
    ],
    "docs/instrument-format.md": [
        (
            f"Files up to {reader.LARGEST_FILE // 1_000_000} MB; a line up to "
            f"{reader.LONGEST_LINE:,} characters"
        ),
    ],
    "docs/concepts/agreement.md": [
        f"from {within_group.CLOSE_FROM} people; the mean distance",
        f"from {within_group.CAMPS_FROM} people; at least two on either side",
        f"from {within_group.CLOSE_FROM} up to {within_group.LARGEST}",
        f"at most once in {'twenty' if within_group.ONE_IN == 20 else within_group.ONE_IN}",
        f"With 5 people on seven points it is {within_group.chance_limit_ad(5, 7):.2f}",
        f"with 10 it is {within_group.chance_limit_ad(10, 7):.2f}",
        f"with 100 it is {within_group.chance_limit_ad(100, 7):.2f}",
        f"exact up to {within_group.ENUMERATED} people",
        f"shows no word below {WORD} people",
    ],
    "docs/concepts/alliance.md": [f"Two parties at least, {SMALL[alliance.MOST_PARTIES]} at most"],
    "docs/concepts/block.md": [f"*k* is {K}."],
    "docs/concepts/commitment.md": [
        f"Up to {commitment.LONGEST_ACTION} characters",
        f"{commitment.LONGEST_NOTE} for a note",
        f"up to {SMALL[commitment.FURTHEST]} years ahead",
    ],
    "docs/concepts/cycle.md": [
        f"a pulse every {cycle.PULSE_MONTHS} months",
        f"an evaluation every {cycle.EVALUATION_MONTHS}",
        f"up to {cycle.MOST_PULSE_MONTHS} months",
        f"up to {cycle.MOST_EVALUATION_MONTHS}",
        f"from {SMALL[cycle.PULSE_MONTHS]} months before the renewal",
    ],
    "docs/concepts/due.md": [
        f"looks every {EVERY:.0f} seconds",
        f"at most {due.AT_ONCE} at once",
        f"{rounds.REMIND_BEFORE.days} days before the end",
        f"*fewer than {due.FEW}* or *{due.FEW} or more*",
        f"{released.KEPT.days} days after the close",
    ],
    "docs/concepts/evaluation.md": [
        f"{evaluation.DESTROYED_AFTER.days} days after a deadline that nobody moved",
        f"more than {SMALL[evaluation.FURTHEST.days // 365]} years ahead",
    ],
    "docs/concepts/finding.md": [f"at most {SMALL[finding.FINDINGS]} findings"],
    "docs/concepts/gap.md": [
        f"**From {WORD} people on both sides**",
        f"the means are {gap.GAP} or more apart",
        f"lies within {gap.SAME} of 0",
        f"{gap.ASK_AT} or more apart",
        f"{gap.ALIKE_AT} or less apart",
        f"counts as at least {gap.SD_FLOOR}",
    ],
    "docs/concepts/joint.md": [
        f"ratings {gap.ASK_AT} or more apart",
        f"ratings {gap.ALIKE_AT} or less apart",
        f"1 to {joint.POINTS}",
        f"at most {joint.LONGEST_TEXT:,} characters",
    ],
    "docs/concepts/reflection.md": [
        f"at most {reflection.LONGEST_SENTENCE:,} characters",
        f"{reflection.FAR} points or more",
        f"at most {reflection.LONGEST_DISSENT} characters, {SMALL[reflection.MOST_DISSENTS]} to",
    ],
    "docs/concepts/home.md": [f"at most {SMALL[home.MOST_STEPS]} sensible next steps"],
    "docs/concepts/invitation.md": [f"good for {SMALL[invitation.LASTS.days]}"],
    "docs/concepts/journal.md": [f"{SMALL[journal.PAGE]} lines a page"],
    "docs/concepts/letter.md": [
        f"good for {invitation.LASTS.days} days",
        f"{rounds.REMIND_BEFORE.days} days before the end",
    ],
    "docs/concepts/mirror.md": [f"At most {SMALL[finding.FINDINGS]} [findings]", "Beyond six"],
    "docs/concepts/person.md": [
        f"at most {person.LONGEST_NAME} characters",
        f"lasts {settings.SESSION_COOKIE_AGE // 3600} hours",
        f"at least {settings.AUTH_PASSWORD_VALIDATORS[1]['OPTIONS']['min_length']} characters",
    ],
    "docs/concepts/ratings.md": [
        f"{ratings.FEWEST_UNITS} to {ratings.MOST_UNITS} of them",
        f"at most {ratings.MOST_ITEMS} items",
        f"*k* is {K} to {ratings.HIGHEST_K}",
        f"scale of {disclosure.FEWEST_POINTS} points or more",
    ],
    "docs/concepts/release.md": [
        f"| fewer than {K} |",
        (
            f"| {K} to {WORD - 1} | the mean in steps of {COARSE}; at the ends "
            f'"{LOWEST} or lower" and "{HIGHEST} or higher"; the number of people as '
            f'"{disclosure.FEW}"'
        ),
        f"| {WORD} to {EXACT - 1} | also",
        f"| {EXACT} or more | the mean in steps of {FINE}",
        (
            f"in steps of {disclosure.SHARE_STEP} %, between "
            f'"{LEAST} % or less" and "{MOST} % or more"'
        ),
        f"A choice is shown from {EXACT} people",
        f"more than {disclosure.NOT_VISIBLE * 100} % could not judge",
        f"more than {release.MOST_COMPARED} parties",
        f"at least {rounds.COMMENT_COHORT} people are asked",
        f"at least {released.FEWEST_TEXTS} comments",
        f"erased {released.KEPT.days} days later",
        f"within {released.KEPT.days} days is erased",
        "at least two thirds of them",
    ],
    "docs/concepts/seal.md": [
        f"multiple of {seal.PADDING:,} bytes",
        f"{seal.SALT} random bytes",
        f"Six words hold {seal.WORDS * seal.WORD_BITS} bits",
        f"first {seal.WORDS * seal.WORD_BITS} bits, eleven for each word",
        f"{2**seal.WORD_BITS:,} words a language",
        f"at most {seal.DEEPEST} levels",
    ],
    "docs/concepts/receipt.md": [
        f"up to {receipt.MOST_RECEIPTS:,} receipts and {receipt.LARGEST_MAIL // 1_000_000} MB",
    ],
    "docs/concepts/bundle.md": [f"Up to {bundle.LARGEST_BUNDLE // 1_000_000} MB"],
    "docs/concepts/round.md": [
        f"is {K} people or more",
        f"{SMALL[rounds.REMIND_BEFORE.days]} days before the end",
        f"*fewer than {due.FEW}*, *{due.FEW} or more*",
    ],
    "docs/concepts/voice.md": [f"at most {released.LONGEST_COMMENT:,} characters"],
    "docs/decisions/0006-share-ends-and-the-veil.md": [
        f'end at "{LEAST} % or less" and "{MOST} % or more"',
    ],
}


@pytest.mark.parametrize("page", FIGURES)
def test_a_figure_on_a_page_is_the_one_that_rules(page):
    assert [figure for figure in FIGURES[page] if figure not in said(page)] == []


def test_figures_that_pages_spell_are_those_that_rule():
    assert Fraction(2, 3) == release.FACET_SHARE
    assert release.MOST_COMPARED == 6
    assert released.KEPT.days == 30
    with translation.override("en"):
        assert str(WORDS["fewer than 5"]) == f"fewer than {due.FEW}"
