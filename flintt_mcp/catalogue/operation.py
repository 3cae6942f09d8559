"""The vocabulary in which every endpoint of every API is described once.

A catalogue file holds rows of these values and nothing else. All that a client sees of a tool follows from its row: the
name, the hints, the input and output schema, the request, the shape of the result. Nothing here does I/O, knows the MCP
protocol or holds a caller's data.

    Api          one REST API: where it is, how a key is sent, how it wraps results and errors
    Operation    one endpoint: an Effect; Route(s), Arg(s) and Rule(s) of argument.py; a Record or Listing of result.py
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from flintt_mcp.catalogue.argument import Arg, Route, Rule
from flintt_mcp.catalogue.course import Course, Long
from flintt_mcp.catalogue.result import Listing, Record


class Effect(Enum):
    """What a call does to the world. Every MCP hint is derived from it, so no row can contradict itself."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DESTROY = "destroy"
    SPEND = "spend"

    @property
    def reads(self) -> bool:
        return self is Effect.READ

    @property
    def destructive(self) -> bool:
        """True when the call can overwrite, remove or spend what was there; only reading and adding cannot."""
        return self not in (Effect.READ, Effect.CREATE)

    @property
    def idempotent(self) -> bool:
        """True when the same call a second time changes nothing more."""
        return self in (Effect.READ, Effect.UPDATE, Effect.DESTROY)


class Api(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One REST API.

    `url` is its base (origin and path) and None where only the operator can know it. `header` and `scheme` say how a key
    is sent (`X-API-Key: K` or `Authorization: Bearer K`). A key is recognised by one of `prefixes`. `variable` is the stem
    of the environment names (`FLINTT` gives FLINTT_API_KEY and FLINTT_API_URL). `own_header` and `own_query` carry this
    API's key to us beside keys of other APIs. `advice` turns documented error codes into what to do next. Keys that begin
    with a `live_prefix` move real money: they work only where the operator allows it. `per_minute` is how many requests the
    API takes from one key in a minute. `scope_code` is the error code by which a 403 means a missing scope, where there are
    codes. `headers` go along with every request, besides the key. An API `beside` another has its place (base URL with its
    variable, sandbox) and another credential.
    """

    name: str
    title: str
    variable: str
    url: str | None
    header: str
    scheme: str = ""
    prefixes: tuple[str, ...] = ()
    own_header: str
    own_query: str
    sandbox_key: str
    key_hint: str = ""
    secret: str = "API_KEY"
    exact_numbers: bool = False
    live_prefix: str = ""
    per_minute: int | None = None
    beside: str = ""
    scope_code: str | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    advice: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def secret_noun(self) -> str:
        """What a person calls the credential of this API."""
        return {"TOKEN": "token", "JWT": "session token"}.get(self.secret, "key")


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Where what a call made can be seen when its answer was lost: a row of the list operation `listed` in the same toolset.

    The fields `same` of such a row hold what the arguments of those names said, as far as they were given. `narrow` maps arguments
    of the list to arguments of the call. `at` is the field that says when the row was made.
    """

    listed: str
    same: tuple[str, ...]
    narrow: Mapping[str, str] = msgspec.field(default_factory=dict)
    at: str = "created_at"


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """What a create would add a second time: a row of the list operation `listed` of its toolset, looked for before it is made.

    A row is one when the argument `company` and those of `sites` mean the same company as its fields of these names, or when all
    fields of one group of `same` are equal: what neither has is equal too, but not all of it. `shown` is told.
    """

    listed: str
    company: str = ""
    sites: tuple[str, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()
    shown: tuple[str, ...]


class See(msgspec.Struct, frozen=True, kw_only=True):
    """What is read, with another operation `of` the same API, just before a person is asked to approve a call.

    `given` maps arguments of that operation to those of the call. Of a list `where` keeps the rows whose fields equal arguments of
    the call. What is kept is told under `label`: `fields` of it (of a list, of its newest row that was kept), or with `counts` how
    many rows there are, and the sums of fields by what they are called. A row that is `needed` has to be there.
    """

    of: str
    label: str
    given: Mapping[str, str] = {}
    where: Mapping[str, str] = {}
    fields: tuple[str, ...] = ()
    counts: str = ""
    sums: Mapping[str, str] = {}
    needed: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told before a call is approved: what is read, what it is likely to cost, and what cannot be undone.

    `price` is what each unit of the operation's amount costs, in `currency`.
    """

    sees: tuple[See, ...] = ()
    price: int = 0
    currency: str = ""
    for_good: str = ""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint of one API, and the tool that calls it.

    `name` is the tool's name, `about` its description for a model: what it is for, when not to use it, what comes back.
    `scopes` are the key scopes the API's text asks for. `idempotency_key` sends an Idempotency-Key with every call. `spends`
    says what a call may cost, with arguments in braces: "up to {leads_requested} leads' worth of credits"; `amount` is the argument
    that holds how much, in `unit`s. `trace` is where to look for what it made, `twin` for what is there already. One that
    `replaces` takes the place of all that was there, which is asked about like deletion. `facts` is what a person is told who
    approves a call. `refused` is what to do next when the API refuses it for a reason of its own.
    approves a call. One that shows work that takes long has its `course`, one that begins such work is `long`.
    """

    name: str
    title: str
    about: str
    effect: Effect
    routes: tuple[Route, ...]
    args: tuple[Arg, ...] = ()
    rules: tuple[Rule, ...] = ()
    result: Record | Listing
    scopes: tuple[str, ...] = ()
    idempotency_key: bool = False
    spends: str = ""
    amount: str = ""
    unit: str = ""
    replaces: bool = False
    facts: Facts = Facts()
    trace: Trace | None = None
    twin: Twin | None = None
    refused: str = ""
    course: Course | None = None
    long: Long | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a call whose answer was lost may simply be sent again: its key tells, or a second time changes nothing more."""
        changes_in_place = self.effect in (Effect.UPDATE, Effect.DESTROY)
        return self.idempotency_key or (changes_in_place and all(route.method != "POST" for route in self.routes))

    def route_for(self, given: Mapping[str, Any]) -> Route:
        """The route these arguments call: the first whose `when` names an argument that is given, else the last."""
        for route in self.routes[:-1]:
            if any(name in given for name in route.when):
                return route
        return self.routes[-1]


class Toolset(msgspec.Struct, frozen=True):
    """A named group of operations of one API that can be switched on and off. `default` ones are on unasked."""

    name: str
    about: str
    api: Api
    operations: tuple[Operation, ...]
    default: bool = False
