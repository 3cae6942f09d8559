"""Flintt, management API: API keys and outbound webhooks, opened by a session token (JWT) instead of an API key. Rows only.

An API of its own beside the v1 API: same place, another credential, so that neither is ever sent where the other belongs. The
union of both editions: keys are the named ones of /api/api-keys, and a webhook has signing_secret and auth_token. What is
shown once (`secrets`) is for the person, not for the model.
"""

from __future__ import annotations

from flintt_mcp.catalogue.argument import AnyOf, Kind, Route, body, path
from flintt_mcp.catalogue.operation import Api, Effect, Facts, Operation, See, Toolset, Trace
from flintt_mcp.catalogue.result import Listing, Record, Whole, fields

FLINTT_MANAGEMENT = Api(
    name="flintt-management",
    title="Flintt",
    variable="FLINTT",
    url="https://api.flintt.co",
    header="Authorization",
    scheme="Bearer",
    own_header="X-Flintt-JWT",
    own_query="flintt_jwt",
    sandbox_key="session_of_the_sandbox",
    key_hint="a session token (JWT) of Flintt, not an API key; it expires",
    secret="JWT",
    beside="flintt",
)

KEY = fields("id", "name", "key_prefix", "last_used_at", "revoked_at", "created_at")
OWN_KEY = fields("id", "key_prefix", "last_used_at", "created_at")
WEBHOOK = fields("id", "name", "endpoint_url", "event_types", "active", "created_at", "updated_at")
EVENTS = ("signal.run.completed", "signal.run.result", "company.created", "prospect.created")
ONE_WEBHOOK = "/api/outbound-webhooks/{webhook_id}"
_ITS_WEBHOOK = See(
    of="list_webhooks",
    label="Webhook",
    where={"id": "webhook_id"},
    fields=("name", "endpoint_url", "event_types", "active"),
    needed=True,
)

