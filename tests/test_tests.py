"""What every test of this suite is: able to fail.

A test that returns or goes on with the next round before it asserts has passed without having looked. So a test function has no
`return` of its own, and no loop of one has a `continue` before an assertion. What does not fit a case is left out where the cases
are listed; what may be refused is told apart with `try`, `except` and `else`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.rglob("test_*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While


def functions_in(source: str) -> Iterator[Function]:
    """Every test function of a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What a function does itself, without the functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def early_exits(test: Function) -> list[int]:
    """The lines on which a test leaves before it has asserted."""
    nodes = list(own_nodes(test))
    skips = {
        node.lineno
        for loop in nodes
        if isinstance(loop, Loop)
        for node in own_nodes(loop)
        if isinstance(node, ast.Continue) and _asserts_after(loop, node.lineno)
    }
    return sorted(skips | {node.lineno for node in nodes if isinstance(node, ast.Return)})


def _asserts_after(loop: Loop, line: int) -> bool:
    return any(isinstance(node, ast.Assert) and node.lineno > line for node in own_nodes(loop))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_no_test_leaves_before_it_has_asserted(path: Path) -> None:
    left = {test.name: early_exits(test) for test in functions_in(path.read_text("utf-8"))}
    assert {name: lines for name, lines in left.items() if lines} == {}


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("if not case:\n    return\nassert case", [3]),
        ("try:\n    found = read(case)\nexcept Refused:\n    return\nassert found", [5]),
        ("assert case\nreturn", [3]),
        ("for one in case:\n    if not one:\n        continue\n    assert one", [4]),
        ("def inner():\n    return case\nassert inner()", []),
        ("for one in case:\n    if not one:\n        continue\n    seen.append(one)\nassert seen", []),
        ("try:\n    found = read(case)\nexcept Refused:\n    assert not case\nelse:\n    assert found", []),
    ],
)
def test_a_test_that_leaves_too_early_is_found(body: str, lines: list[int]) -> None:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    (test,) = functions_in(f"async def test_something(case):\n{indented}")
    assert early_exits(test) == lines
