"""An operation of a REST API as a tool: build >> send >> read.

    operation_tool.py  the tool that a row of the catalogue becomes
    lookup.py          one record, found by walking a list           shown_once.py  results that hold a secret
    sending/           one request and its answer, over the network  reading/       what the answer says, cut to a page

It knows no protocol of MCP and nothing of who else is asking.
"""
