"""What every API of the sandbox stands on: data folder, doors, rows, seeds, texts, its voice and the set-up of its app."""
