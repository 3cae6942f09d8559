"""A sandbox at work beside a server: what fails in the server comes out as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from flintt_mcp.errors import ConfigError
from flintt_mcp.sandbox.at_work import opened_sandbox
from flintt_mcp.settings import Settings


@pytest.mark.anyio
@pytest.mark.parametrize("at_work", [True, False])
async def test_what_fails_beside_a_sandbox_comes_out_as_it_is(data_dir: Path, at_work: bool) -> None:
    failure = ConfigError("a setting that is only seen later")
    with pytest.raises(ConfigError) as caught:
        async with opened_sandbox(Settings(data_dir=str(data_dir)), at_work=at_work):
            raise failure
    assert caught.value is failure
