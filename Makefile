# The things a person does here. Each makes the environment it needs first, and only when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
NEWEST := .venv-newest
BENCH_VENV := .venv-bench
LOCK_VENV := .venv-lock
PACKAGE_VENV := .venv-package
LOCKED := constraints/locked.txt
LOWEST_LOCKED := constraints/lowest.txt
INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: help serve test test-lowest test-newest fuzz soak conformance browse pictures hosts docs lint bench lock package image-check clean
help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

%/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "flintt-mcp needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(@D)

# Whoever only runs the server needs the product alone, whoever changes it the tests' packages too; both in the locked versions.
$(VENV)/.product: $(VENV)/pyvenv.cfg pyproject.toml $(LOCKED)
	$(BIN)/python $(INSTALL) -c $(LOCKED) -e .
	@touch $@

$(VENV)/.installed: $(VENV)/pyvenv.cfg pyproject.toml $(LOCKED)
	$(BIN)/python $(INSTALL) -c $(LOCKED) -e '.[test]'
	@touch $(VENV)/.product $@

serve: $(VENV)/.product  ## start the HTTP server with the sandbox and print how to connect
	@exec $(BIN)/flintt-mcp serve --sandbox

test: $(VENV)/.installed  ## run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Every test but those that take long for what they wait for, and of those that try many cases by chance fewer: other versions
# break what is tried at all, not the thousandth case.
FEWER := FLINTT_REQUESTS=2000 FLINTT_FRAMES=500 FLINTT_SELECTS=60 FLINTT_INTENTS=60 FLINTT_APPROVAL_STEPS=300 FLINTT_CRASHES=2 FLINTT_CALLS=60

test-lowest: $(LOWEST)/.installed  ## run the tests with the lowest versions that pyproject.toml allows
	$(FEWER) $(LOWEST)/bin/python -m pytest -n 2 --dist worksteal -m "not long"

$(LOWEST)/.installed: $(LOWEST)/pyvenv.cfg pyproject.toml $(LOWEST_LOCKED)
	$(LOWEST)/bin/python $(INSTALL) -c $(LOWEST_LOCKED) -e '.[test]'
	@touch $@

# Always installed anew. Where nothing came out since the lock was made, `make test` has run with the newest versions already.
test-newest: $(NEWEST)/pyvenv.cfg  ## run the tests with the newest versions that pyproject.toml allows
	$(NEWEST)/bin/python $(INSTALL) --upgrade --upgrade-strategy eager -e '.[test]'
	@if $(NEWEST)/bin/python -m pip freeze --exclude-editable | tr A-Z_ a-z- | sed -E ':again; s/^([^=]*)[.]([^=]*==)/\1-\2/; t again' | grep -vxF "$$(sed 's/ ;.*//' $(LOCKED))"; \
	then echo 'are newer than the lock' && $(FEWER) $(NEWEST)/bin/python -m pytest -n 2 --dist worksteal -m "not long"; \
	else echo 'The newest versions are the locked ones.'; fi

# In an environment of its own: it has to work when the lock does not fit pyproject.toml any more.
lock: $(LOCK_VENV)/.installed  ## choose the newest versions anew for the lock, and the lowest beside them
	$(COMPILE) -o $(LOCKED)
	$(COMPILE) -o $(LOWEST_LOCKED) --resolution lowest-direct

COMPILE := $(LOCK_VENV)/bin/uv pip compile pyproject.toml --quiet --upgrade --all-extras --universal --python-version 3.11 \
	--no-annotate --custom-compile-command 'make lock'

$(LOCK_VENV)/.installed: $(LOCK_VENV)/pyvenv.cfg
	$(LOCK_VENV)/bin/python $(INSTALL) 'uv>=0.13,<1'
	@touch $@

fuzz: $(VENV)/.installed  ## run many more requests against the OpenAPI documents; FLINTT_FUZZ_EXAMPLES=1000 says how many
	FLINTT_FUZZ_EXAMPLES=$${FLINTT_FUZZ_EXAMPLES:-200} $(BIN)/python -m pytest -n 2 -rP tests/schemathesis

