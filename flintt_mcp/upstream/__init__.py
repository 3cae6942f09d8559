"""The way to the REST APIs: `request.py` builds a request without any I/O, `client.py` sends it."""
