"""The published tables: the one list that the writer, the reader, the roles and the reference page use."""

from __future__ import annotations

from orchestration.lib.publish.attribution_tables import ATTRIBUTION_TABLES
from orchestration.lib.publish.customer_tables import CUSTOMER_TABLES
from orchestration.lib.publish.factory_tables import FACTORY_TABLES
from orchestration.lib.publish.finance_tables import FINANCE_TABLES
from orchestration.lib.publish.funnel_tables import FUNNEL_TABLES
from orchestration.lib.publish.quality_tables import QUALITY_TABLES
from orchestration.lib.publish.sales_tables import SALES_TABLES
from orchestration.lib.publish.scorecard_tables import SCORECARD_TABLES
from orchestration.lib.publish.stage_tables import STAGE_TABLES
from orchestration.lib.publish.table import Origin, PublishedTable, words

__all__ = ["TABLES", "TABLES_BY_NAME", "UNPUBLISHED_COLUMNS", "VOLATILE_COLUMNS", "Origin", "PublishedTable"]

TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "metric_value",
        "metrics.metric_value",
        words("metric_id variant cut period_kind period_start view basis model"),
        words(
            "metric_id variant cut channel_id campaign_id period_kind period_start view basis model"
            " numerator denominator value value_low value_high n is_mature reported"
        ),
        "Every metric at every cut and period. Filter on one `cut` and nothing is counted twice.",
        "所有指标在各切分与各期间的取值。按单一 `cut` 过滤即不会重复计算。",
        required=True,
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "metric_availability",
        "metrics.metric_availability",
        words("metric_id"),
        words("metric_id"),
        "Which metrics the data can answer, and the reason for those it cannot.",
        "哪些指标可由现有数据计算，以及不可计算的原因。",
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "metric_anomaly",
        "metrics.metric_anomaly",
        words("anomaly_id"),
        words(
            "anomaly_id series_id kind metric_id variant cut member month value expected change change_rate scale score"
            " history status said"
        ),
        "The latest closed month of each watched series against its own history; `status` says what is unusual.",
        "每个监测序列的最近已结束月份与自身历史的比较；`status` 标明是否异常。",
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "anomaly_mover",
        "metrics.anomaly_mover",
        words("anomaly_id mover_cut rank"),
        words("anomaly_id mover_cut rank mover value usual effect"),
        "What moved an unusual value: members of its other cuts, or the files of a source.",
        "异常值的变动来源：其他维度的成员，或来源的文件。",
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "order_facts",
        "marts.order_facts",
        words("order_id"),
        words(
            "order_id account_id customer_id origin_channel_id origin_campaign_id ordered_on is_excluded"
            " exclusion_reason is_first_order net_booked net_invoiced cogs gross_profit contribution collected"
        ),
        "One row per order with what all three loops know of it, in functional currency, net of VAT.",
        "每个订单一行，汇集三大闭环的信息；本位币、不含税。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "order_line_facts",
        "marts.order_line_facts",
        words("order_line_id"),
        words("order_line_id order_id"),
        "One row per order line: product, quantity, price, money.",
        "每个订单行一行：产品、数量、价格与金额。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "order_line_delivery",
        "marts.order_line_delivery",
        words("order_line_id"),
        words("order_line_id"),
        "One row per order line: what was promised when, and what was shipped when.",
        "每个订单行一行：承诺交期与实际发货。",
        readers=words("production quality"),
    ),
    PublishedTable(
        "lead_facts",
        "marts.lead_facts",
        words("lead_id"),
        words("lead_id account_id origin_channel_id origin_campaign_id created_on is_valid"),
        "One row per lead after de-duplication, with what became of it.",
        "去重后每条线索一行，以及其后续结果。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "opportunity_facts",
        "marts.opportunity_facts",
        words("opportunity_id"),
        words("opportunity_id"),
        "One row per opportunity: stage, amount, won or lost, the orders that came of it.",
        "每个商机一行：阶段、金额、赢单或丢单、形成的订单。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "customer_facts",
        "marts.customer_facts",
        words("account_id"),
        words("account_id"),
        "One row per account (customer records of one legal entity joined).",
        "每个客户主体一行（同一法人的客户记录已合并）。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "party_match",
        "identity.match",
        words("match_id"),
        words("match_id kind left_ref left_name right_ref right_name rule decision probability reason_en reason_zh"),
        "Who is who: each merge and proposal of customers, companies, distributors and leads, with what speaks for it.",
        "身份识别：客户、公司、经销商与线索的每次合并及每条建议，附依据。",
        readers=words("sales"),
    ),
    PublishedTable(
        "invoice_line_facts",
        "marts.invoice_line_facts",
        words("invoice_line_id"),
        words("invoice_line_id invoice_id"),
        "One row per invoice line; credit notes are negative.",
        "每个发票行一行；红字发票为负数。",
        readers=words("finance"),
    ),
    PublishedTable(
        "payment_facts",
        "marts.payment_facts",
        words("allocation_id"),
        words("allocation_id payment_id"),
        "One row per payment allocation: which invoice was paid, when, how late.",
        "每笔回款分摊一行：对应发票、付款日与天数。",
        readers=words("finance"),
    ),
    PublishedTable(
        "payment_line_facts",
        "marts.payment_line_facts",
        words("payment_line_id"),
        words("payment_line_id"),
        "Each payment shared over the invoice lines it pays.",
        "每笔回款在其所付发票行上的分摊。",
    ),
    PublishedTable(
        "order_cost_facts",
        "marts.order_cost_facts",
        words("cost_line_id"),
        words("cost_line_id order_id"),
        "Costs that an order bears: freight, commission, rebate, bad debt, after-sales.",
        "订单承担的成本：运费、佣金、返利、坏账、售后。",
        readers=words("finance"),
    ),
    PublishedTable(
        "lot_facts",
        "marts.lot_facts",
        words("lot_no"),
        words("lot_no"),
        "One row per production lot: cost, yield, inspections.",
        "每个生产批次一行：成本、产出与检验。",
        readers=words("production quality"),
    ),
    PublishedTable(
        "dim_channel",
        "marts.dim_channel",
        words("channel_id"),
        words("channel_id name"),
        "Channels.",
        "渠道。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "dim_campaign",
        "marts.dim_campaign",
        words("campaign_id"),
        words("campaign_id name"),
        "Campaigns.",
        "营销活动。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "dim_product",
        "marts.dim_product",
        words("product_id"),
        words("product_id name"),
        "Products.",
        "产品。",
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "dim_salesperson",
        "marts.dim_salesperson",
        words("salesperson_id"),
        words("salesperson_id name"),
        "Salespeople (employees' display names).",
        "销售人员（员工显示名）。",
        readers=words("sales"),
    ),
    # the market, sales and distributors
    *SALES_TABLES,
    *FUNNEL_TABLES,
    *FACTORY_TABLES,
    *FINANCE_TABLES,
    *CUSTOMER_TABLES,
    *QUALITY_TABLES,
    *ATTRIBUTION_TABLES,
    *STAGE_TABLES,
    *SCORECARD_TABLES,
    PublishedTable(
        "journey_touch",
        "attribution.journey_touch",
        words("order_id touch_position touch_id"),
        words("order_id account_id touch_id touch_position channel_id campaign_id touched_at is_in_journey"),
        "The touches of the account before each order, in order, with why one does not count.",
        "每个订单成交前该客户主体的触点及顺序，并说明不计入的原因。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "journey_milestone",
        "attribution.journey_milestone",
        words("order_id milestone_number"),
        words(
            "order_id account_id milestone milestone_number document_id recorded_at entered_at is_missing is_inferred"
            " touch_id"
        ),
        "When each order's lead, qualification, opportunity, first quote and order came, and by which touch.",
        "每个订单的线索、资格认定、商机、首次报价与成交的时间，以及促成的触点。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "stage_pool",
        "attribution.stage_pool",
        words("milestone_number"),
        words("milestone milestone_number entered advanced fixed_weight information_weight"),
        "What each stage on the way to an order is worth to staged attribution, fixed and measured.",
        "分阶段归因中各阶段池的权重：固定值与实测值。",
        readers=words("marketing"),
    ),
    PublishedTable(
        "attribution_credit",
        "attribution.attribution_credit",
        words("order_id order_line_id posting_id posted_on version model measure touch_id stage"),
        words(
            "order_id order_line_id posting_id posted_on version model measure touch_id campaign_id channel_id stage"
            " unattributed_reason amount"
        ),
        "Credit of each posting to each touch, per model and measure; sums to `order_measure` to the cent.",
        "每笔过账按模型与度量归因到触点的金额；与 `order_measure` 分毫不差。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "order_measure",
        "attribution.order_measure",
        words("order_id order_line_id posting_id posted_on measure"),
        words("order_id order_line_id posting_id posted_on measure amount"),
        "What the credits must sum to: each posting's amount per measure.",
        "归因金额的应有合计：每笔过账在各度量上的金额。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "new_customer_weight",
        "attribution.new_customer_weight",
        words("account_id order_id model channel_id campaign_id"),
        words("account_id order_id converted_on model channel_id campaign_id weight"),
        "First-order weights: a new customer shared among the channels that won it; sums to 1 per account and model.",
        "首单权重：一个新客户在各渠道间的分配；每个主体每个模型合计为 1。",
        readers=words("marketing"),
    ),
    PublishedTable(
        "cost_allocation",
        "attribution.cost_allocation",
        words("cost_allocation_id"),
        words("cost_allocation_id spend_id campaign_id channel_id stage allocated_on month amount basis reason"),
        "Each marketing cost to campaign, channel and month, in the view that every figure reads; to the cent.",
        "每条营销成本分配到活动、渠道与月份（各项指标共用的口径），分毫不差。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "cost_ledger",
        "attribution.cost_ledger",
        words("cost_ledger_id"),
        words(
            "cost_ledger_id view cost_source cost_id campaign_id channel_id product_interest stage allocated_on month"
            " amount basis reason"
        ),
        "The cost ledger in both views of a show's cost, by product and stage, with sales time and what the books have"
        " beyond it. A sum reads one `view`.",
        "两种展会口径的成本台账，细分到产品与阶段，并含销售工时与账簿差额。汇总时只取一种 `view`。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "gate_result",
        "gate_result",
        words("gate"),
        words("gate status"),
        "Each check of each gate for the data of this snapshot.",
        "本快照数据在各质量门的每项检查结果。",
        required=True,
        origin=Origin.DERIVED,
        readers=words("marketing sales production quality finance"),
    ),
    PublishedTable(
        "row_account",
        "row_account",
        words("source_system source_object entity source_file source_sha256"),
        words(
            "source_system source_object entity source_file source_sha256 rows_in loaded quarantined merged filtered"
            " unchanged filter_reasons"
        ),
        "What became of every source row: rows_in = loaded + quarantined + merged + filtered + unchanged.",
        "每个来源行的去向：读入 = 载入 + 隔离 + 合并 + 过滤 + 未变。",
        required=True,
        origin=Origin.DERIVED,
        readers=words("quality finance"),
    ),
    PublishedTable(
        "quarantine_summary",
        "quarantine_summary",
        words("source_system source_object entity source_file rule_id column_name"),
        words(
            "source_system source_object entity source_file rule_id column_name row_count released_count first_row"
            " reason_en reason_zh"
        ),
        "How many rows each rule holds back and how many were released, by file, with the first row. No raw values.",
        "各规则在各文件中隔离的行数、首行行号与已解除隔离的行数；不含原始值。",
        required=True,
        origin=Origin.DERIVED,
        readers=words("quality finance"),
    ),
    PublishedTable(
        "lead_merge",
        "intermediate.int_lead_merge",
        words("lead_id"),
        words("lead_id surviving_lead_id rule"),
        "Leads joined with another lead of the same person and intent, and by which rule.",
        "因同一人同一意向而并入其他线索的线索及其规则。",
        readers=words("marketing"),
    ),
    PublishedTable(
        "document_source",
        "document_source",
        words("entity document_id"),
        words("entity document_id source_system source_object source_file source_row source_sha256"),
        "Where each document stands: file, row and content hash.",
        "每个单据的出处：文件、行号与内容哈希。",
        required=True,
        origin=Origin.DERIVED,
        readers=words("finance"),
    ),
)

TABLES_BY_NAME: dict[str, PublishedTable] = {table.name: table for table in TABLES}

# How a table knows which of its rows are of today's input (macros/incremental): nothing a reader could use.
UNPUBLISHED_COLUMNS = frozenset(["input_hash"])

# Columns that name a run, not the data: two runs over the same data differ in them, so no content hash covers them.
VOLATILE_COLUMNS = frozenset(
    [
        "build_id",
        "run_id",
        "invocation_id",
        "ingested_at",
        "evaluated_at",
        "passed_at",
        "checked_at",
        "computed_at",
        "built_at",
        "seconds",
        "duration_seconds",
        "fingerprint",
        "policy_hash",
    ]
)
