"""All looks at once, in the order in which a person reads them.

In: settings, the environment, one host or all. Out: findings. The looks run side by side, so that the slowest of them is how long
it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import anyio
import anyio.to_thread

from flintt_mcp.doctor.apis import look_at_apis
from flintt_mcp.doctor.finding import Finding
from flintt_mcp.doctor.hosts import look_at_hosts
from flintt_mcp.doctor.machine import look_at_command, look_at_data, look_at_port, look_at_versions
from flintt_mcp.doctor.server import look_at_server
from flintt_mcp.hosts.server import local_server
from flintt_mcp.hosts.system import this_system
from flintt_mcp.hosts.table import Host
from flintt_mcp.settings import Settings

Look = Callable[[], Iterator[Finding]]


async def look_round(settings: Settings, environment: Mapping[str, str], only: Host | None) -> list[Finding]:
    """What all looks found.

    Raises:
        ConfigError: the home folder is not known, or this copy cannot be started by a host.
    """
    words = local_server(settings).words
    looks: list[Look] = [
        look_at_command,
        look_at_versions,
        partial(look_at_data, settings),
        partial(look_at_server, words, environment),
        partial(look_at_hosts, this_system(environment), only),
        partial(look_at_port, settings),
    ]
    found: list[list[Finding]] = [[] for _ in looks]
    of_apis: list[Finding] = []

    async def in_thread(number: int, look: Look) -> None:
        found[number] = await anyio.to_thread.run_sync(lambda: list(look()))

    async with anyio.create_task_group() as group:
        for number, look in enumerate(looks):
            group.start_soon(in_thread, number, look)
        async for finding in look_at_apis(settings, environment):
            of_apis.append(finding)
    machine, more = found[:3], found[3:]
    return [finding for part in (*machine, of_apis, *more) for finding in part]
