"""The tools of imports, over one store of previews.

In: what calls to APIs stand on, the pipeline, and where previews are kept. Out: tools.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

import anyio

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.offers.imports.commit_import import CommitImport
from flintt_mcp.offers.imports.described import preview_import
from flintt_mcp.offers.imports.kept import Imports, Store
from flintt_mcp.offers.imports.leads import Leads
from flintt_mcp.offers.imports.preview_import import PreviewImport
from flintt_mcp.offers.imports.work import Means
from flintt_mcp.offers.imports.workspace import Workspace
from flintt_mcp.rest.upstream import Upstream


def import_tools(
    upstream: Upstream,
    toolsets: Sequence[Toolset],
    store: Store,
    run: Callable[[Call], Awaitable[Reply]],
    tool: Callable[[str], Tool | None],
) -> list[Tool]:
    """preview_import and commit_import. `run` runs a call through every stage, `tool` gives one that is on by its name."""
    means = Means(run, tool, lambda: time.monotonic(), lambda seconds: anyio.sleep(seconds))
    imports, workspace = Imports(store), Workspace(upstream, time.monotonic)
    leads = Leads(upstream, time.monotonic)
    return [
        preview_import(toolsets, PreviewImport(imports, workspace, leads, upstream.results).handle),
        CommitImport(means, imports, workspace, upstream.results).tool,
    ]
