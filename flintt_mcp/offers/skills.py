"""Skills: instructions for what people ask most, written once, for every way in which a client may want them.

In: the folder `skills/`, a folder of its own for each, with a SKILL.md in the form of the Agent Skills specification. Out: values
with all files and their digests. A skill is offered where the toolsets that it needs are on; here nothing knows the MCP wire.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flintt_mcp.offers.resources import Contents, Reading, Resource
from flintt_mcp.offers.toolsets import toolset_by_tool

SKILLS_TTL_MS = 3_600_000
_SKILL = "SKILL.md"
_WORD = re.compile(r"(?<!never )`([a-z]+(?:_[a-z]+)+)`")
"""A word that may be the name of a tool, unless it is one to keep away from."""
_NEEDED = re.compile(r"flintt-mcp with the toolsets? ([a-z, -]+)")


@dataclass(frozen=True, slots=True)
class SkillFile:
    """One file of a skill: where it is read, and its bytes."""

    uri: str
    content: bytes

    @property
    def mime_type(self) -> str:
        return mimetypes.guess_type(self.uri)[0] or "text/plain"

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill: its frontmatter as it is written, its title and text, and every file, SKILL.md first."""

    frontmatter: Mapping[str, str]
    title: str
    text: str
    files: tuple[SkillFile, ...]

    @property
    def name(self) -> str:
        return self.frontmatter["name"]

    @property
    def about(self) -> str:
        return self.frontmatter["description"]

    @property
    def uri(self) -> str:
        return self.files[0].uri

    @property
    def toolsets(self) -> frozenset[str]:
        """The toolsets that it needs, as its frontmatter says under `compatibility`."""
        needed = _NEEDED.match(self.frontmatter["compatibility"])
        return frozenset() if needed is None else frozenset(needed[1].replace(" and ", ", ").split(", "))

    @property
    def needs(self) -> tuple[str, ...]:
        """The tools that its text says to call."""
        tools = toolset_by_tool()
        return tuple(dict.fromkeys(word for word in _WORD.findall(self.text) if word in tools))


def skills_folder() -> Path:
    """Where the skills lie: inside an installed package, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "skills"
    return inside if inside.is_dir() else package.parent / "skills"


def offered_skills(toolsets: Collection[str], folder: Path | None = None) -> list[Skill]:
    """Every skill whose toolsets are among these, by name."""
    skills = [_read(path.parent) for path in sorted((folder or skills_folder()).glob(f"*/{_SKILL}"))]
    return [skill for skill in skills if skill.toolsets <= set(toolsets)]


def skill_resources(skills: Iterable[Skill]) -> list[Resource]:
    """A resource for each file of each skill. Public, as the handbook is."""
    return [_resource(skill, file) for skill in skills for file in skill.files]


def _read(folder: Path) -> Skill:
    others = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / _SKILL)
    files = tuple(
        SkillFile(f"skill://{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        for path in [folder / _SKILL, *others]
    )
    _, head, text = files[0].content.decode().split("---\n", 2)
    # A line for each field and nothing nested: the skills are our own, and a test reads them with a YAML library as well.
    frontmatter = dict(line.split(": ", 1) for line in head.splitlines())
    title = text.strip().partition("\n")[0].removeprefix("# ")
    return Skill(frontmatter, title, text.strip(), files)


def _resource(skill: Skill, file: SkillFile) -> Resource:
    async def read(reading: Reading) -> Contents:
        return Contents(file.mime_type, text=file.content.decode())

    is_skill = file.uri == skill.uri
    name = skill.name if is_skill else file.uri.removeprefix("skill://")
    return Resource(
        uri=file.uri,
        name=name,
        title=skill.title if is_skill else name,
        about=skill.about if is_skill else f"Belongs to the skill {skill.name}.",
        mime_type=file.mime_type,
        read=read,
        public=True,
        ttl_ms=SKILLS_TTL_MS,
        needs=skill.needs,
    )
