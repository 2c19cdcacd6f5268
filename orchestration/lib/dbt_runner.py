"""dbt, resident in this process: the manifest is kept, and the DuckDB file is closed after every call.

``dbt`` as a subprocess spends five seconds before its first statement, and a run calls it once per floor. Here one
parse serves all calls; what a call costs beyond its statements is a few tenths of a second.
"""

from __future__ import annotations

import gc
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from orchestration.lib import warehouse
from orchestration.lib.dbt_manifest import ManifestStore, does_not_parse
from orchestration.lib.dbt_results import DbtError, DbtResult, NodeFinished, NodeResult
from orchestration.lib.errors import ConfigurationError, DataError, GateRefusedError
from orchestration.lib.interrupts import keyboard_interrupts
from orchestration.lib.workspace import DBT_PROJECT_DIR, EXPECTATIONS_DIR, WORKSPACE_VARIABLE, Workspace

__all__ = ["DbtError", "DbtResult", "DbtRunner", "NodeFinished", "NodeResult", "close_connections"]

WAREHOUSE_VARIABLE = "TRILOOP_WAREHOUSE"
EXPECTATIONS_VARIABLE = "TRILOOP_EXPECTATIONS_DIR"
CODE_VARIABLE = "TRILOOP_CODE_FINGERPRINT"

_REFUSAL = re.compile(r"TRILOOP_GATE_REFUSED\((?P<gate>\w+)\): (?P<text>.+)")
_REFUSAL_FIX = re.compile(r"TRILOOP_GATE_FIX: (?P<text>.+)")
_DBT_LOCK = threading.RLock()  # dbt keeps flags, adapters and loggers in globals: one call at a time


class DbtVariables(Protocol):
    """What the runner needs of the settings (orchestration.lib.settings.Settings)."""

    def dbt_vars(self) -> dict[str, Any]: ...


