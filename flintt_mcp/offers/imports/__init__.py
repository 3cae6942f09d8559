"""Many companies at once, and a deal for each: previewed row by row, then made once a person agreed.

    columns.py delimited.py cells.py rows.py   somebody's table as arguments of the tools that make companies and deals
    there.py workspace.py leads.py             what is in the workspace already, and the leads of a job
    plan.py kept.py                            what becomes of each row, and how that is kept until it is done
    work.py                                    row after row, each an ordinary call with an intent of its own
    preview_import.py commit_import.py pages.py   what the tools do, and the page of rows that they hand back
    described.py tools.py                      what the tools say of themselves, and both put together

What a preview says is what a commit does: rows are decided once. No row is made twice, however often a commit comes again.
"""
