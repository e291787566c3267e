# Everything that is done with this repository has a target here; CI calls the same ones. 'make help' lists them.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
JOBS ?= 2
FAST := tests/unit tests/modules tests/property tests/architecture
HOSTS := $(wildcard tests/integration tests/e2e tests/compat)
# what is imported a thousand times by tests and measurements is compiled once, whatever the environment says
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup check format test test-fast test-hosts demo compat conformance faults fuzz bench docs clean

help:
	@echo "make setup      virtual environment with all dependencies in $(VENV)"
	@echo "make check      format, lint, types, layers, shape bounds, docs up to date"
	@echo "make test       all tests, host tests included (Linux, root)"
	@echo "make test-fast  the tests that need no hosts"
	@echo "make demo       boots hosts and moves a web site from one to another (Linux, root)"
	@echo "make compat     playbooks under ansible-core and under provisioner, compared (Linux, root)"
	@echo "make conformance  ansible-core's own integration targets, run by our commands (Linux, root; long)"
	@echo "make faults     the long campaign with killed workers and cut links (Linux, root)"
	@echo "make fuzz       ten CPU-minutes of mutated input for whatever reads foreign input (CPU_SECONDS=600 SEED=1 ONLY='loader vault')"
	@echo "make bench      speed beside ansible-core, mitogen, pyinfra and plain ssh (Linux, root; long; ONLY='W1 W3' ROUNDS=5)"
	@echo "make docs       writes docs/reference from the code"
	@echo "make format     formats the code"

setup: $(STAMP)

$(STAMP): pyproject.toml .ci/setup
	@.ci/setup $(VENV)
	@touch $@

check: $(STAMP)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) tests/architecture/shape.py
	$(VENV)/bin/provisioner docs --check

format: $(STAMP)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

docs: $(STAMP)
	$(VENV)/bin/provisioner docs

test-fast: $(STAMP)
	$(VENV)/bin/pytest -q -n $(JOBS) --no-hosts $(FAST) -m "not campaign"

# in written order: host tests share three machines, and what one leaves another may meet
test-hosts: hosts-possible $(STAMP)
	$(VENV)/bin/pytest -q -p no:randomly --durations=10 $(HOSTS) -m "not campaign"

test: hosts-possible $(STAMP)
	$(VENV)/bin/pytest -q -n $(JOBS) $(FAST) -m "not campaign"
	$(VENV)/bin/pytest -q -p no:randomly --durations=10 $(HOSTS) -m "not campaign"

demo: hosts-possible $(STAMP)
	@$(PY) bench/demo.py $(if $(FRESH),--fresh) $(if $(BREAK),--break)

compat: hosts-possible $(STAMP)
	$(VENV)/bin/pytest -q --timeout=1200 tests/compat

conformance: hosts-possible $(STAMP)
	$(PY) -m tests.compat.targets --expected --jobs $(JOBS)

faults: hosts-possible $(STAMP)
	$(VENV)/bin/pytest -q --timeout=1200 -m campaign tests/modules tests/integration tests/e2e
	$(PY) bench/faults.py --cases 60

# all targets, whatever one of them finds; what failed is kept in .cache/fuzz
fuzz: $(STAMP)
	@mkdir -p .cache; status=0; for target in $(or $(ONLY),loader inventory vault protocol journal template); do \
	  $(PY) -W ignore -m bench.fuzz $$target --cpu-seconds $(or $(CPU_SECONDS),600) --seed $(or $(SEED),1) --keep .cache/fuzz || status=1; \
	done; exit $$status

bench: hosts-possible $(STAMP)
	@$(PY) -m bench $(ONLY) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(JSON),--json $(JSON)) $(if $(MARKDOWN),--markdown $(MARKDOWN))

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

# hosts are systemd-nspawn machines; said before anything is installed
.PHONY: hosts-possible
hosts-possible:
	@[ "$$(uname -s)" = Linux ] || { echo "make $(MAKECMDGOALS): lab hosts need Linux; 'make test-fast' does not" >&2; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo "make $(MAKECMDGOALS): lab hosts need root; run it with sudo" >&2; exit 1; }
