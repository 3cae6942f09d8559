"""The Flextell sandbox: a store of resources behind bearer tokens, and the OAuth 2.0 server that issues them."""
