"""What a call is, and the way that every call goes, from whichever transport it came.

    tool.py       a tool that describes itself     caller.py     who calls, and with which keys
    call.py       one call, and its way back       reply.py      what comes of it
    inventory.py  all tools that are on            arguments.py  rows -> input schema, and the check of what was sent
    pipeline.py   stage after stage, then the tool wording.py    how an error reads
    stages/       one file for each stage

It knows no transport, no protocol and no API.
"""
