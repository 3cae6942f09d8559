"""Tests of the catalogue: its words, what must hold for every row of every API, and how each tool looks on the wire."""
