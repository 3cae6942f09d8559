"""A scripted browser: opens the consent page, fills in its form and follows where it leads."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import httpx2


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the page's form, and its first user."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    users = re.findall(r'name="user" value="([^"]+)"', page)
    return {name: unescape(value) for name, value in hidden} | {"user": users[0]}


async def decide(client: httpx2.AsyncClient, url: str, decision: str = "approve", **changed: str) -> str:
    """Where the browser is sent after the person decided."""
    page = await client.get(url)
    assert page.status_code == 200, page.text
    action = re.findall(r'action="([^"]+)"', page.text)[0]
    answer = await client.post(urljoin(url, action), data={**form_of(page.text), "decision": decision, **changed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def browse(url: str, decision: str = "approve") -> httpx2.Response:
    """The whole way, to the page at the end."""
    async with httpx2.AsyncClient() as client:
        return await client.get(await decide(client, url, decision))
