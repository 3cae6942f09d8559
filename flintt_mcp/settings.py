"""Every setting, as rows: name, default, help. Environment names, options, checks and docs/settings.md follow from the rows.

In: options given on the command line and the environment. Out: one frozen `Settings`. An option wins over its variable. What
cannot work is a `ConfigError` of one line that names the setting. Imports nothing heavy: `--help` runs through here.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flintt_mcp.errors import ConfigError

PREFIX = "FLINTT_MCP_"
WORKERS_FOLDER = "FLINTT_WORKERS_FOLDER"
"""No setting: the variable in which a server tells its worker processes of a folder that only they share."""
_PATH_PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)*")
_SERVICE_LINK = re.compile(
    PREFIX[:-1]
    + r"(?:_\w+)?(?:_SERVICE_HOST|_SERVICE_PORT(?:_\w+)?|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://.*")
_URL = re.compile(r"(?:https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~-]+)*)?")
_WRITES = {"create", "update", "destroy", "spend"}
CALLING = ("stdio", "serve", "call", "tools")
"""The commands that offer tools."""
CHOOSING = (*CALLING, "install", "links", "doctor")
"""Those for which somebody chooses what a server offers and may do."""
LOG_LEVELS = ("debug", "info", "warning", "error")


def is_loopback(host: str) -> bool:
    """Whether an address is this machine and nothing else can reach it: localhost, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_host(host: str) -> str:
    """The host of a URL that reaches a server which listens on this one."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable


def _are_proxies(entries: Sequence[str]) -> bool:
    try:
        networks = [ipaddress.ip_network(entry) for entry in entries if entry != "*"]
    except ValueError:
        return False
    return len(networks) == len(entries) or len(entries) == 1


def _row(default: Any, about: str, *, low: float | None = None, high: float | None = None, **more: Any) -> Any:
    """A setting: its default, its help, and what it takes.

    Keyword Args:
        low, high: the bounds of a number.
        choices: the words it may be.
        fits, takes: a test of the value, and what to say of a value that does not pass.
        commands: those that know it; all when left out.
        shown: the default in words, where the value says nothing.
        secret, option: whether it never shows, and whether it is an option beside a variable.
        of_sandbox: whether it says nothing where no sandbox is opened.
    """
    row = {"about": about, "low": low, "high": high, **more}
    return dataclasses.field(default=default, metadata=row, repr=not row.get("secret", False))


def default_data_dir() -> str:
    """Where state lies unless told otherwise: the operating system's folder for data of this user."""
    import platformdirs

    return platformdirs.user_data_dir("flintt-mcp", appauthor=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The server's own settings. Keys and URLs of the APIs are named in the catalogue, not here."""

    host: str = _row(
        "127.0.0.1", "Address to listen on. Anything but loopback needs --allowed-host.", commands=("serve", "sandbox")
    )
    port: int = _row(8000, "Port to listen on; 0 takes a free one.", low=0, high=65535, commands=("serve", "sandbox"))
    workers: int = _row(
        1,
        "Worker processes. Each serves every session; more than one need Unix sockets.",
        low=1,
        high=64,
        commands=("serve",),
    )
    sandbox: bool = _row(
        False,
        "Play all APIs here, on SQLite: no account and no network needed.",
        commands=CHOOSING,
    )
    data_dir: str = _row("", "Folder for the sandbox's data and this server's keys.", shown="the user's data folder")
    toolsets: tuple[str, ...] = _row(
        ("default",),
        "Toolsets to switch on, by name; default and all are groups.",
        fits=bool,
        takes="the name of at least one; default and all are groups",
        commands=CHOOSING,
    )
    tools: tuple[str, ...] = _row(
        (),
        "The only tools to offer, by name, of whatever toolset; beside --toolsets, of those toolsets.",
        shown="all of the toolsets",
        commands=CHOOSING,
    )
    exclude_tools: tuple[str, ...] = _row((), "Tools not to offer, by name.", commands=CHOOSING)
    read_only: bool = _row(False, "Offer only tools that change nothing.", commands=CHOOSING)
    allow_loopback: bool = _row(
        False,
        "Let the sandbox's webhooks and signals reach this machine, also over plain http.",
        commands=("stdio", "serve", "sandbox"),
        of_sandbox=True,
    )
    source_folder: str = _row(
        "",
        "Folder below which the sandbox's signals may read local files.",
        commands=("stdio", "serve", "sandbox"),
        of_sandbox=True,
    )
    show_secrets: bool = _row(
        False,
        "Show keys and webhook secrets in results; otherwise they wait in a private file, over HTTP behind a link that works once.",
        commands=("stdio", "serve", "call"),
    )
    allow_spend: bool = _row(False, "Let tools spend money or credits at hosted APIs.", commands=CHOOSING)
    allow_live: bool = _row(
        False,
        "Let live keys through where an API has test keys (FlowPilot).",
        commands=CHOOSING,
    )
    approve: tuple[str, ...] = _row(
        ("destroy", "spend"),
        "What a person approves: none, writes, or some of create, update, destroy and spend.",
        fits=lambda words: words in (("none",), ("writes",)) or (words and set(words) <= _WRITES),
        takes="none, writes, or some of create, update, destroy, spend",
        commands=CHOOSING,
    )
    policy: str = _row(
        "", "File (TOML) that says what writes may do: what is approved, caps, allow-lists, stop.", commands=CHOOSING
    )
    public_url: str = _row(
        "",
        "URL under which people reach this server, with its path prefix, for links to what they approve or read once.",
        fits=_URL.fullmatch,
        takes="a URL such as https://mcp.example.com, without a slash at its end",
        shown="the address it listens on",
        commands=("serve",),
    )
    approval_secret: str = _row(
        "",
        "At least 16 characters that a person types to approve on the page. Unset: made once in a sandbox, elsewhere no page.",
        fits=lambda value: not value or len(value) >= 16,
        takes="at least 16 characters",
        secret=True,
        option=False,
    )
    hide_unscoped: bool = _row(
        False,
        "Leave tools out of a caller's list for 10 minutes after the API said that the key lacks their scope.",
        commands=("stdio", "serve"),
    )
    allowed_host: tuple[str, ...] = _row(
        (),
        "Host header to accept: host, host:port, or host:* for any port. Loopback names are accepted when listening on loopback.",
        commands=("serve", "sandbox"),
    )
    allowed_origin: tuple[str, ...] = _row(
        (), "Origin of browser clients to accept, e.g. https://app.example.com.", commands=("serve",)
    )
    path_prefix: str = _row(
        "",
        "Path prefix behind a reverse proxy, e.g. /flintt.",
        fits=_PATH_PREFIX.fullmatch,
        takes="starts with one / and does not end with it, of letters, digits and . _ ~ -, e.g. /flintt",
        commands=("serve",),
    )
    trusted_proxy: tuple[str, ...] = _row(
        (),
        "Address or network of a reverse proxy whose X-Forwarded headers count.",
        fits=_are_proxies,
        takes="an address such as 10.0.0.7, a network such as 10.0.0.0/8, or * alone for any",
        commands=("serve",),
    )
    log_level: str = _row("warning", "How much to log on stderr; info has a line for each request.", choices=LOG_LEVELS)
    log_format: str = _row("text", "How to log: text, or json with one object a line.", choices=("text", "json"))
    result_limit: int = _row(
        0,
        "Largest result of one call in bytes of its larger form; the rest comes by cursor. 0: what the client shows whole.",
        low=0,
        high=1_000_000,
        fits=lambda most: most == 0 or most >= 2_000,
        takes="0, or at least 2000",
        commands=CALLING,
    )
    call_deadline: float = _row(
        30.0,
        "Seconds for one request to an API, retries and waits included; a look-up asks for no further page after them.",
        low=0.1,
        high=600,
        commands=CALLING,
    )
    attempt_timeout: float = _row(20.0, "Seconds for one attempt.", low=0.1, high=600, commands=CALLING)
    remember_creates: float = _row(
        600.0,
        "Seconds for which the same create gets the first result instead of a second row; with an intent_id it is a day, and a new "
        "one makes a second row.",
        low=0,
        high=86_400,
        commands=CALLING,
    )
    remember_spends: float = _row(
        86_400.0,
        "Seconds for which the same call that spends gets the first result instead of spending again.",
        low=0,
        high=86_400,
        commands=CALLING,
    )
    no_duplicate_check: bool = _row(
        False,
        "Add companies and prospects without looking first whether they seem to be there already.",
        commands=CALLING,
    )
    audit_arguments: bool = _row(
        False,
        "Keep the arguments of writes in the journal of `flintt-mcp audit`; without it only a digest of them is kept.",
        commands=CALLING,
    )
    connect_timeout: float = _row(
        5.0, "Seconds to wait for a free connection, and to make one.", low=0.1, high=120, commands=CALLING
    )
    attempts: int = _row(
        3, "How often a call that is safe to repeat is sent at most.", low=1, high=10, commands=CALLING
    )
    answer_limit: int = _row(
        4 * 1024 * 1024, "Largest answer of an API in bytes.", low=10_000, high=256 * 1024 * 1024, commands=CALLING
    )
    kept_results: int = _row(
        32 * 1024 * 1024,
        "Bytes of results of ended runs kept in memory for an hour, each for its caller alone, in one process; 0 keeps none.",
        low=0,
        high=1024 * 1024 * 1024,
        commands=("stdio", "serve"),
    )
    connections: int = _row(
        100,
        "Connections to one API at once, in one process. A key gets another while it holds fewer than are free.",
        low=1,
        high=10_000,
        commands=CALLING,
    )
    calls: int = _row(
        512,
        "Calls that run at once, in one process; those of documentation count apart.",
        low=1,
        high=100_000,
        commands=CALLING,
    )
    calls_per_key: int = _row(
        128,
        "Calls that run at once for one key, in one process. A key never runs more than there are places left.",
        low=1,
        high=100_000,
        commands=CALLING,
    )
    calls_per_minute: int = _row(
        0,
        "Calls that one key may make in a minute, in one process; 0 sets no limit.",
        low=0,
        high=1_000_000,
        commands=CALLING,
    )
    body_limit: int = _row(
        4 * 1024 * 1024,
        "Largest request in bytes, also one line on stdio.",
        low=10_000,
        high=64 * 1024 * 1024,
        commands=("stdio", "serve"),
    )
    body_timeout: float = _row(
        10.0, "Seconds for a client to send a request's body.", low=0.1, high=600, commands=("serve",)
    )
    session_lifetime: float = _row(
        86_400.0,
        "Seconds that a session lasts; its client then opens another.",
        low=60,
        high=31_536_000,
        commands=("serve",),
    )
    streams: int = _row(
        1000,
        "Open streams in one process: legacy SSE, sessions that listen, subscriptions. One address gets half of them at most.",
        low=1,
        high=1_000_000,
        commands=("serve",),
    )
    streams_per_key: int = _row(
        20, "Open streams for one key, in one process.", low=1, high=1_000_000, commands=("serve",)
    )
    idle_timeout: float = _row(
        1800.0, "Seconds after which an idle legacy SSE stream ends.", low=1, high=86_400, commands=("serve",)
    )
    shutdown_grace: float = _row(
        10.0, "Seconds that running calls get to end at shutdown.", low=0, high=600, commands=("serve",)
    )
    secret: str = _row(
        "",
        "At least 32 characters that key cursors, digests and sealed state; replicas share it. Unset: a file in the data folder.",
        fits=lambda value: not value or len(value) >= 32,
        takes="at least 32 characters",
        secret=True,
        option=False,
    )

    def __post_init__(self) -> None:
        for row in dataclasses.fields(self):
            _check(row.name, getattr(self, row.name), row.metadata)
        if not is_loopback(self.host) and not self.allowed_host:
            raise ConfigError(
                f"--host {self.host} can be reached from outside: name the Host headers to accept with --allowed-host"
            )

    @property
    def data_path(self) -> Path:
        """The data folder.

        Raises:
            ConfigError: it lies in a home that nobody knows.
        """
        return _whole(self.data_dir or default_data_dir(), "data_dir")

    @property
    def own_url(self) -> str:
        """The URL under which this server lets requests in, with its prefix: outside loopback a name it was told to accept."""
        name = shown_host(self.host) if is_loopback(self.host) else self.allowed_host[0].removesuffix(":*")
        has_port = re.search(r":\d+$", name) is not None
        return f"http://{name if has_port else f'{name}:{self.port}'}{self.path_prefix}"

    @property
    def approve_url(self) -> str:
        """The URL below which people find the page on which they approve."""
        return self.public_url or self.own_url

    @property
    def source_path(self) -> Path | None:
        """The folder of local sources, if there is one.

        Raises:
            ConfigError: there is no such folder.
        """
        if not self.source_folder:
            return None
        path = _whole(self.source_folder, "source_folder")
        if not path.is_dir():
            raise ConfigError(f"{option('source_folder')}: there is no folder {path}")
        return path


def _whole(text: str, name: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ConfigError(f"{option(name)}: the home folder is not known here; give a whole path") from None


ROWS = {row.name: row for row in dataclasses.fields(Settings)}


def variable(name: str) -> str:
    """The environment variable of a setting: FLINTT_MCP_ and its name."""
    return PREFIX + name.upper()


def option(name: str) -> str:
    """The command-line option of a setting."""
    return "--" + name.replace("_", "-")


def load(options: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settings from options (None means not given) and the environment.

    Raises:
        ConfigError: a value that cannot work, an option that would do nothing, or a FLINTT_MCP_ variable that is no setting.
    """
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and not _is_link(name, text)}
    unknown = [name for name in given if name not in map(variable, ROWS)]
    if unknown:
        raise ConfigError(f"{unknown[0]}: no such setting; `flintt-mcp serve --help` lists them")
    values: dict[str, Any] = {}
    for name, row in ROWS.items():
        if options.get(name) is not None:
            values[name] = options[name]
        elif given.get(variable(name), "") != "":
            values[name] = parse(name, given[variable(name)], variable(name), type(row.default))
    settings = Settings(**values)
    idle = [name for name, row in ROWS.items() if row.metadata.get("of_sandbox") and options.get(name)]
    if idle and not settings.sandbox and options.get("command") in CALLING:
        # A variable may be meant for another command of the same environment, an option only for this one.
        raise ConfigError(f"{option(idle[0])} says something of a sandbox, and none is opened", advice="add --sandbox")
    return settings


def _is_link(name: str, text: str) -> bool:
    """Whether a variable is no setting, but what Kubernetes and Docker say of a service whose name begins with flintt-mcp."""
    return bool(_SERVICE_LINK.fullmatch(name) or (name.endswith("_PORT") and _SERVICE_ADDRESS.fullmatch(text)))


def parse(name: str, text: str, source: str, kind: type) -> Any:
    """A setting's value from text. `source` names the variable or option in the error.

    Raises:
        ConfigError: the text is not of the setting's kind.
    """
    if kind is bool:
        word = text.strip().lower()
        if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise ConfigError(f"{source}: true or false")
        return word in ("1", "true", "yes", "on")
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{source}: a {'whole number' if kind is int else 'number'}") from None


def to_environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process these settings, whatever its environment says.

    All of them, not only those that were changed: an option that asks for the default must win over its variable there too.
    """
    values = {name: getattr(settings, name) for name in ROWS}
    return {
        variable(name): ",".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()
    }


def _check(name: str, value: Any, row: Mapping[str, Any]) -> None:
    said = option(name) if row.get("option", True) else variable(name)
    low, high, fits = row["low"], row["high"], row.get("fits")
    if low is not None and not (low <= value <= high):
        raise ConfigError(f"{said}: from {low:,} to {high:,}")
    if "choices" in row and value not in row["choices"]:
        raise ConfigError(f"{said}: one of {', '.join(row['choices'])}")
    if fits is not None and not fits(value):
        raise ConfigError(f"{said}: {row['takes']}")


def environment() -> dict[str, str]:
    """A copy of this process's environment."""
    return dict(os.environ)
