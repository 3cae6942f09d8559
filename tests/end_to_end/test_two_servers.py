"""Two servers on one data folder: one runs the signals, the other says so, serves, and takes over when the first is killed."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx2

from tests.processes import COMMAND, SANDBOX_READY, environment, running, serving

from .scene import feed, flintt_mcp, until

WAITS = re.compile("another process runs the signals of this data folder: this one serves without running them")
TAKES_OVER = re.compile("that process has ended: this one runs the signals of this data folder now")


def test_the_second_server_finishes_the_run_in_which_the_first_was_killed(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with feed() as news, serving("--sandbox", "--allow-loopback", env=env) as first:
        news.put(("Kestrel Machines raises €12M", "A round of funding."))
        with running([COMMAND, "sandbox", "--port", "0", "--allow-loopback"], env) as second:
            base = second.wait_for(SANDBOX_READY)["base"]
            second.wait_for(WAITS)
            token = flintt_mcp("sandbox", "token", env=env).strip()
            with (
                httpx2.Client(base_url=f"{base}/flintt/v1/", headers={"X-API-Key": "flt_sandbox_key"}) as api,
                httpx2.Client(base_url=f"{base}/flintt/api/", headers={"Authorization": f"Bearer {token}"}) as app,
            ):
                api.post("companies", json={"name": "Kestrel Machines"}).raise_for_status()
                signal_id = api.post("signals", json={"name": "Funding rounds"}).json()["id"]
                build = {"tools": [{"kind": "feed", "url": news.url}]}
                app.post(f"signals/{signal_id}/build", json=build).raise_for_status()

                news.gate.clear()
                run = app.post(f"signals/{signal_id}/runs").raise_for_status().json()
                assert run["status"] == "pending"
                until(lambda: news.asked, "the first server reads the feed")
                assert api.get(f"runs/{run['id']}").json()["status"] == "running"
                assert first.process.stop(signal.SIGKILL) == -signal.SIGKILL
                news.gate.set()

                second.wait_for(TAKES_OVER)
                ended = until(
                    lambda: (seen := api.get(f"runs/{run['id']}").json())["status"] != "running" and seen,
                    "the second server ends the run",
                )

    assert (ended["status"], ended["raw_count"], ended["valid_count"]) == ("completed", 1, 1)
    assert len(ended["raw_results"]) == 1
    assert news.asked == 2
