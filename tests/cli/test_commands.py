"""Tools from the shell: listed and called; one that refuses says why and ends with exit code 1."""

from __future__ import annotations

import csv
import io
import json

import pytest

from flintt_mcp.calls.reply import objects_of


def test_the_tools_are_listed_with_what_they_do(say) -> None:
    code, out, err = say("tools")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["list_companies", "read", "List", "Flintt", "companies"]
    assert "delete_signal    destroy  Delete a Flintt signal" in lines
    assert "flintt-mcp call TOOL" in lines[-1]


def test_the_tools_are_listed_as_a_client_gets_them(say) -> None:
    code, out, _ = say("tools", "--json", "--toolsets", "docs")
    assert code == 0
    assert [tool["name"] for tool in json.loads(out)] == ["list_docs", "get_doc", "search_docs"]
    assert all({"inputSchema", "annotations"} <= tool.keys() for tool in json.loads(out))


def test_a_result_that_is_text_alone_is_text_in_its_structured_form_too(say) -> None:
    code, out, _ = say("call", "get_doc", "--slug", "errors", "--section", "Input errors", "--json")
    assert code == 0
    assert json.loads(out)["text"].startswith("## Input errors\n")


def test_a_read_only_server_lists_only_what_reads(say) -> None:
    code, out, _ = say("tools", "--json", "--read-only", "--toolsets", "all")
    assert code == 0
    assert all(tool["annotations"]["readOnlyHint"] for tool in json.loads(out))
    assert say("call", "delete_signal", "--signal-id", "s1", "--read-only")[2].startswith(
        "delete_signal failed: delete_signal is switched off here: this server is read-only."
    )


def test_a_public_tool_is_called_without_a_key(say) -> None:
    code, out, err = say("call", "search_docs", "--query", "rate limit", "--limit=1")
    assert (code, err) == (0, "")
    assert out.startswith("hits: 1\n")


def test_a_tool_is_called_on_the_sandbox(say) -> None:
    code, out, err = say("call", "list_signals", "--sandbox", "--limit", "2")
    assert (code, err) == (0, "")
    assert out.startswith("signals: 2 of 12 (Flintt data, not instructions)\n")


def test_arguments_come_as_options_or_as_json_and_options_win(say) -> None:
    words = [
        "call",
        "list_companies",
        "--sandbox",
        "--json",
        "--arguments",
        '{"limit": 5, "name": "a"}',
        "--limit",
        "1",
    ]
    code, out, _ = say(*words)
    assert code == 0
    assert json.loads(out)["count"] == 1


def test_what_was_written_from_the_shell_is_there_at_the_next_call(say) -> None:
    code, out, _ = say("call", "create_company", "--sandbox", "--name", "Zebra Works", "--json")
    made = json.loads(out)["company"]
    assert code == 0
    again = say("call", "list_companies", "--sandbox", "--name", "zebra works", "--json")
    assert [row["id"] for row in objects_of(json.loads(again[1])["companies"])] == [made["id"]]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            ["list_companies"],
            [
                "list_companies failed: list_companies needs a Flintt key.",
                "Changed: no.",
                "Next: set the environment variable FLINTT_API_KEY, or add --sandbox to try without an account (a key looks like "
                "flt_... and comes from the workspace settings of Flintt).",
            ],
        ),
        (
            ["list_company"],
            [
                "list_company failed: Unknown tool: list_company.",
                "Changed: no.",
                "Next: did you mean list_companies or create_company?",
            ],
        ),
        (
            ["list_docs", "--nmae", "x"],
            [
                "list_docs failed: nmae: unknown argument; this tool takes developers.",
                "Changed: no.",
                "Next: correct the arguments and call again.",
            ],
        ),
    ],
)
def test_a_tool_that_refuses_says_why_on_stderr_and_ends_with_1(say, words: list[str], lines: list[str]) -> None:
    code, out, err = say("call", *words)
    assert (code, out) == (1, "")
    assert err.splitlines() == lines


def test_the_sandbox_key_is_never_sent_to_the_real_api(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINTT_API_KEY", "flt_sandbox_key")
    code, _, err = say("call", "list_companies")
    assert code == 1
    assert err.startswith(
        "list_companies failed: This is the public sandbox key, and this server works with the real Flintt API."
    )


def test_the_help_of_a_tool_is_what_it_takes(say) -> None:
    code, out, err = say("call", "create_prospect", "--help", "--sandbox")
    assert (code, err) == (0, "")
    assert out.startswith("usage: flintt-mcp call create_prospect [--ARGUMENT VALUE]...")
    assert "  --company-id TEXT" in out
    assert "--log-level" not in out
    assert say("call", "--help", "create_prospect", "--sandbox")[1] == out
    assert "[required" in say("call", "create_company", "--help")[1]
    taken = " ".join(say("call", "preview_import", "--help")[1].split())
    assert "give it in --arguments: --csv is an option of every call" in taken
    assert "{daily,weekly,monthly}" in say("call", "create_signal", "-h")[1]


def test_the_help_of_call_is_its_own_and_a_tool_that_is_not_on_has_none(say) -> None:
    assert say("call", "--help")[1].startswith("usage: flintt-mcp call TOOL ")
    assert say("call")[::2] == (2, "flintt-mcp: call: say which tool. `flintt-mcp tools` lists them\n")
    code, out, err = say("call", "flextell_list", "--help")
    assert (code, out) == (2, "")
    assert "no tool 'flextell_list' is on" in err


def test_the_rows_of_a_list_come_as_csv(say) -> None:
    code, out, err = say("call", "list_signals", "--sandbox", "--limit", "2", "--csv")
    rows = list(csv.reader(io.StringIO(out)))
    told = json.loads(say("call", "list_signals", "--sandbox", "--limit", "2", "--json")[1])["signals"]
    assert (code, err) == (0, "")
    assert rows[0] == told["columns"]
    assert rows[1:] == [["" if cell is None else str(cell) for cell in row] for row in told["rows"]]
    assert say("call", "get_doc", "--slug", "errors", "--csv")[0] == 2
    assert say("call", "list_signals", "--csv", "--json")[0] == 2


def test_a_person_at_a_terminal_gets_a_table_that_fits(say, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = say("call", "list_signals", "--sandbox", "--limit", "3")[1]
    monkeypatch.setattr("flintt_mcp.cli.showing._at_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "90")
    code, out, _ = say("call", "list_signals", "--sandbox", "--limit", "3")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == plain.splitlines()[0]
    assert lines[1].split()[:2] == ["id", "name"]
    assert [line[:36] for line in lines[2:5]] == [line[:36] for line in plain.splitlines()[2:5]]
    assert [line for line in lines[1:5] if len(line) > 90] == []
    assert [line for line in lines if line.startswith("more:")] == [
        line for line in plain.splitlines() if line.startswith("more:")
    ]
