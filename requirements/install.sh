#!/bin/sh
# Make .venv hold exactly what requirements/$1.txt locks ("core" to run, "dev" to test as well).
#
# Needs python3 with pip, nothing else: Debian's python3 comes without the venv package and may not
# be installed into, so pip works on .venv from outside. What was installed is remembered in
# .venv/installed-*.txt; while that matches, nothing happens.
set -eu

kind=$1
python=${PYTHON:-python3}
here=$(pwd)
wanted="requirements/$kind.txt"
other_place() { [ "$(cat .venv/place 2>/dev/null)" != "$here" ]; }

# One at a time: who comes second waits, and finds everything there.
if command -v flock >/dev/null; then
    exec 9<"$0"
    flock 9
fi

if other_place || ! .venv/bin/python -c "" 2>/dev/null; then
    "$python" -m venv --clear --without-pip .venv
    printf '%s\n' "$here" > .venv/place
fi
if cmp -s "$wanted" ".venv/installed-$kind.txt"; then
    exit 0
fi

# After a call that was cut short, what seems to be there may be there in part.
again=
if ls .venv/unfinished-* >/dev/null 2>&1; then again=--ignore-installed; fi
echo "installing what requirements/$kind.txt locks into .venv ..."
rm -f ".venv/installed-$kind.txt"
touch ".venv/unfinished-$kind"
pip="$python -m pip --disable-pip-version-check --python .venv/bin/python install --quiet --no-input"
$pip $again --require-hashes --only-binary=:all: -r "$wanted"
$pip $again --no-deps --no-build-isolation --no-index --editable .
cp "$wanted" ".venv/installed-$kind.txt"
rm -f ".venv/unfinished-$kind"
# Who has the tools to test has all that runs.
if [ "$kind" = dev ]; then
    cp requirements/core.txt .venv/installed-core.txt
    rm -f .venv/unfinished-core
fi