soak: $(VENV)/.installed  ## kill it in the middle of writes, deliveries and runs, often, and say what was shown
	FLINTT_CRASHES=50 $(BIN)/python -m pytest -s tests/sandbox/test_crashes.py tests/sandbox/running/test_killed_runs.py
	FLINTT_APPROVAL_STEPS=100000 $(BIN)/python -m pytest -s tests/calls/stages/test_no_tool_approves.py
	FLINTT_INTENTS=10000 $(BIN)/python -m pytest -s tests/end_to_end/test_exactly_once.py
	FLINTT_REQUESTS=1000000 $(BIN)/python -m pytest -n 2 tests/transports/http/oracle
	FLINTT_CALLS=10000 $(BIN)/python -m pytest -s tests/offers/insight/test_two_callers.py
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n 2 -m hypothesis

# What needs Node stands here, so that the tests do without: the suite, and the TypeScript of docs/webhooks.md.
conformance: $(VENV)/.conformance  ## run the official MCP conformance suite against the server
	$(BIN)/python -m tests.conformance.run
	$(BIN)/python -m pytest -q tests/end_to_end/test_webhooks_page.py

$(VENV)/.conformance: $(VENV)/.installed
	$(BIN)/python $(INSTALL) -c $(LOCKED) -e '.[conformance]'
	@touch $@

# Chromium comes from the system: where there is none, Debian's is installed by whoever may.
browse: $(VENV)/.browser  ## look at every page in a headless Chromium; pictures are left in .pictures
	@command -v chromium chromium-browser google-chrome >/dev/null || apt-get install -y -qq --no-install-recommends chromium \
	|| { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }
	$(BIN)/python -m pytest tests/browser

$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/python $(INSTALL) -c $(LOCKED) -e '.[browser]'
	@touch $@

hosts: $(VENV)/.conformance  ## install into the real Claude Code, Codex and Gemini CLI, and see that they reach the server
	$(BIN)/python -m tests.hosts.real
	$(BIN)/python -m tests.hosts.offered

pictures: $(VENV)/.browser  ## take the pictures of the README anew, from the real page and the real terminal
	$(BIN)/python -m scripts.pictures

docs: $(VENV)/.installed  ## write the generated pages of docs/
	$(BIN)/python -m scripts.handbook.pages

lint: $(VENV)/.installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# FastMCP is there to be compared with; it stays out of the project's own environment.
$(BENCH_VENV)/.installed: $(BENCH_VENV)/pyvenv.cfg pyproject.toml
	$(BENCH_VENV)/bin/python $(INSTALL) 'fastmcp>=4,<5' -e '.[test]'
	@touch $@

bench: $(BENCH_VENV)/.installed  ## measure side by side with others; BENCH='--quick' or '--only NAME' goes along
	@exec $(BENCH_VENV)/bin/python -m bench $(BENCH)

# In an environment of its own: what publishes and lints is no part of the product or of its tests.
package: $(PACKAGE_VENV)/.installed  ## build all that is published of a version into dist/, and have it checked
	@exec $(PACKAGE_VENV)/bin/python -m scripts.packages

$(PACKAGE_VENV)/.installed: $(PACKAGE_VENV)/pyvenv.cfg pyproject.toml $(LOCKED)
	$(PACKAGE_VENV)/bin/python $(INSTALL) -c $(LOCKED) -e '.[package]' hatchling hatch-fancy-pypi-readme
	@touch $@

# No registry of images is asked; whoever has a container engine builds the image with it.
image-check: $(VENV)/.installed  ## carry out the Dockerfile's steps in an empty root and see it serve; needs root and mmdebstrap
	@$(BIN)/python -m scripts.packages.image

clean:           ## remove the environments and caches
	rm -rf $(VENV) .venv-* .conformance .npm .pictures dist .pytest_cache .hypothesis .ruff_cache
