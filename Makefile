# Everything a clone needs, from Python, Node, make and git. `make` alone lists the targets.

PYTHON ?= python3
NETWORK ?= development
WORKERS ?= 2
COVERAGE := 95
UV := 0.13.9
TESSERA := v1.0.4
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo)

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH):$(CURDIR)/.make/go/bin
# Where py-solc-x, and through it Brownie and slither, find the pinned compiler.
export SOLCX_BINARY_PATH := $(CURDIR)/scripts/solc

# A stamp in .make says that a part of the set-up is as new as what it is made from.
READY := .make/python .make/node
# Brownie keeps its settings in the home folder: this is one of the project's own.
BROWNIE := HOME=$(CURDIR)/.make/home brownie

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-python test-contracts interop test-branches check check-style check-types check-contracts \
	check-fresh format contracts docs run gas formal fuzz bench-log bench-certification tessera lock go optional browser softhsm postgres mosquitto clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## get the tools and libraries, as the locks pin them (the others do this by themselves)

demo: $(READY) ## tell the whole story on a chain in the process
	@certchain demo

test: $(READY) ## run every test: the package, with its coverage, and the contracts (NETWORK=ganache for Ganache)
	@$(MAKE) --no-print-directory --keep-going test-python test-contracts

# Each worker begins with a run of neighbours, which share the chains of their session; who is done takes from another's end.
test-python: $(READY) ## run the tests of the package, WORKERS=2 at once (ARGS="-k name" to choose)
	python -m pytest $(if $(ARGS),$(ARGS),--numprocesses=$(WORKERS) --dist=worksteal --cov --cov-report=term --cov-fail-under=$(COVERAGE))

test-contracts: $(READY) ## run the tests of the contracts under Brownie (NETWORK=ganache for Ganache)
	tests/contracts/run $(NETWORK) $(ARGS)

interop: $(READY) go ## hold our log to Go's implementations of the standards, and theirs to ours
	python -m pytest tests/interop

fuzz: $(READY) .make/fuzz ## throw random input at every door, CERTCHAIN_FUZZ_SECONDS=600 in all (tests/fuzz)
	CERTCHAIN_FUZZ_SECONDS=$${CERTCHAIN_FUZZ_SECONDS:-600} python -m pytest tests/fuzz $(ARGS)

test-branches: $(READY) ## the same, with traces: fails if the tests miss a branch of the contracts (takes a while)
	tests/contracts/run coverage $(ARGS) --coverage

check: check-style check-types check-contracts check-fresh ## check style, types, contracts, and that artifacts and docs are up to date (-k: go on)

check-style: $(READY)
	ruff check .
	ruff format --check .

check-types: $(READY)
	mypy

check-contracts: $(READY)
	solhint --noPoster --disc --max-warnings 0 'contracts/**/*.sol'
	slither contracts --config-file slither.config.json

check-fresh: $(READY)
	python scripts/artifacts.py --check
	python scripts/docs.py --check

format: $(READY) ## put the Python sources in order
	ruff check --fix .
	ruff format .

contracts: $(READY) .make/home ## compile the contracts, and renew the artifacts that the package ships
	$(BROWNIE) compile
	python scripts/artifacts.py

docs: $(READY) ## renew the pages of docs/ that the code owns
	python scripts/docs.py

run: $(READY) .make/home ## run a Brownie script: make run SCRIPT=deploy NETWORK=ganache
	$(BROWNIE) run $(SCRIPT) --network $(NETWORK)

formal: $(READY) .make/formal ## prove that no call shrinks a log or changes a root, and that broken contracts fail (formal/README.md)
	python formal/prove.py

gas: $(READY) ## measure the gas, next to EAS and ERC-1056 on the same chain
	python benchmarks/gas.py

bench-log: $(READY) ## measure the log, beside the disk alone and, where there is Go, Tessera (ARGS=--quick for a glance)
	@if command -v go >/dev/null; then $(MAKE) --no-print-directory tessera; fi
	python benchmarks/log.py $(ARGS)

bench-certification: $(READY) ## measure certification, beside one transaction for each login on the same chain (ARGS=--quick for a glance)
	python benchmarks/certification.py $(ARGS)

tessera: .make/tessera/posix .make/tessera/hammer ## get Tessera, to measure the log beside it (needs Go)

.make/tessera/posix .make/tessera/hammer:
	@command -v go >/dev/null || { echo "Tessera is built with Go, and 'go' is not on PATH: run 'make go'." >&2; exit 1; }
	GOBIN=$(CURDIR)/.make/tessera go install github.com/transparency-dev/tessera/cmd/conformance/posix@$(TESSERA) \
		github.com/transparency-dev/tessera/internal/hammer@$(TESSERA)

lock: ## resolve the dependencies anew, and write both locks
	$(PYTHON) -m venv .make/uv
	.make/uv/bin/python -m pip install --quiet uv==$(UV)
	.make/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links requirements/dev.in --output-file requirements/lock.txt
	.make/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links requirements/formal.in --output-file requirements/formal.txt
	.make/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links requirements/fuzz.in --output-file requirements/fuzz.txt
	npm install --package-lock-only --ignore-scripts

go: ## install Go where there is none, for the tests beside Go's implementations of the standards
	@command -v go >/dev/null || { \
		$(PYTHON) -m venv .make/go && \
		.make/go/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/go.txt; }

browser: ## install Debian's Chromium, for the tests of the log's page (needs root or sudo)
softhsm: ## install Debian's SoftHSM2, a PKCS #11 token in software, for the tests of keys in tokens (needs root or sudo)
postgres: ## install Debian's PostgreSQL, of which the tests start a server of their own (needs root or sudo)
mosquitto: ## install Debian's MQTT broker, for the tests of alerts' subscribers (needs root or sudo)
optional: go .make/fuzz ## install all that some tests need besides: go, browser, softhsm, postgres, mosquitto, what fuzzes the services

# Each is a program and the package that has it; what is missing is installed together, after one update of the lists.
browser: PARTS := chromium:chromium
softhsm: PARTS := softhsm2-util:softhsm2
postgres: PARTS := postgres:postgresql
mosquitto: PARTS := mosquitto:mosquitto
optional: PARTS := chromium:chromium softhsm2-util:softhsm2 postgres:postgresql mosquitto:mosquitto

browser softhsm postgres mosquitto optional:
	@PATH="$$PATH:/usr/sbin:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"; missing=; \
	for part in $(PARTS); do command -v $${part%:*} >/dev/null || missing="$$missing $${part#*:}"; done; \
	test -z "$$missing" || { $(AS_ROOT) apt-get update -qq && \
		$(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; }

clean: ## remove everything that make made
	rm -rf .make .venv node_modules build reports .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf python_client/certchain.egg-info
	rmdir interfaces 2>/dev/null || true # Brownie makes this empty folder

.make/python: requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "certchain needs Python 3.11 or newer, and '$(PYTHON)' is not: name another as in 'make PYTHON=python3.11'." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p $(@D) && touch $@

.make/formal: requirements/formal.txt
	$(PYTHON) -m venv .make/halmos
	.make/halmos/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.make/fuzz: requirements/fuzz.txt
	$(PYTHON) -m venv .make/schemathesis
	.make/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.make/node: package-lock.json package.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
		echo "certchain needs Node 20 or newer, and 'node' on PATH is not." >&2; exit 1; }
	npm ci --ignore-scripts --loglevel=error
	@mkdir -p $(@D) && touch $@

.make/home: brownie-networks.yaml
	@mkdir -p $@/.brownie && cp $< $@/.brownie/network-config.yaml && touch $@
