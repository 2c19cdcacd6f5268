"""Evaluating a gate: count violations, let the suite judge, write results and, if it passed, the token."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb

from expectations.judge import Question, judge
from expectations.model import Check, Inputs, Status
from expectations.registry import CHECKS, checks_of, gate
from expectations.results import CheckResult, GateResult
from orchestration.lib import gate_token, warehouse
from orchestration.lib.crash_points import crash_point
from orchestration.lib.errors import ConfigurationError, GateRefusedError, nearest
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace

__all__ = ["CheckResult", "GateResult", "evaluate_gate"]

MAX_EXAMPLES = 20
NOT_EVALUATED = "not_evaluated"


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
    """Record that nothing was evaluated: every declared check is an error, and there is no token."""
    checks = [
        CheckResult(check.id, "error", check.severity_under(settings), error=reason) for check in checks_of(gate_name)
    ]
    result = GateResult(gate_name, build_id, "error", checks, error=reason)
    noted = GateResult(
        gate_name, build_id, "error", [CheckResult(f"{gate_name}.{NOT_EVALUATED}", "error", "block", error=reason)]
    )

    def write() -> None:
        _forget(connection, gate_name)
        _write(connection, noted)

    _in_transaction(connection, write)
    return result


def _evaluate(
    connection: duckdb.DuckDBPyConnection, settings: Settings, gate_name: str, checks: tuple[Check, ...], day: date
) -> list[CheckResult]:
    mapped = _mapped_entities(connection)
    inputs = Inputs(settings=settings, today=day, columns=_columns(connection))
    results: dict[str, CheckResult] = {}
    questions = []
    for check in checks:
        severity, limit = check.severity_under(settings), check.limit_under(settings)
        if not set(check.requires) <= mapped:
            results[check.id] = CheckResult(check.id, "not_applicable", severity, max_violations=limit)
            continue
        try:
            sql = check.sql(inputs)
            row = connection.execute(f"select count(*) from ({sql}) as violation").fetchone()
        except duckdb.Error as error:
            results[check.id] = CheckResult(check.id, "error", severity, max_violations=limit, error=_one_line(error))
            continue
        questions.append(Question(check, int(row[0]) if row else 0, limit, severity))
    verdicts = judge(gate_name, questions)
    for question in questions:
        results[question.check.id] = _result(connection, inputs, question, verdicts)
    missing = [check.id for check in checks if check.id not in results]
    if missing:
        raise RuntimeError(f"declared but not evaluated: {', '.join(missing)}")
    return [results[check.id] for check in checks]


def _result(
    connection: duckdb.DuckDBPyConnection, inputs: Inputs, question: Question, verdicts: dict[str, Any]
) -> CheckResult:
    check, verdict = question.check, verdicts[question.check.id]
    if verdict.error is not None:
        return CheckResult(
            check.id, "error", question.severity, max_violations=question.max_violations, error=verdict.error
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


def _status(results: list[CheckResult]) -> Literal["passed", "failed", "error"]:
    statuses = {result.status for result in results}
    if "error" in statuses:
        return "error"
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


def _mapped_entities(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("select entity from canonical.entity_presence where is_mapped").fetchall()
    return {str(entity) for (entity,) in rows}


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
            if gate_token.identity_of(connection, schemas) != identity:
                raise RuntimeError("a table was written while the gate was evaluated")
            policy = gate_token.policy_hash(connection, result.gate)
            gate_token.issue(connection, result.gate, result.build_id, schemas, policy)

    _in_transaction(connection, write)
    return result


def _forget(connection: duckdb.DuckDBPyConnection, gate_name: str) -> None:
    """Tokens and results of this gate and of those below: they said something about data that may be gone."""
    gate_token.revoke(connection, gate_name)
    for name in (gate_name, *gate_token.later_gates(gate_name)):
        connection.execute("delete from gate.result where gate = ?", [name])


def _write(connection: duckdb.DuckDBPyConnection, result: GateResult) -> None:
    known = {check.id: check for check in checks_of(result.gate)}
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = []
    for outcome in result.checks:
        check = known.get(outcome.id)
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
                check.family if check else "contract",
                check.owner if check else "data",
                check.table_name if check else None,
                outcome.violations,
                outcome.max_violations,
                check.reason.en if check else "the gate can be evaluated",
                check.reason.zh if check else "关卡可以求值",
                json.dumps(examples, ensure_ascii=False, default=str),
                now,
            ]
        )
    connection.executemany(f"insert into gate.result values ({', '.join('?' * 14)})", rows)


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
