"""One SELECT in an SQLite of its own, in memory. It runs in a process apart (`apart.py`) and imports the standard library alone.

In: tables, one statement, and rows as marshalled chunks. Out: what the statement reads, or its rows, or a `Fault`. SQLite's heap
limit, which holds for a whole process, bounds its memory here; a statement may read the tables and nothing else: no other file,
no write, no PRAGMA, no extension. What takes too long inside one function is ended from outside.
"""

from __future__ import annotations

import marshal
import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

SECONDS = 2.0
HEAP = 24 * 1024 * 1024
"""Bytes that SQLite may take: the tables, and whatever a statement sorts and groups."""
MOST_ROWS = 10_000
MOST_BYTES = 2_000_000
_STEPS = 1000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_SPELLED = """
    abs avg ceil ceiling char coalesce concat concat_ws count cume_dist date datetime dense_rank first_value floor format glob
    group_concat hex ifnull iif instr json json_array json_array_length json_each json_extract json_group_array
    json_group_object json_object json_type json_valid julianday lag last_value lead length like likely lower ltrim max min
    money mod nth_value ntile nullif percent_rank power printf quote rank replace round row_number rtrim sign sqrt strftime
    string_agg substr substring sum time timediff total trim typeof unicode unixepoch unlikely upper -> ->>
"""
FUNCTIONS = frozenset(_SPELLED.split())
"""What a statement may call."""
_QUOTED = re.compile(r"""'[^']*'|`[^`]*`|\[[^]]*]|--[^\n]*|/\*.*?(?:\*/|\Z)|"(?P<name>(?:[^"]|"")*)["]""", re.DOTALL)
"""What stands between quotes or in a comment; only double quotes hold a `name`."""
_READABLE = frozenset({"json_each", "json_tree", "sqlite_master", "sqlite_schema"})
"""What may be read besides the tables; the schema names them and their columns."""

