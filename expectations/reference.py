"""docs/reference/gates.md, written from the registry: ``python -m expectations.reference``."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.model import Check
from expectations.registry import CHECKS, GATES
from orchestration.lib.workspace import PROJECT_ROOT

FILE = PROJECT_ROOT / "docs" / "reference" / "gates.md"

_HEAD = """\
<!-- Written by `python -m expectations.reference` from expectations/registry.py; edit the registry, not this page. -->
# Gates and checks · 关卡与检查

A gate stands between two floors. What lies below it is built only if the gate passed for exactly the tables, checks and
settings as they are now. `block` keeps the gate shut, `warn` is reported. A check whose entity no source feeds does not
apply. How many violations are tolerated, and a check's severity, can be set in `triloop.yml`:

关卡位于两层之间。只有当关卡对当前的表、检查和设置均已通过时，下一层才会构建。`block` 会关闭关卡，`warn` 仅提示。
没有数据源的实体，其检查不适用。允许的违规数和严重程度可在 `triloop.yml` 中设置：

```yaml
gates:
  thresholds:
    canonical.lead.ref.campaign_id: {max_violations: 20, severity: block}
```
"""

_SEVERITY_NOTE = {True: " (by setting · 由设置决定)", False: ""}


def render(checks: Iterable[Check] = CHECKS) -> str:
    """The page: one section per gate, one row per check."""
    listed = list(checks)
    parts = [_HEAD]
    for gate in GATES:
        rows = [check for check in listed if check.gate == gate.name]
        parts.append(
            f"\n## `{gate.name}` · {gate.label.en} · {gate.label.zh}\n\n"
            f"{gate.description.en}\n\n{gate.description.zh}\n\n"
            f"Token covers · 令牌覆盖: {', '.join(f'`{schema}`' for schema in gate.schemas)}\n\n"
            "| check · 检查 | family · 类别 | severity · 严重程度 | owner · 负责 | why | 原因 |\n"
            "|---|---|---|---|---|---|\n" + "".join(_row(check) for check in rows)
        )
    return "".join(parts)


def _row(check: Check) -> str:
    severity = check.severity + _SEVERITY_NOTE[check.severity_setting is not None]
    cells = [f"`{check.id}`", check.family, severity, check.owner, check.reason.en, check.reason.zh]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    """Write the page."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
