# `make help` lists the targets. The first one, `make lab`, shows your own library.

# Tests start hundreds of processes; each would compile all of its imports again without cached bytecode.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# Dependency group to install; "tests" is smaller and is enough for the tests of the scan.
GROUP ?= dev
# Each named interpreter has its own environment, such as .venv-python3.12.
VENV ?= .venv$(patsubst %,-%,$(filter-out python3,$(notdir $(PYTHON))))
BUILD ?= build
BIN = $(VENV)/bin

ifdef MEDIA
LIBRARY ?= library.db
else
MEDIA = $(BUILD)/demo
LIBRARY ?= $(BUILD)/demo.db
DEMO = $(BUILD)/demo
endif

.PHONY: help lab demo scan docs screenshots bundle test test-fast test-spark faults mutants lint format clean
.DEFAULT_GOAL := lab

help:  ## List the targets
	@echo "Variables: MEDIA=folder LIBRARY=file PYTHON=python3.12"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

lab: scan  ## Scan MEDIA (or the demo library) and open JupyterLab
	$(BIN)/mfkit lab --library "$(LIBRARY)" --notebooks "$(BUILD)/notebooks"

demo: scan  ## Scan MEDIA (or the demo library), print sizes, and write the notebooks as HTML
	$(BIN)/mfkit sizes --library "$(LIBRARY)"
	@mkdir -p "$(BUILD)"
	MFKIT_LIBRARY="$(abspath $(LIBRARY))" $(BIN)/jupyter nbconvert --execute \
		--to mfkit.report.OfflineHTMLExporter --log-level WARN --output-dir "$(abspath $(BUILD))" notebooks/*.ipynb
	@echo "The notebooks, executed on $(LIBRARY):"; ls $(BUILD)/*.html

# The exit code 1 means that the scan is complete but some files could not be understood.
scan: $(VENV)/installed $(DEMO)  ## Scan MEDIA (or the demo library) into LIBRARY
	@mkdir -p "$(dir $(LIBRARY))"
	$(BIN)/mfkit scan "$(MEDIA)" --library "$(LIBRARY)" || [ $$? -eq 1 ]

$(BUILD)/demo: | $(VENV)/installed
	@mkdir -p $(BUILD)
	rm -rf $(BUILD)/demo.part
	$(BIN)/mfkit demo $(BUILD)/demo.part
	mv $(BUILD)/demo.part $(BUILD)/demo

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mfkit needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[postgres,uvloop]" --group $(GROUP)
	@touch $@

docs: $(VENV)/installed  ## Build the documentation in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

screenshots: $(VENV)/installed  ## Take the screenshots in docs/images (needs Chromium)
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

bundle:  ## Build Plotly's JavaScript in mfkit/charts/plotly (needs Node.js)
	npm --prefix bundle ci
	cd bundle && node build.mjs ../mfkit/charts/plotly

lint: $(VENV)/installed  ## Check style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed  ## Format the code and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Four processes, whatever the number of cores, because many tests wait for time limits, servers and locks.
# Only the coverage of the models is measured, because measuring everything takes half as long again.
# The browser tests run in their own processes: Playwright's event loop disturbs asyncio's tests.
test: lint  ## Run all checks
	$(BIN)/python -m pytest -m "not browser and not spark" -n 4 --dist=worksteal --ignore=tests/unit/test_models.py
	$(BIN)/python -m pytest --cov=mfkit/models --cov-fail-under=100 -n 2 tests/unit/test_models.py
	$(BIN)/python -m pytest -m browser -n 2 --dist=loadfile tests/browser

test-fast: lint  ## Run style, types and the quick tests, in less than two minutes
	$(BIN)/python -m pytest --fast -n 2 --dist=worksteal -q tests/unit

# The Spark cluster's Java processes need the machine for themselves.
test-spark: $(VENV)/installed  ## Run the tests on a Spark cluster (needs Java)
	$(BIN)/python -m pytest -m spark tests/unit/distributed

# Each fault takes seconds, so this is no part of the tests; ONLY=cli-* checks some of them.
faults: $(VENV)/installed  ## Check that each fault listed in tests/faults makes its test fail
	$(BIN)/python -m tests.faults $(if $(ONLY),--only "$(ONLY)")

MODULE ?= mfkit/analysis/savings.py
MINUTES ?= 10
mutants: $(VENV)/installed  ## Mutate MODULE for MINUTES and list the mutants that no test notices
	$(BIN)/python -m tests.faults.mutants $(MODULE) --minutes $(MINUTES)

clean:  ## Remove build results and caches
	rm -rf $(BUILD) dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
