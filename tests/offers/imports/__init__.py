"""Imports: what is understood of somebody's table, what a preview says, and that a commit does exactly that, once."""
