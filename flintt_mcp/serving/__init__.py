"""Serving over HTTP, from the app that is served to the processes that serve it.

    asgi.py       the whole server as one ASGI app     process.py    one process: socket, start, graceful end
    ready.py      what a server says once it is up     workers.py    several processes on one socket
    draining.py   streams end first at a shutdown      logs.py       logging, without any secret
    memory.py     the garbage collector at start-up    console.py    lines on stdout and stderr, which never fail work
    punctual.py   a bound on the head of a request

Nothing here knows a tool or a message of the protocol: `face/` and `transports/` do.
"""
