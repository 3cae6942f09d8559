"""The vocabulary in which every endpoint of every API is described once.

A catalogue file holds rows of these values and nothing else. All that a client sees of a tool follows from its row: the
name, the hints, the input and output schema, the request, the shape of the result. Nothing here does I/O, knows the MCP
protocol or holds a caller's data.

    Api          one REST API: where it is, how a key is sent, how it wraps results and errors
    Operation    one endpoint: Effect, Route(s), Arg(s), Rule(s), and a result: Record or Listing (with a Paging)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Literal

import msgspec

from flintt_mcp.catalogue.course import Course, Long


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


class Place(Enum):
    """Where an argument goes in the HTTP request. LOCAL arguments steer this server and are never sent."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    WHOLE_BODY = "whole body"
    LOCAL = "local"


class Kind(Enum):
    """The JSON type of an argument, as its schema tells it."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "boolean"
    OBJECT = "object"
    TEXTS = "array"
    MONEY = "decimal string"
    """A decimal in a string, so that no client rounds it; sent to the API as that exact number token."""


class Arg(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an operation.

    `low` and `high` bound a number (inclusive) or the length of a text or list. `choices` makes an enum. `clears` marks a text
    whose empty value means "remove it": it is sent as JSON null. `sent_as` names it at the API when that differs. `default` is what
    an argument means that is not given, where that is documented; it is told, and never sent. `hides` names the rows of a list that
    its default leaves out.
    """

    name: str
    about: str = ""
    place: Place
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    pattern: str | None = None
    clears: bool = False
    sent_as: str | None = None
    default: str | int | bool | None = None
    hides: str = ""

    @property
    def wire_name(self) -> str:
        return self.sent_as or self.name


def path(name: str, about: str = "", **more: Any) -> Arg:
    """A required text in the path. It is percent-encoded whole; `.` and `..` are refused when the request is built."""
    return Arg(name=name, about=about, place=Place.PATH, **{"required": True, "low": 1, "high": 100, **more})


def query(name: str, about: str = "", **more: Any) -> Arg:
    """An optional query parameter."""
    return Arg(name=name, about=about, place=Place.QUERY, **more)


def body(name: str, about: str = "", **more: Any) -> Arg:
    """An optional field of the JSON body."""
    return Arg(name=name, about=about, place=Place.BODY, **more)


FIELDS = "fields"
"""The argument of list tools that chooses columns."""
ALL_FIELDS = "all"


def local(name: str, about: str = "", **more: Any) -> Arg:
    """An argument for this server alone."""
    return Arg(name=name, about=about, place=Place.LOCAL, **more)


class Route(msgspec.Struct, frozen=True):
    """One HTTP endpoint. Of several routes the first whose `when` arguments are present (any of them) is called.

    A route without `when` always fits, so it stands last. `paging` overrides the listing's paging on this route. `{name}` in
    the path is one segment, `{name:path}` one or more, each percent-encoded by itself.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    when: tuple[str, ...] = ()
    paging: Paging | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the path parameters, in order."""
        return tuple(re.findall(r"{(\w+)(?::path)?}", self.path))


class Needs(msgspec.Struct, frozen=True):
    """Rule: the argument `name` makes sense only together with `other`."""

    name: str
    other: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if self.name in given and self.other not in given:
            return f"{self.name} works only together with {self.other}"
        return None


class AnyOf(msgspec.Struct, frozen=True):
    """Rule: at least one of `names` must be given."""

    names: tuple[str, ...]

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if any(name in given for name in self.names):
            return None
        return f"give at least one of {', '.join(self.names)}"


class NotBoth(msgspec.Struct, frozen=True):
    """Rule: of two texts at most one may be given; an empty one, which clears, does not count."""

    one: str
    other: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        if given.get(self.one) and given.get(self.other):
            return f"give {self.one} or {self.other}, not both"
        return None


class InOrder(msgspec.Struct, frozen=True):
    """Rule: of two ISO 8601 dates or times the first may not lie after the last; what cannot be compared for sure passes."""

    first: str
    last: str

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        first, last = _moment(given.get(self.first), time.min), _moment(given.get(self.last), time.max)
        if first is None or last is None:
            return None
        if (first.tzinfo is None) is not (last.tzinfo is None):
            # One of them says no offset, and offsets lie up to a day and two hours apart.
            upside_down = first.replace(tzinfo=None) - last.replace(tzinfo=None) > timedelta(hours=26)
        else:
            upside_down = first > last
        return f"{self.first} lies after {self.last}, so nothing can be between them" if upside_down else None


