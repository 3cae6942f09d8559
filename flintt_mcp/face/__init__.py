"""The MCP face: what a client of any protocol revision sees of the tools, resources and prompts.

    server.py            the SDK server, put together          shown.py              what is shown, to whom, and the way back
    tool_requests.py     the list of tools, and calls          resource_requests.py  resources, templates, and reading
    prompt_requests.py   the list of prompts, and one, filled  completions.py        suggestions for an argument
    questions.py         questions in the middle of a request  replies.py            replies in the form of the wire
    meta.py              whether the SDK would take a `_meta`

It holds no rule about a tool: those live in the pipeline. Beside `transports/` this is the only room that knows the SDK.
"""
