"""The MCP face: what a client of any protocol revision sees of the tools, resources and prompts.

    server.py     the SDK server, put together            shown.py        what is shown, to whom, and the way back to them
    calls.py      the list of tools, and calls            resources.py    lists of resources and templates, and reading
    prompts.py    the list of prompts, and one, filled    completions.py  suggestions for an argument
    questions.py  questions to the client in the middle of a request

It holds no rule about a tool: those live in the pipeline. Beside `transports/` this is the only room that knows the SDK.
"""
