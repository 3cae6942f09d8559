"""Writes the generated pages of docs/ (`make docs`). It stays out of the wheel: no server needs it."""
