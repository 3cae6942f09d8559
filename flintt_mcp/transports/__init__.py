"""How clients reach the server: stdio, Streamable HTTP and legacy SSE.

In: bytes of a pipe or of HTTP requests. Out: messages for the SDK's `Server`, each with the `Caller` it came from. The rooms
below know nothing of tools or APIs. `stdio` must stay free of HTTP imports, because its start is measured.
"""
