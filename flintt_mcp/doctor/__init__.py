"""What can be wrong between a host and an API: each thing is looked at, with what to do about it.

finding.py   what was found                       machine.py   this command, its version, its data, its port
apis.py      keys, and the way to each API        server.py    the server, started as a host starts it
hosts.py     the entries in every host's files    rounds.py    all of it, at once
"""
