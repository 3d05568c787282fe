# Two commands on a fresh machine: `make demo` runs the main job, `make test` checks everything.
PYTHON ?= python3
BIN := .venv/bin
export PREFECT_HOME ?= $(CURDIR)/data/prefect
export DO_NOT_TRACK := 1

.PHONY: demo test test-all test-servers quick lint types layers docs unit format server deploy worker clean

demo: .venv/installed ## ingest, validate, train, back-test, forecast, score, report on the sample data
	$(BIN)/gridahead demo

# Tests wait for processes of theirs a good part of their time: meanwhile a core checks the types.
test: lint ## everything that CI checks
	@$(MAKE) --no-print-directory --jobs 2 unit types layers docs

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

layers: .venv/installed
	$(BIN)/lint-imports

docs: .venv/installed ## the site, offline: build/docs/index.html
	$(BIN)/sphinx-build -W --keep-going --quiet --doctree-dir build/doctrees docs build/docs

# A file stays in one process, whose tests share what it has made (tests/conftest.py); those that take long begin.
# More than one thread in each of two processes would be in one another's way.
# Thousands of small files are written, and most of them waited for: in memory, where a machine has room for them there.
ROOM_KB := $(shell df --output=avail /dev/shm 2>/dev/null | tail -n 1)
FILES := $(shell [ "$(ROOM_KB)" -gt 6000000 ] 2>/dev/null && echo TMPDIR=/dev/shm)
PYTEST := $(FILES) OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
SELECTED ?= not long and not server
unit: .venv/installed ## the tests, on two cores
	$(PYTEST) -m "$(SELECTED)"

# What they need from Debian is in tests/debian.txt; one that lacks it is skipped, and fails under CI=true.
test-servers: .venv/installed ## the tests with a real browser, database or server
	$(PYTEST) -m server

quick: .venv/installed ## the inner loop: what neither trains nor kills nor waits
	$(PYTEST) -m "not slow and not long"

test-all: export GRIDAHEAD_LAKE_KILLS := 200
test-all: export GRIDAHEAD_FORECAST_KILLS := 200
test-all: export GRIDAHEAD_MUTATIONS := 5000
test-all: export SELECTED := not server
test-all: test test-servers ## everything, with hundreds of kills and thousands of mutated files

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

server: .venv/installed ## Prefect's server and UI on http://127.0.0.1:4200
	$(BIN)/prefect server start

deploy worker: export PREFECT_API_URL ?= http://127.0.0.1:4200/api

deploy: .venv/installed ## the work pool, and the deployments that the settings ask for
	@echo "waiting for $$PREFECT_API_URL"
	@for second in $$(seq 60); do \
		$(BIN)/python -c 'import os, urllib.request; urllib.request.urlopen(os.environ["PREFECT_API_URL"] + "/health")' \
		2>/dev/null && break; sleep 1; done
	$(BIN)/python -m gridahead_flows deploy

worker: .venv/installed ## run what is scheduled
	$(BIN)/prefect worker start --pool gridahead --type process

# The versions in constraints.txt are the ones that the tests have passed with.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"gridahead needs Python 3.11 to 3.13, $(PYTHON) is {v[0]}.{v[1]}; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	@echo "installing into .venv, once, about two minutes"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean: ## forget everything that was made, keep the sample
	rm -rf .venv data/lake data/raw data/models data/mlflow data/prefect data/published data/quality
