"""What the server keeps on its machine: durable state shared by its processes, its own keys, and private files.

Nothing here knows a tool, and only keyed digests of what callers send are ever stored.
"""
