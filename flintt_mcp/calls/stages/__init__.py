"""The stages of the pipeline, one file each. A stage is `(Call, next) -> Reply`; `app.py` orders them in one list."""
