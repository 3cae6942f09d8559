"""Sessions of the revisions up to 2025-11-25: what an id says, which have ended, what runs in them, and what is being asked."""