Rows = Mapping[str, Sequence[bytes]]
"""Rows by table, in chunks: marshalled lists of tuples, one value for each of the columns that are given."""
Schema = Mapping[str, Sequence[tuple[str, str]]]
Why = Literal["sql", "several", "no select", "not allowed", "function", "time", "memory", "too many rows", "lost"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer. `text` is SQLite's sentence, or the name of what is not allowed."""

    why: Why
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reads:
    """The tables that a statement reads, each with the columns it reads of it, in the table's order."""

    tables: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement found."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def start() -> None:
    """Nothing: a process that has done this is there, and has loaded what the others need."""


def reads(schema: Schema, sql: str) -> Reads | Fault:
    """What a statement would read, asked of SQLite on empty tables: it is prepared and not run."""
    with _Opened(schema) as opened:
        return opened.judged(lambda: opened.prepared(sql))


def answer(schema: Schema, sql: str, columns: Mapping[str, Sequence[str]], rows: Rows) -> Answer | Fault:
    """The rows of a statement over these rows, of which only `columns` are given."""
    with _Opened(schema) as opened:
        filled = opened.judged(lambda: opened.fill(columns, rows))
        return filled if isinstance(filled, Fault) else opened.judged(lambda: opened.run(sql))


class _Opened:
    """An empty database with the tables of a schema, and nothing but reading allowed from the statement on."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._read: dict[str, set[str]] = {}
        self._selects = False
        self._refused: Fault | None = None
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)

    def __enter__(self) -> _Opened:
        connection = self._connection
        if connection.execute(f"PRAGMA hard_heap_limit = {HEAP}").fetchone() is None:
            raise RuntimeError("SQLite before 3.31 cannot bound its memory")
        connection.execute("PRAGMA temp_store = MEMORY")
        for table, columns in self._schema.items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {type}' for name, type in columns)})")
        for table in ("json_each", "json_tree"):  # first use defines them, which the authorizer would take for a write
            connection.execute(f"SELECT 1 FROM {table}('[]')").close()
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for name, count, function in _OWN_FUNCTIONS:
            connection.create_function(name, count, function, deterministic=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def judged(self, work: Callable[[], Any]) -> Any:
        """What the work gives, or the fault it ends with."""
        try:
            return work()
        except MemoryError:
            return Fault("memory")
        except sqlite3.Error as error:
            text = str(error)
            if self._refused is not None:
                return self._refused
            if "one statement at a time" in text:
                return Fault("several")
            return Fault("time") if text == "interrupted" else Fault("sql", text)
        except sqlite3.Warning:  # several statements, before Python 3.12
            return Fault("several")

    def fill(self, columns: Mapping[str, Sequence[str]], rows: Rows) -> None:
        """Put rows in, chunk by chunk."""
        for table, names in columns.items():
            if names:
                marks = ", ".join("?" * len(names))
                statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            else:
                statement = f"INSERT INTO {table} DEFAULT VALUES"
            for chunk in rows[table]:
                self._connection.executemany(statement, marshal.loads(chunk))

    def prepared(self, sql: str) -> Reads | Fault:
        """What SQLite reads for a statement."""
        self._guard()
        self._connection.execute("EXPLAIN " + _with_names(sql)).close()
        if not self._selects:
            return Fault("no select")
        return Reads({table: self._columns_read(table, names) for table, names in self._read.items()})

    def run(self, sql: str) -> Answer | Fault:
        """The rows of a statement that was prepared before."""
        self._guard()
        cursor = self._connection.execute(_with_names(sql))
        if cursor.description is None or not self._selects:
            return Fault("no select")
        rows: list[tuple[Any, ...]] = []
        size = 0
        for row in cursor:
            shown = tuple(value.hex() if isinstance(value, bytes) else value for value in row)
            size += sum(len(value) for value in shown if isinstance(value, str)) + 8 * len(shown)
            rows.append(shown)
            if len(rows) > MOST_ROWS or size > MOST_BYTES:
                return Fault("too many rows")
        return Answer(tuple(column[0] for column in cursor.description), rows)

    def _columns_read(self, table: str, names: set[str]) -> tuple[str, ...]:
        return tuple(name for name, _ in self._schema[table] if name in names)

    def _guard(self) -> None:
        """From here on only reading, for a while."""
        for limit, most in _LIMITS.items():
            self._connection.setlimit(limit, most)
        end = time.monotonic() + SECONDS
        self._connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        self._connection.set_authorizer(self._allows)

    def _allows(self, action: int, one: str | None, two: str | None, *_: str | None) -> int:
        """SQLite asks before each thing that a statement does."""
        name = (one or "").lower()
        match action:
            case sqlite3.SQLITE_SELECT:
                self._selects = True
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_RECURSIVE:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if name in self._schema:
                self._read.setdefault(name, set()).add(two or "")
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if name in _READABLE or not two:  # without a column: a subquery by its name
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION if (two or "").lower() in FUNCTIONS:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION:
                self._refused = Fault("function", two or "")
            case sqlite3.SQLITE_READ:
                self._refused = Fault("not allowed", name)
            case _:
                self._refused = Fault("no select")
        return sqlite3.SQLITE_DENY


def _with_names(sql: str) -> str:
    """The statement with backticks for double quotes, in which SQLite takes a column that is not there for a text."""

    def named(quoted: re.Match[str]) -> str:
        name = quoted["name"]
        return quoted[0] if name is None else "`" + name.replace('""', '"').replace("`", "``") + "`"

    return _QUOTED.sub(named, sql)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _like(pattern: Any, value: Any, escape: Any = None) -> bool | None:
    """LIKE in any case of any script, where SQLite's own knows ASCII alone."""
    if pattern is None or value is None:
        return None
    return _matcher(str(pattern), escape)(str(value)) is not None


@lru_cache(maxsize=64)
def _matcher(pattern: str, escape: str | None) -> Callable[[str], Any]:
    parts, characters = [], iter(pattern)
    for character in characters:
        if character == escape:
            parts.append(re.escape(next(characters, "")))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL).fullmatch


def _money(cents: Any) -> str | None:
    """Hundredths as the decimal a person writes; an average is rounded to whole ones."""
    if not isinstance(cents, int | float):
        return None
    cents = round(cents)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


_OWN_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("lower", 1, _lower),
    ("upper", 1, _upper),
    ("like", 2, _like),
    ("like", 3, _like),
    ("money", 1, _money),
)
