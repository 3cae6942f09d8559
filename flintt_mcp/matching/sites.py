"""The domain that a company is known by, out of a host, a URL or an e-mail address. Pure.

In: a text as people write it. Out: a `Site`, or None where it names no domain of one company: no such ending exists, or it is a
page or a mailbox at somebody else's. What may be registered by whom is the public suffix list's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna
import pslr

from flintt_mcp.matching.letters import plain
from flintt_mcp.matching.vocabulary import HOSTS_OF_OTHERS, MAILBOXES, NOT_ITS_OWN

_SHAPE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://)?(?:(?P<user>[^/?#\s@]*)@)?(?P<host>[^/?#\s@:]+)(?::\d+)?(?P<rest>[/?#].*)?",
    re.I,
)
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Site:
    """A registered domain in small ASCII letters, its first label, and what stands below it where that says something."""

    domain: str
    label: str
    below: str = ""

    @property
    def letters(self) -> str:
        """Its label as a name would have it, without hyphens."""
        return plain(self.label)

    @property
    def domain_letters(self) -> str:
        """The whole domain as a name would have it: some companies are called so."""
        return plain(self.domain)


def site(text: str) -> Site | None:
    """The site that a host, a URL or an e-mail address names."""
    shape = _SHAPE.fullmatch(text.strip()[:_LONGEST])
    if shape is None:
        return None
    host = _ascii(shape["host"].rstrip(".。"))
    domain = pslr.privatesuffix(host, accept_unknown=False) if host else None
    if domain is None:
        return None
    is_mail = shape["user"] is not None and "//" not in text
    has_page = (shape["rest"] or "").partition("?")[0].strip("/#") != ""
    if (is_mail and domain in MAILBOXES) or (has_page and domain in HOSTS_OF_OTHERS):
        return None
    return Site(domain, _shown(domain.partition(".")[0]), "" if is_mail else _below(host, domain))


def is_address(text: str) -> bool:
    """Whether it is written as a URL, a page of a host or an e-mail address, wherever that leads: no name of a company looks so."""
    if any(char.isspace() for char in text):
        return False
    host, _, page = text.partition("/")
    return "://" in text or "@" in text or (page != "" and site(host) is not None)


def _below(host: str, domain: str) -> str:
    labels = host.removesuffix(domain).rstrip(".").split(".")
    return ".".join(label for label in labels if label and label not in NOT_ITS_OWN)


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode()
    except UnicodeError:
        return ""


def _shown(label: str) -> str:
    """The label in its own letters."""
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except UnicodeError:
        return label
