"""Whether an item about a company is what a signal looks for: the interface of a validator, and one that works offline."""
