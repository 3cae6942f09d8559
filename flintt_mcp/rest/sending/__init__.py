"""The way to the REST APIs.

    request.py   a call as a request, pure      client.py      attempts and deadline      retry.py   when to try again
    network.py   the only network I/O           proxies.py     proxies of the environment rate.py    an API's own limit
    wire.py      opens the network when needed  compression.py bodies, within a bound     message.py request and answer
    in_process.py the sandbox in this process

It knows no tool and no caller: a key comes with the request it is for.
"""
