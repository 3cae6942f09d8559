"""Signing in with a browser, from the printed address to tokens in the store."""

from __future__ import annotations

import dataclasses
import logging
import stat
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import anyio
import httpx2
import pytest

from flintt_mcp.errors import ConfigError, CredentialMissing, Unreachable
from flintt_mcp.sandbox.flextell.seed import SERVICE, SERVICE_SECRET
from tests.certain import there
from tests.oauth.browser import browse, decide
from tests.oauth.signing_in import sign_in

pytestmark = pytest.mark.anyio


def with_query(url: str, **changed: str | None) -> str:
    parts = urlsplit(url)
    query = {name: value for name, value in {**dict(parse_qsl(parts.query)), **changed}.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(query)))


def redirect_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["redirect_uri"]


async def answer_with(url: str, **changed: str | None) -> httpx2.Response:
    """Say yes, and bring back an answer that was tampered with."""
    async with httpx2.AsyncClient() as client:
        return await client.get(with_query(await decide(client, url), **changed))


async def test_a_person_signs_in_and_the_token_opens_the_api(settings, client, store, lock, clock, status):
    outcome = await sign_in(settings, client, store, lock, clock)
    tokens = store.load()

    assert outcome.error is None
    assert there(outcome.result).renews
    assert there(outcome.result).scope == "read write"
    assert there(outcome.page).status_code == 200
    assert "Signed in to Flextell" in there(outcome.page).text
    assert "You can close this window" in there(outcome.page).text
    assert await status(tokens.access_token) == 200
    assert (tokens.expires_at, tokens.renew_at) == (clock.seconds() + 3600, clock.seconds() + 3540)


async def test_the_file_and_its_folder_are_private_and_no_draft_is_left(settings, client, store, lock, clock):
    await sign_in(settings, client, store, lock, clock)
    folder = store.path.parent

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "flextell.tokens.json": 0o600,
        "flextell.lock": 0o600,
    }


async def test_the_address_carries_pkce_and_a_fresh_state_and_no_secret(settings, client, store, lock, clock):
    secretive = dataclasses.replace(settings, client_secret="a-client-secret")
    seen = []

    async def look(url):
        seen.append(dict(parse_qsl(urlsplit(url).query)))
        return await browse(url, "deny")

    for _ in range(2):
        await sign_in(secretive, client, store, lock, clock, look)

    assert [asked["code_challenge_method"] for asked in seen] == ["S256", "S256"]
    assert seen[0]["state"] != seen[1]["state"]
    assert seen[0]["code_challenge"] != seen[1]["code_challenge"]
    assert urlsplit(seen[0]["redirect_uri"]).hostname == "127.0.0.1"
    assert "a-client-secret" not in str(seen)


async def test_a_browser_is_opened_where_there_is_one_and_the_address_is_printed_all_the_same(
    settings, client, store, lock, clock
):
    opened = []

    def open_browser(url: str) -> bool:
        opened.append(url)
        return True

    outcome = await sign_in(settings, client, store, lock, clock, open_browser=open_browser)

    assert outcome.error is None
    assert opened == [outcome.said[1]]


async def test_a_person_who_says_no_ends_it_with_a_clear_error_and_page(settings, client, store, lock, clock):
    outcome = await sign_in(settings, client, store, lock, clock, lambda url: browse(url, "deny"))

    assert isinstance(outcome.error, CredentialMissing)
    assert there(outcome.error).message == "The sign-in to Flextell was not allowed"
    assert "did not work" in there(outcome.page).text
    assert store.load() is None


async def test_an_answer_with_another_state_is_refused_and_the_right_one_still_counts(
    settings, client, store, lock, clock
):
    pages = []

    async def act(url):
        pages.append(await answer_with(url, state="another"))
        pages.append(await answer_with(url, state=None))
        return await browse(url)

    outcome = await sign_in(settings, client, store, lock, clock, act)

    assert [page.status_code for page in pages] == [400, 400]
    assert outcome.error is None


async def test_when_only_strangers_answer_the_error_says_so(settings, client, store, lock, clock):
    came = anyio.Event()

    async def act(url):
        page = await answer_with(url, state="another")
        came.set()
        return page

    outcome = await sign_in(settings, client, store, lock, clock, act, wait=1.0)

    assert came.is_set()
    assert "belongs to another sign-in" in there(outcome.error).message
    assert there(outcome.error).advice == "run `flintt-mcp login flextell`"
    assert store.load() is None


