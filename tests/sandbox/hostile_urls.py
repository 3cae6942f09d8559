"""URLs and addresses that must never be dialled: every spelling of a private place that attackers are known to use.

`hostile_urls()` makes several hundred out of forbidden addresses, their spellings, tricks with authority and port, and names.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

FORBIDDEN_V4 = (
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
)
FORBIDDEN_V6 = (
    "::",
    "::1",
    "::2",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "ff02::1",
    "ff05::2",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:2::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "2620:4f:8000::1",
    "2606:4700::5efe:127.0.0.1",
    "2606:4700::200:5efe:10.0.0.1",
)
CARRIED = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.64.0.1", "8.8.8.8")
"""Addresses to wrap into IPv6; a wrapped public one is refused too."""


def wrapped(v4: str) -> list[str]:
    """The ways an IPv6 address carries an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo."""
    number = int(IPv4Address(v4))
    high, low = number >> 16, number & 0xFFFF
    flipped = number ^ 0xFFFFFFFF
    return [
        f"::ffff:{v4}",
        f"::ffff:{high:x}:{low:x}",
        f"0:0:0:0:0:ffff:{high:x}:{low:x}",
        f"::{v4}",
        f"::ffff:0:{v4}",
        f"64:ff9b::{v4}",
        f"64:ff9b:1::{v4}",
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:0:0:0:0:{flipped >> 16:x}:{flipped & 0xFFFF:x}",
    ]


def spellings(v4: str) -> list[str]:
    """The ways lenient parsers read an IPv4 address that a strict one would not."""
    a, b, c, d = v4.split(".")
    number = int(IPv4Address(v4))
    return [
        v4,
        str(number),
        hex(number),
        f"0{number:o}",
        f"0x{int(a):x}.0x{int(b):x}.0x{int(c):x}.0x{int(d):x}",
        f"0{int(a):o}.0{int(b):o}.0{int(c):o}.0{int(d):o}",
        f"{a}.{(int(b) << 16) + (int(c) << 8) + int(d)}",
        f"{a}.{b}.{(int(c) << 8) + int(d)}",
        f"000{a}.{b}.{c}.{d}",
        v4 + ".",
    ]


def forbidden_addresses() -> list[str]:
    """Every address in plain form that neither a URL nor a resolver may lead to."""
    return [*FORBIDDEN_V4, *FORBIDDEN_V6, *(address for v4 in CARRIED for address in wrapped(v4))]


def hostile_urls() -> list[str]:
    """All of it as https URLs."""
    urls = [f"https://{text}/" for v4 in FORBIDDEN_V4 for text in spellings(v4)]
    urls += [f"https://[{address}]/" for address in forbidden_addresses() if ip_address(address).version == 6]
    urls += [f"https://[{address}]:8443/x" for address in ("::1", "::ffff:127.0.0.1", "fe80::1%25eth0", "fe80::1%eth0")]
    urls += [trick.replace("HOST", host) for host in ("127.0.0.1", "169.254.169.254", "localhost") for trick in TRICKS]
    urls += [f"https://{name}/" for name in NAMES]
    urls += [f"https://good.example:{port}/" for port in (0, 1, 21, 22, 23, 25, 53, 110, 143, 389, 445, 587, 65536, -1)]
    urls += [f"{scheme}://good.example/" for scheme in SCHEMES]
    return list(dict.fromkeys(urls + MALFORMED))


TRICKS = (
    "http://HOST/",
    "https://HOST:8443/",
    "https://user@HOST/",
    "https://user:pass@HOST/",
    "https://good.example@HOST/",
    "https://good.example:443@HOST/",
    "https://good.example%40HOST@HOST/",
    "https://HOST\\@good.example/",
    "https://good.example\\@HOST/",
    "https://HOST#@good.example/",
    "https://HOST?@good.example/",
    "https://HOST;@good.example/",
    "https://good.example;@HOST/",
    "https://HOST%00.good.example/",
    "https://HOST%2egood.example:x/",
    "https://HOST%09/",
    "https://HOST\t/",
    "https://HOST\r\nX-Injected: 1/",
    "https:///HOST/",
    "https:HOST/",
    "https:/HOST/",
    "https:\\\\HOST/",
    "//HOST/",
    "HOST",
    "HOST/",
    "url:https://HOST/",
    " https://HOST/",
    "https:// HOST/",
    "https://HOST /",
    "https://[HOST]/",
    "https://[::HOST]/",
    "https://HOST:/@good.example",
    "https://HOST:443:80/",
    "https://HOST:80:443/",
)
NAMES = (
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "localhost.",
    "localhost.localdomain",
    "a.localhost",
    "sandbox.localhost",
    "metadata",
    "metadata.google.internal",
    "instance-data",
    "router.local",
    "nas.home.arpa",
    "db.internal",
    "kubernetes",
    "intranet",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "١٢٧.٠.٠.١",
    "loc%61lhost",
    "127.0.0.1%2f",
    "%31%32%37.0.0.1",
    "0x7f.1",
    "0177.1",
    "127.1",
    "127.0.1",
    "0",
    "0x0",
    "1.2.3",
    "1.2.3.4.5",
    "1.1.1.256",
    "1.1.1.1.",
    "1.1.1.08",
    "good.example.127",
    "good.example.0x7f",
    "-good.example",
    "good-.example",
    "good..example",
    ".good.example",
    "good.example..",
    "go od.example",
    "good.example,evil.example",
    "good.example|evil",
    "good_.example!",
    "[::1",
    "::1",
    "[::1]x",
    "[v1.abc]",
    "*.example",
    "a" * 64 + ".example",
    ".".join(["a" * 60] * 5) + ".example",
)
SCHEMES = ("http", "ftp", "file", "gopher", "dict", "ldap", "javascript", "data", "ws", "wss", "jar", "netdoc", "HTTPX")
MALFORMED = [
    "",
    " ",
    "https://",
    "https://?",
    "https://#",
    "https:///",
    "https://:443/",
    "https://@/",
    "https://good.example/#fragment",
    "https://good.example:443#@evil.example/",
    "https://good.example:99999/",
    "https://good.example:8443x/",
    "https://good.example/\x00",
    "https://good.example/\n",
    "https://good.example/\x7f",
    "https://good.example/é",
    "https://good.example/" + "a" * 3000,
    "file:///etc/passwd",
    "data:text/html,x",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "/relative",
    "?query",
]
