"""Why a row is put into quarantine, in English and Chinese.

The reason never quotes the value: it is also published, in the summary of quarantine, and values are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestration.lib.contract import Column
from orchestration.lib.mapping.casts import declared_formats
from orchestration.lib.mapping.inputs import ERROR_WORDS
from orchestration.lib.mapping.model import ColumnRule, DropRule, Format
from orchestration.lib.mapping.sql import literal, literals, optional_literal

_KINDS = {
    "integer": ("a whole number", "整数"),
    "quantity": ("a number", "数字"),
    "money": ("an amount", "金额"),
    "price": ("a price", "价格"),
    "rate": ("a rate", "比率"),
    "boolean": ("true or false", "是/否"),
    "date": ("a date", "日期"),
    "timestamp": ("a time", "时间"),
    "text": ("a text", "文本"),
    "key": ("an id", "编号"),
    "ref": ("an id", "编号"),
    "currency": ("a currency", "货币"),
}


@dataclass(frozen=True)
class RowRule:
    """One thing that may be wrong with a row.

    Attributes:
        rule_id: such as ``cast:amount``.
        column: the contract column.
        condition: SQL that is true for a bad row; never NULL.
        raw: SQL of the text in the file.
        reason_en, reason_zh: the explanation.
        closer: what more exactly may be the matter; the first that holds is told instead. Only rows that are bad
            anyway are looked at for these, so they may cost.
    """

    rule_id: str
    column: str | None
    condition: str
    raw: str
    reason_en: str
    reason_zh: str
    closer: tuple[RowRule, ...] = ()

    def as_struct(self) -> str:
        """The finding of a bad row, NULL for a good one."""
        closer = "".join(f" WHEN {one.condition} THEN {one._finding()}" for one in self.closer)
        told = f"CASE{closer} ELSE {self._finding()} END" if closer else self._finding()
        return f"CASE WHEN {self.condition} THEN {told} END"

    def _finding(self) -> str:
        return (
            f"{{'rule': {literal(self.rule_id)}, 'col': {optional_literal(self.column)}, 'raw': {self.raw}, "
            f"'en': {literal(self.reason_en)}, 'zh': {literal(self.reason_zh)}}}"
        )


class Reasons:
    """Makes the rules of one column."""

    def __init__(self, column: Column, rule: ColumnRule, raw: str) -> None:
        self.column = column
        self.rule = rule
        self.raw = raw
        self.place = rule.column if rule.column is not None else rule.expression.text if rule.expression else ""

    def required(self, condition: str) -> RowRule:
        """The value is missing."""
        place_en = f", but {self.place} is empty" if self.place else ", but has no value"
        place_zh = f"，但 {self.place} 为空" if self.place else "，但没有值"
        return self._rule("required", condition, f"is required{place_en}", f"必填{place_zh}")

    def cast(self, condition: str, form: Format, x: str, p: str) -> RowRule:
        """The value cannot be read as the column's type.

        Args:
            x, p: the input and its prepared text.
        """
        en, zh = _KINDS[self.column.type]
        en, zh = f"{self._of_en()}is not {en}", f"{self._of_zh()}不是{zh}"
        text = f"CAST({x} AS VARCHAR)"
        if self.column.type in {"date", "timestamp"}:
            formats = ", ".join(declared_formats(self.rule, self.column, form))
            en, zh = f"{en} in the declared formats ({formats})", f"{zh}，或不符合声明的格式（{formats}）"
            closer = self._date_trouble(text)
        elif self.column.type == "boolean":
            closer = ()
        else:
            thousands_en, thousands_zh = form.thousands or "none", form.thousands or "无"
            en += f" as declared (decimal sign {form.decimal}, thousands sign {thousands_en}, "
            en += f"signs {' '.join(form.signs) or 'none'})"
            zh += f"，或不符合声明（小数点 {form.decimal}，千分位 {thousands_zh}，符号 {' '.join(form.signs) or '无'}）"
            closer = (*self._no_inverse(p), *self._number_trouble(text, p))
        return replace(self._rule("cast", condition, en, zh), closer=(self._error_word(text), *closer))

    def _error_word(self, text: str) -> RowRule:
        return self._rule(
            "error_value",
            f"(upper({text}) IN ({literals(ERROR_WORDS)}) OR starts_with({text}, '='))",
            f"{self._of_en()}is a spreadsheet's error or formula, not a value; mend the sheet and export it again",
            f"{self._of_zh()}是电子表格的错误值或公式，不是数值；请修正表格后重新导出",
        )

    def _no_inverse(self, p: str) -> tuple[RowRule, ...]:
        if not self.rule.invert:
            return ()
        return (
            self._rule(
                "zero_divisor",
                f"coalesce(regexp_full_match({p}, '[-+]?0*[.]?0*'), false)",
                f"{self._of_en()}is 0, and invert: true divides 1 by it; correct the rate in the source, or leave out "
                "such rows with drop",
                f"{self._of_zh()}为 0，而 invert: true 需用 1 除以它；请在来源中更正该汇率，或用 drop 排除此类行",
            ),
        )

    def _number_trouble(self, text: str, p: str) -> tuple[RowRule, ...]:
        size = self.column.sql_type
        return (
            self._rule(
                "exponent",
                f"{p} IS NULL AND regexp_full_match({text}, '[-+]?[0-9.,]+[eE][-+]?[0-9]+')",
                f"{self._of_en()}is written with an exponent, as a spreadsheet does when it drops digits; export the "
                "column as a plain number, or read it with expr if nothing was dropped",
                f"{self._of_zh()}为科学计数法，电子表格可能已丢失位数；请以普通数字格式导出，无丢失时可用 expr 读取",
            ),
            self._rule(
                "not_finite",
                f"regexp_full_match(lower({text}), '[-+]?(nan|inf|infinity)')",
                f"{self._of_en()}is no number but NaN or infinity: a computation before the export failed",
                f"{self._of_zh()}为 NaN 或无穷大：导出前的计算有误",
            ),
            self._rule("percent", f"regexp_full_match({text}, '.*[%‰]')", *self._percent()),
            self._rule(
                "overflow",
                f"{p} IS NOT NULL",
                f"{self._of_en()}is larger than {size} holds",
                f"{self._of_zh()}超出 {size} 的范围",
            ),
        )

    def _percent(self) -> tuple[str, str]:
        if self.column.type != "rate":
            return (
                f"{self._of_en()}is a percentage, and {self.column.name} is not a rate",
                f"{self._of_zh()}为百分数，而 {self.column.name} 不是比率",
            )
        return (
            f"{self._of_en()}is a share written otherwise than as 13%: for ‰ declare signs: ['‰'] and multiply: 0.001; "
            "with multiply or invert, declare the sign under signs",
            f"{self._of_zh()}的写法不是普通百分数（13%）：千分数请声明 signs: ['‰'] 与 multiply: 0.001；"
            "已写 multiply 或 invert 时，请在 signs 中声明该符号",
        )

    def _date_trouble(self, text: str) -> tuple[RowRule, ...]:
        return (
            self._rule(
                "null_date",
                f"regexp_matches({text}, '^0000[-/.]?00|^1900[-/.]?0?1?[-/.]?00|^0?0[-/.]0?0[-/.]')",
                f"{self._of_en()}is a stand-in for no date; list it under null_values if it means that",
                f"{self._of_zh()}是“无日期”的占位值；若确为此意，请列入 null_values",
            ),
            self._rule(
                "serial_date",
                f"regexp_full_match({text}, '[0-9]{{5}}([.][0-9]+)?')",
                f"{self._of_en()}looks like a spreadsheet's day number; add excel_1900 to the formats if it is",
                f"{self._of_zh()}疑似电子表格的日期序号；若是，请在 formats 中加入 excel_1900",
            ),
        )

    def open_end(self, condition: str) -> RowRule:
        """A date that no business ever had: systems write 9999-12-31 for "not over"."""
        return self._rule(
            "open_end",
            condition,
            f"{self._of_en()}is not a real day of business; list it under null_values if it means no date",
            f"{self._of_zh()}不是真实的业务日期；若表示无日期，请列入 null_values",
        )

    def written_wrong(self, v: str) -> list[RowRule]:
        """What may be wrong with the text of an id or a currency although it is there."""
        return [
            self._rule(
                "error_value",
                f"coalesce(starts_with({v}, '#') AND upper({v}) IN ({literals(ERROR_WORDS)}), false)",
                f"{self._of_en()}is a spreadsheet's error, not a value; mend the sheet and export it again",
                f"{self._of_zh()}是电子表格的错误值；请修正表格后重新导出",
            ),
            self._rule(
                "digits_lost",
                f"coalesce(contains({v}, 'E+') AND regexp_full_match({v}, '[0-9]([.][0-9]+)?E[+][0-9]+'), false)",
                f"{self._of_en()}is a long number that a spreadsheet cut short; export the column as text",
                f"{self._of_zh()}是被电子表格截断的长数字；请以文本格式导出该列",
            ),
            self._rule(
                "replacement_char",
                f"coalesce(contains({v}, '\ufffd'), false)",
                f"{self._of_en()}holds the sign for a character that was lost; export it again in utf-8 or gb18030",
                f"{self._of_zh()}含有字符丢失的标记（�）；请以 utf-8 或 gb18030 重新导出",
            ),
        ]

    def pattern(self, condition: str) -> RowRule:
        """The text is not written as the mapping says."""
        return self._rule(
            "pattern",
            condition,
            f"{self._of_en()}is not written as {self.rule.pattern}",
            f"{self._of_zh()}不符合格式 {self.rule.pattern}",
        )

    def expression(self, condition: str) -> RowRule:
        """The expression could not be worked out for the row."""
        return self._rule("cast", condition, f"the expression {self.place} failed", f"表达式 {self.place} 出错")

    def precision(self, condition: str) -> RowRule:
        """The value has more decimals than the column holds."""
        scale = self.column.scale or 0
        return self._rule(
            "precision",
            condition,
            f"{self._of_en()}has more than {scale} decimals; write round: half_up to allow rounding",
            f"{self._of_zh()}小数位多于 {scale} 位；如允许舍入，请写 round: half_up",
        )

    def allowed(self, condition: str) -> RowRule:
        """The value is not one of the contract's."""
        listed = ", ".join(self.column.allowed)
        return self._rule(
            "allowed",
            condition,
            f"{self._of_en()}is not one of: {listed}",
            f"{self._of_zh()}不在允许的取值中：{listed}",
        )

    def value_map(self, condition: str) -> RowRule:
        """The value is in no value list."""
        return self._rule(
            "value_map",
            condition,
            f"{self._of_en()}is in no value list of the mapping; add it under values, or set otherwise",
            f"{self._of_zh()}不在映射的取值表中；请加入 values，或设置 otherwise",
        )

    def _of_en(self) -> str:
        return f"{self.place} " if self.place else ""

    def _of_zh(self) -> str:
        return f"{self.place} 的值" if self.place else "值"

    def _rule(self, rule: str, condition: str, en: str, zh: str) -> RowRule:
        column = self.column
        return RowRule(
            rule_id=f"{rule}:{column.name}",
            column=column.name,
            condition=condition,
            raw=self.raw,
            reason_en=f"{column.name} ({column.label.en}): {en}",
            reason_zh=f"{column.name}（{column.label.zh}）：{zh}",
        )


def failed_filter(drop: DropRule, condition: str) -> RowRule:
    """A drop condition that could not be worked out: the row is neither dropped nor loaded unseen."""
    text = drop.condition.text if drop.condition else ""
    return RowRule(
        f"filter:{drop.reason}",
        None,
        condition,
        "CAST(NULL AS VARCHAR)",
        f"the drop condition {text} failed on this row",
        f"过滤条件 {text} 在此行出错",
    )
