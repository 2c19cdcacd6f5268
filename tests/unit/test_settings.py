"""Settings: the template says what the model says, and each fault is told with its line and the nearest valid name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lib.cron import cron_fault
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.settings import Settings, load_settings, read_settings
from orchestration.lib.settings_attribution import MODELS
from orchestration.lib.settings_costs import STAGES
from orchestration.lib.settings_names import refuse_unknown_checks, refuse_unknown_sources
from orchestration.lib.settings_template import TEMPLATE_FILE, settings_text
from orchestration.lib.workspace import DBT_PROJECT_DIR, Workspace
from orchestration.lib.yaml_source import load_yaml, parse_yaml

FILE = Path("triloop.yml")


def read(text: str) -> Settings:
    return read_settings(parse_yaml(text, FILE))


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return caught.value


def test_the_template_shows_every_key_with_its_default() -> None:
    template = load_yaml(TEMPLATE_FILE)
    assert read_settings(template) == Settings()
    shown = {group: set(value) for group, value in template.data.items() if isinstance(value, dict)}
    for name, field in Settings.model_fields.items():
        assert name in template.data
        keys = set(getattr(field.annotation, "model_fields", {}))
        assert not keys or shown[name] == keys


def test_every_value_of_the_template_is_explained_in_both_languages() -> None:
    comment: list[str] = []
    for line in TEMPLATE_FILE.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("#"):
            comment.append(line)
        elif line.strip() and not line.startswith("    "):
            key = line.strip().split(":")[0]
            text = " ".join(comment)
            # roles are explained once, above the group
            if key not in Settings().roles:
                assert any("a" <= char <= "z" for char in text), key
                assert any("一" <= char <= "鿿" for char in text), key
            comment = []


def test_defaults_of_the_design() -> None:
    settings = read("")
    assert settings.company.currency == "CNY"
    assert settings.company.timezone == "Asia/Shanghai"
    assert settings.as_of is None
    assert settings.dedup.lead_window_days == 30
    assert settings.currency.neighbour_tolerance == Decimal("0.10")
    assert settings.time.earliest == date(2000, 1, 1)
    assert settings.attribution.lookback_days_by_channel_group == {"trade_show": 540}
    assert settings.attribution.position_weights == (Decimal("0.4"), Decimal("0.2"), Decimal("0.4"))
    assert settings.gates.quarantine_share_limit == Decimal("0.05")
    assert settings.publish.keep == 10
    assert settings.roles["audit"] == ("*",)
    assert settings.schedule.daily == "0 6 * * *"


def test_what_is_left_out_or_empty_keeps_its_default() -> None:
    settings = read("company:\n  currency: EUR\ndedup:\nattribution:\n  lookback_days: 90\n")
    assert settings.company.currency == "EUR"
    assert settings.company.timezone == "Asia/Shanghai"
    assert settings.dedup.lead_window_days == 30
    assert settings.attribution.lookback_days == 90
    assert settings.attribution.reset_at_order is True


def test_dbt_gets_flat_variables_and_exact_weights() -> None:
    settings = read(
        "company: {currency: USD, timezone: UTC, fiscal_year_start_month: 4}\nas_of: 2026-03-31\n"
        "attribution: {position_weights: [0.45, 0.1, 0.45], lookback_days_by_channel_group: {email: 30}}\n"
    )
    assert settings.dbt_vars() == {
        "functional_currency": "USD",
        "company_timezone": "UTC",
        "fiscal_year_start_month": 4,
        "as_of": "2026-03-31",
        "lead_dedup_window_days": 30,
        "shared_line_names": 3,
        "max_rate_age_days": 7,
        "lookback_days": 365,
        "lookback_days_by_channel_group": {"email": 30},
        "reset_at_order": True,
        "attribution_models": list(MODELS),
        "default_attribution_model": "position_based",
        "position_weights": ["0.45", "0.1", "0.45"],
        "half_life_days": 30,
        "stage_pools": dict.fromkeys(("lead", "qualification", "opportunity", "quote", "order"), "0.2"),
        "stage_inner": "linear",
        "markov_order": 1,
        "custom_attribution_models": {},
        "costs_view": "event",
        "benefit_months": 12,
        "overhead_driver": "direct_cost",
        "overhead_driver_by_cost_type": {},
        "cost_stages": STAGES,
        "opportunity_window_days": 90,
        "order_window_days": 180,
        "affinity_least_baskets": 5,
        "repeat_from_days": 7,
        "repeat_window_days": 365,
        "return_window_days": 365,
        "ageing_days": [30, 60, 90],
        "sales_hour_cost": None,
        "customer_window_days": 365,
        "stage_mature_days": 90,
        "scorecard_least_orders": 10,
        "realised_least_share": "0.95",
        "funnel_stages": settings.funnel.dbt_stages(),
        "distributor_size_of_median": "1",
        "distributor_growth_least": "0",
        "distributor_margin_of_median": "1",
        "distributor_variation_most": "1.5",
        "distributor_concentration_most": "0.6",
        "distributor_least_orders": 3,
    }
    assert read("").dbt_vars()["as_of"] is None


def test_the_stages_of_the_funnel_reach_dbt_in_order() -> None:
    settings = read(
        "funnel:\n  opportunity:\n    - {stage: Offer, en: Offer, zh: 报价}\n"
        "    - {stage: signed, en: Signed, zh: 签约, means: won}\n"
    )
    stages = settings.dbt_vars()["funnel_stages"]
    assert [(one["subject"], one["stage"], one["position"], one["means"]) for one in stages] == [
        ("lead", "new", 1, ""),
        ("lead", "working", 2, ""),
        ("lead", "mql", 3, "mql"),
        ("lead", "sql", 4, "sql"),
        ("opportunity", "offer", 1, ""),
        ("opportunity", "signed", 2, "won"),
    ]


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ("[{stage: a, en: A, zh: 甲}, {stage: A, en: A, zh: 乙}]", "the stage 'A' stands twice"),
        (
            "[{stage: won, en: W, zh: 赢, means: won}, {stage: a, en: A, zh: 甲}]",
            "stands after one that is won or lost",
        ),
        ("[{stage: a, en: A, zh: 甲, means: mql}]", "only a lead can be mql"),
        ("[{stage: a, en: A, zh: 甲}]", "no stage of an opportunity is won"),
    ],
)
def test_a_funnel_that_is_none_is_refused_with_its_line(stages: str, problem: str) -> None:
    told = str(refusal(f"funnel:\n  opportunity: {stages}\n"))
    assert problem in told
    assert "line 2" in told or ":2" in told


def test_only_an_opportunity_can_be_quoted() -> None:
    told = str(refusal("funnel:\n  lead: [{stage: a, en: A, zh: 甲, means: quote}]\n"))
    assert "only an opportunity can be quoted" in told


def test_tags_of_costs_are_read_in_small_letters_and_mean_a_stage() -> None:
    assert read("costs:\n  stages: {Nurture: quote}\n").dbt_vars()["cost_stages"] == {"nurture": "quote"}
    assert "stages" in str(refusal("costs:\n  stages: {Nurture: offer}\n"))


def test_dbt_project_knows_the_same_variables_and_defaults() -> None:
    project = load_yaml(DBT_PROJECT_DIR / "dbt_project.yml")
    assert project.data["vars"] == Settings().dbt_vars()


def test_weights_given_by_a_program_are_the_numbers_it_wrote() -> None:
    settings = Settings.model_validate({"attribution": {"position_weights": [0.1, 0.8, 0.1]}})
    assert sum(settings.attribution.position_weights) == 1


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("# x\ncompny:\n  name: a\n", 2, "unknown key 'compny'", "did you mean 'company'?"),
        ("company:\n  curency: CNY\n", 2, "unknown key 'curency' in company", "did you mean 'currency'?"),
        ("company:\n  currency: RMB\n", 2, "company.currency: 'RMB' is not a currency code", "did you mean 'CNY'?"),
        ("company:\n  currency: cny\n", 2, "company.currency: 'cny' is not a currency code", "did you mean 'CNY'?"),
        ("company:\n  currency: QQQ\n", 2, "company.currency: 'QQQ' is not a currency code", "ISO 4217"),
        (
            "company:\n  name: a\n  timezone: Asia/Shanghi\n",
            3,
            "company.timezone: 'Asia/Shanghi' is not a time zone",
            "did you mean 'Asia/Shanghai'?",
        ),
        ("company:\n  name: 360\n", 2, "company.name: must be text, not '360'", "quotes"),
        (
            "company: {fiscal_year_start_month: 13}\n",
            1,
            "company.fiscal_year_start_month: must be less than or equal to 12, not '13'",
            None,
        ),
        ("company: CNY\n", 1, "company: must be a group of keys, not 'CNY'", "indented"),
        ("\nas_of: 20260131\n", 2, "as_of: '20260131' is not a day", "YYYY-MM-DD"),
        ("as_of: 31.01.2026\n", 1, "as_of: '31.01.2026' is not a day", "YYYY-MM-DD"),
        ("as_of: 2026-02-30\n", 1, "'2026-02-30' is not a day of the calendar", "YYYY-MM-DD"),
        ("dedup:\n  lead_window_days: 30.5\n", 2, "dedup.lead_window_days: must be a whole number", "whole number"),
        ("dedup:\n  lead_window_days: true\n", 2, "dedup.lead_window_days: must be a whole number", "whole number"),
        (
            "dedup:\n  lead_window_days: -1\n",
            2,
            "dedup.lead_window_days: must be greater than or equal to 0, not '-1'",
            None,
        ),
        (
            "currency:\n  neighbour_tolerance: 10\n",
            2,
            "currency.neighbour_tolerance: 10 is not between 0 and 1",
            "0.05",
        ),
        ("currency:\n  neighbour_tolerance: ten\n", 2, "currency.neighbour_tolerance: must be a number", "0.05"),
        (
            "time:\n  severity_event_order: stop\n",
            2,
            "time.severity_event_order: 'stop' is not one of the allowed values",
            "block, warn",
        ),
        (
            "attribution:\n  position_weights: [0.4, 0.3, 0.4]\n",
            2,
            "attribution.position_weights: the weights sum to 1.1, not to 1",
            "three shares",
        ),
        (
            "attribution:\n  position_weights: [0.5, 0.5]\n",
            2,
            "attribution.position_weights has too few values: number 3 is missing",
            None,
        ),
        (
            "attribution:\n  position_weights: [1.2, 0, 0]\n",
            2,
            "attribution.position_weights[1]: 1.2 is not between 0 and 1",
            "share",
        ),
        (
            "attribution:\n  models: [first, lst]\n  default_model: first\n",
            2,
            "attribution.models[2]: 'lst' is not one of the allowed values",
            "did you mean 'last'?",
        ),
        ("attribution: {models: [last, last], default_model: last}\n", 1, "a model is named twice", "once"),
        (
            "attribution:\n  models: [first]\n  default_model: last\n",
            3,
            "the default model 'last' is not among the models to compute",
            "attribution.models",
        ),
        (
            "attribution:\n  stage_pools: {lead: 0.5, order: 0.5}\n",
            2,
            "attribution.stage_pools.qualification: the stage 'qualification' has no share",
            "lead, qualification, opportunity, quote, order",
        ),
        (
            "attribution:\n  custom_models: {last: {half_life_days: 7}}\n",
            2,
            "attribution.custom_models.last: the model 'last' is built in",
            "another name",
        ),
        (
            "attribution:\n  custom_models: {opener: {shares: {first: 0.7}}}\n",
            2,
            "attribution.custom_models.opener.shares: the weights sum to 0.7, not to 1",
            "first: 0.5",
        ),
        (
            "attribution:\n  custom_models: {opener: {}}\n",
            2,
            "a model has either shares or half_life_days",
            "one of the two",
        ),
        ("attribution:\n  models: [first]\n", 1, "'position_based' is not among", "attribution.models"),
        (
            "attribution:\n  lookback_days_by_channel_group:\n    tradeshow: 540\n",
            3,
            "'tradeshow' is not a channel group",
            "did you mean 'trade_show'?",
        ),
        ("attribution:\n  reset_at_order: yes\n", 2, "must be true or false, not 'yes'", "write true or false"),
        (
            "gates:\n  thresholds:\n    some.check:\n      severty: warn\n",
            4,
            "unknown key 'severty' in gates.thresholds.some.check",
            "did you mean 'severity'?",
        ),
        ("publish:\n  keep: 0\n", 2, "publish.keep: must be greater than or equal to 1, not '0'", None),
        ("roles:\n  boss:\n    - metric_value\n    - order_fact\n", 4, "'order_fact' is not a", "'order_facts'"),
        ("roles:\n  boss: [default]\n", 2, "the role 'boss' has no default tables", "marketing, sales"),
        ("roles:\n  ../boss: [metric_value]\n", 2, "cannot be a folder name", "letters"),
        ("roles:\n  boss: metric_value\n", 2, "roles.boss: must be a list", "write a list"),
        ("schedule:\n  daily: at six\n", 2, "'at six' is not a cron line: it has 2 fields, not 5", "0 6 * * *"),
    ],
)
def test_each_fault_names_line_key_and_fix(text: str, line: int, message: str, fix: str | None) -> None:
    error = refusal(text)
    assert message in error.message
    assert error.line == line
    assert error.file == "triloop.yml"
    assert error.hint is None if fix is None else fix in str(error.hint)
    assert error.exit_code == 2


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = str(refusal("publish: {keep: x}\ncompany:\n  currency: RMB\n  timezone: Mars\n"))
    assert text.splitlines()[0] == "3 problems in triloop.yml"
    places = [text.index(f"triloop.yml:{line}") for line in (1, 3, 4)]
    assert places == sorted(places)


@pytest.mark.parametrize("line", ["*/15 * * * *", "0 6 * * mon-fri", "30 5 1,15 jan-jun *", "0 0 * * 7"])
def test_cron_lines_that_are_right(line: str) -> None:
    assert cron_fault(line) is None


@pytest.mark.parametrize(
    ("line", "field"), [("60 * * * *", "60"), ("0 24 * * *", "24"), ("0 6 0 * *", "0"), ("jan * * * *", "jan")]
)
def test_cron_lines_that_are_wrong(line: str, field: str) -> None:
    assert f"'{field}'" in str(cron_fault(line))


def test_template_with_values_keeps_its_comments() -> None:
    text = settings_text(
        {
            "company": {"name": "A: #1 甲", "currency": "BRL", "timezone": "America/Sao_Paulo"},
            "as_of": "2018-12-31",
            "attribution": {"lookback_days_by_channel_group": {"email": 30}, "reset_at_order": False},
            "roles": {"audit": ["*"]},
        }
    )
    settings = read(text)
    assert settings.company.name == "A: #1 甲"
    assert settings.company.currency == "BRL"
    assert settings.as_of == date(2018, 12, 31)
    assert settings.attribution.lookback_days_by_channel_group == {"email": 30}
    assert settings.attribution.reset_at_order is False
    assert settings.attribution.lookback_days == 365
    original = TEMPLATE_FILE.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "#" in line and "甲" not in line] == [
        line for line in original.splitlines() if "#" in line
    ]


def test_template_refuses_a_value_it_has_no_line_for() -> None:
    with pytest.raises(ConfigurationError, match=r"company\.nickname"):
        settings_text({"company": {"nickname": "x"}})


def test_settings_are_read_from_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "triloop.yml").write_text("company: {name: 甲公司}\n", encoding="utf-8")
    assert load_settings(Workspace(tmp_path)).company.name == "甲公司"


PAIRS = ["staging.time.order_shipped_invoiced", "staging.time.order_invoiced_paid"]


def test_a_threshold_for_no_check_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "triloop.yml"
    file.write_text("gates:\n  thresholds:\n    currency.known: {max_violations: 3}\n", encoding="utf-8")
    refuse_unknown_checks(Workspace(tmp_path), ["currency.known", *PAIRS])
    with pytest.raises(ConfigurationError) as caught:
        refuse_unknown_checks(Workspace(tmp_path), ["currency.knwn", *PAIRS])
    assert caught.value.line == 3
    assert caught.value.hint == "did you mean 'currency.knwn'?"


def test_a_tolerance_for_no_pair_of_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / "triloop.yml").write_text(
        "time:\n  order_tolerance_days_by_pair:\n    invoiced_payed: 9\n", encoding="utf-8"
    )
    with pytest.raises(ConfigurationError) as caught:
        refuse_unknown_checks(Workspace(tmp_path), PAIRS)
    assert (caught.value.line, caught.value.hint) == (3, "did you mean 'invoiced_paid'?")


def test_a_daily_source_that_no_mapping_describes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "triloop.yml").write_text("time:\n  daily_sources:\n    ads.medai: {}\n", encoding="utf-8")
    refuse_unknown_sources(Workspace(tmp_path), ["ads.medai"])
    with pytest.raises(ConfigurationError) as caught:
        refuse_unknown_sources(Workspace(tmp_path), ["ads.media"])
    assert (caught.value.line, caught.value.hint) == (3, "did you mean 'ads.media'?")