class DbtRunner:
    """Runs dbt for one workspace.

    Args:
        workspace: whose warehouse is built and where dbt's files go.
        settings: gives dbt its variables.
        project_dir: another dbt project, for tests.
        expectations_dir: the folder of the suites that a gate's token is bound to.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: DbtVariables,
        *,
        project_dir: Path = DBT_PROJECT_DIR,
        expectations_dir: Path = EXPECTATIONS_DIR,
    ) -> None:
        self.workspace = workspace
        self.project_dir = project_dir
        self.expectations_dir = expectations_dir
        self._variables = settings.dbt_vars()
        self._manifests = ManifestStore(
            project_dir,
            workspace.dbt_target_dir,
            variables=self._variables,
            database=workspace.warehouse_file.name,
            parse=self._parse,
        )

    # ---- manifest --------------------------------------------------------------------------------------------

    @property
    def manifest_file(self) -> Path:
        return self._manifests.file

    def prepare(self) -> Path:
        """Parse the project if it, the variables or dbt changed since the last parse; needs no warehouse.

        Returns:
            The path of ``manifest.json``; ``semantic_manifest.json`` lies beside it.

        Raises:
            ConfigurationError: the project does not parse; the text is dbt's.
        """
        return self._manifests.prepare()

    def _parse(self) -> Any:
        outcome = self._invoke(["parse"], manifest=None)
        if not outcome.success or outcome.result is None:
            raise does_not_parse(_first_text(outcome.exception), self.project_dir)
        return outcome.result

    # ---- runs ------------------------------------------------------------------------------------------------

    def run(
        self,
        *,
        selector: str | None = None,
        select: str | None = None,
        exclude: str | None = None,
        unit_tests: bool = False,
        on_node: Callable[[NodeFinished], None] | None = None,
    ) -> DbtResult:
        """``dbt build`` of a selector of selectors.yml or a selection; models and the tests all of whose parents exist.

        Args:
            selector: a name in selectors.yml, such as ``floor_staging``.
            select, exclude: dbt's selection syntax.
            unit_tests: also run dbt unit tests; they test the code, not the data, so a production run leaves them out.
            on_node: called as each node ends.

        Raises:
            GateRefusedError: a model refused to be built because its gate is not passed for this data.
            DbtError: a model or test failed.
            ConfigurationError: the selection or the project is wrong.
        """
        arguments = ["build", "--indirect-selection", "buildable", "--no-write-json"]
        for flag, value in (("--selector", selector), ("--select", select), ("--exclude", exclude)):
            if value is not None:
                arguments += [flag, *(value.split() if flag != "--selector" else [value])]
        if not unit_tests:
            arguments += ["--exclude-resource-type", "unit_test"]
        manifest = self._manifests.manifest()
        outcome = self._invoke(arguments, manifest=manifest, on_node=on_node)
        results = getattr(outcome.result, "results", None)
        if results is None:
            raise ConfigurationError(f"dbt could not start: {_first_text(outcome.exception)}", file=self.project_dir)
        nodes = self._node_results(results)
        result = DbtResult(success=bool(outcome.success), nodes=nodes)
        if not result.success:
            raise self._failure(result)
        return result

    def _failure(self, result: DbtResult) -> DataError | GateRefusedError:
        """The error of the first node that failed; a refusal of a gate comes before anything else."""
        failed = [node for node in result.nodes if node.failed]
        for node in failed:
            refused = _REFUSAL.search(node.message)
            if refused:
                fix = _REFUSAL_FIX.search(node.message)
                return GateRefusedError(
                    refused["text"].strip(), hint=fix["text"].strip() if fix else None, file=node.file
                )
        if not failed:
            return DbtError("dbt failed without naming a model", result=result)
        node = failed[0]
        kind = "test" if "test" in node.resource_type else node.resource_type
        what = f"dbt {kind} {node.name} failed: {node.message.strip()}"
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        compiled = f"the compiled SQL is under {self.workspace.dbt_target_dir / 'compiled'}"
        return DbtError(what + more, result=result, hint=compiled, file=node.file)

    def _node_results(self, results: list[Any]) -> tuple[NodeResult, ...]:
        counts: dict[str, int] = {}
        if any(str(item.node.resource_type) == "model" for item in results) and self.workspace.warehouse_file.is_file():
            counts = warehouse.row_counts(self.workspace)
        nodes = []
        for item in results:
            node = item.node
            kind = str(getattr(node.resource_type, "value", node.resource_type))
            relation = f"{node.schema}.{node.alias}" if kind in {"model", "seed", "snapshot"} else None
            built = relation is not None and str(item.status) == "success"
            nodes.append(
                NodeResult(
                    unique_id=node.unique_id,
                    name=node.name,
                    resource_type=kind,
                    relation=relation,
                    status=str(getattr(item.status, "value", item.status)),
                    message=item.message or "",
                    rows=counts.get(relation) if built and relation else None,
                    failures=item.failures,
                    seconds=float(item.execution_time),
                    file=str(node.original_file_path),
                    compiled_code=getattr(node, "compiled_code", None),
                    depends_on=tuple(getattr(node.depends_on, "nodes", ())),
                )
            )
        return tuple(nodes)

    # ---- one call --------------------------------------------------------------------------------------------

    def _invoke(
        self, arguments: list[str], *, manifest: Any, on_node: Callable[[NodeFinished], None] | None = None
    ) -> Any:
        from dbt.cli.main import dbtRunner

        common = [
            "--project-dir", str(self.project_dir),
            "--profiles-dir", str(self.project_dir),
            "--target-path", str(self.workspace.dbt_target_dir),
            "--log-path", str(self.workspace.state_dir / "logs"),
            "--vars", json.dumps(self._variables, default=str, ensure_ascii=False),
            "--no-send-anonymous-usage-stats", "--no-version-check", "--no-use-colors", "--no-print",
            "--log-level", "none", "--log-level-file", "info",
        ]  # fmt: skip
        callbacks = [_callback(on_node)] if on_node is not None else []
        with _DBT_LOCK, self._environment():
            folder = Path.cwd()
            try:
                with keyboard_interrupts():
                    outcome = dbtRunner(manifest=manifest, callbacks=callbacks).invoke([*arguments, *common])
            finally:
                os.chdir(folder)
                close_connections()
        if outcome.exception is not None and not isinstance(outcome.exception, Exception):
            raise outcome.exception  # an interrupt or an exit, which dbt hands back like an error
        return outcome

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The variables that profiles.yml and the macros read; as before afterwards."""
        values = {
            WAREHOUSE_VARIABLE: str(self.workspace.warehouse_file),
            WORKSPACE_VARIABLE: str(self.workspace.root),
            EXPECTATIONS_VARIABLE: str(self.expectations_dir),
            CODE_VARIABLE: self._manifests.code_fingerprint(),
        }
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def close_connections() -> None:
    """Close every connection that dbt left open, so that the DuckDB file can be opened again, in any configuration.

    dbt-duckdb keeps its database open between calls (it only forgets it), and DuckDB refuses to open one file
    twice in one process with different configurations.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections

    cleanup_connections()
    with DuckDBConnectionManager._LOCK:
        environment = DuckDBConnectionManager._ENV
        DuckDBConnectionManager._ENV = None
        if environment is not None:
            environment.close()
    gc.collect(0)


def _callback(on_node: Callable[[NodeFinished], None]) -> Callable[[Any], None]:
    def listen(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = event.data.node_info
        result = event.data.run_result
        on_node(
            NodeFinished(
                unique_id=node.unique_id,
                name=node.node_name,
                status=str(result.status or node.node_status),
                seconds=float(result.execution_time),
            )
        )

    return listen


def _first_text(error: BaseException | None) -> str:
    return str(error).strip() if error is not None else "no reason given"
