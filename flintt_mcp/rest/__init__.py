"""An operation of a REST API as a tool: build >> send >> read.

    operation_tool.py  the tool that a row of the catalogue becomes     upstream.py    what all of them stand on
    endpoint.py        one endpoint, and one call to it: build >> send  credential.py  whose key goes along
    readers.py         what reads a list or a record                    sending/       one request and its answer
    lookup.py          one record, found by walking a list              reading/       what an answer says, cut to a page
    shown_once.py      a record that holds a secret                     keepers.py     where it waits for the person

It knows no protocol of MCP and nothing of who else is asking.
"""