def _moment(text: str | None, time_of_day: time) -> datetime | None:
    """The moment that a text names, at this time of the day where it names a date alone; None for anything else."""
    try:
        return datetime.combine(date.fromisoformat(text or ""), time_of_day)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


Rule = Needs | AnyOf | NotBoth | InOrder


class Whole(msgspec.Struct, frozen=True):
    """The API answers the whole list at once; pages are cut here."""


class Capped(msgspec.Struct, frozen=True):
    """The API takes a limit up to `most` and no offset: what lies beyond `most` cannot be reached, `narrow` says what helps."""

    most: int
    narrow: str
    limit: str = "limit"


class Offset(msgspec.Struct, frozen=True):
    """The API takes limit and offset. `more` names the field that says whether rows follow.

    Without `more` or `total` a page as long as asked for means there may be another; so `most` must be a page size that the
    API's text guarantees.
    """

    most: int
    more: str | None = None
    total: str | None = None
    limit: str = "limit"
    offset: str = "offset"


class Cursor(msgspec.Struct, frozen=True):
    """The API takes an opaque cursor of its own; `next`, `more` and `total` name fields of the answer, as dotted paths."""

    next: str
    more: str | None = None
    total: str | None = None
    cursor: str = "cursor"


Paging = Whole | Capped | Offset | Cursor


class Field(msgspec.Struct, frozen=True):
    """A documented field of a result row. `money` fields are handed on as decimal strings."""

    name: str
    about: str = ""
    money: bool = False


def fields(*names: str, **about: str) -> tuple[Field, ...]:
    """Fields by name; a keyword adds one with a description."""
    return (*(Field(name) for name in names), *(Field(name, text) for name, text in about.items()))


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that need not be told again: their `field` stands as `as_` in an object that a row of `section` lists in `at`."""

    field: str
    section: str
    at: str
    as_: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A list inside a record that can grow: `name` at the API, its documented fields; rows are told `unless` they are already."""

    name: str
    fields: tuple[Field, ...]
    unless: Shown | None = None


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """The one row of a list whose `field` equals the argument `arg`; the list at `at` is walked page by page."""

    arg: str
    field: str
    at: str
    paging: Paging


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A result that is one object.

    `at` is the dotted path to it in the answer. `head` names the object inside it that holds the record's own fields when
    `sections` stand beside it. `said` opens the text twin when the call changed something. A `tolerant` record may also come
    as a list of one, or without the wrapping that `at` names. A `lookup` finds it in a list, where the API has no endpoint
    for one. `secrets` are fields that the API shows once: they go to the person, past the model. `page` is how many rows of its
    sections a call returns unasked, `most` how many it may ask for.
    """

    noun: str
    fields: tuple[Field, ...]
    at: str = ""
    head: str | None = None
    sections: tuple[Section, ...] = ()
    said: str = ""
    tolerant: bool = False
    secrets: tuple[str, ...] = ()
    lookup: Lookup | None = None
    page: int = 50
    most: int = 200

    @property
    def can_grow(self) -> bool:
        """Whether it comes in pages."""
        return bool(self.sections)


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are told beside an id: the field `by` is the id of a row of the list operation `listed` in the same toolset, whose
    `field` they get as `name`.
    """

    by: str
    listed: str
    field: str
    name: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A result that is a list of rows under the name `rows`; `at` is the dotted path to the list in the answer.

    `shown` are the fields that people look at, which a call shows unasked; all there are, where none are named. `joined` adds a
    name to an id. When nothing has the value of the argument `told_when_empty`, the values that rows have are told. `page` is how
    many rows a call returns unasked, `most` how many it may ask for.
    """

    rows: str
    fields: tuple[Field, ...]
    shown: tuple[str, ...] = ()
    joined: Joined | None = None
    told_when_empty: str = ""
    paging: Paging
    at: str = ""
    page: int = 50
    most: int = 200

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that rows may have."""
        return self.fields if self.joined is None else (*self.fields, Field(self.joined.name))

    @property
    def can_grow(self) -> bool:
        """Whether it comes in pages."""
        return True


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
