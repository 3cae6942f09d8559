"""Which companies of a workspace a text names: their spellings, where they stand, and whether they are meant."""
