"""Whether two names mean one company: measured on lists of labelled pairs, which were written before the rules.

`pairs/development.tsv` is for tuning, `pairs/held_out.tsv` is only measured on. A pair is `same` or `different`, with its kind, two
names (or a domain, a URL, an address in place of one) and their sites where they are known.
"""
