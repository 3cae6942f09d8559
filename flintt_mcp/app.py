"""The composition root: the only room that knows all rooms.

In: settings, the environment, and additions (tests add fixtures). Out: an `App` while its context is open: tools behind one
pipeline, the face for MCP clients, and the resources everything shares (upstream client, sandbox, keys), each opened once.
Settings are checked before anything is opened.
"""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flintt_mcp.calls import lines
from flintt_mcp.calls.approvals import Approvals
from flintt_mcp.calls.call import Stage
from flintt_mcp.calls.caller import Caller, Credentials
from flintt_mcp.calls.following import Following
from flintt_mcp.calls.intent import Intents
from flintt_mcp.calls.inventory import Inventory
from flintt_mcp.calls.own import OwnIntents
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.play import Play
from flintt_mcp.calls.policy import Policy, approved_effects, read_policy
from flintt_mcp.calls.stages.approval import Approval, Elsewhere
from flintt_mcp.calls.stages.duplicates import Duplicates
from flintt_mcp.calls.stages.limit import Limit
from flintt_mcp.calls.stages.metrics import Metrics
from flintt_mcp.calls.stages.once import Once
from flintt_mcp.calls.stages.per_minute import PerMinute
from flintt_mcp.calls.stages.policy import KeepsPolicy
from flintt_mcp.calls.stages.scopes import Scopes
from flintt_mcp.calls.stages.spending import Spending
from flintt_mcp.calls.stages.strangers import Strangers
from flintt_mcp.calls.stages.validate import validate
from flintt_mcp.calls.stages.visible import visible
from flintt_mcp.calls.stages.watch import Watch
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.catalogue.base_urls import SANDBOX_URL, base_urls, on_this_machine
from flintt_mcp.catalogue.flextell import FLEXTELL
from flintt_mcp.catalogue.management import FLINTT_MANAGEMENT
from flintt_mcp.catalogue.operation import Effect, Toolset
from flintt_mcp.offers.approvals import GetApproval
from flintt_mcp.offers.handbook.documents import Handbook, default_folder
from flintt_mcp.offers.handbook_resources import docs_resources
from flintt_mcp.offers.imports.tools import import_tools
from flintt_mcp.offers.insight.tools import insight_tools
from flintt_mcp.offers.instructions import INSTRUCTIONS
from flintt_mcp.offers.prompts import Prompt
from flintt_mcp.offers.resources import Resource, Resources
from flintt_mcp.offers.skills import Skill, offered_skills, skill_resources
from flintt_mcp.offers.toolsets import build_inventory, choice_of, narrowings, toolsets_on
from flintt_mcp.offers.waiting import Looks, wait_for
from flintt_mcp.offers.workflows import Workspace, workflow_prompts, workspace_resources
from flintt_mcp.rest.keepers import BehindLink, InFile, Keepers
from flintt_mcp.rest.operation_tool import operation_tools
from flintt_mcp.rest.reading.clients import Budgets
from flintt_mcp.rest.reading.cursors import Cursors
from flintt_mcp.rest.sending.client import UpstreamClient, Ways, open_client
from flintt_mcp.rest.sending.limits import Limits
from flintt_mcp.rest.sending.message import Sender, UpstreamRequest, UpstreamResponse
from flintt_mcp.rest.sending.rate import Rate
from flintt_mcp.rest.sending.reach import Reach
from flintt_mcp.rest.upstream import Allowed, Held, Places, Results, Upstream
from flintt_mcp.settings import Settings
from flintt_mcp.sqlite import Database
from flintt_mcp.state.approval_secret import approval_secret
from flintt_mcp.state.ended_sessions import EndedSessions
from flintt_mcp.state.imports import StoredImports
from flintt_mcp.state.intents import StoredIntents
from flintt_mcp.state.journal import Journal
from flintt_mcp.state.policy_file import PolicyFile
from flintt_mcp.state.request_counts import RequestCounts
from flintt_mcp.state.secret_links import SecretLinks
from flintt_mcp.state.server_file import server_file
from flintt_mcp.state.server_keys import Keys, derive_keys
from flintt_mcp.state.windows import MemoryWindow

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mcp.server.lowlevel.server import Server

    from flintt_mcp.face.face import Face

