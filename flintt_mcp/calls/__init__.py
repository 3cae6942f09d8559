"""What a call is, and the way that every call goes, from whichever transport it came.

    tool.py       a tool that describes itself        caller.py    who calls, and with which keys
    call.py       one call, and its way back          reply.py     what comes of it
    arguments.py  the check of what was sent          kinds.py     one argument: its type, its schema
    meaning.py    what a call means, as one text      inventory.py all tools that are on
    pipeline.py   stage after stage, then the tool    wording.py   how an error reads
    names.py      names from outside                  stages/      one file for each stage

It knows no transport, no protocol and no API.
"""
