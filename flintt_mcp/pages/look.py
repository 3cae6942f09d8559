"""How pages look, and what a browser may do with them: templates, the files beside them, and the policy that goes along.

In: a template's name and its values. Out: a `Page`. Everything comes from this server: no page loads, sends or frames anything
else, and no script or style stands inside a page. The libraries are loaded with the first page that somebody opens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_ALL = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Page:
    """What goes to a browser."""

    body: bytes
    mime_type: str = "text/html; charset=utf-8"
    status: int = 200
    kept: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Everything but length and date. What is `kept` has the digest of its content in its address."""
        cache_control = _KEPT if self.kept else "no-store"
        return {"content-type": self.mime_type, "cache-control": cache_control, **_ALL}


def rendered(template: str, values: Mapping[str, Any], status: int = 200) -> Page:
    """A page from a template."""
    text = _environment().get_template(template).render(values)
    return Page(text.encode(), status=status)


def static_file(name: str) -> Page | None:
    """A file beside the templates by the name that `address_of` gave it; None for any other name."""
    return _files().get(name)


def address_of(name: str) -> str:
    """Where a file beside the templates is found: its name with the beginning of its digest, so that it may be kept for ever."""
    stem, suffix = Path(name).stem, Path(name).suffix
    return f"{stem}.{hashlib.sha256(_read(name)).hexdigest()[:12]}{suffix}"


@cache
def _files() -> dict[str, Page]:
    names = [path.name for path in (_HERE / "static").iterdir() if path.suffix in _TYPES]
    return {
        address_of(name): Page(_read(name), f"{_TYPES[Path(name).suffix]}; charset=utf-8", kept=True) for name in names
    }


@cache
def _read(name: str) -> bytes:
    return (_HERE / "static" / name).read_bytes()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = lambda name: f"static/{address_of(name)}"
    return environment
