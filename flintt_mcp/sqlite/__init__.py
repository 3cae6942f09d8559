"""One way to open a SQLite file: private, in WAL mode, brought up to date, used in transactions of plain functions."""

from flintt_mcp.sqlite.causes import Busy, Full, storage_fault
from flintt_mcp.sqlite.database import Database, Work
from flintt_mcp.sqlite.migrations import Migration, NewerFile

__all__ = ["Busy", "Database", "Full", "Migration", "NewerFile", "Work", "storage_fault"]
