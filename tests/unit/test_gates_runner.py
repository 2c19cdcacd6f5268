"""Evaluating a gate: statuses, results, tokens, and what happens when something inside breaks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expectations import judge as judging
from expectations import registry, runner
from expectations.model import Check, Label
from expectations.reference import FILE, render
from orchestration.lib import gate_token
from orchestration.lib.errors import ConfigurationError, GateRefusedError
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import PROJECT_ROOT
from tests.unit.gates_case import TODAY, Company


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company.found(tmp_path_factory.mktemp("founded") / "ws")


@pytest.fixture
def company(founded: Company, tmp_path: Path) -> Company:
    """A canonical floor without fault, free to be harmed."""
    return founded.copy(tmp_path / "ws")


def _token(company: Company, gate: str = "canonical") -> str | None:
    """None when the gate is open, else the refusal."""
    try:
        gate_token.require_gate_passed(company.workspace, gate)
    except GateRefusedError as refusal:
        return str(refusal)
    return None


def _break_lead(company: Company) -> None:
    company.execute("update canonical.lead set status = 'hot' where lead_id = 'crm:l2'")


UNMAPPED = "update canonical.entity_presence set is_mapped = false, row_count = 0 where entity = 'service_ticket'"


def test_a_sound_floor_passes_and_every_declared_check_has_a_result(company: Company) -> None:
    company.execute(UNMAPPED)
    result = company.gate("canonical", "build-7")
    declared = registry.checks_of("canonical")
    assert result.status == "passed"
    assert [check.id for check in result.checks] == [check.id for check in declared]
    by_id = {check.id: check for check in result.checks}
    assert by_id["canonical.lead.allowed"].status == "passed"
    assert by_id["canonical.lead.allowed"].violations == 0
    # no source is mapped to service tickets: visible, neither passed nor failed
    assert by_id["canonical.service_ticket.allowed"].status == "not_applicable"
    assert by_id["canonical.service_ticket.allowed"].violations is None
    written = company.execute("select check_id, status, build_id from gate.result")
    assert {check_id: status for check_id, status, _ in written} == {c.id: c.status for c in result.checks}
    assert {build for _, _, build in written} == {"build-7"}
    assert company.execute("select gate, build_id from gate.token") == [("canonical", "build-7")]
    assert _token(company) is None


def test_a_failed_check_names_rows_and_leaves_no_token(company: Company) -> None:
    assert company.gate("canonical").status == "passed"
    _break_lead(company)
    result = company.gate("canonical")
    assert result.status == "failed"
    failed = [check for check in result.checks if check.status == "failed"]
    assert [(check.id, check.violations) for check in failed] == [("canonical.lead.allowed", 1)]
    example = {"key": "crm:l2", "source_file": "lead.csv", "source_row": 3, "detail": "status = hot"}
    assert failed[0].examples == [example]
    assert "lead.csv:3  crm:l2  status = hot" in result.explain()
    row = company.execute(
        "select status, reason_en, reason_zh, examples from gate.result where status <> 'passed' "
        "and status <> 'not_applicable'"
    )
    assert [(status, json.loads(examples)) for status, _, _, examples in row] == [("failed", [example])]
    assert "listed values only" in row[0][1]
    assert "规定的值" in row[0][2]
    assert "failed: canonical.lead.allowed" in str(_token(company))


def test_a_warning_is_reported_and_lets_the_gate_open(company: Company) -> None:
    company.execute("update canonical.lead set campaign_id = 'crm:gone' where lead_id = 'crm:l1'")
    result = company.gate("canonical")
    assert result.status == "passed"
    assert [check.id for check in result.checks if check.status == "warned"] == ["canonical.lead.ref.campaign_id"]
    assert _token(company) is None


def test_thresholds_of_the_workspace_decide(company: Company) -> None:
    _break_lead(company)
    for threshold, expected in (
        ({"max_violations": 1}, "passed"),
        ({"max_violations": 0}, "failed"),
        ({"max_violations": 0, "severity": "warn"}, "warned"),
    ):
        settings = Settings.model_validate({"gates": {"thresholds": {"canonical.lead.allowed": threshold}}})
        result = Company(company.workspace.root, settings).gate("canonical")
        outcome = next(check for check in result.checks if check.id == "canonical.lead.allowed")
        assert (outcome.status, outcome.violations) == (expected, 1)
        assert result.status == ("failed" if expected == "failed" else "passed")


def test_a_threshold_for_no_check_is_refused(company: Company) -> None:
    settings = Settings.model_validate({"gates": {"thresholds": {"canonical.lead.alowed": {"max_violations": 1}}}})
    with pytest.raises(ConfigurationError, match=r"did you mean 'canonical\.lead\.allowed'"):
        Company(company.workspace.root, settings).gate("canonical")


def test_severity_of_event_order_follows_its_setting() -> None:
    check = registry.check("staging.time.order_confirmed_shipped")
    strict = Settings.model_validate({"time": {"severity_event_order": "block"}})
    assert (check.severity_under(Settings()), check.severity_under(strict)) == ("warn", "block")


def test_a_check_that_breaks_is_an_error_and_not_a_failure(company: Company) -> None:
    company.gate("canonical")
    company.execute("alter table canonical.lead drop status")
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    broken = [check for check in result.checks if check.status == "not_evaluated"]
    assert [check.id for check in broken] == ["canonical.lead.allowed"]
    assert broken[0].violations is None
    assert "status" in str(broken[0].error)
    assert result.counts()["failed"] == 0
    assert "something broke in it: canonical.lead.allowed" in str(_token(company))


def test_an_exception_of_great_expectations_is_an_error(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.expectations import ExpectColumnMaxToBeBetween

    def explode(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("inside the judge")

    monkeypatch.setattr(ExpectColumnMaxToBeBetween, "_validate", explode)
    company.execute(UNMAPPED)
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    assert {check.status for check in result.checks} == {"not_evaluated", "not_applicable"}
    assert any("inside the judge" in str(check.error) for check in result.checks)
    assert _token(company) is not None


@pytest.mark.parametrize("error", [ImportError("no great_expectations"), MemoryError(), RuntimeError("boom")])
def test_whatever_breaks_inside_leaves_no_token(
    company: Company, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert company.gate("canonical").status == "passed"

    def broken(*_args: object) -> None:
        raise error

    monkeypatch.setattr(runner, "judge", broken)
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    assert len(result.checks) == len(registry.checks_of("canonical"))
    assert type(error).__name__ in result.explain()
    written = company.execute("select check_id, status, examples from gate.result order by check_id")
    assert [(check_id, status) for check_id, status, _ in written] == sorted(
        (check.id, "not_evaluated") for check in registry.checks_of("canonical")
    )
    assert all(type(error).__name__ in examples for _, _, examples in written)
    assert company.execute("select count(*) from gate.token") == [(0,)]
    assert "was not evaluated, because something broke in it: canonical." in str(_token(company))


def test_a_check_that_the_suite_leaves_out_is_an_error(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = judging._validate

    def forgetful(gate: str, questions: list[judging.Question]) -> dict[str, dict[str, object]]:
        return {key: value for key, value in whole(gate, questions).items() if key != "canonical.lead.allowed"}

    monkeypatch.setattr(judging, "_validate", forgetful)
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    left_out = next(check for check in result.checks if check.id == "canonical.lead.allowed")
    assert left_out.error == "the suite did not evaluate this check"


def test_without_great_expectations_nothing_passes(company: Company) -> None:
    """The package is gone from the import path, as after a half installation: a real process, not a patched judge."""
    assert company.gate("canonical").status == "passed"
    script = (
        "import sys; from pathlib import Path; sys.modules['great_expectations'] = None\n"
        "from tests.unit.gates_case import Company\n"
        "result = Company(Path(sys.argv[1])).gate('canonical')\n"
        "print(result.status, result.counts(), result.explain())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(company.workspace.root)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("not_evaluated {'passed': 0, 'warned': 0, 'failed': 0, 'not_evaluated': ")
    assert "great_expectations" in done.stdout
    assert company.execute("select distinct status from gate.result") == [("not_evaluated",)]
    assert _token(company) is not None


def test_a_declared_check_that_leaves_no_verdict_gives_no_token(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever between the registry and the results forgets one, the gate stays shut and names it."""
    whole = runner._evaluate

    def forgetful(*args: Any) -> list[runner.CheckResult]:
        return [result for result in whole(*args) if result.id != "canonical.lead.allowed"]

    monkeypatch.setattr(runner, "_evaluate", forgetful)
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    assert "declared but not evaluated once: canonical.lead.allowed" in result.explain()
    assert len(result.checks) == len(registry.checks_of("canonical"))
    assert _token(company) is not None