Send = Callable[[UpstreamRequest], Awaitable[UpstreamResponse]]


@dataclass(frozen=True, slots=True)
class Additions:
    """What somebody adds to the server through the same seams its own tools use.

    `stages` maps the name of a stage in the list of all stages to another that comes right behind it.
    """

    tools: Sequence[Tool] = ()
    resources: Sequence[Resource] = ()
    prompts: Sequence[Prompt] = ()
    handlers: Mapping[str, Any] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    closers: Sequence[Callable[[], None]] = ()


@dataclass(frozen=True, slots=True)
class App:
    """Everything that is open. `caller` is whoever started this process; HTTP requests bring their own."""

    settings: Settings
    inventory: Inventory
    pipeline: Pipeline
    resources: Resources
    prompts: Sequence[Prompt]
    skills: Sequence[Skill]
    credentials: Credentials
    caller: Caller
    keys: Keys
    upstream: Upstream
    reach: Reach
    metrics: Metrics
    running: Callable[[], int]
    policy: Callable[[], Policy]
    intents: Intents
    approvals: Approvals
    ended_sessions: EndedSessions
    secret_links: SecretLinks
    following: Following
    additions: Additions

    def face(self, sender_of: Callable[[Any], Caller] | None = None) -> Face:
        """What an MCP client sees of all this. Imports the SDK, which the shell commands never need.

        `sender_of` reads who sent an HTTP request: there each brings its own keys, and those of whoever started this process
        are left out.
        """
        from flintt_mcp.face.face import Face

        return Face(
            inventory=self.inventory,
            pipeline=self.pipeline,
            resources=self.resources,
            prompts=self.prompts,
            following=self.following,
            caller=self.caller if sender_of is None else self.credentials.with_secrets({}),
            sender_of=sender_of,
            state_key=self.keys.state,
            instructions=INSTRUCTIONS,
            skills=self.skills,
            extra=self.additions.handlers,
        )

    def server(self) -> Server[Any]:
        """The MCP server that shows all this."""
        from flintt_mcp.face.server import build_server

        return build_server(self.face())

    def needs_stream(self, tool: str) -> bool:
        """Whether calls of this tool may show progress or ask something."""
        found = self.inventory.get(tool)
        return found is not None and self.pipeline.may_ask(found)


@asynccontextmanager
async def open_app(
    settings: Settings,
    environment: Mapping[str, str],
    additions: Additions | None = None,
    *,
    counted: bool = False,
    at_work: bool = False,
    sender: Sender | None = None,
) -> AsyncIterator[App]:
    """Open the app and all it stands on.

    Args:
        counted: let every call be counted and timed (metrics).
        at_work: let a sandbox deliver its webhooks and run its signals.
        sender: replaces the network, in tests.

    Raises:
        ConfigError: a setting or a variable that cannot work.
    """
    toolsets, urls = toolsets_on(settings, environment), base_urls(environment, sandbox=settings.sandbox)
    async with AsyncExitStack() as stack:
        played = await stack.enter_async_context(_sandbox(settings, at_work)) if settings.sandbox else _Played()
        ground = _Ground(settings, environment, additions or Additions(), toolsets, urls, played, derive_keys(settings))
        database = stack.enter_context(_server_file(ground))
        client = await stack.enter_async_context(_client(ground, database, sender))
        yield _compose(ground, client, database, counted=counted)


