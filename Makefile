# Every target sets up what it needs from a bare Python 3.11 and is quick the second time.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
BOOT   := $(VENV)/.boot
SETUP  := $(VENV)/.setup
DEV    := $(VENV)/.dev
UV     := $(BOOT)/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := hardlink

.PHONY: help setup demo test test-all lint format lock up clean
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

setup: $(SETUP) ## Create .venv with the locked dependencies

lock: | $(UV) ## Resolve the dependencies again (after a change in pyproject.toml)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
