"""What the commands say, in English and Chinese."""

from __future__ import annotations

import os

from orchestration.lib.errors import ConfigurationError, nearest

LANGUAGES = ("en", "zh")
LANGUAGE_VARIABLE = "TRILOOP_LANG"

TEXT: dict[str, tuple[str, str]] = {
    "help.init": ("make a workspace: settings, mappings, inbox", "新建工作区：设置、映射与收件箱"),
    "help.run": ("run everything that changed, end with the picture", "运行全部变更，最后给出总览"),
    "help.ui": ("open Dagster on this workspace", "打开本工作区的 Dagster 界面"),
    "help.metrics": ("show metrics by channel, month …", "按渠道、月份等查看指标"),
    "help.query": ("ask a published snapshot in SQL, read-only", "用 SQL 只读查询已发布快照"),
    "help.trace": ("follow a number to its documents, files and rows", "把一个数字追溯到单据、文件与行"),
    "help.lot": (
        "follow a lot from production to customers, or back from a ticket",
        "双向追溯一个批次：由生产到客户，或由工单返回",
    ),
    "help.profile": ("look into an unknown source, propose a mapping", "查看未知数据源并建议映射"),
    "help.snapshots": ("list published snapshots", "列出已发布快照"),
    "help.quarantine": ("look at rows that were held back, release them", "查看被隔离的行并解除隔离"),
    "help.verify": ("prove that nothing was lost or changed", "验证数据无丢失、无篡改"),
    "help.acknowledge": ("say that something unusual in a source is right", "确认来源的异常情况属实"),
    "acknowledge.done": (
        "{subject} is acknowledged for content {content} by {user}; the next run takes it",
        "{subject} 已由 {user} 确认（内容 {content}），下次运行即放行",
    ),
    "acknowledge.subject": ("subject", "事项"),
    "acknowledge.content": ("content", "内容"),
    "acknowledge.reason": ("reason", "原因"),
    "acknowledge.user": ("by", "确认人"),
    "acknowledge.at": ("at (UTC)", "时间（UTC）"),
    "help.close": ("close a month: what was reported of it stands", "关账：该月已报告的归因不再改写"),
    "help.reopen": ("open a closed month again", "反关账：重新打开已关账月份"),
    "close.done": (
        "closed from {first} to {last}: {credits} credits stand as reported, {weights} weights are frozen; "
        "what comes later is told as a restatement",
        "已关账 {first} 至 {last}：{credits} 条归因金额按报告值保留，{weights} 条权重冻结；之后的变化以重述列示",
    ),
    "close.reopened": (
        "open again: {months}; the next run tells them anew. What was reported is kept under .triloop/closed/reopened",
        "已重新打开：{months}；下次运行将重新计算。原报告值保存在 .triloop/closed/reopened",
    ),
    "close.none": ("no month is closed", "尚无已关账月份"),
    "close.month": ("month", "月份"),
    "close.closed_from": ("from", "自"),
    "close.closed_to": ("to", "至"),
    "close.closed_at": ("at (UTC)", "时间（UTC）"),
    "close.closed_by": ("by", "操作人"),
    "close.snapshot": ("snapshot", "快照"),
    "help.ingest": ("take in what the sources hold, account for every row", "只接收数据，逐行交代去向"),
    "ingest.held_back": ("held back:", "被隔离："),
    "ingest.refused": ("refused:", "被拒收："),
    "ingest.changed": ("columns that changed:", "发生变化的列："),
    "ingest.file": ("file", "文件"),
    "ingest.column": ("column", "列"),
    "ingest.change": ("change", "变化"),
    "ingest.proposal": ("what to write", "建议"),
    "ingest.added": ("new", "新增"),
    "ingest.removed": ("gone", "消失"),
    "ingest.retyped": ("does not read any more", "无法再读取"),
    "ingest.rows": ("rows", "行数"),
    "ingest.rule": ("rule", "规则"),
    "ingest.first": ("first", "首行"),
    "ingest.reason": ("reason", "原因"),
    "help.identity": ("who is who: matches to review, people's decisions", "身份识别：待审匹配与人工判定"),
    "help.anomalies": ("what is unusual, and what moved it", "异常波动及其来源"),
    "picture.unusual": (
        "Unusual in the latest closed month ({count}; triloop anomalies show ID)",
        "最近已结束月份的异常波动（{count} 项；triloop anomalies show ID）",
    ),
    "picture.unusual_line": ("{value}, usually {usual} ({change})", "{value}，通常为 {usual}（{change}）"),
    "picture.more_unusual": ("… {count} more: triloop anomalies list", "… 另有 {count} 项：triloop anomalies list"),
    "picture.identity": ("Who is who", "身份识别"),
    "picture.identity_line": (
        "{merged} merged, {review} to review, {rejected} rejected: triloop identity list",
        "已合并 {merged} 条，待审 {review} 条，否决 {rejected} 条：triloop identity list",
    ),
    "help.forget": ("erase one person's data", "删除某个人的个人数据"),
    "help.doctor": ("check the installation and the workspace", "检查安装与工作区"),
    "error.stopped": ("stopped", "已停止"),
    "metric": ("metric", "指标"),
    "variant": ("variant", "变体"),
    "owner": ("owner", "负责"),
    "owner.marketing": ("marketing", "市场"),
    "owner.sales": ("sales", "销售"),
    "owner.production": ("production", "生产"),
    "owner.quality": ("quality", "质量"),
    "owner.finance": ("finance", "财务"),
    "caveat": ("note", "注意"),
    "source_columns": ("made of these columns of the canonical model", "由统一模型的以下字段得出"),
    "view": ("view", "视角"),
    "basis": ("basis", "口径"),
    "model": ("model", "模型"),
    "unit": ("unit", "单位"),
    "cuts": ("cuts", "可切分维度"),
    "period": ("period", "期间"),
    "month": ("month", "月份"),
    "quarter": ("quarter", "季度"),
    "half_year": ("half-year", "半年"),
    "year": ("year", "年份"),
    "channel": ("channel", "渠道"),
    "campaign": ("campaign", "营销活动"),
    "salesperson": ("salesperson", "销售人员"),
    "distributor": ("distributor", "经销商"),
    "account": ("account", "客户"),
    "product_family": ("product family", "产品系列"),
    "value": ("value", "值"),
    "n": ("n", "样本数"),
    "numerator": ("numerator", "分子"),
    "denominator": ("denominator", "分母"),
    "prev": ("before", "上期"),
    "yoy": ("year before", "去年同期"),
    "change": ("change", "变化"),
    "state": ("state", "状态"),
    "available": ("available", "可用"),
    "not_available": ("not available", "不可用"),
    "definition": ("meaning", "含义"),
    "formula": ("formula", "公式"),
    "snapshot": ("snapshot", "快照"),
    "created": ("created (UTC)", "创建时间（UTC）"),
    "age": ("age", "距今"),
    "rows": ("rows", "行数"),
    "tables": ("tables", "表数"),
    "gates": ("gates", "质量门"),
    "gate": ("gate", "质量门"),
    "code": ("code", "代码版本"),
    "current": ("current", "当前"),
    "damaged": ("damaged", "已损坏"),
    "no_rows": ("no rows", "没有数据"),
    "no_cells": ("No value is published for this question.", "此问题没有已发布的取值。"),
    "immature": ("* the cohort has not reached its whole window yet", "* 同期群尚未满观察窗口"),
    "restated": ("as reported {reported}, today {today}", "报告值 {reported}，当前值 {today}"),
    "restated.more": ("… and {count} more; --json has all", "… 另有 {count} 项；完整内容见 --json"),
    "restated.late_touch": ("a touch came late", "补录触点"),
    "restated.merge": ("accounts were merged", "主体合并"),
    "restated.fx": ("another exchange rate", "汇率变动"),
    "restated.refund": ("a refund posted into the closed month", "已关账月份内的退款"),
    "restated.rule_change": ("the rules were changed", "规则变更"),
    "restated.late_posting": ("a document posted into the closed month", "补录单据"),
    "restated.amended": ("another amount", "金额更正"),
    "restated.removed": ("a document was taken away", "单据删除"),
    "restated.recalculated": ("weights were measured anew", "权重重新计算"),
    "none_published": (
        "Nothing has been published yet; run: triloop run",
        "尚未发布任何快照；请运行：triloop run",
    ),
    "label": ("name", "名称"),
    "grain": ("grain", "粒度"),
    "unit.money": ("money", "金额"),
    "unit.ratio": ("ratio", "比率"),
    "unit.count": ("count", "数量"),
    "unit.days": ("days", "天"),
    "unit.months": ("months", "月"),
    "unit.number": ("number", "数值"),
    "rows_of": ("{count} rows of {table}", "{table} 的 {count} 行"),
    "picture.channels": ("What each channel brought ({currency}, all time)", "各渠道成效（{currency}，全部期间）"),
    "picture.channel": ("channel", "渠道"),
    "picture.cost": ("cost", "成本"),
    "picture.contribution": ("contribution", "归因边际贡献"),
    "picture.roi": ("ROI", "ROI"),
    "picture.leads": ("leads", "线索"),
    "picture.new_customers": ("new customers", "新客户"),
    "picture.cac": ("CAC", "获客成本"),
    "picture.gates": ("Gates", "质量门"),
    "picture.count": ("rows: {count}", "{count} 行"),
    "picture.more_checks": (
        "… {count} more; all of them: triloop run --json, or the gate in triloop ui",
        "… 另有 {count} 项；全部见 triloop run --json 或 triloop ui 中的质量门",
    ),
    "picture.rows": ("What became of every source row", "每个来源行的去向"),
    "picture.source": ("source", "来源"),
    "picture.entity": ("entity", "实体"),
    "picture.rows_in": ("rows in", "读入"),
    "picture.loaded": ("loaded", "载入"),
    "picture.quarantined": ("quarantined", "隔离"),
    "picture.merged": ("merged", "合并"),
    "picture.filtered": ("filtered", "过滤"),
    "picture.unchanged": ("unchanged", "未变"),
    "picture.quarantine": ("Held back, most first (with the first such row)", "隔离最多的规则（附首个行号）"),
    "picture.gaps": ("Not available, and why", "不可用的指标及原因"),
    "picture.stale": (
        "A gate refused this run, or was not evaluated. The figures are those of the last good snapshot, {age} old.",
        "质量门拒绝了本次运行或未评估。以下为上一个有效快照的数字，距今 {age}。",
    ),
    "run.stopped": (
        "You stopped this run. What it did not finish, the next one does: triloop run",
        "您中止了本次运行；未完成的部分由下一次运行完成：triloop run",
    ),
    "picture.stopped": ("This run stopped and changed no published figure.", "本次运行已中止，已发布的数字没有变化。"),
    "picture.stays": ("the last good snapshot stays, {age} old", "上一个有效快照仍在使用，距今 {age}"),
    "picture.stages": ("Seconds per stage", "各阶段耗时（秒）"),
    "picture.next": ("What to type next", "接下来可以输入"),
    "no_member": ("(none)", "（无）"),
    "member.unknown": ("unknown", "未知"),
    "member.unattributed": ("unattributed", "未归因"),
    "entities": ("entities", "实体"),
    "total": ("total", "合计"),
    "all": ("all time", "全部期间"),
    "passed": ("passed", "通过"),
    "failed": ("failed", "未通过"),
    "warned": ("warned", "警告"),
    "not_evaluated": ("not evaluated", "未评估"),
    "not_applicable": ("not applicable", "不适用"),
    "term": ("from", "来自"),
    "document": ("document", "单据"),
    "entity": ("entity", "实体"),
    "amount": ("amount", "金额"),
    "source_file": ("file", "文件"),
    "source_row": ("row", "行"),
    "sha256": ("sha256", "sha256"),
    "sums_exactly": ("the rows sum to it exactly", "明细合计与之完全一致"),
    "picked_exactly": ("by size; it is that of the rows marked →", "按大小排列；取自标有 → 的行"),
    "more_rows": ("… {count} more rows; --limit {all} shows all", "… 另有 {count} 行；用 --limit {all} 查看全部"),
    "landed_row": ("the row as it landed (personal values stay tokens)", "落地原始行（个人数据保持为令牌）"),
    "no_source": ("no source row", "无来源行"),
    "appears_in": ("appears in", "出现于"),
    "profile.ranking": ("What the tables of {place} probably are", "{place} 中各表最可能的内容"),
    "profile.table": ("table", "表"),
    "profile.is": ("proposed as", "建议为"),
    "profile.or": ("or", "或"),
    "profile.rows": ("{rows} rows, {sampled} looked at", "{rows} 行，查看了 {sampled} 行"),
    "profile.column": ("column", "列"),
    "profile.kind": ("holds", "内容"),
    "profile.filled": ("filled", "非空"),
    "profile.distinct": ("distinct", "不同值"),
    "profile.samples": ("samples", "样例"),
    "profile.proposal": ("→ proposal", "→ 建议"),
    "profile.confidence": ("sure", "置信度"),
    "profile.why": ("why", "理由"),
    "profile.key": ("a row is identified by", "行标识"),
    "profile.personal": ("personal", "个人信息"),
    "profile.constant": ("'{value}' (assumed)", "'{value}'（假定）"),
    "profile.nothing": ("resembles no entity of the model", "与模型中任何实体都不相像"),
    "profile.incomplete": ("{entity} is not complete yet:", "{entity} 尚不完整："),
    "profile.skipped": ("skipped, {count}", "已跳过 {count} 个"),
    "profile.empty": ("without rows, {count}", "无数据 {count} 个"),
    "profile.unreadable": ("cannot be read:", "无法读取："),
    "profile.each": ("For the columns of one table: --table NAME", "查看单个表的列：--table 表名"),
    "profile.mapping": ("The mapping to start from:", "建议的映射："),
    "profile.write": ("--write puts it into the workspace's mappings", "加 --write 写入工作区的 mappings"),
    "profile.written": ("written: {file}", "已写入：{file}"),
}


def choose_language(wanted: str | None) -> str:
    """``en`` or ``zh``: the one asked for, else ``$TRILOOP_LANG``, else Chinese when the system speaks Chinese.

    Raises:
        ConfigurationError: another language was asked for.
    """
    if wanted is not None:
        if wanted not in LANGUAGES:
            raise ConfigurationError(f"there is no language '{wanted}'", hint=nearest(wanted, LANGUAGES))
        return wanted
    for variable in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def member(name: str | None, lang: str) -> str:
    """A dimension's member for people: the stand-ins for "nobody knows" and "nothing to credit" are translated."""
    if name is None:
        return say("no_member", lang)
    return say(f"member.{name}", lang) if f"member.{name}" in TEXT else name


def say(key: str, lang: str, **values: object) -> str:
    """The text of a key in a language; a name without an entry (a source's own word) stands for itself."""
    texts = TEXT.get(key)
    if texts is None:
        return key
    return texts[LANGUAGES.index(lang)].format(**values) if values else texts[LANGUAGES.index(lang)]
