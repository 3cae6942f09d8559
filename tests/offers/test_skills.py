"""Skills: in the form that other programs expect, true to the tools there are, and offered where they can work."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import yaml

from flintt_mcp.calls.call import QuietChannel
from flintt_mcp.offers.resources import Contents, Reading, Resource
from flintt_mcp.offers.skills import Skill, offered_skills, skill_resources, skills_folder
from flintt_mcp.offers.toolsets import chosen_toolsets
from scripts.handbook.pages import all_tools
from tests.certain import of_kind
from tests.fake_api import open_fake

pytestmark = pytest.mark.anyio

TOOLSET_OF = {tool.name: toolset for toolset, tools in all_tools().items() for tool in tools}
WRITING = {tool.name for tools in all_tools().values() for tool in tools if not tool.effect.reads}
SKILLS = offered_skills(chosen_toolsets(["all"]))
each_skill = pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)


def tools_named(skill: Skill) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", skill.text)) & TOOLSET_OF.keys()


def test_there_are_the_six_skills_that_people_ask_for() -> None:
    assert [skill.name for skill in SKILLS] == [
        "account-research",
        "daily-brief",
        "icp-to-pipeline",
        "payout-reconciliation",
        "pipeline-review",
        "signal-setup",
    ]


@each_skill
def test_a_skill_has_the_form_of_the_specification(skill: Skill) -> None:
    head = skill.files[0].content.decode().split("---\n", 2)[1]
    assert yaml.safe_load(head) == dict(skill.frontmatter)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", skill.name)
    assert len(skill.name) <= 64
    assert "Use " in skill.about
    assert len(skill.about) <= 1024
    assert len(skill.frontmatter["compatibility"]) <= 500
    assert skill.uri == f"skill://{skill.name}/SKILL.md"
    assert skill.text.startswith(f"# {skill.title}\n\n")
    assert len(skill.text) < 5_000


@each_skill
def test_a_skill_names_tools_of_the_toolsets_that_it_needs_and_no_others(skill: Skill) -> None:
    assert tools_named(skill)
    assert {TOOLSET_OF[name] for name in tools_named(skill)} == skill.toolsets


@each_skill
def test_a_skill_says_when_it_writes_and_waits_for_a_yes_first(skill: Skill) -> None:
    text = " ".join(skill.text.split())
    writes = tools_named(skill) & WRITING
    assert ("the person's yes" in text) == bool(writes)
    assert bool(writes) or re.search(r"(Change|Pay) nothing", text)
    assert "`delete_signal`" not in text or "never `delete_signal`" in text


@pytest.mark.parametrize(
    ("toolsets", "names"),
    [
        (["flintt"], []),
        (["flintt", "insight"], ["account-research", "daily-brief", "pipeline-review"]),
        (["docs"], []),
        (["flowpilot", "insight"], ["payout-reconciliation", "pipeline-review"]),
        (["insight", "flowmaticx"], ["icp-to-pipeline", "pipeline-review"]),
    ],
)
async def test_a_skill_is_offered_where_its_toolsets_are_on(
    tmp_path: Path, toolsets: list[str], names: list[str]
) -> None:
    async with open_fake(tmp_path, toolsets=tuple(toolsets)) as app:
        assert [skill.name for skill in app.skills] == names
        assert [prompt.name.replace("_", "-") for prompt in app.prompts] == names
        assert [one.name for one in app.resources.fixed if one.uri.startswith("skill://")] == names


async def test_every_file_of_a_skill_is_read_as_it_lies_there(tmp_path: Path) -> None:
    folder = tmp_path / "skills" / "one"
    (folder / "references").mkdir(parents=True)
    (folder / "SKILL.md").write_text(
        "---\nname: one\ndescription: Does: one.\ncompatibility: flintt-mcp with the toolset docs\n---\n\n# One\n\nDo.\n"
    )
    (folder / "references" / "More.md").write_text("# More é\n", encoding="utf-8")
    (skill,) = offered_skills(["docs"], tmp_path / "skills")
    assert offered_skills(["flintt"], tmp_path / "skills") == []
    assert skill.about == "Does: one."
    async with open_fake(tmp_path / "data") as app:

        async def read(resource: Resource) -> Contents:
            return of_kind(Contents, await resource.read(Reading(resource.uri, {}, app.caller, QuietChannel())))

        contents = {one.uri: await read(one) for one in skill_resources([skill])}
    assert contents == {
        "skill://one/SKILL.md": Contents("text/markdown", text=(folder / "SKILL.md").read_text("utf-8")),
        "skill://one/references/More.md": Contents("text/markdown", text="# More é\n"),
    }
    digest = hashlib.sha256((folder / "references" / "More.md").read_bytes()).hexdigest()
    assert skill.files[1].digest == f"sha256:{digest}"


def test_the_skills_lie_beside_the_package_in_a_checkout() -> None:
    assert skills_folder() == Path(__file__).parents[2] / "skills"
