"""What one process of a server tells the others: what came to the wrong one, and what has ended."""
