"""The Skills extension: what a client finds, and what it can hold a file against."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PaginatedRequestParams, Request, Result, TextResourceContents
from pydantic import ConfigDict

from flintt_mcp.face.skill_requests import GetSkillParams
from tests.certain import of_kind
from tests.face.conftest import NEWEST, Connect

pytestmark = pytest.mark.anyio


class Answer(Result):
    model_config = ConfigDict(extra="allow")


class ListSkills(Request[PaginatedRequestParams | None, str]):
    method: str = "skills/list"
    params: PaginatedRequestParams | None = None


class GetSkill(Request[GetSkillParams, str]):
    method: str = "skills/get"
    params: GetSkillParams


async def asked(client: Client, request: Any) -> dict[str, Any]:
    answer = await client.session.send_request(request, Answer)
    return answer.model_dump(by_alias=True, exclude_none=True)


async def test_the_extension_is_declared_where_the_revision_has_extensions(connect: Connect, revision: str) -> None:
    async with connect(key=None) as client:
        declared = client.server_capabilities.extensions or {}
    assert declared.get("io.modelcontextprotocol/skills") == ({} if revision == NEWEST else None)


async def test_skills_are_listed_without_a_key(connect: Connect) -> None:
    async with connect(key=None) as client:
        listed = await asked(client, ListSkills())
    assert (listed["ttlMs"], listed["cacheScope"]) == (3_600_000, "private")
    assert [skill["uri"] for skill in listed["skills"]] == [
        f"skill://{name}/SKILL.md" for name in ("account-research", "daily-brief", "pipeline-review", "signal-setup")
    ]


async def test_each_file_of_a_skill_has_the_digest_and_size_that_its_entry_says(connect: Connect) -> None:
    async with connect(key=None) as client:
        for skill in (await asked(client, ListSkills()))["skills"]:
            assert (await asked(client, GetSkill(params=GetSkillParams(uri=skill["uri"]))))["skill"] == skill
            assert skill["uri"] == f"skill://{skill['frontmatter']['name']}/SKILL.md"
            for file in skill["resources"]:
                (read,) = (await client.read_resource(file["uri"])).contents
                content = of_kind(TextResourceContents, read).text.encode()
                assert (f"sha256:{hashlib.sha256(content).hexdigest()}", len(content)) == (file["digest"], file["size"])


@pytest.mark.parametrize("uri", ["skill://nothing/SKILL.md", "docs://errors", "", "skill://daily-brief"])
async def test_a_uri_that_is_no_skill_is_an_error_that_names_those_there_are(connect: Connect, uri: str) -> None:
    async with connect(key=None) as client:
        with pytest.raises(MCPError) as caught:
            await asked(client, GetSkill(params=GetSkillParams(uri=uri)))
    assert caught.value.error.code == -32602
    assert "skill://daily-brief/SKILL.md" in caught.value.error.message
