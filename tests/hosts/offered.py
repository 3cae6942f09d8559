"""`python -m tests.hosts.offered`: what Codex offers its model, seen by a stub of the model's API. `make hosts` runs it.

Codex starts a server with its first conversation and does not wait for a slow one: the model is then offered no tool and nobody is
told. So it is started several times, each time on a data folder that the sandbox has still to make.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from scripts.npm import installed, node
from tests.hosts.real import REAL
from tests.processes import COMMAND, environment

STARTS = 5
[CODEX] = [host for host in REAL if host.name == "codex"]


class Model(BaseHTTPRequestHandler):
    """A model that says one word, and keeps what it was offered."""

    offered: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        self.offered.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        said = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "done"}]}
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        events: list[dict[str, Any]] = [
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.output_item.done", "output_index": 0, "item": said},
            {"type": "response.completed", "response": {"id": "r", "usage": usage}},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        return None


@contextmanager
def model() -> Iterator[str]:
    """The stub of the model's API, at this URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def is_offered(api: str) -> bool:
    """Whether the model at this URL is offered the tools, when Codex starts in a home that nobody has used."""
    programs = installed(CODEX.package).parents[CODEX.package.count("/")] / ".bin"
    with tempfile.TemporaryDirectory() as home:
        env = environment(Path(home), NO_PROXY="127.0.0.1", STUB_KEY="none")
        env["PATH"] = os.pathsep.join([str(programs), str(Path(node()[0]).parent), env["PATH"]])
        provider = f'model_providers.stub={{name="stub",base_url="{api}",wire_api="responses",env_key="STUB_KEY"}}'
        Model.offered.clear()
        subprocess.run(
            [COMMAND, "install", "codex", "--sandbox"], env=env, check=True, capture_output=True, timeout=120
        )
        subprocess.run(
            [
                "codex",
                "exec",
                "--skip-git-repo-check",
                "-m",
                "stub",
                "-c",
                provider,
                "-c",
                'model_provider="stub"',
                "hi",
            ],
            env=env,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
    return "list_companies" in json.dumps(Model.offered)


def main() -> None:
    """Start Codex as often as it was seen to miss the tools."""
    with model() as api:
        offered = [is_offered(api) for _ in range(STARTS)]
    if not all(offered):
        raise SystemExit(f"Codex offered its model the tools in {sum(offered)} of {STARTS} conversations")
    print(f"Codex offers its model the tools: {STARTS} of {STARTS} conversations, each with a sandbox that is new.")


if __name__ == "__main__":
    main()
