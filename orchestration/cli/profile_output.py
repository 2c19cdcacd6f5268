"""How a profile is shown: tables for people, the same as data for programs. Personal samples are masked already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from orchestration.cli.output import print_table
from orchestration.cli.text import say
from orchestration.lib.profile.fit import KIND_WORDS
from orchestration.lib.profile.words import Words

if TYPE_CHECKING:
    from orchestration.lib.profile.match import EntityMatch
    from orchestration.lib.profile.model import ColumnProfile, TableProfile
    from orchestration.lib.profile.profile import SourceProfile
    from orchestration.lib.profile.proposal import ColumnProposal, FeedProposal, TableProposal

_MOST_IN_FULL = 8  # tables; of more, only the ranking is shown, unless one is asked for
_NAMED = 12


def print_profile(result: SourceProfile, lang: str, *, whole: bool) -> None:
    """The ranking of the tables, then each of them."""
    if len(result.tables) > 1:
        _print_ranking(result, lang)
    shown = result.proposed if whole or len(result.proposed) <= _MOST_IN_FULL else ()
    for proposal in shown:
        _print_table(proposal, lang)
    if not shown:
        typer.echo(f"\n{say('profile.each', lang)}")


def _print_ranking(result: SourceProfile, lang: str) -> None:
    body = []
    for one in result.tables:
        best = one.ranking[0] if one.ranking else None
        others = ", ".join(f"{each.entity.name} {each.score:.2f}" for each in one.ranking[1:])
        state = one.entity or "–"
        body.append([one.table.name, _rows(one.table), state, f"{best.score:.2f}" if best else "–", others])
    headers = [say(key, lang) for key in ("profile.table", "rows", "profile.is", "profile.confidence", "profile.or")]
    print_table(headers, body, right=(1, 3), title=say("profile.ranking", lang, place=result.place.shown))
    for key, names in (("profile.skipped", result.place.skipped), ("profile.empty", result.empty)):
        if names:
            more = f" … (+{len(names) - _NAMED})" if len(names) > _NAMED else ""
            typer.echo(f"{say(key, lang, count=len(names))}: {', '.join(names[:_NAMED])}{more}")
    for name, error in result.unreadable:
        typer.echo(f"{say('profile.unreadable', lang)} {name}: {error.message}")


def _rows(table: TableProfile) -> str:
    if table.rows is None:
        return f"> {table.sampled:,}"
    return f"{table.rows:,}"


def _print_table(proposal: TableProposal, lang: str) -> None:
    table = proposal.table
    typer.echo(f"\n{table.name}: {say('profile.rows', lang, rows=_rows(table), sampled=f'{table.sampled:,}')}")
    if proposal.feeds:
        feed = proposal.feeds[0]
        label = feed.entity.label.zh if lang == "zh" else feed.entity.label.en
        reasons = next((one.reasons for one in proposal.ranking if one.entity.name == feed.entity.name), ())
        why = "; ".join(one.of(lang) for one in reasons)
        typer.echo(f"  → {feed.entity.name} ({label}) {feed.confidence:.2f}  {why}")
    else:
        typer.echo(f"  {say('profile.nothing', lang)}")
    for key in table.keys[:1]:
        typer.echo(f"  {say('profile.key', lang)}: {' + '.join(key)}")
    for one in table.references:
        typer.echo(f"  {one.column} → {one.table}.{one.key} ({_share(one.share)})")
    for note in table.notes:
        typer.echo(f"  ! {note.of(lang)}")
    _print_columns(proposal, lang)
    for feed in proposal.feeds:
        _print_gaps(feed, lang)


def _print_columns(proposal: TableProposal, lang: str) -> None:
    by_raw: dict[str, list[tuple[FeedProposal, ColumnProposal]]] = {}
    for feed in proposal.feeds:
        for one in feed.columns:
            if one.raw is not None:
                by_raw.setdefault(one.raw, []).append((feed, one))
    body: list[list[str]] = []
    for raw in proposal.table.columns:
        found = by_raw.get(raw.name, [])
        target = ", ".join(_target(proposal, feed, one) for feed, one in found) or "–"
        sure = f"{found[0][1].confidence:.2f}" if found else ""
        why = "; ".join(reason.of(lang) for reason in found[0][1].reasons) if found else ""
        notes = "; ".join(one.of(lang) for one in (*_told(raw), *raw.notes))
        body.append(
            [
                raw.name,
                _kind(raw, lang),
                _share(raw.filled_share),
                f"{raw.distinct:,}",
                " | ".join(raw.samples),
                target,
                sure,
                "; ".join(part for part in (why, notes) if part),
            ]
        )
    keys = ("column", "kind", "filled", "distinct", "samples", "proposal", "confidence", "why")
    print_table([say(f"profile.{key}", lang) for key in keys], body, right=(2, 3, 6))
    for feed in proposal.feeds:
        for one in feed.columns:
            if one.raw is None:
                origin = one.expression or say("profile.constant", lang, value=one.constant)
                why = "; ".join(reason.of(lang) for reason in one.reasons)
                typer.echo(f"  {_target(proposal, feed, one)} = {origin}  {one.confidence:.2f}  {why}")


def _target(proposal: TableProposal, feed: FeedProposal, one: ColumnProposal) -> str:
    name = one.column.name if feed is proposal.feeds[0] else f"{feed.entity.name}.{one.column.name}"
    return name if one.accepted else f"({name}?)"


def _kind(raw: ColumnProfile, lang: str) -> str:
    told = KIND_WORDS[raw.kind].of(lang)
    if raw.formats:
        told += f" {' , '.join(raw.formats)}"
    if raw.personal is not None:
        told += f" [{say('profile.personal', lang)}: {raw.personal}]"
    return told


def _told(raw: ColumnProfile) -> list[Words]:
    found = []
    if raw.fits < 1:
        examples = ", ".join(raw.misfits)
        found.append(
            Words(f"{_share(1 - raw.fits)} do not fit: {examples}", f"{_share(1 - raw.fits)} 不符：{examples}")
        )
    if raw.nulls:
        found.append(Words(f"empty is also written {', '.join(raw.nulls)}", f"空值也写作 {'、'.join(raw.nulls)}"))
    return found


def _print_gaps(feed: FeedProposal, lang: str) -> None:
    if feed.is_complete:
        return
    typer.echo(f"  ✗ {say('profile.incomplete', lang, entity=feed.entity.name)}")
    for problem in feed.problems:
        typer.echo(f"      {problem}")


def _share(share: float) -> str:
    """Per cent that never says 100 or 0 when it is not quite."""
    per_cent = share * 100
    if 0 < per_cent < 0.1:
        return "<0.1 %"
    return f"{min(per_cent, 99.9) if share < 1 else 100:.3g} %"


# For programs --------------------------------------------------------------------------------------------------------


def as_data(result: SourceProfile, text: str, *, lang: str, written: Path | None) -> dict[str, Any]:
    """The whole profile as plain data."""
    return {
        "place": result.place.shown,
        "source": result.head.source,
        "tables": [_table_data(one) for one in result.tables],
        "empty_tables": list(result.empty),
        "skipped": list(result.place.skipped),
        "unreadable": [{"name": name, "error": error.message, "fix": error.hint} for name, error in result.unreadable],
        "mapping": text,
        "written": str(written) if written is not None else None,
    }


def _table_data(one: TableProposal) -> dict[str, Any]:
    table = one.table
    return {
        "name": table.name,
        "object": one.object_name,
        "file": table.file,
        "sheet": table.sheet,
        "rows": table.rows,
        "sampled": table.sampled,
        "is_sample": table.is_sample,
        "format": {
            "encoding": table.layout.encoding,
            "delimiter": table.layout.delimiter,
            "header": table.layout.header,
            "decimal": table.layout.decimal,
            "thousands": table.layout.thousands,
            "null_values": list(table.layout.null_values),
        },
        "entity": one.entity,
        "ranking": [_ranked(match) for match in one.ranking],
        "keys": [list(key) for key in table.keys],
        "references": [
            {"column": ref.column, "table": ref.table, "key": ref.key, "share": ref.share, "declared": ref.declared}
            for ref in table.references
        ],
        "personal": {raw.name: raw.personal for raw in table.columns if raw.personal is not None},
        "notes": [note._asdict() for note in table.notes],
        "columns": [_column_data(raw) for raw in table.columns],
        "feeds": [_feed_data(feed) for feed in one.feeds],
    }


def _ranked(match: EntityMatch) -> dict[str, Any]:
    return {
        "entity": match.entity.name,
        "confidence": match.score,
        "reasons": [reason._asdict() for reason in match.reasons],
    }


def _column_data(raw: ColumnProfile) -> dict[str, Any]:
    number = raw.number
    return {
        "name": raw.name,
        "kind": raw.kind,
        "declared_type": raw.native,
        "filled_share": round(raw.filled_share, 6),
        "distinct": raw.distinct,
        "uniqueness": round(raw.uniqueness, 6),
        "min_length": raw.min_length,
        "max_length": raw.max_length,
        "fits": round(raw.fits, 6),
        "formats": list(raw.formats),
        "ambiguous_with": list(raw.ambiguous),
        "minimum": number.minimum if number else None,
        "maximum": number.maximum if number else None,
        "decimal": number.decimal if number else None,
        "thousands": number.thousands if number else None,
        "signs": list(number.signs) if number else [],
        "null_spellings": list(raw.nulls),
        "values": [{"value": value, "rows": count} for value, count in raw.values],
        "personal": raw.personal,
        "samples": list(raw.samples),
        "misfits": list(raw.misfits),
        "notes": [note._asdict() for note in raw.notes],
    }


def _feed_data(feed: FeedProposal) -> dict[str, Any]:
    return {
        "entity": feed.entity.name,
        "confidence": feed.confidence,
        "complete": feed.is_complete,
        "in_mapping": feed.stands,
        "one_per": list(feed.one_per),
        "missing": [column.name for column in feed.missing],
        "problems": list(feed.problems),
        "columns": [
            {
                "column": one.column.name,
                "from": one.raw,
                "expr": one.expression,
                "value": one.constant,
                "confidence": one.confidence,
                "accepted": one.accepted,
                "values": dict(one.values) if one.values is not None else None,
                "unknown_values": [{"value": value, "rows": count} for value, count in one.unknown],
                "multiply": one.multiply,
                "round": "half_up" if one.round_half_up else None,
                "reasons": [reason._asdict() for reason in one.reasons],
            }
            for one in feed.columns
        ],
    }
