"""Who may have how many deliveries under way: endpoints take turns, and a failing one holds up no other. Pure.

In: the endpoints that have something due, and what is under way. Out: how many more of each may begin. Whoever has the fewest
under way comes first, and of equals the one whose turn was longest ago, so that none waits for ever. An endpoint whose last
attempt failed gets one delivery at a time until one is accepted, and all of that kind together half of the places at most.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from flintt_mcp.sandbox.delivery.queue import Taken, Waiting

AT_ONCE = 64
"""Deliveries under way in one process."""
PER_ENDPOINT = 16
"""Of these, deliveries to one endpoint."""


@dataclass(slots=True)
class Shares:
    """Shares places out and remembers whose turn it was when."""

    at_once: int = AT_ONCE
    per_endpoint: int = PER_ENDPOINT
    _turn: int = 0
    _turns: dict[str, int] = field(default_factory=dict)

    def out(self, waiting: Sequence[Waiting], under_way: Collection[Taken]) -> dict[str, int]:
        """How many more deliveries of each endpoint may begin; an endpoint that has to wait is not in it."""
        room = self.at_once - len(under_way)
        probes = self.at_once // 2 - sum(one.failing for one in under_way)
        busy = Counter(one.endpoint_id for one in under_way)
        queue = [(busy[one.id], self._turns.get(one.id, 0), place) for place, one in enumerate(waiting)]
        heapq.heapify(queue)
        shares: Counter[str] = Counter()
        while queue and room > 0:
            begun, turn, place = heapq.heappop(queue)
            endpoint = waiting[place]
            if begun >= (min(1, probes) if endpoint.failing else self.per_endpoint):
                continue
            probes -= endpoint.failing
            room -= 1
            shares[endpoint.id] += 1
            heapq.heappush(queue, (begun + 1, turn, place))
        self._remember(waiting, shares)
        return dict(shares)

    def _remember(self, waiting: Sequence[Waiting], served: Collection[str]) -> None:
        """A turn before that of everybody who waits counts like none at all, so it is forgotten."""
        oldest = min((self._turns.get(one.id, 0) for one in waiting), default=self._turn + 1)
        self._turn += 1
        self._turns = {endpoint: turn for endpoint, turn in self._turns.items() if turn >= oldest}
        self._turns |= dict.fromkeys(served, self._turn)
