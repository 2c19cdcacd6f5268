"""What ``triloop identity`` says, in English and Chinese."""

from __future__ import annotations

from orchestration.cli.text import LANGUAGES

TEXT: dict[str, tuple[str, str]] = {
    "none": (
        "nothing of that kind; in all {merged} merged, {review} to review, {rejected} rejected",
        "没有符合条件的匹配；共合并 {merged} 条，待审 {review} 条，否决 {rejected} 条",
    ),
    "more": ("… {more} more; --limit 0 shows all", "… 另有 {more} 条；--limit 0 显示全部"),
    "id": ("id", "编号"),
    "left": ("this", "此名称"),
    "right": ("may be", "可能是"),
    "decision": ("decision", "结论"),
    "likely": ("likely", "可能性"),
    "reason": ("why", "原因"),
    "merged": ("merged", "已合并"),
    "review": ("review", "待审"),
    "rejected": ("rejected", "已否决"),
    "same": ("the same", "相同"),
    "different": ("different", "不同"),
    "evidence": ("evidence", "依据"),
    "weight": ("weight (log2 of the odds)", "权重（胜算比的 log2）"),
    "prior": ("before anything is compared", "比较之前"),
    "sum": ("together", "合计"),
    "done": (
        "{left} and {right} are {verdict}; written to identity.yml, it counts from the next 'triloop run' on",
        "{left} 与 {right} 判定为{verdict}，已写入 identity.yml，下次 triloop run 起生效",
    ),
    "undone": (
        "that {left} and {right} are {verdict} is taken back; the next 'triloop run' goes by the rules again",
        "已撤销“{left} 与 {right} {verdict}”的判定，下次 triloop run 重新按规则判断",
    ),
}


def tell(key: str, language: str, **values: object) -> str:
    """A text of the command in a language."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)
