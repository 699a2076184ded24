"""Lock the newest fitting versions: `make lock` writes core.txt and dev.txt beside this file.

Every file is named by its hash and none by an address, so that any registry that has the same
files will do. Needs a network; uses uv in a throw-away folder.
"""
# ruff: noqa: INP001 - a script, part of no package

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OLDEST_PYTHON = "3.11"


def main() -> None:
    """Write both files; dev.txt takes core.txt's versions."""
    with tempfile.TemporaryDirectory() as folder:
        tools = Path(folder) / "tools"
        run(sys.executable, "-m", "venv", "--without-pip", str(tools))
        python = str(tools / "bin" / "python")
        run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "uv")
        for kind, given in (("core", ()), ("dev", ("--constraints", str(HERE / "core.txt")))):
            run(
                python, "-m", "uv", "pip", "compile", str(HERE / f"{kind}.in"), *given,
                "--output-file", str(HERE / f"{kind}.txt"), "--upgrade", "--universal",
                f"--python-version={OLDEST_PYTHON}", "--generate-hashes", "--no-header",
                "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
                "--system-certs",
            )  # fmt: skip


def run(*command: str) -> None:
    """Run a command, and stop if it fails; it has said why."""
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - all of it is written above
        sys.exit(1)


if __name__ == "__main__":
    main()
