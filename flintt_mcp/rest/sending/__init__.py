"""The way to the REST APIs.

    request.py    a call as a request, pure       client.py    attempts and deadline      retry.py      when to try again
    network.py    one attempt, without a proxy    http1.py     one connection             origin.py     a request as bytes
    proxied.py    one attempt, through a proxy    proxies.py   proxies of the environment compression.py bodies, within a bound
    first_use.py  opens the network when needed   in_process.py the sandbox in this process  routes.py   by base URL to either
    message.py    request and answer              limits.py    what a call may take       rate.py       an API's own limit
    shares.py     fair shares for keys            reach.py     do the APIs answer?        no_answer.py  a call without one

It knows no tool and no caller: a key comes with the request it is for.
"""
