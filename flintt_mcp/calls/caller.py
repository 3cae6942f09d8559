"""Who calls, and with which key for which API.

In: the query string and headers of one request, or the environment of this process. Out: a `Caller`. Nothing about a caller
is kept here, and a key is only ever handed to `rest/sending/request.py` for its own API. Keys route themselves by their prefix;
a named header or query parameter says the API explicitly, but never sends a key where its prefix says that it does not belong.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import parse_qsl

from flintt_mcp.calls.narrowing import FIELDS, HEADERS, READ_ONLY, Narrowing, Narrowings
from flintt_mcp.calls.trace import Trace
from flintt_mcp.catalogue.operation import Api

ChannelKind = Literal["http", "stdio", "shell"]
"""Where a call came from: who may be on another machine, and where a person would give a key, follow from it."""

_MOST_FIELDS = 100
_USABLE = re.compile(r"[\x21-\x7e]{1,8192}")
_BEARER = re.compile(r"(?:bearer\s+)?(\S+)", re.IGNORECASE)
"""An Authorization header that holds a key: by its scheme, or without any, as people write it."""
_NAME = r"[a-z_ .:-]{1,64}"
_PLACEHOLDER = re.compile(
    rf"\$\{{{_NAME}\}}|\{{\{{{_NAME}\}}\}}|<{_NAME}>|%{_NAME}%|\$[a-z_]{{2,64}}"
    r"|(?:[a-z]{1,9}_){0,2}your[_-](?:[a-z]{1,20}[_-]){0,3}(?:key|token)(?:[_-]here)?",
    re.IGNORECASE,
)
"""What stands for a key in somebody's template, or in our examples. It holds no digit, as nearly every key does."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller of one request.

    `principal` is a keyed digest of all credentials on the request: equal for equal keys, and telling nothing about them.
    `secrets` maps an API's name to the key for it, `principals` to the digest of that key alone. `narrowing` is what the request
    leaves on; None leaves all. `trace` is what the request is known by, None where requests have no headers.
    `unfilled` says that a placeholder came in place of a key, because the client did not fill it in.
    """

    principal: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    narrowing: Narrowing | None = None
    principals: Mapping[str, str] = field(default_factory=dict, repr=False)
    trace: Trace | None = field(default=None, compare=False, repr=False)
    unfilled: bool = field(default=False, repr=False)

    def principal_for(self, api: str) -> str:
        """Who this is for one API: whatever is kept for a caller of an API is bound to this, so that a key for another API
        beside it changes nothing. Empty for a caller who brings no key for it.
        """
        return self.principals.get(api, "")

    def sent_by(self, request: Caller) -> Caller:
        """This caller, for a request that may be another's in all but keys: it narrows further, and has its own trace."""
        narrowing = request.narrowing if self.narrowing is None else self.narrowing.within(request.narrowing)
        return replace(self, narrowing=narrowing, trace=request.trace)


class _Said:
    """What one request says: keys under names of APIs and loose ones, and what it narrows to, by header and by query."""

    __slots__ = ("headers", "loose", "named", "query")

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self.loose: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}


