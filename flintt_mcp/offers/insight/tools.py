"""The tools of the toolset insight, over one room of snapshots.

In: what calls to APIs stand on, and which toolsets are on. Out: tools. What they share (processes for statements, results of ended
runs) is made here, once for a server.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from flintt_mcp.calls.tool import Tool
from flintt_mcp.offers.insight.apart import Apart
from flintt_mcp.offers.insight.changes_since import ChangesSince
from flintt_mcp.offers.insight.described import changes_since, list_findings, match_companies, query_workspace
from flintt_mcp.offers.insight.kept_runs import KeptRuns
from flintt_mcp.offers.insight.list_findings import ListFindings
from flintt_mcp.offers.insight.match_companies import MatchCompanies
from flintt_mcp.offers.insight.query_workspace import QueryWorkspace
from flintt_mcp.offers.insight.snapshot import Snapshots
from flintt_mcp.rest.upstream import Upstream


def insight_tools(
    upstream: Upstream, toolsets: Collection[str], excluded: Collection[str], kept_bytes: int
) -> list[Tool]:
    """All of them, over toolsets that are on, without the lists that are `excluded`; ended runs may take `kept_bytes`."""
    kept = KeptRuns(kept_bytes, time.monotonic)
    snapshots = Snapshots(upstream, toolsets, excluded, kept, time.monotonic)
    return [
        query_workspace(QueryWorkspace(snapshots, Apart(), upstream.results).handle),
        list_findings(ListFindings(snapshots, upstream.results).handle),
        changes_since(ChangesSince(snapshots, upstream.results, time.time).handle),
        match_companies(MatchCompanies(upstream, time.monotonic).handle),
    ]
