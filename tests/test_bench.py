"""The figures of `make bench` are told, not judged; here, that every part of it runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent / "bench.py"
GROWTH = "routes that ask more queries in the larger world"


@pytest.mark.soak  # half a minute of what is a command of its own
@pytest.mark.parametrize("options", [["--small"], []])
def test_every_figure_is_told_beside_its_target_and_the_last_line_is_json(options):
    done = subprocess.run(
        [sys.executable, BENCH, *options], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    *told, last = done.stdout.splitlines()
    figures = json.loads(last)
    for name, figure in figures.items():
        assert any(line.startswith(f"  {name} ") for line in told), name
        assert figure["value"] >= 0
        assert set(figure) == {"value", "unit", "most"}
    for wanted in (
        "memory at rest",
        "in the server",
        "over HTTP",
        "closing a round",
        "sealing",
        "reveals",
        "joint page",
        "verify",
        "make demo",
    ):
        assert any(wanted in name for name in figures), wanted
    if not options:
        assert figures[GROWTH]["value"] == 0


@pytest.mark.soak  # installs its peer
def test_the_mirror_of_many_ratings_agrees_with_its_peer():
    done = subprocess.run(
        [sys.executable, BENCH.with_name("bench_measure.py"), "--quick"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"seconds_1e6", "peak_mb_1e6", "ratio_pandas"} <= set(figures)
    assert figures["compared_figures"] > 30_000
    assert figures["worst_difference"] < 1e-9
