PYTHON ?= python3
BIN := .venv/bin
BIOME := $(BIN)/node node_modules/@biomejs/biome/bin/biome
REPORTS := .state/reports
# The files of `make slow`, all of them unless some are named, and its report.
SLOW ?= tests
REPORT ?= slow
PACKAGES := accounts agileadapt assistant_tools sessions_app handoff flight_recorder dashboard probe telephony strict_json sandbox launcher bench code_measures
export ASGI_SERVER ?= uvicorn

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types contracts frontend unit coverage browser slow bench measure-code format lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install everything into this checkout; quick when nothing changed
	@$(PYTHON) -m launcher.install

demo: setup ## Run the whole product here until Ctrl-C (ASGI_SERVER=uvicorn|daphne)
	@exec $(BIN)/python -m launcher.demo

test: lint types contracts frontend unit browser ## Run every check and every test

lint: setup ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIOME) lint --error-on-warnings
	$(BIN)/djlint --lint --quiet templates

types: setup ## Check Python types
	$(BIN)/python -m launcher.inert mypy $(wildcard $(PACKAGES))

contracts: setup ## Check who imports whom
	$(BIN)/lint-imports

frontend: setup ## Check browser types and show bundle sizes
	$(BIN)/node node_modules/typescript/bin/tsc
	$(BIN)/node frontend/build.mjs --size

unit: setup ## Run unit and flow tests on all cores
	$(BIN)/pytest -n logical -m "not browser and not slow" --junitxml=$(REPORTS)/unit.xml

coverage: setup ## Run unit and flow tests once more, and tell which branches they do not take
	$(BIN)/pytest -n logical -m "not browser and not slow" --cov --cov-report=
	$(BIN)/python -m launcher.branches

browser: setup ## Run browser tests, one after the other
	$(BIN)/python -m launcher.chromium
	$(BIN)/pytest -m "browser and not slow" tests/browser --junitxml=$(REPORTS)/browser.xml

slow: setup ## Run what takes minutes: every order of a visit, random orders over HTTP, faults in running processes
	$(BIN)/pytest -n logical -m slow $(SLOW) --junitxml=$(REPORTS)/$(REPORT).xml

bench: setup ## Measure
	$(BIN)/python -m bench

measure-code: setup ## Count the code: sizes, circles of imports, how far the main flows are spread
	@$(BIN)/python -m code_measures

format: setup ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIOME) lint --write

lock: setup ## Resolve requirements*.in into exact versions with hashes
	$(BIN)/python -m launcher.lock

clean: ## Remove everything that set-up and runs have made
	@$(PYTHON) -m launcher.clean
