"""/api/outbound-webhooks: endpoints that are told of events, and the log of what they were told.

Both editions in one: a create answers signing_secret and auth_token, each shown once. Silent in the texts, decided here: an
endpoint needs a name, a URL and an event; events that happen while it is paused are not kept for it, deliveries that waited
go at once when it resumes; rotate-secret leaves auth_token as it is, and `grace_seconds` lets the old secret sign beside the new
one; reading one endpoint, and the delivery log, are paths of the sandbox's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Annotated, Any, Concatenate, Literal, ParamSpec, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from flintt_mcp.sandbox.delivery import endpoints, log
from flintt_mcp.sandbox.delivery.endpoints import NewEndpoint, Owner, UnknownEndpoint
from flintt_mcp.sandbox.delivery.log import UnknownDelivery
from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNREADABLE, Deleted, not_found, refuse
from flintt_mcp.sandbox.flintt.events import FLINTT_WEBHOOKS
from flintt_mcp.sandbox.flintt.fields import USUAL_URL, line, omittable
from flintt_mcp.sandbox.flintt.session_door import NO_SESSION, Session, SessionRoute
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp
from flintt_mcp.sandbox.network.urls import MAX_URL, Refused, check_url

P = ParamSpec("P")
T = TypeVar("T")

router = APIRouter(prefix="/api/outbound-webhooks", tags=["Webhooks"], route_class=SessionRoute)

ONE_ENDPOINT = NO_SESSION | NOT_FOUND | REFUSED
_MADE = {"endpoint_id": "$response.body#/id"}
_TOLD = {"endpoint_id": "$request.path.endpoint_id", "delivery_id": "$response.body#/0/id"}
LINKS = {
    "create_webhook": dict.fromkeys(
        ("get_webhook", "update_webhook", "rotate_webhook_secret", "list_deliveries", "delete_webhook"), _MADE
    ),
    "list_deliveries": dict.fromkeys(("get_delivery", "resend_delivery"), _TOLD),
}
"""Where an answer leads, for the document; elsewhere in this API the names of parameters say it."""

EXAMPLE: JsonDict = {
    "name": "My Server",
    "endpoint_url": "https://yourapp.com/flintt-webhook",
    "event_types": ["signal.run.completed", "prospect.created"],
}

Name = Annotated[str, line(100)]
Url = Annotated[str, Field(min_length=1, max_length=MAX_URL, json_schema_extra={"pattern": USUAL_URL})]
Event = Literal["signal.run.completed", "signal.run.result", "company.created", "prospect.created"]
Events = Annotated[list[Event], Field(min_length=1), AfterValidator(lambda events: list(dict.fromkeys(events)))]
Seconds = Annotated[
    int,
    Field(strict=True, ge=0, le=604_800),
    # In JSON Schema 60.0 is an integer too.
    BeforeValidator(lambda value: int(value) if isinstance(value, float) and value.is_integer() else value),
]
EndpointId = Annotated[str, Path(max_length=100, description="The id of the endpoint: wh_ and a UUID.")]


class Webhook(BaseModel):
    """An endpoint, without its secrets."""

    id: str
    name: str
    endpoint_url: str
    event_types: list[Event]
    active: bool
    created_at: Timestamp
    updated_at: Timestamp


class OneWebhook(Webhook):
    """An endpoint, and why it was switched off."""

    off_reason: str | None = Field(description="Why deliveries were switched off after failures; else null.")


class NewWebhook(Body):
    """An endpoint to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name = Field(description="A label.")
    endpoint_url: Url = Field(description="The HTTPS URL that events are posted to.")
    event_types: Events = Field(description="Events to subscribe to.")
    active: bool = Field(True, strict=True, description="Whether to deliver at once.")


class CreatedWebhook(Webhook):
    """A new endpoint, with what is shown this once."""

    signing_secret: str = Field(description="Signs deliveries; shown this once.")
    auth_token: str = Field(description="Sent as a bearer token with deliveries; shown this once.")


class WebhookChange(Body):
    """What to change; fields that are left out stay as they are."""

    name: Name = omittable()
    endpoint_url: Url = omittable()
    event_types: Events = omittable()
    active: Annotated[bool, Field(strict=True)] = omittable()


class Rotation(Body):
    """How to rotate."""

    grace_seconds: Seconds = Field(0, description="How long the old secret signs as well; 0 ends it at once.")


class RotatedSecret(BaseModel):
    """The new secret."""

    signing_secret: str = Field(description="Signs deliveries from now on; shown this once.")


class Delivery(BaseModel):
    """One event for this endpoint, and how it stands."""

    id: Id = Field(description="The delivery_id of the envelope.")
    event: Event
    state: Literal["pending", "delivered", "failed"]
    attempt_count: int
    last_status: int | None = Field(description="HTTP status of the last attempt; null when there was no answer.")
    next_attempt_at: Timestamp | None = Field(description="When it is tried again; null for at once, or when it ended.")
    created_at: Timestamp
    ended_at: Timestamp | None


class Attempt(BaseModel):
    """One try."""

    attempted_at: Timestamp
    status: int | None
    error: str | None
    duration_ms: int


