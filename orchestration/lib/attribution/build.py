"""Write ``attribution.channel_effect``: each channel and campaign by each data-driven model, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from orchestration.lib import warehouse
from orchestration.lib.attribution.paths import Touches, count_steps, distinct_paths, members_of
from orchestration.lib.settings_attribution import AttributionSettings
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from orchestration.lib.attribution.bootstrap import Array

SCHEMA, TABLE = "attribution", "channel_effect"
LEVELS: Final = ("channel", "campaign")
PLACES: Final = 9
COLUMNS: Final[dict[str, str]] = {
    "model": "varchar not null",
    "level": "varchar not null",
    "member_id": "varchar not null",
    "effect": "decimal(18, 9) not null",
    "share": "decimal(18, 9)",
    "share_low": "decimal(18, 9)",
    "share_high": "decimal(18, 9)",
    "conversions": "bigint not null",
    "journeys": "bigint not null",
    "total_conversions": "bigint not null",
    "draws": "bigint not null",
    "is_reliable": "boolean not null",
    "reason_en": "varchar",
    "reason_zh": "varchar",
}

Row = list[Any]


@dataclass(frozen=True)
class EffectResult:
    """Paths that were read, and why the models may not be relied on, if so."""

    conversions: int
    null_paths: int
    members: dict[str, int]
    reason_en: str | None

    def explain(self) -> str:
        """One line for people."""
        read = f"data-driven attribution: {self.conversions:,} conversions and {self.null_paths:,} null paths"
        told = ", ".join(f"{count:,} {level}s" for level, count in self.members.items())
        return f"{read}, {told}" + (f"; no advice, because {self.reason_en}" if self.reason_en else "")


def build_channel_effect(workspace: Workspace, settings: AttributionSettings) -> EffectResult:
    """Rebuild the table from ``attribution.path_touch``; orders without a touch take no part, as in every model."""
    with warehouse.connect(workspace) as database:
        [(conversions, null_paths)] = database.execute(
            "select count(distinct journey_id) filter (is_converted), count(distinct journey_id) filter "
            "(not is_converted) from attribution.path_touch"
        ).fetchall()
        reason = refusal(conversions, settings.least_conversions)
        rows: list[Row] = []
        members = {}
        for level in LEVELS:
            touches = Touches("attribution.path_touch", f"{level}_member", settings.collapse_repeats)
            found = list(_rows(database, level, touches, settings, conversions))
            members[level] = len(members_of(database, touches))
            rows += [[*row, reason[0] is None, *reason] for row in found]
        database.execute("begin transaction")
        try:
            types = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            database.execute(f"create or replace table {SCHEMA}.{TABLE} ({types})")
            if rows:
                marks = ", ".join("?" * len(COLUMNS))
                database.executemany(f"insert into {SCHEMA}.{TABLE} values ({marks})", rows)
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
    return EffectResult(conversions, null_paths, members, reason[0])


def refusal(conversions: int, least: int) -> tuple[str | None, str | None]:
    """Why no advice may rest on the models, en and zh; nothing when it may."""
    if conversions >= least:
        return None, None
    return (
        f"it needs {least} converting journeys, and there are {conversions}",
        f"需要至少 {least} 段转化旅程，现有 {conversions} 段",
    )


def _rows(
    database: duckdb.DuckDBPyConnection, level: str, touches: Touches, settings: AttributionSettings, total: int
) -> Iterator[Row]:
    from orchestration.lib.attribution.bootstrap import intervals
    from orchestration.lib.attribution.markov import chain_of, removal_effects
    from orchestration.lib.attribution.shapley import shared_conversions

    counts = {
        member: (converted, journeys)
        for member, converted, journeys in database.execute(
            f"select {touches.member}, count(distinct journey_id) filter (is_converted), count(distinct journey_id) "
            f"from {touches.relation} group by 1"
        ).fetchall()
    }
    if not counts:
        return
    steps = count_steps(database, touches, settings.markov_order)
    removed = [Fraction(float(effect)) for effect in removal_effects(chain_of(steps), steps.count)]
    due = shared_conversions(database, touches)
    ends = intervals(distinct_paths(database, touches), settings.markov_order, settings.bootstrap_draws)
    for model, effects, end in (
        (f"markov_{settings.markov_order}", removed, ends.markov),
        ("shapley", list(due.values()), ends.shapley),
    ):
        told = zip(steps.members, effects, exact_shares(effects), _ends(end), strict=True)
        for member, effect, share, (low, high) in told:
            converted, journeys = counts[member]
            yield [model, level, member, _placed(effect), share, low, high, converted, journeys, total, ends.draws]


def exact_shares(effects: Sequence[Fraction]) -> list[Decimal | None]:
    """Parts of the sum to nine places, by rounding what is reached and not each part: they add up to exactly 1."""
    total = sum(effects)
    if not total:
        return [None] * len(effects)
    reached, before, shares = Fraction(0), Decimal(0), list[Decimal | None]()
    for effect in effects:
        reached += effect
        here = _placed(reached / total)
        shares.append(here - before)
        before = here
    return shares


def _ends(ends: Array) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    for low, high in ends.tolist():
        # NaN where no draw had a conversion
        yield (None, None) if isnan(low) else (_placed(Fraction(low)), _placed(Fraction(high)))


def _placed(value: Fraction) -> Decimal:
    return Decimal(round(value * 10**PLACES)).scaleb(-PLACES)
