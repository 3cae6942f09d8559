"""Signals that run: `build` attaches sources, `runner` carries out runs, `schedule` says when, `routes` opens it to the app.

A run is a sequence of durable steps (`ledger`): read a source (`sources`), find companies (`finding`), judge (`judging`), finish.
Each step is one transaction with keys that are the same however often it is tried.
"""
