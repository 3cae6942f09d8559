"""Tests of the transports: through real sockets and pipes where it matters, through ASGI where it does not."""
