# `make demo` and `make test` are all the set-up there is: both install into .venv first, once.
#
#   make demo                        make a catalogue with known effects, run the whole job on it, say where the report is
#   make test                        run the tests
#   make test-long                   run the tests that take minutes: the command killed again and again
#   make notebooks                   write each notebook's .ipynb again from its .py, and run them all
#   make lock                        resolve requirements.lock again from pyproject.toml
#   make demo PYTHON=python3.12      the same with another Python than the first one found

VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/installer/bin/uv
INSTALLED := $(VENV)/.installed
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
WORKERS ?= 2
# also behind a proxy whose certificate only the system knows
export UV_SYSTEM_CERTS := 1

.PHONY: help demo test test-long notebooks install lock

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(INSTALLED)
	$(BIN)/artwork-insights demo --out demo

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

test-long: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m long

notebooks: $(INSTALLED)
	$(BIN)/python notebooks/pair.py
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) tests/notebooks

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml | $(UV)
	$(UV) pip sync --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { \
		echo "No Python 3.11 or newer was found: install one, or name it, as in: make demo PYTHON=/path/to/python3.12" >&2; \
		exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); the first time this downloads some gigabytes."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $(VENV)/installer uv

lock: | $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-annotate --no-header --extra dev -o requirements.lock pyproject.toml
