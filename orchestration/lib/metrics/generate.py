"""Writes docs/reference/metrics.md from the metric registry.

``python -m orchestration.lib.metrics.generate`` writes it; with ``--check`` it only says whether it is current.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from orchestration.lib.dbt_runner import DbtRunner
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS
from orchestration.lib.metrics.lineage import read_columns
from orchestration.lib.metrics.model import MetricDefinition, Registry
from orchestration.lib.metrics.registry import load_registry
from orchestration.lib.workspace import PROJECT_ROOT, Workspace

PAGE: Final = PROJECT_ROOT / "docs" / "reference" / "metrics.md"
_COMMAND: Final = "python -m orchestration.lib.metrics.generate"
_OWNERS: Final = {
    "marketing": "市场",
    "sales": "销售",
    "production": "生产",
    "quality": "质量",
    "finance": "财务",
}
_HEADER: Final = f"""\
<!-- Written by '{_COMMAND}'; edit dbt_project/models/metrics/metrics_*.yml instead. -->

# Metrics / 指标字典

Every metric is defined once, as a dbt metric in `dbt_project/models/metrics/`, and computed once into `metric_value`.
Ratios keep numerator, denominator and n; they are added before they are divided. A denominator of 0 gives no value.

每个指标只定义一次（`dbt_project/models/metrics/` 中的 dbt 指标），只计算一次（写入 `metric_value`）。
比率保留分子、分母和样本数，先相加再相除；分母为零时没有值。

`triloop metrics --explain ID` also names the columns of the canonical model that a metric is made of, in your own data.
`triloop metrics --explain ID` 还会列出该指标由统一模型的哪些字段得出。

"""


class _Defaults:
    """The project's own default variables: windows are shown as they are without settings."""

    def dbt_vars(self) -> dict[str, Any]:
        return {}


def render_page(registry: Registry) -> str:
    """The page, in both languages."""
    parts = [_HEADER, _overview(registry), *(_section(metric, registry) for metric in registry.metrics), _shared()]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def project_registry() -> Registry:
    """The registry of the project as it stands, parsed anew; needs no workspace and no data."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = DbtRunner(Workspace(Path(folder)), _Defaults()).prepare()
        return load_registry(manifest.parent)


def main(arguments: list[str]) -> int:
    """Write the page or, with ``--check``, compare it; 1 when it is out of date."""
    page = render_page(project_registry())
    if "--check" not in arguments:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    print(f"{PAGE.relative_to(PROJECT_ROOT)} is out of date; run: {_COMMAND}", file=sys.stderr)
    return 1


def _overview(registry: Registry) -> str:
    lines = ["| id | variant | en | 中文 | unit | owner / 负责 |", "|---|---|---|---|---|---|"]
    lines += [
        f"| [`{metric.metric_id}`](#{_anchor(metric)}) | {metric.meta.variant} | {metric.label_en} | "
        f"{metric.meta.label_zh} | {metric.meta.unit} | {metric.meta.owner} / {_OWNERS[metric.meta.owner]} |"
        for metric in registry.metrics
    ]
    return "\n".join(lines)


def _section(metric: MetricDefinition, registry: Registry) -> str:
    meta = metric.meta
    cuts = "; ".join(" + ".join(f"`{name}`" for name in cut) for cut in meta.cuts)
    needs = ", ".join(f"`{entity}`" for entity in meta.requires)
    lines = [
        f"## {metric.name}",
        "",
        f"**{metric.label_en} · {meta.label_zh}** — `{metric.metric_id}`, variant `{meta.variant}`",
        "",
        "| | en | 中文 |",
        "|---|---|---|",
        f"| formula / 公式 | {metric.formula_en} | {metric.formula_zh} |",
        f"| grain / 粒度 | {meta.grain_en} | {meta.grain_zh} |",
        "",
        f"- owner / 负责: {meta.owner} / {_OWNERS[meta.owner]}",
        f"- view / 视角: {meta.view}" + (f"; basis / 口径: {meta.basis}" if meta.basis else ""),
        f"- cuts / 维度: `total`{'; ' + cuts if cuts else ''}",
        f"- needs / 所需数据: {needs}",
    ]
    lines += [f"- off when / 停用条件: {item.reason_en} / {item.reason_zh}" for item in meta.rests_on]
    if meta.is_attributed:
        lines.append("- uses the credits of `attribution.default_model` / 使用默认归因模型")
    if meta.interval or meta.low:
        lines.append("- has a 95 % interval (`value_low`, `value_high`) / 附 95% 区间")
    if meta.caveat_en:
        lines.append(f"- note / 注意: {meta.caveat_en} / {meta.caveat_zh}")
    if meta.maturity_days:
        lines.append(f"- mature after {meta.maturity_days} days by default / 默认 {meta.maturity_days} 天后成熟")
    sides = [("numerator / 分子", metric.numerator), ("denominator / 分母", metric.denominator)]
    lines += [f"- {name}: `{side.expression}`" for name, side in sides if side is not None]
    lines += [
        f"- reads / 读取: `{relation}` ({', '.join(f'`{name}`' for name in columns)})"
        for relation, columns in read_columns(metric, registry).items()
    ]
    return "\n".join(lines)


def _shared() -> str:
    dimensions = [
        f"| `{item.name}` | `{item.column}` | {item.label_en} | {item.label_zh} |" for item in DIMENSIONS.values()
    ]
    periods = [f"| `{item.kind}` | {item.label_en} | {item.label_zh} |" for item in PERIODS.values()]
    return "\n".join(
        [
            "## Dimensions and periods / 维度与期间",
            "",
            "`unknown` is what names no member, `unattributed` what attribution could give to no touch.",
            "`unknown` 表示未注明，`unattributed` 表示未能归因到任何触点。",
            "",
            "| cut | column of `metric_value` | en | 中文 |",
            "|---|---|---|---|",
            *dimensions,
            "",
            "Periods follow the fiscal year of `company.fiscal_year_start_month`. / 期间按财年划分。",
            "",
            "| period_kind | en | 中文 |",
            "|---|---|---|",
            *periods,
        ]
    )


def _anchor(metric: MetricDefinition) -> str:
    return metric.name.lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
