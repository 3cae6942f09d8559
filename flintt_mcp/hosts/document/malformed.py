"""A file of settings that cannot be read, or holds something else where an entry would go."""

from __future__ import annotations


class Malformed(Exception):
    """What is wrong, without any of the file's own text, and the line (from 1) where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
