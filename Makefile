PYTHON ?= python3
BIN := .venv/bin
export ASGI_SERVER ?= daphne

.DEFAULT_GOAL := help
.PHONY: help setup demo test lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install everything into this checkout; quick when nothing changed
	@$(PYTHON) -m launcher.install
