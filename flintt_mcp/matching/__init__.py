"""Whether two names, domains or URLs mean one company: exact, likely or not, and why.

In: what people and APIs write of companies. Out: a `Match` with its reason. `companies.py` is the door. Pure: it reads nothing and
knows no API. The rules are measured on lists of pairs that were written before them, or by others (docs/matching.md).
"""