def _pipeline(
    ground: _Ground, policy: Callable[[], Policy], intents: Intents, watch: Watch | None, scopes: Scopes | None
) -> Pipeline:
    """Every stage by its name, in the order in which calls pass them: the one list. What is None is off."""
    settings, added = ground.settings, ground.additions.stages
    play = Play({api.name: api for api in APIS}, in_sandbox=settings.sandbox)
    remembered = {Effect.CREATE: settings.remember_creates, Effect.SPEND: settings.remember_spends}
    longest = settings.call_deadline + settings.attempt_timeout
    stages: dict[str, Stage | None] = {
        "watch": watch,
        "scopes": scopes,
        "visible": visible,
        "validate": validate,
        "per_minute": PerMinute(settings.calls_per_minute, time.monotonic) if settings.calls_per_minute else None,
        "strangers": Strangers(math.ceil(settings.calls / 8)),
        "limit": Limit(settings.calls_per_key, settings.calls),
        "spending": Spending(play, allowed=settings.allow_spend),
        "policy": KeepsPolicy(policy, intents, play, time.time),
        "duplicates": None if settings.no_duplicate_check else Duplicates(intents, remembered),
        "approval": Approval(intents, policy, _elsewhere(settings), remembered, time.time),
        "once": Once(intents, remembered, longest, time.time),
    }
    if added.keys() - stages:
        raise ValueError(f"stages are added behind one of {', '.join(stages)}")
    return Pipeline([stage for name, own in stages.items() for stage in (own, added.get(name)) if stage is not None])


def _elsewhere(settings: Settings) -> Elsewhere:
    """Where a person approves who is not asked in the client."""
    folder = f" --data-dir {shlex.quote(settings.data_dir)}" if settings.data_dir else ""
    return Elsewhere(settings.approve_url if approval_secret(settings) else None, f"flintt-mcp approve{folder}")


def _policy(ground: _Ground) -> Callable[[], Policy]:
    """What writes may do: the policy file as it is now, or the settings alone.

    Raises:
        ConfigError: the file is wrong.
    """
    unasked = approved_effects(",".join(ground.settings.approve))
    if not ground.settings.policy:
        fixed = Policy(approve=unasked)
        return lambda: fixed
    tools = {
        row.name: [arg.name for arg in row.args]
        for toolset in TOOLSETS
        for row in toolset.operations
        if not row.effect.reads
    }
    return PolicyFile(Path(ground.settings.policy), lambda text: read_policy(text, unasked, tools))


@dataclass(frozen=True, slots=True)
class _Played:
    """The APIs that are played in this process: who answers below which URL, and sessions by API."""

    routes: Mapping[str, Sender] = field(default_factory=dict)
    sessions: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)


@asynccontextmanager
async def _sandbox(settings: Settings, at_work: bool) -> AsyncIterator[_Played]:
    """The sandbox in this process, answering below SANDBOX_URL. Imported only when asked for."""
    from flintt_mcp.rest.sending.in_process import asgi_sender
    from flintt_mcp.sandbox.at_work import opened_sandbox

    async with opened_sandbox(settings, at_work=at_work) as sandbox:
        yield _Played({SANDBOX_URL: asgi_sender(sandbox.app)}, {FLINTT_MANAGEMENT.name: sandbox.session_for})


@dataclass(frozen=True, slots=True)
class _Ground:
    """What everything stands on: what was asked for, checked, and what is played here."""

    settings: Settings
    environment: Mapping[str, str]
    additions: Additions
    toolsets: Sequence[Toolset]
    urls: Mapping[str, str | None]
    played: _Played
    keys: Keys


@contextmanager
def _server_file(ground: _Ground) -> Iterator[Database]:
    """The server's own file: intents, and what its processes count together. It is made when something is first stored."""
    database = server_file(ground.settings.data_path)
    try:
        yield database
    finally:
        database.close()


def _intents(ground: _Ground, database: Database) -> Intents:
    """What callers want done, remembered by the clock on the wall."""
    journal = Journal(ground.keys.digest, arguments=ground.settings.audit_arguments)
    return StoredIntents(database, ground.keys.digest, time.time, journal)


def _client(ground: _Ground, database: Database, sender: Sender | None) -> AbstractAsyncContextManager[UpstreamClient]:
    """The one client that sends calls to APIs, each within its limits."""
    settings = ground.settings
    window = RequestCounts(database, time.time) if settings.workers > 1 else MemoryWindow(time.monotonic)
    rate = Rate(window, ground.keys.digest)
    limits = Limits(
        connect_timeout=settings.connect_timeout,
        attempt_timeout=settings.attempt_timeout,
        deadline=settings.call_deadline,
        attempts=settings.attempts,
        max_response_bytes=settings.answer_limit,
        max_connections=settings.connections,
    )
    return open_client(limits, Ways(sender=sender, routes=ground.played.routes), admit=rate.admit)


