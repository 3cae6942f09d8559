"""The tables of the Flextell sandbox: the SQL that makes them, and one sentence for each table and column.

Released SQL never changes: add a `Migration`, list it in `sandbox/server.py`, and describe its columns here. Secrets, tokens
and codes are stored only as digests. Every row that belongs to a person names them in user_id.
"""

from __future__ import annotations

from flintt_mcp.sandbox.ground.rows import CREATED, UPDATED, Tables
from flintt_mcp.sqlite import Migration

_USER = "Owner of the row; no other user ever sees it."
_SCOPE = "Scopes, with spaces between them: read, write."
_FAMILY = "UUID shared by a code and all tokens that came of it, so that they can be revoked together."

TABLES: Tables = {
    "flextell_users": (
        "A person who can sign in at the OAuth server.",
        {
            "id": "UUID of the user.",
            "name": "Full name, as the sign-in page shows it.",
            "email": "Email address.",
            "created_at": CREATED,
        },
    ),
    "flextell_resources": (
        "One resource of any name.",
        {
            "number": "Order of creation; the id is made of it, and no number is used twice.",
            "user_id": _USER,
            "collection": "Name of the resource, such as contacts or contacts/res_001/notes.",
            "fields": "JSON object of the fields a caller gave.",
            "created_at": CREATED,
            "updated_at": UPDATED,
        },
    ),
    "flextell_clients": (
        "A program that may ask for tokens.",
        {
            "id": "The client_id.",
            "user_id": "Whose resources the client opens by itself with client_credentials; null when it may not.",
            "name": "Name, as the sign-in page shows it.",
            "secret_digest": "HMAC-SHA256 of the client secret; null for a public client, which has none.",
            "redirect_uris": "JSON array of the addresses a code may be sent to.",
            "created_at": CREATED,
        },
    ),
    "flextell_codes": (
        "An authorization code that a person approved; it is good for one exchange within minutes.",
        {
            "code_digest": "HMAC-SHA256 of the code.",
            "user_id": "Who approved.",
            "client_id": "The client it was made for.",
            "family": _FAMILY,
            "redirect_uri": "Where it was sent; the exchange has to name the same.",
            "scope": _SCOPE,
            "challenge": "The PKCE challenge (S256) that the exchange has to answer.",
            "expires_at": "When it ends (ISO 8601, UTC).",
            "used_at": "When it was exchanged; null until then. A second exchange revokes the family.",
        },
    ),
    "flextell_tokens": (
        "An access or refresh token.",
        {
            "token_digest": "HMAC-SHA256 of the token.",
            "user_id": "Whose resources it opens.",
            "client_id": "The client it was issued to.",
            "family": _FAMILY,
            "kind": "access or refresh.",
            "scope": _SCOPE,
            "expires_at": "When it ends (ISO 8601, UTC); null for the published sandbox token, which never does.",
            "used_at": "When a refresh token was exchanged for the next; using it again revokes the family.",
            "revoked_at": "When it was revoked; from then on it opens nothing.",
            "created_at": CREATED,
        },
    ),
}

FIRST_TABLES = Migration(
    "flextell: users, resources, clients, codes and tokens",
    (
        """CREATE TABLE flextell_users (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            email TEXT NOT NULL UNIQUE,
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE flextell_resources (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL REFERENCES flextell_users (id) ON DELETE CASCADE,
            collection TEXT NOT NULL,
            fields TEXT NOT NULL CHECK (json_valid(fields)),
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        "CREATE INDEX flextell_resources_by_collection ON flextell_resources (user_id, collection, number)",
        """CREATE TABLE flextell_clients (
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT REFERENCES flextell_users (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            secret_digest TEXT,
            redirect_uris TEXT NOT NULL CHECK (json_valid(redirect_uris)),
            created_at TEXT NOT NULL
        )""",
        """CREATE TABLE flextell_codes (
            code_digest TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flextell_users (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL REFERENCES flextell_clients (id) ON DELETE CASCADE,
            family TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            scope TEXT NOT NULL,
            challenge TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            used_at TEXT
        )""",
        """CREATE TABLE flextell_tokens (
            token_digest TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES flextell_users (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL REFERENCES flextell_clients (id) ON DELETE CASCADE,
            family TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
            scope TEXT NOT NULL,
            expires_at TEXT,
            used_at TEXT,
            revoked_at TEXT,
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX flextell_tokens_by_family ON flextell_tokens (family)",
        "CREATE INDEX flextell_tokens_by_expiry ON flextell_tokens (expires_at)",
        "CREATE INDEX flextell_codes_by_expiry ON flextell_codes (expires_at)",
    ),
)
