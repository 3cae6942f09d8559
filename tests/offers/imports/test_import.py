"""An import from preview to end: what is made is what the preview said, once, whatever comes between."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.asking import FORM, NAME
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.reply import Ask, Done, Refused, objects_of
from flintt_mcp.errors import StoreFailed, ToolInputError
from flintt_mcp.rest.sending.message import TransportFault
from tests.certain import of_kind, there
from tests.clock import SetClock
from tests.face.test_tasks import served
from tests.fake_api import KEYS, call
from tests.offers.imports.crm import SOON, Crm, at_once, opened, says
from tests.offers.test_waiting import Heard

pytestmark = pytest.mark.anyio


def stand_still(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock on the wall is the test's own."""
    import time

    monkeypatch.setattr("flintt_mcp.app.time", SimpleNamespace(time=clock.seconds, monotonic=time.monotonic))


async def told(app: App, tool: str, **arguments: Any) -> dict[str, Any]:
    return dict(there(of_kind(Done, await call(app, tool, arguments)).structured))


async def pages(app: App, tool: str, **arguments: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the first page tells, and the rows of all pages."""
    first = page = await told(app, tool, **arguments)
    rows = objects_of(page["rows"])
    while "next_cursor" in page:
        id = {"import_id": first["import_id"]} if tool == "commit_import" else {}
        page = await told(app, tool, cursor=page["next_cursor"], **id)
        rows += objects_of(page["rows"])
    return first, rows


def many(count: int) -> str:
    lines = [f"Company {at:03} AG,c{at}.example" for at in range(1, count + 1)]
    return "company,website\n" + "\n".join(lines)


async def test_a_preview_says_of_each_row_what_becomes_of_it_and_a_commit_does_that(tmp_path: Path) -> None:
    crm = Crm(tmp_path)
    crm.add("companies", {"name": "Nova Inc", "domain": "nova.example"})
    crm.add("companies", {"name": "Orbit GmbH"})
    crm.add("prospects", {"company_id": "c1", "name": "Ann"})
    csv = (
        "Company;Website;Contact;E-Mail;Value\r\n"
        "Acme AG;acme.de;Eva Maier;eva@acme.de;12.500,50\r\n"
        "acme;;Jan Roth;jan@acme.de;\r\n"
        "Nova;https://nova.com;Ann;;\r\n"
        "Orbit Inc;;;;\r\n"
        "Bad;not a url;;;\r\n"
        ";x.com;;;\r\n"
        "=HYPERLINK(1);;;;\r\n"
        "Mail Co;;;nobody;\r\n"
    )
    async with opened(tmp_path, crm) as app:
        preview, rows = await pages(app, "preview_import", csv=csv, with_deals=True)
        before = len(crm.names)
        done, after = await pages(app, "commit_import", import_id=preview["import_id"])
    assert before == 2
    assert preview["columns"] == {
        "Company": "company.name",
        "Website": "company.website",
        "Contact": "deal.name",
        "E-Mail": "deal.email",
        "Value": "deal.estimated_value",
    }
    assert {row["row"]: (row["result"], row["deal"] or "", row["why"] or "") for row in rows} == {
        1: ("create", "create", ""),
        2: ("duplicate", "create", "exact row 1: same name but for the legal form"),
        3: ("exists", "exists p1", "same name but for the legal form: Nova Inc"),
        4: ("likely", "", "same name, other legal form: Orbit GmbH"),
        5: ("invalid", "", "website is no URL"),
        6: ("invalid", "", "has no company name"),
        7: ("invalid", "", "name is a formula"),
        8: ("invalid", "", "email is no e-mail address"),
    }
    assert crm.made("companies")[2:] == [{"id": "c3", "name": "Acme AG", "website": "https://acme.de"}]
    assert crm.made("prospects")[1:] == [
        {"id": "p2", "company_id": "c3", "name": "Eva Maier", "email": "eva@acme.de", "estimated_value": 12500.5},
        {"id": "p3", "company_id": "c3", "name": "Jan Roth", "email": "jan@acme.de"},
    ]
    assert (done["left"], done["companies"], done["deals"]) == (0, {"created": 1}, {"created": 2})
    assert [(row["result"], row["id"] or "", row["deal_id"] or "") for row in after[:3]] == [
        ("created", "c3", "p2"),
        ("duplicate", "c3", "p3"),
        ("exists", "c1", ""),
    ]


async def test_doubtful_rows_are_made_where_the_person_decided_so_and_others_left_out(tmp_path: Path) -> None:
    crm = Crm(tmp_path)
    crm.add("companies", {"name": "Orbit GmbH"})
    async with opened(tmp_path, crm) as app:
        rows = [{"name": name} for name in ("Orbit Inc", "Alpha One", "Beta Two", "Alpha One")]
        id = (await told(app, "preview_import", rows=rows))["import_id"]
        await told(app, "commit_import", import_id=id, add="1,4", skip="3")
    assert crm.names == ["Orbit GmbH", "Orbit Inc", "Alpha One", "Alpha One"]


@pytest.mark.parametrize(
    "given", [{"add": "9"}, {"add": "x"}, {"skip": "3-1"}, {"add": "2", "skip": "2"}, {"add": "1"}]
)
async def test_rows_that_are_none_are_refused_before_anything_is_made(tmp_path: Path, given: dict[str, str]) -> None:
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", rows=[{"name": "=1"}, {"name": "Orbit"}]))["import_id"]
        error = of_kind(Refused, await call(app, "commit_import", {"import_id": id, **given})).error
    assert isinstance(error, ToolInputError)
    assert crm.names == []


async def test_a_deal_that_the_api_may_hide_is_not_made_unless_the_person_says_so(tmp_path: Path) -> None:
    """A stage is at the cap of what the API shows, so nobody can see whether this company has a deal already."""
    crm = Crm(tmp_path)
    for number in range(100):
        crm.add("prospects", {"company_id": f"other {number}", "stage": "prospect", "name": "Ann"})
    crm.add("companies", {"name": "Orbit GmbH"})
    crm.add("companies", {"name": "Nova Inc"})
    async with opened(tmp_path, crm) as app:
        given = [{"company": name} for name in ("Orbit GmbH", "Nova Inc", "Fresh Co")]
        preview, rows = await pages(app, "preview_import", rows=given, with_deals=True)
        done = await told(app, "commit_import", import_id=preview["import_id"], add="2")
    assert {row["row"]: row["deal"] for row in rows} == {1: "unsure", 2: "unsure", 3: "create"}
    assert (done["companies"], done["deals"]) == ({"created": 1}, {"created": 2})
    assert [row["company_id"] for row in crm.rows("prospects")[100:]] == ["c2", "c3"]
    assert crm.names == ["Orbit GmbH", "Nova Inc", "Fresh Co"]


@pytest.mark.long
async def test_five_hundred_rows_and_a_kill_in_the_middle_come_to_exactly_what_was_previewed(tmp_path: Path) -> None:
    """The process dies after the API made row 250 and before it answered: nobody knows, so the next one looks."""
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        preview, rows = await pages(app, "preview_import", csv=many(500))
        program = [sys.executable, "-m", "tests.offers.imports.crm", str(tmp_path), preview["import_id"], "250"]
        killed = await anyio.run_process(program, check=False)
        made = len(crm.names)
        done, after = await pages(app, "commit_import", import_id=preview["import_id"])
        again, _ = await pages(app, "commit_import", import_id=preview["import_id"])
    assert (killed.returncode, made) == (9, 250)
    assert [row["result"] for row in rows] == ["create"] * 500
    assert crm.names == [row["company"] for row in sorted(rows, key=lambda row: row["row"])]
    assert (done["left"], done["companies"], again["companies"]) == (0, {"created": 500}, {"created": 500})
    assert [row["id"] for row in after] == [row["id"] for row in crm.rows("companies")]
    assert crm.writes == 250


async def test_two_commits_at_once_in_two_servers_make_each_row_once(tmp_path: Path) -> None:
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as one, opened(tmp_path, crm) as other:
        id = (await told(one, "preview_import", csv=many(40)))["import_id"]
        results: list[dict[str, Any]] = []

        async def commit(app: App) -> None:
            results.append(await told(app, "commit_import", import_id=id))

        async with anyio.create_task_group() as group:
            for app in (one, other, one, other):
                group.start_soon(commit, app)
    assert [result["companies"] for result in results] == [{"created": 40}] * 4
    assert sorted(crm.names) == [f"Company {at:03} AG" for at in range(1, 41)]


def refuses() -> TransportFault:
    return TransportFault("connection refused", sent=False)


def vanishes() -> TransportFault:
    return TransportFault("the connection was reset", sent=True)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(says(429, {"retry-after": "7"}), "429", id="429"),
        pytest.param(says(401), "401", id="401"),
        pytest.param(refuses, "connection refused", id="unreachable"),
    ],
)
async def test_a_failure_of_the_api_in_the_middle_loses_nothing(tmp_path: Path, fault: Any, said: str) -> None:
    crm = Crm(tmp_path, {5: fault})
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(12)))["import_id"]
        first = await told(app, "commit_import", import_id=id)
        second = await told(app, "commit_import", import_id=id)
    assert (first["left"], first["companies"]["created"]) == (8, 4)
    assert said in first["stopped"]
    assert "What was done is kept" in first["stopped"]
    assert "call commit_import again with the same arguments" in first["next"]
    assert (second["left"], second["companies"]) == (0, {"created": 12})
    assert crm.names == [f"Company {at:03} AG" for at in range(1, 13)]


@pytest.mark.parametrize("fault", [pytest.param(says(503), id="503"), pytest.param(vanishes, id="reset")])
async def test_a_row_whose_answer_was_lost_is_looked_for_before_it_is_made_again(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    stand_still(clock, monkeypatch)
    crm = Crm(tmp_path, {5: fault})
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(12)))["import_id"]
        first = await told(app, "commit_import", import_id=id)
        second = await told(app, "commit_import", import_id=id)
        clock.forward(seconds=2)
        third = await told(app, "commit_import", import_id=id)
    assert (first["left"], first["companies"]) == (8, {"created": 4, "unknown": 1})
    assert (second["left"], second["companies"]) == (1, {"created": 11, "unknown": 1})
    assert "wait" in objects_of(second["rows"])[0]["why"]
    assert (third["left"], third["companies"]) == (0, {"created": 12})
    assert sorted(crm.names) == [f"Company {at:03} AG" for at in range(1, 13)]


async def test_a_row_that_the_api_refuses_keeps_no_other_from_being_made(tmp_path: Path) -> None:
    crm = Crm(tmp_path, {2: says(422)})
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(3)))["import_id"]
        done, rows = await pages(app, "commit_import", import_id=id)
    assert (done["left"], done["companies"]) == (0, {"created": 2, "failed": 1})
    assert [row["result"] for row in rows] == ["created", "failed", "created"]


async def test_what_came_into_the_workspace_after_the_preview_is_not_made_again(tmp_path: Path) -> None:
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(3)))["import_id"]
        crm.add("companies", {"name": "Company 002 AG"})
        done, rows = await pages(app, "commit_import", import_id=id)
    assert done["companies"] == {"created": 2, "exists": 1}
    assert "seems to be there already: id=c1" in rows[1]["why"]
    assert len(crm.names) == 3


async def test_an_import_is_there_for_its_caller_alone_and_for_an_hour(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(clock, monkeypatch)
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        preview = await told(app, "preview_import", csv=many(300))
        stranger = app.credentials.with_secrets({**KEYS, "flintt": "flt_another_key"})
        given = {"import_id": preview["import_id"]}
        theirs = of_kind(Refused, await call(app, "commit_import", given, stranger)).error
        page = of_kind(Refused, await call(app, "preview_import", {"cursor": preview["next_cursor"]}, stranger)).error
        clock.forward(seconds=3601)
        late = of_kind(Refused, await call(app, "commit_import", given)).error
    assert theirs.message == late.message == "import_id: there is none of that id for this key"
    assert page.message.startswith("cursor: ")
    assert crm.writes == 0


def on_the_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("server.db*"))


async def test_nothing_of_an_import_can_be_read_from_the_disk(tmp_path: Path) -> None:
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        await told(
            app, "preview_import", rows=[{"name": "Secretive Holdings", "email": "a@b.example"}], with_deals=True
        )
    kept = on_the_disk(tmp_path)
    assert len(kept) > 1000
    assert b"Secretive" not in kept


async def test_a_person_is_asked_once_for_the_whole_import(tmp_path: Path, clock: SetClock, monkeypatch: Any) -> None:
    stand_still(clock, monkeypatch)
    crm, channel = Crm(tmp_path), QuietChannel("http", frozenset({FORM}))
    async with opened(tmp_path, crm, approve=("create",)) as app:
        id = (await told(app, "preview_import", csv=many(3), with_deals=True))["import_id"]
        asked = of_kind(Ask, await call(app, "commit_import", {"import_id": id}, channel=channel))
        assert crm.writes == 0
        clock.forward(seconds=5)
        yes = {NAME: {"action": "accept", "content": {"approve": True}}}
        who = app.credentials.with_secrets(KEYS)
        tool = app.inventory.find("commit_import", who)
        answered = Call(tool, {"import_id": id}, who, channel, yes, asked.state)
        crm.faults[4] = says(503)
        first = there(of_kind(Done, await app.pipeline.run(answered)).structured)
        clock.forward(seconds=1200)
        second = there(of_kind(Done, await call(app, "commit_import", {"import_id": id}, channel=channel)).structured)
    message = asked.requests[NAME]["params"]["message"]
    assert message.startswith(
        "Add 3 companies and 3 deals to Flintt, all in one import\nCompanies: Company 001 AG, Company 002 AG"
    )
    assert (first["left"], second["left"], len(crm.names), len(crm.rows("prospects"))) == (2, 0, 3, 3)


async def test_a_no_leaves_everything_as_it_is(tmp_path: Path) -> None:
    crm, channel = Crm(tmp_path), QuietChannel("http", frozenset({FORM}))
    async with opened(tmp_path, crm, approve=("create",)) as app:
        id = (await told(app, "preview_import", csv=many(3)))["import_id"]
        asked = of_kind(Ask, await call(app, "commit_import", {"import_id": id}, channel=channel))
        who = app.credentials.with_secrets(KEYS)
        tool = app.inventory.find("commit_import", who)
        said = Call(tool, {"import_id": id}, who, channel, {NAME: {"action": "decline"}}, asked.state)
        of_kind(Refused, await app.pipeline.run(said))
    assert crm.writes == 0


async def test_leads_of_a_job_go_in_by_its_id(tmp_path: Path) -> None:
    leads = [
        {
            "id": 1,
            "businessName": "Walsh Plumbing",
            "website": "walsh.example",
            "category": "Plumber",
            "email": "i@walsh.example",
        },
        {"id": 2, "businessName": "Doyle & Sons", "decisionMakerName": "Pat Doyle", "decisionMakerRole": "Owner"},
    ]
    crm = Crm(tmp_path)

    async def api(request: Any) -> Any:
        if "/leads" in request.url:
            from tests.offers.imports.crm import _answer

            return _answer({"ok": True, "data": {"leads": leads, "total": 2}})
        return await crm(request)

    async with opened(tmp_path, api) as app:  # type: ignore[arg-type]  # any sender
        preview = await told(app, "preview_import", from_job=7, with_deals=True)
        await told(app, "commit_import", import_id=preview["import_id"])
    assert preview["read"][0] == "job 7: leads 2 of 2, without those that cost nothing"
    assert crm.made("companies") == [
        {"id": "c1", "name": "Walsh Plumbing", "sector": "Plumber", "website": "https://walsh.example"},
        {"id": "c2", "name": "Doyle & Sons"},
    ]
    assert [(row["company_id"], row.get("name"), row.get("title")) for row in crm.rows("prospects")] == [
        ("c1", None, None),
        ("c2", "Pat Doyle", "Owner"),
    ]


async def test_a_client_that_follows_tasks_gets_one_at_once_and_its_looks_do_the_work(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(clock, monkeypatch)
    crm = Crm(tmp_path, {3: says(429, {"retry-after": "1"})})
    with at_once():
        async with served(tmp_path, crm, **SOON) as asks:  # type: ignore[arg-type]  # any sender
            key = {"X-Flintt-Key": KEYS["flintt"]}
            previewed = await asks.begun("preview_import", {"csv": many(5)}, headers=key)
            id = previewed["structuredContent"]["import_id"]
            task = await asks.begun("commit_import", {"import_id": id}, headers=key)
            begun = len(crm.names)
            stopped = await asks.get(task["taskId"], headers=key)
            clock.forward(seconds=3)
            done = await asks.get(task["taskId"], headers=key)
    assert (task["resultType"], task["status"], begun) == ("task", "working", 0)
    assert stopped["status"] == "working"
    assert stopped["statusMessage"].startswith("The import has 3 rows left (companies: 2 created). It stopped: ")
    assert done["status"] == "completed"
    assert done["result"]["structuredContent"]["companies"] == {"created": 5}
    assert len(crm.names) == 5


async def test_a_task_that_is_called_off_makes_no_more_rows(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(clock, monkeypatch)
    crm = Crm(tmp_path)
    with at_once():
        async with served(tmp_path, crm, **SOON) as asks:  # type: ignore[arg-type]  # any sender
            key = {"X-Flintt-Key": KEYS["flintt"]}
            previewed = await asks.begun("preview_import", {"csv": many(5)}, headers=key)
            id = previewed["structuredContent"]["import_id"]
            task = await asks.begun("commit_import", {"import_id": id}, headers=key)
            await asks("tasks/cancel", taskId=task["taskId"], headers=key)
            clock.forward(seconds=3)
            ended = await asks.get(task["taskId"], headers=key)
    assert ended["status"] == "cancelled"
    assert crm.writes == 0


async def test_a_store_that_fails_in_the_middle_loses_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came of rows cannot be noted; what is told is told all the same, and nothing is made again."""
    crm = Crm(tmp_path)
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(4)))["import_id"]
        with monkeypatch.context() as broken:
            broken.setattr("flintt_mcp.state.imports.StoredImports.save", fails)
            first = await told(app, "commit_import", import_id=id)
        second = await told(app, "commit_import", import_id=id)
    assert first["companies"] == second["companies"] == {"created": 4}
    assert crm.writes == 4


async def fails(*_: Any, **__: Any) -> None:
    raise StoreFailed("The server could not use its store")


async def test_a_turn_ends_after_its_time_and_tells_how_far_it_is_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second passes with each look at the clock, and a turn has 45."""
    seconds = itertools.count()
    monkeypatch.setattr("flintt_mcp.offers.imports.tools.time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    crm, heard = Crm(tmp_path), Heard()
    left: list[int] = []
    async with opened(tmp_path, crm) as app:
        id = (await told(app, "preview_import", csv=many(50)))["import_id"]
        while not left or left[-1]:
            done = of_kind(Done, await call(app, "commit_import", {"import_id": id}, channel=heard))
            left.append(there(done.structured)["left"])
            assert len(left) < 10
    assert len(left) > 2
    assert left == sorted(set(left), reverse=True)
    assert heard.said[:2] == [(0, 50, "row 1"), (1, 50, "row 2")]
    assert crm.names == [f"Company {at:03} AG" for at in range(1, 51)]
