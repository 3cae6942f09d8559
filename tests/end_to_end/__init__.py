"""Real processes, real HTTP on loopback: the product as a person meets it on one machine."""