class Credentials:
    """Reads callers. `digest_key` (32 to 64 bytes) keys the principal and is shared by all workers of a server.

    `narrowings` reads what a request leaves on.
    """

    def __init__(self, apis: Iterable[Api], digest_key: bytes, narrowings: Narrowings | None = None) -> None:
        self._apis = tuple(apis)
        self._digest_key = digest_key
        self._narrowings = Narrowings() if narrowings is None else narrowings
        self._own_headers = {api.own_header.lower(): api.name for api in self._apis}
        self._own_queries = {api.own_query: api.name for api in self._apis}
        self._beside = {api.name: api.beside for api in self._apis if api.beside}

    def from_request(self, query: bytes, headers: Iterable[tuple[bytes, bytes]], trace: Trace | None = None) -> Caller:
        """The caller of one HTTP request.

        Of several keys for one API the most explicit wins: its named header, then its named query parameter, then
        X-API-Key, then Authorization (with Bearer or without), then `?api_key=`.
        """
        said = _Said()
        for raw_name, raw_value in headers:
            self._hear_header(said, raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip())
        for name, value in _fields(query):
            self._hear_field(said, name, value)
        unfilled = any(map(self._is_placeholder, (*said.named.values(), *said.loose.values())))
        narrowing = self._narrowings.read(said.headers, said.query) if said.headers or said.query else None
        return self._caller(self._routed(said.named, said.loose), narrowing, trace, unfilled=unfilled)

    def _hear_header(self, said: _Said, name: str, value: str) -> None:
        if name in self._own_headers:
            said.named.setdefault("header " + self._own_headers[name], value)
        elif name == "x-api-key":
            said.loose.setdefault("1 x-api-key", value)
        elif name == "authorization" and (bearer := _BEARER.fullmatch(value)) is not None:
            said.loose.setdefault("2 bearer", bearer[1])
        elif name in HEADERS:
            _also(said.headers, HEADERS[name], value)

    def _hear_field(self, said: _Said, name: str, value: str) -> None:
        if name in self._own_queries:
            said.named.setdefault("query " + self._own_queries[name], value)
        elif name == "api_key":
            said.loose.setdefault("3 query", value)
        elif name in FIELDS:
            _also(said.query, name, value)

    def from_environment(self, environment: Mapping[str, str]) -> Caller:
        """The caller on stdio and in a shell: FLINTT_API_KEY and its siblings."""
        found = {api.name: environment.get(f"{api.variable}_{api.secret}", "").strip() for api in self._apis}
        usable = {name: key for name, key in found.items() if self._is_usable(key, name)}
        return self._caller(usable, unfilled=any(map(self._is_placeholder, found.values())))

    def published(self) -> Caller:
        """The caller of a sandbox: with its published key for every API."""
        return self.with_secrets({api.name: api.sandbox_key for api in self._apis})

    def with_secrets(self, secrets: Mapping[str, str]) -> Caller:
        """A caller that holds exactly these keys."""
        return self._caller(dict(secrets))

    def readers(self, key: str) -> frozenset[str]:
        """Who somebody with this key is, for whichever API: what a person typed does not say which one it is for."""
        return frozenset(self._digest({api.name: key}) for api in self._apis) if self._is_key(key) else frozenset()

    def _routed(self, named: Mapping[str, str], loose: Mapping[str, str]) -> dict[str, str]:
        secrets: dict[str, str] = {}
        for source in sorted(named):
            name = source.split(" ", 1)[1]
            if self._is_usable(named[source], name):
                secrets.setdefault(name, named[source])
        for source in sorted(loose):
            api = self._api_of(loose[source], bearer=source == "2 bearer")
            if api is not None and self._is_key(loose[source]):
                secrets.setdefault(api.name, loose[source])
        return secrets

    def _is_usable(self, key: str, name: str) -> bool:
        """Whether a key given for that API can be one: a key that begins like those of another API was put there by mistake."""
        others = tuple(prefix for api in self._apis if api.name != name for prefix in api.prefixes)
        return self._is_key(key) and not key.startswith(others)

    def _is_key(self, text: str) -> bool:
        return _USABLE.fullmatch(text) is not None and not self._is_placeholder(text)

    def _is_placeholder(self, text: str) -> bool:
        """Whether this stands for a key; a key between the brackets of one is no placeholder."""
        return _PLACEHOLDER.fullmatch(text) is not None and not self._holds_key(text)

    def _holds_key(self, text: str) -> bool:
        return "your" not in text.lower() and any(prefix in text for api in self._apis for prefix in api.prefixes)

    def _api_of(self, key: str, *, bearer: bool) -> Api | None:
        """The API a key belongs to by its prefix; a key of no known kind is Flintt's, unless it is a bearer token."""
        for api in self._apis:
            if key.startswith(api.prefixes) and api.prefixes:
                return api
        return None if bearer or not self._apis else self._apis[0]

    def _caller(
        self,
        secrets: dict[str, str],
        narrowing: Narrowing | None = None,
        trace: Trace | None = None,
        *,
        unfilled: bool = False,
    ) -> Caller:
        principals = {name: self._digest({name: secrets[name]}) for name in secrets}
        principal = principals[next(iter(secrets))] if len(secrets) == 1 else self._digest(secrets)
        for name, other in self._beside.items():
            # The key of the API it is beside may be enough there (in the sandbox), and then says who it is.
            if name not in principals and other in principals:
                principals[name] = principals[other]
        return Caller(principal, secrets, narrowing, principals, trace, unfilled)

    def _digest(self, secrets: Mapping[str, str]) -> str:
        text = "\n".join(f"{name}\t{secrets[name]}" for name in sorted(secrets))
        return hashlib.blake2b(text.encode(), key=self._digest_key, digest_size=32).hexdigest()

    def unknown_names(self, caller: Caller) -> str:
        """What to tell a caller that narrows to what does not exist; empty when all is well."""
        return self._narrowings.unknown(caller.narrowing)


def _also(said: dict[str, str], name: str, value: str) -> None:
    """Add what is said once more under a name, as one list."""
    said[name] = f"{said[name]},{value}" if name in said else value


def _fields(query: bytes) -> list[tuple[str, str]]:
    """The fields of a query string; none of one that has more of them than anybody needs. An empty one says nothing, but for
    `?readonly`, which needs no value.
    """
    if not query or query.count(b"&") >= _MOST_FIELDS:
        return []
    fields = [(name, value.strip()) for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    return [(name, value or "yes") for name, value in fields if value or name == READ_ONLY]
