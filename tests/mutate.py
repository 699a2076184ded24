"""Break `measurement` in one place at a time, and see whether its tests notice: `make mutate`.

Each mutant differs from a module in one operator, comparison, number, condition or return. Tests
run in a fork of a process that has loaded everything else, so that a mutant costs little more than
its tests. Those of the module come first; what survives them meets all tests of the floor. What
survives those is listed with its place. A sample by seed, so that a run takes minutes; ALL=1 tries
every mutant.

    make mutate                     a sample of 40 mutants a module
    make mutate ONLY=gap,student    these modules
    make mutate MOST=100 SEED=3     another sample, of so many
    make mutate ALL=1               every mutant
"""

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
FLOOR = ROOT / "src" / "understream" / "measurement"
TESTS = ROOT / "tests" / "measurement"
ALSO = {
    "beta": ("student", "fisher"), "concordance": ("raters",), "intraclass": ("raters",),
    "description": ("within_group",), "receipt": ("bundle",), "seal": ("bundle",),
}  # fmt: skip
"""By module: whose tests look at it as well."""
SHARED = Path(os.environ.get("UNDERSTREAM_SHARED", ROOT.parent / "shared" / "data"))
LONGEST = 120
"""Seconds after which a mutant counts as noticed: it never ends."""
EQUAL = json.loads((Path(__file__).parent / "equal_mutants.json").read_text(encoding="utf-8"))
"""By module: mutants that nothing can tell from the original, each with the reason."""
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one thing changed."""

    module: str
    line: int
    change: str
    source: str

    @property
    def name(self) -> str:
        """Where it is, and what was changed."""
        return f"{self.module}:{self.line}: {self.change}"


def say(words: object) -> None:
    """Print to whoever looks."""
    print(words, flush=True)  # noqa: T201 - said to whoever looks


def mutants(module: str) -> list[Mutant]:
    """Return every mutant of a module."""
    source = (FLOOR / f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    found = []
    for at, node in enumerate(ast.walk(tree)):
        if not hasattr(node, "lineno") or _is_kept(node, source):
            continue
        for number, change in enumerate(_changes(node)):
            fresh = copy.deepcopy(tree)
            twin = next(one for place, one in enumerate(ast.walk(fresh)) if place == at)
            _apply(twin, number)
            words = f"{ast.unparse(node)[:70]} -> {change}".replace("\n", " ")
            found.append(Mutant(module, node.lineno, words, ast.unparse(fresh)))
    return found


def _is_kept(node: ast.AST, source: str) -> bool:
    """Tell whether a node says nothing that runs: a hint of a type, a sentence."""
    line = source.splitlines()[node.lineno - 1]  # type: ignore[attr-defined] # asked before
    return line.lstrip().startswith(("#", "raise ", '"""', "from ", "import ", "@"))


def _changes(node: ast.AST) -> list[str]:  # noqa: PLR0911 - one line a kind
    match node:
        case ast.BinOp(op=op) if type(op) in SWAPS:
            return [SWAPS[type(op)].__name__]
        case ast.AugAssign(op=op) if type(op) in SWAPS:
            return [SWAPS[type(op)].__name__]
        case ast.BoolOp(op=op):
            return [SWAPS[type(op)].__name__]
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            return [SWAPS[type(op)].__name__]
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return ["without it"]
        case ast.Constant(value=bool(value)):
            return [str(not value)]
        case ast.Constant(value=int() | float() as value):
            return [str(value + 1)]
        case ast.If() | ast.IfExp() | ast.While():
            return ["turned round"]
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            return ["None"]
        case _:
            return []


def _apply(node: ast.AST, _number: int) -> None:
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            node.op = SWAPS[type(node.op)]()
        case ast.Compare():
            node.ops = [SWAPS[type(node.ops[0])]()]
        case ast.UnaryOp():
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
            if isinstance(node.op, ast.Not):
                node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.If() | ast.IfExp() | ast.While():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Return():
            node.value = ast.Constant(None)
    ast.fix_missing_locations(node)


# --------------------------------------------------------------------- running


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the mutant in the place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"understream.measurement.{mutant.module}"
        self.path = str(FLOOR / f"{mutant.module}.py")
        self.code = compile(mutant.source, self.path, "exec")

    def find_spec(self, name, _path=None, _target=None):
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self.path)

    def exec_module(self, module) -> None:
        module.__file__ = self.path
        exec(self.code, module.__dict__)  # noqa: S102 - our own module, changed in one place


