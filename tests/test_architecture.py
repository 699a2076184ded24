"""The house is built as drawn: what import contracts see, and what they cannot see."""

import ast
import dataclasses
import importlib
import inspect
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from django.db.models import Manager, Model, QuerySet

from understream.access.rules import RULES, Act, Reach
from understream.records.alliance import Alliance

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "understream"
BIN = Path(sys.executable).parent
FLOORS = ("measurement", "instruments", "records", "access", "domain", "report", "web", "live",
          "api", "console", "site")  # fmt: skip
TOLD = ("measurement", "instruments", "access", "domain", "report")
"""Floors whose every module is a concept, or a part of one, that tests must know."""


def modules(*floors):
    """Return the files of floors, without what only makes a folder a package."""
    files = (file for floor in floors for file in sorted((HOUSE / floor).rglob("*.py")))
    return [
        file for file in files if file.name != "__init__.py" and "migrations" not in file.parts
    ]


def name_of(file):
    """Return a module's dotted name."""
    return ".".join(file.relative_to(HOUSE.parent).with_suffix("").parts)


def whole(file):
    """Return the dotted name of a module's concept: a package's, where it is a part of one."""
    return ".".join(name_of(file).split(".")[:3])


def tree_of(file):
    """Return a module's syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def public_functions(file):
    """Return the functions of a module that others may call, methods of public classes too."""
    for node in tree_of(file).body:
        inner = node.body if isinstance(node, ast.ClassDef) and public(node) else [node]
        for one in inner:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and public(one):
                yield one


def public(node):
    """Tell whether a name is meant for others."""
    return not node.name.startswith("_")


def short(file):
    """Return a file's path within the house."""
    return str(file.relative_to(HOUSE))


