"""More than three hundred statements that mean no good, and what becomes of each, as JSON.

`python -m tests.offers.insight.hostile FOLDER`, with the folder of a seeded sandbox. Out: how many there are, those that were
answered, the slowest in seconds, and the most memory that a process of statements took, in MB. It is a process of its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import anyio
from anyio import to_process

from flintt_mcp.app import open_app
from flintt_mcp.calls.call import Call, QuietChannel
from flintt_mcp.calls.reply import Refused
from flintt_mcp.settings import Settings

READ = "SELECT name FROM companies"
SEPARATORS = ("; ", ";", ";--\n", "; /* */ ", " ;\n\t", ";;")
WRITES = (
    "ATTACH DATABASE '/etc/passwd' AS x",
    "ATTACH ':memory:' AS x",
    "ATTACH 'file:x.db?mode=rwc' AS x",
    "DETACH main",
    "PRAGMA table_info(companies)",
    "PRAGMA hard_heap_limit = 0",
    "PRAGMA temp_store = FILE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA writable_schema = ON",
    "INSERT INTO companies (id) VALUES ('x')",
    "INSERT INTO companies SELECT * FROM companies",
    "REPLACE INTO companies (id) VALUES ('x')",
    "UPDATE companies SET name = 'x'",
    "DELETE FROM companies",
    "DROP TABLE companies",
    "CREATE TABLE x AS SELECT * FROM companies",
    "CREATE VIEW x AS SELECT 1",
    "CREATE TEMP TABLE x (y)",
    "CREATE TRIGGER x AFTER INSERT ON companies BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE x USING fts5(y)",
    "ALTER TABLE companies RENAME TO x",
    "CREATE INDEX x ON companies (name)",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT x",
    "RELEASE x",
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN SELECT 1",
    "WITH x AS (SELECT 1) DELETE FROM companies",
    "WITH x AS (SELECT 1) INSERT INTO companies (id) SELECT * FROM x",
    "WITH x AS (SELECT 1) UPDATE companies SET name = 'x' RETURNING name",
)
FUNCTIONS = (
    "load_extension('x')",
    "load_extension('/lib/x.so', 'y')",
    "readfile('/etc/passwd')",
    "writefile('x', 'y')",
    "edit('x')",
    "randomblob(1000)",
    "zeroblob(1000)",
    "fts3_tokenizer('x')",
    "sqlite_compileoption_get(1)",
    "sqlite_source_id()",
    "sqlite_log(1, 'x')",
    "eval('x')",
    "system('x')",
    "soundex('x')",
    "last_insert_rowid()",
    "changes()",
    "random()",
    "json_patch('{}', '{}')",
)
TABLES = (
    "pragma_table_info('companies')",
    "pragma_database_list",
    "pragma_function_list",
    "pragma_compile_options",
    "dbstat",
    "sqlite_stmt",
    "sqlite_dbpage",
    "fsdir('/')",
    "csv('/etc/passwd')",
    "generate_series(1, 1000000000)",
    "bytecode('SELECT 1')",
    "other.companies",
    "flintt_companies",
    "sqlite_sequence",
)
BROKEN = (
    "",
    " ",
    "--",
    "/* SELECT 1",
    "-- SELECT 1\n",
    "SELECT",
    "SELECT 'x",
    "SELECT 1 FROM",
    "\x00SELECT 1",
    "SELECT 1\x00; DROP TABLE companies",
    "SELEC name FROM companies",
    "SELECT ?",
    "SELECT :key",
    "SELECT @key, $key, ?1",
    "\ufeffINSERT INTO companies VALUES (1)",
)
HUGE = (
    "printf('%.999999c', 'a')",
    "replace(printf('%.1000c', 'a'), 'a', printf('%.900c', 'b'))",
    "hex(printf('%.490000c', 'a'))",
)
NUMBERS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {most}) "
MEMORY = (
    *(
        f"SELECT count(*) FROM (SELECT {huge} AS z, a.id FROM companies a, companies b ORDER BY z, a.id)"
        for huge in HUGE
    ),
    *(
        f"SELECT count(*) FROM (SELECT DISTINCT {huge} || a.id || b.id AS z FROM companies a, companies b)"
        for huge in HUGE
    ),
    *(f"SELECT group_concat({huge}) FROM companies" for huge in HUGE),
    *(f"SELECT json_group_array({huge}) FROM companies a, companies b" for huge in HUGE),
    *(f"SELECT max({huge}) OVER (ORDER BY a.id || b.id) FROM companies a, companies b, companies c" for huge in HUGE),
    *(
        f"WITH x AS MATERIALIZED (SELECT {huge} || a.id AS z FROM companies a, companies b) SELECT count(*) FROM x, x y"
        for huge in HUGE
    ),
    *(
        f"WITH RECURSIVE c(x, n) AS (SELECT {huge}, 1 UNION SELECT x || n, n + 1 FROM c) SELECT count(*) FROM c"
        for huge in HUGE
    ),
    "SELECT printf('%.999999999c', 'a')",
    "SELECT replace(printf('%.900000c', 'a'), 'a', 'bb')",
    "SELECT hex(printf('%.900000c', 'a'))",
    "SELECT a.*, b.*, c.* FROM prospects a, prospects b, prospects c",
    NUMBERS.format(most=10**9) + "SELECT * FROM n",
    NUMBERS.format(most=10**9) + "SELECT DISTINCT x % 100000000 FROM n",
)


def doubled(levels: int, join: str = ", ") -> str:
    """Views of views, each of which names the one before twice: 2 ** levels of them."""
    steps = [f"c{level} AS (SELECT p.id FROM c{level - 1} p{join}c{level - 1} q)" for level in range(1, levels)]
    return f"WITH c0 AS (SELECT id FROM companies), {', '.join(steps)} SELECT count(*) FROM c{levels - 1}"


DEEP = (
    *("SELECT " + "(" * depth + "1" + ")" * depth for depth in (200, 500, 1900)),
    *("SELECT " + "+".join("1" * count) for count in (300, 900, 1900)),
    *("SELECT " + "-" * 3 + "NOT " * count + "1" for count in (300, 900)),
    *("SELECT 1" + " UNION SELECT 1" * count for count in (60, 200)),
    *("SELECT " + "(SELECT " * depth + "1" + ")" * depth for depth in (150, 300)),
    *("SELECT * FROM " + "(SELECT * FROM " * depth + "companies" + ")" * depth for depth in (150, 200)),
    *("SELECT 1 FROM " + ", ".join(f"companies t{number}" for number in range(count)) for count in (65, 150)),
    "SELECT " + ", ".join("1" * 400),
    "SELECT abs(" * 200 + "1" + ")" * 200,
    "SELECT CASE " + "WHEN 1 THEN CASE " * 150 + "1 END",
    "SELECT max(" + ", ".join("1" * 200) + ")",
    *(doubled(levels) for levels in (12, 20, 40, 60)),
    *(doubled(levels, " LEFT JOIN ") for levels in (8, 12, 20)),
)
TIME = (
    NUMBERS.format(most=10**12) + "SELECT count(*) FROM n",
    NUMBERS.format(most=10**12) + "SELECT sum(x * x) FROM n",
    "SELECT count(*) FROM prospects a, prospects b, prospects c, prospects d",
    "SELECT instr(a, b || 'c') FROM (SELECT printf('%.900000c', 'a') AS a, printf('%.450000c', 'a') AS b)",
    "SELECT trim(a, b) FROM (SELECT printf('%.300000c', 'a') AS a, printf('%.300000c', 'b') || 'a' AS b)",
    f"SELECT count(*) FROM prospects a, prospects b, prospects c WHERE a.name || b.name || c.name LIKE '{'%a' * 40}%z'",
    f"SELECT printf('%.20000c', 'a') LIKE '{'%a' * 60}b'",
)


def statements() -> list[str]:
    """All of them, each once."""
    found = [
        *WRITES,
        *(READ + separator + write for separator in SEPARATORS for write in WRITES[:20]),
        *(f"/* {write} */ {write} -- {READ}" for write in WRITES[:12]),
        *(f"SELECT {function}" for function in FUNCTIONS),
        *(f"SELECT name FROM companies WHERE {function} IS NULL" for function in FUNCTIONS),
        *(f"SELECT * FROM {table}" for table in TABLES),
        *(f"SELECT (SELECT count(*) FROM {table}) FROM companies" for table in TABLES if "(" in table or "." in table),
        *(f"{READ} UNION SELECT 1 FROM {table}" for table in TABLES[7:]),
        *BROKEN,
        *MEMORY,
        *DEEP,
        *TIME,
    ]
    return list(dict.fromkeys(found))


def peak() -> float:
    """The most memory that this process took, in MB; not what its parent had taken when it started it, which rusage counts in."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


async def told(folder: Path) -> dict[str, object]:
    """What becomes of each."""
    slowest, memory, answered = 0.0, 0.0, []
    async with open_app(Settings(sandbox=True, data_dir=str(folder)), {}) as app:
        tool = app.inventory.find("query_workspace", app.caller)
        for sql in statements():
            began = time.monotonic()
            reply = await app.pipeline.run(Call(tool, {"sql": sql}, app.caller, QuietChannel()))
            slowest = max(slowest, time.monotonic() - began)
            memory = max(memory, await to_process.run_sync(peak))
            if not isinstance(reply, Refused) or reply.error.message.startswith("The server failed"):
                answered.append(sql[:120])
    return {"count": len(statements()), "answered": answered, "slowest": round(slowest, 2), "memory": round(memory, 1)}


def main() -> None:
    """Tell it."""
    print(json.dumps(anyio.run(told, Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