@pytest.mark.parametrize("issuer", ["https://evil.example/flextell-oauth", "http://[broken", ""])
async def test_an_answer_of_another_issuer_ends_it(settings, client, store, lock, clock, issuer):
    outcome = await sign_in(settings, client, store, lock, clock, lambda url: answer_with(url, iss=issuer))

    assert "another issuer" in there(outcome.error).message
    assert "FLEXTELL_ISSUER" in there(outcome.error).advice
    assert store.load() is None


async def test_an_issuer_that_is_set_has_to_be_named_exactly(settings, client, store, lock, clock):
    right = dataclasses.replace(settings, issuer=settings.token_url.removesuffix("/token"))
    wrong = dataclasses.replace(settings, issuer="https://auth.example.com")

    assert (await sign_in(right, client, store, lock, clock)).error is None
    assert (await sign_in(wrong, client, store, lock, clock)).error is not None
    assert (await sign_in(right, client, store, lock, clock, lambda url: answer_with(url, iss=None))).error is not None


async def test_a_code_that_somebody_else_got_is_worth_nothing(settings, client, store, lock, clock):
    outcome = await sign_in(settings, client, store, lock, clock, lambda url: answer_with(url, code="stolen"))

    assert isinstance(outcome.error, CredentialMissing)
    assert "did not work" in there(outcome.page).text
    assert store.load() is None


async def test_nothing_but_the_callback_is_answered_and_only_under_its_own_name(settings, client, store, lock, clock):
    seen = []

    async def act(url):
        callback = redirect_of(url)
        async with httpx2.AsyncClient() as browser:
            seen.append((await browser.get(callback.replace("/callback", "/favicon.ico"))).status_code)
            seen.append((await browser.post(callback, data={"code": "x"})).status_code)
            seen.append((await browser.get(callback, headers={"Host": "evil.example"})).status_code)
        return await browse(url)

    assert (await sign_in(settings, client, store, lock, clock, act)).error is None
    assert seen == [404, 404, 404]


async def test_nobody_who_comes_is_an_error_after_the_wait(settings, client, store, lock, clock):
    async def act(url):
        return None

    outcome = await sign_in(settings, client, store, lock, clock, act, wait=0.0)

    assert there(outcome.error).message == "Nobody signed in within 0 s"


async def test_a_server_that_is_not_there_is_told_as_such(settings, client, store, lock, clock):
    gone = dataclasses.replace(settings, token_url="http://127.0.0.1:1/token")
    outcome = await sign_in(gone, client, store, lock, clock)

    assert isinstance(outcome.error, Unreachable)
    assert "did not work" in there(outcome.page).text


async def test_a_client_signs_in_for_itself_without_a_browser(settings, client, store, lock, clock, status):
    own = dataclasses.replace(settings, client_id=SERVICE, client_secret=SERVICE_SECRET, grant="client_credentials")
    outcome = await sign_in(own, client, store, lock, clock)

    assert outcome.said == []
    assert await status(store.load().access_token) == 200


async def test_tokens_that_cannot_be_kept_are_a_clear_error(settings, client, store, lock, clock, tmp_path):
    (tmp_path / "data").write_text("in the way")
    outcome = await sign_in(settings, client, store, lock, clock)

    assert isinstance(outcome.error, ConfigError)
    assert "cannot be kept" in there(outcome.error).message


async def test_no_token_code_or_secret_is_said_or_logged(settings, client, store, lock, clock, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    codes = []

    async def act(url):
        async with httpx2.AsyncClient() as browser:
            back = await decide(browser, url)
            codes.append(dict(parse_qsl(urlsplit(back).query))["code"])
            return await browser.get(back)

    outcome = await sign_in(settings, client, store, lock, clock, act)
    tokens = store.load()
    # The scripted browser logs the addresses it opens, as no browser does.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    shown = "\n".join(
        [*logged, *outcome.said, there(outcome.page).text, str(capsys.readouterr()), repr(tokens), repr(outcome.result)]
    )

    for secret in (tokens.access_token, tokens.refresh_token, codes[0]):
        assert secret not in shown
