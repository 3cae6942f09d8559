"""The MCP face in memory: the exact words of every answer. `tests/behaviour` shows the same server over every transport."""
