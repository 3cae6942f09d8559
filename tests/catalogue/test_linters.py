"""What others say of our tools: the keyless lint of the Tool Definition Quality Score finds nothing to mend."""

from __future__ import annotations

from tdqs import lint_server, parse_tool_definitions

from scripts.handbook.pages import all_tools

TOOLS = [tool.wire for tools in all_tools().values() for tool in tools]
KNOWN = {
    # It needs four arguments, all of them the API's, and any tool that needs none is thought to be called in its place.
    ("flowmaticx_create_job", "shadow-candidate"),
}


def test_a_public_linter_has_no_error_and_no_warning_for_any_tool() -> None:
    report = lint_server(server_name="flintt-mcp", tools=parse_tool_definitions(TOOLS).tools)
    found = [*report.findings, *(finding for tool in report.tools for finding in tool.findings)]
    assert len(report.tools) == len(TOOLS)
    assert {(one.tool, one.rule) for one in found if one.severity != "info"} == KNOWN
