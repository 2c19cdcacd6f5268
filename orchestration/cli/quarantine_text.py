"""What ``triloop quarantine`` says, in English and Chinese."""

from __future__ import annotations

from orchestration.cli.text import LANGUAGES

TEXT: dict[str, tuple[str, str]] = {
    "none": ("no row is in quarantine", "没有被隔离的行"),
    "more": ("… {more} more; --limit 0 shows all", "… 另有 {more} 行；--limit 0 显示全部"),
    "id": ("id", "编号"),
    "file": ("file", "文件"),
    "row": ("row", "行"),
    "rows": ("rows", "行数"),
    "rule": ("rule", "规则"),
    "state": ("state", "状态"),
    "value": ("value", "原值"),
    "column": ("column", "列"),
    "reason": ("reason", "原因"),
    "fix": ("fix", "处理办法"),
    "when": ("released at (UTC)", "解除时间（UTC）"),
    "who": ("by", "操作人"),
    "waived": ("waived", "豁免"),
    "changed": ("set", "更正"),
    "revoked": ("revoked", "撤销"),
    "held": ("held back", "隔离中"),
    "released": ("released, enters at the next run", "已解除，下次运行入库"),
    "still_bad": ("released, but still bad", "已解除，但仍不合格"),
    "loaded": ("released and loaded", "已解除并入库"),
    "merged": ("released; another row stands for it", "已解除；由另一行代表"),
    "filtered": ("released; dropped by a rule of the mapping", "已解除；被映射规则过滤"),
    "unchanged": ("released; same as an earlier row", "已解除；与先前的行相同"),
    "revoked_pending": ("release revoked; held back again at the next run", "解除已撤销；下次运行重新隔离"),
    "gone": ("not in quarantine any more", "已不在隔离区"),
    "done": (
        "{rows} row(s) released; they enter at the next 'triloop run'",
        "已解除 {rows} 行；下次 triloop run 时入库",
    ),
    "again": (
        "{rows} of them had been released before; this takes its place",
        "其中 {rows} 行先前已解除；以本次为准",
    ),
    "revoked_done": (
        "{rows} release(s) revoked; the next 'triloop run' judges the rows as they landed",
        "已撤销 {rows} 项解除；下次 triloop run 按原始内容重新判断",
    ),
    "exported": (
        "{rows} row(s) written to {file}, personal values hidden",
        "已将 {rows} 行写入 {file}，个人数据已隐藏",
    ),
}


def tell(key: str, language: str, **values: object) -> str:
    """A text of the command in a language."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)
