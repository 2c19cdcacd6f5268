"""What to do about a check that did not pass, for the people who own the data."""

from __future__ import annotations

from expectations.model import Check, Family, Label, Status

_AGAIN = Label(en="then: triloop run", zh="然后运行：triloop run")

_BY_FAMILY: dict[Family, Label] = {
    "contract": Label(
        en="correct the rows at their source, or the mapping that reads them",
        zh="在来源系统更正这些行，或修改读取它们的映射",
    ),
    "dedup": Label(
        en="take the second copy out at its source, or map one of the two sources no longer",
        zh="在来源系统去掉重复的一份，或不再映射其中一个来源",
    ),
    "currency": Label(
        en="add or correct the rate of the day, or the currency or VAT of the row, at its source",
        zh="在来源系统补充或更正当日汇率，或更正该行的币种、税额",
    ),
    "time": Label(
        en="correct the date at its source; if business goes that way, raise the tolerance under time in triloop.yml",
        zh="在来源系统更正日期；若业务确实如此，在 triloop.yml 的 time 下放宽允差",
    ),
    "reconciliation": Label(
        en="compare the document with the amounts it is made of and correct the wrong one at its source",
        zh="核对单据与其明细金额，在来源系统更正有误的一方",
    ),
    "money": Label(
        en="money was lost or made between two tables, which no data can cause: report it with the lines above",
        zh="两张表之间金额不守恒，不是数据所致：请附上以上各行报告问题",
    ),
    "privacy": Label(
        en="list the column under personal in its mapping (docs/explanation/personal-data.md)",
        zh="在映射的 personal 下列出该列（docs/explanation/personal-data.md）",
    ),
}
_LOST = Label(en="rows were lost: report it with the lines above", zh="有行丢失：请附上以上各行报告问题")
_BY_CHECK: dict[str, Label] = {
    "canonical.quarantine_share": Label(
        en="see why: triloop quarantine list; mend the mapping or the source, or release single rows",
        zh="查看原因：triloop quarantine list；修改映射或来源，或逐行解除隔离",
    ),
    "canonical.row_account": Label(
        en="rows were lost: report it with the lines above", zh="有行丢失：请附上以上各行报告问题"
    ),
    "canonical.quarantine_complete": _LOST,
    "canonical.source_volume": Label(
        en="ask for the export again; if it is right: triloop acknowledge volume:<source>.<object> --reason …",
        zh="重新导出；若确属正常：triloop acknowledge volume:<来源>.<对象> --reason …",
    ),
    "canonical.source_columns": Label(
        en="map or keep the new column; if it is right: triloop acknowledge columns:<source>.<object> --reason …",
        zh="映射或保留新增列；若确属正常：triloop acknowledge columns:<来源>.<对象> --reason …",
    ),
    "canonical.source_overdue": Label(
        en="ask why the export did not come; its rhythm is freshness in its mapping",
        zh="查明为何没有新的导出；节奏由映射中的 freshness 规定",
    ),
    "canonical.source_daily": Label(
        en="ask for the export of the missing days; what may be missing is gap_days in time.daily_sources",
        zh="补导缺失日期的数据；允许的缺失天数为 time.daily_sources 的 gap_days",
    ),
}
_FAN_OUT = Label(
    en="a join multiplied or lost rows, which no data should cause: report it with the lines above",
    zh="关联放大或丢失了数据，不应由数据引起：请附上以上各行报告问题",
)
_BROKEN = Label(
    en="the check could not be asked; the data may be right or wrong. Mend what its error names",
    zh="检查未能执行，数据对错未知。请处理其报错",
)


def remedy(check: Check, status: Status) -> Label | None:
    """What to do; None when there is nothing to do."""
    if status in ("passed", "not_applicable"):
        return None
    if status == "not_evaluated":
        return _with(_BROKEN, _AGAIN)
    said = _BY_CHECK.get(check.id)
    if said is None:
        is_join = "fan_out_" in check.id or ".grain_" in check.id
        said = _FAN_OUT if is_join else _BY_FAMILY[check.family]
    return _with(said, _AGAIN)


def _with(first: Label, second: Label) -> Label:
    return Label(en=f"{first.en}; {second.en}", zh=f"{first.zh}；{second.zh}")
