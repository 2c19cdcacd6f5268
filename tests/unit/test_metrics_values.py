"""metric_value, metric_availability and the scorecards against cells worked out by hand (metrics_case.py)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.metrics import comparison_sql, materialise_metrics, metric_definitions
from orchestration.lib.metrics import compile as metric_compiler
from orchestration.lib.metrics.dimensions import DIMENSIONS
from orchestration.lib.metrics.registry import load_registry
from orchestration.lib.shared_cache import FOLDER_VARIABLE
from tests.unit.metrics_case import metrics_project
from tests.unit.scratch_project import ScratchProject

D = Decimal
KEYS = "period_kind, period_start"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = metrics_project(tmp_path_factory.mktemp("metrics"))
    result = case.build("path:models/metrics", unit_tests=True)
    unit_tests = {node.name for node in result.nodes if node.resource_type == "unit_test"}
    assert unit_tests >= {
        "time_spine_follows_a_fiscal_year_that_starts_in_april",
        "retention_caps_each_account_and_leaves_new_customers_out",
        "cohorts_share_money_by_first_order_weights",
        "every_step_from_list_price_to_cash_is_exact",
        "payback_lasts_or_says_why_there_is_none",
        "realised_roi_is_final_only_when_all_is_in",
    }
    case.prepare()
    materialise(case)
    return case


def materialise(case: ScratchProject) -> int:
    return materialise_metrics(case.workspace, case, case.workspace.dbt_target_dir)


def cell(
    case: ScratchProject, metric: str, variant: str = "standard", cut: str = "total", **where: Any
) -> tuple[Any, ...]:
    """numerator, denominator, value, n, is_mature of one cell; all time unless a period is given."""
    where.setdefault("period_kind", "all")
    conditions = "".join(f" and {key} is not distinct from '{value}'" for key, value in where.items())
    rows = case.rows(
        f"select numerator, denominator, value, n, is_mature from metrics.metric_value "
        f"where metric_id = '{metric}' and variant = '{variant}' and cut = '{cut}'{conditions}"
    )
    assert len(rows) == 1, rows
    return rows[0]


@pytest.mark.parametrize(
    ("metric", "variant", "expected"),
    [
        # 100 + 50.01 + 300 + 40; the unallocated 7 and the cost after the as-of date are not in it
        ("marketing_spend", "direct", ("490.01", None, "490.01", 3)),
        # one cost that names nobody, in a month whose overhead nothing shared here
        ("marketing_spend", "unallocated", ("7", None, "7", 1)),
        ("leads", "standard", ("5", None, "5", 5)),
        ("cpl", "direct", ("450.01", "5", "90.002", 5)),
        # l1 and l3 of five
        ("lead_to_opportunity_rate", "standard", ("2", "5", "0.4", 5)),
        ("opportunity_to_order_rate", "count", ("1", "3", "0.33333333", 3)),
        # 1000 ÷ 1750
        ("opportunity_to_order_rate", "value", ("1000", "1750", "0.57142857", 3)),
        ("win_rate", "count", ("1", "2", "0.5", 2)),
        ("win_rate", "amount", ("1000", "1500", "0.66666667", 2)),
        # two new customers, whose weights add up to exactly 2
        ("cac", "direct", ("450.01", "2", "225.005", 2)),
        ("aov", "standard", ("1500", "2", "750", 2)),
        # (1250 + 400 − 1000 − 400) ÷ 1650; the line without a list price is left out
        ("discount_rate", "standard", ("250", "1650", "0.15151515", 2)),
        # the line without a cost is left out: (400 − 40) ÷ (1000 − 100)
        ("gross_margin_rate", "standard", ("360", "900", "0.4", 2)),
        ("contribution", "standard", ("390.01", None, "390.01", 2)),
        # all cost, the unallocated 7 included: (390.01 − 497.01) ÷ 497.01
        ("total_roi", "standard", ("-107", "497.01", "-0.21528742", 2)),
        ("total_roi", "booked", ("2.99", "497.01", "0.00601598", 2)),
        # 13000 ÷ 400
        ("collection_days", "standard", ("13000", "400", "32.5", 2)),
        ("on_time_delivery_rate", "standard", ("2", "3", "0.66666667", 3)),
        # (390.01 − 490.01) ÷ 490.01 = −0.204077468…
        ("channel_roi", "standard", ("-100", "490.01", "-0.20407747", 2)),
        # 1000 ÷ 150.01 = 6.66622225…
        ("roas", "standard", ("1000", "150.01", "6.66622225", 2)),
    ],
)
def test_totals_of_all_time(
    built: ScratchProject, metric: str, variant: str, expected: tuple[str, str | None, str, int]
) -> None:
    """Numerator, denominator, value and n."""
    numerator, denominator, value, n = expected
    found = cell(built, metric, variant)
    assert found[:4] == (D(numerator), denominator and D(denominator), D(value), n)


def test_by_channel_with_what_nobody_can_place(built: ScratchProject) -> None:
    rows = built.rows(
        "select channel_id, numerator, denominator, value from metrics.metric_value "
        "where metric_id = 'channel_roi' and cut = 'channel' and period_kind = 'all' order by channel_id"
    )
    assert rows == [
        # 160 − 190.01; the retention campaign is a cost of the channel too
        ("ad", D("-30.01"), D("190.01"), D("-0.15793906")),
        # 240 − 300
        ("show", D("-60"), D("300"), D("-0.2")),
        # no cost: no ratio, never 0 or infinite
        ("unattributed", D("-9.99"), D("0"), None),
    ]


def test_new_customers_by_channel_are_sums_of_weights(built: ScratchProject) -> None:
    # acquisition cost without the retention campaign: 150.01 ÷ ⅓
    assert cell(built, "cac", "direct", "channel", channel_id="ad")[:4] == (
        D("150.01"),
        D("0.333333333"),
        D("450.03000045"),
        1,
    )
    assert cell(built, "cac", "direct", "channel", channel_id="unattributed")[:3] == (D(0), D(1), D(0))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("month", {"2024-01-01": "2", "2024-02-01": "2", "2024-06-01": "1"}),
        # the fiscal year begins in April, so January to March are its last quarter and half
        ("quarter", {"2024-01-01": "4", "2024-04-01": "1"}),
        ("half_year", {"2023-10-01": "4", "2024-04-01": "1"}),
        ("year", {"2023-04-01": "4", "2024-04-01": "1"}),
    ],
)
def test_periods_follow_the_fiscal_year(built: ScratchProject, kind: str, expected: dict[str, str]) -> None:
    rows = built.rows(
        f"select period_start, value from metrics.metric_value "
        f"where metric_id = 'leads' and cut = 'total' and period_kind = '{kind}' order by period_start"
    )
    assert {str(start): value for start, value in rows} == {start: D(value) for start, value in expected.items()}


def test_a_cohort_is_immature_until_its_window_has_passed(built: ScratchProject) -> None:
    # leads of January: 31 January + 90 days = 30 April; of June: 30 June + 90 days is to come
    def mature(start: str) -> Any:
        return cell(built, "lead_to_opportunity_rate", period_kind="month", period_start=start)[4]

    assert (mature("2024-01-01"), mature("2024-02-01"), mature("2024-06-01")) == (True, True, False)
    # 30 June is the as-of date itself, so June is complete
    assert cell(built, "leads", period_kind="month", period_start="2024-06-01")[4] is True
    assert cell(built, "leads", period_kind="quarter", period_start="2024-04-01")[4] is True
    assert cell(built, "leads", period_kind="year", period_start="2024-04-01")[4] is False


def test_a_dimension_of_another_table_is_joined(built: ScratchProject) -> None:
    rows = built.rows(
        "select product_family, numerator, denominator from metrics.metric_value "
        "where metric_id = 'on_time_delivery_rate' and cut = 'product_family' and period_kind = 'all' order by all"
    )
    assert rows == [("pumps", D(1), D(1)), ("unknown", D(1), D(2))]


def test_each_cut_of_a_metric_adds_up_to_its_total(built: ScratchProject) -> None:
    wrong = built.rows(
        """
        select part.metric_id, part.variant, part.cut, part.period_kind, part.period_start
        from (
          select metric_id, variant, cut, period_kind, period_start, sum(numerator) as top, sum(denominator) as bottom
          from metrics.metric_value group by all
        ) as part
        join metrics.metric_value as total
          on total.cut = 'total' and (total.metric_id, total.variant, total.period_kind)
            = (part.metric_id, part.variant, part.period_kind)
          and total.period_start is not distinct from part.period_start
        join metrics.metric_availability as known
          on (known.metric_id, known.variant) = (part.metric_id, part.variant) and known.is_additive
        where (part.top <> total.numerator or abs(part.bottom - total.denominator) > 0.000002)
        """
    )
    assert wrong == []


def test_the_tables_have_no_other_columns_and_one_row_per_cell(built: ScratchProject) -> None:
    names = [row[0] for row in built.rows("describe metrics.metric_value")]
    keyed = [*(dimension.column for dimension in DIMENSIONS.values()), "period_kind", "period_start"]
    assert names == [
        "metric_id", "variant", "cut", *keyed, "view", "basis", "model", "numerator", "denominator", "value",
        "value_low", "value_high", "n", "is_mature", "reported",
    ]  # fmt: skip
    keys = ", ".join(["metric_id", "variant", "cut", *keyed])
    assert built.rows(f"select {keys} from metrics.metric_value group by all having count(*) > 1") == []
    assert built.rows(
        "select distinct model from metrics.metric_value where metric_id in ('leads', 'cac') order by all"
    ) == [
        ("position_based",),
        (None,),
    ]


def test_a_rerun_changes_nothing_and_does_not_compile(built: ScratchProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def content() -> str:
        return hashlib.sha256(repr(built.rows("from metrics.metric_value")).encode()).hexdigest()

    before = content()
    monkeypatch.setattr(metric_compiler, "compile_queries", lambda *_: pytest.fail("compiled again"))
    assert materialise(built) == built.rows("select count(*) from metrics.metric_value")[0][0]
    assert content() == before


def test_an_edited_metric_has_only_its_own_cuts_compiled_again(
    built: ScratchProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    file = tmp_path / "semantic_manifest.json"
    manifest = json.loads((built.workspace.dbt_target_dir / file.name).read_text(encoding="utf-8"))
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(metric_compiler, "compile_queries", lambda _registry, cuts: asked.extend(cuts) or ())

    def compiled_in(workspace: str) -> list[tuple[str, ...]]:
        file.write_text(json.dumps(manifest), encoding="utf-8")
        asked.clear()
        metric_compiler.compiled_queries(load_registry(tmp_path), tmp_path / workspace)
        return list(asked)

    cuts = compiled_in("first")
    file.write_text(json.dumps(manifest), encoding="utf-8")
    needed = load_registry(tmp_path).cut_metrics()
    assert cuts == list(needed)
    assert compiled_in("first") == compiled_in("second") == []
    name = needed["loss_reason",][0]
    (metric,) = (one for one in manifest["metrics"] if one["name"] == name)
    metric["label"] = "Another word"
    assert compiled_in("second") == []
    metric["type_params"]["measure"]["join_to_timespine"] = True
    own = [cut for cut, names in needed.items() if name in names]
    assert compiled_in("second") == own
    assert len(own) < len(cuts)


def test_a_failure_leaves_the_tables_as_they_were(tmp_path: Any, built: ScratchProject) -> None:
    before = built.rows("select count(*) from metrics.metric_value")
    with built.connect() as connection:
        connection.execute("alter table marts.payment_facts rename to gone")
    try:
        with pytest.raises(Exception, match="a metric needs a table that is not there"):
            materialise(built)
    finally:
        with built.connect() as connection:
            connection.execute("alter table marts.gone rename to payment_facts")
    assert built.rows("select count(*) from metrics.metric_value") == before


def test_comparisons(built: ScratchProject) -> None:
    sql = comparison_sql("metrics.metric_value", "prev")
    rows = built.rows(
        f"select period_start, value, compared_period_start, compared_value, change, change_rate from ({sql}) "
        "where metric_id = 'marketing_spend' and variant = 'direct' and cut = 'total' and period_kind = 'month' "
        "order by period_start"
    )
    day = dt.date
    assert rows == [
        (day(2024, 1, 1), D(100), None, None, None, None),
        # 390.01 after 100.00
        (day(2024, 2, 1), D("390.01"), day(2024, 1, 1), D(100), D("290.01"), D("2.9001")),
    ]
    yoy = comparison_sql("metrics.metric_value", "yoy")
    assert built.rows(
        f"select value, compared_value from ({yoy}) where metric_id = 'leads' and cut = 'total' and period_kind "
        f"= 'year' "
        "order by period_start"
    ) == [(D(4), None), (D(1), D(4))]


def test_what_the_sources_lack_is_switched_off_with_its_reason(tmp_path: Any) -> None:
    case = metrics_project(tmp_path, unmapped=("payment", "payment_allocation"), empty=("lead",))
    case.build("path:models/metrics")
    case.prepare()
    materialise(case)
    assert case.rows(
        "select distinct metric_id from metrics.metric_value where metric_id in ('collection_days', 'cpl', 'aov')"
    ) == [("aov",)]
    assert case.rows(
        "select metric_id, missing_entities, reason_en, reason_zh from metrics.metric_availability "
        "where metric_id in ('collection_days', 'cpl') and variant <> 'loaded' order by metric_id"
    ) == [
        ("collection_days", "payment, payment_allocation", "no source is mapped to payment, payment allocation",
         "没有数据源映射到回款、回款核销"),
        ("cpl", "lead", "no rows arrived for lead", "没有收到任何记录：线索"),
    ]  # fmt: skip


def test_what_nobody_knows_is_switched_off_and_not_counted_as_nothing(tmp_path: Any) -> None:
    """Without any cost of goods a return is unknown; it is not −100 %."""
    case = metrics_project(tmp_path)
    with case.connect() as connection:
        connection.execute("update marts.invoice_line_facts set cogs = null, gross_profit = null")
        connection.execute("update marts.order_facts set contribution_booked = null")
        connection.execute("delete from attribution.attribution_credit where measure = 'contribution'")
        connection.execute("delete from attribution.order_measure where measure = 'contribution'")
    case.build("path:models/metrics")
    case.prepare()
    materialise(case)
    off = "'channel_roi', 'total_roi', 'contribution', 'gross_margin_rate'"
    assert case.rows(f"select count(*) from metrics.metric_value where metric_id in ({off})") == [(0,)]
    found = {
        (metric, variant): (missing, english, chinese)
        for metric, variant, missing, english, chinese in case.rows(
            "select metric_id, variant, missing_entities, reason_en, reason_zh from metrics.metric_availability "
            "where not is_available"
        )
    }
    invoiced = (None, "the cost of no invoice line is known", "没有任何发票行的成本已知")
    for metric in ("channel_roi", "contribution", "gross_margin_rate", "total_roi"):
        assert found[metric, "standard"] == invoiced
    assert found["total_roi", "booked"] == (
        None,
        "the standard cost of no order is known",
        "没有任何订单的标准成本已知",
    )
    for metric, variants in (
        ("ltv_historic", ("12m", "24m", "36m")),
        ("ltv_cac_ratio", ("12m", "24m", "36m")),
        ("payback_months", ("standard", "collected")),
    ):
        assert [found[metric, variant] for variant in variants] == [invoiced] * len(variants)
    assert not {metric for metric, _ in found} & {"leads", "cpl", "aov", "win_rate", "marketing_spend"}


def test_a_definition_selects_the_rows_behind_a_cell(built: ScratchProject) -> None:
    """What trace does: the parts of a side, each by its own table, filter and dimension, add up to the cell."""
    definition = next(
        item for item in metric_definitions(built.workspace.dbt_target_dir) if item["metric_id"] == "channel_roi"
    )
    assert definition["label_zh"] == "渠道 ROI"
    assert definition["cuts"] == ["total", "channel", "campaign", "channel+campaign"]
    found = {}
    for part in definition["numerator"]["parts"]:
        schema = "attribution"
        condition = f"({part['filter_sql']}) and {part['time_column']} <= date '2024-06-30'"
        found[part["name"]] = built.rows(
            f"select sum({part['expression']}) from {schema}.{part['table']} "
            f"where {condition} and {part['dimensions']['channel_id']} = 'ad'"
        )[0][0]
    assert found == {"attributed_contribution": D(160), "marketing_spend": D("190.01")}
    assert definition["numerator"]["formula"] == "(attributed_contribution) - (marketing_spend)"


def test_scorecards_agree_with_the_registry(built: ScratchProject) -> None:
    """The scorecards derive their ratios themselves; they must be the registry's."""
    for metric in ("cpl", "channel_roi", "roas", "on_time_delivery_rate"):
        differing = built.rows(
            f"""
            select card.campaign_id, card.{metric}, cell.value
            from metrics.campaign_scorecard as card
            left join metrics.metric_value as cell
              on cell.campaign_id = card.campaign_id and cell.metric_id = '{metric}' and cell.cut = 'campaign'
              and cell.period_kind = 'all' and cell.variant in ('standard', 'direct')
            where card.{metric} is distinct from cell.value
            """
        )
        assert differing == []
    assert built.rows(
        "select campaign_id, channel_id, marketing_spend, unallocated_spend, leads, new_customers, "
        "attributed_contribution "
        "from metrics.campaign_scorecard order by campaign_id"
    ) == [
        ("k1", "ad", D("150.01"), D(0), 3, D("0.333333333"), D(160)),
        ("k2", "show", D(300), D(0), 1, D("0.666666667"), D(240)),
        ("k3", "ad", D(40), D(0), 0, D(0), D(0)),
        ("unattributed", "unattributed", D(0), D(0), 0, D(1), D("-9.99")),
        ("unknown", "unknown", D(0), D(7), 1, D(0), D(0)),
    ]


