"""The way out of the sandbox: requests to addresses that a user chose, through one guard."""
