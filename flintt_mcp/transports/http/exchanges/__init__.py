"""Requests from the gate to the last byte of their answers: who may come in, how much they may bring, and how answers go out.

gate.py hosts.py cors.py    keys come out of the request, strangers stay outside, allowed pages may read
exchange.py body.py         one request and its answer, which can be cut; the message that it brought, within bounds
accept.py events.py         what a client takes; an answer that may become a stream
streams.py                  open streams, counted
watched.py                  the line of the log
json_responses.py options.py   short answers of our own; what an operator can set
"""
