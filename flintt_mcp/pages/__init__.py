"""What people look at in a browser: pages made on the server, from what is on offer, that a visitor's own key brings to life.

    site.py       the pages by their path          look.py      templates, files beside them, what a browser may do with them
    connect.py    what to give each host           forms.py     a tool's arguments as fields of a form
    written.py    the handbook as HTML             status.py    how the server does, for its operator

Nothing here sees a key or calls a tool: what a visitor tries goes from the page to the MCP endpoint, as from any other client.
"""
