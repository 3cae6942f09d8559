"""Running signals: sources, items, what is found in them, and what is made of it."""
