"""The tests. They mirror the rooms of the package; `cases/` holds one file per operation, `snapshots/` one per tool."""
