"""What ``triloop doctor`` looks at in one source: are its files, its database, its server or its API there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.lib.doctor import Doctor, Finding
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.limits import Limits
from orchestration.lib.landing.probe import probe_rest, probe_sql
from orchestration.lib.landing.source_files import require_files
from orchestration.lib.mapping.model import file_kind
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.mapping import SourceMapping


def examine_source(doctor: Doctor, workspace: Workspace, mapping: SourceMapping) -> Iterator[Finding]:
    """Findings about one source. What is not there yet is a warning: it is no fault of the workspace."""
    check = f"source:{mapping.source}"
    if mapping.connection.type == "sql":
        yield _server(doctor, check, mapping)
        return
    if mapping.connection.type == "rest":
        yield _api(doctor, check, mapping)
        return
    counts: list[str] = []
    for obj in mapping.objects.values():
        try:
            kind = "sqlite" if obj.file is None else file_kind(obj.file)
            counts.append(f"{obj.name} {len(require_files(workspace, mapping, obj))} ({kind})")
        except DataError as error:
            yield Finding(check, "warn", f"{obj.name}: {error.message}", error.hint)
        except (ConfigurationError, OSError) as error:
            yield doctor.broken(check, error)
            return
    if counts:
        yield doctor.ok(check, "files: " + ", ".join(counts), "文件数：" + "，".join(counts))


def _server(doctor: Doctor, check: str, mapping: SourceMapping) -> Finding:
    try:
        found = probe_sql(mapping)
    except DataError as error:
        return Finding(check, "warn", error.message, error.hint)
    except ConfigurationError as error:
        return doctor.broken(check, error)
    return doctor.ok(
        check,
        f"{found.server} answers; tables found: {found.tables}, queries not tried: {found.queries}",
        f"{found.server} 可连接；找到 {found.tables} 张表，{found.queries} 个查询未试运行",
    )


def _api(doctor: Doctor, check: str, mapping: SourceMapping) -> Finding:
    try:
        found = probe_rest(mapping, Limits())
    except DataError as error:
        return Finding(check, "warn", error.message, error.hint)
    except ConfigurationError as error:
        return doctor.broken(check, error)
    told = ", ".join(f"{name} {count}" for name, count in found.items())
    return doctor.ok(check, f"the API answers; records on the first page: {told}", f"接口可访问；首页记录数：{told}")
