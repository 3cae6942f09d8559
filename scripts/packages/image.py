"""`python -m scripts.packages.image` (make image-check): the Dockerfile's own steps in an empty root, and what the image then does.

A Debian of its own is laid into a folder (mmdebstrap), since no registry of images is asked; there the lines of the Dockerfile are
carried out in their order, and its user, environment and health check are used as a container would. It has no network but
a loopback of its own while it serves. What differs from the image: Python is Debian's, and all stages share one root.

It needs Linux, root, mmdebstrap, ip and nsenter; without them it says what is missing and ends with 1.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.packages.project import ROOT

_NEEDED = ("mmdebstrap", "unshare", "nsenter", "ip", "chroot")
_PYTHON = "/opt/python"
_PATH = f"{_PYTHON}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_TRIES = 100
_COMMANDS = (["serve"], ["serve", "--sandbox"], ["sandbox"])


@dataclass
class Image:
    """A root in which the lines of a Dockerfile were carried out, and what it says of the container."""

    root: Path
    folder: str = "/"
    user: str = "0"
    env: dict[str, str] = field(default_factory=dict)
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)

    def carry_out(self, dockerfile: str) -> None:
        """Do what each line says, in this one root.

        Raises:
            SystemExit: a step failed.
        """
        for line in dockerfile.replace("\\\n", " ").splitlines():
            word, _, rest = line.partition(" ")
            match word:
                case "WORKDIR":
                    self.folder = rest
                case "COPY" if not rest.startswith("--from"):
                    self._copy(rest.split())
                case "RUN":
                    self._run(rest)
                case "USER":
                    self.user = rest
                case "ENV":
                    self.env |= dict(pair.split("=", 1) for pair in shlex.split(rest))
                case "HEALTHCHECK":
                    self.health = json.loads(rest.partition("CMD ")[2])
                case "ENTRYPOINT":
                    self.entrypoint = json.loads(rest)

    def command(self, words: Sequence[str]) -> list[str]:
        """The words as the container's user would start them, with its environment alone."""
        env = [f"{name}={value}" for name, value in {"PATH": _PATH, **self.env}.items()]
        return ["chroot", f"--userspec={self.user}:{self.user}", str(self.root), "/usr/bin/env", "-i", *env, *words]

    def _copy(self, names: Sequence[str]) -> None:
        *sources, into = names
        place = self.root / self.folder.strip("/") / into
        for name in sources:
            source, target = ROOT / name, place / Path(name).name if into.endswith("/") else place
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def _run(self, line: str) -> None:
        pip = {
            name: value
            for name, value in os.environ.items()
            if name.lower().endswith("_proxy") or name == "PIP_INDEX_URL"
        }
        env = {"PATH": _PATH, "HOME": "/root", "PIP_CERT": _CERTIFICATES, **pip}
        _done(["chroot", str(self.root), "/bin/sh", "-ec", f"cd {self.folder}; {line}"], env=env)
        print(f"  ok  {line.split()[0]} {line.split()[1]} ...", flush=True)


def main() -> int:
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing or os.geteuid():
        print(f"image-check: not done; it needs root and {', '.join(missing) or 'nothing else'}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="flintt-mcp-image-") as place:
        image = Image(Path(place) / "root")
        _lay(image.root)
        image.carry_out((ROOT / "Dockerfile").read_text("utf-8"))
        with _alone() as alone:
            for words in _COMMANDS:
                _try(image, alone, words)
            _try_stdio(image, alone)
    return 0


def _lay(root: Path) -> None:
    """A small Debian with a Python that may be installed into."""
    _done(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--include=python3,python3-venv,ca-certificates",
            "bookworm",
            str(root),
        ]
    )
    shutil.copy(_CERTIFICATES, root / _CERTIFICATES.strip("/"))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    _done(["chroot", str(root), "python3", "-m", "venv", _PYTHON])


@contextmanager
def _alone() -> Iterator[list[str]]:
    """The beginning of commands that see a loopback of their own and no other network."""
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "ip link set lo up; echo up; exec sleep 600"], stdout=subprocess.PIPE
    ) as held:
        assert held.stdout is not None
        held.stdout.readline()
        yield ["nsenter", "-t", str(held.pid), "-n"]
        held.kill()


def _try(image: Image, alone: Sequence[str], words: Sequence[str]) -> None:
    """Start it, wait until its health check is content, end it as a container is ended."""
    with subprocess.Popen(
        [*alone, *image.command([*image.entrypoint, *words])], stderr=subprocess.PIPE, text=True
    ) as process:
        asks = [*alone, *image.command(image.health)]
        healthy = False
        for _ in range(_TRIES):
            healthy = subprocess.run(asks, capture_output=True).returncode == 0
            if healthy or process.poll() is not None:
                break
            time.sleep(0.2)
        user = os.stat(f"/proc/{process.pid}").st_uid if process.poll() is None else -1
        process.terminate()
        _, said = process.communicate(timeout=60)
    if not healthy or process.returncode or str(user) != image.user:
        raise SystemExit(f"{' '.join(words)}: healthy {healthy}, user {user}, exit code {process.returncode}\n{said}")
    print(f"  ok  {' '.join(words)}: healthy, as user {user}, ends with 0", flush=True)


def _try_stdio(image: Image, alone: Sequence[str]) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "image-check", "version": "1"}}
    sent = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}) + "\n"
    done = subprocess.run(
        [*alone, *image.command([*image.entrypoint, "stdio"])], input=sent, capture_output=True, text=True, timeout=60
    )
    if json.loads(done.stdout)["result"]["serverInfo"]["name"] != "flintt-mcp":
        raise SystemExit(f"stdio: {done.stdout}{done.stderr}")
    print("  ok  stdio: greets", flush=True)


def _done(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
