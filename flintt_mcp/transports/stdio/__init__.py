"""The stdio transport: one JSON-RPC message a line, in on stdin, out on stdout.

    serve.py         one client, from its first line to its last    service.py  what there is to serve
    conversation.py  what was agreed, and who answers a message     talk.py     requests at work, side by side
    wire.py          the two descriptors, and lines                 flow.py     reading and writing in an event loop
    sdk.py           the SDK, loaded when something needs it

What needs neither the app nor the SDK is answered before either is loaded: people wait for what they start.
"""
