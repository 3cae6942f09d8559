"""Who may import whom. Arrows run one way between folders, and no module comes back to itself.

A folder has one row: the folders and the modules of the root that it may import, besides its own files. A name that ends in `*`
stands for a folder and those inside it. An import inside a function counts as well, one for the type checker alone does not.
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
IN_THE_ROOT = {"__init__", "__main__", "app", "errors", "settings", "text", "webhooks"}

LEAVES = {"hosts.document", "matching", "sandbox.network", "sqlite", "transports"}
"""Folders that import no other, and need no row."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # what runs the house
    "__main__": ("cli", "serving"),
    "cli": (
        "app",
        "calls",
        "catalogue",
        "doctor",
        "errors",
        "hosts",
        "oauth",
        "offers",
        "rest.sending",
        "sandbox*",
        "serving",
        "settings",
        "state",
    ),
    "doctor": ("app", "calls", "catalogue", "errors", "hosts", "rest.sending", "settings", "state"),
    "hosts": ("calls", "catalogue", "errors", "hosts.document", "settings", "state"),
    "serving": (
        "app",
        "calls",
        "calls.arguments",
        "calls.stages",
        "catalogue",
        "errors",
        "face",
        "hosts",
        *("offers", "offers.handbook", "pages", "rest.sending", "sandbox", "settings", "state", "text"),
        *("transports.bus", "transports.http", "transports.http.exchanges", "transports.stdio"),
    ),
    # the one module that puts the rooms together
    "app": (
        *(
            "calls",
            "calls.stages",
            "catalogue",
            "face",
            "oauth",
            "offers",
            "offers.handbook",
            "offers.imports",
            "offers.insight",
        ),
        "rest",
        *("rest.reading", "rest.sending", "sandbox", "settings", "sqlite", "state"),
    ),
    # what a client of MCP sees, and the ways to it
    "transports.*": ("calls", "errors", "pages", "settings", "transports", "transports.bus", "transports.http*"),
    "pages": ("calls", "hosts", "hosts.document", "offers.handbook", "settings", "text"),
    "face": ("calls", "calls.arguments", "errors", "offers"),
    # what is on offer
    "offers": (
        "calls",
        "calls.arguments",
        "calls.stages",
        "catalogue",
        "errors",
        "offers.handbook",
        "offers.imports",
        "offers.insight",
        "rest",
        "rest.reading",
        "settings",
    ),
    "offers.imports": (
        *(
            "calls",
            "calls.arguments",
            "catalogue",
            "errors",
            "matching",
            "offers.insight",
            "rest",
            "rest.reading",
            "text",
        ),
    ),
    "offers.handbook": ("calls", "calls.arguments", "catalogue", "errors", "rest.reading"),
    "offers.insight": (
        "calls",
        "calls.arguments",
        "catalogue",
        "errors",
        "matching",
        "rest",
        "rest.reading",
        "rest.sending",
        "text",
    ),
    # an operation as a tool, and signing in at its API
    "rest": (
        "calls",
        "calls.arguments",
        "catalogue",
        "errors",
        "matching",
        "rest.reading",
        "rest.sending",
        "state",
        "text",
    ),
    "rest.reading": ("catalogue", "errors", "rest.sending", "text"),
    "rest.sending": ("catalogue", "errors", "state"),
    "oauth": ("errors", "rest.sending", "settings", "state", "text"),
    # what a call is
    "calls.stages": ("calls", "catalogue", "errors"),
    "calls.arguments": ("catalogue", "errors"),
    "calls": ("calls.arguments", "catalogue", "errors", "text"),
    "catalogue": ("errors", "settings"),
    # what the server keeps
    "state": ("calls", "catalogue", "errors", "settings", "sqlite"),
    "settings": ("errors",),
    # the independent witness: it never reads the catalogue, the way of a call, the app or a transport
    "sandbox": ("errors", "sandbox.*", "settings", "sqlite"),
    "sandbox.ground": ("errors", "sqlite", "state"),
    "sandbox.delivery": ("sandbox.ground", "sandbox.network", "sqlite", "text", "webhooks"),
    "sandbox.flintt*": (
        *("errors", "sandbox.delivery", "sandbox.flintt*", "sandbox.ground", "sandbox.network", "sqlite", "state"),
    ),
    "sandbox.flextell*": ("sandbox.flextell*", "sandbox.ground", "sqlite"),
    "sandbox.flowpilot*": ("errors", "sandbox.delivery", "sandbox.flowpilot*", "sandbox.ground", "sqlite"),
    "sandbox.flowmaticx*": ("sandbox.flowmaticx*", "sandbox.ground", "sqlite"),
}

