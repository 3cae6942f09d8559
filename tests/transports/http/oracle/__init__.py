"""The server beside the SDK's own session manager: what one answers the other does, but for what is listed."""
