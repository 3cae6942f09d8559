"""Whom the client trusts (system store, SSL_CERT_FILE) and which way it goes (proxy variables)."""

from __future__ import annotations

import datetime
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed leaves it out

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from flintt_mcp.errors import ConfigError, Unreachable
from flintt_mcp.rest.sending.client import open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest
from flintt_mcp.rest.sending.proxies import Proxies

from .fault_server import FaultServer, answer, hang, ok, open_fault_server, raw

pytestmark = pytest.mark.anyio


def _certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> bytes:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now, month = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=30)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - month)
        .not_valid_after(now + month)
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    )
    if subject != issuer:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        names = x509.SubjectAlternativeName([x509.DNSName(subject)])
        builder = builder.add_extension(usage, critical=False).add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority of our own, and a server context for `localhost` that it vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    (folder / "ca.pem").write_bytes(_certificate("Test CA", ca_key, "Test CA", ca_key))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(_certificate("localhost", key, "Test CA", ca_key) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


async def fetch(url: str, method: str = "GET") -> tuple[int, bytes]:
    async with open_client(Limits(attempts=2, connect_timeout=2)) as client:
        response = await client.send(UpstreamRequest("x", method, url, {"x-api-key": "k"}, repeatable=method == "GET"))
    return response.status, response.body


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_certificate_of_ssl_cert_file_is_trusted(
    authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
    async with open_fault_server(authority[1]) as api:
        assert await fetch(api.url, method) == (200, b'{"ok":true}')


@pytest.mark.usefixtures("engine")
async def test_an_unknown_authority_is_refused_before_anything_is_sent(
    authority: tuple[Path, ssl.SSLContext],
) -> None:
    async with open_fault_server(authority[1]) as api:
        with pytest.raises(Unreachable, match="the API's certificate is not trusted") as caught:
            await fetch(api.url, "DELETE")
    assert (caught.value.changed, api.requests) == ("no", [])


@pytest.mark.usefixtures("engine")
async def test_a_certificate_for_another_host_is_refused(
    authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
    async with open_fault_server(authority[1]) as api:
        with pytest.raises(Unreachable, match="the API's certificate is not trusted"):
            await fetch(api.url.replace("localhost", "127.0.0.1"))
    assert api.requests == []


async def test_a_tls_handshake_that_nobody_answers_ends_in_time_and_sends_nothing(api: FaultServer) -> None:
    api.on_connect = hang
    async with open_client(Limits(attempts=1, connect_timeout=0.1)) as client:
        with pytest.raises(Unreachable, match="no connection in time") as caught:
            await client.send(UpstreamRequest("x", "POST", api.url.replace("http", "https"), {}, b"{}"))
    assert caught.value.changed == "no"


@pytest.mark.usefixtures("engine")
async def test_reads_over_tls_share_a_connection_and_an_end_in_the_middle_is_told(
    authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
    async with open_fault_server(authority[1]) as api, open_client(Limits(attempts=1)) as client:
        api.script(ok(), ok(), answer(200, b"abc", length=100))
        request = UpstreamRequest("x", "GET", api.url, {}, repeatable=True)
        assert [(await client.send(request)).body for _ in range(2)] == [b'{"ok":true}'] * 2
        with pytest.raises(Unreachable, match="the answer was cut short"):
            await client.send(request)
    assert api.connections == 1


async def test_plain_http_where_tls_was_expected_sends_nothing(api: FaultServer) -> None:
    api.on_connect = raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    with pytest.raises(Unreachable, match="no TLS connection could be made") as caught:
        await fetch(api.url.replace("http", "https"), "POST")
    assert caught.value.changed == "no"


async def test_a_hosted_api_is_reached_through_the_proxy(api: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", api.url)
    assert await fetch("http://api.flintt.invalid/v1?a=b") == (200, b'{"ok":true}')
    assert [(seen.method, seen.target) for seen in api.requests] == [("GET", "http://api.flintt.invalid/v1?a=b")]


async def test_a_tls_call_asks_the_proxy_for_a_tunnel_and_a_refusal_changed_nothing(
    api: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", api.url)
    api.script(answer(403))
    with pytest.raises(Unreachable, match="the proxy refused the connection") as caught:
        await fetch("https://api.flintt.invalid/v1?key=SECRET", "POST")
    assert caught.value.changed == "no"
    assert {(seen.method, seen.target) for seen in api.requests} == {("CONNECT", "api.flintt.invalid:443")}
    assert all("x-api-key" not in seen.headers for seen in api.requests)


async def test_what_goes_to_this_machine_never_meets_a_proxy(api: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
    assert await fetch(api.url + "/v1") == (200, b'{"ok":true}')


async def test_passwords_of_netrc_are_not_used(
    api: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    await fetch(api.url)
    assert "authorization" not in api.requests[0].headers


P = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P}, "https://api.flintt.co/", P),
        ({"https_proxy": P, "HTTPS_PROXY": "http://other:1"}, "https://api.flintt.co/", P),
        ({"HTTPS_PROXY": P}, "http://api.flintt.co/", None),
        ({"HTTP_PROXY": P}, "http://api.flintt.co/", P),
        ({"ALL_PROXY": P}, "https://api.flintt.co/", P),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "https://api.flintt.co/", P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "flintt.co"}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": " .flintt.co , x"}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "*"}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "lintt.co,api"}, "https://api.flintt.co/", P),
        ({"HTTPS_PROXY": P, "NO_PROXY": "x,*"}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "API.Flintt.co:443"}, "https://api.flintt.co/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": ".flintt.co:8443"}, "https://api.flintt.co:8443/", None),
        ({"HTTPS_PROXY": P, "NO_PROXY": "flintt.co:8443"}, "https://api.flintt.co/", P),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.1.2.3"}, "http://10.1.2.3:8080/", None),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, "http://10.1.2.3/", None),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.1.0.0/16:8080"}, "http://10.1.2.3:8080/", None),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.1.0.0/16:8080"}, "http://10.1.2.3/", P),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, "http://11.1.2.3/", P),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.0.0.0/8"}, "http://10.example/", P),
        ({"HTTP_PROXY": P, "NO_PROXY": "fd00::/8"}, "http://[fd12::1]:81/", None),
        ({"HTTP_PROXY": P, "NO_PROXY": "[fd12::1]:81"}, "http://[fd12::1]:81/", None),
        ({"HTTP_PROXY": P, "NO_PROXY": "[fd12::1]:81"}, "http://[fd12::1]/", P),
        ({"HTTP_PROXY": P, "NO_PROXY": "10.0.0.0/99,[,:,:1,/,flintt.co:x"}, "http://api.flintt.co/", P),
        ({"ALL_PROXY": P}, "http://localhost:8000/", None),
        ({"ALL_PROXY": P}, "http://127.0.0.5/", None),
        ({"ALL_PROXY": P}, "http://[::1]:8000/", None),
        ({"ALL_PROXY": P}, "http://localhost.evil.example/", P),
    ],
)
def test_which_proxy_a_request_takes(variables: dict[str, str], url: str, proxy: str | None) -> None:
    assert Proxies.from_environment(variables).proxy_for(url) == proxy


_LABELS = st.sampled_from(["api", "flintt", "co", "x-1"])
_NAMES = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_ENTRIES = st.builds(str.__add__, st.sampled_from(["", "."]), _NAMES) | st.builds("{}:{}".format, _NAMES, st.just(8443))


@given(host=_NAMES, port=st.sampled_from([443, 8443]), entries=st.lists(_ENTRIES, max_size=4))
def test_names_go_direct_as_pythons_own_rule_has_it(host: str, port: int, entries: list[str]) -> None:
    no_proxy = ",".join(entries)
    goes_direct = proxy_bypass_environment(f"{host}:{port}", {"no": no_proxy})
    proxies = Proxies.from_environment({"https_proxy": P, "no_proxy": no_proxy})
    assert proxies.proxy_for(f"https://{host}:{port}/") == (None if goes_direct else P)


@pytest.mark.parametrize(
    "address", ["http://u:SECRET@[bad", "socks5://h:1", "http://", "http://h:SECRET", "http://h:0"]
)
async def test_a_bad_proxy_address_is_a_setting_error_that_hides_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(ConfigError, match="HTTPS_PROXY is not a proxy address") as caught:
        async with open_client():
            pass
    assert "SECRET" not in str(caught.value) + caught.value.advice
    assert caught.value.__context__ is None


def test_the_http_library_is_loaded_by_the_first_request_and_not_before() -> None:
    code = """
import sys, anyio
from flintt_mcp.errors import Unreachable
from flintt_mcp.rest.sending.client import open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import UpstreamRequest

async def main():
    async with open_client(Limits(attempts=1)) as client:
        assert "flintt_mcp.rest.sending.network" not in sys.modules
        try:
            await client.send(UpstreamRequest("x", "GET", "http://127.0.0.1:1/", {}, repeatable=True))
        except Unreachable:
            assert "flintt_mcp.rest.sending.network" in sys.modules
            assert "aiohttp" not in sys.modules
        else:
            raise AssertionError("nobody listens there")

anyio.run(main)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
