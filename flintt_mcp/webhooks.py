"""Verifies the webhooks of Flintt and FlowPilot in your own server. Standard library only; import it or copy it.

In: the raw body as it came (bytes, before any JSON parser), the request's headers, the signing secret that was shown once. Out: a
`Delivery`, or `InvalidWebhook`. Comparisons take constant time. A message never holds a secret, a signature or the body.

    delivery = verify_flintt(await request.body(), secret, request.headers, tolerance=300)
    if not seen_before(delivery.delivery_id): ...
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Secrets = str | Sequence[str]
"""One signing secret, or several of which any may have signed (the new and the old one while you rotate).

White space around a secret does not count: a file that holds one ends in a line break."""


class InvalidWebhook(Exception):
    """The request is not a delivery of the API, or an old one sent again: answer 401 and do nothing else."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified event. The same `delivery_id` may come more than once: do its work once."""

    event: str
    delivery_id: str
    timestamp: str
    data: Mapping[str, Any]


def verify_flintt(
    body: bytes,
    secret: Secrets,
    headers: Mapping[str, str],
    *,
    auth_token: str | None = None,
    tolerance: float | None = None,
    clock: Callable[[], float] = time.time,
) -> Delivery:
    """Verify a delivery of Flintt: X-Flintt-Signature, or the Standard Webhooks headers beside it.

    Args:
        auth_token: when given, Authorization must carry it as a bearer token as well.
        tolerance: seconds that a delivery may be old or early. It is measured on the signed webhook-timestamp, so with a
            tolerance the Standard Webhooks headers must be there; None does without them, and cannot tell a replay.

    Raises:
        InvalidWebhook: anything does not fit.
        ValueError: a secret or the token is empty, or with a tolerance no secret is one that Standard Webhooks can use.
    """
    fields = _lower(headers)
    if auth_token is not None:
        _verify_token(fields.get("authorization", ""), auth_token.strip())
    _verify(body, fields, secret, ("x-flintt-signature", "x-flintt-signature-former"), tolerance, clock)
    return _delivery(body)


def verify_flowpilot(
    body: bytes,
    secret: Secrets,
    headers: Mapping[str, str],
    *,
    tolerance: float | None = None,
    clock: Callable[[], float] = time.time,
) -> Delivery:
    """Verify a delivery of FlowPilot: X-FlowPilot-Signature, or the Standard Webhooks headers; see `verify_flintt`.

    Numbers with a fraction in `data` are `Decimal`s: they are money.

    Raises:
        InvalidWebhook: anything does not fit.
        ValueError: a secret is empty, or with a tolerance none is one that Standard Webhooks can use.
    """
    _verify(body, _lower(headers), secret, ("x-flowpilot-signature",), tolerance, clock)
    return _delivery(body, Decimal)


def _verify(
    body: bytes,
    fields: Mapping[str, str],
    secret: Secrets,
    names: Sequence[str],
    tolerance: float | None,
    clock: Callable[[], float],
) -> None:
    """Any one good signature is enough; with a tolerance it must be one that covers the time."""
    keys = _keys(secret)
    decoded = list(_decoded(keys))
    standard = _is_standard(body, fields, decoded)
    if tolerance is not None:
        if not decoded:
            raise ValueError("with a tolerance the signing secret has to be whsec_ and base64, as it was shown")
        if not standard:
            raise InvalidWebhook("the webhook-id, webhook-timestamp and webhook-signature headers are missing or wrong")
        if abs(clock() - int(fields["webhook-timestamp"])) > tolerance:
            raise InvalidWebhook("the delivery is too old, or the clocks differ")
        return
    plain = [fields[name] for name in names if name in fields]
    # Every comparison is made, so that the time taken does not tell which one fitted.
    fits = [_equal(given, body_signature(body, key)) for given in plain for key in keys]
    if not (any(fits) or standard):
        raise InvalidWebhook("the signature is missing or wrong")


def _verify_token(given: str, token: str) -> None:
    if not token:
        raise ValueError("give the auth token, or None")
    if not _equal(given, f"Bearer {token}"):
        raise InvalidWebhook("the bearer token is missing or wrong")


def _keys(secret: Secrets) -> list[str]:
    keys = [key.strip() for key in ([secret] if isinstance(secret, str) else secret)]
    if not keys or not all(key.removeprefix("whsec_") for key in keys):
        raise ValueError("give the signing secret")
    return keys


def body_signature(body: bytes, secret: str) -> str:
    """The documented signature: `sha256=` and HMAC-SHA256 of the raw body under the whole secret, in hex."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _is_standard(body: bytes, fields: Mapping[str, str], keys: Sequence[bytes]) -> bool:
    """Whether one of the signatures in webhook-signature is good (standardwebhooks.com)."""
    message_id, timestamp = fields.get("webhook-id", ""), fields.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    given = [part for part in fields.get("webhook-signature", "").split(" ") if part.startswith("v1,")]
    content = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    wanted = ["v1," + _base64_hmac(key, content) for key in keys]
    fits = [_equal(one, other) for one in given[:10] for other in wanted]
    return any(fits)


def _decoded(keys: Sequence[str]) -> Iterator[bytes]:
    """The keys behind `whsec_` and base64; a secret of another form has no Standard Webhooks signature."""
    for key in keys:
        try:
            yield base64.b64decode(key.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            continue


def _base64_hmac(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _equal(given: str, wanted: str) -> bool:
    """In constant time, for any text: the library's function refuses text that is not ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _delivery(body: bytes, number: Callable[[str], Any] = float) -> Delivery:
    try:
        envelope = json.loads(body, parse_float=number)
        delivery = Delivery(*(envelope[name] for name in ("event", "delivery_id", "timestamp", "data")))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidWebhook("signed, but not an event in the documented envelope") from None
    if not (isinstance(delivery.event, str) and isinstance(delivery.delivery_id, str)):
        raise InvalidWebhook("signed, but not an event in the documented envelope")
    return delivery
