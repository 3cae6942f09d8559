"""Resources in the database: lists by cursor, and one at a time. Plain functions for `Database.read` and `.write`.

A cursor names the last resource of its page, in the form the text shows: `cursor_` and, in base64url, `{"id":"res_002"}`. A list
goes in order of creation, so the cursor of a resource that is gone still says where to go on.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from typing import Any

from flintt_mcp.sandbox.flextell.answers import not_found, problem
from flintt_mcp.sandbox.flextell.payload import OWN_FIELDS, bounded, merged
from flintt_mcp.sandbox.ground.rows import insert

_ID = re.compile(r"res_([0-9]{3,15})")
_CURSOR = "cursor_"
_COLUMNS = "number, fields, created_at, updated_at"


def select_page(
    connection: sqlite3.Connection, user_id: str, collection: str, cursor: str | None, limit: int
) -> dict[str, Any]:
    """One page of a list, in the envelope.

    Raises:
        HTTPException: 400 for a cursor that no page gave; 404 when the list hangs below a resource that is not there.
    """
    after = 0 if cursor is None else _read_cursor(cursor)
    _parent(connection, user_id, collection)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM flextell_resources WHERE user_id = ? AND collection = ? AND number > ? ORDER BY number LIMIT ?",
        (user_id, collection, after, limit + 1),
    ).fetchall()
    total = connection.execute(
        "SELECT count(*) FROM flextell_resources WHERE user_id = ? AND collection = ?", (user_id, collection)
    ).fetchone()[0]
    more = len(rows) > limit
    data = [_resource(row) for row in rows[:limit]]
    cursor = write_cursor(data[-1]["id"]) if more else None
    return {"data": data, "meta": {"cursor": cursor, "has_more": more, "total": total}}


def select_one(connection: sqlite3.Connection, user_id: str, collection: str, resource_id: str) -> dict[str, Any]:
    """One resource.

    Raises:
        HTTPException: 404 when this user has none with that id under that name.
    """
    return _resource(_row(connection, user_id, collection, resource_id))


def insert_one(
    connection: sqlite3.Connection, user_id: str, collection: str, fields: dict[str, Any], now: str
) -> dict[str, Any]:
    """Add a resource and answer it.

    Raises:
        HTTPException: 404 when the list hangs below a resource that is not there; 422 for an id, which the server gives.
    """
    if "id" in fields:
        raise problem(422, "invalid_resource", "id: the server gives it; leave it out.")
    _parent(connection, user_id, collection)
    row = {
        "user_id": user_id,
        "collection": collection,
        "fields": _stored(fields),
        "created_at": now,
        "updated_at": now,
    }
    number = insert(connection, "flextell_resources", row)
    return select_one(connection, user_id, collection, id_of(number))


def replace_one(
    connection: sqlite3.Connection, user_id: str, collection: str, resource_id: str, fields: dict[str, Any], now: str
) -> dict[str, Any]:
    """Put other fields in place of a resource's and answer it.

    Raises:
        HTTPException: 404 when there is none; 422 for another id than the one in the path.
    """
    row = _row(connection, user_id, collection, resource_id)
    _check_id(fields, resource_id)
    return _keep(connection, user_id, collection, row["number"], _stored(fields), now)


def merge_one(
    connection: sqlite3.Connection, user_id: str, collection: str, resource_id: str, patch: dict[str, Any], now: str
) -> dict[str, Any]:
    """Change some fields of a resource, as RFC 7396 says, and answer it.

    Raises:
        HTTPException: 404 when there is none; 422 for another id, or when it would pass the bounds.
    """
    row = _row(connection, user_id, collection, resource_id)
    _check_id(patch, resource_id)
    fields = _stored(bounded(merged(json.loads(row["fields"]), patch)))
    return _keep(connection, user_id, collection, row["number"], fields, now)


def remove_one(connection: sqlite3.Connection, user_id: str, collection: str, resource_id: str) -> dict[str, Any]:
    """Delete a resource and all that hangs below it.

    Raises:
        HTTPException: 404 when there is none.
    """
    number = _row(connection, user_id, collection, resource_id)["number"]
    connection.execute("DELETE FROM flextell_resources WHERE number = ?", (number,))
    below = f"{collection}/{resource_id}/"
    connection.execute(
        "DELETE FROM flextell_resources WHERE user_id = ? AND substr(collection, 1, ?) = ?",
        (user_id, len(below), below),
    )
    return {"id": resource_id, "deleted": True}


def id_of(number: int) -> str:
    """The id of the resource with a number, such as res_002."""
    return f"res_{number:03d}"


def write_cursor(resource_id: str) -> str:
    """The cursor for what comes after a resource."""
    text = json.dumps({"id": resource_id}, separators=(",", ":"))
    return _CURSOR + base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> int:
    """The number of the resource a cursor names."""
    try:
        text = cursor.removeprefix(_CURSOR)
        number = _number(
            json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))["id"]
        )
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError):
        number = None
    if number is None or not cursor.startswith(_CURSOR):
        raise problem(400, "invalid_request", "cursor: take it from meta.cursor of the page before.")
    return number


def _number(resource_id: str) -> int | None:
    found = _ID.fullmatch(resource_id)
    number = int(found[1]) if found else None
    return number if number is not None and id_of(number) == resource_id else None


def _row(connection: sqlite3.Connection, user_id: str, collection: str, resource_id: str) -> sqlite3.Row:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM flextell_resources WHERE number = ? AND user_id = ? AND collection = ?",
        (_number(resource_id), user_id, collection),
    ).fetchone()
    if row is None:
        raise not_found()
    return row


def _parent(connection: sqlite3.Connection, user_id: str, collection: str) -> None:
    """Check that the resource a list hangs below is there."""
    if "/" in collection:
        parent, parent_id, _ = collection.split("/")
        _row(connection, user_id, parent, parent_id)


def _check_id(fields: dict[str, Any], resource_id: str) -> None:
    if fields.get("id", resource_id) != resource_id:
        raise problem(422, "invalid_resource", "id: it cannot be changed.")


def _keep(
    connection: sqlite3.Connection, user_id: str, collection: str, number: int, fields: str, now: str
) -> dict[str, Any]:
    connection.execute(
        "UPDATE flextell_resources SET fields = ?, updated_at = ? WHERE number = ?", (fields, now, number)
    )
    return select_one(connection, user_id, collection, id_of(number))


def _stored(fields: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in fields.items() if name not in OWN_FIELDS}, ensure_ascii=False)


def _resource(row: sqlite3.Row) -> dict[str, Any]:
    own = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    return {"id": id_of(row["number"]), **json.loads(row["fields"]), **own}
