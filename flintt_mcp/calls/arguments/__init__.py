"""What a call is given: the schema that clients see, what is allowed, and the words in which a mistake is told. Pure."""
