"""Flextell, API v0.0.1: the same six operations on every resource. Rows only.

The text gives conventions and names no resource, so a tool takes the resource's name and the operator may list the names
that are allowed: `flextell_toolset` makes an enum of them. Where the text is silent: the next page is asked for with
`cursor`, no page size is sent, and a single resource is read from `data`, from a list of one there, or bare.
"""

from __future__ import annotations

import re

from flintt_mcp.catalogue.argument import Arg, Kind, Place, Route, path
from flintt_mcp.catalogue.operation import Api, Effect, Facts, Operation, See, Toolset
from flintt_mcp.catalogue.result import Cursor, Listing, Record, fields
from flintt_mcp.errors import ConfigError

FLEXTELL = Api(
    name="flextell",
    title="Flextell",
    variable="FLEXTELL",
    url="https://dev.flextell.ai/api",
    header="Authorization",
    scheme="Bearer",
    own_header="X-Flextell-Token",
    own_query="flextell_token",
    sandbox_key="flextell_sandbox_token",
    key_hint="an OAuth 2.0 access token; `flintt-mcp login flextell` gets and renews one",
    secret="TOKEN",
    headers={"content-type": "application/json"},
    advice={
        "unauthorized": "give a fresh access token: they expire, and `flintt-mcp login flextell` gets and renews them"
    },
)

NAME = r"[A-Za-z0-9_-]+"
"""One path segment of a resource's name."""
NAMES = rf"^{NAME}(/{NAME})*$"
ONE = "/{resource:path}/{id}"
MANY = "/{resource:path}"
RESOURCE = fields("id")
_NOW = See(of="flextell_read", label="There now", given={"resource": "resource", "id": "id"}, needed=True)


def flextell_toolset(resources: tuple[str, ...] = ()) -> Toolset:
    """The toolset for exactly these resource names, or for any name when there are none.

    Raises:
        ConfigError: a name that could not stand in a path.
    """
    if not all(len(name) <= 100 and re.fullmatch(NAMES, name) for name in resources):
        raise ConfigError("FLEXTELL_RESOURCES: names such as contacts or crm/contacts, of letters, digits, _, - and /")
    return Toolset(
        name="flextell",
        about="Any resource of Flextell, by name: list, read, create, update, modify, delete.",
        api=FLEXTELL,
        operations=_operations(resources),
    )


def _operations(resources: tuple[str, ...]) -> tuple[Operation, ...]:
    resource = _resource(resources)
    return (
        Operation(
            name="flextell_list",
            title="List Flextell resources",
            about="Flextell resources of one name, page by page. Ask the person for names you do not know.",
            effect=Effect.READ,
            routes=(Route("GET", MANY),),
            args=(resource,),
            result=Listing(
                rows="resources",
                fields=RESOURCE,
                paging=Cursor(next="meta.cursor", more="meta.has_more", total="meta.total"),
                at="data",
            ),
        ),
        Operation(
            name="flextell_read",
            title="Read a Flextell resource",
            about="One Flextell resource by id (from flextell_list).",
            effect=Effect.READ,
            routes=(Route("GET", ONE),),
            args=(resource, path("id", "From flextell_list.")),
            result=_record(),
        ),
        Operation(
            name="flextell_create",
            title="Create a Flextell resource",
            about="Create a Flextell resource. Returns it with its id.",
            effect=Effect.CREATE,
            routes=(Route("POST", MANY),),
            args=(resource, _data("Its fields.")),
            result=_record("Flextell resource created."),
        ),
        Operation(
            name="flextell_update",
            title="Replace a Flextell resource",
            about="Replace a Flextell resource whole: fields left out are LOST. For some fields use flextell_modify.",
            effect=Effect.UPDATE,
            routes=(Route("PUT", ONE),),
            args=(resource, path("id", "From flextell_list."), _data("All its fields.")),
            result=_record("Flextell resource replaced."),
            replaces=True,
            facts=Facts(sees=(_NOW,), for_good="Fields that are left out are lost."),
        ),
        Operation(
            name="flextell_modify",
            title="Change a Flextell resource",
            about="Change some fields of a Flextell resource; others stay. Returns it.",
            effect=Effect.UPDATE,
            routes=(Route("PATCH", ONE),),
            args=(resource, path("id", "From flextell_list."), _data("Fields to change.")),
            result=_record("Flextell resource changed."),
        ),
        Operation(
            name="flextell_delete",
            title="Delete a Flextell resource",
            about="Delete a Flextell resource for good. Ask the person first.",
            effect=Effect.DESTROY,
            routes=(Route("DELETE", ONE),),
            args=(resource, path("id", "From flextell_list.")),
            result=_record("Flextell resource deleted.", noun="deletion"),
            facts=Facts(sees=(_NOW,), for_good="The resource cannot be brought back."),
        ),
    )


def _resource(names: tuple[str, ...]) -> Arg:
    if names:
        return path("resource", choices=names, low=None, high=None)
    return path("resource", "e.g. contacts", pattern=NAMES)


def _data(about: str) -> Arg:
    return Arg(name="data", about=about, place=Place.WHOLE_BODY, kind=Kind.OBJECT, required=True)


def _record(said: str = "", noun: str = "resource") -> Record:
    return Record(noun=noun, fields=RESOURCE, at="data", said=said, tolerant=True)


FLEXTELL_TOOLSET = flextell_toolset()