def test_rows_of_an_entity_that_no_source_feeds_are_not_left_unchecked(company: Company) -> None:
    company.execute("update canonical.entity_presence set is_mapped = false where entity = 'lead'")
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    outcome = next(check for check in result.checks if check.id == "canonical.lead.allowed")
    assert outcome.status == "not_evaluated"
    assert outcome.error == "canonical.lead holds 3 rows, but no source is mapped to it"


def test_a_table_written_while_the_gate_is_evaluated_is_an_error(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = runner._evaluate

    def writes_a_row(connection: Any, *args: Any) -> list[runner.CheckResult]:
        results = evaluate(connection, *args)
        connection.execute("insert into canonical.lead (lead_id) values ('late')")
        return results

    monkeypatch.setattr(runner, "_evaluate", writes_a_row)
    result = company.gate("canonical")
    assert result.status == "not_evaluated"
    assert "a table was written while the gate was evaluated" in result.explain()
    assert _token(company) is not None


def test_a_gate_is_not_evaluated_unless_the_one_above_holds(company: Company) -> None:
    result = company.gate("staging")
    assert result.status == "not_evaluated"
    assert "gate 'canonical' was not evaluated" in result.explain()
    assert {check.status for check in result.checks} == {"not_evaluated"}

    company.gate("canonical")
    company.execute("update canonical.lead set score = 1 where lead_id = 'crm:l1'")
    assert "table canonical.lead was rewritten" in company.gate("staging").explain()


def test_evaluating_a_gate_anew_revokes_the_gates_below(company: Company) -> None:
    company.gate("canonical")
    company.execute(
        "insert into gate.token select * replace ('staging' as gate) from gate.token;"
        "insert into gate.result (gate, check_id, status) values ('staging', 'x', 'passed')"
    )
    company.gate("canonical")
    assert company.execute("select gate from gate.token") == [("canonical",)]
    assert company.execute("select distinct gate from gate.result") == [("canonical",)]


@pytest.mark.parametrize("point", ["GATE_STARTED", "GATE_EVALUATED"])
def test_a_kill_inside_the_gate_leaves_it_shut(company: Company, point: str) -> None:
    assert company.gate("canonical").status == "passed"
    script = (
        "import sys; from pathlib import Path; from tests.unit.gates_case import Company\n"
        "Company(Path(sys.argv[1])).gate('canonical')"
    )
    environment = os.environ | {"TRILOOP_CRASH_POINT": point}
    done = subprocess.run(
        [sys.executable, "-c", script, str(company.workspace.root)],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "was not evaluated for this data" in str(_token(company))
    assert company.gate("canonical").status == "passed", "the next run goes on"
    assert _token(company) is None


def test_the_registry_is_well_formed() -> None:
    identifiers = [check.id for check in registry.CHECKS]
    assert len(set(identifiers)) == len(identifiers)
    dagster_names = {re.sub(r"[.:\-]", "_", identifier) for identifier in identifiers}
    assert len(dagster_names) == len(identifiers)
    for check in registry.CHECKS:
        assert check.id.startswith(f"{check.gate}.")
        assert check.reason.en
        assert re.search("[一-鿿]", check.reason.zh), check.id
        assert check.owner in {"marketing", "sales", "production", "quality", "finance", "data"}
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", check.table_name)
    assert [gate.name for gate in registry.GATES] == list(gate_token.GATE_ORDER)


def test_unknown_names_are_told_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'staging'"):
        registry.checks_of("stagin")
    with pytest.raises(ConfigurationError, match=r"did you mean 'attribution\.money\.credits'"):
        registry.check("attribution.money.credit")


def test_importing_the_registry_and_runner_does_not_import_great_expectations() -> None:
    script = "import sys, expectations.runner; sys.exit('great_expectations' in sys.modules or 'dbt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=PROJECT_ROOT, check=False).returncode == 0


def test_the_reference_page_is_what_the_registry_says() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "run: python -m expectations.reference"


def test_the_reference_page_names_every_check() -> None:
    extra = Check(
        id="canonical.extra",
        gate="canonical",
        family="contract",
        tables=("canonical.lead",),
        severity="warn",
        owner="data",
        reason=Label(en="a reason | with a bar", zh="理由"),
        sql=lambda inputs: f"select {TODAY}",
    )
    text = render([*registry.CHECKS, extra, replace(extra, id="canonical.other")])
    for check in registry.CHECKS:
        assert f"`{check.id}`" in text
    assert "a reason \\| with a bar" in text