def test_what_closed_months_reported_stands_beside_what_is_true_today(built: ScratchProject) -> None:
    """100 and 300 were reported, 160 and 240 are true; only what attribution credits carry is ever restated."""
    assert built.rows(
        "select channel_id, value, reported from metrics.metric_value "
        "where metric_id = 'channel_roi' and cut = 'channel' and period_kind = 'all' order by channel_id"
    ) == [
        # (100 − 190.01) ÷ 190.01
        ("ad", D("-0.15793906"), D("-0.47371191")),
        # 300 − 300
        ("show", D("-0.2"), D("0")),
        ("unattributed", None, None),
    ]
    assert built.rows(
        "select value, reported from metrics.metric_value where metric_id = 'channel_roi' and cut = 'total' "
        "and period_kind = 'month' and period_start = '2024-04-01'"
    ) == [(None, None)]
    assert built.rows("select distinct metric_id from metrics.metric_value where reported is not null order by 1") == [
        ("channel_roi",),
        ("roas",),
    ]
    assert built.rows(
        "select campaign_id, attributed_contribution, attributed_contribution_reported, restated_because "
        "from metrics.campaign_scorecard where attributed_contribution <> 0 order by campaign_id"
    ) == [
        ("k1", D(160), D(100), "late_touch"),
        ("k2", D(240), D(300), "late_touch"),
        ("unattributed", D("-9.99"), D("-9.99"), None),
    ]
    assert built.rows(
        "select channel_id, month, attributed_contribution, attributed_contribution_reported "
        "from metrics.channel_month where restated_because = 'late_touch' order by channel_id"
    ) == [("ad", dt.date(2024, 4, 1), D(160), D(100)), ("show", dt.date(2024, 4, 1), D(240), D(300))]


