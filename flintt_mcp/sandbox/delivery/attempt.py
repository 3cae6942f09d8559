"""One attempt: the headers of a delivery, the request, and how it ended.

In: a delivery that was taken, the rules of its API, and a `Post` (the network guard's, or a test's). Out: an `Outcome`, whatever
happened. No URL, body, secret or answer of a receiver enters a log line.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from flintt_mcp.sandbox.delivery.queue import Taken
from flintt_mcp.sandbox.delivery.scheme import Outgoing, Scheme
from flintt_mcp.sandbox.delivery.settling import Outcome
from flintt_mcp.sandbox.delivery.signing import auth_token, signing_secret, standard_headers
from flintt_mcp.sandbox.ground.clock import Clock
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.network.guard import Failed
from flintt_mcp.sandbox.network.urls import Refused

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""POST a body with headers to a URL and answer the status; raises the guard's `Refused` or `Failed`."""

logger = logging.getLogger(__name__)


async def attempt(taken: Taken, scheme: Scheme, digester: Digester, post: Post, clock: Clock) -> Outcome:
    """Send a delivery once."""
    began = clock().timestamp()
    headers = _headers(taken, scheme, digester, int(began))
    status, error = None, None
    try:
        status = await post(taken.url, headers, taken.body)
        if not 200 <= status < 300:
            error = f"answered {status}" + (", a redirect, which is not followed" if 300 <= status < 400 else "")
    except Refused as refused:
        error = f"not sent: {refused}"
    except Failed as failed:
        error = str(failed)
    if error is not None:
        logger.info("webhook delivery %s: %s", taken.id, error)
    return Outcome(began, max(0.0, clock().timestamp() - began), status, error)


def _headers(taken: Taken, scheme: Scheme, digester: Digester, timestamp: int) -> dict[str, str]:
    secret = signing_secret(digester, taken.signing_salt)
    former = signing_secret(digester, taken.former_salt) if taken.former_salt else None
    token = auth_token(digester, taken.token_salt)
    outgoing = Outgoing(taken.id, taken.event, taken.body, secret, token, former)
    in_use = [secret] if former is None else [secret, former]
    return {
        "Content-Type": "application/json",
        "User-Agent": scheme.user_agent,
        **standard_headers(in_use, taken.id, timestamp, taken.body),
        **scheme.headers(outgoing),
    }
