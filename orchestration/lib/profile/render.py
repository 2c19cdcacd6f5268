"""The proposed mapping as a YAML file for a person to read, judge and complete: what is not sure is a remark."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from orchestration.lib.mapping.model import Format
from orchestration.lib.profile.proposal import ColumnProposal, FeedProposal, TableProposal
from orchestration.lib.profile.words import Words

_PLAIN = re.compile(r"[A-Za-z\u3400-\u9fff][A-Za-z0-9_\u3400-\u9fff]*(?:[ .-][A-Za-z0-9_\u3400-\u9fff]+)*")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_FORMAT_KEYS = (
    "encoding",
    "delimiter",
    "quote",
    "header",
    "date",
    "timestamp",
    "null_values",
    "decimal",
    "thousands",
    "signs",
    "total_rows",
)


@dataclass(frozen=True)
class Head:
    """What stands above the objects.

    Attributes:
        connection: keys of ``connection``, as written.
        remarks: lines at the top.
    """

    source: str
    connection: Mapping[str, str]
    timezone: str
    remarks: tuple[Words, ...] = ()


def render_mapping(
    head: Head, proposals: Sequence[TableProposal], *, lang: str, only: FeedProposal | None = None
) -> str:
    """The file. Complete feeds stand in it, others as remarks; with ``only`` that one feed stands in it, as it is."""
    lines = [f"# {one.of(lang)}" for one in head.remarks]
    lines += [f"source: {head.source}"]
    lines += [f"connection: {{{', '.join(f'{key}: {scalar(value)}' for key, value in head.connection.items())}}}"]
    lines += [f"timezone: {head.timezone}"]
    layouts = [_layout(one) for one in proposals]
    defaults = _common(layouts)
    if defaults:
        lines.append(f"defaults: {_flow(defaults)}")
    lines.append("objects:")
    for proposal, layout in zip(proposals, layouts, strict=True):
        own = {key: value for key, value in layout.items() if defaults.get(key) != value}
        # a default that this object does not share must be undone, or its dates would be read by it
        own |= {key: _DEFAULTS[key] for key in defaults if key not in layout and key in _DEFAULTS}
        lines += ["", *_object(proposal, own, lang, only)]
    return "\n".join(lines) + "\n"


def _object(proposal: TableProposal, layout: Mapping[str, Any], lang: str, only: FeedProposal | None) -> list[str]:
    table = proposal.table
    lines = [f"  {proposal.object_name}:"]
    place = f"file: {scalar(table.file)}" if table.file is not None else f"table: {scalar(table.name)}"
    lines.append(f"    {place}")
    if table.sheet is not None:
        lines.append(f"    sheet: {scalar(table.sheet)}")
    if layout:
        lines.append(f"    format: {_flow(layout)}")
    if proposal.key:
        lines += ["    load: upsert", f"    key: [{', '.join(map(scalar, proposal.key))}]"]
    else:
        lines.append("    load: append")
    if proposal.personal:
        shown = ", ".join(f"{scalar(key)}: {kind}" for key, kind in proposal.personal.items())
        lines.append(f"    personal: {{{shown}}}")
    unused = [
        one.name for one in table.columns if one.name not in proposal.used() and one.name not in proposal.personal
    ]
    if unused:
        said = Words(
            "not used; such columns land as tokens, unless listed under keep", "未使用；此类列以令牌落地，除非列入 keep"
        )
        lines.append(_remark(4, f"{said.of(lang)}: {', '.join(unused)}"))
    standing = [feed for feed in proposal.feeds if (feed.stands if only is None else feed is only)]
    if standing:
        lines.append("    feeds:")
        for feed in standing:
            lines += _feed(feed, lang)
    if only is None:
        for feed in proposal.feeds:
            if not feed.stands:
                lines += _unfinished(feed, lang, open_block=not standing)
    return lines


def _unfinished(feed: FeedProposal, lang: str, *, open_block: bool) -> list[str]:
    """A feed that lacks something, as remarks: take the # away when it is filled in."""
    told = Words(
        f"{feed.entity.name} ({feed.entity.label.en}) is not complete: fill in what is marked ??? and take the # away",
        f"{feed.entity.name}（{feed.entity.label.zh}）尚不完整：补齐 ??? 处后去掉 #",
    )
    if feed.is_complete:
        told = Words(
            f"also in these rows: {feed.entity.name} ({feed.entity.label.en}); take the # away if no other source does",
            f"各行还含有 {feed.entity.name}（{feed.entity.label.zh}）的信息；若无其他来源，请去掉 #",
        )
    lines = [_remark(4, told.of(lang))]
    lines += [_remark(4, f"  {one}") for one in feed.problems]
    body = (["    feeds:"] if open_block else []) + _feed(feed, lang)
    for column in feed.missing:
        candidates = _candidates(feed.others.get(column.name, ()), lang)
        need = Words(f"required: {column.label.en}", f"必填：{column.label.zh}").of(lang)
        body.append(f"          {column.name}: ???  # {need}{candidates}")
    return lines + [f"    # {line[4:]}" if line.strip() else "" for line in body]


