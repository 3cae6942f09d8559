"""The command line: argv -> settings -> app.

    main.py       one command line, to its exit code     commands.py   what each command does
    parser.py     commands, options and their help       sandbox.py    what a person does in a sandbox

Nothing else in the house prints. What heavy things a command needs it imports when it runs.
"""
