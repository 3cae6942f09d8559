"""The command line: argv -> settings -> app.

    main.py       one command line, to its exit code     commands.py   what each command does
    parser.py     commands, options and their help       sandbox.py    what a person does in a sandbox
    outcome.py    a result on stdout, and the exit code

What is written goes through serving/console.py. What heavy things a command needs it imports when it runs.
"""
