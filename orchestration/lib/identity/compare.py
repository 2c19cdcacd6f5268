"""Weighing which names mean the same legal entity: Fellegi and Sunter's model, computed by Splink on DuckDB.

Each comparison below has levels; a level says how often it is seen among pairs that are one entity (m) and among pairs
that are not (u), and adds log2(m / u) to the evidence (Fellegi & Sunter, "A Theory for Record Linkage", 1969). The
figures are fixed, not learned from the data at hand: the same names must give the same answer whoever else is in the
list, a small company has too few pairs to learn from, and a reviewer can recompute a weight by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

PRIOR = 0.001
"""How often two names of one block are one entity before anything is compared."""
PRIOR_WEIGHT = round(math.log2(PRIOR / (1 - PRIOR)), 2)
"""The same as log2 of the odds."""

RECORD_COLUMNS = {
    "unique_id": "VARCHAR",
    "kind": "VARCHAR",  # customer, company (a text of a lead or contact), distributor
    "norm": "VARCHAR",
    "core": "VARCHAR",
    "place": "VARCHAR",
    "province": "VARCHAR",
    "district": "VARCHAR",
    "trade": "VARCHAR",
    "ordinal": "VARCHAR",
    "legal": "VARCHAR",
    "branch": "VARCHAR",
    "places": "BIGINT",  # how many places this trade name is known in, over all names
    "trades": "BIGINT",  # how many trades it is known for in this place
    "region": "VARCHAR",
    "role": "VARCHAR",  # distributor, end or '' where the source does not say
    "tax_id": "VARCHAR",
}
"""The columns of a record to compare; '' where the name or the source does not say."""


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: SQL over ``<column>_l`` and ``<column>_r``, m and u, and what it means."""

    condition: str
    m: float
    u: float
    en: str
    zh: str

    @property
    def weight(self) -> float:
        """What it adds to the evidence: log2(m / u), to two places."""
        return round(math.log2(self.m / self.u), 2)


def _both(column: str) -> str:
    return f"{column}_l <> '' AND {column}_r <> ''"


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


_NO_CORE = "core_l = '' AND core_r = ''"
COMPARISONS: dict[str, tuple[Level, ...]] = {
    "core": (
        Level(f"length(core_l) >= 8 AND {_same('core')}", 0.9, 0.000005, "same long trade name", "较长字号相同"),
        Level(f"{_both('core')} AND {_same('core')}", 0.9, 0.0001, "same trade name", "字号相同"),
        Level(_NO_CORE, 0.5, 0.01, "both without a trade name", "均无字号"),
        Level(
            "least(length(core_l), length(core_r)) >= 4 AND levenshtein(core_l, core_r) = 1",
            0.05,
            0.0005,
            "trade names differ by one character",
            "字号差一字",
        ),
        Level("core_l = '' OR core_r = ''", 0.01, 0.1, "one without a trade name", "一方无字号"),
        Level("ELSE", 0.01, 0.9, "different trade names", "字号不同"),
    ),
    "place": (
        Level(f"{_both('place')} AND {_same('place')}", 0.85, 0.02, "same place", "地名相同"),
        Level(
            f"{_both('place')} AND (place_l = province_r OR place_r = province_l)",
            0.05,
            0.02,
            "one names the province of the other",
            "一方为另一方所在省",
        ),
        Level(_both("place"), 0.002, 0.9, "different places", "地名不同"),
        # a public hospital is told by its place alone
        Level(f"{_NO_CORE} AND {_same('place')}", 0.5, 0.5, "both without a place", "均无地名"),
        Level(_NO_CORE, 0.01, 0.2, "a hospital without its place", "医院缺少地名"),
        Level("ELSE", 0.3, 0.3, "a place is missing", "缺少地名"),
    ),
    "district": (
        Level(f"{_both('district')} AND {_same('district')}", 0.8, 0.05, "same district", "区县相同"),
        Level(_both("district"), 0.002, 0.9, "different districts", "区县不同"),
        Level("district_l = '' AND district_r = ''", 0.5, 0.5, "no district", "均无区县"),
        Level(_NO_CORE, 0.005, 0.5, "a hospital of the district and one of the city", "区级与市级医院"),
        Level("ELSE", 0.3, 0.4, "a district is missing", "缺少区县"),
    ),
    "ordinal": (
        Level(f"{_both('ordinal')} AND {_same('ordinal')}", 0.9, 0.1, "same number", "序号相同"),
        # public hospitals mostly have a number, firms hardly ever
        Level(
            f"{_NO_CORE} AND ordinal_l = '' AND ordinal_r = ''", 0.9, 0.2, "hospitals without a number", "医院均无序号"
        ),
        Level("ordinal_l = '' AND ordinal_r = ''", 0.9, 0.9, "no number", "均无序号"),
        Level(_both("ordinal"), 0.0001, 0.9, "different numbers", "序号不同"),
        Level("ELSE", 0.005, 0.5, "one has a number", "仅一方有序号"),
    ),
    "trade": (
        Level(f"{_both('trade')} AND {_same('trade')}", 0.75, 0.05, "same trade", "行业相同"),
        Level("trade_l = '' AND trade_r = ''", 0.5, 0.5, "no trade", "均无行业"),
        Level("trade_l = '' OR trade_r = ''", 0.2, 0.25, "a trade is missing", "缺少行业"),
        Level(
            "starts_with(trade_l, trade_r) OR starts_with(trade_r, trade_l)",
            0.05,
            0.4,
            "one trade is a part of the other",
            "行业为包含关系",
        ),
        Level("ELSE", 0.02, 0.7, "different trades", "行业不同"),
    ),
    "legal": (
        Level(f"{_both('legal')} AND {_same('legal')}", 0.6, 0.4, "same legal form", "组织形式相同"),
        Level("legal_l = '' OR legal_r = ''", 0.4, 0.4, "a legal form is missing", "缺少组织形式"),
        Level("ELSE", 0.05, 0.3, "different legal forms", "组织形式不同"),
    ),
    "branch": (
        Level("branch_l = '' AND branch_r = ''", 0.9, 0.9, "no branch", "均非分支机构"),
        Level(_same("branch"), 0.5, 0.1, "same branch", "分支机构相同"),
        Level("ELSE", 0.001, 0.5, "a branch is not the firm", "分支机构与总部不同"),
    ),
    # what a name leaves out can be filled in only where no other firm of that trade name is known
    "common": (
        Level(
            "core_l <> '' AND (((place_l = '') <> (place_r = '') AND greatest(places_l, places_r) > 1) "
            "OR ((trade_l = '') <> (trade_r = '') AND greatest(trades_l, trades_r) > 1))",
            0.02,
            0.9,
            "the missing part is what tells namesakes apart",
            "存在同字号的其他企业，缺失部分不可省略",
        ),
        Level("ELSE", 0.9, 0.9, "nobody else of that trade name", "无同字号的其他企业"),
    ),
    "region": (
        Level(f"{_both('region')} AND {_same('region')}", 0.9, 0.25, "same region", "区域相同"),
        Level("region_l = '' OR region_r = ''", 0.5, 0.5, "a region is missing", "缺少区域"),
        Level("ELSE", 0.02, 0.75, "different regions", "区域不同"),
    ),
    "role": (
        Level("role_l = '' OR role_r = '' OR role_l = role_r", 0.9, 0.9, "roles agree", "角色一致"),
        Level("ELSE", 0.005, 0.3, "a distributor is not its end customer", "经销商与终端客户不同"),
    ),
    "tax_id": (
        Level("tax_id_l = '' OR tax_id_r = ''", 0.5, 0.5, "a tax id is missing", "缺少统一社会信用代码"),
        Level(_same("tax_id"), 0.99, 0.0001, "same tax id", "统一社会信用代码相同"),
        Level("ELSE", 0.000001, 1.0, "different tax ids", "统一社会信用代码不同"),
    ),
}

