"""What is on offer: which toolsets are on, the handbook, resources, prompts and workflows.

Everything here is a value (`Tool`, `Resource`, `Prompt`) that `face/` shows and the pipeline runs.
"""
