"""Builds the schema ``identity`` from canonical customers, companies, distributors and leads, or leaves it as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lib.identity.cluster import Customer
from orchestration.lib.identity.decide import Match, Pair, Parties, decide
from orchestration.lib.identity.decisions import Decision, read_decisions
from orchestration.lib.identity.names import VOCABULARY_FILE
from orchestration.lib.identity.persons import person_rows, same_name_matches
from orchestration.lib.identity.tables import NAME_PART, SCHEMA, TABLES, ddl
from orchestration.lib.settings import IdentitySettings
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

READS = {
    "customer": ("customer_id", "name", "tax_id", "customer_type", "region", "created_at"),
    "distributor": ("distributor_id", "name", "region"),
    "contact": ("contact_id", "company", "customer_id", "name", "phone", "email"),
    "lead": ("lead_id", "company", "customer_id", "contact_id", "region", "name", "phone", "email", "status"),
}
"""What is read of each canonical table, to decide who is who."""
_TAX_ID = "nullif(upper(regexp_replace(tax_id, '[\\s-]', '', 'g')), '')"


@dataclass(frozen=True)
class IdentityResult:
    """What was found: matches by decision; ``unchanged`` when the inputs were those of the last time."""

    counts: dict[str, int]
    unchanged: bool

    def explain(self) -> str:
        """One line for people."""
        told = ", ".join(f"{self.counts.get(one, 0):,} {one}" for one in ("merged", "review", "rejected"))
        return f"identity: {told}{' (nothing changed)' if self.unchanged else ''}"


def build_identity(workspace: Workspace, settings: IdentitySettings) -> IdentityResult:
    """Decide who is who and write ``identity.*``, in one transaction.

    Nothing is done when customers, companies, decisions, settings and code are those of the last time.

    Raises:
        ConfigurationError: ``identity.yml`` is wrong.
    """
    decisions = read_decisions(workspace)
    with connect(workspace) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(ddl("state", {"inputs": "VARCHAR", "name_code": "VARCHAR"}, keep=True))
        inputs = _fingerprint(connection, decisions, settings)
        known = connection.execute(f"SELECT inputs FROM {SCHEMA}.state").fetchone()
        unchanged = known is not None and known[0] == inputs and _complete(connection)
        if not unchanged:
            connection.execute("BEGIN")
            try:
                _rebuild(connection, decisions, settings)
                connection.execute(f"DELETE FROM {SCHEMA}.state")
                connection.execute(f"INSERT INTO {SCHEMA}.state VALUES (?, ?)", [inputs, _name_code()])
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        counts = connection.execute(f"SELECT decision, count(*) FROM {SCHEMA}.match GROUP BY 1").fetchall()
    return IdentityResult(dict(counts), unchanged)


def _complete(connection: duckdb.DuckDBPyConnection) -> bool:
    there = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ? "
        "AND list_contains(?, table_name)",
        [SCHEMA, list(TABLES)],
    ).fetchone()
    return bool(there == (len(TABLES),))


@cache
def _name_code() -> str:
    digest = hashlib.sha256()
    for file in (VOCABULARY_FILE, VOCABULARY_FILE.with_name("names.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _fingerprint(
    connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision], settings: IdentitySettings
) -> str:
    digest = hashlib.sha256(f"{settings.model_dump_json()}\0{decisions!r}".encode())
    for file in sorted(Path(__file__).parent.glob("*.*")):
        if file.suffix in {".py", ".yml"}:
            digest.update(file.read_bytes())
    for entity, columns in READS.items():
        row = connection.execute(
            f"SELECT count(*), sum(hash({', '.join(columns)})) FROM canonical.{entity}"  # whatever their order
        ).fetchone()
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _rebuild(connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision], settings: IdentitySettings) -> None:
    _take_apart(connection)
    customers = _customers(connection)
    others = _others(connection)
    exact = {one.norm for one in customers}
    pairs = _weighed(connection, customers, [ref for ref, (_, norm) in others.items() if norm not in exact], settings)
    parties = decide(customers, others, pairs, decisions, settings)
    for table, (_, columns) in TABLES.items():
        connection.execute(ddl(table, columns))
    _fill(connection, "party", _party_rows(customers, parties))
    _fill(connection, "company", _link_rows(others, parties, "company"))
    _fill(connection, "distributor", _link_rows(others, parties, "distributor"))
    _fill(connection, "person", person_rows(decisions))
    _fill(connection, "decision", _decision_rows(connection, decisions, customers, others))
    matches = [*parties.matches, *same_name_matches(connection, decisions)]
    _fill(connection, "match", [_match_row(one) for one in sorted(matches, key=lambda one: (one.left, one.right))])


def _take_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Take every name apart that was not taken apart before by the same code."""
    import pyarrow as pa

    from orchestration.lib.identity.names import parts

    stored = connection.execute(f"SELECT name_code FROM {SCHEMA}.state").fetchone()
    connection.execute(ddl("name_part", NAME_PART, keep=stored is not None and stored[0] == _name_code()))
    new = connection.execute(
        "SELECT name FROM (SELECT name FROM canonical.customer UNION SELECT name FROM canonical.distributor "
        "UNION SELECT company FROM canonical.lead UNION SELECT company FROM canonical.contact) "
        f"WHERE name IS NOT NULL AND name NOT IN (SELECT name FROM {SCHEMA}.name_part) ORDER BY name"
    ).fetchall()
    if not new:
        return
    columns: dict[str, list[Any]] = {name: [] for name in NAME_PART}
    for (name,) in new:
        found = parts(name)
        columns["name"].append(name)
        for part in list(NAME_PART)[1:]:
            columns[part].append(getattr(found, part))
    block = pa.table(columns)  # found by its name in the next statement
    connection.execute(f"INSERT INTO {SCHEMA}.name_part SELECT * FROM block")
    del block


