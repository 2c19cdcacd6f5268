"""What ``triloop anomalies`` says, in English and Chinese."""

from __future__ import annotations

from orchestration.cli.text import LANGUAGES

TEXT: dict[str, tuple[str, str]] = {
    "none": ("nothing is unusual: {judged} series judged", "无异常：共监测 {judged} 个序列"),
    "never": ("nothing was judged so far; run: triloop run", "尚未监测；请运行：triloop run"),
    "id": ("id", "编号"),
    "value": ("value", "数值"),
    "usual": ("usual", "通常"),
    "change": ("change", "变动"),
    "score": ("how unusual", "异常程度"),
    "status": ("status", "状态"),
    "movers": ("what moved it", "变动来源"),
    "unusual": ("unusual", "异常"),
    "acknowledged": ("acknowledged", "已确认"),
    "muted": ("muted", "已静音"),
    "history": ("months before", "之前各月"),
    "month": ("month", "月份"),
    "cut": ("by", "维度"),
    "member": ("member", "成员"),
    "effect": ("effect", "影响"),
    "rows": ("The rows behind it", "对应明细"),
    "no_rows": ("its rows cannot be shown one by one: {reason}", "无法逐行展示：{reason}"),
    "score_unit": (
        "in robust standard deviations; more than the setting anomalies.threshold is unusual",
        "单位为稳健标准差；超过设置 anomalies.threshold 即为异常",
    ),
    "done": (
        "{anomaly} is acknowledged by {user} as it stands; the next run no longer tells of it unless it changes",
        "{anomaly} 已由 {user} 按当前数值确认；除非数值变化，下次运行不再提示",
    ),
    "mute_done": ("{series} is muted by {user} {until}", "{series} 已由 {user} 静音{until}"),
    "until": ("until {day}", "，至 {day}"),
    "for_good": ("for good", "，长期有效"),
    "unmute_done": ("{series} is told of again", "{series} 恢复提示"),
}


def tell(key: str, language: str, **values: object) -> str:
    """A text of the command in a language."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)
