"""The command line as a person uses it, in this process and in one of its own: what it prints, and how it ends."""