def _customers(connection: duckdb.DuckDBPyConnection) -> list[Customer]:
    rows = connection.execute(
        f"SELECT c.customer_id, coalesce(c.name, ''), coalesce(p.norm, ''), coalesce({_TAX_ID}, ''), "
        "coalesce(c.created_at::VARCHAR, '9999'), coalesce(p.head, ''), coalesce(p.is_nobody, false) "
        f"FROM canonical.customer AS c LEFT JOIN {SCHEMA}.name_part AS p ON p.name = c.name ORDER BY 1"
    ).fetchall()
    return [Customer(*row) for row in rows]


def _others(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Reference → name and norm of every company that leads and contacts write, and of every distributor."""
    rows = connection.execute(
        "SELECT n.reference, n.name, CASE WHEN p.is_nobody THEN '' ELSE coalesce(p.norm, '') END FROM ("
        "  SELECT DISTINCT 'company:' || company AS reference, company AS name FROM ("
        "    SELECT company FROM canonical.lead UNION ALL SELECT company FROM canonical.contact"
        "  ) WHERE company IS NOT NULL"
        "  UNION ALL SELECT 'distributor:' || distributor_id, name FROM canonical.distributor WHERE name IS NOT NULL"
        f") AS n LEFT JOIN {SCHEMA}.name_part AS p ON p.name = n.name ORDER BY 1"
    ).fetchall()
    return {reference: (name, norm) for reference, name, norm in rows}


def _weighed(
    connection: duckdb.DuckDBPyConnection,
    customers: Sequence[Customer],
    undecided: Sequence[str],
    settings: IdentitySettings,
) -> list[Pair]:
    """Weigh the names of customers against each other and against what no equal name has decided."""
    if not customers or (len(customers) < 2 and not undecided):
        return []
    import duckdb

    from orchestration.lib.identity.compare import COMPARISONS, level_of, weigh

    records = _records(connection, undecided)
    with duckdb.connect() as memory:
        memory.execute("CREATE TABLE record AS SELECT * FROM records")
        weigh(memory, "record", float(settings.review_probability))
        gammas = ", ".join(f"gamma_{name}" for name in COMPARISONS)
        rows = memory.execute(f"SELECT id_l, id_r, kind_l, kind_r, weight, probability, {gammas} FROM pair").fetchall()
    del records
    pairs = []
    for left, right, kind_left, kind_right, weight, probability, *levels in rows:
        one, other = (left, right) if kind_right == "customer" else (right, left)
        if kind_left == kind_right:
            one, other = sorted((left, right))
        evidence = [
            {"part": name, "en": level.en, "zh": level.zh, "weight": level.weight}
            for name, gamma in zip(COMPARISONS, levels, strict=True)
            if (level := level_of(name, gamma)).weight
        ]
        pairs.append(Pair(one, other, weight, probability, json.dumps(evidence, ensure_ascii=False)))
    return pairs


def _records(connection: duckdb.DuckDBPyConnection, undecided: Sequence[str]) -> Any:
    """The names to weigh, as :data:`compare.RECORD_COLUMNS`: each customer once, and the undecided references.

    A region counts only where sales and marketing use the same words for regions.
    """
    import pyarrow as pa

    wanted = pa.table({"reference": list(undecided)})  # found by its name in the next statement
    found = connection.sql(
        f"""
WITH named AS (
  SELECT 'customer:' || customer_id AS unique_id, 'customer' AS kind, name, coalesce(region, '') AS region,
    CASE WHEN customer_type = 'distributor' THEN 'distributor' WHEN customer_type IS NOT NULL THEN 'end' ELSE '' END
      AS role,
    coalesce({_TAX_ID}, '') AS tax_id
  FROM canonical.customer
  UNION ALL
  SELECT 'distributor:' || distributor_id, 'distributor', name, coalesce(region, ''), 'distributor', ''
  FROM canonical.distributor
  UNION ALL
  SELECT 'company:' || company, 'company', company,
    CASE WHEN count(DISTINCT region) = 1 THEN coalesce(min(region), '') ELSE '' END, '', ''
  FROM (SELECT company, region FROM canonical.lead UNION ALL SELECT company, NULL FROM canonical.contact)
  WHERE company IS NOT NULL GROUP BY company
),
part AS (
  SELECT n.unique_id, n.kind, n.role, n.tax_id, p.*,
    CASE WHEN n.kind = 'customer' OR n.region IN (SELECT region FROM canonical.customer) THEN n.region ELSE '' END
      AS region
  FROM named AS n JOIN {SCHEMA}.name_part AS p ON p.name = n.name WHERE NOT p.is_nobody AND p.norm <> ''
),
place_count AS (SELECT core, count(DISTINCT place) AS places FROM part WHERE core <> '' AND place <> '' GROUP BY 1),
trade_count AS (
  SELECT core, place, count(DISTINCT trade) AS trades FROM part WHERE core <> '' AND trade <> '' GROUP BY 1, 2
)
SELECT unique_id, kind, norm, core, place, province, district, trade, ordinal, legal, branch,
  coalesce(places, 0) AS places, coalesce(trades, 0) AS trades, region, role, tax_id
FROM part LEFT JOIN place_count USING (core) LEFT JOIN trade_count USING (core, place)
WHERE kind = 'customer' OR unique_id IN (SELECT reference FROM wanted)
ORDER BY unique_id"""
    ).to_arrow_table()
    del wanted
    return found


# Rows -----------------------------------------------------------------------------------------------------------------


def _party_rows(customers: Sequence[Customer], parties: Parties) -> list[tuple[Any, ...]]:
    rows = []
    for one in customers:
        account = parties.account[one.customer_id]
        rule, match = ("self", None) if account == one.customer_id else parties.rule[one.customer_id]
        parent = parties.parent.get(account)
        rows.append((one.customer_id, one.name or None, one.tax_id or None, account, rule, match, parent))
    return rows


def _link_rows(others: dict[str, tuple[str, str]], parties: Parties, kind: str) -> list[tuple[Any, ...]]:
    """Rows of ``company`` (id is the name; the customer and the norm stand beside it) or of ``distributor``."""
    rows: list[tuple[Any, ...]] = []
    for reference, (name, norm) in others.items():
        is_kind, _, identifier = reference.partition(":")
        if is_kind == kind:
            customer, rule, match = parties.link.get(reference, (None, None, None))
            account = None if customer is None else parties.account[customer]
            if kind == "company":
                rows.append((identifier, customer, account, rule, match, norm or None))
            else:
                rows.append((identifier, name, account, rule, match))
    return rows


def _decision_rows(
    connection: duckdb.DuckDBPyConnection,
    decisions: Sequence[Decision],
    customers: Sequence[Customer],
    others: dict[str, tuple[str, str]],
) -> list[tuple[Any, ...]]:
    known = {f"customer:{one.customer_id}" for one in customers} | others.keys()
    leads = [ref.partition(":")[2] for one in decisions for ref in (one.left, one.right) if ref.startswith("lead:")]
    if leads:
        found = connection.execute("SELECT lead_id FROM canonical.lead WHERE list_contains(?, lead_id)", [leads])
        known |= {f"lead:{lead}" for (lead,) in found.fetchall()}
    return [
        (one.verdict, one.left, one.right, one.reason, one.by, one.on, {one.left, one.right} <= known)
        for one in decisions
    ]


def _match_row(one: Match) -> tuple[Any, ...]:
    decided = one.decided
    return (
        one.match_id,
        "person" if one.left.startswith("lead:") else one.left.partition(":")[0],
        one.left,
        one.left_name,
        one.right,
        one.right_name,
        one.rule,
        one.decision,
        one.weight,
        one.probability,
        one.reason.en,
        one.reason.zh,
        one.evidence or "[]",
        decided.by if decided else None,
        decided.on if decided else None,
        decided.reason if decided else None,
    )


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    import pyarrow as pa

    columns = TABLES[table][1]
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrow = {
        "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DECIMAL(6,2)": pa.decimal128(6, 2),
        "DECIMAL(5,4)": pa.decimal128(5, 4),
    }  # fmt: skip
    block = pa.table(
        {
            name: pa.array(column, arrow[sql_type])
            for (name, sql_type), column in zip(columns.items(), values, strict=True)
        }
    )
    connection.execute(f"INSERT INTO {SCHEMA}.{table} SELECT * FROM block")
    del block
