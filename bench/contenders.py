"""Who is measured: one row per contender, and how each is started. `Fleet` starts a server when it is first needed.

Every contender but the product is a module of the bench served by `serving.py`; the product is its own installed command,
`flintt-mcp`, taken from beside this interpreter. Where it does not work yet it is left out, with the reason.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import payload
from bench.process import (
    Running,
    StartFailed,
    await_announcement,
    await_health,
    environment,
    free_port,
    module,
    running,
)

FLOOR, FASTMCP, STOCK, OURS = "floor", "fastmcp", "stock", "ours"
LABELS = {FLOOR: "floor (no MCP)", FASTMCP: "FastMCP.from_openapi", STOCK: "stock SDK", OURS: "flintt-mcp"}
_MODULES = {FLOOR: "floor", FASTMCP: "fastmcp_server", STOCK: "stock"}


@dataclass(frozen=True, slots=True)
class Product:
    """The installed command, or why there is none to measure."""

    command: Path
    missing: str | None = None


def find_product() -> Product:
    """Asks `flintt-mcp serve --help`; a command that cannot answer it is not measured."""
    command = Path(sys.executable).parent / "flintt-mcp"
    if not command.exists():
        return Product(command, "not installed beside this interpreter")
    try:
        told = subprocess.run(
            [command, "serve", "--help"], capture_output=True, text=True, timeout=30, env=environment(), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Product(command, f"`serve --help`: {type(error).__name__}")
    if told.returncode:
        words = told.stderr.strip().splitlines()
        return Product(command, f"`serve --help` exits with {told.returncode}: {words[-1] if words else 'silent'}")
    return Product(command)


PRODUCT_SETTINGS = {"FLINTT_MCP_LOG_LEVEL": "warning", "FLINTT_MCP_CALLS_PER_KEY": "128"}
"""What is set differently from the product's defaults: no line per call, like the others; and all the load comes with one
key, which by default may have fewer calls under way than the 64 that are measured. The report says so."""


def product_environment(upstream_url: str) -> dict[str, str]:
    """The product talks to the stub; on HTTP the key comes with each request, on stdio from `stdio_environment`."""
    return {"FLINTT_API_URL": upstream_url, **PRODUCT_SETTINGS}


class Fleet:
    """The servers of a run by contender and mode; all are ended when the block ends."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._stack = ExitStack()
        self._servers: dict[tuple[str, str], Running] = {}
        self.stub: Running | None = None

    def __enter__(self) -> Fleet:
        try:
            self.stub = self._stack.enter_context(running(module("stub")))
            await_announcement(self.stub)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    @property
    def upstream_url(self) -> str:
        """The stub's base URL."""
        assert self.stub is not None
        return f"http://127.0.0.1:{self.stub.port}"

    def server(self, contender: str, *, stateful: bool, all_toolsets: bool = False) -> Running:
        """The server of a contender, started now if it is not up. Raises: StartFailed."""
        key = (
            (OURS, "all" if all_toolsets else "")
            if contender == OURS
            else (contender, "stateful" if stateful and contender != FLOOR else "stateless")
        )
        if key not in self._servers:
            stack = ExitStack()
            try:
                self._servers[key] = self.start(stack, contender, stateful=stateful, all_toolsets=all_toolsets)
            except BaseException:
                stack.close()
                raise
            self._stack.push(stack)
        server = self._servers[key]
        if server.process.poll() is not None:
            raise server.failed(f"{LABELS[contender]} ended during the run")
        return server

    def start(self, stack: ExitStack, contender: str, *, stateful: bool = False, all_toolsets: bool = False) -> Running:
        """A server of its own that belongs to `stack`. Raises: StartFailed."""
        if contender == OURS:
            return start_product(stack, self._product, self.upstream_url, ["--toolsets", "all"] if all_toolsets else [])
        options = ["--upstream", self.upstream_url]
        if stateful and contender != FLOOR:
            options.append("--stateful")
        child = stack.enter_context(running(module(_MODULES[contender], *options)))
        await_announcement(child)
        return child


def start_product(stack: ExitStack, product: Product, upstream_url: str, options: Sequence[str] = ()) -> Running:
    """The product over an API, as a server of its own that belongs to `stack`. Raises: StartFailed."""
    port = free_port()
    command = [str(product.command), "serve", "--host", "127.0.0.1", "--port", str(port), *options]
    child = stack.enter_context(running(command, product_environment(upstream_url)))
    await_health(child, port)
    return child


def stdio_command(contender: str, product: Product, upstream_url: str, options: Sequence[str] = ()) -> list[str]:
    """The command of a contender's stdio server."""
    if contender == OURS:
        return [str(product.command), "stdio", *options]
    return module(_MODULES[contender], "--stdio", "--upstream", upstream_url)


def stdio_environment(upstream_url: str) -> dict[str, str]:
    """On stdio the key comes from the environment."""
    return product_environment(upstream_url) | {"FLINTT_API_KEY": payload.API_KEY}


__all__ = ["FASTMCP", "FLOOR", "LABELS", "OURS", "STOCK", "Fleet", "Product", "StartFailed", "find_product"]
