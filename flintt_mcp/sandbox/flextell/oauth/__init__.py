"""The OAuth 2.0 server of the Flextell sandbox: RFC 6749 with PKCE (RFC 7636), loopback redirects (RFC 8252), revocation
(RFC 7009), metadata (RFC 8414) and the issuer in answers (RFC 9207).

Written here and not taken from a library: those there are bring a framework's request objects and an ORM's models, and the
glue to this sandbox's transactions would be longer than these rules are.
"""
