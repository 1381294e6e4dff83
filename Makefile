# Two commands matter: make lab (see your own library) and make test (all checks).
#   make lab  [MEDIA=folder] [LIBRARY=file]    JupyterLab on your folder; the demo library without MEDIA
#   make demo [MEDIA=folder] [LIBRARY=file]    the same without a browser: size table, notebooks as HTML
#   make docs                                  the documentation as pages, in build/site
#   make screenshots                           the pictures in docs/images (needs Chromium)
#   make bundle                                Plotly's JavaScript in mfkit/charts/plotly (needs Node.js)
#   make test [PYTHON=python3.12]              lint, types, import contract, tests, coverage of the models
#   make test-spark                            the tests on a Spark cluster of their own (needs a Java)

# Tests start hundreds of processes, which would each compile all that they import.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# The dependency group that is installed: "tests" is smaller, for the scan's tests.
GROUP ?= dev
# Each interpreter that is named has an environment of its own: .venv-python3.12.
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

.PHONY: lab demo scan docs screenshots bundle test test-spark lint clean
.DEFAULT_GOAL := lab

lab: scan
	$(BIN)/mfkit lab --library "$(LIBRARY)" --notebooks "$(BUILD)/notebooks"

demo: scan
	$(BIN)/mfkit sizes --library "$(LIBRARY)"
	@mkdir -p "$(BUILD)"
	MFKIT_LIBRARY="$(abspath $(LIBRARY))" $(BIN)/jupyter nbconvert --to html --execute \
		--log-level WARN --output-dir "$(abspath $(BUILD))" notebooks/*.ipynb
	@echo "The notebooks, executed on $(LIBRARY):"; ls $(BUILD)/*.html

# mfkit scan ends with 1 when it is done and some files could not be understood: that is no reason to stop.
scan: $(VENV)/installed $(DEMO)
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

docs: $(VENV)/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

screenshots: $(VENV)/installed
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

bundle:
	npm --prefix bundle ci
	cd bundle && node build.mjs ../mfkit/charts/plotly

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/flake8
	$(BIN)/mypy
	$(BIN)/lint-imports

# Four processes on however many cores: many tests wait, for time limits, servers and locks. Coverage is
# taken of the models alone, where it must be whole: elsewhere it made the tests half as long again.
# The browser's driver keeps an event loop of its own, which asyncio's tests cannot live beside.
test: lint
	$(BIN)/python -m pytest -m "not browser and not spark" -n 4 --dist=worksteal --ignore=tests/unit/test_models.py
	$(BIN)/python -m pytest --cov=mfkit/models --cov-fail-under=100 tests/unit/test_models.py
	$(BIN)/python -m pytest -m browser

# A master, two workers and their executors are JVMs, which have the machine to themselves.
test-spark: $(VENV)/installed
	$(BIN)/python -m pytest -m spark

clean:
	rm -rf $(BUILD) dist .coverage .coverage.* .pytest_cache .mypy_cache .hypothesis
