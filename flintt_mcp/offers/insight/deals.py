"""All deals, although the API gives at most 100 at a time and no further page: stage by stage.

In: a call, whose key goes along. Out: every deal once. The stages are those that the latest deals are in, and those that the API's
text names: the API has no list of stages. One that holds more deals than the API gives is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.catalogue.result import Capped, Listing
from flintt_mcp.errors import FlinttError
from flintt_mcp.offers.insight.at_once import each
from flintt_mcp.offers.insight.coverage import Part
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.errors import stops
from flintt_mcp.offers.insight.lists import ListSource, Row, why
from flintt_mcp.rest.upstream import Upstream

DOCUMENTED = ("prospect", "qualified", "negotiating")
"""The stages that the API's text names."""


class Deals:
    """The deals of a workspace, from the list `operation` of a toolset, which filters by stage and is capped."""

    def __init__(self, toolset: Toolset, operation: str, upstream: Upstream) -> None:
        row = next(row for row in toolset.operations if row.name == operation)
        assert isinstance(row.result, Listing)
        assert isinstance(row.result.paging, Capped)
        self._cap = row.result.paging.most
        self._limit = row.result.paging.limit
        self._source = ListSource(toolset, operation, upstream)

    async def read(self, call: Call, effort: Effort) -> tuple[list[Row], Part]:
        """All deals that the API gives, and how much of all that is.

        Raises:
            FlinttError: the latest ones do not come, or the key is not good any more.
        """

        async def of_stage(stage: str | None) -> list[Row]:
            arguments = {} if stage is None else {"stage": stage}
            return await self._source.one(call, arguments, {self._limit: self._cap})

        latest = await of_stage(None)
        if len(latest) < self._cap:
            return latest, Part(f"prospects {len(latest)} of {len(latest)}")
        seen = [stage for row in latest if isinstance(stage := row.get("stage"), str) and stage]
        stages = list(dict.fromkeys([*seen, *DOCUMENTED]))
        outcomes = await each(stages, of_stage, effort.seconds_left)
        return self._joined(latest, stages, outcomes)

    def _joined(
        self, latest: list[Row], stages: Sequence[str], outcomes: Sequence[list[Row] | FlinttError | None]
    ) -> tuple[list[Row], Part]:
        """Every deal once: one that moved between two answers counts as it was updated last."""
        deals = {row.get("id"): row for row in latest}
        capped, failed, there = [], [], 0
        for stage, outcome in zip(stages, outcomes, strict=True):
            if not isinstance(outcome, list):
                failed.append(f"{stage} ({why(stops(outcome))})")
                continue
            there += bool(outcome)
            for row in outcome:
                known = deals.get(row.get("id"))
                if known is None or _updated(row) >= _updated(known):
                    deals[row.get("id")] = row
            if len(outcome) >= self._cap:
                capped.append(stage)
        told = [f"{there} stages seen", f"none at the cap of {self._cap}"]
        if capped:
            told[1] = f"at the cap of {self._cap}, so there may be more: {', '.join(capped)}"
        told += [f"not read: {', '.join(failed)}"] if failed else []
        return list(deals.values()), Part(f"prospects {len(deals)} ({', '.join(told)})", not capped and not failed)


def _updated(row: Row) -> str:
    return str(row.get("updated_at") or row.get("created_at") or "")
