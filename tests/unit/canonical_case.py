"""A workspace with mappings and landed files, for tests of the mapping and of canonical.

Landed files are written here as the landing floor writes them (text columns, ``_row`` counting from 2) and noted in the
real ledger, so that these tests depend on nothing of landing but that interface.
"""

from __future__ import annotations

import hashlib
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.canonical import CanonicalResult, build_canonical
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import Batch
from orchestration.lib.mapping import SourceMapping, load_mappings
from orchestration.lib.mapping.sql import literal
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace


class Case:
    """One workspace under ``root``."""

    def __init__(self, root: Path, company_zone: str = "Asia/Shanghai") -> None:
        self.workspace = Workspace(root)
        root.mkdir(parents=True, exist_ok=True)
        self.workspace.settings_file.write_text(f"company: {{timezone: {company_zone}}}\n", encoding="utf-8")
        self.workspace.mappings_dir.mkdir(exist_ok=True)
        self.workspace.landing_dir.mkdir(parents=True, exist_ok=True)

    def map(self, source: str, text: str) -> None:
        """Write ``mappings/<source>.yml``; ``text`` follows the source and connection lines."""
        head = f"source: {source}\nconnection: {{type: files, path: inbox/{source}}}\n"
        file = self.workspace.mappings_dir / f"{source}.yml"
        file.write_text(head + textwrap.dedent(text), encoding="utf-8")

    def mappings(self) -> list[SourceMapping]:
        return load_mappings(self.workspace, load_settings(self.workspace))

    def land(
        self, where: str, file: str, columns: str, *rows: tuple[Any, ...], at: str = "2026-03-01 08:00:00"
    ) -> Batch:
        """Land rows of text. ``where`` is ``source.object``, ``columns`` are names with blanks between."""
        names = columns.split()
        fields = ", ".join(f'"{name}" VARCHAR' for name in names)
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t ({fields}, _row BIGINT)")
            if rows:
                marks = ", ".join("?" * (len(names) + 1))
                connection.executemany(
                    f"INSERT INTO t VALUES ({marks})", [[*row, place] for place, row in enumerate(rows, start=2)]
                )
            return self.land_query(where, file, connection, "SELECT * FROM t", at=at)

    def land_query(
        self,
        where: str,
        file: str,
        connection: duckdb.DuckDBPyConnection,
        query: str,
        *,
        at: str = "2026-03-01 08:00:00",
    ) -> Batch:
        """Land what ``query`` gives, in its own types."""
        source, obj = where.split(".")
        content = str(connection.execute(query).fetchall()) + str(connection.execute(f"DESCRIBE {query}").fetchall())
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        path = self.workspace.landing_dir / source / obj / f"{sha256[:32]}-00000000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")
        names = [row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()]
        count = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
        return Ledger(self.workspace).record_batch(
            Batch(
                ingest_id=f"{source}.{obj}.{sha256[:12]}",
                source_system=source,
                source_object=obj,
                source_file=file,
                sha256=sha256,
                privacy_hash="00000000",
                row_count=count,
                landed_path=path,
                columns=tuple(name for name in names if name != "_row"),
                privacy={},
                first_seen_at=datetime.fromisoformat(at),
                sequence=0,
            )
        )

    def build(self) -> CanonicalResult:
        return build_canonical(self.workspace, load_settings(self.workspace), self.mappings())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.workspace.warehouse_file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The single value of a query that gives one row of one column."""
        ((value,),) = self.query(sql)
        return value

    def fates(self, entity: str) -> dict[str, tuple[int, ...]]:
        """File → (rows_in, loaded, quarantined, merged, filtered, unchanged)."""
        rows = self.query(
            "SELECT source_file, rows_in, loaded, quarantined, merged, filtered, unchanged "
            f"FROM canonical.row_account WHERE entity = '{entity}'"
        )
        return {row[0]: row[1:] for row in rows}
