"""Who may import whom. Arrows run one way; a module that no row of the table speaks of fails until somebody adds it.

The rows are read from the top: the first whose pattern fits a module decides. An import inside a function counts as well, one
for the type checker alone does not.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import flintt_mcp

ROOT = Path(flintt_mcp.__file__).parent
EVERYTHING = ("*",)

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # the one that knows all rooms
    "app": EVERYTHING,
    # the command line: only what a command imports when it runs is anything but light
    "__main__": ("cli.main", "memory"),
    "cli.__init__": (),
    "cli.parser": ("errors", "settings"),
    "cli.main": ("cli.commands", "cli.parser", "errors", "settings"),
    "cli.commands": (
        "app",
        "cli.sandbox",
        "errors",
        "logs",
        "memory",
        "oauth.*",
        "serving.process",
        "settings",
        "tools",
        "transports.stdio",
        "upstream.client",
        "wording",
    ),
    "cli.sandbox": ("errors", "logs", "sandbox.*", "serving.process", "settings"),
    # leaves: words, errors, and what stands alone
    "__init__": (),
    "errors": (),
    "handbook": (),
    "keyfile": (),
    "logs": (),
    "memory": (),
    "text": (),
    "webhooks": (),
    "secret_file": ("errors",),
    "catalogue.operation": (),
    "webhooks*": (),
    "store*": ("errors", "upstream.rate"),
    "settings": ("errors",),
    "wording": ("errors",),
    "cursors": ("errors",),
    # the catalogue: rows know the vocabulary and nothing else
    "catalogue.__init__": ("catalogue.*",),
    "catalogue.*": ("catalogue.operation", "errors"),
    # the way of a call: credentials -> tools -> proxy -> upstream -> answers -> paging -> results
    "credentials": ("catalogue.operation",),
    "arguments": ("catalogue.operation", "errors"),
    "tools": ("arguments", "catalogue.operation", "credentials", "errors"),
    "upstream.request": ("catalogue.operation", "errors", "upstream.message"),
    "upstream.faults": ("catalogue.operation", "errors", "text", "upstream.message"),
    "upstream.*": ("errors", "upstream.*"),
    "answers": ("catalogue.operation", "text", "upstream.faults", "upstream.message"),
    "budget": ("text",),
    "paging": ("answers", "budget", "catalogue.operation"),
    "output_schema": ("catalogue.operation",),
    "results": ("answers", "budget", "catalogue.operation", "paging", "text", "tools"),
    "lookup": (
        "answers",
        "budget",
        "catalogue.operation",
        "errors",
        "paging",
        "results",
        "tools",
        "upstream.faults",
        "upstream.message",
    ),
    "shown_once": (
        "answers",
        "budget",
        "catalogue.operation",
        "lookup",
        "paging",
        "results",
        "secret_file",
        "tools",
        "upstream.faults",
    ),
    "proxy": (
        "answers",
        "arguments",
        "budget",
        "catalogue.operation",
        "credentials",
        "cursors",
        "errors",
        "lookup",
        "output_schema",
        "paging",
        "results",
        "shown_once",
        "tools",
        "upstream.*",
    ),
    # what the settings choose, for the app to compose
    "base_urls": ("catalogue", "settings"),
    "server_keys": ("errors", "keyfile", "settings"),
    "toolsets": (
        "catalogue",
        "catalogue.flextell",
        "catalogue.operation",
        "credentials",
        "docs_tools",
        "errors",
        "handbook",
        "proxy",
        "settings",
        "tools",
    ),
    # how a person logs in to an API once, and the tokens that come of it
    "oauth.*": ("errors", "oauth.*", "settings", "text", "upstream.message"),
    # what else a client sees
    "resources": ("credentials", "tools"),
    "prompts": ("credentials", "resources", "tools"),
    "docs_tools": ("arguments", "catalogue.operation", "errors", "handbook", "resources", "text", "tools"),
    "workflows": ("catalogue.flintt", "credentials", "prompts", "resources", "tools"),
    # stages of the pipeline
    "metrics": ("errors", "tools"),
    "scopes": ("credentials", "errors", "tools"),
    "spending": ("catalogue.operation", "errors", "tools"),
    # the MCP face and the ways to it
    "replies": ("credentials", "tools", "wording"),
    "face.__init__": (),
    "face.questions": ("tools",),
    "face.shown": ("credentials", "face.questions", "prompts", "resources", "tools"),
    "face.calls": ("errors", "face.questions", "face.shown", "replies", "tools"),
    "face.resources": ("arguments", "errors", "face.questions", "face.shown", "resources", "wording"),
    "face.prompts": ("arguments", "face.questions", "face.shown", "prompts"),
    "face.completions": ("arguments", "face.shown", "resources"),
    "face.server": ("face.*", "replies"),
    "transports.*": ("credentials", "errors", "transports.*"),
    "serving.__init__": (),
    "serving.ready": ("settings",),
    "serving.asgi": (
        "app",
        "catalogue",
        "credentials",
        "errors",
        "face.calls",
        "face.server",
        "memory",
        "metrics",
        "replies",
        "settings",
        "tools",
        "transports.http",
    ),
    "serving.workers": ("app", "logs", "metrics", "serving.asgi", "serving.ready", "settings"),
    "serving.process": ("app", "errors", "logs", "metrics", "sandbox.at_work", "serving.*", "settings", "transports.*"),
    # pages of the handbook that are generated: from rows, and from the sandbox's database
    "documented": (),
    "pages": (
        "budget",
        "catalogue",
        "catalogue.operation",
        "cursors",
        "docs_tools",
        "documented",
        "handbook",
        "proxy",
        "sandbox.server",
        "settings",
        "tools",
    ),
    # the independent witness: it never reads the catalogue, the proxy, the server, the app or a transport
    "sandbox.at_work": ("sandbox.*", "settings"),
    "sandbox.delivery.receiver": ("errors", "sandbox.*", "text", "webhooks"),
    "sandbox.*": ("errors", "keyfile", "sandbox.*"),
}

ONLY_IN: dict[str, tuple[str, ...]] = {
    "mcp": ("face.*", "transports.*"),
    "mcp_types": ("face.*", "transports.*"),
    "aiohttp": ("upstream.network*", "sandbox.network.guard"),
    "pydantic": ("arguments", "face.*", "cli.sandbox", "sandbox.*"),
    "starlette": ("serving.*", "cli.sandbox", "transports.*", "sandbox.*"),
    "fastapi": ("cli.sandbox", "sandbox.*"),
    "uvicorn": ("serving.process", "serving.workers", "cli.sandbox", "transports.serving"),
    "prometheus_client": ("metrics",),
    "platformdirs": ("settings",),
    "sqlite3": ("handbook", "store*", "sandbox.*"),
}
"""Library -> the only modules that import it. The sandbox delivers webhooks through a client of its own, behind one guard."""

PURE = (
    "catalogue.operation",
    "text",
    "arguments",
    "cursors",
    "credentials",
    "answers",
    "budget",
    "paging",
    "output_schema",
    "results",
    "upstream.request",
    "upstream.faults",
    "upstream.message",
)
IMPURE = {"anyio", "asyncio", "aiohttp", "starlette", "mcp", "mcp_types", "socket", "sqlite3"}
HEAVY = {"mcp", "mcp_types", "pydantic", "anyio", "asyncio", "aiohttp", "starlette", "uvicorn", "fastapi", "msgspec"}


@dataclass(frozen=True)
class Import:
    """One module that another imports: ours by its name below the package, a library by its first name."""

    name: str
    ours: bool
    at_once: bool
    """Whether the import runs when the module is loaded."""


@cache
def _modules() -> dict[str, Path]:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(ROOT.rglob("*.py"))}
    assert len(names) > 20
    return names


def _name(dotted: str) -> str | None:
    """The module of ours behind a dotted name, or None when there is none."""
    return next((name for name in (dotted, f"{dotted}.__init__".strip(".")) if name in _modules()), None)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _nodes(node: ast.AST, at_once: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_once
        elif not _is_for_types(child):
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _nodes(child, at_once and not later)


@cache
def _imports(module: str) -> tuple[Import, ...]:
    found = []
    for node, at_once in _nodes(ast.parse(_modules()[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide who is meant"
            dotted = [f"{node.module}.{alias.name}" for alias in node.names]
            dotted = [name if _name(name.removeprefix("flintt_mcp.")) else str(node.module) for name in dotted]
        else:
            dotted = [alias.name for alias in node.names]
        for name in dotted:
            ours = name == "flintt_mcp" or name.startswith("flintt_mcp.")
            inner = _name(name.removeprefix("flintt_mcp").strip(".")) if ours else name.split(".")[0]
            found.append(Import(inner or name, ours, at_once))
    return tuple(found)


def _row_of(module: str) -> tuple[str, ...] | None:
    return next((allowed for pattern, allowed in MAY_IMPORT.items() if fnmatchcase(module, pattern)), None)


def _is_allowed(name: str, allowed: tuple[str, ...]) -> bool:
    plain = name.removesuffix(".__init__")
    return name == "__init__" or any(fnmatchcase(plain, pattern) or fnmatchcase(name, pattern) for pattern in allowed)


@pytest.mark.parametrize("module", _modules())
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    allowed = _row_of(module)
    assert allowed is not None, f"{module} is in no row of the table in {Path(__file__).name}"
    assert [item.name for item in _imports(module) if item.ours and not _is_allowed(item.name, allowed)] == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_only_where_it_has_to_be(library: str) -> None:
    users = {
        module for module in _modules() if any(item.name == library and not item.ours for item in _imports(module))
    }
    assert [name for name in sorted(users) if not any(fnmatchcase(name, one) for one in ONLY_IN[library])] == []


def test_every_module_that_the_table_names_is_there() -> None:
    named = {name for name in [*MAY_IMPORT, *(one for users in ONLY_IN.values() for one in users)] if "*" not in name}
    assert named - _modules().keys() == set()


def test_no_module_comes_back_to_itself_by_what_it_imports_at_once() -> None:
    graph = {
        module: {item.name for item in _imports(module) if item.ours and item.at_once and item.name != module}
        for module in _modules()
    }
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_reaches_no_loop_no_network_and_no_protocol(module: str) -> None:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            assert IMPURE.isdisjoint(item.name for item in _imports(name) if not item.ours), name
            waiting += [item.name for item in _imports(name) if item.ours]


def test_only_the_command_line_prints() -> None:
    printing = {
        module
        for module, path in _modules().items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == {"cli.main", "cli.commands", "cli.sandbox"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_loads_nothing_heavy(option: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "flintt_mcp", option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 0
    assert "flintt_mcp.cli.parser" in loaded
    assert sorted(name for name in loaded if name.split(".")[0] in HEAVY) == []
