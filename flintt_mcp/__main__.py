"""`flintt-mcp` and `python -m flintt_mcp`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from flintt_mcp.serving.memory import collect_young_only

    collect_young_only()
    from flintt_mcp.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
