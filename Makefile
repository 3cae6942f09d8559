# The four things a person does here. Each makes the environment first, and only when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench

.PHONY: help serve test fuzz soak conformance docs lint bench clean
help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "flintt-mcp needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

serve: $(VENV)/.installed  ## start the HTTP server with the sandbox and print how to connect
	@exec $(BIN)/flintt-mcp serve --sandbox

test: $(VENV)/.installed  ## run every test
	$(BIN)/python -m pytest -n 2

fuzz: $(VENV)/.installed  ## run many more requests against the OpenAPI documents; FLINTT_FUZZ_EXAMPLES=1000 says how many
	FLINTT_FUZZ_EXAMPLES=$${FLINTT_FUZZ_EXAMPLES:-200} $(BIN)/python -m pytest -n 2 -rP tests/schemathesis

soak: $(VENV)/.installed  ## kill it 50 times in the middle of its work, give it a backlog, and say what was shown
	FLINTT_CRASHES=50 $(BIN)/python -m pytest -s tests/sandbox/test_crashes.py tests/sandbox/running/test_killed_runs.py
	FLINTT_BACKLOG=5000 $(BIN)/python -m pytest -s tests/sandbox/test_webhook_backlog.py

# What needs Node stands here, so that the tests do without: the suite, and the TypeScript of docs/webhooks.md.
conformance: $(VENV)/.conformance  ## run the official MCP conformance suite against the server
	$(BIN)/python -m tests.conformance.run
	$(BIN)/python -m pytest -q tests/end_to_end/test_webhooks_page.py

$(VENV)/.conformance: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[conformance]'
	@touch $@

docs: $(VENV)/.installed  ## write the generated pages of docs/
	$(BIN)/python -m scripts.handbook.pages

lint: $(VENV)/.installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# FastMCP is there to be compared with; it stays out of the project's own environment.
$(BENCH_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'fastmcp>=4,<5' -e '.[test]'
	@touch $@

bench: $(BENCH_VENV)/.installed  ## measure side by side with others; BENCH='--quick' or '--only NAME' goes along
	@exec $(BENCH_VENV)/bin/python -m bench $(BENCH)

clean:           ## remove the environments and caches
	rm -rf $(VENV) .venv-* .conformance .pytest_cache .hypothesis .ruff_cache
