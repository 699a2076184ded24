"""The figures of `make bench` are told, not judged; here, that every part of it runs."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "bench.py"


def test_every_figure_is_told_beside_its_target_and_the_last_line_is_json():
    done = subprocess.run(
        [sys.executable, BENCH, "--small"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    *told, last = done.stdout.splitlines()
    figures = json.loads(last)
    assert len(figures) > 20
    for name, figure in figures.items():
        assert any(line.startswith(f"  {name} ") for line in told), name
        assert figure["value"] >= 0
        assert set(figure) == {"value", "unit", "most"}
    for wanted in ("memory at rest", "in the server", "over HTTP", "closing a round", "make demo"):
        assert any(wanted in name for name in figures), wanted
    assert figures["routes that ask more queries in the larger world"]["value"] == 0
