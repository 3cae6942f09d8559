"""Streamable HTTP and legacy SSE on one URL, with what stands before and beside it. `app.py` is the door."""
