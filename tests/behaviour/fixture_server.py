"""`python -m tests.behaviour.fixture_server serve|stdio [--port N]`: the server on the sandbox, with the conformance fixtures."""

from __future__ import annotations

import argparse
import os

from flintt_mcp.serving.child import serve_child
from flintt_mcp.serving.process import serve_http
from flintt_mcp.settings import load
from tests.conformance.fixtures import conformance_additions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=["serve", "stdio"])
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    if options.transport == "serve":
        return serve_http(
            load({"sandbox": True, "port": options.port}, os.environ), os.environ, conformance_additions()
        )
    serve_child(load({"sandbox": True}, os.environ), os.environ, conformance_additions())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
