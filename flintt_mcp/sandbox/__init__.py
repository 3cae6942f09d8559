"""The sandbox: full local versions of the APIs, on SQLite, for trying out and for tests.

`server.open_sandbox` is the door. Each API is a package of its own that declares its own routes, tables and seed. Nothing
here may import `flintt_mcp.catalogue`: the sandbox is the independent witness that the catalogue is tested against.
"""
