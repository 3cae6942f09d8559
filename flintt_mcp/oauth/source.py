"""A good access token, whenever one is needed.

In: settings, a store, a way to send. Out: `TokenSource.token()`. A token is renewed a minute before it ends, once, however
many calls meet that moment: in a process a lock lets one of them do it, among processes a file lock does, and whoever gets the
lock looks first whether it has been done. A refresh token is used once and its successor kept before anybody goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import anyio
from anyio import to_thread

from flintt_mcp.errors import ConfigError, CredentialMissing, FlinttError, Unavailable, Unreachable
from flintt_mcp.oauth.messages import LoginEnded, client_request, read_tokens, refresh_request
from flintt_mcp.oauth.registration import OAuthSettings, read_settings
from flintt_mcp.oauth.token_store import TokenStore, lock_path, open_store
from flintt_mcp.oauth.tokens import Tokens
from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.state.file_lock import hold_in_turn

logger = logging.getLogger(__name__)

_REFUSED_AGAIN = 60.0
"""Seconds for which no other token is asked for in place of one that was itself got in place of a refused one."""
_ASK_AGAIN = 10.0
"""Seconds for which a token that is still good is used when its renewal failed, before that is tried again."""

Send = Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]


class TokenSource:
    """Hands out access tokens of one login; safe to share among all calls of a process.

    Args:
        send: the upstream client's `send`.
        lock: the file by which processes take turns; the same for all that share the store.
        clock: seconds since 1970.
        patience: seconds for a renewal, waiting for another process included.
    """

    def __init__(
        self,
        settings: OAuthSettings,
        store: TokenStore,
        send: Send,
        lock: Path,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = 60.0,
    ) -> None:
        self._settings = settings
        self._store = store
        self._send = send
        self._lock = lock
        self._clock = clock
        self._patience = patience
        self._held: Tokens | None = None
        self._instead = ("", 0.0)
        self._turn = anyio.Lock()
        self._failures = 0
        self._failure: FlinttError | None = None

    async def token(self, refused: str = "") -> str:
        """An access token that is good for a while yet.

        Args:
            refused: one that the API did not take, whatever its end: another is looked for, then asked for. An API that
                refuses that one too is not to be cured so: it is given back for a minute.

        Raises:
            CredentialMissing: there is no login, or it has ended; the advice says how to sign in.
            ConfigError: the data folder cannot be read.
            Unavailable, Unreachable: the OAuth server cannot be asked now, and the old token has ended.
        """
        held = self._held
        if held is None or not self._is_good(held, refused):
            failures = self._failures
            async with self._turn:
                held = self._held
                if held is None or not self._is_good(held, refused):
                    held = await self._renew_once(failures, refused)
        return held.access_token

    def _is_good(self, tokens: Tokens, refused: str) -> bool:
        instead, until = self._instead
        taken = tokens.access_token != refused or (refused == instead and self._clock() < until)
        return taken and tokens.is_fresh(self._clock())

    async def _renew_once(self, failures: int, refused: str) -> Tokens:
        """Renew, unless that failed since this call came and saw so many `failures`: then it fails like the others."""
        if self._failure is not None and self._failures != failures:
            raise self._failure.with_traceback(None)
        try:
            self._held = await self._renewed(refused)
        except FlinttError as error:
            self._failures += 1
            self._failure = error
            raise
        if refused:
            self._instead = (self._held.access_token, self._clock() + _REFUSED_AGAIN)
        return self._held

    async def _renewed(self, refused: str) -> Tokens:
        # Shielded: a caller who goes away between the server's answer and the save would lose the only refresh token.
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + self._patience):
            try:
                async with hold_in_turn(self._lock, self._patience):
                    return await self._look_or_renew(refused)
            except TimeoutError:
                pass
            except OSError as error:
                raise ConfigError(
                    f"The tokens of {self._settings.title} cannot be read: {error.strerror}",
                    advice="check the data folder",
                ) from None
        raise Unavailable(
            f"The {self._settings.title} token could not be renewed in time",
            operation=f"login {self._settings.name}",
            advice="try again in a minute",
        )

    async def _look_or_renew(self, refused: str) -> Tokens:
        kept = await to_thread.run_sync(self._store.load)
        if kept is not None and (kept.token_url, kept.client_id) != (
            self._settings.token_url,
            self._settings.client_id,
        ):
            kept = None
        if kept is not None and self._is_good(kept, refused):
            return kept
        request = self._request(kept)
        try:
            renewed = read_tokens(self._settings, await self._send(request), self._clock(), kept)
        except (Unavailable, Unreachable) as error:
            if kept is not None and kept.is_alive(self._clock()) and kept.access_token != refused:
                logger.warning("the %s token could not be renewed yet; it is still good", self._settings.title)
                return self._for_a_while(kept)
            if error.changed != "no":
                # Unknown is what became of the renewal; the call that waits for its token was not carried out.
                error.changed, error.advice = "no", "try again in a minute"
            raise
        except LoginEnded:
            # Sending the dead refresh token again would help nobody.
            await to_thread.run_sync(self._store.delete)
            raise
        await self._keep(renewed)
        return renewed

    async def _keep(self, renewed: Tokens) -> None:
        try:
            await to_thread.run_sync(self._store.save, renewed)
        except OSError as error:
            # It is good as long as this process runs; afterwards a person has to sign in again.
            logger.warning("the renewed %s token could not be kept: %s", self._settings.title, error.strerror)
        else:
            logger.info("renewed the %s token", self._settings.title)

    def _for_a_while(self, kept: Tokens) -> Tokens:
        soon = self._clock() + _ASK_AGAIN
        return replace(kept, renew_at=soon if kept.expires_at is None else min(soon, kept.expires_at))

    def _request(self, kept: Tokens | None) -> UpstreamRequest:
        if self._settings.grant == "client_credentials":
            return client_request(self._settings)
        if kept is None or kept.refresh_token is None:
            ended = "has ended" if kept else "is not there"
            raise CredentialMissing(f"The login to {self._settings.title} {ended}", advice=self._settings.advice)
        return refresh_request(self._settings, kept.refresh_token)


def open_source(environment: Mapping[str, str], data_dir: Path, send: Send) -> TokenSource | None:
    """The tokens of whoever logged in on this machine; None where the environment names no OAuth server.

    Raises:
        ConfigError: what the environment says of the server cannot work.
    """
    oauth = read_settings(environment)
    if oauth is None:
        return None
    return TokenSource(oauth, open_store(data_dir, oauth.name), send, lock_path(data_dir, oauth.name))
