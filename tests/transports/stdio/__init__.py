"""The stdio transport: what is answered without the SDK, what is handed over to it, and the bounds of both."""
