"""Evaluating a gate: count violations, let the suite judge, write results and, if it passed, the token."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from expectations.judge import Question, judge
from expectations.model import Check, Inputs, Status
from expectations.registry import CHECKS, checks_of, gate
from expectations.remedies import remedy
from expectations.results import CheckResult, GateResult, GateStatus
from orchestration.lib import gate_token, warehouse
from orchestration.lib.crash_points import crash_point
from orchestration.lib.errors import ConfigurationError, GateRefusedError, nearest
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace

__all__ = ["CheckResult", "GateResult", "evaluate_gate"]

MAX_EXAMPLES = 20
VERDICTS = ("passed", "warned", "not_applicable")


def evaluate_gate(
    workspace: Workspace, settings: Settings, gate_name: str, build_id: str, *, today: date | None = None
) -> GateResult:
    """Evaluate a gate for the tables as they are now.

    The token of this gate and of every gate below is gone before anything is evaluated. A new one is written, in one
    transaction with the results, only if every check was evaluated, none that blocks failed, and no table was written
    meanwhile.

    Args:
        today: the current business date; for tests.

    Raises:
        ConfigurationError: no such gate, or triloop.yml has a threshold for a check that does not exist.
    """
    checks = checks_of(gate_name)
    _check_thresholds(workspace, settings)
    schemas = gate(gate_name).schemas
    day = today or datetime.now(ZoneInfo(settings.company.timezone)).date()
    with warehouse.connect(workspace) as connection:
        gate_token.ensure_store(connection)
        _in_transaction(connection, lambda: _forget(connection, gate_name))
        crash_point("GATE_STARTED")
        try:
            refused = _previous_gate(connection, gate_name)
            if refused is not None:
                return _broken(connection, settings, gate_name, build_id, refused)
            identity = gate_token.identity_of(connection, schemas)
            results = _evaluate(connection, settings, gate_name, checks, day)
            result = GateResult(gate_name, build_id, _status(results), results)
            crash_point("GATE_EVALUATED")
            return _record(connection, result, schemas, identity)
        except Exception as error:  # whatever broke, the gate stays shut and says why
            return _broken(connection, settings, gate_name, build_id, _one_line(error))


def _broken(
    connection: duckdb.DuckDBPyConnection, settings: Settings, gate_name: str, build_id: str, reason: str
) -> GateResult:
    """Record that nothing was evaluated: every declared check says so and why, and there is no token."""
    checks = [
        CheckResult(
            check.id,
            "not_evaluated",
            check.severity_under(settings),
            max_violations=check.limit_under(settings),
            error=reason,
        )
        for check in checks_of(gate_name)
    ]
    result = GateResult(gate_name, build_id, "not_evaluated", checks, error=reason)

    def write() -> None:
        _forget(connection, gate_name)
        _write(connection, result)

    _in_transaction(connection, write)
    return result


def _evaluate(
    connection: duckdb.DuckDBPyConnection, settings: Settings, gate_name: str, checks: tuple[Check, ...], day: date
) -> list[CheckResult]:
    presence = _presence(connection)
    inputs = Inputs(settings=settings, today=day, columns=_columns(connection))
    results: dict[str, CheckResult] = {}
    questions = []
    for check in checks:
        severity, limit = check.severity_under(settings), check.limit_under(settings)
        missing = [entity for entity in check.requires if not presence.get(entity, (False, 0))[0]]
        if missing:
            # rows that no mapping accounts for would pass unseen, so they make the check apply and fail to be asked
            rows = {entity: count for entity in missing if (count := presence.get(entity, (False, 0))[1])}
            told = ", ".join(f"canonical.{entity} holds {count} rows" for entity, count in rows.items())
            results[check.id] = CheckResult(
                check.id,
                "not_evaluated" if rows else "not_applicable",
                severity,
                max_violations=limit,
                error=f"{told}, but no source is mapped to it" if rows else None,
            )
            continue
        try:
            sql = check.sql(inputs)
            row = connection.execute(f"select count(*) from ({sql}) as violation").fetchone()
        except duckdb.Error as error:
            results[check.id] = CheckResult(
                check.id, "not_evaluated", severity, max_violations=limit, error=_one_line(error)
            )
            continue
        questions.append(Question(check, int(row[0]) if row else 0, limit, severity))
    verdicts = judge(gate_name, questions)
    for question in questions:
        results[question.check.id] = _result(connection, inputs, question, verdicts)
    return [results[check.id] for check in checks]


def _result(
    connection: duckdb.DuckDBPyConnection, inputs: Inputs, question: Question, verdicts: dict[str, Any]
) -> CheckResult:
    check, verdict = question.check, verdicts[question.check.id]
    if verdict.error is not None:
        return CheckResult(
            check.id, "not_evaluated", question.severity, max_violations=question.max_violations, error=verdict.error
        )
    status: Status = "passed"
    if not verdict.passed:
        status = "failed" if question.severity == "block" else "warned"
    examples = _examples(connection, check.sql(inputs)) if question.violations else []
    return CheckResult(check.id, status, question.severity, question.violations, question.max_violations, examples)


def _examples(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(
        f"select key, source_file, source_row, detail from ({sql}) as violation "
        f"order by source_file nulls last, source_row nulls last, key, detail limit {MAX_EXAMPLES}"
    )
    return [
        {"key": key, "source_file": file, "source_row": row, "detail": detail}
        for key, file, row, detail in cursor.fetchall()
    ]


def _status(results: list[CheckResult]) -> GateStatus:
    statuses = {result.status for result in results}
    if "not_evaluated" in statuses:
        return "not_evaluated"
    return "failed" if "failed" in statuses else "passed"


def _previous_gate(connection: duckdb.DuckDBPyConnection, gate_name: str) -> str | None:
    """A gate rests on the one above it: if that is not passed for this data, this one cannot be evaluated."""
    position = gate_token.GATE_ORDER.index(gate_name)
    if position == 0:
        return None
    try:
        gate_token.require_gate(connection, gate_token.GATE_ORDER[position - 1])
    except GateRefusedError as refusal:
        return refusal.message
    return None


def _presence(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[bool, int]]:
    """Entity → whether a source is mapped to it, and how many rows it has."""
    rows = connection.execute("select entity, is_mapped, row_count from canonical.entity_presence").fetchall()
    return {str(entity): (bool(is_mapped), int(count)) for entity, is_mapped, count in rows}


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, sql_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal and database_name = current_database() order by all"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = sql_type
    return found


# ---- writing --------------------------------------------------------------------------------------------------


def _record(
    connection: duckdb.DuckDBPyConnection,
    result: GateResult,
    schemas: tuple[str, ...],
    identity: list[tuple[Any, ...]],
) -> GateResult:
    def write() -> None:
        _forget(connection, result.gate)
        _write(connection, result)
        if result.status == "passed":
            _check_complete(connection, result.gate)
            if gate_token.identity_of(connection, schemas) != identity:
                raise RuntimeError("a table was written while the gate was evaluated")
            policy = gate_token.policy_hash(connection, result.gate)
            gate_token.issue(connection, result.gate, result.build_id, schemas, policy)

    _in_transaction(connection, write)
    return result


def _check_complete(connection: duckdb.DuckDBPyConnection, gate_name: str) -> None:
    """No token unless each declared check left exactly one result that is a verdict: left out is not passed."""
    rows = connection.execute("select check_id, status from gate.result where gate = ?", [gate_name]).fetchall()
    said = sorted(check_id for check_id, status in rows if status in VERDICTS)
    declared = sorted(check.id for check in checks_of(gate_name))
    if said != declared:
        left_out = sorted(set(declared) - set(said)) or sorted({one for one in said if said.count(one) > 1})
        raise RuntimeError(f"declared but not evaluated once: {', '.join(left_out)}")


def _forget(connection: duckdb.DuckDBPyConnection, gate_name: str) -> None:
    """Tokens and results of this gate and of those below: they said something about data that may be gone."""
    gate_token.revoke(connection, gate_name)
    for name in (gate_name, *gate_token.later_gates(gate_name)):
        connection.execute("delete from gate.result where gate = ?", [name])


def _write(connection: duckdb.DuckDBPyConnection, result: GateResult) -> None:
    known = {check.id: check for check in checks_of(result.gate)}
    columns = (
        "gate, check_id, build_id, status, severity, family, owner, table_name, violations, max_violations, reason_en, "
        "reason_zh, examples, evaluated_at, fix_en, fix_zh"
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = []
    for outcome in result.checks:
        check = known[outcome.id]
        fix = remedy(check, outcome.status)
        examples = outcome.examples
        if outcome.error is not None:
            examples = [{"key": None, "source_file": None, "source_row": None, "detail": outcome.error}]
        rows.append(
            [
                result.gate,
                outcome.id,
                result.build_id,
                outcome.status,
                outcome.severity,
                check.family,
                check.owner,
                check.table_name,
                outcome.violations,
                outcome.max_violations,
                check.reason.en,
                check.reason.zh,
                json.dumps(examples, ensure_ascii=False, default=str),
                now,
                fix.en if fix else None,
                fix.zh if fix else None,
            ]
        )
    places = ", ".join("?" * (columns.count(",") + 1))
    connection.executemany(f"insert into gate.result ({columns}) values ({places})", rows)


def _in_transaction(connection: duckdb.DuckDBPyConnection, action: Callable[[], None]) -> None:
    connection.begin()
    try:
        action()
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:500]}"


def _check_thresholds(workspace: Workspace, settings: Settings) -> None:
    """A threshold for a check that does not exist protects nothing, so it is refused."""
    known = {check.id for check in CHECKS}
    for check_id in settings.gates.thresholds:
        if check_id not in known:
            raise ConfigurationError(
                f"gates.thresholds names the check '{check_id}', which does not exist",
                hint=nearest(check_id, known),
                file=workspace.settings_file,
            )
