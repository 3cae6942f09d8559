"""Settings, stores and tokens."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.oauth import token_store as stores
from flintt_mcp.oauth.messages import client_request
from flintt_mcp.oauth.registration import HELP, OAuthSettings, read_settings
from flintt_mcp.oauth.token_store import FileStore, KeyringStore, open_store
from flintt_mcp.oauth.tokens import Tokens, from_json, lifetime

GOOD = {
    "FLEXTELL_AUTHORIZE_URL": "https://auth.example.com/authorize?audience=x",
    "FLEXTELL_TOKEN_URL": "https://auth.example.com/token",
    "FLEXTELL_CLIENT_ID": "me",
}
TOKENS = Tokens("secret-access", "https://auth.example.com/token", "me", "secret-refresh", 2000.0, 1940.0, "read")


class Ring:
    """A keyring that keeps its entries here; `broken` raises whatever is asked of it."""

    priority = 5

    def __init__(self, *, broken: bool = False) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = broken

    def get_password(self, service, name):
        self._check()
        return self.entries.get((service, name))

    def set_password(self, service, name, value):
        self._check()
        self.entries[service, name] = value

    def delete_password(self, service, name):
        self._check()
        del self.entries[service, name]

    def _check(self):
        if self.broken:
            raise RuntimeError("secret-access")


def test_nothing_set_is_no_settings_and_a_complete_set_is_read():
    assert read_settings({"FLEXTELL_TOKEN": "x", "FLEXTELL_API_URL": "y"}) is None
    assert read_settings(GOOD) == OAuthSettings(
        authorize_url=GOOD["FLEXTELL_AUTHORIZE_URL"], token_url=GOOD["FLEXTELL_TOKEN_URL"], client_id="me"
    )
    assert set(HELP) == {"AUTHORIZE_URL", "TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "ISSUER", "GRANT"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"FLEXTELL_CLIENT_ID": ""}, "FLEXTELL_CLIENT_ID"),
        ({"FLEXTELL_TOKEN_URL": " "}, "FLEXTELL_TOKEN_URL"),
        ({"FLEXTELL_AUTHORIZE_URL": ""}, "FLEXTELL_AUTHORIZE_URL"),
        ({"FLEXTELL_GRANT": "client_credentials"}, "FLEXTELL_CLIENT_SECRET"),
        ({"FLEXTELL_GRANT": "password"}, "FLEXTELL_GRANT"),
        ({"FLEXTELL_TOKEN_URL": "http://auth.example.com/secret"}, "FLEXTELL_TOKEN_URL"),
        ({"FLEXTELL_TOKEN_URL": "ftp://auth.example.com/secret"}, "FLEXTELL_TOKEN_URL"),
        ({"FLEXTELL_TOKEN_URL": "https://secret:secret@auth.example.com/"}, "FLEXTELL_TOKEN_URL"),
        ({"FLEXTELL_AUTHORIZE_URL": "https://[secret"}, "FLEXTELL_AUTHORIZE_URL"),
    ],
    ids=range(9),
)
def test_a_setting_that_cannot_work_is_named_and_not_quoted(changed, named):
    with pytest.raises(ConfigError, match=named) as caught:
        read_settings(GOOD | changed)
    assert "secret" not in str(caught.value)


def test_no_secret_shows_in_a_repr():
    settings = OAuthSettings(token_url="u", client_id="me", client_secret="secret-client")

    assert "secret" not in repr(settings).replace("client_secret", "") + repr(TOKENS)
    assert "secret" not in repr(client_request(settings))


def test_a_client_secret_goes_into_the_header_form_encoded_and_never_into_the_url():
    settings = OAuthSettings(
        token_url="https://auth.example.com/token", client_id="a:b", client_secret="c d%", scopes="x y"
    )
    request = client_request(settings)

    assert request.headers["Authorization"] == "Basic YSUzQWI6YytkJTI1"
    assert (request.url, request.body) == (settings.token_url, b"grant_type=client_credentials&scope=x+y")


def test_tokens_come_back_as_they_were_and_anything_else_is_nothing():
    assert from_json(TOKENS.to_json()) == TOKENS
    for text in ("", "[]", "{}", '"x"', '{"access_token": 1, "token_url": "", "client_id": ""}', "[" * 100_000):
        assert from_json(text) is None


@pytest.mark.parametrize(
    ("expires_in", "expected"),
    [
        (3600, (4600.0, 4540.0)),
        ("3600", (4600.0, 4540.0)),
        (100, (1100.0, 1050.0)),
        (None, (None, None)),
        ("soon", (None, None)),
        (0, (None, None)),
        (-5, (None, None)),
        ([], (None, None)),
        (1e300, (None, None)),
        ("nan", (None, None)),
    ],
    ids=range(10),
)
def test_a_token_is_renewed_a_minute_early_or_at_half_its_life(expires_in, expected):
    assert lifetime(expires_in, 1000.0) == expected


def test_a_file_keeps_the_last_tokens_and_a_broken_one_is_none(tmp_path, caplog):
    store = FileStore(tmp_path / "new" / "t.json")

    assert store.load() is None
    assert str(store.path) in store.save(TOKENS)
    assert store.load() == TOKENS
    store.path.write_text('{"access_token": "secret-half')
    assert store.load() is None
    assert "secret" not in caplog.text
    store.delete()
    store.delete()
    assert list(store.path.parent.iterdir()) == []


def test_a_real_keyring_is_used_and_the_file_is_not(tmp_path):
    file = FileStore(tmp_path / "t.json")
    file.save(TOKENS)
    store = KeyringStore(Ring(), "flextell", file)

    assert store.load() == TOKENS
    assert store.save(TOKENS) == "the keyring of this system"
    assert not file.path.exists()
    assert store.load() == TOKENS
    store.delete()
    assert store.load() is None


def test_a_keyring_that_fails_falls_back_to_the_file_and_its_words_are_not_shown(tmp_path, caplog):
    store = KeyringStore(Ring(broken=True), "flextell", FileStore(tmp_path / "t.json"))

    assert store.save(TOKENS).startswith("the file ")
    assert store.load() == TOKENS
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    store.delete()
    assert store.load() is None


def test_without_a_keyring_the_file_is_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "_real_keyring", lambda: None)

    assert open_store(tmp_path, "flextell") == FileStore(tmp_path / "flextell.tokens.json")
    monkeypatch.setattr(stores, "_real_keyring", Ring)
    assert isinstance(open_store(tmp_path, "flextell"), KeyringStore)
    assert isinstance(open_store(tmp_path, "flextell", keyring=False), FileStore)


def test_neither_authlib_nor_keyring_is_loaded_before_it_is_needed():
    code = "import sys, flintt_mcp.oauth.login\nprint({'authlib', 'keyring', 'aiohttp', 'mcp'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
