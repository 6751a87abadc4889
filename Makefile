# Every target sets up what it needs from a bare Python 3.11 and is quick the second time.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
BOOT   := $(VENV)/.boot
SETUP  := $(VENV)/.setup
DEV    := $(VENV)/.dev
# Superset needs other versions of what Prefect needs too: an environment of its own.
BI     := $(VENV)/.superset/.setup
UV     := $(BOOT)/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := hardlink
# Once here instead of at every start, where PYTHONDONTWRITEBYTECODE is set as in containers and CI.
export UV_COMPILE_BYTECODE := 1

.PHONY: help setup demo test test-slow trust lint format lock up bi clean
.DEFAULT_GOAL := help

help: ## Show what one can type
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv lives in a small environment of its own, so that the project needs nothing but Python.
$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "Oracul needs Python 3.11 or newer: install it, or say 'make PYTHON=python3.12 …'"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PYTHON) -m venv $(BOOT)
	$(BOOT)/bin/python -m pip install --quiet --disable-pip-version-check uv

$(SETUP): requirements.txt pyproject.toml | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(DEV): requirements-dev.txt $(SETUP)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

$(BI): deployments/superset/requirements.txt | $(UV)
	@test -x $(VENV)/.superset/bin/python || $(PYTHON) -m venv --without-pip $(VENV)/.superset
	$(UV) pip install --quiet --python $(VENV)/.superset/bin/python --require-hashes -r $<
	@touch $@

setup: $(SETUP) $(BI) ## Create .venv with the locked dependencies, and Superset's own

lock: | $(UV) ## Resolve the dependencies again (after a change in pyproject.toml)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' deployments/superset/requirements.in \
		-o deployments/superset/requirements.txt

demo: $(SETUP) $(BI) ## Set up everything and run the main job on a recorded chain, offline
	@$(BIN)/oracul demo

test: $(DEV) ## Run the default tests
	$(BIN)/pytest -q -n 2 --dist loadfile

test-slow: $(DEV) $(BI) ## Run the slow end-to-end tests
	$(BIN)/pytest -q -n 2 --dist loadfile -m slow

trust: $(DEV) ## Try every promise its full number of times (about half an hour)
	$(BIN)/pytest -q -n 2 --dist loadfile -m 'slow or not slow' tests/trust --trust full --timeout 0

lint: $(DEV) ## Style, types, import rules, SQL, dbt project
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m oracul.cli.reference --check
	$(BIN)/oracul bi check
	$(BIN)/oracul dbt lint

format: $(DEV) ## Put code and generated pages in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m oracul.cli.reference

up: $(SETUP) $(BI) ## Start the local stack: warehouse, Prefect with all deployments, workers, Superset
	@$(BIN)/oracul up

bi: up ## The same: the dashboards are at http://127.0.0.1:8088

clean: ## Stop the stack and the warehouse; remove the environment, data and caches of this checkout
	@if [ -x $(BIN)/oracul ]; then $(BIN)/oracul down || true; $(BIN)/oracul warehouse stop || true; fi
	rm -rf $(VENV) .oracul .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dbt_project/target dbt_project/logs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
