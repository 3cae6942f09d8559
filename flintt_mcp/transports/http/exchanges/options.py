"""What an operator can set about HTTP, as plain values.

In: settings that `app.py` has read. Out: one frozen `HttpOptions`. Knows no defaults of other rooms and reads no environment.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Limits and names of one HTTP server.

    `host` and `port` are where it listens; the loopback names on that port are always allowed. `allowed_hosts` holds exact
    entries: `name:port`, or `name` for that name without a port, on 80, on 443 and on `port`. `allowed_origins` holds exact
    browser origins such as `https://app.example.com`. `key_headers` are the header names, beside X-API-Key and
    Authorization, in which browsers may send keys. `path_prefix` is where a reverse proxy shows this server, such as
    `/flintt`; requests are understood with and without it. Times are in seconds, sizes in bytes. `published_key` is a
    key that everybody may know, for the examples of the help page: the sandbox's.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    key_headers: tuple[str, ...] = ()
    path_prefix: str = ""
    published_key: str = ""
    max_body_bytes: int = 4 * MIB
    max_reading_bytes: int = 32 * MIB
    """What all bodies may hold together that are being read, but for the first 64 KiB of each."""
    body_timeout: float = 10.0
    max_streams: int = 1000
    max_streams_per_caller: int = 10
    idle_timeout: float = 1800.0
    grace: float = 10.0
    """How long calls may go on after a shutdown began. The web server's own limit must be longer."""
