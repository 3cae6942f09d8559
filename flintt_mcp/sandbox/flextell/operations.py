"""The six operations of the text, on any resource name: list, read, create, update, modify, delete.

A name is one segment, such as contacts, or hangs below one resource, such as contacts/res_001/notes; the first resource of a
name makes the list. Silent in the text, decided here: `cursor` and `limit` (1 to 100, default 25) page a list, which goes
in order of creation; a single resource is an object in `data`; PUT on what is not there is 404; PATCH merges as RFC 7396 says;
deleting a resource deletes what hangs below it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from flintt_mcp.sandbox.flextell import resource_rows
from flintt_mcp.sandbox.flextell.answers import Deleted, One, Page, documented
from flintt_mcp.sandbox.flextell.door import Caller, TokenRoute
from flintt_mcp.sandbox.flextell.payload import BODY, read_object
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.document import Links
from flintt_mcp.sandbox.ground.doors import Ground, Workspace

NAME = r"^[A-Za-z0-9_-]+$"
CURSOR = r"^cursor_[A-Za-z0-9_-]+$"
READ = documented(401, 403, 422)
WRITE = documented(400, 401, 403, 413, 415, 422, body=True)
MISSING = documented(404)

Name = Annotated[str, Path(pattern=NAME, max_length=100, description="Name of the resource, e.g. contacts.")]
Id = Annotated[str, Path(pattern=NAME, max_length=100, description="Id of a resource, e.g. res_002.")]
Cursor = Annotated[
    str | None,
    Query(max_length=200, description="meta.cursor of the page before.", json_schema_extra={"pattern": CURSOR}),
]
Limit = Annotated[int, Query(ge=1, le=100, description="Resources on a page.")]


def flat(resource: Name) -> str:
    """A list of its own."""
    return resource


def below(parent: Name, parent_id: Id, resource: Name) -> str:
    """A list that hangs below a resource."""
    return f"{parent}/{parent_id}/{resource}"


def resource_router() -> APIRouter:
    """All routes of the resource API."""
    router = APIRouter(route_class=TokenRoute)
    _add(router, "/{resource}", flat, "", documented())
    _add(router, "/{parent}/{parent_id}/{resource}", below, "_below", MISSING)
    return router


def resource_links() -> Links:
    """Where the answers of the resource API lead, for its document."""
    name = {"resource": "$request.path.resource"}
    parent = {"parent": "$request.path.parent", "parent_id": "$request.path.parent_id"}
    made, more = {"id": "$response.body#/data/id"}, {"cursor": "$response.body#/meta/cursor"}
    child = {"parent": "$request.path.resource", "parent_id": "$response.body#/data/id"}
    one = ("read", "update", "modify", "delete")
    return {
        "list": {"list": name | more},
        "create": dict.fromkeys(one, name | made) | dict.fromkeys(("list_below", "create_below"), child),
        "list_below": {"list_below": parent | name | more},
        "create_below": {f"{operation}_below": parent | name | made for operation in one},
    }


def _add(router: APIRouter, path: str, collection: Any, suffix: str, may_lack_parent: Any) -> None:
    """The six operations on one form of name; `suffix` keeps their names in the OpenAPI document apart."""
    named = Depends(collection)

    @router.get(path, **_said("list", suffix), responses=documented(400) | READ | may_lack_parent)
    async def list_page(caller: Caller, cursor: Cursor = None, limit: Limit = 25, name: str = named) -> Page:
        """Retrieve a paginated list of resources."""
        return await caller.read(resource_rows.select_page, name, cursor, limit)

    @router.post(
        path,
        **_said("create", suffix),
        status_code=201,
        responses=WRITE | may_lack_parent,
        openapi_extra=BODY,
    )
    async def create(caller: Caller, request: Request, name: str = named) -> One:
        """Create a new resource."""
        fields = await read_object(request)
        return _data(await caller.write(resource_rows.insert_one, name, fields, _now(caller)))

    @router.get(f"{path}/{{id}}", **_said("read", suffix), responses=READ | MISSING)
    async def read(caller: Caller, id: Id, name: str = named) -> One:
        """Retrieve a single resource by ID."""
        return _data(await caller.read(resource_rows.select_one, name, id))

    @router.put(f"{path}/{{id}}", **_said("update", suffix), responses=WRITE | MISSING, openapi_extra=BODY)
    async def update(caller: Caller, request: Request, id: Id, name: str = named) -> One:
        """Replace an existing resource."""
        fields = await read_object(request)
        return _data(await caller.write(resource_rows.replace_one, name, id, fields, _now(caller)))

    @router.patch(f"{path}/{{id}}", **_said("modify", suffix), responses=WRITE | MISSING, openapi_extra=BODY)
    async def modify(caller: Caller, request: Request, id: Id, name: str = named) -> One:
        """Partially update an existing resource: a JSON merge patch (RFC 7396), in which null removes a field."""
        patch = await read_object(request)
        return _data(await caller.write(resource_rows.merge_one, name, id, patch, _now(caller)))

    @router.delete(f"{path}/{{id}}", **_said("delete", suffix), responses=READ | MISSING)
    async def delete(caller: Caller, id: Id, name: str = named) -> Deleted:
        """Permanently remove a resource."""
        return _data(await caller.write(resource_rows.remove_one, name, id))


def _data(answer: Any) -> Any:
    """The envelope, for the response model of a route to check."""
    return {"data": answer}


def _now(caller: Workspace[Ground, str]) -> str:
    return stamp(caller.ground.clock())


def _said(verb: str, suffix: str) -> dict[str, Any]:
    """How an operation is called in the document."""
    where = " below another" if suffix else ""
    noun = "resources" if verb == "list" else "resource"
    return {"name": f"{verb}{suffix}", "summary": f"{verb.capitalize()} {noun}{where}", "tags": [f"Resources{where}"]}