ONLY_IN: dict[str, tuple[str, ...]] = {
    "mcp": ("face.*", "transports.stdio.sdk", "transports.http.*"),
    "mcp_types": ("face.*", "transports.stdio.sdk", "transports.http.*"),
    "aiohttp": ("rest.sending.proxied", "sandbox.network.guard"),
    "aiohappyeyeballs": ("rest.sending.network",),
    "httptools": ("rest.sending.http1",),
    "pydantic": ("calls.arguments.checking", "calls.arguments.kinds", "face.*", "cli.sandbox", "sandbox.*"),
    "starlette": (
        *("serving.asgi", "serving.process", "serving.workers", "cli.sandbox"),
        *("transports.http.*", "sandbox.*"),
    ),
    "sse_starlette": ("serving.draining",),
    "fastapi": ("cli.sandbox", "sandbox.*"),
    "uvicorn": ("serving.draining", "serving.process", "serving.punctual", "serving.workers", "cli.sandbox"),
    "prometheus_client": ("calls.stages.metrics",),
    "platformdirs": ("settings",),
    "argcomplete": ("cli.completing",),
    "rich": ("cli.showing",),
    "tomlkit": ("hosts.document.toml",),
    "ruamel": ("hosts.document.yaml",),
    "jinja2": ("pages.look",),
    "markdown_it": ("pages.written",),
    "segno": ("pages.site",),
    "feedparser": ("sandbox.flintt.running.sources.feeds",),
    "w3lib": ("sandbox.flintt.running.sources.charsets",),
    "anyascii": ("matching.letters",),
    "idna": ("matching.sites",),
    "pslr": ("matching.sites",),
    "rapidfuzz": ("matching.companies", "matching.likeness", "sandbox.flintt.running.finding.matching"),
    "sqlite3": ("offers.handbook.*", "offers.insight.engine", "sqlite.*", "state.*", "sandbox.*"),
}
"""Library -> the only modules that import it. The sandbox delivers webhooks through a client of its own, behind one guard."""

PURE = (
    "calls",
    "calls.arguments",
    "catalogue.argument",
    "catalogue.operation",
    "catalogue.result",
    "matching",
    "rest.reading",
    "rest.sending.message",
    "rest.sending.request",
    "text",
)
"""Folders and modules that reach no loop, no network and no protocol."""
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


def _folder(module: str) -> str:
    """The folder of a module; one of the root stands for itself."""
    return module.rpartition(".")[0] or module


def _row_of(folder: str) -> tuple[str, ...] | None:
    return next((allowed for pattern, allowed in MAY_IMPORT.items() if fnmatchcase(folder, pattern)), None)


def _is_allowed(name: str, folder: str, allowed: tuple[str, ...]) -> bool:
    there = _folder(name)
    return name == "__init__" or there == folder or any(fnmatchcase(there, pattern) for pattern in allowed)


@pytest.mark.parametrize("module", _modules())
def test_a_module_imports_only_what_its_folder_may(module: str) -> None:
    folder = _folder(module)
    allowed = _row_of(folder)
    assert allowed is not None or folder in IN_THE_ROOT | LEAVES, (
        f"{folder} has no row in the table of {Path(__file__).name}"
    )
    assert [
        item.name for item in _imports(module) if item.ours and not _is_allowed(item.name, folder, allowed or ())
    ] == []


def test_a_new_file_goes_into_the_folder_it_belongs_to_and_not_into_the_root() -> None:
    assert {name for name in _modules() if "." not in name} == IN_THE_ROOT


def test_every_stage_is_in_the_one_list_of_the_composition_root() -> None:
    stages = {name for name in _modules() if _folder(name) == "calls.stages"} - {"calls.stages.__init__"}
    assert stages - {item.name for item in _imports("app")} == set()


def test_the_table_is_short_and_every_row_names_folders_that_are_there() -> None:
    folders = {_folder(name) for name in _modules()}
    named = [*MAY_IMPORT, *(one for row in MAY_IMPORT.values() for one in row)]
    assert len(MAY_IMPORT) <= 30
    assert [name for name in named if not any(fnmatchcase(folder, name) for folder in folders)] == []
    assert [folder for folder, row in MAY_IMPORT.items() if "*" in row] == []


def test_every_row_allows_only_what_is_used() -> None:
    """A row that allows more than anybody needs is a door left open."""
    used = {(_folder(module), _folder(item.name)) for module in _modules() for item in _imports(module) if item.ours}
    idle = [
        (row, name)
        for row, allowed in MAY_IMPORT.items()
        for name in allowed
        if not any(fnmatchcase(who, row) and fnmatchcase(whom, name) for who, whom in used)
    ]
    assert idle == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_only_where_it_has_to_be(library: str) -> None:
    users = {
        module for module in _modules() if any(item.name == library and not item.ours for item in _imports(module))
    }
    assert [name for name in sorted(users) if not any(fnmatchcase(name, one) for one in ONLY_IN[library])] == []
    assert users, f"nothing imports {library} any more"


def test_no_module_comes_back_to_itself_by_what_it_imports() -> None:
    graph = {
        module: {item.name for item in _imports(module) if item.ours and item.name != module} for module in _modules()
    }
    TopologicalSorter(graph).prepare()


def test_no_folder_comes_back_to_itself_by_what_it_imports() -> None:
    def room(module: str) -> str:
        folder = _folder(module)
        return ".".join(folder.split(".")[:2]) if folder.startswith("sandbox.") else folder  # an API is one room

    graph: dict[str, set[str]] = {}
    for module in _modules():
        graph.setdefault(room(module), set()).update(room(item.name) for item in _imports(module) if item.ours)
    TopologicalSorter({folder: whom - {folder} for folder, whom in graph.items()}).prepare()


def _pure_modules() -> list[str]:
    return [name for name in _modules() if name in PURE or _folder(name) in PURE]


@pytest.mark.parametrize("module", _pure_modules())
def test_a_pure_module_reaches_no_loop_no_network_and_no_protocol(module: str) -> None:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            assert IMPURE.isdisjoint(item.name for item in _imports(name) if not item.ours), name
            waiting += [item.name for item in _imports(name) if item.ours]


def test_nobody_prints_but_through_the_console() -> None:
    printing = {
        module
        for module, path in _modules().items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == set()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_loads_nothing_heavy(option: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "flintt_mcp", option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 0
    assert "flintt_mcp.cli.parser" in loaded
    assert sorted(name for name in loaded if name.split(".")[0] in HEAVY) == []
