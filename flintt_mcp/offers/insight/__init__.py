"""Answers over a whole workspace: a snapshot of the caller's rows with its coverage told, and the tools that stand on it.

    tables.py cells.py     what can be asked about, and how an API's value becomes a cell
    lists.py deals.py findings.py kept_runs.py at_once.py effort.py   how rows are read, as completely as the API allows
    snapshot.py coverage.py   the rows that one question needs, and how much of all there is they are
    engine.py apart.py statement.py   one SELECT on them, in a process of its own, and what to say when it is none
    query_workspace.py result.py   what the tool does, and the page of rows that it hands back
    list_findings.py       what was found, by company, signal, confidence and time
    match_companies.py     which company a name means
    described.py tools.py   what the tools say of themselves, and all of them put together

Nothing is invented and nothing is written to disk. Rows are read with the caller's own key, and are nobody else's.
"""