OPERATIONS = (
    Operation(
        name="list_webhooks",
        title="List Flintt webhooks",
        about="Endpoints that Flintt tells of events, with their events and whether they are active. Secrets are never shown.",
        effect=Effect.READ,
        routes=(Route("GET", "/api/outbound-webhooks"),),
        result=Listing(
            rows="webhooks",
            fields=WEBHOOK,
            shown=("id", "name", "endpoint_url", "event_types", "active"),
            paging=Whole(),
        ),
    ),
    Operation(
        name="create_webhook",
        title="Add a Flintt webhook",
        about="Have Flintt post events to an HTTPS URL. Its signing_secret and auth_token are shown once, to the person only.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/api/outbound-webhooks"),),
        args=(
            body("name", "A label.", required=True, low=1, high=100),
            body("endpoint_url", "Begins with https://", required=True, low=1, high=2048),
            body("event_types", "What it is told of.", kind=Kind.TEXTS, required=True, choices=EVENTS, low=1, high=4),
            body("active", "False: it gets nothing yet.", kind=Kind.FLAG, default=True),
        ),
        result=Record(noun="webhook", fields=WEBHOOK, secrets=("signing_secret", "auth_token"), said="Webhook added."),
        trace=Trace(listed="list_webhooks", same=("name", "endpoint_url")),
    ),
    Operation(
        name="update_webhook",
        title="Update a Flintt webhook",
        about="Change a webhook's name, URL or events, or pause (active false) and resume it. event_types replaces the whole list.",
        effect=Effect.UPDATE,
        routes=(Route("PATCH", ONE_WEBHOOK),),
        args=(
            path("webhook_id", "From list_webhooks."),
            body("name", "A label.", low=1, high=100),
            body("endpoint_url", "Begins with https://", low=1, high=2048),
            body("event_types", "What it is told of.", kind=Kind.TEXTS, choices=EVENTS, low=1, high=4),
            body("active", "False pauses it.", kind=Kind.FLAG),
        ),
        rules=(AnyOf(("name", "endpoint_url", "event_types", "active")),),
        result=Record(noun="webhook", fields=WEBHOOK, said="Webhook updated."),
    ),
    Operation(
        name="delete_webhook",
        title="Delete a Flintt webhook",
        about="Delete a webhook for good. Ask the person first; to stop it for a while use update_webhook (active false).",
        effect=Effect.DESTROY,
        routes=(Route("DELETE", ONE_WEBHOOK),),
        args=(path("webhook_id", "From list_webhooks."),),
        result=Record(noun="deletion", fields=fields("ok"), said="Webhook deleted."),
        facts=Facts(sees=(_ITS_WEBHOOK,), for_good="The webhook and its secrets cannot be brought back."),
    ),
    Operation(
        name="rotate_webhook_secret",
        title="Rotate a Flintt webhook's secret",
        about="Make a new signing secret; the old one is invalid AT ONCE, so the receiver must change too. Ask the person first.",
        effect=Effect.DESTROY,
        routes=(Route("POST", ONE_WEBHOOK + "/rotate-secret"),),
        args=(path("webhook_id", "From list_webhooks."),),
        result=Record(
            noun="rotation",
            fields=(),
            secrets=("signing_secret",),
            said="Secret rotated: the old one is invalid from now on.",
        ),
        facts=Facts(
            sees=(_ITS_WEBHOOK,),
            for_good="The old secret is invalid at once: deliveries are refused until the receiver knows the new one.",
        ),
    ),
    Operation(
        name="list_api_keys",
        title="List Flintt API keys",
        about="API keys of the user: label, first characters, last use, and when revoked. Keys themselves are never shown.",
        effect=Effect.READ,
        routes=(Route("GET", "/api/api-keys"),),
        result=Listing(rows="api_keys", fields=KEY, paging=Whole()),
    ),
    Operation(
        name="create_api_key",
        title="Create a Flintt API key",
        about="Make a key for the Flintt v1 API. The key is shown once, to the person only.",
        effect=Effect.CREATE,
        routes=(Route("POST", "/api/api-keys"),),
        args=(body("name", "A label, e.g. Production.", required=True, low=1, high=100),),
        result=Record(noun="api_key", fields=KEY, secrets=("raw_key",), said="API key created."),
        trace=Trace(listed="list_api_keys", same=("name",)),
    ),
    Operation(
        name="revoke_api_key",
        title="Revoke a Flintt API key",
        about="Revoke a key at once and for good: whatever uses it stops working. Ask the person first.",
        effect=Effect.DESTROY,
        routes=(Route("DELETE", "/api/api-keys/{key_id}"),),
        args=(path("key_id", "From list_api_keys."),),
        result=Record(noun="revocation", fields=fields("ok"), said="API key revoked."),
        facts=Facts(
            sees=(
                See(
                    of="list_api_keys",
                    label="Key",
                    where={"id": "key_id"},
                    fields=("name", "key_prefix", "last_used_at", "created_at"),
                    needed=True,
                ),
            ),
            for_good="Whatever uses the key stops working at once, for good.",
        ),
    ),
    Operation(
        name="get_api_key",
        title="Get the Flintt API key",
        about="The one key of the workspace, without the key itself; when there is none it is MADE, and shown once, to the "
        "person only.",
        effect=Effect.CREATE,
        routes=(Route("GET", "/api/api-key"),),
        result=Record(
            noun="api_key",
            fields=OWN_KEY,
            secrets=("raw_key",),
            said="The key is told here; where a raw_key came along, it was made just now.",
        ),
    ),
    Operation(
        name="regenerate_api_key",
        title="Regenerate the Flintt API key",
        about="Revoke the one key of the workspace AT ONCE and make another, shown once, to the person only. Whatever uses the "
        "old one stops working, maybe this connection too. Ask the person first.",
        effect=Effect.DESTROY,
        routes=(Route("POST", "/api/api-key/regenerate"),),
        result=Record(
            noun="api_key",
            fields=OWN_KEY,
            secrets=("raw_key",),
            said="API key regenerated: the old one is invalid from now on.",
        ),
        facts=Facts(for_good="Whatever uses the workspace's one key stops working at once, for good."),
    ),
)

MANAGEMENT_TOOLSET = Toolset(
    name="flintt-management",
    about="API keys and outbound webhooks of a Flintt user; needs a session token (JWT).",
    api=FLINTT_MANAGEMENT,
    operations=OPERATIONS,
)
