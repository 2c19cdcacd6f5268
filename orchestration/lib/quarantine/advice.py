"""How to mend a row, by what is wrong with it."""

from __future__ import annotations

_SET_EN = "triloop quarantine release ID --set COLUMN=VALUE --reason TEXT"
_ACCEPT_EN = "triloop quarantine release ID --accept --reason TEXT"
_SOURCE = (
    "correct it at the source and export again",
    "在源系统更正后重新导出",
)
_ADVICE: dict[str, tuple[str, str]] = {
    "structure": (
        f"{_SOURCE[0]}; or write the row's values with {_SET_EN} (every column that counts)",
        f"{_SOURCE[1]}；或用 {_SET_EN} 逐列写入该行的值",
    ),
    "precision": (
        f"{_SOURCE[0]}; or let it be rounded half up: {_ACCEPT_EN}; for every row: round: half_up in the mapping",
        f"{_SOURCE[1]}；或允许四舍五入：{_ACCEPT_EN}；若适用于所有行，请在映射中写 round: half_up",
    ),
    "key_conflict": (
        f"two rows have one id: to let this one stand in place of the other, {_ACCEPT_EN}; to keep the other, add "
        f"--keep-first; if they are two things, correct the id: {_SET_EN}",
        f"两行编号相同：以本行为准：{_ACCEPT_EN}；保留另一行再加 --keep-first；若是两笔业务，请更正编号：{_SET_EN}",
    ),
    "required": (f"{_SOURCE[0]}; or give the value: {_SET_EN}", f"{_SOURCE[1]}；或补上该值：{_SET_EN}"),
    "allowed": (
        f"map the value under values in the mapping; or correct this row: {_SET_EN}",
        f"在映射的 values 中映射该值；或更正此行：{_SET_EN}",
    ),
    "value_map": (
        f"add the value under values in the mapping, or set otherwise; for this row alone: {_SET_EN}",
        f"在映射的 values 中加入该值，或设置 otherwise；仅更正此行：{_SET_EN}",
    ),
    "filter": ("correct the drop condition in the mapping", "更正映射中的过滤条件"),
}
_VALUE = (
    f"{_SOURCE[0]}; or write a readable value: {_SET_EN}; an optional column may stay empty: {_ACCEPT_EN}",
    f"{_SOURCE[1]}；或写入可读的值：{_SET_EN}；非必填列可留空：{_ACCEPT_EN}",
)


def how_to_fix(rule_id: str) -> dict[str, str]:
    """What can be done about a row that this rule holds back, in English and Chinese."""
    en, zh = _ADVICE.get(rule_id.partition(":")[0], _VALUE)
    return {"en": en, "zh": zh}
