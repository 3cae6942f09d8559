"""The handbook: the bundled markdown of docs/ as documents, as tools and as resources. Public: it needs no key."""
