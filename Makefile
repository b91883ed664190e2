# QSignHub's tasks. Everything runs in .venv, which `make setup` makes; nothing needs to be activated.

BIN := .venv/bin
PORT ?= 8080

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-tests demo run test check format format-check lint types layers openapi fuzz bench judge \
	conformance conformance-slice clean

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## uv and the environment in .venv; as root also the database's user
	@scripts/setup

setup-tests: ## The same, and the programs of the system that some tests use
	@scripts/setup --tests

demo: setup ## A contract uploaded, signed by two people, delivered and validated, with a timeline
	@$(BIN)/qsignhub demo --out .demo

run: setup ## The service on http://127.0.0.1:8080 (PORT=... for another one)
	@$(BIN)/qsignhub serve --data-dir .qsignhub --port $(PORT)

test: setup-tests ## All tests; ends with what was skipped and why
	$(BIN)/pytest -ra -n 2 --dist loadfile

check: setup-tests format-check lint types layers test ## What CI runs: format, lint, types, layers, tests

format: setup ## Formats the code
	$(BIN)/ruff format

format-check: setup ## Whether the code is formatted
	$(BIN)/ruff format --check

lint: setup ## The linter
	$(BIN)/ruff check

types: setup ## The types, strictly
	$(BIN)/mypy

layers: setup ## Whether imports go down only
	$(BIN)/lint-imports

openapi: setup ## The OpenAPI specification into docs/openapi.json
	$(BIN)/python -m qsignhub.api > docs/openapi.json

fuzz: setup ## Generated requests to every operation for MINUTES (10)
	@$(BIN)/python -m tests.fuzz $(or $(MINUTES),10)

bench: setup ## Figures, as ratios against something else in the same run
	@$(BIN)/python -m bench

judge: setup-tests ## Compiles the judge of signed files: DSS, fetched by Maven
	@$(BIN)/python -m conformance --build

conformance: setup-tests ## Every format, level, algorithm and kind of document, judged by DSS: report.json, report.md
	@$(BIN)/python -m conformance

conformance-slice: setup-tests ## A part of it, as CI runs it
	@$(BIN)/python -m conformance --slice

clean: ## Removes what can be made again; keeps .venv and the data in .qsignhub
	rm -rf .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	rm -rf conformance/work conformance/target
	rm -f bench/results.json test-report.xml conformance/report.json conformance/report.md
	find src tests bench conformance -name __pycache__ -type d -prune -exec rm -rf {} +
