"""What a call of dbt gives back: one result per model and test, or an error that names the first that failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.lib.errors import DataError

FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test.

    Attributes:
        unique_id: dbt's id, ``model.triloop.stg_lead``.
        name: the last part, ``stg_lead``.
        resource_type: ``model``, ``test``, ``unit_test``, ``seed``.
        relation: ``schema.table`` of a model, else None.
        status: dbt's own word: success, pass, warn, error, fail, skipped.
        message: dbt's message; for a failure, what went wrong.
        rows: rows of the table as it stands now; None for tests and for what was not built.
        failures: failing rows of a test.
        seconds: how long it took.
        file: path of the SQL or YAML file inside the dbt project.
        compiled_code: the SQL that ran, for column lineage.
        depends_on: unique ids of what it reads.
    """

    unique_id: str
    name: str
    resource_type: str
    relation: str | None
    status: str
    message: str
    rows: int | None
    failures: int | None
    seconds: float
    file: str
    compiled_code: str | None = None
    depends_on: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return self.status in FAILED_STATUSES

    @property
    def compiled_sql(self) -> str:
        """``compiled_code``, empty when nothing was compiled."""
        return self.compiled_code or ""


@dataclass(frozen=True)
class DbtResult:
    """All nodes of one call, in the order in which they ended."""

    success: bool
    nodes: tuple[NodeResult, ...] = field(default_factory=tuple)

    def models(self) -> tuple[NodeResult, ...]:
        return tuple(node for node in self.nodes if node.resource_type == "model")

    def describe(self) -> str:
        """``12 models, 40,213 rows; 9 tests passed, 1 warned``."""
        models = self.models()
        tests = [node for node in self.nodes if node.resource_type in {"test", "unit_test"}]
        warned = sum(node.status == "warn" for node in tests)
        text = f"{len(models)} models, {sum(node.rows or 0 for node in models):,} rows"
        if tests:
            text += f"; {sum(node.status == 'pass' for node in tests)} tests passed"
        return text + (f", {warned} warned" if warned else "")


class DbtError(DataError):
    """A model or a test failed; ``result`` holds every node of the call."""

    def __init__(self, message: str, *, result: DbtResult, hint: str | None = None, file: str | None = None) -> None:
        super().__init__(message, hint=hint, file=file)
        self.result = result


@dataclass(frozen=True)
class NodeFinished:
    """Told to ``on_node`` while dbt works, from dbt's own threads."""

    unique_id: str
    name: str
    status: str
    seconds: float
