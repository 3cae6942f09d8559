"""An entry put into a file of settings, or taken out of it, with every other byte as it was.

    jsonc.py   JSON, also with comments and commas at an end     toml.py   TOML     yaml.py   YAML

Each has `value(text)`, `put(text, path, value)` and `take_out(text, path)`; `edit.py` does them by format, and compares what was
there before with what is there afterwards. What cannot be read is `Malformed`, with its line.
"""
