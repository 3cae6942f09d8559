"""Signing in and staying signed in, against the sandbox's own OAuth server."""
