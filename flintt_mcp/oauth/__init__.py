"""OAuth 2.0 as a client: sign in once with a browser, then keep a good access token at hand.

    registration.py where the server is and who we are      login.py    the authorization-code flow with PKCE
    messages.py     requests and answers, pure              loopback.py the address the browser comes back to
    tokens.py       what is kept                            source.py   a good access token, renewed once and in time
    token_store.py  keyring or file                         (turns: state/file_lock.py)

Nothing here knows an API's operations, and nothing above the command line and the app imports it.
"""
