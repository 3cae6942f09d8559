"""`python -m tests.renew_snapshots` brings the snapshots of all tools up to date and names those that changed."""

from __future__ import annotations

from tests.snapshots import renew

if __name__ == "__main__":
    changed = renew()
    print("\n".join(changed) if changed else "all snapshots were up to date")
