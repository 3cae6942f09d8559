"""Where each host keeps its servers, and how an entry is put there.

    table.py      one row for each host: files, shape, own command   system.py     this machine: folders by name, commands
    server.py     what a host is to start or call, and its keys      shape.py      that server as one host writes it
    document/     an edit that keeps every other byte                files.py      reading, backup, writing in one step
    installing.py an entry put in or taken out; who has one          own_command.py the host's own way to do it

A host is an application that holds the conversation and starts servers. Nothing here talks to a server.
"""

HOST_NAMES = (
    *("claude-desktop", "claude-code", "cursor", "vscode", "windsurf"),
    *("zed", "codex", "gemini", "goose", "opencode"),
)
"""Every host by the name that a person types; `table.py` has a row for each."""
