"""From an address to the items found there: what may be read, how it is fetched, decoded, parsed and told apart."""
