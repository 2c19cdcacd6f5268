"""Fit the model on the deals that were decided and write ``metrics.win_model`` (one row: whether there is a model, how
good it is, or why there is none) and ``metrics.win_driver`` (one row per driver)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.lib import warehouse
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from orchestration.lib.win_model.fit import Effect, Fitted

TABLES = ("win_model", "win_driver")
CAVEAT_EN = (
    "Association, not cause: sellers work on the deals they believe in. Each driver is told with all others held "
    "equal, as far as this data knows them. With an auc near 0.5 the drivers do not tell won from lost deals at all."
)
CAVEAT_ZH = (
    "关联，不代表因果：销售会更多投入看好的商机。各因素均在数据所知的其他因素不变时解读。"
    "auc 接近 0.5 时，这些因素合起来也不能区分赢单与输单。"
)
_MODEL = (
    "is_available boolean not null, reason_en varchar, reason_zh varchar, population varchar not null, "
    "deal_count bigint not null, won_count bigint not null, lost_count bigint not null, driver_count bigint not null, "
    "auc decimal(18, 6), caveat_en varchar not null, caveat_zh varchar not null"
)
_DRIVER = (
    "driver varchar not null, position bigint not null, label_en varchar not null, label_zh varchar not null, "
    "unit varchar not null, is_control boolean not null, n_with bigint not null, coefficient decimal(18, 6) not null, "
    "odds_ratio decimal(18, 6) not null, odds_low decimal(18, 6) not null, odds_high decimal(18, 6) not null"
)

Deal = Mapping[str, Any]


@dataclass(frozen=True)
class WinModelResult:
    """On how many deals a model was fitted, with how many drivers, how well it tells deals apart; else why not."""

    deals: int
    drivers: int
    auc: float | None
    reason_en: str | None

    def explain(self) -> str:
        """One line for people."""
        if self.reason_en:
            return f"win drivers: not available because {self.reason_en}"
        return f"win drivers: {self.drivers} weighed on {self.deals:,} deals, auc {self.auc:.2f}"


def build_win_model(workspace: Workspace, least_deals: int) -> WinModelResult:
    """Rebuild both tables in one transaction.

    Of the deals that were won or lost only those that were quoted are asked, when any was: without a quote hardly any
    deal is won, and that would be all the model says.

    Args:
        least_deals: as many must have been won, and as many lost, for the model to be fitted.
    """
    with warehouse.connect(workspace) as database:
        deals = _rows(database, "select * from marts.opportunity_driver_facts order by opportunity_id")
        kinds = _rows(
            database,
            "select driver, label_en, label_zh from metrics.interaction_win_lift "
            "where driver_group = 'kind' and period_kind = 'all' order by position",
        )
        quoted = [deal for deal in deals if deal["is_quoted"]]
        population, asked = ("quoted", quoted) if quoted else ("decided", deals)
        won = sum(bool(deal["is_won"]) for deal in asked)
        english, chinese = _refusal(won, len(asked) - won, least_deals, population)
        fitted = None if english else _fit(asked, [tuple(kind.values()) for kind in kinds])
        if fitted is not None and not fitted.effects:
            english, chinese, fitted = "no driver varies between the deals", "各商机之间没有任何有差异的因素", None
        effects = fitted.effects if fitted else ()
        database.execute("begin transaction")
        try:
            database.execute(f"create or replace table metrics.win_model ({_MODEL})")
            database.execute(
                "insert into metrics.win_model values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    fitted is not None, english, chinese, population, len(asked), won, len(asked) - won, len(effects),
                    round(fitted.auc, 6) if fitted else None, CAVEAT_EN, CAVEAT_ZH,
                ],
            )  # fmt: skip
            database.execute(f"create or replace table metrics.win_driver ({_DRIVER})")
            _insert(database, effects)
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
    return WinModelResult(len(asked), len(effects), fitted.auc if fitted else None, english)


def _rows(database: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found = database.execute(sql)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _refusal(won: int, lost: int, least: int, population: str) -> tuple[str | None, str | None]:
    """Why no model is fitted, en and zh; nothing when it is."""
    if min(won, lost) >= least:
        return None, None
    of_en, of_zh = ("quoted deals", "已报价商机") if population == "quoted" else ("deals", "商机")
    return (
        f"it needs {least} won and {least} lost {of_en}, and there are {won} won and {lost} lost",
        f"需要赢单与输单的{of_zh}各 {least} 个，现有赢单 {won} 个、输单 {lost} 个",
    )


def _fit(deals: Sequence[Deal], kinds: Sequence[tuple[str, str, str]]) -> Fitted | None:
    import numpy as np

    from orchestration.lib.win_model.features import design
    from orchestration.lib.win_model.fit import Fitted, fit

    features, matrix = design(deals, kinds)
    if not features:
        return Fitted((), 0.5)
    return fit(features, matrix, np.array([bool(deal["is_won"]) for deal in deals]))


def _insert(database: duckdb.DuckDBPyConnection, effects: Sequence[Effect]) -> None:
    for position, effect in enumerate(effects, start=1):
        one = effect.feature
        numbers = (effect.coefficient, effect.odds_ratio, effect.odds_low, effect.odds_high)
        database.execute(
            "insert into metrics.win_driver values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.driver, position, one.label_en, one.label_zh, one.unit, one.is_control, one.n_with,
                *(round(number, 6) for number in numbers),
            ],
        )  # fmt: skip
