"""The OAuth server of the sandbox, as a client and a browser see it."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from flintt_mcp.sandbox.flextell.seed import CLIENT, SERVICE, SERVICE_SECRET
from tests.oauth.browser import decide, form_of

pytestmark = pytest.mark.anyio
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:45678/callback"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": REDIRECT,
    "scope": "read write",
    "state": "st&te",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ISSUER = "http://sandbox/flextell-oauth"


def authorize(**changed: str | None) -> str:
    asked = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    return f"{ISSUER}/authorize?{urlencode(asked)}"


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def new_code(oauth, **changed: str) -> str:
    return query_of(await decide(oauth, authorize(**changed)))["code"]


async def exchange(oauth, code: str, /, **changed: str | None):
    form: dict[str, str | None] = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT}
    form |= {"redirect_uri": REDIRECT, "code_verifier": VERIFIER, **changed}
    return await oauth.post("token", data={name: value for name, value in form.items() if value is not None})


async def refresh(oauth, token: str, **more: str):
    return await oauth.post(
        "token", data={"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT, **more}
    )


async def opens(client, token: str) -> bool:
    answer = await client.get("http://sandbox/flextell/companies", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


async def tokens_of(oauth) -> dict:
    return (await exchange(oauth, await new_code(oauth))).json()


async def test_the_metadata_is_where_rfc_8414_looks_for_it_and_beside_the_endpoints(oauth):
    told = (await oauth.get("http://sandbox/.well-known/oauth-authorization-server/flextell-oauth")).json()

    assert told == (await oauth.get(".well-known/oauth-authorization-server")).json()
    assert told["issuer"] == ISSUER
    assert told["token_endpoint"] == f"{ISSUER}/token"
    assert told["code_challenge_methods_supported"] == ["S256"]


async def test_a_person_who_says_yes_sends_a_code_back_and_the_code_becomes_tokens(oauth):
    back = await decide(oauth, authorize())
    answer = await exchange(oauth, query_of(back)["code"])
    tokens = answer.json()

    assert back.startswith(REDIRECT + "?")
    assert query_of(back).keys() == {"code", "state", "iss"}
    assert (query_of(back)["state"], query_of(back)["iss"]) == ("st&te", ISSUER)
    assert answer.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "read write")
    assert await opens(oauth, tokens["access_token"])


async def test_the_page_says_who_asks_for_what_and_cannot_be_framed(oauth):
    page = await oauth.get(authorize(scope="read"))

    assert "<b>Flextell command line</b> asks to <b>read</b>" in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_a_person_who_says_no_sends_that_back(oauth):
    back = query_of(await decide(oauth, authorize(), "deny"))

    assert back == {
        "error": "access_denied",
        "error_description": "The person said no.",
        "state": "st&te",
        "iss": ISSUER,
    }


async def test_the_user_who_signs_in_is_whose_resources_the_token_opens(oauth):
    page = (await oauth.get(authorize())).text
    other = page.split('name="user" value="')[2].split('"')[0]
    code = query_of(await decide(oauth, authorize(), user=other))["code"]
    token = (await exchange(oauth, code)).json()["access_token"]
    listed = await oauth.get("http://sandbox/flextell/contacts", headers={"Authorization": f"Bearer {token}"})

    assert [row["name"] for row in listed.json()["data"]] == [
        "Otherside Baker",
        "Otherside Ferrier",
        "Otherside Optician",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "somebody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:45678/callback/../x"},
        {"redirect_uri": "http://127.0.0.1:45678/callback?x=1"},
        {"redirect_uri": "http://127.0.0.1:45678@evil.example/callback"},
        {"redirect_uri": "http://evil.example:45678/callback"},
        {"redirect_uri": "http://user@127.0.0.1:45678/callback"},
        {"redirect_uri": "http://localhost:45678/callback"},
        {"redirect_uri": "https://127.0.0.1:45678/callback"},
        {"redirect_uri": "https://app.workspace.example/callback"},
    ],
    ids=range(12),
)
async def test_a_browser_is_sent_nowhere_that_the_client_did_not_register(oauth, changed):
    answer = await oauth.get(authorize(**changed))

    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://[::1]:9999/callback"]
)
async def test_a_loopback_redirect_may_have_any_port(oauth, address):
    assert (await decide(oauth, authorize(redirect_uri=address))).startswith(address + "?")


async def test_any_other_redirect_has_to_be_registered_letter_by_letter(oauth):
    good = authorize(client_id=SERVICE, redirect_uri="https://app.workspace.example/callback")
    bad = authorize(client_id=SERVICE, redirect_uri="https://app.workspace.example:443/callback")

    assert ((await oauth.get(good)).status_code, (await oauth.get(bad)).status_code) == (200, 400)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "read admin"}, "invalid_scope"),
    ],
    ids=range(6),
)
async def test_a_request_that_cannot_be_granted_goes_back_to_the_client_with_the_reason(oauth, changed, error):
    answer = await oauth.get(authorize(**changed))
    back = query_of(answer.headers["location"])

    assert answer.status_code == 303
    assert (back["error"], back["state"], back["iss"]) == (error, "st&te", ISSUER)


async def test_a_form_that_did_not_come_from_the_page_gives_no_code(oauth, clock):
    form = {**form_of((await oauth.get(authorize())).text), "decision": "approve"}
    for changed in (
        {"ticket": "0" * 64},
        {"scope": "read"},
        {"redirect_uri": "http://127.0.0.1:1/callback"},
        {"until": "9"},
    ):
        assert (await oauth.post("authorize", data=form | changed)).status_code == 400
    assert (await oauth.post("authorize", data=form)).status_code == 303
    clock.forward(minutes=6)
    assert (await oauth.post("authorize", data=form)).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": "http://127.0.0.1:45679/callback"},
        {"redirect_uri": None},
        {"code": "nonsense"},
    ],
    ids=range(5),
)
async def test_a_code_is_worth_nothing_without_its_verifier_and_its_address(oauth, changed):
    answer = await exchange(oauth, await new_code(oauth), **changed)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_belongs_to_its_client(oauth):
    answer = await exchange(oauth, await new_code(oauth), client_id=SERVICE, client_secret=SERVICE_SECRET)

    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_ends_after_minutes(oauth, clock):
    code = await new_code(oauth)
    clock.forward(minutes=5)

    assert (await exchange(oauth, code)).json()["error"] == "invalid_grant"


async def test_a_code_that_is_used_twice_ends_the_tokens_it_gave(oauth):
    code = await new_code(oauth)
    tokens = (await exchange(oauth, code)).json()
    again = await exchange(oauth, code)

    assert again.json()["error"] == "invalid_grant"
    assert not await opens(oauth, tokens["access_token"])
    assert (await refresh(oauth, tokens["refresh_token"])).status_code == 400


async def test_an_access_token_ends_and_the_published_one_does_not(oauth, sandbox, clock):
    tokens = await tokens_of(oauth)
    clock.forward(seconds=3599)
    before = await opens(oauth, tokens["access_token"])
    clock.forward(seconds=1)

    assert (before, await opens(oauth, tokens["access_token"])) == (True, False)
    clock.forward(days=10_000)
    assert await opens(oauth, sandbox.flextell_token)


async def test_a_refresh_token_is_replaced_each_time_and_using_an_old_one_ends_them_all(oauth):
    first = await tokens_of(oauth)
    second = (await refresh(oauth, first["refresh_token"])).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert await opens(oauth, second["access_token"])
    assert (await refresh(oauth, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert not await opens(oauth, second["access_token"])
    assert (await refresh(oauth, second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_may_narrow_the_scope_and_never_widen_it(oauth):
    first = (await exchange(oauth, await new_code(oauth, scope="read"))).json()
    wider = await refresh(oauth, first["refresh_token"], scope="read write")
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    write = await oauth.post("http://sandbox/flextell/deals", json={}, headers=bearer)

    assert wider.json()["error"] == "invalid_scope"
    assert (write.status_code, write.json()["error"]) == (403, "insufficient_scope")
    assert (await refresh(oauth, first["refresh_token"])).status_code == 200


async def test_a_client_with_a_secret_gets_tokens_of_its_own(oauth):
    form = {"grant_type": "client_credentials"}
    answers = [
        await oauth.post("token", data=form, auth=(SERVICE, SERVICE_SECRET)),
        await oauth.post("token", data={**form, "client_id": SERVICE, "client_secret": SERVICE_SECRET}),
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()
        assert await opens(oauth, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": CLIENT}, None, 400, "unauthorized_client"),
        ({"grant_type": "client_credentials"}, (SERVICE, "wrong"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, ("somebody", "x"), 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": SERVICE}, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "scope": "admin"}, (SERVICE, SERVICE_SECRET), 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "client_secret": "x"}, (SERVICE, SERVICE_SECRET), 400, "invalid_request"),
        ({"grant_type": "password", "client_id": CLIENT}, None, 400, "unsupported_grant_type"),
        ({"client_id": CLIENT}, None, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": CLIENT}, None, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "client_id": CLIENT}, None, 400, "invalid_request"),
        ({}, None, 401, "invalid_client"),
    ],
    ids=range(11),
)
async def test_a_token_request_that_does_not_fit_is_refused_in_the_words_of_the_rfc(oauth, form, auth, status, error):
    answer = await oauth.post(
        "token", data=form, auth=auth, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) == (status == 401 and auth is not None)


@pytest.mark.parametrize(
    "content", [b"grant_type=a&grant_type=b", b"grant_type=%ff", b"x=" + b"y" * 20_000, b"a=%00"], ids=range(4)
)
async def test_a_form_that_is_none_is_refused(oauth, content):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert (await oauth.post("token", content=content, headers=headers)).json()["error"] == "invalid_request"
    assert (await oauth.post("token", json={})).json()["error"] == "invalid_request"


async def test_a_revoked_access_token_ends_alone_and_a_revoked_refresh_token_with_all(oauth):
    one, two = await tokens_of(oauth), await tokens_of(oauth)
    for token in (one["access_token"], two["refresh_token"], "unknown"):
        answer = await oauth.post("revoke", data={"token": token, "client_id": CLIENT})
        assert (answer.status_code, answer.json()) == (200, {})

    assert not await opens(oauth, one["access_token"])
    assert (await refresh(oauth, one["refresh_token"])).status_code == 200
    assert not await opens(oauth, two["access_token"])


async def test_a_client_cannot_revoke_what_is_anothers_nor_the_published_token(oauth, sandbox):
    tokens = await tokens_of(oauth)
    await oauth.post("revoke", data={"token": tokens["refresh_token"]}, auth=(SERVICE, SERVICE_SECRET))
    await oauth.post("revoke", data={"token": sandbox.flextell_token, "client_id": CLIENT})

    assert await opens(oauth, tokens["access_token"])
    assert await opens(oauth, sandbox.flextell_token)


async def test_tokens_and_codes_are_stored_as_digests_and_forgotten_when_long_over(oauth, sandbox, data_dir, clock):
    code = await new_code(oauth)
    tokens = (await exchange(oauth, code)).json()
    content = b"".join(path.read_bytes() for path in data_dir.iterdir())

    for secret in (code, tokens["access_token"], tokens["refresh_token"]):
        assert secret.encode() not in content

    clock.forward(days=40)
    await tokens_of(oauth)

    def counts(connection):
        tables = ("flextell_codes", "flextell_tokens")
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]

    assert await sandbox.database.read(counts) == [1, 4]