_MEETS_CUSTOMER = "(l.kind = 'customer' OR r.kind = 'customer')"
BLOCKS = (
    "l.core = r.core AND l.core <> ''",
    "l.core = '' AND r.core = '' AND l.place = r.place AND l.trade = r.trade",
    "l.place = r.place AND l.place <> '' AND l.core <> '' AND substr(l.core, 1, 2) = substr(r.core, 1, 2)",
    "l.place = r.place AND l.place <> '' AND l.core <> '' AND right(l.core, 2) = right(r.core, 2)",
    "l.ordinal = r.ordinal AND length(l.core) > 4 AND substr(l.core, 1, 5) = substr(r.core, 1, 5)",
)
"""Which pairs are weighed at all: those of one block, and only with a customer on one side."""


def weigh(connection: duckdb.DuckDBPyConnection, records: str, least: float) -> None:
    """Write the table ``pair`` of a database: one row per pair of records that is at least ``least`` likely.

    Args:
        connection: an in-memory database; Splink makes and drops tables of its own in it.
        records: a table with RECORD_COLUMNS, one row per name.
        least: the lowest match probability worth keeping, 0-1.

    The table: id_l, id_r, kind_l, kind_r, weight (log2 of the odds, two places), probability (four places), and per
    comparison the number of its level, ``gamma_<name>``, as Splink counts them: 0 is the last.
    """
    import logging

    from splink import DuckDBAPI, Linker  # with sqlglot and pyarrow

    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register(records), _settings(), log_level=logging.ERROR, validate_settings=False)
    found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
    gammas = ", ".join(f"gamma_{name}" for name in COMPARISONS)
    connection.execute(
        "CREATE OR REPLACE TABLE pair AS SELECT unique_id_l AS id_l, unique_id_r AS id_r, kind_l, kind_r, "
        "round(match_weight, 2)::DECIMAL(6, 2) AS weight, round(match_probability, 4)::DECIMAL(5, 4) AS probability, "
        f"{gammas} FROM {found.physical_name} ORDER BY ALL"
    )


def _settings() -> dict[str, Any]:
    from splink import SettingsCreator
    from splink.comparison_level_library import CustomLevel, ElseLevel
    from splink.comparison_library import CustomComparison

    comparisons: list[Any] = []
    for name, levels in COMPARISONS.items():
        made: list[Any] = []
        for level in levels:
            one = ElseLevel() if level.condition == "ELSE" else CustomLevel(level.condition, label_for_charts=level.en)
            made.append(one.configure(m_probability=level.m, u_probability=level.u))
        comparisons.append(CustomComparison(made, output_column_name=name))
    blocks: list[Any] = [f"{block} AND {_MEETS_CUSTOMER}" for block in BLOCKS]
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
        probability_two_random_records_match=PRIOR,
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=False,
        additional_columns_to_retain=["kind"],
    ).create_settings_dict("duckdb")


def level_of(comparison: str, gamma: int) -> Level:
    """The level that Splink numbers ``gamma``: it counts from the last, which is 0, upwards."""
    levels = COMPARISONS[comparison]
    return levels[len(levels) - 1 - gamma]
