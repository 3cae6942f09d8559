"""The revisions of the protocol, as the SDK has them, for whoever has to know before the SDK is there. A test holds them to it."""

from __future__ import annotations

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Revisions that begin with `initialize`, oldest first."""
MODERN = ("2026-07-28",)
"""Revisions in which each request says all by itself."""
