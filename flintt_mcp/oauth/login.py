"""Signing in: `flintt-mcp login`.

In: settings, a way to send, a store, a way to open a browser and a way to speak to the person. Out: tokens in the store. The code
travels through the browser to an address on this machine, and is worth nothing without the verifier that never leaves this
process (PKCE). Nothing said or logged here holds a code or a token.
"""

from __future__ import annotations

import os
import secrets
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from anyio import to_thread

from flintt_mcp.errors import ConfigError, CredentialMissing
from flintt_mcp.oauth.loopback import Loopback, Redirect, open_loopback
from flintt_mcp.oauth.messages import authorization_url, client_request, code_request, read_redirect, read_tokens
from flintt_mcp.oauth.registration import OAuthSettings
from flintt_mcp.oauth.source import Send
from flintt_mcp.oauth.token_store import TokenStore
from flintt_mcp.oauth.tokens import Tokens
from flintt_mcp.state.file_lock import hold_in_turn

WAIT = 300.0
"""Seconds a person has for signing in."""
_LOCK_WAIT = 60.0


def open_graphical_browser(url: str) -> bool:
    """Open an address in a browser with a window; False where there is none. One in the terminal would take it over."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    in_terminal = type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
    return not in_terminal and browser.open(url)


OpenBrowser = Callable[[str], bool]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What came of it: where the tokens are kept, for what scope, and whether they renew themselves."""

    kept_in: str
    scope: str
    renews: bool


async def log_in(
    settings: OAuthSettings,
    *,
    send: Send,
    store: TokenStore,
    lock: Path,
    say: Say,
    open_browser: OpenBrowser | None = open_graphical_browser,
    clock: Callable[[], float] = time.time,
    wait: float = WAIT,
) -> LoggedIn:
    """Get tokens and keep them; with client credentials without a browser.

    Args:
        lock: the file by which processes take turns, as for `TokenSource`.
        say: shows one line to the person.
        open_browser: opens an address and tells whether it did; None prints the address instead.
        wait: seconds until the person has to be back.

    Raises:
        CredentialMissing: not allowed, not answered in time, or refused.
        ConfigError: the tokens cannot be kept.
        Unavailable, Unreachable: the OAuth server cannot be asked now.
    """
    if settings.grant == "client_credentials":
        return await _keep(store, lock, read_tokens(settings, await send(client_request(settings)), clock()))
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    async with open_loopback(partial(_accept, settings, state)) as loopback:
        await _ask(authorization_url(settings, loopback.address, state, verifier), open_browser, say)
        redirect = await _wait(settings, loopback, wait)
        request = code_request(settings, redirect.value, loopback.address, verifier)
        kept = await _keep(store, lock, read_tokens(settings, await send(request), clock()))
        redirect.succeeded(f"Signed in to {settings.title}")
    return kept


def _accept(settings: OAuthSettings, state: str, query: str) -> str | None:
    return read_redirect(settings, query, state)


async def _ask(url: str, open_browser: OpenBrowser | None, say: Say) -> None:
    if open_browser is not None and await to_thread.run_sync(open_browser, url):
        say("Sign in with the browser window that has opened. If none has, open this address on this machine:")
    else:
        say("To sign in, open this address in a browser on this machine:")
    say(url)


async def _wait(settings: OAuthSettings, loopback: Loopback, wait: float) -> Redirect:
    with anyio.move_on_after(wait):
        return await loopback.redirect()
    strangers = "; an answer came that belongs to another sign-in and was refused" if loopback.strangers else ""
    raise CredentialMissing(f"Nobody signed in within {wait:.0f} s{strangers}", advice=settings.advice)


async def _keep(store: TokenStore, lock: Path, tokens: Tokens) -> LoggedIn:
    try:
        async with hold_in_turn(lock, _LOCK_WAIT):
            where = await to_thread.run_sync(store.save, tokens)
    except TimeoutError:
        raise ConfigError("Another process holds the tokens' lock", advice="stop it and sign in again") from None
    except OSError as error:
        raise ConfigError(f"The tokens cannot be kept: {error.strerror}", advice="choose another data folder") from None
    return LoggedIn(where, tokens.scope, tokens.refresh_token is not None or tokens.expires_at is None)