class OneDelivery(Delivery):
    """A delivery with what was sent and every try."""

    payload: dict[str, Any]
    attempts: list[Attempt]


@router.get("", summary="List webhook endpoints", responses=NO_SESSION)
async def list_webhooks(session: Session) -> list[Webhook]:
    """All endpoints, newest first; never a secret."""
    return await session.read(_as_owner, endpoints.list_endpoints)


@router.post("", summary="Create webhook endpoint", status_code=201, responses=NO_SESSION | REFUSED | UNREADABLE)
async def create_webhook(session: Session, new: NewWebhook) -> CreatedWebhook:
    """Add an endpoint; signing_secret and auth_token are shown this once."""
    _check(session, new.endpoint_url)
    ground = session.ground
    endpoint = NewEndpoint(name=new.name, url=new.endpoint_url, events=new.event_types, active=new.active)
    return await session.write(_as_owner, endpoints.register, ground.digester, endpoint, ground.clock())


@router.get("/{endpoint_id}", summary="Get webhook endpoint", responses=ONE_ENDPOINT)
async def get_webhook(session: Session, endpoint_id: EndpointId) -> OneWebhook:
    """One endpoint; never a secret."""
    return await session.read(_as_owner, endpoints.get_endpoint, endpoint_id)


@router.patch("/{endpoint_id}", summary="Update webhook endpoint", responses=ONE_ENDPOINT | UNREADABLE)
async def update_webhook(session: Session, endpoint_id: EndpointId, change: WebhookChange) -> Webhook:
    """Change name, URL, events, or pause (active false) and resume (active true) delivery."""
    fields = change.model_dump(exclude_unset=True)
    if "endpoint_url" in fields:
        _check(session, fields["endpoint_url"])
    return await session.write(_as_owner, endpoints.change, endpoint_id, fields, session.ground.clock())


@router.delete("/{endpoint_id}", summary="Delete webhook endpoint", responses=ONE_ENDPOINT)
async def delete_webhook(session: Session, endpoint_id: EndpointId) -> Deleted:
    """Delete an endpoint with its log and everything that waits for it; this cannot be undone."""
    await session.write(_as_owner, endpoints.remove, endpoint_id)
    return Deleted(ok=True)


@router.post("/{endpoint_id}/rotate-secret", summary="Rotate signing secret", responses=ONE_ENDPOINT | UNREADABLE)
async def rotate_webhook_secret(
    session: Session, endpoint_id: EndpointId, rotation: Rotation | None = None
) -> RotatedSecret:
    """A new signing secret, shown this once; the old one is invalid at once unless grace_seconds says otherwise."""
    ground, grace = session.ground, rotation.grace_seconds if rotation else 0
    secret = await session.write(_as_owner, endpoints.rotate, ground.digester, endpoint_id, grace, ground.clock())
    return RotatedSecret(signing_secret=secret)


@router.get("/{endpoint_id}/deliveries", summary="List deliveries", responses=ONE_ENDPOINT)
async def list_deliveries(
    session: Session,
    endpoint_id: EndpointId,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Max results to return.")] = 50,
    offset: Annotated[int, Query(ge=0, le=2**53, description="How many to skip.")] = 0,
) -> list[Delivery]:
    """What this endpoint was told, newest first."""
    return await session.read(_as_owner, log.list_deliveries, endpoint_id, state, limit, offset)


@router.get("/{endpoint_id}/deliveries/{delivery_id}", summary="Get delivery", responses=ONE_ENDPOINT)
async def get_delivery(session: Session, endpoint_id: EndpointId, delivery_id: UUID) -> OneDelivery:
    """One delivery with its payload and every attempt."""
    return await session.read(_as_owner, log.get_delivery, endpoint_id, str(delivery_id))


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/resend", summary="Resend delivery", status_code=202, responses=ONE_ENDPOINT
)
async def resend_delivery(session: Session, endpoint_id: EndpointId, delivery_id: UUID) -> OneDelivery:
    """Send a delivery again: the same body under the same delivery_id, with all attempts before it."""
    return await session.write(_as_owner, log.resend, endpoint_id, str(delivery_id))


def _as_owner(
    connection: sqlite3.Connection,
    user_id: str,
    query: Callable[Concatenate[sqlite3.Connection, Owner, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a query of the delivery machinery for this user.

    Raises:
        HTTPException: 404 when the user has no such endpoint, or it no such delivery.
    """
    try:
        return query(connection, Owner(FLINTT_WEBHOOKS, user_id), *args, **kwargs)
    except UnknownEndpoint:
        raise not_found("Webhook") from None
    except UnknownDelivery:
        raise not_found("Delivery") from None


def _check(session: Session, url: str) -> None:
    """Refuse a URL to which the network guard would send nothing.

    Raises:
        RequestValidationError: it is one.
    """
    try:
        check_url(url, session.ground.webhooks)
    except Refused as refused:
        raise refuse("body", "endpoint_url", f"Not a URL that webhooks are sent to: {refused}", "url_refused") from None
