# Every command of this house, each with its one line of help. `make` alone lists them.
# PORT, HOST, UNDERSTREAM_DATA and all of docs/settings.md are honoured everywhere.

SHELL := /bin/sh
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup core dev demo run test check fmt fmt-check types arch docs bench bench-live bench-measure mutate soak messages release lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' Makefile | \
	  while read -r make name line; do printf '  make %-13s %s\n' "$$name" "$$line"; done

setup: core ## make .venv with what the house needs to run
	@echo "ready in .venv; next: make demo"

core:
	@sh requirements/install.sh core

dev:
	@sh requirements/install.sh dev

demo: core ## serve the demo world on this machine (FRESH=1 rebuilds it, SEED=7 chooses another)
	@exec $(BIN)/understream demo $(if $(filter 1,$(FRESH)),--fresh) $(if $(SEED),--seed $(SEED))

run: core ## serve the real world on this machine
	@$(BIN)/understream prepare
	@exec $(BIN)/understream serve

test: dev ## check everything, on SQLite and on PostgreSQL
	@$(BIN)/python tests/run_all.py

check: fmt-check types arch ## check style, types and architecture

fmt: dev ## put the code into its form
	@echo "== mending style"
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

fmt-check: dev
	@echo "== checking style"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types: dev ## check the types
	@echo "== checking types"
	@$(BIN)/mypy

arch: dev ## check that imports go down only, and that one door leads to voices
	@echo "== checking architecture"
	@$(BIN)/lint-imports --no-logo

docs: dev ## check that every word, act, setting and command is described
	@echo "== checking what is described"
	@$(BIN)/pytest tests/test_docs.py tests/site/test_settings.py

bench: dev ## print the figures of speed and memory; the last line is JSON (COLD=1 also installs anew)
	@$(BIN)/python tests/bench.py $(if $(filter 1,$(COLD)),--cold)

bench-live: dev ## print the figures of the live path beside its peers (ONLY=answers, QUICK=1)
	@$(BIN)/python tests/bench_live.py $(if $(ONLY),--only $(ONLY)) $(if $(filter 1,$(QUICK)),--quick)

bench-measure: dev ## print what a million ratings cost beside pandas + pingouin (FULL=1, QUICK=1)
	@$(BIN)/python tests/bench_measure.py $(if $(filter 1,$(FULL)),--full) $(if $(filter 1,$(QUICK)),--quick)

mutate: dev ## break measurement in one place at a time, and see whether its tests notice (ONLY=, MOST=, ALL=1)
	@$(BIN)/python tests/mutate.py $(if $(ONLY),--only $(ONLY)) $(if $(MOST),--most $(MOST)) $(if $(SEED),--seed $(SEED)) $(if $(filter 1,$(ALL)),--all)

soak: dev ## run the long tests
	@echo "== the long tests"
	@$(BIN)/pytest -m soak || { [ $$? -ne 5 ] || echo "no test is marked soak" >&2; exit 1; }

messages: dev ## collect the sentences people read, and compile their translations (needs gettext)
	cd src/understream && ../../$(BIN)/django-admin makemessages --locale nl --no-wrap --no-obsolete --add-location file
	cd src/understream && ../../$(BIN)/django-admin compilemessages

release: core ## build the wheel into dist/, without a network
	@echo "== building the wheel"
	@$(BIN)/python -m hatchling build --target wheel

lock: ## lock the newest fitting versions into requirements/*.txt (needs a network)
	@echo "== locking the newest fitting versions"
	@python3 requirements/lock.py