def _feed(feed: FeedProposal, lang: str) -> list[str]:
    lines = [f"      {feed.entity.name}:"]
    if feed.one_per:
        lines.append(f"        one_per: [{', '.join(map(scalar, feed.one_per))}]")
    lines.append("        columns:")
    for one in feed.accepted:
        lines += _column(one, lang)
    for one in feed.doubtful:
        lines += [
            _remark(10, line.strip()) if not line.strip().startswith("#") else line for line in _column(one, lang)
        ]
    named = {one.column.name for one in feed.columns} | {column.name for column in feed.missing}
    for column, others in feed.others.items():
        if column not in named:
            lines.append(_remark(10, f"{column}: ?{_candidates(others, lang)}"))
    return lines


def _column(one: ColumnProposal, lang: str) -> list[str]:
    """The lines of one column: its rule with confidence and reasons, then what nobody knows about its values."""
    rule: dict[str, Any] = {}
    for origin, text in (("from", one.raw), ("expr", one.expression), ("value", one.constant)):
        if text is not None:
            rule[origin] = text
    if one.formats:
        rule["formats"] = list(one.formats)
    if one.multiply is not None:
        rule["multiply"] = one.multiply
    if one.round_half_up:
        rule["round"] = "half_up"
    why = f"  # {one.confidence:.2f} {'; '.join(reason.of(lang) for reason in one.reasons)}"
    if one.values is None:
        short = scalar(one.raw) if one.raw is not None and len(rule) == 1 else _flow(rule)
        return [f"          {one.column.name}: {short}{why}"]
    lines = [f"          {one.column.name}:{why}"]
    lines += [f"            {key}: {_flow_value(value)}" for key, value in rule.items()]
    lines.append("            values:")
    lines += [f"              {scalar(text, key=True)}: {_flow_value(value)}" for text, value in one.values.items()]
    allowed = ", ".join(one.column.allowed) or "true, false"
    for text, count in one.unknown:
        told = Words(f"??? {count} rows; one of: {allowed}", f"??? {count} 行；可选：{allowed}")
        lines.append(_remark(14, f"{scalar(text, key=True)}: {told.of(lang)}"))
    return lines


def _candidates(others: Iterable[tuple[str, float]], lang: str) -> str:
    shown = ", ".join(f"{raw} ({confidence:.2f})" for raw, confidence in others)
    return f"; {Words('candidates', '候选').of(lang)}: {shown}" if shown else ""


def _remark(indent: int, text: str) -> str:
    return f"{' ' * indent}# {' '.join(text.split())}"


_DEFAULTS: Mapping[str, Any] = {
    one.name: list(value) if isinstance(value := getattr(Format(), one.name), tuple) else value
    for one in fields(Format)
    if one.name in set(_FORMAT_KEYS) and getattr(Format(), one.name) not in (None, ())
}


def _layout(proposal: TableProposal) -> dict[str, Any]:
    """The keys of ``format`` in which the object differs from what holds without any."""
    layout = proposal.table.layout
    found: dict[str, Any] = {}
    for key in _FORMAT_KEYS:
        value = getattr(layout, key)
        if value != getattr(Format(), key):
            found[key] = list(value) if isinstance(value, tuple) else value
    return found


def _common(layouts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What most objects share."""
    if len(layouts) < 2:
        return {}
    counts = Counter(json.dumps([key, value], ensure_ascii=False) for one in layouts for key, value in one.items())
    shared: dict[str, Any] = {}
    for told, count in counts.items():
        key, value = json.loads(told)
        if key not in {"header", "total_rows"} and count * 2 > len(layouts):
            shared[key] = value
    return shared


def _flow(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_flow_value(value)}" for key, value in values.items()) + "}"


def _flow_value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(scalar(str(one)) for one in value) + "]"
    return scalar(value) if isinstance(value, str) else str(value)


def scalar(text: Any, *, key: bool = False) -> str:
    """A text as YAML, in quotes when it could be taken for anything else."""
    shown = str(text)
    if isinstance(text, int) and not key:
        return shown
    if _PLAIN.fullmatch(shown) and shown.lower() not in _WORDS_OF_YAML:
        return shown
    return json.dumps(shown, ensure_ascii=False)
