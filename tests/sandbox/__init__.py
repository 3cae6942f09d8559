"""The sandbox, spoken to over HTTP without a network, at a moment that tests set."""
