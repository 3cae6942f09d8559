"""What the server keeps on its machine: durable state shared by its processes, its own keys, and private files.

Nothing here knows a tool. A caller is a keyed digest everywhere, and no key is stored; what a write was given and what came of it
lies in a file of mode 600 until a day later.
"""
