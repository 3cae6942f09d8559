"""What salespeople ask, done with the fewest calls we know: how many calls that takes, and how much text reaches a model.

    task.py       a task: the question, the calls that answer it, and the truth it is held against
    desk.py       who does it: a client of the real server over the seeded sandbox, that counts
    truth.py      the sandbox's own database, which knows the answers without the server
    questions.py  tasks that only ask           changing.py  tasks that change something

An answer is right when it equals what the database says, which no tool had a hand in.
"""

from bench.tasks.changing import CHANGING
from bench.tasks.questions import QUESTIONS
from bench.tasks.task import Task

TASKS: tuple[Task, ...] = (*QUESTIONS, *CHANGING)
"""All of them; those that change something come last."""