def _keepers(settings: Settings, links: SecretLinks) -> Keepers:
    """Who keeps what an API shows once."""
    return Keepers(here=InFile(settings.data_path / "secrets"), afar=BehindLink(links, settings.approve_url))


def _upstream(ground: _Ground, client: UpstreamClient, links: SecretLinks) -> Upstream:
    """Where calls go, and what goes along."""
    settings = ground.settings
    return Upstream(
        send=client.send,
        places=Places(ground.urls, on_this_machine(ground.urls)),
        results=Results(
            Cursors(ground.keys.cursor),
            Budgets(settings.result_limit),
            keepers=None if settings.show_secrets else _keepers(settings, links),
        ),
        held=Held(_logins(ground, client.send), ground.played.sessions),
        allowed=Allowed(settings.allow_live),
        deadline=settings.call_deadline,
    )


def _logins(ground: _Ground, send: Send) -> dict[str, Callable[[str], Awaitable[str]]]:
    """Tokens of whoever logged in on this machine, for APIs behind OAuth."""
    if ground.settings.sandbox or not any(toolset.api is FLEXTELL for toolset in ground.toolsets):
        return {}
    from flintt_mcp.oauth.source import open_source

    source = open_source(ground.environment, ground.settings.data_path, send)
    return {} if source is None else {FLEXTELL.name: source.token}


def _compose(ground: _Ground, client: UpstreamClient, database: Database, *, counted: bool) -> App:
    """The app over what is open."""
    settings, added, intents = ground.settings, ground.additions, _intents(ground, database)
    links = SecretLinks(database, ground.keys.link, time.time)
    upstream, metrics, handbook = _upstream(ground, client, links), Metrics(), Handbook(default_folder())
    scopes = Scopes(time.monotonic) if settings.hide_unscoped else None
    hides = None if scopes is None else scopes.hides
    policy = _policy(ground)
    watchers = [*([metrics.count] if counted else ()), *([lines.tell_call] if lines.are_wanted() else ())]
    watch = Watch(watchers) if watchers else None
    pipeline = _pipeline(ground, policy, intents, watch, scopes)
    approvals = Approvals(intents, time.time)
    own = OwnIntents(intents, lambda name: inventory.get(name))
    following = Following(intents, own, pipeline.run, time.time)
    waiting = wait_for(ground.toolsets, Looks(own, following, pipeline.run, time.time))
    ours = [
        *insight_tools(
            upstream, [toolset.name for toolset in ground.toolsets], settings.exclude_tools, settings.kept_results
        ),
        *import_tools(
            upstream,
            ground.toolsets,
            StoredImports(database, ground.keys.imports, time.time),
            pipeline.run,
            lambda name: inventory.get(name),
        ),
        GetApproval(intents, approvals, own, pipeline.run).tool,
        waiting,
    ]
    inventory = build_inventory(
        settings,
        ground.toolsets,
        handbook,
        partial(operation_tools, upstream=upstream),
        ours,
        added.tools,
        hides,
    )
    credentials = Credentials(APIS, ground.keys.digest, narrowings(added.tools))
    apis_on = dict.fromkeys(tool.api for tool in inventory if tool.api is not None)
    workspace = Workspace(inventory, pipeline)
    skills = offered_skills(choice_of(settings).toolsets)
    return App(
        settings=settings,
        inventory=inventory,
        pipeline=pipeline,
        resources=Resources(
            [*docs_resources(handbook), *skill_resources(skills), *workspace_resources(workspace), *added.resources]
        ),
        prompts=[*workflow_prompts(skills, workspace), *added.prompts],
        skills=skills,
        credentials=credentials,
        caller=credentials.published() if settings.sandbox else credentials.from_environment(ground.environment),
        keys=ground.keys,
        upstream=upstream,
        reach=Reach(client.reach, {api: ground.urls.get(api) for api in apis_on}),
        metrics=metrics,
        running=lambda: 0 if watch is None else watch.running,
        policy=policy,
        intents=intents,
        approvals=approvals,
        ended_sessions=EndedSessions(database, time.time),
        secret_links=links,
        following=following,
        additions=added,
    )