# ---------------------------------------------------------------- contracts


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the house in which something may be broken."""
    ignored = shutil.ignore_patterns("__pycache__", "static", "*.html")
    shutil.copytree(HOUSE, tmp_path / "src" / "understream", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def contracts(folder):
    """Return the exit code of the import contracts, and the names of the broken ones."""
    # The copy must be read, not the house that is installed.
    code = (
        f"import sys; sys.path.insert(0, {str(folder / 'src')!r}); "
        "from importlinter.cli import lint_imports_command as run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (re.fullmatch(r"(.+?) BROKEN", line) for line in done.stdout.splitlines())
    return done.returncode, [line[1] for line in lines if line]


def test_the_contracts_are_kept_and_are_five_or_more():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert contracts(ROOT) == (0, [])
    assert len(told["tool"]["importlinter"]["contracts"]) >= 5


@pytest.mark.parametrize(
    ("file", "words", "broken"),
    [
        ("domain/planted.py", "from understream.records.voice import Voice",
         "One door to voices"),
        ("domain/planted.py", "from understream.records import models",
         "One door to voices"),
        ("domain/planted.py", "def f():\n    import understream.web.clock",
         "Imports go down only, and every package stands on a floor"),
        ("measurement/planted.py", "from django.db.models import Avg",
         "Measurement and instruments know no Django"),
        ("web/planted.py", "from understream.records.alliance import Alliance",
         "Pages never query"),
        ("domain/word.py", "from understream.domain import round",
         "Concepts form no knots"),
        ("utils/__init__.py", "",
         "Imports go down only, and every package stands on a floor"),
    ],
)  # fmt: skip
def test_each_contract_breaks_when_it_should(copy, file, words, broken):
    place = copy / "src" / "understream" / file
    place.parent.mkdir(exist_ok=True)
    before = place.read_text(encoding="utf-8") if place.exists() else ""
    place.write_text(f"{before}\n{words}\n", encoding="utf-8")

    code, names = contracts(copy)

    assert (code, broken in names) == (1, True), names


# ---------------------------------------------------------------- style, floor by floor


def test_every_floor_says_what_it_may_not_use():
    told = {
        floor: tomllib.loads((HOUSE / floor / "ruff.toml").read_text(encoding="utf-8"))
        for floor in FLOORS
    }

    folders = {path.name for path in HOUSE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(FLOORS)
    for rules in told.values():
        assert rules["extend"] == "../../../pyproject.toml"
        assert rules["lint"]["flake8-tidy-imports"]["banned-api"]


@pytest.mark.parametrize(
    ("floor", "words"),
    [
        ("domain", "from django.utils.timezone import now"),
        ("domain", "from django.http import HttpRequest"),
        ("records", "from datetime import datetime\n\ndatetime.now()"),
        ("access", "from random import SystemRandom"),
        ("web", "from django.db import connection"),
        ("web", "from django.utils import timezone\n\ntimezone.now()"),
        ("measurement", "import random"),
        ("instruments", "import time\n\ntime.time()"),
        ("report", "from django.db.models import Q"),
        ("live", "from django.db import connection"),
        ("api", "from django.apps import apps"),
        ("console", "from django.http import HttpResponse"),
        ("site", "from django.shortcuts import render"),
    ],
)
def test_a_floor_refuses_what_it_may_not_use(copy, floor, words):
    planted = copy / "src" / "understream" / floor / "planted.py"
    planted.write_text(words + "\n", encoding="utf-8")

    done = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise",
         planted],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    assert "TID251" in done.stdout


# ---------------------------------------------------------------- what imports do not show


def parts_of(annotation, seen=()) -> Iterator[object]:
    """Return all that a type is made of: what it holds, and the fields of dataclasses."""
    yield annotation
    for one in get_args(annotation):
        yield from parts_of(one, seen)
    if dataclasses.is_dataclass(annotation) and annotation not in seen:
        for one in get_type_hints(annotation).values():
            yield from parts_of(one, (*seen, annotation))


def rows_in(annotation):
    """Return the table rows and queries that a type would carry out of its floor."""
    kinds = (Model, QuerySet, Manager)
    return [
        part for part in parts_of(annotation) if inspect.isclass(part) and issubclass(part, kinds)
    ]


def test_the_domain_hands_out_plain_values_and_never_rows_or_queries():
    leaking = []
    for file in modules("domain"):
        module = importlib.import_module(name_of(file))
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if one.__module__ == module.__name__ and not name.startswith("_"):
                told = get_type_hints(one).get("return")
                leaking += [f"{short(file)}: {name}"] if rows_in(told) else []

    assert leaking == []


def test_a_row_inside_a_card_is_found():
    card = dataclasses.make_dataclass("Card", [("alliance", tuple[Alliance, ...] | None)])

    assert rows_in(dict[str, list[card]]) == [Alliance]
    assert rows_in(QuerySet) == [QuerySet]


def test_every_public_function_says_what_it_does():
    silent = [
        f"{short(file)}: {one.name}"
        for file in modules(*FLOORS)
        for one in public_functions(file)
        if not ast.get_docstring(one)
    ]

    assert silent == []


def test_every_public_function_of_measurement_says_what_it_takes_and_returns():
    silent = []
    for file in modules("measurement"):
        for one in [node for node in tree_of(file).body if isinstance(node, ast.FunctionDef)]:
            if not public(one):
                continue
            said = ast.get_docstring(one) or ""
            taken = [arg.arg for arg in (*one.args.args, *one.args.kwonlyargs)]
            missing = [arg for arg in taken if f":param {arg}:" not in said]
            missing += [] if ":returns:" in said else ["returns"]
            silent += [f"{short(file)}: {one.name}: {' '.join(missing)}"] if missing else []

    assert silent == []


def test_every_published_statistic_names_its_source():
    silent = {
        file.stem
        for file in modules("measurement")
        if not re.search(r"\bSources?:", file.read_text(encoding="utf-8"))
    }

    # Our own rules of what is shown.
    assert silent == {"disclosure", "release"}


def test_every_act_has_a_rule_and_nothing_else_has():
    assert set(RULES) == set(Act)
    assert all(isinstance(rule.reach, Reach) for rule in RULES.values())


def test_every_act_is_asked_for_somewhere():
    files = modules("domain", "web", "live", "api", "console")
    asked = {
        name
        for file in files
        for name in re.findall(r"\bAct\.([A-Z_]+)\b", file.read_text(encoding="utf-8"))
    }

    assert asked == {act.name for act in Act}


def test_every_concept_has_tests():
    known = set()
    for file in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Import):
                known |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                known |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}

    unknown = {short(file) for file in modules(*TOLD) if not known & {name_of(file), whole(file)}}
    assert unknown == set()


def test_every_concept_is_described():
    pages = {page.stem for page in (ROOT / "docs" / "concepts").glob("*.md")}
    concepts = {whole(file).rpartition(".")[2] for file in modules("domain")}

    assert concepts - pages == set()


# ---------------------------------------------------------------- ways around


def calls(file):
    """Return what a module calls, as it is written: ``apps.get_model``."""
    return {
        ast.unparse(node.func) for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)
    }


def calling(pattern):
    """Return the modules with a call that fits."""
    return {
        short(file)
        for file in modules(*FLOORS)
        if any(re.fullmatch(pattern, call) for call in calls(file))
    }


def test_nobody_finds_a_table_by_its_name():
    assert calling(r"(.*\.)?get_models?") == set()
    reaching = {
        short(file)
        for file in modules(*FLOORS)
        if re.search(r"\bdjango\.apps\b|\ball_models\b", file.read_text(encoding="utf-8"))
    }
    assert reaching == {"records/apps.py"}


def test_only_the_console_imports_what_it_is_told_by_name():
    importing = calling(r"(.*\.)?(import_module|import_string|__import__)")

    assert importing == {"console/check.py", "console/main.py", "console/serve.py"}


def test_sql_of_our_own_stands_where_tables_do():
    outside = {file for file in calling(r"(.*\.)?(cursor|raw|extra|RawSQL)")
               if not file.startswith("records/")}  # fmt: skip

    # None of these reads a table: they tidy, tell the version and the size, and ask for settings.
    assert outside == {"domain/release.py", "domain/host.py", "site/preflight.py"}
    for file in outside:
        words = (HOUSE / file).read_text(encoding="utf-8")
        told = re.findall(r"\b(SELECT \w+|INSERT|UPDATE \w+ SET|DELETE FROM|FROM \w+_\w+)", words)
        assert set(told) <= {f"SELECT pg_{what}" for what in TOLD_BY_POSTGRESQL}


TOLD_BY_POSTGRESQL = ("database_size", "snapshot_xmin", "snapshot_xmax")


def test_chance_is_passed_in():
    """Only the edges draw chance of their own; below, a function is given it."""
    own = calling(r"(random\.(?!Random$).*|SystemRandom|(secrets\.)?token_\w+|os\.urandom)")

    lower = {file for file in own if file.partition("/")[0] in (*TOLD, "records", "live", "api")}
    assert lower == set()
    assert {file for file in own if file.startswith("web/")} == {"web/clock.py", "web/errors.py"}


def test_no_word_promises_what_cannot_be_kept():
    """What is hidden among five is confidential; the reserved word stands nowhere."""
    files = [
        file
        for pattern in ("*.html", "*.txt", "*.po", "*.toml", "*.py", "*.js", "*.svg")
        for file in HOUSE.rglob(pattern)
        if "vendor" not in file.parts
    ]

    saying = [
        short(file)
        for file in files
        if re.search(r"anonym|anoniem", file.read_text(encoding="utf-8"), re.IGNORECASE)
    ]

    assert saying == []
    assert len(files) > 100
