"""The official MCP conformance suite against the product's real HTTP app, with the suite's fixture tools added.

`fixtures.py` holds the tools, resources and prompts that the suite calls by name; they come in through the same `Additions` that
any addition to the server uses. `python -m tests.conformance --port N` starts the server alone; `make conformance` runs the suite.
"""