def fixtures() -> object:
    """Return what these tests ask of `conftest`, which would load Django."""
    import pytest  # noqa: PLC0415 - only where mutants are run

    class Fixtures:
        @pytest.fixture
        def shared(self):
            return SHARED.joinpath

    return Fixtures()


def notices(mutant: Mutant, files: Sequence[Path]) -> bool:
    """Tell whether the tests in these files fail with a mutant, or never end."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setsid()
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            code = _run(mutant, files)
        os._exit(code)
    deadline = time.monotonic() + LONGEST
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
        time.sleep(0.02)


def _run(mutant: Mutant, files: Sequence[Path]) -> int:
    import pytest  # noqa: PLC0415 - loaded already, by the parent

    sys.meta_path.insert(0, _Finder(mutant))
    return int(
        pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:django",
             "-p", "no:xdist", "--noconftest", "-c", os.devnull, f"--rootdir={ROOT}",
             "-m", "not soak", "--import-mode=importlib", *map(str, files)],
            plugins=[fixtures()],
        )
    )  # fmt: skip


def preload() -> None:
    """Load what all tests need, and nothing of ours: a fork then has it at once."""
    import hypothesis  # noqa: PLC0415 - only where mutants are run
    import pytest  # noqa: F401, PLC0415 - as above
    import scipy.stats  # noqa: F401, PLC0415 - as above

    hypothesis.settings.register_profile(
        "mutants", max_examples=40, derandomize=True, deadline=None, database=None
    )
    hypothesis.settings.load_profile("mutants")


def tests_of(module: str) -> list[Path]:
    """Return the files of tests that look at a module first."""
    names = [module, *ALSO.get(module, ())]
    return [path for name in names if (path := TESTS / f"test_{name}.py").exists()]


def all_tests(first: Sequence[Path]) -> list[Path]:
    """Return the other files of tests of the floor."""
    return [path for path in sorted(TESTS.glob("test_*.py")) if path not in first]


def sample(module: str, *, most: int, seed: int) -> list[Mutant]:
    """Return so many mutants of a module, by chance; those that are equal left out."""
    equal = EQUAL.get(module, {})
    found = [one for one in mutants(module) if f"{one.line}: {one.change}" not in equal]
    unlike = [one for one in found if one.change not in equal]
    if len(unlike) <= most:
        return unlike
    return sorted(Random(f"{seed} {module}").sample(unlike, most), key=lambda one: one.line)


def judged(chosen: Sequence[Mutant]) -> Iterator[tuple[Mutant, bool]]:
    """Return whether each mutant was noticed."""

    def judge(one: Mutant) -> bool:
        first = tests_of(one.module)
        if first and notices(one, first):
            return True
        return notices(one, all_tests(first))

    with ThreadPoolExecutor(os.cpu_count() or 1) as at_once:
        yield from zip(chosen, at_once.map(judge, chosen), strict=True)


def main(given: list[str] | None = None) -> int:
    """Try mutants; return 0 if at least nine in ten were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="modules, with commas")
    parser.add_argument("--most", type=int, default=40, help="mutants a module")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="every mutant")
    options = parser.parse_args(given)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    preload()
    modules = [one for one in options.only.split(",") if one] or sorted(
        path.stem for path in FLOOR.glob("*.py") if path.stem != "__init__"
    )
    survivors, noticed, tried = [], 0, 0
    for module in modules:
        began = time.monotonic()
        whole = Mutant(module, 0, "nothing", (FLOOR / f"{module}.py").read_text(encoding="utf-8"))
        if notices(whole, tests_of(module) or all_tests([])):
            say(f"!! {module}: its tests fail as it is, so that they tell nothing of mutants")
            return 2
        chosen = sample(module, most=10**9 if options.all else options.most, seed=options.seed)
        found = dict(judged(chosen))
        killed = sum(found.values())
        noticed, tried = noticed + killed, tried + len(found)
        survivors += [one for one, seen in found.items() if not seen]
        share = 100 * killed / max(len(found), 1)
        say(f"   {module:<18} {killed:>4} of {len(found):>4} noticed, {share:.0f} %, "
            f"{time.monotonic() - began:.0f} s")  # fmt: skip
    for one in survivors:
        say(f"!! survives: {one.name}")
    share = noticed / max(tried, 1)
    say(json.dumps({"mutants": tried, "noticed": noticed, "share": round(share, 3)}))
    return int(share < 0.9)


if __name__ == "__main__":
    sys.exit(main())
