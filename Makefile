# The only entry point. Needs python3 (3.11 or newer), make and a package index; makes .venv from the lock by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo demo-mailwizz demo-mumara test lint check bench torture torture-short torture-galera generate lock clean

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 3.11 or newer is needed")'
	@echo "making $(VENV) from requirements.lock" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## The whole idea on a running ESP, in var/demo
	@$(BIN)/python tools/demo.py

demo-mailwizz: $(READY) ## A MailWizz adopted, changed and guarded, on a private MariaDB
	@$(BIN)/python tools/demo_mailwizz.py

demo-mumara: $(READY) ## A Mumara adopted, changed and guarded, on a private MariaDB
	@$(BIN)/python tools/demo_mumara.py

test: $(READY) ## Every test but the long ones
	@$(BIN)/python -m pytest -n 2 -rs -m "not galera and (every_run or not torture)"

lint: $(READY) ## Format, rules, types, floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Every process that the tests start is measured too: coverage reads these two variables when Python starts.
check: export COVERAGE_PROCESS_START := $(CURDIR)/pyproject.toml
check: export COVERAGE_FILE := $(CURDIR)/.coverage
check: lint ## Lint, then every test with the coverage gate
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory test
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(READY) ## Measure against the peers that are installed; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks.run

# What is measured is one line a test in this file, printed at the end.
torture torture-short: export RECONCILER_FIGURES := $(CURDIR)/var/figures.txt
torture-short: export RECONCILER_TORTURE := short

torture: $(READY) ## Races, kills, faults and fuzz, five minutes; prints what was measured
	@mkdir -p var && rm -f $$RECONCILER_FIGURES && touch $$RECONCILER_FIGURES
	@$(BIN)/python -m pytest -n 2 -rs -m "torture and not galera and not every_run"; \
		ended=$$?; sort $$RECONCILER_FIGURES; exit $$ended

torture-short: torture # the same with fewer rounds, for CI

torture-galera: $(READY) # a cluster of three nodes on this machine: races, certification, kills, lost quorum
	@$(BIN)/python -m pytest -n 0 -m galera tests/torture/galera

generate: $(READY) ## Write what is generated: schemas, reference pages, the output in README and guides
	@$(BIN)/reconciler schema
	@$(BIN)/python tools/reference.py
	@$(BIN)/python tools/readme.py
	@$(BIN)/python tools/guides.py
	@$(BIN)/python tools/architecture.py

RESOLVE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --extra postgres --extra mysql --extra metrics

lock: $(READY) ## Resolve requirements.lock anew, and requirements-runtime.lock as a part of it (needs uv)
	@$(RESOLVE) --group dev --output-file requirements.lock
	@$(RESOLVE) --group build --constraints requirements.lock --output-file requirements-runtime.lock

clean: ## Take away what was made here
	@rm -rf $(VENV) var dist .reconciler-cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@rm -f .coverage .coverage.*
