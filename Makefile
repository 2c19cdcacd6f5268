# Every command a contributor or a user needs; `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= demo
DATA ?=
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

# Installing is a file target, so it costs nothing when the locks have not changed.
$(STAMP): requirements/bootstrap.lock requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("triloop needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; pass PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@echo "installing the locked packages (about 1 GB, once) ..."
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync -q --compile-bytecode --require-hashes requirements/bootstrap.lock requirements/dev.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install -q --compile-bytecode --no-deps --no-build-isolation -e .
	@touch $(STAMP)

.PHONY: help setup run test snapshots lint format ui lock docs clean
help: ## show every command
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(STAMP) ## create .venv with the locked packages

run: $(STAMP) ## set up, make the demo factory in ./demo and run the whole chain on it
	@test -f $(WORKSPACE)/triloop.yml || $(BIN)/triloop init $(WORKSPACE) --demo
	@$(BIN)/triloop run --workspace $(WORKSPACE)

test: $(STAMP) ## set up and run all tests (in parallel, any order)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

snapshots: $(STAMP) ## write the definition snapshots anew, after a change that is meant
	@TRILOOP_RENEW_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/unit/test_definitions.py -k snapshot

lint: $(STAMP) ## ruff, mypy, sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint -p 2 dbt_project/models dbt_project/tests

format: $(STAMP) ## let ruff and sqlfluff mend what they can
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q . ; $(BIN)/sqlfluff fix -q dbt_project/models dbt_project/tests

ui: $(STAMP) ## open Dagster on the demo workspace (loopback only)
	@$(BIN)/triloop ui --workspace $(WORKSPACE)

docs: $(STAMP) ## write the generated pages and the dbt sources from the contract and the registries
	@for page in orchestration.lib.contract.generate orchestration.lib.metrics.generate orchestration.lib.publish.docs expectations.reference; do $(BIN)/python -m $$page || exit 1; done

lock: ## resolve pyproject.toml anew into the hash-pinned locks (needs .venv once)
	@$(BIN)/uv pip compile -q pyproject.toml --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 -o requirements/runtime.lock
	@$(BIN)/uv pip compile -q pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 -c requirements/runtime.lock -o requirements/dev.lock

.PHONY: fuzz seeded-faults bench bench-landing bench-identity bench-attribution bench-truth torture-attribution
fuzz: $(STAMP) ## 200,000 texts of numbers, dates and ids against a reader of its own
	@PYTHONPATH=. $(BIN)/python benchmarks/fuzz_values.py

bench-landing: $(STAMP) ## what landing a million rows costs, against DuckDB's own read_csv
	@PYTHONPATH=. $(BIN)/python benchmarks/landing.py

bench-identity: $(STAMP) ## precision and recall of who-is-who, against the demo's truth
	@PYTHONPATH=. $(BIN)/python benchmarks/identity.py

bench-attribution: $(STAMP) ## rule models, Markov and Shapley against ChannelAttribution and DP6 on 10M touches (ARGS=--quick: a minute)
	@PYTHONPATH=. $(BIN)/python benchmarks/attribution_rules.py $(ARGS); rules=$$?; \
	PYTHONPATH=. $(BIN)/python benchmarks/attribution_models.py $(ARGS) && exit $$rules

bench-truth: $(STAMP) ## how near each attribution model comes to what the demo planted (ARGS="--scale 10 --seed 1")
	@PYTHONPATH=. $(BIN)/python benchmarks/attribution_truth.py $(ARGS)

bench: ## all of them, one after the other, an hour; it says at the end whether one found a fault or missed its aim
	@$(MAKE) --no-print-directory -k bench-landing bench-identity bench-attribution bench-truth

torture-attribution: $(STAMP) ## random sequences of changes: computing what changed must equal computing everything (half an hour)
	@TRILOOP_CHANGE_SEQUENCES=20 TRILOOP_CHANGE_STEPS=8 $(BIN)/python -m pytest -q -n 2 tests/unit/test_attribution_incremental.py -k any_sequence

seeded-faults: $(STAMP) ## put 36 faults into the parsing code, one at a time: the tests must catch each (minutes)
	@$(BIN)/python benchmarks/seeded_faults.py

clean: ## remove the demo workspace and caches (never the landing of another workspace)
	@rm -rf demo dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache
