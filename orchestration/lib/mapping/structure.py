"""Why a row goes to quarantine whose structure is broken: what landing found before any column was looked at."""

from __future__ import annotations

from orchestration.lib.mapping.sql import literal

_STRUCTURE = {
    "ragged": (
        "the row has more or fewer fields than the header; quote a field that holds the separator",
        "该行字段数与表头不符；含分隔符的字段请加引号",
    ),
    "undecodable": (
        "the row holds bytes that are not in the declared encoding; export it again in one encoding",
        "该行含有不符合声明编码的字节；请用同一种编码重新导出",
    ),
    "nul_byte": ("the row holds a NUL byte; the file is damaged there", "该行含有空字节（NUL）；文件此处已损坏"),
    "stray_quote": (
        "the row has a quote in the wrong place, or one that is never closed; double a quote that belongs to the text",
        "该行的引号位置有误或没有闭合；文本中的引号请写两遍",
    ),
    "too_long": (
        "the row is longer than limits: {max_record_mb} allows",
        "该行长度超过 limits: {max_record_mb} 的限制",
    ),
}


def structure_finding(fault: str, raw: str) -> str:
    """SQL of the one finding of a row whose structure is broken.

    Args:
        fault: column of the code.
        raw: column of the token of its text.
    """
    en, zh = (
        f"CASE {fault} {' '.join(f'WHEN {literal(code)} THEN {literal(told[n])}' for code, told in _STRUCTURE.items())}"
        " END"
        for n in (0, 1)
    )
    return f"{{'rule': 'structure:' || {fault}, 'col': CAST(NULL AS VARCHAR), 'raw': {raw}, 'en': {en}, 'zh': {zh}}}"
