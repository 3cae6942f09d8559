"""Tests of the catalogue: its words, what must hold for every row of every API, and how each tool looks on the wire."""

MAKES_WHAT_IS_MISSING = "get_api_key"
"""The one GET of the APIs that may change something: it makes the key when there is none."""
