"""Streamable HTTP and legacy SSE on one URL: what is asked, who answers, and the pages beside it. `app.py` is the door."""
