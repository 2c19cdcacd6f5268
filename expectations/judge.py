"""Great Expectations as the judge: counts of violations go in, one verdict per check comes out.

Great Expectations on DuckDB through SQLAlchemy fails on every expectation, so each check counts its violations in one
SQL query and a suite judges the one-row frame of counts. The import takes seconds, so it stands inside the function.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from expectations.model import Check, Severity

_ANALYTICS = "GX_ANALYTICS_ENABLED"


@dataclass(frozen=True)
class Question:
    """A check with the count to judge and the limit and severity that apply in this workspace."""

    check: Check
    violations: int
    max_violations: int
    severity: Severity


@dataclass(frozen=True)
class Verdict:
    """Whether the count is within the limit; ``error`` instead of a verdict when the judge itself broke."""

    passed: bool
    error: str | None = None


def judge(gate: str, questions: Sequence[Question]) -> dict[str, Verdict]:
    """Validate the counts with a suite made from the registry; check id → verdict.

    A check that Great Expectations left out, or could not evaluate, is an error and never a pass.
    """
    if not questions:
        return {}
    with _quiet():
        results = _validate(gate, questions)
    verdicts = {}
    for question in questions:
        result = results.get(question.check.id)
        verdicts[question.check.id] = _verdict(result)
    return verdicts


def _validate(gate: str, questions: Sequence[Question]) -> Mapping[str, dict[str, object]]:
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.expectations import ExpectColumnMaxToBeBetween

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        ),
    )
    suite = gx.ExpectationSuite(
        name=gate,
        expectations=[
            ExpectColumnMaxToBeBetween(
                column=question.check.id,
                min_value=0,
                max_value=question.max_violations,
                meta={
                    "id": question.check.id,
                    "owner": question.check.owner,
                    "severity": question.severity,
                    "family": question.check.family,
                    "reason_en": question.check.reason.en,
                    "reason_zh": question.check.reason.zh,
                },
            )
            for question in questions
        ],
    )
    frame = pd.DataFrame({question.check.id: [question.violations] for question in questions})
    batch = (
        context.data_sources.add_pandas(name="warehouse")
        .add_dataframe_asset(name=gate)
        .add_batch_definition_whole_dataframe(name="violations")
        .get_batch({"dataframe": frame})
    )
    outcome = batch.validate(suite)
    return {
        result.expectation_config.meta["id"]: {
            "success": result.success,
            "exception": dict(result.exception_info or {}),
        }
        for result in outcome.results
    }


def _verdict(result: dict[str, object] | None) -> Verdict:
    if result is None:
        return Verdict(False, "the suite did not evaluate this check")
    raised = _exception_of(result["exception"])
    if raised is not None:
        return Verdict(False, raised)
    return Verdict(bool(result["success"]))


def _exception_of(info: object) -> str | None:
    """The message of ``exception_info``, which is either one record or one record per metric."""
    if not isinstance(info, dict) or not info:
        return None
    records = [info] if "raised_exception" in info else [item for item in info.values() if isinstance(item, dict)]
    for record in records:
        if record.get("raised_exception"):
            return str(record.get("exception_message") or "great_expectations raised an exception")
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """No usage statistics leave the machine, also not at import, when no context exists yet that could say so."""
    before = os.environ.get(_ANALYTICS)
    os.environ[_ANALYTICS] = "false"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_ANALYTICS, None)
        else:
            os.environ[_ANALYTICS] = before
