"""Builds all that is published of a version into dist/, from pyproject.toml and the skills, and has it checked by its takers."""
