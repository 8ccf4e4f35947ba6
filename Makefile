# Everything this project does; `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := spec stats client exporter rules detectors dashboards cli
TYPES := build/types
DATA ?= ../shared/data

.DEFAULT_GOAL := help
.PHONY: demo run test lint types generate bench soak tools clean help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/.demo: setup.cfg pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo,dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## the main job on 273 real days of flights; exit 0 if every planted incident was found
	$(BIN)/wolfpack demo

run: $(VENV)/.demo ## the demo, and the exporter keeps serving
	$(BIN)/wolfpack demo --keep

test: $(VENV)/.dev ## every test; what needs an absent server is skipped with the reason (under CI=true: fails)
	@if [ "$$CI" = "true" ]; then $(MAKE) --no-print-directory tools; fi
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .

types: $(VENV)/.dev ## mypy (strict) and pyright, over the folders linked as the packages they are installed as
	@rm -rf $(TYPES) && mkdir -p $(TYPES)/wolfpack
	@for package in $(PACKAGES); do ln -s $(CURDIR)/$$package $(TYPES)/wolfpack/$$package; done
	@ln -s $(CURDIR)/examples/flights $(TYPES)/wolfpack/flights
	MYPYPATH=$(TYPES) $(BIN)/mypy --config-file pyproject.toml -p wolfpack
	cd $(TYPES) && $(CURDIR)/$(BIN)/pyright --pythonpath $(CURDIR)/$(BIN)/python wolfpack

generate: $(VENV)/.dev ## write what is generated and kept in the repository
	$(BIN)/wolfpack rules examples/flights/arrival-delay.yml -o examples/flights/generated --receivers deploy/receivers.yml
	$(BIN)/wolfpack dashboards examples/flights/arrival-delay.yml -o deploy/grafana/dashboards
	$(BIN)/python -m wolfpack.cli.pages docs

bench: $(VENV)/.dev ## the benchmarks, as tables
	$(BIN)/python -m benchmarks.profile
	$(BIN)/python -m benchmarks.drift_quality
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.join
	$(BIN)/python -m benchmarks.detect_noise
	$(BIN)/python -m benchmarks.detect_speed
	$(BIN)/python -m benchmarks.public $(DATA)
	$(BIN)/python -m benchmarks.service
	$(BIN)/python -m benchmarks.large
	$(BIN)/python -m benchmarks.exposition
	$(BIN)/python -m benchmarks.ledger
	$(BIN)/python -m benchmarks.live
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.pages

soak: $(VENV)/.dev ## the long rounds of the fault tests
	WOLFPACK_ROUNDS=100 $(BIN)/python -m pytest -m soak

tools: build/npm/node_modules ## what the tests run besides Python, by apt (root) and npm: servers, Java, Chromium, Grafana's types
	@if ! command -v promtool >/dev/null || ! command -v amtool >/dev/null || ! command -v java >/dev/null \
		|| ! command -v victoria-metrics >/dev/null || ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 \
		|| ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		prometheus prometheus-alertmanager default-jre-headless victoria-metrics postgresql \
		chromium chromium-driver fonts-dejavu-core; fi

build/npm/node_modules: tests/npm/package.json
	@command -v npm >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends nodejs npm; }
	@mkdir -p build/npm && cp $< build/npm/package.json
	@npm install --prefix build/npm --silent --no-audit --no-fund --ignore-scripts --no-package-lock
	@touch $@

clean: ## remove what was built
	rm -rf $(VENV) build dist .demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
