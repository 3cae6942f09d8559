"""From a source on the network to a result in the v1 API: a signal is built, runs, finds companies, judges, tells, opens deals."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest

from flintt_mcp.sandbox.flintt.running.build import Build
from flintt_mcp.sandbox.flintt.running.runner import build_signal, run_signal, run_waiting
from flintt_mcp.sandbox.flintt.running.sources.reach import MAX_BYTES
from tests.sandbox.running.source_reading import feed_of
from tests.sandbox.running.source_server import rss

pytestmark = pytest.mark.anyio

NEWS = (
    ("Kestrel Machines raises €12M Series B", "The round was led by Nordwind.", "https://news.example/1"),
    ("Kestrel Machines denies it is raising money", "There are no plans to raise funds.", "https://news.example/2"),
    ("Weather stays fine", "No company is named here.", "https://news.example/3"),
    ("Quill Robotics bags $5 million seed round", "It will hire in Lille.", "https://news.example/4"),
)
AT = "2026-09-30T09:00:00Z"


@pytest.fixture
async def companies(flintt) -> dict[str, str]:
    """Two companies that the news speaks of: name -> id."""
    made = {}
    for name in ("Kestrel Machines GmbH", "Quill Robotics"):
        made[name] = (await flintt.post("companies", json={"name": name})).json()["id"]
    return made


async def test_a_feed_on_the_network_becomes_results_in_the_documented_shapes(
    flintt, app, web, companies, make_signal, run_now
):
    url = web.put("/feed.xml", rss(*NEWS))
    signal_id = await make_signal({"kind": "feed", "url": url}, frequency="daily")

    run = await run_now(signal_id)

    assert {key: run[key] for key in run if key not in ("id", "run", "raw_results", "validation_results")} == {
        "signal_id": signal_id,
        "status": "completed",
        "run_mode": "manual",
        "started_at": AT,
        "ended_at": AT,
        "results_count": 2,
        "completed_at": AT,
        "raw_count": 3,
        "valid_count": 2,
        "deal_count": 0,
    }
    raw_id = run["raw_results"][0]["id"]
    assert run["raw_results"][0] == {
        "id": raw_id,
        "company_name": "Kestrel Machines GmbH",
        "signal": "Kestrel Machines raises €12M Series B",
        "source_url": "https://news.example/1",
        "source_type": "news",
        "created_at": AT,
    }
    judged = run["validation_results"][0]
    assert judged == {
        "id": raw_id.replace("rr_", "vr_"),
        "is_valid": True,
        "confidence": judged["confidence"],
        "company_name": "Kestrel Machines GmbH",
        "signal_summary": "Kestrel Machines raises €12M Series B.",
        "why_now": "Fresh capital is an expansion budget that is usually committed within two quarters.",
        "evidence_sources": [{"url": "https://news.example/1", "title": "Kestrel Machines raises €12M Series B"}],
    }
    assert UUID(raw_id.removeprefix("rr_"))
    assert judged["confidence"] > 0.9
    assert [result["is_valid"] for result in run["validation_results"]] == [True, False, True]
    assert run["validation_results"][1]["why_now"] is None
    signal = (await flintt.get(f"signals/{signal_id}")).json()
    assert (signal["status"], signal["tool_count"], signal["last_run_at"]) == ("active", 1, AT)


async def test_a_matching_company_is_enriched_and_what_was_known_of_it_stays(
    flintt, sandbox, web, companies, make_signal, run_now
):
    def know(connection):
        connection.execute(
            "UPDATE flintt_companies SET enrichment_data = ? WHERE id = ?",
            (json.dumps({"industry": "Machines"}), companies["Kestrel Machines GmbH"]),
        )

    await sandbox.database.write(know)
    signal_id = await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))})
    run = await run_now(signal_id)

    (company,) = (await flintt.get("companies", params={"name": "Kestrel Machines GmbH"})).json()
    assert company["enrichment_data"] == {
        "industry": "Machines",
        "signals": [
            {
                "signal_id": signal_id,
                "signal": "Funding",
                "run_id": run["id"],
                "topic": "funding",
                "summary": "Kestrel Machines raises €12M Series B.",
                "confidence": run["validation_results"][0]["confidence"],
                "source_url": "https://news.example/1",
                "found_at": AT,
            }
        ],
    }


async def test_a_valid_result_opens_a_deal_where_the_signal_asks_for_it_and_one_only(
    flintt, web, companies, make_signal, run_now
):
    url = web.put("/feed.xml", rss(*NEWS))
    signal_id = await make_signal({"kind": "feed", "url": url}, opens_deals=True, deal_stage="qualified")
    await flintt.post("prospects", json={"company_id": companies["Quill Robotics"]})

    run = await run_now(signal_id)

    assert run["deal_count"] == 1
    newest = (await flintt.get("prospects", params={"stage": "qualified", "limit": 100})).json()
    (deal,) = [deal for deal in newest if deal["company_id"] == companies["Kestrel Machines GmbH"]]
    assert deal["next_step"] == "Look at: Kestrel Machines raises €12M Series B"


async def test_a_lost_deal_does_not_stop_a_new_one(flintt, web, companies, make_signal, run_now):
    await flintt.post("prospects", json={"company_id": companies["Quill Robotics"], "stage": "lost"})
    signal_id = await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))}, opens_deals=True)

    assert (await run_now(signal_id))["deal_count"] == 2


async def test_every_event_of_a_run_is_written_with_its_change(app, sandbox, web, companies, make_signal, run_now):
    webhook = {"name": "All", "endpoint_url": "https://hooks.example.com/x", "event_types": [
        "signal.run.completed", "signal.run.result", "prospect.created",
    ]}  # fmt: skip
    assert (await app.post("outbound-webhooks", json=webhook)).status_code == 201
    signal_id = await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))}, opens_deals=True)
    run = await run_now(signal_id)

    def told(connection):
        rows = connection.execute("SELECT event, body FROM webhook_deliveries ORDER BY rowid").fetchall()
        return [(row["event"], json.loads(row["body"])["data"]) for row in rows]

    events = await sandbox.database.read(told)
    assert [event for event, _ in events] == [
        "prospect.created",
        "signal.run.result",
        "prospect.created",
        "signal.run.result",
        "signal.run.completed",
    ]
    assert events[1][1] == {
        "signal_id": signal_id,
        "run_id": run["id"],
        "company_id": companies["Kestrel Machines GmbH"],
        **run["validation_results"][0],
    }
    assert events[-1][1] == {
        "signal_id": signal_id,
        "run_id": run["id"],
        "status": "completed",
        "valid_count": 2,
        "raw_count": 3,
        "deal_count": 2,
    }


async def test_an_item_is_reported_once_however_often_and_through_however_many_sources_it_comes(
    web, companies, make_signal, run_now
):
    first = web.put("/a.xml", rss(*NEWS))
    second = web.put("/b.xml", rss(("Kestrel Machines raises", "€12M", "http://www.news.example/1/?utm_source=b#top")))
    signal_id = await make_signal({"kind": "feed", "url": first}, {"kind": "feed", "url": second})

    assert (await run_now(signal_id))["raw_count"] == 3
    again = await run_now(signal_id)
    assert (again["status"], again["raw_count"], again["raw_results"]) == ("completed", 0, [])
    web.put("/b.xml", rss(("Quill Robotics raises €1M", "A round.", "https://news.example/9")))
    assert [raw["source_url"] for raw in (await run_now(signal_id))["raw_results"]] == ["https://news.example/9"]


def called(id: str, headline: str, link: str) -> str:
    """An item with an id of its own."""
    return f'<title>{headline}</title><link>{link}</link><guid isPermaLink="false">{id}</guid>'


async def test_items_with_one_link_and_ids_of_their_own_are_all_reported(web, companies, make_signal, run_now):
    status = "https://status.example/"
    url = web.put("/a.xml", feed_of(called("1", "Kestrel Machines raises €1M", status)))
    signal_id = await make_signal({"kind": "feed", "url": url})
    first = await run_now(signal_id)
    web.put("/a.xml", feed_of(called("2", "Kestrel Machines raises €2M", status)))
    second = await run_now(signal_id)

    assert (first["raw_count"], second["raw_count"]) == (1, 1)


async def test_one_article_that_two_sources_call_by_different_ids_is_reported_once(
    web, companies, make_signal, run_now
):
    link = "https://news.example/acme"
    sources = [
        {"kind": "feed", "url": web.put("/a.xml", feed_of(called("a-1", "Kestrel Machines raises €1M", link)))},
        {"kind": "feed", "url": web.put("/b.xml", feed_of(called("b-7", "Kestrel Machines raises €1M", link)))},
        {"kind": "page", "url": web.put("/c", f"<h2><a href='{link}'>Kestrel Machines raises €1M</a></h2>")},
    ]

    for order in (sources, sources[::-1]):
        assert (await run_now(await make_signal(*order)))["raw_count"] == 1


async def test_what_was_reported_by_its_address_before_there_were_ids_is_not_reported_again(
    sandbox, web, companies, make_signal, run_now
):
    def forget_ids(connection):
        rows = "UPDATE flintt_found_items SET item_key = address_key, position = NULL WHERE signal_id = ?"
        connection.execute(rows, (signal_id,))

    url = web.put("/a.xml", feed_of(called("a-1", "Kestrel Machines raises €1M", "https://news.example/acme")))
    signal_id = await make_signal({"kind": "feed", "url": url})
    await run_now(signal_id)
    await sandbox.database.write(forget_ids)

    assert (await run_now(signal_id))["raw_count"] == 0


async def test_a_signal_that_is_built_anew_reports_everything_again(app, web, companies, make_signal, run_now):
    tool = {"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))}
    signal_id = await make_signal(tool)
    await run_now(signal_id)
    await app.post(f"signals/{signal_id}/build", json={"tools": [tool]})

    assert (await run_now(signal_id))["raw_count"] == 3


async def test_a_page_a_json_document_and_files_are_read_too(web, folder, companies, make_signal, run_now):
    page = web.put(
        "/news",
        "<html><head><title>News</title></head><body><nav>Quill Robotics</nav><h2><a href='/a/1'>Kestrel Machines secures"
        " €3m funding</a></h2><p>From a fund.</p><h2>Nothing else</h2></body></html>",
    )
    document = web.put(
        "/api", json.dumps({"data": {"hits": [{"headline": "Quill Robotics raises €2M", "link": "/b/2"}, 7, {}]}})
    )
    (folder / "deep").mkdir()
    (folder / "deep" / "notes.txt").write_text("Quill Robotics lands $7 million round")
    (folder / "feed.xml").write_text(rss(*NEWS[:1]))
    signal_id = await make_signal(
        {"kind": "page", "url": page},
        {"kind": "json", "url": document, "items_at": "data.hits", "source_type": "registry"},
        {"kind": "file", "path": "deep/notes.txt", "source_type": "blog"},
        {"kind": "file", "path": "feed.xml"},
    )
    run = await run_now(signal_id)

    base = f"http://127.0.0.1:{web.port}"
    assert [(raw["signal"], raw["source_url"], raw["source_type"]) for raw in run["raw_results"]] == [
        ("Kestrel Machines secures €3m funding", f"{base}/a/1", "news"),
        ("Quill Robotics raises €2M", f"{base}/b/2", "registry"),
        ("Quill Robotics lands $7 million round", "file:deep/notes.txt", "blog"),
        ("Kestrel Machines raises €12M Series B", "https://news.example/1", "news"),
    ]
    assert run["valid_count"] == 4


@pytest.mark.parametrize(
    ("path", "put", "problem"),
    [
        ("/gone", None, "the source answered 404"),
        ("/prose", {"body": "no feed at all"}, "not an RSS or Atom feed"),
        ("/long", {"body": b" " * (MAX_BYTES + 1)}, "longer than 4 MiB"),
        ("/away", {"body": "", "status": 302, "location": "http://10.0.0.1/feed"}, "not allowed"),
        ("/round", {"body": "", "status": 302, "location": "/round"}, "more than 3 redirects"),
        ("/packed", {"body": b"\x1f\x8b", "content_encoding": "gzip"}, "compressed"),
    ],
)
async def test_a_source_that_cannot_be_read_makes_a_run_partial_and_says_why(
    app, web, companies, make_signal, run_now, path, put, problem
):
    bad = web.put(path, **put) if put else f"http://127.0.0.1:{web.port}{path}"
    signal_id = await make_signal({"kind": "feed", "url": bad}, {"kind": "feed", "url": web.put("/ok", rss(*NEWS))})
    run = await run_now(signal_id)

    sources = (await app.get(f"signals/runs/{run['id']}/sources")).json()
    assert (run["status"], run["raw_count"], run["completed_at"]) == ("partial", 3, AT)
    assert [source["item_count"] for source in sources] == [0, 4]
    assert problem in sources[0]["problem"]
    assert sources[1]["problem"] is None


@pytest.mark.parametrize("from_the_shell", [False, True])
async def test_a_source_that_a_parser_breaks_on_fails_by_itself_and_says_so(
    app, sandbox, flintt, web, companies, make_signal, run_now, caplog, from_the_shell
):
    breaks = "<rss version='2.0'><channel><item><link></item></link></channel></rss>"
    signal_id = await make_signal(
        {"kind": "feed", "url": web.put("/breaks", breaks)}, {"kind": "feed", "url": web.put("/ok", rss(*NEWS))}
    )
    if from_the_shell:
        user = (await flintt.get("companies")).json()[0]["user_id"]
        run = (await run_signal(sandbox.ground, user, signal_id))["run"]
    else:
        run = await run_now(signal_id)

    first, second = (await app.get(f"signals/runs/{run['id']}/sources")).json()
    assert (run["status"], run["raw_count"], second["problem"]) == ("partial", 3, None)
    assert re.fullmatch(r"reading it broke off \(KeyError in \w+\.\w+\)", first["problem"])
    assert "Traceback" not in caplog.text


async def test_an_emoji_in_two_halves_fails_no_source(web, companies, make_signal, run_now):
    news = rss(("Kestrel Machines raises EMOJI", "Half: HALF", "https://news.example/1"))
    halves = news.replace("EMOJI", "&#55357;&#56832;").replace("HALF", "&#55357; &#x110000;")
    run = await run_now(await make_signal({"kind": "feed", "url": web.put("/feed.xml", halves)}))

    assert (run["status"], [raw["signal"] for raw in run["raw_results"]]) == (
        "completed",
        ["Kestrel Machines raises 😀"],
    )


async def test_the_character_set_of_the_http_header_is_heard(flintt, web, make_signal, run_now):
    await flintt.post("companies", json={"name": "Кестрел Машины"})
    news = rss(("Кестрел Машины привлекает 5 млн", "Раунд.", "https://news.example/1")).encode("windows-1251")
    url = web.put("/feed.xml", news, content_type="text/xml; charset=windows-1251")
    run = await run_now(await make_signal({"kind": "feed", "url": url}))

    assert [raw["signal"] for raw in run["raw_results"]] == ["Кестрел Машины привлекает 5 млн"]


async def test_a_source_with_entries_that_say_nothing_is_told_of(app, web, companies, make_signal, run_now):
    mute = web.put("/mute", json.dumps({"results": [{"ref": 1}, {"ref": 2}]}))
    signal_id = await make_signal({"kind": "json", "url": mute}, {"kind": "feed", "url": web.put("/ok", rss(*NEWS))})
    run = await run_now(signal_id)

    first, second = (await app.get(f"signals/runs/{run['id']}/sources")).json()
    assert (run["status"], run["raw_count"]) == ("partial", 3)
    assert first["problem"] == "its 2 entries have no headline and no text that could be read"
    assert second["problem"] is None


async def test_a_company_whose_website_is_no_address_stops_no_run(flintt, web, companies, make_signal, run_now):
    assert (await flintt.post("companies", json={"name": "Odd", "website": "https://["})).status_code == 201
    run = await run_now(await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))}))

    assert (run["status"], run["raw_count"]) == ("completed", 3)


async def test_a_run_without_a_readable_source_fails(web, make_signal, run_now):
    signal_id = await make_signal({"kind": "json", "url": web.put("/x", "[")})
    run = await run_now(signal_id)

    assert (run["status"], run["ended_at"], run["completed_at"]) == ("failed", AT, None)


async def test_a_redirect_within_what_is_allowed_is_followed_and_links_are_relative_to_where_it_led(
    web, companies, make_signal, run_now
):
    web.put("/moved/new.xml", rss(("Kestrel Machines raises €1M", "A round.", "1.html"), *NEWS[1:]))
    signal_id = await make_signal({"kind": "feed", "url": web.put("/old.xml", "", 301, location="/moved/new.xml")})
    run = await run_now(signal_id)

    assert (run["raw_count"], run["raw_results"][0]["source_url"]) == (3, f"http://127.0.0.1:{web.port}/moved/1.html")
    assert web.asked == ["/old.xml", "/moved/new.xml"]


async def test_a_signal_that_is_deleted_takes_its_run_along(flintt, sandbox, app, web, make_signal):
    signal_id = await make_signal({"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))})
    asked = (await app.post(f"signals/{signal_id}/runs")).json()
    await flintt.delete(f"signals/{signal_id}")
    await run_waiting(sandbox.ground)

    assert (await flintt.get(f"runs/{asked['id']}")).status_code == 404
    assert web.asked == []


async def test_the_functions_of_the_command_line_build_and_run(sandbox, flintt, web, companies):
    signal = (await flintt.post("signals", json={"name": "Funding rounds"})).json()
    user = (await flintt.get("companies")).json()[0]["user_id"]
    wanted = Build.model_validate({"tools": [{"kind": "feed", "url": web.put("/feed.xml", rss(*NEWS))}]})
    built = await build_signal(sandbox.ground, user, signal["id"], wanted)
    detail = await run_signal(sandbox.ground, user, signal["id"])

    assert built == (await flintt.get(f"signals/{signal['id']}")).json() | {"last_run_at": None}
    assert detail["run"]["status"] == "completed"
    assert detail["run"]["valid_count"] == 2
