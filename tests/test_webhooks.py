"""The public module that verifies webhooks, against the documents' own code and the test vector of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from decimal import Decimal

import pytest

from flintt_mcp.webhooks import Delivery, InvalidWebhook, verify_flintt, verify_flowpilot

SECRET = "whsec_" + "a1b2c3d4" * 8
TOKEN = "f0" * 32
NOW = 1_774_173_600
BODY = json.dumps(
    {"event": "company.created", "delivery_id": "550e8400", "timestamp": "2026-03-22T10:00:00Z", "data": {"n": 1.5}}
).encode()
DELIVERY = Delivery("company.created", "550e8400", "2026-03-22T10:00:00Z", {"n": 1.5})


def plain(body: bytes = BODY, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(body: bytes = BODY, secret: str = SECRET, at: int | str = NOW, message_id: str = "550e8400") -> dict:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(signed).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signature}


def flintt(headers: dict, body: bytes = BODY, **more) -> Delivery:
    return verify_flintt(body, SECRET, headers, clock=lambda: NOW, **more)


def test_a_delivery_with_the_documented_signature_is_good():
    assert flintt({"X-Flintt-Signature": plain()}) == DELIVERY
    assert flintt({"x-flintt-signature": plain()}) == DELIVERY


def test_a_delivery_with_the_standard_headers_is_good_with_and_without_a_tolerance():
    assert flintt(standard()) == DELIVERY
    assert flintt(standard(), tolerance=300) == DELIVERY


def test_the_test_vector_of_standard_webhooks_fits():
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    with pytest.raises(InvalidWebhook, match="envelope"):
        verify_flintt(body, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers)


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_a_delivery_within_the_tolerance_is_good(age):
    assert flintt(standard(at=NOW - age), tolerance=300) == DELIVERY


@pytest.mark.parametrize("age", [-301, 301, NOW])
def test_a_delivery_outside_the_tolerance_is_refused(age):
    with pytest.raises(InvalidWebhook, match="too old"):
        flintt(standard(at=NOW - age), tolerance=300)


def test_with_a_tolerance_the_documented_signature_alone_is_not_enough():
    with pytest.raises(InvalidWebhook, match="webhook-timestamp"):
        flintt({"X-Flintt-Signature": plain()}, tolerance=300)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Flintt-Signature": ""},
        {"X-Flintt-Signature": plain().removeprefix("sha256=")},
        {"X-Flintt-Signature": plain().upper()},
        {"X-Flintt-Signature": plain()[:-1]},
        {"X-Flintt-Signature": plain() + " "},
        {"X-Flintt-Signature": plain(BODY + b" ")},
        {"X-Flintt-Signature": plain(secret="another")},
        {"X-Flintt-Signature": "sha256=é\udcff"},
        {"X-FlowPilot-Signature": plain()},
        standard() | {"webhook-id": "another"},
        standard() | {"webhook-timestamp": str(NOW + 1)},
        standard() | {"webhook-timestamp": "٣"},
        standard() | {"webhook-timestamp": "1e9"},
        standard() | {"webhook-timestamp": "-5"},
        standard() | {"webhook-timestamp": "9" * 5000},
        standard() | {"webhook-signature": ""},
        standard() | {"webhook-signature": "v1," + "A" * 44},
        standard() | {"webhook-signature": standard()["webhook-signature"].replace("v1,", "v1a,")},
        standard() | {"webhook-signature": "é\udcff"},
        standard(message_id=""),
        standard(secret="whsec_" + "b" * 64),
    ],
)
def test_anything_else_is_refused_without_a_word_of_secret_or_body(headers):
    with pytest.raises(InvalidWebhook) as refused:
        flintt(headers)

    assert not any(text in str(refused.value) for text in (SECRET, SECRET[6:], "company", plain()))


def test_a_body_that_was_changed_by_one_byte_is_refused():
    for position in range(len(BODY)):
        changed = bytearray(BODY)
        changed[position] ^= 1
        with pytest.raises(InvalidWebhook):
            flintt({"X-Flintt-Signature": plain()} | standard(), bytes(changed))


def test_one_good_signature_among_several_is_enough():
    old = standard(secret="whsec_" + "b" * 64)["webhook-signature"]
    both = standard() | {"webhook-signature": f"v1a,xyz {old} {standard()['webhook-signature']}"}

    assert flintt(both, tolerance=300) == DELIVERY
    assert flintt({"X-Flintt-Signature": "sha256=0", "X-Flintt-Signature-Former": plain()}) == DELIVERY


def test_of_several_secrets_any_may_have_signed():
    headers = {"X-Flintt-Signature": plain()}

    assert verify_flintt(BODY, ["whsec_" + "b" * 64, SECRET], headers) == DELIVERY
    with pytest.raises(InvalidWebhook):
        verify_flintt(BODY, ["whsec_" + "b" * 64], headers)


@pytest.mark.parametrize("secret", ["", "\n", "whsec_", [], [""], [SECRET, ""], [SECRET, " whsec_\n"]])
def test_an_empty_secret_is_a_mistake_of_the_caller(secret):
    with pytest.raises(ValueError, match="give the signing secret"):
        verify_flintt(BODY, secret, {"X-Flintt-Signature": plain(secret="")})


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "\t{} \n\n"])
def test_white_space_around_a_secret_or_a_token_does_not_count(around):
    secret, token = around.format(SECRET), around.format(TOKEN)
    headers = {"X-Flintt-Signature": plain(), "Authorization": f"Bearer {TOKEN}"} | standard()

    assert verify_flintt(BODY, secret, headers, auth_token=token) == DELIVERY
    assert verify_flintt(BODY, secret, headers, tolerance=300, clock=lambda: NOW) == DELIVERY
    assert verify_flintt(BODY, ["whsec_" + "b" * 64 + "\n", secret], headers) == DELIVERY
    assert verify_flowpilot(BODY, secret, {"X-FlowPilot-Signature": plain()}).delivery_id == "550e8400"


def test_a_secret_that_cannot_have_signed_a_time_is_blamed_instead_of_the_headers():
    headers = {"X-Flintt-Signature": plain(secret="not base64!")} | standard()

    with pytest.raises(ValueError, match="whsec_ and base64"):
        verify_flintt(BODY, "not base64!", headers, tolerance=300, clock=lambda: NOW)
    assert verify_flintt(BODY, "not base64!", headers) == DELIVERY
    assert verify_flintt(BODY, ["not base64!", SECRET], headers, tolerance=300, clock=lambda: NOW) == DELIVERY


@pytest.mark.parametrize("token", ["", "\n"])
def test_an_empty_token_is_a_mistake_of_the_caller(token):
    with pytest.raises(ValueError, match="auth token"):
        flintt({"X-Flintt-Signature": plain(), "Authorization": "Bearer "}, auth_token=token)


def test_the_bearer_token_counts_when_it_is_asked_for():
    good = {"X-Flintt-Signature": plain(), "Authorization": f"Bearer {TOKEN}"}

    assert flintt(good, auth_token=TOKEN) == DELIVERY
    for wrong in ("", TOKEN, f"Bearer {TOKEN}x", f"bearer {TOKEN}", "Bearer é"):
        with pytest.raises(InvalidWebhook, match="bearer"):
            flintt(good | {"Authorization": wrong}, auth_token=TOKEN)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"event": 1}', b"[" * 100_000, b"\xff"])
def test_a_signed_body_that_is_no_envelope_is_refused(body):
    with pytest.raises(InvalidWebhook, match="envelope"):
        flintt({"X-Flintt-Signature": plain(body)}, body)


def test_flowpilot_is_verified_by_its_own_header_and_its_money_stays_exact():
    body = b'{"event":"payout.succeeded","timestamp":"t","delivery_id":"d","data":{"amount":350000.10}}'
    headers = {"X-FlowPilot-Signature": plain(body)}
    delivery = verify_flowpilot(body, SECRET, headers)

    assert delivery == Delivery("payout.succeeded", "d", "t", {"amount": Decimal("350000.10")})
    assert verify_flowpilot(body, SECRET, standard(body), tolerance=300, clock=lambda: NOW) == delivery
    with pytest.raises(InvalidWebhook):
        verify_flowpilot(body, SECRET, {"X-Flintt-Signature": plain(body)})
