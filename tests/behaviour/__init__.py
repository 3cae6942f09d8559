"""What the server does, seen by the official SDK's client: the same tests on every transport, at old and new revisions."""
