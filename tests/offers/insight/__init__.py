"""Answers over a whole workspace: the snapshot, the statements on it, and the tools."""
