"""The command line: argv -> settings -> app.

    main.py       one command line, to its exit code         commands.py     what each command does
    parser.py     commands, options and their help           installing.py   this server in the hosts of this machine
    showing.py    a result as text, table, JSON or CSV       doctor.py       what is wrong, and what to do
    outcome.py    a result on stdout, and the exit code      tool_help.py    a tool's arguments as options
    deciding.py   a person at a terminal says yes or no      completing.py   what a shell completes
    audit.py      the journal                                sandbox.py      what a person does in a sandbox

What is written goes through serving/console.py. What heavy things a command needs it imports when it runs.
"""
