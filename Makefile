# Everything a developer or operator runs from a checkout. `make` alone lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input install --no-python-version-warning
LOCKED := $(PIP) --require-hashes

# A stamp says that the lock file it stands for is installed in $(VENV).
RUNTIME := $(VENV)/.installed-runtime
PACKAGE := $(VENV)/.installed-package
DEV     := $(VENV)/.installed-dev

# Finds Node on this machine, or else installs it into $(VENV).
UI := $(BIN)/python ui/build.py

say = @printf '\n==> %s\n' $(1)

# What two jobs print at once would be mixed; a make before 4.0 cannot help it.
SORTED := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.DEFAULT_GOAL := help
ifneq ($(MAKECMDGOALS),checks)
.NOTPARALLEL:
endif
.PHONY: help setup run test checks python-checks ui-checks lint format lock ui api screenshots wheel bench bench-serving bench-scale bench-soak bench-pages clean

help: ## List the targets
	@printf 'Telegraf Controller. Targets:\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nAdd ARGS="..." to pass arguments to run, test, screenshots, lock or any bench; PYTHON=... to choose the interpreter.\n'

setup: $(RUNTIME) $(PACKAGE) ## Create .venv with the telegraf_controller command in it

run: setup ## Build the web interface and start the controller on SQLite; make run ARGS="--port 9000"
	@$(UI) build --optional
	@exec $(BIN)/telegraf_controller $(ARGS)

test: setup ## Run linters, type checkers, import rules and all tests; ARGS go to pytest
	@$(UI) node
	$(call say,'Installing what the tests need and checking; what is said comes when one half of it is done (a minute or more)')
	@$(MAKE) --no-print-directory --jobs=2 $(SORTED) checks
	$(call say,'pytest')
	@$(BIN)/pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder $(ARGS)

lint: setup $(DEV) ## Check style, types and import rules
	@$(MAKE) --no-print-directory python-checks
	@$(UI) check

# Each keeps one core busy. Only one of them installs with pip.
checks: python-checks ui-checks

python-checks: $(DEV)
	$(call say,'ruff check')
	@$(BIN)/ruff check .
	$(call say,'ruff format --check')
	@$(BIN)/ruff format --check .
	$(call say,'mypy')
	@$(BIN)/mypy
	$(call say,'lint-imports')
	@$(BIN)/lint-imports

ui-checks:
	@$(UI) check
	@$(UI) build
	@$(UI) test

format: setup $(DEV) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

ui: setup ## Build the web interface if its sources have changed
	@$(UI) build

api: setup ## Make the API types of the web interface anew
	@$(UI) api

screenshots: ui $(DEV) ## Take pictures of every page, light and dark, for a desk and a phone, into screenshots/
	@$(BIN)/python -m tests.end_to_end.tour $(ARGS)

wheel: setup ## Build a wheel and a source distribution into dist/; both contain the web interface
	@$(BIN)/python -m hatchling build

bench: setup $(DEV) ## Measure heartbeats per second next to nginx (needs nginx and wrk)
	@$(BIN)/python -m bench.heartbeats $(ARGS)

bench-serving: setup $(DEV) ## Measure the serving of configurations next to nginx (needs nginx and wrk)
	@$(BIN)/python -m bench.serving $(ARGS)

bench-scale: setup $(DEV) ## Measure how cost grows from 1,000 to 1,000,000 agents
	@$(BIN)/python -m bench.scale $(ARGS)

bench-soak: setup $(DEV) ## Measure the memory of each process while a million agents report for 20 minutes
	@$(BIN)/python -m bench.soak $(ARGS)

bench-pages: ui $(DEV) ## Measure how quick the agent pages are with 100,000 agents (needs Chromium)
	@$(BIN)/python -m bench.pages $(ARGS)

# Each lock is held to the versions of those before it, so that all of them fit into one environment.
COMPILE = $(BIN)/uv pip compile --quiet $(ARGS) --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock'

lock: $(BIN)/python ## Lock dependencies anew; make lock ARGS=--upgrade brings all up to date
	$(call say,'Compiling requirements/*.lock')
	@$(PIP) --quiet uv
	@$(COMPILE) pyproject.toml -o requirements/runtime.lock
	@$(COMPILE) requirements/build.in -c requirements/runtime.lock -o requirements/build.lock
	@$(COMPILE) requirements/dev.in -c requirements/runtime.lock -c requirements/build.lock -o requirements/dev.lock
	@$(COMPILE) requirements/node.in -o requirements/node.lock

clean: ## Remove .venv and caches (never the database)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo 'Python is missing: install Python 3.11 or later (Debian, Ubuntu: apt install python3 python3-venv),'; \
		echo 'or name another interpreter: make setup PYTHON=/path/to/python3.12'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo 'Name a newer one: make setup PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "The venv module of $(PYTHON) is incomplete: install it (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	$(call say,'Creating $(VENV)')
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements/runtime.lock requirements/build.lock | $(BIN)/python
	$(call say,'Installing what the controller needs')
	@$(LOCKED) -r requirements/runtime.lock -r requirements/build.lock
	@touch $@

$(PACKAGE): pyproject.toml $(RUNTIME)
	$(call say,'Installing the telegraf_controller command')
	@$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	$(call say,'Installing what the tests need (a PostgreSQL among it)')
	@$(LOCKED) -r requirements/dev.lock
	@touch $@