def test_channel_months_add_up_to_the_scorecards(built: ScratchProject) -> None:
    added = ("marketing_spend", "leads", "orders", "net_booked", "new_customers", "attributed_contribution")
    sums = ", ".join(f"sum({column})" for column in added)
    assert built.rows(f"select {sums} from metrics.channel_month") == built.rows(
        f"select {sums} from metrics.campaign_scorecard"
    )
    assert built.rows("select month, marketing_spend, leads, cpl from metrics.channel_month where channel_id = 'ad' "
                      "and marketing_spend > 0 order by month") == [
        (dt.date(2024, 1, 1), D("100.00"), 2, D("50")),
        (dt.date(2024, 2, 1), D("90.01"), 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # April: 160 open, 60 sold in its 30 days
        ({"period_kind": "month", "period_start": "2024-04-01"}, ("4800", "60", "80", 1)),
        # the fiscal quarter from April: what is open on 30 June, all sales of its 91 days
        ({"period_kind": "quarter", "period_start": "2024-04-01"}, ("45500", "40", "1137.5", 1)),
        # the year before April begins with the first month that is known: nothing was open on 31 March
        ({"period_kind": "year", "period_start": "2023-04-01"}, ("0", "290", "0", 0)),
        # more is credited than sold in May: no days can be told
        ({"period_kind": "month", "period_start": "2024-05-01"}, ("-620", "0", None, 1)),
    ],
)
def test_days_sales_outstanding(built: ScratchProject, where: dict[str, str], expected: tuple[Any, ...]) -> None:
    numerator, denominator, value, n, _ = cell(built, "dso", **where)
    assert (numerator, denominator, value, n) == (
        *(None if side is None else D(side) for side in expected[:3]),
        expected[3],
    )


def test_counting_back_goes_through_quiet_months(built: ScratchProject) -> None:
    april = {"period_kind": "month", "period_start": "2024-04-01"}
    # 160 = 60 of April's 30 days, nothing of March's 31, 100 of February's 290 in 29 days: 30 + 31 + 10
    assert cell(built, "dso", "countback", **april)[2] == D(71)
    june = {"period_kind": "month", "period_start": "2024-06-01"}
    # 500 is more than was ever sold
    assert built.rows(
        "select count(*) from metrics.metric_value where metric_id = 'dso' and variant = 'countback' "
        f"and cut = 'total' and period_start = '{june['period_start']}' and period_kind = 'month'"
    ) == [(0,)]


def test_receivables_by_age(built: ScratchProject) -> None:
    june = {"period_kind": "month", "period_start": "2024-06-01"}
    april = {"period_kind": "month", "period_start": "2024-04-01"}
    assert cell(built, "receivables", cut="ageing_bucket", ageing_bucket="90+", **june)[0] == 500
    assert cell(built, "receivables", cut="ageing_bucket", ageing_bucket="1-30", **april)[0] == 100
    assert cell(built, "overdue_rate", **april)[:3] == (100, 160, D("0.625"))
