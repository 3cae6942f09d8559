"""`python -m tests.conformance --port N`: the product's HTTP server on the sandbox, with the suite's fixtures added."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from flintt_mcp.serving.process import serve_http
from flintt_mcp.settings import Settings
from tests.conformance.fixtures import conformance_additions


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory(prefix="flintt-mcp-conformance-") as folder:
        settings = Settings(sandbox=True, port=port, data_dir=str(Path(folder)))
        return serve_http(settings, dict(os.environ), conformance_additions())


if __name__ == "__main__":
    raise SystemExit(main())
